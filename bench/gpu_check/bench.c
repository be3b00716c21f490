/* Stage bench: first what the device can do at all, then sums, transforms and whole proofs of many sizes,
 * each question of host/measure/ on the device. Results are checked there before they are given out. The
 * sizes that the targets name come first, in case that the budget does not reach. */
#include "check.h"

#include <string.h>

enum pm_status bench_ask(const struct child *child, const struct item *item, struct pm_error *err)
{
    const bool proofs = item->question == pm_measure_prove;
    const struct pm_measure_options options = {.curve = item->curve,
                                               .device = child->device,
                                               .log2_n = item->log2_n,
                                               .runs = child->tiny ? 2 : item->count,
                                               .kind = item->kind,
                                               .in_flight = proofs ? 2 : 0};
    return item->question(&options, child_row, (void *)(uintptr_t)child, err);
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
    return log2_n >= 24 ? 60 : log2_n >= 22 ? 25 : log2_n >= 20 ? 10 : 3;
}

void plan_bench(struct items *items, const struct check *check)
{
    static const unsigned sizes[] = {20, 22, 24, 10, 12, 14, 16, 18}, proofs[] = {20, 17, 22, 16, 18};
    static const char *const curves[] = {"bn128", "bls12381"};
    for (int c = 0; c < 2; c++)
        add(items, "device", pm_measure_device, curves[c], PM_SYNTH_WIDE, check->tiny ? 5 : 0, 10);
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
}
