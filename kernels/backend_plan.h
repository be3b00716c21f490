/* Memory of the GPU prover, worked out before any of it is taken: what a loaded key and one workspace hold,
 * where everything stands in their two pieces of device memory, and which of three ways a key is held.
 *   resident  its bases lie on the device;
 *   streamed  its bases lie in pinned host memory and pass through two chunks of device memory in every
 *             proof, chosen where the resident key does not fit, with chunks as large as do;
 *   refused   PM_NO_MEMORY, with what the smallest way takes and what there is.
 * Pure functions of the host, the same for the emulated device and CUDA's; backend_gpu.h takes and uses. */
#ifndef PM_KERNELS_BACKEND_PLAN_H
#define PM_KERNELS_BACKEND_PLAN_H

#include "kernels/gpu_curve.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The sums of a proof: A; B in both groups, with one sort; C and H as one, bases of C first. */
enum gpu_family { GPU_A, GPU_B, GPU_CH, GPU_SUMS };
enum { GPU_MAPS = 3 }; /* base maps over the witness: of A, of B, of C */

struct gpu_key_plan {
    const struct gpu_curve *curve;
    uint32_t n_vars, n_public, n_bases[GPU_SUMS];
    uint32_t n_c; /* of n_bases[GPU_CH]; the other 2^log2_domain are H's */
    unsigned log2_domain;
    struct k_rows_plan rows;

    bool streamed;
    uint32_t n_chunk[GPU_SUMS]; /* bases on the device at once, where they are streamed */

    /* The key's device memory: rows, roots of unity, base maps, and bases where they are resident. [1] is
     * the second group's. */
    size_t rows_at, table_at, map_at[GPU_MAPS], bases_at[GPU_SUMS][2], key_bytes;
    size_t pinned_at[GPU_SUMS][2], pinned_bytes; /* the bases, where they are streamed */

    /* A workspace's. The memory of the sum over C and H begins where b and c are dead by then. */
    size_t witness_at, vector_at[3], partial_at, counts_at, msm_at[GPU_SUMS], msm_bytes[GPU_SUMS];
    size_t chunk_at[2], chunk_bytes, work_bytes;

    size_t gap; /* left over behind each piece, for fences; 0 but in tests */
};

/* What one of the sums would be made of if every scalar were full. */
struct gpu_msm_size gpu_sum_size(const struct gpu_key_plan *plan, enum gpu_family sum);

/* What the driver takes of a device's free memory once kernels run: local memory of local_bytes for each of
 * the `threads` that each multiprocessor holds at a time, whichever kernel has most; and 64 MiB for code that
 * is loaded when it is first used, an assumption. */
size_t gpu_reserve_bytes(size_t local_bytes, unsigned threads, unsigned multiprocessors);

/* The best plan whose key_bytes and work_bytes together are at most `budget_bytes`. Reads all bases, which
 * may be NULL (none at infinity, then). PM_UNSUPPORTED for a size that devices do not do. */
PM_MUST_USE enum pm_status gpu_key_plan(struct gpu_key_plan *out, const struct gpu_curve *curve,
                                        const struct pm_backend_key *key, size_t budget_bytes,
                                        struct pm_error *err);

/* Writes what key memory holds up to its bases: rows, then base maps; the roots of unity, between them, are
 * the device's to make. Then the bases of one sum in group g (0 or 1), those at infinity left out. */
PM_MUST_USE enum pm_status gpu_key_write_maps(const struct gpu_key_plan *plan,
                                              const struct pm_backend_key *key, unsigned map,
                                              const struct k_sink *sink, struct pm_error *err);
PM_MUST_USE enum pm_status gpu_key_write_bases(const struct gpu_key_plan *plan,
                                               const struct pm_backend_key *key, enum gpu_family sum,
                                               unsigned g, const struct k_sink *sink, struct pm_error *err);

#ifdef __cplusplus
}
#endif

#endif
