/* The prover against an independent computation from the setup's secrets, and everything that it must refuse.
 */
#include "conformance/oracle.h"
#include "base/bytes.h"
#include "prove/backend.h"
#include "test.h"
#include "curve_under_test.h"

#include <pthread.h>

/* An oracle with its key and a prover, or nothing where something failed (and was reported). */
struct bench {
    struct oracle o;
    struct oracle_key k;
    struct pm_prover *prover;
    struct pm_error err;
};

static bool set_up(struct bench *b, uint32_t n_constraints, uint32_t n_public, struct pm_pool *pool)
{
    *b = (struct bench){.prover = NULL};
    oracle_make(&b->o, curve(), n_constraints, n_public, test_random());
    const char *failed = oracle_key_make(&b->k, &b->o, pool, &b->err);
    CHECK_MSG(!failed, "%s", failed);
    if (failed) return false;
    CHECK_OK(pm_prover_new(&b->prover, b->k.key, "cpu", pool, &b->err), b->err);
    return b->prover != NULL;
}

static void tear_down(struct bench *b)
{
    pm_prover_free(&b->prover);
    oracle_key_free(&b->k);
    oracle_free(&b->o);
}

static bool proofs_equal(const struct pm_proof *a, const struct pm_proof *b)
{
    const struct pm_curve *c = curve();
    return memcmp(a->a, b->a, c->g1_bytes) == 0 && memcmp(a->b, b->b, c->g2_bytes) == 0 &&
           memcmp(a->c, b->c, c->g1_bytes) == 0;
}

static void compare_with_oracle(uint32_t n_constraints, uint32_t n_public, struct pm_pool *pool)
{
    struct bench b;
    if (set_up(&b, n_constraints, n_public, pool)) {
        struct pm_proof expected, made;
        uint8_t r[32], s[32];
        struct pm_prove_times times;
        oracle_element(&b.o, r);
        oracle_element(&b.o, s);
        oracle_prove(&b.o, &expected, r, s);
        CHECK_OK(pm_prove_with(b.prover, &made, b.o.witness, b.o.n_vars, r, s, &times, &b.err), b.err);
        CHECK_MSG(proofs_equal(&made, &expected), "%u constraints, %u public", n_constraints, n_public);
        CHECK(times.total_ns >= times.msm_ns + times.ntt_ns + times.rows_ns + times.check_ns);
        CHECK_OK(pm_verify(pm_key_vk(b.k.key), &made, b.o.witness + 32, n_public, &b.err), b.err);
    }
    tear_down(&b);
}

PM_TEST(equals_computation_from_secrets)
{
    static const uint32_t sizes[][2] = {{1, 0}, {1, 1}, {1, 2},  {2, 0},  {2, 1},  {3, 0},    {5, 2},
                                        {7, 0}, {8, 0}, {14, 1}, {15, 1}, {33, 4}, {120, 20}, {300, 3}};
    struct pm_pool *pool = pm_pool_new(2, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        compare_with_oracle(sizes[i][0], sizes[i][1], i % 2 ? pool : NULL);
    pm_pool_free(&pool);
}

PM_TEST(equals_computation_2_to_the_10) { compare_with_oracle(1000, 5, NULL); }

/* r and s at their edges. */
PM_TEST(edges_of_blinding)
{
    struct bench b;
    if (set_up(&b, 6, 1, NULL)) {
        uint8_t values[3][32] = {{0}, {1}};
        memcpy(values[2], curve()->fr_modulus, 32);
        values[2][0]--;
        for (int i = 0; i < 9; i++) {
            struct pm_proof expected, made;
            oracle_prove(&b.o, &expected, values[i / 3], values[i % 3]);
            CHECK_OK(pm_prove_with(b.prover, &made, b.o.witness, b.o.n_vars, values[i / 3], values[i % 3],
                                   NULL, &b.err),
                     b.err);
            CHECK(proofs_equal(&made, &expected));
        }
        struct pm_proof made;
        CHECK_U64(pm_prove_with(b.prover, &made, b.o.witness, b.o.n_vars, curve()->fr_modulus, values[1],
                                NULL, &b.err),
                  PM_USAGE);
        CHECK_U64(pm_prove_with(b.prover, &made, b.o.witness, b.o.n_vars, values[1], curve()->fr_modulus,
                                NULL, &b.err),
                  PM_USAGE);
    }
    tear_down(&b);
}

PM_TEST(fresh_blinding_for_every_proof)
{
    struct bench b;
    if (set_up(&b, 20, 2, NULL)) {
        struct pm_proof p[4];
        for (int i = 0; i < 4; i++) {
            CHECK_OK(pm_prove(b.prover, &p[i], b.o.witness, b.o.n_vars, NULL, &b.err), b.err);
            CHECK_OK(pm_verify(pm_key_vk(b.k.key), &p[i], b.o.witness + 32, 2, &b.err), b.err);
            for (int j = 0; j < i; j++) {
                CHECK(memcmp(p[i].a, p[j].a, curve()->g1_bytes) != 0); /* r */
                CHECK(memcmp(p[i].b, p[j].b, curve()->g2_bytes) != 0); /* s */
                CHECK(memcmp(p[i].c, p[j].c, curve()->g1_bytes) != 0);
            }
        }
    }
    tear_down(&b);
}

/* r and s are drawn apart. With A0, B0 the proof of r = s = 0: A - A0 = r delta G1, B - B0 = s delta G2, so r
 * = s would make e(A - A0, G2) = e(G1, B - B0). */
PM_TEST(r_is_not_s)
{
    struct bench b;
    if (set_up(&b, 5, 1, NULL)) {
        const struct pm_curve *c = curve();
        static const uint8_t zero[32];
        struct pm_proof plain, made;
        uint8_t g1[2 * PM_G1_MAX_BYTES], g2[2 * PM_G2_MAX_BYTES];
        struct pm_point1 p1, q1;
        struct pm_point2 p2, q2;
        oracle_prove(&b.o, &plain, zero, zero);
        for (int equal = 0; equal < 2; equal++) {
            uint8_t r[32];
            oracle_element(&b.o, r);
            if (equal) /* so that the test is known to be able to fail */
                CHECK_OK(pm_prove_with(b.prover, &made, b.o.witness, b.o.n_vars, r, r, NULL, &b.err), b.err);
            else
                CHECK_OK(pm_prove(b.prover, &made, b.o.witness, b.o.n_vars, NULL, &b.err), b.err);
            c->g1_from_affine(&p1, made.a);
            c->g1_from_affine(&q1, plain.a);
            c->g1_neg(&q1, &q1);
            c->g1_add(&p1, &p1, &q1);
            c->g1_to_affine(g1, &p1);
            memcpy(g2, c->g2_generator, c->g2_bytes);
            c->g1_from_affine(&q1, c->g1_generator);
            c->g1_neg(&q1, &q1);
            c->g1_to_affine(g1 + c->g1_bytes, &q1);
            c->g2_from_affine(&p2, made.b);
            c->g2_from_affine(&q2, plain.b);
            c->g2_neg(&q2, &q2);
            c->g2_add(&p2, &p2, &q2);
            c->g2_to_affine(g2 + c->g2_bytes, &p2);
            CHECK_U64(c->pairing_product_is_one(g1, g2, 2), equal);
        }
    }
    tear_down(&b);
}

/* Any changed value of a wire that a constraint uses breaks a constraint, or, for a public wire that none
 * uses, the statement: then the proof is for another statement, which is fine. */
PM_TEST(unsatisfied_witness_is_refused)
{
    struct bench b;
    if (set_up(&b, 40, 2, NULL)) {
        uint8_t *wrong = malloc((size_t)b.o.n_vars * 32), one[32] = {1};
        for (uint32_t i = 0; i < 40; i++) {
            uint32_t wire = b.o.n_vars - 40 + i; /* each of the last 40 wires is defined by a constraint */
            memcpy(wrong, b.o.witness, (size_t)b.o.n_vars * 32);
            curve()->fr_add(wrong + (size_t)wire * 32, wrong + (size_t)wire * 32, one);
            struct pm_proof made;
            struct pm_proof zero = {0};
            CHECK_U64(pm_prove(b.prover, &made, wrong, b.o.n_vars, NULL, &b.err), PM_UNSATISFIED);
            CHECK(strstr(b.err.text, "does not satisfy") != NULL);
            CHECK_MEM(&made, &zero, sizeof zero);
        }
        CHECK(!pm_prover_trouble(b.prover));
        struct pm_proof made; /* the prover is as good as before */
        CHECK_OK(pm_prove(b.prover, &made, b.o.witness, b.o.n_vars, NULL, &b.err), b.err);
        free(wrong);
    }
    tear_down(&b);
}

PM_TEST(malformed_witness_is_refused)
{
    struct bench b;
    if (set_up(&b, 10, 1, NULL)) {
        struct pm_proof made;
        size_t bytes = (size_t)b.o.n_vars * 32;
        uint8_t *w = malloc(bytes + 32);
        memcpy(w, b.o.witness, bytes);
        memset(w + bytes, 0, 32);
        CHECK_U64(pm_prove(b.prover, &made, w, b.o.n_vars - 1, NULL, &b.err), PM_MISMATCH);
        CHECK_U64(pm_prove(b.prover, &made, w, b.o.n_vars + 1, NULL, &b.err), PM_MISMATCH);
        CHECK_U64(pm_prove(b.prover, &made, w, 0, NULL, &b.err), PM_MISMATCH);
        for (uint32_t i = 1; i < b.o.n_vars; i += 3) {
            memcpy(w, b.o.witness, bytes);
            memcpy(w + (size_t)i * 32, curve()->fr_modulus, 32); /* r itself: zero in disguise */
            CHECK_U64(pm_prove(b.prover, &made, w, b.o.n_vars, NULL, &b.err), PM_FORMAT);
            memset(w + (size_t)i * 32, 0xff, 32);
            CHECK_U64(pm_prove(b.prover, &made, w, b.o.n_vars, NULL, &b.err), PM_FORMAT);
        }
        memcpy(w, b.o.witness, bytes);
        w[0] = 2;
        CHECK_U64(pm_prove(b.prover, &made, w, b.o.n_vars, NULL, &b.err), PM_FORMAT);
        w[0] = 1;
        w[31] = 1;
        CHECK_U64(pm_prove(b.prover, &made, w, b.o.n_vars, NULL, &b.err), PM_FORMAT);
        free(w);
    }
    tear_down(&b);
}

/* -- threads: provers of one key side by side, on one pool -- */

struct job {
    const struct bench *b;
    struct pm_prover *prover;
    const struct pm_proof *expected;
    const uint8_t *r, *s;
    int good;
};

static void *prove_often(void *arg)
{
    struct job *j = arg;
    for (int i = 0; i < 5; i++) {
        struct pm_proof made;
        struct pm_error err;
        if (pm_prove_with(j->prover, &made, j->b->o.witness, j->b->o.n_vars, j->r, j->s, NULL, &err) ==
                PM_OK &&
            proofs_equal(&made, j->expected))
            j->good++;
    }
    return NULL;
}

PM_TEST(provers_side_by_side)
{
    enum { n_threads = 4 };
    struct pm_pool *pool = pm_pool_new(2, NULL);
    struct bench b;
    if (set_up(&b, 100, 3, pool)) {
        struct pm_proof expected;
        uint8_t r[32], s[32];
        oracle_element(&b.o, r);
        oracle_element(&b.o, s);
        oracle_prove(&b.o, &expected, r, s);
        struct job jobs[n_threads];
        pthread_t threads[n_threads];
        for (int i = 0; i < n_threads; i++) {
            jobs[i] = (struct job){.b = &b, .expected = &expected, .r = r, .s = s};
            CHECK_OK(pm_prover_new(&jobs[i].prover, b.k.key, "auto", i % 2 ? pool : NULL, &b.err), b.err);
        }
        for (int i = 0; i < n_threads; i++)
            CHECK(pthread_create(&threads[i], NULL, prove_often, &jobs[i]) == 0);
        for (int i = 0; i < n_threads; i++) {
            CHECK(pthread_join(threads[i], NULL) == 0);
            CHECK_U64(jobs[i].good, 5);
            pm_prover_free(&jobs[i].prover);
        }
    }
    tear_down(&b);
    pm_pool_free(&pool);
}

/* Says no at the stop-th question; holds what pm_watch promises against what comes. */
struct watcher {
    pthread_t thread;
    unsigned asked, stop, last;
};
static bool watch_on(void *ctx, unsigned permille)
{
    struct watcher *w = ctx;
    CHECK(pthread_equal(w->thread, pthread_self()));
    CHECK_MSG(permille >= w->last && permille <= 1000, "%u permille after %u", permille, w->last);
    w->last = permille;
    return ++w->asked != w->stop;
}

/* Cancelled at every question there is; then the same prover makes its proof as if nothing had been. */
static void watch_and_cancel(unsigned threads)
{
    struct pm_pool *pool = threads ? pm_pool_new(threads, NULL) : NULL;
    struct bench b;
    if (set_up(&b, 200, 3, pool)) {
        struct pm_prover *p = NULL;
        struct pm_proof made, expected, none = {0};
        uint8_t r[32], s[32];
        oracle_element(&b.o, r);
        oracle_element(&b.o, s);
        oracle_prove(&b.o, &expected, r, s);
        CHECK_OK(pm_prover_new(&p, b.k.key, "cpu", pool, &b.err), b.err);
        struct watcher w = {.thread = pthread_self()};
        struct pm_watch watch = {.go_on = watch_on, .ctx = &w};
        pm_prover_watch(p, &watch);
        CHECK_OK(pm_prove_with(p, &made, b.o.witness, b.o.n_vars, r, s, NULL, &b.err), b.err);
        CHECK(proofs_equal(&made, &expected));
        /* Sure to come: before the transforms, before the sums, behind them. The others come between the
         * tasks of all threads, of which this one may get none. */
        const unsigned sure = 3;
        CHECK(w.asked >= (threads ? sure : sure + 1) && w.last > 100);
        for (unsigned stop = 1; stop <= (threads ? sure : w.asked); stop++) {
            struct watcher again = {.thread = pthread_self(), .stop = stop};
            watch.ctx = &again;
            enum pm_status status = pm_prove_with(p, &made, b.o.witness, b.o.n_vars, r, s, NULL, &b.err);
            CHECK_U64(status, PM_CANCELLED);
            CHECK_U64(again.asked, stop);
            CHECK_MEM(&made, &none, sizeof none);
        }
        pm_prover_watch(p, NULL);
        CHECK_OK(pm_prove_with(p, &made, b.o.witness, b.o.n_vars, r, s, NULL, &b.err), b.err);
        CHECK(proofs_equal(&made, &expected));
        pm_prover_free(&p);
    }
    tear_down(&b);
    pm_pool_free(&pool);
}

PM_TEST(watched_and_cancelled)
{
    watch_and_cancel(0);
    watch_and_cancel(3);
}

/* -- a device that is not trusted and does wrong: the CPU's results, spoiled in the ways of a broken card --
 */

enum fault {
    FAULT_NONE,
    FAULT_WRONG_SUM,
    FAULT_OFF_CURVE,
    FAULT_UNSORTED,
    FAULT_TOO_MANY,
    FAULT_LOST,
    FAULT_REFUSES,
    FAULT_OURS, /* from here on the device is not to blame */
    FAULT_MEMORY,
    FAULTS
};
static enum fault fault;
static unsigned device_asked;

/* The device's own words go with the proof. */
static void check_trouble(const struct pm_prover *p)
{
    static const struct {
        enum pm_status status;
        const char *says;
    } expected[FAULTS] = {[FAULT_WRONG_SUM] = {PM_INVALID_PROOF, "does not verify"},
                          [FAULT_OFF_CURVE] = {PM_INVALID_PROOF, "does not verify"},
                          [FAULT_UNSORTED] = {PM_DEVICE, "not well-formed"},
                          [FAULT_TOO_MANY] = {PM_DEVICE, "not well-formed"},
                          [FAULT_LOST] = {PM_DEVICE, "fell off the bus"},
                          [FAULT_REFUSES] = {PM_FORMAT, "not below"},
                          [FAULT_OURS] = {PM_INTERNAL, "too little scratch"},
                          [FAULT_MEMORY] = {PM_NO_MEMORY, "needs more memory"}};
    const struct pm_error *trouble = pm_prover_trouble(p);
    CHECK_U64(trouble ? trouble->status : PM_OK, expected[fault].status);
    if (trouble)
        CHECK_MSG(strncmp(trouble->text, "faulty:0: ", 10) == 0 &&
                      strstr(trouble->text, expected[fault].says),
                  "%s", trouble->text);
}

static enum pm_status faulty_prove(void *work, struct pm_backend_sums *out, const uint8_t *witness,
                                   struct pm_backend_times *times, const struct pm_watch *watch,
                                   struct pm_error *err)
{
    enum pm_status status = pm_backend_cpu.prove(work, out, witness, times, watch, err);
    device_asked++;
    switch (fault) {
    case FAULT_NONE:
        break;
    case FAULT_WRONG_SUM:
        memcpy(out->a.points, curve()->g1_generator, curve()->g1_bytes);
        break;
    case FAULT_OFF_CURVE:
        out->b2.points[3] ^= 1;
        break;
    case FAULT_UNSORTED:
        out->ch.n = 2;
        out->ch.shift[0] = 7;
        out->ch.shift[1] = 6;
        memcpy(out->ch.points + curve()->g1_bytes, out->ch.points, curve()->g1_bytes);
        break;
    case FAULT_TOO_MANY:
        out->b1.n = PM_PARTIALS_MAX + 1;
        break;
    case FAULT_LOST:
        return pm_fail(err, PM_DEVICE, "the device fell off the bus");
    case FAULT_REFUSES:
        return pm_fail(err, PM_FORMAT, "a witness value is not below the modulus");
    case FAULT_OURS:
        return pm_fail(err, PM_INTERNAL, "the sort has too little scratch");
    case FAULT_MEMORY:
        return pm_fail(err, PM_NO_MEMORY, "a sum needs more memory");
    case FAULTS:
        break;
    }
    return status;
}

PM_TEST(device_fault_and_bad_witness_are_told_apart)
{
    struct pm_backend faulty = pm_backend_cpu;
    faulty.name = "faulty";
    faulty.trusted = false;
    faulty.prove = faulty_prove;
    struct bench b;
    if (set_up(&b, 12, 1, NULL)) {
        uint8_t *wrong = malloc((size_t)b.o.n_vars * 32), one[32] = {1};
        memcpy(wrong, b.o.witness, (size_t)b.o.n_vars * 32);
        curve()->fr_add(wrong + ((size_t)b.o.n_vars - 1) * 32, wrong + ((size_t)b.o.n_vars - 1) * 32, one);
        for (fault = FAULT_NONE; fault < FAULTS; fault++) {
            struct pm_prover *p = NULL;
            struct pm_proof made;
            CHECK_OK(pm_prover_new_on(&p, b.k.key, &faulty, 0, NULL, &b.err), b.err);
            if (!p) break;
            CHECK_U64(pm_prove(p, &made, wrong, b.o.n_vars, NULL, &b.err), PM_UNSATISFIED);
            CHECK(!pm_prover_device_fault(p)); /* nothing is said of the device by a bad witness */
            CHECK(!pm_prover_trouble(p));
            CHECK_OK(pm_prove(p, &made, b.o.witness, b.o.n_vars, NULL, &b.err), b.err);
            CHECK_OK(pm_verify(pm_key_vk(b.k.key), &made, b.o.witness + 32, 1, &b.err), b.err);
            CHECK_U64(pm_prover_device_fault(p), fault != FAULT_NONE && fault < FAULT_OURS);
            check_trouble(p);
            const struct pm_error *before = pm_prover_trouble(p);
            const unsigned asked = device_asked;
            CHECK_U64(pm_prove(p, &made, wrong, b.o.n_vars, NULL, &b.err), PM_UNSATISFIED);
            CHECK(pm_prover_trouble(p) == before);
            CHECK_U64(device_asked - asked, !pm_prover_device_fault(p)); /* a faulty one never again */
            pm_prover_free(&p);
        }
        free(wrong);
    }
    tear_down(&b);
}

/* Partial sums with shifts: the CPU's sum P as 2 * (2^5 Q) + ... is not what it gives, so P is split here. */
static enum pm_status split_prove(void *work, struct pm_backend_sums *out, const uint8_t *witness,
                                  struct pm_backend_times *times, const struct pm_watch *watch,
                                  struct pm_error *err)
{
    enum pm_status status = pm_backend_cpu.prove(work, out, witness, times, watch, err);
    const struct pm_curve *c = curve();
    /* a = (a - 2^9 G - 2^9 G - 2^200 G) + 2^9 G + 2^9 G + 2^200 G */
    struct pm_point1 sum, g;
    uint8_t scalar[32] = {0};
    scalar[1] = 4;  /* 2^10 */
    scalar[25] = 1; /* 2^200 */
    c->g1_from_affine(&g, c->g1_generator);
    c->g1_mul(&sum, &g, scalar);
    c->g1_neg(&sum, &sum);
    c->g1_from_affine(&g, out->a.points);
    c->g1_add(&sum, &sum, &g);
    c->g1_to_affine(out->a.points, &sum);
    for (int i = 1; i < 4; i++) memcpy(out->a.points + (size_t)i * c->g1_bytes, c->g1_generator, c->g1_bytes);
    out->a.n = 4;
    out->a.shift[1] = out->a.shift[2] = 9;
    out->a.shift[3] = 200;
    return status;
}

PM_TEST(partial_sums_are_put_together)
{
    struct pm_backend split = pm_backend_cpu;
    split.prove = split_prove;
    struct bench b;
    if (set_up(&b, 9, 2, NULL)) {
        struct pm_prover *p = NULL;
        struct pm_proof made, expected;
        uint8_t r[32], s[32];
        oracle_element(&b.o, r);
        oracle_element(&b.o, s);
        oracle_prove(&b.o, &expected, r, s);
        CHECK_OK(pm_prover_new_on(&p, b.k.key, &split, 0, NULL, &b.err), b.err);
        if (p) CHECK_OK(pm_prove_with(p, &made, b.o.witness, b.o.n_vars, r, s, NULL, &b.err), b.err);
        CHECK(proofs_equal(&made, &expected));
        pm_prover_free(&p);
    }
    tear_down(&b);
}

/* The same proofs whether there are tables of all queries, of H alone or of none, through provers with other
 * numbers of threads than the key was loaded with; a key's tables are within its budget. */
PM_TEST(tables_change_nothing)
{
    struct bench b;
    if (set_up(&b, 1000, 3, NULL)) {
        struct pm_pool *pool[3] = {NULL, pm_pool_new(2, NULL), pm_pool_new(4, NULL)};
        struct pm_key *key = NULL;
        struct pm_proof made, expected;
        uint8_t r[32], s[32];
        size_t all = 0;
        oracle_element(&b.o, r);
        oracle_element(&b.o, s);
        CHECK_OK(pm_prove_with(b.prover, &expected, b.o.witness, b.o.n_vars, r, s, NULL, &b.err), b.err);
        CHECK_U64(pm_key_table_bytes(b.k.key), 0);
        for (int budget = 0; budget < 3; budget++) {
            const size_t most = budget == 0 ? (size_t)1 << 30 : budget == 1 ? all - 1 : 1000;
            CHECK_OK(pm_key_new_warm(&key, &b.k.zkey, most, pool[budget], &b.err), b.err);
            const size_t taken = pm_key_table_bytes(key);
            CHECK(taken <= most && (taken > 0) == (budget < 2));
            if (budget == 0) all = taken;
            CHECK(budget == 0 || taken < all / 2);
            for (int i = 0; i < 3; i++) {
                struct pm_prover *p = NULL;
                CHECK_OK(pm_prover_new(&p, key, "cpu", pool[i], &b.err), b.err);
                CHECK_OK(pm_prove_with(p, &made, b.o.witness, b.o.n_vars, r, s, NULL, &b.err), b.err);
                CHECK(proofs_equal(&made, &expected));
                pm_prover_free(&p);
            }
            pm_key_free(&key);
        }
        for (int i = 0; i < 3; i++) pm_pool_free(&pool[i]);
    }
    tear_down(&b);
}

PM_TEST(plan_is_the_size)
{
    struct bench b;
    if (set_up(&b, 60, 1, NULL)) {
        size_t one = pm_prover_plan(b.k.key, 1), two = pm_prover_plan(b.k.key, 2);
        CHECK(one > (size_t)64 * 32 * 3);
        CHECK(two >= one);
        CHECK(two < (size_t)1 << 30);
    }
    tear_down(&b);
}
