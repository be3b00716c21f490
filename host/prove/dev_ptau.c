/* Development powers of tau: every section is multiples of a generator by known scalars, so it is made in
 * pieces, with memory that does not grow with the file. See dev_ptau.h.
 *
 * The Lagrange sections hold, for each domain of M roots of unity, L_i(tau) times the generator (times alpha,
 * times beta); snarkjs computes the same by a transform of the points. Its largest domain in G1, 2^(power+1),
 * has one power of tau fewer than roots: the missing one's part, x_i tau^(M-1) / M, is taken off. */
#include "prove/dev_ptau.h"
#include "base/bytes.h"
#include "file/ptau.h"
#include "prove/coord.h"
#include "prove/lagrange.h"
#include "prove/multiples.h"

#include <stdlib.h>

enum { element_bytes = 32, piece = 1 << 16 }; /* scalars made at a time */

struct maker {
    const struct pm_curve *curve;
    struct pm_pool *pool;
    struct pm_error *err;
    struct pm_binwriter *out;
    unsigned power;
    struct pm_ptau_secrets plain;
    uint8_t tau[element_bytes], alpha[element_bytes], beta[element_bytes]; /* Montgomery */
    uint8_t *scalars, *work;                                               /* `piece` elements each */
    struct pm_multiples *multiples;
};

static const char dev_text[] = "proofmill development powers of tau: secrets known to everyone";

static uint8_t *element(uint8_t *array, size_t i) { return array + i * element_bytes; }

static void wipe_free(void *p, size_t size)
{
    if (p) pm_wipe(p, size);
    free(p);
}

static enum pm_status take_secrets(struct maker *m, const struct pm_ptau_secrets *given)
{
    const uint8_t *const plain[3] = {m->plain.tau, m->plain.alpha, m->plain.beta};
    uint8_t *const mont[3] = {m->tau, m->alpha, m->beta};
    if (given)
        m->plain = *given;
    else
        pm_dev_secrets(&m->plain, m->curve);
    for (int i = 0; i < 3; i++) {
        if (!m->curve->fr_is_canonical(plain[i]) || pm_bytes_are_zero(plain[i], element_bytes))
            return pm_fail(m->err, PM_USAGE, "secret %d is zero or not below the field's modulus", i);
        m->curve->fr_to_mont(mont[i], plain[i]);
    }
    if (pm_lagrange_is_root(m->curve, m->power + 1, m->tau))
        return pm_fail(m->err, PM_USAGE, "secret tau is a root of unity of the largest domain");
    return PM_OK;
}

static enum pm_status allocate(struct maker *m)
{
    size_t n = (size_t)1 << m->power;
    m->scalars = malloc((size_t)piece * element_bytes);
    m->work = malloc((size_t)piece * element_bytes);
    if (!m->scalars || !m->work) return pm_fail(m->err, PM_NO_MEMORY, "no memory for %d scalars", (int)piece);
    return pm_multiples_new(&m->multiples, m->curve, m->pool, 12 * n, 3 * n, m->err);
}

/* Writes the generator of that group times the first n of m->scalars. */
static enum pm_status put_points(struct maker *m, unsigned group, size_t n)
{
    return pm_multiples_write(m->multiples, m->out, group, m->scalars, n, m->err);
}

/* Section `type`: first * tau^i for i < n. first: plain. */
static enum pm_status write_powers(struct maker *m, uint32_t type, unsigned group, const uint8_t *first,
                                   size_t n)
{
    uint8_t next[element_bytes];
    PM_TRY(pm_binwriter_section(m->out, type, m->err));
    for (size_t done = 0; done < n; done += piece) {
        size_t count = n - done < piece ? n - done : piece;
        pm_power(m->curve, next, m->tau, done);
        m->curve->fr_mul(next, next, first);
        pm_powers(m->curve, m->pool, m->scalars, next, m->tau, count);
        PM_TRY(put_points(m, group, count));
    }
    return PM_OK;
}

/* m->scalars[i] -= x_i tau^(M-1) / M, plain, for the points x_i = first * step^i of M roots. */
static void take_off_last_power(struct maker *m, unsigned log2_m, const uint8_t *first, const uint8_t *step,
                                size_t n)
{
    const struct pm_curve *curve = m->curve;
    uint8_t part[element_bytes], size[element_bytes] = {0};
    uint8_t power[element_bytes], inverse[element_bytes];
    memcpy(power, m->tau, sizeof power);
    for (unsigned i = 0; i < log2_m; i++) curve->fr_mul(power, power, power);
    curve->fr_inv(inverse, m->tau);
    curve->fr_mul(power, power, inverse);
    size[log2_m / 8] = (uint8_t)(1u << log2_m % 8);
    curve->fr_to_mont(size, size);
    curve->fr_inv(size, size);
    curve->fr_mul(part, power, size);
    curve->fr_mul(part, part, first);
    curve->fr_from_mont(part, part);
    pm_powers(curve, m->pool, m->work, part, step, n);
    for (size_t i = 0; i < n; i++)
        curve->fr_sub(element(m->scalars, i), element(m->scalars, i), element(m->work, i));
    pm_wipe(part, sizeof part);
    pm_wipe(power, sizeof power);
    pm_wipe(inverse, sizeof inverse);
}

/* One domain: factor * L_i(tau) for its 2^log2_m points. factor: plain, and so are the products; one, where
 * the domain is the largest in G1. */
static enum pm_status write_domain(struct maker *m, unsigned group, const uint8_t *factor, unsigned log2_m)
{
    const struct pm_curve *curve = m->curve;
    size_t n = (size_t)1 << log2_m;
    uint8_t first[element_bytes], step[element_bytes];
    curve->fr_root(step, log2_m);
    for (size_t done = 0; done < n; done += piece) {
        size_t count = n - done < piece ? n - done : piece;
        pm_power(curve, first, step, done);
        pm_lagrange_at(curve, m->pool, m->scalars, log2_m, first, step, count, m->tau, factor, m->work);
        if (log2_m > m->power) take_off_last_power(m, log2_m, first, step, count);
        PM_TRY(put_points(m, group, count));
    }
    return PM_OK;
}

static enum pm_status write_lagrange(struct maker *m, uint32_t type, unsigned group, const uint8_t *factor,
                                     unsigned last_domain)
{
    PM_TRY(pm_binwriter_section(m->out, type, m->err));
    for (unsigned log2_m = 0; log2_m <= last_domain; log2_m++) PM_TRY(write_domain(m, group, factor, log2_m));
    return PM_OK;
}

static enum pm_status put_u32(struct maker *m, uint32_t value)
{
    uint8_t bytes[4];
    pm_store_le32(bytes, value);
    return pm_binwriter_put(m->out, bytes, sizeof bytes, m->err);
}

static enum pm_status write_all(struct maker *m)
{
    const struct pm_curve *curve = m->curve;
    const struct pm_ptau_secrets *p = &m->plain;
    static const uint8_t one[element_bytes] = {1};
    size_t n = (size_t)1 << m->power;
    PM_TRY(pm_binwriter_section(m->out, 1, m->err));
    PM_TRY(put_u32(m, curve->fp_bytes));
    PM_TRY(pm_binwriter_put(m->out, curve->fp_modulus, curve->fp_bytes, m->err));
    PM_TRY(put_u32(m, m->power));
    PM_TRY(put_u32(m, m->power));
    PM_TRY(write_powers(m, 2, 1, one, 2 * n - 1));
    PM_TRY(write_powers(m, 3, 2, one, n));
    PM_TRY(write_powers(m, 4, 1, p->alpha, n));
    PM_TRY(write_powers(m, 5, 1, p->beta, n));
    PM_TRY(write_powers(m, 6, 2, p->beta, 1));
    PM_TRY(pm_binwriter_section(m->out, 7, m->err));
    PM_TRY(put_u32(m, 0)); /* no contributions */
    PM_TRY(write_lagrange(m, 12, 1, one, m->power + 1));
    PM_TRY(write_lagrange(m, 13, 2, one, m->power));
    PM_TRY(write_lagrange(m, 14, 1, p->alpha, m->power));
    PM_TRY(write_lagrange(m, 15, 1, p->beta, m->power));
    PM_TRY(pm_binwriter_section(m->out, PM_PTAU_DEV_SECTION, m->err));
    return pm_binwriter_put(m->out, dev_text, sizeof dev_text - 1, m->err);
}

enum pm_status pm_ptau_dev(const struct pm_curve *curve, unsigned power, const char *path,
                           const struct pm_ptau_secrets *secrets, struct pm_pool *pool, struct pm_error *err)
{
    struct maker m = {.curve = curve, .pool = pool, .err = err, .power = power};
    enum pm_status status;
    if (curve->fr_bytes != element_bytes)
        return pm_fail(err, PM_UNSUPPORTED, "powers of tau over curve %s are not supported", curve->name);
    unsigned max = curve->two_adicity <= PM_PTAU_MAX_POWER ? curve->two_adicity - 1 : PM_PTAU_MAX_POWER;
    if (power < 1 || power > max)
        return pm_fail(err, PM_UNSUPPORTED, "a power from 1 to %u expected on curve %s, not %u", max,
                       curve->name, power);
    PM_GOTO(take_secrets(&m, secrets));
    PM_GOTO(allocate(&m));
    PM_GOTO(pm_binwriter_new(&m.out, path, "ptau", 1, 12, err));
    PM_GOTO(write_all(&m));
    PM_GOTO(pm_binwriter_finish(m.out, err));
out:
    pm_binwriter_free(&m.out);
    wipe_free(m.scalars, (size_t)piece * element_bytes);
    wipe_free(m.work, (size_t)piece * element_bytes);
    pm_multiples_free(&m.multiples);
    pm_wipe(&m, sizeof m);
    return status;
}
