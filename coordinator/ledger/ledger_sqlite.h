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

/* A write transaction (BEGIN IMMEDIATE); nests: only the outermost begins and commits. */
PM_MUST_USE enum pm_status pm_ledger_begin(struct pm_ledger *ledger, struct pm_error *err);
/* Commits when status is PM_OK, rolls everything back otherwise; returns status, or the commit's failure. */
PM_MUST_USE enum pm_status pm_ledger_end(struct pm_ledger *ledger, enum pm_status status, struct pm_error *err);

/* Prepares a statement and binds by letter: i int64_t, u uint64_t, t text (NULL allowed), b blob (pointer, size_t).
 * The caller finalizes. */
PM_MUST_USE enum pm_status pm_ledger_prepare(struct pm_ledger *ledger, sqlite3_stmt **out, struct pm_error *err, const char *sql,
                                             const char *binds, ...);
/* Prepares, runs to the end and finalizes a statement that returns nothing. PM_CONFLICT for a constraint. */
PM_MUST_USE enum pm_status pm_ledger_exec(struct pm_ledger *ledger, struct pm_error *err, const char *sql, const char *binds, ...);
/* One step: PM_OK with a row, PM_NOT_FOUND at the end, PM_CONFLICT for a constraint, else PM_IO. */
PM_MUST_USE enum pm_status pm_ledger_step(struct pm_ledger *ledger, sqlite3_stmt *stmt, struct pm_error *err);

#endif
