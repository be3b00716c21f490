/* Quadratic extension on the device: Fp2 = Fp[u] / (u^2 + 1) over a field of fd_tmpl.h with lazy values.
 * Bounds are the base field's, for each half. The same bytes as host/math's fp2_tmpl.h: c0, then c1.
 *
 * Parameters
 *   FD2        prefix of all names and name of the element's type, e.g. bn254_fp2
 *   FD2_BASE   prefix of the base field */
#include "kernels/gpu.h"

#define FN(op) GPU_CAT(FD2, _##op)
#define B(op)  GPU_CAT(FD2_BASE, _##op)

typedef struct {
    FD2_BASE c0, c1;
} FD2;

GPU_DEVICE FD2 FN(of)(FD2_BASE c0, FD2_BASE c1)
{
    FD2 r;
    r.c0 = c0;
    r.c1 = c1;
    return r;
}
GPU_DEVICE FD2 FN(zero)(void) { return FN(of)(B(zero)(), B(zero)()); }
GPU_DEVICE FD2 FN(one)(void) { return FN(of)(B(one)(), B(zero)()); }
GPU_DEVICE FD2 FN(canon)(FD2 a) { return FN(of)(B(canon)(a.c0), B(canon)(a.c1)); }
GPU_DEVICE bool FN(is_zero)(FD2 a) { return B(is_zero)(a.c0) && B(is_zero)(a.c1); }

GPU_DEVICE FD2 FN(add)(FD2 a, FD2 b) { return FN(of)(B(add)(a.c0, b.c0), B(add)(a.c1, b.c1)); }
GPU_DEVICE FD2 FN(sub)(FD2 a, FD2 b) { return FN(of)(B(sub)(a.c0, b.c0), B(sub)(a.c1, b.c1)); }
GPU_DEVICE FD2 FN(dbl)(FD2 a) { return FN(add)(a, a); }
GPU_DEVICE FD2 FN(neg)(FD2 a) { return FN(of)(B(neg)(a.c0), B(neg)(a.c1)); }

/* a0 b0 - a1 b1, a0 b1 + a1 b0: four products and two reductions, as many multiplications as Karatsuba's
 * three products with three reductions, and fewer additions. */
GPU_DEVICE FD2 FN(mul)(FD2 a, FD2 b)
{
    return FN(of)(B(mul_sub)(a.c0, b.c0, a.c1, b.c1), B(mul_add)(a.c0, b.c1, a.c1, b.c0));
}

/* (a0 + a1)(a0 - a1), 2 a0 a1 */
GPU_DEVICE FD2 FN(sqr)(FD2 a)
{
    return FN(of)(B(mul)(B(add)(a.c0, a.c1), B(sub)(a.c0, a.c1)), B(mul)(B(dbl)(a.c0), a.c1));
}

GPU_DEVICE FD2 FN(mul_add)(FD2 a, FD2 b, FD2 c, FD2 d) { return FN(add)(FN(mul)(a, b), FN(mul)(c, d)); }
GPU_DEVICE FD2 FN(mul_sub)(FD2 a, FD2 b, FD2 c, FD2 d) { return FN(sub)(FN(mul)(a, b), FN(mul)(c, d)); }

#undef FN
#undef B
#undef FD2
#undef FD2_BASE
