/* CPUID through the compiler, masked by the environment. See cpu.h. */
#include "base/cpu.h"

#include <stdlib.h>
#include <string.h>

unsigned pm_cpu_features(void)
{
    unsigned found = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("bmi2")) found |= PM_CPU_ADX; /* every part with BMI2 and AVX-512 has ADX as well */
    if (__builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("avx512vl")) found |= PM_CPU_IFMA;
#endif
    const char *mask = getenv("PROOFMILL_CPU");
    if (!mask) return found;
    unsigned allowed = 0;
    if (strstr(mask, "adx")) allowed |= PM_CPU_ADX;
    if (strstr(mask, "ifma")) allowed |= PM_CPU_IFMA;
    return found & allowed;
}
