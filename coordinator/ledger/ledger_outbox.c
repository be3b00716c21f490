/* The ledger's rows of transactions; see ledger_outbox.h. A row's state and its task's state change together,
 * or not at all. Next: chain/outbox.c acts on them. */
#include "coordinator/ledger/ledger_outbox.h"

#include "coordinator/ledger/ledger_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RAW_BYTES = 1 << 20 };

void pm_outbox_row_fini(struct pm_outbox_row *row)
{
    for (size_t i = 0; i < row->n_tx; i++) free(row->tx[i].raw);
    free(row->tx);
    memset(row, 0, sizeof *row);
}

void pm_outbox_rows_free(struct pm_outbox_row **rows, size_t n)
{
    for (size_t i = 0; *rows && i < n; i++) pm_outbox_row_fini(&(*rows)[i]);
    free(*rows);
    *rows = NULL;
}

/* -- writing -- */

static enum pm_status insert_tx(struct pm_ledger *ledger, uint64_t id, const struct pm_outbox_tx *tx,
                                struct pm_error *err)
{
    return pm_ledger_exec(
        ledger, err,
        "INSERT INTO outbox_tx (hash, outbox, raw, gas_limit, max_fee_wei, priority_wei, created_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, " PM_SQL_NOW_MS ")",
        "bubuuu", tx->hash, (size_t)32, id, tx->raw, tx->raw_len, tx->gas_limit, tx->max_fee_wei,
        tx->priority_wei);
}

enum pm_status pm_ledger_outbox_add(struct pm_ledger *ledger, uint64_t *id, const struct pm_outbox_row *row,
                                    const struct pm_outbox_tx *tx, struct pm_error *err)
{
    char detail[96];
    snprintf(detail, sizeof detail, "nonce %llu on chain %llu", (unsigned long long)row->nonce,
             (unsigned long long)row->chain_id);
    PM_TRY(pm_ledger_begin(ledger, err));
    enum pm_status status =
        pm_ledger_task_event(ledger, NULL, row->task, PM_EVENT_SUBMITTED, row->prover, detail, err);
    if (status == PM_OK)
        status = pm_ledger_exec(
            ledger, err,
            "INSERT INTO outbox (task, chain_id, sender, nonce, prover, state, created_ms, updated_ms)"
            " VALUES (?1, ?2, ?3, ?4, ?5, 1, " PM_SQL_NOW_MS ", " PM_SQL_NOW_MS ")",
            "bubuu", row->task, (size_t)32, row->chain_id, row->sender, (size_t)20, row->nonce, row->prover);
    if (status == PM_OK) {
        *id = (uint64_t)sqlite3_last_insert_rowid(ledger->db);
        status = insert_tx(ledger, *id, tx, err);
    }
    if (status == PM_OK)
        status = pm_ledger_exec(ledger, err, "DELETE FROM outbox_refusal WHERE task = ?1", "b", row->task,
                                (size_t)32);
    return pm_ledger_end(ledger, status, err);
}

/* PM_CONFLICT unless the statement before changed exactly one row. */
static enum pm_status changed_one(struct pm_ledger *ledger, uint64_t id, const char *expected,
                                  struct pm_error *err)
{
    if (sqlite3_changes(ledger->db) == 1) return PM_OK;
    return pm_fail(err, PM_CONFLICT, "ledger %s: outbox row %llu is not %s", ledger->path,
                   (unsigned long long)id, expected);
}

enum pm_status pm_ledger_outbox_replace(struct pm_ledger *ledger, uint64_t id, const struct pm_outbox_tx *tx,
                                        struct pm_error *err)
{
    PM_TRY(pm_ledger_begin(ledger, err));
    enum pm_status status = pm_ledger_exec(
        ledger, err, "UPDATE outbox SET updated_ms = " PM_SQL_NOW_MS " WHERE id = ?1 AND state = 1", "u", id);
    if (status == PM_OK) status = changed_one(ledger, id, "live", err);
    if (status == PM_OK) status = insert_tx(ledger, id, tx, err);
    return pm_ledger_end(ledger, status, err);
}

enum pm_status pm_ledger_outbox_sent(struct pm_ledger *ledger, const uint8_t hash[32], const char *error,
                                     struct pm_error *err)
{
    return pm_ledger_exec(ledger, err,
                          "UPDATE outbox_tx SET sends = sends + 1, sent_ms = " PM_SQL_NOW_MS
                          ", error = ?2 WHERE hash = ?1",
                          "bt", hash, (size_t)32, error);
}

enum pm_status pm_ledger_outbox_mined(struct pm_ledger *ledger, uint64_t id, uint64_t block_number,
                                      const uint8_t *block_hash, const char *note, struct pm_error *err)
{
    const char *sql = "UPDATE outbox SET state = iif(?2 IS NULL, 1, 2), block_hash = ?2, block_number = "
                      "iif(?2 IS NULL, NULL, "
                      "?3), note = ?4, updated_ms = " PM_SQL_NOW_MS " WHERE id = ?1 AND state IN (1, 2)";
    PM_TRY(pm_ledger_begin(ledger, err));
    enum pm_status status =
        pm_ledger_exec(ledger, err, sql, "ubut", id, block_hash, (size_t)32, block_number, note);
    if (status == PM_OK) status = changed_one(ledger, id, "live or mined", err);
    return pm_ledger_end(ledger, status, err);
}

static enum pm_status finish(struct pm_ledger *ledger, uint64_t id, bool settled, const char *detail,
                             struct pm_error *err)
{
    sqlite3_stmt *stmt;
    uint8_t task[32];
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err, "SELECT task FROM outbox WHERE id = ?1", "u", id));
    enum pm_status status = pm_ledger_step(ledger, stmt, err);
    if (status == PM_OK && !pm_ledger_column_blob(task, 32, stmt, 0))
        status = pm_fail(err, PM_FORMAT, "ledger %s: a task's id is not 32 bytes", ledger->path);
    sqlite3_finalize(stmt);
    if (status != PM_OK) return status;
    PM_TRY(pm_ledger_exec(ledger, err,
                          "UPDATE outbox SET state = ?2, note = ?3, updated_ms = " PM_SQL_NOW_MS
                          " WHERE id = ?1 AND state IN (1, 2)",
                          "uit", id, (int64_t)(settled ? PM_OUTBOX_SETTLED : PM_OUTBOX_RETURNED), detail));
    PM_TRY(changed_one(ledger, id, "live or mined", err));
    return pm_ledger_task_event(ledger, NULL, task, settled ? PM_EVENT_SETTLED : PM_EVENT_RETURNED, 0, detail,
                                err);
}

enum pm_status pm_ledger_outbox_finish(struct pm_ledger *ledger, uint64_t id, bool settled,
                                       const char *detail, struct pm_error *err)
{
    PM_TRY(pm_ledger_begin(ledger, err));
    return pm_ledger_end(ledger, finish(ledger, id, settled, detail, err), err);
}

/* -- reading -- */

static enum pm_status read_tx(struct pm_ledger *ledger, struct pm_outbox_tx *out, sqlite3_stmt *stmt,
                              struct pm_error *err)
{
    memset(out, 0, sizeof *out);
    int len = sqlite3_column_bytes(stmt, 1);
    if (!pm_ledger_column_blob(out->hash, 32, stmt, 0) || len <= 0 || len > MAX_RAW_BYTES)
        return pm_fail(err, PM_FORMAT, "ledger %s: a transaction's hash or bytes are malformed",
                       ledger->path);
    out->raw_len = (size_t)len;
    out->raw = malloc(out->raw_len);
    if (!out->raw) return pm_fail(err, PM_NO_MEMORY, "ledger %s: out of memory", ledger->path);
    memcpy(out->raw, sqlite3_column_blob(stmt, 1), out->raw_len);
    out->gas_limit = (uint64_t)sqlite3_column_int64(stmt, 2);
    out->max_fee_wei = (uint64_t)sqlite3_column_int64(stmt, 3);
    out->priority_wei = (uint64_t)sqlite3_column_int64(stmt, 4);
    out->created_ms = sqlite3_column_int64(stmt, 5);
    out->sends = (uint32_t)sqlite3_column_int64(stmt, 6);
    out->sent_ms = sqlite3_column_int64(stmt, 7);
    return PM_OK;
}

static enum pm_status read_txs(struct pm_ledger *ledger, struct pm_outbox_row *row, struct pm_error *err)
{
    sqlite3_stmt *stmt;
    enum pm_status status;
    PM_TRY(
        pm_ledger_prepare(ledger, &stmt, err,
                          "SELECT hash, raw, gas_limit, max_fee_wei, priority_wei, created_ms, sends, sent_ms"
                          " FROM outbox_tx WHERE outbox = ?1 ORDER BY created_ms, rowid",
                          "u", row->id));
    while ((status = pm_ledger_step(ledger, stmt, err)) == PM_OK) {
        struct pm_outbox_tx *more = realloc(row->tx, (row->n_tx + 1) * sizeof *more);
        if (!more) {
            status = pm_fail(err, PM_NO_MEMORY, "ledger %s: out of memory", ledger->path);
            break;
        }
        row->tx = more;
        status = read_tx(ledger, &row->tx[row->n_tx], stmt, err);
        if (status != PM_OK) break;
        row->n_tx++;
    }
    sqlite3_finalize(stmt);
    return status == PM_NOT_FOUND ? PM_OK : status;
}

static enum pm_status read_row(struct pm_ledger *ledger, struct pm_outbox_row *out, sqlite3_stmt *stmt,
                               struct pm_error *err)
{
    memset(out, 0, sizeof *out);
    out->id = (uint64_t)sqlite3_column_int64(stmt, 0);
    out->project = (uint64_t)sqlite3_column_int64(stmt, 2);
    pm_ledger_column_text(out->version, sizeof out->version, stmt, 3);
    out->chain_id = (uint64_t)sqlite3_column_int64(stmt, 5);
    out->nonce = (uint64_t)sqlite3_column_int64(stmt, 7);
    out->prover = (uint64_t)sqlite3_column_int64(stmt, 8);
    out->state = (enum pm_outbox_state)sqlite3_column_int(stmt, 9);
    out->created_ms = sqlite3_column_int64(stmt, 12);
    if (!pm_ledger_column_blob(out->task, 32, stmt, 1) ||
        !pm_ledger_column_blob(out->application, 20, stmt, 4) ||
        !pm_ledger_column_blob(out->sender, 20, stmt, 6))
        return pm_fail(err, PM_FORMAT, "ledger %s: an outbox row is malformed", ledger->path);
    if (out->state == PM_OUTBOX_MINED || sqlite3_column_type(stmt, 11) != SQLITE_NULL) {
        out->block_number = (uint64_t)sqlite3_column_int64(stmt, 10);
        if (!pm_ledger_column_blob(out->block_hash, 32, stmt, 11))
            return pm_fail(err, PM_FORMAT, "ledger %s: an outbox row's block is malformed", ledger->path);
    }
    return read_txs(ledger, out, err);
}

/* Reads all rows of a prepared statement over ROW_FIELDS; finalizes it. */
static enum pm_status read_rows(struct pm_ledger *ledger, struct pm_outbox_row **rows, size_t *n,
                                sqlite3_stmt *stmt, struct pm_error *err)
{
    enum pm_status status;
    while ((status = pm_ledger_step(ledger, stmt, err)) == PM_OK) {
        struct pm_outbox_row *more = realloc(*rows, (*n + 1) * sizeof *more);
        if (!more) {
            status = pm_fail(err, PM_NO_MEMORY, "ledger %s: out of memory", ledger->path);
            break;
        }
        *rows = more;
        status = read_row(ledger, &more[(*n)++], stmt, err);
        if (status != PM_OK) break;
    }
    sqlite3_finalize(stmt);
    if (status == PM_NOT_FOUND) return PM_OK;
    pm_outbox_rows_free(rows, *n);
    *n = 0;
    return status;
}

#define ROW_FIELDS                                                                                           \
    "SELECT o.id, o.task, t.project, t.version, t.application, o.chain_id, o.sender, o.nonce, o.prover, "    \
    "o.state,"                                                                                               \
    " o.block_number, o.block_hash, o.created_ms FROM outbox o JOIN task t ON t.id = o.task "

enum pm_status pm_ledger_outbox_alive(struct pm_ledger *ledger, struct pm_outbox_row **rows, size_t *n,
                                      uint64_t chain_id, const uint8_t sender[20], struct pm_error *err)
{
    sqlite3_stmt *stmt;
    *rows = NULL;
    *n = 0;
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err,
                             ROW_FIELDS
                             "WHERE o.chain_id = ?1 AND o.sender = ?2 AND o.state IN (1, 2) ORDER BY o.nonce",
                             "ub", chain_id, sender, (size_t)20));
    return read_rows(ledger, rows, n, stmt, err);
}

enum pm_status pm_ledger_outbox_from_nonce(struct pm_ledger *ledger, struct pm_outbox_row **rows, size_t *n,
                                           uint64_t chain_id, const uint8_t sender[20], uint64_t nonce,
                                           struct pm_error *err)
{
    sqlite3_stmt *stmt;
    *rows = NULL;
    *n = 0;
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err,
                             ROW_FIELDS
                             "WHERE o.chain_id = ?1 AND o.sender = ?2 AND o.nonce >= ?3 ORDER BY o.nonce",
                             "ubu", chain_id, sender, (size_t)20, nonce));
    return read_rows(ledger, rows, n, stmt, err);
}

enum pm_status pm_ledger_outbox_of_task(struct pm_ledger *ledger, struct pm_outbox_row **rows, size_t *n,
                                        const uint8_t task[32], struct pm_error *err)
{
    sqlite3_stmt *stmt;
    *rows = NULL;
    *n = 0;
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err, ROW_FIELDS "WHERE o.task = ?1 ORDER BY o.id", "b", task,
                             (size_t)32));
    return read_rows(ledger, rows, n, stmt, err);
}

enum pm_status pm_ledger_outbox_next_nonce(struct pm_ledger *ledger, uint64_t *nonce, uint64_t chain_id,
                                           const uint8_t sender[20], struct pm_error *err)
{
    int64_t next = 0;
    PM_TRY(pm_ledger_integer(
        ledger, &next, err,
        "SELECT coalesce(max(nonce) + 1, 0) FROM outbox WHERE chain_id = ?1 AND sender = ?2", "ub", chain_id,
        sender, (size_t)20));
    *nonce = (uint64_t)next;
    return PM_OK;
}

/* -- tasks that wait -- */

enum pm_status pm_ledger_outbox_ready(struct pm_ledger *ledger, uint8_t (*ids)[32], size_t *n, size_t max,
                                      uint64_t project, const char *version, struct pm_error *err)
{
    sqlite3_stmt *stmt;
    enum pm_status status = PM_OK;
    *n = 0;
    PM_TRY(pm_ledger_prepare(
        ledger, &stmt, err,
        "SELECT t.id FROM task t WHERE t.state = 4 AND t.project = ?1 AND t.version = ?2 AND (t.grp = '' OR "
        "NOT EXISTS ("
        "SELECT 1 FROM task e WHERE e.project = t.project AND e.grp = t.grp AND e.seq < t.seq AND e.state < 6"
        " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.task = e.id AND o.state = 2)))"
        " AND NOT EXISTS (SELECT 1 FROM outbox_refusal r WHERE r.task = t.id AND r.next_ms > " PM_SQL_NOW_MS
        ") ORDER BY t.seq LIMIT ?3",
        "uti", project, version, (int64_t)max));
    while (*n < max && (status = pm_ledger_step(ledger, stmt, err)) == PM_OK) {
        if (!pm_ledger_column_blob(ids[(*n)++], 32, stmt, 0)) {
            status = pm_fail(err, PM_FORMAT, "ledger %s: a task's id is not 32 bytes", ledger->path);
            break;
        }
    }
    sqlite3_finalize(stmt);
    return status == PM_NOT_FOUND ? PM_OK : status;
}

enum pm_status pm_ledger_outbox_refused(struct pm_ledger *ledger, uint32_t *tries, const uint8_t task[32],
                                        const char *reason, bool counts, uint32_t retry_after_ms,
                                        struct pm_error *err)
{
    int64_t counted = 0;
    const char *sql =
        "INSERT INTO outbox_refusal (task, tries, first_ms, next_ms, reason) VALUES (?1, ?3, " PM_SQL_NOW_MS
        ", " PM_SQL_NOW_MS " + ?4, ?2) ON CONFLICT (task) DO UPDATE SET tries = tries + ?3,"
        " next_ms = excluded.next_ms, reason = excluded.reason RETURNING tries";
    PM_TRY(pm_ledger_begin(ledger, err));
    enum pm_status status = pm_ledger_integer(ledger, &counted, err, sql, "btii", task, (size_t)32, reason,
                                              (int64_t)(counts ? 1 : 0), (int64_t)retry_after_ms);
    *tries = (uint32_t)counted;
    return pm_ledger_end(ledger, status, err);
}

enum pm_status pm_ledger_outbox_refusals(struct pm_ledger *ledger, uint32_t *tries, const uint8_t task[32],
                                         struct pm_error *err)
{
    int64_t counted = 0;
    PM_TRY(pm_ledger_integer(ledger, &counted, err,
                             "SELECT coalesce((SELECT tries FROM outbox_refusal WHERE task = ?1), 0)", "b",
                             task, (size_t)32));
    *tries = (uint32_t)counted;
    return PM_OK;
}

enum pm_status pm_ledger_outbox_settled_elsewhere(struct pm_ledger *ledger, const uint8_t task[32],
                                                  const char *detail, struct pm_error *err)
{
    return pm_ledger_task_event(ledger, NULL, task, PM_EVENT_SETTLED, 0, detail, err);
}
