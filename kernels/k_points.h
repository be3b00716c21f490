/* Kernels over vectors of points, one after the other, and their launcher: the differential tests of
 * ed_tmpl.h. Points in and out are XYZZ, out canonical. out may be any of the inputs. They share the
 * functions that k_msm.h calls out of line: another copy of an addition would be most of what nvcc takes for
 * a group.
 *
 * Parameters
 *   K         prefix of the kernels, and stem of the launcher: GPU_FN(K_points), declared in kernels/ops.h
 *   K_GROUP   prefix of the group, ed_tmpl.h */
#include "kernels/ops.h"

#define FN(op)     GPU_CAT(K, _##op)
#define KERNEL(op) GPU_CAT(k_, GPU_CAT(K, _##op))
#define ARGS       struct FN(points_args)
#define G(op)      GPU_CAT(K_GROUP, _##op)

ARGS
{
    K_GROUP *out;
    const K_GROUP *a, *b;
    const G(affine) * affine;
    uint64_t n;
};

#define EACH for (uint64_t i = gpu_global(); i < v.n; i += gpu_global_count())

GPU_KERNEL(KERNEL(add), K_POINT_THREADS, ARGS, v)
{
    EACH
    {
        K_GROUP sum = v.a[i];
        G(add_to)(&sum, &v.b[i]);
        v.out[i] = G(canon)(&sum);
    }
}
GPU_KERNEL(KERNEL(add_affine), K_POINT_THREADS, ARGS, v)
{
    EACH
    {
        K_GROUP sum = v.a[i];
        G(add_affine)(&sum, &v.affine[i]);
        v.out[i] = G(canon)(&sum);
    }
}
GPU_KERNEL(KERNEL(dbl), K_POINT_THREADS, ARGS, v)
{
    EACH
    {
        K_GROUP twice = v.a[i];
        G(dbl_rare)(&twice, &twice);
        v.out[i] = G(canon)(&twice);
    }
}
GPU_KERNEL(KERNEL(neg), K_POINT_THREADS, ARGS, v)
{
    EACH
    {
        K_GROUP minus = G(neg)(&v.a[i]);
        v.out[i] = G(canon)(&minus);
    }
}

enum pm_status GPU_FN(FN(points))(struct gpu_device *dev, gpu_stream stream, enum k_points_op op, void *out,
                                  const struct k_points_in *in, size_t n, struct pm_error *err)
{
    struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(dev, n, K_POINT_THREADS), K_POINT_THREADS, 0);
    ARGS v;
    v.out = (K_GROUP *)out;
    v.a = (const K_GROUP *)in->a;
    v.b = (const K_GROUP *)in->b;
    v.affine = (const G(affine) *)in->affine;
    v.n = n;
    switch (op) {
    case K_POINTS_ADD:
        return GPU_LAUNCH(dev, KERNEL(add), shape, stream, v, err);
    case K_POINTS_ADD_AFFINE:
        return GPU_LAUNCH(dev, KERNEL(add_affine), shape, stream, v, err);
    case K_POINTS_DBL:
        return GPU_LAUNCH(dev, KERNEL(dbl), shape, stream, v, err);
    case K_POINTS_NEG:
        return GPU_LAUNCH(dev, KERNEL(neg), shape, stream, v, err);
    }
    return pm_fail(err, PM_UNSUPPORTED, "points have no operation %d", (int)op);
}

#undef FN
#undef KERNEL
#undef ARGS
#undef G
#undef EACH
#undef K
#undef K_GROUP
