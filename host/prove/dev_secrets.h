/* The publicly known secrets of development powers of tau (dev_ptau.h), and how to tell keys that were made
 * from them. snarkjs' keys do not carry our mark, but alpha and beta of the first phase stay in every key
 * that is made from a .ptau, through all contributions to the second phase; a further contribution to the
 * first phase replaces them, and that is a ceremony of its own. */
#ifndef PM_PROVE_DEV_SECRETS_H
#define PM_PROVE_DEV_SECRETS_H

#include "math/curve.h"

/* Plain scalars. */
struct pm_ptau_secrets {
    uint8_t tau[32], alpha[32], beta[32];
};

/* Each is the little-endian number that keccak256(T || "0") || keccak256(T || "1") makes, mod r, with T =
 * "proofmill development powers of tau, CURVE, NAME, ", CURVE snarkjs' name and NAME tau, alpha or beta. The
 * curve's fr_bytes must be 32. */
void pm_dev_secrets(struct pm_ptau_secrets *out, const struct pm_curve *curve);

/* Whether alpha in G1 or beta in G2, affine, is that of the known secrets: whoever reads this can forge
 * proofs for such a key. Takes two multiplications, under a millisecond. */
bool pm_dev_secrets_made(const struct pm_curve *curve, const uint8_t *alpha1, const uint8_t *beta2);

#endif
