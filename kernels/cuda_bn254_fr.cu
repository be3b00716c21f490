/* BN254's kernels of fr for CUDA devices. */
#include "kernels/inst_bn254_fr.h"
