/* BLS12-381's prime fields with vector kernels on the emulated device: twelve limbs, and canonical values. */
#include "kernels/ops.h"
#include "math/params_bls12_381.h"

#define FD          bls12_381_fr
#define FD_LIMBS    (2 * PM_BLS12_381_FR_LIMBS)
#define FD_MODULUS  PM_BLS12_381_FR_MODULUS
#define FD_MONT_INV PM_BLS12_381_FR_MONT_INV
#define FD_MONT_R   PM_BLS12_381_FR_MONT_R
#define FD_MONT_R2  PM_BLS12_381_FR_MONT_R2
#define FD_TOP      0x73eda753u
#define FD_BOUND    1
#define FD_PRODUCT  GPU_DEVICE
#include "kernels/fd_tmpl.h"

#define FD          bls12_381_fp
#define FD_LIMBS    (2 * PM_BLS12_381_FP_LIMBS)
#define FD_MODULUS  PM_BLS12_381_FP_MODULUS
#define FD_MONT_INV PM_BLS12_381_FP_MONT_INV
#define FD_MONT_R   PM_BLS12_381_FP_MONT_R
#define FD_MONT_R2  PM_BLS12_381_FP_MONT_R2
#define FD_TOP      0x1a0111eau
#define FD_BOUND    2
#define FD_PRODUCT  GPU_DEVICE
#include "kernels/fd_tmpl.h"
