/* See statement.h. */
#include "statement.h"

#include <stdlib.h>
#include <string.h>

#ifndef TEST_CURVE /* else from CMakeLists.txt */
#define TEST_CURVE "bn128"
#endif

bool statement_make(struct statement *s, uint32_t n_public, uint64_t seed)
{
    *s = (struct statement){.proof_text = NULL};
    oracle_make(&s->o, pm_curve_by_name(TEST_CURVE), 4, n_public, seed);
    if (oracle_key_make(&s->k, &s->o, NULL, &s->err)) return false;
    uint8_t r[32], t[32];
    oracle_element(&s->o, r);
    oracle_element(&s->o, t);
    oracle_prove(&s->o, &s->proof, r, t);
    s->proof_text = pm_json_write_proof(&s->proof);
    s->public_text = pm_json_write_public(s->o.curve, s->o.witness + 32, n_public);
    s->vk_text = pm_json_write_vk(pm_key_vk(s->k.key));
    return s->proof_text && s->public_text && s->vk_text;
}

void statement_free(struct statement *s)
{
    free(s->proof_text);
    free(s->public_text);
    free(s->vk_text);
    oracle_key_free(&s->k);
    oracle_free(&s->o);
}

enum pm_status statement_check_with(const struct pm_vk *vk, const char *public_text, size_t public_len,
                                    const char *proof_text, size_t proof_len, struct pm_error *err)
{
    struct pm_proof proof;
    uint8_t *signals = NULL;
    uint32_t n;
    enum pm_status status;
    PM_GOTO(pm_json_read_public(&signals, &n, vk->curve, "public", public_text, public_len, err));
    PM_GOTO(pm_json_read_proof(&proof, "proof", proof_text, proof_len, err));
    status = pm_verify(vk, &proof, signals, n, err);
out:
    free(signals);
    return status;
}

enum pm_status statement_check(const char *vk_text, size_t vk_len, const char *public_text, size_t public_len,
                               const char *proof_text, size_t proof_len, struct pm_error *err)
{
    struct pm_vk vk = {0};
    enum pm_status status = pm_json_read_vk(&vk, "vk", vk_text, vk_len, err);
    if (status == PM_OK)
        status = statement_check_with(&vk, public_text, public_len, proof_text, proof_len, err);
    pm_vk_fini(&vk);
    return status;
}
