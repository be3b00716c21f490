/* A scripted coordinator for tests of the worker's program: logs workers in, answers heartbeats, and hands
 * every other message to the test, which says what happens next. One thread: nothing happens outside of its
 * calls. */
#ifndef TEST_POOL_H
#define TEST_POOL_H

#include "wire/sock.h"

#include <stdbool.h>

struct pool {
    struct pm_wire *wire;
    struct pm_router *work, *beat;
    struct pm_curve_keys server;
    unsigned port, beat_port;
    uint8_t worker_curve[32]; /* the one worker that may come */

    bool refuse;      /* logins end with REFUSED */
    bool forget;      /* the next CREDIT is answered by LOGIN_AGAIN (once) */
    bool forget_beat; /* the next HEARTBEAT is (once); the other socket then says nothing of it */
    bool mute;        /* heartbeats are not answered */
    bool quiet;
    uint8_t nonce[32];
    uint64_t expires_ms;

    unsigned logins, heartbeats, bad_logins;
    struct pm_msg_login login; /* the last one */
    struct pm_peer peer;       /* of the worker, now */
    uint8_t session[16];
    uint64_t granted;
    struct pm_msg_heartbeat last_beat; /* of this session */
    struct pm_msg kept[16];            /* of this session, and not asked for yet */
    unsigned n_kept;
};

void pool_open(struct pool *pool, const uint8_t worker_curve[32]);
void pool_close(struct pool *pool);
void pool_restart(
    struct pool *pool); /* as if the coordinator had crashed: new sockets on the same ports, no sessions */
void pool_join(const struct pool *pool, char out[400]);

/* The first message of that kind in the session of now that was not given out yet; lets things happen until
 * there is one. What arrives while something else is waited for is kept. False: not within wait_ms. Free *out
 * with pm_msg_fini. */
bool pool_wait(struct pool *pool, struct pm_msg *out, enum pm_msg_kind kind, unsigned wait_ms);
/* Until so many logins were seen in all. */
bool pool_wait_login(struct pool *pool, unsigned logins, unsigned wait_ms);
/* Until the running total of credit is at least that. */
bool pool_wait_credit(struct pool *pool, uint64_t granted, unsigned wait_ms);
/* Until a heartbeat lists the lease in that phase (0: any), or does not list it (absent). */
bool pool_wait_lease(struct pool *pool, uint64_t lease, uint32_t phase, bool absent, unsigned wait_ms);
void pool_send(struct pool *pool,
               struct pm_msg *msg); /* fills in the session of TASK, DONE, CANCEL, LOGIN_AGAIN */

#endif
