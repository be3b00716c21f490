/* The development setup: Groth16's trusted setup done by one party, from an .r1cs straight to a .zkey. See
 * setup.h.
 *
 * With L_i the Lagrange polynomials of the domain of N roots, A_s = sum over rows i of A[i][s] L_i(tau) (B, C
 * alike): A query A_s G1; B queries B_s G1, B_s G2; IC and C query (beta A_s + alpha B_s + C_s) / (gamma or
 * delta) G1; H query: sum of h(tau) t(tau) over the odd powers of w_2N, i.e. L'_(2i+1)(tau) / delta G1 with
 * L' of the 2N roots. As in snarkjs, rows n_constraints .. n_constraints + n_public of A hold the public
 * wires themselves, so that their polynomials are independent. The file then goes to file/zkey.h. */
#include "prove/setup.h"
#include "base/bytes.h"
#include "base/random.h"
#include "file/zkey.h"
#include "prove/coord.h"
#include "prove/lagrange.h"

#include <stdlib.h>

enum { element_bytes = 32 }; /* of Fr, on every curve that is supported here (checked in begin) */

/* Secrets and what is derived from them once; wiped as a whole. */
struct secrets {
    struct pm_setup_secrets plain;
    uint8_t tau[32], alpha[32], beta[32]; /* Montgomery */
    uint8_t gamma_inv[32], delta_inv[32];
};

struct setup {
    const struct pm_r1cs *r1cs;
    const struct pm_curve *curve;
    struct pm_pool *pool;
    struct pm_error *err;
    struct pm_binwriter *out;
    uint32_t n_public;
    unsigned log2_n;
    size_t n;
    struct secrets s;
    uint8_t *lagrange;               /* N, Montgomery; afterwards those of the odd powers */
    uint8_t *a, *b, *c;              /* n_vars each, plain */
    uint8_t *work;                   /* N elements */
    uint8_t *points;                 /* of one section */
    size_t points_bytes, wide_bytes; /* wide_bytes: of lagrange and work */
};

static const char dev_text[] = "proofmill development key: secrets known to its maker";

static uint8_t *element(uint8_t *array, size_t i) { return array + i * element_bytes; }

static size_t max_size(size_t a, size_t b) { return a > b ? a : b; }

static void wipe_free(uint8_t *p, size_t size)
{
    if (p) pm_wipe(p, size);
    free(p);
}

/* -- secrets -- */

static enum pm_status draw(const struct pm_curve *curve, struct pm_setup_secrets *out, struct pm_error *err)
{
    uint8_t wide[5][64], *const to[5] = {out->tau, out->alpha, out->beta, out->gamma, out->delta};
    enum pm_status status = pm_random_bytes(wide, sizeof wide, err);
    for (int i = 0; i < 5 && status == PM_OK; i++) curve->fr_reduce_wide(to[i], wide[i]);
    pm_wipe(wide, sizeof wide);
    return status;
}

static enum pm_status take_secrets(struct setup *s, const struct pm_setup_secrets *given)
{
    const struct pm_curve *curve = s->curve;
    if (given)
        s->s.plain = *given;
    else
        PM_TRY(draw(curve, &s->s.plain, s->err));
    const struct pm_setup_secrets *p = &s->s.plain;
    const uint8_t *const all[5] = {p->tau, p->alpha, p->beta, p->gamma, p->delta};
    for (int i = 0; i < 5; i++)
        if (!curve->fr_is_canonical(all[i]) || pm_bytes_are_zero(all[i], element_bytes))
            return pm_fail(s->err, PM_USAGE, "setup secret %d is zero or not below the field's modulus", i);
    curve->fr_to_mont(s->s.tau, p->tau);
    curve->fr_to_mont(s->s.alpha, p->alpha);
    curve->fr_to_mont(s->s.beta, p->beta);
    curve->fr_to_mont(s->s.gamma_inv, p->gamma);
    curve->fr_inv(s->s.gamma_inv, s->s.gamma_inv);
    curve->fr_to_mont(s->s.delta_inv, p->delta);
    curve->fr_inv(s->s.delta_inv, s->s.delta_inv);
    if (pm_lagrange_is_root(curve, s->log2_n + 1, s->s.tau)) /* the Lagrange formulas have no value there */
        return pm_fail(s->err, PM_USAGE, "setup secret tau is a root of unity of the domain");
    return PM_OK;
}

/* -- polynomials at tau -- */

/* Those of the N points first * w_N^i among the 2^log2_m roots, Montgomery: N of N (first = 1), or the odd
 * ones of 2N (first = w_2N). */
static void lagrange_at_tau(const struct setup *s, unsigned log2_m, const uint8_t *first)
{
    uint8_t step[element_bytes];
    s->curve->fr_root(step, s->log2_n);
    pm_lagrange_at(s->curve, s->pool, s->lagrange, log2_m, first, step, s->n, s->s.tau, s->work);
}

/* to[wire] += coefficient * L_row(tau), all plain but L. */
static void add_terms(const struct setup *s, uint8_t *to, const struct pm_lc *lc, size_t row)
{
    const uint8_t *term = lc->terms;
    for (uint32_t i = 0; i < lc->n_terms; i++, term += 4 + element_bytes) {
        uint8_t product[element_bytes], *sum = element(to, pm_load_le32(term));
        s->curve->fr_mul(product, term + 4, element(s->lagrange, row));
        s->curve->fr_add(sum, sum, product);
    }
}

static void wires_at_tau(const struct setup *s)
{
    uint64_t at = 0;
    for (uint32_t row = 0; row < s->r1cs->n_constraints; row++) {
        struct pm_lc lc[3];
        pm_r1cs_next(s->r1cs, &at, lc);
        add_terms(s, s->a, &lc[0], row);
        add_terms(s, s->b, &lc[1], row);
        add_terms(s, s->c, &lc[2], row);
    }
    for (uint32_t wire = 0; wire <= s->n_public; wire++) {
        uint8_t plain[element_bytes], *sum = element(s->a, wire);
        s->curve->fr_from_mont(plain, element(s->lagrange, (size_t)s->r1cs->n_constraints + wire));
        s->curve->fr_add(sum, sum, plain);
    }
}

/* c[wire] = (beta a + alpha b + c) / (gamma for public wires, delta for the others), plain. */
static void fold_into_c(const struct setup *s)
{
    const struct pm_curve *curve = s->curve;
    uint8_t t[element_bytes];
    for (size_t wire = 0; wire < s->r1cs->n_vars; wire++) {
        uint8_t *c = element(s->c, wire);
        curve->fr_mul(t, element(s->a, wire), s->s.beta);
        curve->fr_add(c, c, t);
        curve->fr_mul(t, element(s->b, wire), s->s.alpha);
        curve->fr_add(c, c, t);
        curve->fr_mul(c, c, wire <= s->n_public ? s->s.gamma_inv : s->s.delta_inv);
    }
    pm_wipe(t, sizeof t);
}

/* -- sections -- */

static enum pm_status put(struct setup *s, const void *data, size_t len)
{
    return pm_binwriter_put(s->out, data, len, s->err);
}

static enum pm_status put_u32(struct setup *s, uint32_t value)
{
    uint8_t bytes[4];
    pm_store_le32(bytes, value);
    return put(s, bytes, sizeof bytes);
}

/* scalar * generator of group 1 or 2. */
static enum pm_status put_point(struct setup *s, unsigned group, const uint8_t *scalar)
{
    uint8_t affine[PM_G2_MAX_BYTES];
    if (group == 1) {
        struct pm_point1 p;
        s->curve->g1_from_affine(&p, s->curve->g1_generator);
        s->curve->g1_mul(&p, &p, scalar);
        s->curve->g1_to_affine(affine, &p);
        return put(s, affine, s->curve->g1_bytes);
    }
    struct pm_point2 p;
    s->curve->g2_from_affine(&p, s->curve->g2_generator);
    s->curve->g2_mul(&p, &p, scalar);
    s->curve->g2_to_affine(affine, &p);
    return put(s, affine, s->curve->g2_bytes);
}

static enum pm_status write_header(struct setup *s)
{
    const struct pm_setup_secrets *p = &s->s.plain;
    PM_TRY(pm_binwriter_section(s->out, 1, s->err));
    PM_TRY(put_u32(s, 1)); /* Groth16 */
    PM_TRY(pm_binwriter_section(s->out, 2, s->err));
    PM_TRY(put_u32(s, s->curve->fp_bytes));
    PM_TRY(put(s, s->curve->fp_modulus, s->curve->fp_bytes));
    PM_TRY(put_u32(s, s->curve->fr_bytes));
    PM_TRY(put(s, s->curve->fr_modulus, s->curve->fr_bytes));
    PM_TRY(put_u32(s, s->r1cs->n_vars));
    PM_TRY(put_u32(s, s->n_public));
    PM_TRY(put_u32(s, (uint32_t)s->n));
    PM_TRY(put_point(s, 1, p->alpha));
    PM_TRY(put_point(s, 1, p->beta));
    PM_TRY(put_point(s, 2, p->beta));
    PM_TRY(put_point(s, 2, p->gamma));
    PM_TRY(put_point(s, 1, p->delta));
    return put_point(s, 2, p->delta);
}

/* n multiples of a generator, as one section. */
static enum pm_status write_points(struct setup *s, uint32_t section, unsigned group, const uint8_t *scalars,
                                   size_t n)
{
    const struct pm_curve *curve = s->curve;
    unsigned threads = pm_pool_threads(s->pool);
    size_t size = group == 1 ? curve->fixed_g1_scratch(n, threads) : curve->fixed_g2_scratch(n, threads);
    size_t point_bytes = group == 1 ? curve->g1_bytes : curve->g2_bytes;
    if (size > SIZE_MAX - 64) return pm_fail(s->err, PM_NO_MEMORY, "%zu points are too many", n);
    PM_TRY(pm_binwriter_section(s->out, section, s->err));
    if (n == 0) return PM_OK;
    void *scratch = aligned_alloc(64, size / 64 * 64 + 64);
    if (!scratch) return pm_fail(s->err, PM_NO_MEMORY, "%zu bytes to make %zu points cannot be had", size, n);
    if (group == 1)
        curve->fixed_g1_var(s->pool, s->points, curve->g1_generator, scalars, n, scratch);
    else
        curve->fixed_g2_var(s->pool, s->points, curve->g2_generator, scalars, n, scratch);
    wipe_free(scratch, size);
    return put(s, s->points, n * point_bytes);
}

static enum pm_status put_coefficient(struct setup *s, uint32_t matrix, uint32_t row, uint32_t wire,
                                      const uint8_t *plain)
{
    uint8_t record[12 + element_bytes];
    pm_store_le32(record, matrix);
    pm_store_le32(record + 4, row);
    pm_store_le32(record + 8, wire);
    s->curve->fr_to_mont(record + 12, plain);
    s->curve->fr_to_mont(record + 12, record + 12);
    return put(s, record, sizeof record);
}

static enum pm_status count_coefficients(const struct setup *s, uint32_t *out)
{
    uint64_t at = 0, count = (uint64_t)s->n_public + 1;
    for (uint32_t row = 0; row < s->r1cs->n_constraints; row++) {
        struct pm_lc lc[3];
        pm_r1cs_next(s->r1cs, &at, lc);
        count += (uint64_t)lc[0].n_terms + lc[1].n_terms;
    }
    if (count > UINT32_MAX)
        return pm_fail(s->err, PM_UNSUPPORTED, "%llu coefficients: the format holds fewer than 2^32",
                       (unsigned long long)count);
    *out = (uint32_t)count;
    return PM_OK;
}

static enum pm_status write_coefficients(struct setup *s)
{
    uint32_t count = 0;
    PM_TRY(count_coefficients(s, &count));
    PM_TRY(pm_binwriter_section(s->out, 4, s->err));
    PM_TRY(put_u32(s, count));
    uint64_t at = 0;
    for (uint32_t row = 0; row < s->r1cs->n_constraints; row++) {
        struct pm_lc lc[3];
        pm_r1cs_next(s->r1cs, &at, lc);
        for (uint32_t matrix = 0; matrix < 2; matrix++) {
            const uint8_t *term = lc[matrix].terms;
            for (uint32_t i = 0; i < lc[matrix].n_terms; i++, term += 4 + element_bytes)
                PM_TRY(put_coefficient(s, matrix, row, pm_load_le32(term), term + 4));
        }
    }
    uint8_t one[element_bytes] = {1};
    for (uint32_t wire = 0; wire <= s->n_public; wire++)
        PM_TRY(put_coefficient(s, 0, s->r1cs->n_constraints + wire, wire, one));
    return PM_OK;
}

/* Scalars of the H query: Lagrange polynomials of the odd powers at tau, over delta; plain. */
static enum pm_status write_h(struct setup *s)
{
    const struct pm_curve *curve = s->curve;
    uint8_t first[element_bytes], delta_inv[element_bytes];
    curve->fr_root(first, s->log2_n + 1);
    lagrange_at_tau(s, s->log2_n + 1, first);
    curve->fr_from_mont(delta_inv, s->s.delta_inv);
    for (size_t i = 0; i < s->n; i++) curve->fr_mul(element(s->work, i), element(s->lagrange, i), delta_inv);
    pm_wipe(delta_inv, sizeof delta_inv);
    return write_points(s, 9, 1, s->work, s->n);
}

static enum pm_status write_all(struct setup *s)
{
    size_t n_vars = s->r1cs->n_vars, n_ic = (size_t)s->n_public + 1;
    static const uint8_t no_hash[64] = {0};
    PM_TRY(write_header(s));
    PM_TRY(write_points(s, 3, 1, s->c, n_ic));
    PM_TRY(write_coefficients(s));
    PM_TRY(write_points(s, 5, 1, s->a, n_vars));
    PM_TRY(write_points(s, 6, 1, s->b, n_vars));
    PM_TRY(write_points(s, 7, 2, s->b, n_vars));
    PM_TRY(write_points(s, 8, 1, element(s->c, n_ic), n_vars - n_ic));
    PM_TRY(write_h(s));
    PM_TRY(pm_binwriter_section(s->out, 10, s->err));
    PM_TRY(put(s, no_hash, sizeof no_hash)); /* no ceremony, so no circuit hash and no contributions */
    PM_TRY(put_u32(s, 0));
    PM_TRY(pm_binwriter_section(s->out, PM_ZKEY_DEV_SECTION, s->err));
    return put(s, dev_text, sizeof dev_text - 1);
}

/* -- the whole -- */

static enum pm_status begin(struct setup *s)
{
    const struct pm_r1cs *r = s->r1cs;
    if (s->curve->fr_bytes != element_bytes)
        return pm_fail(s->err, PM_UNSUPPORTED, "setup over curve %s is not supported", s->curve->name);
    uint64_t n_public = (uint64_t)r->n_outputs + r->n_public_inputs;
    if (n_public + 1 > r->n_vars)
        return pm_fail(s->err, PM_FORMAT, "%s: %llu public signals among %u wires", r->file.name,
                       (unsigned long long)n_public, r->n_vars);
    s->n_public = (uint32_t)n_public;
    uint64_t rows = (uint64_t)r->n_constraints + n_public + 1;
    s->log2_n = 1; /* the smallest domain that snarkjs makes */
    while ((uint64_t)1 << s->log2_n < rows) s->log2_n++;
    if (s->log2_n + 1 > s->curve->two_adicity)
        return pm_fail(s->err, PM_UNSUPPORTED, "%s: %llu rows; the largest domain on curve %s is 2^%u",
                       r->file.name, (unsigned long long)rows, s->curve->name, s->curve->two_adicity - 1);
    s->n = (size_t)1 << s->log2_n;
    return PM_OK;
}

static enum pm_status allocate(struct setup *s)
{
    size_t n_vars = s->r1cs->n_vars, most = max_size(n_vars * s->curve->g2_bytes, s->n * s->curve->g1_bytes);
    s->wide_bytes = s->n * element_bytes;
    s->points_bytes = most;
    s->lagrange = calloc(s->n, element_bytes);
    s->work = calloc(s->n, element_bytes);
    s->a = calloc(n_vars, element_bytes);
    s->b = calloc(n_vars, element_bytes);
    s->c = calloc(n_vars, element_bytes);
    s->points = malloc(most);
    if (s->lagrange && s->work && s->a && s->b && s->c && s->points) return PM_OK;
    return pm_fail(s->err, PM_NO_MEMORY, "a setup of %zu wires and a domain of %zu does not fit into memory",
                   n_vars, s->n);
}

static void end(struct setup *s)
{
    size_t narrow_bytes = (size_t)s->r1cs->n_vars * element_bytes;
    wipe_free(s->lagrange, s->wide_bytes);
    wipe_free(s->work, s->wide_bytes);
    wipe_free(s->a, narrow_bytes);
    wipe_free(s->b, narrow_bytes);
    wipe_free(s->c, narrow_bytes);
    free(s->points);
    pm_binwriter_free(&s->out);
    pm_wipe(&s->s, sizeof s->s);
}

enum pm_status pm_setup_dev(const struct pm_r1cs *r1cs, const char *zkey_path,
                            const struct pm_setup_secrets *secrets, struct pm_pool *pool,
                            struct pm_error *err)
{
    struct setup s = {.r1cs = r1cs, .curve = r1cs->curve, .pool = pool, .err = err};
    uint8_t one[element_bytes] = {1};
    enum pm_status status;
    PM_GOTO(begin(&s));
    PM_GOTO(take_secrets(&s, secrets));
    PM_GOTO(allocate(&s));
    s.curve->fr_to_mont(one, one);
    lagrange_at_tau(&s, s.log2_n, one);
    wires_at_tau(&s);
    fold_into_c(&s);
    PM_GOTO(pm_binwriter_new(&s.out, zkey_path, "zkey", 1, 11, err));
    PM_GOTO(write_all(&s));
    PM_GOTO(pm_binwriter_finish(s.out, err));
out:
    end(&s);
    return status;
}
