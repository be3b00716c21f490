/* Inside the source room: the cursor of a folder of files, {"a.jsonl":[offset,lines],...} as compact JSON.
 * Every file keeps its own place, so that a file that appears late, under an early name, is read too. */
#ifndef PM_COORDINATOR_SOURCE_CURSOR_H
#define PM_COORDINATOR_SOURCE_CURSOR_H

#include "base/status.h"

#include <jansson.h>
#include <stdint.h>

enum { PM_CURSOR_MAX_FILES = 10000 };

struct pm_file_place {
    uint64_t offset, lines; /* bytes and whole lines read so far */
};

/* "" is the empty cursor. PM_FORMAT for a text that is none. */
PM_MUST_USE enum pm_status pm_cursor_parse(json_t **out, const char *text, struct pm_error *err);
/* Zero for a file that is not there. */
struct pm_file_place pm_cursor_get(const json_t *cursor, const char *file);
PM_MUST_USE enum pm_status pm_cursor_set(json_t *cursor, const char *file, struct pm_file_place place,
                                         struct pm_error *err);

#endif
