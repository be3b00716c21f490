/* The curves of CUDA devices. */
#include "kernels/inst_curves.h"
