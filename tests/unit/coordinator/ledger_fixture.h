/* For tests of the ledger: a folder of one's own under TMPDIR, and rows to put into it. */
#ifndef PM_TEST_LEDGER_FIXTURE_H
#define PM_TEST_LEDGER_FIXTURE_H

#include "base/bytes.h"
#include "coordinator/ledger/ledger_sqlite.h"
#include "test.h"

#include <unistd.h>

struct fixture {
    char folder[256], path[300];
    struct pm_ledger *ledger;
    struct pm_error err;
};

static const uint8_t session_a[16] = {0xa}, session_b[16] = {0xb};

__attribute__((unused)) static void fixture_open(struct fixture *f)
{
    const char *tmp = getenv("TMPDIR");
    memset(f, 0, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "%s/pm_ledger_XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(f->folder)) exit(1);
    snprintf(f->path, sizeof f->path, "%s/ledger.db", f->folder);
    CHECK_OK(pm_ledger_open(&f->ledger, f->path, &f->err), f->err);
    if (!f->ledger) exit(1);
}

__attribute__((unused)) static void fixture_reopen(struct fixture *f)
{
    pm_ledger_close(&f->ledger);
    CHECK_OK(pm_ledger_open(&f->ledger, f->path, &f->err), f->err);
    if (!f->ledger) exit(1);
}

__attribute__((unused)) static void fixture_close(struct fixture *f)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char path[320];
    pm_ledger_close(&f->ledger);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", f->path, suffixes[i]);
        unlink(path);
    }
    CHECK(rmdir(f->folder) == 0);
}

/* Message `number` of a group: id and body follow from both. */
__attribute__((unused)) static struct pm_message message_of(const char *group, uint32_t number, char body[64])
{
    struct pm_message m = {.version = "1.0", .group = group, .origin = "readings.jsonl:1", .project = 1};
    snprintf(body, 64, "{\"group\":\"%s\",\"n\":%u}", group, number);
    m.body = body;
    m.len = strlen(body);
    memset(m.id, 0, sizeof m.id);
    pm_store_be32(m.id, number);
    snprintf((char *)m.id + 4, 28, "%s", group);
    return m;
}

__attribute__((unused)) static void add_message_to(struct fixture *f, const char *group, uint32_t number)
{
    char body[64];
    size_t n_new;
    struct pm_message m = message_of(group, number, body);
    CHECK_OK(pm_ledger_add_messages(f->ledger, &n_new, 1, NULL, NULL, &m, 1, &f->err), f->err);
    CHECK_U64(n_new, 1);
}

/* A task of one new message of group "g"; its id is `number` in the first four bytes. */
__attribute__((unused)) static void add_task(struct fixture *f, uint8_t id[32], uint32_t number)
{
    static uint8_t publics[64];
    static char input[] = "{\"domain\":\"1\"}";
    char body[64];
    struct pm_message m = message_of("g", number, body);
    struct pm_task task = {.project = 1,
                           .chain_id = 31337,
                           .version = "1.0",
                           .group = "g",
                           .client_id = "client",
                           .input = input,
                           .publics = publics,
                           .n_public = 2};
    add_message_to(f, "g", number);
    memset(id, 0, 32);
    pm_store_be32(id, number);
    memcpy(task.id, id, 32);
    task.application[19] = 0xaa;
    CHECK_OK(pm_ledger_add_task(f->ledger, &task, (const uint8_t(*)[32]) & m.id, 1, &f->err), f->err);
}

__attribute__((unused)) static uint64_t add_node(struct fixture *f, uint8_t number, const char *name)
{
    struct pm_node node = {.identity = {2, number}, .device = "cpu"};
    snprintf(node.name, sizeof node.name, "%s", name);
    CHECK_OK(pm_ledger_node_login(f->ledger, &node, &f->err), f->err);
    return node.id;
}

__attribute__((unused)) static enum pm_task_state state_of(struct fixture *f, const uint8_t id[32])
{
    struct pm_task task;
    CHECK_OK(pm_ledger_task(f->ledger, &task, id, &f->err), f->err);
    enum pm_task_state state = task.state;
    pm_task_fini(&task);
    return state;
}

__attribute__((unused)) static int64_t integer(struct fixture *f, const char *sql)
{
    int64_t value = -1;
    CHECK_OK(pm_ledger_integer(f->ledger, &value, &f->err, sql, ""), f->err);
    return value;
}

/* The events of a task in order, joined by spaces. */
__attribute__((unused)) static void check_history(struct fixture *f, const uint8_t id[32],
                                                  const char *expected)
{
    char found[1024] = "";
    sqlite3_stmt *stmt;
    CHECK_OK(pm_ledger_prepare(f->ledger, &stmt, &f->err,
                               "SELECT event FROM history WHERE task = ?1 ORDER BY seq", "b", id, (size_t)32),
             f->err);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        size_t len = strlen(found);
        snprintf(found + len, sizeof found - len, "%s%s", len ? " " : "",
                 (const char *)sqlite3_column_text(stmt, 0));
    }
    sqlite3_finalize(stmt);
    CHECK_STR(found, expected);
}

#endif
