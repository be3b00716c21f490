/* Many affine points times one power of two: the rows of a table for an MSM with fixed bases (msm.h). Each
 * point is doubled by itself; a block of points shares the inversion that makes them affine.
 * ec_lift_ifma_tmpl.h does the same in lanes.
 *
 * Parameters
 *   LIFT         prefix of all names (the group's, e.g. bn254_g1)
 *   LIFT_FIELD   prefix of the coordinates' field
 *
 * Time depends on which points are infinity. */
#include "math/tmpl.h"

#define FN(op) PM_CAT(LIFT, _##op)
#define F(op)  PM_CAT(LIFT_FIELD, _##op)

enum { FN(lift_block) = 256 };

/* A thread's own memory. */
struct FN(lift_worker) {
    LIFT point[FN(lift_block)];
    LIFT_FIELD before[FN(lift_block)]; /* the product of ZZZ of all points before, but infinities */
};

/* x = X (ZZ / ZZZ)^2, y = Y / ZZZ, because ZZ^3 = ZZZ^2 */
static inline void FN(lift_block_to_affine)(uint8_t *out, struct FN(lift_worker) * w, size_t n)
{
    LIFT_FIELD product, inverse, own, t;
    F(set_one)(&product);
    for (size_t i = 0; i < n; i++) {
        w->before[i] = product;
        if (!FN(is_infinity)(&w->point[i])) F(mul)(&product, &product, &w->point[i].zzz);
    }
    F(inv_var)(&inverse, &product);
    for (size_t i = n; i-- > 0;) {
        const LIFT *p = &w->point[i];
        FN(affine) a = {0};
        if (!FN(is_infinity)(p)) {
            F(mul)(&own, &inverse, &w->before[i]);
            F(mul)(&inverse, &inverse, &p->zzz);
            F(mul)(&t, &own, &p->zz);
            F(sqr)(&t, &t);
            F(mul)(&a.x, &p->x, &t);
            F(mul)(&a.y, &p->y, &own);
        }
        FN(affine_store)(out + i * FN(bytes), &a);
    }
}

/* out[i] = 2^doublings bases[i] for i < n, affine bytes, canonical; out may be bases. */
PM_LOCAL void FN(lift)(uint8_t *out, const uint8_t *bases, size_t n, unsigned doublings, void *worker)
{
    struct FN(lift_worker) *w = worker;
    for (size_t done = 0, count; done < n; done += count) {
        count = n - done < FN(lift_block) ? n - done : FN(lift_block);
        for (size_t i = 0; i < count; i++) {
            FN(affine) a;
            FN(affine_load)(&a, bases + (done + i) * FN(bytes));
            FN(from_affine)(&w->point[i], &a);
            for (unsigned k = 0; k < doublings; k++) FN(dbl)(&w->point[i], &w->point[i]);
        }
        FN(lift_block_to_affine)(out + done * FN(bytes), w, count);
    }
}

#undef FN
#undef F
#undef LIFT
#undef LIFT_FIELD
