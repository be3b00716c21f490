/* From sorted entries to few points: bases into buckets, buckets into c - 1 points a window. The entries are
 * k_digits.h's, sorted; the last doublings are the host's.
 *
 * Parameters
 *   K         prefix of the kernels, and stem of the launchers: GPU_FN(K_accumulate) and GPU_FN(K_reduce)
 *   K_GROUP   prefix of the group, ed_tmpl.h
 *
 * Accumulate. Thread t adds the bases of entries [t run, (t + 1) run), whatever their buckets, so that no
 * thread has more to do than another. A stretch of equal keys is the bucket's own where the entry before it,
 * the left neighbour's last, has another key: its sum is added to the bucket. Otherwise, which only a
 * thread's first stretch can be, it continues its left neighbour's and is carried: (key, sum) becomes entry t
 * of the next level, where equal keys are neighbours again. There the same happens with sums in place of
 * bases, until one thread has all that is left. In a launch no bucket has two owners: no atomics, and log(n)
 * levels whatever the keys.
 *
 * Reduce. Level l adds, in place, point p + 2^l of a row to point p, for p = 0 and p = 2^i, i < l, modulo
 * 2^(l+1). In the end point 0 is the sum of the row, and point 2^i that of all whose number has bit i: two
 * additions a bucket, and the row's sum of (b + 1) B_b is point 0 plus the sum of 2^i point 2^i (host/math's
 * msm_ifma_tmpl.h does the same in lanes). */
#include "kernels/gpu_curve.h"

#include <string.h>

#define FN(op)     GPU_CAT(K, _##op)
#define KERNEL(op) GPU_CAT(k_, GPU_CAT(K, _##op))
#define G(op)      GPU_CAT(K_GROUP, _##op)
#define POINT      K_GROUP
#define AFFINE     G(affine)

/* -- Accumulate -- */

struct FN(accumulate_args) {
    const uint32_t *keys, *values;
    const AFFINE *bases;
    POINT *buckets;
    uint32_t *carry_keys; /* one of each thread; (uint32_t)no_key: it carries nothing */
    POINT *carries;
    uint32_t n, n_buckets, run, parts;
};

GPU_DEVICE AFFINE FN(load_base)(const struct FN(accumulate_args) * v, uint32_t i)
{
    uint32_t value = v->values[i];
    return G(affine_signed)(&v->bases[value & ~K_MINUS], (value & K_MINUS) != 0);
}

/* Bases are gathered as they come: an addition takes longer than they do, and other warps have one under way.
 */
GPU_KERNEL(KERNEL(accumulate), K_MSM_THREADS, struct FN(accumulate_args), v)
{
    for (uint32_t t = gpu_global(); t < v.parts; t += gpu_global_count()) {
        uint32_t i = t * v.run, end = v.n - i < v.run ? v.n : i + v.run;
        uint32_t left = i > 0 ? v.keys[i - 1] : K_NO_KEY, key = v.keys[i];
        v.carry_keys[t] = K_NO_KEY;
        if (key >= v.n_buckets) continue;
        POINT sum = G(infinity)();
        for (;;) {
            AFFINE base = FN(load_base)(&v, i);
            G(add_affine)(&sum, &base);
            uint32_t next_key = ++i < end ? v.keys[i] : K_NO_KEY;
            if (next_key == key) continue;
            if (key == left) {
                v.carry_keys[t] = key;
                v.carries[t] = sum;
            } else {
                G(add_to)(&v.buckets[key], &sum);
            }
            if (next_key >= v.n_buckets) break;
            key = next_key;
            sum = G(infinity)();
        }
    }
}

struct FN(carry_args) {
    const uint32_t *keys; /* n, sorted but for K_NO_KEY in between */
    const POINT *sums;
    POINT *buckets;
    uint32_t *carry_keys; /* of the next level */
    POINT *carries;
    uint32_t n, n_buckets, parts;
};

GPU_KERNEL(KERNEL(carry), K_MSM_THREADS, struct FN(carry_args), v)
{
    for (uint32_t t = gpu_global(); t < v.parts; t += gpu_global_count()) {
        uint32_t i = t * K_CARRY_RUN, end = v.n - i < K_CARRY_RUN ? v.n : i + K_CARRY_RUN;
        uint32_t left = i > 0 ? v.keys[i - 1] : K_NO_KEY, key = v.keys[i];
        POINT sum = G(infinity)();
        v.carry_keys[t] = K_NO_KEY;
        while (i < end) {
            uint32_t next_key = i + 1 < end ? v.keys[i + 1] : K_NO_KEY;
            if (key < v.n_buckets) G(add_to)(&sum, &v.sums[i]);
            i++;
            if (next_key == key) continue;
            if (key < v.n_buckets) {
                if (key == left) {
                    v.carry_keys[t] = key;
                    v.carries[t] = sum;
                } else {
                    G(add_to)(&v.buckets[key], &sum);
                }
                sum = G(infinity)();
            }
            key = next_key;
        }
    }
}

enum pm_status GPU_FN(FN(accumulate))(struct gpu_device *dev, gpu_stream stream,
                                      const struct k_accumulate_in *in, struct pm_error *err)
{
    struct FN(accumulate_args) v;
    struct FN(carry_args) w;
    if (in->run < 2) return pm_fail(err, PM_INTERNAL, "a run of %u entries", in->run);
    if (in->n == 0) return PM_OK;
    memset(&v, 0, sizeof v);
    memset(&w, 0, sizeof w);
    uint32_t parts = gpu_msm_parts(in->n, in->run), next = gpu_msm_parts(parts, K_CARRY_RUN);
    uint8_t *scratch = (uint8_t *)in->scratch;
    POINT *sums[2];
    uint32_t *keys[2];
    sums[0] = (POINT *)(void *)scratch;
    sums[1] = sums[0] + parts;
    keys[0] = (uint32_t *)(void *)(sums[1] + next);
    keys[1] = keys[0] + parts;
    v.keys = in->keys;
    v.values = in->values;
    v.bases = (const AFFINE *)in->bases;
    v.buckets = w.buckets = (POINT *)in->buckets;
    v.carry_keys = keys[0];
    v.carries = sums[0];
    v.n = in->n;
    v.n_buckets = w.n_buckets = in->n_buckets;
    v.run = in->run;
    v.parts = parts;
    struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(dev, parts, K_MSM_THREADS), K_MSM_THREADS, 0);
    PM_TRY(GPU_LAUNCH(dev, KERNEL(accumulate), shape, stream, v, err));
    for (unsigned level = 0; parts > 1; level++) { /* a single part carries nothing */
        w.keys = keys[level % 2];
        w.sums = sums[level % 2];
        w.carry_keys = keys[1 - level % 2];
        w.carries = sums[1 - level % 2];
        w.n = parts;
        w.parts = parts = gpu_msm_parts(parts, K_CARRY_RUN);
        shape = gpu_shape_1d(gpu_blocks_for(dev, parts, K_MSM_THREADS), K_MSM_THREADS, 0);
        PM_TRY(GPU_LAUNCH(dev, KERNEL(carry), shape, stream, w, err));
    }
    return PM_OK;
}

/* -- Reduce -- */

struct FN(reduce_args) {
    POINT *buckets, *out;
    uint32_t log2_row, windows, level; /* level: halve does it, finish does it and all that follow */
};

/* Where addition q of level l goes in a stretch of `spans` << (l + 1) points; its summand is 2^l further on.
 */
GPU_DEVICE uint64_t FN(halve_place)(uint32_t q, uint32_t spans, uint32_t l)
{
    uint32_t i = q / spans;
    return ((uint64_t)(q - i * spans) << (l + 1)) + (i == 0 ? 0 : 1u << (i - 1));
}

GPU_KERNEL(KERNEL(halve), K_MSM_THREADS, struct FN(reduce_args), v)
{
    uint32_t spans = v.windows << (v.log2_row - v.level - 1);
    for (uint32_t q = gpu_global(); q < (v.level + 1) * spans; q += gpu_global_count()) {
        POINT *p = v.buckets + FN(halve_place)(q, spans, v.level), sum;
        G(add)(&sum, p, p + (1u << v.level));
        *p = sum;
    }
}

/* A block takes whole rows. */
GPU_KERNEL(KERNEL(finish), K_MSM_THREADS, struct FN(reduce_args), v)
{
    for (uint32_t window = gpu_block(); window < v.windows; window += gpu_blocks()) {
        POINT *row = v.buckets + ((uint64_t)window << v.log2_row);
        for (uint32_t l = v.level; l < v.log2_row; l++) {
            uint32_t spans = 1u << (v.log2_row - l - 1);
            for (uint32_t q = gpu_thread(); q < (l + 1) * spans; q += gpu_threads()) {
                POINT *p = row + FN(halve_place)(q, spans, l);
                G(add_to)(p, p + (1u << l));
            }
            gpu_sync();
        }
        for (uint32_t i = gpu_thread(); i < v.log2_row; i += gpu_threads()) {
            if (i == 0) G(add_to)(&row[1], &row[0]);
            v.out[(uint64_t)window * v.log2_row + i] = G(canon)(&row[1u << i]);
        }
    }
}

enum pm_status GPU_FN(FN(reduce))(struct gpu_device *dev, gpu_stream stream, const struct k_reduce_in *in,
                                  struct pm_error *err)
{
    struct FN(reduce_args) v;
    if (in->c < K_MSM_MIN_C || in->c > K_MSM_MAX_C || in->windows == 0 ||
        (uint64_t)in->windows << (in->c - 1) >> 31)
        return pm_fail(err, PM_INTERNAL, "buckets of %u windows of %u bits", in->windows, in->c);
    memset(&v, 0, sizeof v);
    v.buckets = (POINT *)in->buckets;
    v.out = (POINT *)in->out;
    v.log2_row = in->c - 1;
    v.windows = in->windows;
    /* Levels in launches of their own while a row has more than four additions for each thread of its block.
     */
    for (; (uint64_t)(v.level + 1) << (v.log2_row - v.level - 1) > 4 * K_MSM_THREADS; v.level++) {
        uint32_t adds = (v.level + 1) * (v.windows << (v.log2_row - v.level - 1));
        struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(dev, adds, K_MSM_THREADS), K_MSM_THREADS, 0);
        PM_TRY(GPU_LAUNCH(dev, KERNEL(halve), shape, stream, v, err));
    }
    struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(dev, v.windows, 1), K_MSM_THREADS, 0);
    return GPU_LAUNCH(dev, KERNEL(finish), shape, stream, v, err);
}

#undef FN
#undef KERNEL
#undef G
#undef POINT
#undef AFFINE
#undef K
#undef K_GROUP
