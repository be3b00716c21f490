/* Layouts of multi-scalar multiplications: pieces lie in order and apart, what is promised for fewer scalars
 * and for less memory holds over random sizes, and what is too large is refused with numbers. */
#include "kernels/gpu_curve.h"

#include "test.h"

static const struct gpu_group g1 = {.affine_bytes = 64, .point_bytes = 128, .degree = 1};
static const struct gpu_group g2 = {.affine_bytes = 128, .point_bytes = 256, .degree = 2};

static uint32_t below(uint64_t n) { return (uint32_t)(test_random() % n); }

static struct gpu_msm_size draw(uint32_t most)
{
    struct gpu_msm_size size = {.scalar_bits = 253 + below(2), .group = {below(2) ? &g1 : &g2, NULL}};
    uint32_t n = below(most);
    size.counts.fulls = n ? below(n) : 0;
    size.counts.shorts = n - size.counts.fulls ? below(n - size.counts.fulls) : 0;
    size.counts.ones = n - size.counts.fulls - size.counts.shorts;
    if (below(3) == 0) size.group[1] = &g2;
    if (below(3) == 0) size.n_chunk = 1 + below(n + 2);
    return size;
}

/* Each piece begins where the one before it may end, aligned, and the last ends where the whole does. */
static void check_layout(const struct gpu_msm_plan *p)
{
    size_t end = p->cursor + 4;
#define PIECE(at, bytes)                                                                                     \
    do {                                                                                                     \
        CHECK((at) >= end && (at) % 256 == 0);                                                               \
        end = (at) + (bytes);                                                                                \
    } while (0)
    for (int half = 0; half < 2; half++) {
        PIECE(p->keys[half], (size_t)4 * p->n_entries);
        PIECE(p->values[half], (size_t)4 * p->n_entries);
    }
    PIECE(p->sort, p->sort_bytes);
    CHECK(p->sort_bytes >= gpu_sort_scratch(p->n_entries));
    for (int g = 0; g < 2; g++) {
        if (!p->size.group[g]) continue;
        size_t point = p->size.group[g]->point_bytes;
        uint32_t parts = gpu_msm_parts(p->n_entries, gpu_msm_run(p->n_entries));
        PIECE(p->group[g].buckets, p->n_buckets * point);
        PIECE(p->group[g].carry, gpu_msm_carry_bytes(point, parts));
        PIECE(p->group[g].out, p->n_out * point);
    }
#undef PIECE
    CHECK(end <= p->bytes && p->bytes - end < (4u << 20) + p->bytes / 2);
    CHECK(p->windows == p->size.scalar_bits / p->c + 1 && p->n_out == p->windows * (p->c - 1));
    CHECK(p->group_windows >= 1 && p->group_windows <= p->windows);
}

/* No part of any group of windows and any chunk has more entries than the layout holds, and its carries fit.
 */
static void check_entries(const struct gpu_msm_plan *p)
{
    const struct k_counts *n = &p->size.counts;
    uint64_t bases = (uint64_t)n->fulls + n->shorts + n->ones, sum = 0;
    uint32_t chunk = p->size.n_chunk && p->size.n_chunk < bases ? p->size.n_chunk : (uint32_t)bases;
    for (unsigned w = 0; w < p->windows; w += p->group_windows) {
        uint32_t entries = gpu_msm_entries(p, w, chunk);
        CHECK(entries <= p->n_entries);
        for (int g = 0; g < 2; g++) {
            if (!p->size.group[g]) continue;
            size_t room =
                (g == 0 && p->size.group[1] ? p->group[0].out : p->group[g].out) - p->group[g].carry;
            for (int i = 0; i < 20; i++) {
                uint32_t fewer = entries - below((uint64_t)entries + 1);
                CHECK(gpu_msm_carry_bytes(p->size.group[g]->point_bytes,
                                          gpu_msm_parts(fewer, gpu_msm_run(fewer))) <= room);
            }
        }
        sum += gpu_msm_entries(p, w, (uint32_t)bases);
    }
    uint64_t all = (uint64_t)n->fulls * p->windows + (uint64_t)n->shorts * (64 / p->c + 1) + n->ones;
    CHECK_MSG(sum == all, "%llu entries of all groups, not %llu", (unsigned long long)sum,
              (unsigned long long)all);
}

PM_TEST(layouts)
{
    for (int i = 0; i < 300; i++) {
        struct gpu_msm_size size = draw(i % 3 == 0 ? 100 : 1u << 24);
        struct gpu_msm_plan p, q;
        struct pm_error err;
        size_t most = gpu_msm_bytes(&size), least = gpu_msm_least_bytes(&size);
        CHECK(least <= most);
        CHECK_OK(gpu_msm_plan(&p, &size, SIZE_MAX, &err), err);
        CHECK(p.bytes == most);
        check_layout(&p);
        check_entries(&p);
        CHECK_OK(gpu_msm_plan(&q, &size, most, &err), err);
        CHECK(memcmp(&p, &q, sizeof p) == 0);
        CHECK_OK(gpu_msm_plan(&q, &size, least, &err), err);
        CHECK(q.bytes == least);
        check_layout(&q);
        CHECK(gpu_msm_plan(&q, &size, least - 1, &err) == PM_NO_MEMORY);
        CHECK(strstr(err.text, "it may have"));
        size_t some = least + (size_t)(test_random() % (most - least + 1));
        CHECK_OK(gpu_msm_plan(&q, &size, some, &err), err);
        CHECK(q.bytes <= some);
        check_layout(&q);
        check_entries(&q);
    }
}

/* What is reserved for n bases of which nothing is known does for whatever the scalars turn out to be. */
PM_TEST(reserved)
{
    for (int i = 0; i < 300; i++) {
        struct gpu_msm_size size = draw(1u << 22), upper = size;
        struct gpu_msm_plan p;
        struct pm_error err;
        upper.counts = (struct k_counts){0};
        upper.counts.fulls = size.counts.fulls + size.counts.shorts + size.counts.ones + below(1000);
        size_t least = gpu_msm_least_bytes(&upper), most = gpu_msm_bytes(&upper);
        CHECK_OK(gpu_msm_plan(&p, &size, least, &err), err);
        CHECK_OK(gpu_msm_plan(&p, &size, least + (size_t)(test_random() % (most - least + 1)), &err), err);
        CHECK(gpu_msm_least_bytes(&size) <= least);
        /* The same layout for fewer scalars takes no more. */
        CHECK_OK(gpu_msm_plan(&p, &upper, most, &err), err);
        size.c = p.c;
        size.group_windows = p.group_windows;
        CHECK(gpu_msm_bytes(&size) <= most);
    }
}

/* More scalars never take narrower windows, and the widths are in the range that others measured. */
PM_TEST(widths)
{
    unsigned before = 0;
    struct gpu_msm_plan p;
    struct pm_error err;
    for (unsigned log2_n = 0; log2_n <= 26; log2_n++) {
        struct gpu_msm_size size = {
            .counts = {.fulls = 1u << log2_n}, .scalar_bits = 253, .group = {&g1, NULL}};
        CHECK_OK(gpu_msm_plan(&p, &size, SIZE_MAX, &err), err);
        CHECK_MSG(p.c >= before, "2^%u: %u bits after %u", log2_n, p.c, before);
        before = p.c;
        if (log2_n == 20) CHECK_MSG(p.c >= 13 && p.c <= 17, "2^20: %u bits", p.c);
        if (log2_n == 24) CHECK_MSG(p.c >= 16 && p.c <= 21, "2^24: %u bits", p.c);
    }
}

PM_TEST(too_many)
{
    struct gpu_msm_size size = {.counts = {.fulls = 1u << 31}, .scalar_bits = 253, .group = {&g1, NULL}};
    struct gpu_msm_plan p;
    struct pm_error err;
    CHECK(gpu_msm_plan(&p, &size, SIZE_MAX, &err) == PM_UNSUPPORTED);
    CHECK(gpu_msm_bytes(&size) == SIZE_MAX && gpu_msm_least_bytes(&size) == SIZE_MAX);
    size.counts.fulls = (1u << 31) - 1; /* a window at a time */
    CHECK_OK(gpu_msm_plan(&p, &size, SIZE_MAX, &err), err);
    CHECK(p.group_windows == 1 && p.n_entries == size.counts.fulls);
    size.counts.shorts = 1u << 31;
    size.counts.fulls = 1u << 31; /* together 2^32 */
    CHECK(gpu_msm_plan(&p, &size, SIZE_MAX, &err) == PM_UNSUPPORTED);
}

PM_TEST(runs)
{
    for (uint64_t n = 0; n < 1u << 24; n = n * 3 / 2 + 1) {
        uint32_t run = gpu_msm_run((uint32_t)n);
        CHECK(run >= 2 && (uint64_t)run * gpu_msm_parts((uint32_t)n, run) >= n);
    }
    CHECK(gpu_msm_parts(0, 4) == 0 && gpu_msm_parts(8, 4) == 2 && gpu_msm_parts(9, 4) == 3);
    CHECK(gpu_msm_parts(UINT32_MAX, 2) == 1u << 31);
}
