/* Every question in small: rows are complete, options are honoured, and a curve that computes wrongly is
 * found out before anything is timed. */
#include "measure/measure.h"
#include "test.h"

#include <dirent.h>
#include <unistd.h>

struct seen {
    unsigned n, with_peak;
    struct pm_measure_row last;
};

static void take(void *ctx, const struct pm_measure_row *row)
{
    struct seen *seen = ctx;
    seen->n++;
    seen->with_peak += row->peak_bytes > 0;
    seen->last = *row;
    CHECK(row->question && row->what && row->item);
    CHECK(row->size > 0 && row->items > 0 && row->threads > 0 && row->runs > 0);
    CHECK_MSG(row->min_ns > 0 && row->median_ns >= row->min_ns, "%s", row->what);
}

static struct pm_measure_options options(unsigned log2_n)
{
    return (struct pm_measure_options){
        .curve = pm_curve_by_name("bn128"), .device = "cpu", .threads = 2, .log2_n = log2_n, .runs = 2};
}

PM_TEST(all_questions)
{
    static const unsigned rows[] = {10, 4, 4, 9, 5};
    for (int i = 0; pm_measure_questions[i].name; i++) {
        struct pm_measure_options o = options(5);
        struct pm_error err = {0};
        struct seen seen = {0};
        CHECK_OK(pm_measure_questions[i].run(&o, take, &seen, &err), err);
        CHECK_MSG(seen.n == rows[i], "%s: %u rows", pm_measure_questions[i].name, seen.n);
        CHECK_STR(seen.last.question, pm_measure_questions[i].name);
        CHECK_U64(seen.with_peak, strcmp(seen.last.question, "prove") == 0 ? 3 : 0);
        if (i != 4) CHECK_U64(seen.last.size, 32);
    }
}

/* The usual circuit, and three proofs at a time besides. */
PM_TEST(proofs_in_flight)
{
    struct pm_measure_options o = options(5);
    struct pm_error err = {0};
    struct seen seen = {0};
    o.kind = PM_SYNTH_MIXED;
    o.in_flight = 3;
    o.table_bytes = 1 << 20; /* a row for their making */
    CHECK_OK(pm_measure_prove(&o, take, &seen, &err), err);
    CHECK_U64(seen.n, 11);
    CHECK_STR(seen.last.what, "warm: 3 at a time");
    CHECK_U64(seen.last.items, 6);
    CHECK_U64(seen.last.device_bytes + seen.last.device_planned_bytes, 0);
    o.in_flight = PM_MEASURE_MAX_IN_FLIGHT + 1;
    CHECK_U64(pm_measure_prove(&o, take, &seen, &err), PM_USAGE);
}

/* The CPU is not measured part by part. */
PM_TEST(device_needs_a_clock)
{
    struct pm_measure_options o = options(4);
    struct pm_error err = {0};
    struct seen seen = {0};
    CHECK_U64(pm_measure_device(&o, take, &seen, &err), PM_UNSUPPORTED);
    o.device = "abacus";
    CHECK_U64(pm_measure_msm(&o, take, &seen, &err), PM_USAGE);
    CHECK_U64(pm_measure_ntt(&o, take, &seen, &err), PM_USAGE);
    CHECK_U64(seen.n, 0);
}

/* bn128 with one fault each. */
static void wrong_vec_mul(struct pm_pool *pool, uint8_t *out, const uint8_t *a, const uint8_t *b, size_t n)
{
    const struct pm_curve *c = pm_curve_by_name("bn128");
    c->fr_vec_mul(pool, out, a, b, n);
    out[(n - 1) * 32] ^= 1;
}
static void wrong_forward(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const uint8_t *table,
                          unsigned table_log2_n)
{
    pm_curve_by_name("bn128")->ntt_forward(pool, data, log2_n, table, table_log2_n);
    data[0] ^= 1;
}
static void wrong_inverse(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const uint8_t *table,
                          unsigned table_log2_n)
{
    pm_curve_by_name("bn128")->ntt_inverse(pool, data, log2_n, table, table_log2_n);
    data[32] ^= 1;
}
static void wrong_odd_coset(struct pm_pool *pool, uint8_t *const *data, size_t count, unsigned log2_n,
                            const uint8_t *table, unsigned table_log2_n)
{
    pm_curve_by_name("bn128")->ntt_odd_coset(pool, data, count, log2_n, table, table_log2_n);
    data[0][0] ^= 1;
}
/* Of the sums of windows: infinity. */
static void no_work(const struct pm_msm_task *task, void *worker)
{
    const struct pm_msm_kind *kind = task->part->kind;
    (void)worker;
    for (unsigned i = 0; i < task->windows; i++)
        kind->set_infinity((uint8_t *)task->result + i * kind->point_bytes);
}
static void wrong_add(struct pm_point1 *out, const struct pm_point1 *a, const struct pm_point1 *b)
{
    (void)b;
    *out = *a;
}

static void check_found_out(const struct pm_curve *curve, pm_measure_fn *run, unsigned rows, const char *text)
{
    struct pm_measure_options o = options(4);
    struct pm_error err = {0};
    struct seen seen = {0};
    o.curve = curve;
    CHECK_U64(run(&o, take, &seen, &err), PM_INTERNAL);
    CHECK_U64(seen.n, rows);
    CHECK_MSG(strstr(err.text, text) != NULL, "\"%s\" lacks \"%s\"", err.text, text);
}

PM_TEST(wrong_results_are_not_timed)
{
    struct pm_curve c = *pm_curve_by_name("bn128");
    const struct pm_curve good = c;
    c.fr_vec_mul = wrong_vec_mul;
    check_found_out(&c, pm_measure_field, 0, "bulk");
    c = good;
    c.g1_add = wrong_add;
    check_found_out(&c, pm_measure_field, 0, "(s + t) P");
    c = good;
    c.ntt_forward = wrong_forward;
    check_found_out(&c, pm_measure_ntt, 0, "random point");
    c = good;
    c.ntt_inverse = wrong_inverse;
    check_found_out(&c, pm_measure_ntt, 0, "inverse");
    c = good;
    c.ntt_odd_coset = wrong_odd_coset;
    check_found_out(&c, pm_measure_ntt, 0, "odd coset");
    c = good;
    struct pm_msm_kind wrong = *good.msm_g1;
    wrong.work = no_work;
    c.msm_g1 = &wrong;
    check_found_out(&c, pm_measure_msm, 0, "G1");
    c = good;
    wrong = *good.msm_g2;
    wrong.work = no_work;
    c.msm_g2 = &wrong;
    check_found_out(&c, pm_measure_msm, 2, "G2");
}

static unsigned folders(void)
{
    const char *tmp = getenv("TMPDIR");
    unsigned n = 0;
    DIR *d = opendir(tmp ? tmp : "/tmp");
    for (struct dirent *e; d && (e = readdir(d));) n += strncmp(e->d_name, "proofmill-", 10) == 0;
    if (d) (void)closedir(d);
    return n;
}

PM_TEST(faulty_options)
{
    struct pm_error err = {0};
    struct seen seen = {0};
    char dir[] = "/tmp/pm-measure-XXXXXX";
    CHECK(mkdtemp(dir) != NULL && setenv("TMPDIR", dir, 1) == 0);
    for (int i = 0; pm_measure_questions[i].name; i++) {
        struct pm_measure_options o = options(4);
        o.runs = 0;
        CHECK_U64(pm_measure_questions[i].run(&o, take, &seen, &err), PM_USAGE);
        o.runs = PM_MEASURE_MAX_RUNS + 1;
        CHECK_U64(pm_measure_questions[i].run(&o, take, &seen, &err), PM_USAGE);
    }
    struct pm_measure_options o = options(27);
    CHECK_U64(pm_measure_ntt(&o, take, &seen, &err), PM_USAGE);
    o.log2_n = 3;
    CHECK_U64(pm_measure_prove(&o, take, &seen, &err), PM_USAGE);
    CHECK_U64(seen.n, 0);
    o.log2_n = 4;
    o.device = "abacus"; /* fails in the child, whose words must reach us */
    CHECK_U64(pm_measure_prove(&o, take, &seen, &err), PM_USAGE);
    CHECK_MSG(strstr(err.text, "abacus") != NULL, "%s", err.text);
    CHECK_U64(seen.n, 1);
    CHECK_U64(folders(), 0);
    CHECK(rmdir(dir) == 0);
}
