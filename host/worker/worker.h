/* A worker at work: what its threads share, and the threads.
 *
 *   session   (the caller's thread) owns the socket to the coordinator: login, credit, tasks in, results out
 *   heartbeat                       its own socket: tells session, leases and phases
 *   prepare   (several)             fetch artifacts, compute witnesses
 *   prove     (one)                 keys, proofs; it uses the thread pool
 *
 * They meet in `work` and a few words about the session, all under one lock. */
#ifndef PM_WORKER_WORKER_H
#define PM_WORKER_WORKER_H

#include "base/pool.h"
#include "wire/sock.h"
#include "worker/artifacts.h"
#include "worker/circuits.h"
#include "worker/config.h"
#include "worker/keys.h"
#include "worker/room.h"
#include "worker/work.h"

#include <pthread.h>

struct pm_worker {
    const struct pm_worker_config *config;
    struct pm_curve_keys curve;
    struct pm_identity identity;
    struct pm_join join;
    char device_text[129];

    struct pm_wire *wire;
    struct pm_pool *pool;
    struct pm_room *room;           /* on the disk */
    struct pm_artifacts *artifacts; /* prepare */
    struct pm_circuits *circuits;   /* prepare */
    struct pm_keys *keys;           /* prove only */
    int wake_fd;                    /* readable: something for the session's thread */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct pm_work work;
    bool stopping;    /* threads end */
    bool let_go;      /* loaded keys shall be dropped: the disk needs their room */
    bool in;          /* logged in */
    bool login_again; /* the heartbeat's socket was told so */
    uint8_t session[16];
    unsigned heartbeat_port, heartbeat_ms;
};

/* Works until a signal can be read from signal_fd (a signalfd; then drains) or the pool refuses this worker.
 * PM_OK: stopped as asked. PM_AUTH: refused. *abandoned: a proof is still being computed by a thread, so the
 * caller must end the process rather than return from main. Signals are blocked in all threads of the worker.
 */
PM_MUST_USE enum pm_status pm_worker_run(const struct pm_worker_config *config, int signal_fd,
                                         bool *abandoned, struct pm_error *err);

/* The folder config->data and the keys in it, made where they are missing. */
PM_MUST_USE enum pm_status pm_worker_keys(struct pm_curve_keys *curve, struct pm_identity *identity,
                                          const struct pm_worker_config *config, struct pm_error *err);

/* -- inside the worker -- */
void pm_worker_wake(struct pm_worker *worker); /* the session's thread */
void *pm_worker_prepare(void *worker);         /* bodies of threads */
void *pm_worker_prove(void *worker);
void *pm_worker_heartbeat(void *worker);
PM_MUST_USE enum pm_status pm_worker_session(struct pm_worker *worker, int signal_fd, struct pm_error *err);
/* "task 8f3a12bc lease 7", for logs */
const char *pm_worker_task_text(char out[64], const struct pm_job *job);

#endif
