/* Heartbeats: a thread and a socket that share nothing with proving but the list of leases, so that a machine
 * that is busy never looks dead. It says what is in hand; what follows from silence is the coordinator's
 * business. */
#include "worker/worker.h"

#include "base/clock.h"
#include "base/log.h"

#include <string.h>

enum { SLICE_MS = 100, SILENCE_BEATS = 5 };

struct heart {
    struct pm_worker *w;
    struct pm_dealer *dealer;
    unsigned port;
    uint64_t sequence, answered, next_ms;
    bool silent; /* said so */
};

/* The session and leases of now. False while not logged in. */
static bool compose(struct heart *h, struct pm_msg *m, unsigned *port, unsigned *every_ms)
{
    struct pm_worker *w = h->w;
    memset(m, 0, sizeof *m);
    m->kind = PM_MSG_HEARTBEAT;
    pthread_mutex_lock(&w->lock);
    bool in = w->in;
    *port = w->heartbeat_port;
    *every_ms = w->heartbeat_ms;
    memcpy(m->heartbeat.session, w->session, 16);
    m->heartbeat.n_leases = pm_work_leases(&w->work, m->heartbeat.leases);
    pthread_mutex_unlock(&w->lock);
    return in;
}

static void on_message(struct heart *h, const struct pm_msg *m)
{
    struct pm_worker *w = h->w;
    if (m->kind == PM_MSG_BEAT) {
        if (m->beat.sequence > h->answered) h->answered = m->beat.sequence;
        if (h->silent) pm_log(PM_LOG_INFO, "beat", "the coordinator answers again");
        h->silent = false;
        return;
    }
    if (m->kind != PM_MSG_LOGIN_AGAIN) return;
    pthread_mutex_lock(&w->lock);
    if (w->in && memcmp(m->login_again.session, w->session, 16) == 0) {
        w->login_again = true;
        pm_worker_wake(w);
    }
    pthread_mutex_unlock(&w->lock);
}

/* Sends what is due; gives the time until the next one. */
static uint64_t beat(struct heart *h)
{
    struct pm_msg m;
    struct pm_error err = {.status = PM_OK};
    unsigned port = 0, every_ms = 0;
    uint64_t now = pm_clock_ms();
    if (now < h->next_ms) return h->next_ms - now;
    if (!compose(h, &m, &port, &every_ms)) return SLICE_MS;
    if (port != h->port) pm_dealer_free(&h->dealer);
    h->port = port;
    if (!h->dealer && pm_dealer_new(&h->dealer, h->w->wire, h->w->join.host, port, h->w->join.server_public,
                                    &h->w->curve, &err) != PM_OK) {
        pm_log(PM_LOG_ERROR, "beat", "%s", err.text);
        h->next_ms = now + 1000;
        return 1000;
    }
    if (h->sequence > h->answered + SILENCE_BEATS && !h->silent) {
        pm_log(PM_LOG_WARN, "beat", "no answer to the last %d heartbeats", SILENCE_BEATS);
        h->silent = true;
    }
    m.heartbeat.sequence = ++h->sequence;
    (void)!pm_dealer_send(h->dealer, &m, NULL); /* the next one comes soon */
    h->next_ms = h->next_ms + every_ms > now ? h->next_ms + every_ms : now + every_ms;
    return every_ms;
}

void *pm_worker_heartbeat(void *arg)
{
    struct heart h = {.w = arg};
    for (;;) {
        pthread_mutex_lock(&h.w->lock);
        bool stopping = h.w->stopping;
        pthread_mutex_unlock(&h.w->lock);
        if (stopping) break;
        uint64_t left = beat(&h);
        int wait = left < SLICE_MS ? (int)left : SLICE_MS;
        struct pm_msg m;
        if (!h.dealer)
            pm_clock_sleep_ms((unsigned)wait);
        else if (pm_dealer_recv(h.dealer, &m, wait, NULL) == PM_OK) {
            on_message(&h, &m);
            pm_msg_fini(&m);
        }
    }
    pm_dealer_free(&h.dealer);
    return NULL;
}
