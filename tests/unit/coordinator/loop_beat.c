/* Liveness: heartbeats, silence, bye. */
#include "loop_fixture.h"

PM_TEST(silence_and_bye)
{
    begin("duration_ms: 60000, heartbeat_ms: 200, misses: 2, max_attempts: 1");
    log_in(&a);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg first = next_kind(&a, PM_MSG_TASK);
    for (int i = 0; i < 5; i++) { /* alive as long as it says so */
        CHECK_U64(worker_beat(&a, &first.task.lease, 1), PM_MSG_BEAT);
        pm_clock_sleep_ms(100);
    }
    CHECK(service_wait_tasks(&s, PM_TASK_DISPATCHED, 1, NULL));
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 1, NULL)); /* then silent: lost, and not its fault */
    CHECK_U64(worker_beat(&a, &first.task.lease, 1), PM_MSG_LOGIN_AGAIN);
    log_in(&b);
    worker_credit(&b, 1);
    struct pm_msg second = next_kind(&b, PM_MSG_TASK);
    CHECK_U64(second.task.attempt, 2);
    struct pm_msg bye = {.kind = PM_MSG_BYE, .bye = {.text = "power is dear"}};
    worker_send(&b, &bye);
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 1, NULL));
    log_in(&a);
    worker_credit(&a, 1);
    struct pm_msg third = next_kind(&a, PM_MSG_TASK);
    worker_answer(&a, &third.task);
    expect_done(&a, true, PM_OK, "");
    pm_msg_fini(&first);
    pm_msg_fini(&second);
    pm_msg_fini(&third);
    end();
}

PM_TEST(heartbeats_tell_what_is_lost)
{
    begin("duration_ms: 60000, heartbeat_ms: 5000, misses: 2, max_attempts: 1");
    log_in(&a);
    worker_credit(&a, 1);
    service_push(&s, "m", 1, 4);
    struct pm_msg task = next_kind(&a, PM_MSG_TASK);
    for (int i = 0; i < 2; i++) CHECK_U64(worker_beat(&a, NULL, 0), PM_MSG_BEAT);
    CHECK(service_wait_tasks(&s, PM_TASK_DISPATCHED, 1, NULL));
    CHECK_U64(worker_beat(&a, NULL, 0), PM_MSG_BEAT); /* the third that does not list it */
    CHECK(service_wait_tasks(&s, PM_TASK_PACKED, 1, NULL));
    uint64_t foreign[2] = {task.task.lease, 999};
    CHECK_U64(worker_beat(&a, foreign, 2), PM_MSG_BEAT); /* what has ended and what never was is cancelled */
    for (int i = 0; i < 2; i++) {
        struct pm_msg cancel = next_kind(&a, PM_MSG_CANCEL);
        CHECK_U64(cancel.cancel.lease, foreign[i]);
        pm_msg_fini(&cancel);
    }
    pm_msg_fini(&task);
    end();
}
