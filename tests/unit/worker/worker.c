/* The whole life of a worker: logins, crashes of either side, cancelled work, failures, the drain at the end.
 */
#include "program.h"

PM_TEST(logs_in_and_proves)
{
    open_all();
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS));
    CHECK_U64(pool.bad_logins, 0);
    CHECK_STR(pool.login.name, "mill-1");
    CHECK(strncmp(pool.login.device, "cpu: ", 5) == 0 && pool.login.slots == 2);
    CHECK(pool.login.n_vm_types == 1 && pool.login.vm_types[0].id == 100);
    char identity[67];
    pm_hex_encode(identity, pool.login.identity, 33);
    CHECK_STR(identity, identity_hex);
    CHECK(pool_wait_credit(&pool, 2, 20000));
    CHECK_U64(pool.granted, 2);

    struct pm_msg m = task(1, 100, "{\"a\": 3, \"b\": \"11\"}");
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 100, 0, false, WAIT_MS));
    CHECK(expect_result(1, 100, "33"));
    CHECK(pool_wait_lease(&pool, 100, PM_PHASE_VERIFY, false, 20000)); /* kept until it is confirmed */
    CHECK(pool_wait_credit(&pool, 3, 20000));                          /* the slot is free meanwhile */
    done(1, 100, true);
    CHECK(pool_wait_lease(&pool, 100, 0, true, 20000));

    /* The key and the circuit stay: three at once, a slot each, and one that waits. */
    for (uint8_t i = 2; i <= 4; i++) {
        CHECK(pool_wait_credit(&pool, i, 20000));
        m = task(i, 100u + i, "{\"a\": 2, \"b\": 8}");
        pool_send(&pool, &m);
    }
    for (uint8_t i = 2; i <= 4; i++) {
        CHECK(pool_wait(&pool, &m, PM_MSG_RESULT, WAIT_MS));
        check_result(&m, m.result.task[0], 100u + m.result.task[0], "16");
        done(m.result.task[0], m.result.lease, true);
        pm_msg_fini(&m);
    }
    CHECK(pool_wait_credit(&pool, 6, 20000));
    CHECK_U64(web_look(web, "/zkey").requests, 1);
    stop(pid);
    shut_all();
}

PM_TEST(logs_in_again_in_mid_work)
{
    open_all();
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    struct pm_msg m = held_task(1, 5);
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 5, PM_PHASE_FETCH, false, 20000));
    pool.forget_beat = true; /* the heartbeat's socket is the first to hear of it */
    CHECK(pool_wait_login(&pool, 2, WAIT_MS));
    CHECK(pool_wait_credit(&pool, 1, 20000));
    CHECK_U64(pool.granted, 1); /* one slot of two is busy with the old work */
    CHECK(pool_wait_lease(&pool, 5, PM_PHASE_FETCH, false, 20000));
    struct pm_msg again = {.kind = PM_MSG_LOGIN_AGAIN};
    pool_send(&pool, &again);
    memset(pool.session, 0, 16);
    CHECK(pool_wait_login(&pool, 3, WAIT_MS));
    web_release(web, "/held");
    CHECK(expect_result(1, 5, "33"));

    /* Not confirmed: it comes again with every new session, until it is. */
    pool.forget = true;
    CHECK(pool_wait_login(&pool, 4, WAIT_MS));
    CHECK(pool_wait(&pool, &m, PM_MSG_RESULT, 8000)); /* at once, not when its turn to be repeated comes */
    check_result(&m, 1, 5, "33");
    pm_msg_fini(&m);
    done(1, 5, true);
    CHECK(pool_wait_lease(&pool, 5, 0, true, 20000));
    stop(pid);
    shut_all();
}

PM_TEST(a_coordinator_that_crashes)
{
    open_all();
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    struct pm_msg m = held_task(1, 5);
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 5, PM_PHASE_FETCH, false, 20000));
    pool_restart(&pool);
    web_release(web, "/held");
    CHECK(pool_wait_login(&pool, 2, WAIT_MS));
    CHECK(expect_result(1, 5, "33"));
    done(1, 5, true);
    CHECK(pool_wait_credit(&pool, 2, 20000));
    stop(pid);
    shut_all();
}

PM_TEST(cancelled_work_stops)
{
    open_all();
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    struct pm_msg m = held_task(1, 5);
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 5, PM_PHASE_FETCH, false, 20000));
    struct pm_msg cancel = {.kind = PM_MSG_CANCEL, .cancel = {.lease = 5, .text = "given to another"}};
    pool_send(&pool, &cancel);
    CHECK(pool_wait_lease(&pool, 5, 0, true, 20000));
    CHECK(pool_wait_credit(&pool, 3, 20000)); /* while the server still holds the file back */
    web_release(web, "/held");
    CHECK(!pool_wait(&pool, &m, PM_MSG_RESULT, 500));
    m = task(2, 6, "{\"a\": 1, \"b\": 1}");
    pool_send(&pool, &m);
    CHECK(expect_result(2, 6, "1"));
    done(2, 6, false);
    stop(pid);
    shut_all();
}

static void expect_failed(struct pm_msg *m, enum pm_status status, const char *says)
{
    struct pm_msg failed;
    pool_send(&pool, m);
    CHECK(pool_wait(&pool, &failed, PM_MSG_FAILED, WAIT_MS));
    CHECK_MSG(failed.failed.status == status && strstr(failed.failed.text, says), "%s: %s",
              pm_status_name((enum pm_status)failed.failed.status), failed.failed.text);
    done(failed.failed.task[0], failed.failed.lease, true);
    pm_msg_fini(&failed);
}

PM_TEST(failures_say_whose_fault)
{
    open_all();
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    char hex[65];
    struct pm_msg m = task(1, 1, "{\"a\": 3, \"b\": 11}");
    m.task.artifacts[0].sha256[0] ^= 1;
    pm_hex_encode(hex, zkey.sha256, 32);
    expect_failed(&m, PM_MISMATCH, hex);

    m = task(2, 2, "{\"a\": 3}");
    expect_failed(&m, PM_CIRCUIT, "b");
    m = task(3, 3, "{\"a\": 3, ");
    expect_failed(&m, PM_CIRCUIT, "");
    m = task(4, 4, "{\"a\": 3, \"b\": 11}");
    m.task.artifacts[0] = artifact(PM_ARTIFACT_ZKEY, &other_zkey, "/other");
    expect_failed(&m, PM_UNSATISFIED, "");
    m = task(5, 5, "{\"a\": 3, \"b\": 11}");
    m.task.n_artifacts = 1;
    expect_failed(&m, PM_PROTOCOL, "wasm");
    m = task(6, 6, "{}");
    m.task.vm_type = 3;
    expect_failed(&m, PM_UNSUPPORTED, "100");
    m = task(7, 7, "{\"a\": 3, \"b\": 11}");
    m.task.artifacts[1] = artifact(PM_ARTIFACT_WASM, &zkey, "/zkey"); /* no WebAssembly */
    expect_failed(&m, PM_FORMAT, "");
    m = task(8, 8, "{\"a\": 3, \"b\": 11}");
    m.task.artifacts[0] = artifact(PM_ARTIFACT_ZKEY, &wasm, "/wasm"); /* no key */
    expect_failed(&m, PM_FORMAT, "");

    m = task(9, 9, "{\"a\": 3, \"b\": 11}"); /* and goes on working */
    pool_send(&pool, &m);
    CHECK(expect_result(9, 9, "33"));
    done(9, 9, true);
    stop(pid);
    shut_all();
}

PM_TEST(drains_when_told_to_stop)
{
    open_all();
    pid_t pid = start(NULL);
    struct pm_msg m = held_task(1, 5), late = task(2, 6, "{\"a\": 1, \"b\": 1}"), bye;
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 5, PM_PHASE_FETCH, false, 20000));
    kill(pid, SIGTERM);
    pm_clock_sleep_ms(300);
    expect_failed(&late, PM_CANCELLED, "stopping"); /* what arrives now goes back at once */
    web_release(web, "/held");
    CHECK(expect_result(1, 5, "33")); /* what was in hand is finished */
    done(1, 5, true);
    CHECK(pool_wait(&pool, &bye, PM_MSG_BYE, 10000));
    pm_msg_fini(&bye);
    CHECK_U64(pool.granted, 2); /* no new credit */
    CHECK_U64(exit_code(pid, 10000), 0);

    /* Bounded: work that does not end in time goes back. */
    pid = start("--drain-seconds=1");
    m = held_task(1, 7);
    struct web_page held = web_look(web, "/held");
    held.hold = true;
    web_change(web, "/held", &held);
    CHECK(pool_wait_login(&pool, 2, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 7, PM_PHASE_FETCH, false, 20000));
    kill(pid, SIGTERM);
    CHECK(pool_wait(&pool, &bye, PM_MSG_BYE, 10000));
    pm_msg_fini(&bye);
    CHECK_U64(exit_code(pid, 10000), 0);

    /* A second signal does not wait. */
    pid = start(NULL);
    CHECK(pool_wait_login(&pool, 3, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 7, PM_PHASE_FETCH, false, 20000));
    uint64_t begin = pm_clock_ms();
    kill(pid, SIGTERM);
    pm_clock_sleep_ms(300);
    kill(pid, SIGINT);
    CHECK_U64(exit_code(pid, 10000), 0);
    CHECK(pm_clock_ms() - begin < 9000);
    shut_all();
}

PM_TEST(killed_in_mid_work_and_started_again)
{
    open_all();
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    struct pm_msg m = held_task(1, 5);
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 5, PM_PHASE_FETCH, false, 20000));
    uint8_t identity[33];
    memcpy(identity, pool.login.identity, 33);
    kill(pid, SIGKILL);
    CHECK_U64(exit_code(pid, 10000), 1000 + SIGKILL);
    unsigned beats = pool.heartbeats; /* the whole worker is gone, not only its supervisor */
    (void)pool_wait_login(&pool, 1000, 1000);
    CHECK(pool.heartbeats <= beats + 2);
    web_release(web, "/held");

    pid = start(NULL);
    CHECK(pool_wait_login(&pool, 2, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    CHECK_MEM(identity, pool.login.identity, 33);
    CHECK_U64(pool.last_beat.n_leases, 0);
    m.task.lease = 6;
    pool_send(&pool, &m);
    CHECK(expect_result(1, 6, "33"));
    done(1, 6, true);
    stop(pid);
    shut_all();
}

PM_TEST(a_worker_process_that_crashes_is_started_again)
{
    open_all();
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS));
    long child = 0;
    CHECK_U64(children(pid, &child), 1);
    CHECK(child > 1);
    if (child > 1) kill((pid_t)child, SIGKILL);
    CHECK(pool_wait_login(&pool, 2, WAIT_MS));
    stop(pid);
    shut_all();
}

PM_TEST(refused_by_the_pool)
{
    open_all();
    pool.refuse = true;
    CHECK_U64(exit_code(start(NULL), WAIT_MS), 7);
    shut_all();
}

/* Unanswered heartbeats do not disturb the work, and two workers do not share a folder. */
PM_TEST(silence_and_a_second_worker)
{
    open_all();
    pool.mute = true;
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    CHECK_U64(exit_code(start("--no-supervisor"), 30000), 7); /* PM_CONFLICT's */
    CHECK(pool.heartbeats > 10);
    struct pm_msg m = task(1, 1, "{\"a\": 3, \"b\": 11}");
    pool_send(&pool, &m);
    CHECK(expect_result(1, 1, "33"));
    done(1, 1, true);
    stop(pid);
    shut_all();
}
