/* Sums of multiples of a few fixed points: combs (Lim and Lee, "More Flexible Exponentiation with
 * Precomputation", CRYPTO '94). A comb holds the sums of every set of 2^(STEPS t) P for teeth t; a step of
 * the sum takes one bit of the scalar at each tooth. For public scalars: time depends on them.
 *
 * Parameters
 *   COMB         prefix of the group and of all names (ec_tmpl.h)
 *   COMB_FIELD   prefix of its coordinates' field
 *   COMB_BITS    of the scalars */
#include "math/tmpl.h"

#define FN(op) PM_CAT(COMB, _##op)
#define F(op)  PM_CAT(COMB_FIELD, _##op)

enum {
    FN(comb_teeth) = 6,
    FN(comb_sums) = (1 << FN(comb_teeth)) - 1,
    FN(comb_steps) = (COMB_BITS + FN(comb_teeth) - 1) / FN(comb_teeth)
};

struct FN(comb) {
    FN(affine) sum[FN(comb_sums)]; /* of set i + 1, as bits */
};

/* out[i] = a[i] for i < n <= comb_sums, by one inversion */
static inline void FN(comb_normalize)(FN(affine) * out, const COMB *a, size_t n)
{
    COMB_FIELD inverse[FN(comb_sums)], scratch[FN(comb_sums)], t;
    for (size_t i = 0; i < n; i++) F(mul)(&inverse[i], &a[i].zz, &a[i].zzz);
    F(batch_inv)(inverse, n, scratch);
    for (size_t i = 0; i < n; i++) { /* infinity gives (0, 0) */
        F(mul)(&t, &inverse[i], &a[i].zzz);
        F(mul)(&out[i].x, &a[i].x, &t);
        F(mul)(&t, &inverse[i], &a[i].zz);
        F(mul)(&out[i].y, &a[i].y, &t);
    }
}

PM_LOCAL void FN(comb_make)(struct FN(comb) * out, const FN(affine) * point)
{
    COMB sum[FN(comb_sums)], tooth;
    FN(from_affine)(&tooth, point);
    for (int t = 0; t < FN(comb_teeth); t++) {
        const int first = (1 << t) - 1;
        sum[first] = tooth;
        for (int i = 0; i < first; i++) FN(add)(&sum[first + 1 + i], &sum[i], &tooth);
        for (int i = 0; i < FN(comb_steps); i++) FN(dbl)(&tooth, &tooth);
    }
    FN(comb_normalize)(out->sum, sum, FN(comb_sums));
}

/* out = start + the sum over i < n of scalar i times the point of comb[i]; limbs is the scalars' length. */
PM_LOCAL void FN(comb_sum_var)(FN(affine) * out, const FN(affine) * start, const struct FN(comb) * comb,
                               const uint64_t *scalars, size_t limbs, size_t n)
{
    COMB acc;
    COMB_FIELD inverse, t;
    FN(set_infinity)(&acc);
    for (int step = FN(comb_steps); step-- > 0;) {
        FN(dbl)(&acc, &acc);
        for (size_t i = 0; i < n; i++) {
            unsigned set = 0;
            for (int tooth = 0; tooth < FN(comb_teeth); tooth++) {
                size_t bit = (size_t)(tooth * FN(comb_steps) + step);
                if (bit < 64 * limbs)
                    set |= (unsigned)(scalars[i * limbs + bit / 64] >> bit % 64 & 1) << tooth;
            }
            if (set) FN(add_affine)(&acc, &acc, &comb[i].sum[set - 1]);
        }
    }
    FN(add_affine)(&acc, &acc, start);
    F(mul)(&t, &acc.zz, &acc.zzz);
    F(inv_var)(&inverse, &t);
    F(mul)(&t, &inverse, &acc.zzz);
    F(mul)(&out->x, &acc.x, &t);
    F(mul)(&t, &inverse, &acc.zz);
    F(mul)(&out->y, &acc.y, &t);
}

#undef FN
#undef F
#undef COMB
#undef COMB_FIELD
#undef COMB_BITS
