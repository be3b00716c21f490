/* RLP, Ethereum's encoding of byte strings and lists of them; encoding only.
 * Source: Ethereum yellow paper, appendix B. */
#ifndef PM_CHAIN_RLP_H
#define PM_CHAIN_RLP_H

#include "coordinator/chain/buf.h"

void pm_rlp_bytes(struct pm_buf *out, const uint8_t *bytes, size_t len);
/* An integer: big-endian, without leading zeros; zero is the empty string. */
void pm_rlp_uint(struct pm_buf *out, const uint8_t *big_endian, size_t len);
void pm_rlp_u64(struct pm_buf *out, uint64_t value);
/* Makes a list of everything that was appended since out->len was `start`. */
void pm_rlp_list(struct pm_buf *out, size_t start);

#endif
