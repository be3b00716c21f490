/* Single operations on the emulated device. */
#include "kernels/ops_run.h"
