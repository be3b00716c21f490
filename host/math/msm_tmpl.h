/* Multi-scalar multiplication in one group, portable: affine buckets filled in batches. Which windows of
 * which points make a task, and what becomes of results, is msm.h's.
 *
 * Parameters
 *   MSM               prefix of all names (the group's, e.g. bn254_g1)
 *   MSM_SCALAR        prefix of the scalars' field (fp_tmpl.h)
 *   MSM_SCALAR_BITS   bits of its modulus
 *   MSM_WEIGHT        cost of an addition, in a unit common to a curve's groups
 *   (the group must have its batch addition, ec_batch_tmpl.h, and ec_lift_tmpl.h)
 *
 * A task takes points in tiles: sorts the tile by bucket (counting), puts each bucket's present sum at the
 * head of its run, and halves all runs together, adding neighbours in batches, until one point is left in
 * each. So any number of points may meet in one bucket, and ones are simply a task with a single bucket. */
#include "math/digits.h"
#include "math/msm.h"
#include "math/tmpl.h"

#define FN(op) PM_CAT(MSM, _##op)
#define S(op)  PM_CAT(MSM_SCALAR, _##op)
#define POINT  MSM
#define AFFINE FN(affine)

enum { FN(msm_batch) = 512 }; /* additions that share an inversion */

static inline size_t FN(msm_align)(size_t bytes) { return (bytes + 63) / 64 * 64; }

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

static inline size_t FN(msm_tile)(unsigned c) { return c < 10 ? 1024 : (size_t)2 << (c - 1); }

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
PM_LOCAL void FN(msm_add_tile)(const uint8_t *bases, const struct FN(msm_worker) * w, size_t buckets,
                               size_t items)
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
        if (i + 8 < items) __builtin_prefetch(bases + (size_t)w->item[i + 8] * FN(bytes));
        FN(affine_load)(to, bases + (size_t)w->item[i] * FN(bytes));
        if (d < 0) FN(affine_neg)(to, to);
    }
    while (FN(msm_halve)(w, buckets)) {}
    at = 0;
    for (size_t b = 0; b < buckets; b++)
        if (w->run[b]) w->bucket[b] = w->tile[at++];
}

/* Collects up to a tile of items of the task's window w0; the number of items. */
static inline size_t FN(msm_collect)(const struct FN(msm_worker) * w, struct pm_msm_reader *reader,
                                     unsigned w0, size_t tile)
{
    const struct pm_msm_task *task = reader->task;
    const size_t offset =
        !task->ones && pm_msm_is_shared(task->part) ? (task->window + w0) * task->part->n : 0;
    size_t items = 0;
    struct pm_msm_item item;
    while (items < tile && pm_msm_read(&item, reader)) {
        int d = item.minus ? -1 : 1;
        if (!task->ones) d = item.digit[w0 * task->part->set->row];
        w->item[items] = (uint32_t)(item.base + offset);
        w->item_digit[items] = (int16_t)d;
        items += d != 0;
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

static size_t FN(msm_worker_bytes)(unsigned c)
{
    struct FN(msm_worker) w;
    return FN(msm_worker_layout)(&w, NULL, c);
}
static unsigned FN(msm_group)(unsigned c)
{
    (void)c;
    return 1;
}

PM_LOCAL void FN(msm_work)(const struct pm_msm_task *task, void *memory)
{
    struct FN(msm_worker) w;
    const unsigned c = task->ones ? 1 : task->part->set->c;
    const size_t buckets = (size_t)1 << (c - 1);
    const bool shared = pm_msm_is_shared(task->part);
    FN(msm_worker_layout)(&w, memory, c);
    for (unsigned i = 0; i < task->windows; i++) {
        struct pm_msm_reader reader = {.task = task, .chunk = task->chunk};
        size_t items;
        for (size_t b = 0; b < buckets && (i == 0 || !shared); b++) w.bucket[b] = (AFFINE){0};
        while ((items = FN(msm_collect)(&w, &reader, i, FN(msm_tile)(c))) > 0)
            FN(msm_add_tile)(pm_msm_bases(task->part), &w, buckets, items);
        if (!shared) FN(msm_reduce)((POINT *)task->result + i, w.bucket, buckets);
    }
    if (shared) FN(msm_reduce)((POINT *)task->result, w.bucket, buckets);
}

static void FN(msm_set_infinity)(void *out) { FN(set_infinity)((POINT *)out); }
static void FN(msm_add)(void *out, const void *a, const void *b)
{
    FN(add)((POINT *)out, (const POINT *)a, (const POINT *)b);
}

static const struct pm_msm_kind FN(msm_kind) = {.base_bytes = FN(bytes),
                                                .point_bytes = sizeof(POINT),
                                                .scalar_limbs = S(limbs),
                                                .scalar_bits = MSM_SCALAR_BITS,
                                                .modulus = S(p).limb,
                                                .weight = MSM_WEIGHT,
                                                .bucket_cost = 4,
                                                .group = FN(msm_group),
                                                .worker_bytes = FN(msm_worker_bytes),
                                                .work = FN(msm_work),
                                                .set_infinity = FN(msm_set_infinity),
                                                .add = FN(msm_add),
                                                .lift_bytes = sizeof(struct FN(lift_worker)),
                                                .lift = FN(lift)};

#undef FN
#undef S
#undef POINT
#undef AFFINE
#undef MSM
#undef MSM_SCALAR
#undef MSM_SCALAR_BITS
#undef MSM_WEIGHT
