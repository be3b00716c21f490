/* Sums in lanes: msm_tmpl.h's method over the batched additions of ec_batch_ifma_tmpl.h. Scalars are
 * classified, cut into digits and split into tasks by msm_tmpl.h, whose instance for the same group must
 * stand before; how tasks are done is here.
 *
 * Parameters
 *   MSM               prefix of all names (the group's, e.g. bn254_g1)
 *   MSM_SCALAR        prefix of the scalars' field (fp_tmpl.h)
 *   MSM_SCALAR_BITS   bits of its modulus
 *   MSM_DEGREE        1 or 2: coordinates in Fp or in Fp2
 *   MSM_P             the prime field's modulus as an array of limbs
 *
 * A worker has 2^(c-1) buckets. A base goes to its bucket by an addition that waits in the batch, if the
 * bucket has none waiting there yet; else it waits in a list. A full list is a tile: its points are copied
 * behind the buckets in their order, and a run of k points is halved in place, k odd leaving its first point,
 * so that nothing is ever moved and a sum's place never lies behind its summands. The one point left goes to
 * the bucket. So any number of points may meet in one bucket. Buckets' sum of (b + 1) P_b: halve the row T of
 * all buckets until one is left; what stands at odd places on level i, O_i, sums up to what has bit i set in
 * b; so the result is T + sum of 2^i O_i. All rows are halved together: 2^c additions in c - 1 steps. */
#include "math/digits.h"
#include "math/tmpl.h"

#define FN(op) PM_CAT(MSM, _##op)
#define S(op)  PM_CAT(MSM_SCALAR, _##op)
#define POINT  MSM
#define AFFINE FN(affine)
#define W      FN(lanes_words) /* of an element of Fp */

enum {
    FN(lanes_batch_max) = 2048 / MSM_DEGREE,
    FN(lanes_vectors_max) = FN(lanes_batch_max) / FN(lanes_width)
};

_Static_assert(sizeof(AFFINE) == FN(lanes_point), "the lanes read points where they lie");

/* A thread's own memory, for windows of up to c bits. */
struct FN(lanes_worker) {
    AFFINE *point;                /* buckets, then the tile: 2^(c-1) + tile_max */
    struct FN(lanes_batch) batch; /* of lanes_batch_max */
    size_t pending;               /* additions collected in the batch */
    uint32_t *run, *at, *active; /* 2^(c-1) each: points of each bucket in the tile, where they begin; buckets
                                    with more than one */
    uint8_t *stamp;              /* 2^(c-1): 0 for an empty bucket, the batch's number where one waits */
    unsigned now;                /* the batch's number, 2 .. 255 */
    struct FN(msm_worker) items; /* of which only item and item_digit are there */
};

/* The best window for n scalars, measured: a bucket costs about three additions. */
static inline unsigned FN(lanes_window)(size_t n)
{
    unsigned best = 2;
    uint64_t best_cost = UINT64_MAX, points = 1;
    while (points < n) points *= 2;
    for (unsigned c = 2; c <= PM_DIGITS_MAX_C; c++) {
        uint64_t cost = pm_digits_windows(FN(msm_bits), c) * (points + ((uint64_t)3 << (c - 1)) + 200);
        if (cost < best_cost) best = c, best_cost = cost;
    }
    return best;
}
static inline size_t FN(lanes_tile)(unsigned c) { return c <= 12 ? 2048 : (size_t)1 << (c - 1); }

static inline size_t FN(lanes_worker_layout)(struct FN(lanes_worker) * w, uint8_t *p, unsigned c)
{
    size_t buckets = (size_t)1 << (c - 1), tile = FN(lanes_tile)(c), used = 0;
#define PM_TAKE(field, type, count)                                                                          \
    w->field = p ? (type *)(void *)(p + used) : NULL;                                                        \
    used += FN(msm_align)((count) * sizeof(type))
    PM_TAKE(point, AFFINE, buckets + tile);
    PM_TAKE(batch.before, struct FN(lanes), FN(lanes_vectors_max));
    PM_TAKE(batch.divisor, struct FN(lanes), FN(lanes_vectors_max));
    PM_TAKE(batch.left, uint32_t, FN(lanes_batch_max));
    PM_TAKE(batch.right, uint32_t, FN(lanes_batch_max));
    PM_TAKE(batch.out, uint32_t, FN(lanes_batch_max));
    PM_TAKE(batch.negative, uint16_t, FN(lanes_vectors_max));
    PM_TAKE(batch.special, uint8_t, FN(lanes_vectors_max));
    PM_TAKE(run, uint32_t, buckets);
    PM_TAKE(at, uint32_t, buckets);
    PM_TAKE(active, uint32_t, buckets);
    PM_TAKE(stamp, uint8_t, buckets);
    PM_TAKE(items.item, uint32_t, tile);
    PM_TAKE(items.item_digit, int16_t, tile);
#undef PM_TAKE
    w->pending = 0;
    return used;
}

static inline size_t FN(lanes_digits_max)(size_t n)
{
    size_t most = 0;
    for (unsigned bits = 0; bits < 40; bits++) {
        size_t top = (size_t)1 << bits, m = top < n ? top : n;
        size_t digits = m * pm_digits_windows(FN(msm_bits), FN(lanes_window)(top));
        if (digits > most) most = digits;
        if (top >= n) break;
    }
    return most;
}

/* Bytes of scratch for up to n points; n < 2^31. */
PM_LOCAL size_t FN(lanes_msm_scratch)(size_t n, unsigned threads)
{
    struct FN(lanes_worker) w;
    size_t tasks = FN(msm_tasks_max)(FN(msm_max_windows), threads);
    return FN(msm_align)(n * sizeof(uint32_t)) + FN(msm_align)(FN(lanes_digits_max)(n) * sizeof(int16_t)) +
           FN(msm_align)(FN(msm_max_windows) * sizeof(uint64_t)) +
           FN(msm_align)(tasks * sizeof(struct FN(msm_task))) + FN(msm_align)(tasks * sizeof(POINT)) +
           threads * FN(lanes_worker_layout)(&w, NULL, FN(lanes_window)(n));
}

static inline void FN(lanes_prefetch)(const uint8_t *point)
{
    for (int at = 0; at <= FN(bytes); at += 64) /* which may begin anywhere in a line */
        __builtin_prefetch(point + (at < FN(bytes) ? at : FN(bytes) - 1));
}

static inline void FN(lanes_flush)(struct FN(lanes_worker) * w)
{
    FN(lanes_add_var)(&w->batch, (uint8_t *)w->point, w->pending);
    w->pending = 0;
}
/* point[out] = point[left] + or - other[right], soon: flush before anything else reads it. */
static inline void FN(lanes_later)(struct FN(lanes_worker) * w, size_t left, size_t right, size_t out,
                                   bool negative)
{
    size_t vector = w->pending / FN(lanes_width), lane = w->pending % FN(lanes_width);
    w->batch.left[w->pending] = (uint32_t)left;
    w->batch.right[w->pending] = (uint32_t)right;
    w->batch.out[w->pending] = (uint32_t)out;
    w->batch.negative[vector] =
        (uint16_t)((lane ? w->batch.negative[vector] : 0u) | (unsigned)negative << lane);
    if (++w->pending == FN(lanes_batch_max)) FN(lanes_flush)(w);
}

/* *to = base or, for a negative sign, -base: y = p - y = p + ~y + 1, without a branch. Below p + 1. */
static inline void FN(lanes_place)(AFFINE *to, const uint8_t *base, bool negative)
{
    const uint64_t mask = (uint64_t)0 - negative;
    uint64_t *out = (uint64_t *)to;
    memcpy(out, base, FN(lanes_point) / 2);
    for (int k = W * MSM_DEGREE; k < 2 * W * MSM_DEGREE; k += W) {
        uint64_t carry = negative;
        for (int i = 0; i < W; i++)
            out[k + i] = pm_add_carry(pm_load_le64(base + 8 * (k + i)) ^ mask, MSM_P[i] & mask, &carry);
    }
}

/* Sorts the tile's items by bucket; run and at are set. */
static inline void FN(lanes_scatter)(const struct FN(msm_job) * job, const struct FN(lanes_worker) * w,
                                     size_t buckets, size_t items)
{
    const int16_t *digit = w->items.item_digit;
    uint32_t at = (uint32_t)buckets;
    memset(w->run, 0, buckets * sizeof *w->run);
    for (size_t i = 0; i < items; i++) w->run[(digit[i] < 0 ? -digit[i] : digit[i]) - 1]++;
    for (size_t b = 0; b < buckets; b++) {
        at += w->run[b];
        w->at[b] = at;
    }
    for (size_t i = items; i-- > 0;) {
        if (i >= 16) FN(lanes_prefetch)(job->bases + (size_t)w->items.item[i - 16] * FN(bytes));
        uint32_t b = (uint32_t)(digit[i] < 0 ? -digit[i] : digit[i]) - 1;
        FN(lanes_place)
        (&w->point[--w->at[b]], job->bases + (size_t)w->items.item[i] * FN(bytes), digit[i] < 0);
    }
}

/* Adds the tile's items to the buckets. */
PM_LOCAL void FN(lanes_add_tile)(const struct FN(msm_job) * job, struct FN(lanes_worker) * w, size_t buckets,
                                 size_t items)
{
    size_t active = 0;
    w->batch.other = (const uint8_t *)w->point;
    FN(lanes_scatter)(job, w, buckets, items);
    for (size_t b = 0; b < buckets; b++) {
        w->active[active] = (uint32_t)b;
        active += w->run[b] > 1;
    }
    while (active > 0) {
        size_t still = 0;
        for (size_t i = 0; i < active; i++) {
            uint32_t b = w->active[i], first = w->at[b] + w->run[b] % 2, pairs = w->run[b] / 2;
            for (uint32_t k = 0; k < pairs; k++)
                FN(lanes_later)(w, first + 2 * k, first + 2 * k + 1, first + k, false);
            w->run[b] -= pairs;
            w->active[still] = b;
            still += w->run[b] > 1;
        }
        FN(lanes_flush)(w);
        active = still;
    }
    for (size_t b = 0; b < buckets; b++) {
        if (w->run[b] == 0) continue;
        if (w->stamp[b])
            FN(lanes_later)(w, b, w->at[b], b, false);
        else
            w->point[b] = w->point[w->at[b]];
        w->stamp[b] = 1;
    }
    FN(lanes_flush)(w);
}

/* A point as the lanes leave it, made canonical. */
static inline void FN(lanes_take)(POINT *out, const AFFINE *p)
{
    AFFINE t;
    uint64_t *limb = (uint64_t *)&t, less[W];
    t = *p;
    for (int k = 0; k < 2 * W * MSM_DEGREE; k += W) {
        for (;;) {
            uint64_t borrow = 0;
            for (int i = 0; i < W; i++) less[i] = pm_sub_borrow(limb[k + i], MSM_P[i], &borrow);
            if (borrow) break;
            memcpy(limb + k, less, sizeof less);
        }
    }
    FN(from_affine)(out, &t);
}

/* out = sum of (b + 1) bucket[b]; overwrites buckets and tile. Every bucket holds a point, maybe infinity. */
PM_LOCAL void FN(lanes_reduce_buckets)(POINT *out, struct FN(lanes_worker) * w, size_t buckets)
{
    POINT term;
    size_t from = 0, to = buckets, len = buckets, rows = 1; /* rows: T, O_0, O_1, ..., each of len points */
    w->batch.other = (const uint8_t *)w->point;
    while (len > 1) {
        for (size_t i = 0; i < rows * len; i += 2)
            FN(lanes_later)(w, from + i, from + i + 1, to + i / 2, false);
        for (size_t i = 1; i < len; i += 2) w->point[to + rows * (len / 2) + i / 2] = w->point[from + i];
        FN(lanes_flush)(w);
        size_t t = from;
        from = to;
        to = t;
        len /= 2;
        rows++;
    }
    FN(set_infinity)(out);
    for (size_t i = rows; i-- > 1;) {
        FN(dbl)(out, out);
        FN(lanes_take)(&term, &w->point[from + i]);
        FN(add)(out, out, &term);
    }
    FN(lanes_take)(&term, &w->point[from]);
    FN(add)(out, out, &term);
}

/* Does what waits in the batch and begins another. */
static inline void FN(lanes_next_batch)(struct FN(lanes_worker) * w, size_t buckets)
{
    FN(lanes_flush)(w);
    if (++w->now < 256) return;
    for (size_t b = 0; b < buckets; b++) w->stamp[b] = w->stamp[b] != 0;
    w->now = 2;
}

/* Adds the tile's items to the buckets, in place of their order; what meets goes back into the list. */
PM_LOCAL void FN(lanes_add_items)(const struct FN(msm_job) * job, struct FN(lanes_worker) * w, size_t buckets,
                                  const struct FN(msm_task) * task)
{
    const int16_t *digit = job->digit + task->window * job->n_full;
    size_t items = 0;
    w->batch.other = job->bases;
    for (size_t i = task->begin; i < task->end; i++) {
        uint32_t entry = task->ones ? job->list[job->n - 1 - i] : job->list[i];
        int d = task->ones ? (entry >> 31 ? -1 : 1) : digit[i];
        size_t b = (size_t)(d < 0 ? -d : d) - 1, base = entry & 0x7fffffffu;
        if (d == 0) continue;
        if (w->stamp[b] == 0) {
            FN(lanes_place)(&w->point[b], job->bases + base * FN(bytes), d < 0);
            w->stamp[b] = 1;
        } else if (w->stamp[b] != w->now) {
            w->stamp[b] = (uint8_t)w->now;
            FN(lanes_prefetch)((const uint8_t *)&w->point[b]);
            FN(lanes_prefetch)(job->bases + base * FN(bytes));
            FN(lanes_later)(w, b, base, b, d < 0);
            if (w->pending == 0) FN(lanes_next_batch)(w, buckets);
        } else {
            w->items.item[items] = (uint32_t)base;
            w->items.item_digit[items++] = (int16_t)d;
            if (items < job->tile_max) continue;
            FN(lanes_next_batch)(w, buckets);
            FN(lanes_add_tile)(job, w, buckets, items);
            w->batch.other = job->bases;
            items = 0;
        }
    }
    FN(lanes_next_batch)(w, buckets);
    FN(lanes_add_tile)(job, w, buckets, items);
}

PM_LOCAL void FN(lanes_work)(void *ctx, size_t begin, size_t end)
{
    struct FN(msm_job) *job = ctx;
    for (size_t thread = begin; thread < end; thread++) {
        struct FN(lanes_worker) w;
        FN(lanes_worker_layout)(&w, job->workers + thread * job->worker_bytes, job->c);
        size_t t;
        while ((t = __atomic_fetch_add(&job->next_task, 1, __ATOMIC_RELAXED)) < job->n_tasks) {
            const struct FN(msm_task) *task = &job->task[t];
            size_t buckets = task->ones ? 1 : (size_t)1 << (job->c - 1);
            w.now = 2;
            memset(w.stamp, 0, buckets);
            memset(w.point, 0, buckets * sizeof(AFFINE));
            FN(lanes_add_items)(job, &w, buckets, task);
            FN(lanes_reduce_buckets)(&job->result[t], &w, buckets);
        }
    }
}

/* Digits of the full scalars [begin, end), as msm_recode makes them. The bias is the same for all. */
PM_LOCAL void FN(lanes_recode)(void *ctx, size_t begin, size_t end)
{
    struct FN(msm_job) *job = ctx;
    const unsigned c = job->c, windows = job->windows;
    const uint64_t zero[S(limbs)] = {0};
    uint64_t bias[S(limbs) + 1], k[S(limbs) + 1], count[FN(msm_max_windows)] = {0};
    MSM_SCALAR s, minus, t;
    pm_digits_bias(bias, zero, S(limbs), c, windows);
    for (size_t i = begin; i < end; i++) {
        S(load_reduced)(&s, job->scalars + job->list[i] * (size_t)S(bytes));
        S(neg)(&minus, &s);
        bool negate = S(raw_sub)(&t, &minus, &s) == 1;
        S(cmov)(&s, &minus, negate);
        uint64_t carry = 0;
        for (int j = 0; j < S(limbs); j++) k[j] = pm_add_carry(s.limb[j], bias[j], &carry);
        k[S(limbs)] = bias[S(limbs)] + carry;
        for (unsigned w = 0; w < windows; w++) {
            int d = pm_digits_get(k, S(limbs), c, windows, w);
            job->digit[w * job->n_full + i] = (int16_t)(negate ? -d : d);
            count[w] += d != 0;
        }
    }
    for (unsigned w = 0; w < windows; w++) __atomic_fetch_add(&job->count[w], count[w], __ATOMIC_RELAXED);
}

/* out = sum of scalar[i] base[i]. scratch: lanes_msm_scratch(n, threads of the pool) bytes, 64-byte aligned.
 */
PM_LOCAL void FN(lanes_msm_var)(struct pm_pool *pool, POINT *out, const uint8_t *bases,
                                const uint8_t *scalars, size_t n, void *scratch)
{
    struct FN(msm_job) job = {.bases = bases, .scalars = scalars, .n = n, .threads = pm_pool_threads(pool)};
    struct FN(lanes_worker) w;
    uint8_t *p = scratch;
    FN(set_infinity)(out);
    if (n == 0) return;
    job.list = (uint32_t *)(void *)p;
    p += FN(msm_align)(n * sizeof(uint32_t));
    FN(msm_classify)(&job);
    job.c = FN(lanes_window)(job.n_full);
    job.windows = job.n_full ? pm_digits_windows(FN(msm_bits), job.c) : 0;
    job.tile_max = FN(lanes_tile)(job.c);
    job.worker_bytes = FN(lanes_worker_layout)(&w, NULL, job.c);
    size_t tasks = FN(msm_tasks_max)(job.windows, job.threads);
    job.digit = (int16_t *)(void *)p;
    p += FN(msm_align)(job.windows * job.n_full * sizeof(int16_t));
    job.count = (uint64_t *)(void *)p;
    p += FN(msm_align)(job.windows * sizeof(uint64_t));
    job.task = (struct FN(msm_task) *)(void *)p;
    p += FN(msm_align)(tasks * sizeof(struct FN(msm_task)));
    job.result = (POINT *)(void *)p;
    p += FN(msm_align)(tasks * sizeof(POINT));
    job.workers = p;

    for (unsigned v = 0; v < job.windows; v++) job.count[v] = 0;
    pm_pool_for(pool, job.n_full, 0, FN(lanes_recode), &job);
    FN(msm_plan)(&job);
    pm_pool_for(pool, job.threads, 1, FN(lanes_work), &job);

    size_t t = job.n_tasks; /* from the top window down; the ones are first in the list */
    for (unsigned v = job.windows; v-- > 0;) {
        for (unsigned i = 0; i < job.c; i++) FN(dbl)(out, out);
        for (; t > 0 && !job.task[t - 1].ones && job.task[t - 1].window == v; t--)
            FN(add)(out, out, &job.result[t - 1]);
    }
    for (; t > 0; t--) FN(add)(out, out, &job.result[t - 1]);
}

#undef FN
#undef S
#undef POINT
#undef AFFINE
#undef W
#undef MSM
#undef MSM_SCALAR
#undef MSM_SCALAR_BITS
#undef MSM_DEGREE
#undef MSM_P
