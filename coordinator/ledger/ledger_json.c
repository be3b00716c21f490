/* The ledger for readers: tasks, nodes and the history of a task as JSON texts, and counts for metrics. Field
 * names are stable and documented in coordinator/README.md. Nothing here writes.
 *
 * A query names its fields: an alias is the JSON field, with a letter behind a colon where the column's own
 * type does not say how it is shown: s state by name, u unsigned number, b boolean, j a JSON text. Blobs are
 * 0x hex. */
#include "coordinator/ledger/ledger_sqlite.h"

#include "base/bytes.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LIST = 1000, N_STATES = 8 };

static json_t *hex_json(const uint8_t *bytes, size_t len)
{
    char *text = malloc(2 * len + 3);
    if (!text) return NULL;
    memcpy(text, "0x", 2);
    pm_hex_encode(text + 2, bytes, len);
    json_t *json = json_string(text);
    free(text);
    return json;
}

/* Texts come from sources and nodes: what is not UTF-8 is shown as hex. */
static json_t *text_json(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    size_t len = (size_t)sqlite3_column_bytes(row, column);
    json_t *json = json_stringn(text ? text : "", len);
    return json ? json : hex_json((const uint8_t *)text, len);
}

static json_t *parsed_json(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    json_t *json =
        json_loadb(text ? text : "", (size_t)sqlite3_column_bytes(row, column), JSON_DECODE_ANY, NULL);
    return json ? json : text_json(row, column);
}

static json_t *unsigned_json(int64_t value)
{
    char text[24];
    if (value >= 0) return json_integer(value);
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    return json_string(text);
}

static json_t *column_json(sqlite3_stmt *row, int column, char letter)
{
    if (sqlite3_column_type(row, column) == SQLITE_NULL) return json_null();
    switch (letter) {
    case 's':
        return json_string(pm_task_state_name((enum pm_task_state)sqlite3_column_int(row, column)));
    case 'u':
        return unsigned_json(sqlite3_column_int64(row, column));
    case 'b':
        return json_boolean(sqlite3_column_int(row, column));
    case 'j':
        return parsed_json(row, column);
    }
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER:
        return json_integer(sqlite3_column_int64(row, column));
    case SQLITE_BLOB:
        return hex_json(sqlite3_column_blob(row, column), (size_t)sqlite3_column_bytes(row, column));
    }
    return text_json(row, column);
}

static json_t *row_json(sqlite3_stmt *row)
{
    json_t *object = json_object();
    for (int i = 0; object && i < sqlite3_column_count(row); i++) {
        char name[64];
        snprintf(name, sizeof name, "%s", sqlite3_column_name(row, i));
        char *colon = strchr(name, ':');
        if (colon) *colon = 0;
        if (json_object_set_new(object, name, column_json(row, i, colon ? colon[1] : 0)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

/* All rows of a prepared statement as an array; finalizes it. */
static enum pm_status rows_json(struct pm_ledger *ledger, json_t **out, sqlite3_stmt *stmt,
                                struct pm_error *err)
{
    enum pm_status status = PM_OK;
    *out = json_array();
    while (*out && (status = pm_ledger_step(ledger, stmt, err)) == PM_OK)
        if (json_array_append_new(*out, row_json(stmt)) != 0) break;
    sqlite3_finalize(stmt);
    if (status == PM_NOT_FOUND) return PM_OK;
    if (status == PM_OK) status = pm_fail(err, PM_NO_MEMORY, "ledger %s: out of memory", ledger->path);
    json_decref(*out);
    *out = NULL;
    return status;
}

/* Prints and frees. */
static enum pm_status print(struct pm_ledger *ledger, char **out, json_t *json, struct pm_error *err)
{
    *out = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return *out ? PM_OK : pm_fail(err, PM_NO_MEMORY, "ledger %s: out of memory", ledger->path);
}

/* -- tasks -- */

#define TASK_FIELDS                                                                                          \
    "t.id AS id, t.seq AS seq, t.project AS \"project:u\", t.version AS version, t.grp AS \"group\","        \
    " t.client_id AS client_id, t.chain_id AS \"chain_id:u\", t.application AS application, t.state AS "     \
    "\"state:s\","                                                                                           \
    " t.attempts AS attempts, t.failures AS failures, t.n_messages AS n_messages, t.created_ms AS "          \
    "created_ms,"                                                                                            \
    " t.updated_ms AS updated_ms, p.node AS node, n.name AS node_name, p.witness_ms AS witness_ms,"          \
    " p.prove_ms AS prove_ms, (SELECT x.hash FROM outbox o JOIN outbox_tx x ON x.outbox = o.id"              \
    " WHERE o.task = t.id ORDER BY o.id DESC, x.created_ms DESC LIMIT 1) AS tx_hash"
#define TASK_TABLES " FROM task t LEFT JOIN proof p ON p.task = t.id LEFT JOIN node n ON n.id = p.node"

static enum pm_status state_number(int64_t *out, const char *name, struct pm_error *err)
{
    *out = 0;
    if (!name) return PM_OK;
    for (int s = PM_TASK_PACKED; s <= PM_TASK_FAILED; s++)
        if (strcmp(name, pm_task_state_name((enum pm_task_state)s)) == 0) *out = s;
    if (*out == 0)
        return pm_fail(err, PM_USAGE, "expected the name of a task's state, found \"%.32s\"", name);
    return PM_OK;
}

enum pm_status pm_ledger_json_tasks(struct pm_ledger *ledger, char **out, uint64_t project, const char *state,
                                    uint64_t before_seq, unsigned limit, struct pm_error *err)
{
    sqlite3_stmt *stmt;
    json_t *rows;
    int64_t number;
    *out = NULL;
    PM_TRY(state_number(&number, state, err));
    PM_TRY(pm_ledger_prepare(
        ledger, &stmt, err,
        "SELECT " TASK_FIELDS TASK_TABLES " WHERE (?1 = 0 OR t.project = ?1) AND (?2 = 0 OR t.state = ?2)"
        " AND (?3 = 0 OR t.seq < ?3) ORDER BY t.seq DESC LIMIT ?4",
        "uiui", project, number, before_seq, (int64_t)(limit == 0 || limit > MAX_LIST ? MAX_LIST : limit)));
    PM_TRY(rows_json(ledger, &rows, stmt, err));
    return print(ledger, out, rows, err);
}

/* The parts of one task, each a list of rows with the task's id as their one parameter. */
struct part {
    const char *name, *sql;
};
static const struct part task_parts[] = {
    {"messages",
     "SELECT id AS id, origin AS origin, received_ms AS received_ms, body AS \"body:j\" FROM message"
     " WHERE task = ?1 ORDER BY position"},
    {"leases", "SELECT l.number AS number, l.attempt AS attempt, l.node AS node, n.name AS node_name,"
               " l.granted_ms AS granted_ms, l.deadline_ms AS deadline_ms, l.ended_ms AS ended_ms, l.outcome "
               "AS outcome,"
               " l.counts AS \"counts:b\", l.reason AS reason FROM lease l JOIN node n ON n.id = l.node"
               " WHERE l.task = ?1 ORDER BY l.number"},
    {"proofs", "SELECT p.node AS node, n.name AS node_name, p.lease AS lease, p.proof_type AS proof_type,"
               " p.witness_ms AS witness_ms, p.prove_ms AS prove_ms, p.received_ms AS received_ms,"
               " p.verified_ms AS verified_ms, p.proof AS \"proof:j\", p.publics AS \"public_signals:j\""
               " FROM proof p JOIN node n ON n.id = p.node WHERE p.task = ?1"},
    {"transactions",
     "SELECT x.hash AS hash, o.chain_id AS \"chain_id:u\", o.sender AS sender, o.nonce AS nonce,"
     " CASE o.state WHEN 1 THEN 'live' WHEN 2 THEN 'mined' WHEN 3 THEN 'settled' ELSE 'returned' END AS "
     "state,"
     " o.block_number AS block_number, x.gas_limit AS gas_limit, x.max_fee_wei AS max_fee_wei,"
     " x.priority_wei AS priority_wei, x.created_ms AS created_ms, x.sends AS sends, x.sent_ms AS sent_ms,"
     " x.error AS error, o.note AS note FROM outbox o JOIN outbox_tx x ON x.outbox = o.id"
     " WHERE o.task = ?1 ORDER BY o.id, x.created_ms"},
    {"refusals",
     "SELECT tries AS tries, first_ms AS first_ms, next_ms AS next_ms, reason AS reason FROM outbox_refusal"
     " WHERE task = ?1"},
};
static const struct part history_part = {
    "history",
    "SELECT h.at_ms AS at_ms, h.event AS event, h.from_state AS \"from:s\", h.to_state AS \"to:s\","
    " h.node AS node, n.name AS node_name, h.detail AS detail FROM history h LEFT JOIN node n ON n.id = "
    "h.node"
    " WHERE h.task = ?1 ORDER BY h.seq"};

static enum pm_status add_part(struct pm_ledger *ledger, json_t *task, const struct part *part,
                               const uint8_t id[32], struct pm_error *err)
{
    sqlite3_stmt *stmt;
    json_t *rows;
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err, part->sql, "b", id, (size_t)32));
    PM_TRY(rows_json(ledger, &rows, stmt, err));
    if (json_object_set_new(task, part->name, rows) != 0)
        return pm_fail(err, PM_NO_MEMORY, "ledger %s: out of memory", ledger->path);
    return PM_OK;
}

enum pm_status pm_ledger_json_task(struct pm_ledger *ledger, char **out, const uint8_t id[32],
                                   bool with_history, struct pm_error *err)
{
    sqlite3_stmt *stmt;
    json_t *rows;
    *out = NULL;
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err, "SELECT " TASK_FIELDS TASK_TABLES " WHERE t.id = ?1", "b",
                             id, (size_t)32));
    PM_TRY(rows_json(ledger, &rows, stmt, err));
    json_t *task = json_incref(json_array_get(rows, 0));
    json_decref(rows);
    if (!task) return pm_fail(err, PM_NOT_FOUND, "ledger %s: no such task", ledger->path);
    enum pm_status status = PM_OK;
    for (size_t i = 0; status == PM_OK && i < sizeof task_parts / sizeof *task_parts; i++)
        status = add_part(ledger, task, &task_parts[i], id, err);
    if (status == PM_OK && with_history) status = add_part(ledger, task, &history_part, id, err);
    if (status == PM_OK) return print(ledger, out, task, err);
    json_decref(task);
    return status;
}

/* -- nodes, bad messages, counts -- */

enum pm_status pm_ledger_json_nodes(struct pm_ledger *ledger, char **out, struct pm_error *err)
{
    sqlite3_stmt *stmt;
    json_t *rows;
    *out = NULL;
    PM_TRY(pm_ledger_prepare(
        ledger, &stmt, err,
        "SELECT n.id AS id, n.name AS name, n.device AS device, n.identity AS identity,"
        " n.curve_public AS curve_public, n.beneficiary AS beneficiary,"
        " n.first_seen_ms AS first_seen_ms, n.last_seen_ms AS last_seen_ms, n.proofs AS proofs,"
        " n.failures AS failures, (SELECT count(*) FROM lease l WHERE l.node = n.id"
        " AND l.ended_ms IS NULL) AS open_leases FROM node n ORDER BY n.id LIMIT 10000",
        ""));
    PM_TRY(rows_json(ledger, &rows, stmt, err));
    return print(ledger, out, rows, err);
}

enum pm_status pm_ledger_json_bad_messages(struct pm_ledger *ledger, char **out, uint64_t project,
                                           unsigned limit, struct pm_error *err)
{
    sqlite3_stmt *stmt;
    json_t *rows;
    *out = NULL;
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err,
                             "SELECT seq AS seq, project AS \"project:u\", at_ms AS at_ms, origin AS origin,"
                             " reason AS reason, CAST(body AS TEXT) AS body FROM bad_message"
                             " WHERE (?1 = 0 OR project = ?1) ORDER BY seq DESC LIMIT ?2",
                             "ui", project, (int64_t)(limit == 0 || limit > MAX_LIST ? MAX_LIST : limit)));
    PM_TRY(rows_json(ledger, &rows, stmt, err));
    return print(ledger, out, rows, err);
}

static enum pm_status count_tasks(struct pm_ledger *ledger, struct pm_ledger_counts *out,
                                  struct pm_error *err)
{
    sqlite3_stmt *stmt;
    enum pm_status status;
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err, "SELECT state, count(*) FROM task GROUP BY state", ""));
    while ((status = pm_ledger_step(ledger, stmt, err)) == PM_OK) {
        int state = sqlite3_column_int(stmt, 0);
        if (state > 0 && state < N_STATES) out->tasks[state] = (uint64_t)sqlite3_column_int64(stmt, 1);
    }
    sqlite3_finalize(stmt);
    return status == PM_NOT_FOUND ? PM_OK : status;
}

enum pm_status pm_ledger_counts(struct pm_ledger *ledger, struct pm_ledger_counts *out, struct pm_error *err)
{
    sqlite3_stmt *stmt;
    memset(out, 0, sizeof *out);
    PM_TRY(count_tasks(ledger, out, err));
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err,
                             "SELECT (SELECT coalesce(max(seq), 0) FROM message),"
                             " (SELECT coalesce(max(seq), 0) FROM bad_message),"
                             " (SELECT coalesce(sum(n), 0) FROM waiting), (SELECT count(*) FROM node),"
                             " (SELECT count(*) FROM lease WHERE ended_ms IS NULL),"
                             " (SELECT count(*) FROM lease WHERE outcome = 'rejected'),"
                             " (SELECT count(*) FROM lease WHERE outcome = 'expired')",
                             ""));
    enum pm_status status = pm_ledger_step(ledger, stmt, err);
    if (status == PM_OK) {
        uint64_t *counts[] = {&out->messages,    &out->bad_messages,    &out->waiting_messages, &out->nodes,
                              &out->open_leases, &out->rejected_proofs, &out->expired_leases};
        for (int i = 0; i < 7; i++) *counts[i] = (uint64_t)sqlite3_column_int64(stmt, i);
    }
    sqlite3_finalize(stmt);
    return status;
}
