/* The checker: threads that verify proofs beside the loop. A proof is accepted when its public signals are,
 * all of them, those that were derived from the task, and when it verifies with the project's key. Nothing is
 * written here: verdicts go back to the loop, which tells the ledger. */
#ifndef PM_COORDINATOR_CHECKER_H
#define PM_COORDINATOR_CHECKER_H

#include "coordinator/project/project.h"

#include <stddef.h>
#include <stdint.h>

/* The check itself, pure. publics: what the task says, n_public plain 32-byte elements. PM_INVALID_PROOF with
 * a precise reason when the proof is wrong, whatever is wrong with it; other statuses are faults of our own.
 */
PM_MUST_USE enum pm_status pm_check_proof(const struct pm_project_version *version, const uint8_t *publics,
                                          uint32_t n_public, const char *proof_type, const char *proof,
                                          const char *public_signals, struct pm_error *err);

/* The texts and publics are malloc'ed and owned by whoever holds the job; version must outlive the checker.
 */
struct pm_check_job {
    uint8_t task[32];
    uint64_t lease, node;
    const struct pm_project_version *version;
    char proof_type[33];
    char *proof, *public_signals;
    uint8_t *publics;
    uint32_t n_public;
};
void pm_check_job_fini(struct pm_check_job *job);

struct pm_check_verdict {
    uint8_t task[32];
    uint64_t lease, node;
    const struct pm_project_version *version;
    enum pm_status status; /* PM_OK: accepted; PM_INVALID_PROOF: rejected; others: not checked, try again */
    char text[512];
};

struct pm_checker;
PM_MUST_USE enum pm_status pm_checker_new(struct pm_checker **out, unsigned threads, struct pm_error *err);
/* Waits for the proofs that are being verified; drops those that wait. */
void pm_checker_free(struct pm_checker **checker);

/* Takes the job (*job is emptied) unless it fails: PM_NO_MEMORY. */
PM_MUST_USE enum pm_status pm_checker_submit(struct pm_checker *checker, struct pm_check_job *job,
                                             struct pm_error *err);
int pm_checker_fd(const struct pm_checker *checker); /* readable while there are verdicts */
bool pm_checker_take(struct pm_checker *checker, struct pm_check_verdict *out);

#endif
