/* The table of the transforms in lanes (ntt_ifma_tmpl.h): roots of unity in the forms that its passes take.
 * The instance of ntt_tmpl.h with the same prefix must stand before.
 *
 * Parameters: those of ntt_ifma_tmpl.h, NTT, NTT_FIELD and NTT_LANES.
 *
 * With [k] and t(k) = w^[k] as in ntt_tmpl.h. The first n / 16 factors serve all levels but three, each for
 * whole vectors: constants as mul_fixed takes them. For the last three there is a leaf for every 64 elements:
 * lanes hold the factors of eight blocks side by side. Both are in an order that makes a table serve smaller
 * transforms too. 1 / t(k) is read from them as in ntt_tmpl.h, backwards: what is a leaf's number, its
 * factors' and its lanes' alike. That fails for leaf 0, whose inverses are a leaf of their own.
 *
 * To the odd coset, the values on s w^i for s^2 = w, an inverse and a forward transform need s^j between
 * them at the place of coefficient j: for the two elements of pair p, d(p) = s^[p] and i d(p), where i =
 * s^(n/2) is a fourth root and [p] is of one bit less. The last level of the one, that product and the first
 * level of the other are together
 *
 *     (u, v) -> (1 + i) (d u - d' v, -i t (d u + d' v))      with t = t(p) = d(p)^2, d' = i / d(p)
 *
 * and d'(p) stands where 1 / t(p) does, while -i t(p) is -t(p + 1) for even and t(p - 1) for odd p. So there
 * is a product with d or d' instead of two or three; (1 + i) / n is in the table's d. */
#include "math/tmpl.h"

#define FN(op) PM_CAT(NTT, _##op)
#define F(op)  PM_CAT(NTT_FIELD, _##op)
#define L(op)  PM_CAT(NTT_LANES, _##op)
#define FE     NTT_FIELD
#define LANES  NTT_LANES

enum {
    FN(lanes_small) = 32,   /* entries of the portable table that are kept for small transforms */
    FN(lanes_min_log2) = 6, /* below, transforms are ntt_tmpl.h's */
    FN(lanes_row) = 8 * F(bytes),
    FN(lanes_leaf_piece) = 64 /* leaves that are made at a time */
};
static const size_t FN(lanes_order)[8] = {0, 2, 1, 3, 4, 6, 5, 7}; /* of elements in L(load)'s lanes */

/* Leaf k, as planes, canonical, at 2^260: lane j has t(8k + j); t(16k + 2j + m), m < 2; t(32k + 4j + m), m
 * < 4.
 */
struct FN(lanes_leaf) {
    uint8_t block[FN(lanes_row)], half[2][FN(lanes_row)], quarter[4][FN(lanes_row)];
};
/* d(32k + 4j + m), m < 4, with (1 + i) / n. */
struct FN(lanes_twist) {
    uint8_t quarter[4][FN(lanes_row)];
};

/* A table for transforms of up to n. It serves smaller ones too, but for the twists. */
struct FN(lanes_table) {
    uint64_t log2_n, twisted, unused[6];
    FE small[FN(lanes_small)]; /* as ntt_tmpl.h wants them */
    /* Aligned to 64 bytes: the inverses of leaf 0, backwards, then the leaves from 0 on; the twists likewise;
     * the constants: -1, and from [8] on the factors below n / 16. */
    uint8_t rest[];
};
static inline size_t FN(lanes_leaves)(unsigned log2_n)
{
    return log2_n < FN(lanes_min_log2) ? 0 : ((size_t)1 << (log2_n - FN(lanes_min_log2))) + 1;
}
static inline size_t FN(lanes_constants)(unsigned log2_n)
{
    return log2_n < FN(lanes_min_log2) ? 0 : (size_t)1 << (log2_n - 4);
}
static inline size_t FN(lanes_table_bytes)(unsigned max_log2_n)
{
    return sizeof(struct FN(lanes_table)) +
           FN(lanes_leaves)(max_log2_n) * (sizeof(struct FN(lanes_leaf)) + sizeof(struct FN(lanes_twist))) +
           (16 + FN(lanes_constants)(max_log2_n)) * sizeof(struct L(fixed));
}
/* Leaf 0; what its inverses are taken from is at -1. The same for its twists. */
static inline struct FN(lanes_leaf) * FN(lanes_leaf_0)(const struct FN(lanes_table) * t)
{
    return (struct FN(lanes_leaf) *)(void *)(uintptr_t)t->rest + 1;
}
static inline struct FN(lanes_twist) * FN(lanes_twist_0)(const struct FN(lanes_table) * t)
{
    struct FN(lanes_leaf) *after = FN(lanes_leaf_0)(t) + FN(lanes_leaves)((unsigned)t->log2_n) - 1;
    return (struct FN(lanes_twist) *)(void *)after + 1;
}
static inline struct L(fixed) * FN(lanes_constant)(const struct FN(lanes_table) * t)
{
    struct FN(lanes_twist) *after = FN(lanes_twist_0)(t) + FN(lanes_leaves)((unsigned)t->log2_n) - 1;
    return (struct L(fixed) *)(void *)after;
}

/* Where, from t(0) on, -1 / t(k) is; for 0 that is `zero`. */
static inline ptrdiff_t FN(lanes_mirror)(size_t k, ptrdiff_t zero)
{
    return k == 0 ? zero : (ptrdiff_t)(3 * ((size_t)1 << (63 - __builtin_clzll(k))) - 1 - k);
}

/* 2^gap times what stands there. */
static inline void FN(lanes_table_scale)(FE *table, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < L(gap); k++) F(dbl)(&table[i], &table[i]);
}
/* Eight elements, lane j from entry j, at 2^260. */
PM_LANES void FN(lanes_put)(uint8_t *out, const FE entry[8])
{
    FE scaled[8];
    __m512i row[8], w[8];
    memcpy(scaled, entry, sizeof scaled);
    FN(lanes_table_scale)(scaled, 8);
    for (int j = 0; j < 8; j++)
        row[j] = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(const void *)&scaled[j]));
    pm_lanes_transpose(w, row);
    for (int i = 0; i < 4; i++) _mm512_storeu_si512(out + 64 * i, w[i]);
}
/* Of 8 m entries, number `size` j + m in lane j; backwards: number 8 m - 1 of them first. */
PM_LANES void FN(lanes_put_all)(uint8_t (*out)[FN(lanes_row)], const FE *entry, size_t size, bool backwards)
{
    for (size_t m = 0; m < size; m++) {
        FE eight[8];
        for (size_t j = 0; j < 8; j++)
            eight[j] = entry[backwards ? 8 * size - 1 - (size * j + m) : size * j + m];
        FN(lanes_put)(out[m], eight);
    }
}

struct FN(lanes_leaf_job) {
    struct FN(lanes_table) * table;
    const FE *root; /* root[i] = w^(2^i), or s^(2^i) for twists */
    bool twists;
};
/* Leaves, or twists, `begin` to `end` of those behind number 0: all of leaf k is leaf 0's by w^[32k], or by
 * its square or fourth power. begin is a multiple of lanes_leaf_piece. */
PM_LOCAL void FN(lanes_leaf_make)(void *ctx, size_t begin, size_t end)
{
    const struct FN(lanes_leaf_job) *job = ctx;
    const unsigned bits = (unsigned)job->table->log2_n - FN(lanes_min_log2);
    FE power[FN(lanes_leaf_piece)], scaled;
    for (size_t k = begin; k < end; k++) {
        if (k == begin)
            FN(power)(&power[0], job->root, FN(reverse)(k, bits));
        else
            F(mul)
        (&power[k - begin], &power[(k - begin) & (k - begin - 1)],
         &job->root[bits - 1 - (unsigned)__builtin_ctzll(k)]);
        if (k == 0) continue;
        scaled = power[k - begin];
        FN(lanes_table_scale)(&scaled, 1);
        const LANES by4 = L(broadcast)(&scaled);
        const uint8_t *from = (const uint8_t *)(job->twists ? (void *)FN(lanes_twist_0)(job->table)
                                                            : (void *)FN(lanes_leaf_0)(job->table));
        const size_t vectors = job->twists ? 4 : 7;
        uint8_t *to = (uint8_t *)(uintptr_t)from + k * vectors * FN(lanes_row);
        LANES by2 = by4, by1 = by4;
        if (!job->twists) {
            by2 = L(reduce_once)(L(mul)(by4, by4));
            by1 = L(reduce_once)(L(mul)(by2, by2));
        }
        for (size_t v = 0; v < vectors; v++) {
            const LANES by = job->twists || v > 2 ? by4 : v > 0 ? by2 : by1;
            const LANES x = L(reduce_once)(L(mul)(L(load_planes)(from + v * FN(lanes_row)), by));
            L(store_planes)(to + v * FN(lanes_row), &x);
        }
    }
}
PM_LOCAL void FN(lanes_constants_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(lanes_table) *t = ctx;
    for (size_t k = begin; k < end; k++)
        L(fix)(FN(lanes_constant)(t) + 8 + 8 * k, L(load_planes)(FN(lanes_leaf_0)(t)[k].block));
}

/* Leaf 0, its inverses and the constant -1, from t(0) to t(31). */
PM_LOCAL void FN(lanes_table_begin)(struct FN(lanes_table) * t)
{
    struct FN(lanes_leaf) *leaf = FN(lanes_leaf_0)(t);
    struct L(fixed) minus[8];
    FE inverse[FN(lanes_small)];
    for (size_t k = 0; k < FN(lanes_small); k++) {
        if (k == 0)
            F(neg)(&inverse[0], &t->small[0]);
        else
            inverse[k] = t->small[FN(lanes_mirror)(k, 0)];
    }
    FN(lanes_put_all)(&leaf[0].block, t->small, 1, false);
    FN(lanes_put_all)(leaf[0].half, t->small, 2, false);
    FN(lanes_put_all)(leaf[0].quarter, t->small, 4, false);
    FN(lanes_put_all)(&leaf[-1].block, inverse, 1, true);
    FN(lanes_put_all)(leaf[-1].half, inverse, 2, true);
    FN(lanes_put_all)(leaf[-1].quarter, inverse, 4, true);
    FN(lanes_table_scale)(inverse, 1);
    L(fix)(minus, L(broadcast)(&inverse[0]));
    *FN(lanes_constant)(t) = minus[0];
}
/* memory: lanes_table_bytes, aligned to 64. primitive: an n-th root w. */
PM_LOCAL void FN(lanes_table_make)(FE *memory, unsigned max_log2_n, const FE *primitive, struct pm_pool *pool)
{
    struct FN(lanes_table) *t = (struct FN(lanes_table) *)(void *)memory;
    const size_t half = max_log2_n == 0 ? 1 : (size_t)1 << (max_log2_n - 1);
    FE root[64];
    struct FN(table_job) small = {.table = t->small, .root = root};
    struct FN(lanes_leaf_job) job = {.table = t, .root = root};
    t->log2_n = max_log2_n;
    t->twisted = 0;
    root[0] = *primitive;
    for (unsigned i = 1; i < max_log2_n; i++) F(sqr)(&root[i], &root[i - 1]);
    if (max_log2_n > 0) small.log2_half = max_log2_n - 1;
    FN(table_piece)(&small, 0, half < FN(lanes_small) ? half : FN(lanes_small));
    if (max_log2_n < FN(lanes_min_log2)) return;
    FN(lanes_table_begin)(t);
    pm_pool_for(pool, FN(lanes_leaves)(max_log2_n) - 1, FN(lanes_leaf_piece), FN(lanes_leaf_make), &job);
    /* Four constants take the place of eight. */
    pm_pool_for(pool, (FN(lanes_constants)(max_log2_n) + 7) / 8, 32, FN(lanes_constants_piece), t);
}
/* The twists, for transforms of n itself. s: a square root of w; scale: 1 / n. */
PM_LOCAL void FN(lanes_table_twist)(FE *memory, const FE *s, const FE *scale, struct pm_pool *pool)
{
    struct FN(lanes_table) *t = (struct FN(lanes_table) *)(void *)memory;
    const unsigned log2_n = (unsigned)t->log2_n;
    FE root[64], d[FN(lanes_small)], inverse[FN(lanes_small)];
    struct FN(table_job) small = {.table = d, .root = root, .log2_half = log2_n - 1};
    struct FN(lanes_leaf_job) job = {.table = t, .root = root, .twists = true};
    if (log2_n < FN(lanes_min_log2)) return;
    root[0] = *s;
    for (unsigned i = 1; i < log2_n; i++) F(sqr)(&root[i], &root[i - 1]);
    FN(table_piece)(&small, 0, FN(lanes_small));
    const FE fourth = root[log2_n - 1];
    for (size_t k = 0; k < FN(lanes_small); k++) inverse[k] = k == 0 ? fourth : d[FN(lanes_mirror)(k, 0)];
    for (size_t k = 0; k < FN(lanes_small); k++) {
        FE *const both[2] = {&d[k], &inverse[k]};
        for (int i = 0; i < 2; i++) {
            FE scaled, turned;
            F(mul)(&scaled, both[i], scale);
            F(mul)(&turned, &scaled, &fourth);
            F(add)(both[i], &scaled, &turned);
        }
    }
    FN(lanes_put_all)(FN(lanes_twist_0)(t)[0].quarter, d, 4, false);
    FN(lanes_put_all)(FN(lanes_twist_0)(t)[-1].quarter, inverse, 4, true);
    pm_pool_for(pool, FN(lanes_leaves)(log2_n) - 1, FN(lanes_leaf_piece), FN(lanes_leaf_make), &job);
    t->twisted = 1;
}

#undef FN
#undef F
#undef L
#undef FE
#undef LANES
#undef NTT
#undef NTT_FIELD
#undef NTT_LANES
