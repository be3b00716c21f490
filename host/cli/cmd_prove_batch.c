/* prove --batch: one key, many witnesses, each with a proof and public signals of its own in a folder. What a
 * single proof is is cmd_prove.c's. */
#include "base/clock.h"
#include "cli/cli.h"
#include "cli/prove_files.h"
#include "file/wtns.h"
#include "prove/prover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
    struct pm_wtns *wtns;
    struct pm_batch_item *item;
    size_t n;
    struct pm_zkey zkey;
    struct pm_pool *pool;
    struct pm_key *key;
    struct pm_prover *prover;
};

/* DIR/NAME.KIND.json for a witness NAME.wtns, whatever folder that is in. */
static enum pm_status path_of(char out[4096], const char *dir, const char *witness, const char *kind,
                              struct pm_error *err)
{
    const char *slash = strrchr(witness, '/'), *name = slash ? slash + 1 : witness;
    size_t len = strlen(name);
    if (len > 5 && strcmp(name + len - 5, ".wtns") == 0) len -= 5;
    int n = snprintf(out, 4096, "%s/%.*s.%s.json", dir, (int)len, name, kind);
    return n > 0 && n < 4096 ? PM_OK : pm_fail(err, PM_USAGE, "%.80s...: the path is too long", dir);
}

/* Two witnesses of one name would write the same files. */
static enum pm_status check_names(struct pm_cli *cli)
{
    char one[4096], other[4096];
    for (int i = 1; i < cli->n_args; i++)
        for (int j = 1; j < i; j++) {
            PM_TRY(path_of(one, cli->batch, cli->arg[i], "proof", &cli->err));
            PM_TRY(path_of(other, cli->batch, cli->arg[j], "proof", &cli->err));
            if (strcmp(one, other) == 0)
                return pm_fail(&cli->err, PM_USAGE, "%s and %s would both be proved to %s", cli->arg[j],
                               cli->arg[i], one);
        }
    return PM_OK;
}

static enum pm_status open_all(struct job *job, struct pm_cli *cli)
{
    PM_TRY(cli_pool(&job->pool, cli));
    PM_TRY(pm_zkey_open(&job->zkey, cli->arg[0], PM_CHECK_SHAPE, job->pool, &cli->err));
    for (size_t i = 0; i < job->n; i++) {
        PM_TRY(pm_wtns_open(&job->wtns[i], cli->arg[1 + i], &cli->err));
        if (job->wtns[i].curve != job->zkey.curve)
            return pm_fail(&cli->err, PM_MISMATCH,
                           "%s is a key for curve %s, the witness %s is over another field", cli->arg[0],
                           job->zkey.curve->name, cli->arg[1 + i]);
        job->item[i] =
            (struct pm_batch_item){.witness = job->wtns[i].values, .n_values = job->wtns[i].n_values};
    }
    PM_TRY(pm_key_new_warm(&job->key, &job->zkey, (size_t)cli->tables_mib << 20, job->pool, &cli->err));
    return pm_prover_new(&job->prover, job->key, cli->device, job->pool, &cli->err);
}

static enum pm_status write_all(const struct job *job, struct pm_cli *cli, json_t *list)
{
    char proof[4096], public[4096];
    for (size_t i = 0; i < job->n; i++) {
        const struct pm_batch_item *item = &job->item[i];
        const char *witness = cli->arg[1 + i];
        if (item->status != PM_OK) {
            json_array_append_new(
                list, json_pack("{s:s, s:s}", "witness", witness, "status", pm_status_name(item->status)));
            continue;
        }
        PM_TRY(path_of(proof, cli->batch, witness, "proof", &cli->err));
        PM_TRY(path_of(public, cli->batch, witness, "public", &cli->err));
        PM_TRY(cli_write_proof(pm_key_vk(job->key), &item->proof, item->witness, proof, public, &cli->err));
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "witness", witness, "status", "OK",
                                              "proof", proof, "public", public));
    }
    return PM_OK;
}

/* The batch's error names a number; a person wants the file. */
static enum pm_status name_first(const struct job *job, struct pm_cli *cli, enum pm_status status)
{
    for (size_t i = 0; i < job->n; i++)
        if (job->item[i].status == status) {
            (void)pm_fail_in(&cli->err, "%s", cli->arg[1 + i]);
            break;
        }
    return status;
}

enum pm_status cli_prove_batch(struct pm_cli *cli, json_t **result)
{
    struct job job = {.n = (size_t)cli->n_args - 1};
    enum pm_status status;
    uint64_t start = pm_clock_ns();
    PM_TRY(check_names(cli));
    job.wtns = calloc(job.n, sizeof *job.wtns);
    job.item = calloc(job.n, sizeof *job.item);
    if (!job.wtns || !job.item)
        PM_GOTO(pm_fail(&cli->err, PM_NO_MEMORY, "no memory for %zu witnesses", job.n));
    PM_GOTO(open_all(&job, cli));
    uint64_t loaded = pm_clock_ns();
    enum pm_status proved = pm_prove_batch(job.prover, job.item, job.n, &cli->err);
    uint64_t done = pm_clock_ns();
    json_t *list = json_array();
    size_t n_proofs = 0;
    for (size_t i = 0; i < job.n; i++) n_proofs += job.item[i].status == PM_OK;
    *result = json_pack("{s:o, s:i, s:s, s:i, s:i, s:o, s:o, s:o}", "results", list, "proofs", (int)n_proofs,
                        "device", pm_prover_device(job.prover), "threads", (int)pm_pool_threads(job.pool),
                        "tables_mib", (int)(pm_key_table_bytes(job.key) >> 20), "load_ms",
                        json_real((double)((loaded - start) / 1000) / 1000.0), "prove_ms",
                        json_real((double)((done - loaded) / 1000) / 1000.0), "proofs_per_second",
                        json_real((double)job.n * 1e9 / (double)(done - loaded + 1)));
    if (proved != PM_OK) proved = name_first(&job, cli, proved);
    status = write_all(&job, cli, list);
    if (status == PM_OK) status = proved;
out:
    pm_prover_free(&job.prover);
    pm_key_free(&job.key);
    for (size_t i = 0; i < job.n && job.wtns; i++)
        if (job.wtns[i].curve) pm_wtns_close(&job.wtns[i]);
    if (job.zkey.curve) pm_zkey_close(&job.zkey);
    pm_pool_free(&job.pool);
    free(job.wtns);
    free(job.item);
    return status;
}
