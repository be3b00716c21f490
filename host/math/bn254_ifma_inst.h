/* BN254's instances for AVX-512 IFMA: those of the portable templates, then the lanes. Included by
 * bn254_ifma.c and by the tests of the lanes, which the build compiles for that instruction set; nothing else
 * may include it. */
#ifndef PM_MATH_BN254_IFMA_INST_H
#define PM_MATH_BN254_IFMA_INST_H

#include "math/bn254_inst.h"

#define INST        bn254
#define INST_PARAMS PM_BN254
#define INST_BN     1
#include "math/inst_ifma_tmpl.h"

#endif
