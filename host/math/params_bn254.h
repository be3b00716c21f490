/* The curve BN254 (snarkjs: bn128; EIP-196/197: alt_bn128) as macros: numbers only, valid in C and in C++,
 * for the host's templates and for kernels. Limbs are 64 bits, least significant first. Everything follows
 * from x: p = 36 x^4 + 36 x^3 + 24 x^2 + 6 x + 1, r = 36 x^4 + 36 x^3 + 18 x^2 + 6 x + 1, G1: y^2 = x^3 + 3
 * over Fp, G2: y^2 = x^3 + 3 / (9 + u) over Fp2 = Fp[u] / (u^2 + 1). Source: Barreto and Naehrig (ePrint
 * 2005/133); generators of EIP-196, EIP-197. tests/unit/math/params_bn254.c computes every constant again.
 * Elements are in Montgomery form, R = 2^256, in braces as the templates' structs nest. */
#ifndef PM_MATH_PARAMS_BN254_H
#define PM_MATH_PARAMS_BN254_H

/* clang-format off */

#define PM_BN254_LIMBS 4 /* of Fp and of Fr */
#define PM_BN254_X 0x44e992b44a6909f1u /* 4965661367192848881 */

#define PM_BN254_FP_LIMBS PM_BN254_LIMBS
#define PM_BN254_FP_MODULUS \
    {0x3c208c16d87cfd47u, 0x97816a916871ca8du, 0xb85045b68181585du, 0x30644e72e131a029u}
#define PM_BN254_FP_BITS 254
#define PM_BN254_FP_TOP 0x3064 /* the highest 16 bits of four limbs */
#define PM_BN254_FP_MONT_INV 0x87d20782e4866389u /* -1 / modulus mod 2^64 */
#define PM_BN254_FP_MONT_R \
    {0xd35d438dc58f0d9du, 0x0a78eb28f5c70b3du, 0x666ea36f7879462cu, 0x0e0a77c19a07df2fu}
#define PM_BN254_FP_MONT_R2 \
    {0xf32cfc5b538afa89u, 0xb5e71911d44501fbu, 0x47ab1eff0a417ff6u, 0x06d89f71cab8351fu}

#define PM_BN254_FR_LIMBS PM_BN254_LIMBS
#define PM_BN254_FR_MODULUS \
    {0x43e1f593f0000001u, 0x2833e84879b97091u, 0xb85045b68181585du, 0x30644e72e131a029u}
#define PM_BN254_FR_BITS 254
#define PM_BN254_FR_TOP 0x3064
#define PM_BN254_FR_MONT_INV 0xc2e1f593efffffffu /* -1 / modulus mod 2^64 */
#define PM_BN254_FR_MONT_R \
    {0xac96341c4ffffffbu, 0x36fc76959f60cd29u, 0x666ea36f7879462eu, 0x0e0a77c19a07df2fu}
#define PM_BN254_FR_MONT_R2 \
    {0x1bb8e645ae216da7u, 0x53fe3ab1e35c59e3u, 0x8c49833d53bb8085u, 0x0216d0b17f4e44a5u}

/* The root of unity of order 2^28 that snarkjs uses: 5^((r - 1) / 2^28). 5 is the smallest non-residue. */
#define PM_BN254_FR_TWO_ADICITY 28
#define PM_BN254_FR_ROOT \
    {{0x636e735580d13d9cu, 0xa22bf3742445ffd6u, 0x56452ac01eb203d8u, 0x1860ef942963f9e7u}}

#define PM_BN254_G1_B \
    {{0x7a17caa950ad28d7u, 0x1f6ac17ae15521b9u, 0x334bea4e696bd284u, 0x2a1f6744ce179d8eu}} /* 3 */
#define PM_BN254_G1_B3 \
    {{0xf60647ce410d7ff7u, 0x2f3d6f4dd31bd011u, 0x2943337e3940c6d1u, 0x1d9598e8a7e39857u}}
#define PM_BN254_G2_B \
    {{{0x3bf938e377b802a8u, 0x020b1b273633535du, 0x26b7edf049755260u, 0x2514c6324384a86du}}, \
     {{0x38e7ecccd1dcff67u, 0x65f0b37d93ce0d3eu, 0xd749d0dd22ac00aau, 0x0141b9ce4a688d4du}}} /* 3 / (9 + u) */
#define PM_BN254_G2_B3 \
    {{{0x3baa927cb62e0d6au, 0xd71e7c52d1b664fdu, 0x03873e63d95d4664u, 0x0e75b5b1082ab8f4u}}, \
     {{0xaab7c6667596fe35u, 0x31d21a78bb6a27bau, 0x85dd7297680401ffu, 0x03c52d6adf39a7e9u}}}
#define PM_BN254_G1_GENERATOR_X \
    {{0xd35d438dc58f0d9du, 0x0a78eb28f5c70b3du, 0x666ea36f7879462cu, 0x0e0a77c19a07df2fu}} /* 1 */
#define PM_BN254_G1_GENERATOR_Y \
    {{0xa6ba871b8b1e1b3au, 0x14f1d651eb8e167bu, 0xccdd46def0f28c58u, 0x1c14ef83340fbe5eu}} /* 2 */
#define PM_BN254_G2_GENERATOR_X \
    {{{0x8e83b5d102bc2026u, 0xdceb1935497b0172u, 0xfbb8264797811adfu, 0x19573841af96503bu}}, \
     {{0xafb4737da84c6140u, 0x6043dd5a5802d8c4u, 0x09e950fc52a02f86u, 0x14fef0833aea7b6bu}}}
#define PM_BN254_G2_GENERATOR_Y \
    {{{0x619dfa9d886be9f6u, 0xfe7fd297f59e9b78u, 0xff9e1a62231b7dfeu, 0x28fd7eebae9e4206u}}, \
     {{0x64095b56c71856eeu, 0xdc57f922327d3cbbu, 0x55f935be33351076u, 0x0da4a0e693fd6482u}}}

/* The cube roots of unity beta in Fp and lambda = 36 x^3 + 18 x^2 + 6 x + 1 in Fr for which (x, y) -> (beta x, y)
 * acts on G1 as lambda. */
#define PM_BN254_BETA \
    {{0x71930c11d782e155u, 0xa6bb947cffbe3323u, 0xaa303344d4741444u, 0x2c3b3f0d26594943u}}
#define PM_BN254_LAMBDA \
    {{0x93e7cede4a0329b3u, 0x7d4fdca77a96c167u, 0x8be4ba08b19a750au, 0x1cbd5653a5661c25u}}

/* xi = 9 + u, the non-residue of Fp6 = Fp2[v] / (v^3 - xi), Fp12 = Fp6[w] / (w^2 - v). */
#define PM_BN254_XI 9
/* xi^(i (p - 1) / 6) for i = 0 .. 5: w^(i p) = w^i times this. */
#define PM_BN254_FROBENIUS { \
    {{{0xd35d438dc58f0d9du, 0x0a78eb28f5c70b3du, 0x666ea36f7879462cu, 0x0e0a77c19a07df2fu}}, \
     {{0x0000000000000000u, 0x0000000000000000u, 0x0000000000000000u, 0x0000000000000000u}}}, \
    {{{0xaf9ba69633144907u, 0xca6b1d7387afb78au, 0x11bded5ef08a2087u, 0x02f34d751a1f3a7cu}}, \
     {{0xa222ae234c492d72u, 0xd00f02a4565de15bu, 0xdc2ff3a253dfc926u, 0x10a75716b3899551u}}}, \
    {{{0xb5773b104563ab30u, 0x347f91c8a9aa6454u, 0x7a007127242e0991u, 0x1956bcd8118214ecu}}, \
     {{0x6e849f1ea0aa4757u, 0xaa1c7b6d89f89141u, 0xb6e713cdfae0ca3au, 0x26694fbb4e82ebc3u}}}, \
    {{{0xe4bbdd0c2936b629u, 0xbb30f162e133bacbu, 0x31a9d1b6f9645366u, 0x253570bea500f8ddu}}, \
     {{0xa1d77ce45ffe77c7u, 0x07affd117826d1dbu, 0x6d16bd27bb7edc6bu, 0x2c87200285defeccu}}}, \
    {{{0x7361d77f843abe92u, 0xa5bb2bd3273411fbu, 0x9c941f314b3e2399u, 0x15df9cddbb9fd3ecu}}, \
     {{0x5dddfd154bd8c949u, 0x62cb29a5a4445b60u, 0x37bc870a0c7dd2b9u, 0x24830a9d3171f0fdu}}}, \
    {{{0xc970692f41690fe7u, 0xe240342127694b0bu, 0x32bee66b83c459e8u, 0x12aabced0ab08841u}}, \
     {{0x0d485d2340aebfa9u, 0x05193418ab2fcc57u, 0xd3b0a40b8a4910f5u, 0x2f21ebb535d2925au}}}}
/* The p-power Frobenius seen on the twist: (x, y) -> (conj(x) xi^((p - 1) / 3), conj(y) xi^((p - 1) / 2)). */
#define PM_BN254_M_TWIST 0
#define PM_BN254_PSI { \
    {{{0xb5773b104563ab30u, 0x347f91c8a9aa6454u, 0x7a007127242e0991u, 0x1956bcd8118214ecu}}, \
     {{0x6e849f1ea0aa4757u, 0xaa1c7b6d89f89141u, 0xb6e713cdfae0ca3au, 0x26694fbb4e82ebc3u}}}, \
    {{{0xe4bbdd0c2936b629u, 0xbb30f162e133bacbu, 0x31a9d1b6f9645366u, 0x253570bea500f8ddu}}, \
     {{0xa1d77ce45ffe77c7u, 0x07affd117826d1dbu, 0x6d16bd27bb7edc6bu, 0x2c87200285defeccu}}}}

/* 6 x + 2 (Miller's loop) and x in non-adjacent form, least significant digit first. */
#define PM_BN254_LOOP_LEN 66
#define PM_BN254_LOOP \
    {0, 0, 0, 1, 0, 1, 0, -1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0, -1, 0, 0, 0, 1, 0, -1, 0, 0, \
     0, 0, -1, 0, 0, 1, 0, -1, 0, 0, 1, 0, 0, 0, 0, 0, -1, 0, 0, -1, 0, 1, 0, -1, 0, 0, 0, -1, \
     0, -1, 0, 0, 0, 1, 0, -1, 0, 1}
#define PM_BN254_X_DIGITS_LEN 63
#define PM_BN254_X_DIGITS \
    {1, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, -1, 0, 1, 0, 1, 0, 1, \
     0, 0, 1, 0, 0, 0, 1, 0, -1, 0, -1, 0, -1, 0, 1, 0, 1, 0, 0, -1, 0, 1, 0, 1, 0, -1, 0, 0, \
     1, 0, 1, 0, 0, 0, 1}
#define PM_BN254_LINES 88 /* of that loop: one a step, one a digit, two at the end */

#endif
