/* The loop as a whole: restarts with work in hand, and data from a folder. */
#include "loop_fixture.h"

/* -- restarts -- */
PM_TEST(restart_with_work_in_hand)
{
    begin(relaxed);
    log_in(&a);
    worker_credit(&a, 2);
    service_push(&s, "m", 1, 4);
    service_push(&s, "n", 1, 4);
    struct pm_msg first = next_kind(&a, PM_MSG_TASK), second = next_kind(&a, PM_MSG_TASK);
    service_stop(&s);
    service_start(&s, relaxed, NULL);
    worker_connect(&a);
    worker_answer(&a, &first.task); /* the session is not known any more */
    struct pm_msg msg = next_kind(&a, PM_MSG_LOGIN_AGAIN);
    pm_msg_fini(&msg);
    log_in(&a);
    worker_answer(&a, &first.task); /* the lease is */
    expect_done(&a, true, PM_OK, "verified");
    worker_credit(&a, 5);
    nothing_comes(&a, 300); /* and nobody else got the other task meanwhile */
    worker_answer(&a, &second.task);
    expect_done(&a, true, PM_OK, "verified");
    CHECK(service_wait_tasks(&s, PM_TASK_PROVED, 2, NULL));
    pm_msg_fini(&first);
    pm_msg_fini(&second);
    end();
}

/* What a node does not list after a restart, it has lost: the lease is given back before its deadline. */
PM_TEST(restart_with_work_lost)
{
    begin("duration_ms: 60000, heartbeat_ms: 5000, misses: 2, max_attempts: 1");
    log_in(&a);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    service_stop(&s);
    service_start(&s, "duration_ms: 60000, heartbeat_ms: 5000, misses: 2, max_attempts: 1", NULL);
    worker_connect(&a);
    log_in(&a);
    for (int i = 0; i < 3; i++) {
        CHECK(service_wait_tasks(&s, PM_TASK_DISPATCHED, 1, NULL));
        CHECK_U64(worker_beat(&a, NULL, 0), PM_MSG_BEAT);
    }
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 1, NULL));
    pm_msg_fini(&task);
    end();
}

/* Stopped between a result and its verdict: the proof is in the ledger and is verified by the next one. */
PM_TEST(restart_while_checking)
{
    uint8_t id[32];
    struct pm_proof_row row = {.proof_type = "groth16/json"};
    begin(relaxed);
    log_in(&a);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    char *path = strdup(s.config->ledger_path);
    service_stop(&s);
    CHECK_OK(pm_ledger_open(&s.ledger, path, &s.err), s.err);
    memcpy(row.task, task.task.task, 32);
    row.lease = task.task.lease;
    row.node = a.node;
    service_prove(&s, &row.proof, &row.publics, (const char *)task.task.input.data, task.task.input.len);
    CHECK_OK(pm_ledger_result(s.ledger, &row, &s.err), s.err);
    pm_ledger_close(&s.ledger);
    service_start(&s, relaxed, NULL);
    CHECK(service_wait_tasks(&s, PM_TASK_PROVED, 1, id));
    CHECK_MEM(id, task.task.task, 32);
    pm_proof_row_fini(&row);
    pm_msg_fini(&task);
    free(path);
    end();
}

/* -- data -- */
PM_TEST(data_from_a_folder)
{
    struct pm_ledger_counts counts;
    char folder[300];
    begin(relaxed);
    snprintf(folder, sizeof folder, "%s/readings", s.dir);
    file_write(NULL, folder, "1.jsonl",
               "{\"meter\":\"x\",\"wh\":1}\n{\"meter\":\"x\",\"wh\":2}\nno "
               "json\n{\"meter\":\"y\",\"wh\":2}\n{\"meter\":\"x\"}\n"
               "{\"meter\":\"x\",\"wh\":3}\n{\"meter\":\"x\",\"wh\":4}\n{\"meter\":\"x\",\"wh\":4}\n");
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 1, NULL));
    CHECK_OK(pm_ledger_counts(s.ledger, &counts, &s.err), s.err);
    CHECK_U64(counts.messages, 5); /* the last line repeats another */
    CHECK_U64(counts.bad_messages, 2);
    CHECK_U64(counts.waiting_messages, 1);
    service_stop(&s);
    service_start(&s, relaxed, NULL);
    pm_clock_sleep_ms(200); /* read on from the cursor: nothing twice */
    CHECK_OK(pm_ledger_counts(s.ledger, &counts, &s.err), s.err);
    CHECK_U64(counts.messages, 5);
    CHECK_U64(counts.tasks[PM_TASK_PACKED], 1);
    CHECK_U64(counts.bad_messages, 2);
    end();
}
