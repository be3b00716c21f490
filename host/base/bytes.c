/* Hex, constant-time compare, wiping. See bytes.h. */
#include "base/bytes.h"

void pm_hex_encode(char *out_text, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out_text[2 * i] = digits[bytes[i] >> 4];
        out_text[2 * i + 1] = digits[bytes[i] & 15];
    }
    out_text[2 * len] = '\0';
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool pm_hex_decode(uint8_t *out, size_t len, const char *text)
{
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) text += 2;
    for (size_t i = 0; i < len; i++) {
        int hi = digit(text[2 * i]);
        int lo = hi < 0 ? -1 : digit(text[2 * i + 1]);
        if (lo < 0) return false;
        out[i] = (uint8_t)(hi << 4 | lo);
    }
    return text[2 * len] == '\0';
}

bool pm_bytes_are_zero(const uint8_t *bytes, size_t len)
{
    uint8_t all = 0;
    for (size_t i = 0; i < len; i++) all |= bytes[i];
    return all == 0;
}

bool pm_equal_ct(const void *a, const void *b, size_t len)
{
    const uint8_t *x = a, *y = b;
    unsigned diff = 0;
    for (size_t i = 0; i < len; i++) diff |= (unsigned)(x[i] ^ y[i]);
    return diff == 0;
}

void pm_wipe(void *p, size_t len)
{
    if (p && len) explicit_bzero(p, len);
}
