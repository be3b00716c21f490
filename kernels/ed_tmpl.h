/* Points of y^2 = x^3 + b on the device, on a curve without points of order two: XYZZ coordinates, x = X /
 * ZZ, y = Y / ZZZ, ZZ^3 = ZZZ^2; infinity is ZZ = ZZZ = 0. The formulas are those of host/math/ec_tmpl.h
 * (hyperelliptic.org/EFD/g1p/auto-shortw-xyzz.html), so that canonical coordinates are the same numbers. add,
 * add_affine and dbl are complete: they branch to the special cases, whose code stands once, out of line.
 * Sums of many points are the kernels'; affine form is the host's.
 *
 * Parameters
 *   ED         prefix of all names and name of the point's type, e.g. bn254_g1; ED_affine is the affine type
 *   ED_FIELD   prefix of the field, fd_tmpl.h or fd2_tmpl.h
 *
 * Affine points: infinity is (0, 0), in canonical form. Coordinates are within the field's bounds. */
#include "kernels/gpu.h"

#define FN(op) GPU_CAT(ED, _##op)
#define F(op)  GPU_CAT(ED_FIELD, _##op)
#define FE     ED_FIELD

typedef struct {
    FE x, y, zz, zzz;
} ED;
typedef struct {
    FE x, y;
} FN(affine);

GPU_DEVICE ED FN(infinity)(void)
{
    ED r;
    r.x = r.y = F(one)();
    r.zz = r.zzz = F(zero)();
    return r;
}
GPU_DEVICE bool FN(is_infinity)(const ED *a) { return F(is_zero)(a->zz); }
GPU_DEVICE bool FN(affine_is_infinity)(const FN(affine) * a) { return F(is_zero)(a->x) && F(is_zero)(a->y); }

/* -a where `minus`, else a */
GPU_DEVICE FN(affine) FN(affine_signed)(const FN(affine) * a, bool minus)
{
    FN(affine) r = *a;
    if (minus) r.y = F(neg)(r.y);
    return r;
}

GPU_DEVICE ED FN(from_affine)(const FN(affine) * a)
{
    ED r;
    if (FN(affine_is_infinity)(a)) return FN(infinity)();
    r.x = a->x;
    r.y = a->y;
    r.zz = r.zzz = F(one)();
    return r;
}

GPU_DEVICE ED FN(neg)(const ED *a)
{
    ED r = *a;
    r.y = F(neg)(a->y);
    return r;
}

GPU_DEVICE ED FN(canon)(const ED *a)
{
    ED r;
    r.x = F(canon)(a->x);
    r.y = F(canon)(a->y);
    r.zz = F(canon)(a->zz);
    r.zzz = F(canon)(a->zzz);
    return r;
}

/* dbl-2008-s-1: U = 2 Y, V = U^2, W = U V, S = X V, M = 3 X^2, X3 = M^2 - 2 S, Y3 = M (S - X3) - W Y, ZZ3 = V
 * ZZ, ZZZ3 = W ZZZ. Infinity gives infinity without a branch. out may be a. */
GPU_DEVICE void FN(dbl)(ED *out, const ED *a)
{
    FE u = F(dbl)(a->y), v = F(sqr)(u), w = F(mul)(u, v), s = F(mul)(a->x, v), m = F(sqr)(a->x);
    m = F(add)(m, F(dbl)(m));
    FE x = F(sub)(F(sqr)(m), F(dbl)(s));
    FE y = F(mul_sub)(m, F(sub)(s, x), w, a->y);
    out->zz = F(mul)(v, a->zz);
    out->zzz = F(mul)(w, a->zzz);
    out->x = x;
    out->y = y;
}
GPU_DEVICE_CALL void FN(dbl_rare)(ED *out, const ED *a) { FN(dbl)(out, a); }

/* The common end of add-2008-s and madd-2008-s. From U1 = x of a, S1 = y of a, P = U2 - U1 and R = S2 - S1:
 * PP = P^2, PPP = P PP, Q = U1 PP, X3 = R^2 - PPP - 2 Q, Y3 = R (Q - X3) - S1 PPP; zz and zzz of out, which
 * hold the product of the inputs', are multiplied by PP and PPP. */
GPU_DEVICE void FN(add_finish)(ED *out, FE u1, FE s1, FE p, FE r)
{
    FE pp = F(sqr)(p), ppp = F(mul)(p, pp), q = F(mul)(u1, pp);
    out->zz = F(mul)(out->zz, pp);
    out->zzz = F(mul)(out->zzz, ppp);
    out->x = F(sub)(F(sub)(F(sqr)(r), ppp), F(dbl)(q));
    out->y = F(mul_sub)(r, F(sub)(q, out->x), s1, ppp);
}

/* add-2008-s: U1 = X1 ZZ2, U2 = X2 ZZ1, S1 = Y1 ZZZ2, S2 = Y2 ZZZ1. out may be a or b. */
GPU_DEVICE void FN(add)(ED *out, const ED *a, const ED *b)
{
    if (FN(is_infinity)(a)) {
        *out = *b;
        return;
    }
    if (FN(is_infinity)(b)) {
        *out = *a;
        return;
    }
    FE u1 = F(mul)(a->x, b->zz), s1 = F(mul)(a->y, b->zzz);
    FE p = F(sub)(F(mul)(b->x, a->zz), u1), r = F(sub)(F(mul)(b->y, a->zzz), s1);
    if (F(is_zero)(p)) {
        if (F(is_zero)(r))
            FN(dbl_rare)(out, a);
        else
            *out = FN(infinity)();
        return;
    }
    out->zz = F(mul)(a->zz, b->zz);
    out->zzz = F(mul)(a->zzz, b->zzz);
    FN(add_finish)(out, u1, s1, p, r);
}

/* *to += *what, out of line: where it is rare, or where latency and not throughput counts, it saves registers
 * and the compiler's time. */
GPU_DEVICE_CALL void FN(add_to)(ED *to, const ED *what)
{
    ED sum;
    FN(add)(&sum, to, what);
    *to = sum;
}

/* madd-2008-s: U2 = X2 ZZ1, S2 = Y2 ZZZ1; acc += b */
GPU_DEVICE void FN(add_affine)(ED *acc, const FN(affine) * b)
{
    if (FN(affine_is_infinity)(b)) return;
    if (FN(is_infinity)(acc)) {
        *acc = FN(from_affine)(b);
        return;
    }
    FE p = F(sub)(F(mul)(b->x, acc->zz), acc->x), r = F(sub)(F(mul)(b->y, acc->zzz), acc->y);
    if (F(is_zero)(p)) {
        if (F(is_zero)(r))
            FN(dbl_rare)(acc, acc);
        else
            *acc = FN(infinity)();
        return;
    }
    FN(add_finish)(acc, acc->x, acc->y, p, r);
}

#undef FN
#undef F
#undef FE
#undef ED
#undef ED_FIELD
