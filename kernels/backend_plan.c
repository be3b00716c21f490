/* See backend_plan.h. Bases at infinity are left out; which base a variable has is said by maps. B1 and B2
 * share a map, so that a base of theirs is left out only where both are infinity (in an honest key both are
 * or neither). */
#include "kernels/backend_plan.h"

#include "base/bytes.h"

#include <assert.h>
#include <string.h>

/* Bytes behind each piece, for fences: tests compile this file with some. */
#ifndef GPU_PLAN_GAP
#define GPU_PLAN_GAP 0
#endif
enum { ALIGN = 256, MAX_LOG2_DOMAIN = 30, FIRST_CHUNK = 1 << 20, LAST_CHUNK = 1 << 8, SHRINKS = 3 };

size_t gpu_reserve_bytes(size_t local_bytes, unsigned threads, unsigned multiprocessors)
{
    return ((size_t)64 << 20) + local_bytes * threads * multiprocessors;
}

/* -- Which bases there are -- */

/* The bases of a map: of A; of B1 and B2; of C, whose first is that of the variable after the public ones. */
struct bases {
    const uint8_t *points[2]; /* of variable `first` on */
    size_t bytes[2];
    uint32_t first;
};

static struct bases bases_of(const struct gpu_key_plan *p, const struct pm_backend_key *key, unsigned map)
{
    const size_t g1 = p->curve->g1.affine_bytes, g2 = p->curve->g2.affine_bytes;
    if (map == GPU_A) return (struct bases){{key->a, NULL}, {g1, 0}, 0};
    if (map == GPU_B) return (struct bases){{key->b1, key->b2}, {g1, g2}, 0};
    return (struct bases){{key->c, NULL}, {g1, 0}, p->n_public + 1};
}

static bool is_infinity(const uint8_t *point, size_t bytes)
{
    return pm_load_le64(point) == 0 && pm_bytes_are_zero(point, bytes);
}

static bool has_base(const struct bases *b, uint32_t variable)
{
    if (variable < b->first) return false;
    size_t i = variable - b->first;
    bool known = false;
    for (int g = 0; g < 2; g++) {
        if (!b->points[g]) continue;
        known = true;
        if (!is_infinity(b->points[g] + i * b->bytes[g], b->bytes[g])) return true;
    }
    return !known;
}

static uint32_t count_bases(const struct gpu_key_plan *p, const struct pm_backend_key *key, unsigned map)
{
    struct bases b = bases_of(p, key, map);
    uint32_t n = 0;
    for (uint32_t v = b.first; v < p->n_vars; v++) n += has_base(&b, v);
    return n;
}

/* -- Layout -- */

static size_t take(size_t *at, size_t n, size_t bytes)
{
    size_t here = *at, size;
    if (__builtin_mul_overflow(n, bytes, &size) || __builtin_add_overflow(here, size, at) ||
        *at > SIZE_MAX - ALIGN)
        *at = SIZE_MAX / 2; /* in no budget */
    *at = (*at + ALIGN - 1) / ALIGN * ALIGN + GPU_PLAN_GAP;
    return here;
}

/* The sum of C and H shares its memory with b and c. */
struct gpu_msm_size gpu_sum_size(const struct gpu_key_plan *p, enum gpu_family sum)
{
    struct gpu_msm_size size;
    memset(&size, 0, sizeof size);
    size.counts.fulls = p->n_bases[sum];
    size.n_chunk = p->streamed ? p->n_chunk[sum] : 0;
    size.group[0] = &p->curve->g1;
    size.group[1] = sum == GPU_B ? &p->curve->g2 : NULL;
    size.scalar_bits = p->curve->scalar_bits;
    return size;
}

static size_t base_bytes(const struct gpu_key_plan *p, enum gpu_family sum, unsigned g)
{
    return g == 0 ? p->curve->g1.affine_bytes : sum == GPU_B ? p->curve->g2.affine_bytes : 0;
}

static size_t place_bases(const struct gpu_key_plan *p, size_t at[GPU_SUMS][2], size_t begin)
{
    for (int s = 0; s < GPU_SUMS; s++)
        for (unsigned g = 0; g < 2; g++)
            at[s][g] = take(&begin, p->n_bases[s], base_bytes(p, (enum gpu_family)s, g));
    return begin;
}

static void place_key(struct gpu_key_plan *p)
{
    size_t at = 0;
    p->rows_at = take(&at, 1, p->rows.bytes);
    p->table_at = take(&at, (size_t)1 << p->log2_domain, p->curve->fr_bytes);
    for (int m = 0; m < GPU_MAPS; m++) p->map_at[m] = take(&at, p->n_vars, sizeof(uint32_t));
    p->pinned_bytes = 0;
    if (p->streamed)
        p->pinned_bytes = place_bases(p, p->pinned_at, 0);
    else
        at = place_bases(p, p->bases_at, at);
    p->key_bytes = at;
}

/* shrink: of the memory that sums like to have beyond what they must, 2^-shrink; none at all past SHRINKS. */
static void place_work(struct gpu_key_plan *p, unsigned shrink)
{
    size_t at = 0, n = (size_t)1 << p->log2_domain, fr = p->curve->fr_bytes, end;
    p->chunk_bytes = 0;
    for (int s = 0; s < GPU_SUMS; s++) {
        struct gpu_msm_size size = gpu_sum_size(p, (enum gpu_family)s);
        size_t best = gpu_msm_bytes(&size), least = gpu_msm_least_bytes(&size), chunk = 0;
        p->msm_bytes[s] = shrink > SHRINKS || best < least ? least : least + ((best - least) >> shrink);
        for (unsigned g = 0; g < 2; g++)
            (void)take(&chunk, p->n_chunk[s], base_bytes(p, (enum gpu_family)s, g));
        if (p->streamed && chunk > p->chunk_bytes) p->chunk_bytes = chunk;
    }
    p->witness_at = take(&at, p->n_vars, fr);
    p->partial_at = take(&at, p->rows.n_partials, fr);
    p->counts_at = take(&at, GPU_MAPS, sizeof(struct k_counts));
    p->msm_at[GPU_A] = take(&at, 1, p->msm_bytes[GPU_A]);
    p->msm_at[GPU_B] = take(&at, 1, p->msm_bytes[GPU_B]);
    for (int i = 0; i < 2; i++) p->chunk_at[i] = take(&at, 1, p->chunk_bytes);
    p->vector_at[0] = take(&at, n, fr);
    end = at;
    p->vector_at[1] = take(&at, n, fr);
    p->vector_at[2] = take(&at, n, fr);
    p->msm_at[GPU_CH] = take(&end, 1, p->msm_bytes[GPU_CH]);
    p->work_bytes = at > end ? at : end;
}

static bool fits(struct gpu_key_plan *p, uint32_t chunk, unsigned shrink, size_t budget)
{
    p->streamed = chunk != 0;
    for (int s = 0; s < GPU_SUMS; s++) p->n_chunk[s] = chunk < p->n_bases[s] ? chunk : p->n_bases[s];
    place_key(p);
    place_work(p, shrink);
    return p->key_bytes <= budget && p->work_bytes <= budget - p->key_bytes;
}

static enum pm_status count(struct gpu_key_plan *p, const struct gpu_curve *curve,
                            const struct pm_backend_key *key, struct pm_error *err)
{
    memset(p, 0, sizeof *p);
    p->curve = curve;
    p->gap = GPU_PLAN_GAP;
    p->n_vars = key->n_vars;
    p->n_public = key->n_public;
    p->log2_domain = key->log2_domain;
    if (key->log2_domain + 1 > curve->two_adicity || key->log2_domain > MAX_LOG2_DOMAIN)
        return pm_fail(err, PM_UNSUPPORTED, "a domain of 2^%u: the largest on a device is 2^%u",
                       key->log2_domain,
                       curve->two_adicity - 1 < MAX_LOG2_DOMAIN ? curve->two_adicity - 1 : MAX_LOG2_DOMAIN);
    if (key->n_vars >= K_MINUS - ((uint32_t)1 << key->log2_domain) || key->n_public >= key->n_vars)
        return pm_fail(err, PM_UNSUPPORTED, "%u variables, %u of them public, on a domain of 2^%u",
                       key->n_vars, key->n_public, key->log2_domain);
    for (unsigned m = 0; m < GPU_MAPS; m++) p->n_bases[m] = count_bases(p, key, m);
    p->n_c = p->n_bases[GPU_CH];
    p->n_bases[GPU_CH] += (uint32_t)1 << key->log2_domain;
    return k_rows_plan(&p->rows, (uint32_t)1 << key->log2_domain, curve->fr_bytes, &key->rows_a, &key->rows_b,
                       err);
}

enum pm_status gpu_key_plan(struct gpu_key_plan *out, const struct gpu_curve *curve,
                            const struct pm_backend_key *key, size_t budget_bytes, struct pm_error *err)
{
    PM_TRY(count(out, curve, key, err));
    for (unsigned shrink = 0; shrink <= SHRINKS; shrink++)
        if (fits(out, 0, shrink, budget_bytes)) return PM_OK;
    size_t resident = out->key_bytes + out->work_bytes;
    for (uint32_t chunk = FIRST_CHUNK; chunk >= LAST_CHUNK; chunk /= 2)
        if (chunk < out->n_bases[GPU_CH] && fits(out, chunk, SHRINKS, budget_bytes)) return PM_OK;
    if (fits(out, LAST_CHUNK, SHRINKS + 1, budget_bytes)) return PM_OK;
    return pm_fail(
        err, PM_NO_MEMORY,
        "the key takes at least %zu bytes of device memory, %zu if its points stay there; there are "
        "%zu: use a device with more, or the cpu",
        out->key_bytes + out->work_bytes, resident, budget_bytes);
}

/* -- Writing -- */

enum pm_status gpu_key_write_maps(const struct gpu_key_plan *p, const struct pm_backend_key *key,
                                  unsigned map, const struct k_sink *sink, struct pm_error *err)
{
    uint32_t line[1024], in_line = 0, next = 0;
    struct bases b = bases_of(p, key, map);
    for (uint32_t v = 0; v < p->n_vars; v++) {
        line[in_line++] = has_base(&b, v) ? next++ : K_NO_BASE;
        if (in_line < sizeof line / sizeof line[0] && v + 1 < p->n_vars) continue;
        PM_TRY(sink->put(sink->ctx, line, in_line * sizeof line[0], err));
        in_line = 0;
    }
    assert(next == (map == GPU_CH ? p->n_c : p->n_bases[map]));
    return PM_OK;
}

/* Bases next to each other go together. */
enum pm_status gpu_key_write_bases(const struct gpu_key_plan *p, const struct pm_backend_key *key,
                                   enum gpu_family sum, unsigned g, const struct k_sink *sink,
                                   struct pm_error *err)
{
    struct bases b = bases_of(p, key, sum);
    for (uint32_t v = b.first; v < p->n_vars;) {
        uint32_t end = v;
        while (end < p->n_vars && has_base(&b, end)) end++;
        if (end > v)
            PM_TRY(sink->put(sink->ctx, b.points[g] + (size_t)(v - b.first) * b.bytes[g],
                             (size_t)(end - v) * b.bytes[g], err));
        v = end > v ? end : v + 1;
    }
    if (sum != GPU_CH) return PM_OK;
    return sink->put(sink->ctx, key->h, p->curve->g1.affine_bytes << p->log2_domain, err);
}
