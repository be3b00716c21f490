/* Lagrange polynomials at a point: one inversion for all of them. See lagrange.h. */
#include "prove/lagrange.h"
#include "base/bytes.h"

/* out = t^M - 1 */
static void vanishing(const struct pm_curve *curve, uint8_t *out, unsigned log2_m, const uint8_t *t)
{
    uint8_t one[PM_FR_MAX_BYTES] = {1};
    curve->fr_to_mont(one, one);
    memmove(out, t, curve->fr_bytes);
    for (unsigned i = 0; i < log2_m; i++) curve->fr_mul(out, out, out);
    curve->fr_sub(out, out, one);
}

bool pm_lagrange_is_root(const struct pm_curve *curve, unsigned log2_m, const uint8_t *t)
{
    static const uint8_t zero[PM_FR_MAX_BYTES];
    uint8_t value[PM_FR_MAX_BYTES];
    vanishing(curve, value, log2_m, t);
    bool is_root = memcmp(value, zero, curve->fr_bytes) == 0;
    pm_wipe(value, sizeof value);
    return is_root;
}

void pm_power(const struct pm_curve *curve, uint8_t *out, const uint8_t *base, uint64_t exponent)
{
    uint8_t power[PM_FR_MAX_BYTES], square[PM_FR_MAX_BYTES], one[PM_FR_MAX_BYTES] = {1};
    curve->fr_to_mont(power, one);
    memcpy(square, base, curve->fr_bytes);
    for (; exponent; exponent >>= 1) {
        if (exponent & 1) curve->fr_mul(power, power, square);
        curve->fr_mul(square, square, square);
    }
    memcpy(out, power, curve->fr_bytes);
    pm_wipe(power, sizeof power);
    pm_wipe(square, sizeof square);
}

struct job {
    const struct pm_curve *curve;
    uint8_t *out, *scratch;
    const uint8_t *first, *step, *t, *factor;
};

static void powers_piece(void *ctx, size_t begin, size_t end)
{
    const struct job *job = ctx;
    const struct pm_curve *curve = job->curve;
    size_t bytes = curve->fr_bytes;
    uint8_t next[PM_FR_MAX_BYTES];
    pm_power(curve, next, job->step, begin);
    curve->fr_mul(next, next, job->first);
    for (size_t i = begin; i < end; i++) {
        memcpy(job->out + i * bytes, next, bytes);
        curve->fr_mul(next, next, job->step);
    }
    pm_wipe(next, sizeof next);
}

void pm_powers(const struct pm_curve *curve, struct pm_pool *pool, uint8_t *out, const uint8_t *first,
               const uint8_t *step, size_t n)
{
    struct job job = {.curve = curve, .out = out, .first = first, .step = step};
    pm_pool_for(pool, n, 0, powers_piece, &job);
}

static void lagrange_piece(void *ctx, size_t begin, size_t end)
{
    const struct job *job = ctx;
    const struct pm_curve *curve = job->curve;
    size_t bytes = curve->fr_bytes;
    uint8_t x[PM_FR_MAX_BYTES], start[PM_FR_MAX_BYTES];
    pm_power(curve, start, job->step, begin);
    curve->fr_mul(start, start, job->first);
    memcpy(x, start, bytes);
    for (size_t i = begin; i < end; i++) {
        curve->fr_sub(job->out + i * bytes, job->t, x);
        curve->fr_mul(x, x, job->step);
    }
    uint8_t *out = job->out + begin * bytes;
    curve->fr_vec_inv(NULL, out, out, end - begin, job->scratch + begin * bytes);
    curve->fr_mul(x, job->factor, start); /* the factor times x_i */
    for (size_t i = begin; i < end; i++) {
        curve->fr_mul(job->out + i * bytes, job->out + i * bytes, x);
        curve->fr_mul(x, x, job->step);
    }
    pm_wipe(x, sizeof x);
}

void pm_lagrange_at(const struct pm_curve *curve, struct pm_pool *pool, uint8_t *out, unsigned log2_m,
                    const uint8_t *first, const uint8_t *step, size_t n, const uint8_t *t,
                    const uint8_t *factor, uint8_t *scratch)
{
    uint8_t all[PM_FR_MAX_BYTES], size[PM_FR_MAX_BYTES] = {0};
    vanishing(curve, all, log2_m, t);
    size[log2_m / 8] = (uint8_t)(1u << log2_m % 8);
    curve->fr_to_mont(size, size);
    curve->fr_inv(size, size);
    curve->fr_mul(all, all, size);
    if (factor) curve->fr_mul(all, all, factor);
    struct job job = {.curve = curve, .out = out, .scratch = scratch, .first = first, .step = step, .t = t};
    job.factor = all;
    pm_pool_for(pool, n, 0, lagrange_piece, &job);
    pm_wipe(all, sizeof all);
}
