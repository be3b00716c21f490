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
#include "prove/multiples.h"
#include "prove/setup_rows.h"

#include <stdlib.h>

enum {
    element_bytes = 32, /* of Fr, on every curve that is supported here (checked in begin) */
    h_piece = 1 << 15   /* scalars of the H query made at a time */
};

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
    struct pm_setup_rows rows;
    struct pm_multiples *multiples;
    uint8_t *a, *b, *c; /* n_vars each, plain */
    uint8_t *work;      /* 2 h_piece elements */
};

static const char dev_text[] = "proofmill development key: secrets known to its maker";

static uint8_t *element(uint8_t *array, size_t i) { return array + i * element_bytes; }

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

/* c[wire] = (beta a + alpha b + c) / (gamma for public wires, delta for the others), plain. */
static void fold_into_c(void *ctx, size_t begin, size_t end)
{
    const struct setup *s = ctx;
    const struct pm_curve *curve = s->curve;
    uint8_t t[element_bytes];
    for (size_t wire = begin; wire < end; wire++) {
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
    PM_TRY(pm_binwriter_section(s->out, section, s->err));
    return pm_multiples_write(s->multiples, s->out, group, scalars, n, s->err);
}

static enum pm_status write_coefficients(struct setup *s)
{
    PM_TRY(pm_binwriter_section(s->out, 4, s->err));
    return pm_setup_rows_write(&s->rows, s->pool, s->out, s->err);
}

/* The H query: Lagrange polynomials of the odd powers of w_2N at tau, over delta. */
static enum pm_status write_h(struct setup *s)
{
    const struct pm_curve *curve = s->curve;
    uint8_t first[element_bytes], step[element_bytes], delta_inv[element_bytes]; /* plain */
    enum pm_status status = pm_binwriter_section(s->out, 9, s->err);
    curve->fr_root(step, s->log2_n);
    curve->fr_from_mont(delta_inv, s->s.delta_inv);
    for (size_t done = 0; done < s->n && status == PM_OK; done += h_piece) {
        size_t count = s->n - done < h_piece ? s->n - done : h_piece;
        uint8_t w[element_bytes];
        curve->fr_root(w, s->log2_n + 1);
        pm_power(curve, first, w, 2 * (uint64_t)done + 1);
        pm_lagrange_at(curve, s->pool, s->work, s->log2_n + 1, first, step, count, s->s.tau, delta_inv,
                       element(s->work, h_piece));
        status = pm_multiples_write(s->multiples, s->out, 1, s->work, count, s->err);
    }
    pm_wipe(delta_inv, sizeof delta_inv);
    return status;
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
    size_t n_vars = s->r1cs->n_vars;
    s->work = malloc((size_t)2 * h_piece * element_bytes);
    s->a = calloc(n_vars, element_bytes);
    s->b = calloc(n_vars, element_bytes);
    s->c = calloc(n_vars, element_bytes);
    if (s->work && s->a && s->b && s->c) return PM_OK;
    return pm_fail(s->err, PM_NO_MEMORY, "a setup of %zu wires does not fit into memory", n_vars);
}

static void end(struct setup *s)
{
    size_t bytes = (size_t)s->r1cs->n_vars * element_bytes;
    wipe_free(s->work, (size_t)2 * h_piece * element_bytes);
    wipe_free(s->a, bytes);
    wipe_free(s->b, bytes);
    wipe_free(s->c, bytes);
    pm_setup_rows_fini(&s->rows);
    pm_multiples_free(&s->multiples);
    pm_binwriter_free(&s->out);
    pm_wipe(&s->s, sizeof s->s);
}

enum pm_status pm_setup_dev(const struct pm_r1cs *r1cs, const char *zkey_path,
                            const struct pm_setup_secrets *secrets, struct pm_pool *pool,
                            struct pm_error *err)
{
    struct setup s = {.r1cs = r1cs, .curve = r1cs->curve, .pool = pool, .err = err};
    enum pm_status status;
    PM_GOTO(begin(&s));
    PM_GOTO(take_secrets(&s, secrets));
    PM_GOTO(allocate(&s));
    PM_GOTO(pm_setup_rows_init(&s.rows, r1cs, err));
    PM_GOTO(pm_setup_rows_sum(&s.rows, pool, s.log2_n, s.s.tau, s.a, s.b, s.c, err));
    pm_pool_for(pool, r1cs->n_vars, 0, fold_into_c, &s);
    PM_GOTO(pm_multiples_new(&s.multiples, s.curve, pool, 3 * (size_t)r1cs->n_vars + s.n, r1cs->n_vars, err));
    PM_GOTO(pm_binwriter_new(&s.out, zkey_path, "zkey", 1, 11, err));
    PM_GOTO(write_all(&s));
    PM_GOTO(pm_binwriter_finish(s.out, err));
out:
    end(&s);
    return status;
}
