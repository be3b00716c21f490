/* Inside the loop only: its state, and what its files call of one another.
 *   loop.c           polling, timers, start and stop
 *   loop_login.c     HELLO, LOGIN, sessions, the allow-list
 *   loop_work.c      CREDIT, RESULT, FAILED, BYE, verdicts, the end of leases
 *   loop_beat.c      HEARTBEAT, silence, deadlines
 *   loop_intake.c    sources, packing
 *   loop_dispatch.c  who gets which task */
#ifndef PM_COORDINATOR_LOOP_INTERNAL_H
#define PM_COORDINATOR_LOOP_INTERNAL_H

#include "coordinator/checker.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/login.h"
#include "coordinator/loop.h"
#include "coordinator/session.h"
#include "coordinator/source/source.h"

#include <sys/stat.h>

enum { PM_LOOP_MAX_CHECKS = 64, PM_LOOP_MAX_REFUSALS = 256 };

struct pm_loop_source {
    const struct pm_project *project;
    const struct pm_project_version *version;
    struct pm_source *source;
    char name[300]; /* its name in the ledger: "file:/path" */
    uint64_t next_ms;
    bool in_trouble; /* logged already */
};

/* A node said that nobody can prove the task: believed when another one says so too. */
struct pm_loop_refusal {
    uint8_t task[32];
    uint64_t node;
};

struct pm_loop {
    struct pm_loop_options o;
    const struct pm_config *config;
    struct pm_wire *wire;
    struct pm_router *work, *beat;
    struct pm_ledger *ledger;
    struct pm_checker *checker;
    char artifacts_url[400];

    struct pm_sessions sessions;
    struct pm_login login;
    struct pm_allow allow;
    struct stat allow_stat;

    struct pm_loop_source *source;
    size_t n_sources;

    uint8_t check[PM_LOOP_MAX_CHECKS][32]; /* tasks that the checker has */
    size_t n_checks;
    bool checks_wait; /* more tasks are in state checking */
    uint64_t checks_again_ms;

    struct pm_loop_refusal refusal[PM_LOOP_MAX_REFUSALS]; /* a ring */
    size_t n_refusals;

    int wake_fd;
    int stop, reload; /* __atomic */
    bool busy;        /* something was sent, or work was left over: go round again at once */
    bool pack_due, dispatch_due, nodes_changed;
    uint64_t now_ms, last_ms; /* monotonic: this round, the one before */
    uint64_t next_second_ms, next_expire_ms;
    char trouble[256];   /* why the ledger takes no writes; "" */
    struct pm_error err; /* for calls whose failure is logged where it happens */
};

/* -- loop.c -- */
/* Sends on the main router; false when the peer is gone or does not read. Logs what else goes wrong. */
bool pm_loop_send(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg *msg);
/* What a ledger call said. Remembers trouble (I/O) for /ready and logs it; true when the call went well. */
bool pm_loop_ledger_ok(struct pm_loop *loop, enum pm_status status, const char *what);
const struct pm_project *pm_loop_project(const struct pm_loop *loop, uint64_t id); /* NULL: not configured */
/* "0123abcd": the first digits of an id, for the log. */
const char *pm_loop_short(char out[12], const uint8_t *id);

/* -- loop_login.c -- */
void pm_loop_on_hello(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg_hello *msg);
void pm_loop_on_login(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg_login *msg);
void pm_loop_refuse(struct pm_loop *loop, const struct pm_peer *peer, enum pm_status status,
                    const char *text);
/* The session of a message, or NULL after LOGIN_AGAIN or REFUSED was sent through `router`. */
struct pm_session *pm_loop_session(struct pm_loop *loop, struct pm_router *router, const struct pm_peer *peer,
                                   const uint8_t id[16]);
/* Ends a session and gives its leases back; they do not count as the node's fault. */
void pm_loop_end_session(struct pm_loop *loop, struct pm_session *session, const char *reason);
void pm_loop_read_allow(struct pm_loop *loop, bool always);

/* -- loop_work.c -- */
void pm_loop_on_credit(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg_credit *msg);
void pm_loop_on_result(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg_result *msg);
void pm_loop_on_failed(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg_failed *msg);
void pm_loop_on_bye(struct pm_loop *loop, const struct pm_peer *peer, const struct pm_msg_bye *msg);
void pm_loop_verdicts(struct pm_loop *loop);
void pm_loop_resume_checks(struct pm_loop *loop); /* tasks in state checking that the checker does not have */
/* Ends a lease in the ledger and in whatever session holds it. `counts`: by the node's own fault. */
void pm_loop_end_lease(struct pm_loop *loop, uint64_t number, bool counts, const char *reason);
void pm_loop_cancel(struct pm_loop *loop, const struct pm_session *session, uint64_t lease,
                    const uint8_t task[32], const char *text);
/* Whether that node refused that task as unprovable. */
bool pm_loop_refused_by(const struct pm_loop *loop, const uint8_t task[32], uint64_t node);

/* -- loop_beat.c -- */
void pm_loop_on_heartbeat(struct pm_loop *loop, const struct pm_peer *peer,
                          const struct pm_msg_heartbeat *msg);
void pm_loop_expire(struct pm_loop *loop);  /* leases past their deadline */
void pm_loop_silence(struct pm_loop *loop); /* nodes that are not heard of any more */

/* -- loop_intake.c -- */
PM_MUST_USE enum pm_status pm_loop_open_sources(struct pm_loop *loop, struct pm_error *err);
void pm_loop_poll_sources(struct pm_loop *loop);
void pm_loop_pack(struct pm_loop *loop);

/* -- loop_dispatch.c -- */
void pm_loop_dispatch(struct pm_loop *loop);

#endif
