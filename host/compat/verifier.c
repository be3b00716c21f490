/* rapidsnark's verifying function over json.h and verify.h. See verifier.h. */
#include "compat/verifier.h"
#include "json/json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads a proof; one that does not say its curve is of the key's. */
static enum pm_status read_proof(struct pm_proof *out, const char *text, const struct pm_curve *curve,
                                 struct pm_error *err)
{
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    char *with_curve = NULL;
    if (json_is_object(root) && !json_object_get(root, "curve") &&
        json_object_set_new(root, "curve", json_string(curve->name)) == 0)
        with_curve = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    const char *whole = with_curve ? with_curve : text;
    enum pm_status status = pm_json_read_proof(out, "proof", whole, strlen(whole), err);
    free(with_curve);
    return status;
}

static enum pm_status verify(const char *proof_text, const char *inputs, const char *key_text,
                             struct pm_error *err)
{
    struct pm_vk vk = {0};
    struct pm_proof proof;
    uint8_t *signals = NULL;
    uint32_t n_signals;
    enum pm_status status;
    if (!proof_text || !inputs || !key_text)
        return pm_fail(err, PM_USAGE, "no argument but error_msg may be NULL");
    PM_GOTO(pm_json_read_vk(&vk, "verification key", key_text, strlen(key_text), err));
    PM_GOTO(
        pm_json_read_public(&signals, &n_signals, vk.curve, "public signals", inputs, strlen(inputs), err));
    PM_GOTO(read_proof(&proof, proof_text, vk.curve, err));
    status = pm_verify(&vk, &proof, signals, n_signals, err);
out:
    free(signals);
    pm_vk_fini(&vk);
    return status;
}

int groth16_verify(const char *proof, const char *inputs, const char *verification_key, char *error_msg,
                   unsigned long error_msg_maxsize)
{
    struct pm_error err = {0};
    enum pm_status status = verify(proof, inputs, verification_key, &err);
    if (status == PM_OK) return VERIFIER_VALID_PROOF;
    if (status == PM_INVALID_PROOF) return VERIFIER_INVALID_PROOF;
    if (error_msg && error_msg_maxsize > 0) (void)snprintf(error_msg, error_msg_maxsize, "%s", err.text);
    return VERIFIER_ERROR;
}
