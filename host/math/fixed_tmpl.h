/* Many multiples of one point, as a setup needs them: a table of d 2^(c w) B for all windows w and digits d,
 * then one addition per window for each output, a block of outputs sharing their inversions.
 * fixed_ifma_tmpl.h does the same in lanes, with this file's table.
 *
 * Parameters
 *   FIXED               prefix of all names (the group's, e.g. bn254_g1)
 *   FIXED_SCALAR        prefix of the scalars' field (fp_tmpl.h)
 *   FIXED_SCALAR_BITS   bits of its modulus
 *   (the group must have its batch addition: ec_batch_tmpl.h)
 *
 * Time depends on the scalars. The scratch memory holds what tells of them afterwards: wipe it if they are
 * secret. The table tells of the base alone. */
#include "math/digits.h"
#include "math/tmpl.h"

#define FN(op) PM_CAT(FIXED, _##op)
#define S(op)  PM_CAT(FIXED_SCALAR, _##op)
#define POINT  FIXED
#define AFFINE FN(affine)

enum { FN(fixed_block) = 512 };

/* Windows rows of 2^(c-1): entry d - 1 of row w is d 2^(c w) B, canonical. */
struct FN(fixed_table) {
    _Alignas(64) unsigned c;
    unsigned windows;
    _Alignas(64) AFFINE entry[];
};

/* A thread's own memory. */
struct FN(fixed_worker) {
    _Alignas(64) AFFINE sum[FN(fixed_block)];
    AFFINE term[FN(fixed_block)];
    struct FN(batch_slot) slot[FN(fixed_block)];
    uint64_t biased[FN(fixed_block)][S(limbs) + 1];
};

struct FN(fixed_job) {
    const struct FN(fixed_table) * table;
    struct FN(fixed_worker) * worker;
    uint8_t *out;
    const uint8_t *scalars;
    size_t n, next;
};

/* Table and outputs both cost one addition an entry. */
static inline unsigned FN(fixed_window)(size_t n)
{
    unsigned best = 2;
    uint64_t best_cost = UINT64_MAX;
    for (unsigned c = 2; c <= PM_DIGITS_MAX_C; c++) {
        uint64_t cost = pm_digits_windows(FIXED_SCALAR_BITS, c) * ((uint64_t)n + ((uint64_t)1 << (c - 1)));
        if (cost < best_cost) best = c, best_cost = cost;
    }
    return best;
}

/* Bytes of the table that is best for n multiples in all. */
PM_LOCAL size_t FN(fixed_table_bytes)(size_t n)
{
    unsigned c = FN(fixed_window)(n);
    return sizeof(struct FN(fixed_table)) +
           ((size_t)pm_digits_windows(FIXED_SCALAR_BITS, c) << (c - 1)) * sizeof(AFFINE);
}

PM_LOCAL size_t FN(fixed_scratch)(unsigned threads) { return threads * sizeof(struct FN(fixed_worker)); }

/* Sets the table's size and the first entry of each row. */
PM_LOCAL void FN(fixed_begin)(struct FN(fixed_table) * table, const uint8_t *base, size_t n)
{
    AFFINE b;
    POINT p;
    table->c = FN(fixed_window)(n);
    table->windows = pm_digits_windows(FIXED_SCALAR_BITS, table->c);
    FN(affine_load)(&b, base);
    FN(from_affine)(&p, &b);
    for (unsigned i = 0; i < table->windows; i++) {
        FN(to_affine)(&table->entry[(size_t)i << (table->c - 1)], &p);
        for (unsigned j = 0; j < table->c; j++) FN(dbl)(&p, &p);
    }
}

/* Makes the table of base, affine bytes, fit for n multiples in all; more or fewer are right as well. table:
 * fixed_table_bytes(n), aligned to 64 bytes. Rows are filled by doubling: entries [filled, 2 filled) are the
 * first ones plus the last of them. */
PM_LOCAL void FN(fixed_table_make)(struct pm_pool *pool, void *table_at, const uint8_t *base, size_t n,
                                   void *scratch)
{
    struct FN(fixed_table) *table = table_at;
    struct FN(fixed_worker) *w = scratch;
    (void)pool;
    FN(fixed_begin)(table, base, n);
    size_t row = (size_t)1 << (table->c - 1);
    for (size_t filled = 1; filled < row; filled *= 2) {
        size_t total = filled * table->windows;
        for (size_t done = 0; done < total; done += FN(fixed_block)) {
            size_t count = total - done < FN(fixed_block) ? total - done : FN(fixed_block);
            for (size_t i = 0; i < count; i++) {
                const AFFINE *first = &table->entry[(done + i) / filled * row];
                w->sum[i] = first[(done + i) % filled];
                w->term[i] = first[filled - 1];
            }
            FN(batch_add_var)(w->sum, w->term, count, w->slot);
            for (size_t i = 0; i < count; i++)
                table->entry[(done + i) / filled * row + filled + (done + i) % filled] = w->sum[i];
        }
    }
}

/* Outputs [begin, begin + n), n <= fixed_block. */
PM_LOCAL void FN(fixed_outputs)(const struct FN(fixed_job) * job, struct FN(fixed_worker) * w, size_t begin,
                                size_t n)
{
    const unsigned c = job->table->c, windows = job->table->windows;
    for (size_t i = 0; i < n; i++) {
        FIXED_SCALAR s;
        S(load_reduced)(&s, job->scalars + (begin + i) * S(bytes));
        pm_digits_bias(w->biased[i], s.limb, S(limbs), c, windows);
        w->sum[i] = (AFFINE){0};
    }
    for (unsigned v = 0; v < windows; v++) {
        const AFFINE *row = job->table->entry + ((size_t)v << (c - 1));
        for (size_t i = 0; i < n; i++) {
            int d = pm_digits_get(w->biased[i], S(limbs), c, windows, v);
            if (d == 0)
                w->term[i] = (AFFINE){0};
            else if (d > 0)
                w->term[i] = row[d - 1];
            else
                FN(affine_neg)(&w->term[i], &row[-d - 1]);
        }
        FN(batch_add_var)(w->sum, w->term, n, w->slot);
    }
    for (size_t i = 0; i < n; i++) FN(affine_store)(job->out + (begin + i) * FN(bytes), &w->sum[i]);
}

PM_LOCAL void FN(fixed_work)(void *ctx, size_t begin, size_t end)
{
    struct FN(fixed_job) *job = ctx;
    for (size_t thread = begin; thread < end; thread++) {
        size_t at;
        while ((at = __atomic_fetch_add(&job->next, FN(fixed_block), __ATOMIC_RELAXED)) < job->n) {
            size_t n = job->n - at < FN(fixed_block) ? job->n - at : FN(fixed_block);
            FN(fixed_outputs)(job, &job->worker[thread], at, n);
        }
    }
}

/* out[i] = scalar[i] base, affine bytes; scalars plain and canonical. scratch: fixed_scratch(threads of the
 * pool), aligned to 64 bytes. */
PM_LOCAL void FN(fixed_var)(struct pm_pool *pool, uint8_t *out, const void *table, const uint8_t *scalars,
                            size_t n, void *scratch)
{
    struct FN(fixed_job) job = {.table = table, .worker = scratch, .out = out, .scalars = scalars, .n = n};
    pm_pool_for(pool, pm_pool_threads(pool), 1, FN(fixed_work), &job);
}

#undef FN
#undef S
#undef POINT
#undef AFFINE
#undef FIXED
#undef FIXED_SCALAR
#undef FIXED_SCALAR_BITS
