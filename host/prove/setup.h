/* The development setup: a .zkey straight from an .r1cs, with secrets drawn here and known to whoever runs
 * it. Fast, and unfit for production, which the file says of itself (zkey.h, PM_ZKEY_DEV_SECTION). */
#ifndef PM_PROVE_SETUP_H
#define PM_PROVE_SETUP_H

#include "base/pool.h"
#include "file/r1cs.h"

/* Plain scalars. For tests that recompute a proof from the secrets; drawn from the system otherwise. */
struct pm_setup_secrets {
    uint8_t tau[32], alpha[32], beta[32], gamma[32], delta[32];
};

/* Writes zkey_path. secrets may be NULL: fresh ones, wiped afterwards. */
PM_MUST_USE enum pm_status pm_setup_dev(const struct pm_r1cs *r1cs, const char *zkey_path,
                                        const struct pm_setup_secrets *secrets, struct pm_pool *pool,
                                        struct pm_error *err);

#endif
