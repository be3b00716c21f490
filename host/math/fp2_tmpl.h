/* Quadratic extension Fp[u] / (u^2 + 1), for p = 3 mod 4.
 *
 * Parameters
 *   FP2        prefix of all names and name of the element's type, e.g. bn254_fp2
 *   FP2_BASE   prefix of the base field (fp_tmpl.h, fp_dot_tmpl.h)
 *   FP2_XI     the small integer x for which xi = x + u is the non-residue of the tower above (9 for BN254, 1
 * for BLS12-381); mul_xi multiplies by it
 *
 * Functions take time independent of values, but for those named _var. out may alias any input. */
#include "math/tmpl.h"

#define FN(op) PM_CAT(FP2, _##op)
#define B(op)  PM_CAT(FP2_BASE, _##op)

enum { FN(bytes) = 2 * B(bytes) };

typedef struct {
    FP2_BASE c0, c1;
} FP2;

static inline void FN(set_zero)(FP2 *out) { *out = (FP2){{{0}}, {{0}}}; }
static inline void FN(set_one)(FP2 *out)
{
    B(set_one)(&out->c0);
    B(set_zero)(&out->c1);
}
static inline bool FN(is_zero)(const FP2 *a) { return (int)B(is_zero)(&a->c0) & (int)B(is_zero)(&a->c1); }
static inline bool FN(equal)(const FP2 *a, const FP2 *b)
{
    return (int)B(equal)(&a->c0, &b->c0) & (int)B(equal)(&a->c1, &b->c1);
}
static inline void FN(cmov)(FP2 *out, const FP2 *a, bool flag)
{
    B(cmov)(&out->c0, &a->c0, flag);
    B(cmov)(&out->c1, &a->c1, flag);
}
static inline void FN(load)(FP2 *out, const uint8_t *bytes)
{
    B(load)(&out->c0, bytes);
    B(load)(&out->c1, bytes + B(bytes));
}
static inline void FN(store)(uint8_t *bytes, const FP2 *a)
{
    B(store)(bytes, &a->c0);
    B(store)(bytes + B(bytes), &a->c1);
}
static inline bool FN(is_canonical)(const FP2 *a)
{
    return B(is_canonical)(&a->c0) && B(is_canonical)(&a->c1);
}

static inline void FN(add)(FP2 *out, const FP2 *a, const FP2 *b)
{
    B(add)(&out->c0, &a->c0, &b->c0);
    B(add)(&out->c1, &a->c1, &b->c1);
}
static inline void FN(sub)(FP2 *out, const FP2 *a, const FP2 *b)
{
    B(sub)(&out->c0, &a->c0, &b->c0);
    B(sub)(&out->c1, &a->c1, &b->c1);
}
static inline void FN(dbl)(FP2 *out, const FP2 *a) { FN(add)(out, a, a); }
static inline void FN(neg)(FP2 *out, const FP2 *a)
{
    B(neg)(&out->c0, &a->c0);
    B(neg)(&out->c1, &a->c1);
}
/* The conjugate, which is also the p-th power. */
static inline void FN(conj)(FP2 *out, const FP2 *a)
{
    out->c0 = a->c0;
    B(neg)(&out->c1, &a->c1);
}

/* a0 b0 - a1 b1, a0 b1 + a1 b0, each with one reduction */
PM_LOCAL void FN(mul)(FP2 *out, const FP2 *a, const FP2 *b)
{
    FP2_BASE c0, minus;
    B(minus)(&minus, &b->c1);
    B(dot2)(&c0, &a->c0, &b->c0, &a->c1, &minus);
    B(dot2)(&out->c1, &a->c0, &b->c1, &a->c1, &b->c0);
    out->c0 = c0;
}

/* out = a b + c d, with the reductions of one product, but where dot2_costs_two */
enum { FN(dot2_costs_two) = B(dot4_reduces_twice) };
PM_LOCAL void FN(dot2)(FP2 *out, const FP2 *a, const FP2 *b, const FP2 *c, const FP2 *d)
{
    FP2_BASE c0, minus_b, minus_d;
    B(minus)(&minus_b, &b->c1);
    B(minus)(&minus_d, &d->c1);
    const FP2_BASE *const factor[] = {&a->c0, &a->c1, &c->c0, &c->c1};
    B(dot4)(&c0, factor, (const FP2_BASE *const[]){&b->c0, &minus_b, &d->c0, &minus_d});
    B(dot4)(&out->c1, factor, (const FP2_BASE *const[]){&b->c1, &b->c0, &d->c1, &d->c0});
    out->c0 = c0;
}

/* (a0 + a1)(a0 - a1), a0 (2 a1), the second factors of B(mul) not reduced below p */
PM_LOCAL void FN(sqr)(FP2 *out, const FP2 *a)
{
    FP2_BASE sum, difference, twice;
    B(raw_add)(&sum, &a->c0, &a->c1);
    B(sub)(&difference, &a->c0, &a->c1);
    B(raw_add)(&twice, &a->c1, &a->c1);
    B(mul)(&out->c1, &a->c0, &twice);
    B(mul)(&out->c0, &difference, &sum);
}

static inline void FN(mul_base)(FP2 *out, const FP2 *a, const FP2_BASE *b)
{
    B(mul)(&out->c0, &a->c0, b);
    B(mul)(&out->c1, &a->c1, b);
}

/* (x + u)(a0 + a1 u) = x a0 - a1 + (x a1 + a0) u */
static inline void FN(mul_xi)(FP2 *out, const FP2 *a)
{
    FP2_BASE c0, minus;
    if ((FP2_XI) == 1) {
        B(sub)(&c0, &a->c0, &a->c1);
        B(add)(&out->c1, &a->c1, &a->c0);
    } else {
        B(minus)(&minus, &a->c0);
        B(small_sub)(&c0, &a->c0, FP2_XI, &a->c1);
        B(small_sub)(&out->c1, &a->c1, FP2_XI, &minus);
    }
    out->c0 = c0;
}

/* 1 / a = conj(a) / (a0^2 + a1^2); 0 gives 0 */
#define PM_FP2_INV(name, base_inv)                                                                           \
    PM_LOCAL void name(FP2 *out, const FP2 *a)                                                               \
    {                                                                                                        \
        FP2_BASE norm, t;                                                                                    \
        B(sqr)(&norm, &a->c0);                                                                               \
        B(sqr)(&t, &a->c1);                                                                                  \
        B(add)(&norm, &norm, &t);                                                                            \
        base_inv(&norm, &norm);                                                                              \
        FN(conj)(out, a);                                                                                    \
        FN(mul_base)(out, out, &norm);                                                                       \
    }
PM_FP2_INV(FN(inv), B(inv))
PM_FP2_INV(FN(inv_var), B(inv_var))
#undef PM_FP2_INV

#undef FN
#undef B
#undef FP2
#undef FP2_BASE
#undef FP2_XI
