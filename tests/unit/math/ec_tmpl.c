/* Points of G1 and G2: special cases in every representation, the group law's own laws, the published vectors
 * of EIP-196 and EIP-2537. The whole group of a tiny curve is enumerated in tests/exhaustive. */
#include "vectors.h"

/* The vectors of one group: sums, and multiples with scalars that need not be below r. */
#define VECTOR_TEST(G, of, sums, multiples) VECTOR_TEST_(G, of, sums, multiples)
#define VECTOR_TEST_(G, of, sums, multiples)                                                                 \
    PM_TEST(G##_vectors)                                                                                     \
    {                                                                                                        \
        enum { WORDS = sizeof sums[0] / sizeof sums[0][0] / 3 };                                             \
        G##_affine affine;                                                                                   \
        G a, b, expected, t;                                                                                 \
        for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {                                          \
            affine = of(&sums[i][2 * WORDS]);                                                                \
            G##_from_affine(&expected, &affine);                                                             \
            affine = of(&sums[i][0]);                                                                        \
            G##_from_affine(&a, &affine);                                                                    \
            affine = of(&sums[i][WORDS]);                                                                    \
            G##_from_affine(&b, &affine);                                                                    \
            G##_add(&t, &a, &b);                                                                             \
            CHECK(G##_equal(&t, &expected));                                                                 \
            G##_add_affine(&t, &a, &affine);                                                                 \
            CHECK(G##_equal(&t, &expected));                                                                 \
        }                                                                                                    \
        for (size_t i = 0; i < sizeof multiples / sizeof multiples[0]; i++) {                                \
            uint8_t big[32];                                                                                 \
            uint64_t k[4];                                                                                   \
            affine = of(&multiples[i][0]);                                                                   \
            G##_from_affine(&a, &affine);                                                                    \
            affine = of(&multiples[i][WORDS + 1]);                                                           \
            G##_from_affine(&expected, &affine);                                                             \
            CHECK(pm_hex_decode(big, 32, multiples[i][WORDS]));                                              \
            for (int j = 0; j < 4; j++) k[j] = pm_load_be64(big + 24 - 8 * j);                               \
            G##_mul(&t, &a, k, 4);                                                                           \
            CHECK(G##_equal(&t, &expected));                                                                 \
            G##_mul_var(&t, &a, k, 4);                                                                       \
            CHECK(G##_equal(&t, &expected));                                                                 \
        }                                                                                                    \
    }

VECTOR_TEST(C(g1), g1_of, g1_add_vectors, g1_mul_vectors)
#if TEST_CURVE == 381 /* there are none for BN254's G2 */
VECTOR_TEST(C(g2), g2_of, g2_add_vectors, g2_mul_vectors)
#endif

PM_TEST(on_curve)
{
    C(g1_affine) a = g1_generator, infinity = {0};
    CHECK(C(g1_affine_on_curve)(&infinity));
    C(fp_add)(&a.x, &a.x, &C(fp_one));
    CHECK(!C(g1_affine_on_curve)(&a));
    a = g1_generator; /* x + p is the same residue, but not canonical */
    C(fp_raw_add)(&a.x, &a.x, &C(fp_p));
    CHECK(!C(g1_affine_on_curve)(&a));
    a = g1_generator;
    a.y = (C(fp)){{0}};
    CHECK(!C(g1_affine_on_curve)(&a));
    a = (C(g1_affine)){.y = C(fp_one)};
    CHECK(!C(g1_affine_on_curve)(&a));
    C(g2_affine) b = g2_generator;
    C(fp2_conj)(&b.x, &b.x);
    CHECK(!C(g2_affine_on_curve)(&b));
    b = g2_generator;
    C(fp_raw_add)(&b.y.c1, &b.y.c1, &C(fp_p));
    CHECK(!C(g2_affine_on_curve)(&b));
}

/* The laws for one group. */
#define GROUP_TEST(G, random_point) GROUP_TEST_(G, random_point)
#define GROUP_TEST_(G, random_point)                                                                         \
    PM_TEST(G##_laws)                                                                                        \
    {                                                                                                        \
        G a, b, c, s, t, inf, minus;                                                                         \
        G##_affine aff;                                                                                      \
        G##_set_infinity(&inf);                                                                              \
        for (int round = 0; round < 10; round++) {                                                           \
            random_point(&a);                                                                                \
            random_point(&b);                                                                                \
            random_point(&c);                                                                                \
            G##_add(&s, &a, &b);                                                                             \
            G##_add(&t, &b, &a);                                                                             \
            CHECK(G##_equal(&s, &t));                                                                        \
            G##_add(&s, &s, &c);                                                                             \
            G##_add(&t, &b, &c);                                                                             \
            G##_add(&t, &a, &t);                                                                             \
            CHECK(G##_equal(&s, &t) && !G##_equal(&s, &a));                                                  \
            G##_to_affine(&aff, &s);                                                                         \
            CHECK(G##_affine_on_curve(&aff));                                                                \
            G##_from_affine(&t, &aff);                                                                       \
            CHECK(G##_equal(&s, &t));                                                                        \
            G##_add(&t, &a, &t); /* other coordinates of the same points meet */                             \
            G##_add_affine(&s, &a, &aff);                                                                    \
            CHECK(G##_equal(&s, &t));                                                                        \
            G##_dbl(&s, &a);                                                                                 \
            G##_add(&t, &a, &a);                                                                             \
            CHECK(G##_equal(&s, &t));                                                                        \
            G##_to_affine(&aff, &a);                                                                         \
            G##_add_affine(&t, &a, &aff);                                                                    \
            CHECK(G##_equal(&s, &t));                                                                        \
            G##_from_affine(&t, &aff);                                                                       \
            G##_add(&t, &t, &a);                                                                             \
            CHECK(G##_equal(&s, &t));                                                                        \
            G##_neg(&minus, &a);                                                                             \
            G##_add(&t, &a, &minus);                                                                         \
            CHECK(G##_is_infinity(&t));                                                                      \
            G##_add_affine(&t, &minus, &aff);                                                                \
            CHECK(G##_is_infinity(&t));                                                                      \
            G##_add(&t, &a, &inf);                                                                           \
            CHECK(G##_equal(&t, &a));                                                                        \
            G##_add(&t, &inf, &a);                                                                           \
            CHECK(G##_equal(&t, &a));                                                                        \
            G##_add_affine(&t, &inf, &aff);                                                                  \
            CHECK(G##_equal(&t, &a));                                                                        \
            t = a;                                                                                           \
            G##_add(&t, &t, &t);                                                                             \
            CHECK(G##_equal(&t, &s));                                                                        \
            t = b;                                                                                           \
            G##_add(&t, &a, &t); /* out is an input */                                                       \
            G##_add(&s, &a, &b);                                                                             \
            CHECK(G##_equal(&t, &s));                                                                        \
        }                                                                                                    \
        G##_dbl(&t, &inf);                                                                                   \
        CHECK(G##_is_infinity(&t));                                                                          \
        G##_to_affine(&aff, &inf);                                                                           \
        CHECK(G##_affine_is_infinity(&aff));                                                                 \
        G##_from_affine(&t, &aff);                                                                           \
        CHECK(G##_is_infinity(&t));                                                                          \
        G##_add_affine(&t, &a, &aff);                                                                        \
        CHECK(G##_equal(&t, &a));                                                                            \
    }                                                                                                        \
    PM_TEST(G##_multiples)                                                                                   \
    {                                                                                                        \
        G a, s, t;                                                                                           \
        C(fr) k;                                                                                             \
        static const C(fr) small[] = {{{0}}, {{1}}, {{2}}, {{15}}, {{16}}, {{17}}, {{0, 1}}};                \
        random_point(&a);                                                                                    \
        for (int i = 0; i < 20; i++) {                                                                       \
            if (i < 7)                                                                                       \
                k = small[i];                                                                                \
            else if (i < 10) /* r - 1, r, r + 1 */                                                           \
                k = C(fr_p), k.limb[0] += (uint64_t)i - 8;                                                   \
            else if (i == 10)                                                                                \
                memset(&k, 0xff, sizeof k);                                                                  \
            else                                                                                             \
                test_random_bytes(&k, sizeof k);                                                             \
            G##_mul(&s, &a, k.limb, 4);                                                                      \
            G##_mul_var(&t, &a, k.limb, 4);                                                                  \
            CHECK(G##_equal(&s, &t));                                                                        \
            t = a;                                                                                           \
            G##_mul(&t, &t, k.limb, 4); /* in place */                                                       \
            CHECK(G##_equal(&s, &t));                                                                        \
        }                                                                                                    \
        G##_mul(&s, &a, C(fr_p).limb, 4);                                                                    \
        CHECK(G##_is_infinity(&s));                                                                          \
        G##_add(&s, &s, &a); /* what mul leaves is a proper infinity */                                      \
        CHECK(G##_equal(&s, &a));                                                                            \
        G##_set_infinity(&t);                                                                                \
        G##_mul(&s, &t, k.limb, 4);                                                                          \
        CHECK(G##_is_infinity(&s));                                                                          \
    }

GROUP_TEST(C(g1), random_g1)
GROUP_TEST(C(g2), random_g2)
