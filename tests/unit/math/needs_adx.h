/* Ends a test program whose fields are those of fp_x86.h before its first test where the processor lacks BMI2
 * or ADX: exit status 77, which CTest counts as skipped. */
#ifndef PM_TEST_MATH_NEEDS_ADX_H
#define PM_TEST_MATH_NEEDS_ADX_H

#include "base/cpu.h"

#include <unistd.h>

__attribute__((constructor(101))) static void skip_without_adx(void)
{
    if ((pm_cpu_features() & PM_CPU_ADX) == 0) _exit(77);
}

#endif
