/* Every element and every pair of elements of tiny fields, against arithmetic of integers; with one limb,
 * with two, and the quadratic extension of F_7. */
#include "test.h"
#include "tiny_inst.h"

#define FP       two_limbs /* F_103 again, with R = 2^128 */
#define FP_LIMBS 2
#define FP_MODULUS                                                                                           \
    {                                                                                                        \
        P, 0                                                                                                 \
    }
#define FP_MONT_INV MONT_INV(P)
#define FP_MONT_R                                                                                            \
    {                                                                                                        \
        MONT_R2(P), 0                                                                                        \
    }
#define FP_MONT_R2                                                                                           \
    {                                                                                                        \
        MONT_R2(P) * MONT_R2(P) % P, 0                                                                       \
    }
#include "math/fp_tmpl.h"

#define FP       seven
#define FP_LIMBS 1
#define FP_MODULUS                                                                                           \
    {                                                                                                        \
        7                                                                                                    \
    }
#define FP_MONT_INV MONT_INV(7)
#define FP_MONT_R                                                                                            \
    {                                                                                                        \
        MONT_R(7)                                                                                            \
    }
#define FP_MONT_R2                                                                                           \
    {                                                                                                        \
        MONT_R2(7)                                                                                           \
    }
#include "math/fp_tmpl.h"

#define DOT          seven
#define DOT_LIMBS    1
#define DOT_MONT_INV MONT_INV(7)
#include "math/fp_dot_tmpl.h"

#define FP2      seven2
#define FP2_BASE seven
#define FP2_XI   3
#include "math/fp2_tmpl.h"

#define FIELD_TEST(F, M)                                                                                     \
    PM_TEST(F##_exhaustive)                                                                                  \
    {                                                                                                        \
        for (uint64_t i = 0; i < M; i++) {                                                                   \
            F a = {{i}}, am, bm, t, u;                                                                       \
            F##_to_mont(&am, &a);                                                                            \
            F##_from_mont(&t, &am);                                                                          \
            CHECK_U64(t.limb[0], i);                                                                         \
            CHECK(F##_is_canonical(&a) && F##_is_zero(&a) == (i == 0));                                      \
            F##_neg(&t, &a);                                                                                 \
            CHECK_U64(t.limb[0], (M - i) % M);                                                               \
            F##_dbl(&t, &a);                                                                                 \
            CHECK_U64(t.limb[0], 2 * i % M);                                                                 \
            F##_inv(&t, &am);                                                                                \
            F##_inv_var(&u, &am);                                                                            \
            CHECK(F##_equal(&t, &u));                                                                        \
            F##_from_mont(&t, &t);                                                                           \
            CHECK_U64(t.limb[0] * i % M, i != 0);                                                            \
            for (uint64_t j = 0; j < M; j++) {                                                               \
                F b = {{j}};                                                                                 \
                F##_to_mont(&bm, &b);                                                                        \
                F##_add(&t, &a, &b);                                                                         \
                CHECK_U64(t.limb[0], (i + j) % M);                                                           \
                F##_sub(&t, &a, &b);                                                                         \
                CHECK_U64(t.limb[0], (i + M - j) % M);                                                       \
                F##_mul(&t, &am, &bm);                                                                       \
                F##_from_mont(&t, &t);                                                                       \
                CHECK_U64(t.limb[0], i *j % M);                                                              \
                F##_mul(&t, &am, &b); /* a Montgomery and a plain factor */                                  \
                CHECK_U64(t.limb[0], i *j % M);                                                              \
                CHECK(F##_equal(&am, &bm) == (i == j));                                                      \
            }                                                                                                \
        }                                                                                                    \
        for (uint64_t i = M; i < 3 * M; i++) {                                                               \
            F a = {{i}};                                                                                     \
            uint8_t bytes[F##_bytes];                                                                        \
            CHECK(!F##_is_canonical(&a));                                                                    \
            F##_store(bytes, &a);                                                                            \
            F##_load_reduced(&a, bytes);                                                                     \
            CHECK_U64(a.limb[0], i % M);                                                                     \
        }                                                                                                    \
    }

FIELD_TEST(tiny_fp, P)
FIELD_TEST(tiny_fr, R)
FIELD_TEST(two_limbs, P)
FIELD_TEST(seven, 7)

/* a0 + a1 u of F_49, in Montgomery form */
static seven2 element(uint64_t k)
{
    seven2 a = {{{k % 7}}, {{k / 7}}};
    seven_to_mont(&a.c0, &a.c0);
    seven_to_mont(&a.c1, &a.c1);
    return a;
}
static uint64_t number(seven2 a)
{
    seven_from_mont(&a.c0, &a.c0);
    seven_from_mont(&a.c1, &a.c1);
    return a.c0.limb[0] + 7 * a.c1.limb[0];
}

PM_TEST(quadratic_extension)
{
    for (uint64_t i = 0; i < 49; i++) {
        uint64_t i0 = i % 7, i1 = i / 7;
        seven2 a = element(i), t, u;
        seven2_sqr(&t, &a);
        seven2_mul(&u, &a, &a);
        CHECK(seven2_equal(&t, &u));
        seven2_neg(&t, &a);
        CHECK_U64(number(t), (7 - i0) % 7 + 7 * ((7 - i1) % 7));
        seven2_conj(&t, &a);
        CHECK_U64(number(t), i0 + 7 * ((7 - i1) % 7));
        seven2_mul_xi(&t, &a); /* times 3 + u */
        CHECK_U64(number(t), (3 * i0 + 7 - i1) % 7 + 7 * ((3 * i1 + i0) % 7));
        seven2_inv(&t, &a);
        seven2_inv_var(&u, &a);
        CHECK(seven2_equal(&t, &u));
        seven2_mul(&t, &t, &a);
        CHECK_U64(number(t), i != 0);
        for (uint64_t j = 0; j < 49; j++) {
            uint64_t j0 = j % 7, j1 = j / 7;
            seven2 b = element(j);
            seven2_mul(&t, &a, &b);
            CHECK_U64(number(t), (i0 * j0 + 6 * i1 * j1) % 7 + 7 * ((i0 * j1 + i1 * j0) % 7));
            seven2_add(&t, &a, &b);
            CHECK_U64(number(t), (i0 + j0) % 7 + 7 * ((i1 + j1) % 7));
            seven2_sub(&t, &a, &b);
            CHECK_U64(number(t), (i0 + 7 - j0) % 7 + 7 * ((i1 + 7 - j1) % 7));
            CHECK(seven2_equal(&a, &b) == (i == j));
        }
    }
}
