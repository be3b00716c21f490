/* The gatekeeper thread: a handshake passes only when the client's CURVE key is on the list, and its key in
 * hex becomes the User-Id of all that the connection sends. A key that connects again and again is told to
 * come later: a client that floods the router with connections would use up its descriptors, and have tries
 * enough to guess the id that libzmq gives out next (sock.h). Without this thread libzmq would let any client
 * in; sock.c therefore enforces the domain, and pm_wire_new fails when the handler's address cannot be bound.
 */
#include "wire/zap.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

/* One connection costs a second, and time gives it back, up to what 30 connections at once cost. A worker has
 * two, and a few more after each restart of either side. */
enum { CONNECTION_MS = 1000, BURST_MS = 30 * CONNECTION_MS };

struct allowed {
    uint8_t key[32];
    uint64_t seen_ms; /* when credit_ms was right */
    uint64_t credit_ms;
};

struct pm_wire {
    void *context, *handler; /* handler: the thread's own after start */
    pthread_t thread;
    pthread_mutex_t lock;    /* guards the list */
    struct allowed *allowed; /* sorted by key */
    size_t n_allowed;
};

void *pm_wire_context(struct pm_wire *wire) { return wire->context; }

static int compare_keys(const void *a, const void *b)
{
    return memcmp(((const struct allowed *)a)->key, ((const struct allowed *)b)->key, 32);
}

static struct allowed *find(const struct allowed *list, size_t n, const uint8_t key[32])
{
    struct allowed wanted;
    memcpy(wanted.key, key, 32);
    return n > 0 ? bsearch(&wanted, list, n, sizeof *list, compare_keys) : NULL;
}

enum verdict { PASS, LATER, REFUSE };

static enum verdict judge(struct pm_wire *wire, const uint8_t key[32])
{
    enum verdict verdict = REFUSE;
    pthread_mutex_lock(&wire->lock);
    struct allowed *a = find(wire->allowed, wire->n_allowed, key);
    if (a) {
        uint64_t now = pm_clock_ms(), back = now - a->seen_ms;
        a->credit_ms = back < BURST_MS - a->credit_ms ? a->credit_ms + back : BURST_MS;
        a->seen_ms = now;
        verdict = a->credit_ms >= CONNECTION_MS ? PASS : LATER;
        if (verdict == PASS) a->credit_ms -= CONNECTION_MS;
    }
    pthread_mutex_unlock(&wire->lock);
    return verdict;
}

/* A request's frames: version, request id, domain, address, identity, mechanism, credentials. */
enum {
    FRAME_VERSION,
    FRAME_REQUEST,
    FRAME_DOMAIN,
    FRAME_ADDRESS,
    FRAME_IDENTITY,
    FRAME_MECHANISM,
    FRAME_KEY,
    N_FRAMES
};
struct request {
    uint8_t frame[N_FRAMES][256];
    size_t len[N_FRAMES];
    bool well_formed;
};

/* False when the context is being shut down. */
static bool receive(void *socket, struct request *request)
{
    unsigned n = 0;
    request->well_formed = true;
    for (;;) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, socket, 0) < 0) {
            int why = errno;
            zmq_msg_close(&part);
            if (why == EINTR) continue;
            return false;
        }
        size_t len = zmq_msg_size(&part);
        bool more = zmq_msg_more(&part);
        if (n < N_FRAMES && len <= sizeof request->frame[n]) {
            if (len > 0) memcpy(request->frame[n], zmq_msg_data(&part), len);
            request->len[n] = len;
        } else {
            request->well_formed = false;
        }
        n++;
        zmq_msg_close(&part);
        if (!more) break;
    }
    if (n != N_FRAMES) request->well_formed = false;
    return true;
}

static bool frame_is(const struct request *r, unsigned frame, const char *text)
{
    return r->len[frame] == strlen(text) && memcmp(r->frame[frame], text, r->len[frame]) == 0;
}

static void answer(struct pm_wire *wire, const struct request *r)
{
    bool asked = r->well_formed && frame_is(r, FRAME_VERSION, "1.0") &&
                 frame_is(r, FRAME_DOMAIN, PM_ZAP_DOMAIN) && frame_is(r, FRAME_MECHANISM, "CURVE") &&
                 r->len[FRAME_KEY] == 32;
    static const char *const codes[] = {"200", "300", "400"};
    static const char *const texts[] = {"OK", "too many connections of this CURVE key; later",
                                        "this CURVE key is not on the list"};
    enum verdict verdict = asked ? judge(wire, r->frame[FRAME_KEY]) : REFUSE;
    char user[65] = "";
    if (verdict == PASS) pm_hex_encode(user, r->frame[FRAME_KEY], 32);
    const char *code = codes[verdict], *text = texts[verdict];
    const struct {
        const void *data;
        size_t len;
    } reply[] = {
        {"1.0", 3},
        {r->frame[FRAME_REQUEST], r->well_formed ? r->len[FRAME_REQUEST] : 0},
        {code, 3},
        {text, strlen(text)},
        {user, strlen(user)},
        {"", 0},
    };
    size_t n = sizeof reply / sizeof *reply;
    for (size_t i = 0; i < n; i++)
        if (zmq_send(wire->handler, reply[i].data, reply[i].len, i + 1 < n ? ZMQ_SNDMORE : 0) < 0) return;
}

static void *run(void *arg)
{
    struct pm_wire *wire = arg;
    struct request request;
    while (receive(wire->handler, &request)) answer(wire, &request);
    zmq_close(wire->handler);
    return NULL;
}

enum pm_status pm_wire_new(struct pm_wire **out, struct pm_error *err)
{
    enum pm_status status = PM_OK;
    int why;
    *out = NULL;
    if (!zmq_has("curve"))
        return pm_fail(err, PM_UNSUPPORTED,
                       "this build of libzmq has no CURVE: proofmill does not talk unencrypted");
    struct pm_wire *wire = calloc(1, sizeof *wire);
    if (!wire) return pm_fail(err, PM_NO_MEMORY, "no memory for a messaging context");
    pthread_mutex_init(&wire->lock, NULL);
    wire->context = zmq_ctx_new();
    if (wire->context) wire->handler = zmq_socket(wire->context, ZMQ_REP);
    int linger = 0;
    if (!wire->handler || zmq_setsockopt(wire->handler, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_bind(wire->handler, "inproc://zeromq.zap.01") != 0) {
        status = pm_fail(err, PM_NETWORK, "cannot start the check of connecting keys (ZAP): %s",
                         zmq_strerror(errno));
        goto out;
    }
    why = pthread_create(&wire->thread, NULL, run, wire);
    if (why != 0)
        status = pm_fail(err, PM_NO_MEMORY, "cannot start the thread that checks keys: %s", strerror(why));
out:
    if (status != PM_OK) {
        if (wire->handler) zmq_close(wire->handler);
        if (wire->context) zmq_ctx_term(wire->context);
        pthread_mutex_destroy(&wire->lock);
        free(wire);
        return status;
    }
    *out = wire;
    return PM_OK;
}

void pm_wire_free(struct pm_wire **wire)
{
    struct pm_wire *w = *wire;
    if (!w) return;
    *wire = NULL;
    zmq_ctx_shutdown(w->context); /* ends the handler's receive */
    pthread_join(w->thread, NULL);
    while (zmq_ctx_term(w->context) != 0 && errno == EINTR) {}
    pthread_mutex_destroy(&w->lock);
    free(w->allowed);
    free(w);
}

enum pm_status pm_wire_allow(struct pm_wire *wire, const uint8_t (*curve_public)[32], size_t n,
                             struct pm_error *err)
{
    struct allowed *list = calloc(n + 1, sizeof *list);
    if (!list) return pm_fail(err, PM_NO_MEMORY, "no memory for an allow-list of %zu keys", n);
    for (size_t i = 0; i < n; i++) {
        memcpy(list[i].key, curve_public[i], 32);
        list[i].credit_ms = BURST_MS;
    }
    if (n > 0) qsort(list, n, sizeof *list, compare_keys);
    pthread_mutex_lock(&wire->lock);
    struct allowed *old = wire->allowed;
    for (size_t i = 0; i < n; i++) {
        const struct allowed *before = find(old, wire->n_allowed, list[i].key);
        if (before) list[i] = *before;
    }
    wire->allowed = list;
    wire->n_allowed = n;
    pthread_mutex_unlock(&wire->lock);
    free(old);
    return PM_OK;
}
