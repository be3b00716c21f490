/* Liveness: heartbeats, nodes that fall silent, leases whose time is over. */
#include "coordinator/loop_internal.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

enum { NOTE_SEEN_MS = 30000, EXPIRE_PER_ROUND = 32, EXPIRE_EVERY_MS = 200 };

/* A lease that the node says it works on, and that this session does not know of. */
static void on_unknown_lease(struct pm_loop *loop, struct pm_session *session, uint64_t number)
{
    struct pm_lease lease;
    enum pm_status status = pm_ledger_lease_get(loop->ledger, &lease, number, &loop->err);
    if (status == PM_OK && lease.open && lease.node == session->node) {
        (void)pm_session_hold(session, number, lease.task);
    } else if (status == PM_OK && lease.node == session->node) {
        pm_loop_cancel(loop, session, number, lease.task, "this lease has ended");
    } else if (status == PM_OK || status == PM_NOT_FOUND) {
        static const uint8_t none[32];
        pm_loop_cancel(loop, session, number, none, "this lease is not yours");
    }
}

static void answer(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg_heartbeat *msg)
{
    struct pm_error err;
    struct pm_msg beat = {.kind = PM_MSG_BEAT, .beat = {.sequence = msg->sequence}};
    memcpy(beat.beat.session, msg->session, 16);
    loop->busy = true;
    enum pm_status status = pm_router_send(loop->beat, peer, &beat, &err);
    if (status != PM_OK && status != PM_NOT_FOUND)
        pm_log(PM_LOG_WARN, "loop", "BEAT cannot be sent: %s", err.text);
}

void pm_loop_on_heartbeat(struct pm_loop *loop, const struct pm_peer *peer,
                          const struct pm_msg_heartbeat *msg)
{
    struct pm_beat_news news;
    struct pm_session *session = pm_loop_session(loop, loop->beat, peer, msg->session);
    if (!session) return;
    answer(loop, peer, msg);
    pm_session_beat(session, &news, msg->leases, msg->n_leases, loop->config->misses);
    for (size_t i = 0; i < news.n_lost; i++)
        pm_loop_end_lease(loop, news.lost[i], false, "the node does not know of it any more");
    for (size_t i = 0; i < news.n_unknown; i++) on_unknown_lease(loop, session, news.unknown[i]);
    if (loop->now_ms - session->noted_ms < NOTE_SEEN_MS) return;
    session->noted_ms = loop->now_ms;
    (void)pm_loop_ledger_ok(loop, pm_ledger_node_seen(loop->ledger, session->node, &loop->err),
                            "noting a node");
}

void pm_loop_silence(struct pm_loop *loop)
{
    uint64_t timeout_ms = (uint64_t)loop->config->heartbeat_ms * loop->config->misses;
    struct pm_session *session = pm_sessions_silent(&loop->sessions, loop->now_ms, timeout_ms);
    char reason[64];
    if (!session) return;
    snprintf(reason, sizeof reason, "no heartbeat for %llu ms",
             (unsigned long long)(loop->now_ms - session->seen_ms));
    pm_loop_end_session(loop, session, reason);
    loop->busy = true; /* there may be more */
}

static struct pm_session *holder(struct pm_loop *loop, uint64_t number)
{
    for (size_t i = 0; i < loop->sessions.n; i++)
        if (pm_session_held(loop->sessions.list[i], number)) return loop->sessions.list[i];
    return NULL;
}

void pm_loop_expire(struct pm_loop *loop)
{
    struct pm_lease lease[EXPIRE_PER_ROUND];
    size_t n = 0;
    if (loop->now_ms < loop->next_expire_ms) return;
    loop->next_expire_ms = loop->now_ms + EXPIRE_EVERY_MS;
    enum pm_status status = pm_ledger_leases_expired(loop->ledger, lease, &n, EXPIRE_PER_ROUND, &loop->err);
    if (status != PM_OK) {
        (void)pm_loop_ledger_ok(loop, status, "reading leases");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct pm_task task = {0};
        struct pm_session *session = holder(loop, lease[i].number);
        if (session)
            pm_loop_cancel(loop, session, lease[i].number, lease[i].task, "the time for this task is over");
        if (pm_ledger_task(loop->ledger, &task, lease[i].task, &loop->err) == PM_OK)
            pm_board_count(loop->o.board, task.project, task.version, PM_COUNT_TIMEOUT, 1);
        pm_task_fini(&task);
        pm_loop_end_lease(loop, lease[i].number, true, "its time is over");
    }
    if (n == EXPIRE_PER_ROUND) loop->next_expire_ms = 0;
}
