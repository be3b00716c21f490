/* Inside the project room: reading a JSON tree strictly. A reader knows the file and the JSON path where it
 * stands; the first error sticks, and after it every function does nothing and returns NULL or 0, so that
 * callers check once. Errors say file, path, what was expected and what was found. */
#ifndef PM_COORDINATOR_PROJECT_READER_H
#define PM_COORDINATOR_PROJECT_READER_H

#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pm_reader {
    const char *file;
    struct pm_error *err;
    enum pm_status status;
    char path[256]; /* "$.versions[0].task" */
};

void pm_reader_begin(struct pm_reader *r, const char *file, struct pm_error *err);

/* Goes down to a field or an element (name NULL: element `index`); the mark leads back. */
size_t pm_reader_enter(struct pm_reader *r, const char *name, size_t index);
void pm_reader_leave(struct pm_reader *r, size_t mark);

/* The first error, at the place where the reader stands: "FILE: PATH: text". */
void pm_reader_fail(struct pm_reader *r, enum pm_status status, const char *fmt, ...) PM_PRINTF(3, 4);
/* "expected X, found <the value>", at field `name` (NULL: here). */
void pm_reader_expected(struct pm_reader *r, const char *name, const json_t *found, const char *expected);

/* True if value is an object and has no field but those named (a list that ends in NULL). */
bool pm_reader_object(struct pm_reader *r, const json_t *value, const char *const *names);
/* An array of min to max elements, or NULL. */
const json_t *pm_reader_array(struct pm_reader *r, const json_t *object, const char *name, size_t min,
                              size_t max);
/* A copy of a text of 1 to max bytes without control characters. fallback: where the field is missing (NULL:
 * it must be there). */
char *pm_reader_text(struct pm_reader *r, const json_t *object, const char *name, size_t max,
                     const char *fallback);
/* An integer from min to max; fallback where the field is missing (negative: it must be there). */
uint64_t pm_reader_integer(struct pm_reader *r, const json_t *object, const char *name, int64_t min,
                           int64_t max, int64_t fallback);
/* 0x and 40 hex digits, not zero; mixed case must be right by EIP-55. */
void pm_reader_address(struct pm_reader *r, uint8_t out[20], const json_t *object, const char *name);

#endif
