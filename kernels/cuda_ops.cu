/* Single operations on a CUDA device. */
#include "kernels/ops_run.h"
