/* BN254 for x86-64 processors with BMI2 and ADX: the portable build's templates over the fields of fp_x86.h.
 * curve.c hands the table out only where the processor has these. */
#define PM_FP_X86
#define CURVE       pm_bn254_adx
#define CURVE_BUILD "adx"
#include "math/bn254_curve.h"
