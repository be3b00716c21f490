/* Multiples of the generators by fixed-base tables. See multiples.h. */
#include "prove/multiples.h"
#include "base/bytes.h"

#include <stdlib.h>

enum { piece = 1 << 15 }; /* points made before they are written */

struct pm_multiples {
    const struct pm_curve *curve;
    struct pm_pool *pool;
    void *table[2], *scratch;
    size_t scratch_bytes;
    uint8_t *points; /* `piece` points of the larger group */
};

static void *aligned(size_t size) { return aligned_alloc(64, size / 64 * 64 + 64); }

static enum pm_status allocate(struct pm_multiples *m, size_t n1, size_t n2, struct pm_error *err)
{
    const struct pm_curve *c = m->curve;
    unsigned threads = pm_pool_threads(m->pool);
    size_t g1 = c->fixed_g1_scratch(threads), g2 = c->fixed_g2_scratch(threads);
    size_t points = (size_t)piece * (n2 ? c->g2_bytes : c->g1_bytes);
    size_t table1 = n1 ? c->fixed_g1_table_bytes(n1) : 0, table2 = n2 ? c->fixed_g2_table_bytes(n2) : 0;
    m->scratch_bytes = g1 > g2 ? g1 : g2;
    m->scratch = aligned(m->scratch_bytes);
    m->points = malloc(points);
    if (n1) m->table[0] = aligned(table1);
    if (n2) m->table[1] = aligned(table2);
    if (m->scratch && m->points && (!n1 || m->table[0]) && (!n2 || m->table[1])) return PM_OK;
    return pm_fail(err, PM_NO_MEMORY, "%zu bytes to make points cannot be had",
                   m->scratch_bytes + points + table1 + table2);
}

enum pm_status pm_multiples_new(struct pm_multiples **out, const struct pm_curve *curve, struct pm_pool *pool,
                                size_t n1, size_t n2, struct pm_error *err)
{
    *out = NULL;
    struct pm_multiples *m = malloc(sizeof *m);
    if (!m) return pm_fail(err, PM_NO_MEMORY, "no memory to make points");
    *m = (struct pm_multiples){.curve = curve, .pool = pool};
    enum pm_status status = allocate(m, n1, n2, err);
    if (status != PM_OK) {
        pm_multiples_free(&m);
        return status;
    }
    if (n1) curve->fixed_g1_table(pool, m->table[0], curve->g1_generator, n1, m->scratch);
    if (n2) curve->fixed_g2_table(pool, m->table[1], curve->g2_generator, n2, m->scratch);
    *out = m;
    return PM_OK;
}

void pm_multiples_free(struct pm_multiples **at)
{
    struct pm_multiples *m = *at;
    if (!m) return;
    if (m->scratch) pm_wipe(m->scratch, m->scratch_bytes);
    free(m->scratch);
    free(m->points);
    free(m->table[0]);
    free(m->table[1]);
    free(m);
    *at = NULL;
}

void pm_multiples_make(struct pm_multiples *m, uint8_t *out, unsigned group, const uint8_t *scalars, size_t n)
{
    if (group == 1)
        m->curve->fixed_g1_var(m->pool, out, m->table[0], scalars, n, m->scratch);
    else
        m->curve->fixed_g2_var(m->pool, out, m->table[1], scalars, n, m->scratch);
}

enum pm_status pm_multiples_write(struct pm_multiples *m, struct pm_binwriter *out, unsigned group,
                                  const uint8_t *scalars, size_t n, struct pm_error *err)
{
    size_t point = group == 1 ? m->curve->g1_bytes : m->curve->g2_bytes;
    for (size_t done = 0; done < n; done += piece) {
        size_t count = n - done < piece ? n - done : piece;
        pm_multiples_make(m, m->points, group, scalars + done * m->curve->fr_bytes, count);
        PM_TRY(pm_binwriter_put(out, m->points, count * point, err));
    }
    return PM_OK;
}
