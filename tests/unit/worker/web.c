/* The tests' HTTP server (web.h), by libmicrohttpd with a thread per connection, so that an answer may wait.
 */
#include "web.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PAGES = 16 };

struct web {
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;
    pthread_cond_t released;
    bool stopping;
    size_t n;
    struct web_page page[MAX_PAGES];
};

struct body {
    const uint8_t *data;
    size_t len, cut;
};

static ssize_t read_body(void *ctx, uint64_t at, char *out, size_t max)
{
    struct body *b = ctx;
    if (at >= b->cut)
        return b->cut < b->len ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
    size_t n = b->cut - (size_t)at < max ? b->cut - (size_t)at : max;
    memcpy(out, b->data + at, n);
    return (ssize_t)n;
}

static struct web_page *find(struct web *web, const char *path)
{
    for (size_t i = 0; i < web->n; i++)
        if (strcmp(web->page[i].path, path) == 0) return &web->page[i];
    return NULL;
}

static enum MHD_Result answer_empty(struct MHD_Connection *connection, unsigned status, const char *location)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    if (location) MHD_add_response_header(r, "Location", location);
    enum MHD_Result queued = MHD_queue_response(connection, status, r);
    MHD_destroy_response(r);
    return queued;
}

static enum MHD_Result answer_bytes(struct MHD_Connection *connection, struct web_page p, size_t from,
                                    size_t cut)
{
    struct body *b = malloc(sizeof *b);
    if (!b) return MHD_NO;
    *b = (struct body){p.data + from, p.len - from, p.len - from < cut ? p.len - from : cut};
    struct MHD_Response *r = MHD_create_response_from_callback(b->len, 4096, read_body, b, free);
    char range[100];
    snprintf(range, sizeof range, "bytes %zu-%zu/%zu", from, p.len - 1, p.len);
    if (from) MHD_add_response_header(r, "Content-Range", range);
    enum MHD_Result queued = MHD_queue_response(connection, from ? 206 : 200, r);
    MHD_destroy_response(r);
    return queued;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload, size_t *upload_len,
                              void **state)
{
    struct web *web = ctx;
    (void)method, (void)version, (void)upload, (void)upload_len;
    if (!*state) { /* the first call has the head only */
        *state = web;
        return MHD_YES;
    }
    const char *range = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Range");
    size_t from = 0, cut = SIZE_MAX;
    pthread_mutex_lock(&web->lock);
    struct web_page *p = find(web, url);
    if (!p) {
        pthread_mutex_unlock(&web->lock);
        return answer_empty(connection, 404, NULL);
    }
    p->requests++;
    if (range) p->ranged++;
    while (p->hold && !web->stopping) pthread_cond_wait(&web->released, &web->lock);
    bool fail = p->fail_times > 0;
    if (fail) p->fail_times--;
    if (!fail && p->cut_times > 0) {
        p->cut_times--;
        cut = p->cut_after;
    }
    struct web_page copy = *p;
    pthread_mutex_unlock(&web->lock);
    if (fail) return answer_empty(connection, 503, NULL);
    if (copy.status) return answer_empty(connection, copy.status, copy.location);
    if (range && !copy.no_ranges && sscanf(range, "bytes=%zu-", &from) == 1 && from >= copy.len)
        return answer_empty(connection, 416, NULL);
    return answer_bytes(connection, copy, copy.no_ranges ? 0 : from, cut);
}

struct web *web_start(void)
{
    struct web *web = calloc(1, sizeof *web);
    if (!web) exit(1);
    pthread_mutex_init(&web->lock, NULL);
    pthread_cond_init(&web->released, NULL);
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    web->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0, NULL, NULL,
                         handle, web, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&where, MHD_OPTION_END);
    if (!web->daemon) exit(1);
    return web;
}

void web_stop(struct web **web)
{
    pthread_mutex_lock(&(*web)->lock);
    (*web)->stopping = true;
    pthread_cond_broadcast(&(*web)->released);
    pthread_mutex_unlock(&(*web)->lock);
    MHD_stop_daemon((*web)->daemon);
    pthread_cond_destroy(&(*web)->released);
    pthread_mutex_destroy(&(*web)->lock);
    free(*web);
    *web = NULL;
}

unsigned web_port(const struct web *web)
{
    return MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void web_add(struct web *web, const struct web_page *page)
{
    pthread_mutex_lock(&web->lock);
    if (web->n == MAX_PAGES) exit(1);
    web->page[web->n++] = *page;
    pthread_mutex_unlock(&web->lock);
}

void web_change(struct web *web, const char *path, const struct web_page *page)
{
    pthread_mutex_lock(&web->lock);
    *find(web, path) = *page;
    pthread_mutex_unlock(&web->lock);
}

void web_release(struct web *web, const char *path)
{
    pthread_mutex_lock(&web->lock);
    find(web, path)->hold = false;
    pthread_cond_broadcast(&web->released);
    pthread_mutex_unlock(&web->lock);
}

struct web_page web_look(struct web *web, const char *path)
{
    pthread_mutex_lock(&web->lock);
    struct web_page copy = *find(web, path);
    pthread_mutex_unlock(&web->lock);
    return copy;
}

void web_url(const struct web *web, char out[512], const char *path)
{
    snprintf(out, 512, "http://127.0.0.1:%u%s", web_port(web), path);
}
