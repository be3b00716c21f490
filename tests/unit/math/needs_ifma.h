/* Ends a test program that is compiled for AVX-512 IFMA before its first test where the processor lacks it:
 * exit status 77, which CTest counts as skipped. */
#ifndef PM_TEST_MATH_NEEDS_IFMA_H
#define PM_TEST_MATH_NEEDS_IFMA_H

#include "base/cpu.h"

#include <unistd.h>

__attribute__((constructor(101))) static void skip_without_ifma(void)
{
    if ((pm_cpu_features() & PM_CPU_IFMA) == 0) _exit(77);
}

#endif
