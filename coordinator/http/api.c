/* The reading part of the API: tasks, nodes, projects. Texts of tasks and nodes come from the ledger
 * (ledger_json.c has the field names); nodes get what the loop knows of them beside, from the board. */
#include "coordinator/http/request.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- tasks -- */

static bool number_argument(uint64_t *out, struct pm_request *request, const char *name, bool *bad)
{
    const char *text = pm_http_query(request, name);
    if (text && !pm_http_number(out, text)) *bad = true;
    return text != NULL;
}

/* {"name": <text>}, which is JSON already; frees it. */
static char *wrap(const char *name, char *text)
{
    char *out = NULL;
    if (text && asprintf(&out, "{\"%s\":%s}", name, text) < 0) out = NULL;
    free(text);
    return out;
}

enum MHD_Result pm_http_tasks(struct pm_request *request)
{
    struct pm_http *http = request->http;
    struct pm_error err;
    uint64_t project = 0, before = 0, limit = 100;
    char *text = NULL;
    bool bad = false;
    number_argument(&project, request, "project", &bad);
    number_argument(&before, request, "before", &bad);
    number_argument(&limit, request, "limit", &bad);
    if (bad || limit == 0 || limit > 1000 || before > INT64_MAX)
        return pm_http_fail(request, MHD_HTTP_BAD_REQUEST,
                            "project, before and limit must be numbers, limit from 1 to 1000");
    pthread_mutex_lock(&http->read_mutex);
    enum pm_status status = pm_ledger_json_tasks(
        http->read_ledger, &text, project, pm_http_query(request, "state"), before, (unsigned)limit, &err);
    pthread_mutex_unlock(&http->read_mutex);
    if (status != PM_OK) return pm_http_fail_status(request, &err);
    return pm_http_json_text(request, MHD_HTTP_OK, wrap("tasks", text));
}

enum MHD_Result pm_http_task(struct pm_request *request)
{
    struct pm_http *http = request->http;
    struct pm_error err;
    uint8_t id[32];
    char *text = NULL;
    if (!pm_hex_decode(id, 32, request->segment[0]))
        return pm_http_fail(request, MHD_HTTP_BAD_REQUEST, "a task's id is 64 hex digits");
    pthread_mutex_lock(&http->read_mutex);
    enum pm_status status = pm_ledger_json_task(http->read_ledger, &text, id, true, &err);
    pthread_mutex_unlock(&http->read_mutex);
    if (status == PM_NOT_FOUND)
        return pm_http_fail(request, MHD_HTTP_NOT_FOUND, "there is no task with this id");
    if (status != PM_OK) return pm_http_fail_status(request, &err);
    return pm_http_json_text(request, MHD_HTTP_OK, text);
}

/* -- nodes -- */

static void add_online(json_t *nodes, const struct pm_board_view *view)
{
    size_t i;
    json_t *node;
    uint64_t now_ms = pm_clock_ms();
    json_array_foreach(nodes, i, node)
    {
        const struct pm_board_node *found = NULL;
        uint64_t id = (uint64_t)json_integer_value(json_object_get(node, "id"));
        for (size_t k = 0; k < view->n_nodes && !found; k++)
            if (view->node[k].node == id) found = &view->node[k];
        json_object_set_new(node, "online", json_boolean(found));
        if (!found) continue;
        json_object_set_new(node, "slots", json_integer(found->slots));
        json_object_set_new(node, "busy", json_integer(found->busy));
        json_object_set_new(node, "granted", json_integer((json_int_t)found->granted));
        json_object_set_new(node, "sent", json_integer((json_int_t)found->sent));
        uint64_t since = now_ms > found->since_ms ? now_ms - found->since_ms : 0;
        json_object_set_new(node, "session_ms", json_integer((json_int_t)since));
    }
}

enum MHD_Result pm_http_nodes(struct pm_request *request)
{
    struct pm_http *http = request->http;
    struct pm_error err;
    struct pm_board_view view;
    char *text = NULL;
    pthread_mutex_lock(&http->read_mutex);
    enum pm_status status = pm_ledger_json_nodes(http->read_ledger, &text, &err);
    pthread_mutex_unlock(&http->read_mutex);
    if (status != PM_OK) return pm_http_fail_status(request, &err);
    json_t *nodes = json_loads(text, 0, NULL);
    free(text);
    if (nodes && pm_board_read(http->options.board, &view, NULL) == PM_OK) {
        add_online(nodes, &view);
        pm_board_view_fini(&view);
    }
    return pm_http_json(request, MHD_HTTP_OK, json_pack("{s:o}", "nodes", nodes));
}

/* -- projects -- */

static json_t *hex_json(const uint8_t *bytes, size_t len)
{
    char text[2 * 33 + 3] = "0x";
    if (len > 33) return NULL;
    pm_hex_encode(text + 2, bytes, len);
    return json_string(text);
}

static json_t *artifact_json(const struct pm_project_artifact *artifact)
{
    char sha256[65];
    pm_hex_encode(sha256, artifact->sha256, 32);
    return json_pack("{s:s,s:I}", "sha256", sha256, "size_bytes", (json_int_t)artifact->size_bytes);
}

static json_t *names_json(const struct pm_binding *binding, unsigned n)
{
    json_t *list = json_array();
    for (unsigned i = 0; list && i < n; i++)
        json_array_append_new(list, json_string(binding[i].name ? binding[i].name : ""));
    return list;
}

static json_t *version_json(const struct pm_project_version *v)
{
    return json_pack(
        "{s:s,s:I,s:I,s:s?,s:o,s:o,s:o,s:o,s:o,s:b,s:{s:s,s:I,s:o,s:o,s:I}}", "version", v->version,
        "vm_type", (json_int_t)v->vm_type, "task_size", (json_int_t)v->task_size, "group_by", v->group_by,
        "zkey", artifact_json(&v->zkey), "wasm", artifact_json(&v->wasm), "verification_key",
        artifact_json(&v->verification_key), "inputs", names_json(v->input, v->n_inputs), "public_signals",
        names_json(v->public_signal, v->n_public), "dev_key", (int)v->vk.dev, "output", "type",
        "ethereumContract", "chain_id", (json_int_t)v->chain_id, "router", hex_json(v->router, 20),
        "application", hex_json(v->application, 20), "confirmations", (json_int_t)v->confirmations);
}

/* Paths and endpoints stay here: they may hold names of machines and keys. */
static json_t *project_json(const struct pm_project *p)
{
    json_t *sources = json_array(), *versions = json_array();
    for (unsigned i = 0; sources && i < p->n_sources; i++)
        json_array_append_new(sources, json_pack("{s:s}", "type", p->source[i].type));
    for (unsigned i = 0; versions && i < p->n_versions; i++)
        json_array_append_new(versions, version_json(&p->version[i]));
    return json_pack("{s:I,s:s?,s:s?,s:s?,s:o,s:o,s:o}", "id", (json_int_t)p->id, "name", p->name,
                     "default_version", p->default_version, "client_id", p->client_id, "sha256",
                     hex_json(p->hash, 32), "sources", sources, "versions", versions);
}

enum MHD_Result pm_http_projects(struct pm_request *request)
{
    const struct pm_http_options *o = &request->http->options;
    json_t *list = json_array();
    for (size_t i = 0; list && i < o->n_projects; i++)
        json_array_append_new(list, project_json(o->projects[i]));
    return pm_http_json(request, MHD_HTTP_OK,
                        json_pack("{s:s,s:o}", "pool", request->http->pool, "projects", list));
}

enum MHD_Result pm_http_one_project(struct pm_request *request)
{
    uint64_t id;
    const struct pm_project *project =
        pm_http_number(&id, request->segment[0]) ? pm_http_project(request->http, id) : NULL;
    if (!project) return pm_http_fail(request, MHD_HTTP_NOT_FOUND, "there is no project with this id");
    return pm_http_json(request, MHD_HTTP_OK, project_json(project));
}

/* Lines of the project's sources that can be no message, with the reason. */
enum MHD_Result pm_http_bad_messages(struct pm_request *request)
{
    struct pm_http *http = request->http;
    struct pm_error err;
    uint64_t id, limit = 100;
    char *text = NULL;
    bool bad = false;
    number_argument(&limit, request, "limit", &bad);
    if (bad || limit == 0 || limit > 1000)
        return pm_http_fail(request, MHD_HTTP_BAD_REQUEST, "limit must be a number from 1 to 1000");
    if (!pm_http_number(&id, request->segment[0]) || !pm_http_project(http, id))
        return pm_http_fail(request, MHD_HTTP_NOT_FOUND, "there is no project with this id");
    pthread_mutex_lock(&http->read_mutex);
    enum pm_status status = pm_ledger_json_bad_messages(http->read_ledger, &text, id, (unsigned)limit, &err);
    pthread_mutex_unlock(&http->read_mutex);
    if (status != PM_OK) return pm_http_fail_status(request, &err);
    return pm_http_json_text(request, MHD_HTTP_OK, wrap("bad_messages", text));
}
