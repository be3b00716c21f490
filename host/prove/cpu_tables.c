/* Which tables a key gets, and their making. See cpu_tables.h. */
#include "prove/cpu_tables.h"

enum { worthwhile_percent = 10, n_queries = 5 };

struct query {
    const struct pm_msm_kind *kind;
    const uint8_t *bases;
    size_t n;
    unsigned c;
    const uint8_t **table;
};

/* H first. */
static void queries(struct query out[n_queries], struct pm_cpu_tables *t, const struct pm_curve *curve,
                    const struct pm_backend_key *key)
{
    const size_t n = key->n_vars, n_private = n - key->n_public - 1, domain = (size_t)1 << key->log2_domain;
    const struct pm_msm_kind *g1 = curve->msm_g1, *g2 = curve->msm_g2;
    out[0] = (struct query){g1, key->h, domain, t->h_c, &t->h};
    out[1] = (struct query){g1, key->a, n, t->witness_c, &t->a};
    out[2] = (struct query){g1, key->b1, n, t->witness_c, &t->b1};
    out[3] = (struct query){g2, key->b2, n, t->witness_c, &t->b2};
    out[4] = (struct query){g1, key->c, n_private, t->witness_c, &t->c};
}

static size_t bytes_of(const struct query *q, unsigned c)
{
    const size_t bytes = pm_msm_table_bytes(q->kind, q->n, c);
    return bytes > SIZE_MAX / 8 ? SIZE_MAX / 8 : (bytes + 63) / 64 * 64;
}

/* The window for queries [from, to), which share scalars, or 0; *bytes of room. */
static unsigned choose(size_t *bytes, const struct query *q, size_t from, size_t to, size_t room,
                       unsigned threads)
{
    unsigned saved;
    const unsigned c = pm_msm_table_window(&saved, q[from].kind, q[from].n, threads);
    *bytes = 0;
    if (c == 0 || saved < worthwhile_percent) return 0;
    for (size_t i = from; i < to; i++) *bytes += bytes_of(&q[i], c);
    if (*bytes <= room) return c;
    *bytes = 0;
    return 0;
}

void pm_cpu_tables_plan(struct pm_cpu_tables *out, const struct pm_curve *curve,
                        const struct pm_backend_key *key)
{
    struct query q[n_queries];
    const unsigned threads = key->table_threads;
    size_t bytes;
    *out = (struct pm_cpu_tables){.h_c = 0};
    if (key->table_bytes == 0) return;
    queries(q, out, curve, key);
    out->h_c = choose(&bytes, q, 0, 1, key->table_bytes, threads);
    out->bytes = bytes;
    out->witness_c = choose(&bytes, q, 1, n_queries, key->table_bytes - out->bytes, threads);
    out->bytes += bytes;
}

enum pm_status pm_cpu_tables_make(struct pm_cpu_tables *tables, struct pm_arena *memory,
                                  const struct pm_curve *curve, const struct pm_backend_key *key,
                                  struct pm_pool *pool, struct pm_error *err)
{
    struct query q[n_queries];
    struct pm_arena scratch;
    const unsigned threads = pm_pool_threads(pool);
    const size_t one = pm_msm_table_scratch(curve->msm_g1, threads),
                 two = pm_msm_table_scratch(curve->msm_g2, threads);
    if (tables->bytes == 0) return PM_OK;
    PM_TRY(pm_arena_init(memory, tables->bytes, err));
    const enum pm_status status = pm_arena_init(&scratch, one > two ? one : two, err);
    if (status != PM_OK) {
        pm_arena_fini(memory);
        return status;
    }
    queries(q, tables, curve, key);
    for (int i = 0; i < n_queries; i++) {
        if (q[i].c == 0) continue;
        uint8_t *table = pm_arena_take(memory, 1, bytes_of(&q[i], q[i].c));
        pm_msm_table_make(q[i].kind, pool, table, q[i].bases, q[i].n, q[i].c, scratch.block);
        *q[i].table = table;
    }
    pm_arena_fini(&scratch);
    return PM_OK;
}
