/* BN254 for processors with AVX-512 IFMA: instances of the lanes, and the table that curve.c hands out.
 * Compiled for that instruction set: curve.c calls it only where the processor has it, and ADX, which comes
 * with it, for all that is not in lanes. */
#define PM_FP_X86
#include "math/bn254.h"

#include "math/bn254_ifma_inst.h"

#define CURVE_IFMA bn254
#define CURVE_BASE pm_bn254_adx
#define CURVE_FILL pm_bn254_ifma_fill
#include "math/curve_ifma_tmpl.h"
