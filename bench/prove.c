/* What does a whole proof of nearly 2^N constraints cost, cold and warm, by stage, in time and memory? */
#include "bench.h"

int main(int argc, char **argv) { return bench_main(argc, argv, pm_measure_prove); }
