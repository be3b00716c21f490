/* What this processor can do, for the one choice of a build at start.
 * PROOFMILL_CPU in the environment names the sets that may be used, between commas: "adx", "ifma" (and with
 * it adx), or "" for portable C alone, so that tests run every path. */
#ifndef PM_BASE_CPU_H
#define PM_BASE_CPU_H

/* ADX: BMI2 as well. IFMA: AVX-512 with F, VL, BW and DQ as well, and PM_CPU_ADX, which every processor with
 * IFMA has: never reported alone. */
enum pm_cpu_feature { PM_CPU_ADX = 1, PM_CPU_IFMA = 2 };

/* The sets present, less those that the mask switches off, as a sum of pm_cpu_feature. Unknown names are
 * ignored. */
unsigned pm_cpu_features(void);

#endif
