/* The worker's program against a scripted coordinator on loopback, with real circuits, real keys, and proofs
 * that are verified here: what worker.c and busy.c share. WORKER_PROGRAM, CIRCUITS_DIR and HOSTILE_WASM come
 * from the build. */
#ifndef TEST_WORKER_PROGRAM_H
#define TEST_WORKER_PROGRAM_H

#include "test.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "folder.h"
#include "json/json.h"
#include "pool.h"
#include "prove/prover.h"
#include "prove/setup.h"
#include "web.h"
#include "worker/work.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { WAIT_MS = 60000 }; /* the first witness waits for a compiler */

static struct pool pool;
static struct web *web;
static struct pm_error err;
static char curve_hex[65], identity_hex[67];
static uint8_t worker_curve[32];

struct artifact_file {
    uint8_t *data;
    size_t len;
    uint8_t sha256[32];
};
static struct artifact_file zkey, wasm, other_zkey, hostile, shapes_zkey, shapes_wasm;
static struct pm_vk vk;

/* -- the program -- */

static pid_t spawn(const char *const *args, int out_fd)
{
    const char *argv[32] = {WORKER_PROGRAM};
    int n = 1;
    for (; args[n - 1]; n++) argv[n] = args[n - 1];
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also where the test itself is killed */
        int log = open(in_folder("log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(log, 2);
        if (out_fd >= 0) dup2(out_fd, 1);
        execv(WORKER_PROGRAM, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

static int exit_code(pid_t pid, unsigned wait_ms)
{
    int state = 0;
    for (uint64_t end = pm_clock_ms() + wait_ms; pm_clock_ms() < end; pm_clock_sleep_ms(10)) {
        if (pool.work) (void)pool_wait_login(&pool, 1000000, 1); /* keeps answering */
        if (waitpid(pid, &state, WNOHANG) == pid)
            return WIFEXITED(state) ? WEXITSTATUS(state) : 1000 + WTERMSIG(state);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &state, 0);
    return -1;
}

static pid_t start(const char *extra)
{
    char join[400];
    pool_join(&pool, join);
    const char *args[] = {"--data", in_folder("data"), "--name", "mill-1", "--join", join,  "--device",
                          "cpu",    "--threads",       "2",      "--log",  "debug",  extra, NULL};
    return spawn(args, -1);
}

static void stop(pid_t pid)
{
    kill(pid, SIGTERM);
    CHECK_U64(exit_code(pid, 20000), 0);
}

static void show_log(void)
{
    char line[2000];
    FILE *f = fopen(in_folder("log"), "r");
    while (f && fgets(line, sizeof line, f)) fputs(line, stderr);
    if (f) fclose(f);
}

/* -- set-up -- */

static struct artifact_file load(const char *path)
{
    struct artifact_file a = {0};
    char *text = NULL;
    CHECK_OK(pm_json_load(&text, &a.len, path, 1 << 26, &err), err);
    if (!text) exit(1);
    a.data = (uint8_t *)text;
    SHA256(a.data, a.len, a.sha256);
    return a;
}

static void make_key(const char *r1cs_path, const char *zkey_path)
{
    struct pm_r1cs r1cs;
    CHECK_OK(pm_r1cs_open(&r1cs, r1cs_path, &err), err);
    CHECK_OK(pm_setup_dev(&r1cs, zkey_path, NULL, NULL, &err), err);
    pm_r1cs_close(&r1cs);
}

/* A key for another relation over as many wires, a * a = c: a witness of a * b = c does not satisfy it. */
static void make_other_key(const char *zkey_path)
{
    static const uint32_t wires[3] = {2, 2, 1};
    uint8_t c[3 * 40] = {0};
    char r1cs_path[700];
    for (unsigned k = 0; k < 3; k++) {
        pm_store_le32(c + 40 * k, 1);
        pm_store_le32(c + 40 * k + 4, wires[k]);
        c[40 * k + 8] = 1;
    }
    snprintf(r1cs_path, sizeof r1cs_path, "%s.r1cs", zkey_path);
    CHECK_OK(pm_r1cs_write(r1cs_path, pm_curve_by_name("bn128"), 4, 1, 0, 1, c, sizeof c, &err), err);
    make_key(r1cs_path, zkey_path);
}

static void page(const char *path, const struct artifact_file *a, bool hold)
{
    struct web_page p = {.data = a->data, .len = a->len, .hold = hold};
    snprintf(p.path, sizeof p.path, "%s", path);
    web_add(web, &p);
}

static void learn_keys(void)
{
    int fds[2];
    char line[400] = "", name[64], address[64];
    if (pipe(fds) != 0) exit(1);
    const char *args[] = {"--data", in_folder("data"), "--name", "mill-1", "--show-keys", NULL};
    pid_t pid = spawn(args, fds[1]);
    close(fds[1]);
    ssize_t n = read(fds[0], line, sizeof line - 1);
    close(fds[0]);
    CHECK(n > 0);
    CHECK_U64(exit_code(pid, 10000), 0);
    CHECK_MSG(sscanf(line, "%64s %66s %63s # %63s", curve_hex, identity_hex, name, address) == 4, "%s", line);
    CHECK_STR(name, "mill-1");
    CHECK(strncmp(address, "0x", 2) == 0 && pm_hex_decode(worker_curve, 32, curve_hex));
}

static void close_all(void)
{
    if (test_failures) show_log();
}

static void set_up(void)
{
    static bool once;
    if (once) return;
    once = true;
    (void)in_folder(""); /* which is removed after the log was shown */
    atexit(close_all);
    char path[600];
    learn_keys();
    snprintf(path, sizeof path, "%s", in_folder("multiplier.zkey"));
    make_key(CIRCUITS_DIR "/multiplier/multiplier.r1cs", path);
    zkey = load(path);
    wasm = load(CIRCUITS_DIR "/multiplier/multiplier.wasm");
    hostile = load(HOSTILE_WASM);
    snprintf(path, sizeof path, "%s", in_folder("shapes.zkey"));
    make_key(CIRCUITS_DIR "/shapes/shapes.r1cs", path);
    shapes_zkey = load(path);
    shapes_wasm = load(CIRCUITS_DIR "/shapes/shapes.wasm");
    snprintf(path, sizeof path, "%s", in_folder("multiplier.zkey"));
    struct pm_zkey z;
    CHECK_OK(pm_zkey_open(&z, path, PM_CHECK_DEEP, NULL, &err), err);
    CHECK_OK(pm_vk_from_zkey(&vk, &z, &err), err);
    pm_zkey_close(&z);
    snprintf(path, sizeof path, "%s", in_folder("other.zkey"));
    make_other_key(path);
    other_zkey = load(path);
}

static void open_all(void)
{
    set_up();
    web = web_start();
    page("/zkey", &zkey, false);
    page("/wasm", &wasm, false);
    page("/other", &other_zkey, false);
    page("/hostile", &hostile, false);
    page("/shapes.zkey", &shapes_zkey, false);
    page("/shapes.wasm", &shapes_wasm, false);
    page("/held", &wasm, true);
    pool_open(&pool, worker_curve);
}

static void shut_all(void)
{
    pool_close(&pool);
    web_stop(&web);
}

/* -- tasks -- */

static struct pm_artifact artifact(enum pm_artifact_kind kind, const struct artifact_file *file,
                                   const char *path)
{
    struct pm_artifact a = {.kind = kind, .size_bytes = file->len};
    memcpy(a.sha256, file->sha256, 32);
    web_url(web, a.url, path);
    return a;
}

static struct pm_msg task(uint8_t number, uint64_t lease, const char *input)
{
    struct pm_msg m = {.kind = PM_MSG_TASK};
    m.task.task[0] = number;
    m.task.lease = lease;
    m.task.attempt = 1;
    m.task.deadline_ms = 120000;
    m.task.project = 1;
    strcpy(m.task.version, "1.0");
    m.task.vm_type = PM_WORK_VM_CIRCOM;
    m.task.n_artifacts = 2;
    m.task.artifacts[0] = artifact(PM_ARTIFACT_ZKEY, &zkey, "/zkey");
    m.task.artifacts[1] = artifact(PM_ARTIFACT_WASM, &wasm, "/wasm");
    m.task.input = (struct pm_blob){(const uint8_t *)input, strlen(input)};
    return m;
}

/* A task whose circuit the server holds back: it stays in the fetch phase. The wasm must not be in the cache.
 */
__attribute__((unused)) static struct pm_msg held_task(uint8_t number, uint64_t lease)
{
    char path[200] = "data/artifacts/";
    pm_hex_encode(path + strlen(path), wasm.sha256, 32);
    unlink(in_folder(path));
    struct pm_msg m = task(number, lease, "{\"a\": 3, \"b\": 11}");
    m.task.artifacts[1] = artifact(PM_ARTIFACT_WASM, &wasm, "/held");
    return m;
}

static void check_result(const struct pm_msg *m, uint8_t number, uint64_t lease, const char *expected)
{
    struct pm_proof proof;
    uint8_t *publics = NULL;
    uint32_t n = 0;
    CHECK(m->result.task[0] == number && m->result.lease == lease);
    CHECK_STR(m->result.proof_type, "groth16/json");
    CHECK_OK(
        pm_json_read_proof(&proof, "result", (const char *)m->result.proof.data, m->result.proof.len, &err),
        err);
    CHECK_OK(pm_json_read_public(&publics, &n, vk.curve, "result",
                                 (const char *)m->result.public_signals.data, m->result.public_signals.len,
                                 &err),
             err);
    CHECK_U64(n, 1);
    if (publics && n == 1) {
        char text[100];
        pm_json_decimal(text, publics, 32);
        CHECK_STR(text, expected);
        CHECK_OK(pm_verify(&vk, &proof, publics, n, &err), err);
    }
    free(publics);
}

static void done(uint8_t number, uint64_t lease, bool accepted)
{
    struct pm_msg m = {.kind = PM_MSG_DONE, .done = {.lease = lease, .accepted = accepted}};
    m.done.task[0] = number;
    pool_send(&pool, &m);
}

static bool expect_result(uint8_t number, uint64_t lease, const char *expected)
{
    struct pm_msg m;
    if (!pool_wait(&pool, &m, PM_MSG_RESULT, WAIT_MS)) return false;
    check_result(&m, number, lease, expected);
    pm_msg_fini(&m);
    return true;
}

/* How many children a process has, those of all its threads; *last: one of them. */
static unsigned children(pid_t pid, long *last)
{
    char path[64];
    unsigned n = 0;
    snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    DIR *threads = opendir(path);
    for (struct dirent *e = threads ? readdir(threads) : NULL; e; e = readdir(threads)) {
        char list[400];
        snprintf(list, sizeof list, "%s/%s/children", path, e->d_name);
        FILE *f = fopen(list, "r");
        while (f && fscanf(f, "%ld", last) == 1) n++;
        if (f) fclose(f);
    }
    if (threads) closedir(threads);
    return n;
}

#endif
