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

static void check(const struct bases *b, size_t n, int kind, unsigned threads)
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
    void *scratch = bytes(pm_msm_scratch(part, 5, set, 2, threads));
    CHECK(pm_msm_sum_var(pool, part, 5, set, 2, scratch, NULL));
    for (int i = 0; i < 5; i++) {
        size_t len = part[i].kind == in1 ? c()->g1_bytes : c()->g2_bytes;
        if (part[i].kind == in1)
            c()->g1_to_affine(found, part[i].out);
        else
            c()->g2_to_affine(found, part[i].out);
        expected(right, b, &part[i], from[i]);
        CHECK_MSG(memcmp(found, right, len) == 0, "part %d of %zu scalars of kind %d, %u threads", i, n, kind,
                  threads);
    }
    free(scratch);
    free(scalars[0]);
    free(scalars[1]);
    pm_pool_free(&pool);
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

PM_TEST(scratch_grows)
{
    size_t before = 0;
    for (size_t n = 0; n < 1 << 22; n = n * 3 + 1) {
        size_t one = pm_msm_one_scratch(c()->msm_g1, n, 2);
        CHECK(one >= before && one % 64 == 0 && pm_msm_one_scratch(c()->msm_g1, n, 3) >= one);
        before = one;
    }
}
