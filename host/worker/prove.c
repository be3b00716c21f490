/* From a witness to a proof that was checked against the pairing, as the JSON texts that go to the
 * coordinator. One thread; the prover itself uses all of the pool's. Next: session.c sends the result. */
#include "worker/worker.h"

#include "base/clock.h"
#include "base/log.h"
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

/* Whether the witness is one for this key at all. */
static enum pm_status check_fit(const struct pm_witness *witness, const struct pm_zkey *zkey,
                                struct pm_error *err)
{
    if (witness->n8 != zkey->curve->fr_bytes ||
        memcmp(witness->prime, zkey->curve->fr_modulus, witness->n8) != 0)
        return pm_fail(err, PM_CIRCUIT, "the circuit's field is not that of the key's curve (%s)",
                       zkey->curve->name);
    if (witness->n_values != zkey->n_vars)
        return pm_fail(err, PM_CIRCUIT,
                       "the circuit gives %u values, the key was made for %u: they do not belong together",
                       witness->n_values, zkey->n_vars);
    return PM_OK;
}

static enum pm_status prove(struct pm_worker *w, struct pm_job *job, char **proof_text, char **public_text,
                            struct pm_error *err)
{
    char path[PM_ARTIFACT_PATH], text[64];
    const struct pm_key *key = NULL;
    struct pm_prover *prover = NULL;
    const struct pm_artifact *artifact = NULL;
    struct pm_proof proof;
    struct pm_prove_times times = {0};
    uint32_t loaded_ms = 0;
    uint64_t begin = pm_clock_ms();
    if (begin >= job->deadline_ms)
        return pm_fail(err, PM_TIMEOUT, "the lease ended before its proof was begun");
    for (size_t i = 0; i < job->n_artifacts && !artifact; i++)
        if (job->artifacts[i].kind == PM_ARTIFACT_ZKEY) artifact = &job->artifacts[i];
    if (!artifact) return pm_fail(err, PM_PROTOCOL, "the task names no zkey");
    PM_TRY(
        pm_artifacts_get(w->artifacts, path, NULL, artifact, job->cancel_fd, err)); /* it is there already */
    PM_TRY(pm_keys_get(w->keys, &key, &prover, path, artifact->sha256, &loaded_ms, err));
    const struct pm_zkey *zkey = pm_key_zkey(key);
    PM_TRY(check_fit(&job->witness, zkey, err));
    if (loaded_ms)
        pm_log(PM_LOG_INFO, "prove", "key of %u wires, domain 2^%u: loaded in %u ms", zkey->n_vars,
               zkey->log2_domain, loaded_ms);
    uint64_t start = pm_clock_ms();
    PM_TRY(pm_prove(prover, &proof, job->witness.values, job->witness.n_values, &times, err));
    job->prove_ms = (uint32_t)(pm_clock_ms() - start);
    *proof_text = pm_json_write_proof(&proof);
    *public_text =
        pm_json_write_public(zkey->curve, job->witness.values + zkey->curve->fr_bytes, zkey->n_public);
    pm_log(PM_LOG_INFO, "prove", "%s: proof %u ms (rows %u, ntt %u, msm %u, check %u)",
           pm_worker_task_text(text, job), job->prove_ms, (unsigned)(times.rows_ns / 1000000),
           (unsigned)(times.ntt_ns / 1000000), (unsigned)(times.msm_ns / 1000000),
           (unsigned)(times.check_ns / 1000000));
    if (pm_keys_quarantine(w->keys, prover))
        pm_log(PM_LOG_ERROR, "prove",
               "this machine's device gave a wrong proof or failed; proofs are made on the CPU now");
    return *proof_text && *public_text ? PM_OK
                                       : pm_fail(err, PM_NO_MEMORY, "no memory for the texts of a proof");
}

void *pm_worker_prove(void *arg)
{
    struct pm_worker *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->stopping) {
        if (w->let_go) { /* the disk is full of files, and those of loaded keys are among them */
            w->let_go = false;
            pthread_mutex_unlock(&w->lock);
            pm_keys_drop_all(w->keys);
            pthread_mutex_lock(&w->lock);
        }
        struct pm_job *job = pm_work_take(&w->work, PM_JOB_READY);
        if (!job) {
            pthread_cond_wait(&w->changed, &w->lock);
            continue;
        }
        pthread_mutex_unlock(&w->lock);
        char text[64], *proof = NULL, *publics = NULL;
        struct pm_error err = {.status = PM_OK};
        enum pm_status status = prove(w, job, &proof, &publics, &err);
        if (status != PM_OK)
            pm_log(PM_LOG_WARN, "prove", "%s: %s: %s", pm_worker_task_text(text, job), pm_status_name(status),
                   err.text);
        pthread_mutex_lock(&w->lock);
        if (status == PM_OK) {
            pm_work_finish(&w->work, job, proof, publics);
        } else {
            free(proof);
            free(publics);
            pm_work_fail(&w->work, job, &err);
        }
        pm_worker_wake(w);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}
