/* Transforms over Fr in lanes: ntt_tmpl.h's networks, orders and bytes for AVX-512 IFMA. The
 * instances of ntt_tmpl.h, which does what is small, and ntt_table_ifma_tmpl.h with the same prefix must
 * stand before.
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
    FN(lanes_max_levels) = 4, /* of a pass */
    FN(lanes_log2_sets) = 15, /* of blocks whose sixteen rows fall into several sets of a cache */
    FN(lanes_wide_log2) = 11, /* of blocks that are not cut by columns */
    FN(lanes_log2_runs) = 6   /* runs of 64 elements that share a factor in a shift */
};
_Static_assert(L(room) >= 33 && L(fits) >= 33, "products of what is below 32 are below 2");

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
/* What comes next, where the processor does not foresee it. */
PM_LANES void FN(lanes_expect)(const void *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 64) _mm_prefetch((const char *)((uintptr_t)at + i), _MM_HINT_T0);
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
        const struct L(fixed) *t = constant + FN(lanes_mirror)(k, -8);
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
        const struct L(fixed) *t = constant + FN(lanes_mirror)(p->k, -8);
        for (size_t i = 0; i < half; i++) {
            FN(lanes_expect)(at + FN(lanes_row) + i * stride, FN(lanes_row));
            FN(lanes_expect)(at + FN(lanes_row) + (i + half) * stride, FN(lanes_row));
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
                FN(lanes_join)(&u, &v, L(mul_fixed)(L(carry)(v), constant + FN(lanes_mirror)(k, -8)));
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
            FN(lanes_expect)(at + FN(lanes_row) + 2 * b * stride, FN(lanes_row));
            FN(lanes_expect)(at + FN(lanes_row) + (2 * b + 1) * stride, FN(lanes_row));
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
/* The factors of a leaf of the table; its mirror's, backwards in all respects, are -1 / t or d'. */
PM_LANES LANES FN(lanes_factor)(const uint8_t *at, bool backwards)
{
    __m512i w[4];
    for (int i = 0; i < 4; i++) {
        w[i] = _mm512_load_si512(at + 64 * i);
        if (backwards) w[i] = _mm512_permutexvar_epi64(_mm512_set_epi64(0, 1, 2, 3, 4, 5, 6, 7), w[i]);
    }
    return L(unpack)(w);
}

/* Levels of a block of 64 elements. First of the inverse, for data below 2: three on its eight vectors, which
 * add 2 each; y[j] lane i is element j of vector i. */
PM_LANES void FN(lanes_leaf_in)(LANES y[8], const uint8_t *data, size_t k,
                                const struct FN(lanes_table) * table, bool first)
{
    const struct L(fixed) *constant = FN(lanes_constant)(table) + 8;
    LANES x[8];
    for (size_t i = 0; i < 8; i++) x[i] = FN(lanes_take)(data + i * FN(lanes_row), first);
    for (unsigned s = 0; s < 3; s++)
        for (size_t b = 0, half = 4 >> s; b < (size_t)1 << s; b++) {
            const struct L(fixed) *t = constant + FN(lanes_mirror)((k << s) + b, -8);
            for (size_t i = 2 * half * b; i < (2 * b + 1) * half; i++)
                FN(lanes_join)(&x[i], &x[i + half], L(mul_fixed)(L(carry)(x[i + half]), t));
        }
    for (size_t i = 0; i < 8; i++) x[i] = L(carry)(x[i]);
    FN(lanes_across)(y, x);
}
/* Then two of the last three; y is carried before and after, and below 8, then 12. */
PM_LANES void FN(lanes_leaf_turned_in)(LANES y[8], const struct FN(lanes_leaf) * mirror)
{
    LANES f = FN(lanes_factor)(mirror->block, true);
    for (size_t i = 0; i < 4; i++) FN(lanes_in)(&y[i], &y[i + 4], f);
    for (size_t h = 0; h < 2; h++) {
        f = FN(lanes_factor)(mirror->half[1 - h], true);
        for (size_t i = 4 * h; i < 4 * h + 2; i++) {
            y[i + 2] = L(carry)(y[i + 2]);
            FN(lanes_in)(&y[i], &y[i + 2], f);
            y[i] = L(carry)(y[i]);
            y[i + 2] = L(carry)(y[i + 2]);
        }
    }
}
/* The forward transform, behind its first level: two levels for y below `bound` at even, below 2 at odd
 * numbers, bound at most 4. Then y is carried and below 4: 0 and 1 are reduced, the others 2 or 4. */
PM_LANES void FN(lanes_leaf_turned_out)(LANES y[8], const struct FN(lanes_leaf) * leaf, const int bound)
{
    for (size_t h = 0; h < 2; h++) {
        const LANES f = FN(lanes_factor)(leaf->half[h], false);
        FN(lanes_out)(&y[4 * h], &y[4 * h + 2], f, bound);
        FN(lanes_out)(&y[4 * h + 1], &y[4 * h + 3], f, 2);
    }
    const LANES f = FN(lanes_factor)(leaf->block, false);
    for (size_t i = 0; i < 4; i++) FN(lanes_out)(&y[i], &y[i + 4], f, i == 0 ? 2 * bound : 4);
    for (size_t i = 0; i < 8; i++) y[i] = i < 2 ? L(reduce_far)(y[i]) : L(carry)(y[i]);
}
/* And three on the vectors: below 8, 16 and 32, products below 2. */
PM_LANES void FN(lanes_leaf_out)(uint8_t *data, LANES y[8], size_t k, const struct FN(lanes_table) * table,
                                 bool last)
{
    const struct L(fixed) *constant = FN(lanes_constant)(table) + 8;
    LANES x[8];
    FN(lanes_across_back)(x, y);
    for (unsigned s = 3; s-- > 0;)
        for (size_t b = 0, half = 4 >> s; b < (size_t)1 << s; b++) {
            const struct L(fixed) *t = constant + (k << s) + b;
            for (size_t i = 2 * half * b; i < (2 * b + 1) * half; i++) {
                const LANES d = L(carry)(L(sub)(x[i], x[i + half], 16 >> s));
                x[i] = L(add)(x[i], x[i + half]);
                x[i + half] = L(mul_fixed)(d, t);
            }
        }
    for (size_t i = 0; i < 8; i++) FN(lanes_leave)(data + i * FN(lanes_row), x[i], i < 4, last);
}

/* All levels of block k of 64 elements. `end`: it is all of the data. */
PM_LOCAL void FN(lanes_inverse_leaf)(uint8_t *data, size_t k, const struct FN(lanes_table) * table, bool end)
{
    const struct FN(lanes_leaf) *mirror = FN(lanes_leaf_0)(table) + FN(lanes_mirror)(k, -1);
    LANES y[8];
    FN(lanes_expect)(mirror - 1, sizeof *mirror);
    FN(lanes_leaf_in)(y, data, k, table, end);
    FN(lanes_leaf_turned_in)(y, mirror);
    for (size_t m = 0; m < 4; m++) {
        FN(lanes_in)(&y[2 * m], &y[2 * m + 1], FN(lanes_factor)(mirror->quarter[3 - m], true));
        for (size_t i = 2 * m; i < 2 * m + 2; i++) y[i] = L(reduce_once)(L(reduce_far)(y[i]));
        FN(lanes_turn_back)(data + 64 * m, FN(lanes_row), &y[2 * m], &y[2 * m + 1]);
    }
}
PM_LOCAL void FN(lanes_forward_leaf)(uint8_t *data, size_t k, const struct FN(lanes_table) * table, bool end)
{
    const struct FN(lanes_leaf) *leaf = FN(lanes_leaf_0)(table) + k;
    LANES y[8];
    FN(lanes_expect)(leaf + 1, sizeof *leaf);
    for (size_t m = 0; m < 4; m++) {
        FN(lanes_turn)(&y[2 * m], &y[2 * m + 1], data + 64 * m, FN(lanes_row));
        FN(lanes_out)(&y[2 * m], &y[2 * m + 1], FN(lanes_factor)(leaf->quarter[m], false), 1);
    }
    FN(lanes_leaf_turned_out)(y, leaf, 2);
    FN(lanes_leaf_out)(data, y, k, table, end);
}
/* The inverse and, to the odd coset, the forward transform, in one; see ntt_table_ifma_tmpl.h. */
PM_LOCAL void FN(lanes_coset_leaf)(uint8_t *data, size_t k, const struct FN(lanes_table) * table, bool end)
{
    const ptrdiff_t at = FN(lanes_mirror)(k, -1);
    const struct FN(lanes_leaf) *leaf = FN(lanes_leaf_0)(table) + k, *mirror = FN(lanes_leaf_0)(table) + at;
    const struct FN(lanes_twist) *twist = FN(lanes_twist_0)(table) + k, *back = FN(lanes_twist_0)(table) + at;
    LANES y[8];
    FN(lanes_expect)(leaf + 1, sizeof *leaf);
    FN(lanes_expect)(mirror - 1, sizeof *leaf);
    FN(lanes_expect)(twist + 1, sizeof *twist);
    FN(lanes_expect)(back - 1, sizeof *twist);
    FN(lanes_leaf_in)(y, data, k, table, end);
    FN(lanes_leaf_turned_in)(y, mirror);
    for (size_t m = 0; m < 4; m++) {
        const LANES u = L(mul_loose)(y[2 * m], FN(lanes_factor)(twist->quarter[m], false));
        const LANES v = L(mul_loose)(y[2 * m + 1], FN(lanes_factor)(back->quarter[3 - m], true));
        const LANES sum = L(add)(u, v);
        const LANES odd = m % 2 == 0 ? L(sub)(L(zero)(), sum, 4) : sum;
        y[2 * m] = L(sub)(u, v, 2);
        y[2 * m + 1] = L(mul_loose)(L(carry)(odd), FN(lanes_factor)(leaf->quarter[m ^ 1], false));
    }
    FN(lanes_leaf_turned_out)(y, leaf, 4);
    FN(lanes_leaf_out)(data, y, k, table, end);
}

/* How many levels the first pass over blocks of 2^log2_len elements does: as few passes as can be, all about
 * as many. The rows of large blocks fall into one set of each cache's lines, of eight. */
static inline unsigned FN(lanes_levels)(unsigned log2_len)
{
    const unsigned most = FN(lanes_max_levels), m = log2_len - FN(lanes_min_log2),
                   passes = (m + most - 1) / most;
    return log2_len > FN(lanes_log2_sets) ? 3 : (m + passes - 1) / passes;
}

/* All levels of block k, 2^log2_len elements, in one thread; log2_len >= 6. */
PM_LOCAL void FN(lanes_inverse_block)(uint8_t *data, unsigned log2_len, size_t k,
                                      const struct FN(lanes_table) * table, bool end)
{
    if (log2_len == FN(lanes_min_log2)) {
        FN(lanes_inverse_leaf)(data, k, table, end);
        return;
    }
    const unsigned levels = FN(lanes_levels)(log2_len), rest = log2_len - levels;
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
    const unsigned levels = FN(lanes_levels)(log2_len), rest = log2_len - levels;
    const struct FN(lanes_pass) pass = {data, k, (size_t)F(bytes) << rest, levels, table, end};
    for (size_t i = 0; i < (size_t)1 << levels; i++)
        FN(lanes_forward_block)(data + i * pass.stride, rest, (k << levels) + i, table, false);
    FN(lanes_forward_columns)(&pass, 0, (size_t)1 << (rest - 3));
}

/* To the odd coset. `end`: block 0 is all of the data. */
PM_LOCAL void FN(lanes_coset_block)(uint8_t *data, unsigned log2_len, size_t k,
                                    const struct FN(lanes_table) * table, bool end)
{
    if (log2_len == FN(lanes_min_log2)) {
        FN(lanes_coset_leaf)(data, k, table, end);
        return;
    }
    const unsigned levels = FN(lanes_levels)(log2_len), rest = log2_len - levels;
    const struct FN(lanes_pass) pass = {data, k, (size_t)F(bytes) << rest, levels, table, end};
    FN(lanes_inverse_columns)(&pass, 0, (size_t)1 << (rest - 3));
    for (size_t i = 0; i < (size_t)1 << levels; i++)
        FN(lanes_coset_block)(data + i * pass.stride, rest, (k << levels) + i, table, false);
    FN(lanes_forward_columns)(&pass, 0, (size_t)1 << (rest - 3));
}

/* Several arrays of 2^log2_n elements each, and a step for all: levels of all blocks of 2^log2_len elements
 * by columns, or all levels of such blocks. */
struct FN(lanes_step) {
    uint8_t *const *data;
    unsigned log2_n, log2_len, levels;
    const struct FN(lanes_table) * table;
    bool end; /* as in lanes_pass */
    void (*columns)(const struct FN(lanes_pass) * p, size_t begin, size_t end);
    void (*block)(uint8_t *data, unsigned log2_len, size_t k, const struct FN(lanes_table) * table, bool end);
};
PM_LOCAL void FN(lanes_columns_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(lanes_step) *s = ctx;
    const unsigned rest = s->log2_len - s->levels;
    const size_t columns = (size_t)1 << (rest - 3), blocks = (size_t)1 << (s->log2_n - s->log2_len);
    while (begin < end) {
        const size_t k = begin / columns % blocks, j = begin % columns;
        const size_t n = end - begin < columns - j ? end - begin : columns - j;
        const struct FN(lanes_pass)
            pass = {.data = s->data[begin / columns / blocks] + ((k * F(bytes)) << s->log2_len),
                    .k = k,
                    .stride = (size_t)F(bytes) << rest,
                    .levels = s->levels,
                    .table = s->table,
                    .end = s->end};
        s->columns(&pass, j, j + n);
        begin += n;
    }
}
PM_LOCAL void FN(lanes_blocks_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(lanes_step) *s = ctx;
    const unsigned log2_blocks = s->log2_n - s->log2_len;
    for (size_t i = begin; i < end; i++) {
        const size_t k = i & (((size_t)1 << log2_blocks) - 1);
        s->block(s->data[i >> log2_blocks] + ((k * F(bytes)) << s->log2_len), s->log2_len, k, s->table,
                 s->end);
    }
}
/* The first levels of an inverse and the last of a forward transform, where wanted, are cut across threads by
 * columns, until there are blocks enough for the threads; the rest by blocks. */
PM_LOCAL void FN(lanes_run)(struct pm_pool *pool, struct FN(lanes_step) * s, size_t count, bool inverse,
                            bool forward)
{
    const size_t threads = pm_pool_threads(pool);
    unsigned levels[8], passes = 0;
    s->log2_len = s->log2_n;
    s->columns = FN(lanes_inverse_columns);
    while (threads > 1 && count << (s->log2_n - s->log2_len) < 8 * threads &&
           s->log2_len > FN(lanes_wide_log2)) {
        s->levels = levels[passes++] = FN(lanes_levels)(s->log2_len);
        s->end = s->log2_len == s->log2_n;
        if (inverse) pm_pool_for(pool, count << (s->log2_n - s->levels - 3), 0, FN(lanes_columns_piece), s);
        s->log2_len -= s->levels;
    }
    s->end = passes == 0;
    pm_pool_for(pool, count << (s->log2_n - s->log2_len), 1, FN(lanes_blocks_piece), s);
    s->columns = FN(lanes_forward_columns);
    while (passes-- > 0) {
        s->levels = levels[passes];
        s->log2_len += s->levels;
        s->end = s->log2_len == s->log2_n;
        if (forward) pm_pool_for(pool, count << (s->log2_n - s->levels - 3), 0, FN(lanes_columns_piece), s);
    }
}

/* As inverse and forward of ntt_tmpl.h, over the table of lanes_table_make. */
PM_LOCAL void FN(lanes_inverse)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const FE *memory)
{
    const struct FN(lanes_table) *table = (const struct FN(lanes_table) *)(const void *)memory;
    struct FN(lanes_step)
        s = {.data = &data, .log2_n = log2_n, .table = table, .block = FN(lanes_inverse_block)};
    if (log2_n < FN(lanes_min_log2))
        FN(inverse)(pool, data, log2_n, table->small);
    else
        FN(lanes_run)(pool, &s, 1, true, false);
}
PM_LOCAL void FN(lanes_forward)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const FE *memory)
{
    const struct FN(lanes_table) *table = (const struct FN(lanes_table) *)(const void *)memory;
    struct FN(lanes_step)
        s = {.data = &data, .log2_n = log2_n, .table = table, .block = FN(lanes_forward_block)};
    if (log2_n < FN(lanes_min_log2))
        FN(forward)(pool, data, log2_n, table->small);
    else
        FN(lanes_run)(pool, &s, 1, false, true);
}
/* Each of `count` arrays: values on the n-th roots, natural order -> those of the same polynomial on the odd
 * coset, s w^i, natural order. The table has twists and is for n itself. */
PM_LOCAL void FN(lanes_coset)(struct pm_pool *pool, uint8_t *const *data, size_t count, unsigned log2_n,
                              const FE *memory)
{
    const struct FN(lanes_table) *table = (const struct FN(lanes_table) *)(const void *)memory;
    struct FN(lanes_step)
        s = {.data = data, .log2_n = log2_n, .table = table, .block = FN(lanes_coset_block)};
    FN(lanes_run)(pool, &s, count, true, true);
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
