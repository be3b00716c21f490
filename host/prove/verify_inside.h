/* Inside of a pm_vk_ready: what verify.c and verify_batch.c share. The public side is verify.h. */
#ifndef PM_PROVE_VERIFY_INSIDE_H
#define PM_PROVE_VERIFY_INSIDE_H

#include "prove/verify.h"

/* A verification key made ready: the key is the caller's, the rest follows in memory. */
struct pm_vk_ready {
    const struct pm_vk *vk;
    struct pm_pairing_value target; /* e(alpha, beta) */
    const void *fixed[2];           /* gamma, delta */
    const uint8_t *combs;           /* of IC[1] and what follows; NULL where there are too many */
};

/* All that a proof must fulfil besides the equation and that B has order r, which the check of the equation
 * finds out on the way: statuses of pm_verify. in_groups: also that A and C are in G1; without they are on
 * the curve. */
PM_MUST_USE enum pm_status pm_verify_parts(const struct pm_vk *vk, const struct pm_proof *proof,
                                           const uint8_t *public_signals, uint32_t n_public, bool in_groups,
                                           struct pm_error *err);

#endif
