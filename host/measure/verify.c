/* Verification: of one proof, with a key made ready, and in batches. Checked by proofs that hold and by
 * another signal, for which they must not. */
#include "measure/inside.h"
#include "prove/prover.h"
#include "prove/setup.h"

#include <stdlib.h>
#include <string.h>

enum { n_constraints = 60, repeats = 4, batch_max = 256, distinct = 16 };
static const size_t batch_size[] = {8, 64, batch_max};

struct verification {
    struct measure_files files;
    struct pm_zkey zkey;
    struct pm_wtns wtns;
    struct pm_key *key;
    struct pm_proof proof;
    void *scratch;
    struct pm_proof *proofs; /* batch_max, of which `distinct` differ */
    uint8_t *signals;
    enum pm_status *results;
    size_t batch;
    unsigned refused;
};

static enum pm_status verify(const struct verification *v, const uint8_t *signals)
{
    return pm_verify_in(pm_key_vk(v->key), &v->proof, signals, 1, v->scratch, NULL);
}

static enum pm_status verify_prepared(const struct verification *v, const uint8_t *signals)
{
    return pm_verify_ready_in(pm_key_vk_ready(v->key), &v->proof, signals, 1, v->scratch, NULL);
}

static void verify_some(void *arg)
{
    struct verification *v = arg;
    for (int i = 0; i < repeats; i++)
        if (verify(v, v->wtns.values + v->wtns.curve->fr_bytes) != PM_OK) v->refused++;
}
static void verify_some_prepared(void *arg)
{
    struct verification *v = arg;
    for (int i = 0; i < repeats; i++)
        if (verify_prepared(v, v->wtns.values + v->wtns.curve->fr_bytes) != PM_OK) v->refused++;
}

static enum pm_status verify_batch(struct verification *v)
{
    return pm_verify_batch(pm_key_vk_ready(v->key), v->results, v->proofs, v->signals, v->batch, NULL);
}
static void verify_some_at_once(void *arg)
{
    struct verification *v = arg;
    if (verify_batch(v) != PM_OK) v->refused++;
}

static enum pm_status prepare(struct verification *v, struct measure *m)
{
    struct pm_r1cs r1cs;
    struct pm_prover *prover = NULL;
    enum pm_status status;
    PM_TRY(measure_files_make(&v->files, m->err));
    PM_TRY(pm_synth(v->files.r1cs, v->files.wtns, m->curve, PM_SYNTH_WIDE, n_constraints, m->err));
    PM_TRY(pm_r1cs_open(&r1cs, v->files.r1cs, m->err));
    status = pm_setup_dev(&r1cs, v->files.zkey, NULL, m->pool, m->err);
    pm_r1cs_close(&r1cs);
    if (status != PM_OK) return status;
    PM_TRY(pm_zkey_open(&v->zkey, v->files.zkey, PM_CHECK_SHAPE, m->pool, m->err));
    PM_TRY(pm_wtns_open(&v->wtns, v->files.wtns, m->err));
    PM_TRY(pm_key_new(&v->key, &v->zkey, m->pool, m->err));
    PM_TRY(measure_alloc(&v->scratch, pm_verify_scratch_bytes(pm_key_vk(v->key)), m->err));
    PM_TRY(pm_prover_new(&prover, v->key, "cpu", m->pool, m->err));
    status = measure_alloc(&v->proofs, batch_max * sizeof *v->proofs, m->err);
    if (status == PM_OK)
        status = measure_alloc(&v->signals, batch_max * (size_t)v->wtns.curve->fr_bytes, m->err);
    if (status == PM_OK) status = measure_alloc(&v->results, batch_max * sizeof *v->results, m->err);
    for (size_t i = 0; i < batch_max && status == PM_OK; i++) {
        if (i < distinct)
            status = pm_prove(prover, &v->proofs[i], v->wtns.values, v->wtns.n_values, NULL, m->err);
        else
            v->proofs[i] = v->proofs[i % distinct];
        memcpy(v->signals + i * v->wtns.curve->fr_bytes, v->wtns.values + v->wtns.curve->fr_bytes,
               v->wtns.curve->fr_bytes);
    }
    if (status == PM_OK) v->proof = v->proofs[0];
    pm_prover_free(&prover);
    return status;
}

/* Batches, each checked with and without a proof that does not hold. */
static enum pm_status batches(struct verification *v, struct measure *m)
{
    static const char *const name[] = {"8 at once", "64 at once", "256 at once"};
    for (size_t i = 0; i < sizeof batch_size / sizeof batch_size[0]; i++) {
        v->batch = batch_size[i];
        uint8_t *last = v->signals + (v->batch - 1) * v->wtns.curve->fr_bytes;
        last[0] ^= 1;
        bool accepted = verify_batch(v) != PM_INVALID_PROOF || v->results[v->batch - 1] != PM_INVALID_PROOF ||
                        v->results[0] != PM_OK;
        last[0] ^= 1;
        if (accepted) return measure_wrong(m->err, "a batch with another public signal is accepted");
        if (verify_batch(v) != PM_OK) return measure_wrong(m->err, "a batch of proofs that hold is refused");
        measure_time(m, name[i], "proof", v->batch, verify_some_at_once, v);
    }
    return PM_OK;
}

enum pm_status pm_measure_verify(const struct pm_measure_options *options, pm_measure_emit *emit, void *ctx,
                                 struct pm_error *err)
{
    struct measure m;
    struct verification v = {.refused = 0};
    struct pm_measure_options small = *options;
    uint8_t other[PM_FR_MAX_BYTES];
    enum pm_status status;
    small.log2_n = 6;
    PM_GOTO(measure_begin(&m, "verify", 6, true, &small, emit, ctx, err));
    m.row.size = n_constraints;
    PM_GOTO(prepare(&v, &m));
    memcpy(other, v.wtns.values + v.wtns.curve->fr_bytes, v.wtns.curve->fr_bytes);
    other[0] ^= 1;
    if (verify(&v, v.wtns.values + v.wtns.curve->fr_bytes) != PM_OK)
        PM_GOTO(measure_wrong(err, "a proof that holds is refused"));
    if (verify_prepared(&v, v.wtns.values + v.wtns.curve->fr_bytes) != PM_OK)
        PM_GOTO(measure_wrong(err, "a proof that holds is refused with a prepared key"));
    if (verify(&v, other) != PM_INVALID_PROOF || verify_prepared(&v, other) != PM_INVALID_PROOF)
        PM_GOTO(measure_wrong(err, "another public signal is accepted"));
    m.row.threads = 1; /* verification has one */
    measure_time(&m, "one proof, one public signal", "proof", repeats, verify_some, &v);
    measure_time(&m, "the same, key prepared", "proof", repeats, verify_some_prepared, &v);
    PM_GOTO(batches(&v, &m));
    if (v.refused) PM_GOTO(measure_wrong(err, "a proof that held is refused"));
out:
    pm_key_free(&v.key);
    if (v.zkey.curve) pm_zkey_close(&v.zkey);
    if (v.wtns.curve) pm_wtns_close(&v.wtns);
    free(v.scratch);
    free(v.proofs);
    free(v.signals);
    free(v.results);
    measure_files_remove(&v.files);
    measure_end(&m);
    return status;
}
