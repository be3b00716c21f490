/* Inside of a pm_prover: what prover.c and batch.c share. The public side is prover.h. */
#ifndef PM_PROVE_PROVER_INSIDE_H
#define PM_PROVE_PROVER_INSIDE_H

#include "prove/backend.h"
#include "prove/key.h"

struct pm_prover {
    const struct pm_key *key;
    const struct pm_backend *backend;
    unsigned index;  /* of the backend's devices */
    char device[32]; /* "cpu:0" */
    void *work;
    struct pm_pool *pool;
    struct pm_arena arena;
    struct pm_backend_sums *sums[2]; /* in the arena, as is what follows; the second for batches alone */
    void *verify_scratch;
    const struct pm_watch *watch; /* may be NULL */
    struct pm_prover *cpu;        /* made when the device first fails */
    struct pm_prover *second;     /* of a device, for batches: made by the first of them, but when */
    bool alone;                   /* there is no room for it */
    struct pm_error trouble;      /* what pm_prover_trouble tells; status PM_OK: nothing */
    bool device_fault;
};

/* Remembers the first trouble. */
void pm_prover_note(struct pm_prover *p, const struct pm_error *trouble, bool device_fault);

/* Statuses of pm_prove for what is no witness of the key. */
PM_MUST_USE enum pm_status pm_prover_check_witness(const struct pm_key *key, const uint8_t *witness,
                                                   uint32_t n_values, struct pm_error *err);

/* From sums to a checked proof: PM_INVALID_PROOF where it does not verify. Uses the prover's verify_scratch,
 * and nothing of its workspace. */
PM_MUST_USE enum pm_status pm_prover_finish(const struct pm_prover *p, struct pm_proof *out,
                                            const struct pm_backend_sums *sums, const uint8_t *witness,
                                            const uint8_t *r, const uint8_t *s, struct pm_error *err);

/* What becomes of an attempt that ended with `status` (and err): where the backend is not trusted the CPU
 * tries again and decides whose fault it was; what the prover's user shall read. *out is zeroed if there is
 * no proof. */
PM_MUST_USE enum pm_status pm_prover_judge(struct pm_prover *p, enum pm_status status, struct pm_proof *out,
                                           const uint8_t *witness, const uint8_t *r, const uint8_t *s,
                                           struct pm_prove_times *times, struct pm_error *err);

/* Fresh r and s, from the system's generator. */
PM_MUST_USE enum pm_status pm_prover_draw(const struct pm_curve *curve, uint8_t r[PM_FR_MAX_BYTES],
                                          uint8_t s[PM_FR_MAX_BYTES], struct pm_error *err);

#endif
