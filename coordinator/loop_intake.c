/* Data in: sources are read from where the ledger's cursor stands, lines are checked, and what is new is
 * stored together with the new cursor; as soon as a group has enough messages they become a task. */
#include "coordinator/loop_internal.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGES_PER_POLL = 256, TASKS_PER_ROUND = 16 };

/* -- sources -- */

static enum pm_status open_source(struct pm_loop *loop, const struct pm_project *project,
                                  const struct pm_project_source *from, struct pm_error *err)
{
    struct pm_loop_source *s = &loop->source[loop->n_sources];
    s->project = project;
    s->version = pm_project_find(project, NULL);
    if (!s->version)
        return pm_fail(err, PM_FORMAT, "project %llu has no default version",
                       (unsigned long long)project->id);
    int n = snprintf(s->name, sizeof s->name, "%s:%s", from->type, from->path ? from->path : "");
    if (n < 0 || (size_t)n >= sizeof s->name)
        return pm_fail(err, PM_FORMAT, "project %llu: the path of a source is longer than 280 bytes",
                       (unsigned long long)project->id);
    PM_TRY(pm_source_new(&s->source, from->type, from->path, err));
    loop->n_sources++;
    return PM_OK;
}

enum pm_status pm_loop_open_sources(struct pm_loop *loop, struct pm_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < loop->o.n_projects; i++) n += loop->o.projects[i]->n_sources;
    loop->source = calloc(n + 1, sizeof *loop->source);
    if (!loop->source) return pm_fail(err, PM_NO_MEMORY, "no memory for sources");
    for (size_t i = 0; i < loop->o.n_projects; i++) {
        const struct pm_project *project = loop->o.projects[i];
        for (unsigned k = 0; k < project->n_sources; k++)
            if (strcmp(project->source[k].type, "http") != 0)
                PM_TRY(open_source(loop, project, &project->source[k], err));
    }
    return PM_OK;
}

struct intake {
    struct pm_loop *loop;
    const struct pm_loop_source *source;
    struct pm_message message[MESSAGES_PER_POLL];
    char *text[MESSAGES_PER_POLL]; /* body, NUL, origin: owned */
    char *group[MESSAGES_PER_POLL];
    size_t n, n_lines;
};

static enum pm_status keep_bad(struct intake *in, const char *body, size_t len, const char *origin,
                               const char *reason, struct pm_error *err)
{
    uint64_t project = in->source->project->id;
    pm_board_count(in->loop->o.board, project, in->source->version->version, PM_COUNT_BAD_MESSAGES, 1);
    pm_log(PM_LOG_WARN, "intake", "project %llu: %s is no message: %s", (unsigned long long)project, origin,
           reason);
    return pm_ledger_add_bad_message(in->loop->ledger, project, origin, reason, body, len, err);
}

static enum pm_status sink(void *ctx, const char *body, size_t len, const char *origin, struct pm_error *err)
{
    struct intake *in = ctx;
    struct pm_error why;
    char *group = NULL;
    in->n_lines++;
    if (in->n == MESSAGES_PER_POLL)
        return pm_fail(err, PM_INTERNAL, "the source gave more messages than were asked for");
    if (pm_message_check(in->source->version, body, len, &group, &why) != PM_OK)
        return keep_bad(in, body, len, origin, why.text, err);
    size_t origin_size = strlen(origin) + 1;
    char *text = malloc(len + 1 + origin_size);
    if (!text) {
        free(group);
        return pm_fail(err, PM_NO_MEMORY, "no memory for a message");
    }
    memcpy(text, body, len);
    text[len] = 0;
    memcpy(text + len + 1, origin, origin_size);
    struct pm_message *m = &in->message[in->n];
    *m = (struct pm_message){.project = in->source->project->id,
                             .version = in->source->version->version,
                             .group = group,
                             .body = text,
                             .len = len,
                             .origin = text + len + 1};
    pm_message_id(m->id, m->project, text, len);
    in->text[in->n] = text;
    in->group[in->n++] = group;
    return PM_OK;
}

/* One poll: read, check, store with the cursor. */
static enum pm_status poll_source(struct intake *in, struct pm_error *err)
{
    struct pm_loop *loop = in->loop;
    const struct pm_loop_source *s = in->source;
    char *cursor = NULL, *next = NULL;
    size_t n_new = 0;
    enum pm_status status;
    PM_GOTO(pm_ledger_cursor(loop->ledger, &cursor, s->project->id, s->name, err));
    PM_GOTO(pm_source_poll(s->source, &next, cursor, MESSAGES_PER_POLL, sink, in, err));
    if (in->n == 0 && strcmp(cursor, next) == 0) goto out;
    PM_GOTO(
        pm_ledger_add_messages(loop->ledger, &n_new, s->project->id, s->name, next, in->message, in->n, err));
    if (n_new) {
        pm_board_count(loop->o.board, s->project->id, s->version->version, PM_COUNT_MESSAGES, n_new);
        pm_log(PM_LOG_DEBUG, "intake", "project %llu: %zu new messages", (unsigned long long)s->project->id,
               n_new);
        loop->pack_due = true;
    }
out:
    free(cursor);
    free(next);
    return status;
}

/* A source that is away is told once, and asked again as always. */
static void poll_one(struct pm_loop *loop, struct pm_loop_source *source)
{
    struct intake *in = calloc(1, sizeof *in);
    source->next_ms = loop->now_ms + loop->config->source_poll_ms;
    if (!in) return;
    in->loop = loop;
    in->source = source;
    enum pm_status status = poll_source(in, &loop->err);
    if (status != PM_OK && !source->in_trouble)
        pm_log(PM_LOG_ERROR, "intake", "project %llu, source %s: %s", (unsigned long long)source->project->id,
               source->name, loop->err.text);
    source->in_trouble = status != PM_OK;
    if (status == PM_OK && in->n_lines == MESSAGES_PER_POLL) {
        source->next_ms = 0; /* there is more */
        loop->busy = true;
    }
    for (size_t i = 0; i < in->n; i++) {
        free(in->text[i]);
        free(in->group[i]);
    }
    free(in);
}

void pm_loop_poll_sources(struct pm_loop *loop)
{
    for (size_t i = 0; i < loop->n_sources; i++)
        if (loop->now_ms >= loop->source[i].next_ms) poll_one(loop, &loop->source[i]);
}

/* -- packing -- */

static void describe(struct pm_task *task, const struct pm_project *project,
                     const struct pm_project_version *version, const struct pm_batch *batch)
{
    *task = (struct pm_task){.project = project->id, .chain_id = version->chain_id, .n_messages = batch->n};
    memcpy(task->application, version->application, 20);
    snprintf(task->version, sizeof task->version, "%s", version->version);
    snprintf(task->group, sizeof task->group, "%s", batch->group);
    snprintf(task->client_id, sizeof task->client_id, "%s", project->client_id ? project->client_id : "");
    pm_task_id(task->id, version->chain_id, version->application, project->id, version->version,
               (const uint8_t(*)[32])batch->ids, batch->n);
}

/* Messages that together can be no task (each alone could): a task that has failed, with the reason, so that
 * they do not block those behind them. */
static enum pm_status add_impossible(struct pm_loop *loop, struct pm_task *task, const struct pm_batch *batch,
                                     const char *reason, struct pm_error *err)
{
    task->input = strdup("{}");
    task->publics = calloc(1, 1);
    if (!task->input || !task->publics) return pm_fail(err, PM_NO_MEMORY, "no memory for a task");
    PM_TRY(pm_ledger_add_task(loop->ledger, task, (const uint8_t(*)[32])batch->ids, batch->n, err));
    PM_TRY(pm_ledger_task_event(loop->ledger, NULL, task->id, PM_EVENT_REFUSED, 0, reason, err));
    pm_board_count(loop->o.board, task->project, task->version, PM_COUNT_FAILED, 1);
    return PM_OK;
}

static enum pm_status pack_batch(struct pm_loop *loop, const struct pm_project *project,
                                 const struct pm_project_version *version, const struct pm_batch *batch,
                                 struct pm_error *err)
{
    struct pm_task task;
    struct pm_error why;
    uint8_t domain[32];
    char name[12];
    describe(&task, project, version, batch);
    pm_task_domain(domain, version->chain_id, version->application, project->id, version->version, task.id);
    enum pm_status status = pm_task_derive(&task.input, &task.publics, version, domain,
                                           (const char *const *)batch->bodies, batch->lens, batch->n, &why);
    task.n_public = version->n_public;
    if (status == PM_OK) {
        status = pm_ledger_add_task(loop->ledger, &task, (const uint8_t(*)[32])batch->ids, batch->n, err);
    } else {
        pm_log(PM_LOG_WARN, "intake", "task %s cannot be made: %s", pm_loop_short(name, task.id), why.text);
        task.n_public = 0;
        status = add_impossible(loop, &task, batch, why.text, err);
    }
    if (status == PM_OK) {
        pm_board_count(loop->o.board, project->id, version->version, PM_COUNT_PACKED, 1);
        pm_log(PM_LOG_INFO, "intake", "task %s: %zu messages of project %llu%s%s",
               pm_loop_short(name, task.id), batch->n, (unsigned long long)project->id,
               batch->group[0] ? ", group " : "", batch->group);
    }
    pm_task_fini(&task);
    return status;
}

/* Packs what one version has, at most `max` tasks; returns how many it made. */
static size_t pack_version(struct pm_loop *loop, const struct pm_project *project,
                           const struct pm_project_version *version, size_t max)
{
    size_t made = 0;
    for (; made < max; made++) {
        struct pm_batch batch;
        enum pm_status status = pm_ledger_next_batch(loop->ledger, &batch, project->id, version->version,
                                                     version->task_size, &loop->err);
        if (status == PM_NOT_FOUND) break;
        if (!pm_loop_ledger_ok(loop, status, "reading messages")) break;
        status = pack_batch(loop, project, version, &batch, &loop->err);
        pm_batch_fini(&batch);
        if (!pm_loop_ledger_ok(loop, status, "packing a task")) break;
        loop->dispatch_due = true;
    }
    return made;
}

void pm_loop_pack(struct pm_loop *loop)
{
    if (!loop->pack_due) return;
    loop->pack_due = false;
    for (size_t i = 0; i < loop->o.n_projects; i++) {
        const struct pm_project *project = loop->o.projects[i];
        for (unsigned v = 0; v < project->n_versions; v++)
            if (pack_version(loop, project, &project->version[v], TASKS_PER_ROUND) == TASKS_PER_ROUND)
                loop->pack_due = loop->busy = true;
    }
}
