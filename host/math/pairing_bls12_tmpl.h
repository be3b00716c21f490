/* The part of pairing_tmpl.h that is special to curves of Barreto, Lynn and Scott of embedding degree 12 with
 * x < 0: the end of Miller's loop, the final exponentiation, the tests of subgroups. Included there, never by
 * itself. Sources: Vercauteren, "Optimal Pairings" (ePrint 2008/096); Hayashida, Hayasaka, Teruya (ePrint
 * 2020/875) for the final exponentiation; Scott (ePrint 2021/1130) and Bowe (ePrint 2019/814) for the
 * subgroups.
 *
 * Parameter besides those of pairing_tmpl.h
 *   PAIRING_BETA   initializer: the cube root of unity in Fp for which (x, y) -> (beta x, y) acts as
 *                  -x^2 on G1
 */

static const PAIRING_FP FN(beta) = PAIRING_BETA;

/* f is Miller's f_{|x|,Q}(P): f_{x,Q} is its inverse, but for lines that the final exponentiation kills, and
 * there the conjugate is the inverse. */
PM_LOCAL void FN(miller_end)(T(fp12) * f, struct FN(pair) * pair, size_t n, struct FN(fixed_pair) * fixed,
                             size_t m)
{
    (void)pair;
    (void)n;
    (void)fixed;
    (void)m;
    T(conj)(f, f);
}
PM_LOCAL void FN(fix_end)(struct FN(line) * line, G2(affine) * t, const G2(affine) * q)
{
    (void)line;
    (void)t;
    (void)q;
}

/* f = f^(c (p^12 - 1) / r) with c = 3. The hard part is 3 (p^4 - p^2 + 1) / r = (x - 1)^2 (x + p) (x^2 + p^2
 * - 1) + 3. */
PM_LOCAL void FN(final_exponentiation)(T(fp12) * f)
{
    T(fp12) a, b, t;
    FN(easy_part)(&a, f);
    b = a;
    for (int i = 0; i < 2; i++) { /* b^(x - 1) is the inverse of b^(|x| + 1), twice is without inverse */
        FN(pow_x)(&t, &b);
        T(mul)(&b, &b, &t);
    }
    FN(pow_x)(&t, &b); /* b^(x + p) */
    T(conj)(&t, &t);
    T(frobenius)(&b, &b);
    T(mul)(&b, &b, &t);
    T(conj)(&t, &b); /* b^(x^2 + p^2 - 1) */
    FN(pow_x)(f, &b);
    FN(pow_x)(f, f);
    T(mul)(f, f, &t);
    T(frobenius)(&b, &b);
    T(frobenius)(&b, &b);
    T(mul)(f, f, &b);
    T(cyclotomic_sqr)(&t, &a); /* a^3 */
    T(mul)(&t, &t, &a);
    T(mul)(f, f, &t);
}

/* Lines at the end of Miller's loop; g1_is_eigen: the test of g1_in_subgroup, given [x^2] a. */
enum { FN(end_lines) = 0, FN(g1_has_cofactor) = 1 };
PM_LOCAL bool FN(g1_is_eigen)(const G1(affine) * a, const G1(affine) * xx_a)
{
    PAIRING_FP x, y;
    F(mul)(&x, &a->x, &FN(beta));
    F(neg)(&y, &a->y);
    return F(equal)(&x, &xx_a->x) && F(equal)(&y, &xx_a->y);
}

/* Whether a point of the curve has order r (or is infinity): phi(P) = [-x^2] P for phi(x, y) = (beta x, y).
 * phi^2 + phi + 1 = 0, so that such a point has (x^4 - x^2 + 1) P = r P = 0. The converse is the choice of
 * beta. */
PM_LOCAL bool FN(g1_in_subgroup)(const G1(affine) * a)
{
    PAIRING_G1 acc;
    G1(affine) image = *a;
    G1(from_affine)(&acc, a);
    FN(g1_mul_x)(&acc, &acc);
    FN(g1_mul_x)(&acc, &acc);
    F(mul)(&image.x, &image.x, &FN(beta));
    G1(add_affine)(&acc, &acc, &image);
    return G1(is_infinity)(&acc);
}

/* Whether a point of the twist has order r (or is infinity): psi(Q) = [x] Q. psi satisfies psi^2 - t psi + p
 * = 0 with t = x + 1; where psi acts as x this says (p - x) Q = h r Q = 0 with h = (x - 1)^2 / 3, the
 * cofactor of G1, which has no divisor in common with G2's. The converse is how psi acts on G2. */
PM_LOCAL bool FN(g2_in_subgroup)(const G2(affine) * a)
{
    PAIRING_G2 acc;
    G2(affine) image;
    G2(from_affine)(&acc, a);
    FN(g2_mul_x)(&acc, &acc); /* [-x] Q */
    FN(psi)(&image, a);
    G2(add_affine)(&acc, &acc, &image);
    return G2(is_infinity)(&acc);
}

/* The same test of a pair's q for nothing: the loop ends at T = [-x] Q. */
PM_LOCAL bool FN(pair_in_subgroup)(const struct FN(pair) * pair)
{
    G2(affine) image;
    FN(psi)(&image, &pair->minus_q);
    return FN(pair_is_at)(pair, &image);
}

#undef PAIRING_BETA
