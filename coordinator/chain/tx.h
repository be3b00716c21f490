/* Ethereum transactions of type 2 (EIP-1559): encoded, signed with secp256k1, hashed. Signing is
 * deterministic (RFC 6979), so that the same transaction has the same bytes. What becomes of them is
 * outbox.h's business. */
#ifndef PM_CHAIN_TX_H
#define PM_CHAIN_TX_H

#include "coordinator/chain/buf.h"

struct pm_tx {
    uint64_t chain_id, nonce, gas_limit;
    uint64_t max_fee_wei, priority_wei; /* per gas */
    const uint8_t *to;                  /* 20 bytes; NULL creates a contract */
    uint8_t value[32];                  /* wei, big-endian */
    const uint8_t *data;
    size_t data_len;
};

/* Appends the raw bytes, as eth_sendRawTransaction takes them, to the empty `raw`. Low S. PM_USAGE for a bad
 * key. */
PM_MUST_USE enum pm_status pm_tx_sign(struct pm_buf *raw, uint8_t hash[32], const struct pm_tx *tx,
                                      const uint8_t secret[32], struct pm_error *err);
/* The address of a secret key; PM_USAGE where it is none (0, or not below the group's order). */
PM_MUST_USE enum pm_status pm_eth_address(uint8_t address[20], const uint8_t secret[32],
                                          struct pm_error *err);
/* Where a contract lands that `sender` creates with this nonce. */
PM_MUST_USE enum pm_status pm_tx_contract_address(uint8_t address[20], const uint8_t sender[20],
                                                  uint64_t nonce, struct pm_error *err);

#endif
