/* The table of jobs (work.h): linear searches over 64 places. */
#include "worker/work.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void blank(struct pm_job *job)
{
    memset(job, 0, sizeof *job);
    job->cancel_fd = -1;
    for (size_t i = 0; i < sizeof job->held / sizeof *job->held; i++) job->held[i] = -1;
}

void pm_work_init(struct pm_work *work, unsigned slots)
{
    memset(work, 0, sizeof *work);
    work->slots = slots;
    for (size_t i = 0; i < PM_WORK_JOBS; i++) blank(&work->job[i]);
}

/* Drops what is secret and large, and lets go of files. */
static void unload(struct pm_job *job)
{
    for (size_t i = 0; i < sizeof job->held / sizeof *job->held; i++) {
        if (job->held[i] >= 0) close(job->held[i]);
        job->held[i] = -1;
    }
    pm_witness_fini(&job->witness);
    if (job->input) pm_wipe(job->input, job->input_len);
    free(job->input);
    job->input = NULL;
    job->input_len = 0;
}

static void forget(struct pm_job *job)
{
    unload(job);
    free(job->proof);
    free(job->public_signals);
    if (job->cancel_fd >= 0) close(job->cancel_fd);
    blank(job);
}

void pm_work_fini(struct pm_work *work)
{
    for (size_t i = 0; i < PM_WORK_JOBS; i++) forget(&work->job[i]);
}

static bool is_owned(const struct pm_job *job)
{
    return job->state == PM_JOB_PREPARING || job->state == PM_JOB_PROVING;
}

static void finished(struct pm_job *job, enum pm_status status, const char *text)
{
    unload(job);
    job->state = PM_JOB_FINISHED;
    job->phase = PM_PHASE_VERIFY;
    job->status = status;
    pm_msg_text(job->text, sizeof job->text, text);
}

/* Fills a free place from the message. */
static enum pm_status fill(struct pm_job *job, const struct pm_msg_task *task, uint64_t now_ms,
                           struct pm_error *err)
{
    memcpy(job->task, task->task, 32);
    memcpy(job->version, task->version, sizeof job->version);
    memcpy(job->artifacts, task->artifacts, sizeof job->artifacts);
    job->n_artifacts = task->n_artifacts;
    job->lease = task->lease;
    job->attempt = task->attempt;
    job->project = task->project;
    job->deadline_ms = now_ms + task->deadline_ms;
    job->state = PM_JOB_QUEUED;
    job->phase = PM_PHASE_QUEUED;
    if (task->vm_type != PM_WORK_VM_CIRCOM)
        return pm_fail(err, PM_UNSUPPORTED,
                       "VM type %u: expected %d (circom), which is what this worker offers", task->vm_type,
                       PM_WORK_VM_CIRCOM);
    job->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (job->cancel_fd < 0)
        return pm_fail(err, PM_NO_MEMORY, "no descriptor for a task: %s", strerror(errno));
    job->input = malloc(task->input.len + 1);
    if (!job->input)
        return pm_fail(err, PM_NO_MEMORY, "no memory for an input of %zu bytes", task->input.len);
    if (task->input.len > 0) memcpy(job->input, task->input.data, task->input.len);
    job->input[task->input.len] = 0;
    job->input_len = task->input.len;
    return PM_OK;
}

enum pm_status pm_work_add(struct pm_work *work, struct pm_job **job, const struct pm_msg_task *task,
                           uint64_t now_ms, struct pm_error *err)
{
    struct pm_job *place = NULL;
    *job = NULL;
    work->received++;
    for (size_t i = 0; i < PM_WORK_JOBS; i++) {
        struct pm_job *j = &work->job[i];
        if (j->state == PM_JOB_FREE) {
            if (!place) place = j;
        } else if (!j->cancelled && memcmp(j->task, task->task, 32) == 0) {
            if (j->lease != task->lease) j->sent_ms = 0;
            j->lease = task->lease;
            j->attempt = task->attempt;
            j->deadline_ms = now_ms + task->deadline_ms;
            *job = j;
            return PM_OK;
        }
    }
    if (!place)
        return pm_fail(err, PM_CONFLICT,
                       "%d tasks are in hand already: the coordinator sent more than was granted",
                       PM_WORK_JOBS);
    struct pm_error why = {.status = PM_OK};
    place->order = work->orders++;
    if (fill(place, task, now_ms, &why) != PM_OK) finished(place, why.status, why.text);
    *job = place;
    return PM_OK;
}

bool pm_work_has(const struct pm_work *work, const uint8_t task[32])
{
    for (size_t i = 0; i < PM_WORK_JOBS; i++) {
        const struct pm_job *j = &work->job[i];
        if (j->state != PM_JOB_FREE && !j->cancelled && memcmp(j->task, task, 32) == 0) return true;
    }
    return false;
}

struct pm_job *pm_work_take(struct pm_work *work, enum pm_job_state from)
{
    struct pm_job *oldest = NULL;
    for (size_t i = 0; i < PM_WORK_JOBS; i++) {
        struct pm_job *j = &work->job[i];
        if (j->state == from && (!oldest || j->order < oldest->order)) oldest = j;
    }
    if (!oldest) return NULL;
    oldest->state = from == PM_JOB_QUEUED ? PM_JOB_PREPARING : PM_JOB_PROVING;
    oldest->phase = from == PM_JOB_QUEUED ? PM_PHASE_FETCH : PM_PHASE_PROVE;
    return oldest;
}

void pm_work_ready(struct pm_work *work, struct pm_job *job)
{
    (void)work;
    if (job->cancelled)
        forget(job);
    else
        job->state = PM_JOB_READY;
}

void pm_work_finish(struct pm_work *work, struct pm_job *job, char *proof, char *public_signals)
{
    (void)work;
    job->proof = proof;
    job->public_signals = public_signals;
    if (job->cancelled)
        forget(job);
    else
        finished(job, PM_OK, "");
}

void pm_work_fail(struct pm_work *work, struct pm_job *job, const struct pm_error *why)
{
    (void)work;
    if (job->cancelled)
        forget(job);
    else
        finished(job, why->status == PM_OK ? PM_INTERNAL : why->status, why->text);
}

static void cancel(struct pm_job *job)
{
    if (!is_owned(job)) {
        forget(job);
        return;
    }
    job->cancelled = true;
    if (job->cancel_fd >= 0) (void)!write(job->cancel_fd, &(uint64_t){1}, sizeof(uint64_t));
}

bool pm_work_cancel(struct pm_work *work, uint64_t lease)
{
    for (size_t i = 0; i < PM_WORK_JOBS; i++) {
        struct pm_job *j = &work->job[i];
        if (j->state == PM_JOB_FREE || j->cancelled || j->lease != lease) continue;
        cancel(j);
        return true;
    }
    return false;
}

bool pm_work_done(struct pm_work *work, const struct pm_msg_done *done)
{
    for (size_t i = 0; i < PM_WORK_JOBS; i++) {
        struct pm_job *j = &work->job[i];
        if (j->state == PM_JOB_FREE || j->cancelled || memcmp(j->task, done->task, 32) != 0) continue;
        if (j->lease != done->lease && !done->accepted) continue; /* said of a lease that is over */
        cancel(j);
        return true;
    }
    return false;
}

void pm_work_cancel_all(struct pm_work *work)
{
    for (size_t i = 0; i < PM_WORK_JOBS; i++)
        if (work->job[i].state != PM_JOB_FREE) cancel(&work->job[i]);
}

void pm_work_new_session(struct pm_work *work)
{
    work->received = 0;
    for (size_t i = 0; i < PM_WORK_JOBS; i++) work->job[i].sent_ms = 0;
}

size_t pm_work_total(const struct pm_work *work)
{
    size_t n = 0;
    for (size_t i = 0; i < PM_WORK_JOBS; i++) n += work->job[i].state != PM_JOB_FREE;
    return n;
}

size_t pm_work_busy(const struct pm_work *work)
{
    size_t n = 0;
    for (size_t i = 0; i < PM_WORK_JOBS; i++)
        n += work->job[i].state != PM_JOB_FREE && work->job[i].state != PM_JOB_FINISHED;
    return n;
}

uint64_t pm_work_granted(const struct pm_work *work)
{
    size_t busy = pm_work_busy(work), places = PM_WORK_JOBS - pm_work_total(work);
    size_t free_slots = work->slots > busy ? work->slots - busy : 0;
    return work->received + (free_slots < places ? free_slots : places);
}

struct pm_job *pm_work_unsent(struct pm_work *work, uint64_t now_ms, uint64_t resend_ms)
{
    for (size_t i = 0; i < PM_WORK_JOBS; i++) {
        struct pm_job *j = &work->job[i];
        if (j->state == PM_JOB_FINISHED && (j->sent_ms == 0 || now_ms - j->sent_ms >= resend_ms)) return j;
    }
    return NULL;
}

size_t pm_work_leases(const struct pm_work *work, struct pm_lease_state out[PM_WORK_JOBS])
{
    size_t n = 0;
    for (size_t i = 0; i < PM_WORK_JOBS; i++) {
        const struct pm_job *j = &work->job[i];
        if (j->state == PM_JOB_FREE || j->cancelled) continue;
        out[n].lease = j->lease;
        out[n].phase = (uint32_t)j->phase;
        n++;
    }
    return n;
}
