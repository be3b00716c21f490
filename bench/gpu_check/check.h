/* gpu_check: everything to be found out on a machine with a GPU that one has for minutes. What its files
 * share: items, the call, and what an item at work is given.
 *
 * A stage is a list of items. The parent (main.c) runs each in a child, which is this program again with a
 * hidden option (child.c), under a time limit; the parent itself never touches a device, and nothing forks
 * that has. A child writes rows to a file as it gets them. When it has ended the parent adds a line of JSON
 * to OUT/STAGE.jsonl (journal.c), from which a later call knows what has passed, and report.c makes tables.
 */
#ifndef PM_BENCH_GPU_CHECK_H
#define PM_BENCH_GPU_CHECK_H

#include "measure/measure.h"

#include <stdbool.h>
#include <stdio.h>

/* One call of the program. */
struct check {
    const char *device, *out, *results, *cuda_root; /* --device, --out, --results, --cuda-root */
    bool again;                                     /* --again */
    unsigned budget_s;                              /* --budget: of a stage; 0: the stage's own */
    bool tiny;                                      /* --tiny, for tests: sizes of almost nothing */
    const char *command;                            /* as it was given, for the report */
    char self[512];                                 /* this program */
    char build[17];                                 /* hash of it and of the tests that it runs */
    char device_text[128], driver[64];
    uint64_t memory_bytes;
};

/* An item at work, in the child. */
struct child {
    const char *device;
    bool tiny;
    const char *dir; /* its own, removed after it; $TMPDIR */
    FILE *rows;
};

enum { ITEM_ARGS = 16, SKIP_CODE = 77 };
struct item {
    const char *stage;
    char name[48];             /* unique in its stage */
    unsigned needs_s, limit_s; /* about what it takes; when it is killed */
    /* One of three: a function for the child (PM_UNSUPPORTED: skipped), a command for it, or why neither. */
    enum pm_status (*run)(const struct child *child, const struct item *item, struct pm_error *err);
    const char *command[ITEM_ARGS]; /* NULL at the end; exit code 0: passed, 77: skipped */
    const char *missing;
    const char *must_print; /* a command must besides; NULL: nothing */
    /* For run. */
    const struct pm_curve *curve;
    enum pm_synth_kind kind;
    unsigned log2_n, count, keys;
    pm_measure_fn *question;
};

enum { MOST_ITEMS = 192 };
struct items {
    unsigned n;
    struct item at[MOST_ITEMS];
    char text[MOST_ITEMS][2][512]; /* for commands, by item */
};
struct item *items_add(struct items *items, const char *stage, const char *name, unsigned needs_s,
                       unsigned limit_s);

struct stage {
    const char *name, *meaning; /* meaning NULL: run only where it is named */
    unsigned budget_s;
    void (*plan)(struct items *items, const struct check *check); /* adds its items, in order of use */
};
extern const struct stage stages[]; /* NULL name at the end */

void plan_smoke(struct items *items, const struct check *check);
void plan_conform(struct items *items, const struct check *check);
void plan_sanitize(struct items *items, const struct check *check);
void plan_soak(struct items *items, const struct check *check);
void plan_bench(struct items *items, const struct check *check);
void plan_fault(struct items *items, const struct check *check);  /* of no use but to tests */
void plan_hidden(struct items *items, const struct check *check); /* of no stage: what other items start */

/* -- child.c -- */
enum result { RESULT_PASS, RESULT_FAIL, RESULT_TIMEOUT, RESULT_SKIP, RESULT_LEFT };
struct outcome {
    enum result result;
    char why[1024];
    double wall_s;
    char rows_path[640], log_path[640];
};
const char *result_name(enum result result);
/* Runs an item in a child for limit_s at most; sets all of *out. Afterwards no process of it is left. */
void child_run(struct outcome *out, const struct check *check, const struct item *item, unsigned limit_s);
/* The child's main: runs items->at[...] of that name "STAGE/NAME"; what the process ends with. */
int child_main(const struct check *check, const char *name, const char *rows_path, const char *dir);
extern volatile int child_interrupted; /* by a signal: child_run kills its child and returns */

/* Rows, to the child's file. */
void child_row(void *child, const struct pm_measure_row *row); /* a pm_measure_emit */
void child_value(const struct child *child, const char *question, const char *what, uint64_t size,
                 double value, const char *unit);

/* -- known.c: a circuit of nearly 2^log2_n constraints, its witness, and keys that pm_setup_dev makes -- */
struct pm_key;
struct known {
    struct pm_pool *pool;
    const struct pm_curve *curve;
    char r1cs[600], wtns[600], zkey[600];
    struct pm_wtns *witness;
    struct pm_zkey *file;
    struct pm_key *key;
};
PM_MUST_USE enum pm_status known_make(struct known *k, const struct child *child, const struct item *item,
                                      struct pm_error *err);
/* Another key of the same circuit; the one there is freed. */
PM_MUST_USE enum pm_status known_rekey(struct known *k, struct pm_error *err);
void known_free_key(struct known *k);
void known_free(struct known *k);
struct pm_prover;
/* Proves, verifies, and fails where the device was at fault though the proof is right. */
PM_MUST_USE enum pm_status known_prove(const struct known *k, struct pm_prover *prover, uint64_t *ns,
                                       struct pm_error *err);

/* With the same r and s on both. */
PM_MUST_USE enum pm_status known_same_as_cpu(const struct known *k, struct pm_prover *prover,
                                             struct pm_prover *cpu, struct pm_error *err);

/* -- bench.c: the item's question -- */
PM_MUST_USE enum pm_status bench_ask(const struct child *child, const struct item *item,
                                     struct pm_error *err);

/* -- tiers.c: item->keys: only the one that takes least. PM_UNSUPPORTED on the CPU -- */
PM_MUST_USE enum pm_status tiers_prove(const struct child *child, const struct item *item,
                                       struct pm_error *err);

/* -- report.c -- */
/* Makes the report of OUT's newest device and build. Exit code. */
int report_make(const struct check *check);

#endif
