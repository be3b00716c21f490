/* The ledger: the truth about messages, tasks, leases, proofs and nodes. SQLite (WAL, synchronous FULL); one
 * handle per thread, several handles on one file. Every step of a task is a row in its history, written in
 * the same transaction as the step itself, so that a task can be explained from beginning to end and a crash
 * anywhere resumes from the last row. Transactions that pay are ledger_outbox.h's business; why a step is
 * allowed is task.h's.
 *
 * Times are wall-clock milliseconds of the database's machine; leases are granted and expired by the ledger's
 * own clock. */
#ifndef PM_COORDINATOR_LEDGER_H
#define PM_COORDINATOR_LEDGER_H

#include "base/status.h"
#include "coordinator/task.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pm_ledger;

/* Opens or makes the file and brings it to the newest migration (ledger/migrations/NNNN_name.sql,
 * append-only). PM_UNSUPPORTED: the file is newer than this program. */
PM_MUST_USE enum pm_status pm_ledger_open(struct pm_ledger **out, const char *path, struct pm_error *err);
void pm_ledger_close(struct pm_ledger **ledger);

/* -- messages -- */
struct pm_message {
    uint8_t id[32];
    uint64_t project;
    const char *version, *group;
    const char *body;
    size_t len;
    const char *origin;
};

/* One batch from a source: stores what is new (an id that is there already is skipped; *n_new counts) and the
 * source's new cursor, atomically. source: its name within the project ("file:readings"); NULL for pushed
 * messages (no cursor). */
PM_MUST_USE enum pm_status pm_ledger_add_messages(struct pm_ledger *ledger, size_t *n_new, uint64_t project,
                                                  const char *source, const char *next_cursor,
                                                  const struct pm_message *messages, size_t n,
                                                  struct pm_error *err);
/* A line that can be no message: kept with the reason, for the API. Part of no transaction. */
PM_MUST_USE enum pm_status pm_ledger_add_bad_message(struct pm_ledger *ledger, uint64_t project,
                                                     const char *origin, const char *reason, const char *body,
                                                     size_t len, struct pm_error *err);
/* *cursor: malloc'ed, "" at the beginning. */
PM_MUST_USE enum pm_status pm_ledger_cursor(struct pm_ledger *ledger, char **cursor, uint64_t project,
                                            const char *source, struct pm_error *err);
/* The oldest `size` messages of one group that are in no task yet; PM_NOT_FOUND where no group has that many.
 * Owned by out. */
struct pm_batch {
    char *group;
    size_t n;
    uint8_t (*ids)[32];
    char **bodies;
    size_t *lens;
};
PM_MUST_USE enum pm_status pm_ledger_next_batch(struct pm_ledger *ledger, struct pm_batch *out,
                                                uint64_t project, const char *version, size_t size,
                                                struct pm_error *err);
void pm_batch_fini(struct pm_batch *batch);

/* -- tasks -- */
struct pm_task {
    uint8_t id[32];
    uint64_t seq; /* order of packing */
    uint64_t project, chain_id;
    uint8_t application[20];
    char version[65], group[129], client_id[129];
    enum pm_task_state state;
    uint32_t attempts;
    size_t n_messages;
    int64_t created_ms, updated_ms;
    char *input;      /* the circuit's input.json */
    uint8_t *publics; /* n_public * 32, plain: what a proof must say */
    uint32_t n_public;
};
void pm_task_fini(struct pm_task *task);

/* Stores the task in state packed and marks its messages as used, atomically. PM_CONFLICT: it exists, or a
 * message is taken. */
PM_MUST_USE enum pm_status pm_ledger_add_task(struct pm_ledger *ledger, const struct pm_task *task,
                                              const uint8_t (*message_ids)[32], size_t n,
                                              struct pm_error *err);
PM_MUST_USE enum pm_status pm_ledger_task(struct pm_ledger *ledger, struct pm_task *out, const uint8_t id[32],
                                          struct pm_error *err);
/* The oldest tasks in a state, at most max ids; *n counts. */
PM_MUST_USE enum pm_status pm_ledger_tasks_in(struct pm_ledger *ledger, uint8_t (*ids)[32], size_t *n,
                                              size_t max, enum pm_task_state state, struct pm_error *err);
/* Applies an event (task.h) and appends it to the history with `detail` (text for people, may be NULL) and
 * node (0: none). PM_CONFLICT where the state machine does not allow it; *after (may be NULL) is the new
 * state. Nests inside pm_ledger_begin. */
PM_MUST_USE enum pm_status pm_ledger_task_event(struct pm_ledger *ledger, enum pm_task_state *after,
                                                const uint8_t id[32], enum pm_task_event event, uint64_t node,
                                                const char *detail, struct pm_error *err);

/* -- nodes -- */
struct pm_node {
    uint64_t id; /* proverId */
    uint8_t identity[33], curve_public[32], beneficiary[20];
    char name[65], device[129];
    int64_t last_seen_ms;
    uint64_t proofs, failures;
};
/* Finds by identity or adds; refreshes the rest. out->id is the node's number for ever. */
PM_MUST_USE enum pm_status pm_ledger_node_login(struct pm_ledger *ledger, struct pm_node *inout,
                                                struct pm_error *err);
/* Its last sign of life; written at most once in five seconds. PM_NOT_FOUND: no such node. */
PM_MUST_USE enum pm_status pm_ledger_node_seen(struct pm_ledger *ledger, uint64_t node, struct pm_error *err);

/* -- leases and proofs -- */
struct pm_lease {
    uint64_t number;
    uint8_t task[32];
    uint64_t node;
    uint32_t attempt;
    uint8_t session[16];
    int64_t deadline_ms;
    bool open;
};
/* A lease is open until its result comes, it ends without one, or the task needs it no more: `open` is false
 * while its result is being checked. Number and attempt are granted once; attempts of a task count from 1.
 *
 * Event LEASED and the lease row, atomically. PM_CONFLICT when the task is not packed. */
PM_MUST_USE enum pm_status pm_ledger_lease(struct pm_ledger *ledger, struct pm_lease *out,
                                           const uint8_t task[32], uint64_t node, const uint8_t session[16],
                                           uint32_t duration_ms, struct pm_error *err);
PM_MUST_USE enum pm_status pm_ledger_lease_get(struct pm_ledger *ledger, struct pm_lease *out,
                                               uint64_t number, struct pm_error *err);
/* Ends an open lease; its task, if it still waits for this lease, goes back to packed (or fails as exhausted
 * after max_attempts attempts that were a node's own fault: `counts`; 0: never). PM_CONFLICT: it has ended
 * already. */
PM_MUST_USE enum pm_status pm_ledger_lease_end(struct pm_ledger *ledger, uint64_t number, bool counts,
                                               uint32_t max_attempts, const char *reason,
                                               struct pm_error *err);
/* Open leases past their deadline, or of a session (NULL: any); at most max. */
PM_MUST_USE enum pm_status pm_ledger_leases_expired(struct pm_ledger *ledger, struct pm_lease *out, size_t *n,
                                                    size_t max, struct pm_error *err);
PM_MUST_USE enum pm_status pm_ledger_leases_open(struct pm_ledger *ledger, struct pm_lease *out, size_t *n,
                                                 size_t max, const uint8_t session[16], struct pm_error *err);
/* Whether a lease of that node on that task ended by the node's own fault (`counts`, or a rejected proof). */
bool pm_ledger_node_failed_task(struct pm_ledger *ledger, uint64_t node, const uint8_t task[32]);

struct pm_proof_row {
    uint8_t task[32];
    uint64_t lease, node;
    char proof_type[33];
    char *proof, *publics; /* texts, malloc'ed */
    uint32_t witness_ms, prove_ms;
};
void pm_proof_row_fini(struct pm_proof_row *row);
/* A result that is to be verified: event RESULT, kept beside the task so that a crash loses nothing; closes
 * its lease. A late one, from a lease that was lost or has expired, is as good while the task is unproved.
 * PM_CONFLICT: the task is proved or being checked already, the lease is not that node's, or had its result
 * before. */
PM_MUST_USE enum pm_status pm_ledger_result(struct pm_ledger *ledger, const struct pm_proof_row *row,
                                            struct pm_error *err);
PM_MUST_USE enum pm_status pm_ledger_proof(struct pm_ledger *ledger, struct pm_proof_row *out,
                                           const uint8_t task[32], struct pm_error *err);
/* The verdict: ACCEPTED credits the node once and cancels another lease that is still at work; REJECTED drops
 * the proof, counts as the node's fault and gives the task back (to a lease that is still at work, else to
 * packed or exhausted). */
PM_MUST_USE enum pm_status pm_ledger_verdict(struct pm_ledger *ledger, const uint8_t task[32], bool accepted,
                                             uint32_t max_attempts, const char *detail, struct pm_error *err);

/* -- reading for the API, as JSON texts (malloc'ed): stable field names, documented in coordinator/README.md
 * -- */
PM_MUST_USE enum pm_status pm_ledger_json_tasks(struct pm_ledger *ledger, char **out, uint64_t project,
                                                const char *state, uint64_t before_seq, unsigned limit,
                                                struct pm_error *err); /* 0, NULL: all */
PM_MUST_USE enum pm_status
pm_ledger_json_task(struct pm_ledger *ledger, char **out, const uint8_t id[32], bool with_history,
                    struct pm_error *err); /* messages, leases, proof, transactions, history */
PM_MUST_USE enum pm_status pm_ledger_json_nodes(struct pm_ledger *ledger, char **out, struct pm_error *err);
PM_MUST_USE enum pm_status pm_ledger_json_bad_messages(struct pm_ledger *ledger, char **out, uint64_t project,
                                                       unsigned limit,
                                                       struct pm_error *err); /* the newest first */
/* tasks: by enum pm_task_state. messages, bad_messages, rejected_proofs, expired_leases: ever; the others:
 * now. */
struct pm_ledger_counts {
    uint64_t tasks[8];
    uint64_t messages, bad_messages, waiting_messages, nodes, open_leases, rejected_proofs, expired_leases;
};
PM_MUST_USE enum pm_status pm_ledger_counts(struct pm_ledger *ledger, struct pm_ledger_counts *out,
                                            struct pm_error *err);

#endif
