/* Stage bench: first what the device can do at all, then sums, transforms and whole proofs of many sizes,
 * each question of host/measure/ on the device. Results are checked there before they are given out. The
 * sizes that the targets name come first, in case that the budget does not reach. */
#include "check.h"
#include "prove/key.h"

#include <string.h>

enum pm_status bench_ask(const struct child *child, const struct item *item, struct pm_error *err)
{
    const bool proofs = item->question == pm_measure_prove;
    const struct pm_measure_options options = {.curve = item->curve,
                                               .device = child->device,
                                               .log2_n = item->log2_n,
                                               .runs = child->tiny ? 2 : item->count,
                                               .kind = item->kind,
                                               .in_flight = !proofs      ? 0
                                                            : item->keys ? item->keys
                                                                         : 2};
    return item->question(&options, child_row, (void *)(uintptr_t)child, err);
}

/* What a process takes of a device's memory besides keys and workspaces, beside what plans leave for it: a
 * context, code, local memory. By what is free once a proof was made on each curve and all is freed; memory
 * that other processes hold is in it, so that it says something on a card of one's own. */
static enum pm_status reserve(const struct child *child, const struct item *item, struct pm_error *err)
{
    const struct pm_backend *backend;
    unsigned index;
    struct pm_backend_device device = {.memory_bytes = 0};
    struct pm_backend_plan plan = {.device_reserve_bytes = 0};
    struct item one = *item;
    PM_TRY(pm_backend_find(&backend, &index, child->device, err));
    for (int i = 0; i < 2; i++) {
        struct known k;
        struct pm_prover *prover = NULL;
        uint64_t ns;
        enum pm_status status;
        one.curve = pm_curve_by_name(i ? "bls12381" : "bn128");
        PM_GOTO(known_make(&k, child, &one, err));
        PM_GOTO(pm_prover_new(&prover, k.key, child->device, k.pool, err));
        PM_GOTO(known_prove(&k, prover, &ns, err));
        status = backend->plan(&plan, &k.key->view, index, 1, err);
    out:
        pm_prover_free(&prover);
        known_free(&k);
        if (status != PM_OK) return status;
    }
    PM_TRY(backend->describe(&device, index, err));
    if (!device.free_bytes)
        return pm_fail(err, PM_UNSUPPORTED, "%s does not tell what is free of its memory", child->device);
    child_value(child, "memory", "all but keys and workspaces", 0,
                (double)(device.memory_bytes - device.free_bytes), "bytes");
    child_value(child, "memory", "planned for that", 0, (double)plan.device_reserve_bytes, "bytes");
    return PM_OK;
}

static void add(struct items *items, const char *name, pm_measure_fn *question, const char *curve,
                enum pm_synth_kind kind, unsigned log2_n, unsigned needs_s)
{
    char full[48];
    static const char *const kinds[] = {
        [PM_SYNTH_WIDE] = "-wide", [PM_SYNTH_MIXED] = "-mixed", [PM_SYNTH_BITS] = "-bits"};
    (void)snprintf(full, sizeof full, "%s-%s%s-%u", name, curve,
                   question == pm_measure_prove ? kinds[kind] : "", log2_n);
    struct item *it = items_add(items, "bench", full, needs_s, 200);
    it->run = bench_ask;
    it->question = question;
    it->curve = pm_curve_by_name(curve);
    it->kind = kind;
    it->log2_n = log2_n;
    it->count = log2_n >= 22 ? 5 : 11;
}

static unsigned seconds(unsigned log2_n)
{
    return log2_n >= 26 ? 120 : log2_n >= 24 ? 60 : log2_n >= 22 ? 25 : log2_n >= 20 ? 10 : 3;
}

void plan_bench(struct items *items, const struct check *check)
{
    static const unsigned sizes[] = {20, 22, 24, 10, 12, 14, 16, 18}, proofs[] = {20, 17, 22, 16, 18},
                          more[] = {16, 18, 22}, odd[] = {11, 13, 15, 17, 19, 21, 23};
    static const char *const curves[] = {"bn128", "bls12381"};
    for (int c = 0; c < 2; c++)
        add(items, "device", pm_measure_device, curves[c], PM_SYNTH_WIDE, check->tiny ? 5 : 0, 10);
    items_add(items, "bench", "memory", 5, 60)->run = reserve;
    items->at[items->n - 1].kind = PM_SYNTH_MIXED;
    items->at[items->n - 1].log2_n = check->tiny ? 5 : 14;
    if (check->tiny) {
        add(items, "msm", pm_measure_msm, "bn128", PM_SYNTH_WIDE, 5, 1);
        add(items, "ntt", pm_measure_ntt, "bls12381", PM_SYNTH_WIDE, 5, 1);
        add(items, "prove", pm_measure_prove, "bn128", PM_SYNTH_MIXED, 5, 1);
        return;
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        add(items, "msm", pm_measure_msm, "bn128", PM_SYNTH_WIDE, sizes[i], seconds(sizes[i]));
        add(items, "ntt", pm_measure_ntt, "bn128", PM_SYNTH_WIDE, sizes[i], seconds(sizes[i]) / 2 + 1);
        if (i >= sizeof proofs / sizeof *proofs) continue;
        add(items, "prove", pm_measure_prove, "bn128", PM_SYNTH_MIXED, proofs[i], seconds(proofs[i] + 1));
        add(items, "prove", pm_measure_prove, "bn128", PM_SYNTH_WIDE, proofs[i], seconds(proofs[i] + 1));
    }
    add(items, "msm", pm_measure_msm, "bls12381", PM_SYNTH_WIDE, 20, 15);
    add(items, "ntt", pm_measure_ntt, "bls12381", PM_SYNTH_WIDE, 20, 8);
    add(items, "prove", pm_measure_prove, "bls12381", PM_SYNTH_MIXED, 20, 30);
    add(items, "prove-4-in-flight", pm_measure_prove, "bn128", PM_SYNTH_MIXED, 17, 10);
    items->at[items->n - 1].keys = 4;
    add(items, "prove-8-in-flight", pm_measure_prove, "bn128", PM_SYNTH_MIXED, 20, 30);
    items->at[items->n - 1].keys = 8;
    add(items, "ntt", pm_measure_ntt, "bn128", PM_SYNTH_WIDE, 26, seconds(26));
    add(items, "ntt", pm_measure_ntt, "bn128", PM_SYNTH_WIDE, 25, seconds(25));
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        add(items, "msm", pm_measure_msm, "bls12381", PM_SYNTH_WIDE, more[i], 2 * seconds(more[i]));
        add(items, "ntt", pm_measure_ntt, "bls12381", PM_SYNTH_WIDE, more[i], seconds(more[i]));
        add(items, "prove", pm_measure_prove, "bls12381", PM_SYNTH_MIXED, more[i], 2 * seconds(more[i]));
    }
    add(items, "prove", pm_measure_prove, "bls12381", PM_SYNTH_WIDE, 20, 30);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        add(items, "msm", pm_measure_msm, "bn128", PM_SYNTH_WIDE, odd[i], seconds(odd[i]));
        add(items, "ntt", pm_measure_ntt, "bn128", PM_SYNTH_WIDE, odd[i], seconds(odd[i]) / 2 + 1);
        if (odd[i] != 19 && odd[i] != 21) continue;
        add(items, "prove", pm_measure_prove, "bn128", PM_SYNTH_MIXED, odd[i], seconds(odd[i] + 1));
        add(items, "prove", pm_measure_prove, "bn128", PM_SYNTH_WIDE, odd[i], seconds(odd[i] + 1));
    }
}
