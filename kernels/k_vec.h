/* Kernels over vectors of field elements, one element after the other, and their launcher: out[i] = op(a[i],
 * b[i], c[i], d[i]), canonical. They are what the differential tests of fd_tmpl.h run, on the emulator, on a
 * device, and instruction by instruction (ptx_interp.py). out may be any of the inputs.
 *
 * Parameters
 *   K         prefix of the kernels, and stem of the launcher: GPU_FN(K_vec), declared in kernels/ops.h
 *   K_FIELD   prefix of the field, fd_tmpl.h or fd2_tmpl.h
 *   K_PRIME   1 where the field converts to and from Montgomery form */
#include "kernels/ops.h"

#define FN(op)     GPU_CAT(K, _##op)
#define KERNEL(op) GPU_CAT(k_, GPU_CAT(K, _##op))
#define ARGS       struct FN(vec_args)
#define F(op)      GPU_CAT(K_FIELD, _##op)

ARGS
{
    K_FIELD *out;
    const K_FIELD *a, *b, *c, *d;
    uint64_t n;
};

#define EACH for (uint64_t i = gpu_global(); i < v.n; i += gpu_global_count())

GPU_KERNEL(KERNEL(add), K_VEC_THREADS, ARGS, v) { EACH v.out[i] = F(canon)(F(add)(v.a[i], v.b[i])); }
GPU_KERNEL(KERNEL(sub), K_VEC_THREADS, ARGS, v) { EACH v.out[i] = F(canon)(F(sub)(v.a[i], v.b[i])); }
GPU_KERNEL(KERNEL(mul), K_VEC_THREADS, ARGS, v) { EACH v.out[i] = F(canon)(F(mul)(v.a[i], v.b[i])); }
GPU_KERNEL(KERNEL(sqr), K_VEC_THREADS, ARGS, v) { EACH v.out[i] = F(canon)(F(sqr)(v.a[i])); }
GPU_KERNEL(KERNEL(mul_add), K_VEC_THREADS, ARGS, v)
{
    EACH v.out[i] = F(canon)(F(mul_add)(v.a[i], v.b[i], v.c[i], v.d[i]));
}
GPU_KERNEL(KERNEL(mul_sub), K_VEC_THREADS, ARGS, v)
{
    EACH v.out[i] = F(canon)(F(mul_sub)(v.a[i], v.b[i], v.c[i], v.d[i]));
}
#if K_PRIME
GPU_KERNEL(KERNEL(to_mont), K_VEC_THREADS, ARGS, v) { EACH v.out[i] = F(canon)(F(to_mont)(v.a[i])); }
GPU_KERNEL(KERNEL(from_mont), K_VEC_THREADS, ARGS, v) { EACH v.out[i] = F(from_mont)(v.a[i]); }
GPU_KERNEL(KERNEL(chain), K_VEC_THREADS, ARGS, v)
{
    K_FIELD by = *v.d;
    EACH
    {
        K_FIELD x = v.a[i];
        for (int k = 0; k < K_VEC_CHAIN_LENGTH; k++) x = F(mul)(x, by);
        v.out[i] = F(canon)(x);
    }
}
#endif

enum pm_status GPU_FN(FN(vec))(struct gpu_device *dev, gpu_stream stream, enum k_vec_op op, void *out,
                               const struct k_vec_in *in, size_t n, struct pm_error *err)
{
    struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(dev, n, K_VEC_THREADS), K_VEC_THREADS, 0);
    ARGS v;
    v.out = (K_FIELD *)out;
    v.a = (const K_FIELD *)in->a;
    v.b = (const K_FIELD *)in->b;
    v.c = (const K_FIELD *)in->c;
    v.d = (const K_FIELD *)in->d;
    v.n = n;
    switch (op) {
    case K_VEC_ADD:
        return GPU_LAUNCH(dev, KERNEL(add), shape, stream, v, err);
    case K_VEC_SUB:
        return GPU_LAUNCH(dev, KERNEL(sub), shape, stream, v, err);
    case K_VEC_MUL:
        return GPU_LAUNCH(dev, KERNEL(mul), shape, stream, v, err);
    case K_VEC_SQR:
        return GPU_LAUNCH(dev, KERNEL(sqr), shape, stream, v, err);
    case K_VEC_MUL_ADD:
        return GPU_LAUNCH(dev, KERNEL(mul_add), shape, stream, v, err);
    case K_VEC_MUL_SUB:
        return GPU_LAUNCH(dev, KERNEL(mul_sub), shape, stream, v, err);
#if K_PRIME
    case K_VEC_TO_MONT:
        return GPU_LAUNCH(dev, KERNEL(to_mont), shape, stream, v, err);
    case K_VEC_FROM_MONT:
        return GPU_LAUNCH(dev, KERNEL(from_mont), shape, stream, v, err);
    case K_VEC_CHAIN:
        return GPU_LAUNCH(dev, KERNEL(chain), shape, stream, v, err);
#else
    case K_VEC_TO_MONT:
    case K_VEC_FROM_MONT:
    case K_VEC_CHAIN:
        break;
#endif
    }
    return pm_fail(err, PM_UNSUPPORTED, "this field has no operation %d", (int)op);
}

#undef FN
#undef KERNEL
#undef ARGS
#undef F
#undef EACH
#undef K
#undef K_FIELD
#undef K_PRIME
