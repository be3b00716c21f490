/* Growing buffers and hex texts, for the encoders of this room. Next: rlp.c, abi.c, tx.c. */
#include "coordinator/chain/buf.h"

#include "base/bytes.h"

#include <stdlib.h>

enum { BUF_MAX = 16 << 20 };

void pm_buf_fini(struct pm_buf *buf)
{
    free(buf->data);
    memset(buf, 0, sizeof *buf);
}

static bool reserve(struct pm_buf *buf, size_t len)
{
    if (buf->failed || len > BUF_MAX || buf->len > BUF_MAX - len) {
        buf->failed = true;
        return false;
    }
    if (buf->len + len <= buf->cap) return true;
    size_t cap = buf->cap ? buf->cap : 256;
    while (cap < buf->len + len) cap *= 2;
    uint8_t *data = realloc(buf->data, cap);
    if (!data) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->cap = cap;
    return true;
}

void pm_buf_add(struct pm_buf *buf, const void *bytes, size_t len)
{
    if (len == 0 || !reserve(buf, len)) return;
    memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
}

void pm_buf_add_byte(struct pm_buf *buf, uint8_t byte) { pm_buf_add(buf, &byte, 1); }

void pm_buf_add_zeros(struct pm_buf *buf, size_t len)
{
    if (len == 0 || !reserve(buf, len)) return;
    memset(buf->data + buf->len, 0, len);
    buf->len += len;
}

void pm_buf_insert(struct pm_buf *buf, size_t at, const void *bytes, size_t len)
{
    if (at > buf->len) buf->failed = true;
    if (len == 0 || !reserve(buf, len)) return;
    memmove(buf->data + at + len, buf->data + at, buf->len - at);
    memcpy(buf->data + at, bytes, len);
    buf->len += len;
}

enum pm_status pm_buf_check(const struct pm_buf *buf, struct pm_error *err)
{
    if (buf->failed)
        return pm_fail(err, PM_NO_MEMORY, "no memory for an encoding, or one above %d bytes", BUF_MAX);
    return PM_OK;
}

char *pm_hex_0x(const uint8_t *bytes, size_t len)
{
    if (len > BUF_MAX) return NULL;
    char *text = malloc(2 * len + 3);
    if (!text) return NULL;
    memcpy(text, "0x", 3);
    pm_hex_encode(text + 2, bytes, len);
    return text;
}

bool pm_buf_add_hex(struct pm_buf *buf, const char *text)
{
    if (strncmp(text, "0x", 2) != 0) return false;
    size_t digits = strlen(text + 2);
    if (digits % 2 != 0) return false;
    if (digits == 0) return true;
    if (!reserve(buf, digits / 2)) return false;
    /* A second 0x would be taken as an optional prefix: refuse it as the non-digit it is. */
    if (text[3] == 'x' || !pm_hex_decode(buf->data + buf->len, digits / 2, text + 2)) return false;
    buf->len += digits / 2;
    return true;
}
