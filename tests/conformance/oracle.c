/* See oracle.h. Speed is no concern here; independence of prove/ is: of it, only the setup under test is
 * called. */
#include "conformance/oracle.h"
#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static uint64_t next(struct oracle *o)
{
    uint64_t z = o->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void *need(void *p)
{
    if (!p) abort();
    return p;
}

void oracle_element(struct oracle *o, uint8_t out[ORACLE_ELEMENT])
{
    uint8_t wide[64];
    for (size_t i = 0; i < sizeof wide; i += 8) pm_store_le64(wide + i, next(o));
    o->curve->fr_reduce_wide(out, wide);
}

/* What witnesses and coefficients are made of: 0, 1, -1, small, -small, full. */
static void mixed_element(struct oracle *o, uint8_t out[ORACLE_ELEMENT], bool zero_allowed)
{
    static const uint8_t zero[ORACLE_ELEMENT];
    unsigned kind = (unsigned)(next(o) % 6);
    if (kind == 5) {
        oracle_element(o, out);
        return;
    }
    memset(out, 0, ORACLE_ELEMENT);
    if (kind == 0 && zero_allowed) return;
    out[0] = 1;
    if (kind >= 3) pm_store_le64(out, next(o) & 0xffffff);
    if (kind >= 3) out[0] |= 1;
    if (kind == 2 || kind == 4) o->curve->fr_sub(out, zero, out);
}

/* out = a * b, plain. */
static void mul(const struct pm_curve *curve, uint8_t *out, const uint8_t *a, const uint8_t *b)
{
    uint8_t m[ORACLE_ELEMENT];
    curve->fr_to_mont(m, a);
    curve->fr_mul(out, m, b);
}

static void inv(const struct pm_curve *curve, uint8_t *out, const uint8_t *a)
{
    curve->fr_to_mont(out, a);
    curve->fr_inv(out, out);
    curve->fr_from_mont(out, out);
}

static void append(struct oracle *o, const void *bytes, size_t len)
{
    o->constraints = need(realloc(o->constraints, o->constraints_bytes + len));
    memcpy(o->constraints + o->constraints_bytes, bytes, len);
    o->constraints_bytes += len;
}

static void append_u32(struct oracle *o, uint32_t value)
{
    uint8_t bytes[4];
    pm_store_le32(bytes, value);
    append(o, bytes, sizeof bytes);
}

/* A random combination of the wires below `wires`; its value on the witness. extra: a term to come after
 * these. */
static void random_lc(struct oracle *o, uint8_t *value, uint32_t wires, uint32_t max_terms, uint32_t extra)
{
    uint32_t n = (uint32_t)(next(o) % (max_terms + 1));
    memset(value, 0, ORACLE_ELEMENT);
    append_u32(o, n + extra);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t c[ORACLE_ELEMENT], t[ORACLE_ELEMENT];
        uint32_t wire = (uint32_t)(next(o) % wires);
        mixed_element(o, c, false);
        append_u32(o, wire);
        append(o, c, sizeof c);
        mul(o->curve, t, c, o->witness + (size_t)wire * ORACLE_ELEMENT);
        o->curve->fr_add(value, value, t);
    }
}

/* A * B = rest + c * w_new, solved for the new wire. */
static void random_constraint(struct oracle *o, uint32_t wire)
{
    uint8_t a[ORACLE_ELEMENT], b[ORACLE_ELEMENT], rest[ORACLE_ELEMENT], c[ORACLE_ELEMENT], w[ORACLE_ELEMENT];
    random_lc(o, a, wire, 4, 0);
    random_lc(o, b, wire, 3, 0);
    random_lc(o, rest, wire, 2, 1);
    mixed_element(o, c, false);
    append_u32(o, wire);
    append(o, c, sizeof c);
    mul(o->curve, w, a, b);
    o->curve->fr_sub(w, w, rest);
    inv(o->curve, c, c);
    mul(o->curve, o->witness + (size_t)wire * ORACLE_ELEMENT, w, c);
}

void oracle_make(struct oracle *o, const struct pm_curve *curve, uint32_t n_constraints, uint32_t n_public,
                 uint64_t seed)
{
    *o =
        (struct oracle){.curve = curve, .n_public = n_public, .n_constraints = n_constraints, .random = seed};
    uint32_t n_free = 1 + n_public + 2 + n_constraints / 8; /* one, public, private */
    o->n_vars = n_free + n_constraints;
    o->witness = need(calloc(o->n_vars, ORACLE_ELEMENT));
    o->witness[0] = 1;
    for (uint32_t i = 1; i < n_free; i++) mixed_element(o, o->witness + (size_t)i * ORACLE_ELEMENT, true);
    for (uint32_t i = 0; i < n_constraints; i++) random_constraint(o, n_free + i);
    o->log2_n = 1;
    while (((size_t)1 << o->log2_n) < (size_t)n_constraints + n_public + 1) o->log2_n++;
    oracle_element(o, o->secrets.tau);
    oracle_element(o, o->secrets.alpha);
    oracle_element(o, o->secrets.beta);
    oracle_element(o, o->secrets.gamma);
    oracle_element(o, o->secrets.delta);
}

void oracle_free(struct oracle *o)
{
    free(o->constraints);
    free(o->witness);
    *o = (struct oracle){0};
}

/* All N Lagrange polynomials at tau, plain, as products over the other points. */
static uint8_t *lagrange(const struct oracle *o)
{
    const struct pm_curve *curve = o->curve;
    size_t n = (size_t)1 << o->log2_n;
    uint8_t *x = need(calloc(n, ORACLE_ELEMENT)), *out = need(calloc(n, ORACLE_ELEMENT));
    uint8_t root[ORACLE_ELEMENT];
    curve->fr_root(root, o->log2_n);
    x[0] = 1;
    for (size_t i = 1; i < n; i++) curve->fr_mul(x + i * ORACLE_ELEMENT, x + (i - 1) * ORACLE_ELEMENT, root);
    for (size_t i = 0; i < n; i++) curve->fr_to_mont(x + i * ORACLE_ELEMENT, x + i * ORACLE_ELEMENT);
    uint8_t tau[ORACLE_ELEMENT];
    curve->fr_to_mont(tau, o->secrets.tau);
    for (size_t i = 0; i < n; i++) {
        uint8_t over[ORACLE_ELEMENT] = {1}, under[ORACLE_ELEMENT] = {1}, d[ORACLE_ELEMENT];
        curve->fr_to_mont(over, over);
        curve->fr_to_mont(under, under);
        for (size_t j = 0; j < n; j++) {
            if (i == j) continue;
            curve->fr_sub(d, tau, x + j * ORACLE_ELEMENT);
            curve->fr_mul(over, over, d);
            curve->fr_sub(d, x + i * ORACLE_ELEMENT, x + j * ORACLE_ELEMENT);
            curve->fr_mul(under, under, d);
        }
        curve->fr_inv(under, under);
        curve->fr_mul(over, over, under);
        curve->fr_from_mont(out + i * ORACLE_ELEMENT, over);
    }
    free(x);
    return out;
}

/* The wires' polynomials at tau: m[0], m[1], m[2] for A, B, C; n_vars plain elements each. */
static void wire_polynomials(const struct oracle *o, uint8_t *m[3])
{
    uint8_t *l = lagrange(o);
    const uint8_t *p = o->constraints;
    for (int k = 0; k < 3; k++) m[k] = need(calloc(o->n_vars, ORACLE_ELEMENT));
    for (uint32_t row = 0; row < o->n_constraints; row++) {
        for (int k = 0; k < 3; k++) {
            uint32_t terms = pm_load_le32(p);
            p += 4;
            for (; terms > 0; terms--, p += 4 + ORACLE_ELEMENT) {
                uint8_t t[ORACLE_ELEMENT], *sum = m[k] + (size_t)pm_load_le32(p) * ORACLE_ELEMENT;
                mul(o->curve, t, p + 4, l + (size_t)row * ORACLE_ELEMENT);
                o->curve->fr_add(sum, sum, t);
            }
        }
    }
    for (uint32_t i = 0; i <= o->n_public; i++) {
        uint8_t *sum = m[0] + (size_t)i * ORACLE_ELEMENT;
        o->curve->fr_add(sum, sum, l + ((size_t)o->n_constraints + i) * ORACLE_ELEMENT);
    }
    free(l);
}

/* out = sum over wires from `first` of witness * polynomial */
static void weighted(const struct oracle *o, uint8_t *out, const uint8_t *polynomials, uint32_t first)
{
    memset(out, 0, ORACLE_ELEMENT);
    for (size_t i = first; i < o->n_vars; i++) {
        uint8_t t[ORACLE_ELEMENT];
        mul(o->curve, t, o->witness + i * ORACLE_ELEMENT, polynomials + i * ORACLE_ELEMENT);
        o->curve->fr_add(out, out, t);
    }
}

/* sum += a * b */
static void add_product(const struct pm_curve *curve, uint8_t *sum, const uint8_t *a, const uint8_t *b)
{
    uint8_t t[ORACLE_ELEMENT];
    mul(curve, t, a, b);
    curve->fr_add(sum, sum, t);
}

static void times_generators(const struct oracle *o, struct pm_proof *out, const uint8_t *a, const uint8_t *b,
                             const uint8_t *c)
{
    const struct pm_curve *curve = o->curve;
    struct pm_point1 g1, p1;
    struct pm_point2 g2, p2;
    *out = (struct pm_proof){.curve = curve};
    curve->g1_from_affine(&g1, curve->g1_generator);
    curve->g2_from_affine(&g2, curve->g2_generator);
    curve->g1_mul(&p1, &g1, a);
    curve->g1_to_affine(out->a, &p1);
    curve->g2_mul(&p2, &g2, b);
    curve->g2_to_affine(out->b, &p2);
    curve->g1_mul(&p1, &g1, c);
    curve->g1_to_affine(out->c, &p1);
}

/* With u, v, w the witness' polynomials at tau:
 * a = alpha + u + r delta;  b = beta + v + s delta;
 * c = (beta u' + alpha v' + w' + u v - w) / delta + a s + b r - r s delta, u', v', w' over the private wires
 * alone; u v - w = h(tau) t(tau) because the witness satisfies the circuit. */
void oracle_prove(const struct oracle *o, struct pm_proof *out, const uint8_t *r, const uint8_t *s)
{
    const struct pm_curve *curve = o->curve;
    const struct pm_setup_secrets *x = &o->secrets;
    uint8_t *m[3], full[3][ORACLE_ELEMENT], private[3][ORACLE_ELEMENT], a[ORACLE_ELEMENT], b[ORACLE_ELEMENT],
        c[ORACLE_ELEMENT], t[ORACLE_ELEMENT];
    wire_polynomials(o, m);
    for (int k = 0; k < 3; k++) {
        weighted(o, full[k], m[k], 0);
        weighted(o, private[k], m[k], o -> n_public + 1);
        free(m[k]);
    }
    curve->fr_add(a, x->alpha, full[0]);
    add_product(curve, a, r, x->delta);
    curve->fr_add(b, x->beta, full[1]);
    add_product(curve, b, s, x->delta);

    mul(curve, c, full[0], full[1]);
    curve->fr_sub(c, c, full[2]);
    add_product(curve, c, x->beta, private[0]);
    add_product(curve, c, x->alpha, private[1]);
    curve->fr_add(c, c, private[2]);
    inv(curve, t, x->delta);
    mul(curve, c, c, t);
    add_product(curve, c, a, s);
    add_product(curve, c, b, r);
    mul(curve, t, r, s);
    mul(curve, t, t, x->delta);
    curve->fr_sub(c, c, t);
    times_generators(o, out, a, b, c);
}

bool oracle_temp_dir(char out[64])
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(out, 64, "%.40s/pm-test-XXXXXX", tmp && strlen(tmp) <= 40 ? tmp : "/tmp");
    return mkdtemp(out) != NULL;
}

const char *oracle_key_make(struct oracle_key *k, const struct oracle *o, struct pm_pool *pool,
                            struct pm_error *err)
{
    struct pm_r1cs r1cs;
    *k = (struct oracle_key){0};
    if (!oracle_temp_dir(k->dir)) return "no temporary folder";
    (void)snprintf(k->path, sizeof k->path, "%s/c.r1cs", k->dir);
    const char *failed = NULL;
    if (pm_r1cs_write(k->path, o->curve, o->n_vars, 0, o->n_public, o->n_constraints, o->constraints,
                      o->constraints_bytes, err) != PM_OK ||
        pm_r1cs_open(&r1cs, k->path, err) != PM_OK) {
        failed = err->text;
    } else {
        (void)unlink(k->path);
        (void)snprintf(k->path, sizeof k->path, "%s/c.zkey", k->dir);
        if (pm_setup_dev(&r1cs, k->path, &o->secrets, pool, err) != PM_OK) failed = err->text;
        pm_r1cs_close(&r1cs);
    }
    if (!failed && pm_zkey_open(&k->zkey, k->path, PM_CHECK_DEEP, pool, err) != PM_OK) failed = err->text;
    if (!failed && pm_key_new(&k->key, &k->zkey, pool, err) != PM_OK) failed = err->text;
    return failed;
}

void oracle_key_free(struct oracle_key *k)
{
    if (k->key) {
        pm_key_free(&k->key);
        pm_zkey_close(&k->zkey);
    }
    (void)unlink(k->path);
    (void)rmdir(k->dir);
}
