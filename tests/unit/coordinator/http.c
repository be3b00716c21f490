/* The HTTP API against a running server: every path, its mistakes, and the limits. */
#include "service_fixture.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static struct service s;
static struct worker w;
static const char relaxed[] = "duration_ms: 60000, heartbeat_ms: 60000, misses: 2, max_attempts: 3";
static const char token[] = "a token of the test";

static void begin(const char *with_token)
{
    service_make(&s);
    worker_make(&w, &s, "mill", true);
    service_start(&s, relaxed, with_token);
}

static void end(void)
{
    worker_free(&w);
    service_free(&s);
}

/* Calls and checks the status; the answer as JSON (never NULL). */
static json_t *call(long code, const char *method, const char *path, const char *body)
{
    char *text;
    CHECK_U64(http_call(&s, &text, method, path, body, NULL, NULL), code);
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    CHECK_MSG(json != NULL, "%s %s: no JSON: %s", method, path, text);
    if (json && code >= 400) {
        CHECK_U64(json_integer_value(json_object_get(json_object_get(json, "error"), "status")), code);
        CHECK(json_string_length(json_object_get(json_object_get(json, "error"), "text")) > 5);
    }
    free(text);
    return json ? json : json_object();
}

static void expect(long code, const char *method, const char *path, const char *body)
{
    json_decref(call(code, method, path, body));
}

static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text ? text : "";
}

PM_TEST(health)
{
    begin(NULL);
    json_t *json = call(200, "GET", "/live", NULL);
    CHECK(json_is_true(json_object_get(json, "live")));
    json_decref(json);
    for (int i = 0; i < 100 && http_call(&s, NULL, "GET", "/ready", NULL, NULL, NULL) != 200; i++)
        pm_clock_sleep_ms(20);
    json = call(200, "GET", "/ready", NULL);
    CHECK(json_is_true(json_object_get(json, "ready")));
    CHECK_STR(text_of(json, "ledger"), "ok");
    CHECK_STR(text_of(json, "chain"), "none");
    json_decref(json);
    CHECK_U64(http_call(&s, NULL, "HEAD", "/live", NULL, NULL, NULL), 200);
    service_halt_loop(&s);
    pm_board_pulse(s.board, pm_clock_ms(), "the disk is full");
    char *text;
    CHECK_U64(http_call(&s, &text, "GET", "/ready", NULL, NULL, NULL), 503);
    CHECK(strstr(text, "the disk is full") != NULL);
    free(text);
    pm_board_pulse(s.board, 1, NULL);
    CHECK_U64(http_call(&s, &text, "GET", "/ready", NULL, NULL, NULL), 503);
    CHECK(strstr(text, "stood still") != NULL);
    free(text);
    end();
}

PM_TEST(wrong_requests)
{
    begin(NULL);
    expect(404, "GET", "/", NULL);
    expect(404, "GET", "/v1", NULL);
    expect(404, "GET", "/v1/tasks/1/2/3", NULL);
    expect(404, "GET", "/v1/tasks/", NULL);
    expect(404, "GET", "/../etc/passwd", NULL);
    expect(405, "POST", "/v1/tasks", "{}");
    expect(405, "DELETE", "/v1/nodes", NULL);
    expect(405, "GET", "/v1/projects/1/messages", NULL);
    expect(405, "PUT", "/live", "x");
    expect(400, "GET", "/v1/tasks?limit=x", NULL);
    expect(400, "GET", "/v1/tasks?limit=0", NULL);
    expect(400, "GET", "/v1/tasks?limit=1001", NULL);
    expect(400, "GET", "/v1/tasks?before=99999999999999999999", NULL);
    expect(400, "GET", "/v1/tasks?project=-1", NULL);
    expect(400, "GET", "/v1/tasks?state=happy", NULL);
    expect(400, "GET", "/v1/tasks/xyz", NULL);
    expect(404, "GET", "/v1/tasks/0x00000000000000000000000000000000000000000000000000000000000000ff", NULL);
    expect(404, "GET", "/v1/projects/2", NULL);
    expect(404, "GET", "/v1/projects/one", NULL);
    expect(404, "GET", "/v1/projects/2/bad-messages", NULL);
    expect(400, "GET", "/v1/projects/1/bad-messages?limit=0", NULL);
    expect(400, "GET", "/artifacts/passwd", NULL);
    expect(404, "GET", "/artifacts/00000000000000000000000000000000000000000000000000000000000000ff", NULL);
    expect(404, "POST", "/v1/projects/9/messages", "{}");
    expect(404, "POST", "/v1/projects/1/messages?version=9", "{}");
    end();
}

PM_TEST(pushing_messages)
{
    begin(NULL);
    json_t *json =
        call(200, "POST", "/v1/projects/1/messages",
             "{\"meter\":\"x\",\"wh\":1}\r\n\n{\"meter\":\"x\",\"wh\":2}\n{\"meter\":\"x\"}\nno json\n"
             "{\"meter\":\"x\",\"wh\":3}");
    CHECK_U64(json_integer_value(json_object_get(json, "accepted")), 3);
    CHECK_U64(json_integer_value(json_object_get(json, "new")), 3);
    const json_t *messages = json_object_get(json, "messages"), *errors = json_object_get(json, "errors");
    CHECK_U64(json_array_size(messages), 3);
    CHECK_U64(json_integer_value(json_object_get(json_array_get(messages, 1), "line")), 3);
    uint8_t id[32], found[32];
    pm_message_id(id, 1, "{\"meter\":\"x\",\"wh\":2}", 20);
    CHECK(pm_hex_decode(found, 32, text_of(json_array_get(messages, 1), "id")));
    CHECK_MEM(found, id, 32);
    CHECK_U64(json_array_size(errors), 2);
    CHECK_U64(json_integer_value(json_object_get(json_array_get(errors, 0), "line")), 4);
    CHECK(strstr(text_of(json_array_get(errors, 0), "text"), "/wh") != NULL);
    json_decref(json);
    json = call(200, "POST", "/v1/projects/1/messages",
                "{\"meter\":\"x\",\"wh\":3}\n{\"meter\":\"x\",\"wh\":4}\n");
    CHECK_U64(json_integer_value(json_object_get(json, "accepted")), 2);
    CHECK_U64(json_integer_value(json_object_get(json, "new")), 1); /* the other one is known */
    json_decref(json);
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 1, NULL)); /* the loop was woken: four messages are a task */
    expect(400, "POST", "/v1/projects/1/messages", "");
    expect(400, "POST", "/v1/projects/1/messages", "nonsense\nmore\n");
    json = call(
        200, "POST", "/message",
        "{\"projectID\":1,\"projectVersion\":\"1.0\",\"data\":\"{\\\"meter\\\":\\\"x\\\",\\\"wh\\\":9}\"}");
    CHECK_U64(strlen(text_of(json, "messageID")), 66);
    json_decref(json);
    expect(400, "POST", "/message", "{\"projectID\":1}");
    expect(400, "POST", "/message", "{\"projectID\":1,\"data\":\"x\"}");
    expect(404, "POST", "/message", "{\"projectID\":5,\"data\":\"x\"}");
    end();
}

PM_TEST(tasks_nodes_projects)
{
    struct pm_msg msg;
    char path[200], hex[65];
    begin(NULL);
    CHECK(worker_login(&w, &msg));
    pm_msg_fini(&msg);
    worker_credit(&w, 1);
    service_push(&s, "m1", 1, 4);
    service_push(&s, "m2", 1, 4);
    msg = worker_next(&w, 10000);
    CHECK_U64(msg.kind, PM_MSG_TASK);
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 1, NULL));
    json_t *json = call(200, "GET", "/v1/tasks", NULL);
    CHECK_U64(json_array_size(json_object_get(json, "tasks")), 2);
    json_decref(json);
    json = call(200, "GET", "/v1/tasks?state=dispatched&project=1&limit=1", NULL);
    const json_t *task = json_array_get(json_object_get(json, "tasks"), 0);
    pm_hex_encode(hex, msg.task.task, 32);
    CHECK_STR(text_of(task, "id") + 2, hex);
    CHECK_STR(text_of(task, "state"), "dispatched");
    json_decref(json);
    json = call(200, "GET", "/v1/tasks?before=2", NULL);
    CHECK_U64(json_array_size(json_object_get(json, "tasks")), 1);
    json_decref(json);
    worker_answer(&w, &msg.task);
    pm_msg_fini(&msg);
    CHECK(service_wait_tasks(&s, PM_TASK_PROVED, 1, NULL));
    snprintf(path, sizeof path, "/v1/tasks/0x%s", hex);
    json = call(200, "GET", path, NULL);
    CHECK_STR(text_of(json, "state"), "proved");
    CHECK_U64(json_array_size(json_object_get(json, "messages")), 4);
    CHECK(json_array_size(json_object_get(json, "history")) >= 4); /* packed, leased, result, accepted */
    json_decref(json);
    snprintf(path, sizeof path, "/task/1/%s", hex);
    json = call(200, "GET", path, NULL);
    const json_t *states = json_object_get(json, "states");
    CHECK_STR(text_of(json_array_get(states, json_array_size(states) - 1), "state"), "proved");
    json_decref(json);
    snprintf(path, sizeof path, "/task/2/%s", hex);
    expect(404, "GET", path, NULL);

    json = call(200, "GET", "/v1/nodes", NULL);
    const json_t *node = json_array_get(json_object_get(json, "nodes"), 0);
    CHECK_STR(text_of(node, "name"), "mill");
    CHECK(json_is_true(json_object_get(node, "online")));
    CHECK_U64(json_integer_value(json_object_get(node, "slots")), 4);
    CHECK_U64(json_integer_value(json_object_get(node, "proofs")), 1);
    json_decref(json);

    json = call(200, "GET", "/v1/projects", NULL);
    CHECK_STR(text_of(json, "pool"), "test");
    CHECK_U64(json_array_size(json_object_get(json, "projects")), 1);
    json_decref(json);
    json = call(200, "GET", "/v1/projects/1", NULL);
    const json_t *version = json_array_get(json_object_get(json, "versions"), 0);
    CHECK_STR(text_of(version, "version"), "1.0");
    CHECK_U64(strlen(text_of(json_object_get(version, "zkey"), "sha256")), 64);
    CHECK_STR(json_string_value(json_array_get(json_object_get(version, "public_signals"), 1)), "total");
    CHECK_STR(text_of(json_object_get(version, "output"), "application"),
              "0x00000000000000000000000000000000000000bb");
    json_decref(json);
    end();
}

PM_TEST(bad_messages)
{
    struct pm_ledger_counts counts = {.bad_messages = 0};
    begin(NULL);
    file_write(NULL, s.dir, "readings/1.jsonl",
               "{\"meter\":\"x\",\"wh\":1}\nno json\n{\"meter\":\"x\",\"wh\":-1}\n");
    for (int i = 0; i < 500 && counts.bad_messages < 2; i++) {
        pm_clock_sleep_ms(10);
        CHECK_OK(pm_ledger_counts(s.ledger, &counts, &s.err), s.err);
    }
    json_t *json = call(200, "GET", "/v1/projects/1/bad-messages", NULL);
    const json_t *list = json_object_get(json, "bad_messages");
    CHECK_U64(json_array_size(list), 2);
    CHECK_STR(text_of(json_array_get(list, 1), "body"), "no json");
    CHECK(strstr(text_of(json_array_get(list, 1), "origin"), "1.jsonl:2") != NULL);
    CHECK(strstr(text_of(json_array_get(list, 0), "reason"), "/wh") != NULL);
    json_decref(json);
    end();
}

PM_TEST(metrics)
{
    struct pm_msg msg;
    char *text = NULL;
    begin(NULL);
    CHECK(worker_login(&w, &msg));
    pm_msg_fini(&msg);
    worker_credit(&w, 1);
    service_push(&s, "m1", 1, 4);
    msg = worker_next(&w, 10000);
    worker_answer(&w, &msg.task);
    pm_msg_fini(&msg);
    CHECK(service_wait_tasks(&s, PM_TASK_PROVED, 1, NULL));
    pm_clock_sleep_ms(300);
    CHECK_U64(http_call(&s, &text, "GET", "/metrics", NULL, NULL, NULL), 200);
    static const char *const lines[] = {
        "\nproofmill_tasks{state=\"proved\"} 1\n",
        "\nproofmill_tasks{state=\"packed\"} 0\n",
        "\nproofmill_tasks_dispatched_total{project=\"1\",version=\"1.0\"} 1\n",
        "\nproofmill_tasks_succeeded_total{project=\"1\",version=\"1.0\"} 1\n",
        "\nproofmill_tasks_retry_total{project=\"1\",version=\"1.0\"} 0\n",
        "\nproofmill_prove_seconds_bucket{project=\"1\",version=\"1.0\",le=\"0.025\"} 0\n",
        "\nproofmill_prove_seconds_bucket{project=\"1\",version=\"1.0\",le=\"0.05\"} 1\n",
        "\nproofmill_prove_seconds_bucket{project=\"1\",version=\"1.0\",le=\"+Inf\"} 1\n",
        "\nproofmill_prove_seconds_sum{project=\"1\",version=\"1.0\"} 0.040\n",
        "\nproofmill_nodes_online 1\n",
        "\nproofmill_slots 4\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        CHECK_MSG(strstr(text, lines[i]) != NULL, "%s is not in:\n%s", lines[i], text);
    free(text);
    end();
}

PM_TEST(artifacts)
{
    const struct pm_project_version *v;
    char path[200], hex[65], *text;
    begin(NULL);
    v = pm_project_find(s.project, NULL);
    pm_hex_encode(hex, v->wasm.sha256, 32);
    snprintf(path, sizeof path, "/artifacts/%s", hex);
    CHECK_U64(http_call(&s, &text, "GET", path, NULL, NULL, NULL), 200);
    CHECK_STR(text, "any bytes will do here");
    free(text);
    CHECK_U64(http_call(&s, &text, "GET", path, NULL, NULL, "Range: bytes=4-8"), 206);
    CHECK_STR(text, "bytes");
    free(text);
    CHECK_U64(http_call(&s, &text, "GET", path, NULL, NULL, "Range: bytes=18-"), 206);
    CHECK_STR(text, "here");
    free(text);
    CHECK_U64(http_call(&s, NULL, "GET", path, NULL, NULL, "Range: bytes=99-"), 416);
    CHECK_U64(http_call(&s, &text, "GET", path, NULL, NULL, "Range: bytes=5-2,7-"),
              200); /* not understood: everything */
    CHECK_U64(strlen(text), 22);
    free(text);
    CHECK_U64(http_call(&s, NULL, "HEAD", path, NULL, NULL, NULL), 200);
    file_write(NULL, s.dir, "c.wasm", "shorter");
    expect(500, "GET", path, NULL);
    end();
}

PM_TEST(access)
{
    static const char body[] = "{\"meter\":\"x\",\"wh\":1}\n", path[] = "/v1/projects/1/messages";
    char host[100], *text;
    begin(token);
    CHECK_U64(http_call(&s, NULL, "POST", path, body, NULL, NULL), 401);
    CHECK_U64(http_call(&s, NULL, "POST", path, body, "another token", NULL), 401);
    CHECK_U64(http_call(&s, NULL, "POST", path, body, "a token of the tesT", NULL), 401);
    CHECK_U64(http_call(&s, NULL, "POST", path, body, token, NULL), 200);
    CHECK_U64(http_call(&s, NULL, "POST", path, body, token, "Origin: https://evil.example"), 403);
    snprintf(host, sizeof host, "Origin: http://127.0.0.1:%u", pm_http_port(s.http));
    CHECK_U64(http_call(&s, NULL, "POST", path, body, token, host), 200);
    CHECK_U64(http_call(&s, &text, "GET", "/v1/tasks", NULL, NULL, NULL), 200); /* reading is free */
    free(text);
    end();
}

PM_TEST(limits)
{
    size_t len = 9 * 1024 * 1024;
    char *body = malloc(len + 1), *text;
    begin(NULL);
    memset(body, '\n', len);
    body[len] = 0;
    CHECK_U64(http_call(&s, NULL, "POST", "/v1/projects/1/messages", body, NULL, NULL), 413);
    CHECK_U64(
        http_call(&s, NULL, "POST", "/v1/projects/1/messages", body, NULL, "Transfer-Encoding: chunked"),
        413);
    memset(body, 'x', len);
    body[300 * 1024] = 0;
    CHECK_U64(http_call(&s, &text, "POST", "/v1/projects/1/messages", body, NULL, NULL), 400);
    CHECK(strlen(text) < 2000);
    free(text);
    free(body);
    end();
}

/* What is no HTTP at all: the server stays, and answers the next one. */
PM_TEST(garbage)
{
    begin(NULL);
    for (int i = 0; i < 60; i++) {
        struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)pm_http_port(s.http)),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        char bytes[200];
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        CHECK(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
        test_random_bytes(bytes, sizeof bytes);
        static const char post[] =
            "POST /v1/projects/1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n";
        static const char get[] = "GET /v1/tasks/%00%ff%2f..%2f HTTP/1.1\r\n\r\n";
        if (i % 3 == 1) memcpy(bytes, post, sizeof post - 1);
        if (i % 3 == 2) memcpy(bytes, get, sizeof get - 1);
        CHECK(send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) > 0);
        close(fd);
    }
    expect(200, "GET", "/live", NULL);
    end();
}

PM_TEST(a_port_in_use)
{
    struct pm_http *second = NULL;
    struct pm_error err;
    begin(NULL);
    struct pm_http_options o = {.host = "127.0.0.1",
                                .port = pm_http_port(s.http),
                                .ledger_path = s.config->ledger_path,
                                .pool = "test",
                                .projects = &s.project,
                                .n_projects = 1,
                                .board = s.board};
    CHECK_U64(pm_http_start(&second, &o, &err), PM_NETWORK);
    CHECK(strstr(err.text, "in use") != NULL && second == NULL);
    o.host = "no such host.invalid";
    CHECK_U64(pm_http_start(&second, &o, &err), PM_NETWORK);
    end();
}
