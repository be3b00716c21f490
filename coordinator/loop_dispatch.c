/* Dispatch: the oldest packed tasks to nodes with credit. The lease is in the ledger before the task is on
 * the wire; a task that could not be sent is given back at once. */
#include "coordinator/loop_internal.h"

#include "base/bytes.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TASKS_SEEN = 256, PUSHES_PER_ROUND = 32 };

static bool credit_somewhere(const struct pm_loop *loop)
{
    for (size_t i = 0; i < loop->sessions.n; i++)
        if (pm_session_free(loop->sessions.list[i])) return true;
    return false;
}

/* -- candidates -- */

/* One that failed this task, or called it unprovable, is asked again only when nobody else is at work who
 * could: a busy node is worth waiting for. */
static void leave_out_failed(struct pm_sched_node *nodes, const struct pm_sched_task *task,
                             struct pm_loop *loop)
{
    bool other = false;
    for (size_t i = 0; i < loop->sessions.n; i++) {
        bool able = (nodes[i].free_slots || nodes[i].busy) &&
                    pm_session_offers(loop->sessions.list[i], task->vm_type);
        if (able && !nodes[i].failed_this_task) other = true;
    }
    for (size_t i = 0; other && i < loop->sessions.n; i++)
        if (nodes[i].failed_this_task) nodes[i].free_slots = 0;
}

static void candidates(struct pm_sched_node *nodes, struct pm_loop *loop, const struct pm_sched_task *task,
                       const struct pm_project_version *version, bool tried_before)
{
    for (size_t i = 0; i < loop->sessions.n; i++) {
        const struct pm_session *s = loop->sessions.list[i];
        nodes[i] = (struct pm_sched_node){
            .node = s->node,
            .free_slots = s->penalty_ms > loop->now_ms ? 0 : pm_session_free(s),
            .busy = pm_session_busy(s),
            .vm_types = s->vm_types,
            .n_vm_types = s->n_vm_types,
            .has_key = pm_session_has_key(s, version),
            .failed_this_task = tried_before && (pm_loop_refused_by(loop, task->id, s->node) ||
                                                 pm_ledger_node_failed_task(loop->ledger, s->node, task->id)),
        };
    }
    if (tried_before) leave_out_failed(nodes, task, loop);
}

/* -- pushing -- */

static bool add_artifact(const struct pm_loop *loop, struct pm_msg_task *msg, uint32_t kind,
                         const struct pm_project_artifact *artifact)
{
    struct pm_artifact *a = &msg->artifacts[msg->n_artifacts++];
    char sha256[65];
    a->kind = kind;
    a->size_bytes = artifact->size_bytes;
    memcpy(a->sha256, artifact->sha256, 32);
    pm_hex_encode(sha256, artifact->sha256, 32);
    int n = artifact->uri[0] == '/'
                ? snprintf(a->url, sizeof a->url, "%s/artifacts/%s", loop->artifacts_url, sha256)
                : snprintf(a->url, sizeof a->url, "%s", artifact->uri);
    return n > 0 && (size_t)n < sizeof a->url;
}

static bool send_task(struct pm_loop *loop, struct pm_session *session, const struct pm_task *task,
                      const struct pm_project_version *version, const struct pm_lease *lease)
{
    struct pm_msg msg = {.kind = PM_MSG_TASK,
                         .task = {.attempt = lease->attempt,
                                  .lease = lease->number,
                                  .deadline_ms = loop->config->lease_ms,
                                  .project = task->project,
                                  .vm_type = version->vm_type}};
    memcpy(msg.task.session, session->id, 16);
    memcpy(msg.task.task, task->id, 32);
    snprintf(msg.task.version, sizeof msg.task.version, "%s", task->version);
    msg.task.input = (struct pm_blob){(const uint8_t *)task->input, strlen(task->input)};
    if (!add_artifact(loop, &msg.task, PM_ARTIFACT_ZKEY, &version->zkey) ||
        !add_artifact(loop, &msg.task, PM_ARTIFACT_WASM, &version->wasm)) {
        pm_log(PM_LOG_ERROR, "dispatch", "project %llu: the URL of an artifact is too long",
               (unsigned long long)task->project);
        return false;
    }
    return pm_loop_send(loop, &session->peer, &msg);
}

/* Leases and sends; false when the ledger does not play along. */
static bool push(struct pm_loop *loop, struct pm_session *session, const struct pm_task *task,
                 const struct pm_project_version *version)
{
    struct pm_lease lease;
    char name[12];
    enum pm_status status = pm_ledger_lease(loop->ledger, &lease, task->id, session->node, session->id,
                                            loop->config->lease_ms, &loop->err);
    if (status == PM_CONFLICT) return true; /* a late result came meanwhile */
    if (!pm_loop_ledger_ok(loop, status, "granting a lease")) return false;
    (void)pm_session_hold(session, lease.number, task->id);
    session->sent++;
    loop->nodes_changed = true;
    if (!send_task(loop, session, task, version, &lease)) {
        pm_loop_end_session(loop, session, "tasks cannot be sent to it");
        return true;
    }
    pm_session_add_key(session, version);
    pm_board_count(loop->o.board, task->project, task->version, PM_COUNT_DISPATCHED, 1);
    if (lease.attempt > 1) pm_board_count(loop->o.board, task->project, task->version, PM_COUNT_RETRY, 1);
    pm_log(PM_LOG_INFO, "dispatch", "task %s: attempt %u, leased to node %llu (%s)",
           pm_loop_short(name, task->id), lease.attempt, (unsigned long long)session->node, session->name);
    return true;
}

/* Finds a node for one task. *pushed: it got one. */
static bool place(struct pm_loop *loop, bool *pushed, struct pm_sched_node *nodes, const uint8_t id[32])
{
    struct pm_task task = {0};
    struct pm_sched_task wanted;
    bool ok = true;
    *pushed = false;
    if (!pm_loop_ledger_ok(loop, pm_ledger_task(loop->ledger, &task, id, &loop->err), "reading a task"))
        return false;
    const struct pm_project *project = pm_loop_project(loop, task.project);
    const struct pm_project_version *version = project ? pm_project_find(project, task.version) : NULL;
    if (version) {
        wanted.vm_type = version->vm_type;
        memcpy(wanted.id, id, 32);
        candidates(nodes, loop, &wanted, version, task.attempts > 0);
        long chosen = pm_sched_choose(&wanted, nodes, loop->sessions.n);
        *pushed = chosen >= 0;
        if (*pushed) ok = push(loop, loop->sessions.list[chosen], &task, version);
    } /* else: its project is not configured any more; it waits for its return */
    pm_task_fini(&task);
    return ok;
}

void pm_loop_dispatch(struct pm_loop *loop)
{
    uint8_t ids[TASKS_SEEN][32];
    size_t n = 0, pushes = 0;
    if (!loop->dispatch_due || !credit_somewhere(loop)) return;
    loop->dispatch_due = false;
    if (!pm_loop_ledger_ok(loop,
                           pm_ledger_tasks_in(loop->ledger, ids, &n, TASKS_SEEN, PM_TASK_PACKED, &loop->err),
                           "reading packed tasks"))
        return;
    struct pm_sched_node *nodes = calloc(loop->sessions.n + 1, sizeof *nodes);
    for (size_t i = 0; nodes && i < n && pushes < PUSHES_PER_ROUND && credit_somewhere(loop); i++) {
        bool pushed;
        if (!place(loop, &pushed, nodes, ids[i])) break;
        pushes += pushed;
    }
    free(nodes);
    if (pushes == PUSHES_PER_ROUND) loop->dispatch_due = loop->busy = true;
}
