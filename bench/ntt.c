/* What does a transform of 2^N scalars cost, per butterfly? */
#include "bench.h"

int main(int argc, char **argv) { return bench_main(argc, argv, pm_measure_ntt); }
