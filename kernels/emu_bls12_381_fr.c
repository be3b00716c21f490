/* BLS12-381's kernels of fr for the emulated device. */
#include "kernels/inst_bls12_381_fr.h"
