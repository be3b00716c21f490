/* BN254's builds, for curve.c, which picks one. */
#ifndef PM_MATH_BN254_H
#define PM_MATH_BN254_H

#include "math/curve.h"

extern const struct pm_curve pm_bn254_portable;

/* The build for x86-64 with BMI2 and ADX; there where PM_MATH_ADX is defined. Use it only on a processor that
 * has PM_CPU_ADX. */
extern const struct pm_curve pm_bn254_adx;

/* The build for AVX-512 IFMA, in lanes; there where PM_MATH_IFMA is defined. Call it only on a processor that
 * has PM_CPU_IFMA and PM_CPU_ADX. */
void pm_bn254_ifma_fill(struct pm_curve *out);

#endif
