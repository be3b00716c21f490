/* Transforms on the emulated device, or on CUDA's (GPU_HOST_OF_CUDA), against host/math, byte for byte: all
 * small sizes, tiles of every size (so that there are one to many passes), one to three polynomials in a
 * launch, tables of a larger size, random and extreme elements in either lazy form. */
#include "curve_here.h"

#include "emu_world.h"

enum { MAX_LOG2 = WORLD_CUDA ? 18 : 11, BYTES = 32 };

/* Below p: random, 0 or p-1; `lazy` is that or, where values are lazy, that plus p. */
static void pick(uint8_t canonical[BYTES], uint8_t lazy[BYTES])
{
    const uint64_t p[BYTES / 8] = CURVE_FR_P;
    uint64_t x[BYTES / 8], carry = 0, kind = test_random() % 16, plus_p = 0;
    for (int i = 0; i < BYTES / 8; i++)
        x[i] = kind == 0 ? 0 : kind == 1 ? p[i] - (i == 0) : test_random() >> (i == BYTES / 8 - 1 ? 3 : 0);
    memcpy(canonical, x, BYTES);
    if (CURVE_FR_BOUND == 2) plus_p = (uint64_t)0 - (test_random() & 1);
    for (int i = 0; i < BYTES / 8; i++) {
        uint64_t sum = x[i] + (p[i] & plus_p), over = sum < x[i];
        x[i] = sum + carry;
        carry = over | (uint64_t)(x[i] < sum);
    }
    memcpy(lazy, x, BYTES);
}

static void invert_size(const struct pm_curve *curve, uint8_t *out, unsigned log2_n)
{
    uint8_t n[BYTES] = {0};
    n[log2_n / 8] = (uint8_t)(1u << log2_n % 8);
    curve->fr_to_mont(out, n);
    curve->fr_inv(out, out);
}

static void host(const struct pm_curve *curve, struct pm_pool *pool, uint8_t *data, enum k_ntt_op op,
                 unsigned log2_n, const uint8_t *table, unsigned table_log2_n)
{
    uint8_t scale[BYTES], shift[BYTES], one[BYTES] = {1};
    invert_size(curve, scale, log2_n);
    if (op == K_NTT_ODD_COSET)
        curve->fr_root(shift, log2_n + 1);
    else
        curve->fr_to_mont(shift, one);
    if (op != K_NTT_FORWARD) {
        curve->ntt_inverse(pool, data, log2_n, table, table_log2_n);
        curve->ntt_shift(pool, data, log2_n, scale, shift);
    }
    if (op != K_NTT_INVERSE) curve->ntt_forward(pool, data, log2_n, table, table_log2_n);
}

static void compare(const struct pm_curve *curve, struct pm_pool *pool, enum k_ntt_op op, unsigned log2_n,
                    unsigned log2_tile, const uint8_t *table, unsigned table_log2_n)
{
    static uint8_t data[K_NTT_BATCH][BYTES << MAX_LOG2], out[BYTES << MAX_LOG2];
    size_t bytes = (size_t)BYTES << log2_n;
    const struct gpu_curve *device = GPU_FN(curve_by_name)(CURVE_NAME);
    struct world w;
    struct gpu_buffer b[K_NTT_BATCH], t;
    struct k_ntt_in in = {.log2_n = log2_n, .log2_tile = log2_tile};
    unsigned device_log2_n = log2_n + 1 + (unsigned)(test_random() % 2);
    world_open(&w, test_random());
    in.batch = 1 + (unsigned)(test_random() % K_NTT_BATCH);
    t = world_put(&w, NULL, (size_t)BYTES << (device_log2_n - 1));
    CHECK_OK(device->ntt_table(&w.dev, w.stream, t.ptr, device_log2_n, &w.err), w.err);
    in.table = t.ptr;
    for (unsigned i = 0; i < in.batch; i++) {
        for (size_t j = 0; j < bytes; j += BYTES) pick(data[i] + j, out + j);
        b[i] = world_put(&w, out, bytes);
        in.data[i] = b[i].ptr;
    }
    CHECK_OK(device->ntt(&w.dev, w.stream, op, &in, &w.err), w.err);
    for (unsigned i = 0; i < in.batch; i++) {
        world_get(&w, out, &b[i], bytes);
        host(curve, pool, data[i], op, log2_n, table, table_log2_n);
        CHECK_MSG(memcmp(out, data[i], bytes) == 0,
                  "operation %d, 2^%u in tiles of 2^%u, table for 2^%u, polynomial %u", (int)op, log2_n,
                  log2_tile, device_log2_n, i);
        gpu_free(&w.dev, &b[i]);
    }
    gpu_free(&w.dev, &t);
    world_close(&w);
}

PM_TEST(transforms)
{
    const struct pm_curve *curve = pm_curve_by_name(CURVE_NAME);
    struct pm_pool *pool = NULL; /* in this thread */
    for (unsigned log2_n = 0; log2_n <= (WORLD_TSAN ? 4 : MAX_LOG2); log2_n += WORLD_TSAN ? 4 : 1) {
        unsigned table_log2_n = log2_n + 1 + (unsigned)(test_random() % 2);
        void *table = NULL;
        CHECK(posix_memalign(&table, 64, curve->ntt_table_bytes(table_log2_n)) == 0);
        curve->ntt_table_make(table, table_log2_n, pool);
        for (int op = K_NTT_INVERSE; op <= K_NTT_ODD_COSET; op++) {
            compare(curve, pool, (enum k_ntt_op)op, log2_n, K_NTT_LOG2_TILE, table, table_log2_n);
            for (unsigned log2_tile = WORLD_TSAN ? 3 : 1; log2_n < 9 && log2_tile <= (WORLD_TSAN ? 3 : 6);
                 log2_tile++)
                compare(curve, pool, (enum k_ntt_op)op, log2_n, log2_tile, table, table_log2_n);
        }
        free(table);
    }
}

PM_TEST(refused)
{
    const struct gpu_curve *device = GPU_FN(curve_by_name)(CURVE_NAME);
    struct world w;
    world_open(&w, test_random());
    struct k_ntt_in in = {.log2_n = 3, .log2_tile = 11, .batch = 1}; /* 64 KiB of shared memory */
    CHECK(device->ntt(&w.dev, w.stream, K_NTT_FORWARD, &in, &w.err) == PM_INTERNAL);
    in.log2_tile = 5;
    CHECK(device->ntt_table(&w.dev, w.stream, NULL, device->two_adicity + 1, &w.err) == PM_UNSUPPORTED);
    in.batch = 4;
    CHECK(device->ntt(&w.dev, w.stream, K_NTT_FORWARD, &in, &w.err) == PM_INTERNAL);
    world_close(&w);
}
