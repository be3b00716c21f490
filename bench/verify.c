/* What does it cost to verify one proof? */
#include "bench.h"

int main(int argc, char **argv) { return bench_main(argc, argv, pm_measure_verify); }
