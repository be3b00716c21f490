/* Constraints at tau, and as coefficients of a .zkey. See setup_rows.h. */
#include "prove/setup_rows.h"
#include "base/bytes.h"
#include "prove/lagrange.h"

#include <sched.h>
#include <stdlib.h>

enum {
    element_bytes = 32,
    term_bytes = 4 + element_bytes,
    record_bytes = 12 + element_bytes,
    run_rows = 2048,     /* a run ends with this many rows, */
    run_terms = 1 << 14, /* or when it has got as many terms */
    buffer_records = 1 << 16,
    n_locks = 4096
};

static uint8_t *element(uint8_t *array, size_t i) { return array + i * element_bytes; }

/* -- runs -- */

static enum pm_status add_run(struct pm_setup_rows *rows, size_t *room, struct pm_setup_run run,
                              struct pm_error *err)
{
    if (rows->n_runs == *room) {
        size_t more = *room ? 2 * *room : 64;
        struct pm_setup_run *grown = realloc(rows->run, more * sizeof *grown);
        if (!grown) return pm_fail(err, PM_NO_MEMORY, "no memory for an index of the constraints");
        rows->run = grown;
        *room = more;
    }
    rows->run[rows->n_runs++] = run;
    return PM_OK;
}

enum pm_status pm_setup_rows_init(struct pm_setup_rows *out, const struct pm_r1cs *r1cs, struct pm_error *err)
{
    size_t room = 0;
    uint64_t terms = 0, first = 0;
    struct pm_setup_run here = {0};
    enum pm_status status = PM_OK;
    *out = (struct pm_setup_rows){.r1cs = r1cs, .n_public = r1cs->n_outputs + r1cs->n_public_inputs};
    for (; here.row < r1cs->n_constraints && status == PM_OK; here.row++) {
        if (here.row == first || here.row - first == run_rows || terms >= run_terms) {
            if (out->n_runs) pm_r1cs_release(r1cs, out->run[out->n_runs - 1].at, here.at);
            status = add_run(out, &room, here, err);
            first = here.row;
            terms = 0;
        }
        struct pm_lc lc[3];
        pm_r1cs_next(r1cs, &here.at, lc);
        here.record_at += (uint64_t)lc[0].n_terms + lc[1].n_terms;
        terms += (uint64_t)lc[0].n_terms + lc[1].n_terms + lc[2].n_terms;
    }
    if (status == PM_OK) status = add_run(out, &room, here, err);
    uint64_t records = here.record_at + out->n_public + 1;
    if (status == PM_OK && records > UINT32_MAX)
        status = pm_fail(err, PM_UNSUPPORTED, "%llu coefficients: the format holds fewer than 2^32",
                         (unsigned long long)records);
    if (status != PM_OK) {
        pm_setup_rows_fini(out);
        return status;
    }
    out->n_runs--;
    out->n_records = (uint32_t)records;
    for (size_t i = 0; i < out->n_runs; i++) {
        uint64_t here_records = out->run[i + 1].record_at - out->run[i].record_at;
        if (here_records > out->most_records) out->most_records = here_records;
    }
    return PM_OK;
}

void pm_setup_rows_fini(struct pm_setup_rows *rows)
{
    free(rows->run);
    *rows = (struct pm_setup_rows){0};
}

/* -- sums over the rows -- */

struct sums {
    const struct pm_setup_rows *rows;
    const struct pm_curve *curve;
    unsigned log2_n;
    uint8_t root[element_bytes];
    const uint8_t *tau;
    uint8_t *to[3]; /* a, b, c */
    uint8_t *work;  /* 2 * run_rows elements a thread */
    size_t next;
    bool alone;            /* one thread: no locks */
    uint8_t lock[n_locks]; /* of the wires with that remainder */
};

/* L_row(tau) for n <= run_rows rows from `first` on, times factor. */
static void lagrange_of_rows(const struct sums *s, uint8_t *out, uint32_t first, size_t n,
                             const uint8_t *factor, uint8_t *scratch)
{
    uint8_t x[element_bytes];
    pm_power(s->curve, x, s->root, first);
    pm_lagrange_at(s->curve, NULL, out, s->log2_n, x, s->root, n, s->tau, factor, scratch);
}

static void add_to_wire(struct sums *s, int matrix, uint32_t wire, const uint8_t *product)
{
    uint8_t *sum = element(s->to[matrix], wire), *lock = &s->lock[wire % n_locks];
    if (!s->alone)
        while (__atomic_test_and_set(lock, __ATOMIC_ACQUIRE)) (void)sched_yield();
    s->curve->fr_add(sum, sum, product);
    if (!s->alone) __atomic_clear(lock, __ATOMIC_RELEASE);
}

/* The constant wire, which is in many rows, is summed up apart: its lock would be in great demand. */
static void sum_run(struct sums *s, size_t run, uint8_t *work)
{
    const struct pm_r1cs *r1cs = s->rows->r1cs;
    const struct pm_setup_run *r = &s->rows->run[run];
    uint8_t *lagrange = work, product[element_bytes], constant[3][element_bytes] = {{0}};
    uint64_t at = r->at;
    lagrange_of_rows(s, lagrange, r->row, r[1].row - r->row, NULL, element(work, run_rows));
    for (uint32_t row = r->row; row < r[1].row; row++) {
        struct pm_lc lc[3];
        pm_r1cs_next(r1cs, &at, lc);
        for (int matrix = 0; matrix < 3; matrix++) {
            const uint8_t *term = lc[matrix].terms;
            for (uint32_t i = 0; i < lc[matrix].n_terms; i++, term += term_bytes) {
                uint32_t wire = pm_load_le32(term);
                s->curve->fr_mul(product, term + 4, element(lagrange, row - r->row));
                if (wire == 0)
                    s->curve->fr_add(constant[matrix], constant[matrix], product);
                else
                    add_to_wire(s, matrix, wire, product);
            }
        }
    }
    for (int matrix = 0; matrix < 3; matrix++) add_to_wire(s, matrix, 0, constant[matrix]);
    pm_r1cs_release(r1cs, r->at, at);
}

static void sum_runs(void *ctx, size_t begin, size_t end)
{
    struct sums *s = ctx;
    for (size_t thread = begin; thread < end; thread++) {
        size_t run;
        while ((run = __atomic_fetch_add(&s->next, 1, __ATOMIC_RELAXED)) < s->rows->n_runs)
            sum_run(s, run, element(s->work, thread * 2 * run_rows));
    }
}

static void sum_public_rows(struct sums *s)
{
    static const uint8_t one[element_bytes] = {1};
    size_t n = (size_t)s->rows->n_public + 1;
    for (size_t done = 0; done < n; done += run_rows) {
        size_t count = n - done < run_rows ? n - done : run_rows;
        lagrange_of_rows(s, s->work, s->rows->r1cs->n_constraints + (uint32_t)done, count, one,
                         element(s->work, run_rows));
        for (size_t i = 0; i < count; i++) {
            uint8_t *sum = element(s->to[0], done + i);
            s->curve->fr_add(sum, sum, element(s->work, i));
        }
    }
}

enum pm_status pm_setup_rows_sum(const struct pm_setup_rows *rows, struct pm_pool *pool, unsigned log2_n,
                                 const uint8_t *tau, uint8_t *a, uint8_t *b, uint8_t *c, struct pm_error *err)
{
    size_t threads = pm_pool_threads(pool), size = threads * 2 * run_rows * element_bytes;
    struct sums s = {.rows = rows,
                     .curve = rows->r1cs->curve,
                     .log2_n = log2_n,
                     .tau = tau,
                     .to = {a, b, c},
                     .work = malloc(size),
                     .alone = threads == 1};
    if (!s.work) return pm_fail(err, PM_NO_MEMORY, "%zu bytes to sum up rows cannot be had", size);
    s.curve->fr_root(s.root, log2_n);
    pm_pool_for(pool, threads, 1, sum_runs, &s);
    sum_public_rows(&s);
    pm_wipe(s.work, size);
    free(s.work);
    return PM_OK;
}

/* -- coefficients -- */

struct records {
    const struct pm_setup_rows *rows;
    const struct pm_curve *curve;
    size_t first; /* run */
    uint8_t *buffer;
};

static void put_record(const struct pm_curve *curve, uint8_t *out, uint32_t matrix, uint32_t row,
                       uint32_t wire, const uint8_t *plain)
{
    pm_store_le32(out, matrix);
    pm_store_le32(out + 4, row);
    pm_store_le32(out + 8, wire);
    curve->fr_to_mont(out + 12, plain);
    curve->fr_to_mont(out + 12, out + 12);
}

static void make_records(void *ctx, size_t begin, size_t end)
{
    const struct records *job = ctx;
    for (size_t i = begin; i < end; i++) {
        const struct pm_setup_run *r = &job->rows->run[job->first + i];
        uint64_t at = r->at;
        uint8_t *out = job->buffer + (r->record_at - job->rows->run[job->first].record_at) * record_bytes;
        for (uint32_t row = r->row; row < r[1].row; row++) {
            struct pm_lc lc[3];
            pm_r1cs_next(job->rows->r1cs, &at, lc);
            for (uint32_t matrix = 0; matrix < 2; matrix++) {
                const uint8_t *term = lc[matrix].terms;
                for (uint32_t k = 0; k < lc[matrix].n_terms; k++, term += term_bytes, out += record_bytes)
                    put_record(job->curve, out, matrix, row, pm_load_le32(term), term + 4);
            }
        }
        pm_r1cs_release(job->rows->r1cs, r->at, at);
    }
}

static enum pm_status write_records(struct records *job, uint64_t room, struct pm_pool *pool,
                                    struct pm_binwriter *out, struct pm_error *err)
{
    static const uint8_t one[element_bytes] = {1};
    const struct pm_setup_rows *rows = job->rows;
    const struct pm_setup_run *run = rows->run;
    uint8_t count[4], record[record_bytes];
    pm_store_le32(count, rows->n_records);
    PM_TRY(pm_binwriter_put(out, count, sizeof count, err));
    while (job->first < rows->n_runs) {
        size_t last = job->first + 1;
        while (last < rows->n_runs && run[last + 1].record_at - run[job->first].record_at <= room) last++;
        pm_pool_for(pool, last - job->first, 1, make_records, job);
        PM_TRY(pm_binwriter_put(out, job->buffer,
                                (run[last].record_at - run[job->first].record_at) * record_bytes, err));
        job->first = last;
    }
    for (uint32_t wire = 0; wire <= rows->n_public; wire++) {
        put_record(job->curve, record, 0, rows->r1cs->n_constraints + wire, wire, one);
        PM_TRY(pm_binwriter_put(out, record, sizeof record, err));
    }
    return PM_OK;
}

enum pm_status pm_setup_rows_write(const struct pm_setup_rows *rows, struct pm_pool *pool,
                                   struct pm_binwriter *out, struct pm_error *err)
{
    uint64_t room = rows->most_records > buffer_records ? rows->most_records : buffer_records;
    struct records job = {.rows = rows, .curve = rows->r1cs->curve, .buffer = malloc(room * record_bytes)};
    if (!job.buffer)
        return pm_fail(err, PM_NO_MEMORY, "%llu bytes for coefficients cannot be had",
                       (unsigned long long)room * record_bytes);
    enum pm_status status = write_records(&job, room, pool, out, err);
    free(job.buffer);
    return status;
}
