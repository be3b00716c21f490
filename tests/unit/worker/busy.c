/* A worker with much to do: several circuits side by side, and more files than its disk may hold. */
#include "program.h"

#include "worker/trim.h"

/* Three circuits that never come to an end, each in a process of its own, and a fourth whose proof is made
 * meanwhile. */
PM_TEST(witnesses_are_computed_side_by_side)
{
    open_all();
    pid_t pid = start("--slots=4");
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 4, 20000));
    CHECK_U64(pool.login.slots, 4);
    struct pm_msg m;
    for (uint8_t i = 1; i <= 3; i++) {
        m = task(i, i, "{\"x\": 1}");
        m.task.artifacts[1] = artifact(PM_ARTIFACT_WASM, &hostile, "/hostile");
        pool_send(&pool, &m);
    }
    for (uint8_t i = 1; i <= 3; i++) CHECK(pool_wait_lease(&pool, i, PM_PHASE_WITNESS, false, WAIT_MS));
    long worker = 0, any;
    CHECK_U64(children(pid, &worker), 1);
    for (unsigned i = 0; i < 600 && children((pid_t)worker, &any) < 3; i++)
        (void)pool_wait_login(&pool, 1000, 50); /* while one still waits for the compiler */
    CHECK_U64(children((pid_t)worker, &any), 3);
    m = task(4, 4, "{\"a\": 3, \"b\": 11}");
    pool_send(&pool, &m);
    CHECK(expect_result(4, 4, "33"));
    done(4, 4, true);
    CHECK_U64(children((pid_t)worker, &any), 3);
    for (uint8_t i = 1; i <= 3; i++) {
        struct pm_msg cancel = {.kind = PM_MSG_CANCEL, .cancel = {.lease = i, .text = "enough"}};
        CHECK(pool_wait_lease(&pool, i, PM_PHASE_WITNESS, false, 20000));
        pool_send(&pool, &cancel);
        CHECK(pool_wait_lease(&pool, i, 0, true, 20000));
    }
    CHECK_U64(children((pid_t)worker, &any), 0);
    stop(pid);
    shut_all();
}

/* What the files that are fetched or compiled take. */
static uint64_t cached_bytes(void)
{
    const char *const folders[] = {in_folder("data/artifacts"), in_folder("data/circuits")};
    uint64_t bytes = 0;
    CHECK_OK(pm_trim(&bytes, folders, 2, UINT64_MAX, &err), err);
    return bytes;
}

/* Two circuits whose programs do not fit beside each other: each gives way to the other, and both are proved.
 */
PM_TEST(the_disk_is_not_filled)
{
    static const char shapes_input[] =
        "{\"one\": 7, \"list\": [1, 2, 3], \"matrix\": [[1, 0, 5], [2, 8, 13]]}";
    open_all();
    pid_t pid = start("--cache=1");
    CHECK(pool_wait_login(&pool, 1, WAIT_MS));
    CHECK(cached_bytes() <= 1 << 20); /* at the start, of what tests before left */
    for (uint8_t i = 1; i <= 3; i++) {
        struct pm_msg m = task(i, i, i == 2 ? shapes_input : "{\"a\": 3, \"b\": 11}");
        if (i == 2) {
            m.task.artifacts[0] = artifact(PM_ARTIFACT_ZKEY, &shapes_zkey, "/shapes.zkey");
            m.task.artifacts[1] = artifact(PM_ARTIFACT_WASM, &shapes_wasm, "/shapes.wasm");
        }
        CHECK(pool_wait_credit(&pool, i, 20000));
        pool_send(&pool, &m);
        CHECK(pool_wait(&pool, &m, PM_MSG_RESULT, WAIT_MS));
        CHECK_U64(m.result.lease, i);
        pm_msg_fini(&m);
        done(i, i, true);
        CHECK(cached_bytes() > 700000 && cached_bytes() <= 1 << 20);
    }
    stop(pid);
    shut_all();
}
