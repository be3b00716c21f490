/* prove, fullprove, setup: from files to a key or a proof. */
#include "base/bytes.h"
#include "base/clock.h"
#include "cli/cli.h"
#include "cli/prove_files.h"
#include "file/wtns.h"
#include "file/zkey.h"
#include "json/json.h"
#include "prove/prover.h"
#include "prove/setup.h"
#include "witness/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { max_input_bytes = 256 << 20 };

static json_t *milliseconds(uint64_t ns) { return json_real((double)(ns / 1000) / 1000.0); }

enum pm_status cli_write_proof(const struct pm_vk *vk, const struct pm_proof *proof, const uint8_t *witness,
                               const char *proof_path, const char *public_path, struct pm_error *err)
{
    char *proof_text = pm_json_write_proof(proof);
    char *public_text = pm_json_write_public(vk->curve, witness + vk->curve->fr_bytes, vk->n_public);
    enum pm_status status = PM_OK;
    if (!proof_text || !public_text)
        status = pm_fail(err, PM_NO_MEMORY, "no memory for the proof's text");
    else
        PM_GOTO(cli_write(public_path, public_text, err));
    if (status == PM_OK) PM_GOTO(cli_write(proof_path, proof_text, err));
out:
    free(proof_text);
    free(public_text);
    return status;
}

static enum pm_status prove_values(struct pm_cli *cli, json_t **result, const char *zkey_path,
                                   const uint8_t *values, uint32_t n_values, const uint8_t *prime,
                                   size_t prime_bytes, const char *proof_path, const char *public_path)
{
    struct pm_zkey zkey = {0};
    struct pm_pool *pool = NULL;
    struct pm_key *key = NULL;
    struct pm_prover *prover = NULL;
    struct pm_proof proof;
    struct pm_prove_times times = {0};
    enum pm_status status;
    uint64_t start = pm_clock_ns();
    PM_GOTO(cli_pool(&pool, cli));
    PM_GOTO(pm_zkey_open(&zkey, zkey_path, PM_CHECK_SHAPE, pool, &cli->err));
    if (prime_bytes != zkey.curve->fr_bytes || memcmp(prime, zkey.curve->fr_modulus, prime_bytes) != 0) {
        status =
            pm_fail(&cli->err, PM_MISMATCH, "%s is a key for curve %s, the witness is over another field",
                    zkey_path, zkey.curve->name);
        goto out;
    }
    PM_GOTO(pm_key_new(&key, &zkey, pool, &cli->err));
    PM_GOTO(pm_prover_new(&prover, key, cli->device, pool, &cli->err));
    uint64_t loaded = pm_clock_ns();
    PM_GOTO(pm_prove(prover, &proof, values, n_values, &times, &cli->err));
    PM_GOTO(cli_write_proof(pm_key_vk(key), &proof, values, proof_path, public_path, &cli->err));
    *result = json_pack("{s:s, s:s, s:i, s:i, s:s, s:b, s:i, s:o, s:o, s:o, s:o}", "proof", proof_path,
                        "public", public_path, "public_signals", (int)zkey.n_public, "domain",
                        (int)zkey.domain_size, "device", pm_prover_device(prover), "device_fault",
                        (int)pm_prover_device_fault(prover), "threads", (int)pm_pool_threads(pool), "load_ms",
                        milliseconds(loaded - start), "prove_ms", milliseconds(times.total_ns), "check_ms",
                        milliseconds(times.check_ns), "total_ms", milliseconds(pm_clock_ns() - start));
out:
    pm_prover_free(&prover);
    pm_key_free(&key);
    pm_zkey_close(&zkey);
    pm_pool_free(&pool);
    return status;
}

enum pm_status cmd_prove(struct pm_cli *cli, json_t **result)
{
    if (cli->batch) return cli_prove_batch(cli, result);
    if (cli->n_args != 4)
        return pm_fail(&cli->err, PM_USAGE,
                       "prove takes 4 arguments (CIRCUIT.zkey WITNESS.wtns PROOF.json PUBLIC.json), not %d; "
                       "for several witnesses see --batch",
                       cli->n_args);
    struct pm_wtns wtns;
    PM_TRY(pm_wtns_open(&wtns, cli->arg[1], &cli->err));
    enum pm_status status =
        prove_values(cli, result, cli->arg[0], wtns.values, wtns.n_values, wtns.curve->fr_modulus,
                     wtns.curve->fr_bytes, cli->arg[2], cli->arg[3]);
    pm_wtns_close(&wtns);
    return status;
}

/* The cache folder: --cache, or proofmill below $XDG_CACHE_HOME or ~/.cache; its parent is made where it is
 * missing. */
static enum pm_status cache_dir(char out[4096], struct pm_cli *cli)
{
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n;
    if (cli->cache)
        n = snprintf(out, 4096, "%s", cli->cache);
    else if (base && *base)
        n = snprintf(out, 4096, "%s/proofmill", base);
    else if (home && *home)
        n = snprintf(out, 4096, "%s/.cache/proofmill", home);
    else
        return pm_fail(&cli->err, PM_USAGE,
                       "there is no HOME to keep native code in: name a folder by --cache");
    if (n >= 4096) return pm_fail(&cli->err, PM_USAGE, "the cache folder's path is too long");
    char *slash = strrchr(out, '/');
    if (slash && slash != out && !cli->cache) {
        *slash = '\0';
        (void)mkdir(out, 0700);
        *slash = '/';
    }
    return PM_OK;
}

enum pm_status cmd_fullprove(struct pm_cli *cli, json_t **result)
{
    struct pm_circuit *circuit = NULL;
    struct pm_witness witness = {0};
    char cache[4096], *input = NULL;
    size_t len = 0;
    enum pm_status status;
    PM_GOTO(cache_dir(cache, cli));
    PM_GOTO(pm_json_load(&input, &len, cli->arg[0], max_input_bytes, &cli->err));
    PM_GOTO(pm_circuit_open(&circuit, cli->arg[1], cache, &cli->err));
    uint64_t start = pm_clock_ns();
    PM_GOTO(pm_circuit_witness(circuit, input, len, &witness, NULL, &cli->err));
    uint64_t made = pm_clock_ns();
    PM_GOTO(prove_values(cli, result, cli->arg[2], witness.values, witness.n_values, witness.prime,
                         witness.n8, cli->arg[3], cli->arg[4]));
    json_object_set_new(*result, "witness_ms", milliseconds(made - start));
out:
    if (input) pm_wipe(input, len);
    free(input);
    pm_witness_fini(&witness);
    pm_circuit_close(&circuit);
    return status;
}

enum pm_status cmd_setup(struct pm_cli *cli, json_t **result)
{
    if (!cli->dev)
        return pm_fail(&cli->err, PM_USAGE,
                       "setup makes development keys only: say --dev, or use snarkjs for a ceremony that "
                       "others can trust");
    struct pm_r1cs r1cs = {0};
    struct pm_pool *pool = NULL;
    enum pm_status status;
    uint64_t start = pm_clock_ns();
    PM_GOTO(cli_pool(&pool, cli));
    PM_GOTO(pm_r1cs_open(&r1cs, cli->arg[0], &cli->err));
    PM_GOTO(pm_setup_dev(&r1cs, cli->arg[1], NULL, pool, &cli->err));
    *result = json_pack("{s:s, s:s, s:i, s:i, s:o, s:s}", "key", cli->arg[1], "curve", r1cs.curve->name,
                        "constraints", (int)r1cs.n_constraints, "public_signals",
                        (int)(r1cs.n_outputs + r1cs.n_public_inputs), "total_ms",
                        milliseconds(pm_clock_ns() - start), "warning",
                        "development key: its maker can forge proofs; never let it hold value");
out:
    pm_r1cs_close(&r1cs);
    pm_pool_free(&pool);
    return status;
}
