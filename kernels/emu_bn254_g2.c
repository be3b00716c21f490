/* BN254's kernels of g2 for the emulated device. */
#include "kernels/inst_bn254_g2.h"
