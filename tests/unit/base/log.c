/* What pm_log writes: read back through a pipe that keeps the bounds of writes, so that one line must be one
 * write. */
#include "base/log.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

enum { head_chars = 39 }; /* "2026-01-31T12:00:00.123Z info  sched   " */

static int saved_stderr, pipe_read;

static void capture_begin(void)
{
    int fds[2] = {-1, -1};
    if (pipe2(fds, O_DIRECT | O_NONBLOCK | O_CLOEXEC) != 0) abort();
    fflush(stderr);
    saved_stderr = dup(STDERR_FILENO);
    if (dup2(fds[1], STDERR_FILENO) < 0) abort();
    close(fds[1]);
    pipe_read = fds[0];
}

/* The next write, as text; its length, 0 when there is none. */
static size_t next_write(char out[5000])
{
    ssize_t n = read(pipe_read, out, 4999);
    out[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static void capture_end(void)
{
    if (dup2(saved_stderr, STDERR_FILENO) < 0) abort();
    close(saved_stderr);
    close(pipe_read);
}

/* The text behind time, level and room. */
static const char *after_head(const char *line) { return strlen(line) > head_chars ? line + head_chars : ""; }

PM_TEST(the_form_of_a_line)
{
    char line[5000];
    int y, mo, d, h, mi, s, ms;
    capture_begin();
    pm_log(PM_LOG_INFO, "sched", "task %d leased to %s", 7, "mill-2");
    size_t n = next_write(line);
    char more[5000];
    size_t m = next_write(more);
    capture_end();
    CHECK_U64(m, 0);
    CHECK(n > 0 && line[n - 1] == '\n');
    CHECK_U64(sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ info  sched   ", &y, &mo, &d, &h, &mi, &s, &ms), 7);
    CHECK(y >= 2024 && mo >= 1 && mo <= 12 && d >= 1 && d <= 31 && h < 24 && mi < 60 && s <= 60 && ms < 1000);
    CHECK_STR(line + 23, "Z info  sched   task 7 leased to mill-2\n");
}

PM_TEST(levels)
{
    static const enum pm_log_level levels[] = {PM_LOG_DEBUG, PM_LOG_INFO, PM_LOG_WARN, PM_LOG_ERROR};
    char line[5000];
    capture_begin();
    pm_log(PM_LOG_DEBUG, "x", "dropped until set otherwise");
    size_t before = next_write(line);
    size_t seen[4][4];
    for (int lowest = 0; lowest < 4; lowest++) {
        pm_log_set_level(levels[lowest]);
        for (int l = 0; l < 4; l++) {
            pm_log(levels[l], "x", "text");
            seen[lowest][l] = next_write(line);
        }
    }
    pm_log_set_level(PM_LOG_INFO);
    capture_end();
    CHECK_U64(before, 0);
    for (int lowest = 0; lowest < 4; lowest++)
        for (int l = 0; l < 4; l++) CHECK_U64(seen[lowest][l] > 0, l >= lowest);
}

PM_TEST(control_characters_are_replaced)
{
    static const struct {
        const char *in, *out;
    } v[] = {
        {"a\nb\rc\td", "a?b?c?d\n"},
        {"\x1b[31mred\x7f", "?[31mred?\n"},
        {"8f3a\xe2\x80\xa6 \xc3\xa9 \xf0\x9f\x98\x80", "8f3a\xe2\x80\xa6 \xc3\xa9 \xf0\x9f\x98\x80\n"},
        {"csi \xc2\x9b"
         "31m",
         "csi ??31m\n"}, /* U+009B */
        {"raw \x9b"
         "31m \xff\xfe",
         "raw ?31m ??\n"},                                                     /* no UTF-8 */
        {"long \xc0\x9b \xe0\x82\x9b \xf0\x80\x82\x9b", "long ?? ??? ????\n"}, /* overlong forms of it */
        {"half \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x80", "half ??? ???? ??\n"},
        {"nbsp \xc2\xa0!", "nbsp \xc2\xa0!\n"},
        {"", "\n"},
    };
    char line[5000];
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        capture_begin();
        pm_log(PM_LOG_WARN, "wire", "%s", v[i].in);
        (void)next_write(line);
        capture_end();
        CHECK_STR(after_head(line), v[i].out);
    }
}

PM_TEST(long_lines_are_cut)
{
    char big[6000], line[5000];
    memset(big, 'a', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    for (size_t len = 1990; len < 2040; len++) {
        capture_begin();
        pm_log(PM_LOG_INFO, "x", "%.*s", (int)len, big);
        size_t n = next_write(line);
        capture_end();
        CHECK_U64(n, head_chars + len + 1 < 2048 ? head_chars + len + 1 : 2048);
        CHECK(n > 0 && line[n - 1] == '\n' && line[n - 2] == 'a');
        CHECK_U64(strlen(line), n);
    }
    capture_begin();
    pm_log(PM_LOG_INFO, "x", "%s", big);
    size_t n = next_write(line);
    char more[5000];
    size_t m = next_write(more);
    pm_log(PM_LOG_INFO, big, "%s", "text");
    size_t k = next_write(more);
    capture_end();
    CHECK_U64(n, 2048);
    CHECK_U64(m, 0);
    CHECK(k > 0 && k < 200 && strstr(more, " text\n") != NULL);
}

PM_TEST(errno_is_kept)
{
    char line[5000];
    capture_begin();
    errno = ENOENT;
    pm_log(PM_LOG_INFO, "x", "%s", strerror(errno));
    int e = errno;
    (void)next_write(line);
    close(STDERR_FILENO);
    errno = EAGAIN;
    pm_log(PM_LOG_INFO, "x", "nobody hears");
    int e2 = errno;
    capture_end();
    CHECK_U64(e, ENOENT);
    CHECK_U64(e2, EAGAIN);
    CHECK(strstr(line, strerror(ENOENT)) != NULL);
}

static void *write_lines(void *arg)
{
    for (int i = 0; i < 12; i++) pm_log(PM_LOG_INFO, "thread", "%0*d", 300, *(const int *)arg);
    return NULL;
}

/* A pipe of packets holds 16 pages, one each. */
PM_TEST(lines_of_threads_do_not_mix)
{
    char line[5000];
    static const int ids[4] = {1, 2, 3, 4};
    int per_id[5] = {0}, bad = 0;
    for (int round = 0; round < 3; round++) {
        pthread_t t[4];
        capture_begin();
        fcntl(STDERR_FILENO, F_SETPIPE_SZ, 64 * 4096);
        for (int i = 0; i < 4; i++) {
            union {
                const int *in;
                void *out;
            } arg = {.in = &ids[i]};
            if (pthread_create(&t[i], NULL, write_lines, arg.out) != 0) abort();
        }
        for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
        for (size_t n; (n = next_write(line)) > 0;) {
            int id = atoi(after_head(line));
            if (n != head_chars + 300 + 1 || id < 1 || id > 4)
                bad++;
            else
                per_id[id]++;
        }
        capture_end();
    }
    CHECK_U64(bad, 0);
    for (int i = 1; i <= 4; i++) CHECK_U64(per_id[i], 36);
}
