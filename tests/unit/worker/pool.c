/* The tests' coordinator (pool.h). */
#include "pool.h"

#include "base/clock.h"
#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(enum pm_status status, const struct pm_error *err)
{
    if (status == PM_OK) return;
    fprintf(stderr, "pool: %s\n", err->text);
    exit(1);
}

static void listen_both(struct pool *p)
{
    struct pm_error err = {0};
    enum pm_status status = PM_NETWORK;
    for (int i = 0; i < 100 && status != PM_OK; i++) { /* the old sockets may still hold the ports */
        status = pm_router_new(&p->work, p->wire, "127.0.0.1", p->port, &p->server, &err);
        if (status != PM_OK) pm_clock_sleep_ms(50);
    }
    must(status, &err);
    status = PM_NETWORK;
    for (int i = 0; i < 100 && status != PM_OK; i++) {
        status = pm_router_new(&p->beat, p->wire, "127.0.0.1", p->beat_port, &p->server, &err);
        if (status != PM_OK) pm_clock_sleep_ms(50);
    }
    must(status, &err);
    p->port = pm_router_port(p->work);
    p->beat_port = pm_router_port(p->beat);
}

void pool_open(struct pool *p, const uint8_t worker_curve[32])
{
    struct pm_error err = {0};
    memset(p, 0, sizeof *p);
    memcpy(p->worker_curve, worker_curve, 32);
    must(pm_wire_new(&p->wire, &err), &err);
    must(pm_curve_keys_new(&p->server, &err), &err);
    must(pm_wire_allow(p->wire, (const uint8_t(*)[32])p->worker_curve, 1, &err), &err);
    listen_both(p);
}

/* Messages of a session that is over. */
static void drop_kept(struct pool *p)
{
    while (p->n_kept > 0) pm_msg_fini(&p->kept[--p->n_kept]);
}

void pool_close(struct pool *p)
{
    drop_kept(p);
    pm_router_free(&p->work);
    pm_router_free(&p->beat);
    pm_wire_free(&p->wire);
}

void pool_restart(struct pool *p)
{
    pm_router_free(&p->work);
    pm_router_free(&p->beat);
    memset(p->session, 0, 16);
    memset(&p->last_beat, 0, sizeof p->last_beat);
    p->granted = 0;
    drop_kept(p);
    listen_both(p);
}

void pool_join(const struct pool *p, char out[400])
{
    struct pm_join join = {.host = "127.0.0.1", .port = p->port};
    memcpy(join.server_public, p->server.public_key, 32);
    pm_join_format(out, &join);
}

static void reply(struct pm_router *router, const struct pm_peer *peer, const struct pm_msg *m)
{
    struct pm_error err = {0};
    if (pm_router_send(router, peer, m, &err) != PM_OK) fprintf(stderr, "pool: %s\n", err.text);
}

static void on_login(struct pool *p, const struct pm_peer *peer, const struct pm_msg_login *m)
{
    static const uint8_t pool_id[32] = {'p'};
    struct pm_msg answer = {.kind = PM_MSG_WELCOME};
    uint8_t digest[32];
    p->login = *m;
    if (p->refuse) {
        answer = (struct pm_msg){.kind = PM_MSG_REFUSED,
                                 .refused = {.status = PM_AUTH, .text = "not on the list"}};
        reply(p->work, peer, &answer);
        return;
    }
    pm_login_digest(digest, p->server.public_key, peer->curve_public, pool_id, p->nonce, p->expires_ms);
    if (memcmp(m->nonce, p->nonce, 32) != 0 || !pm_identity_verify(m->identity, m->signature, digest)) {
        p->bad_logins++;
        return;
    }
    (void)!pm_random_bytes(p->session, 16, NULL);
    p->peer = *peer;
    p->granted = 0;
    p->logins++;
    p->quiet = false;
    drop_kept(p);
    memset(&p->last_beat, 0, sizeof p->last_beat);
    memcpy(answer.welcome.session, p->session, 16);
    answer.welcome.node = 7;
    answer.welcome.heartbeat_port = p->beat_port;
    answer.welcome.heartbeat_ms = 100;
    reply(p->work, peer, &answer);
}

static bool is_now(struct pool *p, struct pm_router *router, const struct pm_peer *peer,
                   const uint8_t session[16], bool *forget)
{
    static const uint8_t none[16];
    if (!*forget && memcmp(session, p->session, 16) == 0 && memcmp(none, p->session, 16) != 0) return true;
    struct pm_msg again = {.kind = PM_MSG_LOGIN_AGAIN};
    memcpy(again.login_again.session, session, 16);
    if (router == p->beat || !p->quiet) reply(router, peer, &again);
    if (router == p->beat && *forget) p->quiet = true;
    if (*forget) {
        memset(p->session, 0, 16);
        drop_kept(p);
    }
    *forget = false;
    return false;
}

/* One message of the work's socket. True: it is for the test. */
static bool on_work(struct pool *p, const struct pm_peer *peer, const struct pm_msg *m)
{
    static const uint8_t pool_id[32] = {'p'};
    bool no = false;
    switch (m->kind) {
    case PM_MSG_HELLO: {
        struct pm_msg answer = {.kind = PM_MSG_CHALLENGE};
        (void)!pm_random_bytes(p->nonce, 32, NULL);
        p->expires_ms = (uint64_t)pm_clock_wall_ms() + 30000;
        memcpy(answer.challenge.pool_id, pool_id, 32);
        memcpy(answer.challenge.nonce, p->nonce, 32);
        answer.challenge.expires_ms = p->expires_ms;
        reply(p->work, peer, &answer);
        return false;
    }
    case PM_MSG_LOGIN:
        on_login(p, peer, &m->login);
        return false;
    case PM_MSG_CREDIT:
        if (is_now(p, p->work, peer, m->credit.session, &p->forget) && m->credit.granted > p->granted)
            p->granted = m->credit.granted;
        return false;
    case PM_MSG_RESULT:
        return is_now(p, p->work, peer, m->result.session, &no);
    case PM_MSG_FAILED:
        return is_now(p, p->work, peer, m->failed.session, &no);
    case PM_MSG_BYE:
        return is_now(p, p->work, peer, m->bye.session, &no);
    case PM_MSG_CHALLENGE:
    case PM_MSG_WELCOME:
    case PM_MSG_REFUSED:
    case PM_MSG_LOGIN_AGAIN:
    case PM_MSG_TASK:
    case PM_MSG_DONE:
    case PM_MSG_CANCEL:
    case PM_MSG_HEARTBEAT:
    case PM_MSG_BEAT:
        break;
    }
    fprintf(stderr, "pool: a worker sent %s\n", pm_msg_name(m->kind));
    exit(1);
}

static void on_beat(struct pool *p, const struct pm_peer *peer, const struct pm_msg *m)
{
    p->heartbeats++;
    if (m->kind != PM_MSG_HEARTBEAT || !is_now(p, p->beat, peer, m->heartbeat.session, &p->forget_beat))
        return;
    p->last_beat = m->heartbeat;
    if (p->mute) return;
    struct pm_msg answer = {.kind = PM_MSG_BEAT, .beat = {.sequence = m->heartbeat.sequence}};
    memcpy(answer.beat.session, m->heartbeat.session, 16);
    reply(p->beat, peer, &answer);
}

/* Takes the message over, unless it is one that is kept already: workers send again what is not confirmed. */
static void keep(struct pool *p, struct pm_msg *m)
{
    bool again = false;
    for (unsigned i = 0; i < p->n_kept; i++) {
        const struct pm_msg *k = &p->kept[i];
        again |= k->kind == m->kind &&
                 (m->kind == PM_MSG_BYE || (m->kind == PM_MSG_RESULT && k->result.lease == m->result.lease) ||
                  (m->kind == PM_MSG_FAILED && k->failed.lease == m->failed.lease));
    }
    if (again || p->n_kept == sizeof p->kept / sizeof *p->kept) {
        pm_msg_fini(m);
        return;
    }
    p->kept[p->n_kept++] = *m;
}

static bool take_kept(struct pool *p, struct pm_msg *out, enum pm_msg_kind kind)
{
    for (unsigned i = 0; i < p->n_kept; i++) {
        if (p->kept[i].kind != kind) continue;
        *out = p->kept[i];
        memmove(&p->kept[i], &p->kept[i + 1], (--p->n_kept - i) * sizeof *p->kept);
        return true;
    }
    return false;
}

/* What is there now. */
static void pump(struct pool *p)
{
    struct pm_peer peer;
    struct pm_msg m;
    while (pm_router_recv(p->beat, &peer, &m, NULL) == PM_OK) {
        on_beat(p, &peer, &m);
        pm_msg_fini(&m);
    }
    while (pm_router_recv(p->work, &peer, &m, NULL) == PM_OK) {
        if (on_work(p, &peer, &m))
            keep(p, &m);
        else
            pm_msg_fini(&m);
    }
}

bool pool_wait(struct pool *p, struct pm_msg *out, enum pm_msg_kind kind, unsigned wait_ms)
{
    for (uint64_t end = pm_clock_ms() + wait_ms; pm_clock_ms() < end; pm_clock_sleep_ms(5)) {
        pump(p);
        if (take_kept(p, out, kind)) return true;
    }
    return false;
}

bool pool_wait_login(struct pool *p, unsigned logins, unsigned wait_ms)
{
    for (uint64_t end = pm_clock_ms() + wait_ms; pm_clock_ms() < end && p->logins < logins;
         pm_clock_sleep_ms(5))
        pump(p);
    return p->logins >= logins;
}

bool pool_wait_credit(struct pool *p, uint64_t granted, unsigned wait_ms)
{
    for (uint64_t end = pm_clock_ms() + wait_ms; pm_clock_ms() < end && p->granted < granted;
         pm_clock_sleep_ms(5))
        pump(p);
    return p->granted >= granted;
}

bool pool_wait_lease(struct pool *p, uint64_t lease, uint32_t phase, bool absent, unsigned wait_ms)
{
    uint64_t end = pm_clock_ms() + wait_ms, first = p->last_beat.sequence;
    for (; pm_clock_ms() < end; pm_clock_sleep_ms(5)) {
        pump(p);
        if (p->last_beat.sequence <= first + 1) continue; /* one that was sent after we began to wait */
        bool listed = false;
        for (size_t i = 0; i < p->last_beat.n_leases; i++)
            listed |= p->last_beat.leases[i].lease == lease &&
                      (phase == 0 || p->last_beat.leases[i].phase == phase);
        if (listed != absent) return true;
    }
    return false;
}

void pool_send(struct pool *p, struct pm_msg *m)
{
    if (m->kind == PM_MSG_TASK) memcpy(m->task.session, p->session, 16);
    if (m->kind == PM_MSG_DONE) memcpy(m->done.session, p->session, 16);
    if (m->kind == PM_MSG_CANCEL) memcpy(m->cancel.session, p->session, 16);
    if (m->kind == PM_MSG_LOGIN_AGAIN) memcpy(m->login_again.session, p->session, 16);
    reply(p->work, &p->peer, m);
}
