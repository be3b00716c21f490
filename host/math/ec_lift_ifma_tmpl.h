/* Many affine points times one power of two in lanes: ec_lift_tmpl.h for AVX-512 IFMA, over the vectors of
 * ec_batch_ifma_tmpl.h, whose instance for the same group must stand before. A vector of points is doubled in
 * Jacobian coordinates without leaving the first cache; a block of vectors shares the inversion that makes
 * them affine.
 *
 * Parameters
 *   LIFT          prefix of all names (the group's, e.g. bn254_g1)
 *   LIFT_FP       prefix of the prime field
 *   LIFT_DEGREE   1 or 2: coordinates in Fp, or in Fp2
 *   LIFT_LANES    prefix of the lanes of Fp (fp_ifma_tmpl.h)
 *
 * Values. Inside, an element x is x 2^E, E = 52 N, so that products keep the form; what is stored is carried
 * and below 1 + q. In bounds that count p: a product is below 2, in Fp2 below 3; a square is below 2; all
 * factors are below 6, whose product with what is below 3 fits the room. */
#include "math/tmpl.h"

#define FN(op) PM_CAT(LIFT, _##op)
#define F(op)  PM_CAT(LIFT_FP, _##op)
#define L(op)  PM_CAT(LIFT_LANES, _##op)
#define X      struct FN(lanes)

enum { FN(lanes_lift_vectors) = 64 / LIFT_DEGREE };

/* A thread's own memory. */
struct FN(lanes_lift_worker) {
    _Alignas(64) X x[FN(lanes_lift_vectors)];
    X y[FN(lanes_lift_vectors)], z[FN(lanes_lift_vectors)];
    X before[FN(lanes_lift_vectors)]; /* the product of z of all vectors before, of the same chain */
};

/* 2^e in all lanes, e = D + doublings; an element of Fp2 is scaled by one of Fp */
static inline LIFT_LANES FN(lanes_power)(unsigned doublings)
{
    LIFT_FP t = F(one);
    for (unsigned i = 0; i < doublings; i++) F(dbl)(&t, &t);
    return L(broadcast)(&t);
}
PM_LANES X FN(lanes_scale)(X a, LIFT_LANES by)
{
    for (int h = 0; h < LIFT_DEGREE; h++) a.c[h] = L(mul)(a.c[h], by);
    return a;
}
/* The vector that holds a, an element of Fp, in every point. */
PM_LANES X FN(lanes_all)(LIFT_LANES a)
{
    X out = FN(lanes_zero)();
    out.c[0] = a;
    return out;
}
/* a^2 for a below 3, loose; below 2 */
PM_LANES X FN(lanes_lift_sqr)(X a)
{
#if LIFT_DEGREE == 1
    a.c[0] = L(sqr_loose)(a.c[0]);
    return a;
#else
    return FN(lanes_sqr_loose)(a);
#endif
}
PM_LANES X FN(lanes_lift_sum)(X a, X b) /* loose */
{
    for (int h = 0; h < LIFT_DEGREE; h++) a.c[h] = L(add)(a.c[h], b.c[h]);
    return a;
}

/* dbl-2009-l: A = X^2, B = Y^2, C = B^2, D = 4 X B, E = 3 A, X3 = E^2 - 2 D, Y3 = E (D - X3) - 8 C, Z3 = 2 Y
 * Z. Every sum that is reduced is below 8. */
PM_OUT_OF_LINE void FN(lanes_lift_double)(X *x, X *y, X *z)
{
    X b, c, d, e, t;
    t = FN(lanes_lift_sqr)(*x);
    e = FN(lanes_reduce)(FN(lanes_lift_sum)(FN(lanes_shift)(t, 1), t));
    b = FN(lanes_carry)(FN(lanes_lift_sqr)(*y));
    c = FN(lanes_lift_sqr)(b);
    c = FN(lanes_reduce)(FN(lanes_shift)(c, 2)); /* 4 C */
    d = FN(lanes_reduce)(FN(lanes_shift)(FN(lanes_mul_loose)(*x, b), 1));
    d = FN(lanes_reduce)(FN(lanes_shift)(d, 1));
    *z = FN(lanes_reduce)(FN(lanes_shift)(FN(lanes_mul_loose)(*y, *z), 1));
    *x = FN(lanes_reduce)(FN(lanes_sub)(FN(lanes_lift_sqr)(e), FN(lanes_shift)(d, 1), 5));
    t = FN(lanes_mul_loose)(e, FN(lanes_carry)(FN(lanes_sub)(d, *x, 3)));
    *y = FN(lanes_reduce)(FN(lanes_sub)(t, FN(lanes_shift)(c, 1), 5));
}

/* Indices of vector v's points; the last point stands for those beyond n. */
static inline void FN(lanes_lift_index)(uint32_t index[FN(lanes_width)], size_t v, size_t n)
{
    for (size_t i = 0, at = v * FN(lanes_width); i < FN(lanes_width); i++, at++)
        index[i] = (uint32_t)(at < n ? at : n - 1);
}

/* Doubling leaves Z = 0 to infinity and gives it to points of order two: whatever has it leaves as infinity.
 * product[k]: of all other z of chain k, vectors going to the chains by turns. */
PM_LOCAL void FN(lanes_lift_doubled)(X product[FN(lanes_chains)], struct FN(lanes_lift_worker) * w,
                                     const uint8_t *bases, size_t n, size_t vectors, unsigned doublings)
{
    const LIFT_LANES form = FN(lanes_power)(2 * L(gap));
    const X one = FN(lanes_all)(FN(lanes_power)(L(gap))), zero = FN(lanes_zero)();
    X x, y, z;
    for (int k = 0; k < FN(lanes_chains); k++) product[k] = one;
    for (size_t v = 0; v < vectors; v++) {
        uint32_t index[FN(lanes_width)];
        FN(lanes_lift_index)(index, v, n);
        x = FN(lanes_scale)(FN(lanes_get)(bases, index, 0), form);
        y = FN(lanes_scale)(FN(lanes_get)(bases, index, 1), form);
        z = FN(lanes_blend)(FN(lanes_is_zero)(x) & FN(lanes_is_zero)(y), one, zero);
        for (unsigned k = 0; k < doublings; k++) FN(lanes_lift_double)(&x, &y, &z);
        const __mmask8 none = FN(lanes_is_zero)(z);
        w->x[v] = FN(lanes_blend)(none, x, zero);
        w->y[v] = FN(lanes_blend)(none, y, zero);
        w->z[v] = FN(lanes_blend)(none, z, one);
        X *so_far = &product[v % FN(lanes_chains)];
        w->before[v] = *so_far;
        *so_far = FN(lanes_mul)(*so_far, w->z[v]);
    }
}

/* At most lanes_lift_vectors of points. x = X / Z^2, y = Y / Z^3 with the file's exponent D: lanes_invert
 * gives the inverse of what carries E at 2 D + 3/2 gap - E, which one product takes to E; 1 / Z^2 is taken to
 * D. */
PM_LOCAL void FN(lanes_lift_block)(uint8_t *out, const uint8_t *bases, size_t n, unsigned doublings,
                                   struct FN(lanes_lift_worker) * w)
{
    const size_t vectors = (n + FN(lanes_width) - 1) / FN(lanes_width);
    const LIFT_LANES file = FN(lanes_power)(0);
    X inverse[FN(lanes_chains)], own, t;
    FN(lanes_lift_doubled)(inverse, w, bases, n, vectors, doublings);
    FN(lanes_invert)(inverse);
    for (int k = 0; k < FN(lanes_chains); k++)
        inverse[k] = FN(lanes_scale)(inverse[k], FN(lanes_power)(3 * FN(lanes_half_gap)));
    for (size_t v = vectors; v-- > 0;) {
        uint32_t index[FN(lanes_width)];
        X *left = &inverse[v % FN(lanes_chains)];
        own = FN(lanes_mul)(*left, w->before[v]);
        *left = FN(lanes_mul)(*left, w->z[v]);
        t = FN(lanes_scale)(FN(lanes_mul)(own, own), file);
        w->x[v] = FN(lanes_mul)(w->x[v], t);
        w->y[v] = FN(lanes_mul)(w->y[v], FN(lanes_mul)(t, own));
        for (int h = 0; h < LIFT_DEGREE; h++) {
            w->x[v].c[h] = L(canonical)(w->x[v].c[h]);
            w->y[v].c[h] = L(canonical)(w->y[v].c[h]);
        }
        FN(lanes_lift_index)(index, v, n);
        FN(lanes_put)(out, index, w->x[v], 0);
        FN(lanes_put)(out, index, w->y[v], 1);
    }
}

/* out[i] = 2^doublings bases[i] for i < n, affine bytes, canonical; out may be bases. */
PM_LOCAL void FN(lanes_lift)(uint8_t *out, const uint8_t *bases, size_t n, unsigned doublings, void *worker)
{
    const size_t block = (size_t)FN(lanes_lift_vectors) * FN(lanes_width);
    for (size_t done = 0; done < n; done += block) FN(lanes_lift_block)
    (out + done * FN(bytes), bases + done * FN(bytes), n - done < block ? n - done : block, doublings,
     worker);
}

#undef FN
#undef F
#undef L
#undef X
#undef LIFT
#undef LIFT_FP
#undef LIFT_DEGREE
#undef LIFT_LANES
