/* The supervisor (supervisor.h): fork, wait, pass on signals. The child has a process group of its own, so
 * that Ctrl-C in a terminal reaches it once, through here. */
#include "worker/supervisor.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAUSE_MIN_MS = 1000, PAUSE_MAX_MS = 60000, HEALTHY_MS = 60000 };

static void signals_of_interest(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGCHLD);
}

/* Waits for the child's end, passing on signals. *asked: someone asked us to stop. */
static int wait_for(pid_t child, const sigset_t *set, bool *asked)
{
    for (;;) {
        int state = 0, signal = sigwaitinfo(set, NULL);
        if (signal == SIGCHLD) {
            if (waitpid(child, &state, WNOHANG) == child) return state;
        } else if (signal > 0) {
            *asked = true;
            (void)kill(child, SIGTERM);
        }
    }
}

/* Waits between two children. False: asked to stop. */
static bool pause_ms(unsigned ms, const sigset_t *set)
{
    uint64_t end = pm_clock_ms() + ms;
    for (uint64_t now; (now = pm_clock_ms()) < end;) {
        struct timespec left = {(time_t)((end - now) / 1000), (long)((end - now) % 1000) * 1000000};
        int signal = sigtimedwait(set, NULL, &left);
        if (signal > 0 && signal != SIGCHLD) return false;
    }
    return true;
}

int pm_supervise(int (*body)(void *arg), void *arg)
{
    sigset_t set, before;
    unsigned pause = PAUSE_MIN_MS;
    bool asked = false;
    pid_t parent = getpid();
    signals_of_interest(&set);
    sigprocmask(SIG_BLOCK, &set, &before);
    for (;;) {
        uint64_t begin = pm_clock_ms();
        pid_t child = fork();
        if (child < 0) {
            pm_log(PM_LOG_ERROR, "start", "cannot start a process: %s", strerror(errno));
            return pm_status_exit_code(PM_NO_MEMORY);
        }
        if (child == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            (void)setpgid(0, 0);
            sigprocmask(SIG_SETMASK, &before, NULL);
            if (getppid() != parent) _exit(0); /* it died in between */
            _exit(body(arg));
        }
        int state = wait_for(child, &set, &asked);
        if (WIFEXITED(state) && WEXITSTATUS(state) != pm_status_exit_code(PM_INTERNAL))
            return WEXITSTATUS(state);
        if (pm_clock_ms() - begin > HEALTHY_MS) pause = PAUSE_MIN_MS;
        if (WIFSIGNALED(state))
            pm_log(PM_LOG_ERROR, "start", "the worker's process was killed by signal %d (%s)",
                   WTERMSIG(state), strsignal(WTERMSIG(state)));
        if (asked) return pm_status_exit_code(PM_CANCELLED);
        pm_log(PM_LOG_WARN, "start", "starting again in %u s", pause / 1000);
        if (!pause_ms(pause, &set)) return 0;
        pause = pause * 2 < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
    }
}
