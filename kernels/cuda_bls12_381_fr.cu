/* BLS12-381's kernels of fr for CUDA devices. */
#include "kernels/inst_bls12_381_fr.h"
