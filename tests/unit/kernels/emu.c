/* The emulated device: indices, barriers, shared memory, shuffles, ballots, atomics, memory within its
 * budget. */
#include "emu_world.h"

struct index_args {
    uint32_t *out; /* 4 words for each thread */
    uint32_t *order, *n_ordered;
};

GPU_KERNEL(indices, 256, struct index_args, a)
{
    uint32_t at = (gpu_block_y() * gpu_blocks() + gpu_block()) * gpu_threads() + gpu_thread();
    a.out[4 * at] = gpu_thread();
    a.out[4 * at + 1] = gpu_block();
    a.out[4 * at + 2] = gpu_block_y();
    a.out[4 * at + 3] = gpu_global_count() + gpu_lane();
    a.order[gpu_atomic_add32(a.n_ordered, 1)] = at;
}

PM_TEST(indices_and_order)
{
    enum { BX = 3, BY = 2, T = 40, N = BX * BY * T };
    static uint32_t out[4 * N], order[2][N];
    uint32_t zero = 0;
    for (unsigned seed = 0; seed < 2; seed++) {
        struct world w;
        world_open(&w, 7 + seed);
        struct gpu_buffer b = world_put(&w, NULL, sizeof out), o = world_put(&w, NULL, sizeof order[0]);
        struct gpu_buffer n = world_put(&w, &zero, sizeof zero);
        struct index_args args = {b.ptr, o.ptr, n.ptr};
        struct gpu_shape shape = {BX, BY, T, 0};
        CHECK_OK(GPU_LAUNCH(&w.dev, indices, shape, w.stream, args, &w.err), w.err);
        world_get(&w, out, &b, sizeof out);
        world_get(&w, order[seed], &o, sizeof order[0]);
        for (uint32_t i = 0; i < N; i++) {
            CHECK_U64(out[4 * i], i % T);
            CHECK_U64(out[4 * i + 1], i / T % BX);
            CHECK_U64(out[4 * i + 2], i / T / BX);
            CHECK_U64(out[4 * i + 3], BX * T + i % T % 32);
        }
        bool seen[N] = {false};
        for (uint32_t i = 0; i < N; i++) {
            CHECK(order[seed][i] < N && !seen[order[seed][i]]);
            seen[order[seed][i]] = true;
        }
        gpu_free(&w.dev, &b);
        gpu_free(&w.dev, &o);
        gpu_free(&w.dev, &n);
        world_close(&w);
    }
    CHECK(memcmp(order[0], order[1], sizeof order[0]) != 0);
}

struct sum_args {
    const uint32_t *in;
    uint32_t n;
    uint64_t *out;
};

/* A sum by shuffles within warps, shared memory between them, an atomic between blocks. */
GPU_KERNEL(block_sum, 256, struct sum_args, a)
{
    GPU_SHARED(uint32_t, partial, 8);
    uint32_t sum = 0;
    for (uint32_t i = gpu_global(); i < a.n; i += gpu_global_count()) sum += a.in[i];
    for (unsigned by = 16; by > 0; by /= 2) sum += gpu_shfl_down(GPU_ALL_LANES, sum, by);
    if (gpu_lane() == 0) partial[gpu_thread() / 32] = sum;
    gpu_sync();
    if (gpu_thread() == 0) {
        for (uint32_t i = 1; i < gpu_threads() / 32; i++) sum += partial[i];
        gpu_atomic_add64(a.out, sum);
    }
}

PM_TEST(sums)
{
    for (uint32_t n = 0; n < 2000; n = 2 * n + 1) {
        static uint32_t in[2048];
        uint64_t expected = 0, sum = 0;
        struct world w;
        world_open(&w, test_random());
        for (uint32_t i = 0; i < n; i++) expected += in[i] = (uint32_t)(test_random() % 1000);
        struct gpu_buffer b = world_put(&w, in, sizeof in), out = world_put(&w, &sum, sizeof sum);
        struct sum_args args = {b.ptr, n, out.ptr};
        unsigned threads = 32u << test_random() % 4;
        struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(&w.dev, n, threads), threads, 0);
        CHECK_OK(GPU_LAUNCH(&w.dev, block_sum, shape, w.stream, args, &w.err), w.err);
        world_get(&w, &sum, &out, sizeof sum);
        CHECK_U64(sum, expected);
        gpu_free(&w.dev, &b);
        gpu_free(&w.dev, &out);
        world_close(&w);
    }
}

struct out_args {
    uint32_t *out;
};

/* Reverses in dynamic shared memory, many times: each barrier counts. */
GPU_KERNEL(reverse, 256, struct out_args, a)
{
    GPU_SHARED_DYNAMIC(uint32_t, tile);
    uint32_t t = gpu_thread(), n = gpu_threads();
    tile[t] = t * t;
    for (int round = 0; round < 5; round++) {
        gpu_sync();
        uint32_t v = tile[n - 1 - t];
        gpu_sync();
        tile[t] = v;
    }
    a.out[t] = tile[t];
}

PM_TEST(dynamic_shared)
{
    struct world w;
    uint32_t out[150];
    world_open(&w, test_random());
    struct gpu_buffer b = world_put(&w, NULL, sizeof out);
    struct out_args args = {b.ptr};
    CHECK_OK(GPU_LAUNCH(&w.dev, reverse, gpu_shape_1d(1, 150, sizeof out), w.stream, args, &w.err), w.err);
    world_get(&w, out, &b, sizeof out);
    for (uint32_t i = 0; i < 150; i++) CHECK_U64(out[i], (149 - i) * (149 - i));
    gpu_free(&w.dev, &b);
    world_close(&w);
}

enum { WARP_OUT = 12 };

GPU_KERNEL(warps, 64, struct out_args, a)
{
    uint32_t lane = gpu_lane(), v = 100 + gpu_thread(), *out = a.out + WARP_OUT * gpu_thread();
    out[0] = gpu_shfl(GPU_ALL_LANES, v, (lane + 5) % 32);
    out[1] = gpu_shfl_up(GPU_ALL_LANES, v, 3);
    out[2] = gpu_shfl_down(GPU_ALL_LANES, v, 3);
    out[3] = gpu_shfl_xor(GPU_ALL_LANES, v, 9);
    out[4] = gpu_ballot(GPU_ALL_LANES, lane % 3 == 0);
    out[5] = out[6] = 0;
    if (lane < 16) { /* half a warp by itself */
        out[5] = gpu_shfl(0xffffu, v, 0);
        out[6] = gpu_ballot(0xffffu, lane & 1);
    }
    gpu_sync_warp(GPU_ALL_LANES);
    uint32_t *shared = a.out + WARP_OUT * 64;
    out[7] = gpu_atomic_max32(&shared[0], v) <= 163;
    gpu_atomic_min32(&shared[1], v);
    gpu_atomic_or32(&shared[2], 1u << lane);
    out[8] = gpu_atomic_cas32(&shared[3], 0, v) == 0;
    out[9] = gpu_atomic_exchange32(&shared[4], v);
    uint64_t *wide = (uint64_t *)(shared + 6);
    out[10] = gpu_atomic_cas64(wide, 0, (uint64_t)v << 32) == 0;
    out[11] = gpu_thread();
}

PM_TEST(warp_operations_and_atomics)
{
    struct world w;
    static uint32_t out[WARP_OUT * 64 + 8];
    world_open(&w, test_random());
    memset(out, 0, sizeof out);
    out[WARP_OUT * 64 + 1] = UINT32_MAX;
    struct gpu_buffer b = world_put(&w, out, sizeof out);
    struct out_args args = {b.ptr};
    CHECK_OK(GPU_LAUNCH(&w.dev, warps, gpu_shape_1d(1, 64, 0), w.stream, args, &w.err), w.err);
    world_get(&w, out, &b, sizeof out);
    uint32_t cas = 0, cas64 = 0, exchanged = 0, *shared = out + WARP_OUT * 64;
    for (uint32_t t = 0; t < 64; t++) {
        const uint32_t *o = out + WARP_OUT * t, lane = t % 32, first = 100 + t - lane;
        CHECK_U64(o[0], first + (lane + 5) % 32);
        CHECK_U64(o[1], first + (lane < 3 ? lane : lane - 3));
        CHECK_U64(o[2], first + (lane > 28 ? lane : lane + 3));
        CHECK_U64(o[3], first + (lane ^ 9));
        CHECK_U64(o[4], 0x49249249);
        CHECK_U64(o[5], lane < 16 ? first : 0);
        CHECK_U64(o[6], lane < 16 ? 0xaaaa : 0);
        CHECK_U64(o[7], 1);
        cas += o[8];
        exchanged += o[9];
        cas64 += o[10];
        CHECK_U64(o[11], t);
    }
    CHECK_U64(shared[0], 163);
    CHECK_U64(shared[1], 100);
    CHECK_U64(shared[2], UINT32_MAX);
    CHECK(cas == 1 && cas64 == 1 && shared[3] >= 100 && shared[7] >= 100);
    CHECK_U64(exchanged + shared[4], 64 * 100 + 63 * 64 / 2);
    gpu_free(&w.dev, &b);
    world_close(&w);
}

PM_TEST(budget)
{
    struct world w;
    struct gpu_buffer a, b, c;
    world_open(&w, test_random());
    w.dev.budget_bytes = 10000;
    CHECK_OK(gpu_alloc(&w.dev, &a, 6000, "first", &w.err), w.err);
    CHECK(gpu_alloc(&w.dev, &b, 4001, "second", &w.err) == PM_NO_MEMORY);
    CHECK_STR(w.err.text, "second needs 4001 bytes of device memory: 6000 of 10000 are in use");
    CHECK(b.ptr == NULL);
    CHECK_OK(gpu_alloc(&w.dev, &b, 4000, "second", &w.err), w.err);
    CHECK(gpu_alloc(&w.dev, &c, SIZE_MAX, "third", &w.err) == PM_NO_MEMORY);
    CHECK_OK(gpu_alloc(&w.dev, &c, 0, "none", &w.err), w.err);
    CHECK(c.ptr == NULL && (uintptr_t)b.ptr % 256 == 0);
    CHECK_U64(w.dev.peak_bytes, 10000);
    gpu_free(&w.dev, &a);
    CHECK_U64(w.dev.used_bytes, 4000);
    gpu_free(&w.dev, &b);
    gpu_free(&w.dev, &c);
    for (int i = 0; i < 100; i++) { /* freed addresses are given back in the end */
        w.dev.budget_bytes = 8 << 20;
        CHECK_OK(gpu_alloc(&w.dev, &a, 8 << 20, "large", &w.err), w.err);
        gpu_free(&w.dev, &a);
    }
    world_close(&w);
}

PM_TEST(launches_that_cannot_be)
{
    struct world w;
    struct out_args args = {NULL};
    world_open(&w, test_random());
    struct gpu_shape bad[] = {
        {0, 1, 32, 0},    {1, 0, 32, 0}, {1, 1, 0, 0}, {1, 1, 65, 0}, {1, 1, 32, (48 << 10) + 1},
        {1, 65536, 32, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(GPU_LAUNCH(&w.dev, warps, bad[i], w.stream, args, &w.err) == PM_INTERNAL);
        CHECK(strstr(w.err.text, "kernel warps"));
    }
    struct gpu_device second;
    CHECK(gpu_device_open(&second, 1, &w.err) == PM_NOT_FOUND);
    world_close(&w);
}
