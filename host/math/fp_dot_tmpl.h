/* Sums of products in a prime field with one Montgomery reduction for all (Longa, "Efficient Algorithms for
 * Large Prime Characteristic Fields", ePrint 2022/367): what Fp2 and the tower above are made of. Portable C,
 * beside fp_tmpl.h, which comes first.
 *
 * Parameters
 *   DOT            prefix of the field (fp_tmpl.h) and of all names
 *   DOT_LIMBS      N
 *   DOT_MONT_INV   -1/p mod 2^64
 *
 * Time does not depend on values. out may alias any input. */
#include "math/tmpl.h"

#define FN(op) PM_CAT(DOT, _##op)

#if defined PM_FP_X86 && (DOT_LIMBS == 4 || DOT_LIMBS == 6) /* fp_tmpl.h has dot2 in assembly */
enum { FN(dot4_reduces_twice) = 1 };
/* out = a0 b0 + a1 b1 + a2 b2 + a3 b3, b at most p */
PM_LOCAL void FN(dot4)(DOT *out, const DOT *const a[4], const DOT *const b[4])
{
    DOT low, high;
    FN(dot2)(&low, a[0], b[0], a[1], b[1]);
    FN(dot2)(&high, a[2], b[2], a[3], b[3]);
    FN(add)(out, &low, &high);
}
#else
enum { FN(dot4_reduces_twice) = 0 };
/* out = the sum over k < terms of a[k] b[k] / R mod p, for a[k] <= p and terms (b / p) (p / R) < 1, which is
 * b < 2p for two terms and b <= p for four, as p < R / 5. Row i adds limb i of every b[k], and a multiple of
 * p that clears the lowest limb, to a running sum that stays below (terms + 1) p < R. */
static inline __attribute__((always_inline)) void FN(dot)(DOT *out, const DOT *const *a, const DOT *const *b,
                                                          int terms)
{
    uint64_t t[DOT_LIMBS + 1] = {0};
    for (int i = 0; i < DOT_LIMBS; i++) {
        pm_u128 s;
        t[DOT_LIMBS] = 0;
        for (int k = 0; k < terms; k++) {
            s = 0;
            for (int j = 0; j < DOT_LIMBS; j++) {
                s = (pm_u128)a[k]->limb[j] * b[k]->limb[i] + t[j] + (uint64_t)(s >> 64);
                t[j] = (uint64_t)s;
            }
            t[DOT_LIMBS] += (uint64_t)(s >> 64);
        }
        uint64_t m = t[0] * DOT_MONT_INV;
        s = (pm_u128)m * FN(p).limb[0] + t[0];
        for (int j = 1; j < DOT_LIMBS; j++) {
            s = (pm_u128)m * FN(p).limb[j] + t[j] + (uint64_t)(s >> 64);
            t[j - 1] = (uint64_t)s;
        }
        t[DOT_LIMBS - 1] = t[DOT_LIMBS] + (uint64_t)(s >> 64);
    }
    DOT sum;
    for (int j = 0; j < DOT_LIMBS; j++) sum.limb[j] = t[j];
    FN(reduce_once)(out, &sum);
}

/* out = a0 b0 + a1 b1, b below 2p */
PM_OUT_OF_LINE void FN(dot2)(DOT *out, const DOT *a0, const DOT *b0, const DOT *a1, const DOT *b1)
{
    const DOT *const a[] = {a0, a1}, *const b[] = {b0, b1};
    FN(dot)(out, a, b, 2);
}

/* out = a0 b0 + a1 b1 + a2 b2 + a3 b3, b at most p */
PM_OUT_OF_LINE void FN(dot4)(DOT *out, const DOT *const a[4], const DOT *const b[4])
{
    FN(dot)(out, a, b, 4);
}
#endif

/* out = p - a, at most p: a factor for dot2 and dot4 where -a is meant, and cheaper than neg. */
static inline void FN(minus)(DOT *out, const DOT *a) { FN(raw_sub)(out, &FN(p), a); }

/* out = k a - b for k below 16, a canonical, b at most p: v = k a + p - b less q p, where q, from the highest
 * limbs, is v / p rounded down or one less. */
static inline void FN(small_sub)(DOT *out, const DOT *a, uint64_t k, const DOT *b)
{
    const uint64_t top = FN(p).limb[DOT_LIMBS - 1];
    const int drop = top >> 32 ? 8 : 0; /* so that the quotient is one of 64 bits */
    const pm_u128 high = (pm_u128)a->limb[DOT_LIMBS - 1] * k + (top - b->limb[DOT_LIMBS - 1]);
    const uint64_t q = (uint64_t)((high > 0 ? high - 1 : 0) >> drop) / ((top >> drop) + 1);
    pm_i128 sum = 0;
    DOT t;
    for (int i = 0; i < DOT_LIMBS; i++) {
        sum += (pm_i128)((pm_u128)a->limb[i] * k + FN(p).limb[i]);
        sum -= (pm_i128)((pm_u128)FN(p).limb[i] * q + b->limb[i]);
        t.limb[i] = (uint64_t)sum;
        sum >>= 64;
    }
    FN(reduce_once)(out, &t);
}

#undef FN
#undef DOT
#undef DOT_LIMBS
#undef DOT_MONT_INV
