/* Multi-scalar multiplication in one group in lanes: msm_tmpl.h's tasks over the batched additions of
 * ec_batch_ifma_tmpl.h. msm_tmpl.h's instance for the same group must stand before.
 *
 * Parameters
 *   MSM               prefix of all names (the group's, e.g. bn254_g1)
 *   MSM_SCALAR        prefix of the scalars' field (fp_tmpl.h)
 *   MSM_SCALAR_BITS   bits of its modulus
 *   MSM_WEIGHT        as msm_tmpl.h's
 *   MSM_DEGREE        1 or 2: coordinates in Fp or in Fp2
 *   MSM_P             the prime field's modulus as an array of limbs
 *
 * A task has 2^(c-1) buckets for each of its windows: several, where buckets are few, so that a batch rarely
 * meets a bucket twice and the ends of all windows share their batches. A base goes to its bucket by an
 * addition that waits in the batch, if the bucket has none waiting there yet; else it waits in a list. A full
 * list is a tile: its points are copied behind the buckets in their order, and a run of k points is halved in
 * place, k odd leaving its first point, so that nothing is ever moved and a sum's place never lies behind its
 * summands. The one point left goes to the bucket. So any number of points may meet in one bucket. A window's
 * sum of (b + 1) P_b: halve the row T of its buckets until one is left; what stands at odd places on level i,
 * O_i, sums up to what has bit i set in b; so the result is T + sum of 2^i O_i. All rows of all windows are
 * halved together: 2^c additions a window in c - 1 steps. Ones go round a batch's worth of buckets, whose sum
 * is T alone. */
#include "math/digits.h"
#include "math/tmpl.h"

#define FN(op) PM_CAT(MSM, _##op)
#define S(op)  PM_CAT(MSM_SCALAR, _##op)
#define POINT  MSM
#define AFFINE FN(affine)
#define W      FN(lanes_words) /* of an element of Fp */

enum {
    FN(lanes_batch_max) = 2048 / MSM_DEGREE,
    FN(lanes_log2_buckets) = 13,
    FN(lanes_few) = FN(lanes_batch_max) / 2, /* additions that wait */
    FN(lanes_vectors_max) = FN(lanes_batch_max) / FN(lanes_width)
};

_Static_assert(sizeof(AFFINE) == FN(lanes_point), "the lanes read points where they lie");

/* A thread's own memory: B = buckets of all windows of a task. */
struct FN(lanes_worker) {
    AFFINE *point;                /* buckets, then the tile: B + tile_max */
    struct FN(lanes_batch) batch; /* of lanes_batch_max */
    size_t pending;               /* additions collected in the batch */
    uint32_t *out;                /* lanes_batch_max, for batches whose sums go elsewhere */
    uint32_t *run, *at, *active;  /* B each: points of each bucket in the tile, where they begin; buckets with
                                     more than one */
    uint8_t *stamp;               /* B: 0 for an empty bucket, the batch's number where one waits */
    unsigned now;                 /* the batch's number, 2 .. 255 */
    uint64_t *item;               /* tile_max: additions that wait, as the batch's pairs */
};

/* Windows of one task: as many as have 2^lanes_log2_buckets buckets together. */
static unsigned FN(lanes_group)(unsigned c)
{
    return c - 1 < FN(lanes_log2_buckets) ? 1u << (FN(lanes_log2_buckets) - (c - 1)) : 1;
}
static inline size_t FN(lanes_tile)(size_t buckets)
{
    return buckets < FN(lanes_batch_max) ? FN(lanes_batch_max) : buckets;
}

/* Lays a worker's memory out at p for `buckets` buckets and returns its size; p may be NULL. */
static inline size_t FN(lanes_worker_layout)(struct FN(lanes_worker) * w, uint8_t *p, size_t buckets)
{
    size_t tile = FN(lanes_tile)(buckets), used = 0;
#define PM_TAKE(field, type, count)                                                                          \
    w->field = p ? (type *)(void *)(p + used) : NULL;                                                        \
    used += FN(msm_align)((count) * sizeof(type)) + 5 * 64
    PM_TAKE(point, AFFINE, buckets + tile);
    PM_TAKE(batch.before, struct FN(lanes), FN(lanes_vectors_max));
    PM_TAKE(batch.divisor, struct FN(lanes), FN(lanes_vectors_max));
    PM_TAKE(batch.pair, uint64_t, FN(lanes_batch_max));
    PM_TAKE(out, uint32_t, FN(lanes_batch_max));
    PM_TAKE(batch.special, uint8_t, FN(lanes_vectors_max));
    PM_TAKE(run, uint32_t, buckets);
    PM_TAKE(at, uint32_t, buckets);
    PM_TAKE(active, uint32_t, buckets);
    PM_TAKE(stamp, uint8_t, buckets);
    PM_TAKE(item, uint64_t, tile);
#undef PM_TAKE
    w->pending = 0;
    return used;
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
/* From now on batches are sums of what lies in point, and go anywhere there; or of buckets and bases, and
 * stay. */
static inline void FN(lanes_inside)(struct FN(lanes_worker) * w)
{
    w->batch.other = (const uint8_t *)w->point;
    w->batch.out = w->out;
}
static inline void FN(lanes_outside)(struct FN(lanes_worker) * w, const uint8_t *bases)
{
    w->batch.other = bases;
    w->batch.out = NULL;
}
/* point[out] = point[left] + point[right], soon: flush before anything else reads it. */
static inline void FN(lanes_later)(struct FN(lanes_worker) * w, size_t left, size_t right, size_t out)
{
    w->batch.pair[w->pending] = FN(lanes_pair)(left, right, false);
    w->out[w->pending] = (uint32_t)out;
    if (++w->pending == FN(lanes_batch_max)) FN(lanes_flush)(w);
}

/* The base of a pair. */
static inline size_t FN(lanes_base)(uint64_t pair) { return pair >> 32 & ~PM_MSM_MINUS; }

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

/* Sorts the items by bucket, behind the buckets; run and at are set. */
static inline void FN(lanes_scatter)(const uint8_t *bases, const struct FN(lanes_worker) * w, size_t buckets,
                                     size_t items)
{
    uint32_t at = (uint32_t)buckets;
    memset(w->run, 0, buckets * sizeof *w->run);
    for (size_t i = 0; i < items; i++) w->run[(uint32_t)w->item[i]]++;
    for (size_t b = 0; b < buckets; b++) {
        at += w->run[b];
        w->at[b] = at;
    }
    for (size_t i = items; i-- > 0;) {
        if (i >= 16) FN(lanes_prefetch)(bases + FN(lanes_base)(w->item[i - 16]) * FN(bytes));
        FN(lanes_place)
        (&w->point[--w->at[(uint32_t)w->item[i]]], bases + FN(lanes_base)(w->item[i]) * FN(bytes),
         w->item[i] >> 63);
    }
}

/* Adds the items to the buckets, wherever they go: each bucket's are summed up by halves, all together. */
PM_LOCAL void FN(lanes_add_tile)(const uint8_t *bases, struct FN(lanes_worker) * w, size_t buckets,
                                 size_t items)
{
    size_t active = 0;
    FN(lanes_inside)(w);
    FN(lanes_scatter)(bases, w, buckets, items);
    for (size_t b = 0; b < buckets; b++) {
        w->active[active] = (uint32_t)b;
        active += w->run[b] > 1;
    }
    while (active > 0) {
        size_t still = 0;
        for (size_t i = 0; i < active; i++) {
            uint32_t b = w->active[i], first = w->at[b] + w->run[b] % 2, pairs = w->run[b] / 2;
            for (uint32_t k = 0; k < pairs; k++)
                FN(lanes_later)(w, first + 2 * k, first + 2 * k + 1, first + k);
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
            FN(lanes_later)(w, b, w->at[b], b);
        else
            w->point[b] = w->point[w->at[b]];
        w->stamp[b] = 1;
    }
    FN(lanes_flush)(w);
    FN(lanes_outside)(w, bases);
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

/* out[k] = sum of (b + 1) bucket[b] over the 2^log2 buckets of window k, in the last one (b / 2^spread + 1)
 * bucket[b]; or, plain, sum of bucket[b]. Overwrites buckets and tile. Every bucket holds a point, maybe
 * infinity. */
PM_LOCAL void FN(lanes_reduce_buckets)(POINT *out, struct FN(lanes_worker) * w, unsigned log2,
                                       unsigned windows, unsigned spread, bool plain)
{
    POINT term;
    size_t len = (size_t)1 << log2, rows = 1; /* of a window: T, O_0, O_1, ..., each of len points */
    size_t from = 0, to = windows * len;
    FN(lanes_inside)(w);
    for (; len > 1; len /= 2) {
        const size_t next = plain ? 1 : rows + 1, half = len / 2;
        for (size_t k = 0; k < windows; k++) {
            const size_t in = from + k * rows * len, sums = to + k * next * half;
            for (size_t i = 0; i < rows * len; i += 2) FN(lanes_later)(w, in + i, in + i + 1, sums + i / 2);
            if (plain) continue;
            for (size_t i = 1; i < len; i += 2) w->point[sums + rows * half + i / 2] = w->point[in + i];
        }
        FN(lanes_flush)(w);
        size_t t = from;
        from = to;
        to = t;
        rows = next;
    }
    for (size_t k = 0; k < windows; k++) {
        const AFFINE *row = &w->point[from + k * rows];
        FN(set_infinity)(&out[k]);
        for (size_t i = rows; i-- > (k + 1 < windows ? 1 : 1 + spread);) {
            FN(dbl)(&out[k], &out[k]);
            FN(lanes_take)(&term, &row[i]);
            FN(add)(&out[k], &out[k], &term);
        }
        FN(lanes_take)(&term, &row[0]);
        FN(add)(&out[k], &out[k], &term);
    }
}

/* Does what waits in the batch and begins another. */
static inline void FN(lanes_next_batch)(struct FN(lanes_worker) * w, size_t buckets)
{
    FN(lanes_flush)(w);
    if (++w->now < 256) return;
    for (size_t b = 0; b < buckets; b++) w->stamp[b] = w->stamp[b] != 0;
    w->now = 2;
}

/* Where bases go: the batch's additions so far, and the list's items; and the batch's number. By value, so
 * that the compiler knows that no store changes them. */
struct FN(lanes_filled) {
    size_t pending, items;
    unsigned now;
};
/* An addition to bucket b, which has a point, with this batch or, if the bucket waits for it already, onto
 * the list: written to both, and one of them kept, because no processor foresees a branch. */
static inline void FN(lanes_add_item)(struct FN(lanes_filled) * f, uint64_t *restrict pair,
                                      uint64_t *restrict item, uint8_t *restrict stamp, uint64_t addition)
{
    uint8_t *const at = &stamp[(uint32_t)addition];
    const bool waits = *at == f->now;
    *at = (uint8_t)f->now;
    pair[f->pending] = addition;
    item[f->items] = addition;
    f->pending += !waits;
    f->items += waits;
}
/* Does the batch. The list's additions begin the next one, or are done now if the list is full: it gets that
 * long where they meet in few buckets, and then few of them would find a place. */
PM_LOCAL __attribute__((noinline)) struct FN(lanes_filled)
    FN(lanes_empty)(struct FN(lanes_filled) f, const uint8_t *bases, struct FN(lanes_worker) * w,
                    size_t buckets)
{
    struct FN(lanes_filled) next = {0};
    w->pending = f.pending;
    FN(lanes_next_batch)(w, buckets);
    next.now = w->now;
    if (f.items == FN(lanes_tile)(buckets))
        FN(lanes_add_tile)(bases, w, buckets, f.items);
    else if (f.items > FN(lanes_few))
        next.items = f.items;
    else
        for (size_t i = 0; i < f.items; i++)
            FN(lanes_add_item)(&next, w->batch.pair, w->item, w->stamp, w->item[i]);
    return next;
}

/* Adds the task's bases to the buckets, in place of their order; what meets goes into the list, which has
 * `items`; the result is how many it has then. `offset` is added to a base's index. In the last window a
 * digit has 2^spread buckets. */
static inline size_t FN(lanes_add_items)(const struct pm_msm_task *task, struct FN(lanes_worker) * worker,
                                         unsigned log2, size_t buckets, size_t offset, size_t items,
                                         unsigned spread)
{
    const struct FN(lanes_worker) w = *worker;
    const uint8_t *const bases = pm_msm_bases(task->part);
    const size_t row = task->part->set->row, windows = task->ones ? 1 : task->windows;
    const size_t last = spread ? windows - 1 : SIZE_MAX, spread_mask = ((size_t)1 << spread) - 1;
    struct pm_msm_reader reader = {.task = task, .chunk = task->chunk};
    struct FN(lanes_filled) f = {w.pending, items, w.now};
    struct pm_msm_item item;
    size_t turn = 0;
    while (pm_msm_read(&item, &reader)) {
        const size_t base = item.base + offset;
        FN(lanes_prefetch)(bases + base * FN(bytes));
        for (size_t k = 0; k < windows; k++) {
            size_t b;
            bool minus = item.minus;
            if (task->ones) {
                b = turn++ & (buckets - 1);
            } else {
                const int d = item.digit[k * row];
                if (d == 0) continue;
                const int sign =
                    d >> 31; /* -1 or 0: half the digits are negative, and no branch is foreseen */
                minus = sign;
                b = (size_t)((d ^ sign) - sign) - 1;
                if (k == last) b = b << spread | (turn++ & spread_mask);
                b += k << log2;
            }
            if (__builtin_expect(w.stamp[b] == 0, 0)) {
                FN(lanes_place)(&w.point[b], bases + base * FN(bytes), minus);
                w.stamp[b] = 1;
                continue;
            }
            FN(lanes_add_item)(&f, w.batch.pair, w.item, w.stamp, FN(lanes_pair)(b, base, minus));
            if (__builtin_expect(f.pending == FN(lanes_batch_max) || f.items == FN(lanes_tile)(buckets), 0))
                f = FN(lanes_empty)(f, bases, worker, buckets);
        }
    }
    worker->pending = f.pending;
    return f.items;
}

/* All of the task's bases: with a table one window after another, so that its rows are read in order. */
PM_LOCAL void FN(lanes_fill_buckets)(const struct pm_msm_task *task, struct FN(lanes_worker) * w,
                                     unsigned log2, size_t buckets, unsigned spread)
{
    const uint8_t *bases = pm_msm_bases(task->part);
    size_t items = 0;
    FN(lanes_outside)(w, bases);
    if (task->ones || !pm_msm_is_shared(task->part)) {
        items = FN(lanes_add_items)(task, w, log2, buckets, 0, items, spread);
    } else {
        struct pm_msm_task one = *task;
        for (one.windows = 1; one.window < task->window + task->windows; one.window++)
            items = FN(lanes_add_items)(&one, w, log2, buckets, one.window * task->part->n, items, 0);
    }
    struct FN(lanes_filled) f = {w->pending, items, w->now};
    for (int i = 0; i < 3 && f.items > 0 && f.items <= FN(lanes_few); i++)
        f = FN(lanes_empty)(f, bases, w, buckets);
    w->pending = f.pending;
    FN(lanes_next_batch)(w, buckets);
    if (f.items > 0) FN(lanes_add_tile)(bases, w, buckets, f.items);
}

/* Buckets for a task's ones: as many as a batch has additions, fewer for few. */
static unsigned FN(lanes_log2_ones)(const struct pm_msm_task *task)
{
    unsigned log2 = 0;
    while ((size_t)2 << log2 <= FN(lanes_batch_max) && (size_t)2 << log2 <= task->part->n_ones) log2++;
    return log2;
}

static size_t FN(lanes_worker_bytes)(unsigned c)
{
    struct FN(lanes_worker) w;
    size_t buckets = (size_t)FN(lanes_group)(c) << (c - 1);
    return FN(lanes_worker_layout)(&w, NULL, buckets);
}

PM_LOCAL void FN(lanes_work)(const struct pm_msm_task *task, void *memory)
{
    struct FN(lanes_worker) w;
    const unsigned log2 = task->ones ? FN(lanes_log2_ones)(task) : task->part->set->c - 1;
    const unsigned rows = pm_msm_is_shared(task->part) ? 1 : task->windows;
    const size_t buckets = (size_t)rows << log2;
    const unsigned last = task->window + task->windows - 1;
    const unsigned spread = task->ones || pm_msm_is_shared(task->part)
                                ? 0
                                : log2 - pm_msm_digit_bits(task->part->kind, log2 + 1, last);
    FN(lanes_worker_layout)(&w, memory, buckets);
    w.now = 2;
    memset(w.stamp, 0, buckets);
    memset(w.point, 0, buckets * sizeof(AFFINE));
    FN(lanes_fill_buckets)(task, &w, log2, buckets, spread);
    FN(lanes_reduce_buckets)(task->result, &w, log2, rows, spread, task->ones);
}

static const struct pm_msm_kind FN(lanes_msm_kind) = {.base_bytes = FN(bytes),
                                                      .point_bytes = sizeof(POINT),
                                                      .scalar_limbs = S(limbs),
                                                      .scalar_bits = MSM_SCALAR_BITS,
                                                      .modulus = S(p).limb,
                                                      .weight = MSM_WEIGHT,
                                                      .bucket_cost = 2, /* measured */
                                                      .window_cost = 50,
                                                      .group = FN(lanes_group),
                                                      .worker_bytes = FN(lanes_worker_bytes),
                                                      .work = FN(lanes_work),
                                                      .set_infinity = FN(msm_set_infinity),
                                                      .add = FN(msm_add),
                                                      .lift_bytes = sizeof(struct FN(lanes_lift_worker)),
                                                      .lift = FN(lanes_lift)};

#undef FN
#undef S
#undef POINT
#undef AFFINE
#undef W
#undef MSM
#undef MSM_SCALAR
#undef MSM_SCALAR_BITS
#undef MSM_WEIGHT
#undef MSM_DEGREE
#undef MSM_P
