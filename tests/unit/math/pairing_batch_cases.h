/* The weighted product and sum against the portable pieces that they are made of, for the portable build and
 * for lanes: WEIGHTED(out, in_group, p, q, w, n) and SUM(out, p, w, n) are the functions under test. */
#ifndef PM_TEST_MATH_PAIRING_BATCH_CASES_H
#define PM_TEST_MATH_PAIRING_BATCH_CASES_H

#include "twist.h"

enum { MANY = 75 }; /* more than a pass of either build takes */

static void random_weight(struct pm_weight *w)
{
    *w = (struct pm_weight){.a = {test_random(), 0}, .b = {test_random(), 0}};
    switch (test_random() % 8) {
    case 0:
        w->a[0] = test_random() % 2;
        w->b[0] = !w->a[0];
        break;
    case 1:
        w->a[1] = test_random() >> 56;
        w->b[1] = test_random() >> 56;
        break;
    case 2:
        w->a[0] = 0;
        w->b[0] |= 1;
        break;
    case 3:
        w->b[0] = 0;
        w->a[0] |= 1;
        break;
    default:
        break;
    }
}

static void affine_multiple(C(g1_affine) * out, const C(g1_affine) * p, const struct pm_weight *w)
{
    C(fr) k;
    C(g1) t;
    C(pairing_weight_scalar)(&k, w);
    C(g1_from_affine)(&t, p);
    C(g1_mul_var)(&t, &t, k.limb, C(fr_limbs));
    C(g1_to_affine)(out, &t);
}

/* phi(P) = (beta x, y) is lambda P: what makes weights scalars. */
PM_TEST(phi_is_lambda)
{
    struct pm_weight lambda = {.b = {1, 0}};
    for (int round = 0; round < 3; round++) {
        C(g1) t;
        C(g1_affine) p, image;
        random_g1(&t);
        C(g1_to_affine)(&p, &t);
        affine_multiple(&image, &p, &lambda);
        C(fp_mul)(&p.x, &p.x, &C(pairing_batch_beta));
        CHECK_MEM(&p, &image, sizeof p);
    }
}

PM_TEST(weighted_products)
{
    static const size_t sizes[] = {0, 1, 2, 7, 8, 9, 16, MANY};
    static C(g1_affine) p[MANY];
    static C(g2_affine) q[MANY];
    static struct pm_weight w[MANY];
    static bool in_group[MANY];
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        size_t n = sizes[s];
        C(tower_fp12) expected, got, f;
        C(tower_set_one)(&expected);
        for (size_t i = 0; i < n; i++) {
            struct C(pairing_pair) pair;
            C(g1_affine) multiple;
            C(g1) t1;
            C(g2) t2;
            random_g1(&t1);
            C(g1_to_affine)(&p[i], &t1);
            random_g2(&t2);
            C(g2_to_affine)(&q[i], &t2);
            if (i && test_random() % 8 == 0) p[i] = p[i - 1], q[i] = q[i - 1];
            random_weight(&w[i]);
            affine_multiple(&multiple, &p[i], &w[i]);
            C(pairing_pair_begin)(&pair, &multiple, &q[i]);
            C(pairing_miller)(&f, &pair, 1, NULL, 0);
            C(tower_mul)(&expected, &expected, &f);
            in_group[i] = false;
        }
        WEIGHTED(&got, in_group, p, q, w, n);
        for (size_t i = 0; i < n; i++) CHECK_MSG(in_group[i], "%zu of %zu", i, n);
        C(pairing_final_exponentiation)(&expected); /* Miller's functions agree but for factors of Fp2 */
        C(pairing_final_exponentiation)(&got);
        CHECK_MSG(C(tower_equal)(&expected, &got), "n = %zu", n);
        if (n == 0) continue;
        w[n / 2].a[0] ^= 2;
        WEIGHTED(&got, in_group, p, q, w, n);
        C(pairing_final_exponentiation)(&got);
        CHECK(!C(tower_equal)(&expected, &got));
        random_twist_point(&q[n / 2]);
        WEIGHTED(&got, in_group, p, q, w, n);
        for (size_t i = 0; i < n; i++) CHECK_MSG(in_group[i] == (i != n / 2), "%zu of %zu", i, n);
    }
}

PM_TEST(weighted_sums)
{
    static C(g1_affine) p[MANY];
    static struct pm_weight w[MANY];
    for (size_t n = 0; n <= MANY; n += n < 18 ? 1 : 19) {
        C(g1) expected, got, t;
        C(g1_set_infinity)(&expected);
        for (size_t i = 0; i < n; i++) {
            C(g1_affine) multiple;
            random_g1(&t);
            C(g1_to_affine)(&p[i], &t);
            if (test_random() % 10 == 0) p[i] = (C(g1_affine)){.x = {{0}}};
            if (i >= 8 && n % 3) p[i] = p[i - 8]; /* the same lane of lanes: doublings and negatives */
            random_weight(&w[i]);
            if (i >= 8 && n % 3 == 2) w[i] = w[i - 8];
            if (i >= 8 && n % 3 == 2 && i % 2) C(g1_affine_neg)(&p[i], &p[i]);
            affine_multiple(&multiple, &p[i], &w[i]);
            C(g1_add_affine)(&expected, &expected, &multiple);
        }
        SUM(&got, p, w, n);
        CHECK_MSG(C(g1_equal)(&expected, &got), "n = %zu", n);
    }
}

/* Points of G1, of the curve, of order three, infinity: in every lane. */
PM_TEST(points_in_group)
{
    static C(g1_affine) p[MANY];
    static bool in_group[MANY];
    unsigned inside = 0, outside = 0;
    for (size_t n = 0; n <= MANY; n += n < 10 ? 1 : 13) {
        for (size_t i = 0; i < n; i++) {
            C(g1) t;
            switch (test_random() % 4) {
            case 0:
                random_curve_point(&p[i]);
                break;
            case 1:
                p[i] = (C(g1_affine)){.x = {{0}}};
                break;
            case 2:
                if (TEST_CURVE == 381) {
                    p[i] = (C(g1_affine)){.y = C(fp_one)}; /* (0, 2) or (0, -2), of order three */
                    C(fp_dbl)(&p[i].y, &p[i].y);
                    if (i % 2) C(g1_affine_neg)(&p[i], &p[i]);
                    break;
                } /* fall through */
            default:
                random_g1(&t);
                C(g1_to_affine)(&p[i], &t);
            }
        }
        IN_GROUP(in_group, p, n);
        for (size_t i = 0; i < n; i++) {
            CHECK_MSG(in_group[i] == C(pairing_g1_in_subgroup)(&p[i]), "%zu of %zu", i, n);
            inside += in_group[i];
            outside += !in_group[i];
        }
    }
    CHECK(inside > 0 && (TEST_CURVE == 254 || outside > 0));
}

#endif
