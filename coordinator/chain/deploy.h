/* Single transactions, sent and waited for: deployments and administrative calls. Not for settling tasks:
 * that is outbox.h's business, which survives crashes. The subcommands of proofmill-coordinator over it:
 * argv[0] is the subcommand's name; results go to standard output, errors to standard error; they return the
 * exit code. */
#ifndef PM_CHAIN_DEPLOY_H
#define PM_CHAIN_DEPLOY_H

#include "coordinator/chain/abi.h"
#include "coordinator/chain/rpc.h"

/* proofmill-coordinator deploy|send|keystore ...; each knows --help. */
int pm_deploy_main(int argc, char **argv);
int pm_send_main(int argc, char **argv);
int pm_keystore_main(int argc, char **argv);

/* A compiled contract, as contracts/build.mjs writes it. */
struct pm_artifact {
    char name[128];
    struct pm_buf bytecode;
    bool is_verifier;         /* it has a function verifyProof */
    char constructor[16][64]; /* types of its arguments */
    unsigned n_constructor;
};
PM_MUST_USE enum pm_status pm_artifact_load(struct pm_artifact *out, const char *path, struct pm_error *err);
void pm_artifact_fini(struct pm_artifact *artifact);

/* PM_UNSAFE_KEY when this verifier must not go to this chain: its key is a development key or has no second
 * phase (pm_vk_production_check), or is not shown at all (vk_path NULL). Local chains, 31337 and 1337, take
 * every key. PM_MISMATCH when the contract was not made from that key. */
PM_MUST_USE enum pm_status pm_verifier_check(const struct pm_artifact *artifact, const char *vk_path,
                                             uint64_t chain_id, struct pm_error *err);

struct pm_sender {
    struct pm_rpc *rpc;
    uint8_t key[32], address[20];
    uint64_t chain_id, max_fee_wei;
    unsigned timeout_ms; /* for the receipt */
};
struct pm_sent {
    uint8_t hash[32], contract[20];
    uint64_t block_number, gas_used;
};
/* Signs, sends and waits. to NULL: creates a contract. PM_CHAIN with the reason when it would revert, or did;
 * PM_TIMEOUT, with the hash, when there is no receipt in time. */
PM_MUST_USE enum pm_status pm_send_and_wait(struct pm_sent *out, const struct pm_sender *sender,
                                            const uint8_t *to, const uint8_t *data, size_t len,
                                            struct pm_error *err);

/* Types of "name(type,type)"; PM_USAGE for what is no signature of plain types. *n counts. */
PM_MUST_USE enum pm_status pm_signature_types(char (*types)[64], unsigned *n, unsigned max,
                                              const char *signature, struct pm_error *err);
/* Appends the encoding of "type:value" texts, which must have exactly these types. */
PM_MUST_USE enum pm_status pm_encode_args(struct pm_buf *out, char *const *args, unsigned n_args,
                                          char (*types)[64], unsigned n_types, struct pm_error *err);

#endif
