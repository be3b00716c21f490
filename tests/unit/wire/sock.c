/* Sockets on loopback: who gets in, what is lost and said so, large messages, hostile clients. */
#include "test.h"

#include "base/clock.h"
#include "wire/sock.h"

#include <poll.h>
#include <zmq.h>

enum { WAIT_MS = 10000, QUIET_MS = 700 };

struct pair {
    struct pm_wire *wire;
    struct pm_router *router;
    struct pm_curve_keys server, client;
};

static void open_pair(struct pair *p, const char *host)
{
    struct pm_error err = {0};
    memset(p, 0, sizeof *p);
    CHECK_OK(pm_wire_new(&p->wire, &err), err);
    CHECK_OK(pm_curve_keys_new(&p->server, &err), err);
    CHECK_OK(pm_curve_keys_new(&p->client, &err), err);
    CHECK_OK(pm_wire_allow(p->wire, (const uint8_t(*)[32])p->client.public_key, 1, &err), err);
    CHECK_OK(pm_router_new(&p->router, p->wire, host, 0, &p->server, &err), err);
    if (!p->wire || !p->router) exit(1);
}

static void close_pair(struct pair *p)
{
    pm_router_free(&p->router);
    pm_wire_free(&p->wire);
}

static struct pm_dealer *dial_on(struct pair *p, const char *host, const uint8_t server[32],
                                 const struct pm_curve_keys *own)
{
    struct pm_error err = {0};
    struct pm_dealer *d = NULL;
    CHECK_OK(pm_dealer_new(&d, p->wire, host, pm_router_port(p->router), server, own, &err), err);
    if (!d) exit(1);
    return d;
}

static struct pm_dealer *dial(struct pair *p, const struct pm_curve_keys *own)
{
    return dial_on(p, "127.0.0.1", p->server.public_key, own);
}

static void hello(struct pm_dealer *d, uint32_t number)
{
    struct pm_msg m = {.kind = PM_MSG_HELLO, .hello = {.protocol = number, .software = "test"}};
    struct pm_error err = {0};
    CHECK_OK(pm_dealer_send(d, &m, &err), err);
}

/* Waits as a program would: poll on the descriptor, then receive until there is nothing. */
static enum pm_status receive(struct pm_router *r, struct pm_peer *peer, struct pm_msg *m, unsigned wait_ms,
                              struct pm_error *err)
{
    uint64_t end = pm_clock_ms() + wait_ms;
    for (;;) {
        enum pm_status s = pm_router_recv(r, peer, m, err);
        uint64_t now = pm_clock_ms();
        if (s != PM_NOT_FOUND || now >= end) return s;
        struct pollfd fd = {.fd = pm_router_fd(r), .events = POLLIN};
        poll(&fd, 1, (int)(end - now));
    }
}

/* Says hello again and again until it arrives: what is under way when a connection breaks is lost. */
static enum pm_status receive_again(struct pair *p, struct pm_dealer *d, uint32_t number,
                                    struct pm_peer *peer, struct pm_msg *m, struct pm_error *err)
{
    enum pm_status s = PM_NOT_FOUND;
    for (int i = 0; i < 300 && s == PM_NOT_FOUND; i++) {
        struct pm_msg again = {.kind = PM_MSG_HELLO, .hello = {.protocol = number}};
        (void)!pm_dealer_send(d, &again, NULL); /* fails as long as the key is refused */
        s = receive(p->router, peer, m, 100, err);
        if (s == PM_OK && m->hello.protocol != number) {
            pm_msg_fini(m);
            s = PM_NOT_FOUND;
        }
    }
    return s;
}

PM_TEST(a_listed_client_talks_both_ways)
{
    struct pair p;
    struct pm_peer peer;
    struct pm_msg m;
    struct pm_error err = {0};
    open_pair(&p, "127.0.0.1");
    struct pm_dealer *d = dial(&p, &p.client);
    hello(d, 42);
    CHECK_OK(receive(p.router, &peer, &m, WAIT_MS, &err), err);
    CHECK_U64(m.hello.protocol, 42);
    CHECK_MEM(peer.curve_public, p.client.public_key, 32);
    pm_msg_fini(&m);
    CHECK(pm_router_recv(p.router, &peer, &m, &err) == PM_NOT_FOUND);

    hello(d, 43);
    CHECK_OK(receive(p.router, &peer, &m, WAIT_MS, &err), err);
    pm_msg_fini(&m);
    struct pm_msg reply = {.kind = PM_MSG_BEAT, .beat = {.sequence = 9}};
    CHECK_OK(pm_router_send(p.router, &peer, &reply, &err), err);
    CHECK_OK(pm_dealer_recv(d, &m, WAIT_MS, &err), err);
    CHECK(m.kind == PM_MSG_BEAT && m.beat.sequence == 9);
    pm_msg_fini(&m);
    CHECK(pm_dealer_recv(d, &m, 0, &err) == PM_TIMEOUT);
    CHECK(pm_dealer_recv(d, &m, 20, &err) == PM_TIMEOUT);
    struct pm_dealer_link link;
    pm_dealer_link(d, &link);
    CHECK(link.up && link.connections == 1 && link.refused == 0);
    pm_dealer_free(&d);
    close_pair(&p);
}

PM_TEST(an_unlisted_client_gets_nothing_through_until_it_is_listed)
{
    struct pair p;
    struct pm_peer peer;
    struct pm_msg m;
    struct pm_error err = {0};
    struct pm_curve_keys stranger;
    struct pm_dealer_link link = {0};
    open_pair(&p, "127.0.0.1");
    CHECK_OK(pm_curve_keys_new(&stranger, &err), err);
    struct pm_dealer *d = dial(&p, &stranger);
    hello(d, 1);
    CHECK(receive(p.router, &peer, &m, QUIET_MS, &err) == PM_NOT_FOUND);
    pm_dealer_link(d, &link);
    CHECK(!link.up && link.connections == 0 && link.refused > 0);

    /* The list is replaced: the stranger's next attempt passes, the first client's handshake no longer does.
     */
    CHECK_OK(pm_wire_allow(p.wire, (const uint8_t(*)[32])stranger.public_key, 1, &err), err);
    CHECK_OK(receive_again(&p, d, 1, &peer, &m, &err), err);
    CHECK_MEM(peer.curve_public, stranger.public_key, 32);
    pm_msg_fini(&m);
    struct pm_dealer *old = dial(&p, &p.client);
    hello(old, 2);
    CHECK(receive(p.router, &peer, &m, QUIET_MS, &err) == PM_NOT_FOUND);
    CHECK_OK(pm_wire_allow(p.wire, NULL, 0, &err), err);
    struct pm_dealer *third = dial(&p, &stranger);
    hello(third, 3);
    CHECK(receive(p.router, &peer, &m, QUIET_MS, &err) == PM_NOT_FOUND);
    pm_dealer_free(&third);
    pm_dealer_free(&old);
    pm_dealer_free(&d);
    close_pair(&p);
}

PM_TEST(a_client_that_expects_another_server_fails)
{
    struct pair p;
    struct pm_peer peer;
    struct pm_msg m;
    struct pm_error err = {0};
    struct pm_curve_keys other;
    struct pm_dealer_link link;
    open_pair(&p, "127.0.0.1");
    CHECK_OK(pm_curve_keys_new(&other, &err), err);
    struct pm_dealer *d = dial_on(&p, "127.0.0.1", other.public_key, &p.client);
    hello(d, 1);
    CHECK(receive(p.router, &peer, &m, QUIET_MS, &err) == PM_NOT_FOUND);
    pm_dealer_link(d, &link);
    CHECK(!link.up && link.connections == 0);
    pm_dealer_free(&d);
    close_pair(&p);
}

/* A client of libzmq without CURVE, or with a mechanism of its own choice. */
PM_TEST(a_client_without_curve_gets_nothing_through)
{
    struct pair p;
    struct pm_peer peer;
    struct pm_msg m;
    struct pm_error err = {0};
    char where[64];
    open_pair(&p, "127.0.0.1");
    void *context = zmq_ctx_new(), *s = zmq_socket(context, ZMQ_DEALER);
    int linger = 0;
    zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof linger);
    snprintf(where, sizeof where, "tcp://127.0.0.1:%u", pm_router_port(p.router));
    CHECK(zmq_connect(s, where) == 0);
    CHECK(zmq_send(s, "\x91\x01", 2, 0) == 2);
    CHECK(receive(p.router, &peer, &m, QUIET_MS, &err) == PM_NOT_FOUND);
    zmq_close(s);
    zmq_ctx_term(context);
    close_pair(&p);
}

static void *raw_client(struct pair *p, void *context, const char *id)
{
    char where[64];
    int linger = 0;
    void *s = zmq_socket(context, ZMQ_DEALER);
    zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof linger);
    if (id) zmq_setsockopt(s, ZMQ_ROUTING_ID, id, strlen(id));
    zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, p->server.public_key, 32);
    zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, p->client.public_key, 32);
    zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, p->client.secret_key, 32);
    snprintf(where, sizeof where, "tcp://127.0.0.1:%u", pm_router_port(p->router));
    CHECK(zmq_connect(s, where) == 0);
    return s;
}

PM_TEST(rule_breakers_on_the_list)
{
    struct pair p;
    struct pm_peer peer;
    struct pm_msg m;
    struct pm_error err = {0};
    open_pair(&p, "127.0.0.1");
    void *context = zmq_ctx_new();
    void *s = raw_client(&p, context, NULL);
    zmq_send(s, "garbage", 7, 0);
    CHECK(receive(p.router, &peer, &m, WAIT_MS, &err) == PM_PROTOCOL);
    CHECK_MEM(peer.curve_public, p.client.public_key, 32);
    zmq_send(s, "\x92", 1, ZMQ_SNDMORE);
    zmq_send(s, "\x01", 1, ZMQ_SNDMORE);
    zmq_send(s, "\x02", 1, 0);
    CHECK(receive(p.router, &peer, &m, WAIT_MS, &err) == PM_PROTOCOL);
    CHECK_MSG(strstr(err.text, "several"), "%s", err.text);
    zmq_send(s, "", 0, 0);
    CHECK(receive(p.router, &peer, &m, WAIT_MS, &err) == PM_PROTOCOL);
    /* a good one passes still */
    zmq_send(s, "\x93\x01\x07\xa1x", 5, 0);
    CHECK_OK(receive(p.router, &peer, &m, WAIT_MS, &err), err);
    CHECK(m.hello.protocol == 7);
    pm_msg_fini(&m);
    zmq_close(s);

    s = raw_client(&p, context, "mill-2");
    zmq_send(s, "\x93\x01\x07\xa1x", 5, 0);
    CHECK(receive(p.router, &peer, &m, WAIT_MS, &err) == PM_PROTOCOL);
    CHECK_MSG(strstr(err.text, "own id"), "%s", err.text);
    zmq_close(s);

    /* beyond ZMQ_MAXMSGSIZE: the connection ends, nothing arrives */
    s = raw_client(&p, context, NULL);
    uint8_t *big = calloc(1, PM_WIRE_MAX_BYTES + 4096);
    if (!big) exit(1);
    zmq_send(s, big, PM_WIRE_MAX_BYTES + 4096, 0);
    free(big);
    CHECK(receive(p.router, &peer, &m, QUIET_MS, &err) == PM_NOT_FOUND);
    zmq_close(s);
    zmq_ctx_term(context);
    close_pair(&p);
}

PM_TEST(a_peer_that_left_is_reported)
{
    struct pair p;
    struct pm_peer peer, again;
    struct pm_msg m;
    struct pm_error err = {0};
    open_pair(&p, "127.0.0.1");
    struct pm_dealer *d = dial(&p, &p.client);
    hello(d, 1);
    CHECK_OK(receive(p.router, &peer, &m, WAIT_MS, &err), err);
    pm_msg_fini(&m);
    pm_dealer_free(&d);
    struct pm_msg beat = {.kind = PM_MSG_BEAT};
    enum pm_status s = PM_OK;
    for (int i = 0; i < 200 && s == PM_OK; i++) {
        pm_clock_sleep_ms(20);
        CHECK(pm_router_recv(p.router, &again, &m, &err) == PM_NOT_FOUND);
        s = pm_router_send(p.router, &peer, &beat, &err);
    }
    CHECK_MSG(s == PM_NOT_FOUND, "%d %s", s, err.text);
    struct pm_peer nobody = {.id = {0, 1, 2, 3, 4}, .id_len = 5};
    CHECK(pm_router_send(p.router, &nobody, &beat, &err) == PM_NOT_FOUND);

    /* the same client again is another connection with another id, and the same key */
    d = dial(&p, &p.client);
    hello(d, 2);
    CHECK_OK(receive(p.router, &again, &m, WAIT_MS, &err), err);
    pm_msg_fini(&m);
    CHECK(memcmp(again.id, peer.id, peer.id_len) != 0);
    CHECK_MEM(again.curve_public, peer.curve_public, 32);
    pm_dealer_free(&d);
    close_pair(&p);
}

PM_TEST(large_messages)
{
    struct pair p;
    struct pm_peer peer;
    static struct pm_msg m, task;
    struct pm_error err = {0};
    uint8_t *input = malloc(4194304);
    if (!input) exit(1);
    test_random_bytes(input, 4194304);
    open_pair(&p, "127.0.0.1");
    struct pm_dealer *d = dial(&p, &p.client);
    hello(d, 1);
    CHECK_OK(receive(p.router, &peer, &m, WAIT_MS, &err), err);
    pm_msg_fini(&m);
    task.kind = PM_MSG_TASK;
    task.task.input = (struct pm_blob){input, 4194304};
    for (int i = 0; i < 3; i++) {
        task.task.lease = (uint64_t)i;
        CHECK_OK(pm_router_send(p.router, &peer, &task, &err), err);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_OK(pm_dealer_recv(d, &m, WAIT_MS, &err), err);
        CHECK_U64(m.task.lease, (uint64_t)i);
        CHECK_U64(m.task.input.len, 4194304);
        CHECK_MEM(m.task.input.data, input, 4194304);
        pm_msg_fini(&m);
    }
    free(input);
    pm_dealer_free(&d);
    close_pair(&p);
}

PM_TEST(a_full_queue_is_an_error_not_a_wait)
{
    struct pm_wire *wire = NULL;
    struct pm_dealer *d = NULL;
    struct pm_curve_keys keys;
    struct pm_error err = {0};
    CHECK_OK(pm_wire_new(&wire, &err), err);
    CHECK_OK(pm_curve_keys_new(&keys, &err), err);
    CHECK_OK(pm_dealer_new(&d, wire, "127.0.0.1", 1, keys.public_key, &keys, &err), err); /* nobody listens */
    struct pm_msg m = {.kind = PM_MSG_HELLO};
    enum pm_status s = PM_OK;
    int sent = 0;
    while (s == PM_OK && sent < 5000) {
        s = pm_dealer_send(d, &m, &err);
        sent += s == PM_OK;
    }
    CHECK_MSG(s == PM_NETWORK && strstr(err.text, "full"), "%d after %d: %s", s, sent, err.text);
    uint64_t begin = pm_clock_ms();
    pm_dealer_free(&d);
    pm_wire_free(&wire); /* lingers, but not for ever */
    CHECK(pm_clock_ms() - begin < 8000);
}

PM_TEST(a_router_that_comes_back_is_found_again)
{
    struct pair p;
    struct pm_peer peer;
    struct pm_msg m;
    struct pm_error err = {0};
    struct pm_dealer_link link;
    open_pair(&p, "127.0.0.1");
    unsigned port = pm_router_port(p.router);
    struct pm_dealer *d = dial(&p, &p.client);
    hello(d, 1);
    CHECK_OK(receive(p.router, &peer, &m, WAIT_MS, &err), err);
    pm_msg_fini(&m);
    pm_router_free(&p.router);
    enum pm_status s = PM_NETWORK;
    for (int i = 0; i < 100 && s != PM_OK; i++) { /* until the old socket's port is free */
        s = pm_router_new(&p.router, p.wire, "127.0.0.1", port, &p.server, &err);
        if (s != PM_OK) pm_clock_sleep_ms(50);
    }
    CHECK_OK(s, err);
    if (!p.router) exit(1);
    CHECK_OK(receive_again(&p, d, 2, &peer, &m, &err), err);
    pm_msg_fini(&m);
    pm_dealer_link(d, &link);
    CHECK(link.up && link.connections == 2);
    pm_dealer_free(&d);
    close_pair(&p);
}

PM_TEST(ipv6_and_bad_addresses)
{
    struct pm_wire *wire = NULL;
    struct pm_router *r = NULL;
    struct pm_dealer *d = NULL;
    struct pm_curve_keys keys;
    struct pm_error err = {0};
    CHECK_OK(pm_wire_new(&wire, &err), err);
    CHECK_OK(pm_curve_keys_new(&keys, &err), err);
    CHECK(pm_router_new(&r, wire, "127.0.0.1;x", 0, &keys, &err) == PM_USAGE && r == NULL);
    CHECK(pm_router_new(&r, wire, "127.0.0.1", 70000, &keys, &err) == PM_USAGE);
    CHECK(pm_router_new(&r, wire, "192.0.2.77", 0, &keys, &err) == PM_NETWORK && r == NULL); /* not ours */
    CHECK(pm_dealer_new(&d, wire, "a;b", 1, keys.public_key, &keys, &err) == PM_USAGE && d == NULL);
    CHECK(pm_dealer_new(&d, wire, "a", 0, keys.public_key, &keys, &err) == PM_USAGE);
    if (pm_router_new(&r, wire, "::1", 0, &keys, &err) == PM_OK) { /* where the machine has IPv6 */
        struct pm_peer peer;
        struct pm_msg m;
        CHECK_OK(pm_wire_allow(wire, (const uint8_t(*)[32])keys.public_key, 1, &err), err);
        CHECK_OK(pm_dealer_new(&d, wire, "::1", pm_router_port(r), keys.public_key, &keys, &err), err);
        hello(d, 6);
        CHECK_OK(receive(r, &peer, &m, WAIT_MS, &err), err);
        pm_msg_fini(&m);
        pm_dealer_free(&d);
        pm_router_free(&r);
    }
    pm_wire_free(&wire);
}

/* A key that connects again and again is put off; others are not, and it gets in again later. */
PM_TEST(a_flood_of_connections)
{
    struct pair p;
    struct pm_error err = {0};
    struct pm_curve_keys other;
    struct pm_dealer *flood[40];
    unsigned up = 0;
    open_pair(&p, "127.0.0.1");
    CHECK_OK(pm_curve_keys_new(&other, &err), err);
    uint8_t keys[2][32];
    memcpy(keys[0], p.client.public_key, 32);
    memcpy(keys[1], other.public_key, 32);
    CHECK_OK(pm_wire_allow(p.wire, (const uint8_t(*)[32])keys, 2, &err), err);
    uint64_t begin = pm_clock_ms();
    for (int i = 0; i < 40; i++) flood[i] = dial(&p, &p.client);
    for (int round = 0; round < 20; round++) {
        struct pm_dealer_link link;
        up = 0;
        for (int i = 0; i < 40; i++) {
            pm_dealer_link(flood[i], &link);
            up += link.connections > 0;
            CHECK_U64(link.refused, 0); /* told to come later is not told to go */
        }
        pm_clock_sleep_ms(50);
    }
    CHECK_OK(pm_wire_allow(p.wire, (const uint8_t(*)[32])keys, 2, &err), err); /* what is owed stays owed */
    uint64_t spent_s = (pm_clock_ms() - begin) / 1000;
    CHECK_MSG(up >= 30 && up <= 31 + spent_s, "%u connections within %llu s", up,
              (unsigned long long)spent_s);
    struct pm_dealer *d = dial(&p, &other);
    struct pm_peer peer;
    struct pm_msg m;
    hello(d, 7);
    CHECK_OK(receive(p.router, &peer, &m, WAIT_MS, &err), err);
    CHECK_MEM(peer.curve_public, other.public_key, 32);
    pm_msg_fini(&m);
    pm_dealer_free(&d);
    for (int i = 1; i < 40; i++) pm_dealer_free(&flood[i]);
    CHECK_OK(receive_again(&p, flood[0], 8, &peer, &m, &err), err);
    CHECK_MEM(peer.curve_public, p.client.public_key, 32);
    pm_msg_fini(&m);
    pm_dealer_free(&flood[0]);
    close_pair(&p);
}

PM_TEST(many_keys_on_the_list)
{
    struct pair p;
    struct pm_peer peer;
    struct pm_msg m;
    struct pm_error err = {0};
    static uint8_t list[5000][32];
    open_pair(&p, "127.0.0.1");
    test_random_bytes(list, sizeof list);
    memcpy(list[3210], p.client.public_key, 32);
    CHECK_OK(pm_wire_allow(p.wire, (const uint8_t(*)[32])list, 5000, &err), err);
    struct pm_dealer *d = dial(&p, &p.client);
    hello(d, 8);
    CHECK_OK(receive(p.router, &peer, &m, WAIT_MS, &err), err);
    pm_msg_fini(&m);
    pm_dealer_free(&d);
    close_pair(&p);
}
