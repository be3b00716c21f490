/* What do one multiplication, one inversion, one addition of points cost? */
#include "bench.h"

int main(int argc, char **argv) { return bench_main(argc, argv, pm_measure_field); }
