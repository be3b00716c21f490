/* From a task to a witness: fetches what the task names, then runs the circuit. Several threads do this side
 * by side, so that the prover never waits for one slow circuit. Next: prove.c. */
#include "worker/worker.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

const char *pm_worker_task_text(char out[64], const struct pm_job *job)
{
    (void)snprintf(out, 64, "task %02x%02x%02x%02x lease %llu", job->task[0], job->task[1], job->task[2],
                   job->task[3], (unsigned long long)job->lease);
    return out;
}

static void set_phase(struct pm_worker *w, struct pm_job *job, enum pm_phase phase)
{
    pthread_mutex_lock(&w->lock);
    job->phase = phase;
    pthread_mutex_unlock(&w->lock);
}

/* The first artifact of a kind; n_artifacts where the task names none. */
static size_t artifact_of(const struct pm_job *job, enum pm_artifact_kind kind)
{
    size_t i = 0;
    while (i < job->n_artifacts && job->artifacts[i].kind != kind) i++;
    return i;
}

/* Its file, which then stays as long as the job needs it. */
static enum pm_status fetch(struct pm_worker *w, struct pm_job *job, char path[PM_ARTIFACT_PATH], size_t i,
                            struct pm_error *err)
{
    return pm_artifacts_get(w->artifacts, path, &job->held[i], &job->artifacts[i], job->cancel_fd, err);
}

/* The circuit's own fault, or that of the input it was given: another worker would fare no better. Everything
 * else that can fail here is this worker's. */
static enum pm_status blame_input(struct pm_error *err)
{
    if (err->status == PM_FORMAT || err->status == PM_MISMATCH) err->status = PM_CIRCUIT;
    return err->status;
}

static enum pm_status compute(struct pm_worker *w, struct pm_job *job, const char *wasm,
                              const uint8_t sha256[32], struct pm_error *err)
{
    const struct pm_circuit *circuit = NULL;
    unsigned slot = 0;
    PM_TRY(pm_circuits_get(w->circuits, &circuit, &slot, wasm, sha256, err));
    pm_room_tidy(w->room); /* its native code may be new */
    uint64_t begin = pm_clock_ms();
    enum pm_status status = PM_OK;
    if (begin >= job->deadline_ms) {
        status = pm_fail(err, PM_TIMEOUT, "the lease ended before its witness was begun");
    } else {
        uint64_t left = job->deadline_ms - begin;
        struct pm_witness_limits limits = {.wall_ms = left < 120000 ? left : 120000,
                                           .cancel_fd = job->cancel_fd};
        status = pm_circuit_witness(circuit, job->input, job->input_len, &job->witness, &limits, err);
        if (status != PM_OK) status = blame_input(err);
        job->witness_ms = (uint32_t)(pm_clock_ms() - begin);
    }
    pm_circuits_release(w->circuits, slot);
    return status;
}

static enum pm_status prepare(struct pm_worker *w, struct pm_job *job, struct pm_error *err)
{
    char path[PM_ARTIFACT_PATH], text[64];
    size_t zkey = artifact_of(job, PM_ARTIFACT_ZKEY), wasm = artifact_of(job, PM_ARTIFACT_WASM);
    if (zkey == job->n_artifacts || wasm == job->n_artifacts)
        return pm_fail(err, PM_PROTOCOL, "the task names no %s; expected one zkey and one wasm",
                       zkey == job->n_artifacts ? "zkey" : "wasm");
    uint64_t begin = pm_clock_ms();
    PM_TRY(fetch(w, job, path, zkey, err));
    PM_TRY(fetch(w, job, path, wasm, err));
    uint64_t fetched = pm_clock_ms();
    set_phase(w, job, PM_PHASE_WITNESS);
    PM_TRY(compute(w, job, path, job->artifacts[wasm].sha256, err));
    pm_log(PM_LOG_INFO, "witness", "%s: fetch %u ms, witness %u ms", pm_worker_task_text(text, job),
           (unsigned)(fetched - begin), (unsigned)(pm_clock_ms() - fetched));
    return PM_OK;
}

void *pm_worker_prepare(void *arg)
{
    struct pm_worker *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->stopping) {
        struct pm_job *job = pm_work_take(&w->work, PM_JOB_QUEUED);
        if (!job) {
            pthread_cond_wait(&w->changed, &w->lock);
            continue;
        }
        pthread_mutex_unlock(&w->lock);
        char text[64];
        struct pm_error err = {.status = PM_OK};
        enum pm_status status = prepare(w, job, &err);
        if (status != PM_OK)
            pm_log(PM_LOG_WARN, "witness", "%s: %s: %s", pm_worker_task_text(text, job),
                   pm_status_name(status), err.text);
        pthread_mutex_lock(&w->lock);
        if (status == PM_OK)
            pm_work_ready(&w->work, job);
        else
            pm_work_fail(&w->work, job, &err);
        pthread_cond_broadcast(&w->changed);
        pm_worker_wake(w);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}
