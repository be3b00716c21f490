/* The session with the coordinator, on the caller's thread: login, credit, tasks, results, and the drain at
 * the end. Everything that arrives is answered from the table of jobs (work.h); nothing here computes. A
 * session may end at any time (the connection breaks, the coordinator restarts): then a new login follows,
 * and what is finished is sent again. */
#include "worker/worker.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <zmq.h>

enum {
    ANSWER_MS = 10000,
    RETRY_MIN_MS = 500,
    RETRY_MAX_MS = 30000,
    RESEND_MS = 20000,
    CREDIT_MS = 5000,
    TICK_MS = 250
};

enum stage { OUT, HELLO_SENT, LOGIN_SENT, IN };

struct session {
    struct pm_worker *w;
    struct pm_dealer *dealer;
    enum stage stage;
    unsigned connections, refused; /* of the link, as seen so far */
    uint64_t retry_at_ms,
        retry_ms; /* OUT: when to say hello again; else: when to give up waiting for an answer */
    uint64_t credit_sent, credit_at_ms;
    bool draining;
    uint64_t drain_until_ms;
    enum pm_status end; /* PM_AUTH: refused */
    char end_text[600];
};

static void send(struct session *s, const struct pm_msg *m)
{
    struct pm_error err = {.status = PM_OK};
    if (pm_dealer_send(s->dealer, m, &err) != PM_OK)
        pm_log(PM_LOG_WARN, "wire", "%s: %s", pm_msg_name(m->kind), err.text);
}

static void set_out(struct session *s)
{
    s->stage = OUT;
    pthread_mutex_lock(&s->w->lock);
    s->w->in = s->w->login_again = false;
    pthread_mutex_unlock(&s->w->lock);
}

/* Back-off with some randomness, so that a pool's workers do not all return at once. */
static void retry_later(struct session *s)
{
    uint8_t dice = 0;
    (void)!pm_random_bytes(&dice, 1, NULL);
    set_out(s);
    s->retry_at_ms = pm_clock_ms() + s->retry_ms / 2 + s->retry_ms * dice / 512;
    s->retry_ms = s->retry_ms * 2 < RETRY_MAX_MS ? s->retry_ms * 2 : RETRY_MAX_MS;
}

/* -- login -- */

static void hello(struct session *s)
{
    struct pm_msg m = {.kind = PM_MSG_HELLO,
                       .hello = {.protocol = PM_WIRE_PROTOCOL, .software = "proofmill-worker " PM_VERSION}};
    set_out(s);
    send(s, &m);
    s->stage = HELLO_SENT;
    s->retry_at_ms = pm_clock_ms() + ANSWER_MS;
}

static void on_challenge(struct session *s, const struct pm_msg_challenge *c)
{
    struct pm_worker *w = s->w;
    struct pm_msg m = {.kind = PM_MSG_LOGIN};
    struct pm_error err = {.status = PM_OK};
    uint8_t digest[32];
    if (s->stage != HELLO_SENT) return;
    pm_login_digest(digest, w->join.server_public, w->curve.public_key, c->pool_id, c->nonce, c->expires_ms);
    if (pm_identity_sign(m.login.signature, &w->identity, digest, &err) != PM_OK) {
        pm_log(PM_LOG_ERROR, "login", "%s", err.text);
        retry_later(s);
        return;
    }
    memcpy(m.login.identity, w->identity.public_key, 33);
    memcpy(m.login.nonce, c->nonce, 32);
    memcpy(m.login.beneficiary, w->config->beneficiary, 20);
    pm_msg_text(m.login.name, sizeof m.login.name, w->config->name);
    pm_msg_text(m.login.device, sizeof m.login.device, w->device_text);
    m.login.slots = w->config->slots;
    m.login.n_vm_types = 1;
    m.login.vm_types[0].id = PM_WORK_VM_CIRCOM;
    send(s, &m);
    s->stage = LOGIN_SENT;
    s->retry_at_ms = pm_clock_ms() + ANSWER_MS;
}

static void on_welcome(struct session *s, const struct pm_msg_welcome *m)
{
    struct pm_worker *w = s->w;
    if (s->stage != LOGIN_SENT) return;
    if (m->heartbeat_port < 1 || m->heartbeat_port > 65535) {
        pm_log(PM_LOG_ERROR, "login", "the coordinator named the heartbeat port %u; expected 1 to 65535",
               m->heartbeat_port);
        retry_later(s);
        return;
    }
    pthread_mutex_lock(&w->lock);
    memcpy(w->session, m->session, 16);
    w->heartbeat_port = m->heartbeat_port;
    w->heartbeat_ms = m->heartbeat_ms < 50 ? 50 : m->heartbeat_ms > 60000 ? 60000 : m->heartbeat_ms;
    w->in = true;
    w->login_again = false;
    pm_work_new_session(&w->work);
    size_t in_hand = pm_work_total(&w->work);
    pthread_mutex_unlock(&w->lock);
    s->stage = IN;
    s->retry_ms = RETRY_MIN_MS;
    s->credit_sent = 0;
    s->credit_at_ms = 0;
    pm_log(PM_LOG_INFO, "login", "logged in as node %llu, session %02x%02x%02x%02x, %zu tasks in hand",
           (unsigned long long)m->node, m->session[0], m->session[1], m->session[2], m->session[3], in_hand);
}

static void on_refused(struct session *s, const struct pm_msg_refused *m)
{
    const char *name = pm_status_name((enum pm_status)m->status);
    if (m->status == PM_AUTH && s->stage == LOGIN_SENT) {
        s->end = PM_AUTH;
        (void)snprintf(s->end_text, sizeof s->end_text, "the pool refuses this worker: %s", m->text);
        return;
    }
    pm_log(PM_LOG_WARN, "login", "refused (%s): %s; trying again", name, m->text);
    retry_later(s);
}

/* -- work -- */

static bool is_ours(const struct session *s, const uint8_t session[16])
{
    return s->stage == IN && memcmp(session, s->w->session, 16) == 0; /* written by this thread only */
}

static void on_task(struct session *s, const struct pm_msg_task *m)
{
    struct pm_worker *w = s->w;
    struct pm_job *job = NULL;
    struct pm_error err = {.status = PM_OK};
    char text[64] = "";
    pthread_mutex_lock(&w->lock);
    enum pm_status status = pm_work_add(&w->work, &job, m, pm_clock_ms(), &err);
    if (job) (void)pm_worker_task_text(text, job);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    if (status != PM_OK)
        pm_log(PM_LOG_WARN, "work", "%s", err.text);
    else
        pm_log(PM_LOG_INFO, "work", "%s: project %llu, version %s, attempt %u, %u ms", text,
               (unsigned long long)m->project, m->version, m->attempt, m->deadline_ms);
}

static void on_cancel(struct session *s, const struct pm_msg_cancel *m)
{
    struct pm_worker *w = s->w;
    pthread_mutex_lock(&w->lock);
    bool found = pm_work_cancel(&w->work, m->lease);
    pthread_mutex_unlock(&w->lock);
    pm_log(PM_LOG_INFO, "work", "lease %llu cancelled%s: %s", (unsigned long long)m->lease,
           found ? "" : " (not in hand)", m->text);
}

static void on_done(struct session *s, const struct pm_msg_done *m)
{
    struct pm_worker *w = s->w;
    pthread_mutex_lock(&w->lock);
    (void)pm_work_done(&w->work, m);
    pthread_mutex_unlock(&w->lock);
    pm_log(m->accepted ? PM_LOG_INFO : PM_LOG_WARN, "work", "task %02x%02x%02x%02x lease %llu: %s%s%s",
           m->task[0], m->task[1], m->task[2], m->task[3], (unsigned long long)m->lease,
           m->accepted ? "accepted" : "not accepted", m->text[0] ? ": " : "", m->text);
}

static void on_login_again(struct session *s, const struct pm_msg_login_again *m)
{
    if (!is_ours(s, m->session)) return;
    pm_log(PM_LOG_INFO, "login", "the coordinator asks to log in again");
    hello(s);
}

static void on_message(struct session *s, const struct pm_msg *m)
{
    switch (m->kind) {
    case PM_MSG_CHALLENGE:
        on_challenge(s, &m->challenge);
        return;
    case PM_MSG_WELCOME:
        on_welcome(s, &m->welcome);
        return;
    case PM_MSG_REFUSED:
        on_refused(s, &m->refused);
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

static void compose_result(const struct session *s, struct pm_msg *m, const struct pm_job *job)
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
static void flush(struct session *s)
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
    send(s, &m);
    s->credit_at_ms = now + CREDIT_MS;
}

/* -- the loop -- */

static void watch_link(struct session *s)
{
    struct pm_dealer_link link;
    pm_dealer_link(s->dealer, &link);
    if (link.connections != s->connections) {
        s->connections = link.connections;
        pm_log(PM_LOG_INFO, "wire", "connected");
        hello(s); /* the router knows us by another id now: a new session counts anew */
    } else if (!link.up && s->stage != OUT) {
        pm_log(PM_LOG_WARN, "wire", "the connection is lost; trying again");
        set_out(s);
        s->retry_at_ms = UINT64_MAX; /* hello follows the next connection */
    }
    if (link.refused != s->refused && s->refused % 20 == 0)
        pm_log(PM_LOG_WARN, "wire",
               "the pool does not know this worker's key: give the line of `proofmill-worker keygen` to its "
               "operator");
    s->refused = link.refused;
}

static void watch_time(struct session *s)
{
    uint64_t now = pm_clock_ms();
    pthread_mutex_lock(&s->w->lock);
    bool again = s->w->login_again;
    pthread_mutex_unlock(&s->w->lock);
    if (again && s->stage == IN) {
        pm_log(PM_LOG_INFO, "login",
               "the coordinator does not know the session (heartbeat); logging in again");
        hello(s);
    }
    if (s->stage == IN || now < s->retry_at_ms) return;
    if (s->stage == OUT) {
        hello(s);
    } else {
        pm_log(PM_LOG_WARN, "login", "no answer within %d s; trying again", ANSWER_MS / 1000);
        retry_later(s);
    }
}

/* A first signal begins the drain. True: a second one, stop at once. */
static bool on_signal(struct session *s, int signal_fd)
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

static bool is_drained(struct session *s)
{
    if (!s->draining) return false;
    pthread_mutex_lock(&s->w->lock);
    size_t in_hand = pm_work_total(&s->w->work);
    pthread_mutex_unlock(&s->w->lock);
    if (in_hand > 0 && pm_clock_ms() < s->drain_until_ms) return false;
    if (in_hand > 0) pm_log(PM_LOG_WARN, "drain", "the time is over; %zu tasks go back", in_hand);
    return true;
}

static void say_bye(struct session *s)
{
    if (s->stage != IN) return;
    struct pm_msg m = {.kind = PM_MSG_BYE, .bye = {.text = "stopped by its operator"}};
    memcpy(m.bye.session, s->w->session, 16);
    send(s, &m);
}

/* Waits for a message, a wake-up, a signal or the next tick, and handles it. False: stop at once. */
static bool step(struct session *s, int signal_fd)
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
    if (s->stage == IN) flush(s);
    return true;
}

enum pm_status pm_worker_session(struct pm_worker *w, int signal_fd, struct pm_error *err)
{
    struct session s = {.w = w, .retry_ms = RETRY_MIN_MS, .retry_at_ms = UINT64_MAX, .end = PM_OK};
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
