/* Strict reading of JSON trees with a path for errors; see reader.h. */
#include "coordinator/project/reader.h"

#include "base/bytes.h"
#include "base/keccak.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pm_reader_begin(struct pm_reader *r, const char *file, struct pm_error *err)
{
    memset(r, 0, sizeof *r);
    r->file = file;
    r->err = err;
    r->path[0] = '$';
}

size_t pm_reader_enter(struct pm_reader *r, const char *name, size_t index)
{
    size_t mark = strlen(r->path);
    if (name)
        snprintf(r->path + mark, sizeof r->path - mark, ".%s", name);
    else
        snprintf(r->path + mark, sizeof r->path - mark, "[%zu]", index);
    return mark;
}

void pm_reader_leave(struct pm_reader *r, size_t mark) { r->path[mark] = 0; }

void pm_reader_fail(struct pm_reader *r, enum pm_status status, const char *fmt, ...)
{
    char text[600];
    va_list args;
    if (r->status != PM_OK) return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    r->status = pm_fail(r->err, status, "%s: %s: %s", r->file, r->path, text);
}

/* The value as JSON, cut; control characters and the like are escaped by the printer. */
static void describe(char *out, size_t size, const json_t *value)
{
    if (!value) {
        snprintf(out, size, "nothing");
        return;
    }
    if (json_is_object(value) || json_is_array(value)) {
        snprintf(out, size, "an %s", json_is_object(value) ? "object" : "array");
        return;
    }
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    snprintf(out, size, "%.60s%s", text ? text : "?", text && strlen(text) > 60 ? "..." : "");
    free(text);
}

void pm_reader_expected(struct pm_reader *r, const char *name, const json_t *found, const char *expected)
{
    char text[80];
    if (r->status != PM_OK) return;
    size_t mark = name ? pm_reader_enter(r, name, 0) : strlen(r->path);
    describe(text, sizeof text, found);
    pm_reader_fail(r, PM_FORMAT, "expected %s, found %s", expected, text);
    pm_reader_leave(r, mark);
}

static void fail_unknown(struct pm_reader *r, const char *key, const char *const *names)
{
    char list[256] = "", text[80];
    for (size_t i = 0; names[i]; i++) {
        size_t len = strlen(list);
        snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "", names[i]);
    }
    json_t *found = json_string(key);
    describe(text, sizeof text, found);
    json_decref(found);
    pm_reader_fail(r, PM_FORMAT, "expected no fields but %s, found %s", list, text);
}

/* The iterators of jansson want an object that is not const, and leave it as it is. */
bool pm_reader_object(struct pm_reader *r, const json_t *value, const char *const *names)
{
    json_t *object = (json_t *)(uintptr_t)value;
    if (r->status != PM_OK) return false;
    if (!json_is_object(value)) {
        pm_reader_expected(r, NULL, value, "an object");
        return false;
    }
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        size_t i = 0;
        while (names[i] && strcmp(names[i], json_object_iter_key(at)) != 0) i++;
        if (names[i]) continue;
        fail_unknown(r, json_object_iter_key(at), names);
        return false;
    }
    return true;
}

const json_t *pm_reader_array(struct pm_reader *r, const json_t *object, const char *name, size_t min,
                              size_t max)
{
    char expected[80];
    if (r->status != PM_OK) return NULL;
    const json_t *value = json_object_get(object, name);
    if (json_is_array(value) && json_array_size(value) >= min && json_array_size(value) <= max) return value;
    snprintf(expected, sizeof expected, "an array of %zu to %zu elements", min, max);
    if (json_is_array(value)) {
        size_t mark = pm_reader_enter(r, name, 0);
        pm_reader_fail(r, PM_FORMAT, "expected %s, found %zu", expected, json_array_size(value));
        pm_reader_leave(r, mark);
    } else {
        pm_reader_expected(r, name, value, expected);
    }
    return NULL;
}

static bool is_clean(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) return false;
    return true;
}

char *pm_reader_text(struct pm_reader *r, const json_t *object, const char *name, size_t max,
                     const char *fallback)
{
    char expected[80];
    if (r->status != PM_OK) return NULL;
    const json_t *value = json_object_get(object, name);
    const char *text = json_string_value(value);
    if (!value) text = fallback;
    size_t len = text ? value ? json_string_length(value) : strlen(text) : 0;
    if (!text || (value && len == 0) || len > max || !is_clean(text, len)) {
        snprintf(expected, sizeof expected, "a text of 1 to %zu bytes without control characters", max);
        pm_reader_expected(r, name, value, expected);
        return NULL;
    }
    char *copy = strdup(text);
    if (!copy) pm_reader_fail(r, PM_NO_MEMORY, "out of memory");
    return copy;
}

uint64_t pm_reader_integer(struct pm_reader *r, const json_t *object, const char *name, int64_t min,
                           int64_t max, int64_t fallback)
{
    char expected[80];
    if (r->status != PM_OK) return 0;
    const json_t *value = json_object_get(object, name);
    if (!value && fallback >= 0) return (uint64_t)fallback;
    if (json_is_integer(value) && json_integer_value(value) >= min && json_integer_value(value) <= max)
        return (uint64_t)json_integer_value(value);
    snprintf(expected, sizeof expected, "an integer from %lld to %lld", (long long)min, (long long)max);
    pm_reader_expected(r, name, value, expected);
    return 0;
}

/* EIP-55: a letter is upper case where the hash of the lower-case text has a high nibble. */
static bool checksum_fits(const char *digits)
{
    char lower[40];
    uint8_t hash[32];
    bool any_upper = false, any_lower = false, fits = true;
    for (int i = 0; i < 40; i++) {
        lower[i] = (char)tolower((unsigned char)digits[i]);
        any_upper |= isupper((unsigned char)digits[i]) != 0;
        any_lower |= islower((unsigned char)digits[i]) != 0;
    }
    if (!any_upper || !any_lower) return true;
    pm_keccak256(hash, lower, sizeof lower);
    for (int i = 0; i < 40; i++) {
        unsigned nibble = i % 2 ? hash[i / 2] & 15u : hash[i / 2] >> 4;
        if (isalpha((unsigned char)digits[i]) && (isupper((unsigned char)digits[i]) != 0) != (nibble >= 8))
            fits = false;
    }
    return fits;
}

void pm_reader_address(struct pm_reader *r, uint8_t out[20], const json_t *object, const char *name)
{
    static const uint8_t zero[20];
    if (r->status != PM_OK) return;
    const json_t *value = json_object_get(object, name);
    const char *text = json_string_value(value);
    if (!text || strlen(text) != 42 || strncmp(text, "0x", 2) != 0 || !pm_hex_decode(out, 20, text))
        pm_reader_expected(r, name, value, "an address: 0x and 40 hex digits");
    else if (memcmp(out, zero, 20) == 0)
        pm_reader_expected(r, name, value, "an address that is not zero");
    else if (!checksum_fits(text + 2))
        pm_reader_expected(r, name, value, "an address whose upper and lower case fit (EIP-55)");
}
