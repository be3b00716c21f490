/* Tables for sums over bases that stay: which windows pay, and the tables themselves. See msm.h; what a sum
 * does with them is msm.c's. */
#include "math/msm.h"

#include "math/digits.h"

#include <string.h>

/* Bases of one piece of work: whole blocks of any build's `lift`. */
enum { piece = 1024 };

static unsigned windows_of(const struct pm_msm_kind *kind, unsigned c)
{
    return pm_digits_windows(kind->scalar_bits - 1, c);
}

unsigned pm_msm_table_window(unsigned *saved, const struct pm_msm_kind *kind, size_t n, unsigned threads)
{
    const unsigned apart = kind->window(n);
    const uint64_t before = pm_msm_cost_apart(kind, n, apart, windows_of(kind, apart));
    uint64_t best_cost = before;
    unsigned best = 0;
    for (unsigned c = 2; c <= PM_MSM_MAX_C; c++) {
        uint64_t cost = pm_msm_cost_shared(kind, n, c, windows_of(kind, c), threads);
        if (cost < best_cost && pm_msm_table_bytes(kind, n, c) != SIZE_MAX) best = c, best_cost = cost;
    }
    *saved = best ? (unsigned)((before - best_cost) * 100 / before) : 0;
    return best;
}

size_t pm_msm_table_bytes(const struct pm_msm_kind *kind, size_t n, unsigned c)
{
    size_t points;
    if (__builtin_mul_overflow(n, windows_of(kind, c), &points) || points > UINT32_MAX) return SIZE_MAX;
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
            for (unsigned w = 1; w < windows_of(job->kind, job->c); w++, out += row)
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
