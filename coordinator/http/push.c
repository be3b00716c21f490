/* Messages pushed to a project over HTTP: JSON lines at POST /v1/projects/ID/messages, and W3bstream's POST
 * /message and GET /task/PROJECT/TASK. A line that can be no message is answered with its reason and stored
 * nowhere; the others go into the ledger in one transaction, and the loop is woken to pack them. */
#include "coordinator/http/request.h"

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_LINES = 10000, MAX_LINE = 256 * 1024 };

struct push {
    struct pm_request *request;
    const struct pm_project *project;
    const struct pm_project_version *version;
    struct pm_message *message;
    size_t n, n_new;
    json_t *accepted, *errors;
};

static bool pushes_allowed(const struct pm_project *project)
{
    for (unsigned i = 0; i < project->n_sources; i++)
        if (strcmp(project->source[i].type, "http") == 0) return true;
    return false;
}

static void push_fini(struct push *push)
{
    for (size_t i = 0; i < push->n; i++) free((void *)(uintptr_t)push->message[i].group);
    free(push->message);
    json_decref(push->accepted);
    json_decref(push->errors);
}

/* An answer's text must be UTF-8, and the reason may quote the message. */
static json_t *printable(const char *text)
{
    json_t *json = json_string(text);
    return json ? json : json_string("not UTF-8");
}

static enum pm_status add_line(struct push *push, size_t line, const char *body, size_t len)
{
    struct pm_error err;
    struct pm_message message = {.project = push->project->id,
                                 .version = push->version->version,
                                 .body = body,
                                 .len = len,
                                 .origin = "http"};
    char *group = NULL, id[67] = "0x";
    enum pm_status status = len > MAX_LINE ? pm_fail(&err, PM_FORMAT, "longer than %d bytes", MAX_LINE)
                                           : pm_message_check(push->version, body, len, &group, &err);
    if (status != PM_OK)
        return json_array_append_new(push->errors, json_pack("{s:I,s:o}", "line", (json_int_t)line, "text",
                                                             printable(err.text))) == 0
                   ? PM_OK
                   : PM_NO_MEMORY;
    struct pm_message *list = realloc(push->message, (push->n + 1) * sizeof *list);
    if (!list) {
        free(group);
        return PM_NO_MEMORY;
    }
    message.group = group;
    pm_message_id(message.id, message.project, body, len);
    pm_hex_encode(id + 2, message.id, 32);
    push->message = list;
    push->message[push->n++] = message;
    return json_array_append_new(push->accepted,
                                 json_pack("{s:I,s:s}", "line", (json_int_t)line, "id", id)) == 0
               ? PM_OK
               : PM_NO_MEMORY;
}

static enum pm_status add_lines(struct push *push, const char *body, size_t len, struct pm_error *err)
{
    size_t line = 0;
    for (size_t at = 0; at < len;) {
        const char *end = memchr(body + at, '\n', len - at);
        size_t next = end ? (size_t)(end - body) + 1 : len;
        size_t n = next - at - (end != NULL);
        line++;
        if (n && body[at + n - 1] == '\r') n--;
        if (n && line > MAX_LINES)
            return pm_fail(err, PM_FORMAT, "more than %d lines in one request", MAX_LINES);
        if (n && add_line(push, line, body + at, n) != PM_OK) return pm_fail(err, PM_NO_MEMORY, "no memory");
        at = next;
    }
    return PM_OK;
}

static enum pm_status store(struct push *push, struct pm_error *err)
{
    struct pm_http *http = push->request->http;
    if (push->n == 0) return PM_OK;
    pthread_mutex_lock(&http->write_mutex);
    enum pm_status status = pm_ledger_add_messages(http->write_ledger, &push->n_new, push->project->id, NULL,
                                                   NULL, push->message, push->n, err);
    pthread_mutex_unlock(&http->write_mutex);
    if (status != PM_OK) return status;
    pm_board_count(http->options.board, push->project->id, push->version->version, PM_COUNT_MESSAGES,
                   push->n_new);
    if (push->n_new && http->options.wake) http->options.wake(http->options.wake_ctx);
    return PM_OK;
}

/* The project and version that are meant; NULL after an answer was sent. */
static bool choose(struct push *push, struct pm_request *request, const char *id_text, const char *version,
                   enum MHD_Result *result)
{
    uint64_t id;
    *push = (struct push){.request = request, .accepted = json_array(), .errors = json_array()};
    push->project = pm_http_number(&id, id_text) ? pm_http_project(request->http, id) : NULL;
    push->version = push->project ? pm_project_find(push->project, version) : NULL;
    if (!push->project)
        *result = pm_http_fail(request, MHD_HTTP_NOT_FOUND, "there is no project with this id");
    else if (!push->version)
        *result = pm_http_fail(request, MHD_HTTP_NOT_FOUND, "the project has no version \"%.64s\"",
                               version ? version : "");
    else if (!pushes_allowed(push->project))
        *result = pm_http_fail(request, MHD_HTTP_FORBIDDEN,
                               "the project takes no pushed messages: it has no source of type \"http\"");
    else if (!push->accepted || !push->errors)
        *result = MHD_NO;
    else
        return true;
    return false;
}

/* {"status", "text"} of a request of which no line was taken; the others' faults stand in "errors". */
static json_t *nothing_taken(const struct push *push)
{
    char said[400];
    json_t *first = json_array_get(push->errors, 0);
    const char *text = json_string_value(json_object_get(first, "text"));
    if (text)
        snprintf(said, sizeof said, "no line of the body is a message of this project; line %lld: %.300s",
                 (long long)json_integer_value(json_object_get(first, "line")), text);
    else
        snprintf(said, sizeof said, "the body has no lines; expected messages, one a line");
    return json_pack("{s:i,s:s}", "status", MHD_HTTP_BAD_REQUEST, "text", said);
}

enum MHD_Result pm_http_push(struct pm_request *request)
{
    struct push push;
    struct pm_error err;
    enum MHD_Result result;
    if (!choose(&push, request, request->segment[0], pm_http_query(request, "version"), &result)) goto out;
    enum pm_status status = add_lines(&push, request->body ? request->body : "", request->body_len, &err);
    if (status == PM_OK) status = store(&push, &err);
    if (status != PM_OK) {
        result = pm_http_fail_status(request, &err);
        goto out;
    }
    bool nothing = push.n == 0;
    result = pm_http_json(request, nothing ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_OK,
                          json_pack("{s:I,s:s,s:I,s:I,s:O,s:O,s:o*}", "project", (json_int_t)push.project->id,
                                    "version", push.version->version, "accepted", (json_int_t)push.n, "new",
                                    (json_int_t)push.n_new, "messages", push.accepted, "errors", push.errors,
                                    "error", nothing ? nothing_taken(&push) : NULL));
out:
    push_fini(&push);
    return result;
}

/* -- W3bstream's -- */

enum MHD_Result pm_http_w3b_message(struct pm_request *request)
{
    struct push push;
    struct pm_error err;
    enum MHD_Result result;
    char id[24];
    json_int_t project = 0;
    const char *version = NULL, *data = NULL;
    size_t len = 0;
    json_t *json =
        json_loadb(request->body ? request->body : "", request->body_len, JSON_REJECT_DUPLICATES, NULL);
    if (json_unpack(json, "{s:I,s?s,s:s%}", "projectID", &project, "projectVersion", &version, "data", &data,
                    &len) != 0) {
        json_decref(json);
        return pm_http_fail(request, MHD_HTTP_BAD_REQUEST,
                            "expected {\"projectID\": number, \"projectVersion\": text, \"data\": text}");
    }
    snprintf(id, sizeof id, "%lld", (long long)project);
    if (!choose(&push, request, id, version && version[0] ? version : NULL, &result)) goto out;
    if (add_line(&push, 1, data, len) != PM_OK) {
        result = MHD_NO;
    } else if (push.n == 0) {
        const char *text = json_string_value(json_object_get(json_array_get(push.errors, 0), "text"));
        result =
            pm_http_fail(request, MHD_HTTP_BAD_REQUEST, "%s", text ? text : "no message of this project");
    } else if (store(&push, &err) != PM_OK) {
        result = pm_http_fail_status(request, &err);
    } else {
        json_t *message_id = json_object_get(json_array_get(push.accepted, 0), "id");
        result = pm_http_json(request, MHD_HTTP_OK, json_pack("{s:O}", "messageID", message_id));
    }
out:
    push_fini(&push);
    json_decref(json);
    return result;
}

/* Our steps under W3bstream's names; steps that it does not have are left out. */
static const char *w3b_state(const char *state)
{
    static const char *const names[][2] = {{"packed", "packed"},
                                           {"dispatched", "dispatched"},
                                           {"proved", "proved"},
                                           {"settled", "outputted"},
                                           {"failed", "failed"}};
    for (size_t i = 0; state && i < sizeof names / sizeof *names; i++)
        if (strcmp(state, names[i][0]) == 0) return names[i][1];
    return NULL;
}

static json_t *w3b_states(const json_t *task)
{
    json_t *states = json_array(), *step;
    size_t i;
    json_array_foreach(json_object_get(task, "history"), i, step)
    {
        const char *name = w3b_state(json_string_value(json_object_get(step, "to")));
        const char *detail = json_string_value(json_object_get(step, "detail"));
        time_t at = (time_t)(json_integer_value(json_object_get(step, "at_ms")) / 1000);
        char time[32];
        struct tm tm;
        gmtime_r(&at, &tm);
        strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &tm);
        if (name)
            json_array_append_new(states, json_pack("{s:s,s:s,s:s}", "state", name, "time", time, "comment",
                                                    detail ? detail : ""));
    }
    return states;
}

enum MHD_Result pm_http_w3b_task(struct pm_request *request)
{
    struct pm_http *http = request->http;
    struct pm_error err;
    uint8_t id[32];
    uint64_t project;
    char *text = NULL;
    if (!pm_http_number(&project, request->segment[0]) || !pm_hex_decode(id, 32, request->segment[1]))
        return pm_http_fail(request, MHD_HTTP_BAD_REQUEST, "expected /task/NUMBER/64 hex digits");
    pthread_mutex_lock(&http->read_mutex);
    enum pm_status status = pm_ledger_json_task(http->read_ledger, &text, id, true, &err);
    pthread_mutex_unlock(&http->read_mutex);
    if (status != PM_OK && status != PM_NOT_FOUND) return pm_http_fail_status(request, &err);
    json_t *task = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    if (!task || (uint64_t)json_integer_value(json_object_get(task, "project")) != project) {
        json_decref(task);
        return pm_http_fail(request, MHD_HTTP_NOT_FOUND, "there is no such task in this project");
    }
    json_t *answer = json_pack("{s:I,s:O,s:o}", "projectID", (json_int_t)project, "taskID",
                               json_object_get(task, "id"), "states", w3b_states(task));
    json_decref(task);
    return pm_http_json(request, MHD_HTTP_OK, answer);
}
