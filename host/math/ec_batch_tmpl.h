/* Many independent additions of affine points with one shared inversion (Montgomery's trick): 5 M + 1 S each.
 * This is the one kernel of msm_tmpl.h and fixed_tmpl.h, and the place where lanes of a vector unit come in.
 *
 * Parameters
 *   BATCH         prefix of all names (the group's, e.g. bn254_g1)
 *   BATCH_FIELD   prefix of the coordinates' field
 *
 * Time depends on the points where they are special (equal, opposite, infinity) and in the inversion. */
#include "math/tmpl.h"

#define FN(op) PM_CAT(BATCH, _##op)
#define F(op)  PM_CAT(BATCH_FIELD, _##op)
#define FE     BATCH_FIELD
#define AFFINE FN(affine)

/* Scratch of one addition. */
struct FN(batch_slot) {
    FE divisor, before; /* before: the product of all earlier divisors */
};

/* p[i] += q[i] for i < n. Every case is right: infinity on either side, equal points, opposite points. */
PM_LOCAL void FN(batch_add_var)(AFFINE *p, const AFFINE *q, size_t n, struct FN(batch_slot) * slot)
{
    FE acc, inverse, lambda, t;
    F(set_one)(&acc);
    for (size_t i = 0; i < n; i++) {
        F(sub)(&slot[i].divisor, &q[i].x, &p[i].x);
        if (FN(affine_is_infinity)(&p[i]) || FN(affine_is_infinity)(&q[i]))
            F(set_zero)(&slot[i].divisor);
        else if (F(is_zero)(&slot[i].divisor)) /* 2 y of a double, 0 of opposite points */
            F(add)(&slot[i].divisor, &p[i].y, &q[i].y);
        slot[i].before = acc;
        if (!F(is_zero)(&slot[i].divisor)) F(mul)(&acc, &acc, &slot[i].divisor);
    }
    F(inv_var)(&inverse, &acc);
    for (size_t i = n; i-- > 0;) {
        if (F(is_zero)(&slot[i].divisor)) { /* no division: one of the two, or infinity */
            if (FN(affine_is_infinity)(&p[i]))
                p[i] = q[i];
            else if (!FN(affine_is_infinity)(&q[i]))
                p[i] = (AFFINE){0};
            continue;
        }
        F(mul)(&lambda, &inverse, &slot[i].before);
        F(mul)(&inverse, &inverse, &slot[i].divisor);
        if (F(equal)(&p[i].x, &q[i].x)) { /* 3 x^2 / 2 y */
            F(sqr)(&t, &p[i].x);
            F(mul)(&lambda, &lambda, &t);
            F(dbl)(&t, &lambda);
            F(add)(&lambda, &lambda, &t);
        } else { /* (y2 - y1) / (x2 - x1) */
            F(sub)(&t, &q[i].y, &p[i].y);
            F(mul)(&lambda, &lambda, &t);
        }
        FE x = p[i].x;
        F(sqr)(&t, &lambda); /* x3 = lambda^2 - x1 - x2, y3 = lambda (x1 - x3) - y1 */
        F(sub)(&t, &t, &x);
        F(sub)(&p[i].x, &t, &q[i].x);
        F(sub)(&t, &x, &p[i].x);
        F(mul)(&t, &t, &lambda);
        F(sub)(&p[i].y, &t, &p[i].y);
    }
}

#undef FN
#undef F
#undef FE
#undef AFFINE
#undef BATCH
#undef BATCH_FIELD
