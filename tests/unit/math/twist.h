/* Random points of BN254's twist, which are hardly ever in G2: what the subgroup test must refuse. */
#ifndef PM_TEST_MATH_TWIST_H
#define PM_TEST_MATH_TWIST_H

#include "random.h"

/* a^((p + 1) / 4); whether it is a root of a */
static bool fp_sqrt(bn254_fp *out, const bn254_fp *a)
{
    bn254_fp e = bn254_fp_p, one = {{1}}, check, base = *a;
    bn254_fp_raw_add(&e, &e, &one);
    bn254_fp_raw_shr(&e, 2);
    bn254_fp_pow(out, &base, e.limb, 4);
    bn254_fp_sqr(&check, out);
    return bn254_fp_equal(&check, &base);
}
/* By the norm: with s^2 = a0^2 + a1^2, a root is x + (a1 / 2 x) u for x^2 = (a0 + s) / 2 or (a0 - s) / 2. */
static bool fp2_sqrt(bn254_fp2 *out, const bn254_fp2 *a)
{
    bn254_fp s, t, half;
    bn254_fp_sqr(&s, &a->c0);
    bn254_fp_sqr(&t, &a->c1);
    bn254_fp_add(&s, &s, &t);
    if (!fp_sqrt(&s, &s)) return false;
    bn254_fp_dbl(&half, &bn254_fp_one);
    bn254_fp_inv(&half, &half);
    for (int sign = 0; sign < 2; sign++) {
        bn254_fp_add(&t, &a->c0, &s);
        bn254_fp_mul(&t, &t, &half);
        if (fp_sqrt(&out->c0, &t)) break;
        bn254_fp_neg(&s, &s);
    }
    bn254_fp_inv(&t, &out->c0);
    bn254_fp_mul(&t, &t, &half);
    bn254_fp_mul(&out->c1, &t, &a->c1);
    bn254_fp2 check;
    bn254_fp2_sqr(&check, out);
    return bn254_fp2_equal(&check, a);
}
/* A random point of the twist, hardly ever in the subgroup. */
__attribute__((unused)) static void random_twist_point(bn254_g2_affine *out)
{
    bn254_fp2 t;
    do {
        random_fp2(&out->x);
        bn254_fp2_sqr(&t, &out->x);
        bn254_fp2_mul(&t, &t, &out->x);
        bn254_fp2_add(&t, &t, &bn254_g2_b);
    } while (!fp2_sqrt(&out->y, &t));
}

#endif
