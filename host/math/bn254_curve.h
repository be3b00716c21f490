/* BN254's table for curve.c, from the templates' instances. A template like those: included once by each of
 * bn254.c and bn254_adx.c.
 *
 * Parameters
 *   CURVE         name of the struct pm_curve to define
 *   CURVE_BUILD   string: its build */
#include "math/bn254.h"
#include "math/bn254_inst.h"

#define CURVE_NAME        "bn128"
#define CURVE_FP          bn254_fp
#define CURVE_FR          bn254_fr
#define CURVE_G1          bn254_g1
#define CURVE_G2          bn254_g2
#define CURVE_NTT         bn254_ntt
#define CURVE_TWO_ADICITY PM_BN254_FR_TWO_ADICITY
#define CURVE_ROOT        PM_BN254_FR_ROOT
#define CURVE_G1_GENERATOR                                                                                   \
    {                                                                                                        \
        PM_BN254_G1_GENERATOR_X, PM_BN254_G1_GENERATOR_Y                                                     \
    }
#define CURVE_G2_GENERATOR                                                                                   \
    {                                                                                                        \
        PM_BN254_G2_GENERATOR_X, PM_BN254_G2_GENERATOR_Y                                                     \
    }
#define CURVE_PAIRING bn254_pairing
#define CURVE_TOWER   bn254_tower
#include "math/curve_tmpl.h"
