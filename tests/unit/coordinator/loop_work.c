/* Work and its answers over real sockets with real proofs: credit, leases, late, false and foreign results,
 * failures. */
#include "loop_fixture.h"

/* -- work -- */
PM_TEST(a_task_is_proved)
{
    uint8_t id[32];
    struct pm_node node = {.id = 0};
    begin(relaxed);
    log_in(&a);
    worker_credit(&a, 1);
    uint64_t total = service_push(&s, "m1", 100, 4);
    CHECK(total == 406);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    CHECK_U64(task.task.vm_type, PM_VM_CIRCOM);
    CHECK_U64(task.task.attempt, 1);
    CHECK_STR(task.task.version, "1.0");
    CHECK_U64(task.task.n_artifacts, 2);
    CHECK(strncmp(task.task.artifacts[0].url, "http://127.0.0.1:", 17) == 0);
    CHECK(service_wait_tasks(&s, PM_TASK_DISPATCHED, 1, id));
    CHECK_MEM(id, task.task.task, 32);
    worker_answer(&a, &task.task);
    expect_done(&a, true, PM_OK, "verified");
    CHECK(service_wait_tasks(&s, PM_TASK_PROVED, 1, NULL));
    CHECK_U64(__atomic_load_n(&s.n_proved, __ATOMIC_RELAXED), 1);
    worker_answer(&a, &task.task); /* its DONE was lost: it gets it again, and nothing is counted twice */
    expect_done(&a, true, PM_OK, "before");
    memcpy(node.identity, a.identity.public_key, 33);
    memcpy(node.curve_public, a.curve.public_key, 32);
    CHECK_OK(pm_ledger_node_login(s.ledger, &node, &s.err), s.err);
    CHECK_U64(node.proofs, 1);
    CHECK_U64(__atomic_load_n(&s.n_proved, __ATOMIC_RELAXED), 1);
    pm_msg_fini(&task);
    end();
}

PM_TEST(credit)
{
    begin(relaxed);
    log_in(&a);
    for (unsigned i = 0; i < 5; i++) service_push(&s, "m", 10 * i, 4);
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 5, NULL));
    nothing_comes(&a, 300);
    worker_credit(&a, 2);
    struct pm_msg first = next_kind(&a, PM_MSG_TASK), second = next_kind(&a, PM_MSG_TASK);
    nothing_comes(&a, 300);
    worker_credit(&a, 1); /* a total that falls takes nothing back and gives nothing */
    worker_answer(&a, &first.task);
    expect_done(&a, true, PM_OK, "");
    nothing_comes(&a, 300); /* a finished task is no new credit: the worker says when it is ready */
    worker_credit(&a, 3);
    struct pm_msg third = next_kind(&a, PM_MSG_TASK);
    nothing_comes(&a, 300);
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 2, NULL));
    pm_msg_fini(&first);
    pm_msg_fini(&second);
    pm_msg_fini(&third);
    end();
}

PM_TEST(late_results)
{
    begin("duration_ms: 1000, heartbeat_ms: 60000, misses: 2, max_attempts: 3");
    log_in(&a);
    log_in(&b);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    worker_credit(&b, 1);
    struct pm_msg cancel = next_kind(&a, PM_MSG_CANCEL);
    CHECK_U64(cancel.cancel.lease, task.task.lease);
    struct pm_msg again = next_kind(&b, PM_MSG_TASK);
    CHECK_MEM(again.task.task, task.task.task, 32);
    CHECK_U64(again.task.attempt, 2);
    worker_answer(&a, &task.task); /* late, but right, and the task is unproved */
    expect_done(&a, true, PM_OK, "verified");
    struct pm_msg stop = next_kind(&b, PM_MSG_CANCEL);
    CHECK_U64(stop.cancel.lease, again.task.lease);
    worker_answer(&b, &again.task);
    expect_done(&b, false, PM_CONFLICT, "");
    CHECK_U64(__atomic_load_n(&s.n_proved, __ATOMIC_RELAXED), 1);
    pm_msg_fini(&task);
    pm_msg_fini(&again);
    pm_msg_fini(&cancel);
    pm_msg_fini(&stop);
    end();
}

/* -- false results -- */
/* A proof of other numbers, and one whose signals are those of the task but which does not verify. */
PM_TEST(wrong_results)
{
    char *proof, *publics, *text;
    uint8_t id[32];
    begin(relaxed);
    log_in(&a);
    log_in(&b);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    const char *domain = strstr((const char *)task.task.input.data, "\"domain\"");
    CHECK(domain != NULL);
    char input[400];
    json_t *json = json_loadb((const char *)task.task.input.data, task.task.input.len, 0, NULL);
    snprintf(input, sizeof input, "{\"domain\":\"%s\",\"readings\":[\"1\",\"2\",\"3\",\"450\"]}",
             json_string_value(json_object_get(json, "domain")));
    json_decref(json);
    service_prove(&s, &proof, &publics, input, strlen(input)); /* invented readings */
    worker_result(&a, task.task.task, task.task.lease, proof, publics);
    expect_done(&a, false, PM_INVALID_PROOF, "public signal 1 (total): expected 10, the proof says 456");
    worker_credit(&b, 1); /* the other one is asked now */
    struct pm_msg second = next_kind(&b, PM_MSG_TASK);
    char *right, *right_publics;
    service_prove(&s, &right, &right_publics, (const char *)second.task.input.data, second.task.input.len);
    worker_result(&b, second.task.task, second.task.lease, proof, right_publics);
    expect_done(&b, false, PM_INVALID_PROOF, "");
    worker_credit(&a, 2); /* both have failed it: asked again all the same, after a while */
    worker_credit(&b, 2);
    struct pm_msg third = worker_next(&a, 4000);
    struct worker *w = &a;
    if (third.kind == 0) {
        third = next_kind(&b, PM_MSG_TASK);
        w = &b;
    }
    CHECK_U64(third.kind, PM_MSG_TASK);
    worker_result(w, third.task.task, third.task.lease, "{}", right_publics);
    expect_done(w, false, PM_INVALID_PROOF, "");
    CHECK(service_wait_tasks(&s, PM_TASK_FAILED, 1, id)); /* three attempts, each its node's fault */
    text = history(id);
    CHECK(text && strstr(text, "expected 10, the proof says 456") != NULL);
    free(text);
    free(proof);
    free(publics);
    free(right);
    free(right_publics);
    pm_msg_fini(&task);
    pm_msg_fini(&second);
    pm_msg_fini(&third);
    end();
}

/* Another's proof, as it is or re-randomised: without a lease of one's own it is nobody's. */
PM_TEST(foreign_results)
{
    char *proof, *publics;
    begin(relaxed);
    log_in(&a);
    log_in(&b);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    service_prove(&s, &proof, &publics, (const char *)task.task.input.data, task.task.input.len);
    worker_result(&b, task.task.task, task.task.lease, proof, publics);
    expect_done(&b, false, PM_CONFLICT, "lease");
    worker_result(&b, task.task.task, task.task.lease + 1000, proof, publics);
    expect_done(&b, false, PM_CONFLICT, "lease");
    uint8_t unknown[32] = {7};
    worker_result(&b, unknown, task.task.lease, proof, publics);
    expect_done(&b, false, PM_NOT_FOUND, "no such task");
    worker_result(&a, task.task.task, task.task.lease, proof, publics);
    expect_done(&a, true, PM_OK, "");
    free(proof);
    free(publics);
    service_prove(&s, &proof, &publics, (const char *)task.task.input.data, task.task.input.len);
    worker_result(&b, task.task.task, task.task.lease, proof, publics); /* other bytes, the same statement */
    expect_done(&b, false, PM_CONFLICT, "");
    CHECK_U64(__atomic_load_n(&s.n_proved, __ATOMIC_RELAXED), 1);
    struct pm_msg bad = {.kind = PM_MSG_FAILED,
                         .failed = {.lease = task.task.lease, .status = PM_UNSATISFIED}};
    memcpy(bad.failed.task, task.task.task, 32);
    worker_send(&b, &bad);
    expect_done(&b, false, PM_CONFLICT, "not yours");
    CHECK(service_wait_tasks(&s, PM_TASK_PROVED, 1, NULL));
    free(proof);
    free(publics);
    pm_msg_fini(&task);
    end();
}

/* -- failures -- */
PM_TEST(refusals_need_two)
{
    uint8_t id[32];
    begin(relaxed);
    log_in(&a);
    log_in(&b);
    worker_credit(&a, 5);
    service_push(&s, "m", 1, 4);
    struct pm_msg first = next_kind(&a, PM_MSG_TASK);
    credit_there(&b, 1);
    worker_failed(&a, &first.task, PM_UNSATISFIED);
    expect_done(&a, true, PM_OK, "");
    struct pm_msg second = next_kind(&b, PM_MSG_TASK); /* not a again, though it has credit and the key */
    worker_failed(&b, &second.task, PM_CIRCUIT);
    expect_done(&b, true, PM_OK, "");
    CHECK(service_wait_tasks(&s, PM_TASK_FAILED, 1, id));
    char *text = history(id);
    CHECK(text && strstr(text, "\"refused\"") && strstr(text, "CIRCUIT: says the test"));
    free(text);

    /* One that lies: the other proves it. */
    service_push(&s, "n", 1, 4);
    struct pm_msg third = next_kind(&a, PM_MSG_TASK);
    credit_there(&b, 2);
    worker_failed(&a, &third.task, PM_UNSATISFIED);
    expect_done(&a, true, PM_OK, "");
    struct pm_msg fourth = next_kind(&b, PM_MSG_TASK);
    worker_answer(&b, &fourth.task);
    expect_done(&b, true, PM_OK, "verified");

    /* Alone, it is believed the second time. */
    struct pm_msg bye = {.kind = PM_MSG_BYE};
    worker_send(&b, &bye);
    pm_clock_sleep_ms(300);
    service_push(&s, "o", 1, 4);
    for (int i = 0; i < 2; i++) {
        struct pm_msg task = next_kind(&a, PM_MSG_TASK);
        worker_failed(&a, &task.task, PM_UNSATISFIED);
        expect_done(&a, true, PM_OK, "");
        pm_msg_fini(&task);
    }
    CHECK(service_wait_tasks(&s, PM_TASK_FAILED, 2, NULL));
    pm_msg_fini(&first);
    pm_msg_fini(&second);
    pm_msg_fini(&third);
    pm_msg_fini(&fourth);
    end();
}

/* A node that failed a task does not get it again while another one that could take it is only busy. */
PM_TEST(waiting_for_another)
{
    begin(relaxed);
    log_in(&b);
    credit_there(&b, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg other = next_kind(&b, PM_MSG_TASK);
    log_in(&a);
    worker_credit(&a, 5);
    service_push(&s, "n", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    worker_failed(&a, &task.task, PM_NO_MEMORY);
    expect_done(&a, true, PM_OK, "");
    nothing_comes(&a, 300);
    worker_credit(&b, 2);
    struct pm_msg again = next_kind(&b, PM_MSG_TASK);
    CHECK_MEM(again.task.task, task.task.task, 32);
    pm_msg_fini(&other);
    pm_msg_fini(&task);
    pm_msg_fini(&again);
    end();
}

PM_TEST(faults_of_workers)
{
    begin(relaxed);
    log_in(&a);
    log_in(&b);
    worker_credit(&a, 5);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    worker_failed(&a, &task.task, PM_NO_MEMORY);
    expect_done(&a, true, PM_OK, "");
    pm_msg_fini(&task);
    for (int i = 0; i < 2; i++) { /* nobody else is ready: it is asked again, up to max_attempts */
        task = next_kind(&a, PM_MSG_TASK);
        CHECK_U64(task.task.attempt, 2 + i);
        worker_failed(&a, &task.task, PM_SANDBOX);
        expect_done(&a, true, PM_OK, "");
        pm_msg_fini(&task);
    }
    CHECK(service_wait_tasks(&s, PM_TASK_FAILED, 1, NULL));
    worker_credit(&b, 1);
    nothing_comes(&b, 300);
    end();
}
