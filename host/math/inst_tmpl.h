/* One curve's instances of the templates: fields, tower, groups, sums, transforms, pairing, all static.
 *
 * Parameters
 *   INST          prefix of all names: for bn254 they are bn254_fp, bn254_fr, bn254_fp2, bn254_tower,
 *                 bn254_g1, bn254_g2, bn254_ntt, bn254_pairing
 *   INST_PARAMS   prefix of the curve's macros: PM_BN254 of params_bn254.h
 *   INST_FAMILY   the family's part of the pairing (pairing_tmpl.h), whose own parameters must be defined */
#include "math/tmpl.h"

#define NAME(op)  PM_CAT(INST, _##op)
#define PARAM(op) PM_CAT(INST_PARAMS, _##op)

#define FP          NAME(fp)
#define FP_LIMBS    PARAM(FP_LIMBS)
#define FP_MODULUS  PARAM(FP_MODULUS)
#define FP_MONT_INV PARAM(FP_MONT_INV)
#define FP_MONT_R   PARAM(FP_MONT_R)
#define FP_MONT_R2  PARAM(FP_MONT_R2)
#include "math/fp_tmpl.h"

#define DOT          NAME(fp)
#define DOT_LIMBS    PARAM(FP_LIMBS)
#define DOT_MONT_INV PARAM(FP_MONT_INV)
#include "math/fp_dot_tmpl.h"

#define FP          NAME(fr)
#define FP_LIMBS    PARAM(FR_LIMBS)
#define FP_MODULUS  PARAM(FR_MODULUS)
#define FP_MONT_INV PARAM(FR_MONT_INV)
#define FP_MONT_R   PARAM(FR_MONT_R)
#define FP_MONT_R2  PARAM(FR_MONT_R2)
#include "math/fp_tmpl.h"

#define FP2      NAME(fp2)
#define FP2_BASE NAME(fp)
#define FP2_XI   PARAM(XI)
#include "math/fp2_tmpl.h"

#define TOWER           NAME(tower)
#define TOWER_FP2       NAME(fp2)
#define TOWER_FROBENIUS PARAM(FROBENIUS)
#include "math/tower_tmpl.h"

#define EC       NAME(g1)
#define EC_FIELD NAME(fp)
#define EC_B     PARAM(G1_B)
#define EC_B3    PARAM(G1_B3)
#include "math/ec_tmpl.h"

#define EC       NAME(g2)
#define EC_FIELD NAME(fp2)
#define EC_B     PARAM(G2_B)
#define EC_B3    PARAM(G2_B3)
#include "math/ec_tmpl.h"

#define COMB       NAME(g1)
#define COMB_FIELD NAME(fp)
#define COMB_BITS  PARAM(FR_BITS)
#include "math/ec_comb_tmpl.h"

#define BATCH       NAME(g1)
#define BATCH_FIELD NAME(fp)
#include "math/ec_batch_tmpl.h"

#define BATCH       NAME(g2)
#define BATCH_FIELD NAME(fp2)
#include "math/ec_batch_tmpl.h"

#define LIFT       NAME(g1)
#define LIFT_FIELD NAME(fp)
#include "math/ec_lift_tmpl.h"

#define LIFT       NAME(g2)
#define LIFT_FIELD NAME(fp2)
#include "math/ec_lift_tmpl.h"

#define MSM             NAME(g1)
#define MSM_SCALAR      NAME(fr)
#define MSM_SCALAR_BITS PARAM(FR_BITS)
#define MSM_WEIGHT      1
#include "math/msm_tmpl.h"

#define MSM             NAME(g2)
#define MSM_SCALAR      NAME(fr)
#define MSM_SCALAR_BITS PARAM(FR_BITS)
#define MSM_WEIGHT      3
#include "math/msm_tmpl.h"

#define FIXED             NAME(g1)
#define FIXED_SCALAR      NAME(fr)
#define FIXED_SCALAR_BITS PARAM(FR_BITS)
#include "math/fixed_tmpl.h"

#define FIXED             NAME(g2)
#define FIXED_SCALAR      NAME(fr)
#define FIXED_SCALAR_BITS PARAM(FR_BITS)
#include "math/fixed_tmpl.h"

#define NTT       NAME(ntt)
#define NTT_FIELD NAME(fr)
#include "math/ntt_tmpl.h"

#define PAIRING          NAME(pairing)
#define PAIRING_FP       NAME(fp)
#define PAIRING_FP2      NAME(fp2)
#define PAIRING_TOWER    NAME(tower)
#define PAIRING_G1       NAME(g1)
#define PAIRING_G2       NAME(g2)
#define PAIRING_LOOP     PARAM(LOOP)
#define PAIRING_LINES    PARAM(LINES)
#define PAIRING_X_DIGITS PARAM(X_DIGITS)
#define PAIRING_M_TWIST  PARAM(M_TWIST)
#define PAIRING_PSI      PARAM(PSI)
#define PAIRING_FAMILY   INST_FAMILY
#include "math/pairing_tmpl.h"

#define WEIGHTED         NAME(pairing)
#define WEIGHTED_FP      NAME(fp)
#define WEIGHTED_FP2     NAME(fp2)
#define WEIGHTED_M_TWIST PARAM(M_TWIST)
#define WEIGHTED_FR      NAME(fr)
#define WEIGHTED_TOWER   NAME(tower)
#define WEIGHTED_G1      NAME(g1)
#define WEIGHTED_G2      NAME(g2)
#define WEIGHTED_BETA    PARAM(BETA)
#define WEIGHTED_LAMBDA  PARAM(LAMBDA)
#include "math/pairing_batch_tmpl.h"

#undef NAME
#undef PARAM
#undef INST
#undef INST_PARAMS
#undef INST_FAMILY
