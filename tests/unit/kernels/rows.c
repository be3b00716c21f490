/* Rows times witness on the emulated device, or on CUDA's (GPU_HOST_OF_CUDA), against host/math, byte for
 * byte: empty and very long rows, rows whose records stand in no order, repeated columns, matrices without
 * terms. */
#include "kernels/ops.h"

#include "base/bytes.h"
#include "curve_here.h"
#include "emu_world.h"
#include "math/curve.h"

enum { BYTES = 32, RECORD = 4 + BYTES };

/* A matrix over records in an order drawn at random, as a .zkey's coefficient section may have them. */
struct matrix {
    struct pm_backend_rows rows;
    uint32_t *start, *entry;
    uint8_t *records;
};

static void element(const struct pm_curve *curve, uint8_t *out)
{
    static const uint8_t zero[BYTES];
    uint8_t wide[64];
    uint64_t kind = test_random() % 5;
    test_random_bytes(wide, sizeof wide);
    curve->fr_reduce_wide(out, wide);
    if (kind < 3) memset(out + 1, 0, BYTES - 1); /* small */
    if (kind == 0) out[0] &= 1;
    if (kind == 1) curve->fr_sub(out, zero, out); /* r - small */
}

static uint32_t draw_length(uint32_t longest)
{
    static const uint32_t odd[] = {0, 0, 1, 2, 31, 32, 33, 64, 65};
    if (test_random() % 3 == 0) return (uint32_t)(test_random() % 4);
    uint32_t n = odd[test_random() % (sizeof odd / sizeof odd[0])];
    return n < longest ? n : longest;
}

static void matrix_make(const struct pm_curve *curve, struct matrix *m, uint32_t n_rows, uint32_t n_vars,
                        const uint32_t *lengths)
{
    m->start = malloc((n_rows + 1) * sizeof *m->start);
    m->start[0] = 0;
    for (uint32_t i = 0; i < n_rows; i++) m->start[i + 1] = m->start[i] + lengths[i];
    uint32_t n = m->start[n_rows];
    m->entry = malloc((n + 1) * sizeof *m->entry);
    m->records = malloc((size_t)n * RECORD + 1);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t *record = m->records + 1 + (size_t)i * RECORD; /* aligned to nothing */
        uint32_t other = (uint32_t)(test_random() % (i + 1));
        m->entry[i] = m->entry[other];
        m->entry[other] = i;
        pm_store_le32(record, (uint32_t)(test_random() % (test_random() % 2 ? n_vars : 1 + n_vars / 5)));
        element(curve, record + 4);
    }
    m->rows = (struct pm_backend_rows){.n_rows = n_rows,
                                       .step = RECORD,
                                       .start = m->start,
                                       .entry = m->entry,
                                       .column = m->records + 1,
                                       .coefficient = m->records + 5};
}

static void matrix_free(struct matrix *m)
{
    free(m->start);
    free(m->entry);
    free(m->records);
}

static enum pm_status append(void *ctx, const void *bytes, size_t n, struct pm_error *err)
{
    uint8_t **at = ctx;
    (void)err;
    memcpy(*at, bytes, n);
    *at += n;
    return PM_OK;
}

/* What the device makes of both matrices, and of their product, against the host. */
static void compare(const struct pm_curve *curve, struct matrix m[2], uint32_t n_rows, uint32_t n_vars)
{
    struct world w;
    struct k_rows_plan plan;
    size_t size = (size_t)n_rows * BYTES;
    uint8_t *witness = malloc((size_t)n_vars * BYTES), *expected[3], *got = malloc(size);
    for (uint32_t i = 0; i < n_vars; i++) element(curve, witness + (size_t)i * BYTES);
    for (int i = 0; i < 3; i++) expected[i] = calloc(n_rows, BYTES);
    for (int i = 0; i < 2; i++) {
        const struct pm_backend_rows *r = &m[i].rows;
        struct pm_rows rows = {r->n_rows, r->step, r->start, r->entry, r->column, r->coefficient};
        if (r->start) curve->fr_rows_mul(NULL, expected[i], &rows, witness);
    }
    curve->fr_vec_mul(NULL, expected[2], expected[0], expected[1], n_rows);

    world_open(&w, test_random());
    CHECK_OK(k_rows_plan(&plan, n_rows, BYTES, &m[0].rows, &m[1].rows, &w.err), w.err);
    uint8_t *image = malloc(plan.bytes), *end = image;
    struct k_sink sink = {append, &end};
    CHECK_OK(k_rows_write(&plan, &m[0].rows, &m[1].rows, &sink, &w.err), w.err);
    CHECK_U64((size_t)(end - image), plan.bytes);
    struct gpu_buffer rows = world_put(&w, image, plan.bytes);
    struct gpu_buffer values = world_put(&w, witness, (size_t)n_vars * BYTES);
    struct gpu_buffer partial = world_put(&w, NULL, (size_t)plan.n_partials * BYTES), out[3];
    for (int i = 0; i < 3; i++) out[i] = world_put(&w, NULL, size);
    struct k_rows_in in = {.plan = &plan,
                           .rows = rows.ptr,
                           .witness = values.ptr,
                           .a = out[0].ptr,
                           .b = out[1].ptr,
                           .c = out[2].ptr,
                           .partial = partial.ptr};
    CHECK_OK(GPU_FN(curve_by_name)(CURVE_NAME)->rows(&w.dev, w.stream, &in, &w.err), w.err);
    for (int i = 0; i < 3; i++) {
        world_get(&w, got, &out[i], size);
        CHECK_MSG(memcmp(got, expected[i], size) == 0, "vector %d of %u rows, %u pieces, %u levels", i,
                  n_rows, plan.n_pieces, plan.n_levels);
        gpu_free(&w.dev, &out[i]);
        free(expected[i]);
    }
    gpu_free(&w.dev, &rows);
    gpu_free(&w.dev, &values);
    gpu_free(&w.dev, &partial);
    world_close(&w);
    free(witness);
    free(got);
    free(image);
}

static void with_lengths(uint32_t n_rows, uint32_t n_vars, uint32_t *const lengths[2])
{
    const struct pm_curve *curve = pm_curve_by_name(CURVE_NAME);
    struct matrix m[2];
    for (int i = 0; i < 2; i++) matrix_make(curve, &m[i], n_rows, n_vars, lengths[i]);
    compare(curve, m, n_rows, n_vars);
    for (int i = 0; i < 2; i++) matrix_free(&m[i]);
}

PM_TEST(drawn_rows)
{
    static uint32_t a[300], b[300];
    static const uint32_t sizes[] = {1, 2, 31, 32, 33, 100, 256, 300};
    for (size_t k = 0; k < (WORLD_TSAN ? 4 : sizeof sizes / sizeof sizes[0]); k++) {
        for (uint32_t i = 0; i < sizes[k]; i++) {
            a[i] = draw_length(k % 2 ? 100 : 2);
            b[i] = draw_length(k % 3 ? 100 : 2);
        }
        with_lengths(sizes[k], 1 + (uint32_t)(test_random() % 500), (uint32_t *const[2]){a, b});
    }
}

/* Lengths around which rows are cut and sums of pieces folded: 32, 32^2, and once more than that. */
PM_TEST(one_row)
{
    static const uint32_t lengths[] = {0, 1, 2, 3, 31, 32, 33, 1000, 1023, 1024, 1025, 1056, 1057, 5000};
    for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
        uint32_t a = lengths[k], b = lengths[test_random() % 7];
        if (WORLD_TSAN && a > 100) continue;
        with_lengths(1, 700, (uint32_t *const[2]){&a, &b});
        with_lengths(1, 3, (uint32_t *const[2]){&b, &a});
    }
}

PM_TEST(two_levels_of_folds)
{
    if (WORLD_TSAN) return;
    uint32_t a[3] = {40000, 2, 1200}, b[3] = {7, 33000, 1100};
    with_lengths(3, 1000, (uint32_t *const[2]){a, b});
}

/* Rows that a key does not have are empty. */
PM_TEST(no_terms)
{
    struct matrix none[2] = {{.rows = {.n_rows = 0}}, {.rows = {.n_rows = 0}}};
    compare(pm_curve_by_name(CURVE_NAME), none, 70, 2);
}

/* h = a b - c, plain, in the place of a. */
PM_TEST(quotient)
{
    const struct pm_curve *curve = pm_curve_by_name(CURVE_NAME);
    enum { MOST = 300 };
    static uint8_t in[3][MOST * BYTES], expected[MOST * BYTES], got[MOST * BYTES];
    static const size_t sizes[] = {1, 2, 127, 128, 129, MOST};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        struct world w;
        struct gpu_buffer b[3];
        size_t n = sizes[k], bytes = n * BYTES;
        world_open(&w, test_random());
        for (int i = 0; i < 3; i++) {
            for (size_t j = 0; j < n; j++) element(curve, in[i] + j * BYTES);
            b[i] = world_put(&w, in[i], bytes);
        }
        curve->fr_vec_mul_sub(NULL, expected, in[0], in[1], in[2], n);
        curve->fr_vec_from_mont(NULL, expected, expected, n);
        CHECK_OK(GPU_FN(curve_by_name)(CURVE_NAME)
                     ->quotient(&w.dev, w.stream, b[0].ptr, b[0].ptr, b[1].ptr, b[2].ptr, n, &w.err),
                 w.err);
        world_get(&w, got, &b[0], bytes);
        CHECK_MEM(got, expected, bytes);
        for (int i = 0; i < 3; i++) gpu_free(&w.dev, &b[i]);
        world_close(&w);
    }
}

PM_TEST(refused)
{
    struct pm_backend_rows none = {.n_rows = 0};
    struct k_rows_plan plan;
    struct pm_error err;
    CHECK(k_rows_plan(&plan, UINT32_MAX, BYTES, &none, &none, &err) == PM_UNSUPPORTED);
}
