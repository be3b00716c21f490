/* The optimal ate pairing of a Barreto-Naehrig curve with a D-type twist, as a test whether a product of
 * pairings is one. Everything here is public (keys, proofs): time depends on values. BLS12 curves need
 * another loop and another hard part.
 *
 * Parameters
 *   PAIRING           prefix of all names
 *   PAIRING_FP        prefix of Fp
 *   PAIRING_FP2       prefix of Fp2
 *   PAIRING_TOWER     prefix of the tower (tower_tmpl.h)
 *   PAIRING_G1/_G2    prefixes of the groups (ec_tmpl.h)
 *   PAIRING_LOOP      initializer: 6 x + 2 in non-adjacent form, least significant digit first
 *   PAIRING_X_NAF     initializer: x likewise
 *
 * Sources: Vercauteren, "Optimal Pairings" (ePrint 2008/096); Costello, Lange, Naehrig (ePrint 2009/615) for
 * the steps in homogeneous coordinates; Fuentes-Castaneda, Knapp, Rodriguez-Henriquez (SAC 2011) for the
 * final exponentiation. */
#include "math/tmpl.h"

#define FN(op) PM_CAT(PAIRING, _##op)
#define F(op)  PM_CAT(PAIRING_FP, _##op)
#define F2(op) PM_CAT(PAIRING_FP2, _##op)
#define T(op)  PM_CAT(PAIRING_TOWER, _##op)
#define G1(op) PM_CAT(PAIRING_G1, _##op)
#define G2(op) PM_CAT(PAIRING_G2, _##op)
#define FE2    PAIRING_FP2

enum { FN(max_pairs) = 16 };

static const int8_t FN(loop)[] = PAIRING_LOOP, FN(x_naf)[] = PAIRING_X_NAF;

/* One pair on its way through Miller's loop: T = (X : Y : Z) runs through multiples of Q. */
struct FN(pair) {
    FE2 x, y, z;
    G2(affine) q, minus_q;
    G1(affine) p;
};

/* The p-power Frobenius of E, seen on the twist: (x, y) -> (conj(x) xi^((p-1)/3), conj(y) xi^((p-1)/2)). */
PM_LOCAL void FN(psi)(G2(affine) * out, const G2(affine) * a)
{
    F2(conj)(&out->x, &a->x);
    F2(conj)(&out->y, &a->y);
    F2(mul)(&out->x, &out->x, &T(frobenius_factor)[2]);
    F2(mul)(&out->y, &out->y, &T(frobenius_factor)[3]);
}

/* f *= l0 y_P + l1 x_P w + l3 w^3, the line through points of the twist at P */
static inline void FN(eval_line)(T(fp12) * f, FE2 *l0, FE2 *l1, const FE2 *l3, const G1(affine) * p)
{
    F2(mul_base)(l0, l0, &p->y);
    F2(mul_base)(l1, l1, &p->x);
    T(mul_line)(f, f, l0, l1, l3);
}

/* f *= the tangent at T, evaluated at P; T = 2 T. With B = Y^2, E = 3 b Z^2, H = 2 Y Z, J = X^2 the line is
 * H y_P - 3 J x_P w + (B - E) w^3, and X3 = X Y (B - 3 E) / 2, Y3 = ((B + 3 E) / 2)^2 - 3 E^2, Z3 = B H: all
 * three are taken times 4, so that nothing is halved. */
PM_LOCAL void FN(double_step)(T(fp12) * f, struct FN(pair) * t)
{
    FE2 b, c, e, e3, h, j, l1, l3, s;
    F2(sqr)(&b, &t->y);
    F2(sqr)(&c, &t->z);
    F2(mul)(&e, &c, &G2(b3));
    F2(dbl)(&e3, &e);
    F2(add)(&e3, &e3, &e);
    F2(add)(&h, &t->y, &t->z);
    F2(sqr)(&h, &h);
    F2(sub)(&h, &h, &b);
    F2(sub)(&h, &h, &c);
    F2(sqr)(&j, &t->x);
    F2(sub)(&l3, &b, &e);
    F2(dbl)(&l1, &j);
    F2(add)(&l1, &l1, &j);
    F2(neg)(&l1, &l1);

    F2(mul)(&t->x, &t->x, &t->y);
    F2(sub)(&s, &b, &e3);
    F2(mul)(&t->x, &t->x, &s);
    F2(dbl)(&t->x, &t->x); /* 2 X Y (B - 3 E) */
    F2(add)(&s, &b, &e3);
    F2(sqr)(&t->y, &s);
    F2(sqr)(&s, &e);
    F2(dbl)(&s, &s);
    F2(dbl)(&s, &s);
    F2(sub)(&t->y, &t->y, &s);
    F2(sub)(&t->y, &t->y, &s);
    F2(sub)(&t->y, &t->y, &s); /* (B + 3 E)^2 - 12 E^2 */
    F2(mul)(&t->z, &b, &h);
    F2(dbl)(&t->z, &t->z);
    F2(dbl)(&t->z, &t->z); /* 4 B H */
    FN(eval_line)(f, &h, &l1, &l3, &t->p);
}

/* f *= the line through T and Q, evaluated at P; T = T + Q. With theta = Y - y_Q Z, lambda = X - x_Q Z: line
 * lambda y_P - theta x_P w + (theta x_Q - lambda y_Q) w^3; C = theta^2, D = lambda^2, E = lambda D, G = X D,
 * H = E + Z C - 2 G, X3 = lambda H, Y3 = theta (G - H) - E Y, Z3 = Z E. */
PM_LOCAL void FN(add_step)(T(fp12) * f, struct FN(pair) * t, const G2(affine) * q)
{
    FE2 theta, lambda, c, d, e, g, h, l1, l3, s;
    F2(mul)(&s, &q->y, &t->z);
    F2(sub)(&theta, &t->y, &s);
    F2(mul)(&s, &q->x, &t->z);
    F2(sub)(&lambda, &t->x, &s);
    F2(sqr)(&c, &theta);
    F2(sqr)(&d, &lambda);
    F2(mul)(&e, &lambda, &d);
    F2(mul)(&g, &t->x, &d);
    F2(mul)(&h, &t->z, &c);
    F2(add)(&h, &h, &e);
    F2(sub)(&h, &h, &g);
    F2(sub)(&h, &h, &g);
    F2(mul)(&t->x, &lambda, &h);
    F2(sub)(&g, &g, &h);
    F2(mul)(&g, &g, &theta);
    F2(mul)(&s, &e, &t->y);
    F2(sub)(&t->y, &g, &s);
    F2(mul)(&t->z, &t->z, &e);

    F2(mul)(&l3, &theta, &q->x);
    F2(mul)(&s, &lambda, &q->y);
    F2(sub)(&l3, &l3, &s);
    F2(neg)(&l1, &theta);
    FN(eval_line)(f, &lambda, &l1, &l3, &t->p);
}

/* f = the product of Miller's functions f_{6x+2,Q}(P) and the two lines to psi(Q) and -psi^2(Q). No pair
 * holds infinity. */
PM_LOCAL void FN(miller)(T(fp12) * f, struct FN(pair) * pair, size_t n)
{
    T(set_one)(f);
    for (size_t i = 0; i < n; i++) {
        pair[i].x = pair[i].q.x;
        pair[i].y = pair[i].q.y;
        F2(set_one)(&pair[i].z);
        G2(affine_neg)(&pair[i].minus_q, &pair[i].q);
    }
    for (size_t bit = sizeof FN(loop) - 1; bit-- > 0;) { /* the leading digit is 1 */
        T(sqr)(f, f);
        for (size_t i = 0; i < n; i++) {
            FN(double_step)(f, &pair[i]);
            if (FN(loop)[bit] == 0) continue;
            FN(add_step)(f, &pair[i], FN(loop)[bit] > 0 ? &pair[i].q : &pair[i].minus_q);
        }
    }
    for (size_t i = 0; i < n; i++) {
        G2(affine) image;
        FN(psi)(&image, &pair[i].q);
        FN(add_step)(f, &pair[i], &image);
        FN(psi)(&image, &image);
        G2(affine_neg)(&image, &image);
        FN(add_step)(f, &pair[i], &image);
    }
}

/* out = a^x in the cyclotomic subgroup */
PM_LOCAL void FN(pow_x)(T(fp12) * out, const T(fp12) * a)
{
    T(fp12) acc = *a, base = *a, inverse;
    T(conj)(&inverse, a);
    for (size_t bit = sizeof FN(x_naf) - 1; bit-- > 0;) {
        T(cyclotomic_sqr)(&acc, &acc);
        if (FN(x_naf)[bit] != 0) T(mul)(&acc, &acc, FN(x_naf)[bit] > 0 ? &base : &inverse);
    }
    *out = acc;
}

/* f = f^(c (p^12 - 1) / r) with c = 2 x (6 x^2 + 3 x + 1), which is coprime to r. The hard part is
 * c (p^4 - p^2 + 1) / r = l0 + l1 p + l2 p^2 + l3 p^3, with K = 12 x^3 + 6 x^2:
 * l0 = K + 6 x^2 + 6 x + 1, l1 = K + 4 x, l2 = K + 6 x, l3 = K + 4 x - 1. */
PM_LOCAL void FN(final_exponentiation)(T(fp12) * f)
{
    T(fp12) a, b, k, x2, x4, x6, xx6;
    T(inv_var)(&a, f); /* a = f^((p^6 - 1)(p^2 + 1)) */
    T(conj)(&b, f);
    T(mul)(&a, &a, &b);
    T(frobenius)(&b, &a);
    T(frobenius)(&b, &b);
    T(mul)(&a, &a, &b);

    FN(pow_x)(&x2, &a);
    T(cyclotomic_sqr)(&x2, &x2);
    T(cyclotomic_sqr)(&x4, &x2);
    T(mul)(&x6, &x4, &x2);
    FN(pow_x)(&xx6, &x6);
    T(cyclotomic_sqr)(&k, &xx6);
    FN(pow_x)(&k, &k);
    T(mul)(&k, &k, &xx6);

    T(mul)(&x4, &x4, &k); /* a^l1 */
    T(mul)(&x6, &x6, &k); /* a^l2 */
    T(conj)(&b, &a);
    T(mul)(&b, &b, &x4); /* a^l3 */
    T(frobenius)(&b, &b);
    T(mul)(&b, &b, &x6);
    T(frobenius)(&b, &b);
    T(mul)(&b, &b, &x4);
    T(frobenius)(&b, &b);
    T(mul)(&xx6, &xx6, &x6); /* a^(l0 - 1) */
    T(mul)(&b, &b, &xx6);
    T(mul)(f, &b, &a);
}

/* Whether the product of e(p[i], q[i]) is one, for points of the groups of order r; n <= max_pairs. */
PM_LOCAL bool FN(product_is_one)(const G1(affine) * p, const G2(affine) * q, size_t n)
{
    struct FN(pair) pair[FN(max_pairs)];
    T(fp12) f, one;
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (G1(affine_is_infinity)(&p[i]) || G2(affine_is_infinity)(&q[i])) continue;
        pair[used].p = p[i];
        pair[used++].q = q[i];
    }
    FN(miller)(&f, pair, used);
    FN(final_exponentiation)(&f);
    T(set_one)(&one);
    return T(equal)(&f, &one);
}

/* out = e(p, q) to the power c (p^12 - 1) / r, which is also the value that snarkjs writes into its keys. */
PM_LOCAL void FN(value)(T(fp12) * out, const G1(affine) * p, const G2(affine) * q)
{
    struct FN(pair) pair = {.q = *q, .p = *p};
    bool infinity = G1(affine_is_infinity)(p) || G2(affine_is_infinity)(q);
    FN(miller)(out, &pair, infinity ? 0 : 1);
    FN(final_exponentiation)(out);
}

/* Whether a point of the twist has order r (or is infinity): psi(Q) = [6 x^2] Q. psi satisfies psi^2 - t psi
 * + p = 0 with t = 6 x^2 + 1; where psi acts as t - 1 this says ((t - 1)^2 - t (t - 1) + p) Q = (p + 1 - t) Q
 * = r Q = 0. The converse is how psi acts on G2. (Scott, ePrint 2021/1130, treats such tests in general.) */
PM_LOCAL bool FN(g2_in_subgroup)(const G2(affine) * a)
{
    PAIRING_G2 acc, base, image;
    G2(affine) minus;
    G2(from_affine)(&base, a);
    for (int round = 0; round < 2; round++) { /* times x, twice */
        PAIRING_G2 inverse;
        acc = base;
        G2(neg)(&inverse, &base);
        for (size_t bit = sizeof FN(x_naf) - 1; bit-- > 0;) {
            G2(dbl)(&acc, &acc);
            if (FN(x_naf)[bit] != 0) G2(add)(&acc, &acc, FN(x_naf)[bit] > 0 ? &base : &inverse);
        }
        base = acc;
    }
    G2(dbl)(&acc, &base); /* times 6 = 2 (2 + 1) */
    G2(add)(&acc, &acc, &base);
    G2(dbl)(&acc, &acc);
    if (G2(affine_is_infinity)(a)) return true;
    FN(psi)(&minus, a);
    G2(affine_neg)(&minus, &minus);
    G2(add_affine)(&image, &acc, &minus);
    return G2(is_infinity)(&image);
}

#undef FN
#undef F
#undef F2
#undef T
#undef G1
#undef G2
#undef FE2
#undef PAIRING
#undef PAIRING_FP
#undef PAIRING_FP2
#undef PAIRING_TOWER
#undef PAIRING_G1
#undef PAIRING_G2
#undef PAIRING_LOOP
#undef PAIRING_X_NAF
