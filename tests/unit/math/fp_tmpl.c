/* Fields of every shape: BN254's two, BLS12-381's two (Fp has six limbs, Fr less than a bit of room), one
 * limb, an odd number of limbs. */
#include "math/bls12_381_inst.h"
#include "math/bn254_inst.h"
#include "slow.h"
#include "test.h"

/* 2^61 - 1 */
#define FP       one_limb
#define FP_LIMBS 1
#define FP_MODULUS                                                                                           \
    {                                                                                                        \
        0x1fffffffffffffffu                                                                                  \
    }
#define FP_MONT_INV 0x2000000000000001u
#define FP_MONT_R                                                                                            \
    {                                                                                                        \
        0x0000000000000008u                                                                                  \
    }
#define FP_MONT_R2                                                                                           \
    {                                                                                                        \
        0x0000000000000040u                                                                                  \
    }
#include "math/fp_tmpl.h"

/* 2^190 - 11 */
#define FP       three_limbs
#define FP_LIMBS 3
#define FP_MODULUS                                                                                           \
    {                                                                                                        \
        0xfffffffffffffff5u, 0xffffffffffffffffu, 0x3fffffffffffffffu                                        \
    }
#define FP_MONT_INV 0x2e8ba2e8ba2e8ba3u
#define FP_MONT_R                                                                                            \
    {                                                                                                        \
        0x000000000000002cu, 0x0000000000000000u, 0x0000000000000000u                                        \
    }
#define FP_MONT_R2                                                                                           \
    {                                                                                                        \
        0x0000000000000790u, 0x0000000000000000u, 0x0000000000000000u                                        \
    }
#include "math/fp_tmpl.h"

#define TF bn254_fp
#include "fp_cases.h"

#define TF bn254_fr
#include "fp_cases.h"

#define TF one_limb
#include "fp_cases.h"

#define TF three_limbs
#include "fp_cases.h"

#define TF bls12_381_fp
#include "fp_cases.h"

#define TF bls12_381_fr
#include "fp_cases.h"
