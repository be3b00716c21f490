/* Inside of a pm_key: what prover.c needs of it. The public side is prover.h. */
#ifndef PM_PROVE_KEY_H
#define PM_PROVE_KEY_H

#include "prove/backend.h"
#include "prove/prover.h"

struct pm_loaded_list;

struct pm_key {
    const struct pm_zkey *zkey;
    const struct pm_curve *curve;
    struct pm_vk vk;
    struct pm_vk_ready *ready;
    struct pm_backend_key view;         /* coefficients and points are the file's */
    uint32_t *row_starts, *row_entries; /* of the rows of both matrices */
    struct pm_loaded_list *loaded;
};

/* The key as loaded on that device, for one user more; loads it the first time. It stays until the key is
 * freed, or pm_key_let_go finds no user. Safe from any thread, as is what follows. */
PM_MUST_USE enum pm_status pm_key_on(void **loaded, const struct pm_key *key,
                                     const struct pm_backend *backend, unsigned device, struct pm_pool *pool,
                                     struct pm_error *err);

/* A user less. forget: where it was the last one, the key is unloaded there. */
void pm_key_off(const struct pm_key *key, const struct pm_backend *backend, unsigned device, bool forget);

#endif
