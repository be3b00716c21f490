/* Sessions: the nodes that are logged in, what each may receive and what each holds. A table in memory
 * without I/O; the ledger has the leases that count, and everything here is made anew when nodes log in again
 * after a restart.
 *
 * Credit is a running total in both directions: a node says how many tasks in all it is ready to have
 * received in this session, and `sent` never exceeds that. */
#ifndef PM_COORDINATOR_SESSION_H
#define PM_COORDINATOR_SESSION_H

#include "coordinator/sched.h"
#include "wire/sock.h"

/* At most as many leases per session as one heartbeat can list. */
enum {
    PM_SESSION_MAX_LEASES = 64,
    PM_SESSION_MAX_VM_TYPES = 16,
    PM_SESSION_MAX_KEYS = 32,
    PM_MAX_SESSIONS = 4096
};

/* A lease that the node holds. */
struct pm_held {
    uint64_t number;
    uint8_t task[32];
    unsigned unlisted; /* heartbeats in a row that did not list it */
    bool answered;     /* its result is here and is being checked */
    uint32_t phase;    /* as the last heartbeat said; 0: not heard of */
};

struct pm_session {
    uint8_t id[16];
    uint64_t node;
    struct pm_peer peer; /* where to send; the CURVE key never changes, the router's id may (a reconnect) */
    uint8_t identity[33];
    char name[65], device[129];
    uint32_t slots;
    uint32_t vm_types[PM_SESSION_MAX_VM_TYPES];
    size_t n_vm_types;
    uint64_t granted, sent;
    uint64_t login_ms,
        penalty_ms;    /* monotonic: since when, and until when it gets nothing (invalid proofs) */
    uint64_t seen_ms;  /* monotonic: last message */
    uint64_t noted_ms; /* monotonic: when the ledger was told so */
    unsigned invalid;  /* proofs that did not verify, in this session */
    size_t n_held;
    struct pm_held held[PM_SESSION_MAX_LEASES];
    size_t n_keys; /* project versions that it has worked on: their keys are loaded there */
    const void *key[PM_SESSION_MAX_KEYS];
};

struct pm_sessions {
    struct pm_session **list;
    size_t n, capacity;
};

/* A new session with a fresh id and no credit. PM_NO_MEMORY beyond PM_MAX_SESSIONS. The table owns it. */
PM_MUST_USE enum pm_status pm_sessions_add(struct pm_sessions *sessions, struct pm_session **out,
                                           struct pm_error *err);
void pm_sessions_remove(struct pm_sessions *sessions, struct pm_session *session); /* frees it */
void pm_sessions_fini(struct pm_sessions *sessions);

/* NULL where there is none. */
struct pm_session *pm_sessions_find(const struct pm_sessions *sessions, const uint8_t id[16]);
struct pm_session *pm_sessions_of_node(const struct pm_sessions *sessions, uint64_t node);
/* One that was silent for longer than timeout_ms, or NULL. */
struct pm_session *pm_sessions_silent(const struct pm_sessions *sessions, uint64_t now_ms,
                                      uint64_t timeout_ms);
/* The loop itself stood still for gap_ms: nobody is to blame for silence in that time. */
void pm_sessions_forgive(struct pm_sessions *sessions, uint64_t gap_ms);

/* -- credit and leases -- */
void pm_session_grant(struct pm_session *session, uint64_t granted); /* a total; never falls */
uint64_t pm_session_free(const struct pm_session *session);          /* how many tasks may be pushed now */
size_t pm_session_busy(const struct pm_session *session);            /* leases that are not answered yet */
/* False where it holds PM_SESSION_MAX_LEASES already. */
bool pm_session_hold(struct pm_session *session, uint64_t number, const uint8_t task[32]);
struct pm_held *pm_session_held(struct pm_session *session, uint64_t number); /* NULL: not held */
void pm_session_release(struct pm_session *session, uint64_t number);

bool pm_session_offers(const struct pm_session *session, uint32_t vm_type);
bool pm_session_has_key(const struct pm_session *session, const void *key);
void pm_session_add_key(struct pm_session *session, const void *key); /* the oldest one makes room */

/* What a heartbeat says of the leases: listed ones get their phase, the others are counted as unlisted.
 * Returns how many lost[] numbers were unlisted for more than `misses` heartbeats; unknown[] are listed but
 * not held here. Both arrays take PM_SESSION_MAX_LEASES. */
struct pm_beat_news {
    size_t n_lost, n_unknown;
    uint64_t lost[PM_SESSION_MAX_LEASES], unknown[PM_SESSION_MAX_LEASES];
};
void pm_session_beat(struct pm_session *session, struct pm_beat_news *news,
                     const struct pm_lease_state *listed, size_t n, unsigned misses);

#endif
