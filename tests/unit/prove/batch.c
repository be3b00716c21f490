/* Batches of witnesses: the same proofs as single ones, a bad witness refuses itself, one word ends all. */
#include "conformance/oracle.h"
#include "test.h"
#include "curve_under_test.h"

#include <pthread.h>
#include <stdlib.h>

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

static bool set_up(struct bench *b, unsigned threads)
{
    *b = (struct bench){.prover = NULL};
    b->pool = pm_pool_new(threads, &b->err);
    oracle_make(&b->o, curve(), ROWS, 2, test_random());
    const char *failed = oracle_key_make(&b->k, &b->o, b->pool, &b->err);
    CHECK_MSG(!failed, "%s", failed);
    if (!failed) CHECK_OK(pm_prover_new(&b->prover, b->k.key, "cpu", b->pool, &b->err), b->err);
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
