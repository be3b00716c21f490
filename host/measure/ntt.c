/* Transforms. Checked by evaluation at a random point: a polynomial's coefficients by Horner's rule, its
 * evaluations through Lagrange polynomials; and forward then inverse gives n times the coefficients. */
#include "measure/inside.h"
#include "prove/backend.h"
#include "prove/lagrange.h"

#include <stdlib.h>
#include <string.h>

struct ntt {
    const struct pm_curve *curve;
    struct pm_pool *pool;
    unsigned log2_n;
    size_t n, bytes;
    uint8_t *table, *data, *coefficients, *lagrange;
    uint8_t scale[PM_FR_MAX_BYTES], shift[PM_FR_MAX_BYTES];
};

static void forward(void *arg)
{
    struct ntt *t = arg;
    t->curve->ntt_forward(t->pool, t->data, t->log2_n, t->table, t->log2_n);
}
static void inverse(void *arg)
{
    struct ntt *t = arg;
    t->curve->ntt_inverse(t->pool, t->data, t->log2_n, t->table, t->log2_n);
}
static void shift(void *arg)
{
    struct ntt *t = arg;
    t->curve->ntt_shift(t->pool, t->data, t->log2_n, t->scale, t->shift);
}

static void odd_coset(void *arg)
{
    struct ntt *t = arg;
    t->curve->ntt_odd_coset(t->pool, &t->data, 1, t->log2_n, t->table, t->log2_n);
}

static size_t reversed(size_t i, unsigned bits)
{
    size_t out = 0;
    for (unsigned k = 0; k < bits; k++) out |= (i >> k & 1) << (bits - 1 - k);
    return out;
}

/* data: evaluations of the polynomial whose coefficients stand bit-reversed. */
static bool same_polynomial(const struct ntt *t)
{
    const struct pm_curve *c = t->curve;
    uint8_t z[PM_FR_MAX_BYTES], one[PM_FR_MAX_BYTES] = {1}, step[PM_FR_MAX_BYTES];
    uint8_t by_coefficients[PM_FR_MAX_BYTES] = {0}, by_values[PM_FR_MAX_BYTES] = {0}, term[PM_FR_MAX_BYTES];
    measure_elements(c, z, 1, 99);
    c->fr_to_mont(one, one);
    c->fr_root(step, t->log2_n);
    for (size_t i = t->n; i-- > 0;) {
        c->fr_mul(by_coefficients, by_coefficients, z);
        c->fr_add(by_coefficients, by_coefficients, t->coefficients + reversed(i, t->log2_n) * t->bytes);
    }
    uint8_t *l = t->lagrange, *scratch = t->lagrange + t->n * t->bytes;
    pm_lagrange_at(c, t->pool, l, t->log2_n, one, step, t->n, z, NULL, scratch);
    for (size_t i = 0; i < t->n; i++) {
        c->fr_mul(term, t->data + i * t->bytes, l + i * t->bytes);
        c->fr_add(by_values, by_values, term);
    }
    return memcmp(by_coefficients, by_values, t->bytes) == 0;
}

/* data: n times the coefficients. */
static bool scaled_coefficients(const struct ntt *t)
{
    uint8_t n[PM_FR_MAX_BYTES] = {0}, expected[PM_FR_MAX_BYTES];
    n[t->log2_n / 8] = (uint8_t)(1u << t->log2_n % 8);
    t->curve->fr_to_mont(n, n);
    for (size_t i = 0; i < t->n; i++) {
        t->curve->fr_mul(expected, t->coefficients + i * t->bytes, n);
        if (memcmp(expected, t->data + i * t->bytes, t->bytes) != 0) return false;
    }
    return true;
}

static enum pm_status prepare(struct ntt *t, struct measure *m, bool direct)
{
    const struct pm_curve *c = m->curve;
    *t = (struct ntt){.curve = c, .pool = m->pool, .n = m->row.size, .bytes = c->fr_bytes};
    while ((size_t)1 << t->log2_n < t->n) t->log2_n++;
    if (t->log2_n >= c->two_adicity)
        return pm_fail(m->err, PM_UNSUPPORTED, "curve %s has transforms below 2^%u", c->name, c->two_adicity);
    if (direct) PM_TRY(measure_alloc(&t->table, c->ntt_table_bytes(t->log2_n), m->err));
    PM_TRY(measure_alloc(&t->data, t->n * t->bytes, m->err));
    PM_TRY(measure_alloc(&t->coefficients, t->n * t->bytes, m->err));
    PM_TRY(measure_alloc(&t->lagrange, 2 * t->n * t->bytes, m->err));
    if (direct) c->ntt_table_make(t->table, t->log2_n, t->pool);
    measure_elements(c, t->coefficients, t->n, 3);
    memcpy(t->data, t->coefficients, t->n * t->bytes);
    measure_elements(c, t->scale, 1, 4);
    c->fr_root(t->shift, t->log2_n + 1);
    return PM_OK;
}

/* coefficients, bit-reversed: those of the polynomial p(w x), w the 2n-th root, whose values on the n-th
 * roots are p's on the odd coset. */
static void to_coset(const struct ntt *t)
{
    uint8_t one[PM_FR_MAX_BYTES] = {1};
    t->curve->fr_to_mont(one, one);
    t->curve->ntt_shift(t->pool, t->coefficients, t->log2_n, one, t->shift);
}

static enum pm_status measure_cpu(struct measure *m, struct ntt *t)
{
    forward(t);
    if (!same_polynomial(t)) return measure_wrong(m->err, "the forward transform, at a random point");
    inverse(t);
    if (!scaled_coefficients(t)) return measure_wrong(m->err, "the inverse transform of the forward one");
    memcpy(t->data, t->coefficients, t->n * t->bytes);
    forward(t);
    odd_coset(t);
    to_coset(t);
    if (!same_polynomial(t)) return measure_wrong(m->err, "the values on the odd coset, at a random point");
    uint64_t butterflies = t->n / 2 * t->log2_n;
    measure_time(m, "forward", "butterfly", butterflies, forward, t);
    measure_time(m, "inverse", "butterfly", butterflies, inverse, t);
    measure_time(m, "shift to a coset", "element", t->n, shift, t);
    measure_time(m, "to the odd coset", "butterfly", 2 * butterflies, odd_coset, t);
    return PM_OK;
}

/* One transform after the other, each from the last one's result: coefficients to values to coefficients to
 * values to values on the coset. */
static enum pm_status measure_gpu(struct measure *m, struct ntt *t)
{
    static const struct {
        enum pm_ntt_kind kind;
        const char *what;
        unsigned transforms;
    } runs[] = {{PM_NTT_FORWARD, "forward", 1},
                {PM_NTT_INVERSE, "inverse", 1},
                {PM_NTT_FORWARD, NULL, 1},
                {PM_NTT_ODD_COSET, "to the odd coset", 2}};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        uint64_t ns[PM_MEASURE_MAX_RUNS];
        struct pm_backend_timed timed = {
            .part = PM_TIMED_NTT, .kind = runs[i].kind, .n = t->n, .data = t->data};
        PM_TRY(measure_on_device(m, ns, &timed));
        if (runs[i].kind == PM_NTT_ODD_COSET) to_coset(t);
        bool right = runs[i].kind == PM_NTT_INVERSE ? memcmp(t->data, t->coefficients, t->n * t->bytes) == 0
                                                    : same_polynomial(t);
        if (!right) return measure_wrong(m->err, runs[i].what ? runs[i].what : "forward, again");
        if (runs[i].what)
            measure_given(m, runs[i].what, "butterfly", runs[i].transforms * (t->n / 2) * t->log2_n, ns, 0);
    }
    return PM_OK;
}

enum pm_status pm_measure_ntt(const struct pm_measure_options *options, pm_measure_emit *emit, void *ctx,
                              struct pm_error *err)
{
    struct measure m;
    struct ntt t = {.n = 0};
    enum pm_status status;
    bool direct;
    PM_GOTO(measure_begin(&m, "ntt", 16, true, options, emit, ctx, err));
    PM_GOTO(measure_device(&m, &direct));
    PM_GOTO(prepare(&t, &m, direct));
    PM_GOTO(direct ? measure_cpu(&m, &t) : measure_gpu(&m, &t));
out:
    free(t.table);
    free(t.data);
    free(t.coefficients);
    free(t.lagrange);
    measure_end(&m);
    return status;
}
