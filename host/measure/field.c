/* The scalar field and single points. Checked by distributivity, inverses, and (s + t) P = s P + t P; bulk
 * operations against single ones. */
#include "measure/inside.h"

#include <stdlib.h>
#include <string.h>

enum { inversions = 64, multiples = 16 };

struct field {
    const struct pm_curve *curve;
    struct pm_pool *pool;
    size_t n, bytes;
    uint8_t *a, *b, *out, *scratch; /* n elements each, as Montgomery form */
    struct pm_point1 p1, q1;
    struct pm_point2 p2, q2;
};

static void mul_chain(void *arg)
{
    struct field *f = arg;
    memcpy(f->out, f->a, f->bytes);
    for (size_t i = 0; i < f->n; i++) f->curve->fr_mul(f->out, f->out, f->b);
}
static void add_chain(void *arg)
{
    struct field *f = arg;
    memcpy(f->out, f->a, f->bytes);
    for (size_t i = 0; i < f->n; i++) f->curve->fr_add(f->out, f->out, f->b);
}
static void mul_bulk(void *arg)
{
    struct field *f = arg;
    f->curve->fr_vec_mul(f->pool, f->out, f->a, f->b, f->n);
}
static void plain_bulk(void *arg)
{
    struct field *f = arg;
    f->curve->fr_vec_from_mont(f->pool, f->out, f->a, f->n);
}
static void inv_chain(void *arg)
{
    struct field *f = arg;
    for (size_t i = 0; i < inversions; i++) f->curve->fr_inv(f->out, f->a + i % f->n * f->bytes);
}
static void inv_bulk(void *arg)
{
    struct field *f = arg;
    f->curve->fr_vec_inv(f->pool, f->out, f->a, f->n, f->scratch);
}
static void add_g1(void *arg)
{
    struct field *f = arg;
    for (size_t i = 0; i < f->n; i++) f->curve->g1_add(&f->q1, &f->q1, &f->p1);
}
static void add_g2(void *arg)
{
    struct field *f = arg;
    for (size_t i = 0; i < f->n; i++) f->curve->g2_add(&f->q2, &f->q2, &f->p2);
}
static void mul_g1(void *arg)
{
    struct field *f = arg;
    for (size_t i = 0; i < multiples; i++) f->curve->g1_mul(&f->q1, &f->p1, f->a + i % f->n * f->bytes);
}
static void mul_g2(void *arg)
{
    struct field *f = arg;
    for (size_t i = 0; i < multiples; i++) f->curve->g2_mul(&f->q2, &f->p2, f->a + i % f->n * f->bytes);
}

/* (a + b) a == a a + b a, and a / a == 1, for every element. */
static bool identities_hold(const struct field *f)
{
    const struct pm_curve *c = f->curve;
    uint8_t one[PM_FR_MAX_BYTES] = {1}, s[PM_FR_MAX_BYTES], t[PM_FR_MAX_BYTES], u[PM_FR_MAX_BYTES];
    c->fr_to_mont(one, one);
    for (size_t i = 0; i < f->n; i++) {
        const uint8_t *a = f->a + i * f->bytes, *b = f->b + i * f->bytes;
        c->fr_add(s, a, b);
        c->fr_mul(s, s, a);
        c->fr_mul(t, a, a);
        c->fr_mul(u, b, a);
        c->fr_add(t, t, u);
        if (memcmp(s, t, f->bytes) != 0) return false;
        if (i >= inversions) continue;
        c->fr_inv(s, a);
        c->fr_mul(s, s, a);
        if (memcmp(s, one, f->bytes) != 0) return false;
    }
    return true;
}

static bool bulk_is_single(struct field *f)
{
    const struct pm_curve *c = f->curve;
    uint8_t one[PM_FR_MAX_BYTES] = {1}, t[PM_FR_MAX_BYTES];
    mul_bulk(f);
    for (size_t i = 0; i < f->n; i++) {
        c->fr_mul(t, f->a + i * f->bytes, f->b + i * f->bytes);
        if (memcmp(t, f->out + i * f->bytes, f->bytes) != 0) return false;
    }
    plain_bulk(f);
    for (size_t i = 0; i < f->n; i++) {
        c->fr_to_mont(t, f->out + i * f->bytes);
        if (memcmp(t, f->a + i * f->bytes, f->bytes) != 0) return false;
    }
    c->fr_to_mont(one, one);
    inv_bulk(f);
    for (size_t i = 0; i < f->n; i++) {
        c->fr_mul(t, f->out + i * f->bytes, f->a + i * f->bytes);
        if (memcmp(t, one, f->bytes) != 0) return false;
    }
    return true;
}

/* (s + t) G == s G + t G in both groups. */
static bool points_add_up(struct field *f)
{
    const struct pm_curve *c = f->curve;
    const uint8_t *s = f->a, *t = f->b;
    uint8_t sum[PM_FR_MAX_BYTES], left[PM_G2_MAX_BYTES], right[PM_G2_MAX_BYTES];
    struct pm_point1 x1;
    struct pm_point2 x2;
    c->fr_add(sum, s, t);
    c->g1_mul(&x1, &f->p1, s);
    c->g1_mul(&f->q1, &f->p1, t);
    c->g1_add(&f->q1, &f->q1, &x1);
    c->g1_mul(&x1, &f->p1, sum);
    c->g1_to_affine(left, &x1);
    c->g1_to_affine(right, &f->q1);
    if (memcmp(left, right, c->g1_bytes) != 0) return false;
    c->g2_mul(&x2, &f->p2, s);
    c->g2_mul(&f->q2, &f->p2, t);
    c->g2_add(&f->q2, &f->q2, &x2);
    c->g2_mul(&x2, &f->p2, sum);
    c->g2_to_affine(left, &x2);
    c->g2_to_affine(right, &f->q2);
    return memcmp(left, right, c->g2_bytes) == 0;
}

static enum pm_status prepare(struct field *f, struct measure *m)
{
    *f = (struct field){.curve = m->curve, .pool = m->pool, .n = m->row.size, .bytes = m->curve->fr_bytes};
    PM_TRY(measure_alloc(&f->a, f->n * f->bytes, m->err));
    PM_TRY(measure_alloc(&f->b, f->n * f->bytes, m->err));
    PM_TRY(measure_alloc(&f->out, f->n * f->bytes, m->err));
    PM_TRY(measure_alloc(&f->scratch, f->n * f->bytes, m->err));
    measure_elements(f->curve, f->a, f->n, 1);
    measure_elements(f->curve, f->b, f->n, 2);
    f->curve->g1_from_affine(&f->p1, f->curve->g1_generator);
    f->curve->g2_from_affine(&f->p2, f->curve->g2_generator);
    return PM_OK;
}

enum pm_status pm_measure_field(const struct pm_measure_options *options, pm_measure_emit *emit, void *ctx,
                                struct pm_error *err)
{
    struct measure m;
    struct field f = {.n = 0};
    enum pm_status status;
    PM_GOTO(measure_begin(&m, "field", 14, true, options, emit, ctx, err));
    PM_GOTO(prepare(&f, &m));
    if (!identities_hold(&f)) PM_GOTO(measure_wrong(err, "(a + b) a = a a + b a, a / a = 1 in Fr"));
    if (!bulk_is_single(&f)) PM_GOTO(measure_wrong(err, "bulk operations on Fr"));
    if (!points_add_up(&f)) PM_GOTO(measure_wrong(err, "(s + t) P = s P + t P"));
    measure_time(&m, "Fr multiply, in bulk", "multiplication", f.n, mul_bulk, &f);
    measure_time(&m, "Fr from Montgomery, in bulk", "element", f.n, plain_bulk, &f);
    measure_time(&m, "Fr invert, in bulk", "inversion", f.n, inv_bulk, &f);
    m.row.threads = 1;
    measure_time(&m, "Fr multiply, in a chain", "multiplication", f.n, mul_chain, &f);
    measure_time(&m, "Fr add, in a chain", "addition", f.n, add_chain, &f);
    measure_time(&m, "Fr invert", "inversion", inversions, inv_chain, &f);
    measure_time(&m, "G1 add", "addition", f.n, add_g1, &f);
    measure_time(&m, "G2 add", "addition", f.n, add_g2, &f);
    measure_time(&m, "G1 multiply, constant time", "multiplication", multiples, mul_g1, &f);
    measure_time(&m, "G2 multiply, constant time", "multiplication", multiples, mul_g2, &f);
out:
    free(f.a);
    free(f.b);
    free(f.out);
    free(f.scratch);
    measure_end(&m);
    return status;
}
