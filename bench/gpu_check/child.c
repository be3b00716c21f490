/* Both sides of an item: the parent that starts a child, waits for it and kills it at its limit, and the
 * child that does the work. See check.h. */
#include "check.h"
#include "base/clock.h"
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
volatile int child_interrupted;

const char *result_name(enum result result)
{
    switch (result) {
    case RESULT_PASS:
        return "pass";
    case RESULT_FAIL:
        return "fail";
    case RESULT_TIMEOUT:
        return "timeout";
    case RESULT_SKIP:
        return "skip";
    case RESULT_LEFT:
        return "left over";
    }
    return "unknown";
}

/* -- in the parent -- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}
static void remove_all(const char *dir) { (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

/* The last line with something in it: what a child said before it ended. */
static void last_words(char *out, size_t size, const char *log)
{
    char line[1024];
    FILE *f = fopen(log, "r");
    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (*line) (void)snprintf(out, size, "%s", line);
    }
    if (f) (void)fclose(f);
}

static bool log_has(const char *log, const char *text)
{
    char line[4096];
    bool found = false;
    FILE *f = fopen(log, "r");
    while (f && !found && fgets(line, sizeof line, f)) found = strstr(line, text) != NULL;
    if (f) (void)fclose(f);
    return found;
}

/* In a process group of its own, with all that it prints in the log. 0: not started; errno. */
static pid_t start(const struct check *check, const struct item *item, const struct outcome *out,
                   const char *dir)
{
    char name[96];
    pid_t pid = 0;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    (void)snprintf(name, sizeof name, "%s/%s", item->stage, item->name);
    const char *argv[] = {check->self,
                          "--child",
                          name,
                          "--rows",
                          out->rows_path,
                          "--dir",
                          dir,
                          "--device",
                          check->device,
                          "--out",
                          check->out,
                          "--cuda-root",
                          check->cuda_root,
                          check->tiny ? "--tiny" : NULL,
                          NULL};
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&files, 1, out->log_path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    (void)posix_spawn_file_actions_adddup2(&files, 1, 2);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    (void)posix_spawnattr_setpgroup(&attributes, 0);
    errno = posix_spawn(&pid, check->self, &files, &attributes, (char *const *)(uintptr_t)argv, environ);
    if (errno != 0) pid = 0;
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attributes);
    return pid;
}

/* True if it ended by itself. Its whole group is gone either way. */
static bool wait_for(pid_t pid, unsigned limit_s, int *status)
{
    uint64_t end = pm_clock_ms() + limit_s * 1000ull;
    pid_t got;
    while ((got = waitpid(pid, status, WNOHANG)) == 0 && pm_clock_ms() < end && !child_interrupted)
        pm_clock_sleep_ms(5);
    (void)kill(-pid, SIGKILL);
    if (got == 0) (void)waitpid(pid, status, 0);
    return got == pid;
}

static void judge(struct outcome *out, const struct item *item, bool by_itself, int status, unsigned limit_s)
{
    last_words(out->why, sizeof out->why, out->log_path);
    if (!by_itself && (child_interrupted || limit_s < item->limit_s)) {
        out->result = RESULT_LEFT;
        (void)snprintf(out->why, sizeof out->why, "stopped after %u s of its %u", limit_s, item->limit_s);
    } else if (!by_itself) {
        out->result = RESULT_TIMEOUT;
        (void)snprintf(out->why, sizeof out->why, "killed at its limit of %u s", limit_s);
    } else if (WIFSIGNALED(status)) {
        size_t n = strlen(out->why);
        (void)snprintf(out->why + n, sizeof out->why - n, " (ended by signal %d)", WTERMSIG(status));
    } else if (WEXITSTATUS(status) == SKIP_CODE) {
        out->result = RESULT_SKIP;
    } else if (WEXITSTATUS(status) == 0) {
        out->result = RESULT_PASS;
        out->why[0] = '\0';
        if (!item->must_print || log_has(out->log_path, item->must_print)) return;
        out->result = RESULT_FAIL;
        (void)snprintf(out->why, sizeof out->why, "it did not say \"%s\"", item->must_print);
    }
}

void child_run(struct outcome *out, const struct check *check, const struct item *item, unsigned limit_s)
{
    char dir[600];
    int status = 0;
    *out = (struct outcome){.result = RESULT_FAIL};
    if (item->missing) {
        out->result = RESULT_SKIP;
        (void)snprintf(out->why, sizeof out->why, "%s", item->missing);
        return;
    }
    (void)snprintf(dir, sizeof dir, "%s/tmp", check->out);
    (void)snprintf(out->rows_path, sizeof out->rows_path, "%s/items/%s-%s.rows", check->out, item->stage,
                   item->name);
    (void)snprintf(out->log_path, sizeof out->log_path, "%s/items/%s-%s.log", check->out, item->stage,
                   item->name);
    (void)unlink(out->rows_path);
    remove_all(dir); /* of a call that was cut off */
    uint64_t begin = pm_clock_ms();
    pid_t pid = mkdir(dir, 0777) == 0 ? start(check, item, out, dir) : 0;
    bool by_itself = pid > 0 && wait_for(pid, limit_s, &status);
    if (pid > 0)
        judge(out, item, by_itself, status, limit_s);
    else
        (void)snprintf(out->why, sizeof out->why, "it cannot be started: %s", strerror(errno));
    out->wall_s = (double)(pm_clock_ms() - begin) / 1000;
    remove_all(dir);
}

/* -- in the child -- */

void child_row(void *child, const struct pm_measure_row *row)
{
    const struct child *c = child;
    char text[1024];
    (void)pm_measure_row_json(text, sizeof text, row);
    (void)fprintf(c->rows, "%s\n", text);
    (void)fflush(c->rows);
}

void child_value(const struct child *child, const char *question, const char *what, uint64_t size,
                 double value, const char *unit)
{
    (void)fprintf(
        child->rows,
        "{\"question\": \"%s\", \"what\": \"%s\", \"size\": %llu, \"value\": %.6g, \"unit\": \"%s\"}\n",
        question, what, (unsigned long long)size, value, unit);
    (void)fflush(child->rows);
}

/* A test of the kernels opens device 0: let that be the one asked for. */
static void show_one_device(const char *device)
{
    const char *colon = strchr(device, ':');
    if (strncmp(device, "cuda:", 5) == 0 && strcmp(colon + 1, "0") != 0)
        (void)setenv("CUDA_VISIBLE_DEVICES", colon + 1, 0);
}

static const struct item *find(const struct items *items, const char *name)
{
    char full[96];
    for (unsigned i = 0; i < items->n; i++) {
        (void)snprintf(full, sizeof full, "%s/%s", items->at[i].stage, items->at[i].name);
        if (strcmp(full, name) == 0) return &items->at[i];
    }
    return NULL;
}

int child_main(const struct check *check, const char *name, const char *rows_path, const char *dir)
{
    static struct items items;
    struct pm_error err = {0};
    struct child child = {.device = check->device, .tiny = check->tiny, .dir = dir};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* holds for a command, too */
    for (const struct stage *s = stages; s->name; s++)
        if (s->plan) s->plan(&items, check);
    plan_hidden(&items, check);
    const struct item *item = find(&items, name);
    if (!item || (!item->run && !item->command[0])) {
        (void)fprintf(stderr, "there is no item %s\n", name);
        return 2;
    }
    (void)setenv("TMPDIR", dir, 1);
    if (!item->run) {
        if (strncmp(item->name, "kernels", 7) == 0) show_one_device(check->device);
        (void)execvp(item->command[0], (char *const *)(uintptr_t)item->command);
        (void)fprintf(stderr, "%s cannot be started: %s\n", item->command[0], strerror(errno));
        return 127;
    }
    child.rows = fopen(rows_path, "a");
    if (!child.rows) {
        (void)fprintf(stderr, "%s cannot be written: %s\n", rows_path, strerror(errno));
        return 4;
    }
    enum pm_status status = item->run(&child, item, &err);
    (void)fclose(child.rows);
    if (status == PM_OK) return 0;
    (void)fprintf(stderr, "%s\n", err.text);
    return status == PM_UNSUPPORTED ? SKIP_CODE : 1;
}
