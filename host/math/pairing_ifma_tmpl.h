/* Weighted products of pairings in lanes, for AVX-512 IFMA: pairing_batch_tmpl.h with eight Miller loops side
 * by side. Every lane squares one f for all pairs that it is given, so that a batch of n has n / 8 pairs a
 * lane. What comes out goes to the portable final exponentiation.
 *
 * Parameters, besides the points of ec_weight_ifma_tmpl.h with the same prefix, which come first
 *   PAIR8           prefix of the pairing (pairing_tmpl.h); the names here are PAIR8_lanes_...
 *   PAIR8_FP        prefix of Fp
 *   PAIR8_FP2       prefix of Fp2
 *   PAIR8_TOWER     prefix of the tower
 *   PAIR8_G1/_G2    prefixes of the groups
 *   PAIR8_LANES     prefix of the lanes of Fp (fp_ifma_tmpl.h)
 *   PAIR8_XI        the integer x of xi = x + u, at most 9
 *   PAIR8_M_TWIST   as PAIRING_M_TWIST
 *   PAIR8_X         |x|, the curve's parameter
 *   PAIR8_BN        1: the loop's end of pairing_bn_tmpl.h, 0: of pairing_bls12_tmpl.h
 *
 * Values. Inside, an element x of Fp is x 2^(52 N), N the limbs of a lane, so that products keep the form.
 * All that is stored is carried and below 2.33 p, as `reduce` leaves it (1 + q there); a product of such
 * values is below 2 p. The bounds behind an operation count in p. */
#include "math/tmpl.h"

#include <immintrin.h>

#define PAIR(op) PM_CAT(PAIR8, _##op)
#define FN(op)   PM_CAT(PAIR8, _lanes_##op)
#define F(op)    PM_CAT(PAIR8_FP, _##op)
#define F2(op)   PM_CAT(PAIR8_FP2, _##op)
#define T(op)    PM_CAT(PAIR8_TOWER, _##op)
#define G1(op)   PM_CAT(PAIR8_G1, _##op)
#define G2(op)   PM_CAT(PAIR8_G2, _##op)
#define L(op)    PM_CAT(PAIR8_LANES, _##op)
#define LANE     PAIR8_LANES
#define FE2      struct FN(fp2)
#define FACTOR   struct FN(factor)

FE2 { LANE c[2]; };
FACTOR { LANE c0, c1, minus; }; /* a second factor of Fp2: minus is 3p - c1 */

/* -- Fp2 -- */

PM_LANES FE2 FN(constant2)(const PAIR8_FP2 *a) { return (FE2){{FN(constant)(&a->c0), FN(constant)(&a->c1)}}; }

PM_LANES FACTOR FN(factor)(FE2 a) { return (FACTOR){a.c[0], a.c[1], L(carry)(L(sub)(L(zero)(), a.c[1], 3))}; }
PM_LANES FE2 FN(reduce2)(FE2 loose)
{
    for (int h = 0; h < 2; h++) loose.c[h] = L(reduce)(loose.c[h]);
    return loose;
}
PM_LANES FE2 FN(add2)(FE2 a, FE2 b) /* loose, as sub2 and shift2 */
{
    for (int h = 0; h < 2; h++) a.c[h] = L(add)(a.c[h], b.c[h]);
    return a;
}
PM_LANES FE2 FN(sub2)(FE2 a, FE2 b, int k)
{
    for (int h = 0; h < 2; h++) a.c[h] = L(sub)(a.c[h], b.c[h], k);
    return a;
}
PM_LANES FE2 FN(shift2)(FE2 a, unsigned k)
{
    for (int h = 0; h < 2; h++) a.c[h] = L(shift)(a.c[h], k);
    return a;
}

/* out = the sum over k < n of a[k] b[k], 1 <= n <= 4, with one reduction a coordinate. Below 1.6 p. */
PM_OUT_OF_LINE void FN(dot)(FE2 *out, const FE2 *const *a, const FACTOR *const *b, int n)
{
    struct L(wide) t = L(wide_mul)(a[0]->c[0], b[0]->c0);
    t = L(wide_mul_add)(t, a[0]->c[1], b[0]->minus);
    for (int k = 1; k < n; k++) {
        t = L(wide_mul_add)(t, a[k]->c[0], b[k]->c0);
        t = L(wide_mul_add)(t, a[k]->c[1], b[k]->minus);
    }
    struct L(wide) u = L(wide_mul)(a[0]->c[1], b[0]->c0);
    u = L(wide_mul_add)(u, a[0]->c[0], b[0]->c1);
    for (int k = 1; k < n; k++) {
        u = L(wide_mul_add)(u, a[k]->c[1], b[k]->c0);
        u = L(wide_mul_add)(u, a[k]->c[0], b[k]->c1);
    }
    out->c[0] = L(carry)(L(wide_reduce)(t));
    out->c[1] = L(carry)(L(wide_reduce)(u));
}

PM_OUT_OF_LINE void FN(mul)(FE2 *out, const FE2 *a, const FACTOR *b) { FN(dot)(out, &a, &b, 1); }
PM_LANES FE2 FN(product)(FE2 a, FE2 b)
{
    FACTOR f = FN(factor)(b);
    FN(mul)(&a, &a, &f);
    return a;
}
/* a b + c d */
PM_LANES FE2 FN(product2)(FE2 a, FE2 b, FE2 c, FE2 d)
{
    FACTOR f = FN(factor)(b), g = FN(factor)(d);
    FN(dot)(&a, (const FE2 *const[]){&a, &c}, (const FACTOR *const[]){&f, &g}, 2);
    return a;
}

/* (a0 + a1)(a0 - a1), 2 a0 a1 */
PM_OUT_OF_LINE void FN(sqr)(FE2 *out, const FE2 *a)
{
    const LANE left[2] = {L(carry)(L(add)(a->c[0], a->c[1])), L(carry)(L(add)(a->c[0], a->c[0]))};
    const LANE right[2] = {L(carry)(L(sub)(a->c[0], a->c[1], 3)), a->c[1]};
    L(mul2)(out->c, left, right);
}
PM_LANES FE2 FN(square)(FE2 a)
{
    FN(sqr)(&a, &a);
    return a;
}
PM_OUT_OF_LINE void FN(mul_base)(FE2 *out, const FE2 *a, const LANE *b)
{
    const LANE both[2] = {*b, *b};
    L(mul2)(out->c, a->c, both);
}

/* (x + u) a: x a0 - a1, x a1 + a0; for x = 9 from 2 (4 a) + a */
PM_LANES FE2 FN(mul_xi)(FE2 a)
{
    FE2 x = a, turned = {{L(sub)(L(zero)(), a.c[1], 3), a.c[0]}};
    if (PAIR8_XI > 1) {
        x = FN(add2)(a, FN(shift2)(FN(reduce2)(FN(shift2)(a, 2)), 1));
        _Static_assert(PAIR8_XI == 1 || PAIR8_XI == 9, "another xi needs another sum");
    }
    return FN(reduce2)(FN(add2)(x, turned));
}

/* -- Fp12, as the coefficients of w^0 .. w^5 -- */

struct FN(fp12) {
    FE2 c[6];
};

/* f = f^2: coefficient k is the sum of c_i c_(k - i) and xi c_i c_(k + 6 - i) */
PM_OUT_OF_LINE void FN(sqr12)(struct FN(fp12) * f)
{
    FACTOR one[3], two[6], xi[6], two_xi[6];
    struct FN(fp12) out;
    for (int i = 0; i < 3; i++) one[i] = FN(factor)(f->c[i]);
    for (int i = 1; i < 6; i++) two[i] = FN(factor)(FN(reduce2)(FN(shift2)(f->c[i], 1)));
    for (int i = 3; i < 6; i++) {
        FE2 t = FN(mul_xi)(f->c[i]);
        xi[i] = FN(factor)(t);
        if (i > 3) two_xi[i] = FN(factor)(FN(reduce2)(FN(shift2)(t, 1)));
    }
    for (int k = 0; k < 6; k++) {
        const FE2 *a[4];
        const FACTOR *b[4];
        int n = 0;
        for (int i = 0; i < 6; i++) {
            int j = (k + 6 - i) % 6;
            if (j < i) continue;
            a[n] = &f->c[i];
            if (i + j < 6)
                b[n++] = i == j ? &one[i] : &two[j];
            else
                b[n++] = i == j ? &xi[i] : &two_xi[j];
        }
        FN(dot)(&out.c[k], a, b, n);
    }
    *f = out;
}

/* f *= l0 + l1 w^s + l3 w^3, s = 1 for a D-type twist, 2 for an M-type twist */
PM_OUT_OF_LINE void FN(mul_line)(struct FN(fp12) * f, const FE2 *l0, const FE2 *l1, const FE2 *l3)
{
    enum { S = PAIR8_M_TWIST ? 2 : 1 };
    struct FN(fp12) out;
    const FACTOR f0 = FN(factor)(*l0), f1 = FN(factor)(*l1), f3 = FN(factor)(*l3),
                 xi1 = FN(factor)(FN(mul_xi)(*l1)), xi3 = FN(factor)(FN(mul_xi)(*l3));
    for (int k = 0; k < 6; k++) {
        const FE2 *const a[3] = {&f->c[k], &f->c[(k + 6 - S) % 6], &f->c[(k + 3) % 6]};
        const FACTOR *const b[3] = {&f0, k < S ? &xi1 : &f1, k < 3 ? &xi3 : &f3};
        FN(dot)(&out.c[k], a, b, 3);
    }
    *f = out;
}

/* -- Miller's loop -- */

struct FN(pair) {
    FE2 x, y, z;                 /* T */
    FE2 q_x, q_y, q_minus_y;     /* Q */
    LANE p_y, p_minus_xz, p_zzz; /* of P = (X, Y, Z): Y, -X Z, Z^3: lines are taken times Z^3 */
    __mmask8 used;
};

/* f *= the line h y_P + l1 (-x_P) w + l3 w^3, one in lanes that are not used */
PM_OUT_OF_LINE void FN(eval_line)(struct FN(fp12) * f, const FE2 *h, const FE2 *l1, const FE2 *l3,
                                  const struct FN(pair) * t, const LANE *one)
{
    FE2 a, b, c;
    FN(mul_base)(&a, h, &t->p_y);
    FN(mul_base)(&b, l1, &t->p_minus_xz);
    FN(mul_base)(&c, l3, &t->p_zzz);
    if (t->used != 0xff) {
        FE2 *unit = PAIR8_M_TWIST ? &c : &a, *rest = PAIR8_M_TWIST ? &a : &c;
        unit->c[0] = L(blend)(t->used, *one, unit->c[0]);
        unit->c[1] = L(blend)(t->used, L(zero)(), unit->c[1]);
        for (int i = 0; i < 2; i++) {
            b.c[i] = L(blend)(t->used, L(zero)(), b.c[i]);
            rest->c[i] = L(blend)(t->used, L(zero)(), rest->c[i]);
        }
    }
    if (PAIR8_M_TWIST)
        FN(mul_line)(f, &c, &b, &a);
    else
        FN(mul_line)(f, &a, &b, &c);
}

/* As double_step of pairing_tmpl.h. */
PM_OUT_OF_LINE void FN(double_step)(struct FN(fp12) * f, struct FN(pair) * t, const FE2 *b3, const LANE *one)
{
    const FE2 b = FN(square)(t->y), e = FN(product)(FN(square)(t->z), *b3), j = FN(square)(t->x);
    const FE2 e3 = FN(add2)(e, FN(shift2)(e, 1)); /* below 6 */
    const FE2 h = FN(reduce2)(FN(shift2)(FN(product)(t->y, t->z), 1));
    const FE2 l1 = FN(reduce2)(FN(add2)(j, FN(shift2)(j, 1))), l3 = FN(reduce2)(FN(sub2)(b, e, 2));
    const FE2 xy = FN(product)(t->x, t->y), ee = FN(reduce2)(FN(shift2)(FN(square)(e), 2));
    const FE2 difference = FN(reduce2)(FN(sub2)(b, e3, 6)), sum = FN(reduce2)(FN(add2)(b, e3));
    t->x = FN(reduce2)(FN(shift2)(FN(product)(xy, difference), 1));
    t->y = FN(reduce2)(FN(sub2)(FN(square)(sum), FN(add2)(ee, FN(shift2)(ee, 1)), 7));
    t->z = FN(reduce2)(FN(shift2)(FN(product)(b, h), 2));
    FN(eval_line)(f, &h, &l1, &l3, t, one);
}

/* As add_step of pairing_tmpl.h; minus_y is -y_Q. */
PM_OUT_OF_LINE void FN(add_step)(struct FN(fp12) * f, struct FN(pair) * t, const FE2 *x_q, const FE2 *y_q,
                                 const FE2 *minus_y, const LANE *one)
{
    const FACTOR z = FN(factor)(t->z);
    FE2 s, u;
    FN(mul)(&s, y_q, &z);
    FN(mul)(&u, x_q, &z);
    const FE2 theta = FN(reduce2)(FN(sub2)(t->y, s, 2)), lambda = FN(reduce2)(FN(sub2)(t->x, u, 2));
    const FE2 c = FN(square)(theta), d = FN(square)(lambda);
    const FE2 e = FN(product)(lambda, d), g = FN(product)(t->x, d);
    const FE2 zc = FN(product)(c, t->z);
    const FE2 h = FN(reduce2)(FN(sub2)(FN(add2)(zc, e), FN(shift2)(g, 1), 4));
    const FE2 gh = FN(reduce2)(FN(sub2)(g, h, 3));
    const FE2 minus = FN(reduce2)(FN(sub2)((FE2){{L(zero)(), L(zero)()}}, t->y, 3));
    t->x = FN(product)(lambda, h);
    t->y = FN(product2)(theta, gh, e, minus);
    t->z = FN(product)(e, t->z);
    const FE2 l3 = FN(product2)(theta, *x_q, lambda, *minus_y);
    FN(eval_line)(f, &lambda, &theta, &l3, t, one);
}

PM_LANES FE2 FN(minus2)(FE2 a) { return FN(reduce2)(FN(sub2)((FE2){{L(zero)(), L(zero)()}}, a, 3)); }

PM_OUT_OF_LINE void FN(psi)(FE2 *x, FE2 *y)
{
    const FE2 kx = FN(constant2)(&PAIR(psi_factor)[0]), ky = FN(constant2)(&PAIR(psi_factor)[1]);
    x->c[1] = L(reduce)(L(sub)(L(zero)(), x->c[1], 3));
    y->c[1] = L(reduce)(L(sub)(L(zero)(), y->c[1], 3));
    *x = FN(product)(*x, kx);
    *y = FN(product)(*y, ky);
}

/* The end of the loop, and the lanes in which T ended where it does for Q of order r (pair_in_subgroup). */
PM_OUT_OF_LINE __mmask8 FN(end)(struct FN(fp12) * f, struct FN(pair) * t, const LANE *one)
{
    FE2 x = t->q_x, y = t->q_y;
    FN(psi)(&x, &y);
    if (PAIR8_BN) {
        FE2 minus = FN(minus2)(y);
        FN(add_step)(f, t, &x, &y, &minus, one);
        FN(psi)(&x, &y); /* psi^2 */
        minus = FN(minus2)(y);
        FN(add_step)(f, t, &x, &minus, &y, one);
        FN(psi)(&x, &y); /* psi^3 */
    }
    y = FN(minus2)(y);
    const FE2 dx = FN(sub2)(FN(product)(x, t->z), t->x, 3), dy = FN(sub2)(FN(product)(y, t->z), t->y, 3);
    const __mmask8 z_is_zero = FN(is_zero)(t->z.c[0]) & FN(is_zero)(t->z.c[1]);
    return FN(is_zero)(dx.c[0]) & FN(is_zero)(dx.c[1]) & FN(is_zero)(dy.c[0]) & FN(is_zero)(dy.c[1]) &
           (__mmask8)~z_is_zero;
}

/* T = Q, P = weight times p, one group of eight lanes; n of them are there. */
PM_OUT_OF_LINE void FN(begin)(struct FN(pair) * out, const G1(affine) * p, const G2(affine) * q,
                              const struct pm_weight *w, size_t n, const LANE *beta, const LANE *one)
{
    struct FN(base) base;
    struct FN(jacobian) acc = {*one, *one, *one, 0xff};
    FN(base_load)(&base, p, w, 0xff, beta);
    for (unsigned bit = PAIR(weight_bits)(w, 8); bit-- > 0;) {
        FN(dbl)(&acc);
        /* acc is 2 m P with m in Z[phi], and no multiple of 2 is a unit: never P's own multiple but at first
         */
        (void)FN(base_add)(&acc, &base, bit, one);
    }
    LANE t[2];
    L(mul2)(t, (const LANE[]){acc.x, acc.z}, (const LANE[]){acc.z, acc.z});
    out->p_y = acc.y;
    out->p_minus_xz = L(reduce)(L(sub)(L(zero)(), t[0], 2));
    out->p_zzz = L(mul)(t[1], acc.z);
    for (int h = 0; h < 2; h++) {
        FN(gather)(&out->q_x.c[h], h ? &q->x.c1 : &q->x.c0, sizeof *q);
        FN(gather)(&out->q_y.c[h], h ? &q->y.c1 : &q->y.c0, sizeof *q);
    }
    out->q_minus_y = FN(minus2)(out->q_y);
    out->x = out->q_x;
    out->y = out->q_y;
    out->z = (FE2){{*one, L(zero)()}};
    out->used = (__mmask8)(0xffu >> (8 - n));
}

/* out *= the product of f's lanes */
PM_LOCAL void FN(fold)(T(fp12) * out, const struct FN(fp12) * f)
{
    T(fp12) lane[8];
    for (int k = 0; k < 6; k++) {
        PAIR8_FP2 *to = k % 2 ? &lane[0].c1.c[k / 2] : &lane[0].c0.c[k / 2];
        FN(scatter)(&to->c0, sizeof lane[0], &f->c[k].c[0]);
        FN(scatter)(&to->c1, sizeof lane[0], &f->c[k].c[1]);
    }
    for (int j = 0; j < 8; j++) {
        if (!PAIR8_BN) T(conj)(&lane[j], &lane[j]); /* x < 0: miller_end */
        T(mul)(out, out, &lane[j]);
    }
}

/* out = the product over i < n of Miller's function of (w[i] p[i], q[i]), in_group[i] whether q[i] has order
 * r, as weighted of pairing_batch_tmpl.h. No point is infinity, no weight is zero. group: max_groups of
 * scratch. */
PM_LOCAL void FN(weighted)(T(fp12) * out, bool *in_group, const G1(affine) * p, const G2(affine) * q,
                           const struct pm_weight *w, size_t n, struct FN(pair) * group)
{
    const LANE one = FN(constant)(&F(one)), beta = FN(constant)(&PAIR(batch_beta)), zero = L(zero)();
    const FE2 b3 = FN(constant2)(&G2(b3));
    T(set_one)(out);
    for (size_t at = 0; at < n; at += 8 * FN(max_groups)) {
        const size_t here = n - at < 8 * FN(max_groups) ? n - at : 8 * FN(max_groups),
                     groups = (here + 7) / 8;
        struct FN(fp12) f;
        for (int k = 0; k < 6; k++) f.c[k] = (FE2){{zero, zero}};
        f.c[0].c[0] = one;
        for (size_t g = 0; g < groups; g++) {
            G1(affine) p8[8];
            G2(affine) q8[8];
            struct pm_weight w8[8];
            for (size_t j = 0; j < 8; j++) { /* lanes that are left over repeat the first */
                const size_t i = 8 * g + j < here ? at + 8 * g + j : at + 8 * g;
                p8[j] = p[i], q8[j] = q[i], w8[j] = w[i];
            }
            FN(begin)(&group[g], p8, q8, w8, here - 8 * g < 8 ? here - 8 * g : 8, &beta, &one);
        }
        for (size_t bit = sizeof PAIR(loop) - 1; bit-- > 0;) {
            const int digit = PAIR(loop)[bit];
            if (bit + 2 < sizeof PAIR(loop)) FN(sqr12)(&f);
            for (size_t g = 0; g < groups; g++) {
                struct FN(pair) *t = &group[g];
                FN(double_step)(&f, t, &b3, &one);
                if (digit > 0) FN(add_step)(&f, t, &t->q_x, &t->q_y, &t->q_minus_y, &one);
                if (digit < 0) FN(add_step)(&f, t, &t->q_x, &t->q_minus_y, &t->q_y, &one);
            }
        }
        for (size_t g = 0; g < groups; g++) {
            const __mmask8 good = FN(end)(&f, &group[g], &one);
            for (size_t j = 0; j < 8 && 8 * g + j < here; j++) in_group[at + 8 * g + j] = good >> j & 1;
        }
        FN(fold)(out, &f);
    }
}

/* As g1_in_subgroup, of n points of the curve. */
PM_LOCAL void FN(g1_in_group)(bool *in_group, const G1(affine) * p, size_t n)
{
    const pm_u128 k = (pm_u128)PAIR8_X * PAIR8_X; /* x^2: pairing_bls12_tmpl.h */
    if (PAIR8_BN)
        for (size_t i = 0; i < n; i++) in_group[i] = true;
    else
        FN(is_minus_phi)(in_group, p, n, (const uint64_t[]){(uint64_t)k, (uint64_t)(k >> 64)});
}

#undef PAIR
#undef FN
#undef F
#undef F2
#undef T
#undef G1
#undef G2
#undef L
#undef LANE
#undef FE2
#undef FACTOR
#undef PAIR8
#undef PAIR8_FP
#undef PAIR8_FP2
#undef PAIR8_TOWER
#undef PAIR8_G1
#undef PAIR8_G2
#undef PAIR8_LANES
#undef PAIR8_XI
#undef PAIR8_M_TWIST
#undef PAIR8_X
#undef PAIR8_BN
