/* BN254, portable build: instances of the templates, and the table that curve.c hands out. */
#define CURVE       pm_bn254_portable
#define CURVE_BUILD "portable"
#include "math/bn254_curve.h"
