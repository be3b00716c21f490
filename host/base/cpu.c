/* CPUID, masked by the environment. See cpu.h. */
#include "base/cpu.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

static unsigned present(void)
{
    enum { leaf7_ebx_bmi2 = 1 << 8, leaf7_ebx_adx = 1 << 19 };
    unsigned found = 0, eax, ebx, ecx, edx;
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & leaf7_ebx_bmi2) && (ebx & leaf7_ebx_adx))
        found |= PM_CPU_ADX;
    /* The compiler's question also asks whether the system saves the wide registers. */
    __builtin_cpu_init();
    if ((found & PM_CPU_ADX) && __builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
        found |= PM_CPU_IFMA;
    return found;
}
#else
static unsigned present(void) { return 0; }
#endif

/* Whether `name` is one of the names in the list, between commas or blanks. */
static bool names(const char *list, const char *name)
{
    size_t len = strlen(name);
    while (*list) {
        size_t n = strcspn(list, ", ");
        if (n == len && memcmp(list, name, n) == 0) return true;
        list += n + (list[n] != '\0');
    }
    return false;
}

unsigned pm_cpu_features(void)
{
    unsigned found = present(), allowed = 0;
    const char *mask = getenv("PROOFMILL_CPU");
    if (!mask) return found;
    if (names(mask, "adx")) allowed |= PM_CPU_ADX;
    if (names(mask, "ifma")) allowed |= PM_CPU_IFMA | PM_CPU_ADX;
    return found & allowed;
}
