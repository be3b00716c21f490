/* The program itself, as a child process: what it says, how it ends, and that kill -9 loses nothing. */
#include "service_fixture.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static struct service s;
static char config_path[600];

/* Starts the program with this configuration and `extra` (may be NULL); its output goes to out.txt in the
 * folder. */
static pid_t start(const char *extra)
{
    char out[600];
    snprintf(out, sizeof out, "%s/out.txt", s.dir);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(fd, 1);
        dup2(fd, 2);
        execl(COORDINATOR, COORDINATOR, "--config", config_path, extra, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int end_of(pid_t pid)
{
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static char *output(void)
{
    static char text[20000];
    char path[600];
    snprintf(path, sizeof path, "%s/out.txt", s.dir);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f) fclose(f);
    text[n] = 0;
    return text;
}

static void ends_with(const char *extra, int code, const char *part)
{
    CHECK_U64(end_of(start(extra)), code);
    CHECK_MSG(strstr(output(), part) != NULL, "\"%s\" is not in \"%s\"", part, output());
}

static void configure(const char *more)
{
    char text[2000];
    snprintf(text, sizeof text,
             "pool: test\ndata_dir: data/deep\nsource_poll_ms: 20\nleases: {heartbeat_ms: 60000}\nhttp: "
             "{port: 0}\n"
             "projects:\n  - {id: 1, file: project.json}\n%s",
             more);
    file_write(config_path, s.dir, "c.yaml", text);
}

/* A free port, and the next one, as far as one can know. */
static unsigned free_port(void) { return 20000 + (unsigned)(test_random() % 20000); }

static bool wait_for(const char *part)
{
    for (int i = 0; i < 500; i++) {
        if (strstr(output(), part)) return true;
        pm_clock_sleep_ms(20);
    }
    CHECK_MSG(false, "\"%s\" did not come: %s", part, output());
    return false;
}

PM_TEST(what_it_says)
{
    service_make(&s);
    configure("listen: {port: 0, heartbeat_port: 0}\n");
    ends_with("--version", 0, "proofmill-coordinator ");
    ends_with("--help", 0, "--check-config");
    ends_with("--nonsense", 2, "--help");
    ends_with("nonsense", 2, "nonsense");
    ends_with("--check-config", 0, "project 1: meters, 1 versions, the default is 1.0");
    ends_with("--show-join", 2, "listen.port is 0");
    configure("listen: {port: 5570}\n");
    ends_with("--show-join", 0, "@127.0.0.1:5570");
    char first[400];
    snprintf(first, sizeof first, "%.399s", output());
    ends_with("--show-join", 0, first); /* the key was made once */
    configure("colour: red\n");
    ends_with(NULL, 3, "colour");
    configure("chain: {keystore: nowhere.json, password_file: nowhere}\n");
    ends_with(NULL, 4, "nowhere");
    file_write(NULL, s.dir, "project.json", "{}");
    configure("");
    ends_with("--check-config", 3, "project.json");
    service_free(&s);
}

PM_TEST(one_at_a_time)
{
    char more[200], taken[200];
    unsigned port = free_port();
    service_make(&s);
    snprintf(more, sizeof more, "listen: {port: %u, heartbeat_port: 0}\n", port);
    configure(more);
    pid_t pid = start(NULL);
    if (wait_for("HTTP API on")) {
        char log[600], kept[600];
        snprintf(log, sizeof log, "%s/out.txt", s.dir);
        snprintf(kept, sizeof kept, "%s/first.txt", s.dir);
        CHECK(rename(log, kept) == 0);
        ends_with(NULL, 7, "another coordinator");
        snprintf(taken, sizeof taken, "data_dir: other\n");
        char text[2000];
        snprintf(text, sizeof text,
                 "pool: test\n%shttp: {port: 0}\nprojects:\n  - {id: 1, file: project.json}\n%s", taken,
                 more);
        file_write(config_path, s.dir, "c.yaml", text);
        ends_with(NULL, 6, "in use");
    }
    kill(pid, SIGTERM);
    CHECK_U64(end_of(pid), 0);
    service_free(&s);
}

/* A worker with a task in hand, kill -9, a new process on the same folder: the work counts. */
PM_TEST(killed)
{
    char more[200], ledger[700];
    struct worker w;
    struct pm_msg msg;
    struct pm_identity identity;
    unsigned port = free_port();
    service_make(&s);
    worker_make(&w, &s, "w", true);
    snprintf(more, sizeof more, "listen: {port: %u, heartbeat_port: 0}\n", port);
    configure(more);
    file_write(NULL, s.dir, "readings/1.jsonl",
               "{\"meter\":\"x\",\"wh\":1}\n{\"meter\":\"x\",\"wh\":2}\n{\"meter\":\"x\",\"wh\":3}\n{"
               "\"meter\":\"x\",\"wh\":4}\n");
    pid_t pid = start(NULL);
    CHECK(wait_for("HTTP API on"));
    snprintf(ledger, sizeof ledger, "%s/data/deep/coordinator.key", s.dir);
    CHECK_OK(pm_keyfile_load_or_new(&s.keys, &identity, ledger, &s.err), s.err);
    w.port = port;
    CHECK(worker_login(&w, &msg));
    pm_msg_fini(&msg);
    worker_credit(&w, 1);
    msg = worker_next(&w, 10000);
    CHECK_U64(msg.kind, PM_MSG_TASK);
    kill(pid, SIGKILL);
    CHECK_U64(end_of(pid), 1000 + SIGKILL);
    pid = start(NULL);
    CHECK(wait_for("HTTP API on"));
    worker_connect(&w);
    struct pm_msg answer;
    CHECK(worker_login(&w, &answer));
    pm_msg_fini(&answer);
    worker_answer(&w, &msg.task);
    answer = worker_next(&w, 10000);
    CHECK_U64(answer.kind, PM_MSG_DONE);
    CHECK(answer.kind == PM_MSG_DONE && answer.done.accepted);
    pm_msg_fini(&answer);
    pm_msg_fini(&msg);
    kill(pid, SIGHUP); /* reads the list again, and lives */
    pm_clock_sleep_ms(300);
    kill(pid, SIGTERM);
    CHECK_U64(end_of(pid), 0);
    snprintf(ledger, sizeof ledger, "%s/data/deep/ledger.sqlite", s.dir);
    CHECK_OK(pm_ledger_open(&s.ledger, ledger, &s.err), s.err);
    CHECK(service_wait_tasks(&s, PM_TASK_PROVED, 1, NULL));
    pm_ledger_close(&s.ledger);
    pm_wipe(&identity, sizeof identity);
    worker_free(&w);
    service_free(&s);
}
