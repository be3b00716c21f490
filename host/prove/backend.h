/* The interface between the prover and whatever does its heavy work: a CPU, a GPU, an emulated GPU.
 *
 * A backend takes a key and a plain witness and returns sums of points. Everything else is done once for all
 * by prover.c: the last doublings, blinding with r and s (which never reach a backend), affine form, the
 * pairing check, the second try. So a backend needs of math/ the parameters of its curves and nothing more;
 * bytes are those of math/curve.h (points affine, Montgomery, little-endian; witness plain; coefficients c *
 * R^2). Input pointers have no alignment.
 *
 * One loaded key serves several workspaces; one workspace proves one witness at a time, and different
 * workspaces do so at the same time in different threads. tests/conformance/ is the suite that every backend
 * passes. */
#ifndef PM_PROVE_BACKEND_H
#define PM_PROVE_BACKEND_H

#include "base/arena.h"
#include "base/pool.h"
#include "base/status.h"
#include "base/watch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PM_PARTIALS_MAX = 320 };

/* A sum of points in pieces, e.g. one for each window of an MSM: its value is the sum of 2^shift[i] *
 * point[i] over i < n (0: infinity). Shifts must not decrease. */
struct pm_partials {
    unsigned n;
    uint16_t shift[PM_PARTIALS_MAX];
    uint8_t *points; /* the caller's: room for PM_PARTIALS_MAX affine points */
};

/* Sparse rows, as struct pm_rows of math/curve.h. */
struct pm_backend_rows {
    size_t n_rows, step;
    const uint32_t *start;               /* n_rows + 1 */
    const uint32_t *entry;               /* start[n_rows] */
    const uint8_t *column, *coefficient; /* of record 0; columns are below n_vars */
};

/* What a backend sees of a key. The bytes stay where they are as long as the loaded key lives. */
struct pm_backend_key {
    const char *curve; /* "bn128", "bls12381" */
    unsigned fp_bytes, fr_bytes;
    uint32_t n_vars, n_public;
    unsigned log2_domain;
    struct pm_backend_rows rows_a, rows_b; /* 2^log2_domain rows each, many of them empty */
    /* NULL, or what to call when a proof has read the records of both: their memory may then go to the
     * system, which brings it back when they are read again. From any thread, while others read them. */
    void (*rows_done)(const void *rows_owner);
    const void *rows_owner;
    const uint8_t *a, *b1, *b2; /* n_vars points; infinity is common in B */
    const uint8_t *c;           /* n_vars - n_public - 1 points, for the witness from n_public + 1 on */
    const uint8_t *h;           /* 2^log2_domain points */
    /* What `load` may take at the most for tables of these points, which make proofs faster; 0: none. They
     * are made for workspaces of about table_threads threads. */
    size_t table_bytes;
    unsigned table_threads;
};

/* With a = A w, b = B w (rows times witness) and c = a o b as evaluations on the N-th roots of unity, and h_i
 * = (a b - c) at the odd power w_2N^(2i+1) of the 2N-th root: a = sum w_i A_i, b1 = sum w_i B1_i, b2 = sum
 * w_i B2_i, ch = sum w_(n_public+1+i) C_i + sum h_i H_i. */
struct pm_backend_sums {
    struct pm_partials a, b1, b2, ch;
};

struct pm_backend_times {
    uint64_t rows_ns, ntt_ns, msm_ns;
};

struct pm_backend_device {
    char text[128];        /* "CPU, build portable", "NVIDIA ..., 80 GiB" */
    uint64_t memory_bytes; /* of its own; 0: the host's */
    uint64_t free_bytes;   /* of these, now, whoever holds the rest; 0: the host's, or not known */
};

/* Bytes, exact but for the reserve, which is measured (contexts, code, the driver's own). */
struct pm_backend_plan {
    size_t host_key_bytes, host_work_bytes; /* host_work_bytes: what `open` takes of its arena */
    size_t table_bytes;                     /* of host_key_bytes: the tables of points */
    size_t
        pinned_bytes; /* of the host's memory for copies: of host_key_bytes, and of one workspace besides */
    size_t device_key_bytes, device_work_bytes, device_reserve_bytes;
    size_t device_memory_bytes; /* what there is for keys and workspaces; 0: no memory of its own */
};

enum pm_ntt_kind {
    PM_NTT_INVERSE,  /* evaluations on the n-th roots, natural order -> coefficients, bit-reversed order */
    PM_NTT_FORWARD,  /* coefficients, bit-reversed order -> evaluations, natural order */
    PM_NTT_ODD_COSET /* evaluations on the n-th roots -> evaluations on w_2n^(2i+1), both in natural order */
};

/* What `time` runs. */
enum pm_timed_part {
    PM_TIMED_MSM, /* curve, group, bases, scalars, n as msm; sums */
    PM_TIMED_NTT, /* curve, kind; data: n Montgomery elements of Fr, n a power of two. Each run transforms
                     the same data in place, the last run's result is left in it */
    PM_TIMED_PRODUCTS, /* curve, group (0: Fr, 1: Fp), factor; data: n Montgomery elements x_i, which become
                          x_i factor^m, m = items / n, one product after the other */
    PM_TIMED_MUL_LOW,  /* multiply-adds of 32 bits, lower half (IMAD), upper half, both: n or a few more */
    PM_TIMED_MUL_HIGH,
    PM_TIMED_MUL_WIDE,
    PM_TIMED_UPLOAD, /* n bytes from the host's memory, such as the backend itself copies from */
    PM_TIMED_DOWNLOAD,
    PM_TIMED_MOVE,   /* n bytes from one place on the device to another */
    PM_TIMED_LAUNCH, /* n kernels that do nothing, one behind the other, awaited once */
    PM_TIMED_AWAIT   /* n kernels that do nothing, each awaited */
};
struct pm_backend_timed {
    enum pm_timed_part part;
    const char *curve;
    unsigned group;
    enum pm_ntt_kind kind;
    size_t n;
    const uint8_t *bases, *scalars, *factor;
    uint8_t *data;
    struct pm_partials *sums; /* out, where there are any: of the last run; points are the caller's */
    uint64_t items; /* out: what one run did: points, elements, products, instructions, bytes, kernels */
};

struct pm_backend {
    const char *name; /* "cpu"; the name of --device */
    /* A proof of a trusted backend that does not verify is the witness's fault; one of another is tried on
     * the CPU. */
    bool trusted;

    /* How many devices there are now; 0 where the hardware or its driver is missing. describe fails with the
     * reason where there is no such device or where it cannot be used. */
    unsigned (*count)(void);
    PM_MUST_USE enum pm_status (*describe)(struct pm_backend_device *out, unsigned device,
                                           struct pm_error *err);

    /* What a key and one workspace of it will take. threads: of the pool that `open` will get. PM_UNSUPPORTED
     * for a curve or a size that this backend does not do. */
    PM_MUST_USE enum pm_status (*plan)(struct pm_backend_plan *out, const struct pm_backend_key *key,
                                       unsigned device, unsigned threads, struct pm_error *err);

    /* Loads a key for good. *loaded is the backend's own; the key's bytes outlive it. */
    PM_MUST_USE enum pm_status (*load)(void **loaded, const struct pm_backend_key *key, unsigned device,
                                       struct pm_pool *pool, struct pm_error *err);
    void (*unload)(void **loaded); /* after all its workspaces were closed; nulls */

    /* A workspace. Host memory comes from the arena alone (a planning arena only counts, and *work is then
     * NULL); loaded, arena and pool outlive it. */
    PM_MUST_USE enum pm_status (*open)(void **work, void *loaded, struct pm_arena *arena,
                                       struct pm_pool *pool, struct pm_error *err);
    void (*close)(void **work); /* wipes what the arena's owner cannot wipe; nulls */

    /* witness: n_vars canonical elements, the first of them one. Allocates nothing. watch (may be NULL) is
     * asked now and then; PM_CANCELLED when it says no. */
    PM_MUST_USE enum pm_status (*prove)(void *work, struct pm_backend_sums *out, const uint8_t *witness,
                                        struct pm_backend_times *times, const struct pm_watch *watch,
                                        struct pm_error *err);

    /* The parts alone, for conformance tests and benchmarks; they allocate what they need. group: 1 or 2. */
    PM_MUST_USE enum pm_status (*msm)(struct pm_partials *out, const char *curve, unsigned group,
                                      const uint8_t *bases, const uint8_t *scalars, size_t n, unsigned device,
                                      struct pm_pool *pool, struct pm_error *err);
    /* data: 2^log2_n Montgomery elements, in place. Values as kind says, scaled. */
    PM_MUST_USE enum pm_status (*ntt)(uint8_t *data, const char *curve, enum pm_ntt_kind kind,
                                      unsigned log2_n, unsigned device, struct pm_pool *pool,
                                      struct pm_error *err);

    /* The device that a user calls by something else than its number; NULL: there is nothing else.
     * PM_NOT_FOUND, PM_USAGE. */
    PM_MUST_USE enum pm_status (*find)(unsigned *device, const char *text, struct pm_error *err);

    /* For benchmarks: the nanoseconds of each of `runs` runs, after one that is not counted, on data that was
     * copied to the device before: from the first launch to the end of the host's wait for the last, of a sum
     * until its parts are there as points. Results come back, so that the caller can check what was timed.
     * PM_UNSUPPORTED for a part that this backend does not time. NULL where data is always at hand, as on the
     * CPU. */
    PM_MUST_USE enum pm_status (*time)(uint64_t *run_ns, unsigned runs, struct pm_backend_timed *timed,
                                       unsigned device, struct pm_pool *pool, struct pm_error *err);
};

/* All backends of this build, best first, NULL at the end. */
const struct pm_backend *const *pm_backend_list(void);

/* "cpu", "NAME:INDEX", what the backend's `find` takes after the colon, or "auto" (the first that has a
 * device). PM_USAGE for a name that there is not, PM_NOT_FOUND for a device that there is not, PM_UNSUPPORTED
 * for one that is too old. */
PM_MUST_USE enum pm_status pm_backend_find(const struct pm_backend **out, unsigned *device, const char *name,
                                           struct pm_error *err);

extern const struct pm_backend pm_backend_cpu;
extern const struct pm_backend pm_backend_cuda; /* kernels/cuda_backend.cu, built with PROOFMILL_CUDA */
extern const struct pm_backend pm_backend_emu;  /* kernels/emu_backend.c, for tests */

#endif
