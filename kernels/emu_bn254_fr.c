/* BN254's kernels of fr for the emulated device. */
#include "kernels/inst_bn254_fr.h"
