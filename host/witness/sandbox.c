/* One sandboxed child, from start to exit. See sandbox.h for what it may do; sandbox_filter.c for how that is
 * said to the kernel.
 *
 * The child starts by vfork: a worker maps many gigabytes, and copying its page tables for each witness would
 * cost more than the witness. Between vfork and exec the child shares the parent's memory, so it makes system
 * calls only, all prepared beforehand, and with signals blocked. */
#include "witness/sandbox.h"
#include "witness/sandbox_filter.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { stack_bytes = 64 << 20, first_own_fd = 16, tool_files = 256 };

/* Where the child could not be prepared: the step and its errno. In a shared mapping, since vfork may be a
 * plain fork (sanitizers make it one). */
struct report {
    const char *failed;
    int failed_errno;
};

struct child {
    const struct pm_sandbox_job *job;
    int stdio, errors, exec_fd, landlock; /* all of them at first_own_fd or above */
    struct sock_fprog filter;
    struct rlimit limits[7];
    int limit_kind[7];
    pid_t parent;
    struct report *report;
};

struct run {
    const struct pm_sandbox_job *job;
    struct pm_sandbox_result *result;
    const char *what;
    pid_t pid;
    int stdio, errors, pidfd;
    size_t sent, text_len;
    bool out_open, err_open, exited;
};

/* ---- the child, after vfork: system calls only ---- */

__attribute__((noreturn)) static void child_fail(struct child *c, const char *step)
{
    c->report->failed_errno = errno;
    c->report->failed = step;
    _exit(127);
}

static void child_signals(void)
{
    static const uint64_t
        zeros[8]; /* SIG_DFL, no flags, empty mask: in the kernel's own layout on every machine */
    for (int sig = 1; sig <= 64; sig++)
        if (sig != SIGKILL && sig != SIGSTOP) syscall(SYS_rt_sigaction, sig, zeros, NULL, 8);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, zeros, NULL, 8);
}

static void child_descriptors(struct child *c)
{
    if (dup2(c->stdio, 0) < 0 || dup2(c->stdio, 1) < 0 || dup2(c->errors, 2) < 0) child_fail(c, "dup2");
    /* Both are needed for a moment more; exec closes them. */
    if (c->exec_fd >= 0 && dup3(c->exec_fd, PM_SANDBOX_EXEC_FD, O_CLOEXEC) < 0) child_fail(c, "dup3");
    if (c->landlock >= 0 && dup3(c->landlock, PM_SANDBOX_EXEC_FD + 1, O_CLOEXEC) < 0) child_fail(c, "dup3");
    if (c->exec_fd < 0) close(PM_SANDBOX_EXEC_FD);
    if (c->landlock < 0) close(PM_SANDBOX_EXEC_FD + 1);
    if (syscall(SYS_close_range, PM_SANDBOX_EXEC_FD + 2, ~0U, 0) != 0) child_fail(c, "close_range");
}

__attribute__((noreturn)) static void child_main(struct child *c)
{
    static const char *const no_env[] = {NULL};
    static const char *const tool_env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TMPDIR=.",
                                           "HOME=/", NULL};
    child_signals();
    if (setsid() < 0) child_fail(c, "setsid");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != c->parent) child_fail(c, "PR_SET_PDEATHSIG");
    child_descriptors(c);
    umask(077);
    if (c->job->dir && chdir(c->job->dir) != 0) child_fail(c, "chdir");
    for (size_t i = 0; i < sizeof c->limits / sizeof *c->limits; i++)
        if (syscall(SYS_prlimit64, 0, c->limit_kind[i], &c->limits[i], NULL) != 0) child_fail(c, "setrlimit");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) child_fail(c, "PR_SET_NO_NEW_PRIVS");
    if (c->landlock >= 0 && syscall(SYS_landlock_restrict_self, PM_SANDBOX_EXEC_FD + 1, 0) != 0)
        child_fail(c, "landlock_restrict_self");
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &c->filter) != 0) child_fail(c, "seccomp");
    if (c->job->kind == PM_SANDBOX_CODE)
        syscall(SYS_execveat, PM_SANDBOX_EXEC_FD, "", c->job->argv, no_env, AT_EMPTY_PATH);
    else
        syscall(SYS_execve, c->job->path, c->job->argv, tool_env);
    child_fail(c, "exec");
}

/* A function of its own, so that nothing of the caller's lives in registers that vfork's second return would
 * spoil. */
__attribute__((noinline)) static pid_t start(struct child *c)
{
    pid_t pid = vfork();
    if (pid == 0) child_main(c);
    return pid;
}

/* ---- the parent ---- */

static void plan_limits(struct child *c)
{
    const struct pm_sandbox_limits *l = &c->job->limits;
    uint64_t cpu_s = l->wall_ms / 1000 + 1;
    bool code = c->job->kind == PM_SANDBOX_CODE;
    const struct {
        int kind;
        uint64_t value;
    } wanted[7] = {
        {RLIMIT_CORE, 0},
        {RLIMIT_CPU, code ? cpu_s : cpu_s * 2}, /* a tool's limit counts for each of its processes */
        {RLIMIT_DATA, l->memory_bytes},
        {RLIMIT_FSIZE, code ? 0 : l->file_bytes},
        {RLIMIT_STACK, stack_bytes},
        {RLIMIT_NOFILE, code ? PM_SANDBOX_EXEC_FD + 2 : tool_files},
        {RLIMIT_MEMLOCK, 0},
    };
    for (int i = 0; i < 7; i++) {
        struct rlimit now = {RLIM_INFINITY, RLIM_INFINITY};
        getrlimit((__rlimit_resource_t)wanted[i].kind, &now);
        rlim_t v = wanted[i].value < now.rlim_max ? wanted[i].value : now.rlim_max;
        rlim_t hard =
            wanted[i].kind == RLIMIT_CPU && v + 2 < now.rlim_max ? v + 2 : v; /* SIGXCPU before SIGKILL */
        c->limits[i] = (struct rlimit){v, hard};
        c->limit_kind[i] = wanted[i].kind;
    }
}

/* Moves a descriptor out of the way of 0..4, which the child fills. */
static int raise_fd(int fd)
{
    if (fd < 0) return -1;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, first_own_fd);
    close(fd);
    return high;
}

static enum pm_status launch(struct run *r, struct child *c, struct pm_error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r->pid = start(c);
    int start_errno = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r->pid < 0)
        return pm_fail(err, PM_SANDBOX, "%s: no child process: %s", r->what, strerror(start_errno));
    r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
    if (r->pidfd < 0) return pm_fail(err, PM_SANDBOX, "%s: pidfd_open: %s", r->what, strerror(errno));
    return PM_OK;
}

static void send_some(struct run *r)
{
    while (r->sent < r->job->in_len) {
        ssize_t n = send(r->stdio, (const char *)r->job->in + r->sent, r->job->in_len - r->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            r->sent += (size_t)n;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && errno == EAGAIN) {
            return;
        } else {
            r->sent = r->job->in_len; /* it does not listen: its exit will say why */
        }
    }
    shutdown(r->stdio, SHUT_WR);
}

static enum pm_status receive_some(struct run *r, struct pm_error *err)
{
    struct pm_sandbox_result *res = r->result;
    for (;;) {
        uint8_t extra;
        bool full = res->out_len == r->job->out_max;
        ssize_t n = recv(r->stdio, full ? &extra : r->job->out + res->out_len,
                         full ? 1 : r->job->out_max - res->out_len, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return PM_OK;
        if (n <= 0) {
            r->out_open = false;
            return PM_OK;
        }
        if (full)
            return pm_fail(err, PM_SANDBOX, "%s: wrote more than the %zu bytes expected", r->what,
                           r->job->out_max);
        res->out_len += (size_t)n;
    }
}

static void receive_errors(struct run *r)
{
    char chunk[512];
    for (;;) {
        ssize_t n = read(r->errors, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            r->err_open = false;
            return;
        }
        for (ssize_t i = 0; i < n && r->text_len + 1 < sizeof r->result->text; i++) {
            char ch = chunk[i];
            r->result->text[r->text_len++] = (ch >= ' ' && ch < 127) || ch == '\n' ? ch : '?';
        }
    }
}

/* Until the child has exited and its pipes are empty. */
static enum pm_status converse(struct run *r, struct pm_error *err)
{
    uint64_t deadline = pm_clock_ms() + r->job->limits.wall_ms;
    if (r->job->in_len == 0) shutdown(r->stdio, SHUT_WR);
    while (!r->exited) {
        uint64_t now = pm_clock_ms();
        if (now >= deadline)
            return pm_fail(err, PM_TIMEOUT, "%s: took longer than the %llu ms allowed", r->what,
                           (unsigned long long)r->job->limits.wall_ms);
        short events = r->sent < r->job->in_len ? POLLIN | POLLOUT : POLLIN;
        struct pollfd fds[4] = {{r->pidfd, POLLIN, 0},
                                {r->out_open ? r->stdio : -1, events, 0},
                                {r->err_open ? r->errors : -1, POLLIN, 0},
                                {r->job->limits.cancel_fd, POLLIN, 0}};
        uint64_t left = deadline - now;
        if (poll(fds, 4, left > 60000 ? 60000 : (int)left) < 0) {
            if (errno == EINTR) continue;
            return pm_fail(err, PM_SANDBOX, "%s: poll: %s", r->what, strerror(errno));
        }
        if (fds[3].revents) return pm_fail(err, PM_CANCELLED, "%s: cancelled", r->what);
        r->exited = fds[0].revents != 0; /* whatever it wrote is in the pipes by now */
        if (fds[1].revents & POLLOUT) send_some(r);
        if (r->out_open && (r->exited || fds[1].revents & (POLLIN | POLLHUP | POLLERR)))
            PM_TRY(receive_some(r, err));
        if (r->err_open && (r->exited || fds[2].revents)) receive_errors(r);
    }
    return PM_OK;
}

static enum pm_status judge_exit(struct run *r, int wait_status, struct pm_error *err)
{
    if (WIFEXITED(wait_status)) {
        r->result->exit_code = WEXITSTATUS(wait_status);
        return PM_OK;
    }
    int sig = WTERMSIG(wait_status);
    if (sig == SIGSYS)
        return pm_fail(err, PM_SANDBOX, "%s: made a system call that the sandbox forbids", r->what);
    if (sig == SIGXCPU) return pm_fail(err, PM_TIMEOUT, "%s: used more processor time than allowed", r->what);
    return pm_fail(err, PM_SANDBOX, "%s: killed by signal %d (%s)%s%s", r->what, sig, strsignal(sig),
                   r->text_len ? ": " : "", r->result->text);
}

static enum pm_status finish(struct run *r, enum pm_status status, struct pm_error *err)
{
    int wait_status;
    kill(-r->pid, SIGKILL); /* what the child started dies with it; a zombie still holds the group's number */
    kill(r->pid, SIGKILL);
    while (waitpid(r->pid, &wait_status, 0) < 0) {
        if (errno == EINTR) continue;
        if (status != PM_OK) return status;
        return pm_fail(err, PM_SANDBOX, "%s: its exit was taken by another part of the program: %s", r->what,
                       strerror(errno));
    }
    return status != PM_OK ? status : judge_exit(r, wait_status, err);
}

enum pm_status pm_sandbox_run(const struct pm_sandbox_job *job, struct pm_sandbox_result *result,
                              const char *what, struct pm_error *err)
{
    enum pm_status status;
    int sockets[2] = {-1, -1}, pipes[2] = {-1, -1};
    struct child c = {.job = job, .exec_fd = -1, .landlock = -1, .parent = getpid()};
    void *page = mmap(NULL, sizeof(struct report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct run r = {.job = job,
                    .result = result,
                    .what = what,
                    .pid = -1,
                    .pidfd = -1,
                    .out_open = true,
                    .err_open = true};
    *result = (struct pm_sandbox_result){0};

    if (page == MAP_FAILED) return pm_fail(err, PM_NO_MEMORY, "%s: no memory to start it", what);
    c.report = page;
    PM_GOTO(pm_sandbox_filter(&c.filter, job->kind, err));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0 || pipe2(pipes, O_CLOEXEC) != 0) {
        status = pm_fail(err, PM_SANDBOX, "%s: no pipes: %s", what, strerror(errno));
        goto out;
    }
    c.stdio = sockets[1] = raise_fd(sockets[1]);
    c.errors = pipes[1] = raise_fd(pipes[1]);
    r.stdio = sockets[0];
    r.errors = pipes[0];
    fcntl(r.errors, F_SETFL, O_NONBLOCK);
    if (job->kind == PM_SANDBOX_TOOL)
        c.landlock = raise_fd(pm_sandbox_landlock(job->dir));
    else
        c.exec_fd = fcntl(job->exec_fd, F_DUPFD_CLOEXEC, first_own_fd);
    if (c.stdio < 0 || c.errors < 0 || (job->kind == PM_SANDBOX_CODE && c.exec_fd < 0)) {
        status = pm_fail(err, PM_SANDBOX, "%s: no descriptors: %s", what, strerror(errno));
        goto out;
    }
    plan_limits(&c);
    status = launch(&r, &c, err);
    close(sockets[1]);
    close(pipes[1]);
    sockets[1] = pipes[1] = -1;
    if (status == PM_OK) status = converse(&r, err);
    if (r.pid > 0) status = finish(&r, status, err);
    if (c.report->failed)
        status = pm_fail(err, PM_SANDBOX, "%s: the child could not be prepared: %s: %s", what,
                         c.report->failed, strerror(c.report->failed_errno));
out:
    for (int i = 0; i < 2; i++) {
        if (sockets[i] >= 0) close(sockets[i]);
        if (pipes[i] >= 0) close(pipes[i]);
    }
    if (c.exec_fd >= 0) close(c.exec_fd);
    if (c.landlock >= 0) close(c.landlock);
    if (r.pidfd >= 0) close(r.pidfd);
    free(c.filter.filter);
    munmap(page, sizeof(struct report));
    return status;
}
