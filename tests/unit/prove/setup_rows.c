/* Rows summed up at tau, and made into coefficients, against the plain loop over the same terms: many rows,
 * a row with more terms than a buffer holds, wires that all threads want at once. */
#include "prove/setup_rows.h"
#include "base/bytes.h"
#include "conformance/oracle.h"
#include "prove/coord.h"
#include "prove/lagrange.h"
#include "test.h"

#include <unistd.h>

enum { E = 32, N_ROWS = 9000, N_VARS = 300, N_PUBLIC = 7, LOG2_N = 14, LONG_ROW = 4321, LONG = 70000 };

static const struct pm_curve *curve(void) { return pm_curve_by_name("bn128"); }

static uint32_t n_terms_of(uint32_t row, int matrix)
{
    if (row == LONG_ROW && matrix == 1) return LONG;
    return (row * 7u + (unsigned)matrix * 3u) % 4u;
}

struct world {
    char dir[64], path[96];
    struct pm_r1cs r1cs;
    struct pm_error err;
};

static void set_up(struct world *w)
{
    size_t most = (size_t)N_ROWS * 3 * (4 + 3 * 36) + LONG * 36;
    uint8_t *constraints = malloc(most), *p = constraints;
    if (!constraints) abort();
    for (uint32_t row = 0; row < N_ROWS; row++)
        for (int matrix = 0; matrix < 3; matrix++) {
            uint32_t n = n_terms_of(row, matrix);
            pm_store_le32(p, n);
            p += 4;
            for (uint32_t i = 0; i < n; i++, p += 4 + E) {
                uint8_t wide[64];
                test_random_bytes(wide, sizeof wide);
                pm_store_le32(p, test_random() % 3 ? (uint32_t)(test_random() % N_VARS) : i % 2);
                curve()->fr_reduce_wide(p + 4, wide);
            }
        }
    CHECK(oracle_temp_dir(w->dir));
    (void)snprintf(w->path, sizeof w->path, "%s/t.r1cs", w->dir);
    CHECK_OK(pm_r1cs_write(w->path, curve(), N_VARS, 0, N_PUBLIC, N_ROWS, constraints,
                           (uint64_t)(p - constraints), &w->err),
             w->err);
    CHECK_OK(pm_r1cs_open(&w->r1cs, w->path, &w->err), w->err);
    free(constraints);
}

static void tear_down(struct world *w)
{
    pm_r1cs_close(&w->r1cs);
    (void)unlink(w->path);
    CHECK(rmdir(w->dir) == 0);
}

static void naive_sums(const struct pm_r1cs *r1cs, const uint8_t *tau, uint8_t *to[3])
{
    const struct pm_curve *c = curve();
    size_t n = (size_t)1 << LOG2_N;
    uint8_t *l = malloc(n * E), *scratch = malloc(n * E), one[E] = {1}, step[E], t[E];
    uint64_t at = 0;
    if (!l || !scratch) abort();
    c->fr_to_mont(one, one);
    c->fr_root(step, LOG2_N);
    pm_lagrange_at(c, NULL, l, LOG2_N, one, step, n, tau, NULL, scratch);
    for (uint32_t row = 0; row < N_ROWS; row++) {
        struct pm_lc lc[3];
        pm_r1cs_next(r1cs, &at, lc);
        for (int m = 0; m < 3; m++)
            for (uint32_t i = 0; i < lc[m].n_terms; i++) {
                const uint8_t *term = lc[m].terms + (size_t)i * (4 + E);
                uint8_t *sum = to[m] + (size_t)pm_load_le32(term) * E;
                c->fr_mul(t, term + 4, l + (size_t)row * E);
                c->fr_add(sum, sum, t);
            }
    }
    for (size_t wire = 0; wire <= N_PUBLIC; wire++) {
        c->fr_from_mont(t, l + (N_ROWS + wire) * E);
        c->fr_add(to[0] + wire * E, to[0] + wire * E, t);
    }
    free(l);
    free(scratch);
}

PM_TEST(sums_are_those_of_the_plain_loop)
{
    struct world w = {.path = ""};
    uint8_t wide[64], tau[E], *sums = calloc((size_t)6 * N_VARS, E);
    if (!sums) abort();
    set_up(&w);
    test_random_bytes(wide, sizeof wide);
    curve()->fr_reduce_wide(tau, wide);
    uint8_t *expected[3] = {sums, sums + N_VARS * E, sums + 2 * N_VARS * E}, *found = sums + 3 * N_VARS * E;
    naive_sums(&w.r1cs, tau, expected);
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct pm_setup_rows rows;
        struct pm_pool *pool = pm_pool_new(threads, &w.err);
        memset(found, 0, (size_t)3 * N_VARS * E);
        CHECK_OK(pm_setup_rows_init(&rows, &w.r1cs, &w.err), w.err);
        CHECK(rows.n_runs > 5);
        CHECK_OK(pm_setup_rows_sum(&rows, pool, LOG2_N, tau, found, found + N_VARS * E,
                                   found + 2 * N_VARS * E, &w.err),
                 w.err);
        CHECK_MSG(memcmp(found, sums, (size_t)3 * N_VARS * E) == 0, "%u threads", threads);
        pm_setup_rows_fini(&rows);
        pm_pool_free(&pool);
    }
    tear_down(&w);
    free(sums);
}

/* Record by record: matrix, row, wire, c R^2. */
static void check_records(const struct pm_r1cs *r1cs, const uint8_t *found, uint64_t size)
{
    uint64_t at = 0, n = 0;
    uint32_t count = pm_load_le32(found);
    CHECK_U64(size, 4 + (uint64_t)count * 44);
    found += 4;
    for (uint32_t row = 0; row <= N_ROWS + N_PUBLIC; row++) {
        struct pm_lc lc[3];
        uint8_t own[4 + E] = {0};
        if (row < N_ROWS) {
            pm_r1cs_next(r1cs, &at, lc);
        } else { /* a public wire's own */
            pm_store_le32(own, row - N_ROWS);
            own[4] = 1;
            lc[0] = (struct pm_lc){1, own};
            lc[1] = (struct pm_lc){0, own};
        }
        for (uint32_t m = 0; m < 2; m++)
            for (uint32_t i = 0; i < lc[m].n_terms && n < count; i++, n++, found += 44) {
                const uint8_t *term = lc[m].terms + (size_t)i * (4 + E);
                uint8_t value[E];
                curve()->fr_from_mont(value, found + 12);
                curve()->fr_from_mont(value, value);
                CHECK_U64(pm_load_le32(found), m);
                CHECK_U64(pm_load_le32(found + 4), row);
                CHECK_U64(pm_load_le32(found + 8), pm_load_le32(term));
                CHECK_MEM(value, term + 4, E);
            }
    }
    CHECK_U64(n, count);
}

PM_TEST(coefficients_are_the_rows)
{
    struct world w = {.path = ""};
    char path[128];
    set_up(&w);
    (void)snprintf(path, sizeof path, "%s/t.bin", w.dir);
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        struct pm_setup_rows rows;
        struct pm_binwriter *out = NULL;
        struct pm_binfile file = {.data = NULL};
        const struct pm_section *s;
        struct pm_pool *pool = pm_pool_new(threads, &w.err);
        CHECK_OK(pm_setup_rows_init(&rows, &w.r1cs, &w.err), w.err);
        CHECK_OK(pm_binwriter_new(&out, path, "test", 1, 1, &w.err), w.err);
        CHECK_OK(pm_binwriter_section(out, 4, &w.err), w.err);
        CHECK_OK(pm_setup_rows_write(&rows, pool, out, &w.err), w.err);
        CHECK_OK(pm_binwriter_finish(out, &w.err), w.err);
        pm_binwriter_free(&out);
        CHECK_OK(pm_binfile_open(&file, path, "test", 1, &w.err), w.err);
        CHECK_OK(pm_binfile_section(&s, &file, 4, "records", &w.err), w.err);
        check_records(&w.r1cs, s->data, s->size_bytes);
        pm_binfile_close(&file);
        pm_setup_rows_fini(&rows);
        pm_pool_free(&pool);
    }
    (void)unlink(path);
    tear_down(&w);
}

PM_TEST(a_circuit_without_rows)
{
    struct pm_error err;
    struct pm_r1cs none = {.curve = curve(), .n_vars = 1};
    struct pm_setup_rows rows;
    uint8_t tau[E], sum[3][E] = {{0}}, one[E] = {1};
    CHECK_OK(pm_setup_rows_init(&rows, &none, &err), err);
    CHECK_U64(rows.n_runs, 0);
    CHECK_U64(rows.n_records, 1);
    memcpy(tau, one, E);
    CHECK_OK(pm_setup_rows_sum(&rows, NULL, 1, tau, sum[0], sum[1], sum[2], &err), err);
    CHECK(!pm_bytes_are_zero(sum[0], E)); /* the constant wire's own row */
    CHECK(pm_bytes_are_zero(sum[1], E));
    pm_setup_rows_fini(&rows);
}
