/* Data availability: where a project's messages come from. One struct of functions, one file each behind it.
 * A source reads on from a cursor that it alone understands; the ledger stores messages and cursor in one
 * transaction, so that a crash neither loses nor repeats one. */
#ifndef PM_COORDINATOR_SOURCE_H
#define PM_COORDINATOR_SOURCE_H

#include "base/status.h"

#include <stddef.h>

struct pm_source;

/* One message: its body, not NUL-terminated. origin: for errors ("readings-01.jsonl:17"). Valid during the
 * call. */
typedef enum pm_status pm_source_sink(void *ctx, const char *body, size_t len, const char *origin,
                                      struct pm_error *err);

/* type "file": a folder of *.jsonl files, read in order of name, whole lines only; a file may still grow. */
PM_MUST_USE enum pm_status pm_source_new(struct pm_source **out, const char *type, const char *path,
                                         struct pm_error *err);
void pm_source_free(struct pm_source **source);

/* Hands at most max messages after `cursor` ("" from the beginning) to the sink. *next: malloc'ed new cursor.
 * A sink that fails ends the poll with its status. A malformed line is a message like any other: the sink
 * decides; one of more than 64 KiB is handed over cut to 64 KiB and one byte, which no check accepts. */
PM_MUST_USE enum pm_status pm_source_poll(struct pm_source *source, char **next, const char *cursor,
                                          size_t max, pm_source_sink *sink, void *ctx, struct pm_error *err);

#endif
