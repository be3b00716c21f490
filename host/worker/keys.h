/* Proving keys that stay loaded: the least recently used ones give way when the memory budget is reached. One
 * thread owns the table and proves with what it holds. */
#ifndef PM_WORKER_KEYS_H
#define PM_WORKER_KEYS_H

#include "prove/prover.h"

struct pm_keys;

/* device: as pm_prover_new. budget_bytes: of all keys together. pool outlives the table. */
PM_MUST_USE enum pm_status pm_keys_new(struct pm_keys **out, const char *device, uint64_t budget_bytes,
                                       struct pm_pool *pool, struct pm_error *err);
void pm_keys_free(struct pm_keys **keys);
/* Keys that are loaded from now on may take up to so many bytes each, within the budget of all, for tables
 * (pm_key_new_warm); less where the budget would not take the key with them. */
void pm_keys_tables(struct pm_keys *keys, uint64_t table_bytes);

/* The key in the file `path` (an artifact with that hash, which the caller holds), and a prover of it; both
 * stay valid until the next call, and the file is held (trim.h) as long as the key is loaded. A file that is
 * not marked as checked is checked in depth, then marked. *loaded_ms: 0 where it was loaded already.
 * PM_NO_MEMORY: it alone is beyond the budget (the text has both numbers). */
PM_MUST_USE enum pm_status pm_keys_get(struct pm_keys *keys, const struct pm_key **key,
                                       struct pm_prover **prover, const char *path, const uint8_t sha256[32],
                                       uint32_t *loaded_ms, struct pm_error *err);

/* Drops all keys: memory, and the files that they hold (trim.h). */
void pm_keys_drop_all(struct pm_keys *keys);

/* Looks whether the prover's device is at fault; if so, all proofs are made on the CPU from now on. True: it
 * just was. */
bool pm_keys_quarantine(struct pm_keys *keys, struct pm_prover *prover);

#endif
