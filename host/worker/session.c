/* The session with the coordinator, on the caller's thread: login, credit, tasks, results, and the drain at
 * the end. Everything that arrives is answered from the table of jobs (work.h); nothing here computes. A
 * session may end at any time (the connection breaks, the coordinator restarts): then a new login follows,
 * and what is finished is sent again. */
#include "worker/session.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <zmq.h>

enum { RESEND_MS = 20000, CREDIT_MS = 5000, TICK_MS = 250 };

void pm_session_send(struct pm_session *s, const struct pm_msg *m)
{
    struct pm_error err = {.status = PM_OK};
    if (pm_dealer_send(s->dealer, m, &err) != PM_OK)
        pm_log(PM_LOG_WARN, "wire", "%s: %s", pm_msg_name(m->kind), err.text);
}

/* -- work -- */

static bool is_ours(const struct pm_session *s, const uint8_t session[16])
{
    return s->stage == PM_SESSION_IN &&
           memcmp(session, s->w->session, 16) == 0; /* written by this thread only */
}

static void on_task(struct pm_session *s, const struct pm_msg_task *m)
{
    struct pm_worker *w = s->w;
    struct pm_job *job = NULL;
    struct pm_error err = {.status = PM_OK};
    char text[64] = "";
    pthread_mutex_lock(&w->lock);
    bool held = pm_work_has(&w->work, m->task);
    enum pm_status status = pm_work_add(&w->work, &job, m, pm_clock_ms(), &err);
    if (job && s->draining && !held) { /* under way when the drain began; nobody has touched it yet */
        (void)pm_fail(&err, PM_CANCELLED, "this worker is stopping");
        pm_work_fail(&w->work, job, &err);
    }
    if (job) (void)pm_worker_task_text(text, job);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    if (status != PM_OK)
        pm_log(PM_LOG_WARN, "work", "%s", err.text);
    else
        pm_log(PM_LOG_INFO, "work", "%s: project %llu, version %s, attempt %u, %u ms", text,
               (unsigned long long)m->project, m->version, m->attempt, m->deadline_ms);
}

static void on_cancel(struct pm_session *s, const struct pm_msg_cancel *m)
{
    struct pm_worker *w = s->w;
    pthread_mutex_lock(&w->lock);
    bool found = pm_work_cancel(&w->work, m->lease);
    pthread_mutex_unlock(&w->lock);
    pm_log(PM_LOG_INFO, "work", "lease %llu cancelled%s: %s", (unsigned long long)m->lease,
           found ? "" : " (not in hand)", m->text);
}

static void on_done(struct pm_session *s, const struct pm_msg_done *m)
{
    struct pm_worker *w = s->w;
    pthread_mutex_lock(&w->lock);
    (void)pm_work_done(&w->work, m);
    pthread_mutex_unlock(&w->lock);
    pm_log(m->accepted ? PM_LOG_INFO : PM_LOG_WARN, "work", "task %02x%02x%02x%02x lease %llu: %s%s%s",
           m->task[0], m->task[1], m->task[2], m->task[3], (unsigned long long)m->lease,
           m->accepted ? "accepted" : "not accepted", m->text[0] ? ": " : "", m->text);
}

static void on_login_again(struct pm_session *s, const struct pm_msg_login_again *m)
{
    if (!is_ours(s, m->session)) return;
    pm_log(PM_LOG_INFO, "login", "the coordinator asks to log in again");
    pm_session_hello(s);
}

static void on_message(struct pm_session *s, const struct pm_msg *m)
{
    switch (m->kind) {
    case PM_MSG_CHALLENGE:
        pm_session_on_challenge(s, &m->challenge);
        return;
    case PM_MSG_WELCOME:
        pm_session_on_welcome(s, &m->welcome);
        return;
    case PM_MSG_REFUSED:
        pm_session_on_refused(s, &m->refused);
        return;
    case PM_MSG_LOGIN_AGAIN:
        on_login_again(s, &m->login_again);
        return;
    case PM_MSG_TASK:
        if (is_ours(s, m->task.session)) on_task(s, &m->task);
        return;
    case PM_MSG_CANCEL:
        if (is_ours(s, m->cancel.session)) on_cancel(s, &m->cancel);
        return;
    case PM_MSG_DONE:
        if (is_ours(s, m->done.session)) on_done(s, &m->done);
        return;
    case PM_MSG_HELLO:
    case PM_MSG_LOGIN:
    case PM_MSG_CREDIT:
    case PM_MSG_RESULT:
    case PM_MSG_FAILED:
    case PM_MSG_BYE:
    case PM_MSG_HEARTBEAT:
    case PM_MSG_BEAT:
        break;
    }
    pm_log(PM_LOG_WARN, "wire", "the coordinator sent %s, which is not for workers", pm_msg_name(m->kind));
}

static void compose_result(const struct pm_session *s, struct pm_msg *m, const struct pm_job *job)
{
    memset(m, 0, sizeof *m);
    if (job->status == PM_OK) {
        m->kind = PM_MSG_RESULT;
        memcpy(m->result.session, s->w->session, 16);
        memcpy(m->result.task, job->task, 32);
        m->result.lease = job->lease;
        pm_msg_text(m->result.proof_type, sizeof m->result.proof_type, "groth16/json");
        m->result.proof = (struct pm_blob){(const uint8_t *)job->proof, strlen(job->proof)};
        m->result.public_signals =
            (struct pm_blob){(const uint8_t *)job->public_signals, strlen(job->public_signals)};
        m->result.witness_ms = job->witness_ms;
        m->result.prove_ms = job->prove_ms;
        return;
    }
    m->kind = PM_MSG_FAILED;
    memcpy(m->failed.session, s->w->session, 16);
    memcpy(m->failed.task, job->task, 32);
    m->failed.lease = job->lease;
    m->failed.status = (uint32_t)job->status;
    memcpy(m->failed.text, job->text, sizeof m->failed.text);
}

/* Results, then credit: the running total, when it grew and now and then. */
static void flush(struct pm_session *s)
{
    struct pm_worker *w = s->w;
    struct pm_msg m;
    uint64_t now = pm_clock_ms();
    pthread_mutex_lock(&w->lock);
    for (struct pm_job *job; (job = pm_work_unsent(&w->work, now, RESEND_MS)) != NULL;) {
        compose_result(s, &m, job);
        struct pm_error err = {.status = PM_OK};
        enum pm_status status = pm_dealer_send(s->dealer, &m, &err); /* never blocks */
        job->sent_ms = now;
        if (status == PM_PROTOCOL && job->status == PM_OK) { /* larger than a message may be */
            pm_work_fail(&w->work, job, &err);
            job->sent_ms = 0;
        } else if (status != PM_OK) {
            pm_log(PM_LOG_WARN, "wire", "%s: %s", pm_msg_name(m.kind), err.text);
            break;
        }
    }
    uint64_t granted = pm_work_granted(&w->work);
    pthread_mutex_unlock(&w->lock);
    if (s->draining || (granted <= s->credit_sent && now < s->credit_at_ms)) return;
    if (granted > s->credit_sent) s->credit_sent = granted;
    m = (struct pm_msg){.kind = PM_MSG_CREDIT, .credit = {.granted = s->credit_sent}};
    memcpy(m.credit.session, w->session, 16);
    pm_session_send(s, &m);
    s->credit_at_ms = now + CREDIT_MS;
}

/* -- the loop -- */

static void watch_link(struct pm_session *s)
{
    struct pm_dealer_link link;
    pm_dealer_link(s->dealer, &link);
    if (link.connections != s->connections) {
        s->connections = link.connections;
        pm_log(PM_LOG_INFO, "wire", "connected");
        pm_session_hello(s); /* the router knows us by another id now: a new session counts anew */
    } else if (!link.up && s->stage != PM_SESSION_OUT) {
        pm_log(PM_LOG_WARN, "wire", "the connection is lost; trying again");
        pm_session_out(s);
        s->retry_at_ms = UINT64_MAX; /* hello follows the next connection */
    }
    if (link.refused != s->refused && s->refused % 20 == 0)
        pm_log(PM_LOG_WARN, "wire",
               "the pool does not know this worker's key: give the line of `proofmill-worker keygen` to its "
               "operator");
    s->refused = link.refused;
}

static void watch_time(struct pm_session *s)
{
    uint64_t now = pm_clock_ms();
    pthread_mutex_lock(&s->w->lock);
    bool again = s->w->login_again;
    pthread_mutex_unlock(&s->w->lock);
    if (again && s->stage == PM_SESSION_IN) {
        pm_log(PM_LOG_INFO, "login",
               "the coordinator does not know the session (heartbeat); logging in again");
        pm_session_hello(s);
    }
    if (s->stage == PM_SESSION_IN || now < s->retry_at_ms) return;
    if (s->stage == PM_SESSION_OUT) {
        pm_session_hello(s);
    } else {
        pm_log(PM_LOG_WARN, "login", "no answer within %d s; trying again", PM_SESSION_ANSWER_MS / 1000);
        pm_session_retry_later(s);
    }
}

/* A first signal begins the drain. True: a second one, stop at once. */
static bool on_signal(struct pm_session *s, int signal_fd)
{
    struct signalfd_siginfo info;
    if (read(signal_fd, &info, sizeof info) != (ssize_t)sizeof info) return false;
    if (s->draining) return true;
    s->draining = true;
    s->drain_until_ms = pm_clock_ms() + 1000ull * s->w->config->drain_seconds;
    pthread_mutex_lock(&s->w->lock);
    size_t in_hand = pm_work_total(&s->w->work);
    pthread_mutex_unlock(&s->w->lock);
    pm_log(PM_LOG_INFO, "drain", "stopping: %zu tasks in hand, at most %u s; a second signal stops at once",
           in_hand, s->w->config->drain_seconds);
    return false;
}

static bool is_drained(struct pm_session *s)
{
    if (!s->draining) return false;
    pthread_mutex_lock(&s->w->lock);
    size_t in_hand = pm_work_total(&s->w->work);
    pthread_mutex_unlock(&s->w->lock);
    if (in_hand > 0 && pm_clock_ms() < s->drain_until_ms) return false;
    if (in_hand > 0) pm_log(PM_LOG_WARN, "drain", "the time is over; %zu tasks go back", in_hand);
    return true;
}

static void say_bye(struct pm_session *s)
{
    if (s->stage != PM_SESSION_IN) return;
    struct pm_msg m = {.kind = PM_MSG_BYE, .bye = {.text = "stopped by its operator"}};
    memcpy(m.bye.session, s->w->session, 16);
    pm_session_send(s, &m);
}

/* Waits for a message, a wake-up, a signal or the next tick, and handles it. False: stop at once. */
static bool step(struct pm_session *s, int signal_fd)
{
    zmq_pollitem_t items[3] = {{.socket = pm_dealer_socket(s->dealer), .events = ZMQ_POLLIN},
                               {.fd = s->w->wake_fd, .events = ZMQ_POLLIN},
                               {.fd = signal_fd, .events = ZMQ_POLLIN}};
    if (zmq_poll(items, 3, TICK_MS) < 0 && errno != EINTR) return false;
    uint64_t count;
    if (items[1].revents) (void)!read(s->w->wake_fd, &count, sizeof count);
    if (items[2].revents && on_signal(s, signal_fd)) return false;
    for (int i = 0; i < 64; i++) {
        struct pm_msg m;
        struct pm_error err = {.status = PM_OK};
        enum pm_status status = pm_dealer_recv(s->dealer, &m, 0, &err);
        if (status == PM_OK) {
            on_message(s, &m);
            pm_msg_fini(&m);
        } else if (status == PM_PROTOCOL) {
            pm_log(PM_LOG_WARN, "wire", "%s", err.text);
        } else {
            break;
        }
    }
    watch_link(s);
    watch_time(s);
    if (s->stage == PM_SESSION_IN) flush(s);
    return true;
}

enum pm_status pm_worker_session(struct pm_worker *w, int signal_fd, struct pm_error *err)
{
    struct pm_session s = {
        .w = w, .retry_ms = PM_SESSION_RETRY_MIN_MS, .retry_at_ms = UINT64_MAX, .end = PM_OK};
    PM_TRY(
        pm_dealer_new(&s.dealer, w->wire, w->join.host, w->join.port, w->join.server_public, &w->curve, err));
    pm_log(PM_LOG_INFO, "wire", "joining %s port %u as %s, %s", w->join.host, w->join.port, w->config->name,
           w->device_text);
    bool go_on = true;
    while (go_on && s.end == PM_OK && !is_drained(&s)) go_on = step(&s, signal_fd);
    say_bye(&s);
    pm_dealer_free(&s.dealer);
    return s.end == PM_OK ? PM_OK : pm_fail(err, s.end, "%s", s.end_text);
}
