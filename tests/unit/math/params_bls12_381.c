/* Every constant of params_bls12_381.h, computed again from x, 4, 5, 1 + u and the generators' decimal
 * coordinates. */
#include "random.h"
#include "slow.h"

/* r = x^4 - x^2 + 1, p = (x - 1)^2 r / 3 + x, x = -PM_BLS12_381_X */
static struct slow r(void)
{
    struct slow x = slow_small(PM_BLS12_381_X), xx = slow_mul(x, x);
    return slow_add(slow_sub(slow_mul(xx, xx), xx), slow_small(1));
}
static struct slow p(void)
{
    struct slow x = slow_small(PM_BLS12_381_X), t = slow_add(x, slow_small(1)), third;
    CHECK(slow_bits(slow_divide(&third, slow_mul(t, t), slow_small(3))) == 0);
    return slow_sub(slow_mul(third, r()), x);
}

/* The generators of the draft irtf-cfrg-pairing-friendly-curves, section 4.2.1, as zcash chose them. */
enum { curve_b = 4 };
static const char *const generator_text[6] = {
    "36854167537133870167810883151830777579616207957825464098945783786886075923783763188360549476763458215481"
    "04185464507",
    "13395065449444764730204713799419212215849338759383496204265437364165114239563335064727246553533665349923"
    "91756441569",
    "35270106958746661818713911601106014489002995279277524021990864423979378573571502687334760034386517595276"
    "1926303160",
    "30591443442442137099712598147537816369864703254766475586593732062916353247689584324335095631043470178378"
    "85763365758",
    "19851506022872919355680545211771716383008689782156557308593786650663447263738237184238691042633339846414"
    "94340347905",
    "92755366549233245574720196577603788075774019345359297002502797879397687700267556498094928972795756557543"
    "3344219582",
};

#include "params_cases.h"

PM_TEST(loops)
{
    check_digits(bls12_381_pairing_loop, sizeof bls12_381_pairing_loop, slow_small(PM_BLS12_381_X));
    check_digits(bls12_381_pairing_x_digit, sizeof bls12_381_pairing_x_digit, slow_small(PM_BLS12_381_X));
}

/* A cube root of unity, and the one for which (beta x, y) is -x^2 (x, y) on G1. */
PM_TEST(beta)
{
    bls12_381_fp t;
    bls12_381_fp_sqr(&t, &bls12_381_pairing_beta);
    bls12_381_fp_mul(&t, &t, &bls12_381_pairing_beta);
    CHECK(bls12_381_fp_equal(&t, &bls12_381_fp_one));
    CHECK(!bls12_381_fp_equal(&bls12_381_pairing_beta, &bls12_381_fp_one));
    bls12_381_g1_affine image = g1_generator;
    bls12_381_g1 a;
    struct slow x = slow_small(PM_BLS12_381_X);
    uint64_t xx[2];
    slow_to(xx, 2, slow_mul(x, x));
    bls12_381_g1_from_affine(&a, &g1_generator);
    bls12_381_g1_mul_var(&a, &a, xx, 2);
    bls12_381_fp_mul(&image.x, &image.x, &bls12_381_pairing_beta);
    bls12_381_g1_add_affine(&a, &a, &image);
    CHECK(bls12_381_g1_is_infinity(&a));
}
