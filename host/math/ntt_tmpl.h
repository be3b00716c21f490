/* Number-theoretic transforms without bit reversal, on arrays of bytes.
 * The inverse takes natural order and leaves bit-reversed order, the forward transform takes that back.
 *
 * Parameters
 *   NTT         prefix of all names
 *   NTT_FIELD   prefix of the field (fp_tmpl.h); data are its elements in Montgomery form
 *
 * How. Write w for the primitive n-th root and [k] for the bit reversal of k. Level l of the inverse cuts the
 * data into 2^l blocks; block k stands for a polynomial modulo x^(2m) - c^2, its halves for the residues
 * modulo x^m - c and x^m + c. The one factor c of block k is the inverse of w_(2^(l+1))^[k], whatever n is,
 * so one table of n/2 roots in bit-reversed order serves all levels and all smaller sizes. The forward
 * transform is the transposed network. Inverse roots are read from the same table: for k with leading bit
 * 2^t, 1 / table[k] = -table[3 2^t - 1 - k]. Two levels are done per pass over memory (radix 4), blocks depth
 * first, so that every cache is used without knowing its size. The first levels, with few blocks, are cut
 * across threads by columns, the rest by blocks. */
#include "math/tmpl.h"

#define FN(op) PM_CAT(NTT, _##op)
#define F(op)  PM_CAT(NTT_FIELD, _##op)
#define FE     NTT_FIELD

/* Elements below which a loop is not worth a thread. */
enum { FN(grain) = 1024 };

static inline size_t FN(table_bytes)(unsigned max_log2_n)
{
    return max_log2_n == 0 ? F(bytes) : ((size_t)F(bytes) << max_log2_n) / 2;
}

struct FN(table_job) {
    FE *table;
    const FE *root; /* root[i] = w^(2^i) for the largest n */
    unsigned log2_half;
};

/* [k] mod 2^bits */
static inline size_t FN(reverse)(size_t k, unsigned bits)
{
    size_t r = 0;
    for (unsigned i = 0; i < bits; i++) r |= (k >> i & 1) << (bits - 1 - i);
    return r;
}

/* out = product of root[i] over the bits i of e */
static inline void FN(power)(FE *out, const FE *root, size_t e)
{
    F(set_one)(out);
    for (unsigned i = 0; e >> i; i++)
        if (e >> i & 1) F(mul)(out, out, &root[i]);
}

PM_LOCAL void FN(table_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(table_job) *job = ctx;
    for (size_t k = begin; k < end; k++) {
        if (k == begin) /* begin is 0 or a multiple of the grain, a power of two */
            FN(power)(&job->table[k], job->root, FN(reverse)(k, job->log2_half));
        else /* [k] = [k without its lowest bit] + [the lowest bit] */
            F(mul)
        (&job->table[k], &job->table[k & (k - 1)],
         &job->root[job->log2_half - 1 - (unsigned)__builtin_ctzll(k)]);
    }
}

/* table[k] = w^[k] for k < n / 2 (one entry for n = 1). root: a primitive n-th root. */
PM_LOCAL void FN(table_make)(FE *table, unsigned max_log2_n, const FE *primitive, struct pm_pool *pool)
{
    FE root[64];
    if (max_log2_n == 0) {
        F(set_one)(table);
        return;
    }
    root[0] = *primitive;
    for (unsigned i = 1; i < max_log2_n; i++) F(sqr)(&root[i], &root[i - 1]);
    struct FN(table_job) job = {.table = table, .root = root, .log2_half = max_log2_n - 1};
    pm_pool_for(pool, (size_t)1 << (max_log2_n - 1), 4 * FN(grain), FN(table_piece), &job);
}

static inline void FN(inverse_root)(FE *out, const FE *table, size_t k)
{
    if (k == 0) {
        *out = table[0];
        return;
    }
    size_t top = (size_t)1 << (63 - __builtin_clzll(k));
    F(neg)(out, &table[3 * top - 1 - k]);
}

/* One or two levels over the columns [begin, end) of block k; stride: bytes between the block's halves or
 * quarters. */
struct FN(pass) {
    uint8_t *data; /* the block's */
    size_t k, stride;
    const FE *table;
};

/* (u, v) -> (u + c v, u - c v) */
static inline void FN(cross_in)(FE *u, FE *v, const FE *c)
{
    FE t;
    F(mul)(&t, v, c);
    F(sub)(v, u, &t);
    F(add)(u, u, &t);
}
/* (u, v) -> (u + v, c (u - v)) */
static inline void FN(cross_out)(FE *u, FE *v, const FE *c)
{
    FE t;
    F(sub)(&t, u, v);
    F(add)(u, u, v);
    F(mul)(v, &t, c);
}
static inline void FN(cross_one)(FE *u, FE *v) /* either, for c = 1 */
{
    FE t;
    F(sub)(&t, u, v);
    F(add)(u, u, v);
    *v = t;
}

PM_LOCAL void FN(inverse2)(void *ctx, size_t begin, size_t end)
{
    const struct FN(pass) *p = ctx;
    FE c, u, v;
    FN(inverse_root)(&c, p->table, p->k);
    for (size_t j = begin; j < end; j++) {
        uint8_t *at = p->data + j * F(bytes);
        F(load)(&u, at);
        F(load)(&v, at + p->stride);
        FN(cross_in)(&u, &v, &c);
        F(store)(at, &u);
        F(store)(at + p->stride, &v);
    }
}

PM_LOCAL void FN(inverse4)(void *ctx, size_t begin, size_t end)
{
    const struct FN(pass) *p = ctx;
    FE c, c0, c1, x0, x1, x2, x3;
    FN(inverse_root)(&c, p->table, p->k);
    FN(inverse_root)(&c0, p->table, 2 * p->k);
    FN(inverse_root)(&c1, p->table, 2 * p->k + 1);
    for (size_t j = begin; j < end; j++) {
        uint8_t *at = p->data + j * F(bytes);
        F(load)(&x0, at);
        F(load)(&x1, at + p->stride);
        F(load)(&x2, at + 2 * p->stride);
        F(load)(&x3, at + 3 * p->stride);
        if (p->k == 0) {
            FN(cross_one)(&x0, &x2);
            FN(cross_one)(&x1, &x3);
            FN(cross_one)(&x0, &x1);
        } else {
            FN(cross_in)(&x0, &x2, &c);
            FN(cross_in)(&x1, &x3, &c);
            FN(cross_in)(&x0, &x1, &c0);
        }
        FN(cross_in)(&x2, &x3, &c1);
        F(store)(at, &x0);
        F(store)(at + p->stride, &x1);
        F(store)(at + 2 * p->stride, &x2);
        F(store)(at + 3 * p->stride, &x3);
    }
}

PM_LOCAL void FN(forward2)(void *ctx, size_t begin, size_t end)
{
    const struct FN(pass) *p = ctx;
    FE u, v;
    for (size_t j = begin; j < end; j++) {
        uint8_t *at = p->data + j * F(bytes);
        F(load)(&u, at);
        F(load)(&v, at + p->stride);
        FN(cross_out)(&u, &v, &p->table[p->k]);
        F(store)(at, &u);
        F(store)(at + p->stride, &v);
    }
}

PM_LOCAL void FN(forward4)(void *ctx, size_t begin, size_t end)
{
    const struct FN(pass) *p = ctx;
    FE c = p->table[p->k], c0 = p->table[2 * p->k], c1 = p->table[2 * p->k + 1], x0, x1, x2, x3;
    for (size_t j = begin; j < end; j++) {
        uint8_t *at = p->data + j * F(bytes);
        F(load)(&x0, at);
        F(load)(&x1, at + p->stride);
        F(load)(&x2, at + 2 * p->stride);
        F(load)(&x3, at + 3 * p->stride);
        FN(cross_out)(&x2, &x3, &c1);
        if (p->k == 0) {
            FN(cross_one)(&x0, &x1);
            FN(cross_one)(&x0, &x2);
            FN(cross_one)(&x1, &x3);
        } else {
            FN(cross_out)(&x0, &x1, &c0);
            FN(cross_out)(&x0, &x2, &c);
            FN(cross_out)(&x1, &x3, &c);
        }
        F(store)(at, &x0);
        F(store)(at + p->stride, &x1);
        F(store)(at + 2 * p->stride, &x2);
        F(store)(at + 3 * p->stride, &x3);
    }
}

/* All levels of block k, 2^log2_len elements, in one thread. */
PM_LOCAL void FN(inverse_block)(uint8_t *data, unsigned log2_len, size_t k, const FE *table)
{
    size_t len = (size_t)1 << log2_len;
    struct FN(pass) pass = {.data = data, .k = k, .table = table};
    if (log2_len == 0) return;
    if (log2_len == 1) {
        pass.stride = F(bytes);
        FN(inverse2)(&pass, 0, 1);
        return;
    }
    pass.stride = len / 4 * F(bytes);
    FN(inverse4)(&pass, 0, len / 4);
    if (log2_len == 2) return;
    for (size_t i = 0; i < 4; i++) FN(inverse_block)(data + i * pass.stride, log2_len - 2, 4 * k + i, table);
}

PM_LOCAL void FN(forward_block)(uint8_t *data, unsigned log2_len, size_t k, const FE *table)
{
    size_t len = (size_t)1 << log2_len;
    struct FN(pass) pass = {.data = data, .k = k, .table = table};
    if (log2_len == 0) return;
    if (log2_len == 1) {
        pass.stride = F(bytes);
        FN(forward2)(&pass, 0, 1);
        return;
    }
    pass.stride = len / 4 * F(bytes);
    if (log2_len > 2)
        for (size_t i = 0; i < 4; i++)
            FN(forward_block)(data + i * pass.stride, log2_len - 2, 4 * k + i, table);
    FN(forward4)(&pass, 0, len / 4);
}

struct FN(blocks) {
    uint8_t *data;
    unsigned log2_len; /* of a block */
    const FE *table;
};
PM_LOCAL void FN(inverse_blocks)(void *ctx, size_t begin, size_t end)
{
    const struct FN(blocks) *b = ctx;
    for (size_t k = begin; k < end; k++)
        FN(inverse_block)(b->data + (k << b->log2_len) * F(bytes), b->log2_len, k, b->table);
}
PM_LOCAL void FN(forward_blocks)(void *ctx, size_t begin, size_t end)
{
    const struct FN(blocks) *b = ctx;
    for (size_t k = begin; k < end; k++)
        FN(forward_block)(b->data + (k << b->log2_len) * F(bytes), b->log2_len, k, b->table);
}

/* How many levels are cut by columns: two at a time until there are at least eight blocks for each thread. */
static inline unsigned FN(wide_levels)(const struct pm_pool *pool, unsigned log2_n)
{
    unsigned levels = 0, threads = pm_pool_threads(pool);
    if (threads == 1) return 0;
    while (levels + 2 <= log2_n && (size_t)1 << (log2_n - levels) > 4 * FN(grain) &&
           (size_t)1 << levels < 8 * (size_t)threads)
        levels += 2;
    return levels;
}

/* The pass over levels l and l + 1 of all blocks, by columns. */
PM_LOCAL void FN(wide_pass)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, unsigned l, const FE *table,
                            pm_pool_fn *fn)
{
    size_t quarter = (size_t)1 << (log2_n - l - 2);
    for (size_t k = 0; k < (size_t)1 << l; k++) {
        struct FN(pass) pass = {
            .data = data + 4 * k * quarter * F(bytes), .k = k, .stride = quarter * F(bytes), .table = table};
        pm_pool_for(pool, quarter, quarter < FN(grain) ? quarter : FN(grain), fn, &pass);
    }
}

/* data: evaluations at 1, w, w^2, ... -> n * coefficients, bit-reversed. table: for this n or a larger one.
 */
PM_LOCAL void FN(inverse)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const FE *table)
{
    unsigned wide = FN(wide_levels)(pool, log2_n);
    struct FN(blocks) blocks = {.data = data, .log2_len = log2_n - wide, .table = table};
    for (unsigned l = 0; l < wide; l += 2) FN(wide_pass)(pool, data, log2_n, l, table, FN(inverse4));
    pm_pool_for(pool, (size_t)1 << wide, 1, FN(inverse_blocks), &blocks);
}

/* data: coefficients, bit-reversed -> evaluations at 1, w, w^2, ... */
PM_LOCAL void FN(forward)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const FE *table)
{
    unsigned wide = FN(wide_levels)(pool, log2_n);
    struct FN(blocks) blocks = {.data = data, .log2_len = log2_n - wide, .table = table};
    pm_pool_for(pool, (size_t)1 << wide, 1, FN(forward_blocks), &blocks);
    for (unsigned l = wide; l >= 2; l -= 2) FN(wide_pass)(pool, data, log2_n, l - 2, table, FN(forward4));
}

struct FN(shift_job) {
    uint8_t *data;
    unsigned log2_n, log2_run;
    FE scale, power[64]; /* power[i] = shift^(2^i) */
};

enum { FN(log2_run_max) = 6 };

/* Runs of 2^log2_run elements: the factors of a run are made by doubling from the run's first one. */
PM_LOCAL void FN(shift_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(shift_job) *job = ctx;
    size_t run = (size_t)1 << job->log2_run;
    FE factor[1 << FN(log2_run_max)], t;
    for (size_t r = begin; r < end; r++) {
        FN(power)(&factor[0], job->power, FN(reverse)(r << job->log2_run, job->log2_n));
        F(mul)(&factor[0], &factor[0], &job->scale);
        for (unsigned bit = 0; bit < job->log2_run;
             bit++) /* bit i of a position is bit log2_n - 1 - i of the index */
            for (size_t i = 0; i < (size_t)1 << bit; i++)
                F(mul)(&factor[i + ((size_t)1 << bit)], &factor[i], &job->power[job->log2_n - 1 - bit]);
        for (size_t i = 0; i < run; i++) {
            uint8_t *at = job->data + (r * run + i) * F(bytes);
            F(load)(&t, at);
            F(mul)(&t, &t, &factor[i]);
            F(store)(at, &t);
        }
    }
}

/* Bit-reversed data: coefficient j *= scale * shift^j. */
PM_LOCAL void FN(shift)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const FE *scale,
                        const FE *shift)
{
    struct FN(shift_job) job = {.data = data, .log2_n = log2_n, .scale = *scale};
    job.log2_run = log2_n < FN(log2_run_max) ? log2_n : FN(log2_run_max);
    job.power[0] = *shift;
    for (unsigned i = 1; i < log2_n; i++) F(sqr)(&job.power[i], &job.power[i - 1]);
    pm_pool_for(pool, (size_t)1 << (log2_n - job.log2_run), FN(grain) >> FN(log2_run_max), FN(shift_piece),
                &job);
}

#undef FN
#undef F
#undef FE
#undef NTT
#undef NTT_FIELD
