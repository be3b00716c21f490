/* Internal to measure/: the clock, inputs, and the synthetic circuit that several questions share. */
#ifndef PM_MEASURE_INSIDE_H
#define PM_MEASURE_INSIDE_H

#include "measure/measure.h"

/* One question at work. */
struct measure {
    const struct pm_measure_options *options;
    const struct pm_curve *curve;
    struct pm_pool *pool;             /* NULL in prove.c, whose children have their own */
    const struct pm_backend *backend; /* see measure_device */
    unsigned device;
    pm_measure_emit *emit;
    void *ctx;
    struct pm_error *err;
    struct pm_measure_row row; /* question, size, threads and runs are filled in */
};

/* Checks the options; makes the pool if wanted. default_log2: where the options say none. */
PM_MUST_USE enum pm_status measure_begin(struct measure *m, const char *question, unsigned default_log2,
                                         bool with_pool, const struct pm_measure_options *options,
                                         pm_measure_emit *emit, void *ctx, struct pm_error *err);
void measure_end(struct measure *m);

/* Times work(arg): one run that is not counted, then options->runs; emits a row. */
void measure_time(struct measure *m, const char *what, const char *item, uint64_t items,
                  void (*work)(void *arg), void *arg);
/* Emits a row of times that were taken elsewhere; ns: options->runs of them, sorted in place. */
void measure_given(struct measure *m, const char *what, const char *item, uint64_t items, uint64_t *ns,
                   uint64_t peak_bytes);

/* Finds the options' device. *direct: it is the CPU, whose functions are called as they are; else it has a
 * `time` (PM_UNSUPPORTED if not), with which measure_on_device fills ns[runs]. */
struct pm_backend_timed;
PM_MUST_USE enum pm_status measure_device(struct measure *m, bool *direct);
PM_MUST_USE enum pm_status measure_on_device(struct measure *m, uint64_t *ns, struct pm_backend_timed *timed);

/* n bytes aligned to 64, or PM_NO_MEMORY. */
PM_MUST_USE enum pm_status measure_alloc(void *out, size_t n, struct pm_error *err);
enum pm_status measure_wrong(struct pm_error *err, const char *what); /* PM_INTERNAL: a check failed */

/* Pseudo-random elements below r, the same for the same seed: times should not differ from run to run. */
void measure_elements(const struct pm_curve *curve, uint8_t *out, size_t n, uint64_t seed);

/* A folder of its own for circuit, key and witness, under $TMPDIR or /tmp. */
struct measure_files {
    char dir[64], r1cs[80], wtns[80], zkey[80];
};
PM_MUST_USE enum pm_status measure_files_make(struct measure_files *f, struct pm_error *err);
void measure_files_remove(struct measure_files *f);

#endif
