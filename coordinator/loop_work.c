/* What nodes answer, and what becomes of it: results go to the checker and come back as verdicts, failures
 * are believed or not, leases end. The ledger is told first, the node afterwards. */
#include "coordinator/loop_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    VERDICTS_PER_ROUND = 64,
    CHECK_AGAIN_MS = 1000,
    PENALTY_MS = 1000,
    MAX_PENALTY_DOUBLINGS = 8,
    POISON_FACTOR = 5
};

static void send_done(struct pm_loop *loop, const struct pm_session *session, const uint8_t task[32],
                      uint64_t lease, bool accepted, enum pm_status status, const char *text)
{
    struct pm_msg msg = {.kind = PM_MSG_DONE,
                         .done = {.lease = lease, .accepted = accepted, .status = status}};
    memcpy(msg.done.session, session->id, 16);
    memcpy(msg.done.task, task, 32);
    pm_msg_text(msg.done.text, sizeof msg.done.text, text);
    (void)pm_loop_send(loop, &session->peer, &msg);
}

void pm_loop_cancel(struct pm_loop *loop, const struct pm_session *session, uint64_t lease,
                    const uint8_t task[32], const char *text)
{
    struct pm_msg msg = {.kind = PM_MSG_CANCEL, .cancel = {.lease = lease}};
    memcpy(msg.cancel.session, session->id, 16);
    memcpy(msg.cancel.task, task, 32);
    pm_msg_text(msg.cancel.text, sizeof msg.cancel.text, text);
    (void)pm_loop_send(loop, &session->peer, &msg);
}

static void release_everywhere(struct pm_loop *loop, uint64_t lease)
{
    for (size_t i = 0; i < loop->sessions.n; i++) pm_session_release(loop->sessions.list[i], lease);
    loop->dispatch_due = loop->nodes_changed = true;
}

/* A task's state after something ended: those that were given up are counted. */
static void note_failed(struct pm_loop *loop, const uint8_t id[32])
{
    struct pm_task task;
    char name[12];
    if (pm_ledger_task(loop->ledger, &task, id, &loop->err) != PM_OK) return;
    if (task.state == PM_TASK_FAILED) {
        pm_board_count(loop->o.board, task.project, task.version, PM_COUNT_FAILED, 1);
        pm_log(PM_LOG_WARN, "loop", "task %s: given up", pm_loop_short(name, id));
    }
    pm_task_fini(&task);
}

void pm_loop_end_lease(struct pm_loop *loop, uint64_t number, bool counts, const char *reason)
{
    struct pm_lease lease;
    char name[12];
    release_everywhere(loop, number);
    if (!pm_loop_ledger_ok(loop, pm_ledger_lease_get(loop->ledger, &lease, number, &loop->err),
                           "reading a lease"))
        return;
    if (!lease.open) return;
    /* Losing a node is nobody's fault, but a task that takes node after node with it must come to an end. */
    uint32_t max = loop->config->max_attempts;
    if (lease.attempt >= POISON_FACTOR * max) counts = true;
    enum pm_status status = pm_ledger_lease_end(loop->ledger, number, counts, max, reason, &loop->err);
    if (status == PM_CONFLICT || !pm_loop_ledger_ok(loop, status, "ending a lease")) return;
    pm_log(PM_LOG_INFO, "loop", "task %s: attempt %u on node %llu ended: %s", pm_loop_short(name, lease.task),
           lease.attempt, (unsigned long long)lease.node, reason);
    if (counts) note_failed(loop, lease.task);
}

/* -- credit, bye -- */

void pm_loop_on_credit(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg_credit *msg)
{
    struct pm_session *session = pm_loop_session(loop, loop->work, peer, msg->session);
    if (!session) return;
    pm_session_grant(session, msg->granted);
    loop->dispatch_due = loop->nodes_changed = true;
}

void pm_loop_on_bye(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg_bye *msg)
{
    char reason[300];
    struct pm_session *session = pm_loop_session(loop, loop->work, peer, msg->session);
    if (!session) return;
    snprintf(reason, sizeof reason, "bye%s%s", msg->text[0] ? ": " : "", msg->text);
    pm_loop_end_session(loop, session, reason);
}

/* -- checks -- */

static bool at_checker(const struct pm_loop *loop, const uint8_t task[32])
{
    for (size_t i = 0; i < loop->n_checks; i++)
        if (memcmp(loop->check[i], task, 32) == 0) return true;
    return false;
}

static char *copy_text(const char *text) { return strdup(text ? text : ""); }

/* Hands a task in state checking to the checker. Where that cannot be now, the task stays in that state and
 * pm_loop_resume_checks comes back to it. */
static void check(struct pm_loop *loop, const struct pm_task *task, const struct pm_proof_row *row)
{
    const struct pm_project *project = pm_loop_project(loop, task->project);
    struct pm_check_job job = {.lease = row->lease, .node = row->node, .n_public = task->n_public};
    job.version = project ? pm_project_find(project, task->version) : NULL;
    if (!job.version) return; /* a project that was taken out of the configuration waits for its return */
    if (loop->n_checks == PM_LOOP_MAX_CHECKS) {
        loop->checks_wait = true;
        return;
    }
    memcpy(job.task, task->id, 32);
    snprintf(job.proof_type, sizeof job.proof_type, "%s", row->proof_type);
    job.proof = copy_text(row->proof);
    job.public_signals = copy_text(row->publics);
    job.publics = malloc((size_t)task->n_public * 32 + 1);
    if (job.publics && task->n_public) memcpy(job.publics, task->publics, (size_t)task->n_public * 32);
    if (job.proof && job.public_signals && job.publics &&
        pm_checker_submit(loop->checker, &job, &loop->err) == PM_OK)
        memcpy(loop->check[loop->n_checks++], task->id, 32);
    else
        loop->checks_wait = true;
    pm_check_job_fini(&job);
}

void pm_loop_resume_checks(struct pm_loop *loop)
{
    uint8_t ids[PM_LOOP_MAX_CHECKS][32];
    size_t n = 0;
    if (!loop->checks_wait || loop->now_ms < loop->checks_again_ms || loop->n_checks == PM_LOOP_MAX_CHECKS)
        return;
    if (!pm_loop_ledger_ok(
            loop, pm_ledger_tasks_in(loop->ledger, ids, &n, PM_LOOP_MAX_CHECKS, PM_TASK_CHECKING, &loop->err),
            "reading tasks that are being checked"))
        return;
    loop->checks_wait = n == PM_LOOP_MAX_CHECKS;
    loop->checks_again_ms = loop->now_ms + CHECK_AGAIN_MS;
    for (size_t i = 0; i < n; i++) {
        struct pm_task task = {0};
        struct pm_proof_row row = {0};
        if (at_checker(loop, ids[i])) continue;
        if (pm_loop_ledger_ok(loop, pm_ledger_task(loop->ledger, &task, ids[i], &loop->err),
                              "reading a task") &&
            pm_loop_ledger_ok(loop, pm_ledger_proof(loop->ledger, &row, ids[i], &loop->err),
                              "reading a proof"))
            check(loop, &task, &row);
        pm_proof_row_fini(&row);
        pm_task_fini(&task);
    }
}

/* -- results -- */

/* Text of a blob without NUL inside; malloc'ed, or NULL. */
static char *blob_text(const struct pm_blob *blob)
{
    return memchr(blob->data ? blob->data : (const uint8_t *)"", 0, blob->len)
               ? NULL
               : strndup((const char *)blob->data, blob->len);
}

static bool make_row(struct pm_proof_row *row, const struct pm_session *session,
                     const struct pm_msg_result *msg)
{
    *row = (struct pm_proof_row){
        .lease = msg->lease, .node = session->node, .witness_ms = msg->witness_ms, .prove_ms = msg->prove_ms};
    memcpy(row->task, msg->task, 32);
    snprintf(row->proof_type, sizeof row->proof_type, "%s", msg->proof_type);
    if (!msg->proof.len || !msg->public_signals.len) return false;
    row->proof = blob_text(&msg->proof);
    row->publics = blob_text(&msg->public_signals);
    return row->proof && row->publics;
}

/* The ledger does not want this result, for the reason in loop->err. A node that sends one again (its DONE
 * was lost) gets its answer again. */
static void answer_unwanted(struct pm_loop *loop, struct pm_session *session, const struct pm_msg_result *msg,
                            const struct pm_task *task)
{
    struct pm_proof_row row = {0};
    bool same = pm_ledger_proof(loop->ledger, &row, msg->task, NULL) == PM_OK && row.lease == msg->lease &&
                row.node == session->node;
    pm_proof_row_fini(&row);
    if (same && task->state == PM_TASK_CHECKING) return; /* its DONE is on the way */
    pm_session_release(session, msg->lease);
    if (same)
        send_done(loop, session, msg->task, msg->lease, true, PM_OK, "accepted before");
    else
        send_done(loop, session, msg->task, msg->lease, false, PM_CONFLICT, loop->err.text);
}

void pm_loop_on_result(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg_result *msg)
{
    struct pm_task task = {0};
    struct pm_proof_row row = {0};
    struct pm_session *session = pm_loop_session(loop, loop->work, peer, msg->session);
    if (!session) return;
    if (!make_row(&row, session, msg)) {
        struct pm_held *held = pm_session_held(session, msg->lease);
        if (held) pm_loop_end_lease(loop, msg->lease, true, "the result is no text");
        send_done(loop, session, msg->task, msg->lease, false, PM_FORMAT,
                  "proof and public signals must be JSON texts");
        goto out;
    }
    enum pm_status status = pm_ledger_task(loop->ledger, &task, msg->task, &loop->err);
    if (status == PM_OK) status = pm_ledger_result(loop->ledger, &row, &loop->err);
    if (status == PM_NOT_FOUND) {
        send_done(loop, session, msg->task, msg->lease, false, status, "there is no such task");
    } else if (status == PM_CONFLICT) {
        answer_unwanted(loop, session, msg, &task);
    } else if (pm_loop_ledger_ok(loop, status, "keeping a result")) {
        struct pm_held *held = pm_session_held(session, msg->lease);
        if (held) held->answered = true;
        loop->nodes_changed = true;
        check(loop, &task, &row);
    } /* else: the node sends it again */
out:
    pm_proof_row_fini(&row);
    pm_task_fini(&task);
}

/* -- verdicts -- */

/* Another node that works on what is proved now may stop. The ledger has ended its lease with the verdict. */
static void cancel_others(struct pm_loop *loop, const struct pm_check_verdict *v)
{
    for (size_t i = 0; i < loop->sessions.n; i++) {
        struct pm_session *s = loop->sessions.list[i];
        for (size_t k = s->n_held; k-- > 0;) {
            struct pm_held held = s->held[k];
            if (held.number == v->lease || memcmp(held.task, v->task, 32) != 0) continue;
            pm_loop_cancel(loop, s, held.number, held.task, "the task was proved by another node");
            pm_session_release(s, held.number);
        }
    }
}

static void accepted(struct pm_loop *loop, const struct pm_check_verdict *v, struct pm_session *session)
{
    struct pm_proof_row row = {0};
    struct pm_task task = {0};
    char name[12];
    if (pm_ledger_task(loop->ledger, &task, v->task, &loop->err) == PM_OK &&
        pm_ledger_proof(loop->ledger, &row, v->task, &loop->err) == PM_OK) {
        pm_board_count(loop->o.board, task.project, task.version, PM_COUNT_SUCCEEDED, 1);
        pm_board_times(loop->o.board, task.project, task.version, row.witness_ms, row.prove_ms);
        pm_log(PM_LOG_INFO, "loop", "task %s: proved by node %llu in %u + %u ms",
               pm_loop_short(name, v->task), (unsigned long long)v->node, row.witness_ms, row.prove_ms);
    }
    pm_proof_row_fini(&row);
    pm_task_fini(&task);
    if (session) session->invalid = 0;
    cancel_others(loop, v);
    if (loop->o.proved) loop->o.proved(loop->o.proved_ctx);
}

/* A node whose proofs are wrong gets nothing for a while, longer each time. */
static void rejected(struct pm_loop *loop, const struct pm_check_verdict *v, struct pm_session *session)
{
    struct pm_task task = {0};
    char name[12];
    pm_log(PM_LOG_WARN, "loop", "task %s: the proof of node %llu is refused: %s",
           pm_loop_short(name, v->task), (unsigned long long)v->node, v->text);
    if (pm_ledger_task(loop->ledger, &task, v->task, &loop->err) == PM_OK)
        pm_board_count(loop->o.board, task.project, task.version, PM_COUNT_REJECTED, 1);
    pm_task_fini(&task);
    if (session) {
        unsigned n = session->invalid < MAX_PENALTY_DOUBLINGS ? session->invalid : MAX_PENALTY_DOUBLINGS;
        session->penalty_ms = loop->now_ms + ((uint64_t)PENALTY_MS << n);
        session->invalid++;
    }
    note_failed(loop, v->task);
}

static void on_verdict(struct pm_loop *loop, const struct pm_check_verdict *v)
{
    for (size_t i = 0; i < loop->n_checks; i++)
        if (memcmp(loop->check[i], v->task, 32) == 0)
            memcpy(loop->check[i], loop->check[--loop->n_checks], 32);
    if (v->status != PM_OK && v->status != PM_INVALID_PROOF) {
        pm_log(PM_LOG_ERROR, "loop", "a proof could not be checked: %s", v->text);
        loop->checks_wait = true;
        return;
    }
    bool good = v->status == PM_OK;
    enum pm_status status =
        pm_ledger_verdict(loop->ledger, v->task, good, loop->config->max_attempts, v->text, &loop->err);
    if (!pm_loop_ledger_ok(loop, status, "writing a verdict")) {
        loop->checks_wait = true;
        return;
    }
    struct pm_session *session = pm_sessions_of_node(&loop->sessions, v->node);
    release_everywhere(loop, v->lease);
    if (good)
        accepted(loop, v, session);
    else
        rejected(loop, v, session);
    if (session) send_done(loop, session, v->task, v->lease, good, v->status, v->text);
}

void pm_loop_verdicts(struct pm_loop *loop)
{
    struct pm_check_verdict verdict;
    for (int i = 0; i < VERDICTS_PER_ROUND; i++) {
        if (!pm_checker_take(loop->checker, &verdict)) return;
        on_verdict(loop, &verdict);
    }
    loop->busy = true;
}

/* -- failures -- */

bool pm_loop_refused_by(const struct pm_loop *loop, const uint8_t task[32], uint64_t node)
{
    size_t n = loop->n_refusals < PM_LOOP_MAX_REFUSALS ? loop->n_refusals : PM_LOOP_MAX_REFUSALS;
    for (size_t i = 0; i < n; i++)
        if (loop->refusal[i].node == node && memcmp(loop->refusal[i].task, task, 32) == 0) return true;
    return false;
}

/* Another node that could have been asked: logged in, and offers what the task needs. */
static bool others_exist(const struct pm_loop *loop, const struct pm_session *session)
{
    for (size_t i = 0; i < loop->sessions.n; i++) {
        const struct pm_session *s = loop->sessions.list[i];
        for (size_t k = 0; s != session && k < s->n_vm_types; k++)
            if (pm_session_offers(session, s->vm_types[k])) return true;
    }
    return false;
}

/* "The input satisfies no circuit": one node may lie or be broken. It is believed when another node has said
 * so before, or, where there is no other node, when this one says so twice. True when the task is given up
 * for it. */
static bool believe_refusal(struct pm_loop *loop, const struct pm_session *session, const uint8_t task[32])
{
    size_t n = loop->n_refusals < PM_LOOP_MAX_REFUSALS ? loop->n_refusals : PM_LOOP_MAX_REFUSALS;
    bool by_other = false, by_itself = pm_loop_refused_by(loop, task, session->node);
    for (size_t i = 0; i < n; i++)
        if (loop->refusal[i].node != session->node && memcmp(loop->refusal[i].task, task, 32) == 0)
            by_other = true;
    if (by_other || (by_itself && !others_exist(loop, session))) return true;
    if (by_itself) return false;
    struct pm_loop_refusal *slot = &loop->refusal[loop->n_refusals++ % PM_LOOP_MAX_REFUSALS];
    memcpy(slot->task, task, 32);
    slot->node = session->node;
    return false;
}

static void on_refusal(struct pm_loop *loop, const struct pm_session *session,
                       const struct pm_msg_failed *msg, const char *reason)
{
    if (believe_refusal(loop, session, msg->task)) {
        enum pm_status status = pm_ledger_task_event(loop->ledger, NULL, msg->task, PM_EVENT_REFUSED,
                                                     session->node, reason, &loop->err);
        if (status != PM_CONFLICT && pm_loop_ledger_ok(loop, status, "refusing a task"))
            note_failed(loop, msg->task);
    }
    pm_loop_end_lease(loop, msg->lease, false, reason);
}

void pm_loop_on_failed(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg_failed *msg)
{
    struct pm_lease lease;
    char reason[1100];
    struct pm_session *session = pm_loop_session(loop, loop->work, peer, msg->session);
    if (!session) return;
    enum pm_status status = pm_ledger_lease_get(loop->ledger, &lease, msg->lease, &loop->err);
    bool own = status == PM_OK && lease.node == session->node && memcmp(lease.task, msg->task, 32) == 0;
    if (status != PM_OK && status != PM_NOT_FOUND) {
        (void)pm_loop_ledger_ok(loop, status, "reading a lease");
        return; /* the node says it again */
    }
    if (!own) {
        send_done(loop, session, msg->task, msg->lease, false, PM_CONFLICT, "this lease is not yours");
        return;
    }
    snprintf(reason, sizeof reason, "%s: %s", pm_status_name((enum pm_status)msg->status), msg->text);
    bool inputs_fault = msg->status == PM_CIRCUIT || msg->status == PM_UNSATISFIED;
    if (lease.open && inputs_fault)
        on_refusal(loop, session, msg, reason);
    else
        pm_loop_end_lease(loop, msg->lease, msg->status != PM_CANCELLED, reason);
    send_done(loop, session, msg->task, msg->lease, true, PM_OK, "noted");
}
