/* Peak rates of CUDA devices. */
#include "kernels/k_peak.h"
