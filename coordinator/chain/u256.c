/* Big-endian 256-bit integers: conversions only. Next: abi.c, eth.c. */
#include "coordinator/chain/u256.h"

#include "base/bytes.h"

#include <string.h>

void pm_u256_from_u64(uint8_t out[32], uint64_t value)
{
    memset(out, 0, 24);
    pm_store_be64(out + 24, value);
}

bool pm_u256_to_u64(uint64_t *out, const uint8_t value[32])
{
    for (int i = 0; i < 24; i++)
        if (value[i]) return false;
    *out = pm_load_be64(value + 24);
    return true;
}

/* value = value * base + digit; false where it overflows */
static bool push_digit(uint8_t value[32], unsigned base, unsigned digit)
{
    unsigned carry = digit;
    for (int i = 31; i >= 0; i--) {
        unsigned v = value[i] * base + carry;
        value[i] = (uint8_t)v;
        carry = v >> 8;
    }
    return carry == 0;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 99;
}

bool pm_u256_parse(uint8_t out[32], const char *text)
{
    unsigned base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    memset(out, 0, 32);
    if (!*text) return false;
    for (; *text; text++) {
        unsigned digit = (unsigned)digit_of(*text);
        if (digit >= base || !push_digit(out, base, digit)) return false;
    }
    return true;
}

void pm_u256_decimal(char *out_text, const uint8_t value[32])
{
    uint8_t rest[32];
    char digits[80];
    int n = 0;
    memcpy(rest, value, 32);
    for (;;) {
        unsigned remainder = 0, any = 0;
        for (int i = 0; i < 32; i++) {
            unsigned v = remainder << 8 | rest[i];
            rest[i] = (uint8_t)(v / 10);
            remainder = v % 10;
            any |= rest[i];
        }
        digits[n++] = (char)('0' + remainder);
        if (!any) break;
    }
    for (int i = 0; i < n; i++) out_text[i] = digits[n - 1 - i];
    out_text[n] = '\0';
}

int pm_u256_compare(const uint8_t a[32], const uint8_t b[32])
{
    int c = memcmp(a, b, 32);
    return (c > 0) - (c < 0);
}
