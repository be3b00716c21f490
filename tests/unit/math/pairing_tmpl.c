/* The pairing: the published vectors of EIP-197 and EIP-2537, bilinearity, the final exponentiation against a
 * plain power, and the subgroup tests against multiplication by r. */
#define SLOW_DIGITS 56 /* 3 (p^4 - p^2 + 1) / r of BLS12-381 */
#include "slow.h"
#include "twist.h"
#include "vectors.h"

static bool product_of(const char *const (*word)[6], size_t n)
{
    C(g1_affine) p[16];
    C(g2_affine) q[16];
    for (size_t i = 0; i < n; i++) {
        p[i] = g1_of(&word[i][0]);
        q[i] = g2_of(&word[i][2]);
        CHECK(C(pairing_g1_in_subgroup)(&p[i]));
        CHECK(C(pairing_g2_in_subgroup)(&q[i]));
    }
    return C(pairing_product_is_one)(p, q, n);
}

PM_TEST(published_vectors)
{
    for (size_t i = 0; i < sizeof pairing_vectors / sizeof pairing_vectors[0]; i++)
        CHECK_MSG(product_of(pairing_vectors[i].pair, pairing_vectors[i].n) == pairing_vectors[i].one,
                  "vector %zu", i);
}

static void g1_multiple(C(g1_affine) * out, const C(fr) * k)
{
    C(g1) p;
    C(g1_from_affine)(&p, &g1_generator);
    C(g1_mul_var)(&p, &p, k->limb, 4);
    C(g1_to_affine)(out, &p);
}
static void g2_multiple(C(g2_affine) * out, const C(fr) * k)
{
    C(g2) p;
    C(g2_from_affine)(&p, &g2_generator);
    C(g2_mul_var)(&p, &p, k->limb, 4);
    C(g2_to_affine)(out, &p);
}

/* The product over i of e(a_i G, b_i H) is one if and only if the sum of a_i b_i is zero. */
PM_TEST(bilinear)
{
    enum { MAX = C(pairing_max_pairs) };
    C(fr) a[MAX], b[MAX], sum, t;
    C(g1_affine) p[MAX];
    C(g2_affine) q[MAX];
    for (size_t n = 1; n <= MAX; n += n < 4 ? 1 : 4) {
        sum = (C(fr)){{0}};
        for (size_t i = 0; i < n; i++) {
            random_fr(&a[i]);
            random_fr(&b[i]);
            if (i == 3) a[i] = (C(fr)){{0}}; /* infinities contribute one */
            if (i == 5) b[i] = (C(fr)){{0}};
            if (i + 1 == n) { /* a_i = -sum / b_i */
                C(fr_to_mont)(&t, &b[i]);
                C(fr_inv)(&t, &t);
                C(fr_mul)(&a[i], &sum, &t);
                C(fr_neg)(&a[i], &a[i]);
            }
            C(fr_to_mont)(&t, &a[i]);
            C(fr_mul)(&t, &t, &b[i]);
            C(fr_add)(&sum, &sum, &t);
            g1_multiple(&p[i], &a[i]);
            g2_multiple(&q[i], &b[i]);
        }
        CHECK_MSG(C(pairing_product_is_one)(p, q, n), "n = %zu", n);
        if (n == 1) continue;
        C(g1_affine_neg)(&p[0], &p[0]);
        CHECK(!C(pairing_product_is_one)(p, q, n));
        C(g1_affine_neg)(&p[0], &p[0]);
        C(g2_affine_neg)(&q[n - 1], &q[n - 1]);
        CHECK(!C(pairing_product_is_one)(p, q, n));
    }
    CHECK(!C(pairing_product_is_one)(&g1_generator, &g2_generator, 1)); /* not degenerate */
}

static void power(C(tower_fp12) * out, const C(tower_fp12) * a, struct slow e)
{
    C(tower_fp12) acc, base = *a;
    C(tower_set_one)(&acc);
    for (unsigned i = slow_bits(e); i-- > 0;) {
        C(tower_sqr)(&acc, &acc);
        if (slow_bit(e, i)) C(tower_mul)(&acc, &acc, &base);
    }
    *out = acc;
}

static struct slow p(void) { return slow_of(C(fp_p).limb, C(fp_limbs)); }
static struct slow r(void) { return slow_of(C(fr_p).limb, C(fr_limbs)); }
static struct slow times(uint64_t k, struct slow a) { return slow_mul(slow_small(k), a); }

/* The constant in the exponent of the pairing and the cofactors, all from |x|. */
#if TEST_CURVE == 254
static struct slow constant(void) /* 2 x (6 x^2 + 3 x + 1) */
{
    struct slow x = slow_small(P(X));
    struct slow c = slow_mul(x, slow_add(times(6, x), slow_small(3)));
    return slow_mul(times(2, x), slow_add(c, slow_small(1)));
}
enum { g2_small_prime = 10069 };
static struct slow g2_cofactor(void) { return slow_sub(times(2, p()), r()); }
#else
static struct slow constant(void) { return slow_small(3); }
static struct slow power_of_x(unsigned n)
{
    struct slow out = slow_small(1);
    while (n--) out = slow_mul(out, slow_small(P(X)));
    return out;
}
enum { g1_small_prime = 3, g2_small_prime = 13 };
static struct slow g1_cofactor(void) /* (x - 1)^2 / 3 */
{
    struct slow t = slow_add(power_of_x(1), slow_small(1)), h;
    CHECK(slow_bits(slow_divide(&h, slow_mul(t, t), slow_small(3))) == 0);
    return h;
}
static struct slow g2_cofactor(void) /* (x^8 - 4 x^7 + 5 x^6 - 4 x^4 + 6 x^3 - 4 x^2 - 4 x + 13) / 9 */
{
    struct slow t = slow_add(power_of_x(8), times(4, power_of_x(7))), minus, h;
    t = slow_add(slow_add(t, times(5, power_of_x(6))), times(4, power_of_x(1)));
    t = slow_add(t, slow_small(13));
    minus = slow_add(times(4, power_of_x(4)), times(6, power_of_x(3)));
    minus = slow_add(minus, times(4, power_of_x(2)));
    CHECK(slow_bits(slow_divide(&h, slow_sub(t, minus), slow_small(9))) == 0);
    return h;
}
#endif

/* f^(c (p^12 - 1) / r): the easy part by Frobenius and inversion, the rest as one long power. */
PM_TEST(final_exponentiation)
{
    struct slow p2 = slow_mul(p(), p()), hard, c = constant();
    struct slow rest = slow_divide(&hard, slow_add(slow_sub(slow_mul(p2, p2), p2), slow_small(1)), r());
    CHECK(slow_bits(rest) == 0);
    CHECK(slow_bits(slow_mod(c, r())) != 0);

    C(tower_fp12) f, a, b;
    random_fp12(&f);
    C(tower_inv_var)(&a, &f);
    C(tower_conj)(&b, &f);
    C(tower_mul)(&a, &a, &b);
    C(tower_frobenius)(&b, &a);
    C(tower_frobenius)(&b, &b);
    C(tower_mul)(&a, &a, &b);
    power(&a, &a, slow_mul(hard, c));
    C(pairing_final_exponentiation)(&f);
    CHECK(C(tower_equal)(&f, &a));
    power(&a, &f, r());
    C(tower_set_one)(&b);
    CHECK(C(tower_equal)(&a, &b));
}

/* Points of the curve, of order r, of small order, and sums of these, for a group with a cofactor. */
#define SUBGROUP_TEST(G, random_point, in_subgroup, cofactor, small_prime, generator)                        \
    SUBGROUP_TEST_(G, random_point, in_subgroup, cofactor, small_prime, generator)
#define SUBGROUP_TEST_(G, random_point, in_subgroup, cofactor, small_prime, generator)                       \
    PM_TEST(G##_subgroup)                                                                                    \
    {                                                                                                        \
        enum { LIMBS = SLOW_DIGITS / 2 };                                                                    \
        struct slow h_small;                                                                                 \
        uint64_t h[LIMBS], small_order[LIMBS];                                                               \
        CHECK(slow_bits(slow_divide(&h_small, cofactor(), slow_small(small_prime))) == 0);                   \
        slow_to(h, LIMBS, cofactor());                                                                       \
        slow_to(small_order, LIMBS, slow_mul(h_small, r()));                                                 \
        for (int round = 0; round < 5; round++) {                                                            \
            G##_affine a, b;                                                                                 \
            G point, t;                                                                                      \
            random_point(&a);                                                                                \
            CHECK(G##_affine_on_curve(&a));                                                                  \
            CHECK(!in_subgroup(&a));                                                                         \
            G##_from_affine(&point, &a);                                                                     \
            G##_mul_var(&t, &point, h, LIMBS); /* of order r */                                              \
            G##_to_affine(&b, &t);                                                                           \
            CHECK(in_subgroup(&b));                                                                          \
            G##_mul_var(&t, &t, C(fr_p).limb, C(fr_limbs));                                                  \
            CHECK(G##_is_infinity(&t));                                                                      \
            G##_mul_var(&t, &point, small_order, LIMBS); /* of order small_prime or 1 */                     \
            G##_to_affine(&a, &t);                                                                           \
            CHECK(in_subgroup(&a) == G##_is_infinity(&t));                                                   \
            G##_add_affine(&t, &t, &b); /* a good point plus one of small order */                           \
            bool good = G##_affine_is_infinity(&a);                                                          \
            G##_to_affine(&a, &t);                                                                           \
            CHECK(in_subgroup(&a) == good);                                                                  \
        }                                                                                                    \
        G##_affine infinity = {0};                                                                           \
        CHECK(in_subgroup(&infinity));                                                                       \
        CHECK(in_subgroup(&generator));                                                                      \
    }

SUBGROUP_TEST(C(g2), random_twist_point, C(pairing_g2_in_subgroup), g2_cofactor, g2_small_prime, g2_generator)
#if TEST_CURVE == 381
SUBGROUP_TEST(C(g1), random_curve_point, C(pairing_g1_in_subgroup), g1_cofactor, g1_small_prime, g1_generator)

PM_TEST(published_points_outside)
{
    C(g1_affine) a = g1_of(g1_outside[0]), order_three = {.y = C(fp_one)};
    C(g2_affine) b = g2_of(g2_outside[0]);
    CHECK(!C(pairing_g1_in_subgroup)(&a));
    CHECK(!C(pairing_g2_in_subgroup)(&b));
    C(fp_dbl)(&order_three.y, &order_three.y); /* (0, 2) */
    CHECK(C(g1_affine_on_curve)(&order_three));
    CHECK(!C(pairing_g1_in_subgroup)(&order_three));
}

/* What g2_in_subgroup's argument rests on. */
PM_TEST(cofactors_have_no_common_divisor)
{
    struct slow a = g2_cofactor(), b = g1_cofactor();
    while (slow_bits(b) > 0) {
        struct slow rest = slow_mod(a, b);
        a = b;
        b = rest;
    }
    CHECK(slow_compare(a, slow_small(1)) == 0);
}
#else
PM_TEST(g1_is_the_whole_curve)
{
    C(g1_affine) a;
    for (int round = 0; round < 5; round++) {
        C(g1) t;
        random_curve_point(&a);
        CHECK(C(pairing_g1_in_subgroup)(&a));
        C(g1_from_affine)(&t, &a);
        C(g1_mul_var)(&t, &t, C(fr_p).limb, C(fr_limbs));
        CHECK(C(g1_is_infinity)(&t));
    }
}
#endif

/* The loop's own test of subgroups against multiplication by r, and against the test that stands alone. */
static bool free_test(const C(g2_affine) * q)
{
    struct C(pairing_pair) pair;
    C(tower_fp12) f;
    C(pairing_pair_begin)(&pair, &g1_generator, q);
    C(pairing_miller)(&f, &pair, 1, NULL, 0);
    return C(pairing_pair_in_subgroup)(&pair);
}
PM_TEST(subgroup_found_out_by_the_loop)
{
    enum { LIMBS = SLOW_DIGITS / 2 };
    struct slow h_small;
    uint64_t h[LIMBS], small_order[LIMBS];
    CHECK(slow_bits(slow_divide(&h_small, g2_cofactor(), slow_small(g2_small_prime))) == 0);
    slow_to(h, LIMBS, g2_cofactor());
    slow_to(small_order, LIMBS, slow_mul(h_small, r()));
    CHECK(free_test(&g2_generator));
    for (int round = 0; round < 10; round++) {
        C(g2_affine) a, good, small;
        C(g2) point, t;
        random_twist_point(&a);
        CHECK(!free_test(&a));
        C(g2_from_affine)(&point, &a);
        C(g2_mul_var)(&t, &point, h, LIMBS);
        C(g2_to_affine)(&good, &t);
        CHECK(free_test(&good));
        C(g2_mul_var)(&t, &point, small_order, LIMBS);
        if (C(g2_is_infinity)(&t)) continue;
        C(g2_to_affine)(&small, &t); /* the loop meets infinity, T = Q and T = -Q */
        CHECK(!free_test(&small));
        C(g2_add_affine)(&t, &t, &good);
        C(g2_to_affine)(&a, &t);
        CHECK(!free_test(&a));
    }
}

#if TEST_CURVE == 254
/* What pair_in_subgroup's argument rests on: with psi^2 = t psi - p, g(psi) = a + b psi for a = 6 x + 2 + p
 * (1 - t) and b = t^2 - p - t + 1; its norm is a^2 + a b t + b^2 p, and gcd(norm, r (2 p - r)) = r. */
PM_TEST(resultant_of_the_loop)
{
    struct slow x = slow_small(P(X)), one = slow_small(1), t = slow_add(times(6, slow_mul(x, x)), one);
    struct slow minus_a = slow_sub(slow_mul(p(), slow_sub(t, one)), slow_add(times(6, x), slow_small(2)));
    struct slow minus_b = slow_sub(slow_sub(slow_add(p(), t), one), slow_mul(t, t));
    struct slow n = slow_add(slow_mul(minus_a, minus_a), slow_mul(slow_mul(minus_b, minus_b), p()));
    n = slow_add(n, slow_mul(slow_mul(minus_a, minus_b), t));
    struct slow m = slow_mul(r(), g2_cofactor());
    while (slow_bits(n) > 0) {
        struct slow rest = slow_mod(m, n);
        m = n;
        n = rest;
    }
    CHECK(slow_compare(m, r()) == 0);
}
#endif

/* Equations with fixed points, factors and targets against products of pairings alone. */
PM_TEST(fixed_points)
{
    static struct C(pairing_fixed) made[3];
    const struct C(pairing_fixed) * fixed[3] = {&made[0], &made[1], &made[2]};
    for (int round = 0; round < 12; round++) {
        C(fr) k;
        C(g1_affine) point1[4];
        C(g2_affine) point2[4];
        C(tower_fp12) target, factor, part;
        struct C(pairing_pair) pair;
        for (int i = 0; i < 4; i++) {
            random_fr(&k);
            if (round == 4 + i) k = (C(fr)){{0}};
            g1_multiple(&point1[i], &k);
            random_fr(&k);
            if (round == 8 + i) k = (C(fr)){{0}};
            g2_multiple(&point2[i], &k);
            if (i > 0) C(pairing_fix)(&made[i - 1], &point2[i]);
        }
        C(tower_set_one)(&target);
        for (int i = 0; i < 4; i++) {
            C(pairing_value)(&part, &point1[i], &point2[i]);
            C(tower_mul)(&target, &target, &part);
        }
        CHECK(C(pairing_check)(&target, NULL, point1, point2, 1, point1 + 1, fixed, 3) == C(pairing_equal));
        CHECK(C(pairing_check)(&target, NULL, point1, point2, 4, NULL, NULL, 0) == C(pairing_equal));
        CHECK(C(pairing_check)(NULL, NULL, point1, point2, 1, point1 + 1, fixed, 3) == C(pairing_unequal));
        if (round >= 4) continue;
        C(pairing_pair_begin)(&pair, &point1[0], &point2[0]);
        C(pairing_miller)(&factor, &pair, 1, NULL, 0);
        CHECK(C(pairing_check)(&target, &factor, NULL, NULL, 0, point1 + 1, fixed, 3) == C(pairing_equal));
        CHECK(C(pairing_check)(&target, NULL, NULL, NULL, 0, point1 + 1, fixed, 3) == C(pairing_unequal));
        random_twist_point(&point2[0]);
        CHECK(C(pairing_check)(&target, NULL, point1, point2, 1, point1 + 1, fixed, 3) == C(pairing_outside));
        point1[0] = (C(g1_affine)){.x = {{0}}};
        CHECK(C(pairing_check)(&target, NULL, point1, point2, 1, point1 + 1, fixed, 3) == C(pairing_outside));
    }
}

/* As many lines as PAIRING_LINES says. */
PM_TEST(lines)
{
    size_t n = sizeof C(pairing_loop) - 1;
    for (size_t i = 0; i + 1 < sizeof C(pairing_loop); i++) n += C(pairing_loop)[i] != 0;
    CHECK_U64(P(LINES), n + (TEST_CURVE == 254 ? 2 : 0));
}

/* psi acts on G2 as p. */
PM_TEST(psi)
{
    for (int round = 0; round < 3; round++) {
        C(g2) q, t;
        C(g2_affine) a, b;
        random_g2(&q);
        C(g2_mul_var)(&t, &q, C(fp_p).limb, C(fp_limbs));
        C(g2_to_affine)(&a, &t);
        C(g2_to_affine)(&b, &q);
        C(pairing_psi)(&b, &b);
        CHECK_MEM(&a, &b, sizeof a);
    }
}
