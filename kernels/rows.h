/* The rows of a key, cut for a device: rows of A and B in equal strips, so that no thread has long work and
 * the threads of a warp have the same. Made once per key on the host, from a key as prove/backend.h shows it;
 * k_spmv.h multiplies.
 *
 * Layout. A segment is a whole row of both matrices where neither has more than K_ROWS_LONGEST terms, else a
 * piece of one long row of one matrix. Segments are ordered by their lengths, the longest first; a slice is
 * GPU_WARP of them, whose terms stand in columns: term k of lane l is at (slice.at + k) * GPU_WARP + l, those
 * of A first, then those of B, filled up with 0 * witness[0] to the longest of the slice (sliced ELLPACK, as
 * in Kreutzer et al., SIAM J. Sci. Comput. 36(5), 2014, with one sorting scope). A piece's sum is a partial
 * sum; lists of partial sums are folded, K_ROWS_LONGEST at a time and level by level, until a row's last few
 * are added and written. */
#ifndef PM_KERNELS_ROWS_H
#define PM_KERNELS_ROWS_H

#include "kernels/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif
#include "prove/backend.h"

enum { K_ROWS_LONGEST = 32, K_ROWS_LEVELS = 6 };
#define K_ROWS_NONE UINT32_MAX

struct k_rows_slice {
    uint32_t at;   /* of its first term, in GPU_WARPs */
    uint16_t a, b; /* terms of each lane */
};

/* partial[out] = the sum of partial[first .. first + n) */
struct k_rows_fold {
    uint32_t out, first, n;
};

/* The last sums of a long row. */
struct k_rows_end {
    uint32_t row, a_first, a_n, b_first, b_n;
};

/* What a key's rows will take, exactly, and where everything stands in their memory. */
struct k_rows_plan {
    uint32_t n_rows, n_slices, n_ends, n_pieces;
    uint32_t n_partials; /* pieces, then what folds give: work memory of fr_bytes each */
    unsigned fr_bytes, n_levels;
    uint32_t fold[K_ROWS_LEVELS + 1]; /* level l has the folds from fold[l] to fold[l + 1] */
    uint64_t n_terms;                 /* with those that only fill up */
    size_t coefficient_at, column_at, slice_at, target_at, fold_at, end_at, bytes;
};

/* target of lane l of slice i is target[i * GPU_WARP + l]: a row, n_rows + a partial sum, or K_ROWS_NONE.
 * rows with fewer than n_rows rows are continued with empty ones. PM_UNSUPPORTED for more than can be
 * numbered. */
PM_MUST_USE enum pm_status k_rows_plan(struct k_rows_plan *out, uint32_t n_rows, unsigned fr_bytes,
                                       const struct pm_backend_rows *a, const struct pm_backend_rows *b,
                                       struct pm_error *err);

/* Where bytes go, one after the other. */
struct k_sink {
    enum pm_status (*put)(void *ctx, const void *bytes, size_t n, struct pm_error *err);
    void *ctx;
};

/* Writes plan->bytes bytes: the key's memory from its beginning on. Takes host memory of 16 bytes a segment
 * while it works. */
PM_MUST_USE enum pm_status k_rows_write(const struct k_rows_plan *plan, const struct pm_backend_rows *a,
                                        const struct pm_backend_rows *b, const struct k_sink *sink,
                                        struct pm_error *err);

#ifdef __cplusplus
}
#endif

#endif
