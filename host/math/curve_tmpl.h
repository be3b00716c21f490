/* The table of curve.h for one curve: the templates' functions behind bytes and opaque points.
 *
 * Parameters
 *   CURVE               name of the struct pm_curve to define, e.g. pm_bn254_portable
 *   CURVE_NAME, CURVE_BUILD   strings
 *   CURVE_FP, CURVE_FR  prefixes of the fields
 *   CURVE_G1, CURVE_G2  prefixes of the groups, with batch addition, MSM and fixed-base multiples
 *   CURVE_NTT           prefix of the transforms over Fr
 *   CURVE_TWO_ADICITY   of r - 1
 *   CURVE_ROOT          initializer: the root of unity of order 2^CURVE_TWO_ADICITY, Montgomery
 *   CURVE_G1_GENERATOR, CURVE_G2_GENERATOR   initializers {x, y}, Montgomery
 *   CURVE_PAIRING       prefix of the pairing (pairing_tmpl.h)
 *   CURVE_TOWER         prefix of its tower */
#include "math/curve.h"
#include "math/tmpl.h"

#include <assert.h>
#include <string.h>

#define FN(op)   PM_CAT(CURVE, _##op)
#define FP(op)   PM_CAT(CURVE_FP, _##op)
#define FR(op)   PM_CAT(CURVE_FR, _##op)
#define NTT(op)  PM_CAT(CURVE_NTT, _##op)
#define PAIR(op) PM_CAT(CURVE_PAIRING, _##op)
#define FP12     PM_CAT(CURVE_TOWER, _fp12)

enum { FN(grain) = 1024 };

_Static_assert(sizeof(CURVE_FP) <= PM_FP_MAX_BYTES && sizeof(CURVE_FR) <= PM_FR_MAX_BYTES,
               "elements outgrow curve.h");
_Static_assert(sizeof(CURVE_G1) <= sizeof(struct pm_point1), "points outgrow struct pm_point1");
_Static_assert(sizeof(CURVE_G2) <= sizeof(struct pm_point2), "points outgrow struct pm_point2");

/* -- Fr -- */

static bool FN(fr_is_canonical)(const uint8_t *a)
{
    CURVE_FR x;
    FR(load)(&x, a);
    return FR(is_canonical)(&x);
}

#define PM_FR_UNARY(name, expr)                                                                              \
    static void FN(name)(uint8_t * out, const uint8_t *a)                                                    \
    {                                                                                                        \
        CURVE_FR x;                                                                                          \
        FR(load)(&x, a);                                                                                     \
        FR(expr)(&x, &x);                                                                                    \
        FR(store)(out, &x);                                                                                  \
    }
PM_FR_UNARY(fr_to_mont, to_mont)
PM_FR_UNARY(fr_from_mont, from_mont)
PM_FR_UNARY(fr_inv, inv)
#undef PM_FR_UNARY

#define PM_FR_BINARY(name, expr)                                                                             \
    static void FN(name)(uint8_t * out, const uint8_t *a, const uint8_t *b)                                  \
    {                                                                                                        \
        CURVE_FR x, y;                                                                                       \
        FR(load)(&x, a);                                                                                     \
        FR(load)(&y, b);                                                                                     \
        FR(expr)(&x, &x, &y);                                                                                \
        FR(store)(out, &x);                                                                                  \
    }
PM_FR_BINARY(fr_add, add)
PM_FR_BINARY(fr_sub, sub)
PM_FR_BINARY(fr_mul, mul)
#undef PM_FR_BINARY

/* Base 2^(8 bytes) digits from the top by Horner's rule: x R + d is a Montgomery product of x with R^2, plus
 * d mod r, which is a product of two more. */
static void FN(fr_reduce_wide)(uint8_t *out, const uint8_t wide[64])
{
    CURVE_FR x, digit;
    FR(set_zero)(&x);
    for (int at = 64 - FR(bytes); at >= 0; at -= FR(bytes)) {
        FR(load)(&digit, wide + at);
        FR(to_mont)(&digit, &digit);
        FR(from_mont)(&digit, &digit);
        FR(to_mont)(&x, &x);
        FR(add)(&x, &x, &digit);
    }
    FR(store)(out, &x);
    pm_wipe(&x, sizeof x);
    pm_wipe(&digit, sizeof digit);
}

static void FN(fr_root)(uint8_t *out, unsigned log2_n)
{
    CURVE_FR root = CURVE_ROOT;
    for (unsigned i = CURVE_TWO_ADICITY; i > log2_n; i--) FR(sqr)(&root, &root);
    FR(store)(out, &root);
}

/* -- Fr in bulk -- */

struct FN(vec_job) {
    uint8_t *out;
    const uint8_t *a, *b, *c;
    uint8_t *scratch;
    const struct pm_rows *rows;
};

static void FN(vec_mul_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(vec_job) *job = ctx;
    for (size_t i = begin * FR(bytes); i < end * FR(bytes); i += FR(bytes)) {
        CURVE_FR x, y;
        FR(load)(&x, job->a + i);
        FR(load)(&y, job->b + i);
        FR(mul)(&x, &x, &y);
        if (job->c) {
            FR(load)(&y, job->c + i);
            FR(sub)(&x, &x, &y);
        }
        FR(store)(job->out + i, &x);
    }
}
static void FN(fr_vec_mul_sub)(struct pm_pool *pool, uint8_t *out, const uint8_t *a, const uint8_t *b,
                               const uint8_t *c, size_t n)
{
    struct FN(vec_job) job = {.out = out, .a = a, .b = b, .c = c};
    pm_pool_for(pool, n, FN(grain), FN(vec_mul_piece), &job);
}
static void FN(fr_vec_mul)(struct pm_pool *pool, uint8_t *out, const uint8_t *a, const uint8_t *b, size_t n)
{
    FN(fr_vec_mul_sub)(pool, out, a, b, NULL, n);
}

static void FN(vec_from_mont_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(vec_job) *job = ctx;
    for (size_t i = begin; i < end; i++) FN(fr_from_mont)(job->out + i * FR(bytes), job->a + i * FR(bytes));
}
static void FN(fr_vec_from_mont)(struct pm_pool *pool, uint8_t *out, const uint8_t *mont, size_t n)
{
    struct FN(vec_job) job = {.out = out, .a = mont};
    pm_pool_for(pool, n, FN(grain), FN(vec_from_mont_piece), &job);
}

/* Montgomery's trick over bytes; zeros take part as ones. */
static void FN(vec_inv_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(vec_job) *job = ctx;
    CURVE_FR acc, x, y, zero;
    FR(set_zero)(&zero);
    FR(set_one)(&acc);
    for (size_t i = begin; i < end; i++) {
        FR(store)(job->scratch + i * FR(bytes), &acc);
        FR(load)(&x, job->a + i * FR(bytes));
        FR(cmov)(&x, &FR(one), FR(is_zero)(&x));
        FR(mul)(&acc, &acc, &x);
    }
    FR(inv)(&acc, &acc);
    for (size_t i = end; i-- > begin;) {
        FR(load)(&x, job->a + i * FR(bytes));
        FR(load)(&y, job->scratch + i * FR(bytes));
        bool is_zero = FR(is_zero)(&x);
        FR(cmov)(&x, &FR(one), is_zero);
        FR(mul)(&y, &y, &acc);
        FR(mul)(&acc, &acc, &x);
        FR(cmov)(&y, &zero, is_zero);
        FR(store)(job->out + i * FR(bytes), &y);
    }
}
static void FN(fr_vec_inv)(struct pm_pool *pool, uint8_t *out, const uint8_t *mont, size_t n,
                           uint8_t *scratch)
{
    struct FN(vec_job) job = {.out = out, .a = mont, .scratch = scratch};
    pm_pool_for(pool, n, FN(grain), FN(vec_inv_piece), &job);
}

static void FN(rows_mul_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(vec_job) *job = ctx;
    const struct pm_rows *rows = job->rows;
    for (size_t i = begin; i < end; i++) {
        CURVE_FR sum, x, y;
        FR(set_zero)(&sum);
        for (size_t k = rows->start[i]; k < rows->start[i + 1]; k++) {
            const size_t at = rows->entry[k] * rows->step;
            FR(load)(&x, rows->coefficient + at);
            FR(load)(&y, job->a + (size_t)pm_load_le32(rows->column + at) * FR(bytes));
            FR(mul)(&x, &x, &y);
            FR(add)(&sum, &sum, &x);
        }
        FR(store)(job->out + i * FR(bytes), &sum);
    }
}
static void FN(fr_rows_mul)(struct pm_pool *pool, uint8_t *out, const struct pm_rows *rows,
                            const uint8_t *witness)
{
    struct FN(vec_job) job = {.out = out, .a = witness, .rows = rows};
    pm_pool_for(pool, rows->n_rows, FN(grain), FN(rows_mul_piece), &job);
}

/* -- NTT -- */

static size_t FN(ntt_table_bytes)(unsigned max_log2_n) { return NTT(table_bytes)(max_log2_n); }

static void FN(ntt_table_make)(uint8_t *table, unsigned max_log2_n, struct pm_pool *pool)
{
    CURVE_FR root;
    uint8_t bytes[FR(bytes)];
    FN(fr_root)(bytes, max_log2_n);
    FR(load)(&root, bytes);
    NTT(table_make)((CURVE_FR *)(void *)table, max_log2_n, &root, pool);
}
static void FN(ntt_inverse)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const uint8_t *table,
                            unsigned table_log2_n)
{
    (void)table_log2_n; /* the table of a larger size begins with that of a smaller one */
    NTT(inverse)(pool, data, log2_n, (const CURVE_FR *)(const void *)table);
}
static void FN(ntt_forward)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const uint8_t *table,
                            unsigned table_log2_n)
{
    (void)table_log2_n;
    NTT(forward)(pool, data, log2_n, (const CURVE_FR *)(const void *)table);
}
static void FN(ntt_shift)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const uint8_t *scale,
                          const uint8_t *shift)
{
    CURVE_FR a, b;
    FR(load)(&a, scale);
    FR(load)(&b, shift);
    NTT(shift)(pool, data, log2_n, &a, &b);
}
static void FN(ntt_odd_coset)(struct pm_pool *pool, uint8_t *const *data, size_t count, unsigned log2_n,
                              const uint8_t *table, unsigned table_log2_n)
{
    CURVE_FR n = FR(one), scale, shift;
    uint8_t root[FR(bytes)];
    for (unsigned i = 0; i < log2_n; i++) FR(dbl)(&n, &n);
    FR(inv)(&scale, &n);
    FN(fr_root)(root, log2_n + 1);
    FR(load)(&shift, root);
    for (size_t i = 0; i < count; i++) {
        FN(ntt_inverse)(pool, data[i], log2_n, table, table_log2_n);
        NTT(shift)(pool, data[i], log2_n, &scale, &shift);
        FN(ntt_forward)(pool, data[i], log2_n, table, table_log2_n);
    }
}

/* -- Points: the same for both groups -- */

#define PM_GROUP(g, G, point, in_subgroup)                                                                   \
    static bool FN(g##_check)(const uint8_t *affine)                                                         \
    {                                                                                                        \
        PM_CAT(G, _affine) a;                                                                                \
        PM_CAT(G, _affine_load)(&a, affine);                                                                 \
        return PM_CAT(G, _affine_on_curve)(&a) && in_subgroup(&a);                                           \
    }                                                                                                        \
    static void FN(g##_from_affine)(struct point * out, const uint8_t *affine)                               \
    {                                                                                                        \
        PM_CAT(G, _affine) a;                                                                                \
        PM_CAT(G, _affine_load)(&a, affine);                                                                 \
        PM_CAT(G, _from_affine)((G *)(void *)out, &a);                                                       \
    }                                                                                                        \
    static void FN(g##_to_affine)(uint8_t * out, const struct point *p)                                      \
    {                                                                                                        \
        PM_CAT(G, _affine) a;                                                                                \
        PM_CAT(G, _to_affine)(&a, (const G *)(const void *)p);                                               \
        PM_CAT(G, _affine_store)(out, &a);                                                                   \
    }                                                                                                        \
    static void FN(g##_add)(struct point * out, const struct point *a, const struct point *b)                \
    {                                                                                                        \
        PM_CAT(G, _add)((G *)(void *)out, (const G *)(const void *)a, (const G *)(const void *)b);           \
    }                                                                                                        \
    static void FN(g##_neg)(struct point * out, const struct point *a)                                       \
    {                                                                                                        \
        PM_CAT(G, _neg)((G *)(void *)out, (const G *)(const void *)a);                                       \
    }                                                                                                        \
    static void FN(g##_mul)(struct point * out, const struct point *p, const uint8_t *scalar)                \
    {                                                                                                        \
        CURVE_FR k;                                                                                          \
        FR(load)(&k, scalar);                                                                                \
        PM_CAT(G, _mul)((G *)(void *)out, (const G *)(const void *)p, k.limb, FR(limbs));                    \
        pm_wipe(&k, sizeof k);                                                                               \
    }

PM_GROUP(g1, CURVE_G1, pm_point1, PAIR(g1_in_subgroup))
PM_GROUP(g2, CURVE_G2, pm_point2, PAIR(g2_in_subgroup))
#undef PM_GROUP

/* -- Combs -- */

static void FN(comb_make)(void *comb, const uint8_t *g1)
{
    PM_CAT(CURVE_G1, _affine) a;
    PM_CAT(CURVE_G1, _affine_load)(&a, g1);
    PM_CAT(CURVE_G1, _comb_make)(comb, &a);
}
static void FN(comb_sum_var)(uint8_t *out, const uint8_t *start, const void *combs, const uint8_t *scalars,
                             size_t n)
{
    enum { CHUNK = 16 };
    PM_CAT(CURVE_G1, _affine) sum;
    uint64_t k[CHUNK * FR(limbs)];
    const struct PM_CAT(CURVE_G1, _comb) *comb = combs;
    PM_CAT(CURVE_G1, _affine_load)(&sum, start);
    for (size_t at = 0; at < n; at += CHUNK) {
        size_t m = n - at < CHUNK ? n - at : CHUNK;
        memcpy(k, scalars + at * FR(bytes), m * FR(bytes));
        PM_CAT(CURVE_G1, _comb_sum_var)(&sum, &sum, comb + at, k, FR(limbs), m);
    }
    PM_CAT(CURVE_G1, _affine_store)(out, &sum);
}

/* -- Pairing -- */

_Static_assert(sizeof(FP12) <= sizeof(struct pm_pairing_value), "Fp12 outgrows struct pm_pairing_value");

static void FN(g1_affine_neg)(uint8_t *out, const uint8_t *affine)
{
    PM_CAT(CURVE_G1, _affine) a;
    PM_CAT(CURVE_G1, _affine_load)(&a, affine);
    PM_CAT(CURVE_G1, _affine_neg)(&a, &a);
    PM_CAT(CURVE_G1, _affine_store)(out, &a);
}
static bool FN(g1_on_curve)(const uint8_t *affine)
{
    PM_CAT(CURVE_G1, _affine) a;
    PM_CAT(CURVE_G1, _affine_load)(&a, affine);
    return PM_CAT(CURVE_G1, _affine_on_curve)(&a);
}
static bool FN(g2_on_curve)(const uint8_t *affine)
{
    PM_CAT(CURVE_G2, _affine) a;
    PM_CAT(CURVE_G2, _affine_load)(&a, affine);
    return PM_CAT(CURVE_G2, _affine_on_curve)(&a);
}

static enum pm_pairing_answer FN(pairing_check)(const struct pm_pairing_terms *terms)
{
    PM_CAT(CURVE_G1, _affine) p[PAIR(max_pairs)], fixed_p[PAIR(max_pairs)];
    PM_CAT(CURVE_G2, _affine) q[PAIR(max_pairs)];
    const struct PAIR(fixed) * fixed[PAIR(max_pairs)];
    assert(terms->n <= PAIR(max_pairs) && terms->n_fixed <= PAIR(max_pairs));
    for (size_t i = 0; i < terms->n; i++) {
        PM_CAT(CURVE_G1, _affine_load)(&p[i], terms->g1 + i * PM_CAT(CURVE_G1, _bytes));
        PM_CAT(CURVE_G2, _affine_load)(&q[i], terms->g2 + i * PM_CAT(CURVE_G2, _bytes));
    }
    for (size_t i = 0; i < terms->n_fixed; i++) {
        PM_CAT(CURVE_G1, _affine_load)(&fixed_p[i], terms->fixed_g1 + i * PM_CAT(CURVE_G1, _bytes));
        fixed[i] = terms->fixed[i];
    }
    switch (PAIR(check)((const FP12 *)(const void *)terms->target, (const FP12 *)(const void *)terms->factor,
                        p, q, terms->n, fixed_p, fixed, terms->n_fixed)) {
    case PAIR(unequal):
        return PM_PAIRING_UNEQUAL;
    case PAIR(equal):
        return PM_PAIRING_EQUAL;
    case PAIR(outside):
        return PM_PAIRING_OUTSIDE;
    }
    return PM_PAIRING_UNEQUAL;
}

static bool FN(pairing_product_is_one)(const uint8_t *g1, const uint8_t *g2, size_t n)
{
    const struct pm_pairing_terms terms = {.g1 = g1, .g2 = g2, .n = n};
    return n <= PAIR(max_pairs) && FN(pairing_check)(&terms) == PM_PAIRING_EQUAL;
}

static void FN(pairing_fix)(void *fixed, const uint8_t *g2)
{
    PM_CAT(CURVE_G2, _affine) q;
    PM_CAT(CURVE_G2, _affine_load)(&q, g2);
    PAIR(fix)(fixed, &q);
}

static void FN(pairing_target)(struct pm_pairing_value *out, const uint8_t *g1, const uint8_t *g2)
{
    PM_CAT(CURVE_G1, _affine) p;
    PM_CAT(CURVE_G2, _affine) q;
    PM_CAT(CURVE_G1, _affine_load)(&p, g1);
    PM_CAT(CURVE_G2, _affine_load)(&q, g2);
    PAIR(value)((FP12 *)(void *)out, &p, &q);
}

static void FN(pairing)(uint8_t *out, const uint8_t *g1, const uint8_t *g2)
{
    PM_CAT(CURVE_G1, _affine) p;
    PM_CAT(CURVE_G2, _affine) q;
    CURVE_FP value[12];
    PM_CAT(CURVE_G1, _affine_load)(&p, g1);
    PM_CAT(CURVE_G2, _affine_load)(&q, g2);
    PAIR(coefficients)(value, &p, &q);
    for (size_t i = 0; i < 12; i++) {
        FP(from_mont)(&value[i], &value[i]);
        FP(store)(out + i * FP(bytes), &value[i]);
    }
}

/* -- Batches: points are loaded into scratch, those of G1 before those of G2, the rest is the batch's -- */

struct FN(batch_point) {
    PM_CAT(CURVE_G1, _affine) g1;
    PM_CAT(CURVE_G2, _affine) g2;
};
static size_t FN(weighted_scratch)(size_t n)
{
    return n * sizeof(struct FN(batch_point)) + PAIR(batch_scratch)(n);
}

static void FN(weight_scalar)(uint8_t *out, const struct pm_weight *w)
{
    CURVE_FR k;
    PAIR(weight_scalar)(&k, w);
    FR(store)(out, &k);
}
static PM_CAT(CURVE_G1, _affine) * FN(load_points1)(void *to, const uint8_t *g1, size_t n)
{
    PM_CAT(CURVE_G1, _affine) *p = to;
    for (size_t i = 0; i < n; i++) PM_CAT(CURVE_G1, _affine_load)(&p[i], g1 + i * PM_CAT(CURVE_G1, _bytes));
    return p;
}
static PM_CAT(CURVE_G2, _affine) * FN(load_points2)(void *to, const uint8_t *g2, size_t n)
{
    PM_CAT(CURVE_G2, _affine) *q = to;
    for (size_t i = 0; i < n; i++) PM_CAT(CURVE_G2, _affine_load)(&q[i], g2 + i * PM_CAT(CURVE_G2, _bytes));
    return q;
}
static void FN(pairing_weighted)(struct pm_pairing_value *out, bool *in_group, const uint8_t *g1,
                                 const uint8_t *g2, const struct pm_weight *weights, size_t n, void *scratch)
{
    PM_CAT(CURVE_G1, _affine) *p = FN(load_points1)(scratch, g1, n);
    PM_CAT(CURVE_G2, _affine) *q = FN(load_points2)(p + n, g2, n);
    PAIR(weighted)((FP12 *)(void *)out, in_group, p, q, weights, n, q + n);
}
static void FN(g1_weighted_sum)(struct pm_point1 *out, bool *in_group, const uint8_t *g1,
                                const struct pm_weight *weights, size_t n, void *scratch)
{
    PM_CAT(CURVE_G1, _affine) *p = FN(load_points1)(scratch, g1, n);
    PAIR(weighted_sum)((CURVE_G1 *)(void *)out, in_group, p, weights, n, p + n);
}

/* The bytes of the constants below are their limbs' only where the processor is little-endian. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a big-endian build needs tables of bytes here");
static const PM_CAT(CURVE_G1, _affine) FN(g1_generator) = CURVE_G1_GENERATOR;
static const PM_CAT(CURVE_G2, _affine) FN(g2_generator) = CURVE_G2_GENERATOR;

const struct pm_curve CURVE = {
    .name = CURVE_NAME,
    .build = CURVE_BUILD,
    .fp_bytes = FP(bytes),
    .fr_bytes = FR(bytes),
    .g1_bytes = PM_CAT(CURVE_G1, _bytes),
    .g2_bytes = PM_CAT(CURVE_G2, _bytes),
    .two_adicity = CURVE_TWO_ADICITY,
    .fp_modulus = (const uint8_t *)&FP(p),
    .fr_modulus = (const uint8_t *)&FR(p),
    .g1_generator = (const uint8_t *)&FN(g1_generator),
    .g2_generator = (const uint8_t *)&FN(g2_generator),
    .fr_is_canonical = FN(fr_is_canonical),
    .fr_to_mont = FN(fr_to_mont),
    .fr_from_mont = FN(fr_from_mont),
    .fr_add = FN(fr_add),
    .fr_sub = FN(fr_sub),
    .fr_mul = FN(fr_mul),
    .fr_inv = FN(fr_inv),
    .fr_reduce_wide = FN(fr_reduce_wide),
    .fr_root = FN(fr_root),
    .fr_vec_mul = FN(fr_vec_mul),
    .fr_vec_mul_sub = FN(fr_vec_mul_sub),
    .fr_vec_from_mont = FN(fr_vec_from_mont),
    .fr_vec_inv = FN(fr_vec_inv),
    .fr_rows_mul = FN(fr_rows_mul),
    .ntt_table_bytes = FN(ntt_table_bytes),
    .ntt_table_make = FN(ntt_table_make),
    .ntt_inverse = FN(ntt_inverse),
    .ntt_shift = FN(ntt_shift),
    .ntt_forward = FN(ntt_forward),
    .ntt_odd_coset = FN(ntt_odd_coset),
    .g1_check = FN(g1_check),
    .g2_check = FN(g2_check),
    .g1_on_curve = FN(g1_on_curve),
    .g2_on_curve = FN(g2_on_curve),
    .g1_from_affine = FN(g1_from_affine),
    .g2_from_affine = FN(g2_from_affine),
    .g1_to_affine = FN(g1_to_affine),
    .g2_to_affine = FN(g2_to_affine),
    .g1_add = FN(g1_add),
    .g2_add = FN(g2_add),
    .g1_affine_neg = FN(g1_affine_neg),
    .g1_neg = FN(g1_neg),
    .g2_neg = FN(g2_neg),
    .g1_mul = FN(g1_mul),
    .g2_mul = FN(g2_mul),
    .msm_g1 = &PM_CAT(CURVE_G1, _msm_kind),
    .msm_g2 = &PM_CAT(CURVE_G2, _msm_kind),
    .fixed_g1_table_bytes = PM_CAT(CURVE_G1, _fixed_table_bytes),
    .fixed_g2_table_bytes = PM_CAT(CURVE_G2, _fixed_table_bytes),
    .fixed_g1_scratch = PM_CAT(CURVE_G1, _fixed_scratch),
    .fixed_g2_scratch = PM_CAT(CURVE_G2, _fixed_scratch),
    .fixed_g1_table = PM_CAT(CURVE_G1, _fixed_table_make),
    .fixed_g2_table = PM_CAT(CURVE_G2, _fixed_table_make),
    .fixed_g1_var = PM_CAT(CURVE_G1, _fixed_var),
    .fixed_g2_var = PM_CAT(CURVE_G2, _fixed_var),
    .comb_bytes = sizeof(struct PM_CAT(CURVE_G1, _comb)),
    .comb_make = FN(comb_make),
    .comb_sum_var = FN(comb_sum_var),
    .pairing_product_is_one = FN(pairing_product_is_one),
    .pairing_check = FN(pairing_check),
    .pairing_fixed_bytes = sizeof(struct PAIR(fixed)),
    .pairing_fix = FN(pairing_fix),
    .pairing_target = FN(pairing_target),
    .weighted_scratch = FN(weighted_scratch),
    .weight_scalar = FN(weight_scalar),
    .pairing_weighted = FN(pairing_weighted),
    .g1_weighted_sum = FN(g1_weighted_sum),
    .pairing = FN(pairing),
};

#undef FN
#undef FP
#undef FR
#undef NTT
#undef PAIR
#undef FP12
#undef CURVE
#undef CURVE_NAME
#undef CURVE_BUILD
#undef CURVE_FP
#undef CURVE_FR
#undef CURVE_G1
#undef CURVE_G2
#undef CURVE_NTT
#undef CURVE_TWO_ADICITY
#undef CURVE_ROOT
#undef CURVE_G1_GENERATOR
#undef CURVE_G2_GENERATOR
#undef CURVE_PAIRING
#undef CURVE_TOWER
