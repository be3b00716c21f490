/* BLS12-381's instances for AVX-512 IFMA: those of the portable templates, then the lanes. Included by
 * bls12_381_ifma.c and by the tests of the lanes, which the build compiles for that instruction set; nothing
 * else may include it. */
#ifndef PM_MATH_BLS12_381_IFMA_INST_H
#define PM_MATH_BLS12_381_IFMA_INST_H

#include "math/bls12_381_inst.h"

#define INST        bls12_381
#define INST_PARAMS PM_BLS12_381
#define INST_BN     0
#include "math/inst_ifma_tmpl.h"

#endif
