/* Verification threads (checker.h): a list of jobs in, a list of verdicts out, one mutex, one eventfd. */
#include "coordinator/checker.h"

#include "json/json.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* -- the check -- */

/* Which signal differs, with its name and both values. */
static enum pm_status compare(const struct pm_project_version *version, const uint8_t *expected,
                              const uint8_t *found, uint32_t n, size_t found_size, struct pm_error *err)
{
    for (uint32_t i = 0; i < n; i++) {
        uint8_t value[32] = {0};
        char expected_text[100], found_text[100];
        memcpy(value, found + i * found_size, found_size);
        if (memcmp(expected + 32 * (size_t)i, value, 32) == 0) continue;
        pm_json_decimal(expected_text, expected + 32 * (size_t)i, 32);
        pm_json_decimal(found_text, value, 32);
        const char *name =
            i < version->n_public && version->public_signal[i].name ? version->public_signal[i].name : "?";
        return pm_fail(err, PM_INVALID_PROOF, "public signal %u (%s): expected %s, the proof says %s", i,
                       name, expected_text, found_text);
    }
    return PM_OK;
}

/* Whatever is malformed in a worker's answer is the worker's fault, not ours. */
static enum pm_status as_invalid(enum pm_status status, struct pm_error *err)
{
    if (status == PM_OK || status == PM_NO_MEMORY || status == PM_INTERNAL) return status;
    err->status = PM_INVALID_PROOF;
    return PM_INVALID_PROOF;
}

enum pm_status pm_check_proof(const struct pm_project_version *version, const uint8_t *publics,
                              uint32_t n_public, const char *proof_type, const char *proof,
                              const char *public_signals, struct pm_error *err)
{
    struct pm_error local;
    struct pm_proof p;
    uint8_t *found = NULL;
    uint32_t n_found = 0;
    enum pm_status status;
    const struct pm_curve *curve = version->vk.curve;
    if (!err) err = &local;
    if (strcmp(proof_type, "groth16/json") != 0)
        return pm_fail(err, PM_INVALID_PROOF, "proof type \"%s\", expected \"groth16/json\"", proof_type);
    status = pm_json_read_public(&found, &n_found, curve, "public.json", public_signals,
                                 strlen(public_signals), err);
    if (status != PM_OK) return as_invalid(status, err);
    if (n_found != n_public) {
        status = pm_fail(err, PM_INVALID_PROOF, "%u public signals, expected %u", n_found, n_public);
        goto out;
    }
    PM_GOTO(compare(version, publics, found, n_public, curve->fr_bytes, err));
    PM_GOTO(pm_json_read_proof(&p, "proof.json", proof, strlen(proof), err));
    status = pm_verify_ready(version->vk_ready, &p, found, n_found, err);
out:
    free(found);
    return as_invalid(status, err);
}

/* -- threads -- */

struct job {
    struct pm_check_job job;
    struct job *next;
};
struct verdict {
    struct pm_check_verdict verdict;
    struct verdict *next;
};

struct pm_checker {
    pthread_mutex_t mutex;
    pthread_cond_t more;
    struct job *jobs, **jobs_tail;
    struct verdict *verdicts, **verdicts_tail;
    bool stop;
    int fd;
    unsigned n_threads;
    pthread_t thread[];
};

void pm_check_job_fini(struct pm_check_job *job)
{
    free(job->proof);
    free(job->public_signals);
    free(job->publics);
    *job = (struct pm_check_job){0};
}

/* Checks in place: the verdict was allocated with the job, so that nothing can fail once work is done. */
static void run(const struct pm_check_job *job, struct pm_check_verdict *verdict)
{
    struct pm_error err = {0};
    memcpy(verdict->task, job->task, 32);
    verdict->lease = job->lease;
    verdict->node = job->node;
    verdict->version = job->version;
    verdict->status = pm_check_proof(job->version, job->publics, job->n_public, job->proof_type, job->proof,
                                     job->public_signals, &err);
    snprintf(verdict->text, sizeof verdict->text, "%.500s", verdict->status == PM_OK ? "verified" : err.text);
}

static void *work(void *arg)
{
    struct pm_checker *c = arg;
    pthread_mutex_lock(&c->mutex);
    for (;;) {
        while (!c->jobs && !c->stop) pthread_cond_wait(&c->more, &c->mutex);
        if (c->stop) break;
        struct job *job = c->jobs;
        c->jobs = job->next;
        if (!c->jobs) c->jobs_tail = &c->jobs;
        pthread_mutex_unlock(&c->mutex);

        struct verdict *verdict = calloc(1, sizeof *verdict);
        if (verdict) run(&job->job, &verdict->verdict);
        pm_check_job_fini(&job->job);
        free(job);

        pthread_mutex_lock(&c->mutex);
        if (!verdict) continue; /* the loop's sweep finds the task still being checked */
        *c->verdicts_tail = verdict;
        c->verdicts_tail = &verdict->next;
        uint64_t one = 1;
        while (write(c->fd, &one, sizeof one) < 0 && errno == EINTR) {}
    }
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

enum pm_status pm_checker_new(struct pm_checker **out, unsigned threads, struct pm_error *err)
{
    if (threads == 0 || threads > 64) return pm_fail(err, PM_USAGE, "%u checkers, expected 1 to 64", threads);
    struct pm_checker *c = calloc(1, sizeof *c + threads * sizeof c->thread[0]);
    if (!c) return pm_fail(err, PM_NO_MEMORY, "no memory for the checker");
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->more, NULL);
    c->jobs_tail = &c->jobs;
    c->verdicts_tail = &c->verdicts;
    c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum pm_status status = c->fd < 0 ? pm_fail(err, PM_IO, "eventfd: %s", strerror(errno)) : PM_OK;
    while (status == PM_OK && c->n_threads < threads) {
        int code = pthread_create(&c->thread[c->n_threads], NULL, work, c);
        if (code)
            status = pm_fail(err, PM_NO_MEMORY, "cannot start a checker's thread: %s", strerror(code));
        else
            c->n_threads++;
    }
    if (status != PM_OK) pm_checker_free(&c);
    *out = c;
    return status;
}

void pm_checker_free(struct pm_checker **checker)
{
    struct pm_checker *c = *checker;
    if (!c) return;
    pthread_mutex_lock(&c->mutex);
    c->stop = true;
    pthread_cond_broadcast(&c->more);
    pthread_mutex_unlock(&c->mutex);
    for (unsigned i = 0; i < c->n_threads; i++) pthread_join(c->thread[i], NULL);
    for (struct job *j = c->jobs, *next; j; j = next) {
        next = j->next;
        pm_check_job_fini(&j->job);
        free(j);
    }
    for (struct verdict *v = c->verdicts, *next; v; v = next) {
        next = v->next;
        free(v);
    }
    if (c->fd >= 0) close(c->fd);
    pthread_cond_destroy(&c->more);
    pthread_mutex_destroy(&c->mutex);
    free(c);
    *checker = NULL;
}

enum pm_status pm_checker_submit(struct pm_checker *checker, struct pm_check_job *job, struct pm_error *err)
{
    struct job *entry = malloc(sizeof *entry);
    if (!entry) return pm_fail(err, PM_NO_MEMORY, "no memory for a check");
    *entry = (struct job){.job = *job};
    *job = (struct pm_check_job){0};
    pthread_mutex_lock(&checker->mutex);
    *checker->jobs_tail = entry;
    checker->jobs_tail = &entry->next;
    pthread_cond_signal(&checker->more);
    pthread_mutex_unlock(&checker->mutex);
    return PM_OK;
}

int pm_checker_fd(const struct pm_checker *checker) { return checker->fd; }

bool pm_checker_take(struct pm_checker *checker, struct pm_check_verdict *out)
{
    pthread_mutex_lock(&checker->mutex);
    struct verdict *v = checker->verdicts;
    if (v) {
        *out = v->verdict;
        checker->verdicts = v->next;
        if (!checker->verdicts) checker->verdicts_tail = &checker->verdicts;
    } else {
        uint64_t count;
        while (read(checker->fd, &count, sizeof count) < 0 && errno == EINTR) {}
    }
    pthread_mutex_unlock(&checker->mutex);
    free(v);
    return v != NULL;
}
