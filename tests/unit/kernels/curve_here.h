/* The curve that a test of kernels runs over: TEST_CURVE is 254 (if nothing says) or 381, from
 * CMakeLists.txt, which builds these tests once for each. */
#ifndef PM_TEST_KERNELS_CURVE_HERE_H
#define PM_TEST_KERNELS_CURVE_HERE_H

#include "kernels/gpu_curve.h"
#include "math/curve.h"

#if defined TEST_CURVE && TEST_CURVE == 381
#include "math/params_bls12_381.h"
#define CURVE_NAME     "bls12381"
#define CURVE_FP_ONE   PM_BLS12_381_FP_MONT_R
#define CURVE_FR_P     PM_BLS12_381_FR_MODULUS
#define CURVE_FR_BOUND 1 /* kernels/fd_tmpl.h's FD_BOUND */
#define CURVE_FP_BYTES (8 * PM_BLS12_381_FP_LIMBS)
#else
#include "math/params_bn254.h"
#define CURVE_NAME     "bn128"
#define CURVE_FP_ONE   PM_BN254_FP_MONT_R
#define CURVE_FR_P     PM_BN254_FR_MODULUS
#define CURVE_FR_BOUND 2
#define CURVE_FP_BYTES (8 * PM_BN254_LIMBS)
#endif

#endif
