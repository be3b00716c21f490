/* BLS12-381's instances of the templates. Included by bls12_381.c, once per build, and by the tests of the
 * templates; nothing else needs it. */
#ifndef PM_MATH_BLS12_381_INST_H
#define PM_MATH_BLS12_381_INST_H

#include "math/params_bls12_381.h"

#define PAIRING_BETA     PM_BLS12_381_BETA
#define PAIRING_X_WINDOW 1 /* six digits are not zero */
#define INST             bls12_381
#define INST_PARAMS      PM_BLS12_381
#define INST_FAMILY      "math/pairing_bls12_tmpl.h"
#include "math/inst_tmpl.h"

#endif
