/* Bindings: parsing, JSON pointers, numbers; see binding.h. What they yield for a task: derive.c. */
#include "coordinator/project/binding.h"

#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- JSON pointers -- */

bool pm_pointer_is_valid(const char *pointer)
{
    size_t len = strlen(pointer);
    if (pointer[0] != '/' || len < 2 || len > PM_POINTER_MAX) return false;
    for (const char *p = pointer; (p = strchr(p, '~')) != NULL; p++)
        if (p[1] != '0' && p[1] != '1') return false;
    return true;
}

/* One reference token, unescaped; returns what follows it. */
static const char *next_token(char out[PM_POINTER_MAX + 1], const char *at)
{
    size_t n = 0;
    while (*at && *at != '/' && n < PM_POINTER_MAX) {
        if (at[0] == '~' && (at[1] == '0' || at[1] == '1')) {
            out[n++] = at[1] == '0' ? '~' : '/';
            at += 2;
        } else {
            out[n++] = *at++;
        }
    }
    out[n] = 0;
    return at;
}

static const json_t *element(const json_t *array, const char *token)
{
    size_t len = strlen(token);
    if (len == 0 || len > 6 || strspn(token, "0123456789") != len || (token[0] == '0' && len > 1))
        return NULL;
    return json_array_get(array, (size_t)strtoul(token, NULL, 10));
}

const json_t *pm_pointer_find(const json_t *document, const char *pointer)
{
    char token[PM_POINTER_MAX + 1];
    while (document && *pointer == '/') {
        pointer = next_token(token, pointer + 1);
        if (json_is_object(document))
            document = json_object_get(document, token);
        else
            document = json_is_array(document) ? element(document, token) : NULL;
    }
    return document;
}

/* -- numbers -- */

static bool below(const uint8_t *a, const uint8_t *modulus, size_t len)
{
    for (size_t i = len; i-- > 0;)
        if (a[i] != modulus[i]) return a[i] < modulus[i];
    return false;
}

bool pm_number_read(uint8_t out[32], const struct pm_curve *curve, const json_t *value)
{
    char text[PM_NUMBER_DIGITS + 2];
    if (json_is_integer(value))
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_string(value) && json_string_length(value) <= PM_NUMBER_DIGITS)
        memcpy(text, json_string_value(value), json_string_length(value) + 1);
    else
        return false;
    return pm_json_parse_decimal(out, 32, text) && below(out, curve->fr_modulus, 32);
}

bool pm_number_sums(const uint8_t number[32], uint32_t n, const struct pm_curve *curve)
{
    uint8_t product[40] = {0}, modulus[40] = {0};
    uint64_t carry = 0;
    for (int i = 0; i < 40; i++) {
        carry += i < 32 ? (uint64_t)number[i] * n : 0;
        product[i] = (uint8_t)carry;
        carry >>= 8;
    }
    memcpy(modulus, curve->fr_modulus, 32);
    return below(product, modulus, sizeof product);
}

/* -- reading -- */

void pm_binding_fini(struct pm_binding *binding)
{
    free(binding->name);
    free(binding->pointer);
    free(binding->constant);
    memset(binding, 0, sizeof *binding);
}

static const struct {
    const char *name;
    enum pm_derive how;
    bool pointer;
} kinds[] = {
    {"first", PM_DERIVE_FIRST, true},  {"last", PM_DERIVE_LAST, true},    {"each", PM_DERIVE_EACH, true},
    {"sum", PM_DERIVE_SUM, true},      {"count", PM_DERIVE_COUNT, false}, {"domain", PM_DERIVE_DOMAIN, false},
    {"const", PM_DERIVE_CONST, false},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* circom's identifiers. */
static bool is_signal_name(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= 128 && !(name[0] >= '0' && name[0] <= '9') &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$") == len;
}

static void read_kind(struct pm_reader *r, struct pm_binding *out, unsigned kind, const json_t *value,
                      const struct pm_curve *curve)
{
    char text[PM_NUMBER_DIGITS + 2];
    uint8_t number[32];
    const char *name = kinds[kind].name;
    out->how = kinds[kind].how;
    if (kinds[kind].pointer) {
        if (!json_is_string(value) || !pm_pointer_is_valid(json_string_value(value)))
            pm_reader_expected(r, name, value, "a JSON pointer such as \"/meter\"");
        else if (!(out->pointer = strdup(json_string_value(value))))
            pm_reader_fail(r, PM_NO_MEMORY, "out of memory");
    } else if (out->how == PM_DERIVE_CONST) {
        if (!pm_number_read(number, curve, value)) {
            pm_reader_expected(r, name, value, "a decimal number below the field's modulus");
            return;
        }
        pm_json_decimal(text, number, sizeof number);
        if (!(out->constant = strdup(text))) pm_reader_fail(r, PM_NO_MEMORY, "out of memory");
    } else if (!json_is_true(value)) {
        pm_reader_expected(r, name, value, "true");
    }
}

void pm_binding_read(struct pm_reader *r, struct pm_binding *out, const char *name, const json_t *object,
                     bool named, const struct pm_curve *curve)
{
    static const char *const fields[] = {"first",  "last",  "each", "sum", "count",
                                         "domain", "const", "name", NULL};
    unsigned kind = N_KINDS, found = 0;
    if (!pm_reader_object(r, object, fields)) return;
    for (unsigned i = 0; i < N_KINDS; i++)
        if (json_object_get(object, kinds[i].name)) kind = i, found++;
    if (found != 1 || json_object_size(object) != (named ? 2u : 1u)) {
        pm_reader_fail(r, PM_FORMAT,
                       "expected exactly one of first, last, each, sum, count, domain, const%s, found %u%s",
                       named ? " beside name" : "", found,
                       !named && json_object_get(object, "name") ? " and a name" : "");
        return;
    }
    if (!name || !is_signal_name(name)) {
        pm_reader_expected(r, named ? "name" : NULL, named ? json_object_get(object, "name") : NULL,
                           "the name of a signal: letters, digits, _ and $");
        return;
    }
    if (!(out->name = strdup(name))) pm_reader_fail(r, PM_NO_MEMORY, "out of memory");
    if (named && kinds[kind].how == PM_DERIVE_EACH)
        pm_reader_fail(r, PM_FORMAT, "\"each\" gives one number per message; a public signal is one number");
    if (r->status == PM_OK) read_kind(r, out, kind, json_object_get(object, kinds[kind].name), curve);
}
