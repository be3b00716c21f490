/* The lanes of the curve that a test runs over: curve_under_test.h for tests that are compiled for AVX-512
 * IFMA. */
#ifndef PM_TEST_MATH_IFMA_UNDER_TEST_H
#define PM_TEST_MATH_IFMA_UNDER_TEST_H

#include "curve_under_test.h"

#if TEST_CURVE == 254
#include "math/bn254_ifma_inst.h"
#else
#include "math/bls12_381_ifma_inst.h"
#endif

#endif
