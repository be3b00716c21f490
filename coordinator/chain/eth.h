/* Ethereum's methods over rpc.h, typed: quantities and bytes are checked as they come in. An answer of
 * another shape is PM_NETWORK (as if there had been none), what the endpoint refuses is PM_CHAIN. */
#ifndef PM_CHAIN_ETH_H
#define PM_CHAIN_ETH_H

#include "coordinator/chain/buf.h"
#include "coordinator/chain/rpc.h"

struct pm_eth_head {
    uint64_t number, base_fee_wei, gas_limit;
    uint8_t hash[32];
};
struct pm_eth_fees {
    uint64_t base_fee_wei, priority_wei;
}; /* of the next block; what recent transactions paid on top */
struct pm_eth_receipt {
    bool ok; /* status 1 */
    uint64_t block_number, gas_used, gas_price_wei;
    uint8_t block_hash[32], contract[20]; /* contract: zero unless one was created */
    json_t *logs;                         /* owned; see pm_eth_log */
};
struct pm_eth_log {
    uint8_t address[20], topic[4][32];
    unsigned n_topics;
    struct pm_buf data; /* owned */
};
struct pm_eth_call {
    const uint8_t *from, *to; /* 20 bytes; may be NULL */
    const uint8_t *data;
    size_t data_len;
    uint64_t gas; /* 0: as much as allowed */
};

PM_MUST_USE enum pm_status pm_eth_chain_id(struct pm_rpc *rpc, uint64_t *out, struct pm_error *err);
PM_MUST_USE enum pm_status pm_eth_head(struct pm_rpc *rpc, struct pm_eth_head *out, struct pm_error *err);
/* PM_NOT_FOUND where the chain is not that long. */
PM_MUST_USE enum pm_status pm_eth_block_hash(struct pm_rpc *rpc, uint8_t out[32], uint64_t number,
                                             struct pm_error *err);
/* tag: "latest", "pending" or a number as "0x..." (pm_eth_tag). */
PM_MUST_USE enum pm_status pm_eth_nonce(struct pm_rpc *rpc, uint64_t *out, const uint8_t address[20],
                                        const char *tag, struct pm_error *err);
PM_MUST_USE enum pm_status pm_eth_balance(struct pm_rpc *rpc, uint8_t out[32], const uint8_t address[20],
                                          struct pm_error *err);
/* The code's length, 0 for an account without. */
PM_MUST_USE enum pm_status pm_eth_code_len(struct pm_rpc *rpc, size_t *out, const uint8_t address[20],
                                           struct pm_error *err);
PM_MUST_USE enum pm_status pm_eth_fees(struct pm_rpc *rpc, struct pm_eth_fees *out, struct pm_error *err);
/* Appends what the call returns to out (may be NULL). */
PM_MUST_USE enum pm_status pm_eth_call(struct pm_rpc *rpc, struct pm_buf *out, const struct pm_eth_call *call,
                                       const char *tag, struct pm_error *err);
/* On the newest block; what is pending does not count. */
PM_MUST_USE enum pm_status pm_eth_estimate_gas(struct pm_rpc *rpc, uint64_t *out,
                                               const struct pm_eth_call *call, struct pm_error *err);
/* PM_CHAIN is not proof that it was not accepted; only the chain's receipts are. */
PM_MUST_USE enum pm_status pm_eth_send_raw(struct pm_rpc *rpc, const uint8_t *raw, size_t len,
                                           struct pm_error *err);
/* PM_NOT_FOUND: not mined, as far as this endpoint knows. */
PM_MUST_USE enum pm_status pm_eth_receipt(struct pm_rpc *rpc, struct pm_eth_receipt *out,
                                          const uint8_t hash[32], struct pm_error *err);
void pm_eth_receipt_fini(struct pm_eth_receipt *receipt);
/* The log at index of a receipt: false where there is none, or it is malformed. Free with pm_eth_log_fini. */
bool pm_eth_log(struct pm_eth_log *out, const struct pm_eth_receipt *receipt, size_t index);
void pm_eth_log_fini(struct pm_eth_log *log);

/* Whether the last PM_CHAIN of a call or an estimate says that the contract refused (and not that the
 * endpoint could not answer); then out_text has the reason. */
bool pm_eth_reverted(const struct pm_rpc *rpc, char *out_text, size_t cap);

void pm_eth_tag(char out_text[20], uint64_t number);
/* "0x" and 1 to 16 hex digits */
bool pm_eth_parse_u64(uint64_t *out, const json_t *value);

#endif
