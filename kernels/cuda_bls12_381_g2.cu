/* BLS12-381's kernels of g2 for CUDA devices. */
#include "kernels/inst_bls12_381_g2.h"
