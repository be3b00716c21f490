/* Weighted multiples and sums of points of G1 in lanes, for AVX-512 IFMA: the points' half of
 * pairing_batch_tmpl.h, and the ways of eight elements from and to memory. What comes out goes to
 * pairing_ifma_tmpl.h.
 *
 * Parameters
 *   WEIGHT8         prefix of the pairing (pairing_batch_tmpl.h); the names here are WEIGHT8_lanes_...
 *   WEIGHT8_FP      prefix of Fp
 *   WEIGHT8_G1      prefix of G1
 *   WEIGHT8_LANES   prefix of the lanes of Fp (fp_ifma_tmpl.h)
 *
 * Values. Inside, an element x of Fp is x 2^(52 N), N the limbs of a lane, so that products keep the form.
 * All that is stored is carried and below 2.33 p, as `reduce` leaves it (1 + q there); a product of such
 * values is below 2 p. The bounds behind an operation count in p. */
#include "math/tmpl.h"

#include <immintrin.h>
#include <string.h>

#define PAIR(op) PM_CAT(WEIGHT8, _##op)
#define FN(op)   PM_CAT(WEIGHT8, _lanes_##op)
#define F(op)    PM_CAT(WEIGHT8_FP, _##op)
#define G1(op)   PM_CAT(WEIGHT8_G1, _##op)
#define L(op)    PM_CAT(WEIGHT8_LANES, _##op)
#define LANE     WEIGHT8_LANES

enum { FN(max_groups) = 8 };

/* -- eight elements from and to memory -- */

PM_LANES LANE FN(constant)(const WEIGHT8_FP *a) /* in the form used inside */
{
    WEIGHT8_FP t = *a;
    for (int i = 0; i < L(gap); i++) F(dbl)(&t, &t);
    return L(broadcast)(&t);
}
/* a[j] for eight elements, each `stride` bytes after the last */
PM_OUT_OF_LINE void FN(gather)(LANE *out, const void *first, size_t stride)
{
    _Alignas(64) uint64_t word[F(limbs)][8];
    __m512i w[F(limbs)];
    WEIGHT8_FP scale = F(one), a;
    for (int j = 0; j < 8; j++) {
        memcpy(&a, (const uint8_t *)first + (size_t)j * stride, sizeof a);
        for (int i = 0; i < F(limbs); i++) word[i][j] = a.limb[i];
    }
    for (int i = 0; i < F(limbs); i++) w[i] = _mm512_load_si512(word[i]);
    for (int i = 0; i < 2 * L(gap); i++) F(dbl)(&scale, &scale);
    *out = L(mul)(L(unpack)(w), L(broadcast)(&scale));
}
PM_OUT_OF_LINE void FN(scatter)(void *first, size_t stride, const LANE *a)
{
    _Alignas(64) uint64_t word[F(limbs)][8];
    __m512i w[F(limbs)];
    LANE t = L(canonical)(L(mul)(*a, L(broadcast)(&F(one))));
    L(pack)(w, &t);
    for (int i = 0; i < F(limbs); i++) _mm512_store_si512(word[i], w[i]);
    for (int j = 0; j < 8; j++) {
        WEIGHT8_FP b;
        for (int i = 0; i < F(limbs); i++) b.limb[i] = word[i][j];
        memcpy((uint8_t *)first + (size_t)j * stride, &b, sizeof b);
    }
}

PM_LANES __mmask8 FN(is_zero)(LANE loose)
{
    LANE a = L(canonical)(loose);
    return L(zero_mask)(&a);
}

/* -- points of G1: weights -- */

/* Jacobian, x = X / Z^2, y = Y / Z^3; infinity by its bit alone. */
struct FN(jacobian) {
    LANE x, y, z;
    __mmask8 infinity;
};

/* dbl-2009-l: A = X^2, B = Y^2, C = B^2, D = 4 X B, E = 3 A, X3 = E^2 - 2 D, Y3 = E (D - X3) - 8 C, Z3 = 2 Y
 * Z */
PM_OUT_OF_LINE void FN(dbl)(struct FN(jacobian) * p)
{
    LANE t[2], u[2], e, d;
    L(mul2)(t, (const LANE[]){p->x, p->y}, (const LANE[]){p->x, p->y}); /* A, B */
    L(mul2)(u, (const LANE[]){p->x, t[1]}, (const LANE[]){t[1], t[1]}); /* X B, C */
    e = L(reduce)(L(add)(t[0], L(shift)(t[0], 1)));
    d = L(reduce)(L(shift)(u[0], 2));
    L(mul2)(t, (const LANE[]){e, p->y}, (const LANE[]){e, p->z}); /* E^2, Y Z */
    p->x = L(reduce)(L(sub)(t[0], L(shift)(d, 1), 5));
    p->z = L(reduce)(L(shift)(t[1], 1));
    t[0] = L(mul)(e, L(carry)(L(sub)(d, p->x, 3)));
    u[1] = L(reduce)(L(shift)(u[1], 2));
    p->y = L(reduce)(L(sub)(t[0], L(shift)(u[1], 1), 5));
}

/* p += (x, y) in the lanes of active, where it is not p or -p: bits of the lanes in which it is come back,
 * and p is as it was there. With H = x Z^2 - X, R = y Z^3 - Y, V = X H^2: X3 = R^2 - H^3 - 2 V, Y3 = R (V -
 * X3) - Y H^3, Z3 = Z H. */
PM_OUT_OF_LINE __mmask8 FN(add)(struct FN(jacobian) * p, const LANE *x, const LANE *y, const LANE *one,
                                __mmask8 active)
{
    LANE t[2], u[2], h, r, hh, x3, y3, z3;
    const LANE zz = L(mul)(p->z, p->z);
    L(mul2)(t, (const LANE[]){*x, p->z}, (const LANE[]){zz, zz});
    h = L(reduce)(L(sub)(t[0], p->x, 3));
    L(mul2)(u, (const LANE[]){*y, h}, (const LANE[]){t[1], h});
    r = L(reduce)(L(sub)(u[0], p->y, 3));
    hh = u[1];
    L(mul2)(t, (const LANE[]){h, p->x}, (const LANE[]){hh, hh}); /* H^3, V */
    L(mul2)(u, (const LANE[]){r, p->z}, (const LANE[]){r, h});   /* R^2, Z3 */
    z3 = u[1];
    x3 = L(reduce)(L(sub)(L(sub)(u[0], t[0], 2), L(shift)(t[1], 1), 4));
    L(mul2)(u, (const LANE[]){r, p->y}, (const LANE[]){L(carry)(L(sub)(t[1], x3, 3)), t[0]});
    y3 = L(reduce)(L(sub)(u[0], u[1], 2));
    const __mmask8 first = active & p->infinity, same = FN(is_zero)(h) & active & (__mmask8)~first;
    const __mmask8 sum = active & (__mmask8) ~(first | same);
    p->x = L(blend)(first, L(blend)(sum, p->x, x3), *x);
    p->y = L(blend)(first, L(blend)(sum, p->y, y3), *y);
    p->z = L(blend)(first, L(blend)(sum, p->z, z3), *one);
    p->infinity &= (__mmask8)~first;
    return same;
}

/* Eight points and their weights: what a bit of both parts adds is P, phi(P) or P + phi(P) = -phi^2(P). */
struct FN(base) {
    LANE x[3], y, minus_y;
    __m512i a[2], b[2];
    __mmask8 used;
};

PM_OUT_OF_LINE void FN(base_load)(struct FN(base) * out, const G1(affine) * p, const struct pm_weight *w,
                                  __mmask8 used, const LANE *beta)
{
    _Alignas(64) uint64_t word[4][8];
    FN(gather)(&out->x[0], &p->x, sizeof *p);
    FN(gather)(&out->y, &p->y, sizeof *p);
    out->x[1] = L(mul)(out->x[0], *beta);
    out->x[2] = L(reduce)(L(sub)(L(zero)(), L(add)(out->x[0], out->x[1]), 4));
    out->minus_y = L(reduce)(L(sub)(L(zero)(), out->y, 2));
    for (int j = 0; j < 8; j++)
        for (int i = 0; i < 2; i++) {
            word[i][j] = w[j].a[i];
            word[2 + i][j] = w[j].b[i];
        }
    for (int i = 0; i < 2; i++) {
        out->a[i] = _mm512_load_si512(word[i]);
        out->b[i] = _mm512_load_si512(word[2 + i]);
    }
    out->used = used;
}
/* Adds what the weights' bit says. */
PM_LANES __mmask8 FN(base_add)(struct FN(jacobian) * acc, const struct FN(base) * base, unsigned bit,
                               const LANE *one)
{
    const __m512i at = _mm512_set1_epi64((long long)((uint64_t)1 << bit % 64));
    const __mmask8 a = _mm512_test_epi64_mask(base->a[bit / 64], at),
                   b = _mm512_test_epi64_mask(base->b[bit / 64], at);
    const LANE x = L(blend)(a & b, L(blend)(b, base->x[0], base->x[1]), base->x[2]),
               y = L(blend)(a & b, base->y, base->minus_y);
    return FN(add)(acc, &x, &y, one, (a | b) & base->used);
}

/* The lanes of `same`, in which a point met itself or its negative, by the complete addition. */
PM_LOCAL void FN(add_same)(struct FN(jacobian) * acc, const struct FN(base) * base, unsigned bit,
                           __mmask8 same, const LANE *one)
{
    WEIGHT8_FP x[8], y[8], z[8], base_x[3][8], base_y[8];
    FN(scatter)(x, sizeof x[0], &acc->x);
    FN(scatter)(y, sizeof y[0], &acc->y);
    FN(scatter)(z, sizeof z[0], &acc->z);
    FN(scatter)(base_y, sizeof y[0], &base->y);
    for (int i = 0; i < 3; i++) FN(scatter)(base_x[i], sizeof x[0], &base->x[i]);
    for (int j = 0; j < 8; j++) {
        if (!(same >> j & 1)) continue;
        const int a = (int)(((const uint64_t *)&base->a[bit / 64])[j] >> bit % 64 & 1),
                  b = (int)(((const uint64_t *)&base->b[bit / 64])[j] >> bit % 64 & 1);
        G1(affine) term = {base_x[a & b ? 2 : b][j], base_y[j]}, sum;
        WEIGHT8_G1 point = {.x = x[j], .y = y[j]};
        if (a & b) G1(affine_neg)(&term, &term);
        F(sqr)(&point.zz, &z[j]);
        F(mul)(&point.zzz, &point.zz, &z[j]);
        G1(add_affine)(&point, &point, &term);
        if (G1(is_infinity)(&point)) acc->infinity |= (__mmask8)(1u << j);
        G1(to_affine)(&sum, &point);
        x[j] = sum.x, y[j] = sum.y, z[j] = F(one);
    }
    LANE lx, ly, lz;
    FN(gather)(&lx, x, sizeof x[0]);
    FN(gather)(&ly, y, sizeof y[0]);
    FN(gather)(&lz, z, sizeof z[0]);
    acc->x = L(blend)(same, acc->x, lx);
    acc->y = L(blend)(same, acc->y, ly);
    acc->z = L(blend)(same, acc->z, lz);
    (void)one;
}

/* out = the sum over i < n of w[i] p[i], in the group of order r or infinity; base: max_groups of scratch.
 * The doublings are shared by all points of a lane. */
PM_LOCAL void FN(g1_sum)(WEIGHT8_G1 *out, const G1(affine) * p, const struct pm_weight *w, size_t n,
                         struct FN(base) * base)
{
    const LANE one = FN(constant)(&F(one)), beta = FN(constant)(&PAIR(batch_beta));
    G1(set_infinity)(out);
    for (size_t at = 0; at < n; at += 8 * FN(max_groups)) {
        const size_t here = n - at < 8 * FN(max_groups) ? n - at : 8 * FN(max_groups),
                     groups = (here + 7) / 8;
        struct FN(jacobian) acc = {one, one, one, 0xff};
        for (size_t g = 0; g < groups; g++) {
            G1(affine) p8[8];
            struct pm_weight w8[8];
            __mmask8 used = 0;
            for (size_t j = 0; j < 8; j++) {
                const size_t i = 8 * g + j < here ? at + 8 * g + j : at + 8 * g;
                p8[j] = p[i], w8[j] = w[i];
                if (8 * g + j < here && !G1(affine_is_infinity)(&p[i])) used |= (__mmask8)(1u << j);
            }
            FN(base_load)(&base[g], p8, w8, used, &beta);
        }
        for (unsigned bit = PAIR(weight_bits)(w + at, here); bit-- > 0;) {
            FN(dbl)(&acc);
            for (size_t g = 0; g < groups; g++) {
                __mmask8 same = FN(base_add)(&acc, &base[g], bit, &one);
                if (same) FN(add_same)(&acc, &base[g], bit, same, &one);
            }
        }
        WEIGHT8_FP x[8], y[8], z[8];
        FN(scatter)(x, sizeof x[0], &acc.x);
        FN(scatter)(y, sizeof y[0], &acc.y);
        FN(scatter)(z, sizeof z[0], &acc.z);
        for (int j = 0; j < 8; j++) {
            WEIGHT8_G1 lane = {.x = x[j], .y = y[j]};
            if (acc.infinity >> j & 1) continue;
            F(sqr)(&lane.zz, &z[j]);
            F(mul)(&lane.zzz, &lane.zz, &z[j]);
            G1(add)(out, out, &lane);
        }
    }
}

/* in_group[i] = whether k p[i] = -phi(p[i]), or p[i] is infinity, for points of a curve without points of
 * order two. A sum that meets p or -p before its end, as no point of order r does for k < r, says no. */
PM_LOCAL void FN(is_minus_phi)(bool *in_group, const G1(affine) * p, size_t n, const uint64_t k[2])
{
    const LANE one = FN(constant)(&F(one)), beta = FN(constant)(&PAIR(batch_beta));
    struct pm_weight w8[8];
    for (size_t j = 0; j < 8; j++) w8[j] = (struct pm_weight){.a = {k[0], k[1]}};
    for (size_t at = 0; at < n; at += 8) {
        struct FN(base) base;
        struct FN(jacobian) acc = {one, one, one, 0xff};
        G1(affine) p8[8];
        __mmask8 met = 0, infinity = 0;
        LANE t[2], u[2];
        for (size_t j = 0; j < 8; j++) {
            p8[j] = p[at + j < n ? at + j : at];
            if (G1(affine_is_infinity)(&p8[j])) infinity |= (__mmask8)(1u << j);
        }
        FN(base_load)(&base, p8, w8, 0xff, &beta);
        for (unsigned bit = PAIR(weight_bits)(w8, 1); bit-- > 0;) {
            FN(dbl)(&acc);
            met |= FN(base_add)(&acc, &base, bit, &one);
        }
        t[0] = L(mul)(acc.z, acc.z); /* X = beta x Z^2, Y = -y Z^3 */
        t[1] = L(mul)(t[0], acc.z);
        L(mul2)(u, (const LANE[]){base.x[1], base.minus_y}, t);
        const __mmask8 equal = FN(is_zero)(L(sub)(acc.x, u[0], 2)) & FN(is_zero)(L(sub)(acc.y, u[1], 2)),
                       good = infinity | (equal & (__mmask8) ~(met | FN(is_zero)(acc.z)));
        for (size_t j = 0; j < 8 && at + j < n; j++) in_group[at + j] = good >> j & 1;
    }
}

#undef PAIR
#undef FN
#undef F
#undef G1
#undef L
#undef LANE
#undef WEIGHT8
#undef WEIGHT8_FP
#undef WEIGHT8_G1
#undef WEIGHT8_LANES
