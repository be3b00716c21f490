#include "math/curve.h"
#include "test.h"

static const struct pm_curve *c(void) { return pm_curve_by_name("bn128"); }

static void random_fr(uint8_t *out)
{
    uint8_t wide[64];
    test_random_bytes(wide, sizeof wide);
    c()->fr_reduce_wide(out, wide);
}

PM_TEST(bilinear)
{
    CHECK(c()->g1_check(c()->g1_generator));
    CHECK(c()->g2_check(c()->g2_generator));
    uint8_t a[32], b[32], g1[2 * 64], g2[2 * 128];
    random_fr(a);
    random_fr(b);
    struct pm_point1 p;
    struct pm_point2 q;
    c()->g1_from_affine(&p, c()->g1_generator);
    c()->g2_from_affine(&q, c()->g2_generator);
    c()->g1_mul(&p, &p, a);
    c()->g2_mul(&q, &q, b);
    c()->g1_to_affine(g1, &p);
    c()->g2_to_affine(g2, &q);
    CHECK(c()->g1_check(g1));
    CHECK(c()->g2_check(g2));
    CHECK(!c()->pairing_product_is_one(g1, g2, 1));
    c()->g1_from_affine(&p, c()->g1_generator);
    uint8_t am[32], bm[32];
    c()->fr_to_mont(am, a);
    c()->fr_to_mont(bm, b);
    c()->fr_mul(am, am, bm);
    c()->fr_from_mont(am, am);
    c()->g1_mul(&p, &p, am);
    c()->g1_neg(&p, &p);
    c()->g1_to_affine(g1 + 64, &p);
    memcpy(g2 + 128, c()->g2_generator, 128);
    CHECK(c()->pairing_product_is_one(g1, g2, 2));
    c()->g1_neg(&p, &p);
    c()->g1_to_affine(g1 + 64, &p);
    CHECK(!c()->pairing_product_is_one(g1, g2, 2));
}
