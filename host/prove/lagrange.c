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

void pm_lagrange_at(const struct pm_curve *curve, struct pm_pool *pool, uint8_t *out, unsigned log2_m,
                    const uint8_t *first, const uint8_t *step, size_t n, const uint8_t *t, uint8_t *scratch)
{
    size_t bytes = curve->fr_bytes;
    uint8_t x[PM_FR_MAX_BYTES], factor[PM_FR_MAX_BYTES], size[PM_FR_MAX_BYTES] = {0};
    memcpy(x, first, bytes);
    for (size_t i = 0; i < n; i++) {
        curve->fr_sub(out + i * bytes, t, x);
        curve->fr_mul(x, x, step);
    }
    curve->fr_vec_inv(pool, out, out, n, scratch);

    vanishing(curve, factor, log2_m, t);
    size[log2_m / 8] = (uint8_t)(1u << log2_m % 8);
    curve->fr_to_mont(size, size);
    curve->fr_inv(size, size);
    curve->fr_mul(factor, factor, size);

    curve->fr_mul(x, factor, first); /* the factor times x_i */
    for (size_t i = 0; i < n; i++) {
        curve->fr_mul(out + i * bytes, out + i * bytes, x);
        curve->fr_mul(x, x, step);
    }
    pm_wipe(x, sizeof x);
    pm_wipe(factor, sizeof factor);
}
