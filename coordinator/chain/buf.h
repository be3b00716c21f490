/* A growing row of bytes for encoders: the first failure sticks, so that a caller appends freely and checks
 * once. Not for secrets: it moves in memory as it grows. */
#ifndef PM_CHAIN_BUF_H
#define PM_CHAIN_BUF_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is an empty buffer. */
struct pm_buf {
    uint8_t *data;
    size_t len, cap;
    bool failed; /* memory is out, or more than 16 MiB */
};

void pm_buf_fini(struct pm_buf *buf);

/* Appends; bytes may be NULL where len is 0. */
void pm_buf_add(struct pm_buf *buf, const void *bytes, size_t len);
void pm_buf_add_byte(struct pm_buf *buf, uint8_t byte);
void pm_buf_add_zeros(struct pm_buf *buf, size_t len);
/* Inserts before position at <= len. */
void pm_buf_insert(struct pm_buf *buf, size_t at, const void *bytes, size_t len);

/* PM_NO_MEMORY if anything above failed. */
PM_MUST_USE enum pm_status pm_buf_check(const struct pm_buf *buf, struct pm_error *err);

/* malloc'ed "0x..." text of bytes; NULL where memory is out. */
char *pm_hex_0x(const uint8_t *bytes, size_t len);
/* Appends the bytes of "0x..." text (even number of digits, nothing else). False: it is not that. */
bool pm_buf_add_hex(struct pm_buf *buf, const char *text);

#endif
