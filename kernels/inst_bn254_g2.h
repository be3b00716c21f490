/* BN254's Fp2 and G2 with their kernels: for cuda_bn254_g2.cu and emu_bn254_g2.c. */
#define BN254_FP_PRODUCT GPU_DEVICE
#include "kernels/inst_bn254_fp.h"

#define FD2      bn254_fp2
#define FD2_BASE bn254_fp
#include "kernels/fd2_tmpl.h"

#define K       bn254_fp2
#define K_FIELD bn254_fp2
#define K_PRIME 0
#include "kernels/k_vec.h"

#define ED       bn254_g2
#define ED_FIELD bn254_fp2
#include "kernels/ed_tmpl.h"

#define K       bn254_g2
#define K_GROUP bn254_g2
#include "kernels/k_points.h"

#define K       bn254_g2
#define K_GROUP bn254_g2
#include "kernels/k_msm.h"
