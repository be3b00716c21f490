/* The msgpack form of messages. One encoder and one decoder per message and element come from msg.def by
 * inclusion; what is written by hand here are the seven kinds of field. Bytes from outside are first walked
 * once (check_shape), so that msgpack-c builds objects only for messages whose depth and number of items are
 * bounded. Next: sock.c carries the bytes. */
#include "wire/msg.h"

#include "base/bytes.h"

#include <msgpack.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 8, MAX_ITEMS = 4096 };

const char *pm_msg_name(enum pm_msg_kind kind)
{
    switch (kind) {
#define PM_MSG(NAME, name, number)                                                                           \
    case PM_MSG_##NAME:                                                                                      \
        return #NAME;
#include "wire/msg.def"
    }
    return "unknown message";
}

/* The length of the UTF-8 character at p (at most len bytes), 0 where there is none. No NUL, no overlong
 * forms, no surrogates (RFC 3629). */
static size_t utf8_char(const uint8_t *p, size_t len)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    if (n == 0 || n > len || p[0] == 0) return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if (p[0] == 0xe0 && p[1] < 0xa0) return 0;
    if (p[0] == 0xed && p[1] > 0x9f) return 0;
    if (p[0] == 0xf0 && p[1] < 0x90) return 0;
    if (p[0] == 0xf4 && p[1] > 0x8f) return 0;
    return n;
}

static bool is_text(const char *text, size_t len)
{
    for (size_t i = 0, n; i < len; i += n) {
        n = utf8_char((const uint8_t *)text + i, len - i);
        if (n == 0) return false;
    }
    return true;
}

void pm_msg_text(char *out, size_t size_bytes, const char *text)
{
    size_t at = 0, left = strlen(text);
    while (left > 0) {
        size_t n = utf8_char((const uint8_t *)text, left);
        size_t step = n ? n : 1;
        if (at + step >= size_bytes) break;
        if (n)
            memcpy(out + at, text, n);
        else
            out[at] = '?';
        at += step, text += step, left -= step;
    }
    if (size_bytes > 0) out[at] = 0;
}

/* Where in a message an error is: "TASK: field artifacts[2].url". */
struct place {
    const char *message, *list;
    size_t index;
};

static const char *place_text(char out[160], const struct place *at, const char *field)
{
    if (at->list)
        snprintf(out, 160, "%s: field %s[%zu].%s", at->message, at->list, at->index, field);
    else
        snprintf(out, 160, "%s: field %s", at->message, field);
    return out;
}

/* -- encoding -- */

struct writer {
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    struct place at;
    enum pm_status status;
    struct pm_error *err;
};

static void packed(struct writer *w, int failed)
{
    if (failed && w->status == PM_OK)
        w->status = pm_fail(w->err, PM_NO_MEMORY, "no memory to encode a message");
}

__attribute__((format(printf, 3, 4))) static void refuse(struct writer *w, const char *field, const char *fmt,
                                                         ...)
{
    if (w->status != PM_OK) return;
    char place[160], what[200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    w->status = pm_fail(w->err, PM_PROTOCOL, "cannot send %s: %s", place_text(place, &w->at, field), what);
}

static void put_u64(struct writer *w, uint64_t value) { packed(w, msgpack_pack_uint64(&w->packer, value)); }
static void put_array(struct writer *w, size_t n) { packed(w, msgpack_pack_array(&w->packer, n)); }

static void put_bool(struct writer *w, bool value)
{
    packed(w, value ? msgpack_pack_true(&w->packer) : msgpack_pack_false(&w->packer));
}

static void put_bytes(struct writer *w, const char *field, const uint8_t *data, size_t len, size_t max)
{
    if (len > max) {
        refuse(w, field, "expected at most %zu bytes, found %zu", max, len);
        return;
    }
    packed(w, msgpack_pack_bin_with_body(&w->packer, len ? (const void *)data : "", len));
}

static void put_text(struct writer *w, const char *field, const char *text, size_t max)
{
    size_t len = strnlen(text, max + 1);
    if (len > max)
        refuse(w, field, "expected at most %zu bytes of text, found no end", max);
    else if (!is_text(text, len))
        refuse(w, field, "expected UTF-8, found other bytes");
    else
        packed(w, msgpack_pack_str_with_body(&w->packer, text, len));
}

static void put_list(struct writer *w, const char *field, const void *elements, size_t n, size_t max,
                     size_t size, void (*put)(struct writer *, const void *))
{
    if (n > max) {
        refuse(w, field, "expected at most %zu elements, found %zu", max, n);
        return;
    }
    put_array(w, n);
    w->at.list = field;
    for (w->at.index = 0; w->at.index < n; w->at.index++) put(w, (const char *)elements + w->at.index * size);
    w->at.list = NULL;
}

/* How many fields each has: N_elem_artifact, N_msg_task. */
#define PM_ELEM(name) enum { N_elem_##name = 0
#define PM_ELEM_END(name)                                                                                    \
    }                                                                                                        \
    ;
#define PM_MSG(NAME, name, number) enum { N_msg_##name = 0
#define PM_MSG_END(NAME, name)                                                                               \
    }                                                                                                        \
    ;
#define PM_U32(name)             +1
#define PM_U64(name)             +1
#define PM_BOOL(name)            +1
#define PM_FIX(name, len)        +1
#define PM_TEXT(name, max)       +1
#define PM_BYTES(name, max)      +1
#define PM_LIST(type, name, max) +1
#include "wire/msg.def"

/* put_elem_artifact, put_msg_task, ... */
#define PM_ELEM(name)                                                                                        \
    static void put_elem_##name(struct writer *w, const void *element)                                       \
    {                                                                                                        \
        const struct pm_##name *m = element;                                                                 \
        put_array(w, N_elem_##name);
#define PM_ELEM_END(name) }
#define PM_MSG(NAME, name, number)                                                                           \
    static void put_msg_##name(struct writer *w, const struct pm_msg_##name *m)                              \
    {                                                                                                        \
        put_array(w, 1 + N_msg_##name);                                                                      \
        put_u64(w, number);
#define PM_MSG_END(NAME, name) }
#define PM_U32(name)           put_u64(w, m->name);
#define PM_U64(name)           put_u64(w, m->name);
#define PM_BOOL(name)          put_bool(w, m->name);
#define PM_FIX(name, len)      put_bytes(w, #name, m->name, len, len);
#define PM_TEXT(name, max)     put_text(w, #name, m->name, max);
#define PM_BYTES(name, max)    put_bytes(w, #name, m->name.data, m->name.len, max);
#define PM_LIST(type, name, max)                                                                             \
    put_list(w, #name, m->name, m->n_##name, max, sizeof m->name[0], put_elem_##type);
#include "wire/msg.def"

enum pm_status pm_msg_encode(uint8_t **out, size_t *out_len, const struct pm_msg *msg, struct pm_error *err)
{
    struct writer w = {.at.message = pm_msg_name(msg->kind), .err = err};
    bool known = false;
    msgpack_sbuffer_init(&w.buffer);
    msgpack_packer_init(&w.packer, &w.buffer, msgpack_sbuffer_write);
    switch (msg->kind) {
#define PM_MSG(NAME, name, number)                                                                           \
    case PM_MSG_##NAME:                                                                                      \
        put_msg_##name(&w, &msg->name);                                                                      \
        known = true;                                                                                        \
        break;
#include "wire/msg.def"
    }
    if (!known)
        w.status =
            pm_fail(err, PM_PROTOCOL, "cannot send message number %d: not in the list", (int)msg->kind);
    if (w.status == PM_OK && w.buffer.size > PM_WIRE_MAX_BYTES)
        w.status = pm_fail(err, PM_PROTOCOL, "cannot send %s: %zu bytes, at most %d are allowed",
                           w.at.message, w.buffer.size, PM_WIRE_MAX_BYTES);
    if (w.status == PM_OK) {
        *out_len = w.buffer.size;
        *out = (uint8_t *)msgpack_sbuffer_release(&w.buffer);
    }
    msgpack_sbuffer_destroy(&w.buffer);
    return w.status;
}

/* -- decoding -- */

/* The items of msgpack's bytes 0xc0..0xdf: how many bytes of length follow, what the length counts, or how
 * many bytes of value follow. Source: the MessagePack specification, "Formats". */
struct format {
    uint8_t length_bytes, value_bytes;
    char
        counts; /* 'b' bytes, 'e' bytes of an extension, 'a' elements, 'm' pairs, 0 nothing, 'x' never used */
};
static const struct format formats[32] = {
    {0, 0, 0},   {0, 0, 'x'}, {0, 0, 0},   {0, 0, 0},   {1, 0, 'b'}, {2, 0, 'b'}, {4, 0, 'b'}, {1, 0, 'e'},
    {2, 0, 'e'}, {4, 0, 'e'}, {0, 4, 0},   {0, 8, 0},   {0, 1, 0},   {0, 2, 0},   {0, 4, 0},   {0, 8, 0},
    {0, 1, 0},   {0, 2, 0},   {0, 4, 0},   {0, 8, 0},   {0, 2, 0},   {0, 3, 0},   {0, 5, 0},   {0, 9, 0},
    {0, 17, 0},  {1, 0, 'b'}, {2, 0, 'b'}, {4, 0, 'b'}, {2, 0, 'a'}, {4, 0, 'a'}, {2, 0, 'm'}, {4, 0, 'm'},
};

/* Reads one item's head at data[*at]; *children: items that belong to it. False: not msgpack, or past the
 * end. */
static bool skip_item(const uint8_t *data, size_t len, size_t *at, uint64_t *children)
{
    uint8_t tag = data[(*at)++];
    uint64_t bytes = 0;
    *children = 0;
    if (tag < 0x80 || tag >= 0xe0) return true;
    if (tag < 0x90)
        *children = 2u * (tag & 15u);
    else if (tag < 0xa0)
        *children = tag & 15;
    else if (tag < 0xc0)
        bytes = tag & 31;
    else {
        struct format f = formats[tag - 0xc0];
        if (f.counts == 'x' || len - *at < f.length_bytes) return false;
        uint64_t n = 0;
        for (unsigned i = 0; i < f.length_bytes; i++) n = n << 8 | data[(*at)++];
        bytes = f.counts == 'b' ? n : f.counts == 'e' ? n + 1 : f.value_bytes;
        *children = f.counts == 'a' ? n : f.counts == 'm' ? 2 * n : 0;
    }
    if (len - *at < bytes) return false;
    *at += (size_t)bytes;
    return true;
}

/* One item that ends where the bytes end, at most MAX_DEPTH deep and MAX_ITEMS in all. Returns NULL or what
 * is wrong. */
static const char *check_shape(const uint8_t *data, size_t len)
{
    uint64_t left[MAX_DEPTH], items = 1;
    unsigned depth = 1;
    size_t at = 0;
    left[0] = 1;
    while (depth > 0) {
        if (left[depth - 1] == 0) {
            depth--;
            continue;
        }
        left[depth - 1]--;
        uint64_t children;
        if (at >= len || !skip_item(data, len, &at, &children)) return "it ends early or is not msgpack";
        if (children == 0) continue;
        items += children;
        if (items > MAX_ITEMS) return "it has too many items";
        if (depth == MAX_DEPTH) return "it is nested too deeply";
        left[depth++] = children;
    }
    return at == len ? NULL : "bytes are left over after it";
}

struct reader {
    const msgpack_object_array *array; /* of the message or element that is being read */
    uint32_t next;
    struct place at;
    const char *peer;
    enum pm_status status;
    struct pm_error *err;
};

__attribute__((format(printf, 3, 4))) static void wrong(struct reader *r, const char *field, const char *fmt,
                                                        ...)
{
    if (r->status != PM_OK) return;
    char place[160], what[200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    r->status = pm_fail(r->err, PM_PROTOCOL, "%s: %s: %s", r->peer, place_text(place, &r->at, field), what);
}

static const char *type_text(msgpack_object_type type)
{
    switch (type) {
    case MSGPACK_OBJECT_NIL:
        return "nil";
    case MSGPACK_OBJECT_BOOLEAN:
        return "a boolean";
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return "a number";
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return "a negative number";
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return "a floating-point number";
    case MSGPACK_OBJECT_STR:
        return "text";
    case MSGPACK_OBJECT_ARRAY:
        return "an array";
    case MSGPACK_OBJECT_MAP:
        return "a map";
    case MSGPACK_OBJECT_BIN:
        return "bytes";
    case MSGPACK_OBJECT_EXT:
        return "an extension";
    }
    return "something unknown";
}

/* The next field if it has that type; NULL, with the error noted, otherwise or after an earlier error. */
static const msgpack_object *take(struct reader *r, const char *field, msgpack_object_type type)
{
    if (r->status != PM_OK) return NULL;
    if (r->next >= r->array->size) {
        wrong(r, field, "expected %s, found the end of the message", type_text(type));
        return NULL;
    }
    const msgpack_object *o = &r->array->ptr[r->next++];
    if (o->type == type) return o;
    wrong(r, field, "expected %s, found %s", type_text(type), type_text(o->type));
    return NULL;
}

static uint64_t get_u64(struct reader *r, const char *field, uint64_t max)
{
    const msgpack_object *o = take(r, field, MSGPACK_OBJECT_POSITIVE_INTEGER);
    if (!o) return 0;
    if (o->via.u64 <= max) return o->via.u64;
    wrong(r, field, "expected a number up to %llu, found %llu", (unsigned long long)max,
          (unsigned long long)o->via.u64);
    return 0;
}

static bool get_bool(struct reader *r, const char *field)
{
    const msgpack_object *o = take(r, field, MSGPACK_OBJECT_BOOLEAN);
    return o && o->via.boolean;
}

static struct pm_blob get_bytes(struct reader *r, const char *field, size_t max)
{
    struct pm_blob none = {NULL, 0};
    const msgpack_object *o = take(r, field, MSGPACK_OBJECT_BIN);
    if (!o) return none;
    if (o->via.bin.size > max) {
        wrong(r, field, "expected at most %zu bytes, found %u", max, o->via.bin.size);
        return none;
    }
    return (struct pm_blob){(const uint8_t *)o->via.bin.ptr, o->via.bin.size};
}

static void get_fix(struct reader *r, const char *field, uint8_t *out, size_t len)
{
    struct pm_blob blob = get_bytes(r, field, len);
    if (r->status != PM_OK) return;
    if (blob.len == len)
        memcpy(out, blob.data, len);
    else
        wrong(r, field, "expected exactly %zu bytes, found %zu", len, blob.len);
}

static void get_text(struct reader *r, const char *field, char *out, size_t max)
{
    const msgpack_object *o = take(r, field, MSGPACK_OBJECT_STR);
    if (!o) return;
    size_t len = o->via.str.size;
    if (len > max)
        wrong(r, field, "expected at most %zu bytes of text, found %zu", max, len);
    else if (!is_text(o->via.str.ptr, len))
        wrong(r, field, "expected UTF-8 without NUL, found other bytes");
    else {
        if (len > 0) memcpy(out, o->via.str.ptr, len);
        out[len] = 0;
    }
}

static size_t get_list(struct reader *r, const char *field, void *out, size_t max, size_t size,
                       void (*get)(struct reader *, void *))
{
    const msgpack_object *o = take(r, field, MSGPACK_OBJECT_ARRAY);
    if (!o) return 0;
    if (o->via.array.size > max) {
        wrong(r, field, "expected at most %zu elements, found %u", max, o->via.array.size);
        return 0;
    }
    struct reader outer = *r;
    size_t n = o->via.array.size;
    for (size_t i = 0; i < n && r->status == PM_OK; i++) {
        const msgpack_object *element = &o->via.array.ptr[i];
        if (element->type != MSGPACK_OBJECT_ARRAY) {
            wrong(r, field, "expected element %zu to be an array, found %s", i, type_text(element->type));
            break;
        }
        r->array = &element->via.array;
        r->next = 0;
        r->at.list = field;
        r->at.index = i;
        get(r, (char *)out + i * size);
        r->at.list = NULL;
    }
    r->array = outer.array;
    r->next = outer.next;
    return r->status == PM_OK ? n : 0;
}

/* get_elem_artifact, get_msg_task, ... */
#define PM_ELEM(name)                                                                                        \
    static void get_elem_##name(struct reader *r, void *element)                                             \
    {                                                                                                        \
        struct pm_##name *m = element;
#define PM_ELEM_END(name) }
#define PM_MSG(NAME, name, number)                                                                           \
    static void get_msg_##name(struct reader *r, struct pm_msg_##name *m)                                    \
    {
#define PM_MSG_END(NAME, name) }
#define PM_U32(name)           m->name = (uint32_t)get_u64(r, #name, UINT32_MAX);
#define PM_U64(name)           m->name = get_u64(r, #name, UINT64_MAX);
#define PM_BOOL(name)          m->name = get_bool(r, #name);
#define PM_FIX(name, len)      get_fix(r, #name, m->name, len);
#define PM_TEXT(name, max)     get_text(r, #name, m->name, max);
#define PM_BYTES(name, max)    m->name = get_bytes(r, #name, max);
#define PM_LIST(type, name, max)                                                                             \
    m->n_##name = get_list(r, #name, m->name, max, sizeof m->name[0], get_elem_##type);
#include "wire/msg.def"

/* root: a checked array. Fills *out from it. */
static enum pm_status decode_array(struct pm_msg *out, const msgpack_object *root, const char *peer,
                                   struct pm_error *err)
{
    struct reader r = {.array = &root->via.array, .peer = peer, .err = err, .at.message = "message"};
    uint64_t number = get_u64(&r, "number", INT32_MAX);
    if (r.status != PM_OK) return r.status;
    out->kind = (enum pm_msg_kind)number;
    r.at.message = pm_msg_name(out->kind);
    switch (out->kind) {
#define PM_MSG(NAME, name, number)                                                                           \
    case PM_MSG_##NAME:                                                                                      \
        get_msg_##name(&r, &out->name);                                                                      \
        return r.status;
#include "wire/msg.def"
    }
    return pm_fail(err, PM_PROTOCOL, "%s: message number %llu is not known", peer,
                   (unsigned long long)number);
}

enum pm_status pm_msg_decode(struct pm_msg *out, const uint8_t *data, size_t len, const char *peer,
                             struct pm_error *err)
{
    memset(out, 0, sizeof *out);
    if (len == 0 || len > PM_WIRE_MAX_BYTES)
        return pm_fail(err, PM_PROTOCOL, "%s: a message of %zu bytes, expected 1 to %d", peer, len,
                       PM_WIRE_MAX_BYTES);
    const char *bad = check_shape(data, len);
    if (bad)
        return pm_fail(err, PM_PROTOCOL, "%s: a message of %zu bytes cannot be read: %s", peer, len, bad);

    enum pm_status status = PM_OK;
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t end = 0;
    out->bytes = malloc(len);
    if (!out->bytes) {
        status = pm_fail(err, PM_NO_MEMORY, "%s: no memory for a message of %zu bytes", peer, len);
        goto out;
    }
    memcpy(out->bytes, data, len);
    msgpack_unpack_return got = msgpack_unpack_next(&unpacked, (const char *)out->bytes, len, &end);
    if ((got != MSGPACK_UNPACK_SUCCESS && got != MSGPACK_UNPACK_EXTRA_BYTES) || end != len)
        status = pm_fail(err, PM_PROTOCOL, "%s: a message of %zu bytes is not msgpack", peer, len);
    else if (unpacked.data.type != MSGPACK_OBJECT_ARRAY)
        status = pm_fail(err, PM_PROTOCOL, "%s: expected a message (an array), found %s", peer,
                         type_text(unpacked.data.type));
    else
        status = decode_array(out, &unpacked.data, peer, err);
out:
    msgpack_unpacked_destroy(&unpacked);
    if (status != PM_OK) pm_msg_fini(out);
    return status;
}

void pm_msg_fini(struct pm_msg *msg)
{
    free(msg->bytes);
    memset(msg, 0, sizeof *msg);
}
