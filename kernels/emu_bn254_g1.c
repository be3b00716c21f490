/* BN254's kernels of g1 for the emulated device. */
#include "kernels/inst_bn254_g1.h"
