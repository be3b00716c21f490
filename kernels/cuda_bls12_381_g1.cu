/* BLS12-381's kernels of g1 for CUDA devices. */
#include "kernels/inst_bls12_381_g1.h"
