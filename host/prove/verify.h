/* Groth16 verification: proofs and verification keys in memory, and the one equation that relates them,
 *   e(A, B) = e(alpha, beta) * e(sum of public[i] * IC[i], gamma) * e(C, delta)      (Groth 2016,
 * section 3.2) checked in both directions of trust: the points of proof and key are in their subgroups,
 * public signals are canonical. JSON forms are json/'s. */
#ifndef PM_PROVE_VERIFY_H
#define PM_PROVE_VERIFY_H

#include "base/status.h"
#include "math/curve.h"

/* Affine, Montgomery (see math/curve.h). */
struct pm_proof {
    const struct pm_curve *curve;
    uint8_t a[PM_G1_MAX_BYTES], b[PM_G2_MAX_BYTES], c[PM_G1_MAX_BYTES];
};

struct pm_vk {
    const struct pm_curve *curve;
    uint32_t n_public;
    uint8_t alpha1[PM_G1_MAX_BYTES], beta2[PM_G2_MAX_BYTES], gamma2[PM_G2_MAX_BYTES], delta2[PM_G2_MAX_BYTES];
    uint8_t *ic; /* (n_public + 1) * g1_bytes, owned */
    bool dev;    /* a development key: of our own setup, or from our development powers of tau */
};
void pm_vk_fini(struct pm_vk *vk);

/* Every point canonical, on the curve, in the subgroup; alpha, beta, gamma, delta not infinity. name is for
 * errors. */
PM_MUST_USE enum pm_status pm_vk_check(const struct pm_vk *vk, const char *name, struct pm_error *err);
PM_MUST_USE enum pm_status pm_proof_check(const struct pm_proof *proof, const char *name,
                                          struct pm_error *err);

/* PM_UNSAFE_KEY, with the reason, for a key that must not hold value: gamma = delta (no second phase: anyone
 * can forge) or a development key: marked, or with the alpha or beta of dev_secrets.h. Call it before a
 * verifier contract is written or deployed for anything but a local chain. */
PM_MUST_USE enum pm_status pm_vk_production_check(const struct pm_vk *vk, struct pm_error *err);

/* PM_OK; PM_INVALID_PROOF for a well-formed proof that does not hold, or with points off the curve or
 * subgroup; PM_MISMATCH for other curves or another number of signals. public_signals: vk->n_public plain
 * elements; one that is not below r is PM_INVALID_PROOF. vk was checked with pm_vk_check when it was read. */
PM_MUST_USE enum pm_status pm_verify(const struct pm_vk *vk, const struct pm_proof *proof,
                                     const uint8_t *public_signals, uint32_t n_public, struct pm_error *err);

/* The same without allocating. scratch: pm_verify_scratch_bytes(vk), aligned to 64 bytes. */
size_t pm_verify_scratch_bytes(const struct pm_vk *vk);
PM_MUST_USE enum pm_status pm_verify_in(const struct pm_vk *vk, const struct pm_proof *proof,
                                        const uint8_t *public_signals, uint32_t n_public, void *scratch,
                                        struct pm_error *err);

/* A verification key made ready for many proofs: e(alpha, beta), the lines of gamma and delta (fixed-argument
 * pairings, ePrint 2010/342) and, for up to 32 public signals, a comb each are computed once. vk is used
 * where it is: it must outlive this and not change. Immutable: any number of threads may use it at once.
 * pm_vk_ready_bytes says what it takes: for bn128 23 KB and 4 KB a comb, for bls12381 27 KB and 6 KB. */
struct pm_vk_ready;
PM_MUST_USE enum pm_status pm_vk_ready_new(struct pm_vk_ready **out, const struct pm_vk *vk,
                                           struct pm_error *err);
void pm_vk_ready_free(struct pm_vk_ready **ready); /* before its vk; NULL is allowed */
size_t pm_vk_ready_bytes(const struct pm_vk *vk);
const struct pm_vk *pm_vk_ready_vk(const struct pm_vk_ready *ready);

/* As pm_verify and pm_verify_in (with the same scratch), faster. */
PM_MUST_USE enum pm_status pm_verify_ready(const struct pm_vk_ready *ready, const struct pm_proof *proof,
                                           const uint8_t *public_signals, uint32_t n_public,
                                           struct pm_error *err);
PM_MUST_USE enum pm_status pm_verify_ready_in(const struct pm_vk_ready *ready, const struct pm_proof *proof,
                                              const uint8_t *public_signals, uint32_t n_public, void *scratch,
                                              struct pm_error *err);

/* Many proofs for one key, several times faster each: the equations are checked as one with random weights,
 * which a set with a proof that does not hold passes with probability 2^-127 at most; checks of points and
 * signals are made of each. Where the sum does not hold, halves are tried, so that results[i] is as pm_verify
 * of proof i; one that does not hold costs a few verifications and no other proof its result. public_signals:
 * n times vk->n_public plain elements, proof by proof. PM_OK: all hold. PM_INVALID_PROOF: some do not,
 * results say which, err speaks of the first. Other statuses (PM_NO_MEMORY, PM_IO where the system has no
 * random source): not decided. Takes memory, up to 4 KB a proof for up to 256 of them, and none that stays.
 */
PM_MUST_USE enum pm_status pm_verify_batch(const struct pm_vk_ready *ready, enum pm_status *results,
                                           const struct pm_proof *proofs, const uint8_t *public_signals,
                                           size_t n, struct pm_error *err);

#endif
