/* Field lanes: eight elements side by side in vectors of 52-bit limbs, for processors with AVX-512 IFMA.
 * Not here: points, transforms, inversions (the scalar field of fp_tmpl.h does these).
 *
 * Parameters
 *   LANES            prefix of all names and name of the type, e.g. bn254_fp8
 *   LANES_FIELD      prefix of the scalar field
 *   LANES_WORDS      W, its limbs of 64 bits: 4 (N = 5 limbs here) or 6 (N = 8)
 *   LANES_BITS       bits of the modulus p, below 64 W
 *   LANES_TOP        floor(p / 2^(64 W - 16)): all bounds below follow from it
 *   LANES_MODULUS    initializer of W limbs: p
 *   LANES_MONT_INV   -1/p mod 2^64
 *
 * Values. Lane j holds sum of l[i][j] 2^(52 i), an integer that stands for its class mod p.
 *
 *   carried   all limbs in [0, 2^52): what products need of their factors, because vpmadd52 reads the low 52
 *             bits of a factor and ignores the rest. Asserted in debug builds.
 *
 *   loose     limbs are signed numbers below 2^59: products before their carry, sums and differences.
 *
 *   packed    W words of 64 bits as in files: any value below 2^(64 W).
 *
 *   wide      a product before its reduction, or a sum or difference of a few.
 *
 * Bounds are counted in p: "below A" means in [0, A p). Three numbers of the field decide them all: q =
 * 2^LANES_BITS / p, between 1 and 2; f = (2^-52 mod p) / p for five limbs where that is below 1/4, else 0;
 * room = floor((1 - f) 2^(52 N) / p).
 *
 *   product   M(a, b) is a b / 2^(52 N) mod p: for a below A and b below B it is below 1 + f + (1 - f) A B /
 *             room, so below 2 as long as A B <= room. Data stay in the form of the files, R = 2^(64 W): M
 *             takes 2^d and 2^e to 2^(d + e - 52 N), which is 2^gap less than R asks for, gap = 52 N - 64 W,
 *             and whoever multiplies keeps account of exponents.
 *
 *   reduce    takes any loose value below 8 q to one that is carried and below 1 + q: the three bits above
 *             LANES_BITS, h, say how often p surely goes into it, floor(h 2^LANES_BITS / p), and what is left
 *             is below 2^LANES_BITS + p. The highest limb of a loose value misses a carry or a borrow of
 *             up to 128 units, which quotients have room for (asserted) and which moves the bound by less
 *             than 2^-9. It must not be negative, as it could be in a - b + k p only where b comes within
 *             2^-38 of k: no product comes so near to its bound.
 *
 * As q > 1, every sum below 8 can be reduced, and so can four values below 1 + q. As p < 2^(64 W - 1), what
 * is below 1 + q can be packed.
 *
 *                        q      8 q    f      room      packed is below
 *     BN254 Fp, Fr       1.32   10.5   0.13   73        5.2
 *     BLS12-381 Fr       1.10   8.8    0      35        2.2
 *     BLS12-381 Fp       1.23   9.8    0      4 10^10   9.8 */
#include "math/lanes_ifma.h"
#include "math/tmpl.h"

#include <assert.h>

#define FN(op) PM_CAT(LANES, _##op)
#define W      LANES_WORDS
#define N      FN(limbs)
#define LOW52  (((uint64_t)1 << 52) - 1)
#define INV52  (LANES_MONT_INV & LOW52)     /* -1/p mod 2^52, which is f 2^52 */
#define FOLDS  (W == 4 && INV52 >> 50 == 0) /* f is below 1/4; eight limbs lack the registers */
/* (1 - f) 2^(52 N) / p, rounded down: 16 bits of both */
#define ROOM                                                                                                 \
    ((((uint64_t)1 << (FN(gap) + 16)) / (LANES_TOP + 1)) * ((FOLDS ? 0xffff - (INV52 >> 36) : 0x10000)) >> 16)

#define FITS (((uint64_t)1 << (FN(gap) + 16)) / (LANES_TOP + 1))

enum {
    FN(words) = W,
    FN(limbs) = (64 * W + 51) / 52,
    FN(gap) = 52 * N - 64 * W,
    FN(bytes) = 8 * W,
    FN(top_shift) = LANES_BITS - 52 * (N - 1), /* of the highest limb: what is above is h */
    FN(room) = ROOM < (1 << 30) ? (int)ROOM : 1 << 30,
    FN(fits) =
        FITS < (1 << 30) ? (int)FITS : 1 << 30 /* floor(2^(52 N) / p): the bound of what N limbs hold */
};

/* floor(h 2^LANES_BITS / p): right if the 16 highest bits of p decide, and if so much is left over that 128
 * units of the highest limb do not matter */
#define QUOTIENT_OF(h, top) (((uint64_t)(h) << (LANES_BITS + 16 - 64 * W)) / (top))
#define QUOTIENT(h)         ((long long)QUOTIENT_OF(h, LANES_TOP + 1))
#define DECIDED(h)                                                                                           \
    (QUOTIENT_OF(h, LANES_TOP) == QUOTIENT_OF(h, LANES_TOP + 1) &&                                           \
     ((uint64_t)(h) << (LANES_BITS + 16 - 64 * W)) % (LANES_TOP + 1) >= 8)
_Static_assert(W == 4 || W == 6, "five or eight limbs");
_Static_assert(LANES_TOP >> (LANES_BITS + 15 - 64 * W) == 1,
               "LANES_TOP and LANES_BITS belong to one modulus");
_Static_assert(LANES_BITS < 64 * W && LANES_TOP + 9 <= 1 << (LANES_BITS + 16 - 64 * W),
               "what is reduced can be packed");
_Static_assert(DECIDED(1) && DECIDED(2) && DECIDED(3) && DECIDED(4) && DECIDED(5) && DECIDED(6) && DECIDED(7),
               "reduce finds its quotients");
_Static_assert(64 * W - 16 >= 52 * (N - 1) + 4, "LANES_TOP counts in 16 units of the highest limb or more");

typedef struct {
    __m512i l[FN(limbs)];
} LANES;

static const uint64_t FN(p64)[W] = LANES_MODULUS;

/* Limb i of p; the compiler folds it. */
PM_LANES uint64_t FN(p52)(int i)
{
    const uint64_t *p = FN(p64);
    int k = 52 * i / 64, at = 52 * i % 64;
    uint64_t limb = p[k] >> at;
    if (at > 12 && k + 1 < W) limb |= p[k + 1] << (64 - at);
    return limb & (((uint64_t)1 << 52) - 1);
}

PM_LANES __m512i FN(mask)(void) { return _mm512_set1_epi64(((long long)1 << 52) - 1); }
PM_LANES __m512i FN(p8)(int i) { return _mm512_set1_epi64((long long)FN(p52)(i)); }

PM_LANES __m512i FN(minus_p8)(int i) /* of 2^(52 N) - p */
{
    return _mm512_set1_epi64((long long)((((uint64_t)1 << 52) - 1 + (i == 0)) - FN(p52)(i)));
}
/* Limb i of 2^-52 mod p, which is (1 + m p) / 2^52 for m = -1/p mod 2^52; the compiler folds this, too. */
PM_LANES __m512i FN(fold8)(int i)
{
    pm_u128 sum = 1;
    uint64_t limb = 0;
    for (int k = 0; k <= i + 1; k++) {
        if (k < N) sum += (pm_u128)FN(p52)(k) * INV52;
        limb = (uint64_t)sum & LOW52;
        sum >>= 52;
    }
    return _mm512_set1_epi64((long long)limb);
}

PM_LANES LANES FN(zero)(void)
{
    LANES out;
    for (int i = 0; i < N; i++) out.l[i] = _mm512_setzero_si512();
    return out;
}

PM_LANES void FN(check)(const LANES *a) /* carried */
{
    (void)a;
#ifndef NDEBUG
    for (int i = 0; i < N; i++) assert(_mm512_cmpgt_epu64_mask(a->l[i], FN(mask)()) == 0);
#endif
}

/* W words of each lane to N limbs, carried; and back, for values below 2^(64 W). */
PM_LANES LANES FN(unpack)(const __m512i w[W])
{
    LANES out;
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) {
        const int k = 52 * i / 64;
        const unsigned at = (unsigned)(52 * i % 64);
        __m512i limb = at ? _mm512_srli_epi64(w[k], at) : w[k];
        if (at > 12 && k + 1 < W)
            limb = _mm512_add_epi64(limb, _mm512_and_si512(_mm512_slli_epi64(w[k + 1], 64 - at), FN(mask)()));
        else if (i + 1 < N)
            limb = _mm512_and_si512(limb, FN(mask)());
        out.l[i] = limb;
    }
    return out;
}
PM_LANES void FN(pack)(__m512i w[W], const LANES *a)
{
    FN(check)(a);
#pragma GCC unroll 8
    for (int k = 0; k < W; k++) {
        const int i = 64 * k / 52;
        const unsigned at = (unsigned)(64 * k % 52);
        w[k] = at ? _mm512_srli_epi64(a->l[i], at) : a->l[i];
        w[k] = _mm512_add_epi64(w[k], _mm512_slli_epi64(a->l[i + 1], 52 - at));
        if (at > 40 && i + 2 < N) w[k] = _mm512_add_epi64(w[k], _mm512_slli_epi64(a->l[i + 2], 104 - at));
    }
}

/* `count` packed elements in a row at each of eight places, from + stride index[j] for lane j, and back. No
 * place needs alignment. */
PM_LANES void FN(gather)(LANES *out, const int count, const uint8_t *from, size_t stride,
                         const uint32_t index[8])
{
    const uint8_t *row[8];
    __m512i w[4 * W];
    for (int j = 0; j < 8; j++) row[j] = from + stride * index[j];
    pm_lanes_columns(w, row, count * W);
    for (int i = 0; i < count; i++) out[i] = FN(unpack)(w + W * i);
}
PM_LANES void FN(scatter)(uint8_t *to, size_t stride, const uint32_t index[8], const LANES *a,
                          const int count)
{
    uint8_t *row[8];
    __m512i w[4 * W];
    for (int i = 0; i < count; i++) FN(pack)(w + W * i, &a[i]);
    for (int j = 0; j < 8; j++) row[j] = to + stride * index[j];
    pm_lanes_rows(row, w, count * W);
}

#if LANES_WORDS == 4
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
#endif

/* The W words of eight elements one after the other, as `unpack` takes them, and back: what only lanes read
 * needs no other form. */
PM_LANES LANES FN(load_planes)(const uint8_t *at)
{
    __m512i w[W];
    for (int i = 0; i < W; i++) w[i] = _mm512_loadu_si512(at + 64 * i);
    return FN(unpack)(w);
}
PM_LANES void FN(store_planes)(uint8_t *at, const LANES *a)
{
    __m512i w[W];
    FN(pack)(w, a);
    for (int i = 0; i < W; i++) _mm512_storeu_si512(at + 64 * i, w[i]);
}

/* One element in all lanes. */
PM_LANES LANES FN(broadcast)(const LANES_FIELD *a)
{
    __m512i w[W];
    for (int i = 0; i < W; i++) w[i] = _mm512_set1_epi64((long long)a->limb[i]);
    return FN(unpack)(w);
}

/* Loose to carried, for values in [0, 2^(52 N)). */
PM_LANES LANES FN(carry)(LANES a)
{
    const __m512i mask = FN(mask)();
    for (int i = 0; i + 1 < N; i++) {
        a.l[i + 1] = _mm512_add_epi64(a.l[i + 1], _mm512_srai_epi64(a.l[i], 52));
        a.l[i] = _mm512_and_si512(a.l[i], mask);
    }
    FN(check)(&a);
    return a;
}

/* a + b and a - b + k p, loose; a - b + k p is not negative for b below k. k < 2^9 */
PM_LANES LANES FN(add)(LANES a, LANES b)
{
    for (int i = 0; i < N; i++) a.l[i] = _mm512_add_epi64(a.l[i], b.l[i]);
    return a;
}
PM_LANES LANES FN(sub)(LANES a, LANES b, int k)
{
    for (int i = 0; i < N; i++)
        a.l[i] = _mm512_sub_epi64(
            _mm512_add_epi64(a.l[i], _mm512_set1_epi64((long long)((uint64_t)k * FN(p52)(i)))), b.l[i]);
    return a;
}
/* k p, loose, and a - b + k p for such a multiple: as sub, where k is not known beforehand. */
PM_LANES LANES FN(multiple)(int k)
{
    LANES out;
    for (int i = 0; i < N; i++) out.l[i] = _mm512_set1_epi64((long long)((uint64_t)k * FN(p52)(i)));
    return out;
}
PM_LANES LANES FN(diff)(LANES a, LANES b, const LANES *multiple)
{
    for (int i = 0; i < N; i++) a.l[i] = _mm512_sub_epi64(_mm512_add_epi64(a.l[i], multiple->l[i]), b.l[i]);
    return a;
}
/* 2^k a, loose; limbs must have the room */
PM_LANES LANES FN(shift)(LANES a, unsigned k)
{
    for (int i = 0; i < N; i++) a.l[i] = _mm512_slli_epi64(a.l[i], k);
    return a;
}
/* 2^k a, carried, for a that is carried and below 2^(52 N - k); 0 < k < 52 */
PM_LANES LANES FN(shift_carried)(LANES a, unsigned k)
{
    for (int i = N; i-- > 1;)
        a.l[i] = _mm512_add_epi64(_mm512_and_si512(_mm512_slli_epi64(a.l[i], k), FN(mask)()),
                                  _mm512_srli_epi64(a.l[i - 1], 52 - k));
    a.l[0] = _mm512_and_si512(_mm512_slli_epi64(a.l[0], k), FN(mask)());
    return a;
}

/* Loose, below 8 q -> carried, below 1 + q */
PM_LANES LANES FN(reduce)(LANES a)
{
    const __m512i h = _mm512_srli_epi64(a.l[N - 1], FN(top_shift));
#ifndef NDEBUG
    assert(_mm512_cmpgt_epu64_mask(h, _mm512_set1_epi64(7)) == 0);
#endif
    for (int i = 0; i < N; i++) {
        const long long p = (long long)FN(p52)(i);
        const __m512i multiple =
            _mm512_set_epi64(p * QUOTIENT(7), p * QUOTIENT(6), p * QUOTIENT(5), p * QUOTIENT(4),
                             p * QUOTIENT(3), p * QUOTIENT(2), p * QUOTIENT(1), 0);
        a.l[i] = _mm512_sub_epi64(a.l[i], _mm512_permutexvar_epi64(h, multiple));
    }
    return FN(carry)(a);
}

#if LANES_WORDS == 4
/* Loose, below fits -> carried, below 2. `fits` times what stands above 2^(52 N) is how often p goes into it,
 * less up to f for f = 2^(52 N) / p - fits; what the highest limb lacks of a carry, up to 128 units, is added
 * before, and f leaves the room for it. 2^(52 N) - p stands for -p. */
_Static_assert(((uint64_t)1 << (FN(gap) + 16)) % (LANES_TOP + 1) >= (LANES_TOP + 1) / 16,
               "f is large enough");
PM_LANES LANES FN(reduce_far)(LANES a)
{
    const __m512i zero = _mm512_setzero_si512(), top = _mm512_add_epi64(a.l[N - 1], _mm512_set1_epi64(128));
    const __m512i q = _mm512_madd52hi_epu64(zero, top, _mm512_set1_epi64(FN(fits)));
#ifndef NDEBUG
    assert(_mm512_cmpgt_epu64_mask(top, FN(mask)()) == 0);
#endif
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) {
        a.l[i] = _mm512_madd52lo_epu64(a.l[i], q, FN(minus_p8)(i));
        if (i + 1 < N) a.l[i + 1] = _mm512_madd52hi_epu64(a.l[i + 1], q, FN(minus_p8)(i));
    }
    for (int i = 0; i + 1 < N; i++) {
        a.l[i + 1] = _mm512_add_epi64(a.l[i + 1], _mm512_srai_epi64(a.l[i], 52));
        a.l[i] = _mm512_and_si512(a.l[i], FN(mask)());
    }
    a.l[N - 1] = _mm512_and_si512(a.l[N - 1], FN(mask)());
    return a;
}
#endif

/* Carried: a - p where that is not negative, else a. Takes values below 2 to canonical ones. */
PM_LANES LANES FN(reduce_once)(LANES a)
{
    LANES t = a;
    for (int i = 0; i < N; i++) t.l[i] = _mm512_sub_epi64(t.l[i], FN(p8)(i));
    for (int i = 0; i + 1 < N; i++) {
        t.l[i + 1] = _mm512_add_epi64(t.l[i + 1], _mm512_srai_epi64(t.l[i], 52));
        t.l[i] = _mm512_and_si512(t.l[i], FN(mask)());
    }
    __mmask8 below = _mm512_movepi64_mask(t.l[N - 1]); /* negative: a < p */
    for (int i = 0; i < N; i++) t.l[i] = _mm512_mask_mov_epi64(t.l[i], below, a.l[i]);
    return t;
}
/* Loose, below 8 q -> canonical; 1 + q is below 3 */
PM_LANES LANES FN(canonical)(LANES a) { return FN(reduce_once)(FN(reduce_once)(FN(reduce)(a))); }

/* Lanes in which all limbs are zero. */
PM_LANES __mmask8 FN(zero_mask)(const LANES *a)
{
    __m512i any = a->l[0];
    for (int i = 1; i < N; i++) any = _mm512_or_si512(any, a->l[i]);
    return _mm512_testn_epi64_mask(any, any);
}
/* Lanes of `mask` from b, the others from a. */
PM_LANES LANES FN(blend)(__mmask8 mask, LANES a, LANES b)
{
    for (int i = 0; i < N; i++) a.l[i] = _mm512_mask_mov_epi64(a.l[i], mask, b.l[i]);
    return a;
}

/* Wide: sum of l[i] 2^(52 i) in 2 N columns, signed. A product's columns are below 2 N 2^52. */
struct FN(wide) {
    __m512i l[2 * N];
};

/* t + a b, whose columns count as those of one product more. The columns of a row are independent, and of
 * rows and products that follow one another the processor overlaps enough to hide the latency of vpmadd52;
 * two products written side by side gain nothing, and eight limbs would not have the registers. */
PM_LANES struct FN(wide) FN(wide_mul_add)(struct FN(wide) t, LANES a, LANES b)
{
    FN(check)(&a);
    FN(check)(&b);
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) {
#pragma GCC unroll 8
        for (int j = 0; j < N; j++) t.l[i + j] = _mm512_madd52lo_epu64(t.l[i + j], a.l[i], b.l[j]);
#pragma GCC unroll 8
        for (int j = 0; j < N; j++) t.l[i + j + 1] = _mm512_madd52hi_epu64(t.l[i + j + 1], a.l[i], b.l[j]);
    }
    return t;
}
PM_LANES struct FN(wide) FN(wide_mul)(LANES a, LANES b)
{
    struct FN(wide) none;
#pragma GCC unroll 16
    for (int i = 0; i < 2 * N; i++) none.l[i] = _mm512_setzero_si512();
    return FN(wide_mul_add)(none, a, b);
}
/* a^2: twice the products of different limbs, and the squares. */
PM_LANES struct FN(wide) FN(wide_sqr)(LANES a)
{
    struct FN(wide) out;
    FN(check)(&a);
#pragma GCC unroll 16
    for (int i = 0; i < 2 * N; i++) out.l[i] = _mm512_setzero_si512();
#pragma GCC unroll 8
    for (int i = 0; i + 1 < N; i++) {
#pragma GCC unroll 8
        for (int j = i + 1; j < N; j++) out.l[i + j] = _mm512_madd52lo_epu64(out.l[i + j], a.l[i], a.l[j]);
#pragma GCC unroll 8
        for (int j = i + 1; j < N; j++)
            out.l[i + j + 1] = _mm512_madd52hi_epu64(out.l[i + j + 1], a.l[i], a.l[j]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 2 * N; i++) out.l[i] = _mm512_add_epi64(out.l[i], out.l[i]);
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) {
        out.l[2 * i] = _mm512_madd52lo_epu64(out.l[2 * i], a.l[i], a.l[i]);
        out.l[2 * i + 1] = _mm512_madd52hi_epu64(out.l[2 * i + 1], a.l[i], a.l[i]);
    }
    return out;
}
PM_LANES struct FN(wide) FN(wide_add)(struct FN(wide) a, struct FN(wide) b)
{
    for (int i = 0; i < 2 * N; i++) a.l[i] = _mm512_add_epi64(a.l[i], b.l[i]);
    return a;
}
PM_LANES struct FN(wide) FN(wide_sub)(struct FN(wide) a, struct FN(wide) b)
{
    for (int i = 0; i < 2 * N; i++) a.l[i] = _mm512_sub_epi64(a.l[i], b.l[i]);
    return a;
}

/* m for a column: column + m p_0 is 0 mod 2^52. */
PM_LANES __m512i FN(quotient)(__m512i column)
{
    return _mm512_madd52lo_epu64(_mm512_setzero_si512(), column, _mm512_set1_epi64((long long)INV52));
}
/* t / 2^(52 N) mod p, loose; not negative for t that is not. N times, t / 2^52, in one of two ways. Folded:
 * the lowest column gives what it has above 52 bits to the next one, and for the rest, l < 2^52, comes l
 * (2^-52 mod p). That is up to 2^52 f p more in the place of the next column, and the next step waits for one
 * multiply-add only. Or Montgomery's: a multiple m p, m < 2^52, makes the column divisible. The next step
 * waits for three, but the result stays short: the last one is of this kind, and all where f is 0. There, as
 * the column plus a multiple of p_0 is 0 mod 2^52, what it carries is the column / 2^52 rounded up, without
 * the product. */
PM_LANES LANES FN(wide_reduce)(struct FN(wide) t)
{
    LANES out;
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) {
        const bool fold = FOLDS && i + 1 < N;
        const __m512i m = fold ? t.l[i] : FN(quotient)(t.l[i]);
        const __m512i up = _mm512_srai_epi64(fold ? t.l[i] : _mm512_add_epi64(t.l[i], FN(mask)()), 52);
        t.l[i + 1] = _mm512_add_epi64(t.l[i + 1], up);
        if (fold)
#pragma GCC unroll 8
            for (int j = 0; j < N; j++)
                t.l[i + 1 + j] = _mm512_madd52lo_epu64(t.l[i + 1 + j], m, FN(fold8)(j));
        else
#pragma GCC unroll 8
            for (int j = 1; j < N; j++) t.l[i + j] = _mm512_madd52lo_epu64(t.l[i + j], m, FN(p8)(j));
        const int at = fold ? i + 2 : i + 1;
#pragma GCC unroll 8
        for (int j = 0; j < N; j++)
            t.l[at + j] = _mm512_madd52hi_epu64(t.l[at + j], m, fold ? FN(fold8)(j) : FN(p8)(j));
    }
    for (int i = 0; i < N; i++) out.l[i] = t.l[N + i];
    return out;
}

/* M(a, b) and M(a, a), loose: for sums and differences */
PM_LANES LANES FN(mul_loose)(LANES a, LANES b) { return FN(wide_reduce)(FN(wide_mul)(a, b)); }
PM_LANES LANES FN(sqr_loose)(LANES a) { return FN(wide_reduce)(FN(wide_sqr)(a)); }
/* M(a, b), carried */
PM_LANES LANES FN(mul)(LANES a, LANES b) { return FN(carry)(FN(mul_loose)(a, b)); }
PM_LANES void FN(mul2)(LANES out[2], const LANES a[2], const LANES b[2])
{
    const LANES first = FN(mul)(a[0], b[0]);
    out[1] = FN(mul)(a[1], b[1]);
    out[0] = first;
}

/* A factor that many products share: t, and u = floor(t 2^(52 N) / p), both carried. Shoup's method (Harvey,
 * arXiv:1205.2926, section 3, there for one word): q = floor(x u / 2^(52 N)), or one less, is how often p
 * goes into x t, and x t - q p is small, so that its lowest N limbs are enough. A fifth fewer multiply-adds
 * than M has, and no digit of q waits for another. */
struct FN(fixed) {
    uint64_t t[N], u[N];
};

/* From 2^(52 N) t, canonical. Its reduction gives t, and the m there is u: m p = t 2^(52 N) - 2^(52 N) t. */
PM_LANES void FN(fix)(struct FN(fixed) out[8], LANES shifted)
{
    struct FN(wide) w;
    uint64_t limb[8];
    for (int i = 0; i < N; i++) {
        w.l[i] = shifted.l[i];
        w.l[N + i] = _mm512_setzero_si512();
    }
    for (int i = 0; i < N; i++) {
        const __m512i m = FN(quotient)(w.l[i]);
        for (int j = 0; j < N; j++) w.l[i + j] = _mm512_madd52lo_epu64(w.l[i + j], m, FN(p8)(j));
        for (int j = 0; j < N; j++) w.l[i + j + 1] = _mm512_madd52hi_epu64(w.l[i + j + 1], m, FN(p8)(j));
        w.l[i + 1] = _mm512_add_epi64(w.l[i + 1], _mm512_srli_epi64(w.l[i], 52));
        _mm512_storeu_si512(limb, m);
        for (int j = 0; j < 8; j++) out[j].u[i] = limb[j];
    }
    LANES t;
    for (int i = 0; i < N; i++) t.l[i] = w.l[N + i];
    t = FN(carry)(t);
    for (int i = 0; i < N; i++) {
        _mm512_storeu_si512(limb, t.l[i]);
        for (int j = 0; j < 8; j++) out[j].t[i] = limb[j];
    }
}

/* x t for a carried x below A, loose, below 1 + A / room (and 2^-40) as M's. Exponents add up as they are: t
 * is plain. Of x u the columns below N - 1 are left out, which may lower q by one where the rest is about to
 * carry. 2^(52 N) - p stands for -p; what is above the N limbs is cut off, so that the highest limb is right
 * modulo 2^52 only, but for a carry below `slack` from the others. */
PM_LANES LANES FN(mul_fixed)(LANES x, const struct FN(fixed) * f)
{
    enum { slack = 4 * N };
    LANES out;
    __m512i q[N + 1];
    FN(check)(&x);
#pragma GCC unroll 8
    for (int i = 0; i <= N; i++) q[i] = _mm512_setzero_si512();
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) out.l[i] = _mm512_setzero_si512();
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) {
#pragma GCC unroll 8
        for (int j = 0; j < N; j++) {
            const __m512i u = _mm512_set1_epi64((long long)f->u[j]);
            if (i + j >= N - 1) q[i + j - N + 1] = _mm512_madd52lo_epu64(q[i + j - N + 1], x.l[i], u);
            if (i + j >= N - 2) q[i + j - N + 2] = _mm512_madd52hi_epu64(q[i + j - N + 2], x.l[i], u);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) {
#pragma GCC unroll 8
        for (int j = 0; i + j < N; j++) {
            const __m512i t = _mm512_set1_epi64((long long)f->t[j]);
            out.l[i + j] = _mm512_madd52lo_epu64(out.l[i + j], x.l[i], t);
            if (i + j + 1 < N) out.l[i + j + 1] = _mm512_madd52hi_epu64(out.l[i + j + 1], x.l[i], t);
        }
    }
    /* The product takes the low 52 bits of a limb of q, so that none is cut down to them. */
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) q[i + 1] = _mm512_add_epi64(q[i + 1], _mm512_srli_epi64(q[i], 52));
#pragma GCC unroll 8
    for (int i = 0; i < N; i++) {
#pragma GCC unroll 8
        for (int j = 0; i + j < N; j++) {
            const __m512i p = FN(minus_p8)(j);
            out.l[i + j] = _mm512_madd52lo_epu64(out.l[i + j], q[i + 1], p);
            if (i + j + 1 < N) out.l[i + j + 1] = _mm512_madd52hi_epu64(out.l[i + j + 1], q[i + 1], p);
        }
    }
    const __m512i spare = _mm512_set1_epi64(slack);
    out.l[N - 1] = _mm512_and_si512(_mm512_add_epi64(out.l[N - 1], spare), FN(mask)());
    out.l[N - 1] = _mm512_sub_epi64(out.l[N - 1], spare);
    return out;
}

#undef FN
#undef W
#undef N
#undef ROOM
#undef FITS
#undef LOW52
#undef INV52
#undef FOLDS
#undef QUOTIENT
#undef QUOTIENT_OF
#undef DECIDED
#undef LANES
#undef LANES_FIELD
#undef LANES_WORDS
#undef LANES_BITS
#undef LANES_TOP
#undef LANES_MODULUS
#undef LANES_MONT_INV
