/* The kernels of peak rates on the emulated device. */
#include "kernels/k_peak.h"
