/* BLS12-381's scalar field and its kernels: for cuda_bls12_381_fr.cu and emu_bls12_381_fr.c. r / 2^256 is
 * 0.45, so that its values are canonical everywhere. */
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

#define K       bls12_381_fr
#define K_FIELD bls12_381_fr
#define K_PRIME 1
#include "kernels/k_vec.h"

#define K             bls12_381_fr
#define K_FIELD       bls12_381_fr
#define K_LIMBS       PM_BLS12_381_FR_LIMBS
#define K_MODULUS     PM_BLS12_381_FR_MODULUS
#define K_MONT_R      PM_BLS12_381_FR_MONT_R
#define K_ROOT        PM_BLS12_381_FR_ROOT
#define K_TWO_ADICITY PM_BLS12_381_FR_TWO_ADICITY
#include "kernels/k_ntt.h"

#define K       bls12_381_fr
#define K_FIELD bls12_381_fr
#define K_LIMBS PM_BLS12_381_FR_LIMBS
#define K_BITS  PM_BLS12_381_FR_BITS
#include "kernels/k_digits.h"

#define K       bls12_381_fr
#define K_FIELD bls12_381_fr
#include "kernels/k_spmv.h"
