/* Multi-scalar multiplication, what is the same for every group and build: several sums at a time, some of
 * them over the same scalars. Scalars are sorted by kind and cut into signed digits once for all sums that
 * take them; the work of all sums is one list of tasks, from which threads draw, so that no thread waits
 * between two sums. How a task is done is the group's (msm_tmpl.h, msm_ifma_tmpl.h).
 *
 * Pippenger's method: a scalar s is replaced by min(s, r - s) with the base negated, and cut into digits of c
 * bits (digits.h); a window is one digit of all scalars. Scalars that are 0 and bases at infinity drop out;
 * 1 and -1 go into a list of their own, which is summed without digits. Time depends on scalars and bases.
 * The scratch memory holds digits of the scalars afterwards: wipe it if they are secret. */
#ifndef PM_MATH_MSM_H
#define PM_MATH_MSM_H

#include "base/pool.h"
#include "base/watch.h"
#include "math/digits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PM_MSM_CHUNK = 4096, PM_MSM_MAX_PARTS = 8, PM_MSM_MAX_SETS = 4, PM_MSM_MAX_C = 16 };

struct pm_msm_task;

/* A group in one build. */
struct pm_msm_kind {
    unsigned base_bytes, point_bytes; /* of an affine base in memory; of a point in progress */
    unsigned scalar_limbs, scalar_bits;
    const uint64_t *modulus;            /* of the scalars */
    unsigned weight;                    /* what an addition costs, in some unit common to a curve's groups */
    unsigned bucket_cost;               /* of taking one bucket into the result, in additions */
    unsigned window_cost;               /* of a window beyond its buckets, likewise */
    unsigned (*group)(unsigned c);      /* the most windows that one task takes */
    size_t (*worker_bytes)(unsigned c); /* a thread's memory for tasks of windows of c bits */
    void (*work)(const struct pm_msm_task *task, void *worker);
    void (*set_infinity)(void *out);
    void (*add)(void *out, const void *a, const void *b); /* complete; aliasing allowed */
    size_t lift_bytes;                                    /* a thread's memory for `lift` */
    /* out[i] = 2^doublings bases[i] for i < n, affine and canonical; out may be bases. */
    void (*lift)(uint8_t *out, const uint8_t *bases, size_t n, unsigned doublings, void *worker);
};

/* Windows of c bits that a scalar has: min(s, r - s) has a bit less than s. */
static inline unsigned pm_msm_windows(const struct pm_msm_kind *kind, unsigned c)
{
    return pm_digits_windows(kind->scalar_bits - 1, c);
}
/* Digits of window w are at most 2^k: c - 1, or fewer in the highest window, whose k is this. */
static inline unsigned pm_msm_digit_bits(const struct pm_msm_kind *kind, unsigned c, unsigned w)
{
    const unsigned bits = kind->scalar_bits - 1, below = c * w;
    if (below >= bits) return 0; /* a carry */
    return bits - below < c - 1 ? bits - below : c - 1;
}
/* The c that makes a sum of n full scalars cheapest, n counted as the next power of two; it does not fall
 * with n. */
unsigned pm_msm_window(const struct pm_msm_kind *kind, size_t n);

/* Scalars: n of them, plain, 8 * scalar_limbs bytes each; n < 2^31. Those that are not below r count modulo
 * r. The rest is the driver's. Chunk k stands for scalars k * PM_MSM_CHUNK and on; its entries lie in its own
 * stretch of `list`: full scalars from the front, ones from the back. */
struct pm_msm_set {
    const uint8_t *scalars;
    size_t n;

    unsigned limbs, c, windows;
    const uint64_t *modulus;
    bool shared; /* c is that of the parts' tables, which are used */
    size_t n_full, n_ones, row;
    uint32_t *list; /* n: index in the chunk (pm_msm_index), and for -1 PM_MSM_MINUS */
    struct pm_msm_count {
        uint32_t full, ones, rank; /* rank: full scalars in the chunks before */
    } * count;
    int16_t *digit; /* windows rows of n_full, by rank; one begins `row` behind the other */
    uint64_t *hits; /* one a window: digits that are not zero */
};

/* One sum: out = sum over i < n of scalar[first + i] * bases[i]. The rest is the driver's: the set's entries
 * whose base is there and not at infinity, in the same form; pm_msm_rank says the rank within the chunk. */
struct pm_msm_part {
    const struct pm_msm_kind *kind;
    struct pm_msm_set *set;
    const uint8_t *bases;
    size_t first, n;
    void *out; /* a point in progress */

    /* NULL, or what pm_msm_table_make made of these n bases for windows of table_c bits; table_c is the same
     * for all parts of a set that have one. Then all windows share one row of buckets, unless there are so
     * few full scalars that windows of fewer bits cost less. */
    const uint8_t *table;
    unsigned table_c;

    uint32_t *list;
    struct pm_msm_count *count;
    size_t n_full, n_ones, first_task, end_task;
};
static inline const uint8_t *pm_msm_bases(const struct pm_msm_part *part)
{
    return part->table ? part->table : part->bases;
}
/* Whether all windows of a task go into the same buckets: base i of window w is then the table's w * n + i.
 */
static inline bool pm_msm_is_shared(const struct pm_msm_part *part)
{
    return part->table && part->set->shared;
}

enum { PM_MSM_INDEX = PM_MSM_CHUNK - 1, PM_MSM_RANK_SHIFT = 16 };
#define PM_MSM_MINUS 0x80000000u
static inline size_t pm_msm_chunks(size_t n) { return (n + PM_MSM_CHUNK - 1) / PM_MSM_CHUNK; }
static inline size_t pm_msm_chunk_len(size_t n, size_t chunk)
{
    size_t left = n - chunk * PM_MSM_CHUNK;
    return left < PM_MSM_CHUNK ? left : PM_MSM_CHUNK;
}

/* Some windows of some chunks of a part, or its ones. result: `windows` points; one for ones, and for windows
 * that share their buckets. */
struct pm_msm_task {
    const struct pm_msm_part *part;
    uint32_t chunk, chunk_end;
    unsigned window, windows;
    bool ones;
    void *result;
};

/* Where a task's reader stands, and what it reads next. */
struct pm_msm_reader {
    const struct pm_msm_task *task;
    uint32_t chunk, at;
};
struct pm_msm_item {
    size_t base;          /* index into the part's bases */
    bool minus;           /* of ones */
    const int16_t *digit; /* of full scalars, of the task's first window; the next is set->row later */
};
/* False at the end. */
static inline bool pm_msm_read(struct pm_msm_item *out, struct pm_msm_reader *r)
{
    const struct pm_msm_part *part = r->task->part;
    const struct pm_msm_set *set = part->set;
    for (; r->chunk < r->task->chunk_end; r->chunk++, r->at = 0) {
        const struct pm_msm_count *count = &part->count[r->chunk];
        const uint32_t *list = part->list + (size_t)r->chunk * PM_MSM_CHUNK;
        if (r->at >= (r->task->ones ? count->ones : count->full)) continue;
        uint32_t entry = r->task->ones ? list[pm_msm_chunk_len(set->n, r->chunk) - 1 - r->at] : list[r->at];
        out->base = (size_t)r->chunk * PM_MSM_CHUNK + (entry & PM_MSM_INDEX) - part->first;
        out->minus = entry & PM_MSM_MINUS;
        out->digit = set->digit + r->task->window * set->row + set->count[r->chunk].rank +
                     (entry >> PM_MSM_RANK_SHIFT);
        r->at++;
        return true;
    }
    return false;
}

/* Bytes of scratch for these parts and sets, of which kind, set, first and n are read: enough for any scalars
 * and bases. n_parts <= PM_MSM_MAX_PARTS, n_sets <= PM_MSM_MAX_SETS. All parts of one set have scalars of one
 * field. */
size_t pm_msm_scratch(const struct pm_msm_part *parts, size_t n_parts, const struct pm_msm_set *sets,
                      size_t n_sets, unsigned threads);

/* All sums. scratch: pm_msm_scratch bytes for the pool's threads, aligned to 64 bytes. watch, which may be
 * NULL, is asked between tasks, its permille counting those of this call; when it says no, the sums are left
 * unfinished and the result is false. */
bool pm_msm_sum_var(struct pm_pool *pool, struct pm_msm_part *parts, size_t n_parts, struct pm_msm_set *sets,
                    size_t n_sets, void *scratch, const struct pm_watch *watch);

/* -- Tables for bases that stay: row w of n points holds 2^(c w) base[i], w < the windows of c bits. -- */

/* What a sum of n full scalars costs, in additions: with buckets for every window, and doublings between
 * windows; with the same buckets for all windows, and for each of its tasks. */
static inline uint64_t pm_msm_cost_apart(const struct pm_msm_kind *kind, size_t n, unsigned c)
{
    return pm_msm_windows(kind, c) * (n + ((uint64_t)kind->bucket_cost << (c - 1)) + kind->window_cost);
}
static inline uint64_t pm_msm_cost_shared(const struct pm_msm_kind *kind, size_t n, unsigned c,
                                          unsigned threads)
{
    return (uint64_t)pm_msm_windows(kind, c) * n +
           (threads + 1) / 2 * ((uint64_t)kind->bucket_cost << (c - 1));
}

/* The c that makes a sum of n full scalars with a table cheapest, for as many threads. *saved: about what it
 * saves of the cost of one without, in per cent; 0 where there can be no such table. */
unsigned pm_msm_table_window(unsigned *saved, const struct pm_msm_kind *kind, size_t n, unsigned threads);
size_t pm_msm_table_bytes(const struct pm_msm_kind *kind, size_t n, unsigned c); /* SIZE_MAX: too many */
size_t pm_msm_table_scratch(const struct pm_msm_kind *kind, unsigned threads);
/* table and scratch aligned to 64 bytes. */
void pm_msm_table_make(const struct pm_msm_kind *kind, struct pm_pool *pool, uint8_t *table,
                       const uint8_t *bases, size_t n, unsigned c, void *scratch);

/* One sum of n. */
size_t pm_msm_one_scratch(const struct pm_msm_kind *kind, size_t n, unsigned threads);
void pm_msm_one_var(const struct pm_msm_kind *kind, struct pm_pool *pool, void *out, const uint8_t *bases,
                    const uint8_t *scalars, size_t n, void *scratch);

#endif
