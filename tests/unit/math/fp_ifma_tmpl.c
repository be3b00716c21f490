/* Field lanes against the portable field, for both widths and every ratio of modulus to room: borders,
 * all-ones limbs, the largest values that the bounds allow, and millions of random products. */
#include "math/params_bls12_381.h"
#include "math/params_bn254.h"
#include "needs_ifma.h"
#include "test.h"

#undef NDEBUG /* the lanes' own checks are on here */
#include "math/tmpl.h"

#define MASK52 (((uint64_t)1 << 52) - 1)

#define FP          bn254_fp
#define FP_LIMBS    PM_BN254_FP_LIMBS
#define FP_MODULUS  PM_BN254_FP_MODULUS
#define FP_MONT_INV PM_BN254_FP_MONT_INV
#define FP_MONT_R   PM_BN254_FP_MONT_R
#define FP_MONT_R2  PM_BN254_FP_MONT_R2
#include "math/fp_tmpl.h"
#define LANES          bn254_fp8
#define LANES_FIELD    bn254_fp
#define LANES_WORDS    4
#define LANES_BITS     PM_BN254_FP_BITS
#define LANES_TOP      PM_BN254_FP_TOP
#define LANES_MODULUS  PM_BN254_FP_MODULUS
#define LANES_MONT_INV PM_BN254_FP_MONT_INV
#include "math/fp_ifma_tmpl.h"
#define TF         bn254_fp
#define TL         bn254_fp8
#define TEST_WORDS 4
#include "fp_ifma_cases.h"

#define FP          bn254_fr
#define FP_LIMBS    PM_BN254_FR_LIMBS
#define FP_MODULUS  PM_BN254_FR_MODULUS
#define FP_MONT_INV PM_BN254_FR_MONT_INV
#define FP_MONT_R   PM_BN254_FR_MONT_R
#define FP_MONT_R2  PM_BN254_FR_MONT_R2
#include "math/fp_tmpl.h"
#define LANES          bn254_fr8
#define LANES_FIELD    bn254_fr
#define LANES_WORDS    4
#define LANES_BITS     PM_BN254_FR_BITS
#define LANES_TOP      PM_BN254_FR_TOP
#define LANES_MODULUS  PM_BN254_FR_MODULUS
#define LANES_MONT_INV PM_BN254_FR_MONT_INV
#include "math/fp_ifma_tmpl.h"
#define TF         bn254_fr
#define TL         bn254_fr8
#define TEST_WORDS 4
#include "fp_ifma_cases.h"

#define FP          bls12_381_fp
#define FP_LIMBS    PM_BLS12_381_FP_LIMBS
#define FP_MODULUS  PM_BLS12_381_FP_MODULUS
#define FP_MONT_INV PM_BLS12_381_FP_MONT_INV
#define FP_MONT_R   PM_BLS12_381_FP_MONT_R
#define FP_MONT_R2  PM_BLS12_381_FP_MONT_R2
#include "math/fp_tmpl.h"
#define LANES          bls12_381_fp8
#define LANES_FIELD    bls12_381_fp
#define LANES_WORDS    6
#define LANES_BITS     PM_BLS12_381_FP_BITS
#define LANES_TOP      PM_BLS12_381_FP_TOP
#define LANES_MODULUS  PM_BLS12_381_FP_MODULUS
#define LANES_MONT_INV PM_BLS12_381_FP_MONT_INV
#include "math/fp_ifma_tmpl.h"
#define TF         bls12_381_fp
#define TL         bls12_381_fp8
#define TEST_WORDS 6
#include "fp_ifma_cases.h"

#define FP          bls12_381_fr
#define FP_LIMBS    PM_BLS12_381_FR_LIMBS
#define FP_MODULUS  PM_BLS12_381_FR_MODULUS
#define FP_MONT_INV PM_BLS12_381_FR_MONT_INV
#define FP_MONT_R   PM_BLS12_381_FR_MONT_R
#define FP_MONT_R2  PM_BLS12_381_FR_MONT_R2
#include "math/fp_tmpl.h"
#define LANES          bls12_381_fr8
#define LANES_FIELD    bls12_381_fr
#define LANES_WORDS    4
#define LANES_BITS     PM_BLS12_381_FR_BITS
#define LANES_TOP      PM_BLS12_381_FR_TOP
#define LANES_MODULUS  PM_BLS12_381_FR_MODULUS
#define LANES_MONT_INV PM_BLS12_381_FR_MONT_INV
#include "math/fp_ifma_tmpl.h"
#define TF         bls12_381_fr
#define TL         bls12_381_fr8
#define TEST_WORDS 4
#include "fp_ifma_cases.h"

PM_TEST(transpose)
{
    __m512i row[8], column[8];
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++) ((uint64_t *)&row[i])[j] = (uint64_t)(8 * i + j);
    pm_lanes_transpose(column, row);
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++) CHECK(((const uint64_t *)&column[i])[j] == (uint64_t)(8 * j + i));
}
