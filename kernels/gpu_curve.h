/* What the GPU prover does with one curve: a table of launchers, the same for the emulated device and for
 * CUDA, and the layout of a multi-scalar multiplication. All pointers are device memory unless they say host;
 * nothing here waits but what says so. Kernels are k_digits.h, k_msm.h, k_ntt.h; whole MSMs are put together
 * in msm_run.h, layouts are msm_plan.c's, and the backend (backend_gpu.h) is the only user besides tests.
 *
 * An MSM. Scalars are plain numbers on the device, one for each variable, and a base map says which of the
 * bases (compact: those at infinity left out) belongs to a scalar. Each scalar s is replaced by min(s, r - s)
 * with its base negated, and cut into signed digits of c bits, -2^(c-1) .. 2^(c-1) - 1. Digit d != 0 of
 * window w is one entry: its key w 2^(c-1) + |d| - 1 is the number of its bucket, its value the base and the
 * sign. Entries are sorted by key, bases are added to buckets, and the 2^(c-1) buckets of each window are
 * reduced to c - 1 points. See Pippenger (1976); Bernstein, Doumen, Lange and Oosterwijk (ePrint 2012/549)
 * for signed digits. */
#ifndef PM_KERNELS_GPU_CURVE_H
#define PM_KERNELS_GPU_CURVE_H

#include "kernels/ops.h"
#include "kernels/gpu_sort.h"

enum {
    K_DIGITS_THREADS = 256,
    K_MSM_THREADS = 128,
    K_FAMILIES = 4, /* base maps that one count looks at */
    K_MSM_MIN_C = 2,
    K_MSM_MAX_C = 22
};
#define K_NO_BASE 0xffffffffu /* in a base map: this scalar has none */
#define K_MINUS   0x80000000u /* in an entry's value: subtract the base; bases are numbered below it */

/* Scalars and their bases. base: n entries, or NULL: scalar i has base first_base + i. */
struct k_scalars {
    const void *scalars; /* n plain elements of fr_bytes, aligned to 16 */
    uint32_t n;
    const uint32_t *base;
    uint32_t first_base;
};

/* How many scalars that have a base are, as min(s, r - s): one; below 2^64; larger. wild: r or more; such a
 * scalar gives no entries, and the sum means nothing: the caller refuses it. As four words on the device. */
struct k_counts {
    uint32_t ones, shorts, fulls, wild;
};

struct k_count_in {
    const void *scalars;
    uint32_t n;
    unsigned families;
    const uint32_t *base[K_FAMILIES]; /* of each family; NULL: every scalar has one */
    struct k_counts *counts;          /* one for each family: added to, so zero them first */
};

struct k_digits_in {
    struct k_scalars scalars;
    uint32_t base_from, base_to;        /* entries of bases in [from, to) only, numbered from 0 there */
    unsigned c, window_from, window_to; /* of windows in [from, to) only, numbered from 0 there */
    uint32_t *keys, *values;            /* written from *cursor on, which moves; in no particular order */
    uint32_t *cursor;                   /* one word */
    uint32_t capacity; /* entries that keys and values hold; more are a fault of the caller */
};

struct k_accumulate_in {
    const uint32_t *keys, *values; /* n, sorted by key, keys from n_buckets on last and left out */
    uint32_t n;
    const void *bases; /* affine points; values are their numbers */
    void *buckets;     /* n_buckets points XYZZ, added to; all zero bytes are infinity */
    uint32_t n_buckets;
    uint32_t run;  /* entries that one thread takes, 2 at least */
    void *scratch; /* gpu_msm_carry_bytes(point_bytes, n, run), aligned to 16 */
};

struct k_reduce_in {
    void *buckets; /* windows rows of 2^(c-1) points XYZZ; overwritten */
    unsigned c, windows;
    void *out; /* windows * (c - 1) points XYZZ, canonical: the value is the sum of 2^(w c + i) out[w (c-1) +
                  i] */
};

struct gpu_group {
    size_t affine_bytes, point_bytes; /* of a base, as a .zkey holds it, and of a point XYZZ */
    enum pm_status (*accumulate)(struct gpu_device *dev, gpu_stream stream, const struct k_accumulate_in *in,
                                 struct pm_error *err);
    enum pm_status (*reduce)(struct gpu_device *dev, gpu_stream stream, const struct k_reduce_in *in,
                             struct pm_error *err);
};

/* Sparse rows times the witness: k_spmv.h, whose launcher and its input stand there. */
struct k_rows_in;

struct gpu_curve {
    const char *name; /* snarkjs': "bn128", "bls12381" */
    unsigned fr_bytes, fp_bytes;
    unsigned scalar_bits; /* of min(s, r - s): those of r less one */
    unsigned two_adicity;
    const uint64_t *fp_modulus; /* host; fp_bytes, least significant limb first */
    struct gpu_group g1, g2;

    enum pm_status (*count)(struct gpu_device *dev, gpu_stream stream, const struct k_count_in *in,
                            struct pm_error *err);
    enum pm_status (*digits)(struct gpu_device *dev, gpu_stream stream, const struct k_digits_in *in,
                             struct pm_error *err);
    enum pm_status (*rows)(struct gpu_device *dev, gpu_stream stream, const struct k_rows_in *in,
                           struct pm_error *err); /* NULL until there are rows */
    enum pm_status (*ntt)(struct gpu_device *dev, gpu_stream stream, enum k_ntt_op op,
                          const struct k_ntt_in *in, struct pm_error *err);
    enum pm_status (*ntt_table)(struct gpu_device *dev, gpu_stream stream, void *table, unsigned max_log2_n,
                                struct pm_error *err);
    enum pm_status (*vec)(struct gpu_device *dev, gpu_stream stream, enum k_vec_op op, void *out,
                          const struct k_vec_in *in, size_t n, struct pm_error *err); /* of Fr */
};

#ifdef __cplusplus
extern "C" {
#endif

/* -- Layouts: pure functions -- */

/* What is known of an MSM before it runs. A caller that knows n alone says that all are full. */
struct gpu_msm_size {
    struct k_counts counts;
    uint32_t n_chunk; /* most bases that are on the device at once; all of them: 0 */
    const struct gpu_group
        *group[2]; /* one sort serves up to two groups with the same base map; NULL: none */
    unsigned scalar_bits;
    unsigned c, group_windows; /* 0: the best; tests ask for others */
};

/* Where everything lies in one piece of device memory, in bytes from its beginning, aligned to 256. */
struct gpu_msm_plan {
    unsigned c, windows; /* of all, whose buckets are kept together */
    unsigned
        group_windows; /* whose entries are made, sorted and added at a time; the last group may have fewer */
    uint32_t n_buckets; /* windows * 2^(c-1) */
    uint32_t n_entries; /* the most of one group and chunk */
    uint32_t run;       /* k_accumulate_in's */
    uint32_t n_out;     /* windows * (c - 1) */
    size_t cursor, keys[2], values[2], sort, sort_bytes;
    struct {
        size_t buckets, carry, out;
    } group[2];
    size_t bytes; /* of all */
};

/* The plan of least cost that takes no more than `bytes`. PM_NO_MEMORY, with the least that would do, where
 * there is none. A plan that exists for some counts exists in the same bytes for all smaller ones. */
PM_MUST_USE enum pm_status gpu_msm_plan(struct gpu_msm_plan *out, const struct gpu_msm_size *size,
                                        size_t bytes, struct pm_error *err);
/* Bytes of the plan that is best where memory is no matter, and of the smallest one. For every smaller number
 * of scalars they suffice too. */
size_t gpu_msm_bytes(const struct gpu_msm_size *size);
size_t gpu_msm_least_bytes(const struct gpu_msm_size *size);
size_t gpu_msm_carry_bytes(size_t point_bytes, uint32_t n, uint32_t run);

/* n points XYZZ, as `reduce` leaves them, on the host, to affine bytes with one inversion for all; degree 1
 * or 2: coordinates in Fp or Fp2. scratch: n elements of degree * fp_bytes. Infinity gives zero bytes. */
void gpu_points_to_affine(uint8_t *out, const void *points, size_t n, const struct gpu_curve *curve,
                          unsigned degree, void *scratch);

/* -- Whole MSMs: msm_run.h -- */

/* One MSM in up to two groups: sources whose bases share one numbering (the bases of C and of H, one after
 * the other), bases wholly on the device, memory: plan.bytes. Results are left at plan.group[g].out. */
struct gpu_msm_in {
    const struct gpu_curve *curve;
    const struct gpu_msm_plan *plan;
    const struct gpu_group *group[2];
    const void *bases[2];
    const struct k_scalars *sources;
    unsigned n_sources;
    void *memory;
};

/* The steps of one, for callers that overlap groups or stream bases:
 *   clear     empties the buckets of all windows of group g;
 *   sort      makes and sorts the entries of windows [from, from + plan.group_windows) and bases [from, to);
 *   add       adds them to the buckets of group g, bases[g] being the first of [from, to) and following ones;
 *   reduce    after all windows and all bases.
 * All on one stream, or with events between: add reads what sort wrote, the next sort overwrites it. */
struct gpu_msm_part {
    unsigned window_from;
    uint32_t base_from, base_to;
};
/* Where the sort left the entries. */
struct gpu_msm_sorted {
    const uint32_t *keys, *values;
    uint32_t n;
};
PM_MUST_USE enum pm_status GPU_FN(msm_clear)(struct gpu_device *dev, gpu_stream stream,
                                             const struct gpu_msm_in *in, unsigned g, struct pm_error *err);
PM_MUST_USE enum pm_status GPU_FN(msm_sort)(struct gpu_device *dev, gpu_stream stream,
                                            struct gpu_msm_sorted *out, const struct gpu_msm_in *in,
                                            const struct gpu_msm_part *part, struct pm_error *err);
PM_MUST_USE enum pm_status GPU_FN(msm_add)(struct gpu_device *dev, gpu_stream stream,
                                           const struct gpu_msm_in *in, unsigned g,
                                           const struct gpu_msm_part *part,
                                           const struct gpu_msm_sorted *sorted, struct pm_error *err);
PM_MUST_USE enum pm_status GPU_FN(msm_reduce)(struct gpu_device *dev, gpu_stream stream,
                                              const struct gpu_msm_in *in, unsigned g, struct pm_error *err);
/* All of them in order, all bases at once. */
PM_MUST_USE enum pm_status GPU_FN(msm)(struct gpu_device *dev, gpu_stream stream, const struct gpu_msm_in *in,
                                       struct pm_error *err);

extern const struct gpu_curve GPU_FN(curve_bn254);
/* By snarkjs' name; NULL where there is none. */
const struct gpu_curve *GPU_FN(curve_by_name)(const char *name);

#ifdef __cplusplus
}
#endif

#endif
