/* See service_fixture.h. */
#include "service_fixture.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "coordinator/project/fetch.h"
#include "json/json.h"
#include "prove/setup.h"

#include <curl/curl.h>

#define MUST(call)                                                                                           \
    do {                                                                                                     \
        if ((call) != PM_OK) {                                                                               \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, s->err.text);                      \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* -- the circuit -- */

enum { ONE, DOMAIN, TOTAL, READING, SQUARE = READING + SERVICE_TASK_SIZE, N_WIRES };

struct text {
    uint8_t bytes[2000];
    size_t len;
};

static void put_lc(struct text *t, uint32_t first, uint32_t n)
{
    pm_store_le32(t->bytes + t->len, n);
    t->len += 4;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t one[32] = {1};
        pm_store_le32(t->bytes + t->len, first + i);
        memcpy(t->bytes + t->len + 4, one, 32);
        t->len += 36;
    }
}

/* (reading 0 + ... ) * 1 = total; domain * domain = square. */
static void make_key(struct service *s, const struct pm_curve *curve)
{
    struct text t = {.len = 0};
    struct pm_r1cs r1cs;
    char r1cs_path[600], zkey_path[600], vk_path[600];
    file_write(r1cs_path, s->dir, "c.r1cs", "");
    file_write(zkey_path, s->dir, "c.zkey", "");
    put_lc(&t, READING, SERVICE_TASK_SIZE);
    put_lc(&t, ONE, 1);
    put_lc(&t, TOTAL, 1);
    put_lc(&t, DOMAIN, 1);
    put_lc(&t, DOMAIN, 1);
    put_lc(&t, SQUARE, 1);
    MUST(pm_r1cs_write(r1cs_path, curve, N_WIRES, 0, 2, 2, t.bytes, t.len, &s->err));
    MUST(pm_r1cs_open(&r1cs, r1cs_path, &s->err));
    MUST(pm_setup_dev(&r1cs, zkey_path, NULL, NULL, &s->err));
    pm_r1cs_close(&r1cs);
    MUST(pm_zkey_open(&s->zkey, zkey_path, PM_CHECK_SHAPE, NULL, &s->err));
    MUST(pm_key_new(&s->key, &s->zkey, NULL, &s->err));
    MUST(pm_prover_new(&s->prover, s->key, "cpu", NULL, &s->err));
    char *vk = pm_json_write_vk(pm_key_vk(s->key));
    file_write(vk_path, s->dir, "vk.json", vk);
    free(vk);
}

void service_prove(struct service *s, char **proof, char **publics, const char *input, size_t len)
{
    uint8_t witness[N_WIRES][32] = {{1}}, mont[32];
    struct pm_proof p;
    uint64_t total = 0;
    const struct pm_curve *curve = s->zkey.curve;
    json_t *json = json_loadb(input, len, 0, NULL);
    if (!pm_json_parse_decimal(witness[DOMAIN], 32, json_string_value(json_object_get(json, "domain"))))
        abort();
    for (size_t i = 0; i < SERVICE_TASK_SIZE; i++) {
        const json_t *reading = json_array_get(json_object_get(json, "readings"), i);
        if (!pm_json_parse_decimal(witness[READING + i], 32, json_string_value(reading))) abort();
        total += pm_load_le64(witness[READING + i]);
    }
    json_decref(json);
    pm_store_le64(witness[TOTAL], total);
    curve->fr_to_mont(mont, witness[DOMAIN]);
    curve->fr_mul(mont, mont, mont);
    curve->fr_from_mont(witness[SQUARE], mont);
    MUST(pm_prove(s->prover, &p, witness[0], N_WIRES, NULL, &s->err));
    *proof = pm_json_write_proof(&p);
    *publics = pm_json_write_public(curve, witness[DOMAIN], 2);
}

/* -- the project -- */

static json_t *artifact(struct service *s, const char *name)
{
    char path[600], hex[65];
    uint8_t hash[32];
    uint64_t size;
    snprintf(path, sizeof path, "%s/%s", s->dir, name);
    MUST(pm_sha256_file(hash, &size, path, &s->err));
    pm_hex_encode(hex, hash, 32);
    return json_pack("{s:s,s:s}", "uri", path, "sha256", hex);
}

static void make_project(struct service *s)
{
    char folder[600], path[600];
    snprintf(folder, sizeof folder, "%s/readings", s->dir);
    if (mkdir(folder, 0700) != 0) abort();
    file_write(NULL, s->dir, "c.wasm", "any bytes will do here");
    json_t *project = json_pack(
        "{s:s,s:s,s:s,s:[{s:s},{s:s,s:s}],s:[{s:s,s:i,s:{s:o,s:o,s:o},s:{s:i,s:s},s:{s:{s:b},s:{s:s}},"
        "s:[{s:s,s:b},{s:s,s:s}],s:{s:s,s:{s:i,s:s,s:s,s:s,s:i}}}]}",
        "name", "meters", "clientID", "client", "defaultVersion", "1.0", "sources", "type", "http", "type",
        "file", "path", folder, "versions", "version", "1.0", "vmTypeID", PM_VM_CIRCOM, "circuit", "zkey",
        artifact(s, "c.zkey"), "wasm", artifact(s, "c.wasm"), "verificationKey", artifact(s, "vk.json"),
        "task", "size", SERVICE_TASK_SIZE, "groupBy", "/meter", "inputs", "domain", "domain", 1, "readings",
        "each", "/wh", "publicSignals", "name", "domain", "domain", 1, "name", "total", "sum", "/wh",
        "output", "type", "ethereumContract", "ethereum", "chainId", 31337, "chainEndpoint",
        "http://127.0.0.1:1", "contractAddress", "0x00000000000000000000000000000000000000aa",
        "receiverAddress", "0x00000000000000000000000000000000000000bb", "confirmations", 1);
    char *text = json_dumps(project, 0);
    json_decref(project);
    if (!text) abort();
    file_write(path, s->dir, "project.json", text);
    free(text);
    MUST(pm_project_load(&s->project, 1, path, NULL, &s->err));
}

void service_make(struct service *s)
{
    memset(s, 0, sizeof *s);
    folder_make(s->dir);
    pm_log_set_level(getenv("TEST_LOG") ? PM_LOG_DEBUG : PM_LOG_ERROR + 1);
    make_key(s, pm_curve_by_name("bn128"));
    make_project(s);
    file_write(NULL, s->dir, "workers.allow", "");
    MUST(pm_curve_keys_new(&s->keys, &s->err));
}

void service_free(struct service *s)
{
    service_stop(s);
    pm_project_free(&s->project);
    pm_prover_free(&s->prover);
    pm_key_free(&s->key);
    pm_zkey_close(&s->zkey);
    folder_remove(s->dir);
}

/* -- running -- */

static void on_proved(void *ctx)
{
    struct service *s = ctx;
    __atomic_add_fetch(&s->n_proved, 1, __ATOMIC_RELAXED);
}

static void on_pushed(void *ctx) { pm_loop_wake(ctx); }

static void *run(void *arg)
{
    struct service *s = arg;
    pm_loop_run(s->loop);
    return NULL;
}

void service_start(struct service *s, const char *leases, const char *token)
{
    char text[2000], path[600], url[400];
    snprintf(
        text, sizeof text,
        "pool: test\ndata_dir: .\nlisten: {port: 0, heartbeat_port: 0}\nhttp: {port: 0}\nsource_poll_ms: 20\n"
        "leases: {%s}\nprojects:\n  - {id: 1, file: project.json}\n",
        leases);
    file_write(path, s->dir, "c.yaml", text);
    MUST(pm_config_load(&s->config, path, &s->err));
    MUST(pm_board_new(&s->board, &s->project, 1, &s->err));
    struct pm_loop_options options = {.config = s->config,
                                      .projects = &s->project,
                                      .n_projects = 1,
                                      .board = s->board,
                                      .keys = &s->keys,
                                      .proved = on_proved,
                                      .proved_ctx = s};
    MUST(pm_loop_new(&s->loop, &options, &s->err));
    struct pm_http_options http = {.host = "127.0.0.1",
                                   .ledger_path = s->config->ledger_path,
                                   .pool = "test",
                                   .token = token,
                                   .projects = &s->project,
                                   .n_projects = 1,
                                   .board = s->board,
                                   .pulse_ms = 10000,
                                   .wake = on_pushed,
                                   .wake_ctx = s->loop};
    MUST(pm_http_start(&s->http, &http, &s->err));
    pm_loop_http_url(url, s->config, pm_http_port(s->http));
    pm_loop_set_artifacts_url(s->loop, url);
    MUST(pm_ledger_open(&s->ledger, s->config->ledger_path, &s->err));
    if (pthread_create(&s->thread, NULL, run, s) != 0) abort();
    s->running = true;
}

void service_halt_loop(struct service *s)
{
    pm_loop_stop(s->loop);
    pthread_join(s->thread, NULL);
    s->halted = true;
}

void service_stop(struct service *s)
{
    if (!s->running) return;
    s->running = false;
    if (!s->halted) service_halt_loop(s);
    s->halted = false;
    pm_http_stop(&s->http);
    pm_loop_free(&s->loop);
    pm_board_free(&s->board);
    pm_ledger_close(&s->ledger);
    pm_config_free(&s->config);
}

uint64_t service_push(struct service *s, const char *meter, unsigned first, unsigned n)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < n; i++) {
        char body[100];
        size_t n_new;
        struct pm_message m = {
            .project = 1, .version = "1.0", .group = meter, .body = body, .origin = "test"};
        m.len = (size_t)snprintf(body, sizeof body, "{\"meter\":\"%s\",\"wh\":%u}", meter, first + i);
        pm_message_id(m.id, 1, body, m.len);
        MUST(pm_ledger_add_messages(s->ledger, &n_new, 1, NULL, NULL, &m, 1, &s->err));
        sum += first + i;
    }
    pm_loop_wake(s->loop);
    return sum;
}

bool service_wait_tasks(struct service *s, enum pm_task_state state, size_t n, uint8_t id[32])
{
    for (int i = 0; i < 1000; i++) {
        uint8_t ids[64][32];
        size_t found = 0;
        MUST(pm_ledger_tasks_in(s->ledger, ids, &found, 64, state, &s->err));
        if (found == n) {
            if (id && n) memcpy(id, ids[0], 32);
            return true;
        }
        pm_clock_sleep_ms(10);
    }
    return false;
}

/* -- workers -- */

void worker_make(struct worker *w, struct service *s, const char *name, bool allowed)
{
    char curve[65], identity[67], path[600];
    *w = (struct worker){.s = s};
    snprintf(w->name, sizeof w->name, "%s", name);
    MUST(pm_curve_keys_new(&w->curve, &s->err));
    MUST(pm_identity_new(&w->identity, &s->err));
    MUST(pm_wire_new(&w->wire, &s->err));
    if (!allowed) return;
    pm_hex_encode(curve, w->curve.public_key, 32);
    pm_hex_encode(identity, w->identity.public_key, 33);
    snprintf(path, sizeof path, "%s/workers.allow", s->dir);
    FILE *f = fopen(path, "a");
    if (!f || fprintf(f, "%s %s %s\n", curve, identity, name) < 0 || fclose(f) != 0) abort();
}

void worker_connect(struct worker *w)
{
    struct service *s = w->s;
    struct pm_dealer *old = w->work;
    pm_dealer_free(&w->beat);
    MUST(pm_dealer_new(&w->work, w->wire, "127.0.0.1", w->port ? w->port : pm_loop_port(s->loop),
                       s->keys.public_key, &w->curve, &s->err));
    pm_dealer_free(&old);
}

void worker_free(struct worker *w)
{
    pm_dealer_free(&w->work);
    pm_dealer_free(&w->beat);
    pm_wire_free(&w->wire);
}

struct pm_msg worker_next(struct worker *w, int timeout_ms)
{
    struct pm_msg msg = {0};
    if (pm_dealer_recv(w->work, &msg, timeout_ms, &w->s->err) != PM_OK) msg = (struct pm_msg){0};
    return msg;
}

bool worker_login(struct worker *w, struct pm_msg *answer)
{
    struct service *s = w->s;
    uint8_t digest[32];
    struct pm_msg hello = {.kind = PM_MSG_HELLO, .hello = {.protocol = PM_WIRE_PROTOCOL}},
                  login = {.kind = PM_MSG_LOGIN};
    if (!w->work) worker_connect(w);
    MUST(pm_dealer_send(w->work, &hello, &s->err));
    *answer = worker_next(w, 5000);
    if (answer->kind != PM_MSG_CHALLENGE) return false;
    const struct pm_msg_challenge *c = &answer->challenge;
    memcpy(login.login.nonce, c->nonce, 32);
    memcpy(login.login.identity, w->identity.public_key, 33);
    pm_login_digest(digest, s->keys.public_key, w->curve.public_key, c->pool_id, c->nonce, c->expires_ms);
    MUST(pm_identity_sign(login.login.signature, &w->identity, digest, &s->err));
    login.login.slots = 4;
    login.login.n_vm_types = 1;
    login.login.vm_types[0].id = PM_VM_CIRCOM;
    MUST(pm_dealer_send(w->work, &login, &s->err));
    pm_msg_fini(answer);
    *answer = worker_next(w, 5000);
    if (answer->kind != PM_MSG_WELCOME) return false;
    memcpy(w->session, answer->welcome.session, 16);
    w->node = answer->welcome.node;
    w->heartbeat_port = answer->welcome.heartbeat_port;
    return true;
}

void worker_send(struct worker *w, struct pm_msg *msg)
{
    struct service *s = w->s;
    memcpy(&msg->credit.session, w->session, 16); /* the first field of every message with a session */
    MUST(pm_dealer_send(w->work, msg, &s->err));
}

void worker_credit(struct worker *w, uint64_t granted)
{
    struct pm_msg msg = {.kind = PM_MSG_CREDIT, .credit = {.granted = granted}};
    worker_send(w, &msg);
}

int worker_beat(struct worker *w, const uint64_t *leases, size_t n)
{
    struct service *s = w->s;
    struct pm_msg msg = {.kind = PM_MSG_HEARTBEAT}, answer;
    if (!w->beat)
        MUST(pm_dealer_new(&w->beat, w->wire, "127.0.0.1", w->heartbeat_port, s->keys.public_key, &w->curve,
                           &s->err));
    memcpy(msg.heartbeat.session, w->session, 16);
    msg.heartbeat.sequence = ++w->sequence;
    for (size_t i = 0; i < n; i++)
        msg.heartbeat.leases[msg.heartbeat.n_leases++] =
            (struct pm_lease_state){.lease = leases[i], .phase = PM_PHASE_PROVE};
    MUST(pm_dealer_send(w->beat, &msg, &s->err));
    if (pm_dealer_recv(w->beat, &answer, 5000, &s->err) != PM_OK) return 0;
    int kind = (int)answer.kind;
    pm_msg_fini(&answer);
    return kind;
}

void worker_result(struct worker *w, const uint8_t task[32], uint64_t lease, const char *proof,
                   const char *publics)
{
    struct pm_msg msg = {.kind = PM_MSG_RESULT, .result = {.lease = lease, .witness_ms = 3, .prove_ms = 40}};
    memcpy(msg.result.task, task, 32);
    snprintf(msg.result.proof_type, sizeof msg.result.proof_type, "groth16/json");
    msg.result.proof = (struct pm_blob){(const uint8_t *)proof, strlen(proof)};
    msg.result.public_signals = (struct pm_blob){(const uint8_t *)publics, strlen(publics)};
    worker_send(w, &msg);
}

void worker_answer(struct worker *w, const struct pm_msg_task *task)
{
    char *proof, *publics;
    service_prove(w->s, &proof, &publics, (const char *)task->input.data, task->input.len);
    worker_result(w, task->task, task->lease, proof, publics);
    free(proof);
    free(publics);
}

void worker_failed(struct worker *w, const struct pm_msg_task *task, enum pm_status status)
{
    struct pm_msg msg = {.kind = PM_MSG_FAILED,
                         .failed = {.lease = task->lease, .status = status, .text = "says the test"}};
    memcpy(msg.failed.task, task->task, 32);
    worker_send(w, &msg);
}

/* -- HTTP -- */

struct body {
    char *text;
    size_t len;
};

static size_t on_data(char *data, size_t size, size_t n, void *ctx)
{
    struct body *body = ctx;
    char *text = realloc(body->text, body->len + size * n + 1);
    if (!text) return 0;
    memcpy(text + body->len, data, size * n);
    body->text = text;
    body->len += size * n;
    text[body->len] = 0;
    return size * n;
}

long http_call(struct service *s, char **out, const char *method, const char *path, const char *body,
               const char *token, const char *header)
{
    char url[600], authorization[300];
    struct body answer = {.text = calloc(1, 1)};
    struct curl_slist *headers = NULL;
    long code = 0;
    CURL *curl = curl_easy_init();
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", pm_http_port(s->http), path);
    snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", token ? token : "");
    if (token) headers = curl_slist_append(headers, authorization);
    if (header) headers = curl_slist_append(headers, header);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    if (curl_easy_perform(curl) == CURLE_OK) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (out)
        *out = answer.text;
    else
        free(answer.text);
    return code;
}
