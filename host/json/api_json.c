/* The functions of proofmill.h that speak JSON, thin over json.h. */
#include "json/json.h"
#include "prove/api.h"

#include <stdlib.h>
#include <string.h>

static enum pm_status prove_json(struct proofmill_prover *prover, char **proof_json, char **public_json,
                                 const uint8_t *witness, size_t witness_bytes, struct pm_error *err)
{
    const struct pm_zkey *zkey = &prover->key->zkey;
    struct pm_proof proof;
    PM_TRY(pm_api_witness_size(prover->key, witness_bytes, err));
    PM_TRY(pm_prove(prover->prover, &proof, witness, zkey->n_vars, NULL, err));
    *proof_json = pm_json_write_proof(&proof);
    *public_json = pm_json_write_public(zkey->curve, witness + zkey->curve->fr_bytes, zkey->n_public);
    if (*proof_json && *public_json) return PM_OK;
    return pm_fail(err, PM_NO_MEMORY, "no memory for the proof's JSON");
}

int proofmill_prove_json(struct proofmill_prover *prover, char **proof_json, char **public_json,
                         const uint8_t *witness, size_t witness_bytes, struct proofmill_error *error)
{
    struct pm_error err = {0};
    *proof_json = *public_json = NULL;
    enum pm_status status = prove_json(prover, proof_json, public_json, witness, witness_bytes, &err);
    if (status != PM_OK) {
        free(*proof_json);
        free(*public_json);
        *proof_json = *public_json = NULL;
    }
    return pm_api_result(error, status, &err);
}

int proofmill_verify_json(const char *vk_json, const char *public_json, const char *proof_json,
                          struct proofmill_error *error)
{
    struct pm_error err = {0};
    struct pm_vk vk = {0};
    struct pm_proof proof;
    uint8_t *public_signals = NULL;
    uint32_t n_public;
    enum pm_status status;
    PM_GOTO(pm_json_read_vk(&vk, "verification key", vk_json, strlen(vk_json), &err));
    PM_GOTO(pm_json_read_public(&public_signals, &n_public, vk.curve, "public signals", public_json,
                                strlen(public_json), &err));
    PM_GOTO(pm_json_read_proof(&proof, "proof", proof_json, strlen(proof_json), &err));
    status = pm_verify(&vk, &proof, public_signals, n_public, &err);
out:
    free(public_signals);
    pm_vk_fini(&vk);
    return pm_api_result(error, status, &err);
}

int proofmill_export_vk_json(char **vk_json, const struct proofmill_key *key, struct proofmill_error *error)
{
    struct pm_error err = {0};
    enum pm_status status = PM_OK;
    *vk_json = pm_json_write_vk(pm_key_vk(key->key));
    if (!*vk_json) status = pm_fail(&err, PM_NO_MEMORY, "no memory for the verification key's JSON");
    return pm_api_result(error, status, &err);
}
