/* Puts a worker together: folder, keys, self-test, threads; takes it apart in reverse. See worker.h for who
 * does what. */
#include "worker/worker.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "prove/backend.h"
#include "worker/download.h"
#include "worker/selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PREPARERS = 8, END_WAIT_MS = 3000 };

struct threads {
    pthread_t prepare[MAX_PREPARERS], prove, heartbeat;
    unsigned n_prepare;
    bool has_prove, has_heartbeat;
};

void pm_worker_wake(struct pm_worker *w) { (void)!write(w->wake_fd, &(uint64_t){1}, sizeof(uint64_t)); }

/* Makes the folder and those above it. */
static enum pm_status make_folder(const char *path, struct pm_error *err)
{
    char part[sizeof((struct pm_worker_config *)0)->data];
    (void)snprintf(part, sizeof part, "%s", path);
    for (char *p = part + 1; *p; p++) {
        if (*p != '/') continue;
        *p = 0;
        (void)mkdir(part, 0755);
        *p = '/';
    }
    if (mkdir(path, 0700) == 0 || errno == EEXIST) return PM_OK;
    return pm_fail(err, PM_IO, "%s: cannot make the folder: %s", path, strerror(errno));
}

enum pm_status pm_worker_keys(struct pm_curve_keys *curve, struct pm_identity *identity,
                              const struct pm_worker_config *config, struct pm_error *err)
{
    char path[4096];
    PM_TRY(make_folder(config->data, err));
    (void)snprintf(path, sizeof path, "%s/worker.key", config->data);
    return pm_keyfile_load_or_new(curve, identity, path, err);
}

/* One worker per folder: two with the same keys would take each other's session. The lock dies with the
 * process. */
static enum pm_status lock_folder(int *out, const char *folder, struct pm_error *err)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/lock", folder);
    *out = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*out < 0) return pm_fail(err, PM_IO, "%s: %s", path, strerror(errno));
    /* A worker that was killed a moment ago may still be going down. */
    for (int i = 0; i < 50; i++) {
        if (flock(*out, LOCK_EX | LOCK_NB) == 0) return PM_OK;
        pm_clock_sleep_ms(100);
    }
    close(*out);
    *out = -1;
    return pm_fail(err, PM_CONFLICT, "%s: another worker uses this folder; every worker needs its own --data",
                   folder);
}

/* A GPU as its backend describes it; the processor by the system's word for it. */
static void describe_device(char out[129], const char *device, unsigned threads)
{
    const struct pm_backend *backend;
    struct pm_backend_device found;
    unsigned index;
    if (pm_backend_find(&backend, &index, device, NULL) == PM_OK && strcmp(backend->name, "cpu") != 0 &&
        backend->describe(&found, index, NULL) == PM_OK) {
        (void)snprintf(out, 129, "%.8s:%u: %.112s", backend->name, index, found.text);
        return;
    }
    char model[100] = "unknown processor", line[256];
    FILE *f = fopen("/proc/cpuinfo", "re");
    while (f && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon) continue;
        (void)snprintf(model, sizeof model, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    if (f) fclose(f);
    (void)snprintf(out, 129, "cpu: %.80s, %u threads", model, threads);
}

static uint64_t memory_budget(const struct pm_worker_config *config)
{
    if (config->memory_mib) return config->memory_mib << 20;
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGE_SIZE);
    return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page / 2 : 1ull << 30;
}

/* The disk needs room: what is only kept because it may be wanted again is closed. */
static void let_go(void *arg)
{
    struct pm_worker *w = arg;
    pm_circuits_close_idle(w->circuits);
    pthread_mutex_lock(&w->lock);
    w->let_go = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static enum pm_status open_files(struct pm_worker *w, struct pm_error *err)
{
    const struct pm_worker_config *c = w->config;
    char artifacts[4096], circuits[4096];
    (void)snprintf(artifacts, sizeof artifacts, "%s/artifacts", c->data);
    (void)snprintf(circuits, sizeof circuits, "%s/circuits", c->data);
    PM_TRY(make_folder(artifacts, err));
    PM_TRY(pm_room_new(&w->room, artifacts, circuits, c->cache_mib << 20, let_go, w, err));
    pm_log(PM_LOG_INFO, "start", "fetched files and compiled circuits may take %llu MiB",
           (unsigned long long)(pm_room_budget(w->room) >> 20));
    PM_TRY(pm_artifacts_new(&w->artifacts, artifacts, c->max_artifact_mib << 20, w->room, err));
    return pm_circuits_new(&w->circuits, circuits, err);
}

/* Everything that needs no other thread. On failure close_parts() releases what there is. */
static enum pm_status open_parts(struct pm_worker *w, struct pm_error *err)
{
    const struct pm_worker_config *c = w->config;
    PM_TRY(pm_join_parse(&w->join, c->join, err));
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->wake_fd < 0) return pm_fail(err, PM_NO_MEMORY, "no descriptor: %s", strerror(errno));
    w->pool = pm_pool_new(c->threads, err);
    if (!w->pool) return err ? err->status : PM_NO_MEMORY;
    describe_device(w->device_text, c->device, pm_pool_threads(w->pool));
    uint64_t begin = pm_clock_ms();
    PM_TRY(pm_selftest(c->data, c->device, w->pool, err));
    pm_log(PM_LOG_INFO, "start", "self-test passed in %u ms: %s", (unsigned)(pm_clock_ms() - begin),
           w->device_text);
    PM_TRY(open_files(w, err));
    PM_TRY(pm_keys_new(&w->keys, c->device, memory_budget(c), w->pool, err));
    pm_keys_tables(w->keys, c->tables_mib << 20);
    return pm_wire_new(&w->wire, err);
}

static void close_parts(struct pm_worker *w)
{
    pm_wire_free(&w->wire);
    pm_keys_free(&w->keys);
    pm_circuits_free(&w->circuits);
    pm_artifacts_free(&w->artifacts);
    pm_room_free(&w->room);
    pm_pool_free(&w->pool);
    if (w->wake_fd >= 0) close(w->wake_fd);
}

static enum pm_status start(pthread_t *thread, void *(*body)(void *), struct pm_worker *w,
                            struct pm_error *err)
{
    int why = pthread_create(thread, NULL, body, w);
    return why == 0 ? PM_OK : pm_fail(err, PM_NO_MEMORY, "cannot start a thread: %s", strerror(why));
}

/* All signals stay with the caller's thread. */
static enum pm_status start_threads(struct pm_worker *w, struct threads *t, struct pm_error *err)
{
    enum pm_status status = PM_OK;
    sigset_t all, before;
    unsigned n = w->config->slots < MAX_PREPARERS ? w->config->slots : MAX_PREPARERS;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (; t->n_prepare < n; t->n_prepare++)
        PM_GOTO(start(&t->prepare[t->n_prepare], pm_worker_prepare, w, err));
    PM_GOTO(start(&t->prove, pm_worker_prove, w, err));
    t->has_prove = true;
    PM_GOTO(start(&t->heartbeat, pm_worker_heartbeat, w, err));
    t->has_heartbeat = true;
out:
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

/* False: a thread does not end in time. A proof cannot be interrupted; fetching and circuits can. */
static bool join_by(pthread_t thread, uint64_t end_ms)
{
    struct timespec when;
    uint64_t now = pm_clock_ms(), left = end_ms > now ? end_ms - now : 0;
    (void)clock_gettime(CLOCK_REALTIME, &when);
    when.tv_sec += (time_t)(left / 1000);
    when.tv_nsec += (long)(left % 1000) * 1000000;
    if (when.tv_nsec >= 1000000000) {
        when.tv_sec++;
        when.tv_nsec -= 1000000000;
    }
    return pthread_timedjoin_np(thread, NULL, &when) == 0;
}

static bool stop_threads(struct pm_worker *w, struct threads *t)
{
    bool ended = true;
    uint64_t end = pm_clock_ms() + END_WAIT_MS;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    w->in = false;
    pm_work_cancel_all(&w->work);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    if (t->has_heartbeat) pthread_join(t->heartbeat, NULL);
    for (unsigned i = 0; i < t->n_prepare; i++) ended &= join_by(t->prepare[i], end);
    if (t->has_prove) ended &= join_by(t->prove, end);
    return ended;
}

enum pm_status pm_worker_run(const struct pm_worker_config *config, int signal_fd, bool *abandoned,
                             struct pm_error *err)
{
    enum pm_status status = PM_OK;
    struct threads threads = {.n_prepare = 0};
    int lock_fd = -1;
    *abandoned = false;
    struct pm_worker *w = calloc(1, sizeof *w);
    if (!w) return pm_fail(err, PM_NO_MEMORY, "no memory");
    w->config = config;
    w->wake_fd = -1;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    pm_work_init(&w->work, config->slots);
    PM_GOTO(pm_worker_keys(&w->curve, &w->identity, config, err));
    PM_GOTO(lock_folder(&lock_fd, config->data, err));
    PM_GOTO(pm_download_init(err));
    PM_GOTO(open_parts(w, err));
    status = start_threads(w, &threads, err);
    if (status == PM_OK) status = pm_worker_session(w, signal_fd, err);
    *abandoned = !stop_threads(w, &threads);
out:
    pm_wipe(&w->curve, sizeof w->curve);
    pm_wipe(&w->identity, sizeof w->identity);
    if (*abandoned) {
        pm_wire_free(&w->wire); /* sends what is queued; the rest belongs to a thread that still runs */
        return status;
    }
    close_parts(w);
    pm_work_fini(&w->work);
    pm_download_fini();
    if (lock_fd >= 0) close(lock_fd);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
    return status;
}
