/* The backend's `time` on the emulated GPU, asked by the benchmarks' own questions, which check every result
 * that has been under the clock; and that they find a wrong one. */
#include "measure/measure.h"
#include "prove/backend.h"

#include "emu_world.h"

static struct pm_backend backend; /* the emulated one, perhaps with a fault */

const struct pm_backend *const *pm_backend_list(void)
{
    static const struct pm_backend *const list[] = {&backend, &pm_backend_cpu, NULL};
    return list;
}

enum pm_status pm_backend_find(const struct pm_backend **out, unsigned *device, const char *name,
                               struct pm_error *err)
{
    (void)err;
    *device = 0;
    *out = strcmp(name, "cpu") == 0 ? &pm_backend_cpu : &backend;
    return PM_OK;
}

struct seen {
    unsigned n;
    uint64_t items;
};

static void take(void *ctx, const struct pm_measure_row *row)
{
    struct seen *seen = ctx;
    seen->n++;
    seen->items += row->items;
    CHECK_MSG(row->min_ns > 0 && row->median_ns >= row->min_ns && row->items > 0 && row->runs == 2, "%s",
              row->what);
}

static enum pm_status ask(pm_measure_fn *question, const char *curve, unsigned log2_n, struct seen *seen,
                          struct pm_error *err)
{
    const struct pm_measure_options options = {
        .curve = pm_curve_by_name(curve), .device = "emu", .threads = 1, .log2_n = log2_n, .runs = 2};
    *seen = (struct seen){0};
    return question(&options, take, seen, err);
}

static const char *const curves[] = {"bn128", "bls12381"};

PM_TEST(questions_on_the_device)
{
    struct pm_error err = {0};
    struct seen seen;
    backend = pm_backend_emu;
    for (int i = 0; i < 2; i++) {
        CHECK_OK(ask(pm_measure_msm, curves[i], 5, &seen, &err), err);
        CHECK_U64(seen.n, 4);
        CHECK_U64(seen.items, 4 * 32);
        CHECK_OK(ask(pm_measure_ntt, curves[i], 6, &seen, &err), err);
        CHECK_U64(seen.n, 3);
        CHECK_OK(ask(pm_measure_ntt, curves[i], 1, &seen, &err), err);
        CHECK_OK(ask(pm_measure_device, curves[i], 3, &seen, &err), err);
        CHECK_U64(seen.n, 10);
    }
}

/* A `time` that does one thing wrong: the last byte of what comes back. */
static enum pm_status wrong_time(uint64_t *run_ns, unsigned runs, struct pm_backend_timed *timed,
                                 unsigned device, struct pm_pool *pool, struct pm_error *err)
{
    PM_TRY(pm_backend_emu.time(run_ns, runs, timed, device, pool, err));
    if (timed->data) timed->data[0] ^= 1;
    if (timed->sums) timed->sums->n--;
    return PM_OK;
}

PM_TEST(wrong_results_are_found)
{
    struct pm_error err = {0};
    struct seen seen;
    backend = pm_backend_emu;
    backend.time = wrong_time;
    CHECK_U64(ask(pm_measure_msm, "bn128", 5, &seen, &err), PM_INTERNAL);
    CHECK_U64(seen.n, 0);
    CHECK_U64(ask(pm_measure_ntt, "bn128", 5, &seen, &err), PM_INTERNAL);
    CHECK_U64(seen.n, 0);
    CHECK_U64(ask(pm_measure_device, "bn128", 3, &seen, &err), PM_INTERNAL);
    CHECK_U64(seen.n, 8); /* rates have no result */
}

PM_TEST(refusals)
{
    struct pm_error err = {0};
    uint64_t ns[1];
    struct pm_backend_timed timed = {.part = PM_TIMED_NTT, .curve = "secp256k1", .n = 4};
    CHECK_U64(pm_backend_emu.time(ns, 1, &timed, 0, NULL, &err), PM_UNSUPPORTED);
    timed.part = PM_TIMED_LAUNCH;
    timed.n = 0;
    CHECK_U64(pm_backend_emu.time(ns, 1, &timed, 0, NULL, &err), PM_USAGE);
    timed.n = 1;
    CHECK(pm_backend_emu.time(ns, 1, &timed, 99, NULL, &err) != PM_OK);
    timed.part = PM_TIMED_MSM;
    timed.curve = "bn128";
    timed.group = 3;
    CHECK_U64(pm_backend_emu.time(ns, 1, &timed, 0, NULL, &err), PM_USAGE);
    CHECK(pm_backend_cpu.time == NULL);
}
