/* gpu_sort_pairs on CUDA, by CUB: included by cuda_sort.cu alone, since CUB is C++ with templates and kernels
 * have C linkage elsewhere. CUB is asked for its scratch first; the bound of gpu_sort.h is checked, not
 * trusted. */
#include "kernels/gpu_sort.h"

/* CUB includes <iostream>, whose static object would pull the C++ runtime into C programs, and needs the
 * declarations of <ostream> alone. This is libstdc++'s guard; with another library the object stays. */
#include <ostream>
#ifndef _GLIBCXX_IOSTREAM
#define _GLIBCXX_IOSTREAM 1
#endif
#include <cub/device/device_radix_sort.cuh>

enum pm_status cuda_sort_need(struct gpu_device *, size_t *out, size_t n, unsigned bits, struct pm_error *err)
{
    cub::DoubleBuffer<uint32_t> none(nullptr, nullptr);
    *out = 0;
    return cuda_check(cub::DeviceRadixSort::SortPairs(nullptr, *out, none, none, (int)n, 0, (int)bits),
                      "asking the sort for its scratch", err);
}

enum pm_status cuda_sort_pairs(struct gpu_device *, gpu_stream stream, struct gpu_pairs *pairs, size_t n,
                               unsigned bits, void *scratch, size_t scratch_bytes, struct pm_error *err)
{
    if (n == 0) return PM_OK;
    if (bits == 0 || bits > 32 || n >> 31 != 0)
        return pm_fail(err, PM_INTERNAL, "a sort of %zu pairs by %u bits", n, bits);
    cub::DoubleBuffer<uint32_t> keys(pairs->key[pairs->current], pairs->key[1 - pairs->current]);
    cub::DoubleBuffer<uint32_t> values(pairs->value[pairs->current], pairs->value[1 - pairs->current]);
    size_t need = 0;
    PM_TRY(
        cuda_check(cub::DeviceRadixSort::SortPairs(nullptr, need, keys, values, (int)n, 0, (int)bits, stream),
                   "asking the sort for its scratch", err));
    if (need > scratch_bytes)
        return pm_fail(err, PM_INTERNAL, "the sort of %zu pairs needs %zu bytes of scratch, it has %zu", n,
                       need, scratch_bytes);
    need = scratch_bytes;
    PM_TRY(
        cuda_check(cub::DeviceRadixSort::SortPairs(scratch, need, keys, values, (int)n, 0, (int)bits, stream),
                   "sorting", err));
    if (keys.selector != values.selector) return pm_fail(err, PM_INTERNAL, "a sort parted keys and values");
    if (keys.selector) pairs->current = 1 - pairs->current;
    return PM_OK;
}
