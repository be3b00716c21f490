/* Fp12 against its definition: polynomials in w over Fp2 modulo w^6 - xi, by schoolbook. */
#include "random.h"
#include "slow.h"

typedef bn254_tower_fp12 fp12;

/* Coefficient of w^i. */
static bn254_fp2 *coefficient(fp12 *a, int i) { return i % 2 ? &a->c1.c[i / 2] : &a->c0.c[i / 2]; }

static void slow_product(fp12 *out, fp12 *a, fp12 *b)
{
    fp12 sum = {0};
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++) {
            bn254_fp2 t;
            bn254_fp2_mul(&t, coefficient(a, i), coefficient(b, j));
            if (i + j >= 6) bn254_fp2_mul_xi(&t, &t);
            bn254_fp2 *to = coefficient(&sum, (i + j) % 6);
            bn254_fp2_add(to, to, &t);
        }
    }
    *out = sum;
}

PM_TEST(product_and_square)
{
    for (int round = 0; round < 50; round++) {
        fp12 a, b, c, d;
        random_fp12(&a);
        random_fp12(&b);
        if (round % 4 == 1) a.c1 = (bn254_tower_fp6){0};
        if (round % 4 == 2) b.c0 = (bn254_tower_fp6){0};
        slow_product(&c, &a, &b);
        bn254_tower_mul(&d, &a, &b);
        CHECK(bn254_tower_equal(&c, &d));
        slow_product(&c, &a, &a);
        bn254_tower_sqr(&d, &a);
        CHECK(bn254_tower_equal(&c, &d));
        d = a;
        bn254_tower_sqr(&d, &d);
        CHECK(bn254_tower_equal(&c, &d));
        d = a;
        bn254_tower_mul(&d, &d, &d);
        CHECK(bn254_tower_equal(&c, &d));
        *coefficient(&d, round % 6) = *coefficient(&b, 0);
        CHECK(!bn254_tower_equal(&c, &d)); /* each coefficient counts */
    }
}

PM_TEST(line)
{
    for (int round = 0; round < 20; round++) {
        fp12 a, line = {0}, c, d;
        random_fp12(&a);
        random_fp2(coefficient(&line, 0));
        random_fp2(coefficient(&line, 1));
        random_fp2(coefficient(&line, 3));
        slow_product(&c, &a, &line);
        bn254_tower_mul_line(&d, &a, coefficient(&line, 0), coefficient(&line, 1), coefficient(&line, 3));
        CHECK(bn254_tower_equal(&c, &d));
        bn254_tower_mul_line(&a, &a, coefficient(&line, 0), coefficient(&line, 1), coefficient(&line, 3));
        CHECK(bn254_tower_equal(&c, &a));
    }
}

PM_TEST(inverse)
{
    fp12 one, a, b, zero = {0};
    bn254_tower_set_one(&one);
    for (int round = 0; round < 20; round++) {
        random_fp12(&a);
        if (round % 3 == 1) a.c1 = (bn254_tower_fp6){0};
        if (round % 3 == 2) a.c0 = (bn254_tower_fp6){0};
        bn254_tower_inv_var(&b, &a);
        bn254_tower_mul(&b, &b, &a);
        CHECK(bn254_tower_equal(&b, &one));
    }
    bn254_tower_inv_var(&b, &zero);
    CHECK(bn254_tower_equal(&b, &zero));
}

static void power(fp12 *out, const fp12 *a, struct slow e)
{
    fp12 acc, base = *a;
    bn254_tower_set_one(&acc);
    for (unsigned i = slow_bits(e); i-- > 0;) {
        bn254_tower_sqr(&acc, &acc);
        if (slow_bit(e, i)) bn254_tower_mul(&acc, &acc, &base);
    }
    *out = acc;
}

PM_TEST(frobenius)
{
    fp12 a, b, c;
    random_fp12(&a);
    power(&b, &a, slow_of(bn254_fp_p.limb, 4));
    bn254_tower_frobenius(&c, &a);
    CHECK(bn254_tower_equal(&b, &c));
    c = a;
    for (int i = 0; i < 6; i++) bn254_tower_frobenius(&c, &c);
    bn254_tower_conj(&b, &a);
    CHECK(bn254_tower_equal(&b, &c));
}

PM_TEST(cyclotomic_square)
{
    for (int round = 0; round < 20; round++) {
        fp12 a, b, c;
        random_fp12(&a);
        bn254_tower_inv_var(&b, &a); /* a^((p^6 - 1)(p^2 + 1)) is in the subgroup */
        bn254_tower_conj(&c, &a);
        bn254_tower_mul(&a, &c, &b);
        bn254_tower_frobenius(&b, &a);
        bn254_tower_frobenius(&b, &b);
        bn254_tower_mul(&a, &a, &b);
        bn254_tower_sqr(&b, &a);
        bn254_tower_cyclotomic_sqr(&c, &a);
        CHECK(bn254_tower_equal(&b, &c));
        bn254_tower_cyclotomic_sqr(&a, &a);
        CHECK(bn254_tower_equal(&b, &a));
    }
}
