/* Kernels and launchers that are wrong on purpose: the emulated device must catch each, and say which thread
 * of which kernel it was. What only a sanitizer can see is expected in builds that have it. */
#include "kernels/ptx.h"

#include "emu_world.h"

struct wrong_args {
    uint32_t *out;
    uint32_t n;
};

static void launch_in(struct world *w, const struct emu_kernel *kernel, struct gpu_shape shape)
{
    struct gpu_buffer b = world_put(w, NULL, 4096);
    struct wrong_args args = {b.ptr, 1024};
    CHECK_OK(emu_launch(&w->dev, kernel, shape, w->stream, &args, sizeof args, &w->err), w->err);
    CHECK_OK(gpu_stream_sync(&w->dev, w->stream, &w->err), w->err);
    gpu_free(&w->dev, &b);
}

static void run(const struct emu_kernel *kernel, uint64_t seed, unsigned threads)
{
    struct world w;
    world_open(&w, seed);
    launch_in(&w, kernel, gpu_shape_1d(2, threads, 1024));
    world_close(&w);
}

#define WRONG(name) GPU_KERNEL(name, 256, struct wrong_args, a)
#define RUN(kernel)                                                                                          \
    static void run_##kernel(uint64_t seed) { run(&kernel, seed, 64); }

/* -- Barriers -- */

WRONG(no_barrier)
{
    GPU_SHARED(uint32_t, tile, 64);
    tile[gpu_thread()] = gpu_thread();
    a.out[gpu_thread()] = tile[63 - gpu_thread()];
}

WRONG(with_barrier)
{
    GPU_SHARED(uint32_t, tile, 64);
    tile[gpu_thread()] = gpu_thread();
    gpu_sync();
    a.out[64 * gpu_block() + gpu_thread()] = tile[63 - gpu_thread()];
}
RUN(with_barrier)

/* Two blocks write to the same place. */
WRONG(blocks_collide)
{
    if (gpu_thread() == 5) a.out[0] = gpu_block();
}
RUN(blocks_collide)

static void no_barrier_shows(uint64_t seed)
{
    struct world w;
    uint32_t out[64];
    bool right = true;
    world_open(&w, seed);
    struct gpu_buffer b = world_put(&w, NULL, sizeof out);
    struct wrong_args args = {b.ptr, 64};
    CHECK_OK(GPU_LAUNCH(&w.dev, no_barrier, gpu_shape_1d(1, 64, 0), w.stream, args, &w.err), w.err);
    world_get(&w, out, &b, sizeof out);
    for (uint32_t i = 0; i < 64; i++) right &= out[i] == 63 - i;
    gpu_free(&w.dev, &b);
    world_close(&w);
    if (!right) {
        fprintf(stderr, "wrong answer\n");
        _exit(1);
    }
}

/* After a right kernel, by the same fibers. */
static void after_another(uint64_t seed, const struct emu_kernel *kernel)
{
    struct world w;
    world_open(&w, seed);
    launch_in(&w, &with_barrier, gpu_shape_1d(4, 64, 0));
    launch_in(&w, kernel, gpu_shape_1d(2, 64, 0));
    world_close(&w);
}
static void collide_after_another(uint64_t seed) { after_another(seed, &blocks_collide); }
static void no_barrier_after_another(uint64_t seed) { after_another(seed, &no_barrier); }

PM_TEST(missing_barrier)
{
    expect_death(no_barrier_shows, test_seed, "wrong answer", "data race");
    if (WORLD_TSAN) {
        setenv("TSAN_OPTIONS", "halt_on_error=1", 1);
        expect_death(run_blocks_collide, test_seed, "data race", NULL);
        expect_death(collide_after_another, test_seed, "data race", NULL);
        expect_death(no_barrier_after_another, test_seed, "data race", NULL);
    }
    run_with_barrier(test_seed);
}

WRONG(divergent)
{
    if (gpu_thread() < 32)
        gpu_sync();
    else {
        a.out[gpu_thread()] = 0;
        gpu_sync();
    }
}
RUN(divergent)

WRONG(leaves_early)
{
    if (gpu_thread() == 17) return;
    gpu_sync();
    a.out[gpu_thread()] = 0;
}
RUN(leaves_early)

WRONG(barrier_and_shuffle)
{
    if (gpu_thread() == 40)
        gpu_sync();
    else
        a.out[gpu_thread()] = gpu_shfl(GPU_ALL_LANES, 1, 0);
}
RUN(barrier_and_shuffle)

PM_TEST(barriers)
{
    expect_death(run_divergent, test_seed, "divergent barrier: thread ", NULL);
    expect_death(run_divergent, test_seed, "kernel divergent, block (", NULL);
    expect_death(run_leaves_early, test_seed, "waits at a barrier, but thread 17 has left the kernel", NULL);
    expect_death(run_barrier_and_shuffle, test_seed,
                 "shuffle with missing lanes: lane 8 of the mask ffffffff waits at a barrier", NULL);
}

/* -- Warps -- */

WRONG(missing_lane)
{
    if (gpu_lane() != 9) a.out[gpu_thread()] = gpu_shfl_down(GPU_ALL_LANES, 1, 1);
}
RUN(missing_lane)

WRONG(not_in_mask) { a.out[gpu_thread()] = gpu_ballot(0xfffffffeu, 1); }
RUN(not_in_mask)

WRONG(reads_outside_mask)
{
    if (gpu_lane() < 16) a.out[gpu_thread()] = gpu_shfl(0xffffu, 1, gpu_lane() == 3 ? 20 : 0);
}
RUN(reads_outside_mask)

WRONG(half_warp) { a.out[gpu_thread()] = gpu_shfl(GPU_ALL_LANES, 1, 0); }
static void run_half_warp(uint64_t seed) { run(&half_warp, seed, 48); }

PM_TEST(warps)
{
    expect_death(run_missing_lane, test_seed, "lane 9 of the mask ffffffff has left the kernel", NULL);
    expect_death(run_not_in_mask, test_seed, "ballot with mask fffffffe, in which this lane is not", NULL);
    expect_death(run_reads_outside_mask, test_seed, "shuffle reads lane 20, which is not in the mask", NULL);
    expect_death(run_half_warp, test_seed, "lane 16 of the mask ffffffff does not exist", NULL);
}

/* -- Memory -- */

WRONG(shared_off_by_one)
{
    GPU_SHARED(uint32_t, tile, 64);
    tile[gpu_thread() + 1] = 1;
    gpu_sync();
    a.out[gpu_thread()] = tile[gpu_thread()];
}
RUN(shared_off_by_one)

WRONG(dynamic_off_by_one)
{
    GPU_SHARED_DYNAMIC(uint32_t, tile);
    if (gpu_thread() == 0) tile[256] = a.n;
}
RUN(dynamic_off_by_one)

WRONG(shared_read_off_by_one)
{
    GPU_SHARED(uint32_t, tile, 64);
    tile[gpu_thread()] = 1;
    gpu_sync();
    a.out[gpu_thread()] = tile[gpu_thread() + 1];
}
RUN(shared_read_off_by_one)

WRONG(shared_too_large)
{
    GPU_SHARED(uint32_t, tile, 20000);
    tile[gpu_thread()] = a.n;
}
RUN(shared_too_large)

WRONG(global_off_by_one) { a.out[a.n] = 7; }
RUN(global_off_by_one)

WRONG(global_read_off_by_one) { a.out[0] = a.out[a.n]; }
RUN(global_read_off_by_one)

PM_TEST(overruns)
{
    expect_death(run_shared_off_by_one, test_seed, "wrote past the 256 bytes of its shared memory tile",
                 "heap-buffer-overflow");
    expect_death(run_dynamic_off_by_one, test_seed, "wrote past the 1024 bytes of its shared memory dynamic",
                 "heap-buffer-overflow");
    expect_death(run_shared_too_large, test_seed, "80000 bytes of shared memory", "81024 bytes of shared");
    if (!WORLD_TSAN)
        expect_death(run_global_off_by_one, test_seed, "something wrote past the 4096 bytes of buffer test",
                     "use-after-poison");
    if (WORLD_ASAN) {
        expect_death(run_shared_read_off_by_one, test_seed, "heap-buffer-overflow", NULL);
        expect_death(run_global_read_off_by_one, test_seed, "use-after-poison", NULL);
    }
}

static void freed_too_early(uint64_t seed)
{
    for (;; seed++) { /* until the launch is not run at once */
        struct world w;
        world_open(&w, seed);
        struct gpu_buffer b = world_put(&w, NULL, 4096);
        struct wrong_args args = {b.ptr, 64};
        CHECK_OK(GPU_LAUNCH(&w.dev, with_barrier, gpu_shape_1d(1, 64, 0), w.stream, args, &w.err), w.err);
        gpu_free(&w.dev, &b);
        world_close(&w);
    }
}

static void copied_too_late(uint64_t seed)
{
    for (;; seed++) {
        struct world w;
        struct gpu_buffer pinned;
        world_open(&w, seed);
        struct gpu_buffer b = world_put(&w, NULL, 4096);
        CHECK_OK(gpu_pin_alloc(&w.dev, &pinned, 4096, "staging", &w.err), w.err);
        memset(pinned.ptr, 0, 4096);
        CHECK_OK(gpu_upload(&w.dev, w.stream, b.ptr, pinned.ptr, 4096, &w.err), w.err);
        gpu_pin_free(&w.dev, &pinned);
        CHECK_OK(gpu_stream_sync(&w.dev, w.stream, &w.err), w.err);
        gpu_free(&w.dev, &b);
        world_close(&w);
    }
}

static void copied_too_much(uint64_t seed)
{
    struct world w;
    static uint8_t host[4097];
    world_open(&w, seed);
    struct gpu_buffer b = world_put(&w, NULL, 4096);
    CHECK_OK(gpu_upload(&w.dev, w.stream, b.ptr, host, 4097, &w.err), w.err);
    world_close(&w);
}

static void copied_backwards(uint64_t seed)
{
    struct world w;
    static uint8_t host[16];
    world_open(&w, seed);
    struct gpu_buffer b = world_put(&w, NULL, 4096);
    CHECK_OK(gpu_upload(&w.dev, w.stream, host, b.ptr, 16, &w.err), w.err);
    world_close(&w);
}

static void leaks(uint64_t seed)
{
    struct world w;
    world_open(&w, seed);
    world_put(&w, NULL, 4096);
    world_close(&w);
}

static void freed_twice(uint64_t seed)
{
    struct world w;
    world_open(&w, seed);
    struct gpu_buffer b = world_put(&w, NULL, 4096), same = b;
    gpu_free(&w.dev, &b);
    gpu_free(&w.dev, &same);
}

PM_TEST(lifetimes)
{
    expect_death(freed_too_early, test_seed, "kernel with_barrier runs after its buffer test was freed",
                 NULL);
    expect_death(copied_too_late, test_seed, "upload: pinned memory staging was freed too early", NULL);
    expect_death(copied_too_much, test_seed, "bytes 0 to 4097 of buffer test, which has 4096", NULL);
    expect_death(copied_backwards, test_seed, "that is no device memory", NULL);
    expect_death(leaks, test_seed, "leak: buffer test of 4096 bytes was not freed", NULL);
    expect_death(freed_twice, test_seed, "freeing buffer test twice", NULL);
}

/* -- Carries -- */

WRONG(lost_carry)
{
    uint32_t low = ptx_add_cc(a.n, a.n);
    uint32_t high = ptx_addc(a.n, 0); /* ends the chain */
    a.out[gpu_thread()] = low + ptx_addc(high, 0);
}
RUN(lost_carry)

WRONG(carry_over_barrier)
{
    uint32_t low = ptx_add_cc(a.n, a.n);
    gpu_sync();
    a.out[gpu_thread()] = ptx_addc(low, 0);
}
RUN(carry_over_barrier)

WRONG(carry_never_set) { a.out[gpu_thread()] = ptx_madc_hi(a.n, a.n, 0); }
RUN(carry_never_set)

WRONG(carry_of_the_other_kind)
{
    uint32_t low = ptx_sub_cc(1, a.n);
    a.out[gpu_thread()] = ptx_addc(low, 0);
}
RUN(carry_of_the_other_kind)

PM_TEST(carries)
{
    expect_death(run_lost_carry, test_seed, "addc.u32 reads an undefined carry", NULL);
    expect_death(run_carry_over_barrier, test_seed, "addc.u32 reads an undefined carry", NULL);
    expect_death(run_carry_never_set, test_seed, "madc.hi.u32 reads an undefined carry", NULL);
    expect_death(run_carry_of_the_other_kind, test_seed, "addc.u32 reads a carry of the other kind", NULL);
}

__extension__ typedef unsigned __int128 u128;

/* The twins against plain arithmetic. */
PM_TEST(twins)
{
    for (int i = 0; i < 2000; i++) {
        uint32_t a = (uint32_t)test_random(), b = (uint32_t)test_random(), c = (uint32_t)test_random();
        if (i % 3 == 0) a = i % 2 ? 0 : UINT32_MAX;
        if (i % 5 == 0) b = i % 2 ? UINT32_MAX : 0;
        uint64_t product = (uint64_t)a * b, wide = (uint64_t)c << 32 | a;
        uint32_t low = ptx_add_cc(a, b), high = ptx_addc_cc(c, b), top = ptx_addc(0, 0);
        u128 sum = (u128)wide + ((uint64_t)b << 32 | b);
        CHECK(low == (uint32_t)sum && high == (uint32_t)(sum >> 32) && top == (uint32_t)(sum >> 64));
        low = ptx_sub_cc(a, b), high = ptx_subc_cc(c, b), top = ptx_subc(0, 0);
        sum = (u128)wide - ((uint64_t)b << 32 | b);
        CHECK(low == (uint32_t)sum && high == (uint32_t)(sum >> 32) && top == (uint32_t)(sum >> 64));
        low = ptx_mad_lo_cc(a, b, a), high = ptx_madc_hi_cc(a, b, c), top = ptx_addc(0, 0);
        sum = (u128)wide + product;
        CHECK(low == (uint32_t)sum && high == (uint32_t)(sum >> 32) && top == (uint32_t)(sum >> 64));
        low = ptx_mad_hi_cc(a, b, c), high = ptx_madc_lo_cc(a, b, c), top = ptx_madc_hi(a, b, 0);
        sum = (u128)(product >> 32) + c + ((u128)(uint32_t)product + c) * 4294967296u;
        sum += (u128)(product >> 32) << 64;
        CHECK(low == (uint32_t)sum && high == (uint32_t)(sum >> 32) && top == (uint32_t)(sum >> 64));
        CHECK(ptx_mul_lo(a, b) == (uint32_t)product && ptx_mul_hi(a, b) == product >> 32);
    }
}
