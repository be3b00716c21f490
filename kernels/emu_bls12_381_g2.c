/* BLS12-381's kernels of g2 for the emulated device. */
#include "kernels/inst_bls12_381_g2.h"
