/* Many independent additions of affine points in lanes: ec_batch_tmpl.h for AVX-512 IFMA. 5 M + 1 S each, one
 * shared inversion a batch (Montgomery's trick along eight or sixteen lanes). Data go back to
 * msm_ifma_tmpl.h.
 *
 * Parameters
 *   BATCH          prefix of all names (the group's, e.g. bn254_g1)
 *   BATCH_FIELD    prefix of the coordinates' scalar field (fp_tmpl.h or fp2_tmpl.h)
 *   BATCH_DEGREE   1 or 2: coordinates in Fp, or in Fp2 with u^2 = -1
 *   BATCH_LANES    prefix of the lanes of Fp (fp_ifma_tmpl.h)
 *
 * A vector of the kernel is two lanes' worth: sixteen coordinates in Fp, or eight in Fp2; so both groups have
 * two independent products at a time. Points in memory are packed and below 1 + q (canonical ones are fine,
 * and results must be made canonical before they leave): infinity is all zero bits.
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

#define FN(op) PM_CAT(BATCH, _##op)
#define F(op)  PM_CAT(BATCH_FIELD, _##op)
#define L(op)  PM_CAT(BATCH_LANES, _##op)
#define X      struct FN(lanes)
#define MASK   uint16_t /* one bit an addition of a vector */

enum {
    FN(lanes_width) = BATCH_DEGREE == 1 ? 16 : 8,
    FN(lanes_words) = L(words), /* of a coordinate in Fp */
    FN(lanes_point) = BATCH_DEGREE * 2 * L(bytes),
    FN(lanes_half_gap) = L(gap) / 2
};
_Static_assert(L(gap) % 2 == 0, "lambda's exponent is in the middle");
_Static_assert(18 << FN(lanes_half_gap) <= L(room) && L(room) >= 36, "the bounds of lanes_sums");

X { BATCH_LANES c[2]; };

/* Additions to do: point[out] = point[left] + or - other[right], each an array of packed points, whose places
 * need no alignment. No addition may write what a later one reads. */
struct FN(lanes_batch) {
    const uint8_t *other;
    uint32_t *left, *right, *out; /* whole vectors: the count rounded up to lanes_width */
    uint16_t *negative;           /* one a vector: bit i to subtract; other[right] is canonical there */
    X *before, *divisor;          /* one a vector */
    uint8_t *special;             /* one a vector: some addition in it is no plain one */
};

/* Bits of mask for c[h]. */
PM_LANES __mmask8 FN(lanes_part)(MASK mask, int h)
{
    return (__mmask8)(BATCH_DEGREE == 1 ? mask >> 8 * h : mask);
}
PM_LANES MASK FN(lanes_join)(__mmask8 low, __mmask8 high)
{
    return (MASK)(BATCH_DEGREE == 1 ? low | high << 8 : low & high);
}

PM_LANES X FN(lanes_sub)(X a, X b, int k) /* a - b + k p, loose */
{
    for (int h = 0; h < 2; h++) a.c[h] = L(sub)(a.c[h], b.c[h], k);
    return a;
}
PM_LANES X FN(lanes_carry)(X a)
{
    for (int h = 0; h < 2; h++) a.c[h] = L(carry)(a.c[h]);
    return a;
}
PM_LANES X FN(lanes_reduce)(X a)
{
    for (int h = 0; h < 2; h++) a.c[h] = L(reduce)(a.c[h]);
    return a;
}
PM_LANES X FN(lanes_shift)(X a, unsigned k)
{
    for (int h = 0; h < 2; h++) a.c[h] = L(shift)(a.c[h], k);
    return a;
}
PM_LANES X FN(lanes_blend)(MASK mask, X a, X b) /* b where the mask is set */
{
    for (int h = 0; h < 2; h++) a.c[h] = L(blend)(FN(lanes_part)(mask, h), a.c[h], b.c[h]);
    return a;
}
PM_LANES MASK FN(lanes_is_zero)(X loose) /* exactly, for values below 8 */
{
    BATCH_LANES a = L(canonical)(loose.c[0]), b = L(canonical)(loose.c[1]);
    return FN(lanes_join)(L(zero_mask)(&a), L(zero_mask)(&b));
}

/* a b for a below A and b below B, A B <= room, loose; below 2, in Fp2 below 3: Karatsuba, with
 * (a0 + a1)(b0 + b1), and one reduction each for a0 b0 - a1 b1, which may be negative, and a0 b1 + a1 b0.
 * There 2 A and 2 B <= room too. */
PM_LANES X FN(lanes_mul_loose)(X a, X b)
{
    X out;
    if (BATCH_DEGREE == 1) {
        out.c[0] = L(mul_loose)(a.c[0], b.c[0]);
        out.c[1] = L(mul_loose)(a.c[1], b.c[1]);
    } else {
        struct L(wide) low = L(wide_mul)(a.c[0], b.c[0]), high = L(wide_mul)(a.c[1], b.c[1]);
        struct L(wide) both = L(wide_mul)(L(carry)(L(add)(a.c[0], a.c[1])), L(carry)(L(add)(b.c[0], b.c[1])));
        out.c[0] = L(sub)(L(wide_reduce)(L(wide_sub)(low, high)), L(zero)(), 1);
        out.c[1] = L(wide_reduce)(L(wide_sub)(both, L(wide_add)(low, high)));
    }
    return out;
}
PM_LANES X FN(lanes_mul)(X a, X b) { return FN(lanes_carry)(FN(lanes_mul_loose)(a, b)); }
/* a^2 for a below k, 4 k^2 <= room, loose; below 2. In Fp2: (a0 + a1)(a0 - a1), 2 a0 a1. */
PM_LANES X FN(lanes_sqr_loose)(X a, int k)
{
    X out;
    if (BATCH_DEGREE == 1) {
        out.c[0] = L(sqr_loose)(a.c[0]);
        out.c[1] = L(sqr_loose)(a.c[1]);
    } else {
        out.c[0] = L(mul_loose)(L(carry)(L(add)(a.c[0], a.c[1])), L(carry)(L(sub)(a.c[0], a.c[1], k)));
        out.c[1] = L(mul_loose)(L(carry)(L(add)(a.c[0], a.c[0])), a.c[1]);
    }
    return out;
}

PM_LANES void FN(lanes_get_point)(X *x, X *y, const uint8_t *points, const uint32_t *index)
{
    for (int h = 0; h < 3 - BATCH_DEGREE; h++) { /* in Fp, twice eight points; in Fp2 one gives both halves */
        BATCH_LANES xy[2 * BATCH_DEGREE];
        L(gather)(xy, 2 * BATCH_DEGREE, points, FN(lanes_point), index + 8 * h);
        for (int i = 0; i < BATCH_DEGREE; i++) {
            x->c[h + i] = xy[i];
            y->c[h + i] = xy[BATCH_DEGREE + i];
        }
    }
}
PM_LANES void FN(lanes_put_point)(uint8_t *points, const uint32_t *index, const X *x, const X *y)
{
    for (int h = 0; h < 3 - BATCH_DEGREE; h++) {
        BATCH_LANES xy[2 * BATCH_DEGREE];
        for (int i = 0; i < BATCH_DEGREE; i++) {
            xy[i] = x->c[h + i];
            xy[BATCH_DEGREE + i] = y->c[h + i];
        }
        L(scatter)(points, FN(lanes_point), index + 8 * h, xy, 2 * BATCH_DEGREE);
    }
}
/* Both summands, the second with its sign: y2 = p - y2. */
PM_LANES void FN(lanes_get_both)(X *x1, X *y1, X *x2, X *y2, const struct FN(lanes_batch) * b,
                                 const uint8_t *points, size_t v)
{
    FN(lanes_get_point)(x1, y1, points, b->left + v * FN(lanes_width));
    FN(lanes_get_point)(x2, y2, b->other, b->right + v * FN(lanes_width));
    for (int h = 0; h < 2; h++) {
        const __mmask8 negative = FN(lanes_part)(b->negative[v], h);
        for (int i = 0; i < L(limbs); i++)
            y2->c[h].l[i] = _mm512_mask_sub_epi64(y2->c[h].l[i], negative, L(p8)(i), y2->c[h].l[i]);
    }
}
/* The x of eight or sixteen points alone. */
PM_LANES void FN(lanes_get_x)(X *x, const uint8_t *points, const uint32_t *index)
{
    for (int h = 0; h < 3 - BATCH_DEGREE; h++)
        L(gather)(&x->c[h], BATCH_DEGREE, points, FN(lanes_point), index + 8 * h);
}

/* Additions that may be special, by the lowest limbs alone: x2 - x1 + 3 p is one of p .. 5 p, or one of the
 * two x is zero. Says yes for all that are special and, by chance, for one in 2^48 others. */
PM_LANES MASK FN(lanes_suspects)(const X *x1, const X *x2, const X *divisor)
{
    __mmask8 found[2];
    const __m512i zero = _mm512_setzero_si512();
    for (int h = 0; h < 2; h++) {
        found[h] =
            _mm512_cmpeq_epi64_mask(x1->c[h].l[0], zero) | _mm512_cmpeq_epi64_mask(x2->c[h].l[0], zero);
        for (uint64_t k = 1; k <= 5; k++) {
            const uint64_t low = k * L(p52)(0) & (((uint64_t)1 << 52) - 1);
            found[h] |= _mm512_cmpeq_epi64_mask(divisor->c[h].l[0], _mm512_set1_epi64((long long)low));
        }
    }
    return FN(lanes_join)(found[0], found[1]);
}

struct FN(lanes_cases) {
    MASK first, second; /* is infinity */
    MASK twice, cancel; /* equal points, opposite points; neither infinity */
};
PM_LOCAL __attribute__((noinline)) struct FN(lanes_cases)
    FN(lanes_sort_out)(const X *x1, const X *y1, const X *x2, const X *y2)
{
    struct FN(lanes_cases) c;
    X sum = *y1;
    for (int h = 0; h < 2; h++) sum.c[h] = L(add)(y1->c[h], y2->c[h]);
    c.first = FN(lanes_is_zero)(*x1) & FN(lanes_is_zero)(*y1);
    c.second = FN(lanes_is_zero)(*x2) & FN(lanes_is_zero)(*y2);
    MASK same = FN(lanes_is_zero)(FN(lanes_sub)(*x2, *x1, 3)) & (MASK) ~(c.first | c.second);
    c.cancel = same & FN(lanes_is_zero)(sum);
    c.twice = same & (MASK)~c.cancel;
    return c;
}

/* 2 y for equal points; 1 where nothing is to be divided. */
PM_LOCAL __attribute__((noinline)) void
FN(lanes_special_divisor)(X *divisor, const struct FN(lanes_batch) * b, const uint8_t *points, size_t v)
{
    X x1, y1, x2, y2, one, twice;
    FN(lanes_get_both)(&x1, &y1, &x2, &y2, b, points, v);
    struct FN(lanes_cases) c = FN(lanes_sort_out)(&x1, &y1, &x2, &y2);
    for (int h = 0; h < 2; h++) one.c[h] = L(zero)();
    one.c[0].l[0] = _mm512_set1_epi64(1);
    if (BATCH_DEGREE == 1) one.c[1] = one.c[0];
    twice = FN(lanes_carry)(FN(lanes_shift)(y1, 1));
    *divisor = FN(lanes_blend)(c.twice, *divisor, twice);
    *divisor = FN(lanes_blend)(c.cancel | c.first | c.second, *divisor, one);
}
/* 3 x^2 for equal points. M loses 2^gap, which one x takes on beforehand: 2^gap times two canonical elements
 * fits N limbs, because two fit W words. */
PM_LOCAL __attribute__((noinline)) void FN(lanes_special_numerator)(X *numerator, struct FN(lanes_cases) c,
                                                                    const X *x)
{
    X a, b, t;
    for (int h = 0; h < 2; h++) {
        a.c[h] = L(canonical)(x->c[h]);
        b.c[h] = L(shift_carried)(a.c[h], L(gap));
    }
    t = FN(lanes_reduce)(FN(lanes_mul_loose)(a, b));
    for (int h = 0; h < 2; h++) t.c[h] = L(add)(L(shift)(t.c[h], 1), t.c[h]);
    *numerator = FN(lanes_blend)(c.twice, *numerator, FN(lanes_reduce)(t));
}
/* Infinity plus Q, P plus infinity, P - P. */
PM_LOCAL __attribute__((noinline)) void FN(lanes_special_result)(X *out, struct FN(lanes_cases) c,
                                                                 const X *v1, const X *v2)
{
    X zero = {{L(zero)(), L(zero)()}};
    *out = FN(lanes_blend)(c.first, *out, *v2);
    *out = FN(lanes_blend)(c.second, *out, *v1);
    *out = FN(lanes_blend)(c.cancel, *out, zero);
}

/* out = 1 / acc lane by lane, 2^e -> 2^(2 D + 3/2 gap - e): a divisor at D, whose prefix M takes from e to
 * e - gap, gets D + 3/2 gap from M(prefix, out). 0.001 of the work. */
PM_LOCAL __attribute__((noinline)) void FN(lanes_invert)(X *out, const X *acc)
{
    enum { N = FN(lanes_width), W = FN(lanes_words) };
    BATCH_FIELD element[N], before[N], product, inverse;
    union {
        __m512i w[2 * W];
        uint64_t limb[2][W][8];
    } u;
    for (int h = 0; h < 2; h++) {
        BATCH_LANES canonical = L(canonical)(acc->c[h]);
        L(pack)(u.w + W * h, &canonical);
    }
    for (int i = 0; i < N; i++)
        for (int k = 0; k < W * BATCH_DEGREE; k++)
            ((uint64_t *)&element[i])[k] =
                BATCH_DEGREE == 1 ? u.limb[i / 8][k][i % 8] : u.limb[k / W][k % W][i];
    F(set_one)(&product);
    for (int i = 0; i < N; i++) {
        before[i] = product;
        F(mul)(&product, &product, &element[i]);
    }
    F(inv_var)(&inverse, &product); /* x 2^D -> 1/x 2^D, so x 2^e -> 1/x 2^(2 D - e) */
    for (int i = 0; i < 3 * FN(lanes_half_gap); i++) F(dbl)(&inverse, &inverse);
    for (int i = N; i-- > 0;) {
        F(mul)(&before[i], &before[i], &inverse);
        F(mul)(&inverse, &inverse, &element[i]);
        for (int k = 0; k < W * BATCH_DEGREE; k++)
            *(BATCH_DEGREE == 1 ? &u.limb[i / 8][k][i % 8] : &u.limb[k / W][k % W][i]) =
                ((const uint64_t *)&before[i])[k];
    }
    for (int h = 0; h < 2; h++) out->c[h] = L(unpack)(u.w + W * h);
}

/* From the last vector to the first: divisors and the products of those before. The product of all. */
PM_LOCAL __attribute__((noinline)) X FN(lanes_products)(const struct FN(lanes_batch) * b,
                                                        const uint8_t *points, size_t vectors)
{
    X acc, x1, x2, divisor;
    for (int h = 0; h < 2; h++) acc.c[h] = L(zero)();
    acc.c[0].l[0] = _mm512_set1_epi64(1); /* at any exponent, so long as it is not zero */
    if (BATCH_DEGREE == 1) acc.c[1] = acc.c[0];
    for (size_t v = vectors; v-- > 0;) {
        FN(lanes_get_x)(&x1, points, b->left + v * FN(lanes_width));
        FN(lanes_get_x)(&x2, b->other, b->right + v * FN(lanes_width));
        divisor = FN(lanes_carry)(FN(lanes_sub)(x2, x1, 3));
        b->special[v] = FN(lanes_suspects)(&x1, &x2, &divisor) != 0;
        if (__builtin_expect(b->special[v], 0)) FN(lanes_special_divisor)(&divisor, b, points, v);
        b->divisor[v] = divisor;
        b->before[v] = acc;
        acc = FN(lanes_mul)(acc, divisor);
    }
    return acc;
}

/* From the first vector to the last. Bounds: numerator, divisor, x1 - x3 below 6; inverse, before, their
 * product, lambda below 3, because 3 * 6 <= room; the square of lambda below 2, because 4 * 3^2 <= room;
 * lambda 2^(gap / 2) (x1 - x3) below 3, because 3 2^(gap / 2) 6 <= room; so x3 before it is reduced is below
 * 2 + 3 + 3, y3 below 3 + 3. */
PM_LOCAL __attribute__((noinline)) void FN(lanes_sums)(const struct FN(lanes_batch) * b, uint8_t *points,
                                                       size_t vectors, X inverse)
{
    X x1, y1, x2, y2, x3, y3, lambda, t;
    struct FN(lanes_cases) cases = {0};
    for (size_t v = 0; v < vectors; v++) {
        lambda = FN(lanes_mul)(b->before[v], inverse);
        inverse = FN(lanes_mul)(inverse, b->divisor[v]);
        FN(lanes_get_both)(&x1, &y1, &x2, &y2, b, points, v);
        t = FN(lanes_carry)(FN(lanes_sub)(y2, y1, 3));
        if (__builtin_expect(b->special[v], 0)) {
            cases = FN(lanes_sort_out)(&x1, &y1, &x2, &y2);
            FN(lanes_special_numerator)(&t, cases, &x1);
        }
        lambda = FN(lanes_mul)(lambda, t);
        x3 = FN(lanes_sqr_loose)(lambda, 3);
        x3 = FN(lanes_reduce)(FN(lanes_sub)(FN(lanes_sub)(x3, x1, 3), x2, 3));
        t = FN(lanes_carry)(FN(lanes_sub)(x1, x3, 3));
        for (int h = 0; h < 2; h++) lambda.c[h] = L(shift_carried)(lambda.c[h], FN(lanes_half_gap));
        t = FN(lanes_mul_loose)(lambda, t);
        y3 = FN(lanes_reduce)(FN(lanes_sub)(t, y1, 3));
        if (__builtin_expect(b->special[v], 0)) {
            y2 = FN(lanes_carry)(y2);
            FN(lanes_special_result)(&x3, cases, &x1, &x2);
            FN(lanes_special_result)(&y3, cases, &y1, &y2);
        }
        FN(lanes_put_point)(points, b->out + v * FN(lanes_width), &x3, &y3);
    }
}

/* Does the n additions of b. The last vector is filled up with repetitions of the last addition. */
PM_LOCAL void FN(lanes_add_var)(const struct FN(lanes_batch) * b, uint8_t *points, size_t n)
{
    X acc, inverse;
    if (n == 0) return;
    size_t vectors = (n + FN(lanes_width) - 1) / FN(lanes_width);
    for (size_t i = n; i < vectors * FN(lanes_width); i++) {
        b->left[i] = b->left[n - 1];
        b->right[i] = b->right[n - 1];
        b->out[i] = b->out[n - 1];
        b->negative[vectors - 1] |=
            (MASK)((b->negative[vectors - 1] >> (n - 1) % FN(lanes_width) & 1) << i % FN(lanes_width));
    }
    acc = FN(lanes_products)(b, points, vectors);
    FN(lanes_invert)(&inverse, &acc);
    FN(lanes_sums)(b, points, vectors, inverse);
}

#undef FN
#undef F
#undef L
#undef X
#undef MASK
#undef BATCH
#undef BATCH_FIELD
#undef BATCH_DEGREE
#undef BATCH_LANES
