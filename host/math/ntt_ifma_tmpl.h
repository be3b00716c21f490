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
 * Bounds are counted in p, with q and room as in fp_ifma_tmpl.h: between passes data are packed and below 1 +
 * q, after the last one canonical; a product of data below 6 and a factor is below 1.25, of data below 12
 * below 1.5. Passes of two levels work on vectors of eight neighbours, down to blocks of eight elements; the
 * last three levels take eight blocks at a time, turned so that a lane holds a block. Levels of blocks run
 * depth first, as in ntt_tmpl.h. */
#include "math/tmpl.h"

#define FN(op) PM_CAT(NTT, _##op)
#define F(op)  PM_CAT(NTT_FIELD, _##op)
#define L(op)  PM_CAT(NTT_LANES, _##op)
#define FE     NTT_FIELD
#define LANES  NTT_LANES

enum {
    FN(lanes_small) = 32,    /* entries of the portable table that are kept for small transforms */
    FN(lanes_min_log2) = 6,  /* below, transforms are ntt_tmpl.h's */
    FN(lanes_log2_runs) = 6, /* runs of 64 elements that share a factor in a shift */
    FN(lanes_table_block) = 2048,
    FN(lanes_row) = 8 * F(bytes)
};
_Static_assert(L(room) >= 24, "the bounds of products");
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

/* (u, v) -> (u - t v, u + t v), loose, for t = -1 / root: both below 2 + u. v is carried. Two at a time, as
 * the processor overlaps what follows. */
PM_LANES void FN(lanes_join)(LANES *u, LANES *v, LANES product)
{
    *v = L(add)(*u, product);
    *u = L(sub)(*u, product, 2);
}
PM_LANES void FN(lanes_in)(LANES *u0, LANES *v0, LANES t0, LANES *u1, LANES *v1, LANES t1)
{
    const LANES product0 = L(mul_loose)(*v0, t0), product1 = L(mul_loose)(*v1, t1);
    FN(lanes_join)(u0, v0, product0);
    FN(lanes_join)(u1, v1, product1);
}
/* (u, v) -> (u + v, t (u - v)) for u, v below k, loose. Two at a time. */
PM_LANES void FN(lanes_out)(LANES *u0, LANES *v0, LANES t0, int k0, LANES *u1, LANES *v1, LANES t1, int k1)
{
    const LANES d0 = L(carry)(L(sub)(*u0, *v0, k0)), d1 = L(carry)(L(sub)(*u1, *v1, k1));
    *u0 = L(add)(*u0, *v0);
    *u1 = L(add)(*u1, *v1);
    *v0 = L(mul_loose)(d0, t0);
    *v1 = L(mul_loose)(d1, t1);
}

/* The same with a factor for mul_fixed. */
PM_LANES void FN(lanes_part)(LANES *u, LANES *v, const struct L(fixed) * t, int k)
{
    const LANES d = L(carry)(L(sub)(*u, *v, k));
    *u = L(add)(*u, *v);
    *v = L(mul_fixed)(d, t);
}

struct FN(lanes_pass) {
    uint8_t *data; /* the block's */
    size_t k, stride;
    const struct FN(lanes_table) * table;
    bool end; /* the first pass of an inverse, or the last of a forward transform: data in the file's form */
};

/* To memory between two passes, as planes, below 1 + q; after the last, canonical and in the file's form. */
PM_LANES void FN(lanes_leave)(uint8_t *at, LANES loose)
{
    loose = L(reduce)(loose);
    L(store_planes)(at, &loose);
}
PM_LANES void FN(lanes_leave_last)(uint8_t *at, LANES loose, bool last)
{
    if (!last) {
        FN(lanes_leave)(at, loose);
        return;
    }
    loose = L(canonical)(loose);
    L(store)(at, &loose);
}
PM_LANES LANES FN(lanes_take_first)(const uint8_t *at, bool first)
{
    return first ? L(load)(at) : L(load_planes)(at);
}

/* One level over vectors [begin, end) of columns of block k; not the last pass. */
PM_LOCAL void FN(lanes_inverse2)(const struct FN(lanes_pass) * p, size_t begin, size_t end)
{
    const struct L(fixed) *constant = FN(lanes_constant)(p->table) + 8;
    const struct L(fixed) *t = constant + FN(lanes_minus_inverse_at)(p->k);
    for (size_t j = begin; j < end; j++) {
        uint8_t *at = p->data + j * FN(lanes_row);
        LANES u = L(load_planes)(at), v = L(load_planes)(at + p->stride);
        FN(lanes_join)(&u, &v, L(mul_fixed)(v, t));
        FN(lanes_leave)(at, u);
        FN(lanes_leave)(at + p->stride, v);
    }
}
PM_LOCAL void FN(lanes_forward2)(const struct FN(lanes_pass) * p, size_t begin, size_t end)
{
    const struct L(fixed) *t = FN(lanes_constant)(p->table) + 8 + p->k;
    for (size_t j = begin; j < end; j++) {
        uint8_t *at = p->data + j * FN(lanes_row);
        LANES u = L(load_planes)(at), v = L(load_planes)(at + p->stride);
        FN(lanes_leave)(at, L(add)(u, v));
        v = L(carry)(L(mul_fixed)(L(carry)(L(sub)(u, v, 3)), t));
        L(store_planes)(at + p->stride, &v);
    }
}

/* Two levels of block 0, whose factors are 1 but for one. Bounds: 2 + 2 q and 4 + q after the first level; x1
 * is reduced, so that the second leaves 3 + 3 q, 5 + 2 q and 6 + q. */
PM_LANES void FN(lanes_inverse4_of_0)(const struct FN(lanes_pass) * p, size_t begin, size_t end, bool first)
{
    const struct L(fixed) *t1 = FN(lanes_constant)(p->table) + 8 + FN(lanes_minus_inverse_at)(1);
    for (size_t j = begin; j < end; j++) {
        uint8_t *at = p->data + j * FN(lanes_row);
        const LANES a0 = FN(lanes_take_first)(at, first), a1 = FN(lanes_take_first)(at + p->stride, first);
        const LANES a2 = FN(lanes_take_first)(at + 2 * p->stride, first),
                    a3 = FN(lanes_take_first)(at + 3 * p->stride, first);
        LANES x0 = L(add)(a0, a2), x1 = L(reduce)(L(add)(a1, a3));
        LANES x2 = L(sub)(a0, a2, 3), x3 = L(carry)(L(sub)(a1, a3, 3));
        FN(lanes_join)(&x2, &x3, L(mul_fixed)(x3, t1));
        FN(lanes_leave)(at, L(add)(x0, x1));
        FN(lanes_leave)(at + p->stride, L(sub)(x0, x1, 3));
        FN(lanes_leave)(at + 2 * p->stride, x2);
        FN(lanes_leave)(at + 3 * p->stride, x3);
    }
}
/* Two levels. Bounds: in 1 + q, after one level 3 + q, after two 5 + q. */
PM_LOCAL void FN(lanes_inverse4)(void *ctx, size_t begin, size_t end)
{
    const struct FN(lanes_pass) *p = ctx;
    const struct L(fixed) *constant = FN(lanes_constant)(p->table) + 8;
    if (p->k == 0) {
        if (p->end)
            FN(lanes_inverse4_of_0)(p, begin, end, true);
        else
            FN(lanes_inverse4_of_0)(p, begin, end, false);
        return;
    }
    const struct L(fixed) *t = constant + FN(lanes_minus_inverse_at)(p->k);
    const struct L(fixed) *t1 = constant + FN(lanes_minus_inverse_at)(2 * p->k + 1), *t0 = t1 + 1;
    for (size_t j = begin; j < end; j++) {
        uint8_t *at = p->data + j * FN(lanes_row);
        LANES x0 = L(load_planes)(at), x1 = L(load_planes)(at + p->stride);
        LANES x2 = L(load_planes)(at + 2 * p->stride), x3 = L(load_planes)(at + 3 * p->stride);
        FN(lanes_join)(&x1, &x3, L(mul_fixed)(x3, t));
        FN(lanes_join)(&x0, &x2, L(mul_fixed)(x2, t));
        FN(lanes_join)(&x0, &x1, L(mul_fixed)(L(carry)(x1), t0));
        FN(lanes_join)(&x2, &x3, L(mul_fixed)(L(carry)(x3), t1));
        FN(lanes_leave)(at, x0);
        FN(lanes_leave)(at + p->stride, x1);
        FN(lanes_leave)(at + 2 * p->stride, x2);
        FN(lanes_leave)(at + 3 * p->stride, x3);
    }
}
/* Two levels of block 0. Bounds: 2 + 2 q, 4 + q, 1 + q reduced, 1.25; then 3 + 3 q, 6 + q, 5 + 2 q, 6 + q. */
PM_LANES void FN(lanes_forward4_of_0)(const struct FN(lanes_pass) * p, size_t begin, size_t end, bool last)
{
    const struct L(fixed) *t1 = FN(lanes_constant)(p->table) + 8 + 1;
    for (size_t j = begin; j < end; j++) {
        uint8_t *at = p->data + j * FN(lanes_row);
        const LANES a0 = L(load_planes)(at), a1 = L(load_planes)(at + p->stride);
        const LANES a2 = L(load_planes)(at + 2 * p->stride), a3 = L(load_planes)(at + 3 * p->stride);
        const LANES x0 = L(add)(a0, a1), x1 = L(sub)(a0, a1, 3);
        const LANES x2 = L(reduce)(L(add)(a2, a3)), x3 = L(mul_fixed)(L(carry)(L(sub)(a2, a3, 3)), t1);
        FN(lanes_leave_last)(at, L(add)(x0, x2), last);
        FN(lanes_leave_last)(at + p->stride, L(add)(x1, x3), last);
        FN(lanes_leave_last)(at + 2 * p->stride, L(sub)(x0, x2, 3), last);
        FN(lanes_leave_last)(at + 3 * p->stride, L(sub)(x1, x3, 2), last);
    }
}
/* Bounds: sums 2 + 2 q, then 4 + 4 q, which is 8 q at most; products 1.25, their sum 2.5. */
PM_LOCAL void FN(lanes_forward4)(void *ctx, size_t begin, size_t end)
{
    const struct FN(lanes_pass) *p = ctx;
    const struct L(fixed) *constant = FN(lanes_constant)(p->table) + 8;
    const struct L(fixed) *t = constant + p->k, *t0 = constant + 2 * p->k, *t1 = t0 + 1;
    if (p->k == 0) {
        if (p->end)
            FN(lanes_forward4_of_0)(p, begin, end, true);
        else
            FN(lanes_forward4_of_0)(p, begin, end, false);
        return;
    }
    for (size_t j = begin; j < end; j++) {
        uint8_t *at = p->data + j * FN(lanes_row);
        LANES x0 = L(load_planes)(at), x1 = L(load_planes)(at + p->stride);
        LANES x2 = L(load_planes)(at + 2 * p->stride), x3 = L(load_planes)(at + 3 * p->stride);
        FN(lanes_part)(&x0, &x1, t0, 3);
        FN(lanes_part)(&x2, &x3, t1, 3);
        FN(lanes_part)(&x0, &x2, t, 6);
        FN(lanes_part)(&x1, &x3, t, 2);
        FN(lanes_leave)(at, x0);
        FN(lanes_leave)(at + p->stride, x1);
        x2 = L(carry)(x2);
        x3 = L(carry)(x3);
        L(store_planes)(at + 2 * p->stride, &x2);
        L(store_planes)(at + 3 * p->stride, &x3);
    }
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
/* All eight elements of eight vectors of planes, and back. */
PM_LANES void FN(lanes_turn_planes)(LANES x[8], const uint8_t *at)
{
    __m512i plane[4][8];
    for (int i = 0; i < 4; i++) {
        __m512i row[8];
        for (int j = 0; j < 8; j++) row[j] = _mm512_loadu_si512(at + j * FN(lanes_row) + 64 * i);
        pm_lanes_transpose(plane[i], row);
    }
    for (int j = 0; j < 8; j++) {
        const __m512i w[4] = {plane[0][j], plane[1][j], plane[2][j], plane[3][j]};
        x[FN(lanes_order)[j]] = L(unpack)(w);
    }
}
PM_LANES void FN(lanes_turn_planes_back)(uint8_t *at, const LANES x[8])
{
    __m512i plane[4][8];
    for (int j = 0; j < 8; j++) {
        __m512i w[4];
        L(pack)(w, &x[FN(lanes_order)[j]]);
        for (int i = 0; i < 4; i++) plane[i][j] = w[i];
    }
    for (int i = 0; i < 4; i++) {
        __m512i row[8];
        pm_lanes_transpose(row, plane[i]);
        for (int j = 0; j < 8; j++) _mm512_storeu_si512(at + j * FN(lanes_row) + 64 * i, row[j]);
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

/* The last three levels of eight blocks of eight elements, numbers k to k + 7. Bounds: 1 + q, 3 + q, 5 + q,
 * and 7 + q, which is 8 q at most. */
PM_LOCAL void FN(lanes_inverse_last)(uint8_t *data, size_t k, const FE *table)
{
    LANES x[8], f[7];
    FN(lanes_last_factors)(f, table, k);
    FN(lanes_turn_planes)(x, data);
    for (int i = 0; i < 4; i += 2) FN(lanes_in)(&x[i], &x[i + 4], f[0], &x[i + 1], &x[i + 5], f[0]);
    for (int i = 2; i < 8; i++) x[i] = i % 4 >= 2 ? L(carry)(x[i]) : x[i];
    for (int h = 0; h < 2; h++)
        FN(lanes_in)(&x[4 * h], &x[4 * h + 2], f[1 + h], &x[4 * h + 1], &x[4 * h + 3], f[1 + h]);
    for (int i = 0; i < 4; i++) x[2 * i + 1] = L(carry)(x[2 * i + 1]);
    for (int i = 0; i < 8; i += 4)
        FN(lanes_in)(&x[i], &x[i + 1], f[3 + i / 2], &x[i + 2], &x[i + 3], f[4 + i / 2]);
    for (int i = 0; i < 4; i++) {
        x[2 * i] = L(canonical)(x[2 * i]);
        x[2 * i + 1] = L(canonical)(x[2 * i + 1]);
        FN(lanes_turn_back)(data + 64 * i, FN(lanes_row), &x[2 * i], &x[2 * i + 1]);
    }
}
/* The first three levels of the forward transform. Bounds: sums 2 + 2 q, then 4 + 4 q, which is reduced;
 * products 1.25, their sum 2.5. */
PM_LOCAL void FN(lanes_forward_first)(uint8_t *data, size_t k, const FE *table)
{
    const uint8_t *t = (const uint8_t *)table;
    const ptrdiff_t size = F(bytes);
    LANES x[8], f[4];
    for (int i = 0; i < 2; i++)
        FN(lanes_turn)(&f[2 * i], &f[2 * i + 1], t + (4 * k + 2 * (size_t)i) * F(bytes), 4 * size);
    for (int i = 0; i < 4; i++) FN(lanes_turn)(&x[2 * i], &x[2 * i + 1], data + 64 * i, FN(lanes_row));
    for (int i = 0; i < 8; i += 4)
        FN(lanes_out)(&x[i], &x[i + 1], f[i / 2], 3, &x[i + 2], &x[i + 3], f[i / 2 + 1], 3);
    FN(lanes_turn)(&f[0], &f[1], t + 2 * k * F(bytes), 2 * size);
    for (int h = 0; h < 2; h++) {
        FN(lanes_out)(&x[4 * h], &x[4 * h + 2], f[h], 6, &x[4 * h + 1], &x[4 * h + 3], f[h], 2);
        x[4 * h] = L(reduce)(x[4 * h]);
    }
    f[0] = FN(lanes_turn_one)(t + k * F(bytes), size);
    for (int i = 0; i < 4; i += 2) FN(lanes_out)(&x[i], &x[i + 4], f[0], 3, &x[i + 1], &x[i + 5], f[0], 3);
    for (int i = 0; i < 4; i++) {
        x[i] = L(reduce)(x[i]);
        x[i + 4] = L(carry)(x[i + 4]);
    }
    FN(lanes_turn_planes_back)(data, x);
}

/* All levels of block k, 2^log2_len elements, in one thread; log2_len >= 6 from outside, and above 3 within.
 */
PM_LOCAL void FN(lanes_inverse_block)(uint8_t *data, unsigned log2_len, size_t k,
                                      const struct FN(lanes_table) * table, bool end)
{
    size_t len = (size_t)1 << log2_len;
    struct FN(lanes_pass) pass = {.data = data, .k = k, .table = table, .end = end};
    if (log2_len == 4) {
        pass.stride = FN(lanes_row);
        FN(lanes_inverse2)(&pass, 0, 1);
        return;
    }
    pass.stride = len / 4 * F(bytes);
    FN(lanes_inverse4)(&pass, 0, len / 32);
    for (size_t i = 0; i < 4 && log2_len > 5; i++)
        FN(lanes_inverse_block)(data + i * pass.stride, log2_len - 2, 4 * k + i, table, false);
    if (log2_len == 6 || log2_len == 7)
        for (size_t i = 0; i < len; i += 64)
            FN(lanes_inverse_last)(data + i * F(bytes), (k * len + i) / 8, table->large);
}
PM_LOCAL void FN(lanes_forward_block)(uint8_t *data, unsigned log2_len, size_t k,
                                      const struct FN(lanes_table) * table, bool end)
{
    size_t len = (size_t)1 << log2_len;
    struct FN(lanes_pass) pass = {.data = data, .k = k, .table = table, .end = end};
    if (log2_len == 4) {
        pass.stride = FN(lanes_row);
        FN(lanes_forward2)(&pass, 0, 1);
        return;
    }
    if (log2_len == 6 || log2_len == 7)
        for (size_t i = 0; i < len; i += 64)
            FN(lanes_forward_first)(data + i * F(bytes), (k * len + i) / 8, table->large);
    pass.stride = len / 4 * F(bytes);
    for (size_t i = 0; i < 4 && log2_len > 5; i++)
        FN(lanes_forward_block)(data + i * pass.stride, log2_len - 2, 4 * k + i, table, false);
    FN(lanes_forward4)(&pass, 0, len / 32);
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

/* The pass over levels l and l + 1 of all blocks, by columns, for several threads. */
PM_LOCAL void FN(lanes_wide_pass)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, unsigned l,
                                  const struct FN(lanes_table) * table, pm_pool_fn *fn)
{
    size_t quarter = (size_t)1 << (log2_n - l - 2), vectors = quarter / 8;
    for (size_t k = 0; k < (size_t)1 << l; k++) {
        struct FN(lanes_pass) pass = {.data = data + 4 * k * quarter * F(bytes),
                                      .k = k,
                                      .stride = quarter * F(bytes),
                                      .table = table,
                                      .end = l == 0};
        pm_pool_for(pool, vectors, vectors < FN(grain) / 8 ? vectors : FN(grain) / 8, fn, &pass);
    }
}

/* As inverse and forward of ntt_tmpl.h, over the table of lanes_table_make. */
PM_LOCAL void FN(lanes_inverse)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const FE *memory)
{
    const struct FN(lanes_table) *table = (const struct FN(lanes_table) *)(const void *)memory;
    if (log2_n < FN(lanes_min_log2)) {
        FN(inverse)(pool, data, log2_n, table->small);
        return;
    }
    unsigned wide = FN(wide_levels)(pool, log2_n);
    struct FN(lanes_blocks)
        blocks = {.data = data, .log2_len = log2_n - wide, .table = table, .end = wide == 0};
    for (unsigned l = 0; l < wide; l += 2)
        FN(lanes_wide_pass)(pool, data, log2_n, l, table, FN(lanes_inverse4));
    pm_pool_for(pool, (size_t)1 << wide, 1, FN(lanes_inverse_blocks), &blocks);
}
PM_LOCAL void FN(lanes_forward)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const FE *memory)
{
    const struct FN(lanes_table) *table = (const struct FN(lanes_table) *)(const void *)memory;
    if (log2_n < FN(lanes_min_log2)) {
        FN(forward)(pool, data, log2_n, table->small);
        return;
    }
    unsigned wide = FN(wide_levels)(pool, log2_n);
    struct FN(lanes_blocks)
        blocks = {.data = data, .log2_len = log2_n - wide, .table = table, .end = wide == 0};
    pm_pool_for(pool, (size_t)1 << wide, 1, FN(lanes_forward_blocks), &blocks);
    for (unsigned l = wide; l >= 2; l -= 2)
        FN(lanes_wide_pass)(pool, data, log2_n, l - 2, table, FN(lanes_forward4));
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
                FN(lanes_leave_last)(at, L(mul_loose)(x0, f), true);
                FN(lanes_leave_last)(at + FN(lanes_row), L(mul_loose)(x1, f), true);
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
