/* The ledger's nodes, leases and proofs. A lease is closed by its result, by its end without one, or by a
 * task that needs it no more; what the verdict on a result means for node and task is decided here, in one
 * transaction. The states themselves change in ledger.c (pm_ledger_task_event). */
#include "coordinator/ledger/ledger_sqlite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEN_EVERY_MS = 5000 };

/* -- nodes -- */

enum pm_status pm_ledger_node_login(struct pm_ledger *ledger, struct pm_node *inout, struct pm_error *err)
{
    sqlite3_stmt *stmt;
    PM_TRY(pm_ledger_prepare(
        ledger, &stmt, err,
        "INSERT INTO node (identity, curve_public, beneficiary, name, device, first_seen_ms, last_seen_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, " PM_SQL_NOW_MS ", " PM_SQL_NOW_MS
        ") ON CONFLICT (identity) DO UPDATE SET"
        " curve_public = excluded.curve_public, beneficiary = excluded.beneficiary, name = excluded.name,"
        " device = excluded.device, last_seen_ms = excluded.last_seen_ms"
        " RETURNING id, last_seen_ms, proofs, failures",
        "bbbtt", inout->identity, sizeof inout->identity, inout->curve_public, sizeof inout->curve_public,
        inout->beneficiary, sizeof inout->beneficiary, inout->name, inout->device));
    enum pm_status status = pm_ledger_step(ledger, stmt, err);
    if (status == PM_OK) {
        inout->id = (uint64_t)sqlite3_column_int64(stmt, 0);
        inout->last_seen_ms = sqlite3_column_int64(stmt, 1);
        inout->proofs = (uint64_t)sqlite3_column_int64(stmt, 2);
        inout->failures = (uint64_t)sqlite3_column_int64(stmt, 3);
        if (sqlite3_step(stmt) != SQLITE_DONE) /* the row is written when the statement ends */
            status = pm_fail(err, PM_IO, "ledger %s: %s", ledger->path, sqlite3_errmsg(ledger->db));
    }
    sqlite3_finalize(stmt);
    return status;
}

enum pm_status pm_ledger_node_seen(struct pm_ledger *ledger, uint64_t node, struct pm_error *err)
{
    int64_t since_ms;
    PM_TRY(pm_ledger_integer(ledger, &since_ms, err,
                             "SELECT " PM_SQL_NOW_MS " - last_seen_ms FROM node WHERE id = ?1", "u", node));
    if (since_ms >= 0 && since_ms < SEEN_EVERY_MS) return PM_OK;
    return pm_ledger_exec(ledger, err, "UPDATE node SET last_seen_ms = " PM_SQL_NOW_MS " WHERE id = ?1", "u",
                          node);
}

/* -- leases -- */

#define LEASE_COLUMNS "number, task, node, attempt, session, deadline_ms, ended_ms IS NULL"

static bool read_lease(struct pm_lease *out, sqlite3_stmt *row)
{
    out->number = (uint64_t)sqlite3_column_int64(row, 0);
    out->node = (uint64_t)sqlite3_column_int64(row, 2);
    out->attempt = (uint32_t)sqlite3_column_int64(row, 3);
    out->deadline_ms = sqlite3_column_int64(row, 5);
    out->open = sqlite3_column_int(row, 6) != 0;
    return pm_ledger_column_blob(out->task, sizeof out->task, row, 1) &&
           pm_ledger_column_blob(out->session, sizeof out->session, row, 4);
}

enum pm_status pm_ledger_lease_get(struct pm_ledger *ledger, struct pm_lease *out, uint64_t number,
                                   struct pm_error *err)
{
    sqlite3_stmt *stmt;
    memset(out, 0, sizeof *out);
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err, "SELECT " LEASE_COLUMNS " FROM lease WHERE number = ?1", "u",
                             number));
    enum pm_status status = pm_ledger_step(ledger, stmt, err);
    if (status == PM_OK && !read_lease(out, stmt))
        status = pm_fail(err, PM_FORMAT, "ledger %s: lease %" PRIu64 " is malformed", ledger->path, number);
    sqlite3_finalize(stmt);
    return status;
}

static enum pm_status grant(struct pm_ledger *ledger, uint64_t *number, const uint8_t task[32], uint64_t node,
                            const uint8_t session[16], uint32_t duration_ms, struct pm_error *err)
{
    char detail[96];
    int64_t attempts = 0, state = 0;
    PM_TRY(pm_ledger_integer(ledger, &state, err, "SELECT state FROM task WHERE id = ?1", "b", task,
                             (size_t)32));
    if (pm_task_next((enum pm_task_state)state, PM_EVENT_LEASED) == 0)
        return pm_fail(err, PM_CONFLICT, "a task that is %s cannot be leased",
                       pm_task_state_name((enum pm_task_state)state));
    PM_TRY(pm_ledger_integer(ledger, &attempts, err,
                             "UPDATE task SET attempts = attempts + 1 WHERE id = ?1 RETURNING attempts", "b",
                             task, (size_t)32));
    PM_TRY(pm_ledger_exec(ledger, err,
                          "INSERT INTO lease (task, node, attempt, session, granted_ms, deadline_ms) VALUES "
                          "(?1, ?2, ?3, ?4, " PM_SQL_NOW_MS ", " PM_SQL_NOW_MS " + ?5)",
                          "buibi", task, (size_t)32, node, attempts, session, (size_t)16,
                          (int64_t)duration_ms));
    *number = (uint64_t)sqlite3_last_insert_rowid(ledger->db);
    snprintf(detail, sizeof detail, "lease %" PRIu64 ", attempt %" PRId64 ", for %u ms", *number, attempts,
             duration_ms);
    return pm_ledger_task_event(ledger, NULL, task, PM_EVENT_LEASED, node, detail, err);
}

enum pm_status pm_ledger_lease(struct pm_ledger *ledger, struct pm_lease *out, const uint8_t task[32],
                               uint64_t node, const uint8_t session[16], uint32_t duration_ms,
                               struct pm_error *err)
{
    uint64_t number = 0;
    memset(out, 0, sizeof *out);
    PM_TRY(pm_ledger_begin(ledger, err));
    enum pm_status status = grant(ledger, &number, task, node, session, duration_ms, err);
    if (status == PM_OK) status = pm_ledger_lease_get(ledger, out, number, err);
    return pm_ledger_end(ledger, status, err);
}

/* One more failure of a node on a task; *total is the task's new count. */
static enum pm_status count_failure(struct pm_ledger *ledger, int64_t *total, const uint8_t task[32],
                                    uint64_t node, struct pm_error *err)
{
    PM_TRY(pm_ledger_exec(ledger, err, "UPDATE node SET failures = failures + 1 WHERE id = ?1", "u", node));
    return pm_ledger_integer(ledger, total, err,
                             "UPDATE task SET failures = failures + 1 WHERE id = ?1 RETURNING failures", "b",
                             task, (size_t)32);
}

static enum pm_status give_up(struct pm_ledger *ledger, const uint8_t task[32], uint64_t node,
                              int64_t failures, uint32_t max_attempts, struct pm_error *err)
{
    char detail[96];
    if (max_attempts == 0 || failures < (int64_t)max_attempts) return PM_OK;
    snprintf(detail, sizeof detail, "%" PRId64 " failed attempts of at most %u", failures, max_attempts);
    return pm_ledger_task_event(ledger, NULL, task, PM_EVENT_EXHAUSTED, node, detail, err);
}

static enum pm_status end_lease(struct pm_ledger *ledger, uint64_t number, bool counts, uint32_t max_attempts,
                                const char *reason, struct pm_error *err)
{
    struct pm_lease lease;
    int64_t state = 0, failures = 0;
    PM_TRY(pm_ledger_lease_get(ledger, &lease, number, err));
    if (!lease.open) return pm_fail(err, PM_CONFLICT, "lease %" PRIu64 " has ended already", number);
    PM_TRY(pm_ledger_exec(ledger, err,
                          "UPDATE lease SET ended_ms = " PM_SQL_NOW_MS ", counts = ?2, reason = ?3,"
                          " outcome = CASE WHEN " PM_SQL_NOW_MS
                          " >= deadline_ms THEN 'expired' ELSE 'lost' END"
                          " WHERE number = ?1",
                          "uit", number, (int64_t)counts, reason));
    if (counts) PM_TRY(count_failure(ledger, &failures, lease.task, lease.node, err));
    PM_TRY(pm_ledger_integer(ledger, &state, err, "SELECT state FROM task WHERE id = ?1", "b", lease.task,
                             sizeof lease.task));
    /* Another node's late result may be under verification meanwhile: then the task does not wait for this
     * lease. */
    if (state != PM_TASK_DISPATCHED) return PM_OK;
    PM_TRY(pm_ledger_task_event(ledger, NULL, lease.task, PM_EVENT_LEASE_LOST, lease.node, reason, err));
    return give_up(ledger, lease.task, lease.node, failures, max_attempts, err);
}

enum pm_status pm_ledger_lease_end(struct pm_ledger *ledger, uint64_t number, bool counts,
                                   uint32_t max_attempts, const char *reason, struct pm_error *err)
{
    PM_TRY(pm_ledger_begin(ledger, err));
    return pm_ledger_end(ledger, end_lease(ledger, number, counts, max_attempts, reason, err), err);
}

static enum pm_status read_leases(struct pm_ledger *ledger, struct pm_lease *out, size_t *n, size_t max,
                                  sqlite3_stmt *stmt, struct pm_error *err)
{
    enum pm_status status = PM_OK;
    *n = 0;
    while (*n < max && (status = pm_ledger_step(ledger, stmt, err)) == PM_OK)
        if (read_lease(&out[*n], stmt)) (*n)++;
    sqlite3_finalize(stmt);
    return status == PM_NOT_FOUND ? PM_OK : status;
}

enum pm_status pm_ledger_leases_expired(struct pm_ledger *ledger, struct pm_lease *out, size_t *n, size_t max,
                                        struct pm_error *err)
{
    sqlite3_stmt *stmt;
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err,
                             "SELECT " LEASE_COLUMNS
                             " FROM lease WHERE ended_ms IS NULL AND deadline_ms <= " PM_SQL_NOW_MS
                             " ORDER BY deadline_ms LIMIT ?1",
                             "i", (int64_t)max));
    return read_leases(ledger, out, n, max, stmt, err);
}

enum pm_status pm_ledger_leases_open(struct pm_ledger *ledger, struct pm_lease *out, size_t *n, size_t max,
                                     const uint8_t session[16], struct pm_error *err)
{
    sqlite3_stmt *stmt;
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err,
                             "SELECT " LEASE_COLUMNS
                             " FROM lease WHERE ended_ms IS NULL AND (?1 IS NULL OR session = ?1)"
                             " ORDER BY number LIMIT ?2",
                             "bi", session, (size_t)16, (int64_t)max));
    return read_leases(ledger, out, n, max, stmt, err);
}

bool pm_ledger_node_failed_task(struct pm_ledger *ledger, uint64_t node, const uint8_t task[32])
{
    int64_t failed = 0;
    enum pm_status status =
        pm_ledger_integer(ledger, &failed, NULL,
                          "SELECT EXISTS (SELECT 1 FROM lease WHERE node = ?1 AND task = ?2 AND counts = 1)",
                          "ub", node, task, (size_t)32);
    return status == PM_OK && failed != 0;
}

/* -- proofs -- */

void pm_proof_row_fini(struct pm_proof_row *row)
{
    free(row->proof);
    free(row->publics);
    memset(row, 0, sizeof *row);
}

static enum pm_status store_result(struct pm_ledger *ledger, const struct pm_proof_row *row,
                                   struct pm_error *err)
{
    char detail[96];
    int64_t may = 0;
    PM_TRY(
        pm_ledger_integer(ledger, &may, err,
                          "SELECT EXISTS (SELECT 1 FROM lease WHERE number = ?1 AND task = ?2 AND node = ?3"
                          " AND outcome IN ('open', 'lost', 'expired'))",
                          "ubu", row->lease, row->task, sizeof row->task, row->node));
    if (!may)
        return pm_fail(err, PM_CONFLICT,
                       "lease %" PRIu64 " is not for this task and node %" PRIu64
                       ", or has given its result, or is not needed any more",
                       row->lease, row->node);
    snprintf(detail, sizeof detail, "lease %" PRIu64 ": %s, witness %u ms, proof %u ms", row->lease,
             row->proof_type, row->witness_ms, row->prove_ms);
    PM_TRY(pm_ledger_task_event(ledger, NULL, row->task, PM_EVENT_RESULT, row->node, detail, err));
    PM_TRY(pm_ledger_exec(
        ledger, err,
        "INSERT INTO proof (task, lease, node, proof_type, witness_ms, prove_ms, received_ms, proof, publics)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, " PM_SQL_NOW_MS ", ?7, ?8)",
        "buutiitt", row->task, sizeof row->task, row->lease, row->node, row->proof_type,
        (int64_t)row->witness_ms, (int64_t)row->prove_ms, row->proof, row->publics));
    return pm_ledger_exec(ledger, err,
                          "UPDATE lease SET outcome = 'result', ended_ms = coalesce(ended_ms, " PM_SQL_NOW_MS
                          ")"
                          " WHERE number = ?1",
                          "u", row->lease);
}

enum pm_status pm_ledger_result(struct pm_ledger *ledger, const struct pm_proof_row *row,
                                struct pm_error *err)
{
    PM_TRY(pm_ledger_begin(ledger, err));
    return pm_ledger_end(ledger, store_result(ledger, row, err), err);
}

enum pm_status pm_ledger_proof(struct pm_ledger *ledger, struct pm_proof_row *out, const uint8_t task[32],
                               struct pm_error *err)
{
    sqlite3_stmt *stmt;
    memset(out, 0, sizeof *out);
    PM_TRY(pm_ledger_prepare(
        ledger, &stmt, err,
        "SELECT lease, node, proof_type, witness_ms, prove_ms, proof, publics FROM proof WHERE task = ?1",
        "b", task, (size_t)32));
    enum pm_status status = pm_ledger_step(ledger, stmt, err);
    if (status == PM_OK) {
        memcpy(out->task, task, sizeof out->task);
        out->lease = (uint64_t)sqlite3_column_int64(stmt, 0);
        out->node = (uint64_t)sqlite3_column_int64(stmt, 1);
        pm_ledger_column_text(out->proof_type, sizeof out->proof_type, stmt, 2);
        out->witness_ms = (uint32_t)sqlite3_column_int64(stmt, 3);
        out->prove_ms = (uint32_t)sqlite3_column_int64(stmt, 4);
        out->proof = pm_ledger_column_copy(stmt, 5);
        out->publics = pm_ledger_column_copy(stmt, 6);
        if (!out->proof || !out->publics)
            status = pm_fail(err, PM_NO_MEMORY, "ledger %s: out of memory", ledger->path);
    }
    sqlite3_finalize(stmt);
    if (status != PM_OK) pm_proof_row_fini(out);
    return status;
}

/* -- the verdict -- */

static enum pm_status accept(struct pm_ledger *ledger, const struct pm_proof_row *proof, const char *detail,
                             struct pm_error *err)
{
    PM_TRY(pm_ledger_task_event(ledger, NULL, proof->task, PM_EVENT_ACCEPTED, proof->node, detail, err));
    PM_TRY(pm_ledger_exec(ledger, err, "UPDATE proof SET verified_ms = " PM_SQL_NOW_MS " WHERE task = ?1",
                          "b", proof->task, sizeof proof->task));
    PM_TRY(pm_ledger_exec(ledger, err, "UPDATE lease SET outcome = 'accepted', counts = 0 WHERE number = ?1",
                          "u", proof->lease));
    PM_TRY(pm_ledger_exec(ledger, err,
                          "UPDATE lease SET outcome = 'cancelled', reason = 'another proof was accepted',"
                          " ended_ms = " PM_SQL_NOW_MS " WHERE task = ?1 AND ended_ms IS NULL",
                          "b", proof->task, sizeof proof->task));
    return pm_ledger_exec(ledger, err, "UPDATE node SET proofs = proofs + 1 WHERE id = ?1", "u", proof->node);
}

/* A lease granted before the late result came may still be at work: the task waits for it again. */
static enum pm_status back_to_work(struct pm_ledger *ledger, bool *at_work, const uint8_t task[32],
                                   struct pm_error *err)
{
    char detail[64];
    sqlite3_stmt *stmt;
    *at_work = false;
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err,
                             "SELECT number, node FROM lease WHERE task = ?1 AND ended_ms IS NULL", "b", task,
                             (size_t)32));
    enum pm_status status = pm_ledger_step(ledger, stmt, err);
    int64_t number = sqlite3_column_int64(stmt, 0), node = sqlite3_column_int64(stmt, 1);
    sqlite3_finalize(stmt);
    if (status != PM_OK) return status == PM_NOT_FOUND ? PM_OK : status;
    *at_work = true;
    snprintf(detail, sizeof detail, "lease %" PRId64 " is still at work", number);
    return pm_ledger_task_event(ledger, NULL, task, PM_EVENT_LEASED, (uint64_t)node, detail, err);
}

static enum pm_status reject(struct pm_ledger *ledger, const struct pm_proof_row *proof,
                             uint32_t max_attempts, const char *detail, struct pm_error *err)
{
    int64_t counted = 0, failures = 0;
    bool at_work;
    PM_TRY(pm_ledger_task_event(ledger, NULL, proof->task, PM_EVENT_REJECTED, proof->node, detail, err));
    PM_TRY(pm_ledger_exec(ledger, err, "DELETE FROM proof WHERE task = ?1", "b", proof->task,
                          sizeof proof->task));
    /* A lease counts once: one that expired before its late result did so already. */
    PM_TRY(pm_ledger_integer(ledger, &counted, err, "SELECT counts FROM lease WHERE number = ?1", "u",
                             proof->lease));
    PM_TRY(pm_ledger_exec(ledger, err,
                          "UPDATE lease SET outcome = 'rejected', counts = 1, reason = ?2 WHERE number = ?1",
                          "ut", proof->lease, detail));
    if (!counted) PM_TRY(count_failure(ledger, &failures, proof->task, proof->node, err));
    PM_TRY(back_to_work(ledger, &at_work, proof->task, err));
    return at_work ? PM_OK : give_up(ledger, proof->task, proof->node, failures, max_attempts, err);
}

enum pm_status pm_ledger_verdict(struct pm_ledger *ledger, const uint8_t task[32], bool accepted,
                                 uint32_t max_attempts, const char *detail, struct pm_error *err)
{
    struct pm_proof_row proof;
    PM_TRY(pm_ledger_begin(ledger, err));
    enum pm_status status = pm_ledger_proof(ledger, &proof, task, err);
    if (status == PM_OK)
        status = accepted ? accept(ledger, &proof, detail, err)
                          : reject(ledger, &proof, max_attempts, detail, err);
    pm_proof_row_fini(&proof);
    return pm_ledger_end(ledger, status, err);
}
