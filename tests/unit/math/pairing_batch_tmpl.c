/* The portable batch of pairings: pairing_batch_cases.h. */
#include "sums.h"

static void *scratch(size_t n) /* of the size that n points need, and no byte more */
{
    static void *room;
    free(room);
    return room = exact_scratch(C(pairing_batch_scratch)(n));
}

#define WEIGHTED(out, in_group, p, q, w, n) C(pairing_weighted)(out, in_group, p, q, w, n, scratch(n))
#define SUM(out, p, w, n)                   C(pairing_weighted_sum)(out, (bool[MANY]){false}, p, w, n, scratch(n))
#define IN_GROUP(in_group, p, n)            in_subgroup(in_group, p, n)
static void in_subgroup(bool *in_group, const C(g1_affine) * p, size_t n);
#include "pairing_batch_cases.h"

static void in_subgroup(bool *in_group, const C(g1_affine) * p, size_t n)
{
    static struct pm_weight w[MANY];
    C(g1) sum;
    for (size_t i = 0; i < n; i++) random_weight(&w[i]);
    C(pairing_weighted_sum)(&sum, in_group, p, w, n, scratch(n));
}

/* A point of the curve outside G1 among the others is told, and spoils nothing but the product. */
PM_TEST(pairs_outside_of_the_first_group)
{
    static C(g1_affine) p[MANY];
    static C(g2_affine) q[MANY];
    static struct pm_weight w[MANY];
    static bool in_group[MANY];
    for (size_t n = 1; n <= MANY; n += n < 10 ? 8 : 33)
        for (int kind = 0; kind < 2; kind++) {
            C(tower_fp12) f;
            for (size_t i = 0; i < n; i++) {
                C(g1) t1;
                C(g2) t2;
                random_g1(&t1);
                random_g2(&t2);
                C(g1_to_affine)(&p[i], &t1);
                C(g2_to_affine)(&q[i], &t2);
                random_weight(&w[i]);
            }
            random_curve_point(&p[n / 2]);
            if (kind == 1 && TEST_CURVE == 381) { /* of order three: no slopes, no x */
                p[n / 2] = (C(g1_affine)){.y = C(fp_one)};
                C(fp_dbl)(&p[n / 2].y, &p[n / 2].y);
            }
            WEIGHTED(&f, in_group, p, q, w, n);
            for (size_t i = 0; i < n; i++)
                CHECK_MSG(in_group[i] == (TEST_CURVE == 254 || i != n / 2), "%zu of %zu", i, n);
        }
}
