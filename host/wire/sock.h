/* Sockets: ROUTER (coordinator) and DEALER (worker) over CURVE, carrying whole messages of msg.h.
 *
 * The router assigns the ids, has ZMQ_ROUTER_MANDATORY set, and enforces ZAP: no connection without a CURVE
 * key on the allow-list. Every received message comes with the CURVE key of its connection. One thread owns a
 * socket. */
#ifndef PM_WIRE_SOCK_H
#define PM_WIRE_SOCK_H

#include "wire/identity.h"
#include "wire/msg.h"

/* One libzmq context with its ZAP handler thread. Make it before, free it after its sockets. */
struct pm_wire;
PM_MUST_USE enum pm_status pm_wire_new(struct pm_wire **out, struct pm_error *err);
void pm_wire_free(struct pm_wire **wire);

/* The CURVE public keys that may connect to routers of this context; replaces the list; any thread. New
 * handshakes see it at once; sessions that are already up are the caller's to end (ZAP runs at the handshake
 * only). */
PM_MUST_USE enum pm_status pm_wire_allow(struct pm_wire *wire, const uint8_t (*curve_public)[32], size_t n,
                                         struct pm_error *err);

struct pm_peer {
    uint8_t id[16]; /* the router's own; another one after each reconnect of the client */
    size_t id_len;
    uint8_t curve_public[32]; /* of the connection: the one thing here that cannot be forged. Compare it with
                                 the session's */
};

/* A client that chooses its own id is refused here. One limit of libzmq 4.3 remains: ids are counted up from
 * a random 32-bit number, and a client on the list that claims the very next one makes libzmq abort the
 * process. It is not told the number, and a key that connects more than 30 times at once, or once a second,
 * is put off (zap.c), which leaves it months of guessing per hit. Whoever runs a router must nevertheless be
 * safe to start again at any moment, which a coordinator is. */
struct pm_router;
/* host: "127.0.0.1" or "0.0.0.0" or "::1"; port 0: the system chooses (pm_router_port). */
PM_MUST_USE enum pm_status pm_router_new(struct pm_router **out, struct pm_wire *wire, const char *host,
                                         unsigned port, const struct pm_curve_keys *server,
                                         struct pm_error *err);
void pm_router_free(struct pm_router **router);
unsigned pm_router_port(const struct pm_router *router);
/* Edge-triggered descriptor of libzmq, for poll(2): after it is readable, receive until PM_NOT_FOUND. Also
 * receive until PM_NOT_FOUND after each send (libzmq's rule for ZMQ_FD). */
int pm_router_fd(const struct pm_router *router);
/* PM_NOT_FOUND: nothing there now. PM_PROTOCOL: a message that does not decode (peer is filled in; receive
 * on). PM_NETWORK: libzmq failed. Never blocks. */
PM_MUST_USE enum pm_status pm_router_recv(struct pm_router *router, struct pm_peer *peer, struct pm_msg *msg,
                                          struct pm_error *err);
/* PM_NOT_FOUND: the peer is gone; PM_NETWORK: its queue is full; PM_PROTOCOL: msg is beyond a limit. Never
 * blocks. */
PM_MUST_USE enum pm_status pm_router_send(struct pm_router *router, const struct pm_peer *peer,
                                          const struct pm_msg *msg, struct pm_error *err);

struct pm_dealer;
/* Connects, and reconnects by itself for ever: within pm_dealer_recv, _send and _link, so call one of them
 * now and then. own: the client's CURVE keys. */
PM_MUST_USE enum pm_status pm_dealer_new(struct pm_dealer **out, struct pm_wire *wire, const char *host,
                                         unsigned port, const uint8_t server_public[32],
                                         const struct pm_curve_keys *own, struct pm_error *err);
void pm_dealer_free(struct pm_dealer **dealer);
/* timeout_ms: 0 does not wait, -1 waits for ever. PM_TIMEOUT: nothing came. PM_PROTOCOL: a message that does
 * not decode; receive on. */
PM_MUST_USE enum pm_status pm_dealer_recv(struct pm_dealer *dealer, struct pm_msg *msg, int timeout_ms,
                                          struct pm_error *err);
/* Queues, also while there is no connection; the queue is sent when there is one. PM_NETWORK: it is full.
 * Never blocks. */
PM_MUST_USE enum pm_status pm_dealer_send(struct pm_dealer *dealer, const struct pm_msg *msg,
                                          struct pm_error *err);

/* What is known of the connection now; never blocks. `connections` grows with each handshake that succeeds: a
 * router knows the client by another id then. `refused` grows with each handshake in which the server said
 * that our key is not on its list; a server that has another key than server_public never completes one. */
struct pm_dealer_link {
    bool up;
    unsigned connections, refused;
};
void pm_dealer_link(struct pm_dealer *dealer, struct pm_dealer_link *out);
void *pm_dealer_socket(struct pm_dealer *dealer); /* the libzmq socket, for zmq_poll */

#endif
