/* The program against a scripted coordinator on loopback: the whole life of a worker, with a real circuit,
 * real keys and proofs that are verified here. WORKER_PROGRAM, CIRCUITS_DIR and HOSTILE_WASM come from the
 * build. */
#include "test.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "folder.h"
#include "json/json.h"
#include "pool.h"
#include "prove/prover.h"
#include "prove/setup.h"
#include "web.h"
#include "worker/trim.h"
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
static struct pm_msg held_task(uint8_t number, uint64_t lease)
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

/* -- tests -- */

PM_TEST(logs_in_and_proves)
{
    open_all();
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS));
    CHECK_U64(pool.bad_logins, 0);
    CHECK_STR(pool.login.name, "mill-1");
    CHECK(strncmp(pool.login.device, "cpu: ", 5) == 0 && pool.login.slots == 2);
    CHECK(pool.login.n_vm_types == 1 && pool.login.vm_types[0].id == 100);
    char identity[67];
    pm_hex_encode(identity, pool.login.identity, 33);
    CHECK_STR(identity, identity_hex);
    CHECK(pool_wait_credit(&pool, 2, 20000));
    CHECK_U64(pool.granted, 2);

    struct pm_msg m = task(1, 100, "{\"a\": 3, \"b\": \"11\"}");
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 100, 0, false, WAIT_MS));
    CHECK(expect_result(1, 100, "33"));
    CHECK(pool_wait_lease(&pool, 100, PM_PHASE_VERIFY, false, 20000)); /* kept until it is confirmed */
    CHECK(pool_wait_credit(&pool, 3, 20000));                          /* the slot is free meanwhile */
    done(1, 100, true);
    CHECK(pool_wait_lease(&pool, 100, 0, true, 20000));

    /* The key and the circuit stay: three at once, a slot each, and one that waits. */
    for (uint8_t i = 2; i <= 4; i++) {
        CHECK(pool_wait_credit(&pool, i, 20000));
        m = task(i, 100u + i, "{\"a\": 2, \"b\": 8}");
        pool_send(&pool, &m);
    }
    for (uint8_t i = 2; i <= 4; i++) {
        CHECK(pool_wait(&pool, &m, PM_MSG_RESULT, WAIT_MS));
        check_result(&m, m.result.task[0], 100u + m.result.task[0], "16");
        done(m.result.task[0], m.result.lease, true);
        pm_msg_fini(&m);
    }
    CHECK(pool_wait_credit(&pool, 6, 20000));
    CHECK_U64(web_look(web, "/zkey").requests, 1);
    stop(pid);
    shut_all();
}

PM_TEST(logs_in_again_in_mid_work)
{
    open_all();
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    struct pm_msg m = held_task(1, 5);
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 5, PM_PHASE_FETCH, false, 20000));
    pool.forget_beat = true; /* the heartbeat's socket is the first to hear of it */
    CHECK(pool_wait_login(&pool, 2, WAIT_MS));
    CHECK(pool_wait_credit(&pool, 1, 20000));
    CHECK_U64(pool.granted, 1); /* one slot of two is busy with the old work */
    CHECK(pool_wait_lease(&pool, 5, PM_PHASE_FETCH, false, 20000));
    struct pm_msg again = {.kind = PM_MSG_LOGIN_AGAIN};
    pool_send(&pool, &again);
    memset(pool.session, 0, 16);
    CHECK(pool_wait_login(&pool, 3, WAIT_MS));
    web_release(web, "/held");
    CHECK(expect_result(1, 5, "33"));

    /* Not confirmed: it comes again with every new session, until it is. */
    pool.forget = true;
    CHECK(pool_wait_login(&pool, 4, WAIT_MS));
    CHECK(pool_wait(&pool, &m, PM_MSG_RESULT, 8000)); /* at once, not when its turn to be repeated comes */
    check_result(&m, 1, 5, "33");
    pm_msg_fini(&m);
    done(1, 5, true);
    CHECK(pool_wait_lease(&pool, 5, 0, true, 20000));
    stop(pid);
    shut_all();
}

PM_TEST(a_coordinator_that_crashes)
{
    open_all();
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    struct pm_msg m = held_task(1, 5);
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 5, PM_PHASE_FETCH, false, 20000));
    pool_restart(&pool);
    web_release(web, "/held");
    CHECK(pool_wait_login(&pool, 2, WAIT_MS));
    CHECK(expect_result(1, 5, "33"));
    done(1, 5, true);
    CHECK(pool_wait_credit(&pool, 2, 20000));
    stop(pid);
    shut_all();
}

PM_TEST(cancelled_work_stops)
{
    open_all();
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    struct pm_msg m = held_task(1, 5);
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 5, PM_PHASE_FETCH, false, 20000));
    struct pm_msg cancel = {.kind = PM_MSG_CANCEL, .cancel = {.lease = 5, .text = "given to another"}};
    pool_send(&pool, &cancel);
    CHECK(pool_wait_lease(&pool, 5, 0, true, 20000));
    CHECK(pool_wait_credit(&pool, 3, 20000)); /* while the server still holds the file back */
    web_release(web, "/held");
    CHECK(!pool_wait(&pool, &m, PM_MSG_RESULT, 500));
    m = task(2, 6, "{\"a\": 1, \"b\": 1}");
    pool_send(&pool, &m);
    CHECK(expect_result(2, 6, "1"));
    done(2, 6, false);
    stop(pid);
    shut_all();
}

static void expect_failed(struct pm_msg *m, enum pm_status status, const char *says)
{
    struct pm_msg failed;
    pool_send(&pool, m);
    CHECK(pool_wait(&pool, &failed, PM_MSG_FAILED, WAIT_MS));
    CHECK_MSG(failed.failed.status == status && strstr(failed.failed.text, says), "%s: %s",
              pm_status_name((enum pm_status)failed.failed.status), failed.failed.text);
    done(failed.failed.task[0], failed.failed.lease, true);
    pm_msg_fini(&failed);
}

PM_TEST(failures_say_whose_fault)
{
    open_all();
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    char hex[65];
    struct pm_msg m = task(1, 1, "{\"a\": 3, \"b\": 11}");
    m.task.artifacts[0].sha256[0] ^= 1;
    pm_hex_encode(hex, zkey.sha256, 32);
    expect_failed(&m, PM_MISMATCH, hex);

    m = task(2, 2, "{\"a\": 3}");
    expect_failed(&m, PM_CIRCUIT, "b");
    m = task(3, 3, "{\"a\": 3, ");
    expect_failed(&m, PM_CIRCUIT, "");
    m = task(4, 4, "{\"a\": 3, \"b\": 11}");
    m.task.artifacts[0] = artifact(PM_ARTIFACT_ZKEY, &other_zkey, "/other");
    expect_failed(&m, PM_UNSATISFIED, "");
    m = task(5, 5, "{\"a\": 3, \"b\": 11}");
    m.task.n_artifacts = 1;
    expect_failed(&m, PM_PROTOCOL, "wasm");
    m = task(6, 6, "{}");
    m.task.vm_type = 3;
    expect_failed(&m, PM_UNSUPPORTED, "100");
    m = task(7, 7, "{\"a\": 3, \"b\": 11}");
    m.task.artifacts[1] = artifact(PM_ARTIFACT_WASM, &zkey, "/zkey"); /* no WebAssembly */
    expect_failed(&m, PM_FORMAT, "");
    m = task(8, 8, "{\"a\": 3, \"b\": 11}");
    m.task.artifacts[0] = artifact(PM_ARTIFACT_ZKEY, &wasm, "/wasm"); /* no key */
    expect_failed(&m, PM_FORMAT, "");

    m = task(9, 9, "{\"a\": 3, \"b\": 11}"); /* and goes on working */
    pool_send(&pool, &m);
    CHECK(expect_result(9, 9, "33"));
    done(9, 9, true);
    stop(pid);
    shut_all();
}

PM_TEST(drains_when_told_to_stop)
{
    open_all();
    pid_t pid = start(NULL);
    struct pm_msg m = held_task(1, 5), late = task(2, 6, "{\"a\": 1, \"b\": 1}"), bye;
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 5, PM_PHASE_FETCH, false, 20000));
    kill(pid, SIGTERM);
    pm_clock_sleep_ms(300);
    expect_failed(&late, PM_CANCELLED, "stopping"); /* what arrives now goes back at once */
    web_release(web, "/held");
    CHECK(expect_result(1, 5, "33")); /* what was in hand is finished */
    done(1, 5, true);
    CHECK(pool_wait(&pool, &bye, PM_MSG_BYE, 10000));
    pm_msg_fini(&bye);
    CHECK_U64(pool.granted, 2); /* no new credit */
    CHECK_U64(exit_code(pid, 10000), 0);

    /* Bounded: work that does not end in time goes back. */
    pid = start("--drain-seconds=1");
    m = held_task(1, 7);
    struct web_page held = web_look(web, "/held");
    held.hold = true;
    web_change(web, "/held", &held);
    CHECK(pool_wait_login(&pool, 2, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 7, PM_PHASE_FETCH, false, 20000));
    kill(pid, SIGTERM);
    CHECK(pool_wait(&pool, &bye, PM_MSG_BYE, 10000));
    pm_msg_fini(&bye);
    CHECK_U64(exit_code(pid, 10000), 0);

    /* A second signal does not wait. */
    pid = start(NULL);
    CHECK(pool_wait_login(&pool, 3, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 7, PM_PHASE_FETCH, false, 20000));
    uint64_t begin = pm_clock_ms();
    kill(pid, SIGTERM);
    pm_clock_sleep_ms(300);
    kill(pid, SIGINT);
    CHECK_U64(exit_code(pid, 10000), 0);
    CHECK(pm_clock_ms() - begin < 9000);
    shut_all();
}

PM_TEST(killed_in_mid_work_and_started_again)
{
    open_all();
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    struct pm_msg m = held_task(1, 5);
    pool_send(&pool, &m);
    CHECK(pool_wait_lease(&pool, 5, PM_PHASE_FETCH, false, 20000));
    uint8_t identity[33];
    memcpy(identity, pool.login.identity, 33);
    kill(pid, SIGKILL);
    CHECK_U64(exit_code(pid, 10000), 1000 + SIGKILL);
    unsigned beats = pool.heartbeats; /* the whole worker is gone, not only its supervisor */
    (void)pool_wait_login(&pool, 1000, 1000);
    CHECK(pool.heartbeats <= beats + 2);
    web_release(web, "/held");

    pid = start(NULL);
    CHECK(pool_wait_login(&pool, 2, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    CHECK_MEM(identity, pool.login.identity, 33);
    CHECK_U64(pool.last_beat.n_leases, 0);
    m.task.lease = 6;
    pool_send(&pool, &m);
    CHECK(expect_result(1, 6, "33"));
    done(1, 6, true);
    stop(pid);
    shut_all();
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

/* Three circuits that never come to an end, each in a process of its own, and a fourth whose proof is made
 * meanwhile. */
PM_TEST(witnesses_are_computed_side_by_side)
{
    open_all();
    pid_t pid = start("--slots=4");
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 4, 20000));
    CHECK_U64(pool.login.slots, 4);
    struct pm_msg m;
    for (uint8_t i = 1; i <= 3; i++) {
        m = task(i, i, "{\"x\": 1}");
        m.task.artifacts[1] = artifact(PM_ARTIFACT_WASM, &hostile, "/hostile");
        pool_send(&pool, &m);
    }
    for (uint8_t i = 1; i <= 3; i++) CHECK(pool_wait_lease(&pool, i, PM_PHASE_WITNESS, false, WAIT_MS));
    long worker = 0, any;
    CHECK_U64(children(pid, &worker), 1);
    for (unsigned i = 0; i < 600 && children((pid_t)worker, &any) < 3; i++)
        (void)pool_wait_login(&pool, 1000, 50); /* while one still waits for the compiler */
    CHECK_U64(children((pid_t)worker, &any), 3);
    m = task(4, 4, "{\"a\": 3, \"b\": 11}");
    pool_send(&pool, &m);
    CHECK(expect_result(4, 4, "33"));
    done(4, 4, true);
    CHECK_U64(children((pid_t)worker, &any), 3);
    for (uint8_t i = 1; i <= 3; i++) {
        struct pm_msg cancel = {.kind = PM_MSG_CANCEL, .cancel = {.lease = i, .text = "enough"}};
        CHECK(pool_wait_lease(&pool, i, PM_PHASE_WITNESS, false, 20000));
        pool_send(&pool, &cancel);
        CHECK(pool_wait_lease(&pool, i, 0, true, 20000));
    }
    CHECK_U64(children((pid_t)worker, &any), 0);
    stop(pid);
    shut_all();
}

/* What the files that are fetched or compiled take. */
static uint64_t cached_bytes(void)
{
    const char *const folders[] = {in_folder("data/artifacts"), in_folder("data/circuits")};
    uint64_t bytes = 0;
    CHECK_OK(pm_trim(&bytes, folders, 2, UINT64_MAX, &err), err);
    return bytes;
}

/* Two circuits whose programs do not fit beside each other: each gives way to the other, and both are proved.
 */
PM_TEST(the_disk_is_not_filled)
{
    static const char shapes_input[] =
        "{\"one\": 7, \"list\": [1, 2, 3], \"matrix\": [[1, 0, 5], [2, 8, 13]]}";
    open_all();
    pid_t pid = start("--cache=1");
    CHECK(pool_wait_login(&pool, 1, WAIT_MS));
    CHECK(cached_bytes() <= 1 << 20); /* at the start, of what tests before left */
    for (uint8_t i = 1; i <= 3; i++) {
        struct pm_msg m = task(i, i, i == 2 ? shapes_input : "{\"a\": 3, \"b\": 11}");
        if (i == 2) {
            m.task.artifacts[0] = artifact(PM_ARTIFACT_ZKEY, &shapes_zkey, "/shapes.zkey");
            m.task.artifacts[1] = artifact(PM_ARTIFACT_WASM, &shapes_wasm, "/shapes.wasm");
        }
        CHECK(pool_wait_credit(&pool, i, 20000));
        pool_send(&pool, &m);
        CHECK(pool_wait(&pool, &m, PM_MSG_RESULT, WAIT_MS));
        CHECK_U64(m.result.lease, i);
        pm_msg_fini(&m);
        done(i, i, true);
        CHECK(cached_bytes() > 700000 && cached_bytes() <= 1 << 20);
    }
    stop(pid);
    shut_all();
}

PM_TEST(a_worker_process_that_crashes_is_started_again)
{
    open_all();
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS));
    long child = 0;
    CHECK_U64(children(pid, &child), 1);
    CHECK(child > 1);
    if (child > 1) kill((pid_t)child, SIGKILL);
    CHECK(pool_wait_login(&pool, 2, WAIT_MS));
    stop(pid);
    shut_all();
}

PM_TEST(refused_by_the_pool)
{
    open_all();
    pool.refuse = true;
    CHECK_U64(exit_code(start(NULL), WAIT_MS), 7);
    shut_all();
}

/* Unanswered heartbeats do not disturb the work, and two workers do not share a folder. */
PM_TEST(silence_and_a_second_worker)
{
    open_all();
    pool.mute = true;
    pid_t pid = start(NULL);
    CHECK(pool_wait_login(&pool, 1, WAIT_MS) && pool_wait_credit(&pool, 2, 20000));
    CHECK_U64(exit_code(start("--no-supervisor"), 30000), 7); /* PM_CONFLICT's */
    CHECK(pool.heartbeats > 10);
    struct pm_msg m = task(1, 1, "{\"a\": 3, \"b\": 11}");
    pool_send(&pool, &m);
    CHECK(expect_result(1, 1, "33"));
    done(1, 1, true);
    stop(pid);
    shut_all();
}
