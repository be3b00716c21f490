/* BLS12-381 for processors with AVX-512 IFMA: instances of the lanes, and the table that curve.c hands out.
 * Compiled for that instruction set: curve.c calls it only where the processor has it, and ADX, which comes
 * with it, for all that is not in lanes. */
#define PM_FP_X86
#include "math/bls12_381.h"

#include "math/bls12_381_ifma_inst.h"

#define CURVE_IFMA bls12_381
#define CURVE_BASE pm_bls12_381_adx
#define CURVE_FILL pm_bls12_381_ifma_fill
#include "math/curve_ifma_tmpl.h"
