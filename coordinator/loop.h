/* The loop: one thread that owns the ledger handle and both routers, and takes every decision of the
 * coordinator: who may log in, what is packed, who gets it, what becomes of an answer. Everything that it
 * decides is in the ledger before anybody is told; after kill -9 at any moment it goes on from there.
 * Verification (checker.h), the chain (chain/outbox.h) and HTTP have threads of their own and wake it. */
#ifndef PM_COORDINATOR_LOOP_H
#define PM_COORDINATOR_LOOP_H

#include "coordinator/board.h"
#include "coordinator/config.h"
#include "coordinator/project/project.h"
#include "wire/identity.h"

struct pm_loop_options {
    const struct pm_config *config;
    struct pm_project *const *projects; /* they, the config and the board outlive the loop */
    size_t n_projects;
    struct pm_board *board;
    const struct pm_curve_keys *keys;
    /* Called by the loop's thread when a task was proved; may be NULL. */
    void (*proved)(void *ctx);
    void *proved_ctx;
};

struct pm_loop;
/* Opens the ledger, binds both routers and reads the allow-list. PM_NETWORK names the port that is in use. */
PM_MUST_USE enum pm_status pm_loop_new(struct pm_loop **out, const struct pm_loop_options *options,
                                       struct pm_error *err);
void pm_loop_free(struct pm_loop **loop);

unsigned pm_loop_port(const struct pm_loop *loop);
/* Where workers fetch artifacts that are local files: "http://host:port". Call it before pm_loop_run. */
void pm_loop_set_artifacts_url(struct pm_loop *loop, const char *url);

/* Runs until pm_loop_stop; then lets proofs that are being verified come to their end (a few seconds at
 * most). */
void pm_loop_run(struct pm_loop *loop);

/* From any thread and from signal handlers. */
void pm_loop_stop(struct pm_loop *loop);
void pm_loop_wake(struct pm_loop *loop);   /* messages came by another way than the loop's own sources */
void pm_loop_reload(struct pm_loop *loop); /* read the allow-list again */

/* Where workers reach the HTTP API: as configured, or "http://host:port", with brackets around an IPv6
 * address. out: 400 characters. */
void pm_loop_http_url(char *out, const struct pm_config *config, unsigned http_port);

#endif
