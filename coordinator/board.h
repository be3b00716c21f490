/* The board: what the loop tells the HTTP threads. Counters since the start, who is logged in, and whether
 * all is well. The loop writes, others read; one mutex. What must survive a restart is in the ledger, not
 * here. */
#ifndef PM_COORDINATOR_BOARD_H
#define PM_COORDINATOR_BOARD_H

#include "coordinator/project/project.h"

#include <stdint.h>

enum pm_counter {
    PM_COUNT_MESSAGES,
    PM_COUNT_BAD_MESSAGES,
    PM_COUNT_PACKED,
    PM_COUNT_DISPATCHED,
    PM_COUNT_RETRY,   /* dispatched again after an attempt that failed */
    PM_COUNT_TIMEOUT, /* leases that expired */
    PM_COUNT_SUCCEEDED,
    PM_COUNT_REJECTED, /* proofs that did not verify */
    PM_COUNT_FAILED,   /* tasks given up */
    PM_N_COUNTERS
};
enum { PM_N_BUCKETS = 14 };

struct pm_histogram {
    uint64_t bucket[PM_N_BUCKETS + 1], count, sum_ms;
}; /* the last bucket: beyond all bounds */

struct pm_board_row {
    uint64_t project;
    const char *version; /* the project's own text */
    uint64_t counter[PM_N_COUNTERS];
    struct pm_histogram witness, prove;
};

/* A node that is logged in. */
struct pm_board_node {
    uint64_t node, granted, sent, since_ms;
    uint32_t slots, busy;
    char name[65];
};

struct pm_board;
/* The projects must outlive the board. */
PM_MUST_USE enum pm_status pm_board_new(struct pm_board **out, struct pm_project *const *projects, size_t n,
                                        struct pm_error *err);
void pm_board_free(struct pm_board **board);

void pm_board_count(struct pm_board *board, uint64_t project, const char *version, enum pm_counter counter,
                    uint64_t n);
void pm_board_times(struct pm_board *board, uint64_t project, const char *version, uint32_t witness_ms,
                    uint32_t prove_ms);
/* Replaces the list of nodes; copies. Where memory is out the old list stays. */
void pm_board_nodes(struct pm_board *board, const struct pm_board_node *nodes, size_t n);
/* The loop's pulse: now on the monotonic clock; trouble: NULL when the ledger takes writes, else what it
 * says. */
void pm_board_pulse(struct pm_board *board, uint64_t now_ms, const char *trouble);

/* A copy of everything, for one answer. Free with pm_board_view_fini. */
struct pm_board_view {
    size_t n_rows, n_nodes;
    struct pm_board_row *row;
    struct pm_board_node *node;
    uint64_t pulse_ms;
    char trouble[256]; /* "" when all is well */
};
PM_MUST_USE enum pm_status pm_board_read(struct pm_board *board, struct pm_board_view *out,
                                         struct pm_error *err);
void pm_board_view_fini(struct pm_board_view *view);

extern const uint32_t pm_bucket_ms[PM_N_BUCKETS]; /* upper bounds of the histograms, ascending */

#endif
