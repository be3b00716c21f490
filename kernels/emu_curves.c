/* The curves of the emulated device. */
#include "kernels/inst_curves.h"
