/* Decimal text of little-endian numbers, as JSON of the circom world writes all its numbers. See json.h. */
#include "json/json.h"

#include <string.h>

/* Long division of the number by ten, one base-256 digit at a time; 4 decimal digits per pass. */
void pm_json_decimal(char *out_text, const uint8_t *plain, size_t len)
{
    uint8_t rest[256];
    char reversed[3 * sizeof rest + 8];
    size_t digits = 0, used = len < sizeof rest ? len : sizeof rest;
    memcpy(rest, plain, used);
    while (used > 0) {
        if (rest[used - 1] == 0) {
            used--;
            continue;
        }
        unsigned remainder = 0;
        for (size_t i = used; i-- > 0;) {
            unsigned t = remainder << 8 | rest[i];
            rest[i] = (uint8_t)(t / 10);
            remainder = t % 10;
        }
        reversed[digits++] = (char)('0' + remainder);
    }
    if (digits == 0) reversed[digits++] = '0';
    for (size_t i = 0; i < digits; i++) out_text[i] = reversed[digits - 1 - i];
    out_text[digits] = '\0';
}

bool pm_json_parse_decimal(uint8_t *out, size_t len, const char *text)
{
    memset(out, 0, len);
    if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0')) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        unsigned carry = (unsigned)(*text - '0');
        for (size_t i = 0; i < len; i++) {
            unsigned t = out[i] * 10u + carry;
            out[i] = (uint8_t)t;
            carry = t >> 8;
        }
        if (carry != 0) return false; /* also bounds the loop: longer texts only grow */
    }
    return true;
}
