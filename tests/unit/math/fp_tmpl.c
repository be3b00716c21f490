/* Fields of every shape: BN254's two, one limb, an odd number of limbs, six limbs (BLS12-381's Fp). */
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

/* BLS12-381's Fp */
#define FP       six_limbs
#define FP_LIMBS 6
#define FP_MODULUS                                                                                           \
    {                                                                                                        \
        0xb9feffffffffaaabu, 0x1eabfffeb153ffffu, 0x6730d2a0f6b0f624u, 0x64774b84f38512bfu,                  \
            0x4b1ba7b6434bacd7u, 0x1a0111ea397fe69au                                                         \
    }
#define FP_MONT_INV 0x89f3fffcfffcfffdu
#define FP_MONT_R                                                                                            \
    {                                                                                                        \
        0x760900000002fffdu, 0xebf4000bc40c0002u, 0x5f48985753c758bau, 0x77ce585370525745u,                  \
            0x5c071a97a256ec6du, 0x15f65ec3fa80e493u                                                         \
    }
#define FP_MONT_R2                                                                                           \
    {                                                                                                        \
        0xf4df1f341c341746u, 0x0a76e6a609d104f1u, 0x8de5476c4c95b6d5u, 0x67eb88a9939d83c0u,                  \
            0x9a793e85b519952du, 0x11988fe592cae3aau                                                         \
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

#define TF six_limbs
#include "fp_cases.h"
