/* The part of pairing_tmpl.h that is special to Barreto-Naehrig curves with a D-type twist, x > 0: the end of
 * Miller's loop, the final exponentiation, the tests of subgroups. Included there, never by itself. Sources:
 * Vercauteren, "Optimal Pairings" (ePrint 2008/096); Fuentes-Castaneda, Knapp, Rodriguez-Henriquez (SAC 2011)
 * for the final exponentiation. */

/* psi(Q) and -psi^2(Q) */
static inline void FN(end_points)(G2(affine) out[2], const G2(affine) * q)
{
    FN(psi)(&out[0], q);
    FN(psi)(&out[1], &out[0]);
    G2(affine_neg)(&out[1], &out[1]);
}

/* f is Miller's f_{6x+2,Q}(P): times the two lines to psi(Q) and -psi^2(Q). */
PM_LOCAL void FN(miller_end)(T(fp12) * f, struct FN(pair) * pair, size_t n, struct FN(fixed_pair) * fixed,
                             size_t m)
{
    for (size_t i = 0; i < n; i++) {
        G2(affine) to[2];
        FN(end_points)(to, &pair[i].q);
        FN(add_step)(f, &pair[i], &to[0]);
        FN(add_step)(f, &pair[i], &to[1]);
    }
    for (size_t i = 0; i < 2 * m; i++) FN(fixed_step)(f, &fixed[i / 2]);
}
PM_LOCAL void FN(fix_end)(struct FN(line) * line, G2(affine) * t, const G2(affine) * q)
{
    G2(affine) to[2];
    FN(end_points)(to, q);
    FN(fix_add)(line, t, &to[0]);
    FN(fix_add)(line + 1, t, &to[1]);
}

/* f = f^(c (p^12 - 1) / r) with c = 2 x (6 x^2 + 3 x + 1), which is coprime to r. The hard part is
 * c (p^4 - p^2 + 1) / r = l0 + l1 p + l2 p^2 + l3 p^3, with K = 12 x^3 + 6 x^2:
 * l0 = K + 6 x^2 + 6 x + 1, l1 = K + 4 x, l2 = K + 6 x, l3 = K + 4 x - 1. */
PM_LOCAL void FN(final_exponentiation)(T(fp12) * f)
{
    T(fp12) a, b, k, x2, x4, x6, xx6;
    FN(easy_part)(&a, f);
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

/* Lines at the end of Miller's loop; G1 is all of the curve over Fp. */
enum { FN(end_lines) = 2, FN(g1_has_cofactor) = 0 };
PM_LOCAL bool FN(g1_is_eigen)(const G1(affine) * a, const G1(affine) * xx_a)
{
    (void)a;
    (void)xx_a;
    return true;
}

/* The curve over Fp has r points. */
PM_LOCAL bool FN(g1_in_subgroup)(const G1(affine) * a)
{
    (void)a;
    return true;
}

/* Whether a point of the twist has order r (or is infinity): psi(Q) = [6 x^2] Q. psi satisfies psi^2 - t psi
 * + p = 0 with t = 6 x^2 + 1; where psi acts as t - 1 this says ((t - 1)^2 - t (t - 1) + p) Q = (p + 1 - t) Q
 * = r Q = 0. The converse is how psi acts on G2. (Scott, ePrint 2021/1130, treats such tests in general.) */
PM_LOCAL bool FN(g2_in_subgroup)(const G2(affine) * a)
{
    PAIRING_G2 base, acc;
    G2(affine) minus;
    G2(from_affine)(&base, a);
    FN(g2_mul_x)(&base, &base);
    FN(g2_mul_x)(&base, &base);
    G2(dbl)(&acc, &base); /* times 6 = 2 (2 + 1) */
    G2(add)(&acc, &acc, &base);
    G2(dbl)(&acc, &acc);
    FN(psi)(&minus, a);
    G2(affine_neg)(&minus, &minus);
    G2(add_affine)(&acc, &acc, &minus);
    return G2(is_infinity)(&acc);
}

/* Whether a pair's q has order r, for nothing: the loop ends at T = (6 x + 2) Q + psi(Q) - psi^2(Q), which on
 * G2 is -psi^3(Q), and on no other point: if g(psi) Q = 0 with g = 6 x + 2 + z - z^2 + z^3, then so is N Q
 * for N the resultant of g and psi's polynomial z^2 - t z + p, and the greatest common divisor of N and the
 * order r (2 p - r) of the twist is r (tests/unit/math/pairing_tmpl.c computes it). */
PM_LOCAL bool FN(pair_in_subgroup)(const struct FN(pair) * pair)
{
    G2(affine) image;
    FN(psi)(&image, &pair->minus_q);
    FN(psi)(&image, &image);
    FN(psi)(&image, &image);
    return FN(pair_is_at)(pair, &image);
}
