/* The table of one curve in lanes: sums, transforms and vectors as in the lanes' templates, the rest as in
 * a build without lanes, whose points and bytes it shares. Included once by each *_ifma.c; all but CURVE_FILL
 * is static.
 *
 * Parameters
 *   CURVE_IFMA       prefix of the lanes' instances (inst_ifma_tmpl.h)
 *   CURVE_BASE       the table of that build
 *   CURVE_FILL       name of the function that fills the table */
#include "math/tmpl.h"

#define C(op) PM_CAT(CURVE_IFMA, _##op)

static size_t table_bytes(unsigned max_log2_n) { return C(ntt_lanes_table_bytes)(max_log2_n); }
/* A primitive 2n-th root, and 1 / n. */
static void to_coset(C(fr) * shift, C(fr) * scale, unsigned log2_n)
{
    uint8_t bytes[C(fr_bytes)];
    C(fr) n = C(fr_one);
    for (unsigned i = 0; i < log2_n; i++) C(fr_dbl)(&n, &n);
    C(fr_inv)(scale, &n);
    CURVE_BASE.fr_root(bytes, log2_n + 1);
    C(fr_load)(shift, bytes);
}
static void table_make(uint8_t *table, unsigned max_log2_n, struct pm_pool *pool)
{
    uint8_t bytes[C(fr_bytes)];
    C(fr) root;
    CURVE_BASE.fr_root(bytes, max_log2_n);
    C(fr_load)(&root, bytes);
    C(ntt_lanes_table_make)((C(fr) *)(void *)table, max_log2_n, &root, pool);
    if (max_log2_n < CURVE_BASE.two_adicity) {
        C(fr) shift, scale;
        to_coset(&shift, &scale, max_log2_n);
        C(ntt_lanes_table_twist)((C(fr) *)(void *)table, &shift, &scale, pool);
    }
}
static void inverse(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const uint8_t *table,
                    unsigned table_log2_n)
{
    (void)table_log2_n; /* the table of a larger size begins with that of a smaller one */
    C(ntt_lanes_inverse)(pool, data, log2_n, (const C(fr) *)(const void *)table);
}
static void forward(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const uint8_t *table,
                    unsigned table_log2_n)
{
    (void)table_log2_n;
    C(ntt_lanes_forward)(pool, data, log2_n, (const C(fr) *)(const void *)table);
}
static void shift(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const uint8_t *scale,
                  const uint8_t *by)
{
    C(fr) a, b;
    C(fr_load)(&a, scale);
    C(fr_load)(&b, by);
    C(ntt_lanes_shift)(pool, data, log2_n, &a, &b);
}

static void odd_coset(struct pm_pool *pool, uint8_t *const *data, size_t count, unsigned log2_n,
                      const uint8_t *table, unsigned table_log2_n)
{
    const C(fr) *t = (const C(fr) *)(const void *)table;
    C(fr) by, scale;
    if (table_log2_n == log2_n && log2_n >= C(ntt_lanes_min_log2)) {
        C(ntt_lanes_coset)(pool, data, count, log2_n, t);
        return;
    }
    to_coset(&by, &scale, log2_n);
    for (size_t i = 0; i < count; i++) {
        C(ntt_lanes_inverse)(pool, data[i], log2_n, t);
        C(ntt_lanes_shift)(pool, data[i], log2_n, &scale, &by);
        C(ntt_lanes_forward)(pool, data[i], log2_n, t);
    }
}

/* Whole vectors of eight in lanes; up to seven elements at the end one by one. */
static void vec_mul_sub(struct pm_pool *pool, uint8_t *out, const uint8_t *a, const uint8_t *b,
                        const uint8_t *c, size_t n)
{
    struct C(lanes_vec_job) job = {.out = out, .a = a, .b = b, .c = c};
    size_t done = n / 8 * C(lanes_vec_row), rest = n % 8;
    pm_pool_for(pool, n / 8, 128, C(lanes_vec_mul_piece), &job);
    if (c)
        CURVE_BASE.fr_vec_mul_sub(NULL, out + done, a + done, b + done, c + done, rest);
    else if (b)
        CURVE_BASE.fr_vec_mul(NULL, out + done, a + done, b + done, rest);
    else
        CURVE_BASE.fr_vec_from_mont(NULL, out + done, a + done, rest);
}
static void vec_mul(struct pm_pool *pool, uint8_t *out, const uint8_t *a, const uint8_t *b, size_t n)
{
    vec_mul_sub(pool, out, a, b, NULL, n);
}
static void vec_from_mont(struct pm_pool *pool, uint8_t *out, const uint8_t *mont, size_t n)
{
    vec_mul_sub(pool, out, mont, NULL, NULL, n);
}

static void vec_inv(struct pm_pool *pool, uint8_t *out, const uint8_t *mont, size_t n, uint8_t *scratch)
{
    struct C(lanes_vec_inv_job) job = {.out = out, .a = mont, .scratch = scratch};
    pm_pool_for(pool, n, 1024, C(lanes_vec_inv_piece), &job);
}

/* Points are loaded into scratch behind the lanes' own part of it, one struct for eight points. */
static size_t lanes_scratch(size_t n)
{
    _Static_assert(sizeof(struct C(pairing_lanes_pair)) % 64 == 0 &&
                       sizeof(struct C(pairing_lanes_base)) <= sizeof(struct C(pairing_lanes_pair)),
                   "the lanes' scratch serves both");
    const size_t groups = (n + 7) / 8, most = C(pairing_lanes_max_groups);
    return (groups < most ? groups : most) * sizeof(struct C(pairing_lanes_pair));
}
static size_t weighted_scratch(size_t n)
{
    return lanes_scratch(n) + n * (sizeof(C(g1_affine)) + sizeof(C(g2_affine)) + sizeof(bool));
}
static void pairing_weighted(struct pm_pairing_value *out, bool *in_group, const uint8_t *g1,
                             const uint8_t *g2, const struct pm_weight *weights, size_t n, void *scratch)
{
    C(g1_affine) *p = (C(g1_affine) *)(void *)((uint8_t *)scratch + lanes_scratch(n));
    C(g2_affine) *q = (C(g2_affine) *)(void *)(p + n);
    for (size_t i = 0; i < n; i++) {
        C(g1_affine_load)(&p[i], g1 + i * C(g1_bytes));
        C(g2_affine_load)(&q[i], g2 + i * C(g2_bytes));
    }
    bool *in_g1 = (bool *)(void *)(q + n);
    C(pairing_lanes_g1_in_group)(in_g1, p, n);
    for (size_t i = 0; i < n; i++) /* the lanes take no others */
        if (!in_g1[i]) C(g1_affine_load)(&p[i], CURVE_BASE.g1_generator);
    C(pairing_lanes_weighted)((C(tower_fp12) *)(void *)out, in_group, p, q, weights, n, scratch);
    for (size_t i = 0; i < n; i++) in_group[i] = in_group[i] && in_g1[i];
}
static void g1_weighted_sum(struct pm_point1 *out, bool *in_group, const uint8_t *g1,
                            const struct pm_weight *weights, size_t n, void *scratch)
{
    C(g1_affine) *p = (C(g1_affine) *)(void *)((uint8_t *)scratch + lanes_scratch(n));
    for (size_t i = 0; i < n; i++) C(g1_affine_load)(&p[i], g1 + i * C(g1_bytes));
    C(pairing_lanes_g1_in_group)(in_group, p, n);
    for (size_t i = 0; i < n; i++)
        if (!in_group[i]) C(g1_affine_load)(&p[i], CURVE_BASE.g1_generator);
    C(pairing_lanes_g1_sum)((C(g1) *)(void *)out, p, weights, n, scratch);
}

void CURVE_FILL(struct pm_curve *out)
{
    *out = CURVE_BASE;
    out->build = "ifma";
    out->fr_vec_mul = vec_mul;
    out->fr_vec_mul_sub = vec_mul_sub;
    out->fr_vec_from_mont = vec_from_mont;
    out->fr_vec_inv = vec_inv;
    out->ntt_table_bytes = table_bytes;
    out->ntt_table_make = table_make;
    out->ntt_inverse = inverse;
    out->ntt_forward = forward;
    out->ntt_shift = shift;
    out->ntt_odd_coset = odd_coset;
    out->fr_rows_mul = C(lanes_rows_mul);
    out->msm_g1 = &C(g1_lanes_msm_kind);
    out->msm_g2 = &C(g2_lanes_msm_kind);
    out->fixed_g1_scratch = C(g1_lanes_fixed_scratch);
    out->fixed_g2_scratch = C(g2_lanes_fixed_scratch);
    out->fixed_g1_table = C(g1_lanes_fixed_table_make);
    out->fixed_g2_table = C(g2_lanes_fixed_table_make);
    out->fixed_g1_var = C(g1_lanes_fixed_var);
    out->fixed_g2_var = C(g2_lanes_fixed_var);
    out->weighted_scratch = weighted_scratch;
    out->pairing_weighted = pairing_weighted;
    out->g1_weighted_sum = g1_weighted_sum;
}

#undef C
#undef CURVE_IFMA
#undef CURVE_BASE
#undef CURVE_FILL
