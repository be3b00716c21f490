/* What does a sum of 2^N multiples of points cost, per point, for full-width and for mostly small scalars? */
#include "bench.h"

int main(int argc, char **argv) { return bench_main(argc, argv, pm_measure_msm); }
