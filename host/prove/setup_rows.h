/* A circuit's constraints as a setup uses them: the wires' polynomials at tau, summed up over the rows, and
 * the coefficient section of a .zkey. Walks the .r1cs by all threads of a pool, with memory that does not
 * grow with the number of rows, and lets go of the file's pages behind it. The results go to setup.c. */
#ifndef PM_PROVE_SETUP_ROWS_H
#define PM_PROVE_SETUP_ROWS_H

#include "base/pool.h"
#include "file/r1cs.h"

/* Some rows in a row: about as much work for each. */
struct pm_setup_run {
    uint64_t at;        /* of the first row, in the section of constraints */
    uint64_t record_at; /* terms of A and B before it */
    uint32_t row;
};

struct pm_setup_rows {
    const struct pm_r1cs *r1cs; /* outlives this */
    uint32_t n_public;
    size_t n_runs;
    struct pm_setup_run *run; /* n_runs + 1, the last one being the end */
    uint32_t n_records;       /* terms of A and B, those of the public wires' own rows included */
    uint64_t most_records;    /* of a run */
};

/* Walks the rows once. PM_UNSUPPORTED where there are more terms than a .zkey can hold. */
PM_MUST_USE enum pm_status pm_setup_rows_init(struct pm_setup_rows *out, const struct pm_r1cs *r1cs,
                                              struct pm_error *err);
void pm_setup_rows_fini(struct pm_setup_rows *rows);

/* a[wire] += sum over rows of A[row][wire] L_row(tau), b and c alike, plain: arrays of n_vars elements, zero
 * before. L_row: of the domain of 2^log2_n roots; tau: Montgomery. Rows n_constraints .. n_constraints +
 * n_public of A hold the public wires themselves. */
PM_MUST_USE enum pm_status pm_setup_rows_sum(const struct pm_setup_rows *rows, struct pm_pool *pool,
                                             unsigned log2_n, const uint8_t *tau, uint8_t *a, uint8_t *b,
                                             uint8_t *c, struct pm_error *err);

/* Writes what section 4 of a .zkey holds, in snarkjs' order. */
PM_MUST_USE enum pm_status pm_setup_rows_write(const struct pm_setup_rows *rows, struct pm_pool *pool,
                                               struct pm_binwriter *out, struct pm_error *err);

#endif
