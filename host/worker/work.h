/* The tasks in hand: a table of jobs and the rules by which they move. Pure: no threads, no sockets, no clock
 * of its own; worker.h guards it with one lock. A job goes QUEUED -> PREPARING -> READY -> PROVING ->
 * FINISHED and is forgotten when the coordinator has confirmed what came of it, or has cancelled it.
 *
 * A thread that has taken a job (PREPARING, PROVING) owns its input, witness and artifacts until it gives it
 * back by pm_work_ready, _finish, _fail; the other fields belong to the lock. */
#ifndef PM_WORKER_WORK_H
#define PM_WORKER_WORK_H

#include "wire/msg.h"
#include "witness/witness.h"

enum { PM_WORK_JOBS = 64, PM_WORK_VM_CIRCOM = 100 };

enum pm_job_state {
    PM_JOB_FREE,
    PM_JOB_QUEUED,
    PM_JOB_PREPARING,
    PM_JOB_READY,
    PM_JOB_PROVING,
    PM_JOB_FINISHED
};

struct pm_job {
    enum pm_job_state state;
    enum pm_phase phase; /* as heartbeats tell it */
    bool cancelled;      /* nobody wants it any more: whoever owns it drops it */
    int cancel_fd;       /* readable once cancelled */
    uint64_t order;      /* of arrival */
    uint8_t task[32];
    uint64_t lease, deadline_ms; /* monotonic */
    uint32_t attempt;
    uint64_t project;
    char version[65];
    size_t n_artifacts;
    struct pm_artifact artifacts[8];
    int held[8]; /* descriptors that keep the artifacts' files (artifacts.h), or -1; until it is unloaded */
    char *input; /* input.json, NUL behind it */
    size_t input_len;

    struct pm_witness witness; /* from READY on, until it is proved */
    uint32_t witness_ms, prove_ms;

    /* FINISHED: PM_OK with a proof, or why not */
    enum pm_status status;
    char text[1025];
    char *proof, *public_signals;
    uint64_t sent_ms; /* in this session; 0: not yet */
};

struct pm_work {
    unsigned slots;
    uint64_t received; /* in this session */
    uint64_t orders;
    struct pm_job job[PM_WORK_JOBS];
};

void pm_work_init(struct pm_work *work, unsigned slots);
void pm_work_fini(struct pm_work *work); /* no thread may own a job any more */

/* Takes in a TASK. The lease may be known already (nothing happens), or the task may (the job goes on under
 * the new lease). What cannot be worked on becomes a FINISHED job with the reason. *job: the job.
 * PM_CONFLICT: no place in the table, more was sent than was granted. */
PM_MUST_USE enum pm_status pm_work_add(struct pm_work *work, struct pm_job **job,
                                       const struct pm_msg_task *task, uint64_t now_ms, struct pm_error *err);

bool pm_work_has(const struct pm_work *work, const uint8_t task[32]);

/* The oldest QUEUED (then PREPARING) or READY (then PROVING) job, or NULL. */
struct pm_job *pm_work_take(struct pm_work *work, enum pm_job_state from);

/* What its owner says of a job. A cancelled one is forgotten instead. ready takes the job's witness as it
 * stands; finish owns the texts; all but ready wipe the witness and the input. */
void pm_work_ready(struct pm_work *work, struct pm_job *job);
void pm_work_finish(struct pm_work *work, struct pm_job *job, char *proof, char *public_signals);
void pm_work_fail(struct pm_work *work, struct pm_job *job, const struct pm_error *why);

/* CANCEL and DONE. A job that a thread owns is marked and dropped by its owner. False: it is not here (any
 * more). */
bool pm_work_cancel(struct pm_work *work, uint64_t lease);
bool pm_work_done(struct pm_work *work, const struct pm_msg_done *done);
void pm_work_cancel_all(struct pm_work *work);

/* A new session: counts anew, and everything finished has to be sent again. */
void pm_work_new_session(struct pm_work *work);
/* The running total for CREDIT: what was received plus what may still come. */
uint64_t pm_work_granted(const struct pm_work *work);
/* A finished job that was not sent in this session, or was sent resend_ms ago without an answer; or NULL. */
struct pm_job *pm_work_unsent(struct pm_work *work, uint64_t now_ms, uint64_t resend_ms);
size_t pm_work_leases(const struct pm_work *work, struct pm_lease_state out[PM_WORK_JOBS]);
size_t pm_work_busy(const struct pm_work *work);  /* jobs that are not finished */
size_t pm_work_total(const struct pm_work *work); /* all jobs */

#endif
