/* Input signals: JSON in, a checked binary request out. See input.h; witness.c sends it to the circuit's
 * program.
 *
 * Signals are named by the 64-bit FNV-1a hash of their name, as circom's modules do. Private inputs pass
 * through here: the request and the parsed values are wiped. */
#include "witness/input.h"
#include "witness/driver/protocol.h"
#include "base/bytes.h"

#include <jansson.h>
#include <openssl/bn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { max_depth = 16, max_digits = 4096, max_name = 256 };

struct parser {
    struct pm_input *in;
    const struct pm_circuit_info *info;
    const char *name; /* of the signal at hand */
    BIGNUM *prime, *value, *rest;
    BN_CTX *ctx;
    struct pm_error *err;
};

static enum pm_status reserve(struct pm_input *in, size_t more, struct pm_error *err)
{
    if (more <= in->room - in->len) return PM_OK;
    size_t room = in->room + in->room / 2 + more + 4096;
    uint8_t *wider = malloc(room);
    if (!wider) return pm_fail(err, PM_NO_MEMORY, "no memory for %zu bytes of input signals", room);
    if (in->len) memcpy(wider, in->request, in->len);
    if (in->request) pm_wipe(in->request, in->len);
    free(in->request);
    in->request = wider;
    in->room = room;
    return PM_OK;
}

static enum pm_status put_word(struct pm_input *in, uint32_t w, struct pm_error *err)
{
    PM_TRY(reserve(in, 4, err));
    pm_store_le32(in->request + in->len, w);
    in->len += 4;
    return PM_OK;
}

/* The number in p->value, reduced and appended. */
static enum pm_status put_value(struct parser *p)
{
    PM_TRY(reserve(p->in, p->info->n8, p->err));
    if (!BN_nnmod(p->rest, p->value, p->prime, p->ctx) ||
        BN_bn2lebinpad(p->rest, p->in->request + p->in->len, (int)p->info->n8) < 0)
        return pm_fail(p->err, PM_NO_MEMORY, "input signal %s: no memory to reduce a value", p->name);
    p->in->len += p->info->n8;
    return PM_OK;
}

static enum pm_status not_a_number(struct parser *p, const char *found)
{
    return pm_fail(
        p->err, PM_FORMAT,
        "input signal %s: %s; a whole number expected, or a string of decimal or 0x-hexadecimal digits",
        p->name, found);
}

static enum pm_status take_string(struct parser *p, const json_t *v)
{
    const char *text = json_string_value(v), *digits = text + (*text == '-');
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X'); /* JavaScript knows no "-0x10" either */
    if (hex) digits += 2;
    size_t len = strlen(digits);
    if (len != json_string_length(v) - (size_t)(digits - text))
        return not_a_number(p, "a string with a NUL in it");
    if (len == 0) return not_a_number(p, "a string without digits");
    if (strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != len)
        return not_a_number(p, "a string that is no number");
    if (len > max_digits) return not_a_number(p, "a number of more than 4096 digits");
    if ((hex ? BN_hex2bn(&p->value, digits) : BN_dec2bn(&p->value, digits)) == 0)
        return pm_fail(p->err, PM_NO_MEMORY, "input signal %s: no memory for a number", p->name);
    BN_set_negative(p->value, *text == '-');
    return put_value(p);
}

static enum pm_status take_integer(struct parser *p, int64_t v)
{
    uint64_t magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    if (!BN_set_word(p->value, magnitude))
        return pm_fail(p->err, PM_NO_MEMORY, "input signal %s: no memory for a number", p->name);
    BN_set_negative(p->value, v < 0);
    return put_value(p);
}

/* 1e3 and 4.0 are whole numbers; beyond 2^53 the text may have said another number than the double holds. */
static enum pm_status take_real(struct parser *p, double v)
{
    const double limit = 9007199254740992.0;
    if (v > limit || v < -limit) return not_a_number(p, "a number with an exponent, too large to be exact");
    if ((double)(int64_t)v != v) return not_a_number(p, "a number with a fraction");
    return take_integer(p, (int64_t)v);
}

/* A value, or lists of them flattened in order; the shape is not compared, as in snarkjs. */
static enum pm_status take(struct parser *p, const json_t *v, unsigned depth)
{
    switch (json_typeof(v)) {
    case JSON_STRING:
        PM_TRY(take_string(p, v));
        break;
    case JSON_INTEGER:
        PM_TRY(take_integer(p, json_integer_value(v)));
        break;
    case JSON_REAL:
        PM_TRY(take_real(p, json_real_value(v)));
        break;
    case JSON_TRUE:
        PM_TRY(take_integer(p, 1));
        break;
    case JSON_FALSE:
        PM_TRY(take_integer(p, 0));
        break;
    case JSON_NULL:
        return not_a_number(p, "null");
    case JSON_OBJECT:
        return not_a_number(p, "an object");
    case JSON_ARRAY:
        if (depth == max_depth)
            return pm_fail(p->err, PM_FORMAT, "input signal %s: lists nested deeper than %d", p->name,
                           max_depth);
        for (size_t i = 0; i < json_array_size(v); i++) PM_TRY(take(p, json_array_get(v, i), depth + 1));
        return PM_OK;
    }
    p->in->n_values++;
    return PM_OK;
}

static uint64_t name_hash(const char *name)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *name; name++) h = (h ^ (uint8_t)*name) * 0x100000001b3u;
    return h;
}

static enum pm_status take_signal(struct parser *p, const char *name, const json_t *v)
{
    struct pm_input *in = p->in;
    p->name = name;
    if (strlen(name) > max_name ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$.[]") != strlen(name))
        return pm_fail(p->err, PM_FORMAT, "input signal number %u: its name is none that circom allows",
                       in->n_signals + 1);
    uint64_t hash = name_hash(name);
    PM_TRY(put_word(in, (uint32_t)(hash >> 32), p->err));
    PM_TRY(put_word(in, (uint32_t)hash, p->err));
    size_t count_at = in->len;
    uint32_t before = in->n_values;
    PM_TRY(put_word(in, 0, p->err));
    PM_TRY(take(p, v, 0));
    pm_store_le32(in->request + count_at, in->n_values - before);
    in->names[in->n_signals++] = name;
    return PM_OK;
}

static enum pm_status take_all(struct parser *p, json_t *root)
{
    struct pm_input *in = p->in;
    const char *name;
    json_t *v;
    in->names = calloc(json_object_size(root) + 1, sizeof *in->names);
    if (!in->names) return pm_fail(p->err, PM_NO_MEMORY, "no memory for the input's names");
    PM_TRY(put_word(in, PMD_REQUEST_MAGIC, p->err));
    PM_TRY(put_word(in, PMD_WITNESS, p->err));
    PM_TRY(put_word(in, (uint32_t)json_object_size(root), p->err));
    json_object_foreach(root, name, v) PM_TRY(take_signal(p, name, v));
    return PM_OK;
}

/* jansson frees without wiping; its values can at least be overwritten. */
static void wipe_json(json_t *v)
{
    const char *name;
    json_t *inner;
    if (json_is_string(v)) {
        pm_wipe((void *)(uintptr_t)json_string_value(v), json_string_length(v));
    } else if (json_is_integer(v)) {
        json_integer_set(v, 0);
    } else if (json_is_array(v)) {
        for (size_t i = 0; i < json_array_size(v); i++) wipe_json(json_array_get(v, i));
    } else if (json_is_object(v)) {
        json_object_foreach(v, name, inner) wipe_json(inner);
    }
}

enum pm_status pm_input_parse(struct pm_input *out, const struct pm_circuit_info *info, const char *json,
                              size_t len, struct pm_error *err)
{
    enum pm_status status;
    json_error_t at;
    *out = (struct pm_input){0};
    /* The text may be a secret: it is told where it breaks, not quoted. */
    json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, &at);
    if (!root) {
        bool big = json_error_code(&at) == json_error_numeric_overflow;
        return pm_fail(err, PM_FORMAT, "input, line %d, column %d: %s", at.line, at.column,
                       big ? "a number beyond 64 bits: write it as a string"
                       : json_error_code(&at) == json_error_duplicate_key ? "a signal that was set before"
                                                                          : "malformed JSON");
    }
    struct parser p = {
        .in = out, .info = info, .ctx = BN_CTX_new(), .value = BN_new(), .rest = BN_new(), .err = err};
    p.prime = BN_lebin2bn(info->prime, (int)info->n8, NULL);
    out->json = root;
    if (!json_is_object(root))
        status = pm_fail(err, PM_FORMAT, "input: an object from signal names to values expected");
    else if (!p.ctx || !p.value || !p.rest || !p.prime)
        status = pm_fail(err, PM_NO_MEMORY, "no memory to read the input");
    else
        status = take_all(&p, root);
    BN_CTX_free(p.ctx);
    BN_clear_free(p.value);
    BN_clear_free(p.rest);
    BN_free(p.prime);
    if (status != PM_OK) pm_input_fini(out);
    return status;
}

void pm_input_fini(struct pm_input *in)
{
    if (in->request) pm_wipe(in->request, in->len);
    free(in->request);
    free((void *)in->names);
    if (in->json) {
        wipe_json(in->json);
        json_decref(in->json);
    }
    *in = (struct pm_input){0};
}
