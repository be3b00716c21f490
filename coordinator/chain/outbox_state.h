/* Inside the outbox only: its state, and what its files do for one another. */
#ifndef PM_CHAIN_OUTBOX_STATE_H
#define PM_CHAIN_OUTBOX_STATE_H

#include "coordinator/chain/eth.h"
#include "coordinator/chain/outbox.h"
#include "coordinator/ledger/ledger_outbox.h"

#include <pthread.h>

/* One chain: its endpoint, and what was seen of it in this pass. */
struct outbox_lane {
    uint64_t chain_id;
    struct pm_rpc *rpc;
    uint64_t retry_at_ms; /* monotonic; after failures */
    unsigned failures;
    struct pm_eth_head head;
    struct pm_eth_fees fees;
    uint64_t nonce;               /* of our key, mined */
    size_t live, in_flight;       /* rows live, and live or mined, after the last pass */
    char waiting[256], said[256]; /* why something waits in this pass; what was logged last */
};

struct pm_outbox {
    struct pm_ledger *ledger;
    struct pm_outbox_options options;
    struct pm_outbox_target *target; /* their texts are owned */
    size_t n_targets;
    struct outbox_lane *lane;
    size_t n_lanes;
    uint8_t key[32], address[20];

    pthread_t thread;
    pthread_mutex_t mutex; /* guards what is below */
    pthread_cond_t cond;
    bool started, stop, wake;
    struct pm_outbox_stats stats;
};

/* The signed bytes for one nonce of one task, and the calls that they consist of. */
struct outbox_call {
    struct pm_buf inner, outer; /* process(...), route(...) */
};
void outbox_call_fini(struct outbox_call *call);
/* From the task's proof in the ledger; *prover is its node. */
PM_MUST_USE enum pm_status outbox_call_make(struct outbox_call *out, uint64_t *prover,
                                            struct pm_outbox *outbox, const struct pm_outbox_target *target,
                                            const uint8_t task[32], struct pm_error *err);
PM_MUST_USE enum pm_status outbox_sign(struct pm_outbox_tx *out, struct pm_outbox *outbox,
                                       const struct pm_outbox_target *target, const struct outbox_call *call,
                                       uint64_t nonce, uint64_t gas_limit, uint64_t max_fee_wei,
                                       uint64_t priority_wei, struct pm_error *err);
/* Hands it to the endpoint and records that; what the endpoint answers is a note, not a failure. PM_NETWORK:
 * it could not be reached. */
PM_MUST_USE enum pm_status outbox_send(struct pm_outbox *outbox, struct outbox_lane *lane,
                                       const struct pm_outbox_tx *tx, struct pm_error *err);

/* Whether the application calls the task settled, at the newest block, or as deep as the target's
 * confirmations ask. */
PM_MUST_USE enum pm_status outbox_is_settled(struct outbox_lane *lane, bool *out,
                                             const struct pm_outbox_target *target, const uint8_t task[32],
                                             bool confirmed, struct pm_error *err);
/* The oldest block number that counts as confirmed now. */
uint64_t outbox_confirmed_block(const struct outbox_lane *lane, const struct pm_outbox_target *target);
uint64_t outbox_cap_wei(const struct pm_outbox *outbox, const struct pm_outbox_target *target);
/* NULL where no target has that project, version, chain and application. */
const struct pm_outbox_target *outbox_find_target(const struct pm_outbox *outbox, uint64_t project,
                                                  const char *version, uint64_t chain_id,
                                                  const uint8_t application[20]);

/* The two halves of a pass over one chain. */
PM_MUST_USE enum pm_status outbox_track(struct pm_outbox *outbox, struct outbox_lane *lane,
                                        struct pm_error *err);
PM_MUST_USE enum pm_status outbox_submit(struct pm_outbox *outbox, struct outbox_lane *lane,
                                         struct pm_error *err);

void outbox_at(const struct pm_outbox *outbox, const char *point);
void outbox_count(struct pm_outbox *outbox, uint64_t *counter, uint64_t n);
/* Why something on this chain waits; logged at the end of the pass, when it changed. */
void outbox_waits(struct outbox_lane *lane, const char *fmt, ...) PM_PRINTF(2, 3);

#endif
