/* BN254's instances of the templates: fields, tower, groups, sums, transforms, pairing, all static. Included
 * by bn254.c, once per build, and by the tests of the templates; nothing else needs it. */
#ifndef PM_MATH_BN254_INST_H
#define PM_MATH_BN254_INST_H

#include "math/params_bn254.h"

#define FP          bn254_fp
#define FP_LIMBS    PM_BN254_LIMBS
#define FP_MODULUS  PM_BN254_FP_MODULUS
#define FP_MONT_INV PM_BN254_FP_MONT_INV
#define FP_MONT_R   PM_BN254_FP_MONT_R
#define FP_MONT_R2  PM_BN254_FP_MONT_R2
#include "math/fp_tmpl.h"

#define FP          bn254_fr
#define FP_LIMBS    PM_BN254_LIMBS
#define FP_MODULUS  PM_BN254_FR_MODULUS
#define FP_MONT_INV PM_BN254_FR_MONT_INV
#define FP_MONT_R   PM_BN254_FR_MONT_R
#define FP_MONT_R2  PM_BN254_FR_MONT_R2
#include "math/fp_tmpl.h"

#define FP2      bn254_fp2
#define FP2_BASE bn254_fp
#define FP2_XI   PM_BN254_XI
#include "math/fp2_tmpl.h"

#define TOWER           bn254_tower
#define TOWER_FP2       bn254_fp2
#define TOWER_FROBENIUS PM_BN254_FROBENIUS
#include "math/tower_tmpl.h"

#define EC       bn254_g1
#define EC_FIELD bn254_fp
#define EC_B     PM_BN254_G1_B
#define EC_B3    PM_BN254_G1_B3
#include "math/ec_tmpl.h"

#define EC       bn254_g2
#define EC_FIELD bn254_fp2
#define EC_B     PM_BN254_G2_B
#define EC_B3    PM_BN254_G2_B3
#include "math/ec_tmpl.h"

#define BATCH       bn254_g1
#define BATCH_FIELD bn254_fp
#include "math/ec_batch_tmpl.h"

#define BATCH       bn254_g2
#define BATCH_FIELD bn254_fp2
#include "math/ec_batch_tmpl.h"

#define MSM             bn254_g1
#define MSM_SCALAR      bn254_fr
#define MSM_SCALAR_BITS PM_BN254_FR_BITS
#include "math/msm_tmpl.h"

#define MSM             bn254_g2
#define MSM_SCALAR      bn254_fr
#define MSM_SCALAR_BITS PM_BN254_FR_BITS
#include "math/msm_tmpl.h"

#define FIXED             bn254_g1
#define FIXED_SCALAR      bn254_fr
#define FIXED_SCALAR_BITS PM_BN254_FR_BITS
#include "math/fixed_tmpl.h"

#define FIXED             bn254_g2
#define FIXED_SCALAR      bn254_fr
#define FIXED_SCALAR_BITS PM_BN254_FR_BITS
#include "math/fixed_tmpl.h"

#define NTT       bn254_ntt
#define NTT_FIELD bn254_fr
#include "math/ntt_tmpl.h"

#define PAIRING       bn254_pairing
#define PAIRING_FP    bn254_fp
#define PAIRING_FP2   bn254_fp2
#define PAIRING_TOWER bn254_tower
#define PAIRING_G1    bn254_g1
#define PAIRING_G2    bn254_g2
#define PAIRING_LOOP  PM_BN254_LOOP
#define PAIRING_X_NAF PM_BN254_X_NAF
#include "math/pairing_tmpl.h"

#endif
