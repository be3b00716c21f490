/* The Groth16 equation and the checks of what enters it. See verify.h. */
#include "prove/verify_inside.h"
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

/* -- one proof -- */

enum { line_bytes = 64, max_combs = 32, max_ladders = 8 };
static size_t round_up(size_t bytes) { return (bytes + line_bytes - 1) / line_bytes * line_bytes; }

size_t pm_vk_ready_bytes(const struct pm_vk *vk)
{
    return round_up(sizeof(struct pm_vk_ready)) + 2 * round_up(vk->curve->pairing_fixed_bytes) +
           (vk->n_public <= max_combs ? round_up(vk->n_public * vk->curve->comb_bytes) : 0);
}

enum pm_status pm_vk_ready_new(struct pm_vk_ready **out, const struct pm_vk *vk, struct pm_error *err)
{
    const struct pm_curve *curve = vk->curve;
    uint8_t *memory = aligned_alloc(line_bytes, pm_vk_ready_bytes(vk));
    *out = NULL;
    if (!memory)
        return pm_fail(err, PM_NO_MEMORY, "%zu bytes for a verification key cannot be had",
                       pm_vk_ready_bytes(vk));
    struct pm_vk_ready *v = (struct pm_vk_ready *)(void *)memory;
    uint8_t *gamma = memory + round_up(sizeof *v), *delta = gamma + round_up(curve->pairing_fixed_bytes);
    uint8_t *combs = delta + round_up(curve->pairing_fixed_bytes);
    *v = (struct pm_vk_ready){
        .vk = vk, .fixed = {gamma, delta}, .combs = vk->n_public <= max_combs ? combs : NULL};
    curve->pairing_target(&v->target, vk->alpha1, vk->beta2);
    curve->pairing_fix(gamma, vk->gamma2);
    curve->pairing_fix(delta, vk->delta2);
    for (size_t i = 0; v->combs && i < vk->n_public; i++)
        curve->comb_make(combs + i * curve->comb_bytes, vk->ic + (i + 1) * curve->g1_bytes);
    *out = v;
    return PM_OK;
}

void pm_vk_ready_free(struct pm_vk_ready **ready)
{
    free(*ready);
    *ready = NULL;
}

const struct pm_vk *pm_vk_ready_vk(const struct pm_vk_ready *ready) { return ready->vk; }

size_t pm_verify_scratch_bytes(const struct pm_vk *vk)
{
    return pm_msm_one_scratch(vk->curve->msm_g1, vk->n_public, 1);
}

/* out: the affine sum of IC[0] and public[i] * IC[i + 1]: by combs, for few points by ladders, else as any
 * large sum. */
static void public_sum(uint8_t *out, const struct pm_vk *vk, const struct pm_vk_ready *ready,
                       const uint8_t *public_signals, void *scratch)
{
    const struct pm_curve *curve = vk->curve;
    struct pm_point1 sum, term;
    if (ready && ready->combs) {
        curve->comb_sum_var(out, vk->ic, ready->combs, public_signals, vk->n_public);
        return;
    }
    curve->g1_from_affine(&sum, vk->ic);
    if (vk->n_public <= max_ladders) {
        for (size_t i = 0; i < vk->n_public; i++) {
            curve->g1_from_affine(&term, vk->ic + (i + 1) * curve->g1_bytes);
            curve->g1_mul(&term, &term, public_signals + i * curve->fr_bytes);
            curve->g1_add(&sum, &sum, &term);
        }
    } else {
        pm_msm_one_var(curve->msm_g1, NULL, &term, vk->ic + curve->g1_bytes, public_signals, vk->n_public,
                       scratch);
        curve->g1_add(&sum, &sum, &term);
    }
    curve->g1_to_affine(out, &sum);
}

enum pm_status pm_verify_parts(const struct pm_vk *vk, const struct pm_proof *proof,
                               const uint8_t *public_signals, uint32_t n_public, bool in_groups,
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
    if (!in_groups) {
        if (!curve->g1_on_curve(proof->a) || !curve->g1_on_curve(proof->c))
            return pm_fail(err, PM_INVALID_PROOF, "proof: A or C is not a point of %s", curve->name);
    } else if (check1(curve, proof->a, true, "proof", "A", err) != PM_OK ||
               check1(curve, proof->c, true, "proof", "C", err) != PM_OK) {
        if (err) err->status = PM_INVALID_PROOF;
        return PM_INVALID_PROOF;
    }
    if (!curve->g2_on_curve(proof->b))
        return pm_fail(err, PM_INVALID_PROOF, "proof: B is not a point of %s's twist", curve->name);
    return PM_OK;
}

/* e(-A, B) e(alpha, beta) e(sum, gamma) e(C, delta) = 1, or with fixed parts e(A, B) e(-sum,
 * gamma) e(-C, delta) = e(alpha, beta). */
static enum pm_status verify(const struct pm_vk *vk, const struct pm_vk_ready *ready,
                             const struct pm_proof *proof, const uint8_t *public_signals, uint32_t n_public,
                             void *scratch, struct pm_error *err)
{
    const struct pm_curve *curve = vk->curve;
    uint8_t g1[4 * PM_G1_MAX_BYTES], g2[4 * PM_G2_MAX_BYTES];
    size_t n1 = curve->g1_bytes, n2 = curve->g2_bytes;
    PM_TRY(pm_verify_parts(vk, proof, public_signals, n_public, true, err));
    struct pm_pairing_terms terms = {.g1 = g1, .g2 = g2, .n = 4};
    memcpy(g1, proof->a, n1);
    memcpy(g2, proof->b, n2);
    public_sum(g1 + n1, vk, ready, public_signals, scratch);
    memcpy(g1 + 2 * n1, proof->c, n1);
    if (ready) {
        curve->g1_affine_neg(g1 + n1, g1 + n1);
        curve->g1_affine_neg(g1 + 2 * n1, g1 + 2 * n1);
        terms = (struct pm_pairing_terms){.target = &ready->target,
                                          .g1 = g1,
                                          .g2 = g2,
                                          .n = 1,
                                          .fixed_g1 = g1 + n1,
                                          .fixed = ready->fixed,
                                          .n_fixed = 2};
    } else {
        curve->g1_affine_neg(g1, g1);
        memcpy(g1 + 3 * n1, vk->alpha1, n1);
        memcpy(g2 + n2, vk->gamma2, n2);
        memcpy(g2 + 2 * n2, vk->delta2, n2);
        memcpy(g2 + 3 * n2, vk->beta2, n2);
    }
    switch (curve->pairing_check(&terms)) {
    case PM_PAIRING_EQUAL:
        return PM_OK;
    case PM_PAIRING_OUTSIDE:
        return pm_fail(err, PM_INVALID_PROOF, "proof: B is not a point of %s's group G2 (of order r)",
                       curve->name);
    case PM_PAIRING_UNEQUAL:
        break;
    }
    return pm_fail(err, PM_INVALID_PROOF,
                   "the pairing equation does not hold for this proof and public signals");
}

enum pm_status pm_verify_in(const struct pm_vk *vk, const struct pm_proof *proof,
                            const uint8_t *public_signals, uint32_t n_public, void *scratch,
                            struct pm_error *err)
{
    return verify(vk, NULL, proof, public_signals, n_public, scratch, err);
}
enum pm_status pm_verify_ready_in(const struct pm_vk_ready *ready, const struct pm_proof *proof,
                                  const uint8_t *public_signals, uint32_t n_public, void *scratch,
                                  struct pm_error *err)
{
    return verify(ready->vk, ready, proof, public_signals, n_public, scratch, err);
}

static enum pm_status verify_alone(const struct pm_vk *vk, const struct pm_vk_ready *ready,
                                   const struct pm_proof *proof, const uint8_t *public_signals,
                                   uint32_t n_public, struct pm_error *err)
{
    size_t size = pm_verify_scratch_bytes(vk);
    void *scratch = aligned_alloc(line_bytes, round_up(size + 1));
    if (!scratch) return pm_fail(err, PM_NO_MEMORY, "%zu bytes to verify with cannot be had", size);
    enum pm_status status = verify(vk, ready, proof, public_signals, n_public, scratch, err);
    free(scratch);
    return status;
}
enum pm_status pm_verify(const struct pm_vk *vk, const struct pm_proof *proof, const uint8_t *public_signals,
                         uint32_t n_public, struct pm_error *err)
{
    return verify_alone(vk, NULL, proof, public_signals, n_public, err);
}
enum pm_status pm_verify_ready(const struct pm_vk_ready *ready, const struct pm_proof *proof,
                               const uint8_t *public_signals, uint32_t n_public, struct pm_error *err)
{
    return verify_alone(ready->vk, ready, proof, public_signals, n_public, err);
}
