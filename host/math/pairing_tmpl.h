/* The optimal ate pairing, as a test whether a product of pairings is one and as a value. What all curves of
 * embedding degree 12 with a sextic twist share stands here, the rest in a file for each family of curves.
 * Everything here is public (keys, proofs): time depends on values.
 *
 * Parameters
 *   PAIRING           prefix of all names
 *   PAIRING_FAMILY    "math/pairing_bn_tmpl.h" or "math/pairing_bls12_tmpl.h", which may have parameters too
 *   PAIRING_FP        prefix of Fp
 *   PAIRING_FP2       prefix of Fp2
 *   PAIRING_TOWER     prefix of the tower (tower_tmpl.h)
 *   PAIRING_G1/_G2    prefixes of the groups (ec_tmpl.h)
 *   PAIRING_M_TWIST   0: a D-type twist, y^2 = x^3 + b / xi; 1: an M-type twist, y^2 = x^3 + b xi
 *   PAIRING_PSI       initializer of two elements of Fp2: xi^((p-1)/3), xi^((p-1)/2), inverted for an M-type
 *                     twist
 *   PAIRING_LOOP      initializer: the length of Miller's loop in signed digits, least significant first, the
 *                     last one 1
 *   PAIRING_X_DIGITS  initializer: |x| likewise
 *
 * Sources: Vercauteren, "Optimal Pairings" (ePrint 2008/096); Costello, Lange, Naehrig (ePrint 2009/615) for
 * the steps in homogeneous coordinates. */
#include "math/tmpl.h"

#define FN(op) PM_CAT(PAIRING, _##op)
#define F(op)  PM_CAT(PAIRING_FP, _##op)
#define F2(op) PM_CAT(PAIRING_FP2, _##op)
#define T(op)  PM_CAT(PAIRING_TOWER, _##op)
#define G1(op) PM_CAT(PAIRING_G1, _##op)
#define G2(op) PM_CAT(PAIRING_G2, _##op)
#define FE2    PAIRING_FP2

enum { FN(max_pairs) = 16 };

static const int8_t FN(loop)[] = PAIRING_LOOP, FN(x_digit)[] = PAIRING_X_DIGITS;
static const FE2 FN(psi_factor)[2] = PAIRING_PSI;

/* One pair on its way through Miller's loop: T = (X : Y : Z) runs through multiples of Q. */
struct FN(pair) {
    FE2 x, y, z;
    G2(affine) q, minus_q;
    G1(affine) p;
};

/* The p-power Frobenius of E, seen on the twist: points of the twist are (x w^2, y w^3) on E (D) or (x / w^2,
 * y / w^3) (M). */
PM_LOCAL void FN(psi)(G2(affine) * out, const G2(affine) * a)
{
    F2(conj)(&out->x, &a->x);
    F2(conj)(&out->y, &a->y);
    F2(mul)(&out->x, &out->x, &FN(psi_factor)[0]);
    F2(mul)(&out->y, &out->y, &FN(psi_factor)[1]);
}

/* f *= l0 y_P + l1 x_P w + l3 w^3, the line through points of the twist at P; for an M-type twist, times w^3,
 * it is l3 + l1 x_P w^2 + l0 y_P w^3. */
static inline void FN(eval_line)(T(fp12) * f, FE2 *l0, FE2 *l1, const FE2 *l3, const G1(affine) * p)
{
    F2(mul_base)(l0, l0, &p->y);
    F2(mul_base)(l1, l1, &p->x);
    if (PAIRING_M_TWIST)
        T(mul_line_m)(f, f, l3, l1, l0);
    else
        T(mul_line_d)(f, f, l0, l1, l3);
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

/* out = a^|x| in the cyclotomic subgroup */
PM_LOCAL void FN(pow_x)(T(fp12) * out, const T(fp12) * a)
{
    T(fp12) acc = *a, base = *a, inverse;
    T(conj)(&inverse, a);
    for (size_t bit = sizeof FN(x_digit) - 1; bit-- > 0;) {
        T(cyclotomic_sqr)(&acc, &acc);
        if (FN(x_digit)[bit] != 0) T(mul)(&acc, &acc, FN(x_digit)[bit] > 0 ? &base : &inverse);
    }
    *out = acc;
}

/* out = [|x|] a */
#define PM_MUL_X(name, G)                                                                                    \
    PM_LOCAL void name(G *out, const G *a)                                                                   \
    {                                                                                                        \
        G acc = *a, base = *a, inverse;                                                                      \
        PM_CAT(G, _neg)(&inverse, a);                                                                        \
        for (size_t bit = sizeof FN(x_digit) - 1; bit-- > 0;) {                                              \
            PM_CAT(G, _dbl)(&acc, &acc);                                                                     \
            if (FN(x_digit)[bit] != 0) PM_CAT(G, _add)(&acc, &acc, FN(x_digit)[bit] > 0 ? &base : &inverse); \
        }                                                                                                    \
        *out = acc;                                                                                          \
    }
PM_MUL_X(FN(g1_mul_x), PAIRING_G1)
PM_MUL_X(FN(g2_mul_x), PAIRING_G2)
#undef PM_MUL_X

/* out = f^((p^6 - 1)(p^2 + 1)), an element of the cyclotomic subgroup */
PM_LOCAL void FN(easy_part)(T(fp12) * out, const T(fp12) * f)
{
    T(fp12) a, b;
    T(inv_var)(&a, f);
    T(conj)(&b, f);
    T(mul)(&a, &a, &b);
    T(frobenius)(&b, &a);
    T(frobenius)(&b, &b);
    T(mul)(out, &a, &b);
}

/* Of the family: miller_end, final_exponentiation (to the power c (p^12 - 1) / r for a small constant c),
 * g1_in_subgroup, g2_in_subgroup. */
#include PAIRING_FAMILY

/* f = the product of the pairs' Miller functions. No pair holds infinity. */
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
    FN(miller_end)(f, pair, n);
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

/* The twelve coefficients of value over Fp, Montgomery, in the order of curve.h. */
PM_LOCAL void FN(coefficients)(PAIRING_FP out[12], const G1(affine) * p, const G2(affine) * q)
{
    T(fp12) f;
    FN(value)(&f, p, q);
    for (int i = 0; i < 6; i++) {
        const FE2 *c = i < 3 ? &f.c0.c[i] : &f.c1.c[i - 3];
        out[2 * i] = c->c0;
        out[2 * i + 1] = c->c1;
    }
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
#undef PAIRING_X_DIGITS
#undef PAIRING_M_TWIST
#undef PAIRING_PSI
#undef PAIRING_FAMILY
