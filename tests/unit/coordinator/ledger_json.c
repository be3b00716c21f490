/* What the API shows: field names are a promise, so they are spelled out here. */
#include "ledger_fixture.h"

#include <jansson.h>

static json_t *parse(char *text)
{
    json_t *json = json_loads(text ? text : "", 0, NULL);
    CHECK_MSG(json, "%s", text ? text : "(none)");
    free(text);
    return json;
}

/* The object has exactly these fields, separated by spaces. */
static void check_fields(const json_t *object, const char *names)
{
    char copy[512], *rest = NULL;
    size_t n = 0;
    snprintf(copy, sizeof copy, "%s", names);
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest), n++)
        CHECK_MSG(json_object_get(object, name), "no field %s", name);
    CHECK_U64(json_object_size(object), n);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "(no text)";
}

static uint64_t number_of(const json_t *object, const char *name)
{
    CHECK_MSG(json_is_integer(json_object_get(object, name)), "%s is no integer", name);
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

#define LIST_FIELDS                                                                                          \
    "id seq project version group client_id chain_id application state attempts failures n_messages "        \
    "created_ms "                                                                                            \
    "updated_ms node node_name witness_ms prove_ms tx_hash"

static void prove_task(struct fixture *f, const uint8_t task[32], uint64_t node)
{
    static char proof[] = "{\"pi_a\":[\"1\"]}", publics[] = "[\"7\",\"8\"]";
    struct pm_lease lease;
    struct pm_proof_row row = {
        .node = node, .proof_type = "groth16/json", .proof = proof, .publics = publics, .prove_ms = 300};
    CHECK_OK(pm_ledger_lease(f->ledger, &lease, task, node, session_a, 1000, &f->err), f->err);
    row.lease = lease.number;
    memcpy(row.task, task, 32);
    CHECK_OK(pm_ledger_result(f->ledger, &row, &f->err), f->err);
    CHECK_OK(pm_ledger_verdict(f->ledger, task, true, 3, "groth16, 2 signals", &f->err), f->err);
}

PM_TEST(a_task_is_explained)
{
    struct fixture f;
    uint8_t task[32];
    char *text;
    fixture_open(&f);
    uint64_t node = add_node(&f, 1, "mill-1");
    add_task(&f, task, 0x01020304);
    prove_task(&f, task, node);
    CHECK_OK(pm_ledger_json_task(f.ledger, &text, task, true, &f.err), f.err);
    json_t *json = parse(text);
    check_fields(json, LIST_FIELDS " messages leases proofs transactions refusals history");
    CHECK_STR(text_of(json, "id"), "0x0102030400000000000000000000000000000000000000000000000000000000");
    CHECK_STR(text_of(json, "application"), "0x00000000000000000000000000000000000000aa");
    CHECK_STR(text_of(json, "state"), "proved");
    CHECK_STR(text_of(json, "node_name"), "mill-1");
    CHECK_U64(number_of(json, "chain_id"), 31337);
    CHECK_U64(number_of(json, "prove_ms"), 300);

    json_t *message = json_array_get(json_object_get(json, "messages"), 0);
    check_fields(message, "id origin received_ms body");
    CHECK_STR(text_of(json_object_get(message, "body"), "group"), "g");
    json_t *lease = json_array_get(json_object_get(json, "leases"), 0);
    check_fields(lease,
                 "number attempt node node_name granted_ms deadline_ms ended_ms outcome counts reason");
    CHECK_STR(text_of(lease, "outcome"), "accepted");
    CHECK(json_is_false(json_object_get(lease, "counts")));
    json_t *proof = json_array_get(json_object_get(json, "proofs"), 0);
    check_fields(
        proof,
        "node node_name lease proof_type witness_ms prove_ms received_ms verified_ms proof public_signals");
    CHECK(json_is_object(json_object_get(proof, "proof")) &&
          json_array_size(json_object_get(proof, "public_signals")) == 2);

    CHECK(json_array_size(json_object_get(json, "transactions")) == 0 &&
          json_is_null(json_object_get(json, "tx_hash")));

    static const char *const events[] = {"packed", "leased", "result", "accepted"};
    json_t *history = json_object_get(json, "history");
    CHECK_U64(json_array_size(history), 4);
    for (size_t i = 0; i < 4; i++) {
        check_fields(json_array_get(history, i), "at_ms event from to node node_name detail");
        CHECK_STR(text_of(json_array_get(history, i), "event"), events[i]);
    }
    CHECK(json_is_null(json_object_get(json_array_get(history, 0), "from")));
    CHECK_STR(text_of(json_array_get(history, 1), "from"), "packed");
    CHECK_STR(text_of(json_array_get(history, 1), "to"), "dispatched");
    CHECK_STR(text_of(json_array_get(history, 1), "node_name"), "mill-1");
    CHECK_STR(text_of(json_array_get(history, 3), "detail"), "groth16, 2 signals");
    json_decref(json);

    CHECK_OK(pm_ledger_json_task(f.ledger, &text, task, false, &f.err), f.err);
    json = parse(text);
    CHECK(!json_object_get(json, "history"));
    json_decref(json);
    task[0] ^= 1;
    CHECK(pm_ledger_json_task(f.ledger, &text, task, true, &f.err) == PM_NOT_FOUND && !text);
    fixture_close(&f);
}

PM_TEST(lists_filter_and_page)
{
    struct fixture f;
    uint8_t task[32];
    char *text;
    fixture_open(&f);
    uint64_t node = add_node(&f, 1, "mill-1");
    for (uint32_t i = 1; i <= 5; i++) add_task(&f, task, i);
    prove_task(&f, task, node);
    static const struct {
        uint64_t project;
        const char *state;
        uint64_t before;
        unsigned limit;
        size_t n;
        uint64_t first;
    } rows[] = {{0, NULL, 0, 0, 5, 5},     {1, NULL, 0, 2, 2, 5},     {1, NULL, 4, 2, 2, 3},
                {2, NULL, 0, 0, 0, 0},     {0, "packed", 0, 0, 4, 4}, {0, "proved", 0, 0, 1, 5},
                {0, "settled", 0, 0, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_OK(pm_ledger_json_tasks(f.ledger, &text, rows[i].project, rows[i].state, rows[i].before,
                                      rows[i].limit, &f.err),
                 f.err);
        json_t *json = parse(text);
        CHECK_U64(json_array_size(json), rows[i].n);
        if (rows[i].n) {
            check_fields(json_array_get(json, 0), LIST_FIELDS);
            CHECK_U64(number_of(json_array_get(json, 0), "seq"), rows[i].first);
        }
        json_decref(json);
    }
    CHECK(pm_ledger_json_tasks(f.ledger, &text, 0, "lost", 0, 0, &f.err) == PM_USAGE);
    CHECK_OK(pm_ledger_json_nodes(f.ledger, &text, &f.err), f.err);
    json_t *json = parse(text);
    CHECK_U64(json_array_size(json), 1);
    check_fields(json_array_get(json, 0),
                 "id name device identity curve_public beneficiary first_seen_ms last_seen_ms proofs "
                 "failures open_leases");
    CHECK_U64(number_of(json_array_get(json, 0), "proofs"), 1);
    json_decref(json);
    fixture_close(&f);
}

/* Numbers above 2^63 and texts that are not UTF-8 are shown, never lost. */
PM_TEST(odd_values)
{
    struct fixture f;
    char *text;
    size_t n_new;
    static char input[] = "{}";
    fixture_open(&f);
    struct pm_message m = {
        .id = {1}, .version = "1.0", .group = "\xff\xfe", .body = "not json", .len = 8, .origin = "o"};
    CHECK_OK(pm_ledger_add_messages(f.ledger, &n_new, UINT64_MAX, NULL, NULL, &m, 1, &f.err), f.err);
    struct pm_task task = {.id = {3},
                           .project = UINT64_MAX,
                           .chain_id = UINT64_MAX - 1,
                           .version = "1.0",
                           .group = "\xff\xfe",
                           .input = input};
    CHECK_OK(pm_ledger_add_task(f.ledger, &task, (const uint8_t(*)[32]) & m.id, 1, &f.err), f.err);
    CHECK_OK(pm_ledger_json_task(f.ledger, &text, task.id, true, &f.err), f.err);
    json_t *json = parse(text);
    CHECK_STR(text_of(json, "project"), "18446744073709551615");
    CHECK_STR(text_of(json, "chain_id"), "18446744073709551614");
    CHECK_STR(text_of(json, "group"), "0xfffe");
    CHECK_STR(text_of(json_array_get(json_object_get(json, "messages"), 0), "body"), "not json");
    CHECK(json_is_null(json_object_get(json, "node")));
    json_decref(json);
    fixture_close(&f);
}

PM_TEST(transactions_are_shown)
{
    struct fixture f;
    uint8_t task[32];
    char *text;
    fixture_open(&f);
    uint64_t node = add_node(&f, 1, "mill-1");
    add_task(&f, task, 1);
    prove_task(&f, task, node);
    CHECK_OK(pm_ledger_exec(
                 f.ledger, &f.err,
                 "INSERT INTO outbox (task, chain_id, sender, nonce, prover, state, created_ms, updated_ms)"
                 " VALUES (?1, 31337, zeroblob(20), 4, ?2, 1, 10, 10)",
                 "bu", task, (size_t)32, node),
             f.err);
    CHECK_OK(
        pm_ledger_exec(
            f.ledger, &f.err,
            "INSERT INTO outbox_tx (hash, outbox, raw, gas_limit, max_fee_wei, priority_wei, created_ms)"
            " VALUES (zeroblob(32), 1, x'02', 21000, 7, 1, 10), (x'"
            "ff00000000000000000000000000000000000000000000000000000000000001', 1, x'02', 21000, 8, 1, 11)",
            ""),
        f.err);
    CHECK_OK(pm_ledger_json_task(f.ledger, &text, task, false, &f.err), f.err);
    json_t *json = parse(text), *rows = json_object_get(json, "transactions");
    CHECK_STR(text_of(json, "tx_hash"), "0xff00000000000000000000000000000000000000000000000000000000000001");
    CHECK_U64(json_array_size(rows), 2);
    check_fields(json_array_get(rows, 0),
                 "hash chain_id sender nonce state block_number gas_limit max_fee_wei priority_wei "
                 "created_ms sends sent_ms error note");
    CHECK_STR(text_of(json_array_get(rows, 1), "state"), "live");
    CHECK_U64(number_of(json_array_get(rows, 1), "max_fee_wei"), 8);
    json_decref(json);
    fixture_close(&f);
}
