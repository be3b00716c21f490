/* What a task says: the circuit's input and the public signals, derived from the messages as the project file
 * declares. Pure: no I/O. A proof is believed only where it says the same (checker.c). */
#include "coordinator/project/binding.h"

#include "base/bytes.h"
#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP_MAX = 128 };

/* -- messages -- */

static enum pm_status parse(json_t **out, const char *body, size_t len, struct pm_error *err)
{
    json_error_t at;
    if (len > PM_MESSAGE_MAX)
        return pm_fail(err, PM_FORMAT, "expected a message of at most %d bytes, found %zu", PM_MESSAGE_MAX,
                       len);
    *out = json_loadb(body, len, JSON_REJECT_DUPLICATES, &at);
    if (!*out)
        return pm_fail(err, PM_FORMAT,
                       "expected a JSON object (numbers above 2^63 as texts), found an error at byte %d: %s",
                       at.position, at.text);
    if (json_is_object(*out)) return PM_OK;
    json_decref(*out);
    *out = NULL;
    return pm_fail(err, PM_FORMAT, "expected a JSON object, found an array");
}

static enum pm_status find_number(uint8_t out[32], const json_t *message, const struct pm_binding *b,
                                  const struct pm_project_version *version, struct pm_error *err)
{
    const json_t *value = pm_pointer_find(message, b->pointer);
    if (!value)
        return pm_fail(err, PM_FORMAT, "%s: expected a number for %s, found nothing", b->pointer, b->name);
    if (pm_number_read(out, version->vk.curve, value)) {
        if (b->how != PM_DERIVE_SUM || pm_number_sums(out, version->task_size, version->vk.curve))
            return PM_OK;
        return pm_fail(err, PM_FORMAT, "%s: too large: %u of it must add up to less than the field's modulus",
                       b->pointer, version->task_size);
    }
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);
    pm_fail(err, PM_FORMAT,
            "%s: expected an integer from 0 or a decimal text below the field's modulus, found %.80s",
            b->pointer, text ? text : "?");
    free(text);
    return PM_FORMAT;
}

static enum pm_status check_bindings(const struct pm_project_version *version,
                                     const struct pm_binding *bindings, unsigned n, const json_t *message,
                                     struct pm_error *err)
{
    uint8_t number[32];
    for (unsigned i = 0; i < n; i++)
        if (bindings[i].pointer) PM_TRY(find_number(number, message, &bindings[i], version, err));
    return PM_OK;
}

static enum pm_status find_group(char **group, const struct pm_project_version *version,
                                 const json_t *message, struct pm_error *err)
{
    char number[32];
    const char *text = "";
    if (version->group_by) {
        const json_t *value = pm_pointer_find(message, version->group_by);
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        text = json_is_integer(value) ? number : json_string_value(value);
        if (!text || strlen(text) > GROUP_MAX || strlen(text) == 0)
            return pm_fail(err, PM_FORMAT, "%s: expected an integer or a text of 1 to %d bytes to group by",
                           version->group_by, GROUP_MAX);
    }
    *group = strdup(text);
    return *group ? PM_OK : pm_fail(err, PM_NO_MEMORY, "out of memory");
}

enum pm_status pm_message_check(const struct pm_project_version *version, const char *body, size_t len,
                                char **group, struct pm_error *err)
{
    json_t *message = NULL;
    *group = NULL;
    enum pm_status status = parse(&message, body, len, err);
    if (status == PM_OK) status = check_bindings(version, version->input, version->n_inputs, message, err);
    if (status == PM_OK)
        status = check_bindings(version, version->public_signal, version->n_public, message, err);
    if (status == PM_OK) status = find_group(group, version, message, err);
    json_decref(message);
    return status;
}

/* -- tasks -- */

struct task {
    const struct pm_project_version *version;
    const uint8_t *domain;
    json_t **message;
    size_t n;
};

static enum pm_status number_at(uint8_t out[32], const struct task *t, const struct pm_binding *b, size_t i,
                                struct pm_error *err)
{
    enum pm_status status = find_number(out, t->message[i], b, t->version, err);
    if (status != PM_OK) pm_fail_in(err, "message %zu of %zu", i + 1, t->n);
    return status;
}

/* Cannot overflow: find_number bounds what is summed. */
static enum pm_status sum_of(uint8_t out[32], const struct task *t, const struct pm_binding *b,
                             struct pm_error *err)
{
    uint8_t number[32];
    memset(out, 0, 32);
    for (size_t m = 0; m < t->n; m++) {
        PM_TRY(number_at(number, t, b, m, err));
        unsigned carry = 0;
        for (int i = 0; i < 32; i++) {
            carry += (unsigned)out[i] + number[i];
            out[i] = (uint8_t)carry;
            carry >>= 8;
        }
    }
    return PM_OK;
}

/* A binding that is one number; "each" has one per message (write_each). */
static enum pm_status value_of(uint8_t out[32], const struct task *t, const struct pm_binding *b,
                               struct pm_error *err)
{
    memset(out, 0, 32);
    switch (b->how) {
    case PM_DERIVE_FIRST:
        return number_at(out, t, b, 0, err);
    case PM_DERIVE_LAST:
        return number_at(out, t, b, t->n - 1, err);
    case PM_DERIVE_SUM:
        return sum_of(out, t, b, err);
    case PM_DERIVE_COUNT:
        pm_store_le64(out, t->n);
        return PM_OK;
    case PM_DERIVE_DOMAIN:
        memcpy(out, t->domain, 32);
        return PM_OK;
    case PM_DERIVE_CONST:
        if (pm_json_parse_decimal(out, 32, b->constant)) return PM_OK;
        break;
    case PM_DERIVE_EACH:
        break;
    }
    return pm_fail(err, PM_INTERNAL, "the binding %s has no value", b->name);
}

static void write_number(FILE *out, const uint8_t number[32])
{
    char text[PM_NUMBER_DIGITS + 32];
    pm_json_decimal(text, number, 32);
    fprintf(out, "\"%s\"", text);
}

static enum pm_status write_each(FILE *out, const struct task *t, const struct pm_binding *b,
                                 struct pm_error *err)
{
    uint8_t number[32];
    fputc('[', out);
    for (size_t i = 0; i < t->n; i++) {
        PM_TRY(number_at(number, t, b, i, err));
        if (i) fputc(',', out);
        write_number(out, number);
    }
    fputc(']', out);
    return PM_OK;
}

static enum pm_status write_input(FILE *out, const struct task *t, struct pm_error *err)
{
    uint8_t number[32];
    fputc('{', out);
    for (unsigned i = 0; i < t->version->n_inputs; i++) {
        const struct pm_binding *b = &t->version->input[i];
        fprintf(out, "%s\"%s\":", i ? "," : "", b->name); /* names are identifiers: nothing to escape */
        if (b->how == PM_DERIVE_EACH) {
            PM_TRY(write_each(out, t, b, err));
        } else {
            PM_TRY(value_of(number, t, b, err));
            write_number(out, number);
        }
    }
    fputc('}', out);
    return PM_OK;
}

static enum pm_status derive_input(char **input, const struct task *t, struct pm_error *err)
{
    size_t len = 0;
    FILE *out = open_memstream(input, &len);
    if (!out) return pm_fail(err, PM_NO_MEMORY, "out of memory");
    enum pm_status status = write_input(out, t, err);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) status = pm_fail(err, PM_NO_MEMORY, "out of memory");
    if (status == PM_OK && len > PM_INPUT_MAX)
        status =
            pm_fail(err, PM_FORMAT, "the circuit's input has %zu bytes, more than %d", len, PM_INPUT_MAX);
    return status;
}

static enum pm_status derive_publics(uint8_t **publics, const struct task *t, struct pm_error *err)
{
    unsigned n = t->version->n_public;
    *publics = calloc(n + 1u, 32);
    if (!*publics) return pm_fail(err, PM_NO_MEMORY, "out of memory");
    for (unsigned i = 0; i < n; i++)
        PM_TRY(value_of(*publics + 32 * (size_t)i, t, &t->version->public_signal[i], err));
    return PM_OK;
}

enum pm_status pm_task_derive(char **input, uint8_t **publics, const struct pm_project_version *version,
                              const uint8_t domain[32], const char *const *bodies, const size_t *lens,
                              size_t n, struct pm_error *err)
{
    struct task t = {.version = version, .domain = domain, .n = n};
    enum pm_status status = PM_OK;
    *input = NULL;
    *publics = NULL;
    if (n == 0 || n != version->task_size)
        return pm_fail(err, PM_USAGE, "expected %u messages for a task, found %zu", version->task_size, n);
    t.message = calloc(n, sizeof(json_t *));
    if (!t.message) return pm_fail(err, PM_NO_MEMORY, "out of memory");
    for (size_t i = 0; status == PM_OK && i < n; i++) {
        status = parse(&t.message[i], bodies[i], lens[i], err);
        if (status != PM_OK) pm_fail_in(err, "message %zu of %zu", i + 1, n);
    }
    if (status == PM_OK) status = derive_input(input, &t, err);
    if (status == PM_OK) status = derive_publics(publics, &t, err);
    for (size_t i = 0; i < n; i++) json_decref(t.message[i]);
    free(t.message);
    if (status != PM_OK) {
        free(*input);
        free(*publics);
        *input = NULL;
        *publics = NULL;
    }
    return status;
}
