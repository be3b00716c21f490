/* Several sums at a time over shared scalars: bases at an offset, at infinity, missing; sets of every mixture
 * of kinds, over whole chunks and their ends; more threads than there is work. Bases are known multiples of
 * the generator, so that every sum is known from the scalar field alone. */
#include "math/curve.h"

#include "base/bytes.h"
#include "curve_under_test.h"
#include "test.h"

#include <stdlib.h>

enum { MAX = 2 * PM_MSM_CHUNK + 700, FR = 32 };

struct bases {
    uint8_t log[MAX * FR], g1[MAX * PM_G1_MAX_BYTES], g2[MAX * PM_G2_MAX_BYTES];
};

static const struct pm_curve *c(void) { return pm_curve_by_name(TEST_CURVE == 254 ? "bn128" : "bls12381"); }

static void random_scalar(uint8_t *out)
{
    uint8_t wide[64];
    test_random_bytes(wide, sizeof wide);
    c()->fr_reduce_wide(out, wide);
}

static void *bytes(size_t n)
{
    void *p = NULL;
    if (posix_memalign(&p, 64, n + 1) != 0) abort();
    return p;
}

static struct bases *make_bases(void)
{
    struct bases *b = bytes(sizeof *b);
    void *scratch = bytes(c()->fixed_g1_scratch(1)), *table = bytes(c()->fixed_g1_table_bytes(MAX));
    for (size_t i = 0; i < MAX; i++) random_scalar(b->log + i * FR);
    for (size_t i = 0; i < MAX; i += 3) memset(b->log + i * FR, 0, FR); /* infinity is common */
    c()->fixed_g1_table(NULL, table, c()->g1_generator, MAX, scratch);
    c()->fixed_g1_var(NULL, b->g1, table, b->log, MAX, scratch);
    free(scratch);
    free(table);
    scratch = bytes(c()->fixed_g2_scratch(1));
    table = bytes(c()->fixed_g2_table_bytes(MAX));
    c()->fixed_g2_table(NULL, table, c()->g2_generator, MAX, scratch);
    c()->fixed_g2_var(NULL, b->g2, table, b->log, MAX, scratch);
    free(scratch);
    free(table);
    return b;
}

/* 0: full width; 1: a witness, mostly 0 and 1, some -1, some short; 2: zeros; 3: ones and minus ones */
static void pick(uint8_t *out, int kind)
{
    uint8_t zero[FR] = {0};
    unsigned dice = (unsigned)(test_random() % 10);
    memset(out, 0, FR);
    if (kind == 0 || (kind == 1 && dice == 9)) random_scalar(out);
    if (kind == 1 && dice == 8) test_random_bytes(out, 3);
    if (kind == 3 || (kind == 1 && (dice & 1))) out[0] = 1;
    if ((kind == 3 && (dice & 1)) || (kind == 1 && dice == 7)) c()->fr_sub(out, zero, out);
}

/* What part p must be, as affine bytes. */
static void expected(uint8_t *out, const struct bases *b, const struct pm_msm_part *p, size_t from)
{
    uint8_t log[FR] = {0}, t[FR];
    for (size_t i = 0; i < p->n; i++) {
        c()->fr_to_mont(t, b->log + (from + i) * FR);
        c()->fr_mul(t, t, p->set->scalars + (p->first + i) * FR);
        c()->fr_add(log, log, t);
    }
    if (p->kind == c()->msm_g1) {
        struct pm_point1 q;
        c()->g1_from_affine(&q, c()->g1_generator);
        c()->g1_mul(&q, &q, log);
        c()->g1_to_affine(out, &q);
    } else {
        struct pm_point2 q;
        c()->g2_from_affine(&q, c()->g2_generator);
        c()->g2_mul(&q, &q, log);
        c()->g2_to_affine(out, &q);
    }
}

/* A table of the part's bases for windows of c bits. */
static uint8_t *make_table(struct pm_msm_part *p, struct pm_pool *pool, unsigned c)
{
    uint8_t *table = bytes(pm_msm_table_bytes(p->kind, p->n, c));
    void *scratch = bytes(pm_msm_table_scratch(p->kind, pm_pool_threads(pool)));
    pm_msm_table_make(p->kind, pool, table, p->bases, p->n, c, scratch);
    free(scratch);
    p->table = table;
    p->table_c = c;
    return table;
}

/* tables: bit i for one of part i, of windows of c bits. */
static void check_tables(const struct bases *b, size_t n, int kind, unsigned threads, unsigned tables,
                         unsigned window)
{
    struct pm_error err;
    struct pm_pool *pool = pm_pool_new(threads, &err);
    uint8_t *scalars[2] = {bytes(n * FR), bytes(n / 2 * FR)}, found[PM_G2_MAX_BYTES], right[PM_G2_MAX_BYTES];
    for (size_t i = 0; i < n; i++) pick(scalars[0] + i * FR, kind);
    for (size_t i = 0; i < n / 2; i++) pick(scalars[1] + i * FR, 0);
    struct pm_msm_set set[2] = {{.scalars = scalars[0], .n = n}, {.scalars = scalars[1], .n = n / 2}};
    struct pm_point1 g1[3];
    struct pm_point2 g2[2];
    const size_t offset = n / 3, from[5] = {0, 1, 0, 2, 0};
    const struct pm_msm_kind *in1 = c()->msm_g1, *in2 = c()->msm_g2;
#define BASES(part, in) b->in + from[part] * c()->in##_bytes
    struct pm_msm_part part[5] = {
        {.kind = in1, .set = &set[0], .bases = BASES(0, g1), .n = n, .out = &g1[0]},
        {.kind = in1, .set = &set[0], .bases = BASES(1, g1), .first = offset, .n = n - offset, .out = &g1[1]},
        {.kind = in2, .set = &set[0], .bases = BASES(2, g2), .n = n, .out = &g2[0]},
        {.kind = in1, .set = &set[1], .bases = BASES(3, g1), .n = n / 2, .out = &g1[2]},
        {.kind = in2, .set = &set[0], .bases = BASES(4, g2), .n = n / 4, .out = &g2[1]}};
#undef BASES
    uint8_t *table[5] = {NULL};
    for (int i = 0; i < 5; i++)
        if (tables >> i & 1) table[i] = make_table(&part[i], pool, window);
    void *scratch = bytes(pm_msm_scratch(part, 5, set, 2, threads));
    CHECK(pm_msm_sum_var(pool, part, 5, set, 2, scratch, NULL));
    for (int i = 0; i < 5; i++) {
        size_t len = part[i].kind == in1 ? c()->g1_bytes : c()->g2_bytes;
        if (part[i].kind == in1)
            c()->g1_to_affine(found, part[i].out);
        else
            c()->g2_to_affine(found, part[i].out);
        expected(right, b, &part[i], from[i]);
        CHECK_MSG(memcmp(found, right, len) == 0,
                  "part %d of %zu scalars of kind %d, %u threads, tables %x of %u", i, n, kind, threads,
                  tables, window);
        free(table[i]);
    }
    free(scratch);
    free(scalars[0]);
    free(scalars[1]);
    pm_pool_free(&pool);
}

static void check(const struct bases *b, size_t n, int kind, unsigned threads)
{
    check_tables(b, n, kind, threads, 0, 0);
}

PM_TEST(parts_over_shared_scalars)
{
    static const size_t sizes[] = {0,   1, 4, 100, 1000, PM_MSM_CHUNK - 1, PM_MSM_CHUNK, PM_MSM_CHUNK + 1,
                                   5000};
    struct bases *b = make_bases();
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (int kind = 0; kind < 4; kind++)
            if (sizes[s] < 4096 || kind < 2)
                check(b, sizes[s], kind, 1 + (unsigned)(s + 2 * (size_t)kind) % 5);
    check(b, MAX - 2, 1, 1);
    check(b, MAX - 2, 1, 2);
    check(b, MAX - 2, 1, 40);
    free(b);
}

/* With tables of some parts or of all: where they are used, where scalars are too few for it, where a thread
 * takes some windows, or some stretch of the bases. */
PM_TEST(tables_of_bases)
{
    struct bases *b = make_bases();
    check_tables(b, 0, 0, 1, 0x1f, 5);
    check_tables(b, 1, 0, 1, 0x1f, 3);
    check_tables(b, 300, 0, 1, 0x1f, 2);
    check_tables(b, 300, 0, 2, 0x1f, 9);
    check_tables(b, 1500, 0, 1, 0x1f, 10);
    check_tables(b, 700, 1, 3, 0x1f, 8);
    check_tables(b, 700, 3, 2, 0x1f, 8);
    check_tables(b, 700, 0, 2, 0x0a, 10);
    check_tables(b, 100, 0, 1, 0x05, 16);
    check_tables(b, PM_MSM_CHUNK + 500, 0, 40, 0x17, 7);
    free(b);
}

/* Row w of a table is 2^(c w) times its bases, infinities included, whatever the number of bases. */
PM_TEST(rows_of_tables)
{
    enum { N = 1100, C = 13 };
    struct bases *b = make_bases();
    struct pm_msm_part part = {.kind = c()->msm_g1, .bases = b->g1, .n = N};
    uint8_t *table = make_table(&part, NULL, C), right[PM_G1_MAX_BYTES];
    const size_t size = c()->g1_bytes;
    CHECK(memcmp(table, b->g1, N * size) == 0);
    for (size_t row = 1; row < pm_msm_table_bytes(part.kind, N, C) / (N * size); row++)
        for (size_t i = row % 7; i < N; i += 1 + i % 90) {
            struct pm_point1 p;
            c()->g1_from_affine(&p, table + ((row - 1) * N + i) * size);
            for (int k = 0; k < C; k++) c()->g1_add(&p, &p, &p);
            c()->g1_to_affine(right, &p);
            CHECK_MSG(memcmp(table + (row * N + i) * size, right, size) == 0, "row %zu, base %zu", row, i);
        }
    free(table);
    free(b);
}

PM_TEST(table_windows)
{
    const struct pm_msm_kind *kind = c()->msm_g1;
    unsigned saved, before = 100;
    for (size_t n = 1000; n < (size_t)1 << 24; n *= 8) {
        unsigned window = pm_msm_table_window(&saved, kind, n, 1);
        CHECK_MSG(saved <= before && window <= PM_MSM_MAX_C, "%zu bases: windows of %u bits save %u %%", n,
                  window, saved);
        CHECK(n > 100000 || (window > pm_msm_window(kind, n) && saved > 10));
        before = saved;
    }
    CHECK_U64(pm_msm_table_bytes(kind, (size_t)1 << 31, 13), SIZE_MAX);
}

PM_TEST(scratch_grows)
{
    size_t before = 0;
    for (size_t n = 0; n < 1 << 22; n = n * 3 + 1) {
        size_t one = pm_msm_one_scratch(c()->msm_g1, n, 2);
        CHECK(one >= before && one % 64 == 0 && pm_msm_one_scratch(c()->msm_g1, n, 3) >= one);
        before = one;
    }
}
