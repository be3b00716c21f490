/* BN254's instances for AVX-512 IFMA: those of the portable templates that they build on, then the lanes, all
 * static. Included by bn254_ifma.c and by the tests of the lanes, which the build compiles for that
 * instruction set; nothing else may include it. */
#ifndef PM_MATH_BN254_IFMA_INST_H
#define PM_MATH_BN254_IFMA_INST_H

#include "math/bn254_inst.h"

#define LANES          bn254_fp8
#define LANES_FIELD    bn254_fp
#define LANES_MODULUS  PM_BN254_FP_MODULUS
#define LANES_MONT_INV PM_BN254_FP_MONT_INV
#include "math/fp_ifma_tmpl.h"

#define LANES          bn254_fr8
#define LANES_FIELD    bn254_fr
#define LANES_MODULUS  PM_BN254_FR_MODULUS
#define LANES_MONT_INV PM_BN254_FR_MONT_INV
#include "math/fp_ifma_tmpl.h"

#define BATCH        bn254_g1
#define BATCH_FIELD  bn254_fp
#define BATCH_DEGREE 1
#define BATCH_LANES  bn254_fp8
#include "math/ec_batch_ifma_tmpl.h"

#define BATCH        bn254_g2
#define BATCH_FIELD  bn254_fp2
#define BATCH_DEGREE 2
#define BATCH_LANES  bn254_fp8
#include "math/ec_batch_ifma_tmpl.h"

#define MSM             bn254_g1
#define MSM_SCALAR      bn254_fr
#define MSM_SCALAR_BITS PM_BN254_FR_BITS
#define MSM_DEGREE      1
#define MSM_P           bn254_fp_p.limb
#include "math/msm_ifma_tmpl.h"

#define MSM             bn254_g2
#define MSM_SCALAR      bn254_fr
#define MSM_SCALAR_BITS PM_BN254_FR_BITS
#define MSM_DEGREE      2
#define MSM_P           bn254_fp_p.limb
#include "math/msm_ifma_tmpl.h"

#define NTT       bn254_ntt
#define NTT_FIELD bn254_fr
#define NTT_LANES bn254_fr8
#include "math/ntt_ifma_tmpl.h"

#endif
