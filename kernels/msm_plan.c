/* Layouts of multi-scalar multiplications on a device: how wide windows are, how many are sorted at a time,
 * where everything lies. Pure: no device is asked. The one place of the cost model. gpu_curve.h has the
 * contracts. */
#include "kernels/gpu_curve.h"

#include <string.h>

/* Bytes behind each piece, for fences: tests compile this file with some. */
#ifndef GPU_PLAN_GAP
#define GPU_PLAN_GAP 0
#endif
enum { ALIGN = 256 };

/* Costs, in products of the base field of G1 on a device that does 5e10 of them a second; G2's are three
 * times as dear. To be measured again on a device. */
enum {
    COST_MIXED_ADD = 10,
    COST_ADD = 14,
    COST_ENTRY = 3,  /* its digit and its sort */
    COST_BUCKET = 1, /* to clear and to read it */
    COST_G2 = 3,
    COST_PART = 500000, /* launches of one group's digits, sort and additions: 10 us */
    COST_LEVEL = 250000 /* one addition deep, while the device idles: 5 us */
};

/* Threads for which runs are made as short as they may be, and the bounds of a run. */
enum { PARTS = 1 << 16, RUN_MIN = 4, RUN_MAX = 64 };

uint32_t gpu_msm_parts(uint32_t n, uint32_t run) { return n / run + (n % run != 0); }

uint32_t gpu_msm_run(uint32_t n)
{
    uint32_t run = gpu_msm_parts(n, PARTS);
    return run < RUN_MIN ? RUN_MIN : run > RUN_MAX ? RUN_MAX : run;
}

/* The most parts of n entries or fewer. */
static uint32_t most_parts(uint32_t n)
{
    uint32_t few = gpu_msm_parts(n, RUN_MIN), many = gpu_msm_parts(n, RUN_MAX);
    return few < PARTS ? few : many > PARTS ? many : PARTS;
}

size_t gpu_msm_carry_bytes(size_t point_bytes, uint32_t parts)
{
    return (parts + (size_t)gpu_msm_parts(parts, K_CARRY_RUN)) * (point_bytes + sizeof(uint32_t));
}

/* Windows of which scalars below 2^bits have digits. */
static unsigned windows_of(unsigned bits, unsigned c) { return bits / c + 1; }
static unsigned windows_within(unsigned all, unsigned from, unsigned count)
{
    return all <= from ? 0 : all - from < count ? all - from : count;
}

/* The most entries of `windows` windows from `from` on of any n_bases bases, dearest scalars first. */
static uint64_t entries(const struct gpu_msm_size *size, unsigned c, unsigned from, unsigned windows,
                        uint32_t n_bases)
{
    uint32_t left = n_bases, fulls = size->counts.fulls, shorts = size->counts.shorts,
             ones = size->counts.ones;
    if (fulls > left) fulls = left;
    left -= fulls;
    if (shorts > left) shorts = left;
    left -= shorts;
    if (ones > left) ones = left;
    return (uint64_t)fulls * windows_within(windows_of(size->scalar_bits, c), from, windows) +
           (uint64_t)shorts * windows_within(windows_of(64, c), from, windows) + (from == 0 ? ones : 0);
}

uint32_t gpu_msm_entries(const struct gpu_msm_plan *plan, unsigned window_from, uint32_t n_bases)
{
    return (uint32_t)entries(&plan->size, plan->c, window_from, plan->group_windows, n_bases);
}

static uint64_t all_bases(const struct gpu_msm_size *size)
{
    return (uint64_t)size->counts.fulls + size->counts.shorts + size->counts.ones;
}

static size_t take(size_t *used, size_t bytes)
{
    size_t at = *used;
    *used += (bytes + ALIGN - 1) / ALIGN * ALIGN + GPU_PLAN_GAP;
    return at;
}

/* The layout for windows of c bits, `group_windows` at a time; false where entries or buckets are too many.
 */
static bool lay_out(struct gpu_msm_plan *p, const struct gpu_msm_size *size, unsigned c,
                    unsigned group_windows)
{
    uint64_t bases = all_bases(size), chunk = size->n_chunk && size->n_chunk < bases ? size->n_chunk : bases;
    memset(p, 0, sizeof *p);
    p->size = *size;
    p->gap = GPU_PLAN_GAP;
    p->c = c;
    p->windows = windows_of(size->scalar_bits, c);
    p->group_windows = group_windows < p->windows ? group_windows : p->windows;
    uint64_t buckets = (uint64_t)p->windows << (c - 1);
    uint64_t n = entries(size, c, 0, p->group_windows, (uint32_t)chunk);
    if (bases >> 31 || n >> 31 || buckets >> 31) return false;
    p->n_buckets = (uint32_t)buckets;
    p->n_entries = (uint32_t)n;
    p->n_out = p->windows * (c - 1);
    p->cursor = take(&p->bytes, sizeof(uint32_t));
    GPU_STATIC_ASSERT(K_ENTRY_BYTES == 4 * sizeof(uint32_t), "a key and a value in each half");
    for (int half = 0; half < 2; half++) {
        p->keys[half] = take(&p->bytes, n * sizeof(uint32_t));
        p->values[half] = take(&p->bytes, n * sizeof(uint32_t));
    }
    p->sort_bytes = gpu_sort_scratch(n);
    p->sort = take(&p->bytes, p->sort_bytes);
    for (int g = 0; g < 2; g++) {
        if (!size->group[g]) continue;
        size_t point = size->group[g]->point_bytes;
        p->group[g].buckets = take(&p->bytes, buckets * point);
        p->group[g].carry = take(&p->bytes, gpu_msm_carry_bytes(point, most_parts(p->n_entries)));
        p->group[g].out = take(&p->bytes, p->n_out * point);
    }
    return true;
}

static uint64_t cost(const struct gpu_msm_plan *p)
{
    const struct gpu_msm_size *size = &p->size;
    uint64_t bases = all_bases(size), n = entries(size, p->c, 0, p->windows, (uint32_t)bases);
    uint64_t chunks = size->n_chunk ? (bases + size->n_chunk - 1) / size->n_chunk : 1;
    uint64_t parts = chunks * ((p->windows + p->group_windows - 1) / p->group_windows);
    uint64_t sum = n * COST_ENTRY + parts * COST_PART;
    for (int g = 0; g < 2; g++) {
        if (!size->group[g]) continue;
        uint64_t weight = size->group[g]->degree == 2 ? COST_G2 : 1;
        sum += weight * (n * COST_MIXED_ADD + p->n_buckets * (uint64_t)(2 * COST_ADD + COST_BUCKET) +
                         p->c * (uint64_t)COST_LEVEL);
    }
    return sum;
}

/* For windows of c bits, as many at a time as `bytes` hold, dealt evenly; false where not even one fits. */
static bool fit(struct gpu_msm_plan *p, const struct gpu_msm_size *size, unsigned c, size_t bytes)
{
    unsigned most = size->group_windows ? size->group_windows : windows_of(size->scalar_bits, c);
    while (most > 0 && !(lay_out(p, size, c, most) && p->bytes <= bytes)) most--;
    if (most == 0) return false;
    unsigned groups = (p->windows + p->group_windows - 1) / p->group_windows;
    return lay_out(p, size, c, (p->windows + groups - 1) / groups);
}

static bool best(struct gpu_msm_plan *out, const struct gpu_msm_size *size, size_t bytes)
{
    uint64_t best_cost = UINT64_MAX;
    for (unsigned c = K_MSM_MIN_C; c <= K_MSM_MAX_C; c++) {
        struct gpu_msm_plan p;
        if ((size->c && size->c != c) || !fit(&p, size, c, bytes) || cost(&p) >= best_cost) continue;
        best_cost = cost(&p);
        *out = p;
    }
    return best_cost < UINT64_MAX;
}

size_t gpu_msm_bytes(const struct gpu_msm_size *size)
{
    struct gpu_msm_plan p;
    return best(&p, size, SIZE_MAX) ? p.bytes : SIZE_MAX;
}

size_t gpu_msm_least_bytes(const struct gpu_msm_size *size)
{
    size_t least = SIZE_MAX;
    for (unsigned c = K_MSM_MIN_C; c <= K_MSM_MAX_C; c++) {
        struct gpu_msm_plan p;
        if (size->c && size->c != c) continue;
        if (lay_out(&p, size, c, size->group_windows ? size->group_windows : 1) && p.bytes < least)
            least = p.bytes;
    }
    return least;
}

enum pm_status gpu_msm_plan(struct gpu_msm_plan *out, const struct gpu_msm_size *size, size_t bytes,
                            struct pm_error *err)
{
    if (best(out, size, bytes)) return PM_OK;
    size_t least = gpu_msm_least_bytes(size);
    if (least == SIZE_MAX)
        return pm_fail(err, PM_UNSUPPORTED, "a multi-scalar multiplication of %llu points is too large",
                       (unsigned long long)all_bases(size));
    return pm_fail(err, PM_NO_MEMORY,
                   "a multi-scalar multiplication of %llu points needs %zu bytes of device "
                   "memory, it may have %zu",
                   (unsigned long long)all_bases(size), least, bytes);
}
