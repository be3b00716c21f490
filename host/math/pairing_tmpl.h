/* The optimal ate pairing: products of pairings, as values and compared with one, some of whose points of G2
 * may be fixed and made ready. What all curves of embedding degree 12 with a sextic twist share stands here,
 * the rest in a file for each family of curves. Everything here is public (keys, proofs): time depends on
 * values.
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
 *   PAIRING_LINES     the number of that loop's lines
 *   PAIRING_X_DIGITS  initializer: |x| likewise
 *   PAIRING_X_WINDOW  digits of |x| taken at once, at most 3 (whose values are 1, 3 and 5)
 *
 * Sources: Vercauteren, "Optimal Pairings" (ePrint 2008/096); Costello, Lange, Naehrig (ePrint 2009/615) for
 * the steps in homogeneous coordinates; Costello, Stebila, "Fixed Argument Pairings" (ePrint 2010/342). */
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

/* A fixed point of G2, as the lines of its loop: l1 x_P w + l3 w^3 + y_P, over y_P. */
struct FN(line) {
    FE2 l1, l3;
};
struct FN(fixed) {
    bool infinity;
    struct FN(line) line[PAIRING_LINES];
};

/* A pair of a point of G1, as x / y and 1 / y, and a fixed point on its way through Miller's loop. */
struct FN(fixed_pair) {
    const struct FN(line) * next;
    PAIRING_FP x_over_y, one_over_y;
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

/* f *= the next line of a fixed point, evaluated at P and divided by y_P */
PM_LOCAL void FN(fixed_step)(T(fp12) * f, struct FN(fixed_pair) * t)
{
    FE2 l1, l3;
    F2(mul_base)(&l1, &t->next->l1, &t->x_over_y);
    F2(mul_base)(&l3, &t->next->l3, &t->one_over_y);
    t->next++;
    if (PAIRING_M_TWIST)
        T(mul_monic_m)(f, f, &l3, &l1);
    else
        T(mul_monic_d)(f, f, &l1, &l3);
}

/* The line through T with slope lambda, and T = the third point on it, negated: x3 = lambda^2 - x_T - x_Q. */
static inline void FN(fix_line)(struct FN(line) * line, G2(affine) * t, const FE2 *lambda, const FE2 *x_q)
{
    FE2 x;
    F2(neg)(&line->l1, lambda);
    F2(mul)(&line->l3, lambda, &t->x);
    F2(sub)(&line->l3, &line->l3, &t->y);
    F2(sqr)(&x, lambda);
    F2(sub)(&x, &x, &t->x);
    F2(sub)(&x, &x, x_q);
    F2(mul)(&t->y, lambda, &x); /* y3 = l3 - lambda x3 */
    F2(sub)(&t->y, &line->l3, &t->y);
    t->x = x;
}
PM_LOCAL void FN(fix_double)(struct FN(line) * line, G2(affine) * t)
{
    FE2 lambda, s;
    F2(dbl)(&s, &t->y);
    F2(inv_var)(&s, &s);
    F2(sqr)(&lambda, &t->x);
    F2(mul)(&s, &s, &lambda);
    F2(dbl)(&lambda, &s);
    F2(add)(&lambda, &lambda, &s);
    s = t->x;
    FN(fix_line)(line, t, &lambda, &s);
}
PM_LOCAL void FN(fix_add)(struct FN(line) * line, G2(affine) * t, const G2(affine) * q)
{
    FE2 lambda, s;
    F2(sub)(&s, &t->x, &q->x);
    F2(inv_var)(&s, &s);
    F2(sub)(&lambda, &t->y, &q->y);
    F2(mul)(&lambda, &lambda, &s);
    FN(fix_line)(line, t, &lambda, &q->x);
}

/* out = a^|x| in the cyclotomic subgroup, digits taken in windows that begin and end with one that is not
 * zero */
PM_LOCAL void FN(pow_x)(T(fp12) * out, const T(fp12) * a)
{
    enum { WINDOW = PAIRING_X_WINDOW, POWERS = WINDOW < 3 ? 1 : 3, N = sizeof FN(x_digit) };
    T(fp12) acc, power[POWERS], t;
    power[0] = *a;
    T(cyclotomic_sqr)(&t, a);
    for (int i = 1; i < POWERS; i++) T(mul)(&power[i], &power[i - 1], &t); /* a^3, a^5 */
    T(set_one)(&acc);
    bool one = true;
    for (int high = N - 1, low; high >= 0; high = low - 1) {
        int value = 0;
        low = high;
        if (FN(x_digit)[high] != 0) {
            low = high + 1 > WINDOW ? high + 1 - WINDOW : 0;
            while (FN(x_digit)[low] == 0) low++;
        }
        for (int i = high; i >= low; i--) {
            value = 2 * value + FN(x_digit)[i];
            if (!one) T(cyclotomic_sqr)(&acc, &acc);
        }
        if (value == 0) continue;
        t = power[(value < 0 ? -value : value) / 2];
        if (value < 0) T(conj)(&t, &t);
        if (one)
            acc = t;
        else
            T(mul)(&acc, &acc, &t);
        one = false;
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

/* Whether (X : Y : Z) is the point q of the curve; not if Z = 0. Once the loop meets T = Q or T = -Q, which
 * happens only outside the subgroup, its Z stays 0. */
PM_LOCAL bool FN(pair_is_at)(const struct FN(pair) * pair, const G2(affine) * q)
{
    FE2 x, y;
    F2(mul)(&x, &q->x, &pair->z);
    F2(mul)(&y, &q->y, &pair->z);
    return !F2(is_zero)(&pair->z) && F2(equal)(&x, &pair->x) && F2(equal)(&y, &pair->y);
}

/* Of the family: miller_end, fix_end, final_exponentiation (to the power c (p^12 - 1) / r for a small
 * constant c), g1_in_subgroup, g2_in_subgroup, and pair_in_subgroup: the same of a pair's q after the loop.
 */
#include PAIRING_FAMILY

/* The lines of a point of order r, or infinity. */
PM_LOCAL void FN(fix)(struct FN(fixed) * out, const G2(affine) * q)
{
    struct FN(line) *line = out->line;
    G2(affine) t = *q, minus;
    *out = (struct FN(fixed)){.infinity = G2(affine_is_infinity)(q)};
    if (out->infinity) return;
    G2(affine_neg)(&minus, q);
    for (size_t bit = sizeof FN(loop) - 1; bit-- > 0;) {
        FN(fix_double)(line++, &t);
        if (FN(loop)[bit] != 0) FN(fix_add)(line++, &t, FN(loop)[bit] > 0 ? q : &minus);
    }
    FN(fix_end)(line, &t, q);
}

PM_LOCAL void FN(pair_begin)(struct FN(pair) * pair, const G1(affine) * p, const G2(affine) * q)
{
    *pair = (struct FN(pair)){.x = q->x, .y = q->y, .q = *q, .p = *p};
    F2(set_one)(&pair->z);
    G2(affine_neg)(&pair->minus_q, q);
}
/* p has order r, so that its y is not zero. */
PM_LOCAL void FN(fixed_begin)(struct FN(fixed_pair) * pair, const G1(affine) * p, const struct FN(fixed) * q)
{
    pair->next = q->line;
    F(inv_var)(&pair->one_over_y, &p->y);
    F(mul)(&pair->x_over_y, &p->x, &pair->one_over_y);
}

/* f = the product of the pairs' Miller functions. No pair holds infinity. */
PM_LOCAL void FN(miller)(T(fp12) * f, struct FN(pair) * pair, size_t n, struct FN(fixed_pair) * fixed,
                         size_t m)
{
    T(set_one)(f);
    for (size_t bit = sizeof FN(loop) - 1; bit-- > 0;) { /* the leading digit is 1 */
        const int digit = FN(loop)[bit];
        if (bit + 2 < sizeof FN(loop)) T(sqr)(f, f);
        for (size_t i = 0; i < n; i++) {
            FN(double_step)(f, &pair[i]);
            if (digit != 0) FN(add_step)(f, &pair[i], digit > 0 ? &pair[i].q : &pair[i].minus_q);
        }
        for (size_t i = 0; i < m; i++) {
            FN(fixed_step)(f, &fixed[i]);
            if (digit != 0) FN(fixed_step)(f, &fixed[i]);
        }
    }
    FN(miller_end)(f, pair, n, fixed, m);
}

enum FN(answer) { FN(unequal), FN(equal), FN(outside) };

/* Whether factor e(p[0], q[0]) ... fixed[0](fixed_p[0]) ... after the final exponentiation is target, for n
 * <= max_pairs and m <= max_pairs; a pair with an infinity contributes one. factor is a value before the
 * final exponentiation; it and target may be NULL: one. Points of G1 have order r; q are points of the curve:
 * outside if not of order r. */
PM_LOCAL enum FN(answer)
    FN(check)(const T(fp12) * target, const T(fp12) * factor, const G1(affine) * p, const G2(affine) * q,
              size_t n, const G1(affine) * fixed_p, const struct FN(fixed) *const *fixed, size_t m)
{
    struct FN(pair) pair[FN(max_pairs)];
    struct FN(fixed_pair) fixed_pair[FN(max_pairs)];
    T(fp12) f, one;
    size_t used = 0, fixed_used = 0;
    bool inside = true;
    for (size_t i = 0; i < n; i++) {
        if (G2(affine_is_infinity)(&q[i])) continue;
        if (G1(affine_is_infinity)(&p[i]))
            inside = inside && FN(g2_in_subgroup)(&q[i]);
        else
            FN(pair_begin)(&pair[used++], &p[i], &q[i]);
    }
    for (size_t i = 0; i < m; i++)
        if (!G1(affine_is_infinity)(&fixed_p[i]) && !fixed[i]->infinity)
            FN(fixed_begin)(&fixed_pair[fixed_used++], &fixed_p[i], fixed[i]);
    FN(miller)(&f, pair, used, fixed_pair, fixed_used);
    for (size_t i = 0; i < used; i++) inside = inside && FN(pair_in_subgroup)(&pair[i]);
    if (!inside) return FN(outside);
    if (factor) T(mul)(&f, &f, factor);
    FN(final_exponentiation)(&f);
    T(set_one)(&one);
    return T(equal)(&f, target ? target : &one) ? FN(equal) : FN(unequal);
}

/* Whether the product of e(p[i], q[i]) is one, for points of the groups of order r; n <= max_pairs. */
PM_LOCAL bool FN(product_is_one)(const G1(affine) * p, const G2(affine) * q, size_t n)
{
    return FN(check)(NULL, NULL, p, q, n, NULL, NULL, 0) == FN(equal);
}

/* out = e(p, q) to the power c (p^12 - 1) / r, which is also the value that snarkjs writes into its keys. */
PM_LOCAL void FN(value)(T(fp12) * out, const G1(affine) * p, const G2(affine) * q)
{
    struct FN(pair) pair;
    bool infinity = G1(affine_is_infinity)(p) || G2(affine_is_infinity)(q);
    FN(pair_begin)(&pair, p, q);
    FN(miller)(out, &pair, infinity ? 0 : 1, NULL, 0);
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
#undef PAIRING_LINES
#undef PAIRING_X_DIGITS
#undef PAIRING_X_WINDOW
#undef PAIRING_M_TWIST
#undef PAIRING_PSI
#undef PAIRING_FAMILY
