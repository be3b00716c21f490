/* Sparse rows times a plain witness in lanes: what fr_rows_mul of curve_tmpl.h does one product at a time.
 *
 * Parameters
 *   ROWS         prefix of all names
 *   ROWS_FIELD   prefix of the field (fp_tmpl.h)
 *   ROWS_LANES   prefix of its lanes (fp_ifma_tmpl.h), W = 4
 *
 * Entries of a piece are taken in blocks, whatever rows they belong to: products eight at a time, then sums
 * row by row. Coefficients carry R^2 = 2^512 and witness values nothing, so that M, which divides by 2^(256 +
 * gap), is given 2^gap times the value and leaves 2^256. Bounds: 1 * 2^gap <= room, so a product is below
 * 2. */
#include "math/curve.h"
#include "math/tmpl.h"

#define FN(op) PM_CAT(ROWS, _##op)
#define F(op)  PM_CAT(ROWS_FIELD, _##op)
#define L(op)  PM_CAT(ROWS_LANES, _##op)
#define FE     ROWS_FIELD
#define LANES  ROWS_LANES

enum { FN(rows_block) = 64, FN(rows_grain) = 256 };
_Static_assert(1 << L(gap) <= L(room), "the bound of products");

struct FN(rows_job) {
    uint8_t *out;
    const struct pm_rows *rows;
    const uint8_t *witness;
};

/* product[i] = coefficient * witness[column] * R of entry k + i, for i < n <= rows_block */
PM_LOCAL void FN(rows_products)(uint8_t *product, const struct pm_rows *rows, const uint8_t *witness,
                                size_t k, size_t n)
{
    static const uint32_t order[8] = {0, 2, 1, 3, 4, 6, 5, 7}; /* of L(store)'s lanes */
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint32_t entry[8], column[8];
        LANES value, coefficient;
        for (int j = 0; j < 8; j++) {
            entry[j] = rows->entry[k + i + order[j]];
            column[j] = pm_load_le32(rows->column + entry[j] * rows->step);
        }
        L(gather)(&value, 1, witness, F(bytes), column);
        L(gather)(&coefficient, 1, rows->coefficient, rows->step, entry);
        value = L(mul)(coefficient, L(shift_carried)(value, L(gap)));
        value = L(reduce_once)(value);
        L(store)(product + i * F(bytes), &value);
    }
    for (; i < n; i++) {
        FE x, y;
        const size_t at = rows->entry[k + i] * rows->step;
        F(load)(&x, rows->coefficient + at);
        F(load)(&y, witness + (size_t)pm_load_le32(rows->column + at) * F(bytes));
        F(mul)(&x, &x, &y);
        F(store)(product + i * F(bytes), &x);
    }
}

PM_LOCAL void FN(rows_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(rows_job) *job = ctx;
    const uint32_t *start = job->rows->start;
    uint8_t product[FN(rows_block) * F(bytes)];
    size_t row = begin, last = start[end];
    FE sum, x;
    F(set_zero)(&sum);
    for (size_t k = start[begin], n; k < last; k += n) {
        n = last - k < FN(rows_block) ? last - k : FN(rows_block);
        FN(rows_products)(product, job->rows, job->witness, k, n);
        for (size_t i = 0; i < n; i++) {
            for (; k + i >= start[row + 1]; row++) {
                F(store)(job->out + row * F(bytes), &sum);
                F(set_zero)(&sum);
            }
            F(load)(&x, product + i * F(bytes));
            F(add)(&sum, &sum, &x);
        }
    }
    for (; row < end; row++) {
        F(store)(job->out + row * F(bytes), &sum);
        F(set_zero)(&sum);
    }
    pm_wipe(product, sizeof product);
    pm_wipe(&x, sizeof x);
}

/* As fr_rows_mul of curve.h. */
PM_LOCAL void FN(rows_mul)(struct pm_pool *pool, uint8_t *out, const struct pm_rows *rows,
                           const uint8_t *witness)
{
    struct FN(rows_job) job = {.out = out, .rows = rows, .witness = witness};
    pm_pool_for(pool, rows->n_rows, FN(rows_grain), FN(rows_piece), &job);
}

#undef FN
#undef F
#undef L
#undef FE
#undef LANES
#undef ROWS
#undef ROWS_FIELD
#undef ROWS_LANES
