/* The circuit and keys that items prove: made where they are needed, in the item's own folder. See check.h.
 */
#include "check.h"
#include "base/clock.h"
#include "prove/key.h"
#include "prove/setup.h"

#include <stdlib.h>
#include <string.h>

enum { spare_rows = 8 }; /* constraints that the domain has room for besides */

enum pm_status known_rekey(struct known *k, struct pm_error *err)
{
    struct pm_r1cs r1cs;
    known_free_key(k);
    PM_TRY(pm_r1cs_open(&r1cs, k->r1cs, err));
    enum pm_status status = pm_setup_dev(&r1cs, k->zkey, NULL, k->pool, err);
    pm_r1cs_close(&r1cs);
    if (status != PM_OK) return status;
    k->file = calloc(1, sizeof *k->file);
    if (!k->file) return pm_fail(err, PM_NO_MEMORY, "no memory for a key");
    status = pm_zkey_open(k->file, k->zkey, PM_CHECK_SHAPE, k->pool, err);
    if (status != PM_OK) {
        free(k->file);
        k->file = NULL;
        return status;
    }
    return pm_key_new(&k->key, k->file, k->pool, err);
}

void known_free_key(struct known *k)
{
    pm_key_free(&k->key);
    if (k->file) pm_zkey_close(k->file);
    free(k->file);
    k->file = NULL;
}

enum pm_status known_make(struct known *k, const struct child *child, const struct item *item,
                          struct pm_error *err)
{
    *k = (struct known){.curve = item->curve};
    (void)snprintf(k->r1cs, sizeof k->r1cs, "%s/k.r1cs", child->dir);
    (void)snprintf(k->wtns, sizeof k->wtns, "%s/k.wtns", child->dir);
    (void)snprintf(k->zkey, sizeof k->zkey, "%s/k.zkey", child->dir);
    k->pool = pm_pool_new(0, err);
    k->witness = calloc(1, sizeof *k->witness);
    if (!k->pool || !k->witness) return pm_fail(err, PM_NO_MEMORY, "no memory for a circuit");
    PM_TRY(pm_synth(k->r1cs, k->wtns, k->curve, item->kind, ((uint32_t)1 << item->log2_n) - spare_rows, err));
    PM_TRY(pm_wtns_open(k->witness, k->wtns, err));
    return known_rekey(k, err);
}

void known_free(struct known *k)
{
    known_free_key(k);
    if (k->witness && k->witness->curve) pm_wtns_close(k->witness);
    free(k->witness);
    pm_pool_free(&k->pool);
}

enum pm_status known_prove(const struct known *k, struct pm_prover *prover, uint64_t *ns,
                           struct pm_error *err)
{
    struct pm_proof proof;
    const struct pm_vk *vk = pm_key_vk(k->key);
    uint64_t begin = pm_clock_ns();
    PM_TRY(pm_prove(prover, &proof, k->witness->values, k->witness->n_values, NULL, err));
    *ns = pm_clock_ns() - begin;
    PM_TRY(pm_verify(vk, &proof, k->witness->values + k->curve->fr_bytes, vk->n_public, err));
    if (!pm_prover_trouble(prover)) return PM_OK;
    return pm_fail(err, PM_DEVICE, "the CPU made the proof that came out: %s",
                   pm_prover_trouble(prover)->text);
}

enum pm_status known_same_as_cpu(const struct known *k, struct pm_prover *prover, struct pm_prover *cpu,
                                 struct pm_error *err)
{
    const struct pm_curve *c = k->curve;
    const struct pm_wtns *w = k->witness;
    const uint8_t r[PM_FR_MAX_BYTES] = {3, 1, 4, 1, 5, 9, 2, 6}, s[PM_FR_MAX_BYTES] = {2, 7, 1, 8, 2, 8};
    struct pm_proof made, expected;
    PM_TRY(pm_prove_with(prover, &made, w->values, w->n_values, r, s, NULL, err));
    PM_TRY(pm_prove_with(cpu, &expected, w->values, w->n_values, r, s, NULL, err));
    if (pm_prover_trouble(prover))
        return pm_fail(err, PM_DEVICE, "the CPU made the proof that came out: %s",
                       pm_prover_trouble(prover)->text);
    if (memcmp(made.a, expected.a, c->g1_bytes) != 0 || memcmp(made.b, expected.b, c->g2_bytes) != 0 ||
        memcmp(made.c, expected.c, c->g1_bytes) != 0)
        return pm_fail(err, PM_INTERNAL, "with the same r and s the device's proof is not the CPU's");
    return PM_OK;
}
