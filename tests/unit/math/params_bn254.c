/* Every constant of params_bn254.h, computed again from x, 3, 5, 9 + u and the generators' decimal
 * coordinates. */
#include "random.h"
#include "slow.h"

static struct slow power_of_x(unsigned n)
{
    struct slow out = slow_small(1);
    while (n--) out = slow_mul(out, slow_small(PM_BN254_X));
    return out;
}
static struct slow times(uint64_t k, struct slow a) { return slow_mul(slow_small(k), a); }

/* c4 x^4 + c3 x^3 + c2 x^2 + c1 x + c0 */
static struct slow polynomial(uint64_t c4, uint64_t c3, uint64_t c2, uint64_t c1, uint64_t c0)
{
    struct slow s = times(c4, power_of_x(4));
    s = slow_add(s, times(c3, power_of_x(3)));
    s = slow_add(s, times(c2, power_of_x(2)));
    s = slow_add(s, times(c1, power_of_x(1)));
    return slow_add(s, slow_small(c0));
}
static struct slow p(void) { return polynomial(36, 36, 24, 6, 1); }
static struct slow r(void) { return polynomial(36, 36, 18, 6, 1); }

static struct slow decimal(const char *text)
{
    struct slow s = {{0}};
    for (; *text; text++) s = slow_add(times(10, s), slow_small((uint64_t)(*text - '0')));
    return s;
}
/* The integer behind an element in Montgomery form. */
static struct slow plain(bn254_fp a)
{
    bn254_fp_from_mont(&a, &a);
    return slow_of(a.limb, 4);
}
static bool same(struct slow a, struct slow b) { return slow_compare(a, b) == 0; }

PM_TEST(fields)
{
    CHECK(same(slow_of(bn254_fp_p.limb, 4), p()));
    CHECK(same(slow_of(bn254_fr_p.limb, 4), r()));
    CHECK_U64(PM_BN254_FP_BITS, slow_bits(p()));
    CHECK_U64(PM_BN254_FR_BITS, slow_bits(r()));
    CHECK(bn254_fp_p.limb[0] * PM_BN254_FP_MONT_INV == UINT64_MAX);
    CHECK(bn254_fr_p.limb[0] * PM_BN254_FR_MONT_INV == UINT64_MAX);
    struct slow big = slow_power_of_two(256);
    CHECK(same(slow_of(bn254_fp_one.limb, 4), slow_mod(big, p())));
    CHECK(same(slow_of(bn254_fr_one.limb, 4), slow_mod(big, r())));
    CHECK(same(slow_of(bn254_fp_r2.limb, 4), slow_mod(slow_mul(big, big), p())));
    CHECK(same(slow_of(bn254_fr_r2.limb, 4), slow_mod(slow_mul(big, big), r())));
}

PM_TEST(root_of_unity)
{
    struct slow quotient, minus_one = slow_sub(r(), slow_small(1));
    struct slow rest = slow_divide(&quotient, minus_one, slow_power_of_two(PM_BN254_FR_TWO_ADICITY));
    CHECK(slow_bits(rest) == 0 && slow_bit(quotient, 0));
    bn254_fr root = PM_BN254_FR_ROOT;
    bn254_fr_from_mont(&root, &root);
    CHECK(same(slow_of(root.limb, 4), slow_pow_mod(slow_small(5), quotient, r())));
    struct slow half;
    slow_divide(&half, minus_one, slow_small(2));
    for (uint64_t k = 2; k < 5; k++) CHECK(same(slow_pow_mod(slow_small(k), half, r()), slow_small(1)));
    CHECK(same(slow_pow_mod(slow_small(5), half, r()), minus_one)); /* the smallest non-residue */
}

PM_TEST(curves)
{
    bn254_fp2 xi = {bn254_fp_one, bn254_fp_one}, b;
    for (int i = 0; i < 8; i++) bn254_fp_add(&xi.c0, &xi.c0, &bn254_fp_one);
    CHECK(same(plain(xi.c0), slow_small(PM_BN254_XI)));
    CHECK(same(plain(bn254_g1_b), slow_small(3)));
    CHECK(same(plain(bn254_g1_b3), slow_small(9)));
    bn254_fp2_mul(&b, &bn254_g2_b, &xi);
    CHECK(same(plain(b.c0), slow_small(3)) && bn254_fp_is_zero(&b.c1));
    bn254_fp2_dbl(&b, &bn254_g2_b);
    bn254_fp2_add(&b, &b, &bn254_g2_b);
    CHECK(bn254_fp2_equal(&b, &bn254_g2_b3));
}

PM_TEST(generators)
{
    CHECK(same(plain(g1_generator.x), slow_small(1)));
    CHECK(same(plain(g1_generator.y), slow_small(2)));
    CHECK(same(plain(g2_generator.x.c0),
               decimal("10857046999023057135944570762232829481370756359578518086990519993285655852781")));
    CHECK(same(plain(g2_generator.x.c1),
               decimal("11559732032986387107991004021392285783925812861821192530917403151452391805634")));
    CHECK(same(plain(g2_generator.y.c0),
               decimal("8495653923123431417604973247489272438418190587263600148770280649306958101930")));
    CHECK(same(plain(g2_generator.y.c1),
               decimal("4082367875863433681332203403145435568316851327593401208105741076214120093531")));
    CHECK(bn254_g1_affine_on_curve(&g1_generator));
    CHECK(bn254_g2_affine_on_curve(&g2_generator));
    bn254_g1 a;
    bn254_g2 b;
    bn254_g1_from_affine(&a, &g1_generator);
    bn254_g1_mul_var(&a, &a, bn254_fr_p.limb, 4);
    CHECK(bn254_g1_is_infinity(&a));
    bn254_g2_from_affine(&b, &g2_generator);
    bn254_g2_mul_var(&b, &b, bn254_fr_p.limb, 4);
    CHECK(bn254_g2_is_infinity(&b));
}

PM_TEST(frobenius)
{
    struct slow sixth, rest = slow_divide(&sixth, slow_sub(p(), slow_small(1)), slow_small(6));
    CHECK(slow_bits(rest) == 0);
    bn254_fp2 xi, power, factor;
    bn254_fp2_set_one(&factor);
    bn254_fp2_mul_xi(&xi, &factor);
    bn254_fp2_set_one(&power);
    for (unsigned i = slow_bits(sixth); i-- > 0;) {
        bn254_fp2_sqr(&power, &power);
        if (slow_bit(sixth, i)) bn254_fp2_mul(&power, &power, &xi);
    }
    for (int i = 0; i < 6; i++) {
        CHECK(bn254_fp2_equal(&factor, &bn254_tower_frobenius_factor[i]));
        bn254_fp2_mul(&factor, &factor, &power);
    }
}

/* digits in non-adjacent form = k, which is a sum of k_i 2^i */
static void check_naf(const int8_t *digit, size_t n, struct slow k)
{
    struct slow positive = {{0}}, negative = {{0}};
    CHECK(digit[n - 1] == 1);
    for (size_t i = 0; i < n; i++) {
        CHECK(digit[i] >= -1 && digit[i] <= 1);
        if (i > 0) CHECK(digit[i] == 0 || digit[i - 1] == 0);
        if (digit[i] > 0) positive = slow_add(positive, slow_power_of_two((unsigned)i));
        if (digit[i] < 0) negative = slow_add(negative, slow_power_of_two((unsigned)i));
    }
    CHECK(same(slow_sub(positive, negative), k));
}

PM_TEST(loops)
{
    check_naf(bn254_pairing_loop, sizeof bn254_pairing_loop, polynomial(0, 0, 0, 6, 2));
    check_naf(bn254_pairing_x_naf, sizeof bn254_pairing_x_naf, power_of_x(1));
    CHECK_U64(sizeof bn254_pairing_loop, PM_BN254_LOOP_LEN);
    CHECK_U64(sizeof bn254_pairing_x_naf, PM_BN254_X_NAF_LEN);
}
