/* The database under the ledger: opening and migrating the file, transactions, statements with bound values.
 * No SQL is ever built from data: statements are constants, values are bound.
 * What the rows mean is ledger.c's, ledger_lease.c's and ledger_outbox.c's business. */
#include "coordinator/ledger/ledger_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { APPLICATION_ID = 0x504d4c47, BUSY_MS = 10000, MAX_VALUE_BYTES = 64 << 20 };

static enum pm_status fail_sql(struct pm_ledger *ledger, struct pm_error *err, int rc, const char *sql)
{
    enum pm_status status = PM_IO;
    if ((rc & 0xff) == SQLITE_CONSTRAINT) status = PM_CONFLICT;
    if ((rc & 0xff) == SQLITE_NOMEM) status = PM_NO_MEMORY;
    if ((rc & 0xff) == SQLITE_NOTADB) status = PM_FORMAT;
    return pm_fail(err, status, "ledger %s: %s (SQLite %d) at \"%.60s\"", ledger->path,
                   sqlite3_errmsg(ledger->db), sqlite3_extended_errcode(ledger->db), sql);
}

/* -- transactions -- */

static enum pm_status run(struct pm_ledger *ledger, const char *sql, struct pm_error *err)
{
    int rc = sqlite3_exec(ledger->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? PM_OK : fail_sql(ledger, err, rc, sql);
}

enum pm_status pm_ledger_begin(struct pm_ledger *ledger, struct pm_error *err)
{
    /* SQLite may roll a transaction back by itself (disk full); going on would write outside of it. */
    if (ledger->depth > 0 && sqlite3_get_autocommit(ledger->db))
        return pm_fail(err, PM_IO, "ledger %s: the transaction was rolled back", ledger->path);
    PM_TRY(run(ledger, ledger->depth == 0 ? "BEGIN IMMEDIATE" : "SAVEPOINT step", err));
    ledger->depth++;
    return PM_OK;
}

enum pm_status pm_ledger_end(struct pm_ledger *ledger, enum pm_status status, struct pm_error *err)
{
    ledger->depth--;
    bool outermost = ledger->depth == 0;
    if (status == PM_OK) {
        status = run(ledger, outermost ? "COMMIT" : "RELEASE step", err);
        if (status == PM_OK) return PM_OK;
    }
    if (sqlite3_get_autocommit(ledger->db)) return status; /* rolled back already */
    /* A failure to roll back must not hide the failure that led here. */
    if (outermost)
        (void)sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
    else
        (void)sqlite3_exec(ledger->db, "ROLLBACK TO step; RELEASE step", NULL, NULL, NULL);
    return status;
}

/* -- statements -- */

static int bind_one(sqlite3_stmt *stmt, int at, char letter, va_list *values)
{
    switch (letter) {
    case 'i':
        return sqlite3_bind_int64(stmt, at, va_arg(*values, int64_t));
    case 'u':
        return sqlite3_bind_int64(stmt, at, (int64_t)va_arg(*values, uint64_t));
    case 't':
        return sqlite3_bind_text(stmt, at, va_arg(*values, const char *), -1, SQLITE_TRANSIENT);
    case 'b': {
        const void *data = va_arg(*values, const void *);
        size_t len = va_arg(*values, size_t);
        if (!data) return sqlite3_bind_null(stmt, at);
        if (len > MAX_VALUE_BYTES) return SQLITE_TOOBIG;
        return sqlite3_bind_blob64(stmt, at, data, len, SQLITE_TRANSIENT);
    }
    }
    return SQLITE_MISUSE;
}

static enum pm_status prepare_v(struct pm_ledger *ledger, sqlite3_stmt **out, struct pm_error *err,
                                const char *sql, const char *binds, va_list *values)
{
    *out = NULL;
    int rc = sqlite3_prepare_v2(ledger->db, sql, -1, out, NULL);
    if (rc != SQLITE_OK) return fail_sql(ledger, err, rc, sql);
    if ((size_t)sqlite3_bind_parameter_count(*out) != strlen(binds)) rc = SQLITE_MISUSE;
    for (int i = 0; rc == SQLITE_OK && binds[i]; i++) rc = bind_one(*out, i + 1, binds[i], values);
    if (rc == SQLITE_OK) return PM_OK;
    sqlite3_finalize(*out);
    *out = NULL;
    return pm_fail(err, rc == SQLITE_NOMEM ? PM_NO_MEMORY : PM_INTERNAL,
                   "ledger %s: binding \"%s\" to \"%.60s\": %s", ledger->path, binds, sql,
                   sqlite3_errstr(rc));
}

enum pm_status pm_ledger_prepare(struct pm_ledger *ledger, sqlite3_stmt **out, struct pm_error *err,
                                 const char *sql, const char *binds, ...)
{
    va_list values;
    va_start(values, binds);
    enum pm_status status = prepare_v(ledger, out, err, sql, binds, &values);
    va_end(values);
    return status;
}

enum pm_status pm_ledger_step(struct pm_ledger *ledger, sqlite3_stmt *stmt, struct pm_error *err)
{
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) return PM_OK;
    if (rc == SQLITE_DONE) return pm_fail(err, PM_NOT_FOUND, "ledger %s: no such row", ledger->path);
    return fail_sql(ledger, err, rc, sqlite3_sql(stmt));
}

enum pm_status pm_ledger_exec(struct pm_ledger *ledger, struct pm_error *err, const char *sql,
                              const char *binds, ...)
{
    sqlite3_stmt *stmt;
    va_list values;
    va_start(values, binds);
    enum pm_status status = prepare_v(ledger, &stmt, err, sql, binds, &values);
    va_end(values);
    if (status != PM_OK) return status;
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {}
    if (rc != SQLITE_DONE) status = fail_sql(ledger, err, rc, sql);
    sqlite3_finalize(stmt);
    return status;
}

enum pm_status pm_ledger_integer(struct pm_ledger *ledger, int64_t *out, struct pm_error *err,
                                 const char *sql, const char *binds, ...)
{
    sqlite3_stmt *stmt;
    va_list values;
    va_start(values, binds);
    enum pm_status status = prepare_v(ledger, &stmt, err, sql, binds, &values);
    va_end(values);
    if (status != PM_OK) return status;
    status = pm_ledger_step(ledger, stmt, err);
    if (status == PM_OK) *out = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return status;
}

void pm_ledger_column_text(char *out, size_t size, sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    size_t len = text ? (size_t)sqlite3_column_bytes(stmt, column) : 0;
    if (len >= size) len = size - 1;
    if (len) memcpy(out, text, len);
    out[len] = 0;
}

char *pm_ledger_column_copy(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    size_t len = text ? (size_t)sqlite3_column_bytes(stmt, column) : 0;
    char *copy = malloc(len + 1);
    if (!copy) return NULL;
    if (len) memcpy(copy, text, len);
    copy[len] = 0;
    return copy;
}

bool pm_ledger_column_blob(uint8_t *out, size_t len, sqlite3_stmt *stmt, int column)
{
    const void *data = sqlite3_column_blob(stmt, column);
    if ((size_t)sqlite3_column_bytes(stmt, column) != len || (!data && len)) return false;
    if (len) memcpy(out, data, len);
    return true;
}

/* -- opening -- */

/* user_version cannot be bound; the number is one of our own build. */
static enum pm_status apply(struct pm_ledger *ledger, const struct pm_migration *migration,
                            struct pm_error *err)
{
    char set_version[64];
    snprintf(set_version, sizeof set_version, "PRAGMA user_version = %d", migration->number);
    enum pm_status status = run(ledger, migration->sql, err);
    if (status == PM_OK) status = run(ledger, set_version, err);
    if (status != PM_OK) pm_fail_in(err, "migration %s", migration->name);
    return status;
}

/* Whose file it is, and which version. Nothing is written to one that is not ours. */
static enum pm_status identify(struct pm_ledger *ledger, int64_t *version, struct pm_error *err)
{
    int64_t application = 0, tables = 0;
    PM_TRY(pm_ledger_integer(ledger, version, err, "PRAGMA user_version", ""));
    PM_TRY(pm_ledger_integer(ledger, &application, err, "PRAGMA application_id", ""));
    PM_TRY(pm_ledger_integer(ledger, &tables, err, "SELECT count(*) FROM sqlite_master", ""));
    if (*version == 0 ? tables != 0 : application != APPLICATION_ID)
        return pm_fail(err, PM_FORMAT,
                       "ledger %s: expected a ledger or an empty file, found another program's database",
                       ledger->path);
    if (*version < 0 || *version > pm_n_migrations)
        return pm_fail(
            err, PM_UNSUPPORTED,
            "ledger %s: the file has version %lld, this program knows up to %d; use a newer program",
            ledger->path, (long long)*version, pm_n_migrations);
    return PM_OK;
}

/* One migration in one transaction; *done when there was none to apply. Another process may be migrating the
 * same file: the version is read inside the transaction. */
static enum pm_status migrate_once(struct pm_ledger *ledger, bool *done, struct pm_error *err)
{
    int64_t version = 0;
    PM_TRY(pm_ledger_begin(ledger, err));
    enum pm_status status = identify(ledger, &version, err);
    *done = version == pm_n_migrations;
    if (status == PM_OK && !*done) status = apply(ledger, &pm_migrations[version], err);
    return pm_ledger_end(ledger, status, err);
}

static enum pm_status set_up(struct pm_ledger *ledger, struct pm_error *err)
{
    sqlite3_stmt *stmt;
    char mode[16];
    sqlite3_extended_result_codes(ledger->db, 1);
    sqlite3_busy_timeout(ledger->db, BUSY_MS);
    int64_t version;
    PM_TRY(identify(ledger, &version, err));
    PM_TRY(pm_ledger_prepare(ledger, &stmt, err, "PRAGMA journal_mode = WAL", ""));
    enum pm_status status = pm_ledger_step(ledger, stmt, err);
    pm_ledger_column_text(mode, sizeof mode, stmt, 0);
    sqlite3_finalize(stmt);
    if (status != PM_OK) return status;
    if (strcmp(mode, "wal") != 0)
        return pm_fail(err, PM_UNSUPPORTED,
                       "ledger %s: expected journal mode wal, found %s; use a local disk", ledger->path,
                       mode);
    PM_TRY(
        run(ledger, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF", err));
    bool done = false;
    while (!done) PM_TRY(migrate_once(ledger, &done, err));
    return PM_OK;
}

/* The file holds the pool's data: made readable by its owner alone; WAL files inherit the mode. */
static enum pm_status make_file(const char *path, struct pm_error *err)
{
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return pm_fail(err, PM_IO, "ledger %s: cannot open or make it: %s", path, strerror(errno));
    close(fd);
    return PM_OK;
}

enum pm_status pm_ledger_open(struct pm_ledger **out, const char *path, struct pm_error *err)
{
    *out = NULL;
    struct pm_ledger *ledger = calloc(1, sizeof *ledger);
    if (!ledger) return pm_fail(err, PM_NO_MEMORY, "ledger %s: out of memory", path);
    if (strlen(path) >= sizeof ledger->path) {
        free(ledger);
        return pm_fail(err, PM_USAGE, "ledger: the path has more than %zu bytes", sizeof ledger->path - 1);
    }
    memcpy(ledger->path, path, strlen(path) + 1);
    enum pm_status status = make_file(path, err);
    if (status == PM_OK) {
        int rc = sqlite3_open_v2(path, &ledger->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
        if (rc != SQLITE_OK)
            status = pm_fail(err, PM_IO, "ledger %s: %s", path,
                             ledger->db ? sqlite3_errmsg(ledger->db) : "out of memory");
    }
    if (status == PM_OK) status = set_up(ledger, err);
    if (status != PM_OK) pm_ledger_close(&ledger);
    *out = ledger;
    return status;
}

void pm_ledger_close(struct pm_ledger **ledger)
{
    if (!*ledger) return;
    sqlite3_close_v2((*ledger)->db);
    free(*ledger);
    *ledger = NULL;
}
