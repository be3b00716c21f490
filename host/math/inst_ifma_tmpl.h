/* One curve's instances for AVX-512 IFMA: the lanes of its fields, its groups' additions and sums, its
 * pairing's loops, its transforms, all static. Those of the portable templates that they build on,
 * inst_tmpl.h, must stand before.
 *
 * Parameters
 *   INST          prefix of all names: for bn254 they are bn254_fp8, bn254_fr8, and lanes_ functions of
 *                 bn254_g1, bn254_g2, bn254_ntt
 *   INST_PARAMS   prefix of the curve's macros: PM_BN254 of params_bn254.h
 *   INST_BN       1 for a Barreto-Naehrig curve, 0 for one of Barreto, Lynn and Scott */
#include "math/tmpl.h"

#define NAME(op)  PM_CAT(INST, _##op)
#define PARAM(op) PM_CAT(INST_PARAMS, _##op)

#define LANES          NAME(fp8)
#define LANES_FIELD    NAME(fp)
#define LANES_WORDS    PARAM(FP_LIMBS)
#define LANES_BITS     PARAM(FP_BITS)
#define LANES_TOP      PARAM(FP_TOP)
#define LANES_MODULUS  PARAM(FP_MODULUS)
#define LANES_MONT_INV PARAM(FP_MONT_INV)
#include "math/fp_ifma_tmpl.h"

#define LANES          NAME(fr8)
#define LANES_FIELD    NAME(fr)
#define LANES_WORDS    PARAM(FR_LIMBS)
#define LANES_BITS     PARAM(FR_BITS)
#define LANES_TOP      PARAM(FR_TOP)
#define LANES_MODULUS  PARAM(FR_MODULUS)
#define LANES_MONT_INV PARAM(FR_MONT_INV)
#include "math/fp_ifma_tmpl.h"

#define BATCH        NAME(g1)
#define BATCH_FIELD  NAME(fp)
#define BATCH_DEGREE 1
#define BATCH_LANES  NAME(fp8)
#include "math/ec_batch_ifma_tmpl.h"

#define BATCH        NAME(g2)
#define BATCH_FIELD  NAME(fp2)
#define BATCH_DEGREE 2
#define BATCH_LANES  NAME(fp8)
#include "math/ec_batch_ifma_tmpl.h"

#define LIFT        NAME(g1)
#define LIFT_FP     NAME(fp)
#define LIFT_DEGREE 1
#define LIFT_LANES  NAME(fp8)
#include "math/ec_lift_ifma_tmpl.h"

#define LIFT        NAME(g2)
#define LIFT_FP     NAME(fp)
#define LIFT_DEGREE 2
#define LIFT_LANES  NAME(fp8)
#include "math/ec_lift_ifma_tmpl.h"

#define MSM             NAME(g1)
#define MSM_SCALAR      NAME(fr)
#define MSM_SCALAR_BITS PARAM(FR_BITS)
#define MSM_WEIGHT      2
#define MSM_DEGREE      1
#define MSM_P           NAME(fp_p).limb
#include "math/msm_ifma_tmpl.h"

#define MSM             NAME(g2)
#define MSM_SCALAR      NAME(fr)
#define MSM_SCALAR_BITS PARAM(FR_BITS)
#define MSM_WEIGHT      5
#define MSM_DEGREE      2
#define MSM_P           NAME(fp_p).limb
#include "math/msm_ifma_tmpl.h"

#define FIXED        NAME(g1)
#define FIXED_SCALAR NAME(fr)
#define FIXED_DEGREE 1
#define FIXED_LANES  NAME(fp8)
#include "math/fixed_ifma_tmpl.h"

#define FIXED        NAME(g2)
#define FIXED_SCALAR NAME(fr)
#define FIXED_DEGREE 2
#define FIXED_LANES  NAME(fp8)
#include "math/fixed_ifma_tmpl.h"

#define WEIGHT8       NAME(pairing)
#define WEIGHT8_FP    NAME(fp)
#define WEIGHT8_G1    NAME(g1)
#define WEIGHT8_LANES NAME(fp8)
#include "math/ec_weight_ifma_tmpl.h"

#define PAIR8         NAME(pairing)
#define PAIR8_FP      NAME(fp)
#define PAIR8_FP2     NAME(fp2)
#define PAIR8_TOWER   NAME(tower)
#define PAIR8_G1      NAME(g1)
#define PAIR8_G2      NAME(g2)
#define PAIR8_LANES   NAME(fp8)
#define PAIR8_XI      PARAM(XI)
#define PAIR8_M_TWIST PARAM(M_TWIST)
#define PAIR8_X       PARAM(X)
#define PAIR8_BN      INST_BN
#include "math/pairing_ifma_tmpl.h"

#define NTT       NAME(ntt)
#define NTT_FIELD NAME(fr)
#define NTT_LANES NAME(fr8)
#include "math/ntt_table_ifma_tmpl.h"

#define NTT       NAME(ntt)
#define NTT_FIELD NAME(fr)
#define NTT_LANES NAME(fr8)
#include "math/ntt_ifma_tmpl.h"

#define VEC       NAME(lanes)
#define VEC_FIELD NAME(fr)
#define VEC_LANES NAME(fr8)
#include "math/vec_ifma_tmpl.h"

#define ROWS       NAME(lanes)
#define ROWS_FIELD NAME(fr)
#define ROWS_LANES NAME(fr8)
#include "math/rows_ifma_tmpl.h"

#undef NAME
#undef PARAM
#undef INST
#undef INST_PARAMS
#undef INST_BN
