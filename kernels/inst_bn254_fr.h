/* BN254's scalar field and its kernels: for cuda_bn254_fr.cu and emu_bn254_fr.c. */
#include "math/params_bn254.h"

#define FD          bn254_fr
#define FD_LIMBS    (2 * PM_BN254_LIMBS)
#define FD_MODULUS  PM_BN254_FR_MODULUS
#define FD_MONT_INV PM_BN254_FR_MONT_INV
#define FD_MONT_R   PM_BN254_FR_MONT_R
#define FD_MONT_R2  PM_BN254_FR_MONT_R2
#define FD_TOP      0x30644e72u
#define FD_BOUND    2
#define FD_PRODUCT  GPU_DEVICE
#include "kernels/fd_tmpl.h"

#define K       bn254_fr
#define K_FIELD bn254_fr
#define K_PRIME 1
#include "kernels/k_vec.h"

#define K             bn254_fr
#define K_FIELD       bn254_fr
#define K_LIMBS       PM_BN254_LIMBS
#define K_MODULUS     PM_BN254_FR_MODULUS
#define K_MONT_R      PM_BN254_FR_MONT_R
#define K_ROOT        PM_BN254_FR_ROOT
#define K_TWO_ADICITY PM_BN254_FR_TWO_ADICITY
#include "kernels/k_ntt.h"

#define K       bn254_fr
#define K_FIELD bn254_fr
#define K_LIMBS PM_BN254_LIMBS
#define K_BITS  PM_BN254_FR_BITS
#include "kernels/k_digits.h"

#define K       bn254_fr
#define K_FIELD bn254_fr
#include "kernels/k_spmv.h"
