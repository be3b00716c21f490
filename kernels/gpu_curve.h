/* What the GPU prover does with one curve: a table of launchers, the same for the emulated device and for
 * CUDA, and multi-scalar multiplications put together from them. All pointers are device memory unless they
 * say host; everything is queued, nothing here waits. Kernels are k_digits.h, k_msm.h, k_ntt.h; layouts are
 * msm_plan.c's, whole MSMs msm_run.h's. The backend (backend_gpu.h) is the user besides tests.
 *
 * An MSM. Scalars are plain numbers on the device, one for each variable, and a base map says which of the
 * bases (compact: those at infinity left out) belongs to a scalar. Each scalar s is replaced by min(s, r - s)
 * with its base negated, and cut into signed digits of c bits, above -2^(c-1) and up to 2^(c-1). Digit d != 0
 * of window w is one entry: its key w 2^(c-1) + |d| - 1 is the number of its bucket, its value the base and
 * the sign. Entries are sorted by key, bases are added to buckets, and the 2^(c-1) buckets of each window are
 * reduced to c - 1 points. Buckets: Pippenger (1976), Bernstein, Doumen, Lange and Oosterwijk (ePrint
 * 2012/549). */
#ifndef PM_KERNELS_GPU_CURVE_H
#define PM_KERNELS_GPU_CURVE_H

#include "kernels/gpu_sort.h"
#include "kernels/ops.h"

enum {
    K_DIGITS_THREADS = 256,
    K_MSM_THREADS = 128,
    K_FAMILIES = 4,     /* base maps that one count looks at */
    K_CARRY_RUN = 8,    /* carries that one thread takes */
    K_ENTRY_BYTES = 16, /* of an entry: key and value, in each of the sort's halves */
    K_MSM_MIN_C = 2,
    K_MSM_MAX_C = 22
};
#define K_NO_BASE 0xffffffffu /* in a base map: this scalar has none */
#define K_NO_KEY  0xffffffffu /* in a list of entries: there is none here */
#define K_MINUS   0x80000000u /* in an entry's value: subtract the base; bases are numbered below it */

/* Scalars and their bases. base: n entries, or NULL: scalar i has base first_base + i. */
struct k_scalars {
    const void *scalars; /* n plain elements of fr_bytes, aligned to 16 */
    uint32_t n;
    const uint32_t *base;
    uint32_t first_base;
};

/* How many scalars that have a base are, as min(s, r - s): one; larger and below 2^64; larger. Zeros are not
 * counted. wild: those not below r; they give no entries, so that the sum lacks them: the caller refuses it.
 * On the device four words, as here. */
struct k_counts {
    uint32_t ones, shorts, fulls, wild;
};

struct k_count_in {
    const void *scalars; /* as in k_scalars */
    uint32_t n;
    unsigned families;
    const uint32_t *base[K_FAMILIES]; /* of each family; NULL: every scalar has one */
    struct k_counts *counts;          /* one for each family: added to, so zero them first */
};

struct k_digits_in {
    struct k_scalars scalars;
    uint32_t base_from, base_to;        /* entries of bases in [from, to) only, numbered from 0 there */
    unsigned c, window_from, window_to; /* and of windows in [from, to) only, numbered from 0 there */
    uint32_t *keys, *values;            /* written from *cursor on, in no particular order */
    uint32_t *cursor;                   /* one word; moves behind what was written */
    uint32_t capacity; /* entries that keys and values hold; more are the caller's fault and are lost */
};

struct k_accumulate_in {
    const uint32_t *keys,
        *values; /* n < 2^31, sorted by key; keys from n_buckets on stand last, for nothing */
    uint32_t n;
    const void *bases; /* affine points; values are their numbers */
    void *buckets;     /* n_buckets points XYZZ, added to; all zero bytes are infinity */
    uint32_t n_buckets;
    uint32_t run;  /* entries that one thread takes, 2 at least */
    void *scratch; /* gpu_msm_carry_bytes(point_bytes, gpu_msm_parts(n, run)), aligned to 16 */
};

struct k_reduce_in {
    void *buckets; /* windows rows of 2^(c-1) points XYZZ, below 2^31 in all; overwritten */
    unsigned c, windows;
    void *out; /* windows * (c-1) points XYZZ, canonical: the sum is that of 2^(w c + i) out[w (c-1) + i] */
};

struct gpu_group {
    size_t affine_bytes, point_bytes; /* of a base, as a .zkey holds it, and of a point XYZZ */
    unsigned degree;                  /* coordinates in Fp: 1; in Fp2: 2 */
    enum pm_status (*accumulate)(struct gpu_device *dev, gpu_stream stream, const struct k_accumulate_in *in,
                                 struct pm_error *err);
    enum pm_status (*reduce)(struct gpu_device *dev, gpu_stream stream, const struct k_reduce_in *in,
                             struct pm_error *err);
};

struct gpu_curve {
    const char *name; /* snarkjs': "bn128", "bls12381" */
    unsigned fr_bytes, fp_bytes;
    unsigned scalar_bits; /* of min(s, r - s): those of r less one */
    unsigned two_adicity;
    const uint64_t *fp_modulus; /* host; limbs, least significant first */
    struct gpu_group g1, g2;

    enum pm_status (*count)(struct gpu_device *dev, gpu_stream stream, const struct k_count_in *in,
                            struct pm_error *err);
    enum pm_status (*digits)(struct gpu_device *dev, gpu_stream stream, const struct k_digits_in *in,
                             struct pm_error *err);
    enum pm_status (*rows)(struct gpu_device *dev, gpu_stream stream, const struct k_rows_in *in,
                           struct pm_error *err);
    enum pm_status (*quotient)(struct gpu_device *dev, gpu_stream stream, void *h, const void *a,
                               const void *b, const void *c, size_t n, struct pm_error *err);
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

/* -- Layouts: pure functions (msm_plan.c) -- */

/* What is known of an MSM before it runs. A caller that knows only how many bases there are says that all are
 * full. */
struct gpu_msm_size {
    struct k_counts counts;
    uint32_t n_chunk;                 /* most bases that are on the device at once; 0: all of them */
    const struct gpu_group *group[2]; /* one sort serves up to two groups with the same base map; or NULL */
    unsigned scalar_bits;
    unsigned c, group_windows; /* 0: the best; others are for tests */
};

/* Where everything lies in one piece of device memory, in bytes from its beginning, aligned to 256. */
struct gpu_msm_plan {
    struct gpu_msm_size size; /* that it was made for */
    unsigned c, windows;      /* of all, whose buckets are kept together */
    unsigned group_windows;   /* whose entries are made, sorted and added at a time; the last may be fewer */
    uint32_t n_buckets;       /* windows * 2^(c-1) */
    uint32_t n_entries;       /* the most of one group of windows and one chunk */
    uint32_t n_out;           /* windows * (c-1); all but scalar_bits of them at most are infinity */
    size_t cursor, keys[2], values[2], sort, sort_bytes;
    struct {
        size_t buckets, carry, out;
    } group[2];
    size_t bytes; /* of all */
    size_t gap;   /* left over behind each piece, for fences; 0 but in tests */
};

/* The plan of least cost that takes no more than `bytes`. PM_NO_MEMORY where there is none, saying how much
 * would do; PM_UNSUPPORTED from 2^31 bases on. A plan that exists for some counts exists in the same bytes
 * for all smaller ones: fewer scalars, or shorter ones. */
PM_MUST_USE enum pm_status gpu_msm_plan(struct gpu_msm_plan *out, const struct gpu_msm_size *size,
                                        size_t bytes, struct pm_error *err);
/* Bytes of the plan that is best where memory is no matter, and of the smallest one; SIZE_MAX from 2^31
 * bases. */
size_t gpu_msm_bytes(const struct gpu_msm_size *size);
size_t gpu_msm_least_bytes(const struct gpu_msm_size *size);
/* The most entries of windows [window_from, window_from + group_windows) of any n_bases bases. */
uint32_t gpu_msm_entries(const struct gpu_msm_plan *plan, unsigned window_from, uint32_t n_bases);
/* Entries that a thread takes, and threads that n entries then need. */
uint32_t gpu_msm_run(uint32_t n);
uint32_t gpu_msm_parts(uint32_t n, uint32_t run);
size_t gpu_msm_carry_bytes(size_t point_bytes, uint32_t parts);

/* Host: n points XYZZ, canonical, as `reduce` leaves them, to affine bytes, with one inversion for all
 * (points.c). Infinity gives zero bytes. degree: a group's. scratch: n * degree * fp_bytes, aligned to 8;
 * takes time that depends on the points. */
void gpu_points_to_affine_var(uint8_t *out, const void *points, size_t n, const struct gpu_curve *curve,
                              unsigned degree, void *scratch);

/* -- Whole MSMs (msm_run.h) -- */

/* In up to two groups: sources whose bases share one numbering (say, C's bases and then H's). */
struct gpu_msm_in {
    const struct gpu_curve *curve;
    const struct gpu_msm_plan *plan;
    const struct k_scalars *sources; /* host */
    unsigned n_sources;
    void *memory; /* plan->bytes, aligned to 256 */
};

/* What one sort takes: windows [window_from, window_from + plan->group_windows), as far as there are any, and
 * bases [base_from, base_to), plan->size.n_chunk of them at most, where that is not zero. */
struct gpu_msm_part {
    unsigned window_from;
    uint32_t base_from, base_to;
};
/* Where the sort leaves the entries, on the device. */
struct gpu_msm_sorted {
    const uint32_t *keys, *values;
    uint32_t n;
};

/* The steps, for callers that overlap groups or stream bases. g is the group's place in plan->size.group.
 *   clear     empties the buckets of all windows;
 *   sort      makes the entries of a part and sorts them; the next sort overwrites them;
 *   add       adds them to the buckets; bases: on the device, from base_from on;
 *   reduce    after the add of every part: leaves plan->n_out points at memory + plan->group[g].out, as
 *             k_reduce_in says.
 * On one stream, or with events in between. */
PM_MUST_USE enum pm_status GPU_FN(msm_clear)(struct gpu_device *dev, gpu_stream stream,
                                             const struct gpu_msm_in *in, unsigned g, struct pm_error *err);
PM_MUST_USE enum pm_status GPU_FN(msm_sort)(struct gpu_device *dev, gpu_stream stream,
                                            struct gpu_msm_sorted *out, const struct gpu_msm_in *in,
                                            const struct gpu_msm_part *part, struct pm_error *err);
PM_MUST_USE enum pm_status GPU_FN(msm_add)(struct gpu_device *dev, gpu_stream stream,
                                           const struct gpu_msm_in *in, unsigned g, const void *bases,
                                           const struct gpu_msm_part *part,
                                           const struct gpu_msm_sorted *sorted, struct pm_error *err);
PM_MUST_USE enum pm_status GPU_FN(msm_reduce)(struct gpu_device *dev, gpu_stream stream,
                                              const struct gpu_msm_in *in, unsigned g, struct pm_error *err);
/* All of them in order on one stream; bases[g]: n_bases bases of group g, all on the device. */
PM_MUST_USE enum pm_status GPU_FN(msm)(struct gpu_device *dev, gpu_stream stream, const struct gpu_msm_in *in,
                                       const void *const bases[2], uint32_t n_bases, struct pm_error *err);

/* -- Curves (inst_curves.h) -- */

/* By snarkjs' name; NULL where there is none. */
const struct gpu_curve *GPU_FN(curve_by_name)(const char *name);

/* What the instances of one curve define: for the table alone. */
#define GPU_CURVE_LAUNCHERS(curve)                                                                           \
    PM_MUST_USE enum pm_status GPU_FN(curve##_fr_count)(struct gpu_device * dev, gpu_stream stream,          \
                                                        const struct k_count_in *in, struct pm_error *err);  \
    PM_MUST_USE enum pm_status GPU_FN(curve##_fr_digits)(                                                    \
        struct gpu_device * dev, gpu_stream stream, const struct k_digits_in *in, struct pm_error *err);     \
    GPU_GROUP_LAUNCHERS(curve##_g1);                                                                         \
    GPU_GROUP_LAUNCHERS(curve##_g2)
#define GPU_GROUP_LAUNCHERS(group)                                                                           \
    PM_MUST_USE enum pm_status GPU_FN(group##_accumulate)(                                                   \
        struct gpu_device * dev, gpu_stream stream, const struct k_accumulate_in *in, struct pm_error *err); \
    PM_MUST_USE enum pm_status GPU_FN(group##_reduce)(struct gpu_device * dev, gpu_stream stream,            \
                                                      const struct k_reduce_in *in, struct pm_error *err)
GPU_CURVE_LAUNCHERS(bn254);
GPU_CURVE_LAUNCHERS(bls12_381);

#ifdef __cplusplus
}
#endif

#endif
