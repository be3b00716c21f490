/* The seam's sort: pairs of 32-bit keys and values by key. CUB's radix sort under nvcc (gpu_sort_cuda.h),
 * queued work of the emulated device otherwise (emu_queue.c), with one contract. */
#ifndef PM_KERNELS_GPU_SORT_H
#define PM_KERNELS_GPU_SORT_H

#include "kernels/gpu.h"

/* Two halves, which the sort uses in turn. */
struct gpu_pairs {
    uint32_t *key[2], *value[2];
    unsigned current; /* the half that holds them: before the sort, and after it */
};

/* Bytes of scratch for n pairs, whatever the device. */
static inline size_t gpu_sort_scratch(size_t n) { return ((size_t)1 << 20) + n; }

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of scratch that this device asks for. Touches no device memory. */
#define gpu_sort_need GPU_FN(sort_need)
PM_MUST_USE enum pm_status GPU_FN(sort_need)(struct gpu_device *dev, size_t *out, size_t n, unsigned bits,
                                             struct pm_error *err);

/* Sorts n pairs by the lowest `bits` bits of their keys, 1 to 32, stably; n < 2^31. pairs->current is set at
 * once, the work runs on the stream. scratch: scratch_bytes, aligned to 256, gpu_sort_scratch(n) at least; a
 * device that asks for more gives PM_INTERNAL. */
#define gpu_sort_pairs GPU_FN(sort_pairs)
PM_MUST_USE enum pm_status GPU_FN(sort_pairs)(struct gpu_device *dev, gpu_stream stream,
                                              struct gpu_pairs *pairs, size_t n, unsigned bits, void *scratch,
                                              size_t scratch_bytes, struct pm_error *err);

#ifdef __cplusplus
}
#endif

#endif
