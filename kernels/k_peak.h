/* What multiply-adds a device can do at best: eight chains in each thread, which depend on nothing but
 * themselves, of one kind of instruction. For the benchmark's peak rates; nothing is computed. The wide kind
 * has 64 bits for its sum, which ptx.def has no room for: nvcc makes mad.wide.u32 of the expression. */
#include "kernels/ops.h"
#include "kernels/ptx.h"

enum { PEAK_CHAINS = 8, PEAK_UNROLLED = 16 };

struct peak_args {
    uint32_t *out;
    uint32_t rounds, by;
};

#define PEAK_KERNEL(name, type, step)                                                                        \
    GPU_KERNEL(name, K_PEAK_THREADS, struct peak_args, p)                                                    \
    {                                                                                                        \
        type x[PEAK_CHAINS];                                                                                 \
        uint32_t by = p.by, folded = 0;                                                                      \
        GPU_UNROLL                                                                                           \
        for (int k = 0; k < PEAK_CHAINS; k++) x[k] = gpu_global() * 8 + (uint32_t)k;                         \
        for (uint32_t r = 0; r < p.rounds; r++) {                                                            \
            GPU_UNROLL                                                                                       \
            for (int u = 0; u < PEAK_UNROLLED; u++) {                                                        \
                GPU_UNROLL                                                                                   \
                for (int k = 0; k < PEAK_CHAINS; k++) x[k] = step(x[k], by);                                 \
            }                                                                                                \
        }                                                                                                    \
        GPU_UNROLL                                                                                           \
        for (int k = 0; k < PEAK_CHAINS; k++) folded ^= (uint32_t)(x[k] ^ (uint64_t)x[k] >> 32);             \
        p.out[gpu_global()] = folded;                                                                        \
    }

GPU_DEVICE uint32_t peak_low(uint32_t x, uint32_t by) { return ptx_mad_lo(x, by, by); }
GPU_DEVICE uint32_t peak_high(uint32_t x, uint32_t by) { return ptx_mad_hi(x, by, by); }
GPU_DEVICE uint64_t peak_wide(uint64_t x, uint32_t by) { return (uint64_t)(uint32_t)x * by + x; }

PEAK_KERNEL(k_peak_low, uint32_t, peak_low)
PEAK_KERNEL(k_peak_high, uint32_t, peak_high)
PEAK_KERNEL(k_peak_wide, uint64_t, peak_wide)
GPU_KERNEL(k_peak_nothing, K_PEAK_THREADS, struct peak_args, p) { (void)p; }

enum pm_status GPU_FN(peak)(struct gpu_device *dev, gpu_stream stream, enum k_peak_op op, void *out,
                            uint64_t n, uint64_t *done, struct pm_error *err)
{
    unsigned blocks = gpu_blocks_for(dev, SIZE_MAX, K_PEAK_THREADS);
    uint64_t round = (uint64_t)blocks * K_PEAK_THREADS * PEAK_CHAINS * PEAK_UNROLLED, rounds = n / round + 1;
    struct gpu_shape shape = gpu_shape_1d(op == K_PEAK_NOTHING ? 1 : blocks, K_PEAK_THREADS, 0);
    struct peak_args p;
    if (rounds > UINT32_MAX) return pm_fail(err, PM_UNSUPPORTED, "too many multiply-adds in one launch");
    p.out = (uint32_t *)out;
    p.rounds = (uint32_t)rounds;
    p.by = 0x9e3779b9u;
    *done = op == K_PEAK_NOTHING ? 1 : rounds * round;
    switch (op) {
    case K_PEAK_LOW:
        return GPU_LAUNCH(dev, k_peak_low, shape, stream, p, err);
    case K_PEAK_HIGH:
        return GPU_LAUNCH(dev, k_peak_high, shape, stream, p, err);
    case K_PEAK_WIDE:
        return GPU_LAUNCH(dev, k_peak_wide, shape, stream, p, err);
    case K_PEAK_NOTHING:
        return GPU_LAUNCH(dev, k_peak_nothing, shape, stream, p, err);
    }
    return pm_fail(err, PM_USAGE, "there is no peak %d", (int)op);
}
