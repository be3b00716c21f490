/* A coordinator in a thread of the test, over real sockets on loopback, with a real circuit of its own, and
 * workers that do as they are told: they log in, take tasks, and prove for real.
 *
 * The circuit: the four readings of a task add up to `total`; public signals are domain and total, in this
 * order. */
#ifndef SERVICE_FIXTURE_H
#define SERVICE_FIXTURE_H

#include "coordinator/board.h"
#include "coordinator/config.h"
#include "coordinator/http/server.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/loop.h"
#include "coordinator/project/project.h"
#include "files_fixture.h"
#include "prove/prover.h"
#include "wire/sock.h"

#include <jansson.h>
#include <pthread.h>

enum { SERVICE_TASK_SIZE = 4, SERVICE_WORKERS = 3 };

struct service {
    char dir[256];
    struct pm_zkey zkey;
    struct pm_key *key;
    struct pm_prover *prover;
    struct pm_config *config;
    struct pm_project *project;
    struct pm_board *board;
    struct pm_loop *loop;
    struct pm_http *http;
    pthread_t thread;
    bool running, halted;
    struct pm_curve_keys keys;
    struct pm_ledger *ledger; /* of the test's own thread */
    unsigned n_proved;        /* __atomic */
    struct pm_error err;
};

/* The circuit's files and the project, in a fresh folder. Aborts where something fails. */
void service_make(struct service *s);
/* leases: lines of the configuration's section, e.g. "duration_ms: 1000". token: for POST, or NULL. */
void service_start(struct service *s, const char *leases, const char *token);
void service_stop(struct service *s);
void service_halt_loop(struct service *s); /* the loop ends, the HTTP server goes on */
void service_free(struct service *s);

/* n messages of one meter with these readings, stored and made known; returns their sum. */
uint64_t service_push(struct service *s, const char *meter, unsigned first, unsigned n);
/* Waits (up to 10 s) until n tasks are in the state; then the first one's id. */
bool service_wait_tasks(struct service *s, enum pm_task_state state, size_t n, uint8_t id[32]);
/* Proves what the input says; malloc'ed texts. */
void service_prove(struct service *s, char **proof, char **publics, const char *input, size_t len);

struct worker {
    struct service *s;
    char name[32];
    struct pm_wire *wire;
    struct pm_dealer *work, *beat;
    struct pm_curve_keys curve;
    struct pm_identity identity;
    uint8_t session[16];
    uint64_t node;
    unsigned port; /* 0: the service's */
    uint32_t heartbeat_port;
    uint64_t sequence;
};

/* New keys; where `allowed`, a line of the allow-list. Call before service_start. */
void worker_make(struct worker *w, struct service *s, const char *name, bool allowed);
void worker_connect(struct worker *w); /* also again: a new connection with the same keys */
void worker_free(struct worker *w);
/* HELLO to WELCOME; false with the answer where it is another one. */
bool worker_login(struct worker *w, struct pm_msg *answer);
/* The next message, which the caller frees; kind 0 when nothing came in time. */
struct pm_msg worker_next(struct worker *w, int timeout_ms);
void worker_send(struct worker *w, struct pm_msg *msg); /* fills in the session */
void worker_credit(struct worker *w, uint64_t granted);
/* A heartbeat that lists these leases; returns the answer's kind (0: none in 5 s). */
int worker_beat(struct worker *w, const uint64_t *leases, size_t n);
/* Proves a TASK and sends the result. */
void worker_answer(struct worker *w, const struct pm_msg_task *task);
void worker_result(struct worker *w, const uint8_t task[32], uint64_t lease, const char *proof,
                   const char *publics);
void worker_failed(struct worker *w, const struct pm_msg_task *task, enum pm_status status);

/* One HTTP request. body NULL: GET. *out: malloc'ed text. Returns the status code. */
long http_call(struct service *s, char **out, const char *method, const char *path, const char *body,
               const char *token, const char *header);

#endif
