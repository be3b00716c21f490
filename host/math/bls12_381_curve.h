/* BLS12-381's table for curve.c, from the templates' instances. A template like those: included once by each
 * of bls12_381.c and bls12_381_adx.c.
 *
 * Parameters
 *   CURVE         name of the struct pm_curve to define
 *   CURVE_BUILD   string: its build */
#include "math/bls12_381.h"
#include "math/bls12_381_inst.h"

#define CURVE_NAME        "bls12381"
#define CURVE_FP          bls12_381_fp
#define CURVE_FR          bls12_381_fr
#define CURVE_G1          bls12_381_g1
#define CURVE_G2          bls12_381_g2
#define CURVE_NTT         bls12_381_ntt
#define CURVE_TWO_ADICITY PM_BLS12_381_FR_TWO_ADICITY
#define CURVE_ROOT        PM_BLS12_381_FR_ROOT
#define CURVE_G1_GENERATOR                                                                                   \
    {                                                                                                        \
        PM_BLS12_381_G1_GENERATOR_X, PM_BLS12_381_G1_GENERATOR_Y                                             \
    }
#define CURVE_G2_GENERATOR                                                                                   \
    {                                                                                                        \
        PM_BLS12_381_G2_GENERATOR_X, PM_BLS12_381_G2_GENERATOR_Y                                             \
    }
#define CURVE_PAIRING bls12_381_pairing
#define CURVE_TOWER   bls12_381_tower
#include "math/curve_tmpl.h"
