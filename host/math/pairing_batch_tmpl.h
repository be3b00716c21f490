/* Random linear combinations of pairings, portable: what a batch of equations needs. Weights are short
 * elements a + b lambda of Z[lambda], lambda the eigenvalue of phi(x, y) = (beta x, y) on G1, so that a
 * multiplication takes as many doublings as a part has bits (Gallant, Lambert, Vanstone, CRYPTO 2001).
 * Different weights with parts below 2^120 differ mod r: r divides the norm a^2 - a b + b^2 of a difference
 * that is 0 mod r. Everything is public.
 *
 * Parameters
 *   WEIGHTED          prefix of the pairing (pairing_tmpl.h)
 *   WEIGHTED_FP       prefix of Fp
 *   WEIGHTED_FR       prefix of Fr
 *   WEIGHTED_TOWER    prefix of the tower
 *   WEIGHTED_G1/_G2   prefixes of the groups
 *   WEIGHTED_BETA     initializer: the cube root of unity beta in Fp, Montgomery
 *   WEIGHTED_LAMBDA   initializer: lambda in Fr, Montgomery */
#include "math/curve.h"
#include "math/tmpl.h"

#define FN(op) PM_CAT(WEIGHTED, _##op)
#define F(op)  PM_CAT(WEIGHTED_FP, _##op)
#define FR(op) PM_CAT(WEIGHTED_FR, _##op)
#define T(op)  PM_CAT(WEIGHTED_TOWER, _##op)
#define G1(op) PM_CAT(WEIGHTED_G1, _##op)
#define G2(op) PM_CAT(WEIGHTED_G2, _##op)

static const WEIGHTED_FP FN(batch_beta) = WEIGHTED_BETA;
static const WEIGHTED_FR FN(batch_lambda) = WEIGHTED_LAMBDA;

/* out = a + b lambda, plain */
PM_LOCAL void FN(weight_scalar)(WEIGHTED_FR *out, const struct pm_weight *w)
{
    WEIGHTED_FR a = {{w->a[0], w->a[1]}}, b = {{w->b[0], w->b[1]}};
    FR(mul)(&b, &FN(batch_lambda), &b);
    FR(add)(out, &a, &b);
}

static inline unsigned FN(weight_bits)(const struct pm_weight *w, size_t n)
{
    uint64_t low = 0, high = 0;
    for (size_t i = 0; i < n; i++) {
        low |= w[i].a[0] | w[i].b[0];
        high |= w[i].a[1] | w[i].b[1];
    }
    return high ? 128 - (unsigned)__builtin_clzll(high) : low ? 64 - (unsigned)__builtin_clzll(low) : 0;
}

/* acc += what bit `bit` of both parts says: p, phi(p) or p + phi(p) = -phi^2(p) */
static inline void FN(weight_add)(WEIGHTED_G1 *acc, const G1(affine) * p, const struct pm_weight *w,
                                  unsigned bit)
{
    const unsigned a = w->a[bit / 64] >> bit % 64 & 1, b = w->b[bit / 64] >> bit % 64 & 1;
    G1(affine) term = *p;
    if (a + b == 0) return;
    if (b) F(mul)(&term.x, &term.x, &FN(batch_beta));
    if (a & b) {
        F(mul)(&term.x, &term.x, &FN(batch_beta));
        G1(affine_neg)(&term, &term);
    }
    G1(add_affine)(acc, acc, &term);
}

/* out = the sum over i < n of w[i] p[i]; doublings are shared. */
PM_LOCAL void FN(weighted_sum)(WEIGHTED_G1 *out, const G1(affine) * p, const struct pm_weight *w, size_t n)
{
    G1(set_infinity)(out);
    for (unsigned bit = FN(weight_bits)(w, n); bit-- > 0;) {
        G1(dbl)(out, out);
        for (size_t i = 0; i < n; i++) FN(weight_add)(out, &p[i], &w[i], bit);
    }
}

/* out = the product over i < n of Miller's function of (w[i] p[i], q[i]), in_group[i] whether q[i] has order
 * r. p has order r, q is on the curve, no point is infinity, no weight is zero. */
PM_LOCAL void FN(weighted)(T(fp12) * out, bool *in_group, const G1(affine) * p, const G2(affine) * q,
                           const struct pm_weight *w, size_t n)
{
    struct FN(pair) pair[FN(max_pairs)];
    T(set_one)(out);
    for (size_t at = 0; at < n; at += FN(max_pairs)) {
        const size_t here = n - at < FN(max_pairs) ? n - at : FN(max_pairs);
        T(fp12) f;
        for (size_t i = 0; i < here; i++) {
            WEIGHTED_G1 sum;
            G1(affine) multiple;
            WEIGHTED_FP t, inverse;
            FN(weighted_sum)(&sum, &p[at + i], &w[at + i], 1);
            F(mul)(&t, &sum.zz, &sum.zzz);
            F(inv_var)(&inverse, &t);
            F(mul)(&t, &inverse, &sum.zzz);
            F(mul)(&multiple.x, &sum.x, &t);
            F(mul)(&t, &inverse, &sum.zz);
            F(mul)(&multiple.y, &sum.y, &t);
            FN(pair_begin)(&pair[i], &multiple, &q[at + i]);
        }
        FN(miller)(&f, pair, here, NULL, 0);
        for (size_t i = 0; i < here; i++) in_group[at + i] = FN(pair_in_subgroup)(&pair[i]);
        T(mul)(out, out, &f);
    }
}

#undef FN
#undef F
#undef FR
#undef T
#undef G1
#undef G2
#undef WEIGHTED
#undef WEIGHTED_FP
#undef WEIGHTED_FR
#undef WEIGHTED_TOWER
#undef WEIGHTED_G1
#undef WEIGHTED_G2
#undef WEIGHTED_BETA
#undef WEIGHTED_LAMBDA
