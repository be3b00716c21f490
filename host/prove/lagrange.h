/* Lagrange polynomials of roots of unity, evaluated at one point: the numbers from which setup.c makes keys
 * and dev_ptau.c makes powers of tau, and by which benchmarks check a transform. Bytes as in math/curve.h. */
#ifndef PM_PROVE_LAGRANGE_H
#define PM_PROVE_LAGRANGE_H

#include "math/curve.h"

/* out = base^exponent, Montgomery. */
void pm_power(const struct pm_curve *curve, uint8_t *out, const uint8_t *base, uint64_t exponent);

/* out[i] = first * step^i for i < n; step Montgomery, out in first's form. */
void pm_powers(const struct pm_curve *curve, struct pm_pool *pool, uint8_t *out, const uint8_t *first,
               const uint8_t *step, size_t n);

/* out[i] = factor * L_i(t) for i < n, with L_i the polynomial of degree below M = 2^log2_m that is one at
 * x_i = first * step^i, one of the M-th roots of unity, and zero at the others:
 *   L_i(t) = x_i (t^M - 1) / (M (t - x_i)).
 * first, step and t are Montgomery; t must be none of the M-th roots (the result is then zero). factor: out
 * is in its form; NULL for a one in Montgomery form. scratch: n elements, which tell of t afterwards. */
void pm_lagrange_at(const struct pm_curve *curve, struct pm_pool *pool, uint8_t *out, unsigned log2_m,
                    const uint8_t *first, const uint8_t *step, size_t n, const uint8_t *t,
                    const uint8_t *factor, uint8_t *scratch);

/* Whether t, Montgomery, is a 2^log2_m-th root of unity. */
bool pm_lagrange_is_root(const struct pm_curve *curve, unsigned log2_m, const uint8_t *t);

#endif
