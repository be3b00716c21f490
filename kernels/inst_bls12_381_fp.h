/* BLS12-381's base field, for the files of its two groups. Parameter: BLS12_381_FP_PRODUCT, the qualifier of
 * products (fd_tmpl.h's FD_PRODUCT). No kernels. */
#include "math/params_bls12_381.h"

#define FD          bls12_381_fp
#define FD_LIMBS    (2 * PM_BLS12_381_FP_LIMBS)
#define FD_MODULUS  PM_BLS12_381_FP_MODULUS
#define FD_MONT_INV PM_BLS12_381_FP_MONT_INV
#define FD_MONT_R   PM_BLS12_381_FP_MONT_R
#define FD_MONT_R2  PM_BLS12_381_FP_MONT_R2
#define FD_TOP      0x1a0111eau
#define FD_BOUND    2
#define FD_PRODUCT  BLS12_381_FP_PRODUCT
#include "kernels/fd_tmpl.h"

#undef BLS12_381_FP_PRODUCT
