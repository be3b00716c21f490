/* Inside the HTTP room only: a request, its answer, the server, and the handlers that routes.c lists. */
#ifndef PM_COORDINATOR_HTTP_REQUEST_H
#define PM_COORDINATOR_HTTP_REQUEST_H

#include "coordinator/http/server.h"
#include "coordinator/ledger/ledger.h"

#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>

enum { PM_HTTP_MAX_SEGMENTS = 3, PM_HTTP_MAX_BODY = 8 * 1024 * 1024, PM_HTTP_MAX_BODIES = 64 * 1024 * 1024 };

/* A file that workers may fetch. */
struct pm_http_artifact {
    uint8_t sha256[32];
    const char *path, *kind;
    uint64_t size_bytes;
};

struct pm_http {
    struct pm_http_options options;
    char *pool, *token;
    struct MHD_Daemon *daemon;
    unsigned port;
    pthread_mutex_t read_mutex, write_mutex; /* one thread at a time per handle */
    struct pm_ledger *read_ledger, *write_ledger;
    struct pm_http_artifact *artifact;
    size_t n_artifacts;
    size_t body_bytes; /* of all requests in flight; __atomic */
};

struct pm_route;
struct pm_request {
    struct pm_http *http;
    struct MHD_Connection *connection;
    const struct pm_route *route;
    char segment[PM_HTTP_MAX_SEGMENTS][160]; /* what stood at the "{}" of the route */
    char *body;                              /* NUL-terminated; NULL without one */
    size_t body_len, body_size;
    unsigned refused; /* an HTTP status that was decided while the body came in, with its text; 0: none */
    const char *refused_text;
};

typedef enum MHD_Result pm_http_handler(struct pm_request *request);
struct pm_route {
    const char *method, *path; /* "/v1/tasks/{}" */
    size_t max_body;           /* 0: takes none */
    pm_http_handler *handler;
};
/* Matches a path and fills the segments. NULL: no such path (*allow NULL), or another method (*allow names
 * those). */
const struct pm_route *pm_http_route(char segments[PM_HTTP_MAX_SEGMENTS][160], const char **allow,
                                     const char *method, const char *path);

/* -- answers; each queues exactly one -- */
enum MHD_Result pm_http_json(struct pm_request *request, unsigned code,
                             json_t *json); /* takes the reference; NULL: no memory */
enum MHD_Result pm_http_json_text(struct pm_request *request, unsigned code,
                                  char *text); /* takes the malloc'ed text */
enum MHD_Result pm_http_text(struct pm_request *request, unsigned code, const char *type, char *text,
                             size_t len); /* likewise */
enum MHD_Result pm_http_fail(struct pm_request *request, unsigned code, const char *fmt, ...) PM_PRINTF(3, 4);
/* By status: 404, 409, 400, 401, 503 or 500. */
enum MHD_Result pm_http_fail_status(struct pm_request *request, const struct pm_error *err);
/* Headers that every answer has; then queues and releases it. */
enum MHD_Result pm_http_send(struct pm_request *request, unsigned code, struct MHD_Response *response);

/* -- arguments -- */
const char *pm_http_query(struct pm_request *request, const char *name); /* NULL: not given */
/* Decimal digits only. */
bool pm_http_number(uint64_t *out, const char *text);
const struct pm_project *pm_http_project(struct pm_http *http, uint64_t id); /* NULL: no such project */

/* -- handlers -- */
pm_http_handler pm_http_live, pm_http_ready, pm_http_metrics; /* health.c */
pm_http_handler pm_http_tasks, pm_http_task, pm_http_nodes, pm_http_projects, pm_http_one_project,
    pm_http_bad_messages;                                            /* api.c */
pm_http_handler pm_http_push, pm_http_w3b_message, pm_http_w3b_task; /* push.c */
pm_http_handler pm_http_artifact;                                    /* artifacts.c */
PM_MUST_USE enum pm_status pm_http_list_artifacts(struct pm_http *http, struct pm_error *err);

#endif
