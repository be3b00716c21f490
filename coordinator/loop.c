/* The loop's rounds: receive, decide, send, wait. A round does a bounded amount of work of each kind, so that
 * nothing starves; what is left over is done in the next one, which then begins at once. */
#include "coordinator/loop_internal.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MESSAGES_PER_ROUND = 64, IDLE_MS = 200, STOOD_STILL_MS = 1000, LAST_CHECKS_MS = 5000 };

/* -- what the other files use -- */

bool pm_loop_send(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg *msg)
{
    struct pm_error err;
    loop->busy = true; /* libzmq: receive until there is nothing after each send */
    enum pm_status status = pm_router_send(loop->work, peer, msg, &err);
    if (status != PM_OK && status != PM_NOT_FOUND)
        pm_log(PM_LOG_WARN, "loop", "%s cannot be sent: %s", pm_msg_name(msg->kind), err.text);
    return status == PM_OK;
}

bool pm_loop_ledger_ok(struct pm_loop *loop, enum pm_status status, const char *what)
{
    if (status == PM_OK) {
        if (loop->trouble[0]) pm_log(PM_LOG_INFO, "ledger", "takes writes again");
        loop->trouble[0] = 0;
        return true;
    }
    bool trouble = status == PM_IO || status == PM_NO_MEMORY || status == PM_INTERNAL;
    if (!trouble || !loop->trouble[0]) pm_log(PM_LOG_ERROR, "ledger", "%s: %s", what, loop->err.text);
    if (trouble) snprintf(loop->trouble, sizeof loop->trouble, "%s: %.200s", what, loop->err.text);
    return false;
}

const struct pm_project *pm_loop_project(const struct pm_loop *loop, uint64_t id)
{
    for (size_t i = 0; i < loop->o.n_projects; i++)
        if (loop->o.projects[i]->id == id) return loop->o.projects[i];
    return NULL;
}

const char *pm_loop_short(char out[12], const uint8_t *id)
{
    pm_hex_encode(out, id, 4);
    return out;
}

/* -- messages -- */

static void on_message(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg *msg)
{
    switch (msg->kind) {
    case PM_MSG_HELLO:
        pm_loop_on_hello(loop, peer, &msg->hello);
        return;
    case PM_MSG_LOGIN:
        pm_loop_on_login(loop, peer, &msg->login);
        return;
    case PM_MSG_CREDIT:
        pm_loop_on_credit(loop, peer, &msg->credit);
        return;
    case PM_MSG_RESULT:
        pm_loop_on_result(loop, peer, &msg->result);
        return;
    case PM_MSG_FAILED:
        pm_loop_on_failed(loop, peer, &msg->failed);
        return;
    case PM_MSG_BYE:
        pm_loop_on_bye(loop, peer, &msg->bye);
        return;
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
    pm_loop_refuse(loop, peer, PM_PROTOCOL, "that message is not one that workers send on this socket");
}

/* At most MESSAGES_PER_ROUND from one router. */
static void receive(struct pm_loop *loop, struct pm_router *router)
{
    static const size_t limit = MESSAGES_PER_ROUND;
    for (size_t i = 0; i < limit; i++) {
        struct pm_peer peer;
        struct pm_msg msg;
        struct pm_error err;
        enum pm_status status = pm_router_recv(router, &peer, &msg, &err);
        if (status == PM_NOT_FOUND) return;
        if (status == PM_PROTOCOL) {
            pm_log(PM_LOG_WARN, "loop", "%s", err.text);
            if (router == loop->work) pm_loop_refuse(loop, &peer, PM_PROTOCOL, err.text);
            continue;
        }
        if (status != PM_OK) {
            pm_log(PM_LOG_ERROR, "loop", "receiving: %s", err.text);
            return;
        }
        if (router == loop->work)
            on_message(loop, &peer, &msg);
        else if (msg.kind == PM_MSG_HEARTBEAT)
            pm_loop_on_heartbeat(loop, &peer, &msg.heartbeat);
        pm_msg_fini(&msg);
    }
    loop->busy = true;
}

/* -- timers -- */

static void publish_nodes(struct pm_loop *loop)
{
    struct pm_board_node *list = calloc(loop->sessions.n + 1, sizeof *list);
    if (!list) return;
    for (size_t i = 0; i < loop->sessions.n; i++) {
        const struct pm_session *s = loop->sessions.list[i];
        list[i] = (struct pm_board_node){.node = s->node,
                                         .granted = s->granted,
                                         .sent = s->sent,
                                         .since_ms = s->login_ms,
                                         .slots = s->slots,
                                         .busy = (uint32_t)pm_session_busy(s)};
        memcpy(list[i].name, s->name, sizeof list[i].name);
    }
    pm_board_nodes(loop->o.board, list, loop->sessions.n);
    free(list);
    loop->nodes_changed = false;
}

/* While the ledger refuses writes: one that changes nothing, to see when it takes them again. */
static void probe_ledger(struct pm_loop *loop)
{
    size_t n;
    if (!loop->trouble[0]) return;
    enum pm_status status = pm_ledger_add_messages(loop->ledger, &n, 0, "health", "", NULL, 0, &loop->err);
    if (!pm_loop_ledger_ok(loop, status, "writing")) return;
    loop->pack_due = loop->dispatch_due = true;
}

static void every_second(struct pm_loop *loop)
{
    if (loop->now_ms < loop->next_second_ms) return;
    loop->next_second_ms = loop->now_ms + 1000;
    pm_loop_read_allow(loop, false);
    probe_ledger(loop);
    loop->pack_due = true; /* other programs may add messages to the ledger */
    loop->dispatch_due = true;
    loop->nodes_changed = true;
}

/* Leases have deadlines to the millisecond, but nobody minds a fraction of a second. */
static void deadlines(struct pm_loop *loop)
{
    uint64_t gap = loop->now_ms - loop->last_ms;
    if (gap > STOOD_STILL_MS && gap > loop->config->heartbeat_ms) pm_sessions_forgive(&loop->sessions, gap);
    pm_loop_expire(loop);
    pm_loop_silence(loop);
}

static void wait_for_news(struct pm_loop *loop)
{
    uint64_t count;
    struct pollfd fds[] = {
        {.fd = pm_router_fd(loop->work), .events = POLLIN},
        {.fd = pm_router_fd(loop->beat), .events = POLLIN},
        {.fd = pm_checker_fd(loop->checker), .events = POLLIN},
        {.fd = loop->wake_fd, .events = POLLIN},
    };
    int timeout_ms = loop->busy ? 0 : IDLE_MS;
    if (loop->config->source_poll_ms < (uint32_t)timeout_ms) timeout_ms = (int)loop->config->source_poll_ms;
    loop->busy = false;
    (void)poll(fds, sizeof fds / sizeof *fds, timeout_ms);
    if (fds[3].revents && read(loop->wake_fd, &count, sizeof count) > 0) loop->pack_due = true;
}

/* -- rounds -- */

static void round_of_work(struct pm_loop *loop)
{
    loop->last_ms = loop->now_ms ? loop->now_ms : pm_clock_ms();
    loop->now_ms = pm_clock_ms();
    receive(loop, loop->beat);
    receive(loop, loop->work);
    pm_loop_verdicts(loop);
    if (__atomic_exchange_n(&loop->reload, 0, __ATOMIC_ACQ_REL)) pm_loop_read_allow(loop, true);
    every_second(loop);
    deadlines(loop);
    if (!loop->trouble[0]) {
        pm_loop_resume_checks(loop);
        pm_loop_poll_sources(loop);
        pm_loop_pack(loop);
        pm_loop_dispatch(loop);
    }
    if (loop->nodes_changed) publish_nodes(loop);
    pm_board_pulse(loop->o.board, pm_clock_ms(), loop->trouble[0] ? loop->trouble : NULL);
}

void pm_loop_run(struct pm_loop *loop)
{
    loop->pack_due = loop->dispatch_due = loop->checks_wait = true;
    while (!__atomic_load_n(&loop->stop, __ATOMIC_ACQUIRE)) {
        round_of_work(loop);
        wait_for_news(loop);
    }
    uint64_t end_ms = pm_clock_ms() + LAST_CHECKS_MS;
    while (loop->n_checks && pm_clock_ms() < end_ms) {
        pm_loop_verdicts(loop);
        pm_clock_sleep_ms(5);
    }
}

static void wake(struct pm_loop *loop)
{
    uint64_t one = 1;
    int saved = errno;
    ssize_t ignored = write(loop->wake_fd, &one, sizeof one);
    (void)ignored; /* full: it is awake */
    errno = saved;
}

void pm_loop_wake(struct pm_loop *loop) { wake(loop); }

void pm_loop_stop(struct pm_loop *loop)
{
    __atomic_store_n(&loop->stop, 1, __ATOMIC_RELEASE);
    wake(loop);
}

void pm_loop_reload(struct pm_loop *loop)
{
    __atomic_store_n(&loop->reload, 1, __ATOMIC_RELEASE);
    wake(loop);
}

/* -- start and end -- */

unsigned pm_loop_port(const struct pm_loop *loop) { return pm_router_port(loop->work); }

void pm_loop_set_artifacts_url(struct pm_loop *loop, const char *url)
{
    snprintf(loop->artifacts_url, sizeof loop->artifacts_url, "%s", url);
}

void pm_loop_http_url(char *out, const struct pm_config *config, unsigned http_port)
{
    if (config->http_advertise) {
        snprintf(out, 400, "%s", config->http_advertise);
        return;
    }
    bool six = strchr(config->advertise_host, ':') != NULL;
    snprintf(out, 400, "http://%s%.300s%s:%u", six ? "[" : "", config->advertise_host, six ? "]" : "",
             http_port);
}

static enum pm_status start(struct pm_loop *loop, struct pm_error *err)
{
    const struct pm_config *c = loop->config;
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake_fd < 0) return pm_fail(err, PM_IO, "eventfd: %s", strerror(errno));
    PM_TRY(pm_ledger_open(&loop->ledger, c->ledger_path, err));
    PM_TRY(pm_loop_open_sources(loop, err));
    PM_TRY(pm_checker_new(&loop->checker, c->checkers, err));
    PM_TRY(pm_wire_new(&loop->wire, err));
    pm_login_init(&loop->login, c->pool, loop->o.keys->public_key);
    pm_loop_read_allow(loop, true);
    PM_TRY(pm_router_new(&loop->work, loop->wire, c->listen_host, c->port, loop->o.keys, err));
    return pm_router_new(&loop->beat, loop->wire, c->listen_host, c->heartbeat_port, loop->o.keys, err);
}

enum pm_status pm_loop_new(struct pm_loop **out, const struct pm_loop_options *options, struct pm_error *err)
{
    struct pm_loop *loop = calloc(1, sizeof *loop);
    *out = NULL;
    if (!loop) return pm_fail(err, PM_NO_MEMORY, "no memory for the loop");
    loop->o = *options;
    loop->config = options->config;
    loop->wake_fd = -1;
    enum pm_status status = start(loop, err);
    if (status != PM_OK) pm_loop_free(&loop);
    *out = loop;
    return status;
}

void pm_loop_free(struct pm_loop **loop)
{
    struct pm_loop *l = *loop;
    if (!l) return;
    if (l->checker) pm_checker_free(&l->checker);
    if (l->work) pm_router_free(&l->work);
    if (l->beat) pm_router_free(&l->beat);
    if (l->wire) pm_wire_free(&l->wire);
    for (size_t i = 0; i < l->n_sources; i++) pm_source_free(&l->source[i].source);
    free(l->source);
    pm_sessions_fini(&l->sessions);
    pm_allow_fini(&l->allow);
    if (l->ledger) pm_ledger_close(&l->ledger);
    if (l->wake_fd >= 0) close(l->wake_fd);
    free(l);
    *loop = NULL;
}
