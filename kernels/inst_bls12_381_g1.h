/* BLS12-381's base field and G1 with their kernels: for cuda_bls12_381_g1.cu and emu_bls12_381_g1.c. */
#define BLS12_381_FP_PRODUCT GPU_DEVICE
#include "kernels/inst_bls12_381_fp.h"

#define K       bls12_381_fp
#define K_FIELD bls12_381_fp
#define K_PRIME 1
#include "kernels/k_vec.h"

#define ED       bls12_381_g1
#define ED_FIELD bls12_381_fp
#include "kernels/ed_tmpl.h"

#define K       bls12_381_g1
#define K_GROUP bls12_381_g1
#include "kernels/k_points.h"

#define K       bls12_381_g1
#define K_GROUP bls12_381_g1
#include "kernels/k_msm.h"
