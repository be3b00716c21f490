/* The Groth16 equation and the checks of what enters it. See verify.h. */
#include "prove/verify.h"
#include "prove/coord.h"
#include "base/bytes.h"
#include "prove/dev_secrets.h"

#include <stdlib.h>

void pm_vk_fini(struct pm_vk *vk)
{
    free(vk->ic);
    *vk = (struct pm_vk){0};
}

static enum pm_status check1(const struct pm_curve *curve, const uint8_t *point, bool may_be_infinity,
                             const char *name, const char *what, struct pm_error *err)
{
    if (!curve->g1_check(point))
        return pm_fail(err, PM_FORMAT, "%s: %s is not a point of %s's group G1", name, what, curve->name);
    if (!may_be_infinity && pm_bytes_are_zero(point, curve->g1_bytes))
        return pm_fail(err, PM_FORMAT, "%s: %s is the point at infinity", name, what);
    return PM_OK;
}

static enum pm_status check2(const struct pm_curve *curve, const uint8_t *point, bool may_be_infinity,
                             const char *name, const char *what, struct pm_error *err)
{
    if (!curve->g2_check(point))
        return pm_fail(err, PM_FORMAT, "%s: %s is not a point of %s's group G2 (of order r)", name, what,
                       curve->name);
    if (!may_be_infinity && pm_bytes_are_zero(point, curve->g2_bytes))
        return pm_fail(err, PM_FORMAT, "%s: %s is the point at infinity", name, what);
    return PM_OK;
}

enum pm_status pm_vk_check(const struct pm_vk *vk, const char *name, struct pm_error *err)
{
    PM_TRY(check1(vk->curve, vk->alpha1, false, name, "alpha", err));
    PM_TRY(check2(vk->curve, vk->beta2, false, name, "beta", err));
    PM_TRY(check2(vk->curve, vk->gamma2, false, name, "gamma", err));
    PM_TRY(check2(vk->curve, vk->delta2, false, name, "delta", err));
    for (uint32_t i = 0; i <= vk->n_public; i++)
        if (!vk->curve->g1_check(vk->ic + (size_t)i * vk->curve->g1_bytes))
            return pm_fail(err, PM_FORMAT, "%s: IC %u is not a point of %s's group G1", name, i,
                           vk->curve->name);
    return PM_OK;
}

enum pm_status pm_proof_check(const struct pm_proof *proof, const char *name, struct pm_error *err)
{
    PM_TRY(check1(proof->curve, proof->a, true, name, "A", err));
    PM_TRY(check2(proof->curve, proof->b, true, name, "B", err));
    return check1(proof->curve, proof->c, true, name, "C", err);
}

enum pm_status pm_vk_production_check(const struct pm_vk *vk, struct pm_error *err)
{
    if (pm_dev_secrets_made(vk->curve, vk->alpha1, vk->beta2))
        return pm_fail(err, PM_UNSAFE_KEY,
                       "a key from development powers of tau, whose secrets everyone knows and can forge "
                       "proofs with; make a key by a ceremony, or use a local chain");
    if (vk->dev)
        return pm_fail(
            err, PM_UNSAFE_KEY,
            "a development key: whoever made it knows its secrets and can forge proofs; make a key by a "
            "ceremony, or use a local chain");
    if (pm_equal_ct(vk->gamma2, vk->delta2, vk->curve->g2_bytes))
        return pm_fail(
            err, PM_UNSAFE_KEY,
            "a key without a second phase (gamma equals delta): anyone can forge proofs; contribute to it "
            "first (snarkjs zkey contribute), or use a local chain");
    return PM_OK;
}

size_t pm_verify_scratch_bytes(const struct pm_vk *vk) { return vk->curve->msm_g1_scratch(vk->n_public, 1); }

/* out: the affine sum of IC[0] and public[i] * IC[i + 1]. */
static void public_sum(uint8_t *out, const struct pm_vk *vk, const uint8_t *public_signals, void *scratch)
{
    struct pm_point1 sum, first;
    vk->curve->msm_g1_var(NULL, &sum, vk->ic + vk->curve->g1_bytes, public_signals, vk->n_public, scratch);
    vk->curve->g1_from_affine(&first, vk->ic);
    vk->curve->g1_add(&sum, &sum, &first);
    vk->curve->g1_to_affine(out, &sum);
}

enum pm_status pm_verify_in(const struct pm_vk *vk, const struct pm_proof *proof,
                            const uint8_t *public_signals, uint32_t n_public, void *scratch,
                            struct pm_error *err)
{
    const struct pm_curve *curve = vk->curve;
    if (proof->curve != curve)
        return pm_fail(err, PM_MISMATCH, "the proof is over %s, the verification key over %s",
                       proof->curve->name, curve->name);
    if (n_public != vk->n_public)
        return pm_fail(err, PM_MISMATCH, "%u public signals, the verification key takes %u", n_public,
                       vk->n_public);
    for (uint32_t i = 0; i < n_public; i++)
        if (!curve->fr_is_canonical(public_signals + (size_t)i * curve->fr_bytes))
            return pm_fail(err, PM_INVALID_PROOF, "public signal %u is not below the field's modulus", i);
    if (pm_proof_check(proof, "proof", err) != PM_OK) {
        if (err) err->status = PM_INVALID_PROOF;
        return PM_INVALID_PROOF;
    }

    /* e(-A, B) e(alpha, beta) e(sum, gamma) e(C, delta) = 1 */
    uint8_t g1[4 * PM_G1_MAX_BYTES], g2[4 * PM_G2_MAX_BYTES];
    size_t n1 = curve->g1_bytes, n2 = curve->g2_bytes;
    struct pm_point1 a;
    curve->g1_from_affine(&a, proof->a);
    curve->g1_neg(&a, &a);
    curve->g1_to_affine(g1, &a);
    memcpy(g1 + n1, vk->alpha1, n1);
    public_sum(g1 + 2 * n1, vk, public_signals, scratch);
    memcpy(g1 + 3 * n1, proof->c, n1);
    memcpy(g2, proof->b, n2);
    memcpy(g2 + n2, vk->beta2, n2);
    memcpy(g2 + 2 * n2, vk->gamma2, n2);
    memcpy(g2 + 3 * n2, vk->delta2, n2);
    if (!curve->pairing_product_is_one(g1, g2, 4))
        return pm_fail(err, PM_INVALID_PROOF,
                       "the pairing equation does not hold for this proof and public signals");
    return PM_OK;
}

enum pm_status pm_verify(const struct pm_vk *vk, const struct pm_proof *proof, const uint8_t *public_signals,
                         uint32_t n_public, struct pm_error *err)
{
    size_t size = pm_verify_scratch_bytes(vk);
    void *scratch = aligned_alloc(64, size / 64 * 64 + 64);
    if (!scratch) return pm_fail(err, PM_NO_MEMORY, "%zu bytes to verify with cannot be had", size);
    enum pm_status status = pm_verify_in(vk, proof, public_signals, n_public, scratch, err);
    free(scratch);
    return status;
}
