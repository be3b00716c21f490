/* Batches of witnesses: the same proofs as single ones, a bad witness refuses itself, one word ends all. */
#include "conformance/oracle.h"
#include "test.h"
#include "curve_under_test.h"

#include "prove/backend.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { MOST = 7, ROWS = 150 };

struct bench {
    struct oracle o;
    struct oracle_key k;
    struct pm_pool *pool;
    struct pm_prover *prover;
    struct pm_batch_item item[MOST];
    uint8_t rs[MOST][64];
    uint8_t *bad; /* a witness that breaks a constraint */
    struct pm_error err;
};

static bool set_up_on(struct bench *b, unsigned threads, const struct pm_backend *backend)
{
    *b = (struct bench){.prover = NULL};
    b->pool = pm_pool_new(threads, &b->err);
    oracle_make(&b->o, curve(), ROWS, 2, test_random());
    const char *failed = oracle_key_make(&b->k, &b->o, b->pool, &b->err);
    CHECK_MSG(!failed, "%s", failed);
    if (!failed) CHECK_OK(pm_prover_new_on(&b->prover, b->k.key, backend, 0, b->pool, &b->err), b->err);
    const size_t bytes = (size_t)b->o.n_vars * 32;
    const uint8_t one[32] = {1};
    b->bad = malloc(bytes);
    if (!b->bad) abort();
    memcpy(b->bad, b->o.witness, bytes);
    curve()->fr_add(b->bad + bytes - 32, b->bad + bytes - 32, one);
    for (int i = 0; i < MOST; i++) {
        oracle_element(&b->o, b->rs[i]);
        oracle_element(&b->o, b->rs[i] + 32);
        b->item[i] = (struct pm_batch_item){.witness = b->o.witness, .n_values = b->o.n_vars, .rs = b->rs[i]};
    }
    return b->prover != NULL;
}

static bool set_up(struct bench *b, unsigned threads) { return set_up_on(b, threads, &pm_backend_cpu); }

static void tear_down(struct bench *b)
{
    pm_prover_free(&b->prover);
    oracle_key_free(&b->k);
    oracle_free(&b->o);
    pm_pool_free(&b->pool);
    free(b->bad);
}

static bool is_proof(const struct bench *b, int i)
{
    struct pm_proof single;
    oracle_prove(&b->o, &single, b->rs[i], b->rs[i] + 32);
    const struct pm_proof *made = &b->item[i].proof;
    return made->curve == curve() && memcmp(made->a, single.a, curve()->g1_bytes) == 0 &&
           memcmp(made->b, single.b, curve()->g2_bytes) == 0 &&
           memcmp(made->c, single.c, curve()->g1_bytes) == 0;
}
static bool is_none(const struct bench *b, int i)
{
    static const struct pm_proof zero;
    return memcmp(&b->item[i].proof, &zero, sizeof zero) == 0;
}

PM_TEST(batches_are_single_proofs)
{
    for (unsigned threads = 1; threads <= 4; threads *= 2) {
        struct bench b;
        if (set_up(&b, threads))
            for (size_t n = 0; n <= MOST; n += n ? 6 : 1) {
                for (int i = 0; i < MOST; i++) b.item[i].status = PM_INTERNAL;
                CHECK_OK(pm_prove_batch(b.prover, b.item, n, &b.err), b.err);
                for (int i = 0; i < MOST; i++) {
                    CHECK_U64(b.item[i].status, (size_t)i < n ? PM_OK : PM_INTERNAL);
                    if ((size_t)i < n) CHECK_MSG(is_proof(&b, i), "%d of %zu, %u threads", i, n, threads);
                }
            }
        tear_down(&b);
    }
}

/* With fresh r and s no two proofs are the same. */
PM_TEST(fresh_blinding)
{
    struct bench b;
    if (set_up(&b, 2)) {
        for (int i = 0; i < MOST; i++) b.item[i].rs = NULL;
        CHECK_OK(pm_prove_batch(b.prover, b.item, MOST, &b.err), b.err);
        for (int i = 0; i < MOST; i++)
            for (int j = 0; j < i; j++)
                CHECK(memcmp(b.item[i].proof.a, b.item[j].proof.a, curve()->g1_bytes) != 0 &&
                      memcmp(b.item[i].proof.b, b.item[j].proof.b, curve()->g2_bytes) != 0);
    }
    tear_down(&b);
}

/* Wrong in every way there is, at the ends and side by side. */
PM_TEST(bad_witnesses_refuse_themselves)
{
    for (unsigned threads = 1; threads <= 2; threads++)
        for (int round = 0; round < 3; round++) {
            static const int bad[3][3] = {{3, 4, 5}, {0, 1, 6}, {6, 2, 0}};
            struct bench b;
            if (set_up(&b, threads)) {
                uint8_t *wild = malloc((size_t)b.o.n_vars * 32);
                if (!wild) abort();
                memcpy(wild, b.o.witness, (size_t)b.o.n_vars * 32);
                memset(wild + 64, 0xff, 32);
                b.item[bad[round][0]].witness = b.bad;
                b.item[bad[round][1]].n_values--;
                b.item[bad[round][2]].witness = wild;
                const enum pm_status right[3] = {PM_UNSATISFIED, PM_MISMATCH, PM_FORMAT};
                int first = 0, lowest = MOST;
                for (int k = 0; k < 3; k++)
                    if (bad[round][k] < lowest) lowest = bad[round][k], first = k;
                CHECK_U64(pm_prove_batch(b.prover, b.item, MOST, &b.err), right[first]);
                char number[32];
                (void)snprintf(number, sizeof number, "witness %d:", lowest);
                CHECK_MSG(strncmp(b.err.text, number, strlen(number)) == 0, "%s", b.err.text);
                for (int i = 0; i < MOST; i++) {
                    enum pm_status expected = PM_OK;
                    for (int k = 0; k < 3; k++)
                        if (bad[round][k] == i) expected = right[k];
                    CHECK_U64(b.item[i].status, expected);
                    CHECK(expected == PM_OK ? is_proof(&b, i) : is_none(&b, i));
                }
                free(wild);
            }
            tear_down(&b);
        }
}

struct watcher {
    pthread_t thread;
    unsigned last, stop_at, calls;
    bool falls, elsewhere;
};
static bool watch(void *ctx, unsigned permille)
{
    struct watcher *w = ctx;
    w->falls = w->falls || permille < w->last;
    w->elsewhere = w->elsewhere || !pthread_equal(w->thread, pthread_self());
    w->last = permille;
    w->calls++;
    return permille < w->stop_at;
}

/* Told of the whole on the caller's thread; cancelled in the middle: what was begun before stands. */
PM_TEST(watched_and_cancelled)
{
    for (unsigned threads = 1; threads <= 4; threads *= 2) {
        struct bench b;
        if (set_up(&b, threads)) {
            struct watcher all = {.thread = pthread_self(), .stop_at = 1001},
                           half = {.thread = pthread_self(), .stop_at = 500};
            const struct pm_watch to_all = {.go_on = watch, .ctx = &all},
                                  to_half = {.go_on = watch, .ctx = &half};
            pm_prover_watch(b.prover, &to_all);
            CHECK_OK(pm_prove_batch(b.prover, b.item, MOST, &b.err), b.err);
            CHECK(!all.falls && !all.elsewhere && all.calls >= MOST && all.last > 900 && all.last <= 1000);
            pm_prover_watch(b.prover, &to_half);
            b.item[1].witness = b.bad;
            CHECK_U64(pm_prove_batch(b.prover, b.item, MOST, &b.err), PM_CANCELLED);
            CHECK(!half.falls && !half.elsewhere && half.last >= 500);
            for (int i = 0; i < MOST; i++) {
                CHECK_U64(b.item[i].status, i == 1 ? PM_UNSATISFIED : i < 3 ? PM_OK : PM_CANCELLED);
                CHECK(i == 1 || i >= 3 ? is_none(&b, i) : is_proof(&b, i));
            }
            pm_prover_watch(b.prover, NULL);
            b.item[1].witness = b.o.witness;
            CHECK_OK(pm_prove_batch(b.prover, b.item, 2, &b.err), b.err);
            CHECK(is_proof(&b, 0) && is_proof(&b, 1));
        }
        tear_down(&b);
    }
}

/* -- A device: the CPU's results, from a backend that is not trusted, and says how many proofs it makes at a
 * time.
 * -- */

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t both;
    unsigned now, most, works, works_max;
    pthread_t caller;
    unsigned begun[2]; /* by the caller's thread, by another */
} device = {.mutex = PTHREAD_MUTEX_INITIALIZER, .both = PTHREAD_COND_INITIALIZER};

static enum pm_status device_open(void **work, void *loaded, struct pm_arena *arena, struct pm_pool *pool,
                                  struct pm_error *err)
{
    if (device.works == device.works_max) return pm_fail(err, PM_NO_MEMORY, "the device is full");
    device.works++;
    return pm_backend_cpu.open(work, loaded, arena, pool, err);
}
static void device_close(void **work)
{
    device.works--;
    pm_backend_cpu.close(work);
}
static enum pm_status device_prove(void *work, struct pm_backend_sums *out, const uint8_t *witness,
                                   struct pm_backend_times *times, const struct pm_watch *asked,
                                   struct pm_error *err)
{
    const bool other = !pthread_equal(device.caller, pthread_self());
    pthread_mutex_lock(&device.mutex);
    if (++device.now > device.most) device.most = device.now;
    device.begun[other]++;
    pthread_cond_broadcast(&device.both);
    /* Neither thread is ahead of the other, which may never come, by more than this proof. */
    while (device.works_max > 1 && device.begun[other] > device.begun[!other] + (device.begun[!other] > 0) &&
           pm_watch_ask(asked, 0)) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        if (pthread_cond_timedwait(&device.both, &device.mutex, &until) != 0) break;
    }
    pthread_mutex_unlock(&device.mutex);
    enum pm_status status = pm_backend_cpu.prove(work, out, witness, times, asked, err);
    pthread_mutex_lock(&device.mutex);
    device.now--;
    pthread_mutex_unlock(&device.mutex);
    return status;
}
static struct pm_backend new_device(unsigned works_max)
{
    struct pm_backend backend = pm_backend_cpu;
    backend.name = "device";
    backend.trusted = false;
    backend.open = device_open;
    backend.close = device_close;
    backend.prove = device_prove;
    device.works_max = works_max;
    device.caller = pthread_self();
    device.most = device.begun[0] = device.begun[1] = 0;
    return backend;
}

/* Two proofs at a time where the device has room for two workspaces, else one: the same proofs. */
PM_TEST(a_device_has_two_in_flight)
{
    for (unsigned works = 1; works <= 2; works++) {
        const struct pm_backend backend = new_device(works);
        struct bench b;
        if (set_up_on(&b, 3, &backend))
            for (int round = 0; round < 3; round++) {
                if (round == 1) b.item[4].witness = b.bad;
                CHECK_U64(pm_prove_batch(b.prover, b.item, MOST, &b.err),
                          round == 1 ? PM_UNSATISFIED : PM_OK);
                if (round == 1) CHECK_MSG(strncmp(b.err.text, "witness 4:", 10) == 0, "%s", b.err.text);
                for (int i = 0; i < MOST; i++) {
                    const bool refused = round == 1 && i == 4;
                    CHECK_U64(b.item[i].status, refused ? PM_UNSATISFIED : PM_OK);
                    CHECK_MSG(refused ? is_none(&b, i) : is_proof(&b, i), "%d, round %d, %u workspaces", i,
                              round, works);
                }
                b.item[4].witness = b.o.witness;
                CHECK_U64(device.most, works);
                CHECK_U64(device.works, works);
                CHECK(!pm_prover_trouble(b.prover));
            }
        tear_down(&b);
        CHECK_U64(device.works, 0);
    }
}

/* The caller's word ends both proofs in flight, and the rest is not begun. */
PM_TEST(a_device_is_cancelled)
{
    const struct pm_backend backend = new_device(2);
    struct bench b;
    if (set_up_on(&b, 2, &backend)) {
        struct watcher all = {.thread = pthread_self(), .stop_at = 1001},
                       half = {.thread = pthread_self(), .stop_at = 500};
        const struct pm_watch to_all = {.go_on = watch, .ctx = &all},
                              to_half = {.go_on = watch, .ctx = &half};
        pm_prover_watch(b.prover, &to_all);
        CHECK_OK(pm_prove_batch(b.prover, b.item, MOST, &b.err), b.err);
        CHECK(!all.falls && !all.elsewhere && all.calls > 0 && all.last <= 1000);
        pm_prover_watch(b.prover, &to_half);
        CHECK_U64(pm_prove_batch(b.prover, b.item, MOST, &b.err), PM_CANCELLED);
        CHECK_MSG(strstr(b.err.text, "cancelled"), "%s", b.err.text);
        CHECK(!half.falls && !half.elsewhere && half.last >= 500);
        unsigned made = 0;
        for (int i = 0; i < MOST; i++) {
            CHECK(b.item[i].status == PM_OK || b.item[i].status == PM_CANCELLED);
            CHECK(b.item[i].status == PM_OK ? is_proof(&b, i) : is_none(&b, i));
            made += b.item[i].status == PM_OK;
        }
        CHECK_MSG(made > 0 && made < MOST, "%u made", made);
        pm_prover_watch(b.prover, NULL);
        device.begun[0] = device.begun[1] = 0;
        CHECK_OK(pm_prove_batch(b.prover, b.item, MOST, &b.err), b.err);
        CHECK(is_proof(&b, MOST - 1));
    }
    tear_down(&b);
}
