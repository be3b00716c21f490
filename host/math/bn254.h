/* BN254's builds, for curve.c, which picks one. */
#ifndef PM_MATH_BN254_H
#define PM_MATH_BN254_H

#include "math/curve.h"

extern const struct pm_curve pm_bn254_portable;

#endif
