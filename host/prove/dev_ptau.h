/* Development powers of tau: a .ptau file of any size, prepared for the second phase, from publicly known
 * secrets (dev_secrets.h). snarkjs makes keys from it at once, where its own ceremony would take minutes to
 * hours. Anyone can forge proofs of every key made from the file. It says so of itself (file/ptau.h,
 * PM_PTAU_DEV_SECTION); the keys that snarkjs makes from it do not, and are told by their alpha and beta.
 * It lists no contribution, so `snarkjs powersoftau verify` refuses it. */
#ifndef PM_PROVE_DEV_PTAU_H
#define PM_PROVE_DEV_PTAU_H

#include "base/pool.h"
#include "math/curve.h"
#include "prove/dev_secrets.h"

/* Writes path: powers for circuits of up to 2^power rows, from 1 to PM_PTAU_MAX_POWER and less than the
 * curve's two-adicity (PM_UNSUPPORTED otherwise). About 1150 * 2^power bytes on BN254. Memory: some 60 MB,
 * however large the file. secrets may be NULL, for the known ones; others are for tests. */
PM_MUST_USE enum pm_status pm_ptau_dev(const struct pm_curve *curve, unsigned power, const char *path,
                                       const struct pm_ptau_secrets *secrets, struct pm_pool *pool,
                                       struct pm_error *err);

#endif
