/* The table of jobs: credit, leases, answers, cancellation, in every state. */
#include "test.h"

#include "worker/work.h"

#include <poll.h>

static struct pm_work work;
static struct pm_error err;

static struct pm_job *add(uint8_t task, uint64_t lease)
{
    static struct pm_msg_task m;
    struct pm_job *job = NULL;
    memset(&m, 0, sizeof m);
    m.task[0] = task;
    m.lease = lease;
    m.vm_type = PM_WORK_VM_CIRCOM;
    m.deadline_ms = 1000;
    m.input = (struct pm_blob){(const uint8_t *)"{}", 2};
    CHECK_OK(pm_work_add(&work, &job, &m, 5000, &err), err);
    return job;
}

static bool done(uint8_t task, uint64_t lease, bool accepted)
{
    struct pm_msg_done m = {.lease = lease, .accepted = accepted};
    m.task[0] = task;
    return pm_work_done(&work, &m);
}

static bool is_cancelled(const struct pm_job *job)
{
    struct pollfd fd = {.fd = job->cancel_fd, .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static void prove(struct pm_job *job) { pm_work_finish(&work, job, strdup("{}"), strdup("[]")); }

PM_TEST(one_job_from_beginning_to_end)
{
    pm_work_init(&work, 2);
    CHECK_U64(pm_work_granted(&work), 2);
    CHECK(pm_work_take(&work, PM_JOB_QUEUED) == NULL);
    struct pm_job *job = add(1, 10);
    CHECK_U64(job->deadline_ms, 6000);
    CHECK_STR(job->input, "{}");
    CHECK_U64(pm_work_granted(&work), 2); /* one received, one more may come */
    CHECK(pm_work_take(&work, PM_JOB_QUEUED) == job && job->state == PM_JOB_PREPARING &&
          job->phase == PM_PHASE_FETCH);
    CHECK(pm_work_take(&work, PM_JOB_QUEUED) == NULL && pm_work_take(&work, PM_JOB_READY) == NULL);
    pm_work_ready(&work, job);
    CHECK(pm_work_take(&work, PM_JOB_READY) == job && job->phase == PM_PHASE_PROVE);
    CHECK(pm_work_unsent(&work, 1, 100) == NULL);
    prove(job);
    CHECK(job->state == PM_JOB_FINISHED && job->status == PM_OK && job->input == NULL);
    CHECK_U64(pm_work_granted(&work), 3); /* the slot is free as soon as the work is done */
    CHECK(pm_work_unsent(&work, 1000, 100) == job);
    job->sent_ms = 1000;
    CHECK(pm_work_unsent(&work, 1099, 100) == NULL && pm_work_unsent(&work, 1100, 100) == job);
    struct pm_lease_state leases[PM_WORK_JOBS];
    CHECK_U64(pm_work_leases(&work, leases), 1);
    CHECK(leases[0].lease == 10 && leases[0].phase == PM_PHASE_VERIFY);
    CHECK(!done(1, 11, false) && !done(2, 10, true)); /* another lease, another task */
    CHECK(done(1, 10, false));
    CHECK_U64(pm_work_total(&work), 0);
    CHECK(!done(1, 10, true));
    CHECK_U64(pm_work_granted(&work), 3);
    pm_work_fini(&work);
}

PM_TEST(the_oldest_goes_first)
{
    pm_work_init(&work, 8);
    struct pm_job *a = add(1, 1), *b = add(2, 2), *c = add(3, 3);
    CHECK(pm_work_take(&work, PM_JOB_QUEUED) == a);
    CHECK(pm_work_cancel(&work, 2) && b->state == PM_JOB_FREE);
    struct pm_job *d = add(4, 4); /* takes the place of b */
    CHECK(pm_work_take(&work, PM_JOB_QUEUED) == c && pm_work_take(&work, PM_JOB_QUEUED) == d);
    pm_work_cancel_all(&work);
    struct pm_error why = {.status = PM_CANCELLED};
    pm_work_fail(&work, a, &why);
    pm_work_fail(&work, c, &why);
    pm_work_fail(&work, d, &why);
    CHECK_U64(pm_work_total(&work), 0);
    pm_work_fini(&work);
}

PM_TEST(failures_are_answers_too)
{
    pm_work_init(&work, 1);
    struct pm_job *job = add(1, 1);
    struct pm_error why = {.status = PM_CIRCUIT, .text = "assert \xff failed"};
    CHECK(pm_work_take(&work, PM_JOB_QUEUED) == job);
    pm_work_fail(&work, job, &why);
    CHECK(pm_work_unsent(&work, 1, 100) == job && job->status == PM_CIRCUIT);
    CHECK_STR(job->text, "assert ? failed"); /* sendable */
    CHECK(done(1, 1, true));
    static struct pm_msg_task m; /* a VM that we do not offer */
    m.vm_type = 7;
    CHECK_OK(pm_work_add(&work, &job, &m, 0, &err), err);
    CHECK(job->state == PM_JOB_FINISHED && job->status == PM_UNSUPPORTED);
    pm_work_fini(&work);
}

PM_TEST(what_a_thread_owns_is_dropped_by_the_thread)
{
    pm_work_init(&work, 4);
    struct pm_job *job = add(1, 1);
    struct pm_lease_state leases[PM_WORK_JOBS];
    CHECK(pm_work_take(&work, PM_JOB_QUEUED) == job && !is_cancelled(job));
    CHECK(pm_work_cancel(&work, 1));
    CHECK(job->state == PM_JOB_PREPARING && is_cancelled(job));
    CHECK(!pm_work_cancel(&work, 1) && !done(1, 1, true));
    CHECK_U64(pm_work_leases(&work, leases), 0); /* not ours any more */
    struct pm_job *again = add(1, 2);            /* the same task comes back: a job of its own */
    CHECK(again != job);
    pm_work_ready(&work, job);
    CHECK(job->state == PM_JOB_FREE);
    CHECK(pm_work_take(&work, PM_JOB_QUEUED) == again);
    pm_work_ready(&work, again);
    CHECK(pm_work_take(&work, PM_JOB_READY) == again);
    CHECK(done(1, 2, true) && is_cancelled(again)); /* DONE for work in progress: nobody needs it */
    prove(again);
    CHECK_U64(pm_work_total(&work), 0);
    pm_work_fini(&work);
}

PM_TEST(a_new_session)
{
    pm_work_init(&work, 2);
    struct pm_job *a = add(1, 1), *b = add(2, 2);
    CHECK(pm_work_take(&work, PM_JOB_QUEUED) == a);
    pm_work_ready(&work, a);
    CHECK(pm_work_take(&work, PM_JOB_READY) == a);
    prove(a);
    a->sent_ms = 77;
    pm_work_new_session(&work);
    CHECK(pm_work_unsent(&work, 78, 100000) == a);
    CHECK_U64(pm_work_granted(&work), 1); /* b is in hand, so one slot of two */
    struct pm_job *same = add(2, 9);      /* the task again, under a new lease */
    CHECK(same == b && b->lease == 9);
    CHECK_U64(pm_work_granted(&work), 2);
    CHECK(add(1, 8) == a && a->state == PM_JOB_FINISHED && a->sent_ms == 0 && a->lease == 8);
    CHECK(done(1, 1, true)); /* accepted under its old lease: it is proved */
    CHECK(a->state == PM_JOB_FREE && pm_work_has(&work, b->task) && !pm_work_has(&work, (uint8_t[32]){1}));
    pm_work_fini(&work);
}

PM_TEST(the_table_is_bounded)
{
    static struct pm_msg_task m;
    struct pm_job *job;
    pm_work_init(&work, PM_WORK_JOBS);
    for (unsigned i = 0; i < PM_WORK_JOBS; i++) (void)add((uint8_t)(i + 1), i + 1);
    CHECK_U64(pm_work_granted(&work), PM_WORK_JOBS);
    m.task[0] = 200;
    CHECK(pm_work_add(&work, &job, &m, 0, &err) == PM_CONFLICT && job == NULL);
    pm_work_fini(&work);

    /* Finished jobs that nobody confirms end the credit before the table overflows. */
    pm_work_init(&work, 8);
    uint64_t received = 0;
    while (received < pm_work_granted(&work) && received < 1000) {
        received++;
        job = add((uint8_t)received, received);
        if (pm_work_take(&work, PM_JOB_QUEUED) != job) break;
        pm_work_ready(&work, job);
        if (pm_work_take(&work, PM_JOB_READY) != job) break;
        prove(job);
    }
    CHECK_U64(received, PM_WORK_JOBS);
    pm_work_fini(&work);
}

PM_TEST(random_walks_keep_the_books)
{
    for (int walk = 0; walk < 50; walk++) {
        pm_work_init(&work, 1 + (unsigned)(test_random() % 8));
        struct pm_job *owned[PM_WORK_JOBS];
        size_t n_owned = 0;
        uint64_t sent = 0, lease = 0, last = 0;
        for (int step = 0; step < 400; step++) {
            struct pm_job *job = NULL;
            uint64_t granted = pm_work_granted(&work);
            CHECK_MSG(granted >= last, "credit falls from %llu to %llu", (unsigned long long)last,
                      (unsigned long long)granted);
            last = granted;
            switch (test_random() % 6) {
            case 0:
            case 1:
                if (sent < granted) {
                    (void)add((uint8_t)(test_random() % 100), ++lease);
                    sent++;
                }
                break;
            case 2:
                job = pm_work_take(&work, PM_JOB_QUEUED);
                break;
            case 3:
                job = pm_work_take(&work, PM_JOB_READY);
                break;
            case 4:
                if (lease)
                    (void)(test_random() % 2
                               ? pm_work_cancel(&work, 1 + test_random() % lease)
                               : done((uint8_t)(test_random() % 100), 1 + test_random() % lease, true));
                break;
            default:
                if (n_owned > 0) {
                    size_t i = test_random() % n_owned;
                    struct pm_job *o = owned[i];
                    owned[i] = owned[--n_owned];
                    struct pm_error why = {.status = PM_IO, .text = "x"};
                    if (test_random() % 4 == 0)
                        pm_work_fail(&work, o, &why);
                    else if (o->state == PM_JOB_PREPARING)
                        pm_work_ready(&work, o);
                    else
                        prove(o);
                }
            }
            if (job) owned[n_owned++] = job;
            CHECK(pm_work_busy(&work) <= pm_work_total(&work) && pm_work_total(&work) <= PM_WORK_JOBS);
        }
        pm_work_cancel_all(&work);
        struct pm_error why = {.status = PM_CANCELLED};
        while (n_owned > 0) pm_work_fail(&work, owned[--n_owned], &why);
        CHECK_U64(pm_work_total(&work), 0);
        pm_work_fini(&work);
    }
}
