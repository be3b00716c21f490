/* Field lanes against the portable field: borders, all-ones limbs, the largest factors that the bounds allow,
 * and millions of random products. */
#include "math/params_bn254.h"
#include "needs_ifma.h"
#include "test.h"

#define FP          bn254_fp
#define FP_LIMBS    PM_BN254_LIMBS
#define FP_MODULUS  PM_BN254_FP_MODULUS
#define FP_MONT_INV PM_BN254_FP_MONT_INV
#define FP_MONT_R   PM_BN254_FP_MONT_R
#define FP_MONT_R2  PM_BN254_FP_MONT_R2
#include "math/fp_tmpl.h"

#define FP          bn254_fr
#define FP_LIMBS    PM_BN254_LIMBS
#define FP_MODULUS  PM_BN254_FR_MODULUS
#define FP_MONT_INV PM_BN254_FR_MONT_INV
#define FP_MONT_R   PM_BN254_FR_MONT_R
#define FP_MONT_R2  PM_BN254_FR_MONT_R2
#include "math/fp_tmpl.h"

#undef NDEBUG /* the lanes' own checks of factors are on here */
#define LANES          bn254_fp8
#define LANES_FIELD    bn254_fp
#define LANES_MODULUS  PM_BN254_FP_MODULUS
#define LANES_MONT_INV PM_BN254_FP_MONT_INV
#include "math/fp_ifma_tmpl.h"

#define LANES          bn254_fr8
#define LANES_FIELD    bn254_fr
#define LANES_MODULUS  PM_BN254_FR_MODULUS
#define LANES_MONT_INV PM_BN254_FR_MONT_INV
#include "math/fp_ifma_tmpl.h"

enum { WHOLE = 8 }; /* lanes */

/* A value below 2^260 as limbs, from one of many kinds; at most `top` in the highest limb. */
static void pick_limbs(uint64_t limb[5], const uint64_t p52[5], uint64_t top)
{
    const uint64_t mask = ((uint64_t)1 << 52) - 1;
    switch (test_random() % 8) {
    case 0: /* near a multiple of p */
    {
        uint64_t k = test_random() % (top / p52[4] + 1);
        int64_t carry = (int64_t)(test_random() % 5) - 2;
        if (k == 0 && carry < 0) carry = 0;
        for (int i = 0; i < 5; i++) {
            carry += (int64_t)(k * p52[i]);
            limb[i] = (uint64_t)carry & mask;
            carry >>= 52;
        }
        break;
    }
    case 1: /* limbs of ones and zeros */
        for (int i = 0; i < 5; i++) limb[i] = test_random() & 1 ? mask : 0;
        break;
    case 2:
        for (int i = 0; i < 5; i++) limb[i] = mask;
        break;
    case 3: /* small */
        memset(limb, 0, 40);
        limb[0] = test_random() % 3;
        break;
    default:
        for (int i = 0; i < 5; i++) limb[i] = test_random() & mask;
        break;
    }
    if (limb[4] > top) limb[4] = top;
}

#define LANES_TESTS(TF, TL)                                                                                  \
    /* the class of the integer in lane j; limbs signed */                                                   \
    static TF TL##_value(const TL *a, int j)                                                                 \
    {                                                                                                        \
        TF sum = {{0}}, base = {{(uint64_t)1 << 52}}, t;                                                     \
        TF##_to_mont(&base, &base);                                                                          \
        for (int i = 5; i-- > 0;) {                                                                          \
            int64_t limb = (int64_t)((const uint64_t *)&a->l[i])[j];                                         \
            TF##_mul(&sum, &sum, &base);                                                                     \
            t = (TF){{(uint64_t)(limb < 0 ? -limb : limb)}};                                                 \
            if (limb < 0) TF##_neg(&t, &t);                                                                  \
            TF##_add(&sum, &sum, &t);                                                                        \
        }                                                                                                    \
        return sum;                                                                                          \
    }                                                                                                        \
    static TF TL##_canonical_lane(const TL *a, int j)                                                        \
    {                                                                                                        \
        __m512i w[4];                                                                                        \
        TF out;                                                                                              \
        TL##_pack(w, a);                                                                                     \
        for (int i = 0; i < 4; i++) out.limb[i] = ((const uint64_t *)&w[i])[j];                              \
        return out;                                                                                          \
    }                                                                                                        \
    static TL TL##_pick(uint64_t top)                                                                        \
    {                                                                                                        \
        TL out;                                                                                              \
        uint64_t p52[5], limb[5];                                                                            \
        for (int i = 0; i < 5; i++) p52[i] = TL##_p52(i);                                                    \
        for (int j = 0; j < WHOLE; j++) {                                                                    \
            pick_limbs(limb, p52, top);                                                                      \
            for (int i = 0; i < 5; i++) ((uint64_t *)&out.l[i])[j] = limb[i];                                \
        }                                                                                                    \
        return out;                                                                                          \
    }                                                                                                        \
    static void TL##_check_products(int rounds)                                                              \
    {                                                                                                        \
        const uint64_t p4 = TL##_p52(4);                                                                     \
        TF sixteen = {{16}};                                                                                 \
        TF##_to_mont(&sixteen, &sixteen);                                                                    \
        for (int round = 0; round < rounds; round++) {                                                       \
            uint64_t factor = (uint64_t[]){1, 2, 5, 9, 40}[round % 5];                                       \
            TL a[4], b[4], out[2];                                                                           \
            for (int k = 0; k < 4; k++) {                                                                    \
                a[k] = TL##_pick(p4 * factor);                                                               \
                b[k] = TL##_pick(p4 * 42 / factor);                                                          \
            }                                                                                                \
            bool sums = round % 2;                                                                           \
            if (sums)                                                                                        \
                TL##_dot(out, a, b, 2, 2);                                                                   \
            else                                                                                             \
                TL##_mul2(out, a, b);                                                                        \
            for (int s = 0; s < 2; s++) {                                                                    \
                TL canonical = TL##_canonical(out[s]);                                                       \
                for (int j = 0; j < WHOLE; j++) {                                                            \
                    TF expected = {{0}};                                                                     \
                    for (int k = sums ? 2 * s : s; k < (sums ? 2 * s + 2 : s + 1); k++) {                    \
                        TF x = TL##_value(&a[k], j), y = TL##_value(&b[k], j);                               \
                        TF##_mul(&x, &x, &y);                                                                \
                        TF##_add(&expected, &expected, &x);                                                  \
                    }                                                                                        \
                    TF got = TL##_canonical_lane(&canonical, j), whole = TL##_value(&out[s], j);             \
                    CHECK(TF##_is_canonical(&got) && TF##_equal(&got, &whole));                              \
                    TF##_mul(&got, &got, &sixteen);                                                          \
                    CHECK(TF##_equal(&got, &expected));                                                      \
                    /* the bound: below 2 p + 1 in the highest limb for 42 + 42 */                           \
                    CHECK(((const uint64_t *)&out[s].l[4])[j] <= 2 * p4 + 1);                                \
                }                                                                                            \
            }                                                                                                \
        }                                                                                                    \
    }                                                                                                        \
    static void TL##_check_linear(int rounds)                                                                \
    {                                                                                                        \
        const uint64_t p4 = TL##_p52(4);                                                                     \
        for (int round = 0; round < rounds; round++) {                                                       \
            TL a = TL##_pick(7 * p4 / 3), b = TL##_pick(7 * p4 / 3), c = TL##_pick(7 * p4 / 3);              \
            TL sum = TL##_add(a, b), twice = TL##_shift(a, 1);                                               \
            TL loose = TL##_sub(TL##_sub(a, b, 3), c, 3), small = TL##_reduce(loose);                        \
            TL exact = TL##_canonical(loose);                                                                \
            for (int j = 0; j < WHOLE; j++) {                                                                \
                TF x = TL##_value(&a, j), y = TL##_value(&b, j), z = TL##_value(&c, j), t, u;                \
                TF##_add(&t, &x, &y);                                                                        \
                u = TL##_value(&sum, j);                                                                     \
                CHECK(TF##_equal(&t, &u));                                                                   \
                TF##_add(&t, &x, &x);                                                                        \
                u = TL##_value(&twice, j);                                                                   \
                CHECK(TF##_equal(&t, &u));                                                                   \
                TF##_sub(&t, &x, &y);                                                                        \
                TF##_sub(&t, &t, &z);                                                                        \
                u = TL##_value(&loose, j);                                                                   \
                CHECK(TF##_equal(&t, &u));                                                                   \
                u = TL##_value(&small, j);                                                                   \
                CHECK(TF##_equal(&t, &u));                                                                   \
                CHECK(((const uint64_t *)&small.l[4])[j] < 7 * p4 / 3 + 2);                                  \
                u = TL##_canonical_lane(&exact, j);                                                          \
                CHECK(TF##_is_canonical(&u) && TF##_equal(&t, &u));                                          \
            }                                                                                                \
        }                                                                                                    \
    }                                                                                                        \
    /* every multiple of p and its neighbours up to 2^257 */                                                 \
    static void TL##_check_reduce(void)                                                                      \
    {                                                                                                        \
        for (int k = 0; k <= 10; k++)                                                                        \
            for (int delta = -3; delta <= 3; delta++) {                                                      \
                if (k == 0 && delta < 0) continue;                                                           \
                TL a = TL##_zero();                                                                          \
                TF expected = {{(uint64_t)(delta < 0 ? -delta : delta)}};                                    \
                if (delta < 0) TF##_neg(&expected, &expected);                                               \
                for (int i = 0; i < 5; i++)                                                                  \
                    a.l[i] = _mm512_set1_epi64((long long)TL##_p52(i) * k + (i == 0 ? delta : 0));           \
                TL got = TL##_canonical(a);                                                                  \
                for (int j = 0; j < WHOLE; j++) {                                                            \
                    TF x = TL##_canonical_lane(&got, j);                                                     \
                    CHECK_MSG(TF##_equal(&x, &expected), "%d p + %d", k, delta);                             \
                }                                                                                            \
                CHECK(TL##_zero_mask(&got) == (delta == 0 ? 0xff : 0));                                      \
            }                                                                                                \
    }                                                                                                        \
    static void TL##_check_memory(void)                                                                      \
    {                                                                                                        \
        static const int order[WHOLE] = {0, 2, 1, 3, 4, 6, 5, 7};                                            \
        for (int round = 0; round < 200; round++) {                                                          \
            uint8_t bytes[WHOLE * 32 + 1], back[WHOLE * 32 + 1];                                             \
            test_random_bytes(bytes, sizeof bytes);                                                          \
            if (round % 4 == 0) memset(bytes, round % 8 ? 0xff : 0, sizeof bytes);                           \
            TL a = TL##_load(bytes + 1);                                                                     \
            TL##_store(back + 1, &a);                                                                        \
            CHECK_MEM(bytes + 1, back + 1, WHOLE * 32);                                                      \
            for (int j = 0; j < WHOLE; j++) {                                                                \
                TF x = TL##_canonical_lane(&a, j), y;                                                        \
                TF##_load(&y, bytes + 1 + 32 * order[j]);                                                    \
                CHECK(TF##_equal(&x, &y));                                                                   \
            }                                                                                                \
            TF one;                                                                                          \
            TF##_load(&one, bytes + 1);                                                                      \
            a = TL##_broadcast(&one);                                                                        \
            TL b = TL##_blend(0x0f, a, TL##_zero());                                                         \
            for (int j = 0; j < WHOLE; j++) {                                                                \
                TF x = TL##_canonical_lane(&a, j), y = TL##_canonical_lane(&b, j);                           \
                CHECK(TF##_equal(&x, &one));                                                                 \
                CHECK(j < 4 ? TF##_is_zero(&y) : TF##_equal(&y, &one));                                      \
            }                                                                                                \
        }                                                                                                    \
    }

LANES_TESTS(bn254_fp, bn254_fp8)
LANES_TESTS(bn254_fr, bn254_fr8)

PM_TEST(products)
{
    bn254_fp8_check_products(40000);
    bn254_fr8_check_products(40000);
}
PM_TEST(linear)
{
    bn254_fp8_check_linear(10000);
    bn254_fr8_check_linear(10000);
}
PM_TEST(multiples)
{
    bn254_fp8_check_reduce();
    bn254_fr8_check_reduce();
}
PM_TEST(memory)
{
    bn254_fp8_check_memory();
    bn254_fr8_check_memory();
    __m512i row[8], column[8];
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++) ((uint64_t *)&row[i])[j] = (uint64_t)(8 * i + j);
    pm_lanes_transpose(column, row);
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++) CHECK(((const uint64_t *)&column[i])[j] == (uint64_t)(8 * j + i));
}
