/* The HTTP API of the coordinator: JSON for people and programs, metrics for Prometheus, artifacts for
 * workers. Own threads and own ledger handles; it reads the ledger and the board, and the one thing that it
 * writes is messages that are pushed to a project. The routes are listed in routes.c and described in
 * coordinator/README.md. */
#ifndef PM_COORDINATOR_HTTP_SERVER_H
#define PM_COORDINATOR_HTTP_SERVER_H

#include "coordinator/board.h"
#include "coordinator/chain/outbox.h"
#include "coordinator/project/project.h"

#include <stdbool.h>

struct pm_http_options {
    const char *host; /* an address or name of this machine */
    unsigned port;    /* 0: the system chooses */
    const char *ledger_path;
    const char *pool;  /* the pool's name */
    const char *token; /* POST needs "Authorization: Bearer <token>"; NULL or "": it does not */
    struct pm_project *const *projects; /* outlive the server, as does the board */
    size_t n_projects;
    struct pm_board *board;
    uint64_t pulse_ms; /* the loop counts as alive when its last pulse is not older */
    /* Called from any thread after messages were stored; may be NULL. */
    void (*wake)(void *ctx);
    void *wake_ctx;
    /* What the outbox does, for /ready and /metrics; NULL: nothing is sent to a chain. */
    void (*outbox_stats)(void *ctx, struct pm_outbox_stats *out);
    void *outbox_ctx;
};

struct pm_http;
/* Copies the options' texts. PM_NETWORK names the address that cannot be had. */
PM_MUST_USE enum pm_status pm_http_start(struct pm_http **out, const struct pm_http_options *options,
                                         struct pm_error *err);
void pm_http_stop(struct pm_http **http); /* ends all connections */
unsigned pm_http_port(const struct pm_http *http);

#endif
