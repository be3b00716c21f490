/* The twins of ptx.h one by one on the emulated device. */
#include "kernels/k_ptx.h"
