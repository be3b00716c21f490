/* Multi-scalar multiplication by Pippenger's method: signed digits, affine buckets filled in batches.
 *
 * Parameters
 *   MSM               prefix of all names (the group's, e.g. bn254_g1)
 *   MSM_SCALAR        prefix of the scalars' field (fp_tmpl.h)
 *   MSM_SCALAR_BITS   bits of its modulus
 *   (the group must have its batch addition: ec_batch_tmpl.h)
 *
 * How. Scalars are read once: zeros and bases at infinity drop out, 1 and -1 go into a list of their own, the
 * rest s is replaced by min(s, r - s) with the base negated and cut into signed digits of c bits (digits.h).
 * A task is one window of one stretch of points. It takes points in tiles: sorts the tile by bucket
 * (counting), puts each bucket's present sum at the head of its run, and halves all runs together, adding
 * neighbours in batches, until one point is left in each. So any number of points may meet in one bucket, and
 * a list of ones is simply a task with a single bucket. Threads draw tasks from a counter, each with buckets
 * and a tile of its own. Time depends on scalars and points. The scratch memory holds digits of the scalars
 * afterwards: wipe it if they are secret. */
#include "math/digits.h"
#include "math/tmpl.h"

#define FN(op) PM_CAT(MSM, _##op)
#define S(op)  PM_CAT(MSM_SCALAR, _##op)
#define POINT  MSM
#define AFFINE FN(affine)

enum {
    FN(msm_batch) = 512,                             /* additions that share an inversion */
    FN(msm_max_windows) = (MSM_SCALAR_BITS + 3) / 2, /* for c = 2 */
    FN(msm_bits) = MSM_SCALAR_BITS - 1               /* of min(s, r - s) */
};

/* The best window for n scalars, from the costs of a batched addition (1) and of taking one bucket into the
 * result (4). It depends on n's length in bits alone. */
static inline unsigned FN(msm_window)(size_t n)
{
    unsigned best = 2;
    uint64_t best_cost = UINT64_MAX, points = 1;
    while (points < n) points *= 2;
    for (unsigned c = 2; c <= PM_DIGITS_MAX_C; c++) {
        uint64_t cost = pm_digits_windows(FN(msm_bits), c) * (points + ((uint64_t)4 << (c - 1)));
        if (cost < best_cost) best = c, best_cost = cost;
    }
    return best;
}

static inline size_t FN(msm_align)(size_t bytes) { return (bytes + 63) / 64 * 64; }

/* One window of the stretch [begin, end) of the full scalars, or of the ones. */
struct FN(msm_task) {
    size_t begin, end;
    unsigned window;
    bool ones;
};

/* A thread's own memory, for windows of up to c bits. */
struct FN(msm_worker) {
    AFFINE *bucket;       /* 2^(c-1): bucket b holds the sum for digits b + 1 and, negated, -b - 1 */
    AFFINE *tile;         /* points in order of buckets: tile_max + 2^(c-1) */
    uint32_t *run, *at;   /* 2^(c-1) each: points of each bucket in the tile; where the next one goes */
    uint32_t *item;       /* tile_max: indices of bases */
    int16_t *item_digit;  /* tile_max */
    AFFINE *left, *right; /* msm_batch each */
    uint32_t *out;        /* msm_batch: where a sum goes */
    struct FN(batch_slot) * slot; /* msm_batch */
};

struct FN(msm_job) {
    const uint8_t *bases, *scalars;
    size_t n, n_full, n_ones;
    unsigned c, windows, threads;
    uint32_t *list;  /* n: indices of full scalars from the front, ones (top bit set for -1) from the back */
    int16_t *digit;  /* windows rows of n_full */
    uint64_t *count; /* windows: digits that are not zero */
    struct FN(msm_task) * task;
    size_t n_tasks, next_task;
    POINT *result; /* one a task */
    uint8_t *workers;
    size_t worker_bytes, tile_max;
};

static inline size_t FN(msm_tile)(unsigned c) { return c < 10 ? 1024 : (size_t)2 << (c - 1); }
static inline size_t FN(msm_tasks_max)(unsigned windows, unsigned threads)
{
    return ((size_t)windows + 1) * (threads + 1);
}

/* Lays a worker's memory out at p and returns its size; p may be NULL. */
static inline size_t FN(msm_worker_layout)(struct FN(msm_worker) * w, uint8_t *p, unsigned c)
{
    size_t buckets = (size_t)1 << (c - 1), tile = FN(msm_tile)(c), used = 0;
#define PM_TAKE(field, type, count)                                                                          \
    w->field = p ? (type *)(void *)(p + used) : NULL;                                                        \
    used += FN(msm_align)((count) * sizeof(type))
    PM_TAKE(bucket, AFFINE, buckets);
    PM_TAKE(tile, AFFINE, tile + buckets);
    PM_TAKE(run, uint32_t, buckets);
    PM_TAKE(at, uint32_t, buckets);
    PM_TAKE(item, uint32_t, tile);
    PM_TAKE(item_digit, int16_t, tile);
    PM_TAKE(left, AFFINE, FN(msm_batch));
    PM_TAKE(right, AFFINE, FN(msm_batch));
    PM_TAKE(out, uint32_t, FN(msm_batch));
    PM_TAKE(slot, struct FN(batch_slot), FN(msm_batch));
#undef PM_TAKE
    return used;
}

/* The most that n_full * windows can be for n_full <= n: smaller numbers have smaller c and so more windows.
 */
static inline size_t FN(msm_digits_max)(size_t n)
{
    size_t most = 0;
    for (unsigned bits = 0; bits < 40; bits++) {
        size_t top = (size_t)1 << bits, m = top < n ? top : n;
        size_t digits = m * pm_digits_windows(FN(msm_bits), FN(msm_window)(top));
        if (digits > most) most = digits;
        if (top >= n) break;
    }
    return most;
}

/* Bytes of scratch for up to n points; n < 2^31. */
PM_LOCAL size_t FN(msm_scratch)(size_t n, unsigned threads)
{
    struct FN(msm_worker) w;
    size_t tasks = FN(msm_tasks_max)(FN(msm_max_windows), threads);
    return FN(msm_align)(n * sizeof(uint32_t)) + FN(msm_align)(FN(msm_digits_max)(n) * sizeof(int16_t)) +
           FN(msm_align)(FN(msm_max_windows) * sizeof(uint64_t)) +
           FN(msm_align)(tasks * sizeof(struct FN(msm_task))) + FN(msm_align)(tasks * sizeof(POINT)) +
           threads * FN(msm_worker_layout)(&w, NULL, FN(msm_window)(n));
}

/* Sorts indices into the list: full scalars to the front, 1 and -1 to the back. */
PM_LOCAL void FN(msm_classify)(struct FN(msm_job) * job)
{
    AFFINE base;
    MSM_SCALAR s, minus;
    const MSM_SCALAR one = {{1}};
    for (size_t i = 0; i < job->n; i++) {
        S(load_reduced)(&s, job->scalars + i * S(bytes));
        if (S(is_zero)(&s)) continue;
        FN(affine_load)(&base, job->bases + i * FN(bytes));
        if (FN(affine_is_infinity)(&base)) continue;
        S(neg)(&minus, &s);
        if (S(equal)(&s, &one))
            job->list[job->n - ++job->n_ones] = (uint32_t)i;
        else if (S(equal)(&minus, &one))
            job->list[job->n - ++job->n_ones] = (uint32_t)i | 0x80000000u;
        else
            job->list[job->n_full++] = (uint32_t)i;
    }
}

/* Digits of the full scalars [begin, end), of min(s, r - s) and with the sign of the choice. */
PM_LOCAL void FN(msm_recode)(void *ctx, size_t begin, size_t end)
{
    struct FN(msm_job) *job = ctx;
    uint64_t biased[S(limbs) + 1], count[FN(msm_max_windows)] = {0};
    MSM_SCALAR s, minus;
    for (size_t i = begin; i < end; i++) {
        S(load_reduced)(&s, job->scalars + job->list[i] * (size_t)S(bytes));
        S(neg)(&minus, &s);
        MSM_SCALAR t;
        bool negate = S(raw_sub)(&t, &minus, &s) == 1;
        pm_digits_bias(biased, negate ? minus.limb : s.limb, S(limbs), job->c, job->windows);
        for (unsigned w = 0; w < job->windows; w++) {
            int d = pm_digits_get(biased, S(limbs), job->c, job->windows, w);
            job->digit[w * job->n_full + i] = (int16_t)(negate ? -d : d);
            count[w] += d != 0;
        }
    }
    for (unsigned w = 0; w < job->windows; w++)
        __atomic_fetch_add(&job->count[w], count[w], __ATOMIC_RELAXED);
}

/* Adds the pairs collected in left and right and puts the sums in their places in the tile. */
static inline void FN(msm_flush)(const struct FN(msm_worker) * w, size_t n)
{
    if (n == 0) return;
    FN(batch_add_var)(w->left, w->right, n, w->slot);
    for (size_t i = 0; i < n; i++) w->tile[w->out[i]] = w->left[i];
}

/* Adds neighbours within every run of the tile once. Sums close up to the front; no sum's place lies behind
 * its summands, so that what is still to be read is never overwritten. False when no run had two points. */
PM_LOCAL bool FN(msm_halve)(const struct FN(msm_worker) * w, size_t buckets)
{
    size_t pairs = 0, in = 0, out = 0;
    bool any = false;
    for (size_t b = 0; b < buckets; b++) {
        uint32_t left = w->run[b];
        for (; left >= 2; left -= 2, in += 2) {
            w->left[pairs] = w->tile[in];
            w->right[pairs] = w->tile[in + 1];
            w->out[pairs++] = (uint32_t)out++;
            any = true;
            if (pairs == FN(msm_batch)) {
                FN(msm_flush)(w, pairs);
                pairs = 0;
            }
        }
        if (left == 1) w->tile[out++] = w->tile[in++];
        w->run[b] = (w->run[b] + 1) / 2;
    }
    FN(msm_flush)(w, pairs);
    return any;
}

/* Adds the tile's items to the buckets. */
PM_LOCAL void FN(msm_add_tile)(const struct FN(msm_job) * job, const struct FN(msm_worker) * w,
                               size_t buckets, size_t items)
{
    uint32_t at = 0;
    for (size_t b = 0; b < buckets; b++) w->run[b] = !FN(affine_is_infinity)(&w->bucket[b]);
    for (size_t i = 0; i < items; i++) {
        int d = w->item_digit[i];
        w->run[(d < 0 ? -d : d) - 1]++;
    }
    for (size_t b = 0; b < buckets; b++) {
        w->at[b] = at;
        at += w->run[b];
        if (!FN(affine_is_infinity)(&w->bucket[b])) w->tile[w->at[b]++] = w->bucket[b];
    }
    for (size_t i = 0; i < items; i++) {
        int d = w->item_digit[i];
        AFFINE *to = &w->tile[w->at[(d < 0 ? -d : d) - 1]++];
        if (i + 8 < items) __builtin_prefetch(job->bases + (size_t)w->item[i + 8] * FN(bytes));
        FN(affine_load)(to, job->bases + (size_t)w->item[i] * FN(bytes));
        if (d < 0) FN(affine_neg)(to, to);
    }
    while (FN(msm_halve)(w, buckets)) {}
    at = 0;
    for (size_t b = 0; b < buckets; b++)
        if (w->run[b]) w->bucket[b] = w->tile[at++];
}

/* Collects up to a tile of items from the task, from *next on; the number of items. */
static inline size_t FN(msm_collect)(const struct FN(msm_job) * job, const struct FN(msm_worker) * w,
                                     const struct FN(msm_task) * task, size_t *next)
{
    size_t items = 0;
    const int16_t *digit = job->digit + task->window * job->n_full;
    for (; *next < task->end && items < job->tile_max; ++*next) {
        if (task->ones) {
            uint32_t entry = job->list[job->n - 1 - *next];
            w->item[items] = entry & 0x7fffffffu;
            w->item_digit[items++] = entry >> 31 ? -1 : 1;
        } else if (digit[*next] != 0) {
            w->item[items] = job->list[*next];
            w->item_digit[items++] = digit[*next];
        }
    }
    return items;
}

/* out += k run for k > 0, by doubling and adding */
static inline void FN(msm_add_times)(POINT *out, const POINT *run, size_t k)
{
    POINT t = *run;
    for (size_t bit = (size_t)1 << (63 - __builtin_clzll(k)); bit > 1;) {
        FN(dbl)(&t, &t);
        if (k & (bit >>= 1)) FN(add)(&t, &t, run);
    }
    FN(add)(out, out, &t);
}

/* out = sum of (b + 1) bucket[b]: the sum of all running sums from the top. A running sum that stays the same
 * for many empty buckets is added as a multiple, so that windows with few points cost little. */
static inline void FN(msm_reduce)(POINT *out, const AFFINE *bucket, size_t buckets)
{
    POINT run;
    size_t same = 0; /* how often run is still to be added */
    FN(set_infinity)(&run);
    FN(set_infinity)(out);
    for (size_t b = buckets; b-- > 0;) {
        if (!FN(affine_is_infinity)(&bucket[b])) {
            if (same > 0) FN(msm_add_times)(out, &run, same);
            FN(add_affine)(&run, &run, &bucket[b]);
            same = 0;
        }
        if (!FN(is_infinity)(&run)) same++;
    }
    if (same > 0) FN(msm_add_times)(out, &run, same);
}

PM_LOCAL void FN(msm_work)(void *ctx, size_t begin, size_t end)
{
    struct FN(msm_job) *job = ctx;
    for (size_t thread = begin; thread < end; thread++) {
        struct FN(msm_worker) w;
        FN(msm_worker_layout)(&w, job->workers + thread * job->worker_bytes, job->c);
        size_t t;
        while ((t = __atomic_fetch_add(&job->next_task, 1, __ATOMIC_RELAXED)) < job->n_tasks) {
            const struct FN(msm_task) *task = &job->task[t];
            size_t buckets = task->ones ? 1 : (size_t)1 << (job->c - 1), next = task->begin, items;
            for (size_t b = 0; b < buckets; b++) w.bucket[b] = (AFFINE){0};
            while ((items = FN(msm_collect)(job, &w, task, &next)) > 0)
                FN(msm_add_tile)(job, &w, buckets, items);
            FN(msm_reduce)(&job->result[t], w.bucket, buckets);
        }
    }
}

/* Cuts n points of a window into tasks. */
static inline void FN(msm_split)(struct FN(msm_job) * job, size_t n, size_t parts, unsigned window, bool ones)
{
    if (parts > job->threads) parts = job->threads;
    if (parts == 0) parts = 1;
    for (size_t i = 0; i < parts; i++)
        job->task[job->n_tasks++] = (struct FN(msm_task)){.begin = n / parts * i,
                                                          .end = i + 1 == parts ? n : n / parts * (i + 1),
                                                          .window = window,
                                                          .ones = ones};
}

/* Windows are tasks; one that is more than a thread's share, and those that would be left over in the end,
 * are cut. */
PM_LOCAL void FN(msm_plan)(struct FN(msm_job) * job)
{
    size_t total = job->n_ones, active = 0, seen = 0;
    for (unsigned w = 0; w < job->windows; w++) total += job->count[w], active += job->count[w] != 0;
    if (job->n_ones)
        FN(msm_split)(job, job->n_ones, (job->n_ones * job->threads + total - 1) / total, 0, true);
    for (unsigned w = 0; w < job->windows; w++) {
        if (job->count[w] == 0) continue;
        bool left_over = active - seen++ <= active % job->threads;
        size_t parts = (job->count[w] * job->threads + total - 1) / total;
        FN(msm_split)(job, job->n_full, left_over ? job->threads : parts, w, false);
    }
}

/* out = sum of scalar[i] base[i]. scratch: msm_scratch(n, threads of the pool) bytes, 64-byte aligned. */
PM_LOCAL void FN(msm_var)(struct pm_pool *pool, POINT *out, const uint8_t *bases, const uint8_t *scalars,
                          size_t n, void *scratch)
{
    struct FN(msm_job) job = {.bases = bases, .scalars = scalars, .n = n, .threads = pm_pool_threads(pool)};
    struct FN(msm_worker) w;
    uint8_t *p = scratch;
    FN(set_infinity)(out);
    if (n == 0) return;
    job.list = (uint32_t *)(void *)p;
    p += FN(msm_align)(n * sizeof(uint32_t));
    FN(msm_classify)(&job);
    job.c = FN(msm_window)(job.n_full);
    job.windows = job.n_full ? pm_digits_windows(FN(msm_bits), job.c) : 0;
    job.tile_max = FN(msm_tile)(job.c);
    job.worker_bytes = FN(msm_worker_layout)(&w, NULL, job.c);
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
    pm_pool_for(pool, job.n_full, 0, FN(msm_recode), &job);
    FN(msm_plan)(&job);
    pm_pool_for(pool, job.threads, 1, FN(msm_work), &job);

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
#undef MSM
#undef MSM_SCALAR
#undef MSM_SCALAR_BITS
