/* BN254 for processors with AVX-512 IFMA: sums, transforms and vectors in lanes, the rest as in the portable
 * build, whose points and bytes it shares. Compiled for that instruction set: curve.c calls it only where the
 * processor has it. */
#include "math/bn254.h"

#include "math/bn254_ifma_inst.h"

static void msm_g1(struct pm_pool *pool, struct pm_point1 *out, const uint8_t *bases, const uint8_t *scalars,
                   size_t n, void *scratch)
{
    bn254_g1_lanes_msm_var(pool, (bn254_g1 *)(void *)out, bases, scalars, n, scratch);
}
static void msm_g2(struct pm_pool *pool, struct pm_point2 *out, const uint8_t *bases, const uint8_t *scalars,
                   size_t n, void *scratch)
{
    bn254_g2_lanes_msm_var(pool, (bn254_g2 *)(void *)out, bases, scalars, n, scratch);
}

void pm_bn254_ifma_fill(struct pm_curve *out)
{
    *out = pm_bn254_portable;
    out->build = "ifma";
    out->msm_g1_scratch = bn254_g1_lanes_msm_scratch;
    out->msm_g2_scratch = bn254_g2_lanes_msm_scratch;
    out->msm_g1_var = msm_g1;
    out->msm_g2_var = msm_g2;
}
