/* The functions of ptx.h one by one on CUDA devices. */
#include "kernels/k_ptx.h"
