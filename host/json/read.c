/* Reading snarkjs' JSON, strictly: known keys only, no key twice, numbers as decimal strings without sign or
 * leading zero, coordinates below the modulus, third coordinates that say "affine" or "infinity" and nothing
 * else, every point on its curve and in its subgroup. So a file that was changed anywhere is another
 * statement or none. Next: prove/verify.h. Texts of errors quote the reader's place in the file, never its
 * content unbounded. */
#include "json/json.h"
#include "base/bytes.h"
#include "prove/coord.h"
#include "prove/dev_secrets.h"

#include <jansson.h>

#include <fcntl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { max_public = 1 << 20, max_digits = 160 };

/* Where we are, for errors: file and member. */
struct place {
    const char *file, *member;
    const struct pm_curve *curve;
    struct pm_error *err;
};

static enum pm_status bad(const struct place *at, const char *what)
{
    return pm_fail(at->err, PM_FORMAT, "%s: %s: %s", at->file, at->member, what);
}

/* The beginning of a value as JSON, for errors; the buffer is the caller's. */
static const char *excerpt(char out[64], const json_t *json)
{
    char *text = json ? json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    const char *all = text ? text : "nothing";
    (void)snprintf(out, 64, "%.57s%s", all, strlen(all) > 57 ? "..." : "");
    free(text);
    return out;
}

/* As bad, with what was found there. */
static enum pm_status found(const struct place *at, const char *expected, const json_t *json)
{
    char text[64];
    return pm_fail(at->err, PM_FORMAT, "%s: %s: expected %s, found %s", at->file, at->member, expected,
                   excerpt(text, json));
}

static enum pm_status parse(json_t **out, json_type type, const char *name, const char *text, size_t len,
                            struct pm_error *err)
{
    json_error_t e;
    *out = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
    if (!*out) return pm_fail(err, PM_FORMAT, "%s: line %d, column %d: %s", name, e.line, e.column, e.text);
    if (json_typeof(*out) == type) return PM_OK;
    char said[64];
    enum pm_status status = pm_fail(err, PM_FORMAT, "%s: expected %s, found %s", name,
                                    type == JSON_OBJECT ? "an object" : "an array", excerpt(said, *out));
    json_decref(*out);
    *out = NULL;
    return status;
}

/* PM_FORMAT for a member that is not in the list, so that nothing in a file goes unread. */
static enum pm_status only_members(json_t *object, const char *const *known, const char *name,
                                   struct pm_error *err)
{
    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
        const char *key = json_object_iter_key(it);
        size_t i = 0;
        while (known[i] && strcmp(known[i], key) != 0) i++;
        if (!known[i]) return pm_fail(err, PM_FORMAT, "%s: unknown member \"%.64s\"", name, key);
    }
    return PM_OK;
}

static enum pm_status array_of(const json_t *json, size_t n, const struct place *at)
{
    if (!json) return bad(at, "missing");
    if (json_is_array(json) && json_array_size(json) == n) return PM_OK;
    if (!json_is_array(json)) return found(at, "an array", json);
    return pm_fail(at->err, PM_FORMAT, "%s: %s: expected an array of %zu, found one of %zu", at->file,
                   at->member, n, json_array_size(json));
}

/* A decimal string that fits len bytes. */
static enum pm_status number(uint8_t *out, size_t len, const json_t *json, const struct place *at)
{
    if (!json_is_string(json)) return found(at, "a decimal number in quotes", json);
    if (json_string_length(json) > max_digits || !pm_json_parse_decimal(out, len, json_string_value(json)))
        return found(at, "decimal digits of a number that fits the field", json);
    return PM_OK;
}

static enum pm_status coordinate(uint8_t *out, const json_t *json, const struct place *at)
{
    uint8_t plain[PM_FP_MAX_BYTES];
    PM_TRY(number(plain, at->curve->fp_bytes, json, at));
    if (!pm_coord_from_plain(at->curve, out, plain))
        return found(at, "a coordinate below the field's modulus", json);
    return PM_OK;
}

static bool is_text(const json_t *json, const char *text)
{
    return json_is_string(json) && json_string_length(json) == strlen(text) &&
           strcmp(json_string_value(json), text) == 0;
}

static bool is_pair(const json_t *json, const char *c0, const char *c1)
{
    return json_is_array(json) && json_array_size(json) == 2 && is_text(json_array_get(json, 0), c0) &&
           is_text(json_array_get(json, 1), c1);
}

/* ["x", "y", "1"], or ["0", "1", "0"] for infinity. Whether it is on the curve is checked when all is read.
 */
static enum pm_status point1(uint8_t *out, const json_t *json, const struct place *at)
{
    memset(out, 0, at->curve->g1_bytes);
    PM_TRY(array_of(json, 3, at));
    const json_t *x = json_array_get(json, 0), *y = json_array_get(json, 1), *z = json_array_get(json, 2);
    if (is_text(z, "0")) {
        if (is_text(x, "0") && is_text(y, "1")) return PM_OK;
        return bad(at, "a third coordinate of 0 is for infinity, written 0, 1, 0");
    }
    if (!is_text(z, "1")) return found(at, "\"1\" as the third coordinate", z);
    PM_TRY(coordinate(out, x, at));
    PM_TRY(coordinate(out + at->curve->fp_bytes, y, at));
    if (pm_bytes_are_zero(out, at->curve->g1_bytes)) return bad(at, "0, 0 is not a point");
    return PM_OK;
}

static enum pm_status pair(uint8_t *out, const json_t *json, const struct place *at)
{
    PM_TRY(array_of(json, 2, at));
    PM_TRY(coordinate(out, json_array_get(json, 0), at));
    return coordinate(out + at->curve->fp_bytes, json_array_get(json, 1), at);
}

/* The same over pairs: third coordinate ["1", "0"]; infinity [["0","0"],["1","0"],["0","0"]]. */
static enum pm_status point2(uint8_t *out, const json_t *json, const struct place *at)
{
    memset(out, 0, at->curve->g2_bytes);
    PM_TRY(array_of(json, 3, at));
    const json_t *x = json_array_get(json, 0), *y = json_array_get(json, 1), *z = json_array_get(json, 2);
    if (is_pair(z, "0", "0")) {
        if (is_pair(x, "0", "0") && is_pair(y, "1", "0")) return PM_OK;
        return bad(at, "a third coordinate of 0 is for infinity, written [0, 0], [1, 0], [0, 0]");
    }
    if (!is_pair(z, "1", "0")) return found(at, "[\"1\", \"0\"] as the third coordinate", z);
    PM_TRY(pair(out, x, at));
    PM_TRY(pair(out + 2 * at->curve->fp_bytes, y, at));
    if (pm_bytes_are_zero(out, at->curve->g2_bytes)) return bad(at, "0, 0 is not a point");
    return PM_OK;
}

/* "protocol" and "curve". Proofs of other provers may lack the curve: then it is bn128, the only one that
 * they know. */
static enum pm_status head(const struct pm_curve **out, const json_t *root, const char *name,
                           struct pm_error *err)
{
    const json_t *protocol = json_object_get(root, "protocol"), *curve = json_object_get(root, "curve");
    char text_found[64];
    if (!is_text(protocol, "groth16"))
        return pm_fail(err, PM_UNSUPPORTED, "%s: protocol: expected \"groth16\", found %s", name,
                       excerpt(text_found, protocol));
    if (curve ? !json_is_string(curve) : !json_object_get(root, "pi_a"))
        return pm_fail(err, PM_FORMAT, "%s: curve: expected its name, found %s", name,
                       excerpt(text_found, curve));
    const char *text = curve ? json_string_value(curve) : "bn128";
    *out = strcmp(text, "tiny") == 0 ? NULL : pm_curve_by_name(strcmp(text, "bn254") == 0 ? "bn128" : text);
    if (!*out) return pm_fail(err, PM_UNSUPPORTED, "%s: curve \"%.32s\" is not supported", name, text);
    return PM_OK;
}

enum pm_status pm_json_read_proof(struct pm_proof *out, const char *name, const char *text, size_t len,
                                  struct pm_error *err)
{
    static const char *const members[] = {"pi_a", "pi_b", "pi_c", "protocol", "curve", NULL};
    *out = (struct pm_proof){0};
    json_t *root = NULL;
    enum pm_status status;
    struct place at = {.file = name, .err = err};
    PM_GOTO(parse(&root, JSON_OBJECT, name, text, len, err));
    PM_GOTO(only_members(root, members, name, err));
    PM_GOTO(head(&at.curve, root, name, err));
    at.member = "pi_a";
    PM_GOTO(point1(out->a, json_object_get(root, at.member), &at));
    at.member = "pi_b";
    PM_GOTO(point2(out->b, json_object_get(root, at.member), &at));
    at.member = "pi_c";
    PM_GOTO(point1(out->c, json_object_get(root, at.member), &at));
    out->curve = at.curve;
    status = pm_proof_check(out, name, err);
out:
    json_decref(root);
    if (status != PM_OK) *out = (struct pm_proof){0};
    return status;
}

enum pm_status pm_json_read_public(uint8_t **out, uint32_t *n_out, const struct pm_curve *curve,
                                   const char *name, const char *text, size_t len, struct pm_error *err)
{
    *out = NULL;
    *n_out = 0;
    json_t *root = NULL;
    uint8_t *values = NULL;
    enum pm_status status;
    struct place at = {.file = name, .curve = curve, .err = err};
    PM_GOTO(parse(&root, JSON_ARRAY, name, text, len, err));
    size_t n = json_array_size(root);
    char where[48];
    at.member = where;
    if (n > max_public) {
        status = pm_fail(err, PM_FORMAT, "%s: more than %d public signals", name, max_public);
        goto out;
    }
    values = calloc(n + 1, curve->fr_bytes);
    if (!values) {
        status = pm_fail(err, PM_NO_MEMORY, "%s: no memory for %zu public signals", name, n);
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t *value = values + i * curve->fr_bytes;
        (void)snprintf(where, sizeof where, "public signal %zu", i);
        PM_GOTO(number(value, curve->fr_bytes, json_array_get(root, i), &at));
        if (!curve->fr_is_canonical(value)) {
            status = bad(&at, "not below the scalar field's modulus");
            goto out;
        }
    }
    *out = values;
    *n_out = (uint32_t)n;
    values = NULL;
out:
    json_decref(root);
    free(values);
    return status;
}

/* nPublic and IC, which must agree. */
static enum pm_status read_ic(struct pm_vk *vk, const json_t *root, struct place *at)
{
    const json_t *n_public = json_object_get(root, "nPublic"), *ic = json_object_get(root, "IC");
    at->member = "nPublic";
    if (!json_is_integer(n_public)) return found(at, "an integer", n_public);
    json_int_t n = json_integer_value(n_public);
    if (n < 0 || n > max_public) return found(at, "a number of signals that a key can have", n_public);
    at->member = "IC";
    PM_TRY(array_of(ic, (size_t)n + 1, at));
    vk->ic = calloc((size_t)n + 1, vk->curve->g1_bytes);
    if (!vk->ic)
        return pm_fail(at->err, PM_NO_MEMORY, "%s: no memory for %lld points", at->file, (long long)n);
    vk->n_public = (uint32_t)n;
    for (size_t i = 0; i <= (size_t)n; i++)
        PM_TRY(point1(vk->ic + i * vk->curve->g1_bytes, json_array_get(ic, i), at));
    return PM_OK;
}

/* [[[c0, c1] * 3] * 2], equal to e(alpha, beta). */
static enum pm_status check_alphabeta(const struct pm_vk *vk, const json_t *json, struct place *at)
{
    uint8_t expected[12 * PM_FP_MAX_BYTES], said[12 * PM_FP_MAX_BYTES];
    size_t size = vk->curve->fp_bytes;
    at->member = "vk_alphabeta_12";
    PM_TRY(array_of(json, 2, at));
    for (size_t i = 0; i < 12; i++) {
        const json_t *six = json_array_get(json, i / 6), *two = json_array_get(six, i / 2 % 3);
        PM_TRY(array_of(six, 3, at));
        PM_TRY(array_of(two, 2, at));
        PM_TRY(number(said + i * size, size, json_array_get(two, i % 2), at));
    }
    vk->curve->pairing(expected, vk->alpha1, vk->beta2);
    if (memcmp(said, expected, 12 * size) != 0)
        return bad(at, "is not the pairing of vk_alpha_1 and vk_beta_2");
    return PM_OK;
}

static enum pm_status read_dev(struct pm_vk *vk, const json_t *json, struct place *at)
{
    at->member = "proofmill_development";
    if (json && !json_is_true(json)) return found(at, "true, or no such member", json);
    vk->dev = json != NULL;
    return PM_OK;
}

enum pm_status pm_json_read_vk(struct pm_vk *out, const char *name, const char *text, size_t len,
                               struct pm_error *err)
{
    static const char *const members[] = {
        "protocol",   "curve",      "nPublic",         "vk_alpha_1", "vk_beta_2",
        "vk_gamma_2", "vk_delta_2", "vk_alphabeta_12", "IC",         "proofmill_development",
        NULL};
    *out = (struct pm_vk){0};
    json_t *root = NULL;
    enum pm_status status;
    struct place at = {.file = name, .err = err};
    PM_GOTO(parse(&root, JSON_OBJECT, name, text, len, err));
    PM_GOTO(only_members(root, members, name, err));
    PM_GOTO(head(&out->curve, root, name, err));
    at.curve = out->curve;
    at.member = "vk_alpha_1";
    PM_GOTO(point1(out->alpha1, json_object_get(root, at.member), &at));
    at.member = "vk_beta_2";
    PM_GOTO(point2(out->beta2, json_object_get(root, at.member), &at));
    at.member = "vk_gamma_2";
    PM_GOTO(point2(out->gamma2, json_object_get(root, at.member), &at));
    at.member = "vk_delta_2";
    PM_GOTO(point2(out->delta2, json_object_get(root, at.member), &at));
    PM_GOTO(read_ic(out, root, &at));
    PM_GOTO(read_dev(out, json_object_get(root, "proofmill_development"), &at));
    PM_GOTO(pm_vk_check(out, name, err));
    out->dev = out->dev || pm_dev_secrets_made(out->curve, out->alpha1, out->beta2);
    if (json_object_get(root, "vk_alphabeta_12"))
        PM_GOTO(check_alphabeta(out, json_object_get(root, "vk_alphabeta_12"), &at));
out:
    json_decref(root);
    if (status != PM_OK) pm_vk_fini(out);
    return status;
}

enum pm_status pm_json_load(char **out, size_t *len, const char *path, size_t max_bytes, struct pm_error *err)
{
    *out = NULL;
    *len = 0;
    char *text = NULL;
    size_t have = 0, room = 0;
    enum pm_status status = PM_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pm_fail(err, errno == ENOENT ? PM_NOT_FOUND : PM_IO, "%s: cannot be opened: %s", path,
                       strerror(errno));
    for (;;) {
        if (have + 1 >= room) {
            room = room ? 2 * room : 65536;
            char *more = realloc(text, room);
            if (!more) {
                status = pm_fail(err, PM_NO_MEMORY, "%s: no memory for its text", path);
                goto out;
            }
            text = more;
        }
        ssize_t got = read(fd, text + have, room - have - 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            status = pm_fail(err, PM_IO, "%s: cannot be read: %s", path, strerror(errno));
            goto out;
        }
        if (got == 0) break;
        have += (size_t)got;
        if (have > max_bytes) {
            status = pm_fail(err, PM_FORMAT, "%s: longer than the %zu bytes that such a file may have", path,
                             max_bytes);
            goto out;
        }
    }
    text[have] = '\0';
    *out = text;
    *len = have;
    text = NULL;
out:
    (void)close(fd);
    free(text);
    return status;
}
