/* BN254's kernels of g2 for CUDA devices. */
#include "kernels/inst_bn254_g2.h"
