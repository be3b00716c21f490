/* The outbox on a real chain: settling, order, refusals of every kind, fees, replacement, reorganisation,
 * confirmations. */
#include "outbox_world.h"

#include <sqlite3.h>

/* As if the file had been restored from a copy made before the submission. */
static int lose_outbox(const char *path)
{
    sqlite3 *db;
    int rc = sqlite3_open(path, &db);
    if (rc == 0)
        rc = sqlite3_exec(db, "DELETE FROM outbox_tx; DELETE FROM outbox; UPDATE task SET state = 4", NULL,
                          NULL, NULL);
    sqlite3_close(db);
    return rc;
}

PM_TEST(tasks_settle_in_their_groups_order)
{
    struct world w;
    unsigned good, bad;
    world_start(&w, NULL);
    /* Group a's three tasks build on one another; b's one stands between them; two have no group. */
    unsigned a1 = world_task(&w, "a", 1, 0, 10), a2 = world_task(&w, "a", 1, 10, 20),
             b1 = world_task(&w, "b", 2, 0, 5);
    unsigned a3 = world_task(&w, "a", 1, 20, 30);
    world_task(&w, "", 3, 0, 1);
    world_task(&w, "", 4, 0, 1);
    world_step(&w); /* the first of each group, and those without one, go side by side */
    CHECK(world_state(&w, a1) == PM_TASK_SUBMITTED && world_state(&w, b1) == PM_TASK_SUBMITTED);
    CHECK(world_state(&w, a2) == PM_TASK_PROVED && world_state(&w, a3) == PM_TASK_PROVED);
    world_settle(&w, 20);
    for (unsigned i = 0; i < w.n_tasks; i++)
        CHECK(world_state(&w, i) == PM_TASK_SETTLED && world_on_chain(&w, i));
    world_events(&w, &good, &bad);
    CHECK_U64(good, 6);
    CHECK_U64(bad, 0);
    CHECK_U64(world_paid(&w), 6);
    CHECK_U64(anvil_view(&w.chain, w.app, "last(uint256)", (const char *[]){"uint256:1", NULL}), 30);
    CHECK(world_explains(&w, a2, "nonce"));
    struct pm_outbox_stats stats;
    pm_outbox_stats(w.outbox, &stats);
    CHECK(stats.submitted == 6 && stats.settled == 6 && stats.returned == 0 && stats.refused == 0 &&
          stats.gas_spent > 100000);
    CHECK_STR(stats.waiting_for, "");
    world_step(&w);
    CHECK_U64(world_paid(&w), 6);
    world_stop(&w);
}

static void refused_for(struct world *w, int mode, const char *reason)
{
    app_mode(w, mode);
    uint64_t paid = world_paid(w);
    unsigned i = world_task(w, "", 100 + w->n_tasks, 0, 1);
    world_settle(w, 200);
    CHECK_MSG(world_state(w, i) == PM_TASK_FAILED, "mode %d", mode);
    CHECK_MSG(world_explains(w, i, reason), "mode %d", mode);
    CHECK_U64(world_paid(w), paid);
}

PM_TEST(refusals_in_simulation_cost_nothing)
{
    struct world w;
    world_start(&w, NULL);
    refused_for(&w, ERROR, "the application said no");
    refused_for(&w, PANIC, "assertion failed");
    refused_for(&w, CUSTOM, "custom error 0x");
    refused_for(&w, EMPTY, "the application refuses");
    refused_for(&w, OUT_OF_GAS, "the application refuses");
    refused_for(&w, BOMB, "the application refuses");
    /* The contract changes its mind before the tries are used up. */
    app_mode(&w, ERROR);
    unsigned i = world_task(&w, "", 99, 0, 1);
    world_step(&w);
    CHECK(world_state(&w, i) == PM_TASK_PROVED);
    app_mode(&w, ACCEPT);
    world_settle(&w, 200);
    CHECK(world_state(&w, i) == PM_TASK_SETTLED);
    /* A task whose place in its chain was lost for good does not hold up its group for ever. */
    unsigned bad = world_task(&w, "g", 50, 3, 4), next = world_task(&w, "g", 50, 0, 1);
    world_settle(&w, 400);
    CHECK(world_state(&w, bad) == PM_TASK_FAILED && world_explains(&w, bad, "WrongHead(50, 0, 3)"));
    CHECK(world_state(&w, next) == PM_TASK_SETTLED);
    world_stop(&w);
}

/* The chain's state changes between simulation and mining: the router catches the revert, and the money is
 * gone. */
static void caught_by_router(int mode, const char *reason)
{
    struct world w;
    unsigned good, bad;
    world_start(&w, NULL);
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 0));
    unsigned i = world_task(&w, "", 1, 0, 1);
    world_step(&w);
    CHECK(world_state(&w, i) == PM_TASK_SUBMITTED);
    /* The change goes first in the block: it pays more. */
    uint8_t hash[32];
    struct pm_buf raw = {0}, data = {0};
    struct pm_error err;
    char text[32];
    snprintf(text, sizeof text, "uint8:%d", mode);
    anvil_calldata(&data, "setMode(uint8)", (const char *[]){text, NULL});
    struct pm_tx tx = {.chain_id = 31337,
                       .gas_limit = 100000,
                       .max_fee_wei = 900000000000u,
                       .priority_wei = 500000000000u,
                       .to = w.app,
                       .data = data.data,
                       .data_len = data.len};
    CHECK_OK(pm_eth_nonce(w.chain.rpc, &tx.nonce, w.chain.owner.address, "latest", &err), err);
    CHECK_OK(pm_tx_sign(&raw, hash, &tx, w.chain.owner.key, &err), err);
    CHECK_OK(pm_eth_send_raw(w.chain.rpc, raw.data, raw.len, &err), err);
    anvil_mine(&w.chain, 1);
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 1));
    world_step(&w); /* returned, and already tried again: in vain */
    world_events(&w, &good, &bad);
    CHECK_MSG(good == 0 && bad == 1, "mode %d: %u %u", mode, good, bad);
    CHECK_MSG(world_explains(&w, i, reason), "mode %d", mode);
    CHECK(world_state(&w, i) == PM_TASK_PROVED);
    app_mode(&w, ACCEPT);
    world_settle(&w, 200);
    CHECK(world_state(&w, i) == PM_TASK_SETTLED && world_on_chain(&w, i));
    world_events(&w, &good, &bad);
    CHECK(good == 1 && bad == 1);
    CHECK_U64(world_paid(&w), 2);
    pm_buf_fini(&raw);
    pm_buf_fini(&data);
    world_stop(&w);
}

PM_TEST(reverts_are_caught_by_the_router)
{
    caught_by_router(ERROR, "the application said no");
    caught_by_router(PANIC, "assertion failed");
    caught_by_router(CUSTOM, "custom error 0x");
    caught_by_router(EMPTY, "no reason");
    caught_by_router(OUT_OF_GAS, "no reason");
    caught_by_router(BOMB, "custom error 0x00000000");
}

PM_TEST(mined_without_effect_is_bounded)
{
    struct world w;
    unsigned good, bad;
    world_start(&w, NULL);
    app_mode(&w, SILENT); /* it takes the call, and settles nothing */
    unsigned i = world_task(&w, "", 1, 0, 1);
    world_settle(&w, 100);
    CHECK(world_state(&w, i) == PM_TASK_FAILED);
    CHECK(world_explains(&w, i, "does not call it settled") &&
          world_explains(&w, i, "2 transactions were mined"));
    world_events(&w, &good, &bad);
    CHECK_U64(good + bad, 2);
    world_stop(&w);
}

PM_TEST(gas_is_estimated_on_the_inner_call)
{
    struct world w;
    world_start(&w, NULL);
    app_mode(&w, BURN_THEN_ACCEPT);
    for (unsigned i = 0; i < 4; i++) world_task(&w, "", i, 0, 1);
    world_settle(&w, 100);
    for (unsigned i = 0; i < 4; i++) CHECK(world_state(&w, i) == PM_TASK_SETTLED);
    CHECK_U64(world_paid(&w), 4);
    world_stop(&w);
}

PM_TEST(settled_by_somebody_else)
{
    struct world w;
    struct pm_error err;
    world_start(&w, NULL);
    unsigned i = world_task(&w, "g", 1, 0, 9);
    CHECK_OK(anvil_send(&w.chain, w.app, "settleDirectly(bytes32,uint256,uint256)",
                        (const char *[]){task_arg(&w, i), "uint256:1", "uint256:9", NULL}, &err),
             err);
    world_settle(&w, 10);
    CHECK(world_state(&w, i) == PM_TASK_SETTLED && world_explains(&w, i, "settled already"));
    CHECK_U64(world_paid(&w), 0);
    world_stop(&w);
}

PM_TEST(fees_are_raised_until_it_is_mined)
{
    struct world w;
    struct pm_outbox_stats stats;
    struct pm_error err;
    world_start(&w, NULL);
    w.options.bump_after_ms = 30;
    world_outbox(&w);
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 0));
    unsigned i = world_task(&w, "", 1, 0, 1), j = world_task(&w, "", 2, 0, 1);
    for (int round = 0; round < 4; round++) {
        world_step(&w);
        pm_clock_sleep_ms(60);
    }
    pm_outbox_stats(w.outbox, &stats);
    CHECK_MSG(stats.replaced >= 2, "%llu", (unsigned long long)stats.replaced);
    struct pm_outbox_row *rows;
    size_t n;
    CHECK_OK(pm_ledger_outbox_of_task(w.ledger, &rows, &n, w.task[i], &err), err);
    CHECK_U64(n, 1); /* one nonce, several transactions */
    for (size_t k = 1; n == 1 && k < rows[0].n_tx; k++) {
        CHECK(rows[0].tx[k].max_fee_wei * 10 >= rows[0].tx[k - 1].max_fee_wei * 11);
        CHECK(rows[0].tx[k].priority_wei * 10 >= rows[0].tx[k - 1].priority_wei * 11);
    }
    CHECK(n == 1 && rows[0].n_tx >= 3);
    pm_outbox_rows_free(&rows, n);
    CHECK_OK(pm_ledger_outbox_of_task(w.ledger, &rows, &n, w.task[j], &err), err);
    CHECK(n == 1 && rows[0].n_tx == 1); /* behind another nonce: nothing to gain */
    pm_outbox_rows_free(&rows, n);
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 1));
    anvil_mine(&w.chain, 1);
    world_settle(&w, 20);
    CHECK(world_state(&w, i) == PM_TASK_SETTLED && world_state(&w, j) == PM_TASK_SETTLED);
    CHECK_U64(world_paid(&w), 2);
    world_stop(&w);
}

PM_TEST(the_cap_is_never_exceeded)
{
    struct world w;
    struct pm_outbox_stats stats;
    world_start(&w, NULL);
    w.options.max_fee_wei = 20000000000u; /* 20 gwei */
    w.options.bump_after_ms = 20;
    world_outbox(&w);
    anvil_do(&w.chain, "anvil_setNextBlockBaseFeePerGas", json_pack("[s]", "0xba43b7400")); /* 50 gwei */
    anvil_mine(&w.chain, 1);
    unsigned i = world_task(&w, "", 1, 0, 1);
    world_step(&w);
    CHECK(world_state(&w, i) == PM_TASK_PROVED);
    pm_outbox_stats(w.outbox, &stats);
    CHECK_MSG(strstr(stats.waiting_for, "the cap is 20000000000"), "%s", stats.waiting_for);
    /* Affordable again, but then the chain turns dear while the transaction waits. */
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 0));
    anvil_do(&w.chain, "anvil_setNextBlockBaseFeePerGas", json_pack("[s]", "0x3b9aca00")); /* 1 gwei */
    anvil_mine(&w.chain, 1);
    world_step(&w);
    CHECK(world_state(&w, i) == PM_TASK_SUBMITTED);
    for (int k = 0; k < 60; k++) {
        pm_clock_sleep_ms(22);
        world_step(&w);
    }
    pm_outbox_stats(w.outbox, &stats);
    CHECK_MSG(strstr(stats.waiting_for, "the cap allows no replacement"), "%s", stats.waiting_for);
    struct pm_outbox_row *rows;
    struct pm_error err;
    size_t n;
    CHECK_OK(pm_ledger_outbox_of_task(w.ledger, &rows, &n, w.task[i], &err), err);
    for (size_t k = 0; k < n; k++)
        for (size_t m = 0; m < rows[k].n_tx; m++) CHECK(rows[k].tx[m].max_fee_wei <= w.options.max_fee_wei);
    CHECK(n == 1 && rows[0].n_tx > 3);
    pm_outbox_rows_free(&rows, n);
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 1));
    anvil_mine(&w.chain, 1);
    world_settle(&w, 20);
    CHECK(world_state(&w, i) == PM_TASK_SETTLED);
    CHECK_U64(world_paid(&w), 1);
    world_stop(&w);
}

PM_TEST(too_little_money_is_said)
{
    struct world w;
    struct pm_outbox_stats stats;
    world_start(&w, NULL);
    anvil_give(&w.chain, w.address, "0x3e8");
    unsigned i = world_task(&w, "", 1, 0, 1);
    world_step(&w);
    pm_outbox_stats(w.outbox, &stats);
    CHECK_MSG(strstr(stats.waiting_for, "too little"), "%s", stats.waiting_for);
    CHECK(world_state(&w, i) == PM_TASK_PROVED);
    anvil_give(&w.chain, w.address, "0xde0b6b3a7640000");
    world_settle(&w, 10);
    CHECK(world_state(&w, i) == PM_TASK_SETTLED);
    pm_outbox_stats(w.outbox, &stats);
    CHECK_STR(stats.waiting_for, "");
    world_stop(&w);
}

PM_TEST(confirmations_and_reorganisation)
{
    struct world w;
    unsigned good, bad;
    world_start(&w, NULL);
    w.target.confirmations = 4;
    w.options.resend_after_ms = 20;
    world_outbox(&w);
    json_t *snapshot = anvil_call(&w.chain, "evm_snapshot", json_array());
    unsigned i = world_task(&w, "g", 1, 0, 1), next = world_task(&w, "g", 1, 1, 2);
    world_step(&w);
    world_step(&w); /* mined, so that the next of its group may go */
    CHECK(world_state(&w, i) == PM_TASK_SUBMITTED && world_state(&w, next) == PM_TASK_SUBMITTED);
    CHECK(world_on_chain(&w, i) && world_on_chain(&w, next));
    /* The chain forgets both: other blocks take their places. */
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 0));
    anvil_do(&w.chain, "evm_revert", json_pack("[O]", snapshot));
    json_decref(snapshot);
    anvil_mine(&w.chain, 3);
    CHECK(!world_on_chain(&w, i) && world_paid(&w) == 0);
    world_step(&w);
    CHECK(world_state(&w, i) == PM_TASK_SUBMITTED && world_state(&w, next) == PM_TASK_SUBMITTED);
    pm_clock_sleep_ms(30);
    world_step(&w); /* the same bytes again */
    anvil_mine(&w.chain, 1);
    for (int k = 0; k < 3; k++) {
        world_step(&w);
        CHECK(world_state(&w, i) == PM_TASK_SUBMITTED); /* not deep enough */
        anvil_mine(&w.chain, 1);
    }
    world_settle(&w, 20);
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 1));
    CHECK(world_state(&w, i) == PM_TASK_SETTLED && world_state(&w, next) == PM_TASK_SETTLED);
    world_events(&w, &good, &bad);
    CHECK(good == 2 && bad == 0);
    CHECK_U64(world_paid(&w), 2);
    world_stop(&w);
}

PM_TEST(a_nonce_taken_by_another_transaction)
{
    struct world w;
    struct pm_error err;
    world_start(&w, NULL);
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 0));
    unsigned i = world_task(&w, "", 1, 0, 1);
    world_step(&w);
    /* Somebody uses the same key, with the same nonce and a higher price. */
    struct pm_sender thief = w.chain.owner;
    memcpy(thief.key, w.key, 32);
    struct pm_tx tx = {.chain_id = 31337,
                       .nonce = 0,
                       .gas_limit = 21000,
                       .max_fee_wei = 900000000000u,
                       .priority_wei = 500000000000u,
                       .to = w.address};
    struct pm_buf raw = {0};
    uint8_t hash[32];
    CHECK_OK(pm_tx_sign(&raw, hash, &tx, w.key, &err), err);
    CHECK_OK(pm_eth_send_raw(w.chain.rpc, raw.data, raw.len, &err), err);
    pm_buf_fini(&raw);
    anvil_mine(&w.chain, 1);
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 1));
    world_settle(&w, 20);
    CHECK(world_state(&w, i) == PM_TASK_SETTLED && world_explains(&w, i, "consumed by another transaction"));
    CHECK_U64(world_paid(&w), 2);
    world_stop(&w);
}

PM_TEST(unknown_transactions_of_the_key_are_waited_for)
{
    struct world w;
    struct pm_error err;
    struct pm_outbox_stats stats;
    world_start(&w, NULL);
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 0));
    unsigned i = world_task(&w, "", 1, 0, 1);
    world_step(&w);
    /* The ledger is lost after it was sent; another one starts with the same task. */
    struct pm_task lost;
    CHECK_OK(pm_ledger_task(w.ledger, &lost, w.task[i], &err), err);
    CHECK(lost.state == PM_TASK_SUBMITTED);
    pm_task_fini(&lost);
    CHECK(lose_outbox(w.path) == 0);
    world_outbox(&w);
    for (int k = 0; k < 6; k++) world_step(&w);
    pm_outbox_stats(w.outbox, &stats);
    CHECK_MSG(strstr(stats.waiting_for, "does not know"), "%s", stats.waiting_for);
    CHECK(world_state(&w, i) == PM_TASK_PROVED);
    anvil_mine(&w.chain, 1);
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 1));
    world_settle(&w, 20);
    CHECK(world_state(&w, i) == PM_TASK_SETTLED && world_explains(&w, i, "settled already"));
    CHECK_U64(world_paid(&w), 1);
    world_stop(&w);
}

PM_TEST(an_endpoint_that_is_away_or_wrong)
{
    struct world w;
    struct pm_outbox_stats stats;
    world_start(&w, NULL);
    unsigned i = world_task(&w, "", 1, 0, 1);
    w.target.endpoint = "http://127.0.0.1:1/";
    world_outbox(&w);
    world_step(&w);
    pm_outbox_stats(w.outbox, &stats);
    CHECK(stats.rpc_errors == 1 && strstr(stats.waiting_for, "127.0.0.1:1"));
    CHECK(world_state(&w, i) == PM_TASK_PROVED);
    w.target.endpoint = w.chain.url;
    w.target.chain_id = 1; /* anvil is 31337 */
    world_outbox(&w);
    world_step(&w);
    pm_outbox_stats(w.outbox, &stats);
    CHECK_MSG(strstr(stats.waiting_for, "expected chain 1, found chain 31337"), "%s", stats.waiting_for);
    w.target.chain_id = 31337;
    w.target.application[0] ^= 1; /* the project file names another application now */
    world_outbox(&w);
    world_step(&w);
    pm_outbox_stats(w.outbox, &stats);
    CHECK_MSG(strstr(stats.waiting_for, "another chain or application"), "%s", stats.waiting_for);
    CHECK(world_state(&w, i) == PM_TASK_PROVED && world_paid(&w) == 0);
    w.target.application[0] ^= 1;
    world_outbox(&w);
    world_settle(&w, 100);
    CHECK(world_state(&w, i) == PM_TASK_SETTLED);
    world_stop(&w);
}

PM_TEST(as_a_thread)
{
    struct world w;
    struct pm_error err;
    world_start(&w, NULL);
    w.options.poll_ms = 4000;
    world_outbox(&w);
    CHECK_OK(pm_outbox_start(w.outbox, &err), err);
    CHECK(pm_outbox_start(w.outbox, &err) == PM_USAGE);
    for (unsigned i = 0; i < 3; i++) world_task(&w, "g", 1, i, i + 1);
    uint64_t begin = pm_clock_ms();
    pm_outbox_wake(w.outbox);
    for (int i = 0; i < 900 && world_state(&w, 2) != PM_TASK_SETTLED; i++) pm_clock_sleep_ms(10);
    /* Woken for the first; the others follow the blocks, not the poll. */
    CHECK_MSG(pm_clock_ms() - begin < 3900, "%llu ms", (unsigned long long)(pm_clock_ms() - begin));
    begin = pm_clock_ms();
    pm_outbox_stop(w.outbox);
    CHECK(pm_clock_ms() - begin < 1000);
    for (unsigned i = 0; i < 3; i++) CHECK(world_state(&w, i) == PM_TASK_SETTLED);
    CHECK_OK(pm_outbox_start(w.outbox, &err), err); /* and again */
    world_stop(&w);
}

PM_TEST(bad_configuration)
{
    struct pm_outbox *outbox;
    struct pm_error err;
    uint8_t key[32] = {[31] = 1}, zero[32] = {0};
    struct pm_outbox_target t[2] = {
        {.project = 1, .version = "1", .chain_id = 5, .endpoint = "http://127.0.0.1:1"},
        {.project = 1, .version = "1", .chain_id = 5, .endpoint = "http://127.0.0.1:1"}};
    CHECK(pm_outbox_new(&outbox, "/nonexistent/x", key, t, 2, NULL, &err) == PM_USAGE && !outbox);
    CHECK(pm_outbox_new(&outbox, "/nonexistent/x", zero, t, 1, NULL, &err) == PM_USAGE && !outbox);
    CHECK(pm_outbox_new(&outbox, "/nonexistent/x", key, t, 1, NULL, &err) == PM_IO && !outbox);
    t[0].chain_id = 0;
    CHECK(pm_outbox_new(&outbox, "/nonexistent/x", key, t, 1, NULL, &err) == PM_USAGE && !outbox);
    t[0].chain_id = 5;
    t[0].endpoint = "ftp://x";
    CHECK(pm_outbox_new(&outbox, "/nonexistent/x", key, t, 1, NULL, &err) == PM_USAGE && !outbox);
}
