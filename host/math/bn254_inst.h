/* BN254's instances of the templates. Included by bn254.c, once per build, and by the tests of the templates;
 * nothing else needs it. */
#ifndef PM_MATH_BN254_INST_H
#define PM_MATH_BN254_INST_H

#include "math/params_bn254.h"

#define PAIRING_X_WINDOW 3
#define INST             bn254
#define INST_PARAMS      PM_BN254
#define INST_FAMILY      "math/pairing_bn_tmpl.h"
#include "math/inst_tmpl.h"

#endif
