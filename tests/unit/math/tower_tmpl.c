/* Fp12 against its definition: polynomials in w over Fp2 modulo w^6 - xi, by schoolbook. */
#include "random.h"
#include "slow.h"

typedef C(tower_fp12) fp12;

/* Coefficient of w^i. */
static C(fp2) * coefficient(fp12 *a, int i) { return i % 2 ? &a->c1.c[i / 2] : &a->c0.c[i / 2]; }

static void slow_product(fp12 *out, fp12 *a, fp12 *b)
{
    fp12 sum = {0};
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++) {
            C(fp2) t;
            C(fp2_mul)(&t, coefficient(a, i), coefficient(b, j));
            if (i + j >= 6) C(fp2_mul_xi)(&t, &t);
            C(fp2) *to = coefficient(&sum, (i + j) % 6);
            C(fp2_add)(to, to, &t);
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
        if (round % 4 == 1) a.c1 = (C(tower_fp6)){0};
        if (round % 4 == 2) b.c0 = (C(tower_fp6)){0};
        slow_product(&c, &a, &b);
        C(tower_mul)(&d, &a, &b);
        CHECK(C(tower_equal)(&c, &d));
        slow_product(&c, &a, &a);
        C(tower_sqr)(&d, &a);
        CHECK(C(tower_equal)(&c, &d));
        d = a;
        C(tower_sqr)(&d, &d);
        CHECK(C(tower_equal)(&c, &d));
        d = a;
        C(tower_mul)(&d, &d, &d);
        CHECK(C(tower_equal)(&c, &d));
        *coefficient(&d, round % 6) = *coefficient(&b, 0);
        CHECK(!C(tower_equal)(&c, &d)); /* each coefficient counts */
    }
}

typedef void mul_line(fp12 *, const fp12 *, const C(fp2) *, const C(fp2) *, const C(fp2) *);

/* Lines with coefficients of 1, w^i and w^3. */
static void check_line(mul_line *product, int i)
{
    for (int round = 0; round < 20; round++) {
        fp12 a, line = {0}, c, d;
        C(fp2) *l0 = coefficient(&line, 0), *li = coefficient(&line, i), *l3 = coefficient(&line, 3);
        random_fp12(&a);
        random_fp2(l0);
        random_fp2(li);
        random_fp2(l3);
        slow_product(&c, &a, &line);
        product(&d, &a, l0, li, l3);
        CHECK(C(tower_equal)(&c, &d));
        product(&a, &a, l0, li, l3);
        CHECK(C(tower_equal)(&c, &a));
    }
}

/* Lines with a coefficient of one: of 1 (D) or w^3 (M). */
static void monic_d(fp12 *out, const fp12 *a, const C(fp2) * l0, const C(fp2) * l1, const C(fp2) * l3)
{
    C(fp2) inverse, x, y;
    fp12 t;
    C(fp2_inv)(&inverse, l0);
    C(fp2_mul)(&x, l1, &inverse);
    C(fp2_mul)(&y, l3, &inverse);
    C(tower_mul_monic_d)(&t, a, &x, &y);
    for (int i = 0; i < 6; i++) C(fp2_mul)(coefficient(out, i), coefficient(&t, i), l0);
}
static void monic_m(fp12 *out, const fp12 *a, const C(fp2) * l0, const C(fp2) * l2, const C(fp2) * l3)
{
    C(fp2) inverse, x, y;
    fp12 t = *a;
    C(fp2_inv)(&inverse, l3);
    C(fp2_mul)(&x, l0, &inverse);
    C(fp2_mul)(&y, l2, &inverse);
    C(tower_mul_monic_m)(&t, &t, &x, &y);
    for (int i = 0; i < 6; i++) C(fp2_mul)(coefficient(out, i), coefficient(&t, i), l3);
}

PM_TEST(line)
{
    check_line(C(tower_mul_line_d), 1);
    check_line(C(tower_mul_line_m), 2);
    check_line(monic_d, 1);
    check_line(monic_m, 2);
}

PM_TEST(inverse)
{
    fp12 one, a, b, zero = {0};
    C(tower_set_one)(&one);
    for (int round = 0; round < 20; round++) {
        random_fp12(&a);
        if (round % 3 == 1) a.c1 = (C(tower_fp6)){0};
        if (round % 3 == 2) a.c0 = (C(tower_fp6)){0};
        C(tower_inv_var)(&b, &a);
        C(tower_mul)(&b, &b, &a);
        CHECK(C(tower_equal)(&b, &one));
    }
    C(tower_inv_var)(&b, &zero);
    CHECK(C(tower_equal)(&b, &zero));
}

static void power(fp12 *out, const fp12 *a, struct slow e)
{
    fp12 acc, base = *a;
    C(tower_set_one)(&acc);
    for (unsigned i = slow_bits(e); i-- > 0;) {
        C(tower_sqr)(&acc, &acc);
        if (slow_bit(e, i)) C(tower_mul)(&acc, &acc, &base);
    }
    *out = acc;
}

PM_TEST(frobenius)
{
    fp12 a, b, c;
    random_fp12(&a);
    power(&b, &a, slow_of(C(fp_p).limb, C(fp_limbs)));
    C(tower_frobenius)(&c, &a);
    CHECK(C(tower_equal)(&b, &c));
    c = a;
    for (int i = 0; i < 6; i++) C(tower_frobenius)(&c, &c);
    C(tower_conj)(&b, &a);
    CHECK(C(tower_equal)(&b, &c));
}

PM_TEST(cyclotomic_square)
{
    for (int round = 0; round < 20; round++) {
        fp12 a, b, c;
        random_fp12(&a);
        C(tower_inv_var)(&b, &a); /* a^((p^6 - 1)(p^2 + 1)) is in the subgroup */
        C(tower_conj)(&c, &a);
        C(tower_mul)(&a, &c, &b);
        C(tower_frobenius)(&b, &a);
        C(tower_frobenius)(&b, &b);
        C(tower_mul)(&a, &a, &b);
        C(tower_sqr)(&b, &a);
        C(tower_cyclotomic_sqr)(&c, &a);
        CHECK(C(tower_equal)(&b, &c));
        C(tower_cyclotomic_sqr)(&a, &a);
        CHECK(C(tower_equal)(&b, &a));
    }
}
