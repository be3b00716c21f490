/* The ledger's rows of transactions: one pm_outbox_row per nonce spent on a task, one pm_outbox_tx per signed transaction
 * that may spend it. Every function is one database transaction; where a task's state changes, the event is in the same one.
 * What is done with them is chain/outbox.h's business; no network here. */
#ifndef PM_COORDINATOR_LEDGER_OUTBOX_H
#define PM_COORDINATOR_LEDGER_OUTBOX_H

#include "coordinator/ledger/ledger.h"

enum pm_outbox_state {
    PM_OUTBOX_LIVE = 1,    /* signed; may be mined at any time */
    PM_OUTBOX_MINED = 2,   /* mined, and the contract says settled; waits for confirmations */
    PM_OUTBOX_SETTLED = 3, /* final */
    PM_OUTBOX_RETURNED = 4 /* the nonce was consumed without effect on the task */
};

struct pm_outbox_tx {
    uint8_t hash[32];
    uint8_t *raw; /* owned */
    size_t raw_len;
    uint64_t gas_limit, max_fee_wei, priority_wei;
    int64_t created_ms, sent_ms; /* sent_ms 0: not known to have been sent */
    uint32_t sends;
};

struct pm_outbox_row {
    uint64_t id;
    uint8_t task[32];
    uint64_t project; /* of the task, as are the two below */
    char version[65];
    uint8_t application[20];
    uint64_t chain_id;
    uint8_t sender[20];
    uint64_t nonce, prover;
    enum pm_outbox_state state;
    uint64_t block_number; /* while mined */
    uint8_t block_hash[32];
    int64_t created_ms;
    struct pm_outbox_tx *tx; /* n_tx of them, oldest first; owned */
    size_t n_tx;
};
void pm_outbox_row_fini(struct pm_outbox_row *row);
void pm_outbox_rows_free(struct pm_outbox_row **rows, size_t n);

/* Event SUBMITTED, the row (state live; task, chain_id, sender, nonce, prover) and its first transaction (hash, raw, limits),
 * together. *id: the row's. PM_CONFLICT: the task is not proved, has a live row, or the nonce is taken. */
PM_MUST_USE enum pm_status pm_ledger_outbox_add(struct pm_ledger *ledger, uint64_t *id, const struct pm_outbox_row *row,
                                                const struct pm_outbox_tx *tx, struct pm_error *err);
/* A replacement: same nonce, higher fees. PM_CONFLICT when the row is not live. */
PM_MUST_USE enum pm_status pm_ledger_outbox_replace(struct pm_ledger *ledger, uint64_t id, const struct pm_outbox_tx *tx,
                                                    struct pm_error *err);
/* It was handed to the endpoint at this moment; error: the endpoint's answer, NULL for none. */
PM_MUST_USE enum pm_status pm_ledger_outbox_sent(struct pm_ledger *ledger, const uint8_t hash[32], const char *error,
                                                 struct pm_error *err);
/* Rows live or mined of one key on one chain, by nonce; with their transactions. PM_OK with *n = 0 for none. */
PM_MUST_USE enum pm_status pm_ledger_outbox_alive(struct pm_ledger *ledger, struct pm_outbox_row **rows, size_t *n,
                                                  uint64_t chain_id, const uint8_t sender[20], struct pm_error *err);
/* Rows in any state with a nonce of at least `nonce`, by nonce: what a chain that went back has to be told again. */
PM_MUST_USE enum pm_status pm_ledger_outbox_from_nonce(struct pm_ledger *ledger, struct pm_outbox_row **rows, size_t *n,
                                                       uint64_t chain_id, const uint8_t sender[20], uint64_t nonce,
                                                       struct pm_error *err);
/* Of one task, all rows, oldest first. */
PM_MUST_USE enum pm_status pm_ledger_outbox_of_task(struct pm_ledger *ledger, struct pm_outbox_row **rows, size_t *n,
                                                    const uint8_t task[32], struct pm_error *err);
/* 1 + the highest nonce ever signed by this key on this chain; 0 without one. */
PM_MUST_USE enum pm_status pm_ledger_outbox_next_nonce(struct pm_ledger *ledger, uint64_t *nonce, uint64_t chain_id,
                                                       const uint8_t sender[20], struct pm_error *err);
/* live -> mined, in that block; and back, when the block is no longer part of the chain (block_hash NULL). */
PM_MUST_USE enum pm_status pm_ledger_outbox_mined(struct pm_ledger *ledger, uint64_t id, uint64_t block_number,
                                                  const uint8_t *block_hash, const char *note, struct pm_error *err);
/* The end of a row, with the task's event: settled (SETTLED) or not (RETURNED: the task is proved again). */
PM_MUST_USE enum pm_status pm_ledger_outbox_finish(struct pm_ledger *ledger, uint64_t id, bool settled, const char *detail,
                                                   struct pm_error *err);

/* -- tasks that wait for their transaction -- */

/* Proved tasks of one project version whose turn it is, oldest first, at most max; *n counts. A task of a group waits until
 * every earlier one of its project and group is final or mined with effect; tasks without a group wait for nobody.
 * Tasks whose next try (pm_ledger_outbox_refused) lies in the future are left out. */
PM_MUST_USE enum pm_status pm_ledger_outbox_ready(struct pm_ledger *ledger, uint8_t (*ids)[32], size_t *n, size_t max,
                                                  uint64_t project, const char *version, struct pm_error *err);
/* Not now: the contract refuses the task in simulation (counts), or the endpoint cannot say (does not count). *tries: how
 * many refusals there were so far. The reason is kept for people; the task is left alone for retry_after_ms. */
PM_MUST_USE enum pm_status pm_ledger_outbox_refused(struct pm_ledger *ledger, uint32_t *tries, const uint8_t task[32],
                                                    const char *reason, bool counts, uint32_t retry_after_ms,
                                                    struct pm_error *err);
/* How many there were; 0 for a task that was never refused. */
PM_MUST_USE enum pm_status pm_ledger_outbox_refusals(struct pm_ledger *ledger, uint32_t *tries, const uint8_t task[32],
                                                     struct pm_error *err);
/* A proved task that the contract calls settled already: SETTLED without a transaction of ours. */
PM_MUST_USE enum pm_status pm_ledger_outbox_settled_elsewhere(struct pm_ledger *ledger, const uint8_t task[32],
                                                              const char *detail, struct pm_error *err);

#endif
