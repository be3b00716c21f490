/* inspect: what a file holds. The kind is told by its first bytes, not by its name. */
#include "cli/cli.h"
#include "file/ptau.h"
#include "file/r1cs.h"
#include "file/wtns.h"
#include "file/zkey.h"
#include "json/json.h"
#include "prove/dev_secrets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum pm_status inspect_zkey(struct pm_cli *cli, const char *path, json_t **result)
{
    struct pm_zkey z = {0};
    struct pm_pool *pool = NULL;
    enum pm_status status;
    PM_GOTO(cli_pool(&pool, cli));
    PM_GOTO(pm_zkey_open(&z, path, cli->deep ? PM_CHECK_DEEP : PM_CHECK_SHAPE, pool, &cli->err));
    bool known = pm_dev_secrets_made(z.curve, z.alpha1, z.beta2);
    const char *fitness = known   ? "development key: from powers of tau whose secrets everyone knows"
                          : z.dev ? "development key: its maker can forge proofs"
                          : z.no_second_phase
                              ? "no second phase (gamma = delta): anyone can forge proofs"
                              : "has a second phase; whether its ceremony is to be trusted is yours to know";
    *result = json_pack("{s:s, s:s, s:i, s:i, s:i, s:I, s:I, s:b, s:b, s:s, s:s}", "kind", "zkey (groth16)",
                        "curve", z.curve->name, "variables", (int)z.n_vars, "public_signals", (int)z.n_public,
                        "domain", (int)z.domain_size, "coefficients", (json_int_t)z.n_coeffs, "bytes",
                        (json_int_t)z.file.size_bytes, "development", z.dev || known, "no_second_phase",
                        z.no_second_phase, "fitness", fitness, "checked",
                        cli->deep ? "all, every point included" : "all but the points (--deep checks them)");
    pm_zkey_close(&z);
out:
    pm_pool_free(&pool);
    return status;
}

static enum pm_status inspect_ptau(struct pm_cli *cli, const char *path, json_t **result)
{
    struct pm_ptau p = {0};
    struct pm_pool *pool = NULL;
    enum pm_status status;
    PM_GOTO(cli_pool(&pool, cli));
    PM_GOTO(pm_ptau_open(&p, path, cli->deep ? PM_CHECK_DEEP : PM_CHECK_SHAPE, pool, &cli->err));
    *result = json_pack("{s:s, s:s, s:i, s:i, s:i, s:b, s:b, s:I, s:s}", "kind", "ptau", "curve",
                        p.curve->name, "power", (int)p.power, "ceremony_power", (int)p.ceremony_power,
                        "contributions", (int)p.n_contributions, "prepared", p.prepared, "development",
                        p.dev || pm_dev_secrets_made(p.curve, p.alpha_tau1, p.beta2), "bytes",
                        (json_int_t)p.file.size_bytes, "checked",
                        cli->deep ? "every point; not that the powers follow from one another"
                                  : "all but the points (--deep checks them)");
    pm_ptau_close(&p);
out:
    pm_pool_free(&pool);
    return status;
}

static enum pm_status inspect_wtns(struct pm_cli *cli, const char *path, json_t **result)
{
    struct pm_wtns w;
    PM_TRY(pm_wtns_open(&w, path, &cli->err));
    *result = json_pack("{s:s, s:s, s:i}", "kind", "wtns", "curve", w.curve->name, "values", (int)w.n_values);
    pm_wtns_close(&w);
    return PM_OK;
}

static enum pm_status inspect_r1cs(struct pm_cli *cli, const char *path, json_t **result)
{
    struct pm_r1cs r;
    PM_TRY(pm_r1cs_open(&r, path, &cli->err));
    *result = json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i}", "kind", "r1cs", "curve", r.curve->name,
                        "constraints", (int)r.n_constraints, "variables", (int)r.n_vars, "outputs",
                        (int)r.n_outputs, "public_inputs", (int)r.n_public_inputs, "private_inputs",
                        (int)r.n_private_inputs);
    pm_r1cs_close(&r);
    return PM_OK;
}

static enum pm_status inspect_json(struct pm_cli *cli, const char *path, json_t **result)
{
    char *text;
    size_t len;
    PM_TRY(pm_json_load(&text, &len, path, 256u << 20, &cli->err));
    json_error_t where;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
    enum pm_status status = PM_OK;
    if (!root) {
        status = pm_fail(&cli->err, PM_FORMAT, "%s: line %d: %s", path, where.line, where.text);
    } else if (json_object_get(root, "vk_alpha_1")) {
        struct pm_vk vk = {0};
        status = pm_json_read_vk(&vk, path, text, len, &cli->err);
        if (status == PM_OK)
            *result = json_pack("{s:s, s:s, s:i, s:b}", "kind", "verification key", "curve", vk.curve->name,
                                "public_signals", (int)vk.n_public, "development", vk.dev);
        pm_vk_fini(&vk);
    } else if (json_object_get(root, "pi_a")) {
        struct pm_proof proof;
        status = pm_json_read_proof(&proof, path, text, len, &cli->err);
        if (status == PM_OK) *result = json_pack("{s:s, s:s}", "kind", "proof", "curve", proof.curve->name);
    } else {
        status =
            pm_fail(&cli->err, PM_UNSUPPORTED, "%s: JSON, but neither a proof nor a verification key", path);
    }
    json_decref(root);
    free(text);
    return status;
}

enum pm_status cmd_inspect(struct pm_cli *cli, json_t **result)
{
    const char *path = cli->arg[0];
    char magic[5] = {0};
    FILE *f = fopen(path, "rb");
    if (!f) return pm_fail(&cli->err, PM_IO, "%s: cannot be read: %s", path, strerror(errno));
    size_t n = fread(magic, 1, 4, f);
    int why = ferror(f) ? errno : 0;
    (void)fclose(f);
    if (why) return pm_fail(&cli->err, PM_IO, "%s: cannot be read: %s", path, strerror(why));
    if (n == 4 && memcmp(magic, "zkey", 4) == 0) return inspect_zkey(cli, path, result);
    if (n == 4 && memcmp(magic, "ptau", 4) == 0) return inspect_ptau(cli, path, result);
    if (n == 4 && memcmp(magic, "wtns", 4) == 0) return inspect_wtns(cli, path, result);
    if (n == 4 && memcmp(magic, "r1cs", 4) == 0) return inspect_r1cs(cli, path, result);
    if (magic[0] == '{' || magic[0] == '[') return inspect_json(cli, path, result);
    return pm_fail(&cli->err, PM_UNSUPPORTED,
                   "%s: starts with neither zkey, ptau, wtns, r1cs nor a JSON object", path);
}
