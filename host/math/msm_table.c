/* Which windows are cheapest, with tables for bases that stay and without, and the tables themselves. See
 * msm.h; what a sum does with them is msm.c's. */
#include "math/msm.h"

#include <string.h>

/* Bases of one piece of work: whole blocks of any build's `lift`. */
enum { piece = 1024 };

unsigned pm_msm_window(const struct pm_msm_kind *kind, size_t n)
{
    size_t points = 1;
    unsigned best = 2;
    while (points < n) points *= 2;
    for (unsigned c = 3; c <= PM_DIGITS_MAX_C; c++)
        if (pm_msm_cost_apart(kind, points, c) < pm_msm_cost_apart(kind, points, best)) best = c;
    return best;
}

unsigned pm_msm_table_window(unsigned *saved, const struct pm_msm_kind *kind, size_t n, unsigned threads)
{
    const uint64_t before = pm_msm_cost_apart(kind, n, pm_msm_window(kind, n));
    uint64_t best_cost = before;
    unsigned best = 0;
    for (unsigned c = 2; c <= PM_MSM_MAX_C; c++) {
        uint64_t cost = pm_msm_cost_shared(kind, n, c, threads);
        if (cost < best_cost && pm_msm_table_bytes(kind, n, c) != SIZE_MAX) best = c, best_cost = cost;
    }
    *saved = best ? (unsigned)((before - best_cost) * 100 / before) : 0;
    return best;
}

size_t pm_msm_table_bytes(const struct pm_msm_kind *kind, size_t n, unsigned c)
{
    size_t points;
    if (__builtin_mul_overflow(n, pm_msm_windows(kind, c), &points) || points > UINT32_MAX) return SIZE_MAX;
    return points > SIZE_MAX / kind->base_bytes ? SIZE_MAX : points * kind->base_bytes;
}

struct job {
    const struct pm_msm_kind *kind;
    uint8_t *table, *workers;
    const uint8_t *bases;
    size_t n, next, next_worker, worker_bytes;
    unsigned c;
};

static size_t worker_bytes(const struct pm_msm_kind *kind) { return (kind->lift_bytes + 63) / 64 * 64; }

size_t pm_msm_table_scratch(const struct pm_msm_kind *kind, unsigned threads)
{
    return threads * worker_bytes(kind);
}

/* One piece of the bases after another, all its rows each. */
static void table_work(void *ctx, size_t begin, size_t end)
{
    struct job *job = ctx;
    const size_t bytes = job->kind->base_bytes, row = job->n * bytes;
    for (size_t i = begin; i < end; i++) {
        const size_t worker = __atomic_fetch_add(&job->next_worker, 1, __ATOMIC_RELAXED);
        size_t at;
        while ((at = __atomic_fetch_add(&job->next, piece, __ATOMIC_RELAXED)) < job->n) {
            const size_t count = job->n - at < piece ? job->n - at : piece;
            uint8_t *out = job->table + at * bytes;
            memcpy(out, job->bases + at * bytes, count * bytes);
            for (unsigned w = 1; w < pm_msm_windows(job->kind, job->c); w++, out += row)
                job->kind->lift(out + row, out, count, job->c, job->workers + worker * job->worker_bytes);
        }
    }
}

void pm_msm_table_make(const struct pm_msm_kind *kind, struct pm_pool *pool, uint8_t *table,
                       const uint8_t *bases, size_t n, unsigned c, void *scratch)
{
    struct job job = {.kind = kind,
                      .table = table,
                      .workers = scratch,
                      .bases = bases,
                      .n = n,
                      .worker_bytes = worker_bytes(kind),
                      .c = c};
    pm_pool_for(pool, pm_pool_threads(pool), 1, table_work, &job);
}
