/* Transforms against their definition, against each other, and at a random point for large sizes. */
#include "sums.h"

static uint8_t *table_of(unsigned log2_n, struct pm_pool *pool)
{
    C(fr) root = P(FR_ROOT);
    for (unsigned i = P(FR_TWO_ADICITY); i > log2_n; i--) C(fr_sqr)(&root, &root);
    uint8_t *table = exact_scratch(C(ntt_table_bytes)(log2_n));
    C(ntt_table_make)((C(fr) *)(void *)table, log2_n, &root, pool);
    return table;
}
static void root_of(C(fr) * root, unsigned log2_n)
{
    *root = (C(fr))P(FR_ROOT);
    for (unsigned i = P(FR_TWO_ADICITY); i > log2_n; i--) C(fr_sqr)(root, root);
}
static size_t reversed(size_t i, unsigned bits)
{
    size_t r = 0;
    for (; bits-- > 0; i >>= 1) r = r << 1 | (i & 1);
    return r;
}
static C(fr) element(const uint8_t *data, size_t i)
{
    C(fr) out;
    C(fr_load)(&out, data + 32 * i);
    return out;
}
static uint8_t *random_data(unsigned log2_n) /* from byte 1: not aligned */
{
    size_t n = (size_t)1 << log2_n;
    uint8_t *data = malloc(32 * n + 1);
    if (!data) abort();
    for (size_t i = 0; i < n; i++) {
        C(fr) t;
        random_fr(&t);
        C(fr_store)(data + 1 + 32 * i, &t);
    }
    return data;
}

/* Evaluations v_i -> sum over i of v_i w^(-i j) at the place of j, which is j reversed. */
PM_TEST(definition)
{
    uint8_t *table = table_of(9, NULL); /* larger than any size here but the last */
    for (unsigned log2_n = 0; log2_n <= 7; log2_n++) {
        size_t n = (size_t)1 << log2_n;
        uint8_t *before = random_data(log2_n), *data = malloc(32 * n);
        C(fr) root, inverse;
        if (!data) abort();
        root_of(&root, log2_n);
        C(fr_inv)(&inverse, &root);
        for (int direction = 0; direction < 2; direction++) {
            memcpy(data, before + 1, 32 * n);
            if (direction == 0)
                C(ntt_inverse)(NULL, data, log2_n, (const C(fr) *)(const void *)table);
            else
                C(ntt_forward)(NULL, data, log2_n, (const C(fr) *)(const void *)table);
            C(fr) w_j = C(fr_one);
            for (size_t j = 0; j < n; j++) {
                C(fr) sum = {{0}}, w = C(fr_one), t;
                for (size_t i = 0; i < n; i++) {
                    t = element(before + 1, direction == 0 ? i : reversed(i, log2_n));
                    C(fr_mul)(&t, &t, &w);
                    C(fr_add)(&sum, &sum, &t);
                    C(fr_mul)(&w, &w, &w_j);
                }
                t = element(data, direction == 0 ? reversed(j, log2_n) : j);
                CHECK_MSG(C(fr_equal)(&sum, &t), "n = %zu, j = %zu, direction %d", n, j, direction);
                C(fr_mul)(&w_j, &w_j, direction == 0 ? &inverse : &root);
            }
        }
        free(before);
        free(data);
    }
    free(table);
}

/* The forward transform undoes the inverse, times n, on any number of threads. */
PM_TEST(inverse_then_forward)
{
    struct pm_error err;
    for (unsigned log2_n = 0; log2_n <= 15; log2_n++) {
        size_t n = (size_t)1 << log2_n;
        uint8_t *before = random_data(log2_n), *data = malloc(32 * n + 1), *single = malloc(32 * n);
        if (!data || !single) abort();
        for (unsigned threads = 1; threads <= 4; threads++) {
            struct pm_pool *pool = pm_pool_new(threads, &err);
            uint8_t *table = table_of(log2_n + (threads & 1), pool);
            const C(fr) *twiddles = (const C(fr) *)(const void *)table;
            memcpy(data + 1, before + 1, 32 * n);
            C(ntt_inverse)(pool, data + 1, log2_n, twiddles);
            if (threads == 1) memcpy(single, data + 1, 32 * n);
            CHECK_MEM(single, data + 1, 32 * n);
            C(ntt_forward)(pool, data + 1, log2_n, twiddles);
            for (size_t i = 0; i < n; i++) {
                C(fr) t = element(before + 1, i), u = element(data + 1, i);
                for (unsigned k = 0; k < log2_n; k++) C(fr_dbl)(&t, &t);
                CHECK(C(fr_equal)(&t, &u));
            }
            free(table);
            pm_pool_free(&pool);
        }
        free(before);
        free(data);
        free(single);
    }
}

/* 2^16: the polynomial at a random point, by Horner's rule from the coefficients and by the barycentric
 * formula (z^n - 1) / n * sum of v_i w^i / (z - w^i) from the evaluations. */
PM_TEST(random_point)
{
    enum { LOG2_N = 16, N = 1 << LOG2_N };
    struct pm_error err;
    struct pm_pool *pool = pm_pool_new(2, &err);
    uint8_t *table = table_of(LOG2_N, pool), *before = random_data(LOG2_N), *data = malloc(32 * N);
    C(fr) *divisor = malloc(sizeof *divisor * N), *scratch = malloc(sizeof *scratch * N);
    C(fr) z, root, w = C(fr_one), horner = {{0}}, sum = {{0}}, t;
    if (!data || !divisor || !scratch) abort();
    memcpy(data, before + 1, 32 * N);
    C(ntt_inverse)(pool, data, LOG2_N, (const C(fr) *)(const void *)table);
    random_fr(&z);
    root_of(&root, LOG2_N);
    for (size_t j = N; j-- > 0;) { /* n times the polynomial */
        t = element(data, reversed(j, LOG2_N));
        C(fr_mul)(&horner, &horner, &z);
        C(fr_add)(&horner, &horner, &t);
    }
    for (size_t i = 0; i < N; i++) {
        C(fr_sub)(&divisor[i], &z, &w);
        C(fr_mul)(&w, &w, &root);
    }
    CHECK(C(fr_equal)(&w, &C(fr_one)));
    C(fr_batch_inv)(divisor, N, scratch);
    for (size_t i = 0; i < N; i++) {
        t = element(before + 1, i);
        C(fr_mul)(&t, &t, &w);
        C(fr_mul)(&t, &t, &divisor[i]);
        C(fr_add)(&sum, &sum, &t);
        C(fr_mul)(&w, &w, &root);
    }
    t = z;
    for (int i = 0; i < LOG2_N; i++) C(fr_sqr)(&t, &t);
    C(fr_sub)(&t, &t, &C(fr_one));
    C(fr_mul)(&sum, &sum, &t);
    CHECK(C(fr_equal)(&sum, &horner));
    free(table);
    free(before);
    free(data);
    free(divisor);
    free(scratch);
    pm_pool_free(&pool);
}

PM_TEST(shift)
{
    struct pm_error err;
    for (unsigned log2_n = 0; log2_n <= 13; log2_n++) {
        struct pm_pool *pool = pm_pool_new(1 + log2_n % 3, &err);
        size_t n = (size_t)1 << log2_n;
        uint8_t *before = random_data(log2_n), *data = malloc(32 * n + 1);
        C(fr) scale, shift, factor;
        if (!data) abort();
        random_fr(&scale);
        random_fr(&shift);
        factor = scale;
        memcpy(data + 1, before + 1, 32 * n);
        C(ntt_shift)(pool, data + 1, log2_n, &scale, &shift);
        for (size_t j = 0; j < n; j++) {
            C(fr) t = element(before + 1, reversed(j, log2_n)), u = element(data + 1, reversed(j, log2_n));
            C(fr_mul)(&t, &t, &factor);
            CHECK(C(fr_equal)(&t, &u));
            C(fr_mul)(&factor, &factor, &shift);
        }
        free(before);
        free(data);
        pm_pool_free(&pool);
    }
}

#ifndef FAR_GRAIN /* lanes: ntt_ifma_tmpl.c */
enum { FAR_GRAIN = 4096, FAR_SMALL = 0 };
#define FAR_TABLE_BYTES C(ntt_table_bytes)
static void far_fill(C(fr) * table, const C(fr) * root, unsigned log2_n, size_t k)
{
    struct C(ntt_table_job) job = {.table = table, .root = root, .log2_half = log2_n - 1};
    const size_t begin = k / FAR_GRAIN * FAR_GRAIN;
    C(ntt_table_piece)(&job, begin, begin + FAR_GRAIN);
}
static void far_block(int direction, uint8_t *data, unsigned log2_len, size_t k, const C(fr) * table)
{
    if (direction == 0)
        C(ntt_inverse_block)(data, log2_len, k, table);
    else
        C(ntt_forward_block)(data, log2_len, k, table);
}
static void far_pass(int direction, uint8_t *data, size_t k, size_t stride, size_t begin, size_t end,
                     const C(fr) * table)
{
    struct C(ntt_pass) pass = {.data = data, .k = k, .stride = stride, .table = table};
    if (direction == 0)
        C(ntt_inverse4)(&pass, begin, end);
    else
        C(ntt_forward4)(&pass, begin, end);
}
#endif
#include "ntt_far.h"
