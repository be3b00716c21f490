/* Streams, events and late copies of the emulated device, under many seeds: what is ordered keeps its order,
 * what is not shows under some seed. */
#include "kernels/gpu_sort.h"

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

/* Insertion by the lowest bits, stable: what a sort of pairs should leave. */
static void insert_sorted(uint32_t *keys, uint32_t *values, size_t n, uint32_t mask)
{
    for (size_t i = 1; i < n; i++) {
        uint32_t key = keys[i], value = values[i];
        size_t j = i;
        for (; j > 0 && (keys[j - 1] & mask) > (key & mask); j--) {
            keys[j] = keys[j - 1];
            values[j] = values[j - 1];
        }
        keys[j] = key;
        values[j] = value;
    }
}

static void sort_and_check(size_t n, unsigned bits)
{
    static uint32_t keys[1000], values[1000], out[1000];
    struct world w;
    struct gpu_buffer b[4];
    struct gpu_pairs pairs = {.current = (unsigned)(test_random() & 1)};
    uint32_t spread = test_random() & 1 ? 0xffffffff : 0x80000007; /* or many equal ones */
    for (size_t i = 0; i < n; i++) {
        keys[i] = (uint32_t)test_random() & spread;
        values[i] = (uint32_t)i;
    }
    world_open(&w, test_random());
    for (int i = 0; i < 4; i++) b[i] = world_put(&w, i % 2 ? values : keys, 4 * n);
    struct gpu_buffer scratch = world_put(&w, NULL, gpu_sort_scratch(n));
    for (int half = 0; half < 2; half++) {
        pairs.key[half] = b[2 * half].ptr;
        pairs.value[half] = b[2 * half + 1].ptr;
    }
    CHECK_OK(gpu_fill(&w.dev, w.stream, pairs.key[1 - pairs.current], 1, 4 * n, &w.err), w.err);
    CHECK_OK(gpu_sort_pairs(&w.dev, w.stream, &pairs, n, bits, scratch.ptr, scratch.bytes, &w.err), w.err);
    insert_sorted(keys, values, n, bits < 32 ? (1u << bits) - 1 : 0xffffffff);
    world_get(&w, out, &b[2 * pairs.current], 4 * n);
    CHECK_MSG(memcmp(out, keys, 4 * n) == 0, "%zu keys of %u bits", n, bits);
    world_get(&w, out, &b[2 * pairs.current + 1], 4 * n);
    CHECK_MSG(memcmp(out, values, 4 * n) == 0, "%zu values of keys of %u bits", n, bits);
    if (n > 0)
        CHECK(gpu_sort_pairs(&w.dev, w.stream, &pairs, n, bits, scratch.ptr, scratch.bytes - 1, &w.err) ==
              PM_INTERNAL);
    for (int i = 0; i < 4; i++) gpu_free(&w.dev, &b[i]);
    gpu_free(&w.dev, &scratch);
    world_close(&w);
}

PM_TEST(sorts)
{
    static const size_t sizes[] = {0, 1, 2, 33, 1000};
    for (unsigned bits = 1; bits <= 32; bits++) sort_and_check(sizes[test_random() % 5], bits);
    sort_and_check(1000, 17);
    sort_and_check(1000, 32);
}
