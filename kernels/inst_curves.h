/* The tables of all curves, from the launchers of their instances: for emu_curves.c and cuda_curves.cu. */
#include "kernels/msm_run.h"
#include "math/params_bls12_381.h"
#include "math/params_bn254.h"

#define GROUP(name, coordinate_bytes, its_degree)                                                            \
    {                                                                                                        \
        2 * (its_degree) * (coordinate_bytes), 4 * (its_degree) * (coordinate_bytes), its_degree,            \
            GPU_FN(name##_accumulate), GPU_FN(name##_reduce)                                                 \
    }

#define CURVE(curve, name, fr_limbs, fp_limbs, fr_bits, two_adicity)                                         \
    {                                                                                                        \
        name, 8 * (fr_limbs), 8 * (fp_limbs), (fr_bits)-1, two_adicity, curve##_fp_modulus,                  \
            GROUP(curve##_g1, 8 * (fp_limbs), 1), GROUP(curve##_g2, 8 * (fp_limbs), 2),                      \
            GPU_FN(curve##_fr_count), GPU_FN(curve##_fr_digits), GPU_FN(curve##_fr_rows),                    \
            GPU_FN(curve##_fr_quotient), GPU_FN(curve##_fr_ntt), GPU_FN(curve##_fr_ntt_table),               \
            GPU_FN(curve##_fr_vec)                                                                           \
    }

static const uint64_t bn254_fp_modulus[PM_BN254_LIMBS] = PM_BN254_FP_MODULUS;
static const uint64_t bls12_381_fp_modulus[PM_BLS12_381_FP_LIMBS] = PM_BLS12_381_FP_MODULUS;
static const struct gpu_curve curves[] = {
    CURVE(bn254, "bn128", PM_BN254_LIMBS, PM_BN254_LIMBS, PM_BN254_FR_BITS, PM_BN254_FR_TWO_ADICITY),
    CURVE(bls12_381, "bls12381", PM_BLS12_381_FR_LIMBS, PM_BLS12_381_FP_LIMBS, PM_BLS12_381_FR_BITS,
          PM_BLS12_381_FR_TWO_ADICITY),
};

const struct gpu_curve *GPU_FN(curve_by_name)(const char *name)
{
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (strcmp(curves[i].name, name) == 0) return &curves[i];
    return NULL;
}

#undef GROUP
#undef CURVE
