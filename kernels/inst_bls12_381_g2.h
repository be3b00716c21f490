/* BLS12-381's Fp2 and G2 with their kernels: for cuda_bls12_381_g2.cu and emu_bls12_381_g2.c. */
#define BLS12_381_FP_PRODUCT GPU_DEVICE_CALL
#include "kernels/inst_bls12_381_fp.h"

#define FD2      bls12_381_fp2
#define FD2_BASE bls12_381_fp
#include "kernels/fd2_tmpl.h"

#define K       bls12_381_fp2
#define K_FIELD bls12_381_fp2
#define K_PRIME 0
#include "kernels/k_vec.h"

#define ED       bls12_381_g2
#define ED_FIELD bls12_381_fp2
#include "kernels/ed_tmpl.h"

#define K       bls12_381_g2
#define K_GROUP bls12_381_g2
#include "kernels/k_points.h"

#define K       bls12_381_g2
#define K_GROUP bls12_381_g2
#include "kernels/k_msm.h"
