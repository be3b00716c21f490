/* The launchers of the vector kernels, for tests and checks on a device: what they take, and which there are.
 * All pointers are device memory; elements and points lie there as in host/math (points XYZZ: x, y, zz, zzz).
 * The prefixes are GPU_FN's, so that one program can hold the device's and the emulator's. */
#ifndef PM_KERNELS_OPS_H
#define PM_KERNELS_OPS_H

#include "kernels/gpu.h"
#include "kernels/rows.h"

enum { K_VEC_THREADS = 128, K_POINT_THREADS = 128 };

enum k_vec_op {
    K_VEC_ADD,
    K_VEC_SUB,
    K_VEC_MUL,
    K_VEC_SQR,     /* a a */
    K_VEC_MUL_ADD, /* a b + c d */
    K_VEC_MUL_SUB, /* a b - c d */
    K_VEC_TO_MONT, /* prime fields only; any a below R */
    K_VEC_FROM_MONT,
    K_VEC_CHAIN /* prime fields only: a d^K_VEC_CHAIN_LENGTH, one product after the other: for measuring
                   products without their memory */
};
enum { K_VEC_CHAIN_LENGTH = 64 };
struct k_vec_in {
    const void *a, *b, *c, *d;
};

/* The functions of ptx.h, one by one (k_ptx.h): in a, b, c and, in d, carries; 4 bytes each, 8 come out. */
enum k_ptx_function {
#define PTX(name, text, operands, reads, writes, value) K_PTX_##name,
#include "kernels/ptx.def"
#undef PTX
    K_PTX_FUNCTIONS
};

enum k_points_op { K_POINTS_ADD, K_POINTS_ADD_AFFINE, K_POINTS_DBL, K_POINTS_NEG };
struct k_points_in {
    const void *a, *b, *affine; /* ADD_AFFINE: a + affine */
};

/* Transforms, in place. Their kinds are those of prove/backend.h: INVERSE leaves coefficients in bit-reversed
 * order, FORWARD takes them, ODD_COSET goes from evaluations on the n-th roots to those on w_2n^(2i+1). */
enum { K_NTT_THREADS = 256, K_NTT_BATCH = 3, K_NTT_LOG2_TILE = 10 };
enum k_ntt_op { K_NTT_INVERSE, K_NTT_FORWARD, K_NTT_ODD_COSET };
struct k_ntt_in {
    void *data[K_NTT_BATCH]; /* 2^log2_n Montgomery elements each, within fd_tmpl.h's bounds */
    const void *table;       /* ntt_table for log2_n at least, log2_n + 1 for ODD_COSET */
    unsigned batch, log2_n;
    unsigned log2_tile; /* K_NTT_LOG2_TILE; less in tests. sizeof(element) 2^log2_tile bytes are shared */
};

/* Rows times witness: a = A w, b = B w, c = a o b, n_rows Montgomery elements each, canonical. */
enum { K_ROWS_THREADS = 128 };
struct k_rows_in {
    const struct k_rows_plan *plan; /* read while launching */
    const void *rows;               /* what k_rows_write wrote */
    const void *witness;            /* plain, canonical; columns are below its length */
    void *a, *b, *c;
    void *partial; /* plan->n_partials elements */
};

#ifdef __cplusplus
extern "C" {
#endif

#define K_VEC_LAUNCHER(name)                                                                                 \
    PM_MUST_USE enum pm_status GPU_FN(name)(struct gpu_device * dev, gpu_stream stream, enum k_vec_op op,    \
                                            void *out, const struct k_vec_in *in, size_t n,                  \
                                            struct pm_error *err)
#define K_POINTS_LAUNCHER(name)                                                                              \
    PM_MUST_USE enum pm_status GPU_FN(name)(struct gpu_device * dev, gpu_stream stream, enum k_points_op op, \
                                            void *out, const struct k_points_in *in, size_t n,               \
                                            struct pm_error *err)
/* ntt_table: 2^(max_log2_n - 1) elements, one where that is less. quotient: h = a b - c, plain, for n
 * Montgomery elements; h may be any of the others. */
#define K_LAUNCHERS(curve)                                                                                   \
    K_VEC_LAUNCHER(curve##_fr_vec);                                                                          \
    K_VEC_LAUNCHER(curve##_fp_vec);                                                                          \
    K_VEC_LAUNCHER(curve##_fp2_vec);                                                                         \
    K_POINTS_LAUNCHER(curve##_g1_points);                                                                    \
    K_POINTS_LAUNCHER(curve##_g2_points);                                                                    \
    PM_MUST_USE enum pm_status GPU_FN(curve##_fr_ntt_table)(                                                 \
        struct gpu_device * dev, gpu_stream stream, void *table, unsigned max_log2_n, struct pm_error *err); \
    PM_MUST_USE enum pm_status GPU_FN(curve##_fr_ntt)(struct gpu_device * dev, gpu_stream stream,            \
                                                      enum k_ntt_op op, const struct k_ntt_in *in,           \
                                                      struct pm_error *err);                                 \
    PM_MUST_USE enum pm_status GPU_FN(curve##_fr_rows)(struct gpu_device * dev, gpu_stream stream,           \
                                                       const struct k_rows_in *in, struct pm_error *err);    \
    PM_MUST_USE enum pm_status GPU_FN(curve##_fr_quotient)(struct gpu_device * dev, gpu_stream stream,       \
                                                           void *h, const void *a, const void *b,            \
                                                           const void *c, size_t n, struct pm_error *err)
K_LAUNCHERS(bn254);
K_LAUNCHERS(bls12_381);
PM_MUST_USE enum pm_status GPU_FN(ptx)(struct gpu_device *dev, gpu_stream stream,
                                       enum k_ptx_function function, void *out, const struct k_vec_in *in,
                                       size_t n, struct pm_error *err);
#undef K_VEC_LAUNCHER
#undef K_POINTS_LAUNCHER
#undef K_LAUNCHERS

/* For measuring what a device can do at best (k_peak.h). */
enum { K_PEAK_THREADS = 256 };
enum k_peak_op { K_PEAK_LOW, K_PEAK_HIGH, K_PEAK_WIDE, K_PEAK_NOTHING };
/* At least n multiply-adds of that kind, *done of them, in K_PEAK_THREADS gpu_blocks_for(dev, SIZE_MAX,
 * K_PEAK_THREADS) threads; out: a word for each thread. NOTHING: one kernel that does nothing; out is unused.
 */
PM_MUST_USE enum pm_status GPU_FN(peak)(struct gpu_device *dev, gpu_stream stream, enum k_peak_op op,
                                        void *out, uint64_t n, uint64_t *done, struct pm_error *err);

/* One operation from host memory to host memory, on the emulated device or on CUDA's: opens device 0, copies,
 * launches, copies back, releases everything. For checks, not for work. in[i] holds n times in_bytes[i] (0:
 * none); the result takes the place of input `alias` on the device (-1: of none). seed: the emulator's. */
enum ops_curve { OPS_BN254, OPS_BLS12_381 };
enum ops_vector { OPS_FR, OPS_FP, OPS_FP2, OPS_G1, OPS_G2, OPS_PTX };
struct ops_call {
    enum ops_curve curve;
    enum ops_vector what;
    int op; /* enum k_vec_op, k_points_op or k_ptx_function; in: a, b, c, d or a, b, affine */
    const void *in[4];
    size_t in_bytes[4];
    void *out;
    size_t out_bytes, n;
    int alias;
    uint64_t seed;
};
PM_MUST_USE enum pm_status emu_ops_run(const struct ops_call *call, struct pm_error *err);
PM_MUST_USE enum pm_status cuda_ops_run(const struct ops_call *call, struct pm_error *err);
unsigned cuda_ops_devices(void); /* 0 where there is no device or no driver */

#ifdef __cplusplus
}
#endif

#endif
