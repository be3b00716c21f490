/* ptau: development powers of tau, for those who make their keys with snarkjs. The work is
 * prove/dev_ptau.h's. */
#include "base/clock.h"
#include "cli/cli.h"
#include "file/ptau.h"
#include "prove/dev_ptau.h"

#include <stdlib.h>

static enum pm_status parse_power(unsigned *out, struct pm_cli *cli, const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || n < 1 || n > PM_PTAU_MAX_POWER)
        return pm_fail(&cli->err, PM_USAGE, "POWER wants a number from 1 to %d, not \"%s\"",
                       PM_PTAU_MAX_POWER, text);
    *out = (unsigned)n;
    return PM_OK;
}

enum pm_status cmd_ptau(struct pm_cli *cli, json_t **result)
{
    if (!cli->dev)
        return pm_fail(
            &cli->err, PM_USAGE,
            "ptau makes development powers of tau only: say --dev, or use those of a ceremony that "
            "others can trust");
    const struct pm_curve *curve = pm_curve_by_name(cli->curve);
    if (!curve) return pm_fail(&cli->err, PM_UNSUPPORTED, "curve \"%s\" is not supported", cli->curve);
    struct pm_pool *pool = NULL;
    unsigned power = 0;
    enum pm_status status;
    uint64_t start = pm_clock_ns();
    PM_TRY(parse_power(&power, cli, cli->arg[0]));
    PM_GOTO(cli_pool(&pool, cli));
    PM_GOTO(pm_ptau_dev(curve, power, cli->arg[1], NULL, pool, &cli->err));
    *result =
        json_pack("{s:s, s:s, s:i, s:f, s:s}", "powers_of_tau", cli->arg[1], "curve", curve->name, "power",
                  (int)power, "total_ms", (double)((pm_clock_ns() - start) / 1000) / 1000.0, "warning",
                  "development powers of tau: everyone knows their secrets and can forge proofs of every key "
                  "made from them");
out:
    pm_pool_free(&pool);
    return status;
}
