/* A worker that does as it is told: logs in to a coordinator, prints every message it gets as a line of JSON,
 * and sends the messages that it reads as lines of JSON from standard input. For tests that play a hostile or
 * clumsy node.
 *
 *   wire_probe JOIN KEYFILE NAME [SLOTS]
 *
 * Fields are those of msg.def: numbers, hex for fixed bytes, text for the rest; "session" is filled in where
 * it is missing. Heartbeats are sent by themselves. Ends at the end of its input. */
#include "base/bytes.h"
#include "base/clock.h"
#include "wire/sock.h"

#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct probe {
    struct pm_wire *wire;
    struct pm_dealer *work, *beat;
    struct pm_curve_keys curve;
    struct pm_identity identity;
    struct pm_join join;
    const char *name;
    uint32_t slots;
    uint8_t session[16];
    bool in;
    uint32_t heartbeat_ms;
    uint64_t next_beat_ms, next_hello_ms, sequence;
    struct pm_error err;
};

/* -- messages to and from JSON, by msg.def: one pair of functions for each element and message -- */

static json_t *json_hex(const uint8_t *bytes, size_t len)
{
    char text[2 * 64 + 1];
    pm_hex_encode(text, bytes, len);
    return json_string(text);
}

#define PM_ELEM(name)                                                                                        \
    static void write_##name(json_t *o, const struct pm_##name *f)                                           \
    {
#define PM_ELEM_END(name) }
#define PM_MSG(NAME, name, number)                                                                           \
    static void write_msg_##name(json_t *o, const struct pm_msg_##name *f)                                   \
    {
#define PM_MSG_END(NAME, name) }
#define PM_U32(field)          json_object_set_new(o, #field, json_integer(f->field));
#define PM_U64(field)          json_object_set_new(o, #field, json_integer((json_int_t)f->field));
#define PM_BOOL(field)         json_object_set_new(o, #field, json_boolean(f->field));
#define PM_FIX(field, len)     json_object_set_new(o, #field, json_hex(f->field, len));
#define PM_TEXT(field, max)    json_object_set_new(o, #field, json_string(f->field));
#define PM_BYTES(field, max)                                                                                 \
    json_object_set_new(o, #field, json_stringn((const char *)f->field.data, f->field.len));
#define PM_LIST(type, field, max)                                                                            \
    json_t *field = json_array();                                                                            \
    for (size_t i = 0; i < f->n_##field; i++) {                                                              \
        json_t *elem = json_object();                                                                        \
        write_##type(elem, &f->field[i]);                                                                    \
        json_array_append_new(field, elem);                                                                  \
    }                                                                                                        \
    json_object_set_new(o, #field, field);
#include "wire/msg.def"

static json_t *to_json(const struct pm_msg *m)
{
    json_t *o = json_object();
    json_object_set_new(o, "kind", json_string(pm_msg_name(m->kind)));
    switch (m->kind) {
#define PM_MSG(NAME, name, number)                                                                           \
    case PM_MSG_##NAME:                                                                                      \
        write_msg_##name(o, &m->name);                                                                       \
        break;
#include "wire/msg.def"
    }
    return o;
}

/* Fields that are missing stay zero, and ones that do not fit are cut: a test may want just that. Bytes point
 * into o. False: hex that is none. */
#define PM_ELEM(name)                                                                                        \
    static bool read_##name(struct pm_##name *f, json_t *o)                                                  \
    {
#define PM_ELEM_END(name)                                                                                    \
    return true;                                                                                             \
    }
#define PM_MSG(NAME, name, number)                                                                           \
    static bool read_msg_##name(struct pm_msg_##name *f, json_t *o)                                          \
    {                                                                                                        \
        (void)f;
#define PM_MSG_END(NAME, name)                                                                               \
    return true;                                                                                             \
    }
#define PM_U32(field)  f->field = (uint32_t)json_integer_value(json_object_get(o, #field));
#define PM_U64(field)  f->field = (uint64_t)json_integer_value(json_object_get(o, #field));
#define PM_BOOL(field) f->field = json_is_true(json_object_get(o, #field));
#define PM_FIX(field, len)                                                                                   \
    const char *field = json_string_value(json_object_get(o, #field));                                       \
    if (field && !pm_hex_decode(f->field, len, field)) return false;
#define PM_TEXT(field, max)                                                                                  \
    const char *field = json_string_value(json_object_get(o, #field));                                       \
    (void)snprintf(f->field, sizeof f->field, "%s", field ? field : "");
#define PM_BYTES(field, max)                                                                                 \
    json_t *field = json_object_get(o, #field);                                                              \
    f->field = (struct pm_blob){(const uint8_t *)json_string_value(field), json_string_length(field)};
#define PM_LIST(type, field, max)                                                                            \
    json_t *field = json_object_get(o, #field);                                                              \
    for (; f->n_##field < json_array_size(field) && f->n_##field < (max); f->n_##field++)                    \
        if (!read_##type(&f->field[f->n_##field], json_array_get(field, f->n_##field))) return false;
#include "wire/msg.def"

static bool from_json(struct pm_msg *m, json_t *o)
{
    const char *kind = json_string_value(json_object_get(o, "kind"));
    if (!kind) return false;
    *m = (struct pm_msg){0};
#define PM_MSG(NAME, name, number)                                                                           \
    if (strcmp(kind, pm_msg_name(PM_MSG_##NAME)) == 0) {                                                     \
        m->kind = PM_MSG_##NAME;                                                                             \
        return read_msg_##name(&m->name, o);                                                                 \
    }
#include "wire/msg.def"
    return false;
}

static void print(json_t *o)
{
    char *text = json_dumps(o, JSON_COMPACT);
    puts(text ? text : "{}");
    fflush(stdout);
    free(text);
    json_decref(o);
}

static enum pm_status die(const struct probe *p)
{
    fprintf(stderr, "wire_probe: %s\n", p->err.text);
    return p->err.status;
}

/* -- the session -- */

/* Knocks: a connection that the list of workers refused is not tried again by itself, so a new one is made.
 */
static enum pm_status hello(struct probe *p)
{
    struct pm_msg m = {.kind = PM_MSG_HELLO,
                       .hello = {.protocol = PM_WIRE_PROTOCOL, .software = "wire_probe"}};
    p->in = false;
    p->next_hello_ms = pm_clock_ms() + 1000;
    pm_dealer_free(&p->work);
    PM_TRY(pm_dealer_new(&p->work, p->wire, p->join.host, p->join.port, p->join.server_public, &p->curve,
                         &p->err));
    return pm_dealer_send(p->work, &m, &p->err);
}

static enum pm_status login(struct probe *p, const struct pm_msg_challenge *c)
{
    struct pm_msg m = {.kind = PM_MSG_LOGIN};
    struct pm_msg_login *l = &m.login;
    uint8_t digest[32];
    pm_login_digest(digest, p->join.server_public, p->curve.public_key, c->pool_id, c->nonce, c->expires_ms);
    memcpy(l->identity, p->identity.public_key, 33);
    memcpy(l->nonce, c->nonce, 32);
    memcpy(l->beneficiary, p->identity.address, 20);
    (void)snprintf(l->name, sizeof l->name, "%s", p->name);
    (void)snprintf(l->device, sizeof l->device, "none: a test");
    l->slots = p->slots;
    l->n_vm_types = 1;
    l->vm_types[0].id = 100;
    PM_TRY(pm_identity_sign(l->signature, &p->identity, digest, &p->err));
    return pm_dealer_send(p->work, &m, &p->err);
}

static enum pm_status welcome(struct probe *p, const struct pm_msg_welcome *w)
{
    memcpy(p->session, w->session, 16);
    p->in = true;
    p->heartbeat_ms = w->heartbeat_ms ? w->heartbeat_ms : 1000;
    pm_dealer_free(&p->beat);
    PM_TRY(pm_dealer_new(&p->beat, p->wire, p->join.host, w->heartbeat_port, p->join.server_public, &p->curve,
                         &p->err));
    struct pm_msg m = {.kind = PM_MSG_CREDIT, .credit = {.granted = p->slots}};
    memcpy(m.credit.session, p->session, 16);
    return p->slots ? pm_dealer_send(p->work, &m, &p->err) : PM_OK;
}

static enum pm_status receive(struct probe *p)
{
    for (;;) {
        struct pm_msg m;
        enum pm_status status = pm_dealer_recv(p->work, &m, 0, &p->err);
        if (status == PM_TIMEOUT) return PM_OK;
        PM_TRY(status);
        print(to_json(&m));
        if (m.kind == PM_MSG_CHALLENGE) status = login(p, &m.challenge);
        if (m.kind == PM_MSG_WELCOME) status = welcome(p, &m.welcome);
        if (m.kind == PM_MSG_LOGIN_AGAIN && p->in) status = hello(p);
        pm_msg_fini(&m);
        PM_TRY(status);
    }
}

static enum pm_status beat(struct probe *p)
{
    if (!p->in || pm_clock_ms() < p->next_beat_ms) return PM_OK;
    p->next_beat_ms = pm_clock_ms() + p->heartbeat_ms;
    struct pm_msg m = {.kind = PM_MSG_HEARTBEAT, .heartbeat = {.sequence = ++p->sequence}};
    memcpy(m.heartbeat.session, p->session, 16);
    if (pm_dealer_send(p->beat, &m, &p->err) != PM_OK) return PM_OK; /* the next one may get through */
    while (pm_dealer_recv(p->beat, &m, 0, &p->err) == PM_OK) pm_msg_fini(&m);
    return PM_OK;
}

static enum pm_status obey(struct probe *p, const char *line)
{
    json_error_t where;
    json_t *o = json_loads(line, 0, &where);
    if (!o) return pm_fail(&p->err, PM_FORMAT, "standard input: %s", where.text);
    if (!json_object_get(o, "session")) json_object_set_new(o, "session", json_hex(p->session, 16));
    struct pm_msg *m = malloc(sizeof *m);
    enum pm_status status = PM_OK;
    if (!m || !from_json(m, o))
        status = pm_fail(&p->err, PM_FORMAT, "standard input: no message of msg.def: %s", line);
    else
        status = pm_dealer_send(p->work, m, &p->err);
    free(m);
    json_decref(o);
    return status;
}

/* Reads what is there of standard input and obeys its whole lines. *open: more may come. */
static enum pm_status listen_to_input(struct probe *p, bool *open)
{
    static char buffer[8 << 20];
    static size_t fill;
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&fd, 1, 20) <= 0) return PM_OK;
    ssize_t n = read(STDIN_FILENO, buffer + fill, sizeof buffer - fill - 1);
    *open = n > 0;
    if (n <= 0) return PM_OK;
    fill += (size_t)n;
    buffer[fill] = '\0';
    for (char *end; (end = strchr(buffer, '\n'));) {
        *end = '\0';
        PM_TRY(obey(p, buffer));
        size_t used = (size_t)(end - buffer) + 1;
        memmove(buffer, buffer + used, fill - used + 1);
        fill -= used;
    }
    return PM_OK;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: wire_probe JOIN KEYFILE NAME [SLOTS]\n");
        return 2;
    }
    static struct probe p;
    p.name = argv[3];
    p.slots = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 1;
    bool open = true;
    enum pm_status status = pm_keyfile_load_or_new(&p.curve, &p.identity, argv[2], &p.err);
    if (status == PM_OK && strcmp(argv[1], "keys") == 0) {
        print(json_pack("{s:o, s:o}", "curve", json_hex(p.curve.public_key, 32), "identity",
                        json_hex(p.identity.public_key, 33)));
        return 0;
    }
    if (status == PM_OK) status = pm_join_parse(&p.join, argv[1], &p.err);
    if (status == PM_OK) status = pm_wire_new(&p.wire, &p.err);
    if (status == PM_OK) status = hello(&p);
    while (status == PM_OK && open) {
        status = receive(&p);
        if (status == PM_OK && !p.in && pm_clock_ms() > p.next_hello_ms) status = hello(&p);
        if (status == PM_OK) status = beat(&p);
        if (status == PM_OK) status = listen_to_input(&p, &open);
    }
    if (status != PM_OK) (void)die(&p);
    pm_dealer_free(&p.beat);
    pm_dealer_free(&p.work);
    pm_wire_free(&p.wire);
    pm_wipe(&p, sizeof p);
    return status == PM_OK ? 0 : 1;
}
