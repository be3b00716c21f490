/* Benchmarks: each question first checks the result against an identity that the code under the clock does
 * not use, then times it, and hands out rows. `proofmill bench` and the bare programs of bench/ show them.
 * Not a profiler, and no comparison with others: that is bench/'s. */
#ifndef PM_MEASURE_MEASURE_H
#define PM_MEASURE_MEASURE_H

#include "base/status.h"
#include "math/curve.h"

struct pm_measure_options {
    const struct pm_curve *curve;
    const char *device; /* of sums, transforms and provers: "cpu", "cuda:0", "auto" */
    unsigned threads;   /* 0: one per CPU */
    unsigned log2_n;    /* size; 0: the question's own, which takes seconds */
    unsigned runs;      /* timed runs after one that is not; 1 to PM_MEASURE_MAX_RUNS */
    unsigned kind;      /* of pm_measure_prove's circuit: enum pm_synth_kind; 0: PM_SYNTH_WIDE */
    size_t table_bytes; /* pm_measure_prove: for tables of a warm key's points; 0: none */
    unsigned in_flight; /* pm_measure_prove: also so many proofs at a time on one key; 0: not. Up to 8 */
};
enum { PM_MEASURE_MAX_RUNS = 101, PM_MEASURE_MAX_LOG2 = 26, PM_MEASURE_MAX_IN_FLIGHT = 8 };

/* One thing measured: `items` of what `item` names were done in one run. */
struct pm_measure_row {
    const char *question; /* "ntt" */
    const char *what;     /* "forward" */
    const char *item;     /* "butterfly" */
    uint64_t size, items;
    unsigned threads, runs;
    double min_ns, median_ns; /* of a run */
    uint64_t peak_bytes;      /* of the process that did it; 0: not measured */
    uint64_t device_bytes,
        device_planned_bytes; /* of a device of its own; 0: it has none, or does not tell */
};
typedef void pm_measure_emit(void *ctx, const struct pm_measure_row *row);

/* PM_INTERNAL where a check fails; the text says which. Rows given out until then stand. */
typedef enum pm_status pm_measure_fn(const struct pm_measure_options *options, pm_measure_emit *emit,
                                     void *ctx, struct pm_error *err);
pm_measure_fn pm_measure_field;  /* scalar field and points, one at a time and in bulk */
pm_measure_fn pm_measure_ntt;    /* transforms of 2^log2_n */
pm_measure_fn pm_measure_msm;    /* sums of 2^log2_n multiples in G1 and G2 */
pm_measure_fn pm_measure_prove;  /* setup and whole proofs of an x^2 + k chain of nearly 2^log2_n constraints,
                                    in  processes of their own: cold (files just opened) and warm; forks, so
                                    call it  while no other threads run */
pm_measure_fn pm_measure_verify; /* one proof */
/* What a device can do at best, for comparison: multiply-adds, field products, copies, launches. Not one of
 * the questions below. PM_UNSUPPORTED where the backend has no `time`. */
pm_measure_fn pm_measure_device;

/* Synthetic circuits and their witnesses, for benchmarks: the same for the same arguments. n_constraints
 * constraints over as many wires and two more, one of them a public output; 2^N - 8 of them fill a domain of
 * 2^N. Memory: fr_bytes a constraint.
 *           zero, one, below 2^16, full-width   wires in A, in B
 *   wide    0, 0, 0, 100 %                      100, 100 %         like hashes in the field's terms
 *   mixed   45, 25, 10, 20 %                     80,  50 %         the usual circuit
 *   bits    58, 42, 0, 0 %                       64,  34 %         like SHA-256 */
enum pm_synth_kind { PM_SYNTH_WIDE, PM_SYNTH_MIXED, PM_SYNTH_BITS };
enum { PM_SYNTH_MAX = 1 << 27 };
PM_MUST_USE enum pm_status pm_synth(const char *r1cs_path, const char *wtns_path,
                                    const struct pm_curve *curve, enum pm_synth_kind kind,
                                    uint32_t n_constraints, struct pm_error *err);

struct pm_measure_question {
    const char *name;
    pm_measure_fn *run;
};
extern const struct pm_measure_question pm_measure_questions[]; /* NULL name at the end */

/* Where it was measured. */
struct pm_measure_machine {
    char cpu[96]; /* the processor's model */
    unsigned cpus;
    const char *build, *compiler, *version, *commit; /* commit: with "+" behind it where files were changed */
};
void pm_measure_machine(struct pm_measure_machine *out, const struct pm_curve *curve);

/* A row, and the machine, as a line of text and as a JSON object; what snprintf returns. */
int pm_measure_row_text(char *out, size_t size, const struct pm_measure_row *row);
int pm_measure_row_json(char *out, size_t size, const struct pm_measure_row *row);
int pm_measure_machine_text(char *out, size_t size, const struct pm_measure_machine *m);
int pm_measure_machine_json(char *out, size_t size, const struct pm_measure_machine *m);

#endif
