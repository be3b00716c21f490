/* Inside the ledger only: the database handle and the few helpers that its files share. */
#ifndef PM_COORDINATOR_LEDGER_SQLITE_H
#define PM_COORDINATOR_LEDGER_SQLITE_H

#include "coordinator/ledger/ledger.h"

#include <sqlite3.h>

struct pm_ledger {
    sqlite3 *db;
    char path[512]; /* for errors */
    int depth;      /* of nested transactions */
};

/* The files of ledger/migrations, in order of number; made at build time. */
struct pm_migration {
    int number;
    const char *name, *sql;
};
extern const struct pm_migration pm_migrations[];
extern const int pm_n_migrations;

/* The database's clock in milliseconds, as an SQL expression to be pasted into a constant statement. */
#define PM_SQL_NOW_MS "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)"

/* A write transaction (BEGIN IMMEDIATE); nests: only the outermost begins and commits, an inner one is a
 * savepoint, so that what failed inside is undone even where the caller goes on. */
PM_MUST_USE enum pm_status pm_ledger_begin(struct pm_ledger *ledger, struct pm_error *err);
/* Commits when status is PM_OK, rolls everything back otherwise; returns status, or the commit's failure. */
PM_MUST_USE enum pm_status pm_ledger_end(struct pm_ledger *ledger, enum pm_status status,
                                         struct pm_error *err);

/* Prepares a statement and binds ?1, ?2, ... by letter: i int64_t, u uint64_t, t text (NULL allowed), b blob
 * (pointer, size_t; a NULL pointer binds NULL). Values are copied. Mind the varargs: an int constant must be
 * cast. The caller finalizes; *out is NULL after a failure. */
PM_MUST_USE enum pm_status pm_ledger_prepare(struct pm_ledger *ledger, sqlite3_stmt **out,
                                             struct pm_error *err, const char *sql, const char *binds, ...);
/* Prepares, runs to the end and finalizes a statement that returns nothing. PM_CONFLICT for a constraint. */
PM_MUST_USE enum pm_status pm_ledger_exec(struct pm_ledger *ledger, struct pm_error *err, const char *sql,
                                          const char *binds, ...);
/* One step: PM_OK with a row, PM_NOT_FOUND at the end, PM_CONFLICT for a constraint, else PM_IO. */
PM_MUST_USE enum pm_status pm_ledger_step(struct pm_ledger *ledger, sqlite3_stmt *stmt, struct pm_error *err);
/* Prepares, steps once and reads one integer, for statements whose one row has one column. PM_NOT_FOUND
 * without a row. */
PM_MUST_USE enum pm_status pm_ledger_integer(struct pm_ledger *ledger, int64_t *out, struct pm_error *err,
                                             const char *sql, const char *binds, ...);

/* Copies a text column into a fixed buffer (cut where it is too long; NULL gives "") or to the heap (NULL:
 * out of memory), and a blob column of exactly len bytes (false: another length). */
void pm_ledger_column_text(char *out, size_t size, sqlite3_stmt *stmt, int column);
char *pm_ledger_column_copy(sqlite3_stmt *stmt, int column);
bool pm_ledger_column_blob(uint8_t *out, size_t len, sqlite3_stmt *stmt, int column);

#endif
