/* BLS12-381, portable build: instances of the templates, and the table that curve.c hands out. */
#define CURVE       pm_bls12_381_portable
#define CURVE_BUILD "portable"
#include "math/bls12_381_curve.h"
