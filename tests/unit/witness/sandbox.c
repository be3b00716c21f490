/* What a sandboxed child may and may not do; that limits end it; that nothing is left behind. */
#include "test.h"
#include "unit/witness/scratch.h"
#include "witness/sandbox.h"
#include "base/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static uint8_t out[1 << 16];
static struct pm_sandbox_result result;
static struct pm_error err;

/* A tool is run from a copy in the folder in which it may work: files elsewhere it may not even execute. */
static const char *tool_copy(void)
{
    static char path[512];
    if (!path[0]) {
        size_t len;
        uint8_t *program = scratch_read(PM_HOSTILE, &len);
        snprintf(path, sizeof path, "%s", scratch("hostile"));
        scratch_write(path, program, len);
        free(program);
        if (chmod(path, 0700) != 0) abort();
    }
    return path;
}

static enum pm_status run(enum pm_sandbox_kind kind, const char *in, size_t len,
                          struct pm_sandbox_limits limits, const char *dir)
{
    static const char *const argv[] = {"hostile", NULL};
    int fd = open(PM_HOSTILE, O_RDONLY | O_CLOEXEC);
    struct pm_sandbox_job job = {.kind = kind,
                                 .exec_fd = fd,
                                 .path = tool_copy(),
                                 .argv = argv,
                                 .dir = dir,
                                 .in = in,
                                 .in_len = len,
                                 .out = out,
                                 .out_max = sizeof out,
                                 .limits = limits};
    err = (struct pm_error){0};
    enum pm_status status = pm_sandbox_run(&job, &result, "hostile", &err);
    close(fd);
    return status;
}

static const struct pm_sandbox_limits usual = {20000, 64 << 20, 1 << 20, -1};

static enum pm_status code(char what) { return run(PM_SANDBOX_CODE, &what, 1, usual, NULL); }

PM_TEST(reads_its_input_and_writes_its_output)
{
    static char in[50001];
    in[0] = 'c';
    test_random_bytes(in + 1, sizeof in - 1);
    CHECK_OK(run(PM_SANDBOX_CODE, in, sizeof in, usual, NULL), err);
    CHECK_U64(result.out_len, sizeof in - 1);
    CHECK_MEM(out, in + 1, sizeof in - 1);
    CHECK_U64(result.exit_code, 0);
}

PM_TEST(the_exit_code_is_told)
{
    CHECK_OK(code('e'), err);
    CHECK_U64(result.exit_code, 7);
    CHECK_OK(run(PM_SANDBOX_CODE, NULL, 0, usual, NULL), err);
    CHECK_U64(result.exit_code, 8);
}

/* open, socket, fork, clone, exec of another program in two ways, kill, ptrace, executable memory in two
 * ways, dup, a descriptor that is not its own, a session of its own. */
PM_TEST(code_is_killed_for_a_forbidden_call)
{
    for (const char *p = "osftxXkpjJD3SOF"; *p; p++) {
        CHECK_MSG(code(*p) == PM_SANDBOX, "'%c': exit code %d", *p, result.exit_code);
        CHECK_MSG(strstr(err.text, "system call") != NULL, "'%c': %s", *p, err.text);
    }
    CHECK(access("/tmp/pm-sandbox-left-behind", F_OK) != 0);
}

PM_TEST(nothing_of_the_environment_is_passed_on)
{
    setenv("PM_TEST_SECRET", "1", 1);
    char what = 'E';
    CHECK_OK(run(PM_SANDBOX_TOOL, &what, 1, usual, scratch("")), err);
    CHECK_MEM(out, "empty\n", 6);
}

PM_TEST(time_ends_it)
{
    struct pm_sandbox_limits brief = usual;
    brief.wall_ms = 300;
    for (const char *p = "ldw"; *p; p++) {
        /* 'w' floods: it is ended for that; 'l' and 'd' by the clock; 'd' may not even sleep. */
        uint64_t start = pm_clock_ms();
        enum pm_status status = run(PM_SANDBOX_CODE, p, 1, brief, NULL);
        CHECK_MSG(status == (*p == 'l' ? PM_TIMEOUT : PM_SANDBOX), "'%c': %s", *p, err.text);
        CHECK(pm_clock_ms() - start < 5000);
    }
    char what = 'd';
    CHECK_U64(run(PM_SANDBOX_TOOL, &what, 1, brief, scratch("")), PM_TIMEOUT);
}

PM_TEST(too_much_output_ends_it)
{
    CHECK_U64(code('w'), PM_SANDBOX);
    CHECK(strstr(err.text, "wrote more than") != NULL);
    CHECK_U64(result.out_len, sizeof out);
}

PM_TEST(error_text_is_kept_up_to_a_limit)
{
    struct pm_sandbox_limits brief = usual;
    brief.wall_ms = 300;
    char what = 'W';
    CHECK_U64(run(PM_SANDBOX_CODE, &what, 1, brief, NULL), PM_TIMEOUT);
    CHECK_U64(strlen(result.text), sizeof result.text - 1);
    CHECK(memcmp(result.text, "flood?", 6) == 0);
}

PM_TEST(memory_is_limited)
{
    CHECK_OK(code('m'), err);
    CHECK_U64(result.exit_code, 12);
}

PM_TEST(a_crash_is_told)
{
    CHECK_U64(run(PM_SANDBOX_TOOL, "a", 1, usual, scratch("")), PM_SANDBOX);
    CHECK_MSG(strstr(err.text, "signal 6") != NULL, "%s", err.text);
}

static void *cancel_soon(void *fd)
{
    pm_clock_sleep_ms(100);
    if (write(*(int *)fd, "x", 1) != 1) abort();
    return NULL;
}

PM_TEST(it_can_be_cancelled)
{
    int fds[2];
    pthread_t thread;
    CHECK(pipe(fds) == 0);
    pthread_create(&thread, NULL, cancel_soon, &fds[1]);
    struct pm_sandbox_limits limits = usual;
    limits.cancel_fd = fds[0];
    char what = 'l';
    uint64_t start = pm_clock_ms();
    CHECK_U64(run(PM_SANDBOX_CODE, &what, 1, limits, NULL), PM_CANCELLED);
    CHECK(pm_clock_ms() - start < 5000);
    pthread_join(thread, NULL);
    close(fds[0]);
    close(fds[1]);
}

/* A tool works in its folder; no network, no tracing, no session of its own; elsewhere it neither reads nor
 * writes (where the kernel has Landlock, which this checks by asking for a file outside). */
PM_TEST(tools_keep_to_their_folder)
{
    const char *dir = scratch("");
    char what = 'F';
    CHECK_OK(run(PM_SANDBOX_TOOL, &what, 1, usual, dir), err);
    CHECK_U64(result.exit_code, 0);
    CHECK(access(scratch("left-behind"), F_OK) == 0);
    for (const char *p = "sS"; *p; p++) {
        CHECK_OK(run(PM_SANDBOX_TOOL, p, 1, usual, dir), err);
        CHECK_MSG(result.exit_code != 0, "'%c' was allowed", *p);
    }
    what = 'R';
    CHECK_OK(run(PM_SANDBOX_TOOL, &what, 1, usual, dir), err);
    if (result.exit_code == 0) {
        fprintf(stderr, "this kernel has no Landlock: tools may read outside their folder\n");
        return;
    }
    what = 'O';
    CHECK_OK(run(PM_SANDBOX_TOOL, &what, 1, usual, dir), err);
    CHECK(result.exit_code != 0);
    CHECK(access("/tmp/pm-sandbox-left-behind", F_OK) != 0);
}

PM_TEST(a_program_that_is_none_fails_clearly)
{
    static const char *const argv[] = {"x", NULL};
    struct pm_sandbox_job job = {.kind = PM_SANDBOX_TOOL,
                                 .path = "/nonexistent",
                                 .argv = argv,
                                 .out = out,
                                 .out_max = sizeof out,
                                 .limits = usual};
    CHECK_U64(pm_sandbox_run(&job, &result, "x", &err), PM_SANDBOX);
    CHECK_MSG(strstr(err.text, "exec: No such file") != NULL, "%s", err.text);
    scratch_write(scratch("garbage"), "not an executable", 17);
    job.kind = PM_SANDBOX_CODE;
    job.exec_fd = open(scratch("garbage"), O_RDONLY | O_CLOEXEC);
    CHECK_U64(pm_sandbox_run(&job, &result, "x", &err), PM_SANDBOX);
    close(job.exec_fd);
}

static void *many(void *unused)
{
    (void)unused;
    static const char *const argv[] = {"hostile", NULL};
    uint8_t mine[64];
    for (int i = 0; i < 20; i++) {
        int fd = open(PM_HOSTILE, O_RDONLY | O_CLOEXEC);
        struct pm_sandbox_job job = {.kind = PM_SANDBOX_CODE,
                                     .exec_fd = fd,
                                     .argv = argv,
                                     .in = "chello",
                                     .in_len = 6,
                                     .out = mine,
                                     .out_max = sizeof mine,
                                     .limits = usual};
        struct pm_sandbox_result r;
        struct pm_error e;
        CHECK_OK(pm_sandbox_run(&job, &r, "hostile", &e), e);
        CHECK(r.out_len == 5 && memcmp(mine, "hello", 5) == 0);
        close(fd);
    }
    return NULL;
}

static int open_descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++) n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

PM_TEST(many_at_a_time_and_nothing_left)
{
    pthread_t threads[8];
    int before = open_descriptors();
    for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, many, NULL);
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
    CHECK_U64(open_descriptors(), before);
    CHECK(waitpid(-1, NULL, WNOHANG) < 0); /* no child, alive or dead */
}
