/* Why a call reverted, as text for people: the history of a task, the log, the command line. The bytes are
 * the contract's own and may be anything; nothing is decided on this text. */
#include "coordinator/chain/abi.h"

#include "base/bytes.h"
#include "coordinator/chain/u256.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const known_errors[] = {
#define REVERT_ERROR(signature) signature,
#include "coordinator/chain/revert_errors.def"
#undef REVERT_ERROR
};

static const struct {
    unsigned code;
    const char *meaning;
} panics[] = {
    {0x00, "generic"},
    {0x01, "assertion failed"},
    {0x11, "arithmetic overflow"},
    {0x12, "division by zero"},
    {0x21, "no such enum value"},
    {0x22, "malformed storage bytes"},
    {0x31, "pop of an empty array"},
    {0x32, "index out of bounds"},
    {0x41, "too much memory"},
    {0x51, "call of an uninitialised function"},
};

static void panic_text(char *out, size_t cap, const uint8_t *data, size_t len)
{
    uint64_t code;
    if (!pm_abi_read_u64(&code, data, len, 0)) {
        snprintf(out, cap, "Panic with malformed code");
        return;
    }
    const char *meaning = "unknown code";
    for (size_t i = 0; i < sizeof panics / sizeof *panics; i++)
        if (panics[i].code == code) meaning = panics[i].meaning;
    snprintf(out, cap, "Panic(0x%02llx): %s", (unsigned long long)code, meaning);
}

static void error_text(char *out, size_t cap, const uint8_t *data, size_t len)
{
    const uint8_t *text;
    size_t text_len;
    if (!pm_abi_read_bytes(&text, &text_len, data, len, 0)) {
        snprintf(out, cap, "Error(string) with a malformed string");
        return;
    }
    int width = text_len > 512 ? 512 : (int)text_len;
    snprintf(out, cap, "%.*s%s", width, (const char *)text, text_len > 512 ? "..." : "");
}

static void word_text(char out[80], const uint8_t word[32])
{
    uint64_t small;
    if (pm_u256_to_u64(&small, word)) {
        snprintf(out, 80, "%llu", (unsigned long long)small);
        return;
    }
    memcpy(out, "0x", 3);
    pm_hex_encode(out + 2, word, 32);
}

/* Name(arg, arg): every argument is shown as its word; those of dynamic types only by their offset, so they
 * are left out. */
static void custom_text(char *out, size_t cap, const char *signature, const uint8_t *data, size_t len)
{
    size_t at = (size_t)snprintf(out, cap, "%.*s(", (int)strcspn(signature, "("), signature);
    const char *type = strchr(signature, '(') + 1;
    for (size_t i = 0; *type && *type != ')' && at < cap; i++) {
        size_t type_len = strcspn(type, ",)");
        char word_out[80] = "?";
        uint8_t word[32];
        if (strncmp(type, "string", 6) == 0) {
            const uint8_t *text;
            size_t text_len;
            if (pm_abi_read_bytes(&text, &text_len, data, len, i))
                snprintf(word_out, sizeof word_out, "\"%.*s\"", text_len > 64 ? 64 : (int)text_len,
                         (const char *)text);
        } else if (pm_abi_read_word(word, data, len, i)) {
            word_text(word_out, word);
        }
        at += (size_t)snprintf(out + at, cap - at, "%s%s", i ? ", " : "", word_out);
        type += type_len;
        if (*type == ',') type++;
    }
    if (at < cap) snprintf(out + at, cap - at, ")");
}

static const char *known_error(const uint8_t selector[4])
{
    for (size_t i = 0; i < sizeof known_errors / sizeof *known_errors; i++) {
        uint8_t known[4];
        pm_abi_selector(known, known_errors[i]);
        if (memcmp(known, selector, 4) == 0) return known_errors[i];
    }
    return NULL;
}

void pm_abi_revert_text(char *out_text, size_t cap, const uint8_t *data, size_t len)
{
    static const uint8_t error_selector[4] = {0x08, 0xc3, 0x79, 0xa0}; /* Error(string) */
    static const uint8_t panic_selector[4] = {0x4e, 0x48, 0x7b, 0x71}; /* Panic(uint256) */
    const char *signature;
    if (cap == 0) return;
    if (len == 0) {
        snprintf(out_text, cap, "no reason given (an empty revert, or out of gas)");
    } else if (len < 4) {
        snprintf(out_text, cap, "%zu bytes that are no error", len);
    } else if (memcmp(data, error_selector, 4) == 0) {
        error_text(out_text, cap, data + 4, len - 4);
    } else if (memcmp(data, panic_selector, 4) == 0) {
        panic_text(out_text, cap, data + 4, len - 4);
    } else if ((signature = known_error(data))) {
        custom_text(out_text, cap, signature, data + 4, len - 4);
    } else {
        char hex[2 * 68 + 1];
        size_t shown = len - 4 > 68 ? 68 : len - 4;
        char selector[9];
        pm_hex_encode(selector, data, 4);
        pm_hex_encode(hex, data + 4, shown);
        snprintf(out_text, cap, "custom error 0x%s(%s%s)", selector, hex, shown < len - 4 ? "..." : "");
    }
    for (char *p = out_text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?';
}
