/* The tower Fp6 = Fp2[v] / (v^3 - xi), Fp12 = Fp6[w] / (w^2 - v), as pairings use it.
 *
 * Parameters
 *   TOWER             prefix: the types are TOWER_fp6 and TOWER_fp12
 *   TOWER_FP2         prefix of Fp2 (fp2_tmpl.h)
 *   TOWER_FROBENIUS   initializer: xi^(i (p - 1) / 6) for i = 0 .. 5, elements of Fp2, Montgomery
 *
 * Formulas: Devegili, O hEigeartaigh, Scott, Dahab, "Multiplication and Squaring on Pairing-Friendly Fields"
 * (ePrint 2006/471); Granger and Scott, "Faster Squaring in the Cyclotomic Subgroup of Sixth Degree
 * Extensions" (ePrint 2009/565). out may alias any input. Only inv6_var and inv12_var take time that depends
 * on values. */
#include "math/tmpl.h"

#define FN(op) PM_CAT(TOWER, _##op)
#define F2(op) PM_CAT(TOWER_FP2, _##op)
#define FE2    TOWER_FP2
#define FE6    FN(fp6)
#define FE12   FN(fp12)

typedef struct {
    FE2 c[3];
} FE6;
typedef struct {
    FE6 c0, c1;
} FE12;

static const FE2 FN(frobenius_factor)[6] = TOWER_FROBENIUS;

static inline void FN(add6)(FE6 *out, const FE6 *a, const FE6 *b)
{
    for (int i = 0; i < 3; i++) F2(add)(&out->c[i], &a->c[i], &b->c[i]);
}
static inline void FN(sub6)(FE6 *out, const FE6 *a, const FE6 *b)
{
    for (int i = 0; i < 3; i++) F2(sub)(&out->c[i], &a->c[i], &b->c[i]);
}
static inline void FN(neg6)(FE6 *out, const FE6 *a)
{
    for (int i = 0; i < 3; i++) F2(neg)(&out->c[i], &a->c[i]);
}
/* (c0 + c1 v + c2 v^2) v = xi c2 + c0 v + c1 v^2 */
static inline void FN(mul6_v)(FE6 *out, const FE6 *a)
{
    FE2 t = a->c[2];
    out->c[2] = a->c[1];
    out->c[1] = a->c[0];
    F2(mul_xi)(&out->c[0], &t);
}

/* out = (a + b)(c + d) - p - q: Karatsuba's cross term */
static inline void FN(cross)(FE2 *out, const FE2 *a, const FE2 *b, const FE2 *c, const FE2 *d, const FE2 *p,
                             const FE2 *q)
{
    FE2 s, t;
    F2(add)(&s, a, b);
    F2(add)(&t, c, d);
    F2(mul)(&s, &s, &t);
    F2(sub)(&s, &s, p);
    F2(sub)(out, &s, q);
}

PM_LOCAL void FN(mul6)(FE6 *out, const FE6 *a, const FE6 *b)
{
    FE2 t0, t1, t2, s01, s02, s12;
    F2(mul)(&t0, &a->c[0], &b->c[0]);
    F2(mul)(&t1, &a->c[1], &b->c[1]);
    F2(mul)(&t2, &a->c[2], &b->c[2]);
    FN(cross)(&s12, &a->c[1], &a->c[2], &b->c[1], &b->c[2], &t1, &t2);
    FN(cross)(&s01, &a->c[0], &a->c[1], &b->c[0], &b->c[1], &t0, &t1);
    FN(cross)(&s02, &a->c[0], &a->c[2], &b->c[0], &b->c[2], &t0, &t2);
    F2(mul_xi)(&s12, &s12);
    F2(mul_xi)(&t2, &t2);
    F2(add)(&out->c[0], &t0, &s12);
    F2(add)(&out->c[1], &s01, &t2);
    F2(add)(&out->c[2], &s02, &t1);
}

/* out = a (b0 + b1 v), given xi b1 as well */
PM_LOCAL void FN(mul6_01)(FE6 *out, const FE6 *a, const FE2 *b0, const FE2 *b1, const FE2 *xi_b1)
{
    FE2 c0, c1, t0, t1;
    if (F2(dot2_costs_two)) { /* five products instead of six */
        F2(mul)(&t0, &a->c[0], b0);
        F2(mul)(&t1, &a->c[1], b1);
        FN(cross)(&c1, &a->c[0], &a->c[1], b0, b1, &t0, &t1);
        F2(mul)(&c0, &a->c[2], xi_b1);
        F2(add)(&c0, &c0, &t0);
        F2(mul)(&t0, &a->c[2], b0);
        F2(add)(&out->c[2], &t0, &t1);
        out->c[0] = c0;
        out->c[1] = c1;
        return;
    }
    F2(dot2)(&c0, &a->c[0], b0, &a->c[2], xi_b1);
    F2(dot2)(&c1, &a->c[0], b1, &a->c[1], b0);
    F2(dot2)(&out->c[2], &a->c[1], b1, &a->c[2], b0);
    out->c[0] = c0;
    out->c[1] = c1;
}

/* 1 / a; 0 gives 0 */
PM_LOCAL void FN(inv6_var)(FE6 *out, const FE6 *a)
{
    FE2 c0, c1, c2, t, norm;
    F2(sqr)(&c0, &a->c[0]); /* a0^2 - xi a1 a2 */
    F2(mul)(&t, &a->c[1], &a->c[2]);
    F2(mul_xi)(&t, &t);
    F2(sub)(&c0, &c0, &t);
    F2(sqr)(&c1, &a->c[2]); /* xi a2^2 - a0 a1 */
    F2(mul_xi)(&c1, &c1);
    F2(mul)(&t, &a->c[0], &a->c[1]);
    F2(sub)(&c1, &c1, &t);
    F2(sqr)(&c2, &a->c[1]); /* a1^2 - a0 a2 */
    F2(mul)(&t, &a->c[0], &a->c[2]);
    F2(sub)(&c2, &c2, &t);
    F2(mul)(&norm, &a->c[2], &c1); /* a0 c0 + xi (a2 c1 + a1 c2) */
    F2(mul)(&t, &a->c[1], &c2);
    F2(add)(&norm, &norm, &t);
    F2(mul_xi)(&norm, &norm);
    F2(mul)(&t, &a->c[0], &c0);
    F2(add)(&norm, &norm, &t);
    F2(inv_var)(&norm, &norm);
    F2(mul)(&out->c[0], &c0, &norm);
    F2(mul)(&out->c[1], &c1, &norm);
    F2(mul)(&out->c[2], &c2, &norm);
}

PM_LOCAL void FN(set_one)(FE12 *out)
{
    *out = (FE12){0};
    F2(set_one)(&out->c0.c[0]);
}

PM_LOCAL bool FN(equal)(const FE12 *a, const FE12 *b)
{
    bool same = true;
    for (int i = 0; i < 3; i++) {
        same &= F2(equal)(&a->c0.c[i], &b->c0.c[i]);
        same &= F2(equal)(&a->c1.c[i], &b->c1.c[i]);
    }
    return same;
}

PM_LOCAL void FN(mul)(FE12 *out, const FE12 *a, const FE12 *b)
{
    FE6 t0, t1, s, t;
    FN(mul6)(&t0, &a->c0, &b->c0);
    FN(mul6)(&t1, &a->c1, &b->c1);
    FN(add6)(&s, &a->c0, &a->c1);
    FN(add6)(&t, &b->c0, &b->c1);
    FN(mul6)(&s, &s, &t);
    FN(sub6)(&s, &s, &t0);
    FN(sub6)(&out->c1, &s, &t1);
    FN(mul6_v)(&t1, &t1);
    FN(add6)(&out->c0, &t0, &t1);
}

/* (a0 + a1 w)^2 = (a0 + a1)(a0 + v a1) - t - v t + 2 t w, t = a0 a1 */
PM_LOCAL void FN(sqr)(FE12 *out, const FE12 *a)
{
    FE6 t, s, u;
    FN(mul6)(&t, &a->c0, &a->c1);
    FN(add6)(&s, &a->c0, &a->c1);
    FN(mul6_v)(&u, &a->c1);
    FN(add6)(&u, &u, &a->c0);
    FN(mul6)(&s, &s, &u);
    FN(sub6)(&s, &s, &t);
    FN(mul6_v)(&u, &t);
    FN(sub6)(&out->c0, &s, &u);
    FN(add6)(&out->c1, &t, &t);
}

/* out = a (l0 + l1 w + l3 w^3): a line of a D-type twist */
PM_LOCAL void FN(mul_line_d)(FE12 *out, const FE12 *a, const FE2 *l0, const FE2 *l1, const FE2 *l3)
{
    FE6 t0, t1, s;
    FE2 sum, xi_l3;
    F2(mul_xi)(&xi_l3, l3);
    for (int i = 0; i < 3; i++) F2(mul)(&t0.c[i], &a->c0.c[i], l0);
    FN(mul6_01)(&t1, &a->c1, l1, l3, &xi_l3);
    FN(add6)(&s, &a->c0, &a->c1);
    F2(add)(&sum, l0, l1);
    FN(mul6_01)(&s, &s, &sum, l3, &xi_l3);
    FN(sub6)(&s, &s, &t0);
    FN(sub6)(&out->c1, &s, &t1);
    FN(mul6_v)(&t1, &t1);
    FN(add6)(&out->c0, &t0, &t1);
}

/* out = a (l0 + l2 w^2 + l3 w^3): a line of an M-type twist */
PM_LOCAL void FN(mul_line_m)(FE12 *out, const FE12 *a, const FE2 *l0, const FE2 *l2, const FE2 *l3)
{
    FE6 t0, t1, s;
    FE2 sum, xi;
    F2(mul_xi)(&xi, l2);
    FN(mul6_01)(&t0, &a->c0, l0, l2, &xi);
    for (int i = 0; i < 3; i++) F2(mul)(&t1.c[i], &a->c1.c[i], l3);
    FN(mul6_v)(&t1, &t1);
    FN(add6)(&s, &a->c0, &a->c1);
    F2(add)(&sum, l2, l3);
    F2(mul_xi)(&xi, &sum);
    FN(mul6_01)(&s, &s, l0, &sum, &xi);
    FN(sub6)(&s, &s, &t0);
    FN(sub6)(&out->c1, &s, &t1);
    FN(mul6_v)(&t1, &t1);
    FN(add6)(&out->c0, &t0, &t1);
}

/* out = a (1 + l1 w + l3 w^3), with m = l1 + l3 v: a0 + v a1 m + (a1 + a0 m) w */
PM_LOCAL void FN(mul_monic_d)(FE12 *out, const FE12 *a, const FE2 *l1, const FE2 *l3)
{
    FE6 t0, t1;
    FE2 xi_l3;
    F2(mul_xi)(&xi_l3, l3);
    FN(mul6_01)(&t0, &a->c1, l1, l3, &xi_l3);
    FN(mul6_01)(&t1, &a->c0, l1, l3, &xi_l3);
    FN(mul6_v)(&t0, &t0);
    FN(add6)(&out->c0, &a->c0, &t0);
    FN(add6)(&out->c1, &a->c1, &t1);
}

/* out = a (l0 + l2 w^2 + w^3), with m = l0 + l2 v: a0 m + v^2 a1 + (a1 m + v a0) w */
PM_LOCAL void FN(mul_monic_m)(FE12 *out, const FE12 *a, const FE2 *l0, const FE2 *l2)
{
    FE6 t0, t1, shifted;
    FE2 xi_l2;
    F2(mul_xi)(&xi_l2, l2);
    FN(mul6_01)(&t0, &a->c0, l0, l2, &xi_l2);
    FN(mul6_01)(&t1, &a->c1, l0, l2, &xi_l2);
    FN(mul6_v)(&shifted, &a->c0);
    FN(add6)(&t1, &t1, &shifted);
    FN(mul6_v)(&shifted, &a->c1);
    FN(mul6_v)(&shifted, &shifted);
    FN(add6)(&out->c0, &t0, &shifted);
    out->c1 = t1;
}

/* The p^6-th power; in the cyclotomic subgroup also the inverse. */
static inline void FN(conj)(FE12 *out, const FE12 *a)
{
    out->c0 = a->c0;
    FN(neg6)(&out->c1, &a->c1);
}

/* 1 / (a0 + a1 w) = (a0 - a1 w) / (a0^2 - v a1^2) */
PM_LOCAL void FN(inv_var)(FE12 *out, const FE12 *a)
{
    FE6 norm, t;
    FN(mul6)(&norm, &a->c0, &a->c0);
    FN(mul6)(&t, &a->c1, &a->c1);
    FN(mul6_v)(&t, &t);
    FN(sub6)(&norm, &norm, &t);
    FN(inv6_var)(&norm, &norm);
    FN(mul6)(&out->c0, &a->c0, &norm);
    FN(neg6)(&t, &a->c1);
    FN(mul6)(&out->c1, &t, &norm);
}

/* The p-th power: the sum of a_i w^i becomes that of conj(a_i) xi^(i (p - 1) / 6) w^i. */
PM_LOCAL void FN(frobenius)(FE12 *out, const FE12 *a)
{
    for (int i = 0; i < 3; i++) { /* c0 holds the even powers of w, c1 the odd ones */
        F2(conj)(&out->c0.c[i], &a->c0.c[i]);
        F2(conj)(&out->c1.c[i], &a->c1.c[i]);
        if (i > 0) F2(mul)(&out->c0.c[i], &out->c0.c[i], &FN(frobenius_factor)[2 * i]);
        F2(mul)(&out->c1.c[i], &out->c1.c[i], &FN(frobenius_factor)[2 * i + 1]);
    }
}

/* (a + b s)^2 = (a^2 + xi b^2) + 2 a b s in Fp4 = Fp2[s] / (s^2 - xi); out0, out1 differ from a, b. */
static inline void FN(sqr4)(FE2 *out0, FE2 *out1, const FE2 *a, const FE2 *b)
{
    FE2 bb, t;
    F2(sqr)(out0, a);
    F2(sqr)(&bb, b);
    F2(add)(&t, a, b);
    F2(sqr)(out1, &t);
    F2(sub)(out1, out1, out0);
    F2(sub)(out1, out1, &bb);
    F2(mul_xi)(&bb, &bb);
    F2(add)(out0, out0, &bb);
}
static inline void FN(triple_less_double)(FE2 *out, const FE2 *t, const FE2 *a) /* 3 t - 2 a */
{
    FE2 d;
    F2(sub)(&d, t, a);
    F2(dbl)(&d, &d);
    F2(add)(out, &d, t);
}
static inline void FN(triple_and_double)(FE2 *out, const FE2 *t, const FE2 *a) /* 3 t + 2 a */
{
    FE2 d;
    F2(add)(&d, t, a);
    F2(dbl)(&d, &d);
    F2(add)(out, &d, t);
}

/* Squares an element of the cyclotomic subgroup (a^(p^4 - p^2 + 1) = 1). With s = w^3 and a = A + B w + C w^2
 * over Fp4, A = a0 + a3 s, B = a1 + a4 s, C = a2 + a5 s: a^2 = 3 A^2 - 2 A' + (3 s C^2 + 2 B') w + (3 B^2 - 2
 * C') w^2, where ' conjugates s. */
PM_LOCAL void FN(cyclotomic_sqr)(FE12 *out, const FE12 *a)
{
    FE2 t0, t1, t2, t3, t4, t5;
    FN(sqr4)(&t0, &t1, &a->c0.c[0], &a->c1.c[1]); /* A^2 */
    FN(sqr4)(&t2, &t3, &a->c1.c[0], &a->c0.c[2]); /* B^2 */
    FN(sqr4)(&t4, &t5, &a->c0.c[1], &a->c1.c[2]); /* C^2 */
    F2(mul_xi)(&t5, &t5);                         /* s C^2 = xi t5 + t4 s */
    FN(triple_less_double)(&out->c0.c[0], &t0, &a->c0.c[0]);
    FN(triple_and_double)(&out->c1.c[1], &t1, &a->c1.c[1]);
    FN(triple_and_double)(&out->c1.c[0], &t5, &a->c1.c[0]);
    FN(triple_less_double)(&out->c0.c[2], &t4, &a->c0.c[2]);
    FN(triple_less_double)(&out->c0.c[1], &t2, &a->c0.c[1]);
    FN(triple_and_double)(&out->c1.c[2], &t3, &a->c1.c[2]);
}

#undef FN
#undef F2
#undef FE2
#undef FE6
#undef FE12
#undef TOWER
#undef TOWER_FP2
#undef TOWER_FROBENIUS
