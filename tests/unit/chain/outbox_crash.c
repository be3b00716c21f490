/* The outbox, killed: a child process runs it and gets SIGKILL, at every named point and at random moments,
 * again and again. Afterwards every task is settled, with exactly one DataProcessed(success) and one paid
 * transaction each. */
#include "outbox_world.h"

static const char *const points[] = {"signed", "written", "sent", "recorded", "mined", "finish", "replaced"};

struct trap {
    const char *point;
    unsigned after;
};

static void spring(void *ctx, const char *point)
{
    struct trap *trap = ctx;
    if (strcmp(point, trap->point) == 0 && trap->after-- == 0) kill(getpid(), SIGKILL);
}

/* The child: passes until it is killed, or has nothing left to do for a while. */
static void child(struct world *w, struct trap *trap, int passes)
{
    struct pm_outbox *outbox;
    struct pm_error err;
    struct pm_outbox_options options = w->options;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    options.at = trap ? spring : NULL;
    options.at_ctx = trap;
    if (pm_outbox_new(&outbox, w->path, w->key, &w->target, 1, &options, &err) != PM_OK) {
        fprintf(stderr, "%s\n", err.text);
        _exit(3);
    }
    for (int i = 0; i < passes; i++) {
        if (pm_outbox_step(outbox, &err) != PM_OK) {
            fprintf(stderr, "%s\n", err.text);
            _exit(4);
        }
        pm_clock_sleep_ms(5);
    }
    _exit(0);
}

/* true: it was killed */
static bool run_child(struct world *w, struct trap *trap, int passes, unsigned kill_after_ms)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) child(w, trap, passes);
    if (kill_after_ms) {
        pm_clock_sleep_ms(kill_after_ms);
        kill(pid, SIGKILL);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_MSG(WIFSIGNALED(status) || WEXITSTATUS(status) == 0, "exit code %d", WEXITSTATUS(status));
    return WIFSIGNALED(status);
}

static void check_exactly_once(struct world *w)
{
    unsigned good, bad;
    world_settle(w, 400);
    for (unsigned i = 0; i < w->n_tasks; i++) {
        CHECK_MSG(world_state(w, i) == PM_TASK_SETTLED, "task %u is %s", i,
                  pm_task_state_name(world_state(w, i)));
        CHECK_U64(
            anvil_view(&w->chain, w->app, "settledCount(bytes32)", (const char *[]){task_arg(w, i), NULL}),
            1);
    }
    world_events(w, &good, &bad);
    CHECK_U64(good, w->n_tasks);
    CHECK_U64(bad, 0);
    CHECK_U64(world_paid(w), w->n_tasks);
}

PM_TEST(killed_at_every_point)
{
    struct world w;
    world_start(&w, NULL);
    unsigned kills = 0, head[4] = {0};
    for (size_t p = 0; p < sizeof points / sizeof *points - 1; p++) {
        for (unsigned after = 0; after < 3; after++) {
            struct trap trap = {points[p], after};
            for (unsigned k = 0; k < 3; k++) {
                unsigned g = 1 + k % 2;
                char group[8];
                snprintf(group, sizeof group, "g%u", g);
                world_task(&w, group, g, head[g], head[g] + 1);
                head[g]++;
            }
            kills += run_child(&w, &trap, 10, 0);
        }
    }
    CHECK_MSG(kills >= 16, "%u", kills);
    check_exactly_once(&w);
    world_stop(&w);
}

/* What was sent, but not mined, is not on the chain for the next process to see: only the ledger knows of it.
 */
PM_TEST(killed_before_anything_is_mined)
{
    struct world w;
    world_start(&w, NULL);
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 0));
    unsigned kills = 0, group = 0;
    for (size_t p = 0; p < 4; p++) {
        for (unsigned after = 0; after < 3; after++) {
            struct trap first = {points[p], after}, second = {points[p], after};
            for (unsigned k = 0; k < 3; k++) world_task(&w, "", group++, 0, 1);
            kills += run_child(&w, &first, 4, 0);
            kills += run_child(&w, &second, 4, 0);
            anvil_mine(&w.chain, 1);
        }
    }
    CHECK_MSG(kills >= 12, "%u", kills);
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 1));
    anvil_mine(&w.chain, 1);
    check_exactly_once(&w);
    world_stop(&w);
}

PM_TEST(killed_while_replacing)
{
    struct world w;
    world_start(&w, NULL);
    w.options.bump_after_ms = 10;
    w.options.resend_after_ms = 10;
    world_outbox(&w);
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 0));
    unsigned kills = 0;
    for (unsigned i = 0; i < 3; i++) world_task(&w, "", i, 0, 1);
    for (unsigned after = 0; after < 4; after++) {
        struct trap replaced = {"replaced", after % 2}, sent = {"sent", after}, signed_ = {"signed", after};
        kills += run_child(&w, &signed_, 12, 0);
        kills += run_child(&w, &replaced, 12, 0);
        kills += run_child(&w, &sent, 12, 0);
    }
    CHECK_MSG(kills >= 8, "%u", kills);
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 1));
    anvil_mine(&w.chain, 1);
    check_exactly_once(&w);
    world_stop(&w);
}

PM_TEST(killed_at_random)
{
    struct world w;
    world_start(&w, (const char *[]){"--block-time", "1", NULL});
    anvil_do(&w.chain, "evm_setIntervalMining", json_pack("[i]", 0));
    anvil_do(&w.chain, "evm_setAutomine", json_pack("[b]", 1));
    unsigned head = 0, rounds = 40;
    w.target.confirmations = 2;
    world_outbox(&w);
    for (unsigned i = 0; i < rounds; i++) {
        world_task(&w, "g", 1, head, head + 1);
        head++;
        world_task(&w, "", 100 + i, 0, 1);
        run_child(&w, NULL, 1000, 1 + (unsigned)(test_random() % 90));
        anvil_mine(&w.chain, (int)(test_random() % 3));
    }
    for (int i = 0; i < 100; i++) {
        world_step(&w);
        anvil_mine(&w.chain, 1);
        if (world_state(&w, w.n_tasks - 1) == PM_TASK_SETTLED &&
            world_state(&w, w.n_tasks - 2) == PM_TASK_SETTLED)
            break;
    }
    check_exactly_once(&w);
    world_stop(&w);
}
