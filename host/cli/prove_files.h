/* What cmd_prove.c and cmd_prove_batch.c share. */
#ifndef PM_CLI_PROVE_FILES_H
#define PM_CLI_PROVE_FILES_H

#include "cli/cli.h"
#include "prove/prover.h"

/* Proof and public signals: both files or neither, so that a reader never meets a proof beside another's. */
PM_MUST_USE enum pm_status cli_write_proof(const struct pm_vk *vk, const struct pm_proof *proof,
                                           const uint8_t *witness, const char *proof_path,
                                           const char *public_path, struct pm_error *err);

/* prove --batch DIR KEY WITNESS... */
PM_MUST_USE enum pm_status cli_prove_batch(struct pm_cli *cli, json_t **result);

#endif
