/* Many independent additions of affine points in lanes: ec_batch_tmpl.h for AVX-512 IFMA. 5 M + 1 S each, one
 * shared inversion a batch (Montgomery's trick along each lane of its chains of vectors). Data go back to
 * msm_ifma_tmpl.h.
 *
 * Parameters
 *   BATCH          prefix of all names (the group's, e.g. bn254_g1)
 *   BATCH_FIELD    prefix of the coordinates' scalar field (fp_tmpl.h or fp2_tmpl.h)
 *   BATCH_DEGREE   1 or 2: coordinates in Fp, or in Fp2 with u^2 = -1
 *   BATCH_LANES    prefix of the lanes of Fp (fp_ifma_tmpl.h)
 *
 * A vector is eight additions. In Fp, whose products have little to do side by side, vectors belong to two
 * chains by turns, each with its own prefix products; in Fp2 one chain is enough. Points in memory are packed
 * and below 1 + q (canonical ones are fine, and results must be made canonical before they leave): infinity
 * is all zero bits.
 *
 * Bounds, counted in p as in fp_ifma_tmpl.h, where q and room are. Coordinates are below 1 + q, which is
 * below 3, so that differences plus 3 p are below 6.
 *
 * Exponents. Data carry 2^D, D = 64 W, and M divides by 2^E, E = 52 N = D + gap. Prefix products lose 2^gap a
 * step, the running inverse wins it back, so that every inverse of a divisor comes out at the same exponent;
 * the shared inverse is scaled once for this to be D + 3/2 gap. Then lambda = (y2 - y1) / (x2 - x1) carries
 * (D + E) / 2, lambda^2 D, and lambda (x1 - x3) needs a factor of 2^(gap / 2), which lambda takes on
 * beforehand.
 *
 *             D     E     inverse   lambda   factor
 *     W = 4   256   260   262       258      4
 *     W = 6   384   416   432       400      2^16 */
#include "math/tmpl.h"

#include <string.h>

#define FN(op) PM_CAT(BATCH, _##op)
#define F(op)  PM_CAT(BATCH_FIELD, _##op)
#define L(op)  PM_CAT(BATCH_LANES, _##op)
#define X      struct FN(lanes)

enum {
    FN(lanes_width) = 8,
    FN(lanes_words) = L(words), /* of a coordinate in Fp */
    FN(lanes_coordinate) = BATCH_DEGREE * L(bytes),
    FN(lanes_point) = 2 * FN(lanes_coordinate),
    FN(lanes_chains) = 3 - BATCH_DEGREE,
    FN(lanes_half_gap) = L(gap) / 2
};
_Static_assert(L(gap) % 2 == 0, "lambda's exponent is in the middle");
_Static_assert(18 << FN(lanes_half_gap) <= L(room) && L(room) >= 36, "the bounds of lanes_sums");

X { BATCH_LANES c[BATCH_DEGREE]; };

/* Additions to do: point[out] = point[left] + or - other[right], each an array of packed points, whose places
 * need no alignment. No addition may write what a later one reads. */
struct FN(lanes_batch) {
    const uint8_t *other;
    uint64_t *pair;      /* lanes_pair of each; whole vectors: the count rounded up to lanes_width */
    uint32_t *out;       /* likewise; NULL: left */
    X *before, *divisor; /* one a vector */
    uint8_t *special;    /* one a vector: some addition in it is no plain one */
};

/* left < 2^32, right < 2^31; minus: to subtract, other[right] being canonical then. */
static inline uint64_t FN(lanes_pair)(size_t left, size_t right, bool minus)
{
    return left | (right | (size_t)minus << 31) << 32;
}
/* Where the summands of vector v lie, and its sums; the lanes that subtract. */
PM_LANES void FN(lanes_left)(uint32_t index[8], const struct FN(lanes_batch) * b, size_t v)
{
    for (size_t i = 0; i < 8; i++) index[i] = (uint32_t)b->pair[8 * v + i];
}
PM_LANES void FN(lanes_right)(uint32_t index[8], const struct FN(lanes_batch) * b, size_t v)
{
    for (size_t i = 0; i < 8; i++) index[i] = (uint32_t)(b->pair[8 * v + i] >> 32) & ~((uint32_t)1 << 31);
}
PM_LANES void FN(lanes_out)(uint32_t index[8], const struct FN(lanes_batch) * b, size_t v)
{
    for (size_t i = 0; i < 8; i++) index[i] = b->out ? b->out[8 * v + i] : (uint32_t)b->pair[8 * v + i];
}
PM_LANES __mmask8 FN(lanes_minus)(const struct FN(lanes_batch) * b, size_t v)
{
    return _mm512_movepi64_mask(_mm512_loadu_si512(b->pair + 8 * v));
}

PM_LANES X FN(lanes_sub)(X a, X b, int k) /* a - b + k p, loose */
{
    for (int h = 0; h < BATCH_DEGREE; h++) a.c[h] = L(sub)(a.c[h], b.c[h], k);
    return a;
}
PM_LANES X FN(lanes_carry)(X a)
{
    for (int h = 0; h < BATCH_DEGREE; h++) a.c[h] = L(carry)(a.c[h]);
    return a;
}
PM_LANES X FN(lanes_reduce)(X a)
{
    for (int h = 0; h < BATCH_DEGREE; h++) a.c[h] = L(reduce)(a.c[h]);
    return a;
}
PM_LANES X FN(lanes_shift)(X a, unsigned k)
{
    for (int h = 0; h < BATCH_DEGREE; h++) a.c[h] = L(shift)(a.c[h], k);
    return a;
}
PM_LANES X FN(lanes_blend)(__mmask8 mask, X a, X b) /* b where the mask is set */
{
    for (int h = 0; h < BATCH_DEGREE; h++) a.c[h] = L(blend)(mask, a.c[h], b.c[h]);
    return a;
}
PM_LANES X FN(lanes_zero)(void)
{
    X out;
    for (int h = 0; h < BATCH_DEGREE; h++) out.c[h] = L(zero)();
    return out;
}
PM_LANES X FN(lanes_one)(void) /* plain */
{
    X out = FN(lanes_zero)();
    out.c[0].l[0] = _mm512_set1_epi64(1);
    return out;
}
PM_LANES __mmask8 FN(lanes_is_zero)(X loose) /* exactly, for values below 8 */
{
    __mmask8 zero = 0xff;
    for (int h = 0; h < BATCH_DEGREE; h++) {
        const BATCH_LANES a = L(canonical)(loose.c[h]);
        zero &= L(zero_mask)(&a);
    }
    return zero;
}

/* a b for a below A and b below B, A B <= room, loose; below 2, in Fp2 below 3: Karatsuba, with
 * (a0 + a1)(b0 + b1), and one reduction each for a0 b0 - a1 b1, which may be negative, and a0 b1 + a1 b0.
 * There 2 A and 2 B <= room too. */
PM_LANES X FN(lanes_mul_loose)(X a, X b)
{
    X out;
#if BATCH_DEGREE == 1
    out.c[0] = L(mul_loose)(a.c[0], b.c[0]);
#else
    const struct L(wide) low = L(wide_mul)(a.c[0], b.c[0]), high = L(wide_mul)(a.c[1], b.c[1]);
    const struct L(wide) both =
        L(wide_mul)(L(carry)(L(add)(a.c[0], a.c[1])), L(carry)(L(add)(b.c[0], b.c[1])));
    out.c[0] = L(sub)(L(wide_reduce)(L(wide_sub)(low, high)), L(zero)(), 1);
    out.c[1] = L(wide_reduce)(L(wide_sub)(both, L(wide_add)(low, high)));
#endif
    return out;
}
#if BATCH_DEGREE == 2
/* a^2 for a below 3, 4 * 3^2 <= room, loose; below 2: (a0 + a1)(a0 - a1), 2 a0 a1. */
PM_LANES X FN(lanes_sqr_loose)(X a)
{
    X out;
    out.c[0] = L(mul_loose)(L(carry)(L(add)(a.c[0], a.c[1])), L(carry)(L(sub)(a.c[0], a.c[1], 3)));
    out.c[1] = L(mul_loose)(L(carry)(L(add)(a.c[0], a.c[0])), a.c[1]);
    return out;
}
#endif
PM_LANES X FN(lanes_mul)(X a, X b) { return FN(lanes_carry)(FN(lanes_mul_loose)(a, b)); }

/* The x (i = 0) or y (i = 1) of eight points, and back. */
PM_LANES X FN(lanes_get)(const uint8_t *points, const uint32_t index[8], int i)
{
    X out;
    L(gather)(out.c, BATCH_DEGREE, points + i * FN(lanes_coordinate), FN(lanes_point), index);
    return out;
}
PM_LANES void FN(lanes_put)(uint8_t *points, const uint32_t index[8], X a, int i)
{
    L(scatter)(points + i * FN(lanes_coordinate), FN(lanes_point), index, a.c, BATCH_DEGREE);
}
/* -y where the mask is set: p - y, loose */
PM_LANES X FN(lanes_negate)(__mmask8 negative, X y)
{
    for (int h = 0; h < BATCH_DEGREE; h++)
        for (int i = 0; i < L(limbs); i++)
            y.c[h].l[i] = _mm512_mask_sub_epi64(y.c[h].l[i], negative, L(p8)(i), y.c[h].l[i]);
    return y;
}

/* Additions that may be special, by the lowest limbs alone: x2 - x1 + 3 p is one of p .. 5 p, so that its
 * quotient by -p mod 2^52 is one of the five highest numbers, or one of the two x is zero. Says yes for all
 * that are special and, by chance, for one in 2^49 others. One comparison, which costs as much as a product
 * of limbs, for all. */
PM_LANES __mmask8 FN(lanes_suspects)(const X *x1, const X *x2, const X *divisor)
{
    __mmask8 suspects = 0xff;
    for (int h = 0; h < BATCH_DEGREE; h++) {
        const __m512i zero = _mm512_slli_epi64(_mm512_min_epu64(x1->c[h].l[0], x2->c[h].l[0]), 3);
        const __m512i multiple = _mm512_sub_epi64(L(mask)(), L(quotient)(divisor->c[h].l[0]));
        suspects &= _mm512_cmplt_epu64_mask(_mm512_min_epu64(zero, multiple), _mm512_set1_epi64(5));
    }
    return suspects;
}

/* The summands of a vector with additions that may be special, the second with its sign, and what is so. */
struct FN(lanes_cases) {
    X x1, y1, x2, y2;
    __mmask8 first, second; /* is infinity */
    __mmask8 twice, cancel; /* equal points, opposite points; neither infinity */
};
PM_LOCAL __attribute__((noinline)) void FN(lanes_sort_out)(struct FN(lanes_cases) * c,
                                                           const struct FN(lanes_batch) * b,
                                                           const uint8_t *points, size_t v)
{
    uint32_t left[8], right[8];
    X sum;
    FN(lanes_left)(left, b, v);
    FN(lanes_right)(right, b, v);
    c->x1 = FN(lanes_get)(points, left, 0);
    c->y1 = FN(lanes_get)(points, left, 1);
    c->x2 = FN(lanes_get)(b->other, right, 0);
    c->y2 = FN(lanes_carry)(FN(lanes_negate)(FN(lanes_minus)(b, v), FN(lanes_get)(b->other, right, 1)));
    for (int h = 0; h < BATCH_DEGREE; h++) sum.c[h] = L(add)(c->y1.c[h], c->y2.c[h]);
    c->first = FN(lanes_is_zero)(c->x1) & FN(lanes_is_zero)(c->y1);
    c->second = FN(lanes_is_zero)(c->x2) & FN(lanes_is_zero)(c->y2);
    const __mmask8 same =
        (__mmask8)(FN(lanes_is_zero)(FN(lanes_sub)(c->x2, c->x1, 3)) & ~(c->first | c->second));
    c->cancel = same & FN(lanes_is_zero)(sum);
    c->twice = (__mmask8)(same & ~c->cancel);
}

/* 2 y for equal points; 1 where nothing is to be divided. */
PM_LOCAL __attribute__((noinline)) void
FN(lanes_special_divisor)(X *divisor, const struct FN(lanes_batch) * b, const uint8_t *points, size_t v)
{
    struct FN(lanes_cases) c;
    FN(lanes_sort_out)(&c, b, points, v);
    *divisor = FN(lanes_blend)(c.twice, *divisor, FN(lanes_carry)(FN(lanes_shift)(c.y1, 1)));
    *divisor = FN(lanes_blend)(c.cancel | c.first | c.second, *divisor, FN(lanes_one)());
}
/* 3 x^2 for equal points. M loses 2^gap, which one x takes on beforehand: 2^gap times two canonical elements
 * fits N limbs, because two fit W words. */
PM_LOCAL __attribute__((noinline)) void FN(lanes_special_numerator)(X *numerator,
                                                                    const struct FN(lanes_cases) * c)
{
    X a, b, t;
    for (int h = 0; h < BATCH_DEGREE; h++) {
        a.c[h] = L(canonical)(c->x1.c[h]);
        b.c[h] = L(shift_carried)(a.c[h], L(gap));
    }
    t = FN(lanes_reduce)(FN(lanes_mul_loose)(a, b));
    for (int h = 0; h < BATCH_DEGREE; h++) t.c[h] = L(add)(L(shift)(t.c[h], 1), t.c[h]);
    *numerator = FN(lanes_blend)(c->twice, *numerator, FN(lanes_reduce)(t));
}
/* Infinity plus Q, P plus infinity, P - P: over what is at their places. */
PM_LOCAL __attribute__((noinline)) void FN(lanes_special_result)(uint8_t *points, const uint32_t out[8],
                                                                 const struct FN(lanes_cases) * c)
{
    const __mmask8 special = c->first | c->second | c->cancel;
    const uint32_t row[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    uint8_t result[8 * FN(lanes_point)];
    const X x = FN(lanes_blend)(c->second, FN(lanes_blend)(c->first, FN(lanes_zero)(), c->x2), c->x1);
    const X y = FN(lanes_blend)(c->second, FN(lanes_blend)(c->first, FN(lanes_zero)(), c->y2), c->y1);
    FN(lanes_put)(result, row, x, 0);
    FN(lanes_put)(result, row, y, 1);
    for (size_t i = 0; i < 8; i++)
        if (special >> i & 1)
            memcpy(points + (size_t)out[i] * FN(lanes_point), result + i * FN(lanes_point), FN(lanes_point));
}

/* Lane i of `a` in lane i ^ k. */
PM_LANES X FN(lanes_across)(X a, int k)
{
    const __m512i from = _mm512_xor_si512(_mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0), _mm512_set1_epi64(k));
    for (int h = 0; h < BATCH_DEGREE; h++)
        for (int i = 0; i < L(limbs); i++) a.c[h].l[i] = _mm512_permutexvar_epi64(from, a.c[h].l[i]);
    return a;
}
/* The lanes of `a`, all the same, below 8: 1 / a 2^(3/2 gap), 2^e -> 2^(2 D + 3/2 gap - e). */
PM_LANES X FN(lanes_invert_one)(X a)
{
    BATCH_FIELD element;
    X out;
    uint64_t *const limb = (uint64_t *)&element;
    for (int h = 0; h < BATCH_DEGREE; h++) {
        __m512i w[FN(lanes_words)];
        const BATCH_LANES canonical = L(canonical)(a.c[h]);
        L(pack)(w, &canonical);
        for (int k = 0; k < FN(lanes_words); k++)
            limb[h * FN(lanes_words) + k] = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(w[k]));
    }
    F(inv_var)(&element, &element); /* x 2^D -> 1/x 2^D, so x 2^e -> 1/x 2^(2 D - e) */
    for (int i = 0; i < 3 * FN(lanes_half_gap); i++) F(dbl)(&element, &element);
    for (int h = 0; h < BATCH_DEGREE; h++) {
        __m512i w[FN(lanes_words)];
        for (int k = 0; k < FN(lanes_words); k++)
            w[k] = _mm512_set1_epi64((long long)limb[h * FN(lanes_words) + k]);
        out.c[h] = L(unpack)(w);
    }
    return out;
}
/* Each chain's product to 1 / product, lane by lane, 2^e -> 2^(2 D + 3/2 gap - e): a divisor at D, whose
 * prefix M takes from e to e - gap, gets D + 3/2 gap from M(prefix, inverse). The chains and then the lanes
 * meet in pairs; each gets its inverse from that of the pair's product and what it met, M(1 / M(a, b), b) = 1
 * / a. */
PM_LOCAL __attribute__((noinline)) void FN(lanes_invert)(X inverse[FN(lanes_chains)])
{
    X met[3], first = inverse[0], last = inverse[FN(lanes_chains) - 1], all = first;
    if (FN(lanes_chains) == 2) all = FN(lanes_mul)(first, last);
    for (int i = 0; i < 3; i++) {
        met[i] = FN(lanes_across)(all, 1 << i);
        all = FN(lanes_mul)(all, met[i]);
    }
    all = FN(lanes_invert_one)(all);
    for (int i = 3; i-- > 0;) all = FN(lanes_mul)(all, met[i]);
    inverse[0] = FN(lanes_chains) == 2 ? FN(lanes_mul)(all, last) : all;
    if (FN(lanes_chains) == 2) inverse[FN(lanes_chains) - 1] = FN(lanes_mul)(all, first);
}

/* x (i = 0) or y (i = 1) of a vector's summands, the second without its sign. */
PM_LANES X FN(lanes_first)(const struct FN(lanes_batch) * b, const uint8_t *points, size_t v, int i)
{
    uint32_t index[8];
    FN(lanes_left)(index, b, v);
    return FN(lanes_get)(points, index, i);
}
PM_LANES X FN(lanes_second)(const struct FN(lanes_batch) * b, size_t v, int i)
{
    uint32_t index[8];
    FN(lanes_right)(index, b, v);
    return FN(lanes_get)(b->other, index, i);
}

/* A vector's divisor, and whether it is special. */
PM_LANES X FN(lanes_divisor)(const struct FN(lanes_batch) * b, const uint8_t *points, size_t v)
{
    const X x1 = FN(lanes_first)(b, points, v, 0), x2 = FN(lanes_second)(b, v, 0);
    X divisor = FN(lanes_carry)(FN(lanes_sub)(x2, x1, 3));
    b->special[v] = FN(lanes_suspects)(&x1, &x2, &divisor) != 0;
    if (__builtin_expect(b->special[v], 0)) FN(lanes_special_divisor)(&divisor, b, points, v);
    b->divisor[v] = divisor;
    return divisor;
}

/* From the last vector to the first: divisors and, of each chain, the products of those before; the products
 * of all, 1 for a chain that has none. */
PM_LOCAL __attribute__((noinline)) void FN(lanes_products)(X product[FN(lanes_chains)],
                                                           const struct FN(lanes_batch) * b,
                                                           const uint8_t *points, size_t vectors)
{
    for (size_t k = 0; k < FN(lanes_chains); k++) /* at any exponent, so long as it is not zero */
        *(k < vectors ? &b->before[vectors - 1 - k] : &product[k]) = FN(lanes_one)();
    X divisor = FN(lanes_divisor)(b, points, vectors - 1);
    for (size_t v = vectors; v-- > 0;) {
        X *to = v < FN(lanes_chains) ? &product[v] : &b->before[v - FN(lanes_chains)];
#if BATCH_DEGREE == 1
        const struct L(wide) w = L(wide_mul)(b->before[v].c[0], divisor.c[0]);
        if (v > 0) divisor = FN(lanes_divisor)(b, points, v - 1);
        to->c[0] = L(carry)(L(wide_reduce)(w));
#else
        *to = FN(lanes_mul)(b->before[v], divisor);
        if (v > 0) divisor = FN(lanes_divisor)(b, points, v - 1);
#endif
    }
}

/* y2 - y1, or for equal points what is to be divided instead; and y1. */
PM_LANES X FN(lanes_numerator)(struct FN(lanes_cases) * cases, X *y, const struct FN(lanes_batch) * b,
                               const uint8_t *points, size_t v)
{
    const X y1 = FN(lanes_first)(b, points, v, 1), y2 = FN(lanes_second)(b, v, 1);
    *y = y1;
    X t = FN(lanes_carry)(FN(lanes_sub)(FN(lanes_negate)(FN(lanes_minus)(b, v), y2), y1, 3));
    if (__builtin_expect(b->special[v], 0)) {
        FN(lanes_sort_out)(cases, b, points, v);
        FN(lanes_special_numerator)(&t, cases);
    }
    return t;
}

/* lambda^2 - x1 - x2, where x2 is x1 + divisor - 3 p but for special vectors. */
PM_LANES X FN(lanes_x3)(const struct FN(lanes_cases) * cases, const struct FN(lanes_batch) * b, size_t v,
                        X square, X x1)
{
    X divisor = b->divisor[v];
    if (__builtin_expect(b->special[v], 0)) divisor = FN(lanes_sub)(cases->x2, cases->x1, 3);
    return FN(lanes_reduce)(FN(lanes_sub)(FN(lanes_sub)(square, divisor, 9), FN(lanes_shift)(x1, 1), 0));
}
PM_LANES X FN(lanes_y3)(X product, X y1) { return FN(lanes_reduce)(FN(lanes_sub)(product, y1, 3)); }

/* From the first vector to the last. Bounds: numerator, divisor, x1 - x3 below 6; inverse, before, their
 * product, lambda below 3, because 3 * 6 <= room; the square of lambda below 2, because 4 * 3^2 <= room;
 * lambda 2^(gap / 2) (x1 - x3) below 3, because 3 2^(gap / 2) 6 <= room; so x3 before it is reduced is below
 * 2 + 3 + 3, y3 below 3 + 3.
 *
 * The products of a vector wait for one another; between them stand the first two of the next vector. */
#if BATCH_DEGREE == 1
/* Moreover, what is done with a product stands behind the next product's columns, because what waits must not
 * fill the processor's queue and what does not wait should run beside multiply-adds. */
PM_LOCAL __attribute__((noinline)) void FN(lanes_sums)(const struct FN(lanes_batch) * b, uint8_t *points,
                                                       size_t vectors, X inverse[FN(lanes_chains)])
{
    struct FN(lanes_cases) cases[2];
    struct L(wide) w;
    X over = FN(lanes_mul)(b->before[0], inverse[0]); /* 1 / divisor */
    X y1[2], x1, x3, y3, t = FN(lanes_numerator)(&cases[0], &y1[0], b, points, 0);
    X lambda = FN(lanes_mul_loose)(over, t);
    inverse[0] = FN(lanes_mul)(inverse[0], b->divisor[0]);
    for (size_t v = 0; v < vectors; v++) {
        uint32_t out[8];
        const size_t next = v + 1 < vectors ? v + 1 : v;
        X *next_inverse = &inverse[next % FN(lanes_chains)];
        FN(lanes_out)(out, b, v);

        w = L(wide_mul)(b->before[next].c[0], next_inverse->c[0]);
        lambda = FN(lanes_carry)(lambda);
        over.c[0] = L(wide_reduce)(w);

        w = L(wide_sqr)(lambda.c[0]);
        over = FN(lanes_carry)(over);
        lambda.c[0] = L(shift_carried)(lambda.c[0], FN(lanes_half_gap));
        x3.c[0] = L(wide_reduce)(w);

        w = L(wide_mul)(next_inverse->c[0], b->divisor[next].c[0]);
        x1 = FN(lanes_first)(b, points, v, 0);
        x3 = FN(lanes_x3)(&cases[v % 2], b, v, x3, x1);
        t = FN(lanes_carry)(FN(lanes_sub)(x1, x3, 3));
        next_inverse->c[0] = L(wide_reduce)(w);

        w = L(wide_mul)(lambda.c[0], t.c[0]);
        FN(lanes_put)(points, out, x3, 0);
        *next_inverse = FN(lanes_carry)(*next_inverse);
        y3.c[0] = L(wide_reduce)(w);

        t = FN(lanes_numerator)(&cases[(v + 1) % 2], &y1[(v + 1) % 2], b, points, next);
        w = L(wide_mul)(over.c[0], t.c[0]);
        y3 = FN(lanes_y3)(y3, y1[v % 2]);
        FN(lanes_put)(points, out, y3, 1);
        lambda.c[0] = L(wide_reduce)(w);
        if (__builtin_expect(b->special[v], 0)) FN(lanes_special_result)(points, out, &cases[v % 2]);
    }
}
#else
PM_LOCAL __attribute__((noinline)) void FN(lanes_sums)(const struct FN(lanes_batch) * b, uint8_t *points,
                                                       size_t vectors, X inverse[FN(lanes_chains)])
{
    struct FN(lanes_cases) cases;
    X over = FN(lanes_mul)(b->before[0], inverse[0]); /* 1 / divisor */
    inverse[0] = FN(lanes_mul)(inverse[0], b->divisor[0]);
    for (size_t v = 0; v < vectors; v++) {
        uint32_t out[8];
        const size_t next = v + 1 < vectors ? v + 1 : v;
        X *next_inverse = &inverse[next % FN(lanes_chains)];
        X y1, lambda = FN(lanes_mul)(over, FN(lanes_numerator)(&cases, &y1, b, points, v)), x1, x3, t;
        FN(lanes_out)(out, b, v);
        over = FN(lanes_mul)(b->before[next], *next_inverse);
        x1 = FN(lanes_first)(b, points, v, 0);
        x3 = FN(lanes_x3)(&cases, b, v, FN(lanes_sqr_loose)(lambda), x1);
        FN(lanes_put)(points, out, x3, 0);
        t = FN(lanes_carry)(FN(lanes_sub)(x1, x3, 3));
        *next_inverse = FN(lanes_mul)(*next_inverse, b->divisor[next]);
        for (int h = 0; h < BATCH_DEGREE; h++)
            lambda.c[h] = L(shift_carried)(lambda.c[h], FN(lanes_half_gap));
        FN(lanes_put)(points, out, FN(lanes_y3)(FN(lanes_mul_loose)(lambda, t), y1), 1);
        if (__builtin_expect(b->special[v], 0)) FN(lanes_special_result)(points, out, &cases);
    }
}
#endif

/* Does the n additions of b. The last vector is filled up with repetitions of the last addition. */
PM_LOCAL void FN(lanes_add_var)(const struct FN(lanes_batch) * b, uint8_t *points, size_t n)
{
    X product[FN(lanes_chains)];
    if (n == 0) return;
    size_t vectors = (n + FN(lanes_width) - 1) / FN(lanes_width);
    for (size_t i = n; i < vectors * FN(lanes_width); i++) {
        b->pair[i] = b->pair[n - 1];
        if (b->out) b->out[i] = b->out[n - 1];
    }
    FN(lanes_products)(product, b, points, vectors);
    FN(lanes_invert)(product);
    FN(lanes_sums)(b, points, vectors, product);
}

#undef FN
#undef F
#undef L
#undef X
#undef BATCH
#undef BATCH_FIELD
#undef BATCH_DEGREE
#undef BATCH_LANES
