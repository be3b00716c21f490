/* The CPU backend: rows and transforms of math/curve.h in sequence, each spread over the pool, then all sums
 * as one list of tasks. See backend.h. Not here: blinding, checks (prover.c). */
#include "prove/backend.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "math/curve.h"
#include "prove/cpu_tables.h"

#include <stdio.h>
#include <stdlib.h>

/* A loaded key: the key's bytes are used where they lie; twiddles are made, and tables if there is a budget.
 */
struct cpu_key {
    const struct pm_curve *curve;
    struct pm_backend_key key;
    struct pm_arena table; /* of the twiddles */
    uint8_t *twiddles;
    struct pm_cpu_tables tables;
    struct pm_arena tables_memory;
};

struct cpu_work {
    const struct cpu_key *loaded;
    struct pm_pool *pool;
    uint8_t *h;       /* N elements: a, then h */
    uint8_t *b, *c;   /* N elements each; share their memory with scratch */
    uint8_t *scratch; /* of the MSMs */
};

static unsigned cpu_count(void) { return 1; }

static enum pm_status cpu_describe(struct pm_backend_device *out, unsigned device, struct pm_error *err)
{
    if (device != 0) return pm_fail(err, PM_NOT_FOUND, "device cpu:%u: there is only cpu:0", device);
    const struct pm_curve *curve = pm_curve_by_name("bn128");
    out->memory_bytes = 0;
    (void)snprintf(out->text, sizeof out->text, "CPU, build %s", curve ? curve->build : "unknown");
    return PM_OK;
}

static enum pm_status find_curve(const struct pm_curve **out, const char *name, unsigned log2_n,
                                 struct pm_error *err)
{
    *out = pm_curve_by_name(name);
    if (!*out) return pm_fail(err, PM_UNSUPPORTED, "curve \"%s\" is not supported on the cpu", name);
    if (log2_n + 1 > (*out)->two_adicity)
        return pm_fail(err, PM_UNSUPPORTED, "a domain of 2^%u: the largest on curve %s is 2^%u", log2_n, name,
                       (*out)->two_adicity - 1);
    return PM_OK;
}

/* The sums of a proof: one over h, four over the witness. */
struct sums {
    struct pm_msm_set sets[2];
    struct pm_msm_part parts[5];
    struct pm_point1 a, b1, c, h;
    struct pm_point2 b2;
};

static void sums_init(struct sums *s, const struct pm_curve *curve, const struct pm_backend_key *key,
                      const struct pm_cpu_tables *tables, const uint8_t *witness, const uint8_t *h)
{
    const uint8_t *const table[5] = {tables->a, tables->b1, tables->b2, tables->c, tables->h};
    const size_t n = key->n_vars, n_private = n - key->n_public - 1, domain = (size_t)1 << key->log2_domain;
    const struct pm_msm_kind *g1 = curve->msm_g1, *g2 = curve->msm_g2;
    struct pm_msm_set *w = &s->sets[0], *q = &s->sets[1];
    *w = (struct pm_msm_set){.scalars = witness, .n = n};
    *q = (struct pm_msm_set){.scalars = h, .n = domain};
    s->parts[0] = (struct pm_msm_part){.kind = g1, .set = w, .bases = key->a, .n = n, .out = &s->a};
    s->parts[1] = (struct pm_msm_part){.kind = g1, .set = w, .bases = key->b1, .n = n, .out = &s->b1};
    s->parts[2] = (struct pm_msm_part){.kind = g2, .set = w, .bases = key->b2, .n = n, .out = &s->b2};
    s->parts[3] = (struct pm_msm_part){
        .kind = g1, .set = w, .bases = key->c, .first = n - n_private, .n = n_private, .out = &s->c};
    s->parts[4] = (struct pm_msm_part){.kind = g1, .set = q, .bases = key->h, .n = domain, .out = &s->h};
    for (int i = 0; i < 5; i++) {
        s->parts[i].table = table[i];
        s->parts[i].table_c = i < 4 ? tables->witness_c : tables->h_c;
    }
}

static size_t msm_scratch(const struct pm_curve *curve, const struct pm_backend_key *key,
                          const struct pm_cpu_tables *tables, unsigned threads)
{
    struct sums s;
    sums_init(&s, curve, key, tables, NULL, NULL);
    for (int i = 0; i < 5; i++) /* planned, if not made yet */
        s.parts[i].table = s.parts[i].table_c ? s.parts[i].bases : NULL;
    return pm_msm_scratch(s.parts, 5, s.sets, 2, threads);
}

/* The workspace's memory; planning and taking are the same calls. b and c are dead when the MSMs begin. */
static struct cpu_work *take(struct pm_arena *arena, const struct pm_curve *curve,
                             const struct pm_backend_key *key, const struct pm_cpu_tables *tables,
                             unsigned threads)
{
    size_t n = (size_t)1 << key->log2_domain;
    struct cpu_work at = {.h = NULL};
    struct cpu_work *work = pm_arena_take(arena, 1, sizeof *work);
    at.h = pm_arena_take(arena, n, curve->fr_bytes);
    size_t mark = arena->used;
    at.b = pm_arena_take(arena, n, curve->fr_bytes);
    at.c = pm_arena_take(arena, n, curve->fr_bytes);
    size_t end = arena->used;
    pm_arena_rewind(arena, mark);
    at.scratch = pm_arena_take(arena, 1, msm_scratch(curve, key, tables, threads));
    if (arena->used < end) arena->used = end;
    if (work) *work = at;
    return work;
}

static enum pm_status cpu_plan(struct pm_backend_plan *out, const struct pm_backend_key *key, unsigned device,
                               unsigned threads, struct pm_error *err)
{
    (void)device;
    const struct pm_curve *curve;
    PM_TRY(find_curve(&curve, key->curve, key->log2_domain, err));
    struct pm_arena arena;
    struct pm_cpu_tables tables;
    pm_cpu_tables_plan(&tables, curve, key);
    pm_arena_plan(&arena);
    (void)take(&arena, curve, key, &tables, threads);
    *out = (struct pm_backend_plan){.host_key_bytes = sizeof(struct cpu_key) +
                                                      curve->ntt_table_bytes(key->log2_domain) + tables.bytes,
                                    .host_work_bytes = arena.used,
                                    .table_bytes = tables.bytes};
    return PM_OK;
}

static uint8_t *aligned_bytes(size_t size)
{
    if (size > SIZE_MAX - 64) return NULL;
    return aligned_alloc(64, size / 64 * 64 + 64);
}

/* 1/n, Montgomery. */
static void inverse_of_size(const struct pm_curve *curve, uint8_t *out, unsigned log2_n)
{
    uint8_t n[PM_FR_MAX_BYTES] = {0};
    n[log2_n / 8] = (uint8_t)(1u << log2_n % 8);
    curve->fr_to_mont(out, n);
    curve->fr_inv(out, out);
}

static void cpu_unload(void **loaded)
{
    struct cpu_key *k = *loaded;
    if (!k) return;
    pm_arena_fini(&k->tables_memory);
    pm_arena_fini(&k->table);
    free(k);
    *loaded = NULL;
}

static enum pm_status cpu_load(void **loaded, const struct pm_backend_key *key, unsigned device,
                               struct pm_pool *pool, struct pm_error *err)
{
    (void)device;
    *loaded = NULL;
    const struct pm_curve *curve;
    PM_TRY(find_curve(&curve, key->curve, key->log2_domain, err));
    size_t table_bytes = curve->ntt_table_bytes(key->log2_domain);
    struct cpu_key *k = calloc(1, sizeof *k);
    if (!k) return pm_fail(err, PM_NO_MEMORY, "no memory for a loaded key");
    *k = (struct cpu_key){.curve = curve, .key = *key};
    pm_cpu_tables_plan(&k->tables, curve, key);
    enum pm_status status = pm_arena_init(&k->table, table_bytes, err);
    if (status == PM_OK) status = pm_cpu_tables_make(&k->tables, &k->tables_memory, curve, key, pool, err);
    if (status != PM_OK) {
        void *failed = k;
        cpu_unload(&failed);
        return status;
    }
    k->twiddles = pm_arena_take(&k->table, 1, table_bytes);
    curve->ntt_table_make(k->twiddles, key->log2_domain, pool);
    *loaded = k;
    return PM_OK;
}

static enum pm_status cpu_open(void **work, void *loaded, struct pm_arena *arena, struct pm_pool *pool,
                               struct pm_error *err)
{
    (void)err;
    const struct cpu_key *k = loaded;
    struct cpu_work *w = take(arena, k->curve, &k->key, &k->tables, pm_pool_threads(pool));
    if (w) {
        w->loaded = k;
        w->pool = pool;
    }
    *work = w;
    return PM_OK;
}

static void cpu_close(void **work) { *work = NULL; } /* all its memory is the arena's, whose owner wipes it */

static struct pm_rows as_rows(const struct pm_backend_rows *r)
{
    return (struct pm_rows){r->n_rows, r->step, r->start, r->entry, r->column, r->coefficient};
}

/* About how far a proof is, in permille, when rows, each of three transforms, and all sums are done. */
enum { after_rows = 30, per_transform = 50, before_sums = after_rows + 3 * per_transform, after_sums = 980 };
/* Below this size the three transforms are done together, so that threads meet less often. */
enum { log2_apart = 18 };

/* w->h = a b - c on the odd coset, plain. */
static bool quotient(struct cpu_work *w, const uint8_t *witness, struct pm_backend_times *times,
                     const struct pm_watch *watch)
{
    const struct cpu_key *k = w->loaded;
    const struct pm_curve *curve = k->curve;
    unsigned log2_n = k->key.log2_domain;
    size_t n = (size_t)1 << log2_n;
    uint64_t t0 = pm_clock_ns();
    struct pm_rows rows_a = as_rows(&k->key.rows_a), rows_b = as_rows(&k->key.rows_b);
    curve->fr_rows_mul(w->pool, w->h, &rows_a, witness);
    curve->fr_rows_mul(w->pool, w->b, &rows_b, witness);
    if (k->key.rows_done) k->key.rows_done(k->key.rows_owner);
    curve->fr_vec_mul(w->pool, w->c, w->h, w->b, n);
    uint64_t t1 = pm_clock_ns();
    uint8_t *const transformed[3] = {w->h, w->b, w->c};
    const unsigned together = log2_n < log2_apart ? 3 : 1;
    for (unsigned i = 0; i < 3; i += together) {
        if (!pm_watch_ask(watch, after_rows + i * per_transform)) return false;
        curve->ntt_odd_coset(w->pool, transformed + i, together, log2_n, k->twiddles, log2_n);
    }
    curve->fr_vec_mul_sub(w->pool, w->h, w->h, w->b, w->c, n);
    curve->fr_vec_from_mont(w->pool, w->h, w->h, n);
    times->rows_ns = t1 - t0;
    times->ntt_ns = pm_clock_ns() - t1;
    return pm_watch_ask(watch, before_sums);
}

static bool sums_go_on(void *ctx, unsigned permille)
{
    return pm_watch_ask(ctx, before_sums + (after_sums - before_sums) * permille / 1000);
}

static void one_partial1(const struct pm_curve *curve, struct pm_partials *out, const struct pm_point1 *sum)
{
    out->n = 1;
    out->shift[0] = 0;
    curve->g1_to_affine(out->points, sum);
}

static void one_partial2(const struct pm_curve *curve, struct pm_partials *out, const struct pm_point2 *sum)
{
    out->n = 1;
    out->shift[0] = 0;
    curve->g2_to_affine(out->points, sum);
}

static enum pm_status cpu_prove(void *work, struct pm_backend_sums *out, const uint8_t *witness,
                                struct pm_backend_times *times, const struct pm_watch *watch,
                                struct pm_error *err)
{
    struct cpu_work *w = work;
    const struct pm_curve *curve = w->loaded->curve;
    const struct pm_backend_key *key = &w->loaded->key;
    struct sums s;

    struct pm_watch whole, sums = {.go_on = sums_go_on, .ctx = &whole};
    if (watch) whole = *watch;
    if (!quotient(w, witness, times, watch)) return pm_fail(err, PM_CANCELLED, "the proof was cancelled");
    uint64_t t0 = pm_clock_ns();
    sums_init(&s, curve, key, &w->loaded->tables, witness, w->h);
    if (!pm_msm_sum_var(w->pool, s.parts, 5, s.sets, 2, w->scratch, watch ? &sums : NULL))
        return pm_fail(err, PM_CANCELLED, "the proof was cancelled");
    one_partial1(curve, &out->a, &s.a);
    one_partial1(curve, &out->b1, &s.b1);
    one_partial2(curve, &out->b2, &s.b2);
    curve->g1_add(&s.c, &s.c, &s.h);
    one_partial1(curve, &out->ch, &s.c);
    times->msm_ns = pm_clock_ns() - t0;
    pm_wipe(&s, sizeof s);
    return PM_OK;
}

static enum pm_status cpu_msm(struct pm_partials *out, const char *curve_name, unsigned group,
                              const uint8_t *bases, const uint8_t *scalars, size_t n, unsigned device,
                              struct pm_pool *pool, struct pm_error *err)
{
    (void)device;
    const struct pm_curve *curve;
    PM_TRY(find_curve(&curve, curve_name, 0, err));
    if (group != 1 && group != 2) return pm_fail(err, PM_USAGE, "group %u: expected 1 or 2", group);
    unsigned threads = pm_pool_threads(pool);
    size_t size = pm_msm_one_scratch(group == 1 ? curve->msm_g1 : curve->msm_g2, n, threads);
    uint8_t *scratch = aligned_bytes(size);
    if (!scratch)
        return pm_fail(err, PM_NO_MEMORY, "%zu bytes for an MSM of %zu points cannot be had", size, n);
    if (group == 1) {
        struct pm_point1 sum;
        pm_msm_one_var(curve->msm_g1, pool, &sum, bases, scalars, n, scratch);
        one_partial1(curve, out, &sum);
    } else {
        struct pm_point2 sum;
        pm_msm_one_var(curve->msm_g2, pool, &sum, bases, scalars, n, scratch);
        one_partial2(curve, out, &sum);
    }
    free(scratch);
    return PM_OK;
}

static enum pm_status cpu_ntt(uint8_t *data, const char *curve_name, enum pm_ntt_kind kind, unsigned log2_n,
                              unsigned device, struct pm_pool *pool, struct pm_error *err)
{
    (void)device;
    const struct pm_curve *curve;
    PM_TRY(find_curve(&curve, curve_name, log2_n, err));
    size_t size = curve->ntt_table_bytes(log2_n);
    uint8_t *table = aligned_bytes(size);
    if (!table) return pm_fail(err, PM_NO_MEMORY, "%zu bytes for roots of unity cannot be had", size);
    curve->ntt_table_make(table, log2_n, pool);
    uint8_t one[PM_FR_MAX_BYTES] = {1}, scale[PM_FR_MAX_BYTES];
    curve->fr_to_mont(one, one);
    inverse_of_size(curve, scale, log2_n);
    switch (kind) {
    case PM_NTT_INVERSE:
        curve->ntt_inverse(pool, data, log2_n, table, log2_n);
        curve->ntt_shift(pool, data, log2_n, scale, one);
        break;
    case PM_NTT_FORWARD:
        curve->ntt_forward(pool, data, log2_n, table, log2_n);
        break;
    case PM_NTT_ODD_COSET:
        curve->ntt_odd_coset(pool, &data, 1, log2_n, table, log2_n);
        break;
    }
    free(table);
    return PM_OK;
}

const struct pm_backend pm_backend_cpu = {
    .name = "cpu",
    .trusted = true,
    .count = cpu_count,
    .describe = cpu_describe,
    .plan = cpu_plan,
    .load = cpu_load,
    .unload = cpu_unload,
    .open = cpu_open,
    .close = cpu_close,
    .prove = cpu_prove,
    .msm = cpu_msm,
    .ntt = cpu_ntt,
};
