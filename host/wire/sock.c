/* Sockets of libzmq with the options that make them safe to open to the internet: CURVE, an enforced
 * allow-list, bounded messages, queues, handshakes and lingering, and ZMTP's own heartbeats, which notice a
 * peer whose machine is gone. What the messages mean is the callers' business. Next: msg.c turns them into
 * bytes. */
#include "wire/sock.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "wire/zap.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <zmq.h>

/* In zmq.h among the drafts, though every library since 4.3.0 has it; router_new fails where it is refused.
 */
enum { OPTION_ZAP_ENFORCE_DOMAIN = 93 };
enum {
    QUEUE_MESSAGES = 512,
    LINGER_MS = 1000,
    HANDSHAKE_MS = 10000,
    BEAT_MS = 5000,
    BEAT_TIMEOUT_MS = 15000
};
enum { REDIAL_MS = 30000, TEND_MS = 1000 };
enum { ENDPOINT_TEXT = 320, ROUTER_ID_LEN = 5 };

struct pm_router {
    void *socket;
    unsigned port;
};

struct pm_dealer {
    void *socket, *monitor;
    struct pm_dealer_link link;
    uint64_t redial_at_ms; /* while the link is down */
    char server[ENDPOINT_TEXT];
};

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_common(void *socket, bool v6)
{
    int64_t max = PM_WIRE_MAX_BYTES;
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max, sizeof max) == 0 &&
           set_int(socket, ZMQ_SNDHWM, QUEUE_MESSAGES) && set_int(socket, ZMQ_RCVHWM, QUEUE_MESSAGES) &&
           set_int(socket, ZMQ_LINGER, LINGER_MS) && set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) &&
           set_int(socket, ZMQ_HEARTBEAT_IVL, BEAT_MS) &&
           set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, BEAT_TIMEOUT_MS) &&
           set_int(socket, ZMQ_HEARTBEAT_TTL, BEAT_TIMEOUT_MS) && set_int(socket, ZMQ_IPV6, v6);
}

/* A literal, or a name that has IPv6 addresses only: libzmq tries one family. */
static bool is_v6(const char *host)
{
    if (strchr(host, ':')) return true;
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(host, NULL, &hints, &found) == 0) {
        freeaddrinfo(found);
        return false;
    }
    hints.ai_family = AF_INET6;
    if (getaddrinfo(host, NULL, &hints, &found) != 0) return false;
    freeaddrinfo(found);
    return true;
}

/* port: a number or "*". */
static void endpoint(char out[ENDPOINT_TEXT], const char *host, const char *port)
{
    bool v6 = strchr(host, ':') != NULL;
    snprintf(out, ENDPOINT_TEXT, "tcp://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

/* -- router -- */

static enum pm_status router_bind(struct pm_router *r, const char *host, unsigned port, struct pm_error *err)
{
    char where[ENDPOINT_TEXT], number[16] = "*", bound[ENDPOINT_TEXT];
    size_t len = sizeof bound;
    if (port > 65535 || !pm_host_is_plain(host))
        return pm_fail(err, PM_USAGE,
                       "cannot listen on \"%.80s\" port %u: expected an address and a port up to 65535", host,
                       port);
    if (port) snprintf(number, sizeof number, "%u", port);
    endpoint(where, host, number);
    if (zmq_bind(r->socket, where) != 0)
        return pm_fail(err, PM_NETWORK, "cannot listen on %s: %s", where, zmq_strerror(errno));
    if (zmq_getsockopt(r->socket, ZMQ_LAST_ENDPOINT, bound, &len) != 0 || !strrchr(bound, ':'))
        return pm_fail(err, PM_NETWORK, "cannot learn the port of %s: %s", where, zmq_strerror(errno));
    r->port = (unsigned)strtoul(strrchr(bound, ':') + 1, NULL, 10);
    return PM_OK;
}

enum pm_status pm_router_new(struct pm_router **out, struct pm_wire *wire, const char *host, unsigned port,
                             const struct pm_curve_keys *server, struct pm_error *err)
{
    enum pm_status status = PM_OK;
    *out = NULL;
    struct pm_router *r = calloc(1, sizeof *r);
    if (!r) return pm_fail(err, PM_NO_MEMORY, "no memory for a socket");
    r->socket = zmq_socket(pm_wire_context(wire), ZMQ_ROUTER);
    if (!r->socket || !set_common(r->socket, strchr(host, ':') != NULL) ||
        !set_int(r->socket, ZMQ_ROUTER_MANDATORY, 1) || !set_int(r->socket, ZMQ_CURVE_SERVER, 1) ||
        zmq_setsockopt(r->socket, ZMQ_CURVE_SECRETKEY, server->secret_key, 32) != 0 ||
        zmq_setsockopt(r->socket, ZMQ_ZAP_DOMAIN, PM_ZAP_DOMAIN, strlen(PM_ZAP_DOMAIN)) != 0 ||
        !set_int(r->socket, OPTION_ZAP_ENFORCE_DOMAIN, 1)) {
        status = pm_fail(err, PM_UNSUPPORTED,
                         "cannot make a socket that checks keys: %s; libzmq 4.3 with CURVE is needed",
                         zmq_strerror(errno));
        goto out;
    }
    PM_GOTO(router_bind(r, host, port, err));
out:
    if (status != PM_OK) pm_router_free(&r);
    *out = r;
    return status;
}

void pm_router_free(struct pm_router **router)
{
    if (!*router) return;
    if ((*router)->socket) zmq_close((*router)->socket);
    free(*router);
    *router = NULL;
}

unsigned pm_router_port(const struct pm_router *router) { return router->port; }

int pm_router_fd(const struct pm_router *router)
{
    int fd = -1;
    size_t len = sizeof fd;
    return zmq_getsockopt(router->socket, ZMQ_FD, &fd, &len) == 0 ? fd : -1;
}

/* Drops the rest of a message. Its parts are all there: libzmq delivers messages whole. */
static void drop_parts(void *socket)
{
    int more = 1;
    size_t len = sizeof more;
    while (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &len) == 0 && more) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        int got = zmq_msg_recv(&part, socket, ZMQ_DONTWAIT);
        zmq_msg_close(&part);
        if (got < 0) return;
    }
}

static int receive_part(zmq_msg_t *part, void *socket)
{
    int got;
    do got = zmq_msg_recv(part, socket, ZMQ_DONTWAIT);
    while (got < 0 && errno == EINTR);
    return got;
}

/* The body after the id. */
static enum pm_status router_body(struct pm_router *r, struct pm_peer *peer, struct pm_msg *msg,
                                  struct pm_error *err)
{
    enum pm_status status = PM_OK;
    char name[32] = "unknown peer";
    zmq_msg_t body;
    zmq_msg_init(&body);
    if (receive_part(&body, r->socket) < 0) {
        status = pm_fail(err, PM_NETWORK, "receiving: %s", zmq_strerror(errno));
        goto out;
    }
    const char *user = zmq_msg_gets(&body, "User-Id");
    if (!user || !pm_hex_decode(peer->curve_public, 32, user)) {
        status = pm_fail(err, PM_PROTOCOL, "a message without the key of its connection was dropped");
        goto out;
    }
    snprintf(name, sizeof name, "peer %.12s...", user);
    if (zmq_msg_more(&body))
        status = pm_fail(err, PM_PROTOCOL, "%s: expected one part, found several", name);
    else if (peer->id_len != ROUTER_ID_LEN || peer->id[0] != 0)
        status = pm_fail(err, PM_PROTOCOL, "%s: it chose its own id; the router assigns ids", name);
    else
        status = pm_msg_decode(msg, zmq_msg_data(&body), zmq_msg_size(&body), name, err);
out:
    zmq_msg_close(&body);
    return status;
}

enum pm_status pm_router_recv(struct pm_router *router, struct pm_peer *peer, struct pm_msg *msg,
                              struct pm_error *err)
{
    memset(peer, 0, sizeof *peer);
    memset(msg, 0, sizeof *msg);
    zmq_msg_t id;
    zmq_msg_init(&id);
    if (receive_part(&id, router->socket) < 0) {
        int why = errno;
        zmq_msg_close(&id);
        if (why == EAGAIN) return PM_NOT_FOUND;
        return pm_fail(err, PM_NETWORK, "receiving: %s", zmq_strerror(why));
    }
    size_t len = zmq_msg_size(&id);
    bool more = zmq_msg_more(&id);
    if (len <= sizeof peer->id) {
        memcpy(peer->id, zmq_msg_data(&id), len);
        peer->id_len = len;
    }
    zmq_msg_close(&id);
    if (!more) return pm_fail(err, PM_PROTOCOL, "a message without a body was dropped");
    enum pm_status status = router_body(router, peer, msg, err);
    drop_parts(router->socket);
    return status;
}

enum pm_status pm_router_send(struct pm_router *router, const struct pm_peer *peer, const struct pm_msg *msg,
                              struct pm_error *err)
{
    char name[32] = "peer ";
    uint8_t *bytes = NULL;
    size_t len = 0;
    int sent;
    pm_hex_encode(name + 5, peer->curve_public, 6);
    PM_TRY(pm_msg_encode(&bytes, &len, msg, err));
    do sent = zmq_send(router->socket, peer->id, peer->id_len, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        do sent = zmq_send(router->socket, bytes, len, ZMQ_DONTWAIT);
        while (sent < 0 && errno == EINTR);
    }
    int why = errno;
    free(bytes);
    if (sent >= 0) return PM_OK;
    if (why == EHOSTUNREACH) return pm_fail(err, PM_NOT_FOUND, "%s...: it is not connected", name);
    if (why == EAGAIN)
        return pm_fail(err, PM_NETWORK, "%s...: its queue of %d messages is full", name, QUEUE_MESSAGES);
    return pm_fail(err, PM_NETWORK, "%s...: sending: %s", name, zmq_strerror(why));
}

/* -- dealer -- */

/* libzmq reconnects after most failures, but gives an address up for good when the server refuses the key or
 * breaks the handshake; an operator who registers the key late should not have to restart. Hence: dial anew,
 * sooner after a refusal. */
static void schedule(struct pm_dealer *d, bool refused)
{
    unsigned shift = d->link.refused < 6 ? d->link.refused : 6;
    d->redial_at_ms = pm_clock_ms() + (refused ? 150u << shift : REDIAL_MS);
}

/* The socket's events on a pair of its own, from before the first connect. */
static bool monitor_start(struct pm_dealer *d, void *context)
{
    char address[64];
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_DISCONNECTED;
    /* Not d's own address: libzmq closes a monitor after its dealer was freed, and the next one may lie
     * there. */
    uint8_t unique[8];
    char name[17];
    if (pm_random_bytes(unique, sizeof unique, NULL) != PM_OK) return false;
    pm_hex_encode(name, unique, sizeof unique);
    snprintf(address, sizeof address, "inproc://proofmill.dealer.%s", name);
    if (zmq_socket_monitor(d->socket, address, events) != 0) return false;
    d->monitor = zmq_socket(context, ZMQ_PAIR);
    return d->monitor && set_int(d->monitor, ZMQ_LINGER, 0) && zmq_connect(d->monitor, address) == 0;
}

enum pm_status pm_dealer_new(struct pm_dealer **out, struct pm_wire *wire, const char *host, unsigned port,
                             const uint8_t server_public[32], const struct pm_curve_keys *own,
                             struct pm_error *err)
{
    enum pm_status status = PM_OK;
    char number[16];
    *out = NULL;
    if (port < 1 || port > 65535 || !pm_host_is_plain(host))
        return pm_fail(err, PM_USAGE,
                       "cannot connect to \"%.80s\" port %u: expected a host and a port up to 65535", host,
                       port);
    struct pm_dealer *d = calloc(1, sizeof *d);
    if (!d) return pm_fail(err, PM_NO_MEMORY, "no memory for a socket");
    snprintf(number, sizeof number, "%u", port);
    endpoint(d->server, host, number);
    void *context = pm_wire_context(wire);
    d->socket = zmq_socket(context, ZMQ_DEALER);
    if (!d->socket || !set_common(d->socket, is_v6(host)) || !set_int(d->socket, ZMQ_RECONNECT_IVL, 250) ||
        !set_int(d->socket, ZMQ_RECONNECT_IVL_MAX, 10000) ||
        zmq_setsockopt(d->socket, ZMQ_CURVE_SERVERKEY, server_public, 32) != 0 ||
        zmq_setsockopt(d->socket, ZMQ_CURVE_PUBLICKEY, own->public_key, 32) != 0 ||
        zmq_setsockopt(d->socket, ZMQ_CURVE_SECRETKEY, own->secret_key, 32) != 0 ||
        !monitor_start(d, context)) {
        status = pm_fail(err, PM_NETWORK, "cannot make a socket for %s: %s", d->server, zmq_strerror(errno));
        goto out;
    }
    schedule(d, false);
    if (zmq_connect(d->socket, d->server) != 0)
        status = pm_fail(err, PM_NETWORK, "cannot connect to %s: %s", d->server, zmq_strerror(errno));
out:
    if (status != PM_OK) pm_dealer_free(&d);
    *out = d;
    return status;
}

void pm_dealer_free(struct pm_dealer **dealer)
{
    if (!*dealer) return;
    if ((*dealer)->monitor) {
        zmq_socket_monitor((*dealer)->socket, NULL, 0);
        zmq_close((*dealer)->monitor);
    }
    if ((*dealer)->socket) zmq_close((*dealer)->socket);
    free(*dealer);
    *dealer = NULL;
}

static void on_event(struct pm_dealer *d, uint16_t event)
{
    d->link.up = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) d->link.connections++;
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) d->link.refused++;
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH || event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)
        schedule(d, true);
    else if (d->link.refused == 0 || d->link.up)
        schedule(d, false);
}

/* Takes in what happened to the connection, and dials anew when it is time. */
static void tend(struct pm_dealer *d)
{
    for (;;) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        if (receive_part(&part, d->monitor) < 0) {
            zmq_msg_close(&part);
            break;
        }
        uint16_t event =
            0; /* in this machine's byte order, before 32 bits of value (zmq_socket_monitor(3)) */
        if (zmq_msg_size(&part) >= sizeof event) memcpy(&event, zmq_msg_data(&part), sizeof event);
        zmq_msg_close(&part);
        drop_parts(d->monitor);
        on_event(d, event);
    }
    if (d->link.up || pm_clock_ms() < d->redial_at_ms) return;
    (void)zmq_disconnect(d->socket, d->server); /* fails where libzmq has given it up */
    (void)zmq_connect(d->socket, d->server);
    schedule(d, false);
}

void pm_dealer_link(struct pm_dealer *dealer, struct pm_dealer_link *out)
{
    tend(dealer);
    *out = dealer->link;
}

void *pm_dealer_socket(struct pm_dealer *dealer) { return dealer->socket; }

/* Until there is something to receive. */
static enum pm_status dealer_wait(struct pm_dealer *d, int timeout_ms, struct pm_error *err)
{
    uint64_t end = pm_clock_ms() + (timeout_ms < 0 ? 0 : (unsigned)timeout_ms);
    for (;;) {
        tend(d);
        uint64_t now = pm_clock_ms();
        int left = timeout_ms < 0 || end > now + TEND_MS ? TEND_MS : end > now ? (int)(end - now) : 0;
        zmq_pollitem_t items[2] = {{.socket = d->socket, .events = ZMQ_POLLIN},
                                   {.socket = d->monitor, .events = ZMQ_POLLIN}};
        int ready = zmq_poll(items, 2, left);
        if (ready < 0 && errno != EINTR)
            return pm_fail(err, PM_NETWORK, "%s: %s", d->server, zmq_strerror(errno));
        if (ready > 0 && items[0].revents) return PM_OK;
        if (timeout_ms >= 0 && pm_clock_ms() >= end && ready <= 0)
            return pm_fail(err, PM_TIMEOUT, "%s: no message within %d ms", d->server, timeout_ms);
    }
}

enum pm_status pm_dealer_recv(struct pm_dealer *dealer, struct pm_msg *msg, int timeout_ms,
                              struct pm_error *err)
{
    memset(msg, 0, sizeof *msg);
    PM_TRY(dealer_wait(dealer, timeout_ms, err));
    zmq_msg_t body;
    zmq_msg_init(&body);
    enum pm_status status;
    if (receive_part(&body, dealer->socket) < 0) {
        status = errno == EAGAIN
                     ? pm_fail(err, PM_TIMEOUT, "%s: no message within %d ms", dealer->server, timeout_ms)
                     : pm_fail(err, PM_NETWORK, "%s: %s", dealer->server, zmq_strerror(errno));
        goto out;
    }
    if (zmq_msg_more(&body))
        status = pm_fail(err, PM_PROTOCOL, "%s: expected one part, found several", dealer->server);
    else
        status = pm_msg_decode(msg, zmq_msg_data(&body), zmq_msg_size(&body), dealer->server, err);
    drop_parts(dealer->socket);
out:
    zmq_msg_close(&body);
    return status;
}

enum pm_status pm_dealer_send(struct pm_dealer *dealer, const struct pm_msg *msg, struct pm_error *err)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    int sent;
    PM_TRY(pm_msg_encode(&bytes, &len, msg, err));
    tend(dealer);
    do sent = zmq_send(dealer->socket, bytes, len, ZMQ_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    int why = errno;
    free(bytes);
    if (sent >= 0) return PM_OK;
    if (why == EAGAIN)
        return pm_fail(err, PM_NETWORK, "%s: the queue of %d messages is full", dealer->server,
                       QUEUE_MESSAGES);
    return pm_fail(err, PM_NETWORK, "%s: sending: %s", dealer->server, zmq_strerror(why));
}
