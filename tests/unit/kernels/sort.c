/* The seam's sort, on the emulated device or on a CUDA device (TEST_CUDA), where it is CUB's: what it asks
 * for is within gpu_sort_scratch for every number of pairs and of bits, so that a proof that was planned for
 * does not fail in its middle. */
#include "kernels/gpu_sort.h"

#include "emu_world.h"
#include "kernels/ops.h"

#ifdef TEST_CUDA
#define NEED cuda_sort_need
enum pm_status cuda_sort_need(struct gpu_device *dev, size_t *out, size_t n, unsigned bits,
                              struct pm_error *err);
__attribute__((constructor(101))) static void skip_without_device(void)
{
    if (cuda_ops_devices() > 0) return;
    fprintf(stderr, "skipped: there is no CUDA device here\n");
    exit(77);
}
#else
#define NEED emu_sort_need
#endif

/* Around powers of two, and drawn ones; every number of bits. */
PM_TEST(scratch_is_within_its_bound)
{
    struct pm_error err = {0};
    struct gpu_device dev = {.index = 0}; /* of which no more is asked */
    for (unsigned log2_n = 0; log2_n < 31; log2_n++)
        for (unsigned i = 0; i < 4; i++) {
            size_t n = (size_t)1 << log2_n, need = 0;
            n += i == 0 ? 0 : i == 1 ? n - 1 : (size_t)(test_random() % n);
            for (unsigned bits = 1; bits <= 32; bits++) {
                CHECK_OK(NEED(&dev, &need, n, bits, &err), err);
                CHECK_MSG(need <= gpu_sort_scratch(n), "%zu pairs by %u bits: %zu bytes of %zu", n, bits,
                          need, gpu_sort_scratch(n));
            }
        }
}
