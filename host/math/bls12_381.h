/* BLS12-381's builds, for curve.c, which picks one. */
#ifndef PM_MATH_BLS12_381_H
#define PM_MATH_BLS12_381_H

#include "math/curve.h"

extern const struct pm_curve pm_bls12_381_portable;

#endif
