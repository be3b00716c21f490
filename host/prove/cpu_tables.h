/* Tables for the bases of a loaded key on the CPU, within a budget: which pay, how much they take, and their
 * making. What a sum does with one is math/msm.h's. */
#ifndef PM_PROVE_CPU_TABLES_H
#define PM_PROVE_CPU_TABLES_H

#include "base/arena.h"
#include "math/curve.h"
#include "prove/backend.h"

/* Windows of the tables: of H, and of the four queries over the witness together, because these share their
 * digits; 0: none. */
struct pm_cpu_tables {
    unsigned h_c, witness_c;
    size_t bytes;
    const uint8_t *a, *b1, *b2, *c, *h; /* NULL where there is none */
};

/* Sets the windows and bytes: H first, whose scalars are always of full width, then the queries over the
 * witness, each if it fits into what is left of key->table_bytes and saves a sum a tenth or more. */
void pm_cpu_tables_plan(struct pm_cpu_tables *out, const struct pm_curve *curve,
                        const struct pm_backend_key *key);

/* Makes what was planned; the tables are in *memory, which the caller frees (pm_arena_fini). PM_NO_MEMORY. */
PM_MUST_USE enum pm_status pm_cpu_tables_make(struct pm_cpu_tables *tables, struct pm_arena *memory,
                                              const struct pm_curve *curve, const struct pm_backend_key *key,
                                              struct pm_pool *pool, struct pm_error *err);

#endif
