/* Random points of the curve and of its twist, which are hardly ever in G1 and G2 where these have cofactors:
 * what the subgroup tests must refuse. */
#ifndef PM_TEST_MATH_TWIST_H
#define PM_TEST_MATH_TWIST_H

#include "random.h"

/* a^((p + 1) / 4); whether it is a root of a */
static bool fp_sqrt(C(fp) * out, const C(fp) * a)
{
    C(fp) e = C(fp_p), one = {{1}}, check, base = *a;
    C(fp_raw_add)(&e, &e, &one);
    C(fp_raw_shr)(&e, 2);
    C(fp_pow)(out, &base, e.limb, C(fp_limbs));
    C(fp_sqr)(&check, out);
    return C(fp_equal)(&check, &base);
}
/* By the norm: with s^2 = a0^2 + a1^2, a root is x + (a1 / 2 x) u for x^2 = (a0 + s) / 2 or (a0 - s) / 2. */
static bool fp2_sqrt(C(fp2) * out, const C(fp2) * a)
{
    C(fp) s, t, half;
    C(fp_sqr)(&s, &a->c0);
    C(fp_sqr)(&t, &a->c1);
    C(fp_add)(&s, &s, &t);
    if (!fp_sqrt(&s, &s)) return false;
    C(fp_dbl)(&half, &C(fp_one));
    C(fp_inv)(&half, &half);
    for (int sign = 0; sign < 2; sign++) {
        C(fp_add)(&t, &a->c0, &s);
        C(fp_mul)(&t, &t, &half);
        if (fp_sqrt(&out->c0, &t)) break;
        C(fp_neg)(&s, &s);
    }
    C(fp_inv)(&t, &out->c0);
    C(fp_mul)(&t, &t, &half);
    C(fp_mul)(&out->c1, &t, &a->c1);
    C(fp2) check;
    C(fp2_sqr)(&check, out);
    return C(fp2_equal)(&check, a);
}
__attribute__((unused)) static void random_curve_point(C(g1_affine) * out)
{
    C(fp) t;
    do {
        random_fp(&out->x);
        C(fp_sqr)(&t, &out->x);
        C(fp_mul)(&t, &t, &out->x);
        C(fp_add)(&t, &t, &C(g1_b));
    } while (!fp_sqrt(&out->y, &t));
}
/* A random point of the twist, hardly ever in the subgroup. */
__attribute__((unused)) static void random_twist_point(C(g2_affine) * out)
{
    C(fp2) t;
    do {
        random_fp2(&out->x);
        C(fp2_sqr)(&t, &out->x);
        C(fp2_mul)(&t, &t, &out->x);
        C(fp2_add)(&t, &t, &C(g2_b));
    } while (!fp2_sqrt(&out->y, &t));
}

#endif
