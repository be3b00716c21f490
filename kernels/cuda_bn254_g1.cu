/* BN254's kernels of g1 for CUDA devices. */
#include "kernels/inst_bn254_g1.h"
