/* OUT/STAGE.jsonl: a line for each item that ended, oldest first. A line that is cut off, by a machine that
 * went away while it was written, is passed over, and the next one begins on a line of its own. */
#ifndef PM_BENCH_JOURNAL_H
#define PM_BENCH_JOURNAL_H

#include "check.h"
#include "scan.h"

/* Whether this item passed on this device, for this build and in this size. */
bool journal_passed(const struct check *check, const struct item *item);

/* Adds a line, on the disk when this returns. False where it cannot be written; errno says why. */
bool journal_add(const struct check *check, const struct item *item, const struct outcome *outcome);

/* Calls each(ctx, line) for every well-formed line of a stage's file. */
void journal_each(const struct check *check, const char *stage, void (*each)(void *ctx, struct slice line),
                  void *ctx);

#endif
