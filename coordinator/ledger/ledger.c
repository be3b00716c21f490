/* The ledger's messages and tasks: batches of data in with their cursor, groups out as tasks, and the one
 * function through which every task changes its state. Leases, proofs and nodes: ledger_lease.c. */
#include "coordinator/ledger/ledger_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BAD_BODY_BYTES = 4096, MAX_BATCH = 4096 };

/* -- messages -- */

static enum pm_status add_message(struct pm_ledger *ledger, size_t *n_new, uint64_t project,
                                  const struct pm_message *m, struct pm_error *err)
{
    sqlite3_stmt *stmt;
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err,
                             "INSERT INTO message (id, project, version, grp, body, origin, received_ms)"
                             " VALUES (?1, ?2, ?3, ?4, CAST(?5 AS TEXT), ?6, " PM_SQL_NOW_MS
                             ") ON CONFLICT (id) DO NOTHING",
                             "buttbt", m->id, sizeof m->id, project, m->version, m->group ? m->group : "",
                             m->len ? m->body : "", m->len, m->origin ? m->origin : ""));
    enum pm_status status = pm_ledger_step(ledger, stmt, err);
    sqlite3_finalize(stmt);
    if (status != PM_NOT_FOUND) return status; /* an INSERT has no row */
    *n_new += (size_t)sqlite3_changes(ledger->db);
    return PM_OK;
}

enum pm_status pm_ledger_add_messages(struct pm_ledger *ledger, size_t *n_new, uint64_t project,
                                      const char *source, const char *next_cursor,
                                      const struct pm_message *messages, size_t n, struct pm_error *err)
{
    size_t added = 0;
    *n_new = 0;
    PM_TRY(pm_ledger_begin(ledger, err));
    enum pm_status status = PM_OK;
    for (size_t i = 0; status == PM_OK && i < n; i++)
        status = add_message(ledger, &added, project, &messages[i], err);
    if (status == PM_OK && source)
        status = pm_ledger_exec(ledger, err,
                                "INSERT INTO source_cursor (project, source, cursor, updated_ms)"
                                " VALUES (?1, ?2, ?3, " PM_SQL_NOW_MS ") ON CONFLICT (project, source)"
                                " DO UPDATE SET cursor = excluded.cursor, updated_ms = excluded.updated_ms",
                                "utt", project, source, next_cursor ? next_cursor : "");
    status = pm_ledger_end(ledger, status, err);
    if (status == PM_OK) *n_new = added;
    return status;
}

/* The same line, read again after a crash, is kept once. */
enum pm_status pm_ledger_add_bad_message(struct pm_ledger *ledger, uint64_t project, const char *origin,
                                         const char *reason, const char *body, size_t len,
                                         struct pm_error *err)
{
    return pm_ledger_exec(ledger, err,
                          "INSERT INTO bad_message (project, at_ms, origin, reason, body)"
                          " SELECT ?1, " PM_SQL_NOW_MS
                          ", ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM bad_message"
                          " WHERE project = ?1 AND origin = ?2 AND reason = ?3 AND body = ?4)",
                          "uttb", project, origin ? origin : "", reason ? reason : "", len ? body : "",
                          len < BAD_BODY_BYTES ? len : (size_t)BAD_BODY_BYTES);
}

enum pm_status pm_ledger_cursor(struct pm_ledger *ledger, char **cursor, uint64_t project, const char *source,
                                struct pm_error *err)
{
    sqlite3_stmt *stmt;
    *cursor = NULL;
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err,
                             "SELECT cursor FROM source_cursor WHERE project = ?1 AND source = ?2", "ut",
                             project, source));
    enum pm_status status = pm_ledger_step(ledger, stmt, err);
    if (status == PM_OK) *cursor = pm_ledger_column_copy(stmt, 0);
    if (status == PM_NOT_FOUND) {
        status = PM_OK;
        *cursor = strdup("");
    }
    sqlite3_finalize(stmt);
    if (status == PM_OK && !*cursor)
        return pm_fail(err, PM_NO_MEMORY, "ledger %s: out of memory", ledger->path);
    return status;
}

/* -- batches -- */

/* The group with enough messages whose oldest one has waited longest. */
static enum pm_status choose_group(struct pm_ledger *ledger, char **group, uint64_t project,
                                   const char *version, size_t size, struct pm_error *err)
{
    sqlite3_stmt *stmt;
    PM_TRY(pm_ledger_prepare(
        ledger, &stmt, err,
        "SELECT w.grp, (SELECT min(m.seq) FROM message m WHERE m.project = w.project"
        " AND m.version = w.version AND m.grp = w.grp AND m.task IS NULL) AS oldest"
        " FROM waiting w WHERE w.project = ?1 AND w.version = ?2 AND w.n >= ?3 ORDER BY oldest LIMIT 1",
        "uti", project, version, (int64_t)size));
    enum pm_status status = pm_ledger_step(ledger, stmt, err);
    if (status == PM_OK && !(*group = pm_ledger_column_copy(stmt, 0)))
        status = pm_fail(err, PM_NO_MEMORY, "ledger %s: out of memory", ledger->path);
    sqlite3_finalize(stmt);
    return status;
}

static enum pm_status read_batch(struct pm_ledger *ledger, struct pm_batch *out, uint64_t project,
                                 const char *version, size_t size, struct pm_error *err)
{
    sqlite3_stmt *stmt;
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err,
                             "SELECT id, body FROM message WHERE project = ?1 AND version = ?2 AND grp = ?3"
                             " AND task IS NULL ORDER BY seq LIMIT ?4",
                             "utti", project, version, out->group, (int64_t)size));
    enum pm_status status = PM_OK;
    while (status == PM_OK && out->n < size) {
        status = pm_ledger_step(ledger, stmt, err);
        if (status != PM_OK) break;
        out->bodies[out->n] = pm_ledger_column_copy(stmt, 1);
        out->lens[out->n] = (size_t)sqlite3_column_bytes(stmt, 1);
        if (!out->bodies[out->n])
            status = pm_fail(err, PM_NO_MEMORY, "ledger %s: out of memory", ledger->path);
        else if (!pm_ledger_column_blob(out->ids[out->n++], 32, stmt, 0))
            status = pm_fail(err, PM_FORMAT, "ledger %s: a message's id is not 32 bytes", ledger->path);
    }
    sqlite3_finalize(stmt);
    return status;
}

enum pm_status pm_ledger_next_batch(struct pm_ledger *ledger, struct pm_batch *out, uint64_t project,
                                    const char *version, size_t size, struct pm_error *err)
{
    memset(out, 0, sizeof *out);
    if (size == 0 || size > MAX_BATCH)
        return pm_fail(err, PM_USAGE, "ledger: a task has 1 to %d messages, not %zu", MAX_BATCH, size);
    PM_TRY(choose_group(ledger, &out->group, project, version, size, err));
    out->ids = calloc(size, sizeof *out->ids);
    out->bodies = calloc(size, sizeof *out->bodies);
    out->lens = calloc(size, sizeof *out->lens);
    enum pm_status status = out->ids && out->bodies && out->lens
                                ? read_batch(ledger, out, project, version, size, err)
                                : pm_fail(err, PM_NO_MEMORY, "ledger %s: out of memory", ledger->path);
    if (status != PM_OK) pm_batch_fini(out);
    return status;
}

void pm_batch_fini(struct pm_batch *batch)
{
    for (size_t i = 0; batch->bodies && i < batch->n; i++) free(batch->bodies[i]);
    free(batch->group);
    free(batch->ids);
    free(batch->bodies);
    free(batch->lens);
    memset(batch, 0, sizeof *batch);
}

/* -- tasks -- */

void pm_task_fini(struct pm_task *task)
{
    free(task->input);
    free(task->publics);
    memset(task, 0, sizeof *task);
}

static enum pm_status add_history(struct pm_ledger *ledger, const uint8_t id[32], const char *event, int from,
                                  int to, uint64_t node, const char *detail, struct pm_error *err)
{
    return pm_ledger_exec(ledger, err,
                          "INSERT INTO history (task, at_ms, event, from_state, to_state, node, detail)"
                          " VALUES (?1, " PM_SQL_NOW_MS ", ?2, nullif(?3, 0), ?4, nullif(?5, 0), ?6)",
                          "btiiut", id, (size_t)32, event, (int64_t)from, (int64_t)to, node, detail);
}

static enum pm_status insert_task(struct pm_ledger *ledger, const struct pm_task *t, size_t n,
                                  struct pm_error *err)
{
    return pm_ledger_exec(
        ledger, err,
        "INSERT INTO task (id, project, version, grp, client_id, chain_id, application, state, n_messages,"
        " created_ms, updated_ms, n_public, publics, input) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
        "?9, " PM_SQL_NOW_MS ", " PM_SQL_NOW_MS ", ?10, ?11, ?12)",
        "butttubiiibt", t->id, sizeof t->id, t->project, t->version, t->group, t->client_id, t->chain_id,
        t->application, sizeof t->application, (int64_t)PM_TASK_PACKED, (int64_t)n, (int64_t)t->n_public,
        t->publics ? (const void *)t->publics : "", (size_t)t->n_public * 32, t->input);
}

/* Only a message of the same project that waits may be taken. */
static enum pm_status take_message(struct pm_ledger *ledger, const struct pm_task *task, const uint8_t id[32],
                                   size_t position, struct pm_error *err)
{
    PM_TRY(pm_ledger_exec(
        ledger, err,
        "UPDATE message SET task = ?1, position = ?2 WHERE id = ?3 AND project = ?4 AND task IS NULL", "bibu",
        task->id, sizeof task->id, (int64_t)position, id, (size_t)32, task->project));
    if (sqlite3_changes(ledger->db) != 1)
        return pm_fail(err, PM_CONFLICT,
                       "ledger %s: message %zu of the new task does not wait: it is unknown or in a task",
                       ledger->path, position);
    return PM_OK;
}

enum pm_status pm_ledger_add_task(struct pm_ledger *ledger, const struct pm_task *task,
                                  const uint8_t (*message_ids)[32], size_t n, struct pm_error *err)
{
    char detail[64];
    if (n == 0 || n > MAX_BATCH || !task->input)
        return pm_fail(err, PM_USAGE, "ledger: a task needs an input and 1 to %d messages, not %zu",
                       MAX_BATCH, n);
    PM_TRY(pm_ledger_begin(ledger, err));
    enum pm_status status = insert_task(ledger, task, n, err);
    for (size_t i = 0; status == PM_OK && i < n; i++)
        status = take_message(ledger, task, message_ids[i], i, err);
    snprintf(detail, sizeof detail, "%zu message%s", n, n == 1 ? "" : "s");
    if (status == PM_OK) status = add_history(ledger, task->id, "packed", 0, PM_TASK_PACKED, 0, detail, err);
    return pm_ledger_end(ledger, status, err);
}

static enum pm_status read_task(struct pm_ledger *ledger, struct pm_task *t, sqlite3_stmt *row,
                                struct pm_error *err)
{
    t->seq = (uint64_t)sqlite3_column_int64(row, 0);
    t->project = (uint64_t)sqlite3_column_int64(row, 1);
    pm_ledger_column_text(t->version, sizeof t->version, row, 2);
    pm_ledger_column_text(t->group, sizeof t->group, row, 3);
    pm_ledger_column_text(t->client_id, sizeof t->client_id, row, 4);
    t->chain_id = (uint64_t)sqlite3_column_int64(row, 5);
    t->state = (enum pm_task_state)sqlite3_column_int(row, 7);
    t->attempts = (uint32_t)sqlite3_column_int64(row, 8);
    t->n_messages = (size_t)sqlite3_column_int64(row, 9);
    t->created_ms = sqlite3_column_int64(row, 10);
    t->updated_ms = sqlite3_column_int64(row, 11);
    t->n_public = (uint32_t)sqlite3_column_int64(row, 12);
    size_t publics_len = (size_t)t->n_public * 32;
    t->publics = malloc(publics_len + 1);
    t->input = pm_ledger_column_copy(row, 14);
    if (!t->publics || !t->input) return pm_fail(err, PM_NO_MEMORY, "ledger %s: out of memory", ledger->path);
    if (!pm_ledger_column_blob(t->application, sizeof t->application, row, 6) ||
        !pm_ledger_column_blob(t->publics, publics_len, row, 13))
        return pm_fail(err, PM_FORMAT, "ledger %s: task %llu has an application or signals of a wrong size",
                       ledger->path, (unsigned long long)t->seq);
    return PM_OK;
}

enum pm_status pm_ledger_task(struct pm_ledger *ledger, struct pm_task *out, const uint8_t id[32],
                              struct pm_error *err)
{
    sqlite3_stmt *stmt;
    memset(out, 0, sizeof *out);
    PM_TRY(pm_ledger_prepare(
        ledger, &stmt, err,
        "SELECT seq, project, version, grp, client_id, chain_id, application, state, attempts,"
        " n_messages, created_ms, updated_ms, n_public, publics, input FROM task WHERE id = ?1",
        "b", id, (size_t)32));
    memcpy(out->id, id, sizeof out->id);
    enum pm_status status = pm_ledger_step(ledger, stmt, err);
    if (status == PM_OK) status = read_task(ledger, out, stmt, err);
    sqlite3_finalize(stmt);
    if (status != PM_OK) pm_task_fini(out);
    return status;
}

enum pm_status pm_ledger_tasks_in(struct pm_ledger *ledger, uint8_t (*ids)[32], size_t *n, size_t max,
                                  enum pm_task_state state, struct pm_error *err)
{
    sqlite3_stmt *stmt;
    *n = 0;
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err, "SELECT id FROM task WHERE state = ?1 ORDER BY seq LIMIT ?2",
                             "ii", (int64_t)state, (int64_t)max));
    enum pm_status status = PM_OK;
    while (*n < max && (status = pm_ledger_step(ledger, stmt, err)) == PM_OK)
        if (pm_ledger_column_blob(ids[*n], 32, stmt, 0)) (*n)++;
    sqlite3_finalize(stmt);
    return status == PM_NOT_FOUND ? PM_OK : status;
}

/* -- events -- */

/* A task that is given up leaves no lease behind. */
static enum pm_status close_lease(struct pm_ledger *ledger, const uint8_t id[32], const char *reason,
                                  struct pm_error *err)
{
    return pm_ledger_exec(ledger, err,
                          "UPDATE lease SET outcome = 'cancelled', reason = ?2, ended_ms = " PM_SQL_NOW_MS
                          " WHERE task = ?1 AND ended_ms IS NULL",
                          "bt", id, (size_t)32, reason);
}

static enum pm_status step_task(struct pm_ledger *ledger, enum pm_task_state *after, const uint8_t id[32],
                                enum pm_task_event event, uint64_t node, const char *detail,
                                struct pm_error *err)
{
    int64_t from = 0;
    PM_TRY(
        pm_ledger_integer(ledger, &from, err, "SELECT state FROM task WHERE id = ?1", "b", id, (size_t)32));
    *after = pm_task_next((enum pm_task_state)from, event);
    if (*after == 0)
        return pm_fail(err, PM_CONFLICT, "a task that is %s cannot be %s",
                       pm_task_state_name((enum pm_task_state)from), pm_task_event_name(event));
    PM_TRY(pm_ledger_exec(ledger, err,
                          "UPDATE task SET state = ?2, updated_ms = " PM_SQL_NOW_MS " WHERE id = ?1", "bi",
                          id, (size_t)32, (int64_t)*after));
    if (*after == PM_TASK_FAILED)
        PM_TRY(close_lease(ledger, id, detail ? detail : pm_task_event_name(event), err));
    return add_history(ledger, id, pm_task_event_name(event), (int)from, (int)*after, node, detail, err);
}

enum pm_status pm_ledger_task_event(struct pm_ledger *ledger, enum pm_task_state *after, const uint8_t id[32],
                                    enum pm_task_event event, uint64_t node, const char *detail,
                                    struct pm_error *err)
{
    enum pm_task_state next = (enum pm_task_state)0;
    PM_TRY(pm_ledger_begin(ledger, err));
    enum pm_status status =
        pm_ledger_end(ledger, step_task(ledger, &next, id, event, node, detail, err), err);
    if (status == PM_OK && after) *after = next;
    return status;
}
