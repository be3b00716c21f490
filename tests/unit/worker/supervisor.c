/* The supervisor: exit codes, crashes, signals, and a child that dies with its parent. */
#include "test.h"

#include "base/clock.h"
#include "base/log.h"
#include "folder.h"
#include "worker/supervisor.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

/* A child that notes each start in a file, then acts as told. */
struct act {
    const char *log;
    int crashes;
    int code;
    bool wait;
};

static int count_starts(const char *log)
{
    struct stat st;
    return stat(log, &st) == 0 ? (int)st.st_size : 0;
}

static int body(void *arg)
{
    const struct act *act = arg;
    FILE *f = fopen(act->log, "a");
    if (!f) return 1;
    fputc('x', f);
    fclose(f);
    if (count_starts(act->log) <= act->crashes) {
        (void)signal(SIGABRT, SIG_DFL);
        kill(getpid(), SIGKILL);
    }
    if (act->wait) {
        sigset_t set;
        int got;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        sigwait(&set, &got);
    }
    return act->code;
}

/* The supervisor itself in a process of the test. */
static pid_t begin(struct act *act)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        pm_log_set_level((enum pm_log_level)(PM_LOG_ERROR + 1));
        _exit(pm_supervise(body, act));
    }
    return pid;
}

static int end(pid_t pid)
{
    int state = 0;
    waitpid(pid, &state, 0);
    return WIFEXITED(state) ? WEXITSTATUS(state) : 1000 + WTERMSIG(state);
}

static bool wait_starts(const char *log, int n)
{
    for (int i = 0; i < 1000 && count_starts(log) < n; i++) pm_clock_sleep_ms(10);
    return count_starts(log) >= n;
}

PM_TEST(exit_codes_pass_through)
{
    static const int codes[] = {0, 7, 2};
    for (int i = 0; i < 3; i++) {
        struct act act = {.log = in_folder("codes"), .code = codes[i]};
        unlink(act.log);
        CHECK_U64(end(begin(&act)), codes[i]);
        CHECK_U64(count_starts(act.log), 1);
    }
}

PM_TEST(a_crash_starts_it_again)
{
    struct act act = {.log = in_folder("crash"), .crashes = 1, .code = 5};
    uint64_t from = pm_clock_ms();
    CHECK_U64(end(begin(&act)), 5);
    CHECK_U64(count_starts(act.log), 2);
    CHECK(pm_clock_ms() - from >= 900); /* not at once */
}

PM_TEST(signals_go_on_to_the_child)
{
    struct act act = {.log = in_folder("signal"), .wait = true, .code = 3};
    pid_t pid = begin(&act);
    CHECK(wait_starts(act.log, 1));
    pm_clock_sleep_ms(100);
    kill(pid, SIGINT);
    CHECK_U64(end(pid), 3);
    CHECK_U64(count_starts(act.log), 1);
}

PM_TEST(a_signal_in_the_pause_ends_it)
{
    struct act act = {.log = in_folder("pause"), .crashes = 100};
    pid_t pid = begin(&act);
    CHECK(wait_starts(act.log, 2));
    pm_clock_sleep_ms(300); /* it crashes, and the supervisor waits for two seconds */
    kill(pid, SIGTERM);
    CHECK_U64(end(pid), 0);
    CHECK_U64(count_starts(act.log), 2);
}
