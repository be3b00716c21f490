/* The world of an outbox in tests: a chain with router and application, a ledger with proved tasks. TestApp
 * keeps, for each group, a chain of numbers: a task moves its group from `previous` to `next`. */
#ifndef PM_TEST_OUTBOX_WORLD_H
#define PM_TEST_OUTBOX_WORLD_H

#include "anvil.h"

#include "base/keccak.h"
#include "base/log.h"
#include "coordinator/chain/outbox.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/ledger/ledger_outbox.h"

struct world {
    struct anvil chain;
    uint8_t router[20], app[20], key[32], address[20];
    char dir[256], path[300];
    struct pm_ledger *ledger;
    uint64_t node;
    unsigned n_tasks;
    uint8_t task[512][32];
    struct pm_outbox *outbox;
    struct pm_outbox_options options;
    struct pm_outbox_target target;
};

enum { ACCEPT, ERROR, PANIC, CUSTOM, EMPTY, OUT_OF_GAS, BOMB, BURN_THEN_ACCEPT, SILENT };

__attribute__((unused)) static void app_mode(struct world *w, int mode)
{
    char text[32];
    struct pm_error err;
    snprintf(text, sizeof text, "uint8:%d", mode);
    CHECK_OK(anvil_send(&w->chain, w->app, "setMode(uint8)", (const char *[]){text, NULL}, &err), err);
}

static void world_contracts(struct world *w)
{
    char router[64], app[64], owner[64], operator_arg[64];
    struct pm_error err;
    anvil_deploy(&w->chain, w->router, "Router", NULL);
    address_arg(router, w->router);
    anvil_deploy(&w->chain, w->app, "TestApp", (const char *[]){router, NULL});
    address_arg(app, w->app);
    address_arg(owner, w->chain.owner.address);
    address_arg(operator_arg, w->address);
    CHECK_OK(anvil_send(&w->chain, w->router, "registerProject(uint256,address)",
                        (const char *[]){"uint256:7", owner, NULL}, &err),
             err);
    CHECK_OK(anvil_send(&w->chain, w->router, "bindDapp(uint256,address)",
                        (const char *[]){"uint256:7", app, NULL}, &err),
             err);
    CHECK_OK(anvil_send(&w->chain, w->router, "setOperator(uint256,address,bool)",
                        (const char *[]){"uint256:7", operator_arg, "bool:true", NULL}, &err),
             err);
    anvil_give(&w->chain, w->address, "0xde0b6b3a7640000");
}

static void world_outbox(struct world *w)
{
    struct pm_error err;
    pm_outbox_free(&w->outbox);
    CHECK_OK(pm_outbox_new(&w->outbox, w->path, w->key, &w->target, 1, &w->options, &err), err);
}

static void world_start(struct world *w, const char *const *anvil_args)
{
    struct pm_error err;
    const char *tmp = getenv("TMPDIR");
    memset(w, 0, sizeof *w);
    pm_log_set_level(getenv("PM_TEST_LOG") ? PM_LOG_INFO : PM_LOG_ERROR + 1);
    anvil_start(&w->chain, anvil_args);
    test_random_bytes(w->key, 32);
    w->key[0] &= 0x7f;
    CHECK_OK(pm_eth_address(w->address, w->key, &err), err);
    world_contracts(w);

    snprintf(w->dir, sizeof w->dir, "%s/outbox.XXXXXX", tmp ? tmp : "/tmp");
    CHECK(mkdtemp(w->dir) != NULL);
    snprintf(w->path, sizeof w->path, "%s/ledger.sqlite", w->dir);
    CHECK_OK(pm_ledger_open(&w->ledger, w->path, &err), err);
    struct pm_node node = {.name = "mill", .device = "cpu"};
    test_random_bytes(node.identity, sizeof node.identity);
    CHECK_OK(pm_ledger_node_login(w->ledger, &node, &err), err);
    w->node = node.id;

    w->options = (struct pm_outbox_options){.poll_ms = 10,
                                            .bump_after_ms = 60000,
                                            .resend_after_ms = 60000,
                                            .refusal_ms = 1,
                                            .max_refusals = 3,
                                            .max_returns = 2,
                                            .rpc_timeout_ms = 5000};
    w->target = (struct pm_outbox_target){.project = 7,
                                          .version = "1.0",
                                          .chain_id = 31337,
                                          .endpoint = w->chain.url,
                                          .client_id = "meters",
                                          .confirmations = 1};
    memcpy(w->target.router, w->router, 20);
    memcpy(w->target.application, w->app, 20);
    world_outbox(w);
}

static void world_stop(struct world *w)
{
    char command[300];
    pm_outbox_free(&w->outbox);
    pm_ledger_close(&w->ledger);
    anvil_stop(&w->chain);
    snprintf(command, sizeof command, "rm -r %s", w->dir);
    CHECK(strstr(w->dir, "/outbox.") && system(command) == 0);
}

/* A task of `group` ("" for none), through the ledger's whole road up to proved. Returns its index. */
static unsigned world_task(struct world *w, const char *group, unsigned group_number, unsigned previous,
                           unsigned next)
{
    struct pm_error err = {0};
    struct pm_task task = {.project = 7, .chain_id = 31337, .n_messages = 1};
    char body[200], publics[200];
    uint8_t session[16] = {1}, message_id[1][32];
    size_t n_new;
    snprintf(body, sizeof body, "{\"n\": %u, \"seed\": %llu}", w->n_tasks, (unsigned long long)test_random());
    pm_keccak256(message_id[0], body, strlen(body));
    pm_keccak256(task.id, message_id, 32);
    struct pm_message message = {
        .project = 7, .version = "1.0", .group = group, .body = body, .len = strlen(body), .origin = "t"};
    memcpy(message.id, message_id[0], 32);
    CHECK_OK(pm_ledger_add_messages(w->ledger, &n_new, 7, NULL, NULL, &message, 1, &err), err);
    memcpy(task.application, w->app, 20);
    strcpy(task.version, "1.0");
    strcpy(task.group, group);
    strcpy(task.client_id, "meters");
    uint8_t plain[96] = {0};
    task.input = body;
    task.publics = plain;
    task.n_public = 3;
    CHECK_OK(pm_ledger_add_task(w->ledger, &task, (const uint8_t(*)[32])message_id, 1, &err), err);
    struct pm_lease lease;
    CHECK_OK(pm_ledger_lease(w->ledger, &lease, task.id, w->node, session, 60000, &err), err);
    snprintf(publics, sizeof publics, "[\"%u\", \"%u\", \"%u\"]", group_number, previous, next);
    char proof[] = "{\"pi_a\": [\"1\", \"2\", \"1\"], \"pi_b\": [[\"3\", \"4\"], [\"5\", \"6\"], [\"1\", "
                   "\"0\"]], \"pi_c\": [\"7\", "
                   "\"8\", \"1\"], \"protocol\": \"groth16\", \"curve\": \"bn128\"}";
    struct pm_proof_row row = {
        .lease = lease.number, .node = w->node, .proof_type = "groth16", .proof = proof, .publics = publics};
    memcpy(row.task, task.id, 32);
    CHECK_OK(pm_ledger_result(w->ledger, &row, &err), err);
    CHECK_OK(pm_ledger_verdict(w->ledger, task.id, true, 3, NULL, &err), err);
    memcpy(w->task[w->n_tasks], task.id, 32);
    return w->n_tasks++;
}

static enum pm_task_state world_state(struct world *w, unsigned i)
{
    struct pm_task task;
    struct pm_error err;
    CHECK_OK(pm_ledger_task(w->ledger, &task, w->task[i], &err), err);
    enum pm_task_state state = task.state;
    pm_task_fini(&task);
    return state;
}

/* Passes until all tasks are final; at most so many. */
static void world_settle(struct world *w, int max_passes)
{
    struct pm_error err = {0};
    for (int pass = 0; pass < max_passes; pass++) {
        unsigned final = 0;
        CHECK_OK(pm_outbox_step(w->outbox, &err), err);
        for (unsigned i = 0; i < w->n_tasks; i++) final += pm_task_is_final(world_state(w, i));
        if (final == w->n_tasks) return;
        pm_clock_sleep_ms(5);
    }
}

static void world_step(struct world *w)
{
    struct pm_error err = {0};
    CHECK_OK(pm_outbox_step(w->outbox, &err), err);
}

static const char *task_arg(struct world *w, unsigned i)
{
    static char text[80];
    memcpy(text, "bytes32:0x", 11);
    pm_hex_encode(text + 10, w->task[i], 32);
    return text;
}

__attribute__((unused)) static bool world_on_chain(struct world *w, unsigned i)
{
    return anvil_view(&w->chain, w->app, "settled(bytes32)", (const char *[]){task_arg(w, i), NULL}) == 1;
}

static uint64_t world_paid(struct world *w)
{
    uint64_t n = 0;
    struct pm_error err;
    CHECK_OK(pm_eth_nonce(w->chain.rpc, &n, w->address, "latest", &err), err);
    return n;
}

/* DataProcessed events of the router, counted by success. */
static void world_events(struct world *w, unsigned *good, unsigned *bad)
{
    uint8_t topic[32];
    size_t i;
    json_t *log;
    pm_abi_topic(topic, "DataProcessed(uint256,uint256,address,bool,bytes)");
    char *topic_text = pm_hex_0x(topic, 32), *router = pm_hex_0x(w->router, 20);
    json_t *logs = anvil_call(&w->chain, "eth_getLogs",
                              json_pack("[{s:s,s:s,s:s,s:[s]}]", "fromBlock", "0x0", "toBlock", "latest",
                                        "address", router, "topics", topic_text));
    *good = *bad = 0;
    json_array_foreach(logs, i, log)
    {
        const char *data = json_string_value(json_object_get(log, "data"));
        if (data && strlen(data) > 66 && data[65] == '1')
            ++*good;
        else
            ++*bad;
    }
    json_decref(logs);
    free(topic_text);
    free(router);
}

/* The task's history and the row's notes, searched for a text. */
__attribute__((unused)) static bool world_explains(struct world *w, unsigned i, const char *text)
{
    char *json;
    struct pm_error err;
    CHECK_OK(pm_ledger_json_task(w->ledger, &json, w->task[i], true, &err), err);
    bool found = strstr(json, text) != NULL;
    if (!found) fprintf(stderr, "no \"%s\" in %s\n", text, json);
    free(json);
    return found;
}

#endif
