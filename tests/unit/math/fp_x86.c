/* The fields in assembly: all that fp_tmpl.c tests, and every operation against the portable field of the
 * same modulus, at the borders of its range and on random numbers. */
#include "needs_adx.h"
#include "math/bls12_381_inst.h" /* the portable fields */
#include "math/bn254_inst.h"
#include "slow.h"
#include "test.h"

#define PM_FP_X86

#define FP          bn254_fp_x86
#define FP_LIMBS    PM_BN254_FP_LIMBS
#define FP_MODULUS  PM_BN254_FP_MODULUS
#define FP_MONT_INV PM_BN254_FP_MONT_INV
#define FP_MONT_R   PM_BN254_FP_MONT_R
#define FP_MONT_R2  PM_BN254_FP_MONT_R2
#include "math/fp_tmpl.h"

#define FP          bn254_fr_x86
#define FP_LIMBS    PM_BN254_FR_LIMBS
#define FP_MODULUS  PM_BN254_FR_MODULUS
#define FP_MONT_INV PM_BN254_FR_MONT_INV
#define FP_MONT_R   PM_BN254_FR_MONT_R
#define FP_MONT_R2  PM_BN254_FR_MONT_R2
#include "math/fp_tmpl.h"

#define FP          bls12_381_fp_x86
#define FP_LIMBS    PM_BLS12_381_FP_LIMBS
#define FP_MODULUS  PM_BLS12_381_FP_MODULUS
#define FP_MONT_INV PM_BLS12_381_FP_MONT_INV
#define FP_MONT_R   PM_BLS12_381_FP_MONT_R
#define FP_MONT_R2  PM_BLS12_381_FP_MONT_R2
#include "math/fp_tmpl.h"

#define FP          bls12_381_fr_x86
#define FP_LIMBS    PM_BLS12_381_FR_LIMBS
#define FP_MODULUS  PM_BLS12_381_FR_MODULUS
#define FP_MONT_INV PM_BLS12_381_FR_MONT_INV
#define FP_MONT_R   PM_BLS12_381_FR_MONT_R
#define FP_MONT_R2  PM_BLS12_381_FR_MONT_R2
#include "math/fp_tmpl.h"

/* A modulus whose limbs are all ones under the clear top bit: the longest carries that rows of products can
 * have. p = 2^255 - 19, R = 38 mod p. */
#define PM_25519_MODULUS                                                                                     \
    {                                                                                                        \
        0xffffffffffffffedu, 0xffffffffffffffffu, 0xffffffffffffffffu, 0x7fffffffffffffffu                   \
    }
#define PM_25519_MONT_INV 0x86bca1af286bca1bu
#define PM_25519_MONT_R                                                                                      \
    {                                                                                                        \
        38                                                                                                   \
    }
#define PM_25519_MONT_R2                                                                                     \
    {                                                                                                        \
        1444                                                                                                 \
    }
#define FP          all_ones_x86
#define FP_LIMBS    4
#define FP_MODULUS  PM_25519_MODULUS
#define FP_MONT_INV PM_25519_MONT_INV
#define FP_MONT_R   PM_25519_MONT_R
#define FP_MONT_R2  PM_25519_MONT_R2
#include "math/fp_tmpl.h"
#undef PM_FP_X86
#define FP          all_ones
#define FP_LIMBS    4
#define FP_MODULUS  PM_25519_MODULUS
#define FP_MONT_INV PM_25519_MONT_INV
#define FP_MONT_R   PM_25519_MONT_R
#define FP_MONT_R2  PM_25519_MONT_R2
#include "math/fp_tmpl.h"

/* 0, 1, 2, p - 2, p - 1, limbs of zeros and ones reduced; numbers of all bits; from p on, what only the
 * second factor of a product may be: p, 2 p - 1, R - 2, R - 1. n of them, the first `canonical` below p. */
enum { BORDERS = 96, EDGES = 5, BEYOND = 4 };

#define AGAINST_PORTABLE(X, TF)                                                                              \
    static void X##_numbers(X *out)                                                                          \
    {                                                                                                        \
        const X one = {{1}}, two = {{2}}, zero = {{0}};                                                      \
        out[0] = zero, out[1] = one, out[2] = two;                                                           \
        X##_raw_sub(&out[3], &X##_p, &one);                                                                  \
        X##_raw_sub(&out[4], &X##_p, &two);                                                                  \
        for (int i = EDGES; i < BORDERS; i++) {                                                              \
            uint8_t bytes[X##_bytes];                                                                        \
            test_random_bytes(bytes, sizeof bytes);                                                          \
            for (int j = 0; i % 2 && j < X##_bytes; j++) bytes[j] = bytes[j & ~7] & 1 ? 0xff : 0;            \
            X##_load_reduced(&out[i], bytes);                                                                \
        }                                                                                                    \
        out[BORDERS] = X##_p;                                                                                \
        X##_raw_add(&out[BORDERS + 1], &X##_p, &out[3]);                                                     \
        memset(&out[BORDERS + 2], 0xff, 2 * sizeof *out);                                                    \
        out[BORDERS + 2].limb[0]--;                                                                          \
    }                                                                                                        \
    static bool X##_same(const X *a, const TF *b) { return memcmp(a, b, sizeof *a) == 0; }                   \
    static void X##_check_pair(const X *a, const X *b, bool canonical)                                       \
    {                                                                                                        \
        X out, alias;                                                                                        \
        TF expected, c, d;                                                                                   \
        memcpy(&c, a, sizeof c);                                                                             \
        memcpy(&d, b, sizeof d);                                                                             \
        X##_mul(&out, a, b);                                                                                 \
        TF##_mul(&expected, &c, &d);                                                                         \
        CHECK(X##_same(&out, &expected));                                                                    \
        alias = *a;                                                                                          \
        X##_mul(&alias, &alias, b);                                                                          \
        CHECK(X##_same(&alias, &expected));                                                                  \
        if (!canonical) return;                                                                              \
        alias = *b;                                                                                          \
        X##_mul(&alias, a, &alias);                                                                          \
        CHECK(X##_same(&alias, &expected));                                                                  \
        X##_add(&out, a, b);                                                                                 \
        TF##_add(&expected, &c, &d);                                                                         \
        CHECK(X##_same(&out, &expected));                                                                    \
        alias = *b;                                                                                          \
        X##_add(&alias, a, &alias);                                                                          \
        CHECK(X##_same(&alias, &expected));                                                                  \
        X##_sub(&out, a, b);                                                                                 \
        TF##_sub(&expected, &c, &d);                                                                         \
        CHECK(X##_same(&out, &expected));                                                                    \
        alias = *b;                                                                                          \
        X##_sub(&alias, a, &alias);                                                                          \
        CHECK(X##_same(&alias, &expected));                                                                  \
        X##_sub(&out, a, a);                                                                                 \
        CHECK(X##_is_zero(&out));                                                                            \
        X##_raw_add(&out, a, b); /* below 2 p */                                                             \
        TF##_raw_add(&expected, &c, &d);                                                                     \
        X##_reduce_once(&out, &out);                                                                         \
        TF##_reduce_once(&expected, &expected);                                                              \
        CHECK(X##_same(&out, &expected));                                                                    \
        X##_sqr(&out, a);                                                                                    \
        TF##_sqr(&expected, &c);                                                                             \
        CHECK(X##_same(&out, &expected));                                                                    \
        alias = *a;                                                                                          \
        X##_sqr(&alias, &alias);                                                                             \
        CHECK(X##_same(&alias, &expected));                                                                  \
    }                                                                                                        \
    PM_TEST(X##_against_portable)                                                                            \
    {                                                                                                        \
        X number[BORDERS + BEYOND];                                                                          \
        for (int round = 0; round < 4; round++) {                                                            \
            X##_numbers(number);                                                                             \
            for (int i = 0; i < BORDERS; i++)                                                                \
                for (int j = 0; j < BORDERS + BEYOND; j++)                                                   \
                    X##_check_pair(&number[i], &number[j], j < BORDERS);                                     \
        }                                                                                                    \
    }

AGAINST_PORTABLE(bn254_fp_x86, bn254_fp)
AGAINST_PORTABLE(bn254_fr_x86, bn254_fr)
AGAINST_PORTABLE(bls12_381_fp_x86, bls12_381_fp)
AGAINST_PORTABLE(bls12_381_fr_x86, bls12_381_fr)
AGAINST_PORTABLE(all_ones_x86, all_ones)

/* a b + c d for factors up to p on the left, below 2 p on the right. */
#define SUMS_OF_PRODUCTS(X)                                                                                  \
    PM_TEST(X##_sums_of_products)                                                                            \
    {                                                                                                        \
        X number[BORDERS + BEYOND], out, expected, t;                                                        \
        X##_numbers(number);                                                                                 \
        X##_raw_add(&number[BORDERS + 2], &number[5], &X##_p);                                               \
        for (int round = 0; round < 40000; round++) {                                                        \
            const X *a = &number[test_random() % (BORDERS + 1)],                                             \
                    *b = &number[test_random() % (BORDERS + 3)],                                             \
                    *c = &number[test_random() % (BORDERS + 1)],                                             \
                    *d = &number[test_random() % (BORDERS + 3)];                                             \
            if (round % 4 == 0) a = &X##_p, b = &number[BORDERS + 1]; /* p (2 p - 1) */                      \
            if (round % 8 == 0) c = &X##_p, d = &number[BORDERS + 1];                                        \
            X##_mul(&expected, a, b);                                                                        \
            X##_mul(&t, c, d);                                                                               \
            X##_add(&expected, &expected, &t);                                                               \
            X##_dot2(&out, a, b, c, d);                                                                      \
            CHECK(X##_equal(&out, &expected) && X##_is_canonical(&out));                                     \
            t = *b;                                                                                          \
            X##_dot2(&t, a, &t, c, d);                                                                       \
            CHECK(X##_equal(&t, &expected));                                                                 \
        }                                                                                                    \
    }
SUMS_OF_PRODUCTS(bn254_fp_x86)
SUMS_OF_PRODUCTS(bn254_fr_x86)
SUMS_OF_PRODUCTS(bls12_381_fp_x86)

/* The field as a whole, against slow arithmetic. */
#define TF bn254_fp_x86
#include "fp_cases.h"

#define TF bn254_fr_x86
#include "fp_cases.h"

#define TF bls12_381_fp_x86
#include "fp_cases.h"

#define TF bls12_381_fr_x86
#include "fp_cases.h"

#define TF all_ones_x86
#include "fp_cases.h"
