/* Every constant of params_bn254.h, computed again from x, 3, 5, 9 + u and the generators' decimal
 * coordinates. */
#include "random.h"
#include "slow.h"

/* ((((c4 x + c3) x + c2) x + c1) x + c0 */
static struct slow polynomial(uint64_t c4, uint64_t c3, uint64_t c2, uint64_t c1, uint64_t c0)
{
    const uint64_t c[] = {c3, c2, c1, c0};
    struct slow s = slow_small(c4);
    for (int i = 0; i < 4; i++) s = slow_add(slow_mul(s, slow_small(PM_BN254_X)), slow_small(c[i]));
    return s;
}
static struct slow p(void) { return polynomial(36, 36, 24, 6, 1); }
static struct slow r(void) { return polynomial(36, 36, 18, 6, 1); }

enum { curve_b = 3 };
static const char *const generator_text[6] = {
    "1",
    "2",
    "10857046999023057135944570762232829481370756359578518086990519993285655852781",
    "11559732032986387107991004021392285783925812861821192530917403151452391805634",
    "8495653923123431417604973247489272438418190587263600148770280649306958101930",
    "4082367875863433681332203403145435568316851327593401208105741076214120093531",
};

#include "params_cases.h"

PM_TEST(loops)
{
    check_digits(bn254_pairing_loop, sizeof bn254_pairing_loop, polynomial(0, 0, 0, 6, 2));
    check_digits(bn254_pairing_x_digit, sizeof bn254_pairing_x_digit, slow_small(PM_BN254_X));
    CHECK_U64(sizeof bn254_pairing_loop, PM_BN254_LOOP_LEN);
    CHECK_U64(sizeof bn254_pairing_x_digit, PM_BN254_X_DIGITS_LEN);
    for (size_t i = 1; i < sizeof bn254_pairing_loop; i++) /* in non-adjacent form */
        CHECK(bn254_pairing_loop[i] == 0 || bn254_pairing_loop[i - 1] == 0);
}
