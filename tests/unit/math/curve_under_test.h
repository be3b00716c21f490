/* The curve that a test of the templates runs over: TEST_CURVE is 254 (if nothing says) or 381, from
 * CMakeLists.txt, which builds every such test once for each. C(fp_mul) is bn254_fp_mul or bls12_381_fp_mul,
 * P(FR_BITS) likewise a number from the curve's params_*.h. */
#ifndef PM_TEST_MATH_CURVE_UNDER_TEST_H
#define PM_TEST_MATH_CURVE_UNDER_TEST_H

#ifndef TEST_CURVE
#define TEST_CURVE 254
#endif

#if TEST_CURVE == 254
#include "math/bn254_inst.h"
#define C(op)   PM_CAT(bn254, _##op)
#define P(name) PM_CAT(PM_BN254, _##name)
#else
#include "math/bls12_381_inst.h"
#define C(op)   PM_CAT(bls12_381, _##op)
#define P(name) PM_CAT(PM_BLS12_381, _##name)
#endif

#endif
