/* Random elements and points for the tests of math/, over BN254's instances. */
#ifndef PM_TEST_MATH_RANDOM_H
#define PM_TEST_MATH_RANDOM_H

#include "math/bn254_inst.h"
#include "test.h"

__attribute__((unused)) static void random_fp(bn254_fp *out)
{
    test_random_bytes(out, sizeof *out);
    while (!bn254_fp_is_canonical(out)) bn254_fp_raw_sub(out, out, &bn254_fp_p);
}
__attribute__((unused)) static void random_fr(bn254_fr *out)
{
    test_random_bytes(out, sizeof *out);
    while (!bn254_fr_is_canonical(out)) bn254_fr_raw_sub(out, out, &bn254_fr_p);
}
__attribute__((unused)) static void random_fp2(bn254_fp2 *out)
{
    random_fp(&out->c0);
    random_fp(&out->c1);
}
__attribute__((unused)) static void random_fp12(bn254_tower_fp12 *out)
{
    for (int i = 0; i < 3; i++) {
        random_fp2(&out->c0.c[i]);
        random_fp2(&out->c1.c[i]);
    }
}

static const bn254_g1_affine g1_generator = {PM_BN254_G1_GENERATOR_X, PM_BN254_G1_GENERATOR_Y};
static const bn254_g2_affine g2_generator = {PM_BN254_G2_GENERATOR_X, PM_BN254_G2_GENERATOR_Y};

/* A random multiple of the generator, in coordinates that are not normalized. */
__attribute__((unused)) static void random_g1(bn254_g1 *out)
{
    bn254_fr k;
    random_fr(&k);
    bn254_g1_from_affine(out, &g1_generator);
    bn254_g1_mul_var(out, out, k.limb, 4);
}
__attribute__((unused)) static void random_g2(bn254_g2 *out)
{
    bn254_fr k;
    random_fr(&k);
    bn254_g2_from_affine(out, &g2_generator);
    bn254_g2_mul_var(out, out, k.limb, 4);
}

#endif
