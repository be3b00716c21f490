/* The mask in the environment, and the answer against what the kernel says of this processor. */
#include "base/cpu.h"
#include "test.h"

static unsigned with_mask(const char *mask)
{
    if (setenv("PROOFMILL_CPU", mask, 1) != 0) abort();
    return pm_cpu_features();
}

PM_TEST(the_mask_only_takes_away)
{
    unsetenv("PROOFMILL_CPU");
    unsigned all = pm_cpu_features();
    CHECK_U64(all & ~(unsigned)(PM_CPU_ADX | PM_CPU_IFMA), 0);
    CHECK_U64(with_mask(""), 0);
    CHECK_U64(with_mask("adx"), all & PM_CPU_ADX);
    CHECK_U64(with_mask("ifma"), all); /* with its scalar part */
    CHECK(all == 0 || all & PM_CPU_ADX);
    CHECK_U64(with_mask("adx,ifma"), all);
    CHECK_U64(with_mask("ifma adx"), all);
    CHECK_U64(with_mask("neon,,adx,"), all & PM_CPU_ADX);
    unsetenv("PROOFMILL_CPU");
    CHECK_U64(pm_cpu_features(), all);
}

PM_TEST(names_are_whole_words)
{
    static const char *const none[] = {"noadx", "adxx", "ad", "ADX", "none", "-adx", "portable"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK_MSG(with_mask(none[i]) == 0, "\"%s\"", none[i]);
    unsetenv("PROOFMILL_CPU");
}

/* /proc/cpuinfo lists what the processor has and the kernel allows. */
PM_TEST(agrees_with_the_kernel)
{
#if defined(__x86_64__)
    char line[8192] = "";
    FILE *f = fopen("/proc/cpuinfo", "r");
    CHECK(f != NULL);
    if (!f) return;
    while (fgets(line, sizeof line, f) && strncmp(line, "flags", 5) != 0) {}
    fclose(f);
    if (strncmp(line, "flags", 5) != 0) return;
    unsetenv("PROOFMILL_CPU");
    unsigned found = pm_cpu_features();
    int adx = strstr(line, " adx") && strstr(line, " bmi2");
    int ifma = strstr(line, " avx512ifma") && strstr(line, " avx512vl");
    CHECK_U64((found & PM_CPU_ADX) != 0, adx);
    CHECK_U64((found & PM_CPU_IFMA) != 0, ifma && adx);
#endif
}
