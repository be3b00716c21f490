/* The sort of pairs for CUDA devices. */
#include "kernels/gpu_sort_cuda.h"
