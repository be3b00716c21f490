/* The GPU's backend on the emulated device: memory to the byte in all three ways of holding a key, what is
 * wiped, cancelling, faults. That its sums are right is the conformance suite's (conformance_emu); here its
 * proofs are compared with the CPU's. The backend is compiled in, so that its inside can be looked at. */
#include "kernels/emu_backend.c"

#include "conformance/oracle.h"
#include "emu_world.h"
#include "prove/key.h"

#include <pthread.h>

enum { SLOW = WORLD_ASAN || WORLD_TSAN }; /* sizes are smaller then */

struct bench {
    struct oracle o;
    struct oracle_key k;
    struct pm_error err;
    uint8_t r[32], s[32];
    struct pm_proof expected;
};

static void limit(size_t bytes)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%zu", bytes);
    setenv(BACKEND_MEMORY_ENV, text, 1);
}
static void no_limit(void) { unsetenv(BACKEND_MEMORY_ENV); }

static void draw_seed(void)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)test_random());
    setenv("PROOFMILL_EMU_SEED", text, 1);
}

static bool set_up_over(struct bench *b, const char *curve, uint32_t n_constraints)
{
    struct pm_prover *cpu = NULL;
    memset(b, 0, sizeof *b);
    oracle_make(&b->o, pm_curve_by_name(curve), n_constraints, 2, test_random());
    const char *failed = oracle_key_make(&b->k, &b->o, NULL, &b->err);
    CHECK_MSG(!failed, "%s", failed);
    if (failed) return false;
    oracle_element(&b->o, b->r);
    oracle_element(&b->o, b->s);
    CHECK_OK(pm_prover_new(&cpu, b->k.key, "cpu", NULL, &b->err), b->err);
    CHECK_OK(pm_prove_with(cpu, &b->expected, b->o.witness, b->o.n_vars, b->r, b->s, NULL, &b->err), b->err);
    pm_prover_free(&cpu);
    no_limit();
    return true;
}

static bool set_up(struct bench *b, uint32_t n_constraints) { return set_up_over(b, "bn128", n_constraints); }

static void tear_down(struct bench *b)
{
    oracle_key_free(&b->k);
    oracle_free(&b->o);
    no_limit();
}

static void prove_and_compare(struct bench *b, struct pm_prover *p, const char *what)
{
    struct pm_proof made;
    const struct pm_curve *c = b->o.curve;
    CHECK_OK(pm_prove_with(p, &made, b->o.witness, b->o.n_vars, b->r, b->s, NULL, &b->err), b->err);
    CHECK_MSG(memcmp(made.a, b->expected.a, c->g1_bytes) == 0 &&
                  memcmp(made.b, b->expected.b, c->g2_bytes) == 0 &&
                  memcmp(made.c, b->expected.c, c->g1_bytes) == 0 && !pm_prover_trouble(p),
              "%s", what);
}

/* The key anew, so that it is loaded under the limit that there is now. */
static void prove_new(struct bench *b, const char *what)
{
    struct pm_prover *p = NULL;
    pm_key_free(&b->k.key);
    CHECK_OK(pm_key_new(&b->k.key, &b->k.zkey, NULL, &b->err), b->err);
    draw_seed();
    CHECK_OK(pm_prover_new_on(&p, b->k.key, &pm_backend_emu, 0, NULL, &b->err), b->err);
    if (p) prove_and_compare(b, p, what);
    pm_prover_free(&p);
}

static size_t planned(struct bench *b, struct pm_backend_plan *plan)
{
    enum pm_status status = pm_backend_emu.plan(plan, &b->k.key->view, 0, 1, &b->err);
    CHECK(status == PM_OK || status == PM_NO_MEMORY);
    return status == PM_OK ? plan->device_key_bytes + plan->device_work_bytes : 0;
}

static bool says(const struct pm_error *err, size_t number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%zu", number);
    return strstr(err->text, text) != NULL;
}

/* Sets the limit so low that the key is streamed. */
static void stream_key(struct bench *b, struct pm_backend_plan *plan)
{
    size_t bytes = planned(b, plan), host = plan->host_key_bytes;
    while (bytes && plan->host_key_bytes == host) {
        limit(bytes - 1);
        bytes = planned(b, plan);
    }
    CHECK(bytes > 0 && plan->host_key_bytes > host);
}

/* Every way of holding a key, from what it likes best down to the least: with exactly what is planned a proof
 * is made, with a byte less another way is planned. After the last the key is refused, before anything is
 * taken, with both numbers. */
static void memory_to_the_byte(const char *curve, uint32_t n_constraints)
{
    struct bench b;
    struct pm_backend_plan plan, best;
    struct pm_prover *p = NULL;
    unsigned resident = 0, streamed = 0;
    if (!set_up_over(&b, curve, n_constraints)) return;
    size_t bytes = planned(&b, &best), least = 0;
    for (plan = best; bytes && resident + streamed < 100; bytes = planned(&b, &plan)) {
        CHECK(least == 0 || bytes < least);
        *(plan.host_key_bytes > best.host_key_bytes ? &streamed : &resident) += 1;
        least = bytes;
        limit(bytes);
        CHECK_U64(planned(&b, &plan), bytes);
        prove_new(&b, "with what was planned");
        limit(bytes - 1);
    }
    CHECK_MSG(resident > 1 && streamed > 1, "%u resident, %u streamed", resident, streamed);
    CHECK_MSG(says(&b.err, least) && says(&b.err, least - 1), "%s", b.err.text);
    CHECK_U64(pm_prover_new_on(&p, b.k.key, &pm_backend_emu, 0, NULL, &b.err), PM_NO_MEMORY);
    CHECK(p == NULL);
    tear_down(&b);
}

PM_TEST(memory_to_the_byte_bn128) { memory_to_the_byte("bn128", SLOW ? 130 : 200); }
PM_TEST(memory_to_the_byte_bls12381)
{
    if (!SLOW) memory_to_the_byte("bls12381", 130);
}

/* Workspaces of one key share what the key leaves. */
PM_TEST(as_many_workspaces_as_fit)
{
    struct bench b;
    struct pm_backend_plan plan;
    struct pm_prover *p[4] = {NULL};
    if (!set_up(&b, 20)) return;
    limit(planned(&b, &plan));
    size_t room = planned(&b, &plan) + 2 * plan.device_work_bytes;
    limit(room);
    for (int i = 0; i < 3; i++)
        CHECK_OK(pm_prover_new_on(&p[i], b.k.key, &pm_backend_emu, 0, NULL, &b.err), b.err);
    CHECK_U64(pm_prover_new_on(&p[3], b.k.key, &pm_backend_emu, 0, NULL, &b.err), PM_NO_MEMORY);
    CHECK_MSG(says(&b.err, plan.device_work_bytes), "%s", b.err.text);
    pm_prover_free(&p[1]);
    CHECK_OK(pm_prover_new_on(&p[3], b.k.key, &pm_backend_emu, 0, NULL, &b.err), b.err);
    for (int i = 0; i < 4; i++) {
        if (p[i]) prove_and_compare(&b, p[i], "one of several");
        pm_prover_free(&p[i]);
    }
    tear_down(&b);
}

/* What others hold of the device's memory, and what its driver will take, is not there to be planned for. */
PM_TEST(memory_that_others_hold)
{
    struct bench b;
    struct pm_backend_plan alone, shared;
    struct pm_prover *p = NULL;
    char text[32];
    if (!set_up(&b, 130)) return;
    size_t bytes = planned(&b, &alone);
    (void)snprintf(text, sizeof text, "%zu", alone.device_memory_bytes - (bytes - 1));
    static const char *const names[] = {"PROOFMILL_EMU_TAKEN", "PROOFMILL_EMU_RESERVE"};
    for (int i = 0; i < 2; i++) {
        setenv(names[i], text, 1);
        CHECK_MSG(planned(&b, &shared) < bytes, "%s", names[i]);
        CHECK_U64(shared.device_memory_bytes, bytes - 1);
        CHECK_U64(shared.device_reserve_bytes, i ? strtoull(text, NULL, 10) : 0);
        CHECK_OK(pm_prover_new_on(&p, b.k.key, &pm_backend_emu, 0, NULL, &b.err), b.err);
        if (p) prove_and_compare(&b, p, "beside others");
        pm_prover_free(&p);
        unsetenv(names[i]);
    }
    tear_down(&b);
}

/* A key whose sorts could take more than is planned for them is refused when it is loaded, and says why. */
PM_TEST(sort_that_takes_more_than_planned)
{
    struct bench b;
    struct pm_prover *p = NULL;
    if (!set_up(&b, 20)) return;
    setenv("PROOFMILL_EMU_SORT_MORE", "2000000", 1);
    CHECK_U64(pm_prover_new_on(&p, b.k.key, &pm_backend_emu, 0, NULL, &b.err), PM_UNSUPPORTED);
    CHECK_MSG(strstr(b.err.text, "this device's sort of ") && strstr(b.err.text, "or the cpu"), "%s",
              b.err.text);
    CHECK(p == NULL);
    unsetenv("PROOFMILL_EMU_SORT_MORE");
    tear_down(&b);
}

/* Each in a thread of its own, at the same time. */
struct worker {
    struct bench *b;
    struct pm_prover *prover;
    struct pm_proof made[2];
    enum pm_status status;
    struct pm_error err;
};
static void *work(void *arg)
{
    struct worker *w = arg;
    for (int i = 0; i < 2 && w->status == PM_OK; i++)
        w->status = pm_prove_with(w->prover, &w->made[i], w->b->o.witness, w->b->o.n_vars, w->b->r, w->b->s,
                                  NULL, &w->err);
    return NULL;
}
static void workspaces_in_threads(const char *curve)
{
    struct bench b;
    struct worker w[3];
    pthread_t thread[3];
    if (!set_up_over(&b, curve, 20)) return;
    for (int i = 0; i < 3; i++) {
        w[i] = (struct worker){.b = &b};
        CHECK_OK(pm_prover_new_on(&w[i].prover, b.k.key, &pm_backend_emu, 0, NULL, &b.err), b.err);
    }
    for (int i = 0; i < 3; i++) CHECK(pthread_create(&thread[i], NULL, work, &w[i]) == 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(thread[i], NULL);
        CHECK_OK(w[i].status, w[i].err);
        for (int j = 0; j < 2; j++) CHECK_MEM(w[i].made[j].c, b.expected.c, b.o.curve->g1_bytes);
        CHECK(!pm_prover_trouble(w[i].prover));
        pm_prover_free(&w[i].prover);
    }
    tear_down(&b);
}

PM_TEST(workspaces_in_threads_bn128) { workspaces_in_threads("bn128"); }
PM_TEST(workspaces_in_threads_bls12381) { workspaces_in_threads("bls12381"); }

PM_TEST(limit_is_a_number)
{
    struct bench b;
    struct pm_backend_plan plan;
    if (!set_up(&b, 3)) return;
    setenv(BACKEND_MEMORY_ENV, "80G", 1);
    CHECK_U64(pm_backend_emu.plan(&plan, &b.k.key->view, 0, 1, &b.err), PM_USAGE);
    tear_down(&b);
}

/* -- Inside -- */

struct inside {
    const struct pm_curve *curve;
    void *loaded, *work;
    struct pm_arena arena;
    struct pm_backend_sums sums;
    uint8_t points[4][PM_PARTIALS_MAX * PM_G2_MAX_BYTES];
};

static void open_inside(struct bench *b, struct inside *in)
{
    struct pm_backend_plan plan;
    memset(in, 0, sizeof *in);
    draw_seed();
    CHECK_OK(backend_plan(&plan, &b->k.key->view, 0, 1, &b->err), b->err);
    CHECK_OK(backend_load(&in->loaded, &b->k.key->view, 0, NULL, &b->err), b->err);
    CHECK_OK(pm_arena_init(&in->arena, plan.host_work_bytes, &b->err), b->err);
    CHECK_OK(backend_open(&in->work, in->loaded, &in->arena, NULL, &b->err), b->err);
    in->curve = b->o.curve;
    in->sums.a.points = in->points[0];
    in->sums.b1.points = in->points[1];
    in->sums.b2.points = in->points[2];
    in->sums.ch.points = in->points[3];
    const struct gpu_work *w = in->work;
    const struct gpu_loaded *l = in->loaded;
    CHECK_U64(w->pinned.bytes + l->pinned.bytes, plan.pinned_bytes);
    CHECK_U64(w->memory.bytes, plan.device_work_bytes);
    CHECK_U64(w->dev.used_bytes, plan.device_work_bytes);
    CHECK_U64(l->memory.bytes, plan.device_key_bytes);
    CHECK_U64(l->dev.used_bytes, plan.device_key_bytes);
}

static void close_inside(struct inside *in)
{
    backend_close(&in->work);
    CHECK(in->work == NULL);
    pm_arena_fini(&in->arena);
    backend_unload(&in->loaded);
    CHECK(in->loaded == NULL);
}

static void check_wiped(const struct inside *in, const char *when)
{
    const struct gpu_work *w = in->work;
    CHECK_MSG(pm_bytes_are_zero(w->memory.ptr, w->memory.bytes), "device memory, %s", when);
    CHECK_MSG(pm_bytes_are_zero(w->pinned.ptr, w->pinned.bytes), "pinned memory, %s", when);
    CHECK_MSG(pm_bytes_are_zero(w->scratch, PM_PARTIALS_MAX * 2 * (size_t)in->curve->fp_bytes), "scratch, %s",
              when);
    CHECK_U64(w->dev.peak_bytes, w->memory.bytes); /* and nothing else was taken meanwhile */
}

/* Says no the n-th time; permilles do not fall. */
struct waiting {
    int left, asked;
    unsigned last;
};
static bool go_on(void *ctx, unsigned permille)
{
    struct waiting *w = ctx;
    CHECK(permille >= w->last && permille <= 1000);
    w->last = permille;
    w->asked++;
    return w->left-- != 0;
}

static void wiped_and_cancelled(struct bench *b)
{
    static struct inside in;
    struct pm_backend_times times;
    open_inside(b, &in);
    CHECK_OK(backend_prove(in.work, &in.sums, b->o.witness, &times, NULL, &b->err), b->err);
    check_wiped(&in, "after a proof");
    struct waiting all = {.left = -1};
    struct pm_watch watch = {go_on, &all};
    CHECK_OK(backend_prove(in.work, &in.sums, b->o.witness, &times, &watch, &b->err), b->err);
    CHECK(all.asked >= 2);
    for (int n = 0; n < all.asked; n++) {
        struct waiting some = {.left = n};
        watch.ctx = &some;
        CHECK_U64(backend_prove(in.work, &in.sums, b->o.witness, &times, &watch, &b->err), PM_CANCELLED);
        check_wiped(&in, "after it was cancelled");
    }
    /* A value that is no element of the field. */
    uint8_t *last = b->o.witness + (size_t)(b->o.n_vars - 1) * 32, before[32];
    memcpy(before, last, 32);
    memcpy(last, b->o.curve->fr_modulus, 32);
    CHECK_U64(backend_prove(in.work, &in.sums, b->o.witness, &times, NULL, &b->err), PM_FORMAT);
    memcpy(last, before, 32);
    check_wiped(&in, "after a failure");
    CHECK_OK(backend_prove(in.work, &in.sums, b->o.witness, &times, NULL, &b->err), b->err);
    close_inside(&in);
}

static void wiped_and_cancelled_resident(const char *curve)
{
    struct bench b;
    if (!set_up_over(&b, curve, 40)) return;
    wiped_and_cancelled(&b);
    tear_down(&b);
}
PM_TEST(wiped_and_cancelled_resident_bn128) { wiped_and_cancelled_resident("bn128"); }
PM_TEST(wiped_and_cancelled_resident_bls12381) { wiped_and_cancelled_resident("bls12381"); }

static void wiped_and_cancelled_streamed(const char *curve, uint32_t n_constraints)
{
    struct bench b;
    struct pm_backend_plan plan;
    if (!set_up_over(&b, curve, n_constraints)) return;
    stream_key(&b, &plan);
    wiped_and_cancelled(&b);
    tear_down(&b);
}
PM_TEST(wiped_and_cancelled_streamed_bn128) { wiped_and_cancelled_streamed("bn128", SLOW ? 130 : 200); }
PM_TEST(wiped_and_cancelled_streamed_bls12381) { wiped_and_cancelled_streamed("bls12381", 130); }

/* A missing wait between streams shows under some order of their work. */
PM_TEST(resident_under_many_seeds)
{
    struct bench b;
    if (!set_up(&b, 5)) return;
    for (int i = 0; i < (SLOW ? 3 : 16); i++) prove_new(&b, "resident");
    tear_down(&b);
}
static void streamed_under_many_seeds(const char *curve, int seeds)
{
    struct bench b;
    struct pm_backend_plan plan;
    if (!set_up_over(&b, curve, 130)) return;
    stream_key(&b, &plan);
    for (int i = 0; i < seeds; i++) prove_new(&b, "streamed");
    tear_down(&b);
}
PM_TEST(streamed_under_many_seeds_bn128) { streamed_under_many_seeds("bn128", SLOW ? 3 : 8); }
PM_TEST(streamed_under_many_seeds_bls12381) { streamed_under_many_seeds("bls12381", SLOW ? 1 : 3); }

/* A key with as many terms, bases and variables as a real one has. */
static void two_to_the_ten(const char *curve)
{
    struct bench b;
    if (WORLD_TSAN || !set_up_over(&b, curve, 1000)) return;
    prove_new(&b, "2^10");
    tear_down(&b);
}
PM_TEST(two_to_the_ten_bn128) { two_to_the_ten("bn128"); }
PM_TEST(two_to_the_ten_bls12381)
{
    if (!SLOW) two_to_the_ten("bls12381");
}
