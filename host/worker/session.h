/* Inside session.c and login.c: one session with the coordinator as the session's thread sees it. */
#ifndef PM_WORKER_SESSION_H
#define PM_WORKER_SESSION_H

#include "worker/worker.h"

enum { PM_SESSION_ANSWER_MS = 10000, PM_SESSION_RETRY_MIN_MS = 500, PM_SESSION_RETRY_MAX_MS = 30000 };

enum pm_session_stage { PM_SESSION_OUT, PM_SESSION_HELLO_SENT, PM_SESSION_LOGIN_SENT, PM_SESSION_IN };

struct pm_session {
    struct pm_worker *w;
    struct pm_dealer *dealer;
    enum pm_session_stage stage;
    unsigned connections, refused; /* of the link, as seen so far */
    uint64_t retry_at_ms; /* OUT: when to say hello again; else: when to give up waiting for an answer */
    uint64_t retry_ms;    /* the next pause */
    uint64_t credit_sent, credit_at_ms;
    bool draining;
    uint64_t drain_until_ms;
    enum pm_status end; /* PM_AUTH: refused */
    char end_text[600];
};

void pm_session_send(struct pm_session *session, const struct pm_msg *msg); /* logs what cannot be sent */
void pm_session_out(struct pm_session *session);                            /* not logged in any more */
void pm_session_retry_later(struct pm_session *session);                    /* out, and hello after a pause */

/* The login: HELLO -> CHALLENGE -> LOGIN -> WELCOME or REFUSED. A message out of turn is ignored. */
void pm_session_hello(struct pm_session *session);
void pm_session_on_challenge(struct pm_session *session, const struct pm_msg_challenge *msg);
void pm_session_on_welcome(struct pm_session *session, const struct pm_msg_welcome *msg);
void pm_session_on_refused(struct pm_session *session, const struct pm_msg_refused *msg);

#endif
