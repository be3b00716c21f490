/* The server: listening, collecting bodies within limits, access checks, and what every answer has in common.
 */
#include "coordinator/http/request.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS = 4, MAX_CONNECTIONS = 256, TIMEOUT_S = 30, CONNECTION_MEMORY = 32 * 1024, DRAIN_MS = 500 };

/* -- answers -- */

enum MHD_Result pm_http_send(struct pm_request *request, unsigned code, struct MHD_Response *response)
{
    if (!response) return MHD_NO;
    static const char *const headers[][2] = {
        {"X-Content-Type-Options", "nosniff"},
        {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
        {"Referrer-Policy", "no-referrer"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
    if (!MHD_get_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    enum MHD_Result result = MHD_queue_response(request->connection, code, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result pm_http_text(struct pm_request *request, unsigned code, const char *type, char *text,
                             size_t len)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    return pm_http_send(request, code, response);
}

enum MHD_Result pm_http_json_text(struct pm_request *request, unsigned code, char *text)
{
    if (!text) return MHD_NO;
    return pm_http_text(request, code, "application/json", text, strlen(text));
}

enum MHD_Result pm_http_json(struct pm_request *request, unsigned code, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return pm_http_json_text(request, code, text);
}

enum MHD_Result pm_http_fail(struct pm_request *request, unsigned code, const char *fmt, ...)
{
    char text[1100], clean[1100];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    size_t n = 0;
    for (const char *p = text; *p; p++) clean[n++] = *p >= ' ' && *p < 127 ? *p : '?';
    clean[n] = 0;
    return pm_http_json(request, code,
                        json_pack("{s:{s:i,s:s}}", "error", "status", (int)code, "text", clean));
}

enum MHD_Result pm_http_fail_status(struct pm_request *request, const struct pm_error *err)
{
    unsigned code = err->status == PM_NOT_FOUND                           ? MHD_HTTP_NOT_FOUND
                    : err->status == PM_CONFLICT                          ? MHD_HTTP_CONFLICT
                    : err->status == PM_FORMAT || err->status == PM_USAGE ? MHD_HTTP_BAD_REQUEST
                    : err->status == PM_AUTH                              ? MHD_HTTP_FORBIDDEN
                    : err->status == PM_IO || err->status == PM_NO_MEMORY ? MHD_HTTP_SERVICE_UNAVAILABLE
                                                                          : MHD_HTTP_INTERNAL_SERVER_ERROR;
    return pm_http_fail(request, code, "%s", err->text);
}

/* -- arguments -- */

const char *pm_http_query(struct pm_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool pm_http_number(uint64_t *out, const char *text)
{
    if (!text[0] || strlen(text) > 20 || strspn(text, "0123456789") != strlen(text)) return false;
    errno = 0;
    *out = strtoull(text, NULL, 10);
    return errno == 0;
}

const struct pm_project *pm_http_project(struct pm_http *http, uint64_t id)
{
    for (size_t i = 0; i < http->options.n_projects; i++)
        if (http->options.projects[i]->id == id) return http->options.projects[i];
    return NULL;
}

/* -- access -- */

static const char *header(struct pm_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* A page of another site that makes a browser post here says so in Origin; programs send none. */
static bool foreign_origin(struct pm_request *request)
{
    const char *origin = header(request, "Origin"), *host = header(request, "Host");
    if (!origin) return false;
    const char *at = strstr(origin, "://");
    return !at || !host || strcmp(at + 3, host) != 0;
}

static bool has_token(struct pm_request *request)
{
    const char *token = request->http->token, *given = header(request, "Authorization");
    if (!token) return true;
    if (!given || strncmp(given, "Bearer ", 7) != 0) return false;
    size_t len = strlen(token);
    return strlen(given + 7) == len && pm_equal_ct(given + 7, token, len);
}

static enum MHD_Result refuse(struct pm_request *request, unsigned code, const char *text)
{
    request->refused = code;
    request->refused_text = text;
    return MHD_YES;
}

/* Decides on a POST as soon as its headers are there; the answer is sent when its body has been skipped. */
static enum MHD_Result admit(struct pm_request *request)
{
    const char *length = header(request, "Content-Length");
    uint64_t n;
    if (foreign_origin(request))
        return refuse(request, MHD_HTTP_FORBIDDEN, "requests from pages of other sites are refused");
    if (!has_token(request))
        return refuse(request, MHD_HTTP_UNAUTHORIZED,
                      "Authorization: Bearer with the pool's token is needed");
    if (length && (!pm_http_number(&n, length) || n > request->route->max_body))
        return refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than this path takes (8 MiB)");
    return MHD_YES;
}

/* -- one request -- */

static enum MHD_Result begin(struct pm_http *http, struct MHD_Connection *connection, const char *path,
                             const char *method, void **con_cls)
{
    struct pm_request *request = calloc(1, sizeof *request);
    const char *allow;
    if (!request) return MHD_NO;
    request->http = http;
    request->connection = connection;
    *con_cls = request;
    request->route = pm_http_route(request->segment, &allow, method, path);
    if (request->route) return strcmp(method, "POST") == 0 ? admit(request) : MHD_YES;
    if (!allow)
        return refuse(request, MHD_HTTP_NOT_FOUND,
                      "no such path; see the API section of coordinator/README.md");
    request->body = strdup(allow); /* kept here for the Allow header */
    return refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, "this path does not take that method");
}

static void append(struct pm_request *request, const char *data, size_t len)
{
    if (request->refused) return;
    if (!request->route || request->body_len + len > request->route->max_body) {
        refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than this path takes");
        return;
    }
    if (request->body_len + len + 1 > request->body_size) {
        size_t size = 2 * (request->body_len + len) + 1024;
        size_t total =
            __atomic_add_fetch(&request->http->body_bytes, size - request->body_size, __ATOMIC_RELAXED);
        request->body_size = size; /* also where this fails: what was counted is given back at the end */
        char *body = total > PM_HTTP_MAX_BODIES ? NULL : realloc(request->body, size);
        if (!body) {
            refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many large requests at once; try again");
            return;
        }
        request->body = body;
    }
    memcpy(request->body + request->body_len, data, len);
    request->body_len += len;
    request->body[request->body_len] = 0;
}

static enum MHD_Result answer_refused(struct pm_request *request)
{
    char *text = NULL;
    json_t *json =
        json_pack("{s:{s:i,s:s}}", "error", "status", (int)request->refused, "text", request->refused_text);
    if (json) text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (!text) return MHD_NO;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    if (request->refused == MHD_HTTP_METHOD_NOT_ALLOWED && request->body)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, request->body);
    if (request->refused == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    return pm_http_send(request, request->refused, response);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *protocol, const char *data,
                                  size_t *data_len, void **con_cls)
{
    (void)protocol;
    if (!*con_cls) return begin(cls, connection, path, method, con_cls);
    struct pm_request *request = *con_cls;
    if (*data_len) {
        append(request, data, *data_len);
        *data_len = 0;
        return MHD_YES;
    }
    return request->refused ? answer_refused(request) : request->route->handler(request);
}

static void on_end(void *cls, struct MHD_Connection *connection, void **con_cls,
                   enum MHD_RequestTerminationCode code)
{
    struct pm_http *http = cls;
    struct pm_request *request = *con_cls;
    (void)connection;
    (void)code;
    if (!request) return;
    __atomic_sub_fetch(&http->body_bytes, request->body_size, __ATOMIC_RELAXED);
    free(request->body);
    free(request);
    *con_cls = NULL;
}

/* -- start and stop -- */

static enum pm_status listen_on(int *out, unsigned *port, const char *host, unsigned wanted,
                                struct pm_error *err)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    char service[12];
    int one = 1;
    snprintf(service, sizeof service, "%u", wanted);
    int code = getaddrinfo(host, service, &hints, &list);
    if (code)
        return pm_fail(err, PM_NETWORK, "http: %s is no address of this machine: %s", host,
                       gai_strerror(code));
    int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
              bind(fd, list->ai_addr, list->ai_addrlen) == 0 && listen(fd, 128) == 0 &&
              getsockname(fd, (struct sockaddr *)&bound, &len) == 0;
    int error = errno;
    freeaddrinfo(list);
    if (!ok) {
        if (fd >= 0) close(fd);
        return pm_fail(err, PM_NETWORK, "http: cannot listen on %s port %u: %s%s", host, wanted,
                       strerror(error), error == EADDRINUSE ? "; is another coordinator running?" : "");
    }
    *port = bound.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&bound)->sin6_port)
                                        : ntohs(((struct sockaddr_in *)&bound)->sin_port);
    *out = fd;
    return PM_OK;
}

static enum pm_status start(struct pm_http *http, struct pm_error *err)
{
    const struct pm_http_options *o = &http->options;
    int fd = -1;
    PM_TRY(pm_ledger_open(&http->read_ledger, o->ledger_path, err));
    PM_TRY(pm_ledger_open(&http->write_ledger, o->ledger_path, err));
    PM_TRY(pm_http_list_artifacts(http, err));
    PM_TRY(listen_on(&fd, &http->port, o->host, o->port, err));
    http->daemon = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request,
                                    http, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
                                    (unsigned)THREADS, MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
                                    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
                                    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
                                    MHD_OPTION_NOTIFY_COMPLETED, on_end, http, MHD_OPTION_END);
    if (http->daemon) return PM_OK;
    close(fd);
    return pm_fail(err, PM_NETWORK, "http: the server on %s port %u cannot be started", o->host, o->port);
}

enum pm_status pm_http_start(struct pm_http **out, const struct pm_http_options *options,
                             struct pm_error *err)
{
    struct pm_http *http = calloc(1, sizeof *http);
    *out = NULL;
    if (!http) return pm_fail(err, PM_NO_MEMORY, "http: no memory");
    http->options = *options;
    http->pool = strdup(options->pool);
    http->token = options->token && options->token[0] ? strdup(options->token) : NULL;
    pthread_mutex_init(&http->read_mutex, NULL);
    pthread_mutex_init(&http->write_mutex, NULL);
    enum pm_status status = PM_OK;
    if (!http->pool || (options->token && options->token[0] && !http->token))
        status = pm_fail(err, PM_NO_MEMORY, "http: no memory");
    if (status == PM_OK) status = start(http, err);
    if (status != PM_OK) pm_http_stop(&http);
    *out = http;
    return status;
}

/* Takes no more connections and lets those that are open end, for a moment. libmicrohttpd 0.9.75 dereferences
 * NULL when a malformed request is answered while MHD_stop_daemon runs (transmit_error_response_len:
 * MHD_queue_response says yes without a response), so there should be none by then. */
static void drain(struct MHD_Daemon *daemon)
{
    int listening = MHD_quiesce_daemon(daemon);
    for (unsigned waited_ms = 0; waited_ms < DRAIN_MS; waited_ms += 5) {
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
        if (!info || info->num_connections == 0) break;
        pm_clock_sleep_ms(5);
    }
    MHD_stop_daemon(daemon);
    if (listening >= 0) close(listening);
}

void pm_http_stop(struct pm_http **http)
{
    struct pm_http *h = *http;
    if (!h) return;
    if (h->daemon) drain(h->daemon);
    if (h->read_ledger) pm_ledger_close(&h->read_ledger);
    if (h->write_ledger) pm_ledger_close(&h->write_ledger);
    pthread_mutex_destroy(&h->read_mutex);
    pthread_mutex_destroy(&h->write_mutex);
    free(h->artifact);
    free(h->pool);
    if (h->token) pm_wipe(h->token, strlen(h->token));
    free(h->token);
    free(h);
    *http = NULL;
}

unsigned pm_http_port(const struct pm_http *http) { return http->port; }
