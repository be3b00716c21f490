/* A verifier contract in Solidity for one verification key over BN254, whose curve the EVM has precompiles
 * for (EIP-196, EIP-197). The contract has one function, verifyProof(uint256[2] a, uint256[2][2] b,
 * uint256[2] c, uint256[N] publicSignals) view returns (bool) with b's coordinates as EIP-197 has them
 * (imaginary part first); N = 0 drops the last parameter. */
#ifndef PM_PROVE_EXPORT_SOLIDITY_H
#define PM_PROVE_EXPORT_SOLIDITY_H

#include "prove/verify.h"

/* *out_text: malloc'ed, NUL-terminated, the caller frees. contract_name: a Solidity identifier.
 *
 * A key that must not hold value (pm_vk_production_check) is refused with PM_UNSAFE_KEY, unless
 * local_chain_only: the contract's constructor then reverts on every chain but 31337 and 1337, the ids of
 * local test chains, and the first line says so. PM_UNSUPPORTED for another curve, PM_USAGE for a bad name.
 */
PM_MUST_USE enum pm_status pm_export_solidity(char **out_text, const struct pm_vk *vk,
                                              const char *contract_name, bool local_chain_only,
                                              struct pm_error *err);

#endif
