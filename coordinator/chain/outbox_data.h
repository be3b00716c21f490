/* The bytes that a proved task becomes: pure functions. */
#ifndef PM_CHAIN_OUTBOX_DATA_H
#define PM_CHAIN_OUTBOX_DATA_H

#include "coordinator/chain/buf.h"

/* Appends abi.encode(bytes32 taskId, string version, uint256[2] a, uint256[2][2] b, uint256[2] c, uint256[n]
 * signals) of a proof and its public signals as snarkjs' JSON texts. b is in the order of EIP-197: imaginary
 * part first. PM_UNSUPPORTED for another curve than bn128, PM_FORMAT for what is no proof. */
PM_MUST_USE enum pm_status pm_outbox_payload(struct pm_buf *out, const uint8_t task_id[32],
                                             const char *version, const char *proof_json,
                                             const char *publics_json, struct pm_error *err);
/* Appends the call of name(uint256 project, uint256 prover, string client, bytes payload); name: "route" or
 * "process". */
PM_MUST_USE enum pm_status pm_outbox_calldata(struct pm_buf *out, const char *name, uint64_t project,
                                              uint64_t prover, const char *client_id,
                                              const struct pm_buf *payload, struct pm_error *err);

/* The two fees of a transaction. */
struct pm_outbox_fees {
    uint64_t max_fee_wei, priority_wei;
};
/* For a first transaction: room for the base fee to double, but never beyond the cap. False: the next block's
 * base fee and the priority are above the cap already. */
bool pm_outbox_first_fees(struct pm_outbox_fees *out, uint64_t base_fee_wei, uint64_t priority_wei,
                          uint64_t cap_wei);
/* For a replacement: both at least an eighth above the old ones (nodes ask for a tenth), and not below what a
 * first one would get now. False: the cap does not allow it. */
bool pm_outbox_raised_fees(struct pm_outbox_fees *out, const struct pm_outbox_fees *old,
                           uint64_t base_fee_wei, uint64_t priority_wei, uint64_t cap_wei);
/* The limit of a routed call whose inner call, estimated alone, needs `inner` gas: all but one 64th reaches
 * it. */
uint64_t pm_outbox_gas_limit(uint64_t inner);

#endif
