/* The known secrets are what the text says, on every curve and for ever: js-sha3 and big integers gave these
 * numbers. Keys are told by either point. */
#include "prove/dev_secrets.h"
#include "base/bytes.h"
#include "test.h"
#include "curve_under_test.h"

static const struct known {
    const char *curve, *tau, *alpha, *beta; /* big-endian */
} all_known[] = {{"bn128", "2f47d796e1ed7ec13a820be0bb0fd137ec4390893d72b55c92b355a8815e5e9a",
                  "2576da593571dc7d659578063092024cd162705d6020b3cb04ab065d69d8367d",
                  "0e0abe2e1acb75108bd00be08b56b3ec443dab1a7b1bc9c8ff3b8e776f5baac1"},
                 {"bls12381", "475fa7c8a921c9040cb04a8af51f6a7c160afbc5ea94fca2621ab6c341d375cd",
                  "5b8ea9fa231469b0b13f22a83eef8f7f07c699e0a76262a4a4098bd7022d385c",
                  "50c69b3315b06c4218c541a65e62723b2fec383368d07a9dfc90c53f38415e64"}};

static void check_secret(const uint8_t *found, const char *expected)
{
    char hex[65];
    uint8_t big_endian[32];
    for (int i = 0; i < 32; i++) big_endian[i] = found[31 - i];
    pm_hex_encode(hex, big_endian, 32);
    CHECK_STR(hex, expected);
}

PM_TEST(known_to_everyone)
{
    for (size_t i = 0; i < sizeof all_known / sizeof *all_known; i++) {
        struct pm_ptau_secrets s;
        pm_dev_secrets(&s, pm_curve_by_name(all_known[i].curve));
        check_secret(s.tau, all_known[i].tau);
        check_secret(s.alpha, all_known[i].alpha);
        check_secret(s.beta, all_known[i].beta);
    }
}

PM_TEST(told_by_either_point)
{
    const struct pm_curve *c = curve();
    struct pm_ptau_secrets s;
    struct pm_point1 p;
    struct pm_point2 q;
    uint8_t alpha1[PM_G1_MAX_BYTES], beta2[PM_G2_MAX_BYTES];
    pm_dev_secrets(&s, c);
    c->g1_from_affine(&p, c->g1_generator);
    c->g1_mul(&p, &p, s.alpha);
    c->g1_to_affine(alpha1, &p);
    c->g2_from_affine(&q, c->g2_generator);
    c->g2_mul(&q, &q, s.beta);
    c->g2_to_affine(beta2, &q);
    CHECK(pm_dev_secrets_made(c, alpha1, beta2));
    CHECK(pm_dev_secrets_made(c, alpha1, c->g2_generator));
    CHECK(pm_dev_secrets_made(c, c->g1_generator, beta2));
    CHECK(!pm_dev_secrets_made(c, c->g1_generator, c->g2_generator));
    alpha1[c->g1_bytes - 1] ^= 1;
    beta2[c->g2_bytes - 1] ^= 1;
    CHECK(!pm_dev_secrets_made(c, alpha1, beta2));
}
