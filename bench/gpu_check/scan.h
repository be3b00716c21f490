/* Reading back the JSON that this program wrote itself: values as slices of the text, found by scanning.
 * Numbers are doubles; strings are at most what the caller has room for. */
#ifndef PM_BENCH_SCAN_H
#define PM_BENCH_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct slice {
    const char *at;
    size_t n;
};

/* Whether the text is one well-formed value, with nothing but white space about it; *out is that value. */
bool scan_value(struct slice *out, const char *text, size_t n);

/* The member of that name; false where there is none or `object` is none. */
bool scan_get(struct slice *out, struct slice object, const char *key);

/* The element after *element, which is {NULL, 0} at first; false at the end. */
bool scan_next(struct slice *element, struct slice array);

double scan_number(struct slice object, const char *key);                     /* 0 where there is none */
void scan_text(char *out, size_t size, struct slice object, const char *key); /* "" likewise */
bool scan_is(struct slice object, const char *key, const char *text);         /* that string */

/* Writes a string in quotes. Bytes that are no ASCII become "?". */
void scan_write(FILE *out, const char *text);

#endif
