/* The tables of all curves, from the launchers of their instances: for emu_curves.c and cuda_curves.cu. */
#include "kernels/msm_run.h"
#include "math/params_bn254.h"

#define GROUP(name, coordinate_bytes, its_degree)                                                            \
    {                                                                                                        \
        2 * (its_degree) * (coordinate_bytes), 4 * (its_degree) * (coordinate_bytes), its_degree,            \
            GPU_FN(name##_accumulate), GPU_FN(name##_reduce)                                                 \
    }

static const uint64_t bn254_fp_modulus[PM_BN254_LIMBS] = PM_BN254_FP_MODULUS;
static const struct gpu_curve bn254_curve = {
    "bn128",
    8 * PM_BN254_LIMBS,
    8 * PM_BN254_LIMBS,
    PM_BN254_FR_BITS - 1,
    PM_BN254_FR_TWO_ADICITY,
    bn254_fp_modulus,
    GROUP(bn254_g1, 8 * PM_BN254_LIMBS, 1),
    GROUP(bn254_g2, 8 * PM_BN254_LIMBS, 2),
    GPU_FN(bn254_fr_count),
    GPU_FN(bn254_fr_digits),
    GPU_FN(bn254_fr_rows),
    GPU_FN(bn254_fr_quotient),
    GPU_FN(bn254_fr_ntt),
    GPU_FN(bn254_fr_ntt_table),
    GPU_FN(bn254_fr_vec),
};

static const struct gpu_curve *const curves[] = {&bn254_curve};

const struct gpu_curve *GPU_FN(curve_by_name)(const char *name)
{
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (strcmp(curves[i]->name, name) == 0) return curves[i];
    return NULL;
}

#undef GROUP
