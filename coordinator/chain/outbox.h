/* The outbox: from a proved task to a settled one. An actor with a thread and a ledger handle of its own; one
 * signing key, any number of chains.
 *
 * What it promises (DESIGN.md, decision 11):
 * - A transaction is a row, signed, before it is sent; after a crash the same bytes are sent again.
 * - A task has one live nonce. It gets another only when the first was finally consumed without effect.
 * - A task is settled when its application says so (settled(taskId)) and that is `confirmations` blocks deep,
 * not when a receipt says that a transaction was mined.
 * - No transaction may cost more per gas than the cap: above it the outbox waits, and says so
 * (pm_outbox_stats).
 * - A task of a group is submitted when the one before it took effect; groups go side by side.
 * What the endpoint says is distrusted in form (eth.h); a task waits through time-outs for ever, and is given
 * up (UNSETTLEABLE) only after the contract refused it max_refusals times in simulation, or max_returns times
 * on the chain.
 *
 * The application has W3bstream's process(uint256,uint256,string,bytes) and settled(bytes32) view returns
 * (bool); data is abi.encode(bytes32 taskId, string version, uint256[2] a, uint256[2][2] b, uint256[2] c,
 * uint256[n] publicSignals). */
#ifndef PM_CHAIN_OUTBOX_H
#define PM_CHAIN_OUTBOX_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct pm_outbox;

/* Where the tasks of one project version go. Targets of one chain id share the first one's endpoint. */
struct pm_outbox_target {
    uint64_t project;
    char version[65];
    uint64_t chain_id;
    const char *endpoint;
    uint8_t router[20], application[20];
    uint32_t confirmations; /* 0 and 1: settled as soon as it is mined */
    const char *client_id;  /* NULL: "" */
    uint64_t max_fee_gwei;  /* per gas; 0: the option's cap alone */
};

/* Zero stands for the value in brackets. */
struct pm_outbox_options {
    uint32_t poll_ms; /* between passes; blocks are looked for eight times as often while something is in
                         flight [2000] */
    uint32_t rpc_timeout_ms;  /* [10,000] */
    uint64_t max_fee_wei;     /* the cap per gas, for every target [200 gwei] */
    uint32_t bump_after_ms;   /* without a receipt, until the fees are raised [60,000] */
    uint32_t resend_after_ms; /* without a receipt, until the same bytes are sent again [15,000] */
    uint32_t refusal_ms;   /* after a refusal in simulation, doubled each time up to 64 times this [2000] */
    uint32_t max_refusals; /* [8] */
    uint32_t max_returns;  /* [3] */
    uint32_t max_alive;    /* nonces in flight per chain [16] */
    /* For tests: called at named points ("signed", "written", "sent", "recorded", "replaced", "mined",
     * "finish"). */
    void (*at)(void *ctx, const char *point);
    void *at_ctx;
};

/* Since the start of this process, but for the last three. */
struct pm_outbox_stats {
    uint64_t submitted, resent, replaced, settled, returned, refused, unsettleable, rpc_errors;
    uint64_t alive;        /* nonces in flight, when last looked */
    uint64_t gas_spent;    /* by settled and returned transactions */
    char waiting_for[256]; /* why something waits: the last such text, "" when nothing does */
};

/* Everything is copied. key: the signer's secret; wiped by free. Opens the ledger; asks nobody anything yet.
 * options may be NULL. PM_USAGE for targets that contradict each other. */
PM_MUST_USE enum pm_status pm_outbox_new(struct pm_outbox **out, const char *ledger_path,
                                         const uint8_t key[32], const struct pm_outbox_target *targets,
                                         size_t n_targets, const struct pm_outbox_options *options,
                                         struct pm_error *err);
/* The thread. stop waits for the pass in progress (at most some time-outs); free stops. */
PM_MUST_USE enum pm_status pm_outbox_start(struct pm_outbox *outbox, struct pm_error *err);
void pm_outbox_stop(struct pm_outbox *outbox);
void pm_outbox_free(struct pm_outbox **outbox);
/* Something was proved: look now. From any thread. */
void pm_outbox_wake(struct pm_outbox *outbox);
void pm_outbox_stats(struct pm_outbox *outbox, struct pm_outbox_stats *out); /* from any thread */
void pm_outbox_address(const struct pm_outbox *outbox,
                       uint8_t address[20]); /* the key's: it must hold the fees */

/* One pass over everything; not while the thread runs. Failures of endpoints are waited out inside; what
 * comes back is a failure of the ledger. */
PM_MUST_USE enum pm_status pm_outbox_step(struct pm_outbox *outbox, struct pm_error *err);

#endif
