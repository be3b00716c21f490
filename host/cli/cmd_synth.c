/* synth: a circuit and its witness, of any size, for those who measure. What is in them is measure/'s. */
#include "base/clock.h"
#include "cli/cli.h"
#include "measure/measure.h"

#include <string.h>

enum { default_log2 = 16, spare_rows = 8 }; /* rows that a domain needs besides: the same as in bench */

static const char *const kinds[] = {
    [PM_SYNTH_WIDE] = "wide", [PM_SYNTH_MIXED] = "mixed", [PM_SYNTH_BITS] = "bits"};
enum { n_kinds = sizeof kinds / sizeof *kinds };

enum pm_status cmd_synth(struct pm_cli *cli, json_t **result)
{
    unsigned kind = 0, log2 = cli->log2 ? cli->log2 : default_log2;
    const struct pm_curve *curve = pm_curve_by_name(cli->curve);
    uint64_t start = pm_clock_ns();
    while (kind < n_kinds && strcmp(cli->kind, kinds[kind]) != 0) kind++;
    if (kind == n_kinds)
        return pm_fail(&cli->err, PM_USAGE, "--kind wants wide, mixed or bits, not \"%s\"", cli->kind);
    if (!curve) return pm_fail(&cli->err, PM_UNSUPPORTED, "curve \"%s\" is not supported", cli->curve);
    if (cli->constraints == 0 && log2 < 4)
        return pm_fail(&cli->err, PM_USAGE, "--log2 wants 4 or more; --constraints takes any number");
    uint32_t n = cli->constraints ? cli->constraints : ((uint32_t)1 << log2) - spare_rows;
    PM_TRY(pm_synth(cli->arg[0], cli->arg[1], curve, (enum pm_synth_kind)kind, n, &cli->err));
    *result = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:f}", "circuit", cli->arg[0], "witness",
                        cli->arg[1], "curve", curve->name, "kind", kinds[kind], "constraints", (json_int_t)n,
                        "wires", (json_int_t)n + 2, "public_signals", 1, "total_ms",
                        (double)((pm_clock_ns() - start) / 1000) / 1000.0);
    return PM_OK;
}
