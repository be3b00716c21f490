/* The curve that a test runs over: TEST_CURVE, from CMakeLists.txt, which builds the tests of what is generic
 * once for each curve. */
#ifndef PM_TEST_PROVE_CURVE_UNDER_TEST_H
#define PM_TEST_PROVE_CURVE_UNDER_TEST_H

#include "math/curve.h"

#ifndef TEST_CURVE
#define TEST_CURVE "bn128"
#endif

__attribute__((unused)) static const struct pm_curve *curve(void) { return pm_curve_by_name(TEST_CURVE); }

#endif
