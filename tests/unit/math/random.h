/* Random elements and points for the tests of math/, over the curve under test. */
#ifndef PM_TEST_MATH_RANDOM_H
#define PM_TEST_MATH_RANDOM_H

#include "curve_under_test.h"
#include "test.h"

__attribute__((unused)) static void random_fp(C(fp) * out)
{
    test_random_bytes(out, sizeof *out);
    while (!C(fp_is_canonical)(out)) C(fp_raw_sub)(out, out, &C(fp_p));
}
__attribute__((unused)) static void random_fr(C(fr) * out)
{
    test_random_bytes(out, sizeof *out);
    while (!C(fr_is_canonical)(out)) C(fr_raw_sub)(out, out, &C(fr_p));
}
__attribute__((unused)) static void random_fp2(C(fp2) * out)
{
    random_fp(&out->c0);
    random_fp(&out->c1);
}
__attribute__((unused)) static void random_fp12(C(tower_fp12) * out)
{
    for (int i = 0; i < 3; i++) {
        random_fp2(&out->c0.c[i]);
        random_fp2(&out->c1.c[i]);
    }
}

static const C(g1_affine) g1_generator = {P(G1_GENERATOR_X), P(G1_GENERATOR_Y)};
static const C(g2_affine) g2_generator = {P(G2_GENERATOR_X), P(G2_GENERATOR_Y)};

/* A random multiple of the generator, in coordinates that are not normalized. */
__attribute__((unused)) static void random_g1(C(g1) * out)
{
    C(fr) k;
    random_fr(&k);
    C(g1_from_affine)(out, &g1_generator);
    C(g1_mul_var)(out, out, k.limb, 4);
}
__attribute__((unused)) static void random_g2(C(g2) * out)
{
    C(fr) k;
    random_fr(&k);
    C(g2_from_affine)(out, &g2_generator);
    C(g2_mul_var)(out, out, k.limb, 4);
}

#endif
