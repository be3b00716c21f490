/* Many multiples of one point in lanes: fixed_tmpl.h's method and table, over the batched additions of
 * ec_batch_ifma_tmpl.h. Both instances for the same group must stand before. A row of the table need not fit
 * into the cache nearest to the processor: entries are prefetched while a batch is put together.
 *
 * Parameters
 *   FIXED               prefix of all names (the group's, e.g. bn254_g1)
 *   FIXED_SCALAR        prefix of the scalars' field (fp_tmpl.h)
 *   FIXED_DEGREE        1 or 2: coordinates in Fp, or in Fp2
 *   FIXED_LANES         prefix of the lanes of Fp (fp_ifma_tmpl.h)
 *
 * Outputs are summed up where they will stand, and made canonical in the end. An output's first addition is a
 * copy, and a digit of zero is none: so infinities, which the lanes are slow at, do not occur unless sums
 * vanish or the base is one. */
#include "math/digits.h"
#include "math/tmpl.h"

#define FN(op) PM_CAT(FIXED, _##op)
#define S(op)  PM_CAT(FIXED_SCALAR, _##op)
#define L(op)  PM_CAT(FIXED_LANES, _##op)
#define AFFINE FN(affine)

enum {
    FN(lanes_fixed_block) = 2048 / FIXED_DEGREE,
    FN(lanes_fixed_vectors) = FN(lanes_fixed_block) / FN(lanes_width)
};

_Static_assert((int)sizeof(AFFINE) == (int)FN(lanes_point) && (int)FN(bytes) == (int)FN(lanes_point),
               "the lanes add points where they lie");

/* A thread's own memory. */
struct FN(lanes_fixed_worker) {
    _Alignas(64) struct FN(lanes) before[FN(lanes_fixed_vectors)];
    struct FN(lanes) divisor[FN(lanes_fixed_vectors)];
    uint64_t biased[FN(lanes_fixed_block)][S(limbs) + 1];
    uint64_t pair[FN(lanes_fixed_block)];
    uint32_t out[FN(lanes_fixed_block)];
    uint8_t special[FN(lanes_fixed_vectors)], begun[FN(lanes_fixed_block)];
    struct FN(lanes_batch) batch; /* over these arrays */
    size_t pending;               /* additions collected */
};

struct FN(lanes_fixed_job) {
    struct FN(fixed_table) * table; /* not written by multiples */
    struct FN(lanes_fixed_worker) * worker;
    uint8_t *out;
    const uint8_t *scalars;
    size_t n, next;
};

PM_LOCAL size_t FN(lanes_fixed_scratch)(unsigned threads)
{
    return threads * sizeof(struct FN(lanes_fixed_worker));
}

static inline void FN(lanes_fixed_begin)(struct FN(lanes_fixed_worker) * w,
                                         const struct FN(fixed_table) * table)
{
    w->batch = (struct FN(lanes_batch)){.other = (const uint8_t *)table->entry,
                                        .pair = w->pair,
                                        .before = w->before,
                                        .divisor = w->divisor,
                                        .special = w->special};
    w->pending = 0;
}
static inline void FN(lanes_fixed_flush)(struct FN(lanes_fixed_worker) * w, uint8_t *points)
{
    FN(lanes_add_var)(&w->batch, points, w->pending);
    w->pending = 0;
}

/* Makes n packed points canonical. */
PM_OUT_OF_LINE void FN(lanes_fixed_finish)(uint8_t *points, size_t n)
{
    for (size_t done = 0; done < n; done += FN(lanes_width)) {
        uint32_t index[FN(lanes_width)];
        struct FN(lanes) x, y;
        for (size_t i = 0; i < FN(lanes_width); i++) index[i] = (uint32_t)(done + i < n ? done + i : n - 1);
        x = FN(lanes_get)(points, index, 0);
        y = FN(lanes_get)(points, index, 1);
        for (int h = 0; h < FIXED_DEGREE; h++) {
            x.c[h] = L(canonical)(x.c[h]);
            y.c[h] = L(canonical)(y.c[h]);
        }
        FN(lanes_put)(points, index, x, 0);
        FN(lanes_put)(points, index, y, 1);
    }
}

/* Rows of the table: [begin, end) of as many pieces as there are threads. */
PM_LOCAL void FN(lanes_fixed_rows)(void *ctx, size_t begin, size_t end)
{
    const struct FN(lanes_fixed_job) *job = ctx;
    struct FN(fixed_table) *table = job->table;
    const size_t row = (size_t)1 << (table->c - 1);
    for (size_t thread = begin; thread < end; thread++) {
        struct FN(lanes_fixed_worker) *w = &job->worker[thread];
        size_t first = thread * table->windows / job->n, last = (thread + 1) * table->windows / job->n;
        uint8_t *points = (uint8_t *)table->entry;
        FN(lanes_fixed_begin)(w, table);
        w->batch.out = w->out;
        for (size_t filled = 1; filled < row; filled *= 2) {
            for (size_t v = first; v < last; v++)
                for (size_t i = 0; i < filled; i++) {
                    size_t at = v * row + i;
                    w->out[w->pending] = (uint32_t)(at + filled);
                    w->pair[w->pending++] = FN(lanes_pair)(at, v * row + filled - 1, false);
                    if (w->pending == FN(lanes_fixed_block)) FN(lanes_fixed_flush)(w, points);
                }
            FN(lanes_fixed_flush)(w, points);
        }
        FN(lanes_fixed_finish)(points + first * row * FN(bytes), (last - first) * row);
    }
}

/* As fixed_table_make, with scratch of lanes_fixed_scratch. */
PM_LOCAL void FN(lanes_fixed_table_make)(struct pm_pool *pool, void *table, const uint8_t *base, size_t n,
                                         void *scratch)
{
    struct FN(lanes_fixed_job) job = {.table = table, .worker = scratch, .n = pm_pool_threads(pool)};
    FN(fixed_begin)(table, base, n);
    pm_pool_for(pool, job.n, 1, FN(lanes_fixed_rows), &job);
}

static inline void FN(lanes_fixed_copy)(uint8_t *to, const AFFINE *entry, bool negative)
{
    AFFINE t = *entry;
    if (negative) FN(affine_neg)(&t, entry);
    memcpy(to, &t, sizeof t);
}

/* out[0 .. n), n <= lanes_fixed_block. */
PM_LOCAL void FN(lanes_fixed_outputs)(const struct FN(fixed_table) * table, struct FN(lanes_fixed_worker) * w,
                                      uint8_t *out, const uint8_t *scalars, size_t n)
{
    const unsigned c = table->c, windows = table->windows;
    for (size_t i = 0; i < n; i++) {
        FIXED_SCALAR s;
        S(load_reduced)(&s, scalars + i * S(bytes));
        pm_digits_bias(w->biased[i], s.limb, S(limbs), c, windows);
    }
    memset(out, 0, n * FN(bytes));
    memset(w->begun, 0, sizeof w->begun);
    FN(lanes_fixed_begin)(w, table);
    for (unsigned v = 0; v < windows; v++) {
        const size_t row = (size_t)v << (c - 1);
        for (size_t i = 0; i < n; i++) {
            int d = pm_digits_get(w->biased[i], S(limbs), c, windows, v);
            if (d == 0) continue;
            size_t entry = row + (size_t)(d < 0 ? -d : d) - 1;
            if (w->begun[i]) {
                for (int at = 0; at < FN(bytes); at += 64)
                    __builtin_prefetch((const uint8_t *)&table->entry[entry] + at);
                w->pair[w->pending++] = FN(lanes_pair)(i, entry, d < 0);
            } else {
                FN(lanes_fixed_copy)(out + i * FN(bytes), &table->entry[entry], d < 0);
                w->begun[i] = 1;
            }
        }
        FN(lanes_fixed_flush)(w, out);
    }
    FN(lanes_fixed_finish)(out, n);
}

PM_LOCAL void FN(lanes_fixed_work)(void *ctx, size_t begin, size_t end)
{
    struct FN(lanes_fixed_job) *job = ctx;
    for (size_t thread = begin; thread < end; thread++) {
        size_t at;
        while ((at = __atomic_fetch_add(&job->next, FN(lanes_fixed_block), __ATOMIC_RELAXED)) < job->n) {
            size_t n = job->n - at < FN(lanes_fixed_block) ? job->n - at : FN(lanes_fixed_block);
            FN(lanes_fixed_outputs)
            (job->table, &job->worker[thread], job->out + at * FN(bytes), job->scalars + at * S(bytes), n);
        }
    }
}

/* As fixed_var, with scratch of lanes_fixed_scratch. */
PM_LOCAL void FN(lanes_fixed_var)(struct pm_pool *pool, uint8_t *out, const void *table,
                                  const uint8_t *scalars, size_t n, void *scratch)
{
    struct FN(lanes_fixed_job) job = {.table = (struct FN(fixed_table) *)(uintptr_t)table,
                                      .worker = scratch,
                                      .out = out,
                                      .scalars = scalars,
                                      .n = n};
    pm_pool_for(pool, pm_pool_threads(pool), 1, FN(lanes_fixed_work), &job);
}

#undef FN
#undef S
#undef L
#undef AFFINE
#undef FIXED
#undef FIXED_SCALAR
#undef FIXED_DEGREE
#undef FIXED_LANES
