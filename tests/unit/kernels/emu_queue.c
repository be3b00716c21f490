/* Streams, events and late copies of the emulated device, under many seeds: what is ordered keeps its order,
 * what is not shows under some seed. */
#include "emu_world.h"

struct step_args {
    uint32_t *data;
    uint32_t n, factor, add;
};

GPU_KERNEL(step, 64, struct step_args, a)
{
    for (uint32_t i = gpu_global(); i < a.n; i += gpu_global_count())
        a.data[i] = a.data[i] * a.factor + a.add;
}

enum { N = 100, SEEDS = 40 };

static void queue_step(struct world *w, gpu_stream stream, const struct gpu_buffer *b, uint32_t factor,
                       uint32_t add)
{
    struct step_args args = {b->ptr, N, factor, add};
    struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(&w->dev, N, 32), 32, 0);
    CHECK_OK(GPU_LAUNCH(&w->dev, step, shape, stream, args, &w->err), w->err);
}

/* upload, *3+1 in one stream; *5+2, download in another; the wait between them can be left out. */
static bool two_streams(uint64_t seed, bool wait, bool sync)
{
    struct world w;
    gpu_stream second;
    gpu_event done;
    struct gpu_buffer in, out;
    world_open(&w, seed);
    struct gpu_buffer b = world_put(&w, NULL, N * 4);
    CHECK_OK(gpu_pin_alloc(&w.dev, &in, N * 4, "in", &w.err), w.err);
    CHECK_OK(gpu_pin_alloc(&w.dev, &out, N * 4, "out", &w.err), w.err);
    memset(out.ptr, 0, N * 4);
    CHECK_OK(gpu_stream_new(&w.dev, &second, &w.err), w.err);
    CHECK_OK(gpu_event_new(&w.dev, &done, &w.err), w.err);
    uint32_t *from = in.ptr, *to = out.ptr;
    for (uint32_t i = 0; i < N; i++) from[i] = i;
    CHECK_OK(gpu_upload(&w.dev, w.stream, b.ptr, from, N * 4, &w.err), w.err);
    queue_step(&w, w.stream, &b, 3, 1);
    CHECK_OK(gpu_event_record(&w.dev, done, w.stream, &w.err), w.err);
    if (wait) CHECK_OK(gpu_event_wait(&w.dev, second, done, &w.err), w.err);
    queue_step(&w, second, &b, 5, 2);
    CHECK_OK(gpu_download(&w.dev, second, to, b.ptr, N * 4, &w.err), w.err);
    if (sync) CHECK_OK(gpu_stream_sync(&w.dev, second, &w.err), w.err);
    bool right = true;
    for (uint32_t i = 0; i < N; i++) right &= to[i] == (3 * i + 1) * 5 + 2;
    CHECK_OK(gpu_stream_sync(&w.dev, second, &w.err), w.err);
    CHECK_OK(gpu_stream_sync(&w.dev, w.stream, &w.err), w.err);
    gpu_event_free(&w.dev, &done);
    gpu_stream_free(&w.dev, &second);
    gpu_pin_free(&w.dev, &in);
    gpu_pin_free(&w.dev, &out);
    gpu_free(&w.dev, &b);
    world_close(&w);
    return right;
}

PM_TEST(ordered_streams)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) CHECK(two_streams(test_seed + seed, true, true));
}

PM_TEST(a_missing_wait_shows)
{
    unsigned wrong = 0, too_early = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        wrong += !two_streams(test_seed + seed, false, true);
        too_early += !two_streams(test_seed + seed, true, false);
    }
    CHECK(wrong > SEEDS / 8 && too_early > SEEDS / 8);
}

/* A source that changes after its copy was queued: the copy may see either. */
PM_TEST(copies_are_late)
{
    unsigned late = 0, early = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct world w;
        uint32_t source = 1, seen = 0;
        world_open(&w, test_seed + seed);
        struct gpu_buffer b = world_put(&w, NULL, 4);
        CHECK_OK(gpu_upload(&w.dev, w.stream, b.ptr, &source, 4, &w.err), w.err);
        source = 2;
        world_get(&w, &seen, &b, 4);
        CHECK(seen == 1 || seen == 2);
        late += seen == 2;
        early += seen == 1;
        gpu_free(&w.dev, &b);
        world_close(&w);
    }
    CHECK(late > 0 && early > 0);
}

PM_TEST(fills_moves_and_events)
{
    struct world w;
    gpu_event never, twice;
    uint8_t out[64];
    world_open(&w, test_random());
    struct gpu_buffer a = world_put(&w, NULL, 64), b = world_put(&w, NULL, 64);
    CHECK_OK(gpu_event_new(&w.dev, &never, &w.err), w.err);
    CHECK_OK(gpu_event_new(&w.dev, &twice, &w.err), w.err);
    CHECK_OK(gpu_event_wait(&w.dev, w.stream, never, &w.err), w.err); /* nothing to wait for */
    CHECK_OK(gpu_fill(&w.dev, w.stream, a.ptr, 0x11, 64, &w.err), w.err);
    CHECK_OK(gpu_event_record(&w.dev, twice, w.stream, &w.err), w.err);
    CHECK_OK(gpu_fill(&w.dev, w.stream, (uint8_t *)a.ptr + 8, 0x22, 8, &w.err), w.err);
    CHECK_OK(gpu_move(&w.dev, w.stream, b.ptr, a.ptr, 64, &w.err), w.err);
    CHECK_OK(gpu_download(&w.dev, w.stream, out, b.ptr, 64, &w.err), w.err);
    CHECK_OK(gpu_upload(&w.dev, w.stream, a.ptr, NULL, 0, &w.err), w.err);
    CHECK_OK(gpu_event_record(&w.dev, twice, w.stream, &w.err), w.err);
    CHECK_OK(gpu_event_sync(&w.dev, twice, &w.err), w.err);
    for (int i = 0; i < 64; i++) CHECK_U64(out[i], i / 8 == 1 ? 0x22 : 0x11);
    gpu_event_free(&w.dev, &never);
    gpu_event_free(&w.dev, &twice);
    gpu_free(&w.dev, &a);
    gpu_free(&w.dev, &b);
    world_close(&w);
}
