/* Transforms over Fr in lanes: ntt_tmpl.h's networks, orders and bytes for AVX-512 IFMA. The
 * instance of ntt_tmpl.h with the same prefix must stand before: it makes the table and does what is small.
 *
 * Parameters
 *   NTT         prefix of all names
 *   NTT_FIELD   prefix of the field (fp_tmpl.h), four limbs; data are its elements in Montgomery form
 *   NTT_LANES   prefix of its lanes (fp_ifma_tmpl.h)
 *
 * Factors of the last three levels are kept at 2^260, 2^gap times what the portable table holds, so that M(x,
 * factor) leaves x at 2^256; those of the other levels, an eighth as many, also as what mul_fixed takes.
 *
 * A pass does up to four levels on vectors of eight neighbours: it takes up to sixteen of them from memory, a
 * column, and keeps them as limbs, in the nearest cache, until the last level. The last six levels are done
 * on blocks of 64: three on the block's vectors, three with the block turned so that a lane holds eight
 * neighbours. Blocks run depth first, as in ntt_tmpl.h.
 *
 * Bounds are counted in p. Between passes data are packed and below 2, after the last one canonical. Products
 * of what is below 32 are below 2. A level of the inverse adds 2, or doubles where the factor is 1; one of
 * the forward transform doubles the sums. What four levels leave is below 32 and reduced at once. */
#include "math/tmpl.h"

#define FN(op) PM_CAT(NTT, _##op)
#define F(op)  PM_CAT(NTT_FIELD, _##op)
#define L(op)  PM_CAT(NTT_LANES, _##op)
#define FE     NTT_FIELD
#define LANES  NTT_LANES

enum {
    FN(lanes_small) = 32,     /* entries of the portable table that are kept for small transforms */
    FN(lanes_min_log2) = 6,   /* below, transforms are ntt_tmpl.h's */
    FN(lanes_max_levels) = 4, /* of a pass */
    FN(lanes_wide_log2) = 11, /* of blocks that are not cut by columns */
    FN(lanes_log2_runs) = 6,  /* runs of 64 elements that share a factor in a shift */
    FN(lanes_table_block) = 2048,
    FN(lanes_row) = 8 * F(bytes)
};
_Static_assert(L(room) >= 33 && L(fits) >= 33, "products of what is below 32 are below 2");
static const size_t FN(lanes_order)[8] = {0, 2, 1, 3, 4, 6, 5, 7}; /* of elements in L(load)'s lanes */

/* A table for transforms of up to n. It serves smaller ones too. */
struct FN(lanes_table) {
    uint64_t log2_n, unused[7];
    FE small[FN(lanes_small)]; /* as ntt_tmpl.h wants them */
    FE large[];                /* n / 2 factors at 2^260; then, aligned to 64 bytes, the constants */
};
/* -1, and from [8] on the factors below n / 16, which serve all levels but three, for mul_fixed. */
static inline size_t FN(lanes_constants_at)(unsigned log2_n)
{
    return sizeof(struct FN(lanes_table)) + (FN(table_bytes)(log2_n) + 63) / 64 * 64;
}
static inline size_t FN(lanes_constants)(unsigned log2_n)
{
    return log2_n < FN(lanes_min_log2) ? 0 : (size_t)1 << (log2_n - 4);
}
static inline size_t FN(lanes_table_bytes)(unsigned max_log2_n)
{
    return FN(lanes_constants_at)(max_log2_n) +
           (16 + FN(lanes_constants)(max_log2_n)) * sizeof(struct L(fixed));
}
static inline struct L(fixed) * FN(lanes_constant)(const struct FN(lanes_table) * t)
{
    return (struct L(fixed) *)(void *)((uint8_t *)(uintptr_t)t + FN(lanes_constants_at)((unsigned)t->log2_n));
}

/* 2^gap times what stands there. */
static inline void FN(lanes_table_scale)(FE *table, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < L(gap); k++) F(dbl)(&table[i], &table[i]);
}

/* Blocks of lanes_table_block entries: [block + i] = [block] + [i], so entry i of block 0 times one root. */
PM_LOCAL void FN(lanes_table_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(table_job) *job = ctx;
    const uint8_t *first = (const uint8_t *)job->table;
    for (size_t b = begin + 1; b <= end; b++) {
        FE root;
        uint8_t *block = (uint8_t *)(job->table + b * FN(lanes_table_block));
        FN(power)(&root, job->root, FN(reverse)(b * FN(lanes_table_block), job->log2_half));
        FN(lanes_table_scale)(&root, 1);
        const LANES r = L(broadcast)(&root);
        for (size_t at = 0; at < (size_t)FN(lanes_table_block) * F(bytes); at += FN(lanes_row)) {
            LANES x = L(mul)(L(load)(first + at), r);
            x = L(reduce_once)(x);
            L(store)(block + at, &x);
        }
    }
}
PM_LOCAL void FN(lanes_constants_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(lanes_table) *t = ctx;
    struct L(fixed) *out = FN(lanes_constant)(t) + 8;
    for (size_t k = 8 * begin; k < 8 * end; k += 8) {
        struct L(fixed) eight[8];
        L(fix)(eight, L(load)((const uint8_t *)&t->large[k]));
        for (int j = 0; j < 8; j++) out[k + FN(lanes_order)[j]] = eight[j];
    }
}
static inline void FN(lanes_minus_one)(struct FN(lanes_table) * t)
{
    FE minus_one;
    F(neg)(&minus_one, &t->large[0]);
    L(fix)(FN(lanes_constant)(t), L(broadcast)(&minus_one));
}
/* memory: lanes_table_bytes, aligned to 64. */
PM_LOCAL void FN(lanes_table_make)(FE *memory, unsigned max_log2_n, const FE *primitive, struct pm_pool *pool)
{
    struct FN(lanes_table) *t = (struct FN(lanes_table) *)(void *)memory;
    FE root[64];
    const size_t half = max_log2_n == 0 ? 1 : (size_t)1 << (max_log2_n - 1);
    const size_t block = half < FN(lanes_table_block) ? half : FN(lanes_table_block);
    struct FN(table_job) job = {.table = t->large, .root = root};
    *t = (struct FN(lanes_table)){.log2_n = max_log2_n};
    root[0] = *primitive;
    for (unsigned i = 1; i < max_log2_n; i++) F(sqr)(&root[i], &root[i - 1]);
    if (max_log2_n > 0) job.log2_half = max_log2_n - 1;
    FN(table_piece)(&job, 0, block);
    memcpy(t->small, t->large, (half < FN(lanes_small) ? half : FN(lanes_small)) * sizeof(FE));
    FN(lanes_table_scale)(t->large, block);
    pm_pool_for(pool, half / block - 1, 1, FN(lanes_table_piece), &job);
    FN(lanes_minus_one)(t);
    /* Four constants take the place of eight. */
    pm_pool_for(pool, (FN(lanes_constants)(max_log2_n) + 7) / 8, 32, FN(lanes_constants_piece), t);
}

/* Where -1 / root k of the table is; 0 is where -1 is, seen from entry 0. */
static inline ptrdiff_t FN(lanes_minus_inverse_at)(size_t k)
{
    return k == 0 ? -8 : (ptrdiff_t)(3 * ((size_t)1 << (63 - __builtin_clzll(k))) - 1 - k);
}
/* out = -1 / root k, at 2^260. */
static inline void FN(lanes_minus_inverse)(FE *out, const FE *large, size_t k)
{
    if (k == 0)
        F(neg)(out, &large[0]);
    else
        *out = large[FN(lanes_minus_inverse_at)(k)];
}

/* (u, v) -> (u - t v, u + t v), loose, for t v below 2: both below 2 + u. v is what t was multiplied by or
 * anything else. */
PM_LANES void FN(lanes_join)(LANES *u, LANES *v, LANES product)
{
    *v = L(add)(*u, product);
    *u = L(sub)(*u, product, 2);
}
/* The same with a product of lanes. v is carried. */
PM_LANES void FN(lanes_in)(LANES *u, LANES *v, LANES t) { FN(lanes_join)(u, v, L(mul_loose)(*v, t)); }
/* (u, v) -> (u + v, t (u - v)), loose, for v below k, t in lanes. */
PM_LANES void FN(lanes_out)(LANES *u, LANES *v, LANES t, int k)
{
    const LANES d = L(carry)(L(sub)(*u, *v, k));
    *u = L(add)(*u, *v);
    *v = L(mul_loose)(d, t);
}
/* (u, v) -> (u + v, u - v), loose: for v below what `above` is a multiple of p for. */
PM_LANES void FN(lanes_cross)(LANES *u, LANES *v, const LANES *above)
{
    const LANES d = L(diff)(*u, *v, above);
    *u = L(add)(*u, *v);
    *v = d;
}

/* 2^levels rows of a block, `stride` bytes apart, or some of their columns, vectors of eight neighbours. */
struct FN(lanes_pass) {
    uint8_t *data; /* the block's */
    size_t k, stride;
    unsigned levels; /* 1 to lanes_max_levels */
    const struct FN(lanes_table) * table;
    bool end; /* the first pass of an inverse, or the last of a forward transform: data in the file's form */
};
/* above[i] = 2^(i + 1) p */
PM_LANES void FN(lanes_multiples)(LANES above[FN(lanes_max_levels)])
{
    for (int i = 0; i < FN(lanes_max_levels); i++) above[i] = L(multiple)(2 << i);
}

/* Between passes, as planes; after the last, canonical and in the file's form. `sum`: below lanes_bound; what
 * is not is a product, below 2. */
PM_LANES void FN(lanes_leave)(uint8_t *at, LANES loose, bool sum, bool last)
{
    loose = sum ? L(reduce_far)(loose) : L(carry)(loose);
    if (last) {
        loose = L(reduce_once)(loose);
        L(store)(at, &loose);
    } else {
        L(store_planes)(at, &loose);
    }
}
PM_LANES LANES FN(lanes_take)(const uint8_t *at, bool first)
{
    return first ? L(load)(at) : L(load_planes)(at);
}

/* Level s of the inverse's passes, on all rows of a column. Bounds: below 2, and 2 more each level; where t
 * is 1, twice as much each level. */
PM_LANES void FN(lanes_inverse_level)(LANES *x, const struct FN(lanes_pass) * p, unsigned s,
                                      const LANES above[FN(lanes_max_levels)])
{
    const struct L(fixed) *constant = FN(lanes_constant)(p->table) + 8;
    const size_t half = (size_t)1 << (p->levels - 1 - s);
    for (size_t b = 0; b < (size_t)1 << s; b++, x += 2 * half) {
        const size_t k = (p->k << s) + b;
        const struct L(fixed) *t = constant + FN(lanes_minus_inverse_at)(k);
        if (k == 0)
            for (size_t i = 0; i < half; i++) FN(lanes_cross)(&x[i], &x[i + half], &above[s]);
        else
            for (size_t i = 0; i < half; i++)
                FN(lanes_join)(&x[i], &x[i + half], L(mul_fixed)(L(carry)(x[i + half]), t));
    }
}
/* The first level takes its rows from memory, the last leaves them there. */
PM_LANES void FN(lanes_inverse_pass)(const struct FN(lanes_pass) * p, size_t begin, size_t end, bool first)
{
    const struct L(fixed) *constant = FN(lanes_constant)(p->table) + 8;
    const size_t rows = (size_t)1 << p->levels, half = rows / 2, stride = p->stride;
    LANES x[1 << FN(lanes_max_levels)], above[FN(lanes_max_levels)];
    FN(lanes_multiples)(above);
    for (size_t j = begin; j < end; j++) {
        uint8_t *at = p->data + j * FN(lanes_row);
        const struct L(fixed) *t = constant + FN(lanes_minus_inverse_at)(p->k);
        for (size_t i = 0; i < half; i++) {
            LANES u = FN(lanes_take)(at + i * stride, first),
                  v = FN(lanes_take)(at + (i + half) * stride, first);
            if (p->k == 0)
                FN(lanes_cross)(&u, &v, &above[0]);
            else
                FN(lanes_join)(&u, &v, L(mul_fixed)(v, t));
            x[i] = u;
            x[i + half] = v;
        }
        for (unsigned s = 1; s + 1 < p->levels; s++) FN(lanes_inverse_level)(x, p, s, above);
        for (size_t b = 0; b < half; b++, at += 2 * stride) {
            LANES u = x[2 * b], v = x[2 * b + 1];
            const size_t k = p->k * half + b;
            if (p->levels == 1)
                ;
            else if (k == 0)
                FN(lanes_cross)(&u, &v, &above[p->levels - 1]);
            else
                FN(lanes_join)(&u, &v, L(mul_fixed)(L(carry)(v), constant + FN(lanes_minus_inverse_at)(k)));
            FN(lanes_leave)(at, u, true, false);
            FN(lanes_leave)(at + stride, v, true, false);
        }
    }
}
PM_LOCAL void FN(lanes_inverse_columns)(const struct FN(lanes_pass) * p, size_t begin, size_t end)
{
    if (p->end)
        FN(lanes_inverse_pass)(p, begin, end, true);
    else
        FN(lanes_inverse_pass)(p, begin, end, false);
}

/* Level s of the forward transform's passes. Bounds: below 2, twice as much after each level; products below
 * 2. */
PM_LANES void FN(lanes_forward_level)(LANES *x, const struct FN(lanes_pass) * p, unsigned s,
                                      const LANES above[FN(lanes_max_levels)])
{
    const struct L(fixed) *constant = FN(lanes_constant)(p->table) + 8;
    const unsigned done = p->levels - 1 - s;
    const size_t half = (size_t)1 << done;
    for (size_t b = 0; b < (size_t)1 << s; b++, x += 2 * half) {
        const size_t k = (p->k << s) + b;
        if (k == 0)
            for (size_t i = 0; i < half; i++) FN(lanes_cross)(&x[i], &x[i + half], &above[done]);
        else
            for (size_t i = 0; i < half; i++) {
                FN(lanes_cross)(&x[i], &x[i + half], &above[done]);
                x[i + half] = L(mul_fixed)(L(carry)(x[i + half]), constant + k);
            }
    }
}
PM_LANES void FN(lanes_forward_pass)(const struct FN(lanes_pass) * p, size_t begin, size_t end, bool last)
{
    const struct L(fixed) *constant = FN(lanes_constant)(p->table) + 8;
    const size_t rows = (size_t)1 << p->levels, half = rows / 2, stride = p->stride;
    LANES x[1 << FN(lanes_max_levels)], above[FN(lanes_max_levels)];
    FN(lanes_multiples)(above);
    for (size_t j = begin; j < end; j++) {
        uint8_t *at = p->data + j * FN(lanes_row);
        for (size_t b = 0; b < half; b++) {
            LANES u = L(load_planes)(at + 2 * b * stride), v = L(load_planes)(at + (2 * b + 1) * stride);
            const size_t k = p->k * half + b;
            if (p->levels > 1) {
                FN(lanes_cross)(&u, &v, &above[0]);
                if (k != 0) v = L(mul_fixed)(L(carry)(v), constant + k);
            }
            x[2 * b] = u;
            x[2 * b + 1] = v;
        }
        for (unsigned s = p->levels - 1; s-- > 1;) FN(lanes_forward_level)(x, p, s, above);
        for (size_t i = 0; i < half; i++, at += stride) {
            LANES u = x[i], v = x[i + half];
            FN(lanes_cross)(&u, &v, &above[p->levels - 1]);
            FN(lanes_leave)(at, u, true, last);
            if (p->k == 0)
                FN(lanes_leave)(at + half * stride, v, true, last);
            else
                FN(lanes_leave)(at + half * stride, L(mul_fixed)(L(carry)(v), constant + p->k), false, last);
        }
    }
}
PM_LOCAL void FN(lanes_forward_columns)(const struct FN(lanes_pass) * p, size_t begin, size_t end)
{
    if (p->end)
        FN(lanes_forward_pass)(p, begin, end, true);
    else
        FN(lanes_forward_pass)(p, begin, end, false);
}

/* Elements 2 i and 2 i + 1 of eight rows that are `step` bytes apart (forwards or backwards), and back. */
PM_LANES void FN(lanes_turn)(LANES *first, LANES *second, const uint8_t *at, ptrdiff_t step)
{
    __m512i row[8], w[8];
    for (ptrdiff_t j = 0; j < 8; j++) row[j] = _mm512_loadu_si512(at + j * step);
    pm_lanes_transpose(w, row);
    *first = L(unpack)(w);
    *second = L(unpack)(w + 4);
}
PM_LANES void FN(lanes_turn_back)(uint8_t *at, ptrdiff_t step, const LANES *first, const LANES *second)
{
    __m512i row[8], w[8];
    L(pack)(w, first);
    L(pack)(w + 4, second);
    pm_lanes_transpose(row, w);
    for (ptrdiff_t j = 0; j < 8; j++) _mm512_storeu_si512(at + j * step, row[j]);
}
/* Eight vectors of eight neighbours, to vectors of the elements 0 to 7 of all, and back. */
PM_LANES void FN(lanes_across)(LANES out[8], const LANES x[8])
{
    for (int i = 0; i < L(limbs); i++) {
        __m512i row[8], column[8];
        for (int j = 0; j < 8; j++) row[j] = x[j].l[i];
        pm_lanes_transpose(column, row);
        for (int j = 0; j < 8; j++) out[FN(lanes_order)[j]].l[i] = column[j];
    }
}
PM_LANES void FN(lanes_across_back)(LANES out[8], const LANES x[8])
{
    for (int i = 0; i < L(limbs); i++) {
        __m512i row[8], column[8];
        for (int j = 0; j < 8; j++) column[j] = x[FN(lanes_order)[j]].l[i];
        pm_lanes_transpose(row, column);
        for (int j = 0; j < 8; j++) out[j].l[i] = row[j];
    }
}
PM_LANES LANES FN(lanes_turn_one)(const uint8_t *at, ptrdiff_t step)
{
    __m512i row[8], w[8];
    for (ptrdiff_t j = 0; j < 8; j++)
        row[j] = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(const void *)(at + j * step)));
    pm_lanes_transpose(w, row);
    return L(unpack)(w);
}

/* The factors -1 / root of eight blocks from k on, of their halves and of their quarters: f[0], f[1..2],
 * f[3..6]. Beyond the first eight blocks they lie backwards in the table. */
PM_LANES void FN(lanes_last_factors)(LANES f[7], const FE *table, size_t k)
{
    FE entry[56];
    const uint8_t *t = (const uint8_t *)table;
    const ptrdiff_t size = F(bytes);
    if (k == 0) {
        for (size_t i = 0; i < 8; i++) {
            FN(lanes_minus_inverse)(&entry[i], table, i);
            for (size_t m = 0; m < 2; m++) FN(lanes_minus_inverse)(&entry[8 + 8 * m + i], table, 2 * i + m);
            for (size_t m = 0; m < 4; m++) FN(lanes_minus_inverse)(&entry[24 + 8 * m + i], table, 4 * i + m);
        }
        for (size_t i = 0; i < 7; i++) f[i] = FN(lanes_turn_one)((const uint8_t *)&entry[8 * i], size);
        return;
    }
    size_t top = (size_t)1 << (63 - __builtin_clzll(k));
    const uint8_t *one = t + (3 * top - 1 - k) * F(bytes), *two = t + (6 * top - 2 - 2 * k) * F(bytes);
    const uint8_t *four = t + (12 * top - 4 - 4 * k) * F(bytes);
    f[0] = FN(lanes_turn_one)(one, -size);
    FN(lanes_turn)(&f[2], &f[1], two, -2 * size);
    FN(lanes_turn)(&f[6], &f[5], four, -4 * size);
    FN(lanes_turn)(&f[4], &f[3], four + 2 * F(bytes), -4 * size);
}

/* All levels of block k of 64 elements: three on its eight vectors; turned, so that a lane holds a block of
 * eight, the other three. Bounds: below 2, and 2 more each level. */
PM_LOCAL void FN(lanes_inverse_leaf)(uint8_t *data, size_t k, const struct FN(lanes_table) * table,
                                     bool first)
{
    const struct L(fixed) *constant = FN(lanes_constant)(table) + 8;
    LANES x[8], y[8], f[7];
    FN(lanes_last_factors)(f, table->large, 8 * k);
    for (size_t i = 0; i < 8; i++) x[i] = FN(lanes_take)(data + i * FN(lanes_row), first);
    for (unsigned s = 0; s < 3; s++)
        for (size_t b = 0, half = 4 >> s; b < (size_t)1 << s; b++) {
            const struct L(fixed) *t = constant + FN(lanes_minus_inverse_at)((k << s) + b);
            for (size_t i = 2 * half * b; i < (2 * b + 1) * half; i++)
                FN(lanes_join)(&x[i], &x[i + half], L(mul_fixed)(L(carry)(x[i + half]), t));
        }
    for (size_t i = 0; i < 8; i++) x[i] = L(carry)(x[i]);
    FN(lanes_across)(y, x);
    for (size_t i = 0; i < 4; i++) FN(lanes_in)(&y[i], &y[i + 4], f[0]);
    for (size_t i = 0; i < 4; i++) {
        const size_t at = i + (i & 2);
        y[at + 2] = L(carry)(y[at + 2]);
        FN(lanes_in)(&y[at], &y[at + 2], f[1 + i / 2]);
    }
    for (size_t i = 0; i < 4; i++) {
        y[2 * i + 1] = L(carry)(y[2 * i + 1]);
        FN(lanes_in)(&y[2 * i], &y[2 * i + 1], f[3 + i]);
        y[2 * i] = L(reduce_once)(L(reduce_far)(y[2 * i]));
        y[2 * i + 1] = L(reduce_once)(L(reduce_far)(y[2 * i + 1]));
        FN(lanes_turn_back)(data + 64 * i, FN(lanes_row), &y[2 * i], &y[2 * i + 1]);
    }
}
/* The same forward. Bounds: below 1, then 2, 4 and 8, products 2; reduced, all are below 4, and again below
 * 8, 16 and 32. */
PM_LOCAL void FN(lanes_forward_leaf)(uint8_t *data, size_t k, const struct FN(lanes_table) * table, bool last)
{
    const struct L(fixed) *constant = FN(lanes_constant)(table) + 8;
    const uint8_t *t = (const uint8_t *)&table->large[8 * k];
    const ptrdiff_t size = F(bytes);
    LANES x[8], y[8], f[7];
    f[0] = FN(lanes_turn_one)(t, size);
    t += 8 * k * F(bytes);
    FN(lanes_turn)(&f[1], &f[2], t, 2 * size);
    t += 16 * k * F(bytes);
    for (size_t i = 0; i < 2; i++)
        FN(lanes_turn)(&f[3 + 2 * i], &f[4 + 2 * i], t + 2 * i * F(bytes), 4 * size);
    for (size_t i = 0; i < 4; i++) {
        FN(lanes_turn)(&y[2 * i], &y[2 * i + 1], data + 64 * i, FN(lanes_row));
        FN(lanes_out)(&y[2 * i], &y[2 * i + 1], f[3 + i], 1);
    }
    for (size_t i = 0; i < 4; i++) {
        const size_t at = i + (i & 2);
        FN(lanes_out)(&y[at], &y[at + 2], f[1 + i / 2], 2);
    }
    for (size_t i = 0; i < 4; i++) FN(lanes_out)(&y[i], &y[i + 4], f[0], 4);
    for (size_t i = 0; i < 8; i++) y[i] = i < 2 ? L(reduce_far)(y[i]) : L(carry)(y[i]);
    FN(lanes_across_back)(x, y);
    for (unsigned s = 3; s-- > 0;)
        for (size_t b = 0, half = 4 >> s; b < (size_t)1 << s; b++) {
            const struct L(fixed) *c = constant + (k << s) + b;
            for (size_t i = 2 * half * b; i < (2 * b + 1) * half; i++) {
                const LANES d = L(carry)(L(sub)(x[i], x[i + half], 16 >> s));
                x[i] = L(add)(x[i], x[i + half]);
                x[i + half] = L(mul_fixed)(d, c);
            }
        }
    for (size_t i = 0; i < 8; i++) FN(lanes_leave)(data + i * FN(lanes_row), x[i], i < 4, last);
}

/* Of m levels above the last six, how many a pass does: as few passes as can be, all about as many. */
static inline unsigned FN(lanes_levels)(unsigned m)
{
    const unsigned most = FN(lanes_max_levels), passes = (m + most - 1) / most;
    return (m + passes - 1) / passes;
}

/* All levels of block k, 2^log2_len elements, in one thread; log2_len >= 6. */
PM_LOCAL void FN(lanes_inverse_block)(uint8_t *data, unsigned log2_len, size_t k,
                                      const struct FN(lanes_table) * table, bool end)
{
    if (log2_len == FN(lanes_min_log2)) {
        FN(lanes_inverse_leaf)(data, k, table, end);
        return;
    }
    const unsigned levels = FN(lanes_levels)(log2_len - FN(lanes_min_log2)), rest = log2_len - levels;
    const struct FN(lanes_pass) pass = {data, k, (size_t)F(bytes) << rest, levels, table, end};
    FN(lanes_inverse_columns)(&pass, 0, (size_t)1 << (rest - 3));
    for (size_t i = 0; i < (size_t)1 << levels; i++)
        FN(lanes_inverse_block)(data + i * pass.stride, rest, (k << levels) + i, table, false);
}
PM_LOCAL void FN(lanes_forward_block)(uint8_t *data, unsigned log2_len, size_t k,
                                      const struct FN(lanes_table) * table, bool end)
{
    if (log2_len == FN(lanes_min_log2)) {
        FN(lanes_forward_leaf)(data, k, table, end);
        return;
    }
    const unsigned levels = FN(lanes_levels)(log2_len - FN(lanes_min_log2)), rest = log2_len - levels;
    const struct FN(lanes_pass) pass = {data, k, (size_t)F(bytes) << rest, levels, table, end};
    for (size_t i = 0; i < (size_t)1 << levels; i++)
        FN(lanes_forward_block)(data + i * pass.stride, rest, (k << levels) + i, table, false);
    FN(lanes_forward_columns)(&pass, 0, (size_t)1 << (rest - 3));
}

struct FN(lanes_blocks) {
    uint8_t *data;
    unsigned log2_len; /* of a block */
    const struct FN(lanes_table) * table;
    bool end; /* the block is all: see lanes_pass */
};
PM_LOCAL void FN(lanes_inverse_blocks)(void *ctx, size_t begin, size_t end)
{
    const struct FN(lanes_blocks) *b = ctx;
    for (size_t k = begin; k < end; k++)
        FN(lanes_inverse_block)(b->data + (k << b->log2_len) * F(bytes), b->log2_len, k, b->table, b->end);
}
PM_LOCAL void FN(lanes_forward_blocks)(void *ctx, size_t begin, size_t end)
{
    const struct FN(lanes_blocks) *b = ctx;
    for (size_t k = begin; k < end; k++)
        FN(lanes_forward_block)(b->data + (k << b->log2_len) * F(bytes), b->log2_len, k, b->table, b->end);
}

/* A pass over all blocks of 2^log2_len elements, by columns, for several threads. */
struct FN(lanes_wide) {
    uint8_t *data;
    unsigned log2_len, levels;
    const struct FN(lanes_table) * table;
    bool end;
    void (*columns)(const struct FN(lanes_pass) * p, size_t begin, size_t end);
};
PM_LOCAL void FN(lanes_wide_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(lanes_wide) *w = ctx;
    const unsigned rest = w->log2_len - w->levels;
    const size_t columns = (size_t)1 << (rest - 3);
    while (begin < end) {
        const size_t k = begin / columns, j = begin % columns;
        const size_t n = end - begin < columns - j ? end - begin : columns - j;
        const struct FN(lanes_pass) pass = {w->data + ((k * F(bytes)) << w->log2_len),
                                            k,
                                            (size_t)F(bytes) << rest,
                                            w->levels,
                                            w->table,
                                            w->end};
        w->columns(&pass, j, j + n);
        begin += n;
    }
}
PM_LOCAL void FN(lanes_wide_pass)(struct pm_pool *pool, const struct FN(lanes_wide) * w, unsigned log2_n)
{
    struct FN(lanes_wide) job = *w;
    pm_pool_for(pool, (size_t)1 << (log2_n - job.levels - 3), 0, FN(lanes_wide_piece), &job);
}
/* The levels of the passes by columns, from the first on, until there are blocks enough for the threads.
 * Returns their number. */
static inline unsigned FN(lanes_wide_levels)(unsigned levels[8], const struct pm_pool *pool, unsigned log2_n)
{
    const size_t threads = pm_pool_threads(pool);
    unsigned passes = 0, done = 0;
    while (threads > 1 && (size_t)1 << done < 8 * threads && log2_n - done > FN(lanes_wide_log2)) {
        levels[passes] = FN(lanes_levels)(log2_n - done - FN(lanes_min_log2));
        done += levels[passes++];
    }
    return passes;
}

/* As inverse and forward of ntt_tmpl.h, over the table of lanes_table_make. */
PM_LOCAL void FN(lanes_inverse)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const FE *memory)
{
    const struct FN(lanes_table) *table = (const struct FN(lanes_table) *)(const void *)memory;
    if (log2_n < FN(lanes_min_log2)) {
        FN(inverse)(pool, data, log2_n, table->small);
        return;
    }
    unsigned levels[8], log2_len = log2_n;
    const unsigned passes = FN(lanes_wide_levels)(levels, pool, log2_n);
    for (unsigned i = 0; i < passes; log2_len -= levels[i++]) {
        const struct FN(lanes_wide)
            wide = {data, log2_len, levels[i], table, i == 0, FN(lanes_inverse_columns)};
        FN(lanes_wide_pass)(pool, &wide, log2_n);
    }
    struct FN(lanes_blocks) blocks = {data, log2_len, table, passes == 0};
    pm_pool_for(pool, (size_t)1 << (log2_n - log2_len), 1, FN(lanes_inverse_blocks), &blocks);
}
PM_LOCAL void FN(lanes_forward)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const FE *memory)
{
    const struct FN(lanes_table) *table = (const struct FN(lanes_table) *)(const void *)memory;
    if (log2_n < FN(lanes_min_log2)) {
        FN(forward)(pool, data, log2_n, table->small);
        return;
    }
    unsigned levels[8], log2_len = log2_n;
    unsigned passes = FN(lanes_wide_levels)(levels, pool, log2_n);
    for (unsigned i = 0; i < passes; i++) log2_len -= levels[i];
    struct FN(lanes_blocks) blocks = {data, log2_len, table, passes == 0};
    pm_pool_for(pool, (size_t)1 << (log2_n - log2_len), 1, FN(lanes_forward_blocks), &blocks);
    while (passes-- > 0) {
        log2_len += levels[passes];
        const struct FN(lanes_wide)
            wide = {data, log2_len, levels[passes], table, passes == 0, FN(lanes_forward_columns)};
        FN(lanes_wide_pass)(pool, &wide, log2_n);
    }
}

struct FN(lanes_shift_job) {
    uint8_t *data;
    unsigned log2_n, log2_runs;
    FE power[64];                     /* power[i] = shift^(2^i) */
    FE run[1 << FN(lanes_log2_runs)]; /* of a chunk: what its runs of 64 begin with, 2^260 */
    LANES within[8];                  /* within a run, for all runs alike, 2^260 */
};

/* Chunks of 2^log2_runs runs of 64 elements: a factor for the chunk, one for the run, one for the place. */
PM_LOCAL void FN(lanes_shift_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(lanes_shift_job) *job = ctx;
    const size_t runs = (size_t)1 << job->log2_runs;
    FE chunk, factor;
    for (size_t c = begin; c < end; c++) {
        FN(power)(&chunk, job->power, FN(reverse)((c * runs) << 6, job->log2_n));
        for (size_t r = 0; r < runs; r++) {
            F(mul)(&factor, &job->run[r], &chunk);
            const LANES f = L(broadcast)(&factor);
            uint8_t *at = job->data + (c * runs + r) * 8 * FN(lanes_row);
            for (size_t v = 0; v < 8; v += 2, at += 2 * FN(lanes_row)) {
                LANES x0 = L(mul)(L(load)(at), job->within[v]);
                LANES x1 = L(mul)(L(load)(at + FN(lanes_row)), job->within[v + 1]);
                FN(lanes_leave)(at, L(mul_loose)(x0, f), false, true);
                FN(lanes_leave)(at + FN(lanes_row), L(mul_loose)(x1, f), false, true);
            }
        }
    }
}

/* As shift of ntt_tmpl.h. */
PM_LOCAL void FN(lanes_shift)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const FE *scale,
                              const FE *shift)
{
    struct FN(lanes_shift_job) job = {.data = data, .log2_n = log2_n};
    FE within[64];
    if (log2_n < FN(lanes_min_log2)) {
        FN(shift)(pool, data, log2_n, scale, shift);
        return;
    }
    job.log2_runs = log2_n - 6 < FN(lanes_log2_runs) ? log2_n - 6 : FN(lanes_log2_runs);
    job.power[0] = *shift;
    for (unsigned i = 1; i < log2_n; i++) F(sqr)(&job.power[i], &job.power[i - 1]);
    for (size_t i = 0; i < 64; i++) FN(power)(&within[i], job.power, FN(reverse)(i, log2_n));
    for (size_t r = 0; r < (size_t)1 << job.log2_runs; r++) {
        FN(power)(&job.run[r], job.power, FN(reverse)(r << 6, log2_n));
        F(mul)(&job.run[r], &job.run[r], scale);
    }
    FN(lanes_table_scale)(within, 64);
    FN(lanes_table_scale)(job.run, (size_t)1 << job.log2_runs);
    for (size_t v = 0; v < 8; v++) job.within[v] = L(load)((const uint8_t *)&within[8 * v]);
    pm_pool_for(pool, (size_t)1 << (log2_n - 6 - job.log2_runs), 1, FN(lanes_shift_piece), &job);
}

#undef FN
#undef F
#undef L
#undef FE
#undef LANES
#undef NTT
#undef NTT_FIELD
#undef NTT_LANES
