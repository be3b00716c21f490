/* Setup and whole proofs, each in a process of its own, so that a cold start is one and peak memory is that
 * of the work alone. Proofs are checked by verifying them. */
#include "base/clock.h"
#include "measure/inside.h"
#include "prove/key.h"
#include "prove/setup.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { batch_max = 8, spare_rows = 8 }; /* constraints that the domain has room for besides */

/* What a child tells its parent. */
struct report {
    enum pm_status status;
    struct pm_error err;
    uint64_t load_ns, prove_ns[PM_MEASURE_MAX_RUNS];
    uint64_t batch_ns;                           /* of batch_of proofs */
    uint64_t device_bytes, device_planned_bytes; /* as the row's */
    struct pm_prove_times times[PM_MEASURE_MAX_RUNS];
};

struct task {
    const struct pm_measure_options *options;
    struct measure_files files;
    uint32_t n_constraints;
    unsigned n_proofs; /* of the child */
    bool warm;         /* with tables, if there are to be any, and a batch afterwards */
};
typedef enum pm_status child_fn(const struct task *t, struct report *out);

/* -- in the child -- */

static enum pm_status child_setup(const struct task *t, struct report *out)
{
    struct pm_r1cs r1cs;
    enum pm_status status;
    struct pm_pool *pool = pm_pool_new(t->options->threads, &out->err);
    if (!pool) return PM_NO_MEMORY;
    PM_GOTO(pm_r1cs_open(&r1cs, t->files.r1cs, &out->err));
    uint64_t start = pm_clock_ns();
    status = pm_setup_dev(&r1cs, t->files.zkey, NULL, pool, &out->err);
    out->prove_ns[0] = pm_clock_ns() - start;
    pm_r1cs_close(&r1cs);
out:
    pm_pool_free(&pool);
    return status;
}

/* A device's time is not what the CPU took to stand in for it. */
static enum pm_status made_on_device(const struct pm_prover *prover, struct pm_error *err)
{
    const struct pm_error *trouble = pm_prover_trouble(prover);
    if (!trouble || strncmp(pm_prover_device(prover), "cpu:", 4) == 0) return PM_OK;
    return pm_fail(err, PM_DEVICE, "the CPU made a proof that was to be timed on a device: %s",
                   trouble->text);
}

static enum pm_status prove_and_verify(const struct task *t, struct pm_prover *prover,
                                       const struct pm_key *key, const struct pm_wtns *wtns,
                                       struct report *out)
{
    struct pm_proof proof;
    for (unsigned i = 0; i < t->n_proofs; i++) {
        uint64_t start = pm_clock_ns();
        PM_TRY(pm_prove(prover, &proof, wtns->values, wtns->n_values, &out->times[i], &out->err));
        out->prove_ns[i] = pm_clock_ns() - start;
        PM_TRY(pm_verify(pm_key_vk(key), &proof, wtns->values + wtns->curve->fr_bytes,
                         pm_key_vk(key)->n_public, &out->err));
    }
    return made_on_device(prover, &out->err);
}

static unsigned batch_of(const struct task *t)
{
    const unsigned runs = t->options->runs;
    return runs < 2 ? 2 : runs < batch_max ? runs : batch_max;
}

static enum pm_status prove_a_batch(const struct task *t, struct pm_prover *prover,
                                    const struct pm_wtns *wtns, struct report *out)
{
    struct pm_batch_item items[batch_max];
    for (unsigned i = 0; i < batch_of(t); i++)
        items[i] = (struct pm_batch_item){.witness = wtns->values, .n_values = wtns->n_values};
    uint64_t start = pm_clock_ns();
    PM_TRY(pm_prove_batch(prover, items, batch_of(t), &out->err)); /* which verifies them */
    out->batch_ns = pm_clock_ns() - start;
    return PM_OK;
}

/* What is free on the device now. 0: it does not tell, or its memory is the host's. */
static enum pm_status free_on_device(uint64_t *out, const char *device, struct report *report)
{
    const struct pm_backend *backend;
    unsigned index;
    struct pm_backend_device now = {.free_bytes = 0};
    PM_TRY(pm_backend_find(&backend, &index, device, &report->err));
    PM_TRY(backend->describe(&now, index, &report->err));
    *out = now.free_bytes;
    return PM_OK;
}

/* What the device gets back when prover and key are freed, and what the backend said that they would take. */
static enum pm_status weigh(const char *device, struct pm_prover **prover, struct pm_key **key,
                            struct report *out)
{
    const struct pm_backend *backend;
    unsigned index;
    uint64_t loaded, freed;
    struct pm_backend_plan plan;
    PM_TRY(pm_backend_find(&backend, &index, device, &out->err));
    PM_TRY(free_on_device(&loaded, device, out));
    if (!loaded) return PM_OK;
    PM_TRY(backend->plan(&plan, &(*key)->view, index, 1, &out->err));
    pm_prover_free(prover);
    pm_key_free(key);
    PM_TRY(free_on_device(&freed, device, out));
    out->device_bytes = freed > loaded ? freed - loaded : 0;
    out->device_planned_bytes = plan.device_key_bytes + plan.device_work_bytes;
    return PM_OK;
}

static enum pm_status child_prove(const struct task *t, struct report *out)
{
    struct pm_zkey zkey = {.curve = NULL};
    struct pm_wtns wtns = {.curve = NULL};
    struct pm_key *key = NULL;
    struct pm_prover *prover = NULL;
    enum pm_status status;
    uint64_t start = pm_clock_ns();
    struct pm_pool *pool = pm_pool_new(t->options->threads, &out->err);
    if (!pool) return PM_NO_MEMORY;
    PM_GOTO(pm_wtns_open(&wtns, t->files.wtns, &out->err));
    PM_GOTO(pm_zkey_open(&zkey, t->files.zkey, PM_CHECK_SHAPE, pool, &out->err));
    PM_GOTO(pm_key_new_warm(&key, &zkey, t->warm ? t->options->table_bytes : 0, pool, &out->err));
    PM_GOTO(pm_prover_new(&prover, key, t->options->device, pool, &out->err));
    out->load_ns = pm_clock_ns() - start;
    PM_GOTO(prove_and_verify(t, prover, key, &wtns, out));
    if (t->warm) PM_GOTO(prove_a_batch(t, prover, &wtns, out));
    PM_GOTO(weigh(t->options->device, &prover, &key, out));
out:
    pm_prover_free(&prover);
    pm_key_free(&key);
    if (zkey.curve) pm_zkey_close(&zkey);
    if (wtns.curve) pm_wtns_close(&wtns);
    pm_pool_free(&pool);
    return status;
}

/* -- several proofs at a time, on one key -- */

struct hand {
    pthread_t thread;
    bool runs;
    const struct task *task;
    const struct pm_key *key;
    const struct pm_wtns *wtns;
    struct pm_pool *pool;
    struct pm_prover *prover;
    enum pm_status status;
    struct report *report; /* its own, for prove_and_verify */
};

static void *work_by_hand(void *arg)
{
    struct hand *h = arg;
    h->status = prove_and_verify(h->task, h->prover, h->key, h->wtns, h->report);
    return NULL;
}

/* The clock runs from the first proof's begin to the last one's end; each hand has made one before. */
static enum pm_status prove_by_hands(struct hand *hands, unsigned n, struct report *out)
{
    enum pm_status status = PM_OK;
    struct task once = *hands[0].task;
    once.n_proofs = 1;
    for (unsigned i = 0; i < n && status == PM_OK; i++)
        status = prove_and_verify(&once, hands[i].prover, hands[i].key, hands[i].wtns, out);
    uint64_t start = pm_clock_ns();
    for (unsigned i = 0; i < n && status == PM_OK; i++) {
        hands[i].runs = pthread_create(&hands[i].thread, NULL, work_by_hand, &hands[i]) == 0;
        if (!hands[i].runs) status = pm_fail(&out->err, PM_NO_MEMORY, "no thread to prove on");
    }
    for (unsigned i = 0; i < n; i++) {
        if (!hands[i].runs) continue;
        (void)pthread_join(hands[i].thread, NULL);
        if (status == PM_OK && hands[i].status != PM_OK)
            status = pm_fail(&out->err, hands[i].status, "%s", hands[i].report->err.text);
    }
    out->prove_ns[0] = pm_clock_ns() - start;
    return status;
}

static enum pm_status child_batch(const struct task *t, struct report *out)
{
    struct hand hands[PM_MEASURE_MAX_IN_FLIGHT] = {{.runs = false}};
    const unsigned n = t->options->in_flight, threads = t->options->threads;
    struct pm_zkey zkey = {.curve = NULL};
    struct pm_wtns wtns = {.curve = NULL};
    struct pm_key *key = NULL;
    enum pm_status status;
    struct pm_pool *pool = pm_pool_new(threads, &out->err);
    if (!pool) return PM_NO_MEMORY;
    unsigned share = pm_pool_threads(pool) / n;
    PM_GOTO(pm_wtns_open(&wtns, t->files.wtns, &out->err));
    PM_GOTO(pm_zkey_open(&zkey, t->files.zkey, PM_CHECK_SHAPE, pool, &out->err));
    PM_GOTO(pm_key_new_warm(&key, &zkey, t->options->table_bytes, pool, &out->err));
    for (unsigned i = 0; i < n; i++) {
        struct hand *h = &hands[i];
        *h = (struct hand){.task = t, .key = key, .wtns = &wtns};
        PM_GOTO(measure_alloc(&h->report, sizeof *h->report, &out->err));
        h->pool = pm_pool_new(share ? share : 1, &out->err);
        if (!h->pool) PM_GOTO(PM_NO_MEMORY);
        PM_GOTO(pm_prover_new(&h->prover, key, t->options->device, h->pool, &out->err));
    }
    status = prove_by_hands(hands, n, out);
out:
    for (unsigned i = 0; i < n; i++) {
        pm_prover_free(&hands[i].prover);
        pm_pool_free(&hands[i].pool);
        free(hands[i].report);
    }
    pm_key_free(&key);
    if (zkey.curve) pm_zkey_close(&zkey);
    if (wtns.curve) pm_wtns_close(&wtns);
    pm_pool_free(&pool);
    return status;
}

/* -- in the parent -- */

static bool transfer(int fd, void *data, size_t len, bool out)
{
    uint8_t *p = data;
    while (len > 0) {
        ssize_t n = out ? write(fd, p, len) : read(fd, p, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

/* Runs fn in a child; *wall_ns and *peak_bytes (each may be NULL) are the whole child's. */
static enum pm_status in_child(child_fn *fn, const struct task *t, struct report *report, uint64_t *wall_ns,
                               uint64_t *peak_bytes, struct pm_error *err)
{
    int ends[2], wait_status = 0;
    struct rusage usage = {0};
    *report = (struct report){.status = PM_INTERNAL};
    if (pipe(ends) != 0) return pm_fail(err, PM_IO, "a pipe cannot be made: %s", strerror(errno));
    uint64_t start = pm_clock_ns();
    pid_t pid = fork();
    if (pid == 0) {
        report->status = fn(t, report);
        _exit(transfer(ends[1], report, sizeof *report, true) ? 0 : 1);
    }
    (void)close(ends[1]);
    bool told = pid > 0 && transfer(ends[0], report, sizeof *report, false);
    (void)close(ends[0]);
    if (pid < 0) return pm_fail(err, PM_NO_MEMORY, "a process cannot be made: %s", strerror(errno));
    while (wait4(pid, &wait_status, 0, &usage) < 0 && errno == EINTR) {}
    if (wall_ns) *wall_ns = pm_clock_ns() - start;
    if (peak_bytes) *peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
    if (!told || wait_status != 0)
        return pm_fail(err, PM_INTERNAL, "the process at work ended by itself (wait status %d)", wait_status);
    return report->status == PM_OK ? PM_OK : pm_fail(err, report->status, "%s", report->err.text);
}

static enum pm_status measure_setup(struct measure *m, const struct task *t, struct report *report)
{
    uint64_t peak;
    unsigned runs = m->row.runs;
    PM_TRY(in_child(child_setup, t, report, NULL, &peak, m->err));
    m->row.runs = 1; /* once is enough: it is long, and not what users wait for */
    measure_given(m, "development setup", "constraint", t->n_constraints, report->prove_ns, peak);
    m->row.runs = runs;
    return PM_OK;
}

static enum pm_status measure_cold(struct measure *m, struct task *t, struct report *report)
{
    uint64_t wall[PM_MEASURE_MAX_RUNS], load[PM_MEASURE_MAX_RUNS], most = 0;
    t->n_proofs = 1;
    for (unsigned i = 0; i < m->row.runs; i++) {
        uint64_t peak;
        PM_TRY(in_child(child_prove, t, report, &wall[i], &peak, m->err));
        load[i] = report->load_ns;
        most = peak > most ? peak : most;
    }
    measure_given(m, "cold: process and all", "proof", 1, wall, most);
    measure_given(m, "cold: loading the key", "key", 1, load, 0);
    return PM_OK;
}

/* The first proof is not counted. */
static enum pm_status measure_warm(struct measure *m, struct task *t, struct report *report)
{
    static const char *const what[] = {"warm: rows", "warm: transforms", "warm: multiexponentiations",
                                       "warm: checking the proof"};
    uint64_t peak, ns[PM_MEASURE_MAX_RUNS];
    unsigned runs = m->row.runs;
    t->n_proofs = runs < PM_MEASURE_MAX_RUNS ? runs + 1 : runs;
    t->warm = true;
    PM_TRY(in_child(child_prove, t, report, NULL, &peak, m->err));
    unsigned first = t->n_proofs - runs;
    memcpy(ns, report->prove_ns + first, runs * sizeof *ns);
    m->row.device_bytes = report->device_bytes;
    m->row.device_planned_bytes = report->device_planned_bytes;
    measure_given(m, "warm: proof", "proof", 1, ns, peak);
    for (int stage = 0; stage < 4; stage++) {
        for (unsigned i = 0; i < runs; i++) {
            const struct pm_prove_times *p = &report->times[first + i];
            const uint64_t of[] = {p->rows_ns, p->ntt_ns, p->msm_ns, p->check_ns};
            ns[i] = of[stage];
        }
        measure_given(m, what[stage], "proof", 1, ns, 0);
    }
    m->row.runs = 1;
    if (t->options->table_bytes)
        measure_given(m, "warm: loading, with tables", "key", 1, &report->load_ns, 0);
    measure_given(m, "warm: a batch", "proof", batch_of(t), &report->batch_ns, 0);
    m->row.runs = runs;
    return PM_OK;
}

static enum pm_status measure_batch(struct measure *m, struct task *t, struct report *report)
{
    char what[64];
    uint64_t peak;
    unsigned runs = m->row.runs;
    t->n_proofs = runs;
    (void)snprintf(what, sizeof what, "warm: %u at a time", t->options->in_flight);
    PM_TRY(in_child(child_batch, t, report, NULL, &peak, m->err));
    m->row.runs = 1;
    measure_given(m, what, "proof", (uint64_t)runs * t->options->in_flight, report->prove_ns, peak);
    m->row.runs = runs;
    return PM_OK;
}

enum pm_status pm_measure_prove(const struct pm_measure_options *options, pm_measure_emit *emit, void *ctx,
                                struct pm_error *err)
{
    struct measure m;
    struct task t = {.options = options};
    struct report report;
    enum pm_status status;
    PM_TRY(measure_begin(&m, "prove", 12, false, options, emit, ctx, err));
    if (m.row.size < 2 * spare_rows)
        return pm_fail(err, PM_USAGE, "proofs are measured from %d constraints on", 2 * spare_rows);
    if (options->in_flight > PM_MEASURE_MAX_IN_FLIGHT || options->kind > PM_SYNTH_BITS)
        return pm_fail(err, PM_USAGE, "up to %d proofs at a time of a kind of circuit that there is expected",
                       PM_MEASURE_MAX_IN_FLIGHT);
    PM_TRY(measure_files_make(&t.files, err));
    t.n_constraints = (uint32_t)m.row.size - spare_rows;
    PM_GOTO(pm_synth(t.files.r1cs, t.files.wtns, options->curve, (enum pm_synth_kind)options->kind,
                     t.n_constraints, err));
    PM_GOTO(measure_setup(&m, &t, &report));
    PM_GOTO(measure_cold(&m, &t, &report));
    PM_GOTO(measure_warm(&m, &t, &report));
    if (options->in_flight) PM_GOTO(measure_batch(&m, &t, &report));
out:
    measure_files_remove(&t.files);
    return status;
}
