/* Field lanes: eight elements side by side in five vectors of 52-bit limbs, for processors with AVX-512 IFMA.
 * Not here: points, transforms, inversions (the scalar field of fp_tmpl.h does these).
 *
 * Parameters
 *   LANES            prefix of all names and name of the type, e.g. bn254_fp8
 *   LANES_FIELD      prefix of the scalar field, four limbs, modulus 2^253 < p < 2^254
 *   LANES_MODULUS    initializer of four limbs: p
 *   LANES_MONT_INV   -1/p mod 2^64
 *
 * Values. Lane j holds sum of l[i][j] 2^(52 i), an integer that stands for its class mod p.
 *   carried   limbs 0 to 3 in [0, 2^52), limb 4 in [0, 2^52): what products need of their factors, because
 *             vpmadd52 reads the low 52 bits of a factor and ignores the rest. Asserted in debug builds.
 *   loose     limbs are any signed numbers of 63 bits: sums and differences of a few carried values.
 * Bounds are counted in p; p < 0.0119 * 2^260.
 *   product   M(a, b) = (a b + m p) / 2^260 with m < 2^260, so M(a, b) < (1 + 0.0119 A B) p for a < A p,
 *             b < B p: below 2p as long as A B <= 84. Data stay in the R = 2^256 form of the files: M takes
 *             2^e and 2^f to 2^(e + f - 260), and whoever multiplies keeps account of exponents.
 *   reduce    takes any loose value in [0, 2^257), 10.5 p, to one that is carried and below 2.33 p: the
 *             highest bits, h = value >> 254, say how often p surely goes into it, floor(h 2^254 / p), and
 *             what is left is below 2^254 + p. The highest limb may miss a carry of a few units, which moves
 *             the bound by less than 2^-40.
 *   packed    four 64-bit limbs as in files: any value below 2^256, 5.2 p. */
#include "math/tmpl.h"

#include <assert.h>
#include <immintrin.h>

#ifndef PM_MATH_LANES_SHARED
#define PM_MATH_LANES_SHARED

#define PM_LANES static inline __attribute__((unused, always_inline))

/* Rows of eight 64-bit words to columns: out[i] lane j = row[j] lane i. */
PM_LANES void pm_lanes_transpose(__m512i out[8], const __m512i row[8])
{
    __m512i a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = _mm512_unpacklo_epi64(row[i], row[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi64(row[i], row[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            b[i + j] = _mm512_shuffle_i64x2(a[i + j], a[i + j + 2], 0x88);
            b[i + j + 2] = _mm512_shuffle_i64x2(a[i + j], a[i + j + 2], 0xdd);
        }
    for (int j = 0; j < 4; j++) {
        out[j] = _mm512_shuffle_i64x2(b[j], b[j + 4], 0x88);
        out[j + 4] = _mm512_shuffle_i64x2(b[j], b[j + 4], 0xdd);
    }
}

#endif

#define FN(op) PM_CAT(LANES, _##op)
#define S(op)  PM_CAT(LANES_FIELD, _##op)

typedef struct {
    __m512i l[5];
} LANES;

static const uint64_t FN(p64)[4] = LANES_MODULUS;

/* Limb i of p; the compiler folds it. */
PM_LANES uint64_t FN(p52)(int i)
{
    const uint64_t mask = ((uint64_t)1 << 52) - 1, *p = FN(p64);
    switch (i) {
    case 0:
        return p[0] & mask;
    case 1:
        return (p[0] >> 52 | p[1] << 12) & mask;
    case 2:
        return (p[1] >> 40 | p[2] << 24) & mask;
    case 3:
        return (p[2] >> 28 | p[3] << 36) & mask;
    default:
        return p[3] >> 16;
    }
}

PM_LANES __m512i FN(mask)(void) { return _mm512_set1_epi64(((long long)1 << 52) - 1); }
PM_LANES __m512i FN(p8)(int i) { return _mm512_set1_epi64((long long)FN(p52)(i)); }

PM_LANES LANES FN(zero)(void)
{
    LANES out;
    for (int i = 0; i < 5; i++) out.l[i] = _mm512_setzero_si512();
    return out;
}

PM_LANES void FN(check)(const LANES *a) /* carried */
{
    (void)a;
#ifndef NDEBUG
    for (int i = 0; i < 5; i++) assert(_mm512_cmpgt_epu64_mask(a->l[i], FN(mask)()) == 0);
#endif
}

/* Four words of each lane, a value below 2^256, to five limbs, carried; and back. */
PM_LANES LANES FN(unpack)(const __m512i w[4])
{
    LANES out;
    const __m512i mask = FN(mask)();
    out.l[0] = _mm512_and_si512(w[0], mask);
    out.l[1] =
        _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(w[0], 52), _mm512_slli_epi64(w[1], 12)), mask);
    out.l[2] =
        _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(w[1], 40), _mm512_slli_epi64(w[2], 24)), mask);
    out.l[3] =
        _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(w[2], 28), _mm512_slli_epi64(w[3], 36)), mask);
    out.l[4] = _mm512_srli_epi64(w[3], 16);
    return out;
}
PM_LANES void FN(pack)(__m512i w[4], const LANES *a)
{
    FN(check)(a);
    w[0] = _mm512_or_si512(a->l[0], _mm512_slli_epi64(a->l[1], 52));
    w[1] = _mm512_or_si512(_mm512_srli_epi64(a->l[1], 12), _mm512_slli_epi64(a->l[2], 40));
    w[2] = _mm512_or_si512(_mm512_srli_epi64(a->l[2], 24), _mm512_slli_epi64(a->l[3], 28));
    w[3] = _mm512_or_si512(_mm512_srli_epi64(a->l[3], 36), _mm512_slli_epi64(a->l[4], 16));
}

/* Eight packed elements in a row. The lanes' order is 0 2 1 3 4 6 5 7, the same for load and store: for work
 * that treats all lanes alike. */
PM_LANES LANES FN(load)(const uint8_t *at)
{
    __m512i z[4], a[4], w[4];
    for (int i = 0; i < 4; i++) z[i] = _mm512_loadu_si512(at + 64 * i);
    for (int i = 0; i < 4; i += 2) {
        a[i] = _mm512_unpacklo_epi64(z[i], z[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi64(z[i], z[i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        w[i] = _mm512_shuffle_i64x2(a[i], a[i + 2], 0x88);
        w[i + 2] = _mm512_shuffle_i64x2(a[i], a[i + 2], 0xdd);
    }
    return FN(unpack)(w);
}
PM_LANES void FN(store)(uint8_t *at, const LANES *a)
{
    __m512i w[4];
    const __m512i low = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
    const __m512i high = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    FN(pack)(w, a);
    __m512i l01 = _mm512_unpacklo_epi64(w[0], w[1]), h01 = _mm512_unpackhi_epi64(w[0], w[1]);
    __m512i l23 = _mm512_unpacklo_epi64(w[2], w[3]), h23 = _mm512_unpackhi_epi64(w[2], w[3]);
    _mm512_storeu_si512(at, _mm512_permutex2var_epi64(l01, low, l23));
    _mm512_storeu_si512(at + 64, _mm512_permutex2var_epi64(h01, low, h23));
    _mm512_storeu_si512(at + 128, _mm512_permutex2var_epi64(l01, high, l23));
    _mm512_storeu_si512(at + 192, _mm512_permutex2var_epi64(h01, high, h23));
}

/* One element in all lanes. */
PM_LANES LANES FN(broadcast)(const LANES_FIELD *a)
{
    __m512i w[4];
    for (int i = 0; i < 4; i++) w[i] = _mm512_set1_epi64((long long)a->limb[i]);
    return FN(unpack)(w);
}

/* Loose to carried, for values in [0, 2^260). */
PM_LANES LANES FN(carry)(LANES a)
{
    const __m512i mask = FN(mask)();
    for (int i = 0; i < 4; i++) {
        a.l[i + 1] = _mm512_add_epi64(a.l[i + 1], _mm512_srai_epi64(a.l[i], 52));
        a.l[i] = _mm512_and_si512(a.l[i], mask);
    }
    FN(check)(&a);
    return a;
}

/* a + b and a - b + k p, loose; a - b + k p is not negative for b <= k p */
PM_LANES LANES FN(add)(LANES a, LANES b)
{
    for (int i = 0; i < 5; i++) a.l[i] = _mm512_add_epi64(a.l[i], b.l[i]);
    return a;
}
PM_LANES LANES FN(sub)(LANES a, LANES b, int k)
{
    for (int i = 0; i < 5; i++)
        a.l[i] = _mm512_sub_epi64(
            _mm512_add_epi64(a.l[i], _mm512_set1_epi64((long long)((uint64_t)k * FN(p52)(i)))), b.l[i]);
    return a;
}
/* 2^k a, loose */
PM_LANES LANES FN(shift)(LANES a, unsigned k)
{
    for (int i = 0; i < 5; i++) a.l[i] = _mm512_slli_epi64(a.l[i], k);
    return a;
}

/* Loose, in [0, 2^257) -> carried, below 2.33 p */
PM_LANES LANES FN(reduce)(LANES a)
{
    /* floor(h 2^254 / p) for h = 0 .. 7: p is between 2^253 and 2^254, the quotient of 2^256 by p is 5 */
    const __m512i h = _mm512_srli_epi64(a.l[4], 46);
    const uint64_t top =
        FN(p52)(4) + 1; /* of p, rounded up: a quotient may be one too small, never too large */
#define PM_QUOTIENT(h) ((long long)(((uint64_t)(h) << 46) / top))
    for (int i = 0; i < 5; i++) {
        const long long p = (long long)FN(p52)(i);
        const __m512i multiple =
            _mm512_set_epi64(p * PM_QUOTIENT(7), p * PM_QUOTIENT(6), p * PM_QUOTIENT(5), p * PM_QUOTIENT(4),
                             p * PM_QUOTIENT(3), p * PM_QUOTIENT(2), p * PM_QUOTIENT(1), 0);
        a.l[i] = _mm512_sub_epi64(a.l[i], _mm512_permutexvar_epi64(h, multiple));
    }
#undef PM_QUOTIENT
    return FN(carry)(a);
}

/* Carried, below 2 p -> below p; with below_4p for values below 4 p. */
PM_LANES LANES FN(reduce_once)(LANES a)
{
    LANES t = a;
    for (int i = 0; i < 5; i++) t.l[i] = _mm512_sub_epi64(t.l[i], FN(p8)(i));
    for (int i = 0; i < 4; i++) {
        t.l[i + 1] = _mm512_add_epi64(t.l[i + 1], _mm512_srai_epi64(t.l[i], 52));
        t.l[i] = _mm512_and_si512(t.l[i], FN(mask)());
    }
    __mmask8 below = _mm512_movepi64_mask(t.l[4]); /* negative: a < p */
    for (int i = 0; i < 5; i++) t.l[i] = _mm512_mask_mov_epi64(t.l[i], below, a.l[i]);
    return t;
}
/* Loose, in [0, 2^257) -> canonical */
PM_LANES LANES FN(canonical)(LANES a) { return FN(reduce_once)(FN(reduce_once)(FN(reduce)(a))); }

/* Lanes in which all limbs are zero. */
PM_LANES __mmask8 FN(zero_mask)(const LANES *a)
{
    __m512i any = a->l[0];
    for (int i = 1; i < 5; i++) any = _mm512_or_si512(any, a->l[i]);
    return _mm512_testn_epi64_mask(any, any);
}
/* Lanes of `mask` from b, the others from a. */
PM_LANES LANES FN(blend)(__mmask8 mask, LANES a, LANES b)
{
    for (int i = 0; i < 5; i++) a.l[i] = _mm512_mask_mov_epi64(a.l[i], mask, b.l[i]);
    return a;
}

/* out[s] = sum over k < terms of a[s terms + k] b[s terms + k] / 2^260 for `streams` independent streams,
 * carried; streams and terms are literals. Row by row: add a_i b, make the lowest limb divisible by 2^52 with
 * a multiple m of p, drop it. That limb plus m p_0 is 0 mod 2^52, so that what it carries is the limb / 2^52
 * rounded up, without the product. A column collects at most 4 (terms + 1) numbers below 2^52 and a carry. */
PM_LANES void FN(dot)(LANES *out, const LANES *a, const LANES *b, const int streams, const int terms)
{
    const __m512i zero = _mm512_setzero_si512(),
                  inv = _mm512_set1_epi64((long long)(LANES_MONT_INV & (((uint64_t)1 << 52) - 1)));
    __m512i t[2][5], m[2], p[5];
    for (int s = 0; s < streams * terms; s++) FN(check)(&a[s]), FN(check)(&b[s]);
#pragma GCC unroll 5
    for (int i = 0; i < 5; i++) p[i] = FN(p8)(i);
#pragma GCC unroll 2
    for (int s = 0; s < streams; s++)
#pragma GCC unroll 5
        for (int j = 0; j < 5; j++) t[s][j] = zero;
#pragma GCC unroll 5
    for (int i = 0; i < 5; i++) {
#pragma GCC unroll 2
        for (int k = 0; k < terms; k++)
#pragma GCC unroll 5
            for (int j = 0; j < 5; j++)
#pragma GCC unroll 2
                for (int s = 0; s < streams; s++)
                    t[s][j] = _mm512_madd52lo_epu64(t[s][j], a[s * terms + k].l[i], b[s * terms + k].l[j]);
#pragma GCC unroll 2
        for (int s = 0; s < streams; s++) m[s] = _mm512_madd52lo_epu64(zero, t[s][0], inv);
#pragma GCC unroll 2
        for (int s = 0; s < streams; s++)
            t[s][0] = _mm512_srli_epi64(_mm512_add_epi64(t[s][0], FN(mask)()), 52);
#pragma GCC unroll 4
        for (int j = 1; j < 5; j++)
#pragma GCC unroll 2
            for (int s = 0; s < streams; s++) t[s][j] = _mm512_madd52lo_epu64(t[s][j], m[s], p[j]);
#pragma GCC unroll 2
        for (int s = 0; s < streams; s++) {
            t[s][0] = _mm512_add_epi64(t[s][0], t[s][1]);
            t[s][1] = t[s][2];
            t[s][2] = t[s][3];
            t[s][3] = t[s][4];
            t[s][4] = zero;
        }
#pragma GCC unroll 2
        for (int k = 0; k < terms; k++)
#pragma GCC unroll 5
            for (int j = 0; j < 5; j++)
#pragma GCC unroll 2
                for (int s = 0; s < streams; s++)
                    t[s][j] = _mm512_madd52hi_epu64(t[s][j], a[s * terms + k].l[i], b[s * terms + k].l[j]);
#pragma GCC unroll 5
        for (int j = 0; j < 5; j++)
#pragma GCC unroll 2
            for (int s = 0; s < streams; s++) t[s][j] = _mm512_madd52hi_epu64(t[s][j], m[s], p[j]);
    }
#pragma GCC unroll 2
    for (int s = 0; s < streams; s++) {
        LANES sum;
        for (int j = 0; j < 5; j++) sum.l[j] = t[s][j];
        out[s] = FN(carry)(sum);
    }
}

/* M(a, b); two at a time hide the latency of vpmadd52. */
PM_LANES LANES FN(mul)(LANES a, LANES b)
{
    LANES out;
    FN(dot)(&out, &a, &b, 1, 1);
    return out;
}
PM_LANES void FN(mul2)(LANES out[2], const LANES a[2], const LANES b[2]) { FN(dot)(out, a, b, 2, 1); }

#undef FN
#undef S
#undef LANES
#undef LANES_FIELD
#undef LANES_MODULUS
#undef LANES_MONT_INV
