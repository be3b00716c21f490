/* Sums of multiples of fixed points against multiplications one by one. */
#include "random.h"

PM_TEST(sums)
{
    enum { MAX = 4 };
    static struct C(g1_comb) comb[MAX];
    for (int round = 0; round < 24; round++) {
        size_t n = (size_t)round % (MAX + 1);
        uint64_t k[MAX * C(fr_limbs)];
        C(g1_affine) point[MAX], start, got, expected;
        C(g1) sum, t;
        random_g1(&sum);
        C(g1_to_affine)(&start, &sum);
        if (round % 7 == 6) start = (C(g1_affine)){.x = {{0}}}, C(g1_set_infinity)(&sum);
        for (size_t i = 0; i < n; i++) {
            C(fr) scalar, one = {{1}};
            random_g1(&t);
            C(g1_to_affine)(&point[i], &t);
            if (test_random() % 5 == 0) point[i] = i ? point[i - 1] : (C(g1_affine)){.x = {{0}}};
            random_fr(&scalar);
            if (test_random() % 4 == 0) scalar = test_random() % 2 ? (C(fr)){{0}} : one;
            if (test_random() % 4 == 0) C(fr_raw_sub)(&scalar, &C(fr_p), &one); /* minus the point */
            memcpy(k + i * C(fr_limbs), &scalar, sizeof scalar);
            C(g1_comb_make)(&comb[i], &point[i]);
            C(g1_from_affine)(&t, &point[i]);
            C(g1_mul_var)(&t, &t, scalar.limb, C(fr_limbs));
            C(g1_add)(&sum, &sum, &t);
        }
        C(g1_comb_sum_var)(&got, &start, comb, k, C(fr_limbs), n);
        C(g1_to_affine)(&expected, &sum);
        CHECK_MEM(&got, &expected, sizeof got);
    }
}
