/* BN254's base field, for the files of its two groups. Parameter: BN254_FP_PRODUCT, the qualifier of products
 * (fd_tmpl.h's FD_PRODUCT). No kernels. */
#include "math/params_bn254.h"

#define FD          bn254_fp
#define FD_LIMBS    (2 * PM_BN254_LIMBS)
#define FD_MODULUS  PM_BN254_FP_MODULUS
#define FD_MONT_INV PM_BN254_FP_MONT_INV
#define FD_MONT_R   PM_BN254_FP_MONT_R
#define FD_MONT_R2  PM_BN254_FP_MONT_R2
#define FD_TOP      0x30644e72u
#define FD_BOUND    2
#define FD_PRODUCT  BN254_FP_PRODUCT
#include "kernels/fd_tmpl.h"

#undef BN254_FP_PRODUCT
