/* Every function of ptx.h by itself, over vectors, for a differential test: out[2 i] = its result for a[i],
 * b[i], c[i] with the carry (or borrow) carry[i] coming in, where it takes one; out[2 i + 1] = the one going
 * out, where it leaves one. A device computes the instruction, the emulator its twin in C. */
#include "kernels/ops.h"
#include "kernels/ptx.h"

struct ptx_args {
    uint32_t *out;
    const uint32_t *a, *b, *c, *carry;
    uint64_t n;
    uint32_t function;
};

/* A carry that is set, and read again, by the instructions next to the one under test. */
#define PTX_SET_NONE(f)
#define PTX_SET_ADD(f) (void)ptx_add_cc(0u - (f), f);
#define PTX_SET_SUB(f) (void)ptx_sub_cc(0u, f);
#define PTX_GET_NONE   0u
#define PTX_GET_ADD    ptx_addc(0, 0)
#define PTX_GET_SUB    (ptx_subc(0, 0) & 1u)
#define PTX_CALL_2(f)  ptx_##f(a, b)
#define PTX_CALL_3(f)  ptx_##f(a, b, c)

#define PTX(name, text, operands, reads, writes, value)                                                      \
    GPU_DEVICE void k_ptx_##name(uint32_t *out, uint32_t a, uint32_t b, uint32_t c, uint32_t carry)          \
    {                                                                                                        \
        (void)c;                                                                                             \
        (void)carry;                                                                                         \
        PTX_SET_##reads(carry) uint32_t r = PTX_CALL_##operands(name);                                       \
        out[1] = PTX_GET_##writes;                                                                           \
        out[0] = r;                                                                                          \
    }
#include "kernels/ptx.def"
#undef PTX

GPU_KERNEL(k_ptx, K_VEC_THREADS, struct ptx_args, v)
{
    for (uint64_t i = gpu_global(); i < v.n; i += gpu_global_count()) {
        switch (v.function) {
#define PTX(name, text, operands, reads, writes, value)                                                      \
    case K_PTX_##name:                                                                                       \
        k_ptx_##name(v.out + 2 * i, v.a[i], v.b[i], v.c[i], v.carry[i]);                                     \
        break;
#include "kernels/ptx.def"
#undef PTX
        }
    }
}

enum pm_status GPU_FN(ptx)(struct gpu_device *dev, gpu_stream stream, enum k_ptx_function function, void *out,
                           const struct k_vec_in *in, size_t n, struct pm_error *err)
{
    struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(dev, n, K_VEC_THREADS), K_VEC_THREADS, 0);
    struct ptx_args v;
    v.out = (uint32_t *)out;
    v.a = (const uint32_t *)in->a;
    v.b = (const uint32_t *)in->b;
    v.c = (const uint32_t *)in->c;
    v.carry = (const uint32_t *)in->d;
    v.n = n;
    v.function = (uint32_t)function;
    return GPU_LAUNCH(dev, k_ptx, shape, stream, v, err);
}
