/* The login of a worker (session.h): its identity signs both CURVE keys, the pool, the nonce and its expiry,
 * so that a signature is of no use to anyone else. What follows a login is session.c's. */
#include "worker/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

#include <stdio.h>
#include <string.h>

void pm_session_out(struct pm_session *s)
{
    s->stage = PM_SESSION_OUT;
    pthread_mutex_lock(&s->w->lock);
    s->w->in = s->w->login_again = false;
    pthread_mutex_unlock(&s->w->lock);
}

/* Back-off with some randomness, so that a pool's workers do not all return at once. */
void pm_session_retry_later(struct pm_session *s)
{
    uint8_t dice = 0;
    (void)!pm_random_bytes(&dice, 1, NULL);
    pm_session_out(s);
    s->retry_at_ms = pm_clock_ms() + s->retry_ms / 2 + s->retry_ms * dice / 512;
    s->retry_ms = s->retry_ms * 2 < PM_SESSION_RETRY_MAX_MS ? s->retry_ms * 2 : PM_SESSION_RETRY_MAX_MS;
}

void pm_session_hello(struct pm_session *s)
{
    struct pm_msg m = {.kind = PM_MSG_HELLO,
                       .hello = {.protocol = PM_WIRE_PROTOCOL, .software = "proofmill-worker " PM_VERSION}};
    pm_session_out(s);
    pm_session_send(s, &m);
    s->stage = PM_SESSION_HELLO_SENT;
    s->retry_at_ms = pm_clock_ms() + PM_SESSION_ANSWER_MS;
}

void pm_session_on_challenge(struct pm_session *s, const struct pm_msg_challenge *c)
{
    struct pm_worker *w = s->w;
    struct pm_msg m = {.kind = PM_MSG_LOGIN};
    struct pm_error err = {.status = PM_OK};
    uint8_t digest[32];
    if (s->stage != PM_SESSION_HELLO_SENT) return;
    pm_login_digest(digest, w->join.server_public, w->curve.public_key, c->pool_id, c->nonce, c->expires_ms);
    if (pm_identity_sign(m.login.signature, &w->identity, digest, &err) != PM_OK) {
        pm_log(PM_LOG_ERROR, "login", "%s", err.text);
        pm_session_retry_later(s);
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
    pm_session_send(s, &m);
    s->stage = PM_SESSION_LOGIN_SENT;
    s->retry_at_ms = pm_clock_ms() + PM_SESSION_ANSWER_MS;
}

void pm_session_on_welcome(struct pm_session *s, const struct pm_msg_welcome *m)
{
    struct pm_worker *w = s->w;
    if (s->stage != PM_SESSION_LOGIN_SENT) return;
    if (m->heartbeat_port < 1 || m->heartbeat_port > 65535) {
        pm_log(PM_LOG_ERROR, "login", "the coordinator named the heartbeat port %u; expected 1 to 65535",
               m->heartbeat_port);
        pm_session_retry_later(s);
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
    s->stage = PM_SESSION_IN;
    s->retry_ms = PM_SESSION_RETRY_MIN_MS;
    s->credit_sent = 0;
    s->credit_at_ms = 0;
    pm_log(PM_LOG_INFO, "login", "logged in as node %llu, session %02x%02x%02x%02x, %zu tasks in hand",
           (unsigned long long)m->node, m->session[0], m->session[1], m->session[2], m->session[3], in_hand);
}

void pm_session_on_refused(struct pm_session *s, const struct pm_msg_refused *m)
{
    const char *name = pm_status_name((enum pm_status)m->status);
    if (m->status == PM_AUTH && s->stage == PM_SESSION_LOGIN_SENT) {
        s->end = PM_AUTH;
        (void)snprintf(s->end_text, sizeof s->end_text, "the pool refuses this worker: %s", m->text);
        return;
    }
    pm_log(PM_LOG_WARN, "login", "refused (%s): %s; trying again", name, m->text);
    pm_session_retry_later(s);
}
