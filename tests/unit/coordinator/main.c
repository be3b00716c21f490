/* The program itself, as a child process: what it says, how it ends, and that kill -9 loses nothing. */
#include "service_fixture.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "test.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
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

static void configure_port(unsigned port)
{
    char more[100];
    snprintf(more, sizeof more, "listen: {port: %u, heartbeat_port: 0}\n", port);
    configure(more);
}

/* A port that is free now, and below those that the system gives to whoever asks for any. */
static unsigned free_port(void)
{
    for (;;) {
        unsigned port = 20000 + (unsigned)((test_random() ^ (uint64_t)getpid()) % 12000);
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool free_now = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
        if (fd >= 0) close(fd);
        if (free_now) return port;
    }
}

/* Until the output has the part so many times. */
static bool wait_for_times(const char *part, unsigned times)
{
    for (int i = 0; i < 1000; i++) {
        unsigned n = 0;
        for (const char *at = output(); (at = strstr(at, part)) != NULL; at++) n++;
        if (n >= times) return true;
        pm_clock_sleep_ms(20);
    }
    CHECK_MSG(false, "\"%s\" did not come %u times: %s", part, times, output());
    return false;
}

static bool wait_for(const char *part) { return wait_for_times(part, 1); }

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
    unsigned port = free_port();
    service_make(&s);
    configure_port(port);
    pid_t pid = start(NULL);
    if (wait_for("HTTP API on")) {
        char log[600], kept[600];
        snprintf(log, sizeof log, "%s/out.txt", s.dir);
        snprintf(kept, sizeof kept, "%s/first.txt", s.dir);
        CHECK(rename(log, kept) == 0);
        ends_with(NULL, 7, "another coordinator");
        char text[2000];
        snprintf(text, sizeof text,
                 "pool: test\ndata_dir: other\nhttp: {port: 0}\nprojects:\n  - {id: 1, file: project.json}\n"
                 "listen: {port: %u, heartbeat_port: 0}\n",
                 port);
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
    char ledger[700];
    struct worker w;
    struct pm_msg msg;
    struct pm_identity identity;
    unsigned port = free_port();
    service_make(&s);
    worker_make(&w, &s, "w", true);
    configure_port(port);
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

/* The project file with one version more, which is the default from now on. */
static void add_version(void)
{
    char path[700];
    snprintf(path, sizeof path, "%s/project.json", s.dir);
    json_t *project = json_load_file(path, 0, NULL), *versions = json_object_get(project, "versions");
    json_t *second = json_deep_copy(json_array_get(versions, 0));
    json_object_set_new(second, "version", json_string("2.0"));
    json_array_append_new(versions, second);
    json_object_set_new(project, "defaultVersion", json_string("2.0"));
    char *text = json_dumps(project, 0);
    file_write(NULL, s.dir, "project.json", text);
    free(text);
    json_decref(project);
}

/* first: of the four readings, which must be new. */
static void one_task_of(struct worker *w, const char *version, const char *file, unsigned first)
{
    struct pm_msg msg;
    char lines[400] = "";
    CHECK(worker_login(w, &msg));
    pm_msg_fini(&msg);
    worker_credit(w, 1);
    for (unsigned i = 0; i < SERVICE_TASK_SIZE; i++)
        snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "{\"meter\":\"y\",\"wh\":%u}\n",
                 first + i);
    file_write(NULL, s.dir, file, lines);
    msg = worker_next(w, 10000);
    CHECK_U64(msg.kind, PM_MSG_TASK);
    CHECK_STR(msg.task.version, version);
    if (msg.kind != PM_MSG_TASK) return;
    worker_answer(w, &msg.task);
    struct pm_msg answer = worker_next(w, 10000);
    CHECK(answer.kind == PM_MSG_DONE && answer.done.accepted);
    pm_msg_fini(&answer);
    pm_msg_fini(&msg);
}

/* HUP: the same process goes on with what the files say now, or, where that is none or cannot be started
 * with, with what they said before. */
PM_TEST(read_again)
{
    char text[700];
    struct worker w;
    struct pm_identity identity;
    unsigned port = free_port();
    service_make(&s);
    worker_make(&w, &s, "w", true);
    configure_port(port);
    pid_t pid = start(NULL);
    CHECK(wait_for("HTTP API on"));
    kill(pid, SIGHUP);
    CHECK(wait_for("nothing changed"));

    char project[700], kept[700];
    snprintf(project, sizeof project, "%s/project.json", s.dir);
    snprintf(kept, sizeof kept, "%s/kept.json", s.dir);
    CHECK(rename(project, kept) == 0);
    file_write(NULL, s.dir, "project.json", "{}");
    kill(pid, SIGHUP);
    CHECK(wait_for("stays in force"));
    CHECK(rename(kept, project) == 0);

    add_version();
    kill(pid, SIGHUP);
    CHECK(wait_for("starting again") && wait_for_times("HTTP API on", 2));
    snprintf(text, sizeof text, "%s/data/deep/coordinator.key", s.dir);
    CHECK_OK(pm_keyfile_load_or_new(&s.keys, &identity, text, &s.err), s.err);
    w.port = port;
    one_task_of(&w, "2.0", "readings/1.jsonl", 5);

    struct sockaddr_in taken = {.sin_family = AF_INET};
    socklen_t size = sizeof taken;
    taken.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&taken, size) == 0 && listen(fd, 1) == 0 &&
          getsockname(fd, (struct sockaddr *)&taken, &size) == 0);
    snprintf(text, sizeof text, "listen: {port: %u, heartbeat_port: 0}\n", ntohs(taken.sin_port));
    configure(text);
    kill(pid, SIGHUP);
    CHECK(wait_for("going back") && wait_for_times("HTTP API on", 3));
    worker_connect(&w);
    one_task_of(&w, "2.0", "readings/2.jsonl", 50);
    close(fd);

    kill(pid, SIGTERM);
    CHECK_U64(end_of(pid), 0);
    CHECK_MSG(!strstr(output(), "another coordinator"), "%s", output());
    pm_wipe(&identity, sizeof identity);
    worker_free(&w);
    service_free(&s);
}
