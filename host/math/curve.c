/* The curves there are, and for each the build that this processor runs best, chosen once. See curve.h. */
#include "math/curve.h"

#include "base/bytes.h"
#include "base/cpu.h"
#include "math/bls12_381.h"
#include "math/bn254.h"

#include <pthread.h>
#include <string.h>

/* Builds of every curve, the best first; the portable one needs nothing. */
struct build {
    const struct pm_curve *curve;
    unsigned needs; /* of enum pm_cpu_feature */
};
#ifdef PM_MATH_IFMA
static struct pm_curve bn254_ifma = {.name = "bn128"},
                       bls12_381_ifma = {.name = "bls12381"}; /* filled once */
#endif
static const struct build builds[] = {
#ifdef PM_MATH_IFMA
    {&bn254_ifma, PM_CPU_IFMA | PM_CPU_ADX},
    {&bls12_381_ifma, PM_CPU_IFMA | PM_CPU_ADX},
#endif
#ifdef PM_MATH_ADX
    {&pm_bn254_adx, PM_CPU_ADX},
    {&pm_bls12_381_adx, PM_CPU_ADX},
#endif
    {&pm_bn254_portable, 0},
    {&pm_bls12_381_portable, 0},
};

enum { CURVES_MAX = 8 };
static const struct pm_curve *chosen[CURVES_MAX]; /* written once */
static pthread_once_t chosen_once = PTHREAD_ONCE_INIT;

static const struct pm_curve *find(const char *name)
{
    for (size_t i = 0; i < CURVES_MAX && chosen[i]; i++)
        if (strcmp(chosen[i]->name, name) == 0) return chosen[i];
    return NULL;
}

static void choose(void)
{
    unsigned features = pm_cpu_features();
    size_t n = 0;
#ifdef PM_MATH_IFMA
    if (features & PM_CPU_IFMA) {
        pm_bn254_ifma_fill(&bn254_ifma);
        pm_bls12_381_ifma_fill(&bls12_381_ifma);
    }
#endif
    for (size_t i = 0; i < sizeof builds / sizeof builds[0] && n < CURVES_MAX; i++)
        if ((builds[i].needs & ~features) == 0 && !find(builds[i].curve->name)) chosen[n++] = builds[i].curve;
}

const struct pm_curve *pm_curve_by_name(const char *name)
{
    pthread_once(&chosen_once, choose);
    return find(strcmp(name, "bls12-381") == 0 ? "bls12381" : name);
}

const struct pm_curve *pm_curve_by_modulus(const uint8_t *fp_modulus, size_t len_bytes)
{
    pthread_once(&chosen_once, choose);
    for (size_t i = 0; i < CURVES_MAX && chosen[i]; i++)
        if (chosen[i]->fp_bytes == len_bytes && memcmp(chosen[i]->fp_modulus, fp_modulus, len_bytes) == 0)
            return chosen[i];
    return NULL;
}

size_t pm_curve_find_wild(const struct pm_curve *curve, const uint8_t *elements, size_t n)
{
    const size_t size = curve->fr_bytes, top = size - 8;
    const uint64_t highest = pm_load_le64(curve->fr_modulus + top);
    for (size_t i = 0; i < n; i++) {
        if (pm_load_le64(elements + i * size + top) < highest) continue; /* as nearly all are */
        if (!curve->fr_is_canonical(elements + i * size)) return i;
    }
    return n;
}
