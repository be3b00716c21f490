/* BN254's base field and G1 with their kernels: for cuda_bn254_g1.cu and emu_bn254_g1.c. */
#define BN254_FP_PRODUCT GPU_DEVICE
#include "kernels/inst_bn254_fp.h"

#define K       bn254_fp
#define K_FIELD bn254_fp
#define K_PRIME 1
#include "kernels/k_vec.h"

#define ED       bn254_g1
#define ED_FIELD bn254_fp
#include "kernels/ed_tmpl.h"

#define K       bn254_g1
#define K_GROUP bn254_g1
#include "kernels/k_points.h"

#define K       bn254_g1
#define K_GROUP bn254_g1
#include "kernels/k_msm.h"
