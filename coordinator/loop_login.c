/* Logins, sessions and the allow-list: who may talk to the pool, and for how long. */
#include "coordinator/loop_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPEN_LEASES = 4096 };

void pm_loop_refuse(struct pm_loop *loop, const struct pm_peer *peer, enum pm_status status, const char *text)
{
    struct pm_msg msg = {.kind = PM_MSG_REFUSED, .refused = {.status = status}};
    pm_msg_text(msg.refused.text, sizeof msg.refused.text, text);
    (void)pm_loop_send(loop, peer, &msg);
}

void pm_loop_on_hello(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg_hello *msg)
{
    struct pm_error err;
    struct pm_msg answer = {.kind = PM_MSG_CHALLENGE};
    if (msg->protocol != PM_WIRE_PROTOCOL) {
        pm_fail(&err, PM_UNSUPPORTED,
                "this coordinator (" PM_VERSION ") speaks protocol %d, the worker speaks %u",
                PM_WIRE_PROTOCOL, msg->protocol);
        pm_loop_refuse(loop, peer, err.status, err.text);
    } else if (pm_login_challenge(&loop->login, &answer.challenge, peer, pm_clock_wall_ms(), &err) != PM_OK) {
        pm_loop_refuse(loop, peer, err.status, err.text);
    } else {
        (void)pm_loop_send(loop, peer, &answer);
    }
}

/* -- login -- */

static enum pm_status check_offer(const struct pm_msg_login *msg, struct pm_error *err)
{
    if (msg->n_vm_types == 0) return pm_fail(err, PM_USAGE, "login: the worker offers no VM type");
    if (msg->slots == 0 || msg->slots > PM_SESSION_MAX_LEASES)
        return pm_fail(err, PM_USAGE, "login: %u slots, expected 1 to %d", msg->slots, PM_SESSION_MAX_LEASES);
    return PM_OK;
}

static void node_of(struct pm_node *out, const struct pm_peer *peer, const struct pm_msg_login *msg,
                    const char *name)
{
    static const uint8_t zero[20];
    *out = (struct pm_node){0};
    memcpy(out->identity, msg->identity, 33);
    memcpy(out->curve_public, peer->curve_public, 32);
    memcpy(out->beneficiary, msg->beneficiary, 20);
    if (memcmp(zero, msg->beneficiary, 20) == 0 &&
        pm_identity_address(out->beneficiary, msg->identity, NULL) != PM_OK)
        memset(out->beneficiary, 0, 20);
    snprintf(out->name, sizeof out->name, "%s", name);
    snprintf(out->device, sizeof out->device, "%s", msg->device);
}

static void fill_session(struct pm_session *s, const struct pm_peer *peer, const struct pm_msg_login *msg,
                         const struct pm_node *node, uint64_t now_ms)
{
    s->node = node->id;
    s->peer = *peer;
    memcpy(s->identity, msg->identity, 33);
    memcpy(s->name, node->name, sizeof s->name);
    memcpy(s->device, node->device, sizeof s->device);
    s->slots = msg->slots;
    s->n_vm_types = msg->n_vm_types;
    for (size_t i = 0; i < msg->n_vm_types; i++) s->vm_types[i] = msg->vm_types[i].id;
    s->login_ms = s->seen_ms = s->noted_ms = now_ms;
}

/* Work in hand stays valid: open leases that the node got in a former session, also before a restart. Those
 * that it does not list in its heartbeats are given back soon (loop_beat.c). */
static void adopt_leases(struct pm_loop *loop, struct pm_session *session)
{
    size_t n = 0;
    struct pm_lease *lease = malloc(MAX_OPEN_LEASES * sizeof *lease);
    if (lease && pm_loop_ledger_ok(
                     loop, pm_ledger_leases_open(loop->ledger, lease, &n, MAX_OPEN_LEASES, NULL, &loop->err),
                     "reading open leases"))
        for (size_t i = 0; i < n; i++)
            if (lease[i].node == session->node)
                (void)pm_session_hold(session, lease[i].number, lease[i].task);
    free(lease);
}

/* One node, one session: the newer login wins. Its leases are not touched: the new session adopts them. */
static void replace_session(struct pm_loop *loop, uint64_t node, const struct pm_peer *peer)
{
    struct pm_session *old = pm_sessions_of_node(&loop->sessions, node);
    if (!old) return;
    bool elsewhere = old->peer.id_len != peer->id_len || memcmp(old->peer.id, peer->id, peer->id_len) != 0;
    if (elsewhere)
        pm_loop_refuse(loop, &old->peer, PM_CONFLICT, "this node has logged in through another connection");
    pm_sessions_remove(&loop->sessions, old);
}

static enum pm_status log_in(struct pm_loop *loop, struct pm_session **out, const struct pm_peer *peer,
                             const struct pm_msg_login *msg, struct pm_error *err)
{
    const struct pm_allowed *allowed;
    struct pm_node node;
    PM_TRY(pm_login_check(&loop->login, &allowed, &loop->allow, peer, msg, pm_clock_wall_ms(), err));
    PM_TRY(check_offer(msg, err));
    node_of(&node, peer, msg, allowed->name);
    PM_TRY(pm_ledger_node_login(loop->ledger, &node, err));
    replace_session(loop, node.id, peer);
    PM_TRY(pm_sessions_add(&loop->sessions, out, err));
    fill_session(*out, peer, msg, &node, loop->now_ms);
    adopt_leases(loop, *out);
    return PM_OK;
}

void pm_loop_on_login(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg_login *msg)
{
    struct pm_error err = {0};
    struct pm_session *session;
    if (log_in(loop, &session, peer, msg, &err) != PM_OK) {
        pm_log(PM_LOG_WARN, "login", "%s refused: %s", msg->name, err.text);
        pm_loop_refuse(loop, peer, err.status, err.text);
        return;
    }
    struct pm_msg answer = {.kind = PM_MSG_WELCOME,
                            .welcome = {.node = session->node,
                                        .heartbeat_port = pm_router_port(loop->beat),
                                        .heartbeat_ms = loop->config->heartbeat_ms}};
    memcpy(answer.welcome.session, session->id, 16);
    loop->nodes_changed = loop->dispatch_due = true;
    if (!pm_loop_send(loop, peer, &answer)) {
        pm_loop_end_session(loop, session, "gone before its login was answered");
        return;
    }
    pm_log(PM_LOG_INFO, "login", "node %llu (%s) is here: %s, %u slots, %zu leases in hand",
           (unsigned long long)session->node, session->name, session->device, session->slots,
           session->n_held);
}

/* -- sessions -- */

struct pm_session *pm_loop_session(struct pm_loop *loop, struct pm_router *router, const struct pm_peer *peer,
                                   const uint8_t id[16])
{
    struct pm_session *session = pm_sessions_find(&loop->sessions, id);
    struct pm_msg answer = {.kind = PM_MSG_LOGIN_AGAIN};
    memcpy(answer.login_again.session, id, 16);
    if (session && memcmp(session->peer.curve_public, peer->curve_public, 32) != 0) {
        pm_log(PM_LOG_WARN, "login", "the session of node %llu (%s) was used with another CURVE key: refused",
               (unsigned long long)session->node, session->name);
        answer = (struct pm_msg){.kind = PM_MSG_REFUSED, .refused = {.status = PM_AUTH}};
        pm_msg_text(answer.refused.text, sizeof answer.refused.text,
                    "this session belongs to another CURVE key");
        session = NULL;
    }
    if (!session) {
        struct pm_error err;
        loop->busy = true;
        if (pm_router_send(router, peer, &answer, &err) == PM_PROTOCOL)
            pm_log(PM_LOG_WARN, "login", "%s cannot be sent: %s", pm_msg_name(answer.kind), err.text);
        return NULL;
    }
    session->seen_ms = loop->now_ms;
    if (router == loop->work) session->peer = *peer; /* a reconnect gives a new id to the same key */
    return session;
}

void pm_loop_end_session(struct pm_loop *loop, struct pm_session *session, const char *reason)
{
    pm_log(PM_LOG_INFO, "login", "node %llu (%s) leaves: %s", (unsigned long long)session->node,
           session->name, reason);
    /* A lease leaves the session as it ends; one that the ledger cannot end now is ended by its deadline. */
    while (session->n_held) {
        uint64_t number = session->held[session->n_held - 1].number;
        bool answered = session->held[session->n_held - 1].answered;
        pm_session_release(session, number);
        if (!answered) pm_loop_end_lease(loop, number, false, reason);
    }
    pm_sessions_remove(&loop->sessions, session);
    loop->nodes_changed = loop->dispatch_due = true;
}

/* -- the allow-list -- */

static void end_disallowed(struct pm_loop *loop)
{
    for (size_t i = loop->sessions.n; i-- > 0;) {
        struct pm_session *s = loop->sessions.list[i];
        if (pm_allow_find(&loop->allow, s->peer.curve_public, s->identity)) continue;
        pm_loop_refuse(loop, &s->peer, PM_AUTH, "this worker was taken off the pool's allow-list");
        pm_loop_end_session(loop, s, "taken off the allow-list");
    }
}

static bool unchanged(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A list that is gone or cannot be read leaves the old one in force: a typing error, or an editor that is
 * just writing it, must not send the whole pool home. An empty list does. */
void pm_loop_read_allow(struct pm_loop *loop, bool always)
{
    struct stat now = {0};
    if (stat(loop->config->workers_file, &now) != 0) now = (struct stat){0};
    if (!always && unchanged(&now, &loop->allow_stat)) return;
    loop->allow_stat = now;
    enum pm_status status = pm_allow_load(&loop->allow, loop->config->workers_file, &loop->err);
    if (status != PM_OK) {
        pm_log(PM_LOG_WARN, "login", "%s; %s", loop->err.text,
               loop->allow.n ? "the list that was read before stays in force" : "nobody may work here yet");
        if (loop->allow.n) return;
    }
    uint8_t(*keys)[32] = calloc(loop->allow.n + 1, sizeof *keys);
    for (size_t i = 0; keys && i < loop->allow.n; i++)
        memcpy(keys[i], loop->allow.worker[i].curve_public, 32);
    status = keys ? pm_wire_allow(loop->wire, (const uint8_t(*)[32])keys, loop->allow.n, &loop->err)
                  : pm_fail(&loop->err, PM_NO_MEMORY, "no memory for the allow-list");
    free(keys);
    if (status != PM_OK)
        pm_log(PM_LOG_ERROR, "login", "%s", loop->err.text);
    else
        pm_log(PM_LOG_INFO, "login", "%zu workers are on the allow-list", loop->allow.n);
    end_disallowed(loop);
}
