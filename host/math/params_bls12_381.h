/* The curve BLS12-381 (snarkjs: bls12381) as macros: numbers only, valid in C and in C++, for the host's
 * templates and for kernels. Limbs are 64 bits, least significant first. Everything follows from
 * x = -0xd201000000010000: r = x^4 - x^2 + 1, p = (x - 1)^2 r / 3 + x, G1: y^2 = x^3 + 4 over Fp, G2:
 * y^2 = x^3 + 4 (1 + u) over Fp2 = Fp[u] / (u^2 + 1), an M-type twist. Source: Bowe's description of the
 * curve, section 4.2.1 of draft-irtf-cfrg-pairing-friendly-curves-11; the root of unity is snarkjs' own.
 * tests/unit/math/params_bls12_381.c computes every constant again. Elements are in Montgomery form, R =
 * 2^384 in Fp and 2^256 in Fr, in braces as the templates' structs nest. r / 2^256 is 0.453: sums of two
 * elements of Fr fit four limbs, three do not. */
#ifndef PM_MATH_PARAMS_BLS12_381_H
#define PM_MATH_PARAMS_BLS12_381_H

/* clang-format off */

#define PM_BLS12_381_X 0xd201000000010000u /* of -x */

#define PM_BLS12_381_FP_LIMBS 6
#define PM_BLS12_381_FP_MODULUS \
    {0xb9feffffffffaaabu, 0x1eabfffeb153ffffu, 0x6730d2a0f6b0f624u, \
     0x64774b84f38512bfu, 0x4b1ba7b6434bacd7u, 0x1a0111ea397fe69au}
#define PM_BLS12_381_FP_BITS 381
#define PM_BLS12_381_FP_TOP 0x1a01 /* the highest 16 bits of six limbs */
#define PM_BLS12_381_FP_MONT_INV 0x89f3fffcfffcfffdu /* -1 / modulus mod 2^64 */
#define PM_BLS12_381_FP_MONT_R \
    {0x760900000002fffdu, 0xebf4000bc40c0002u, 0x5f48985753c758bau, \
     0x77ce585370525745u, 0x5c071a97a256ec6du, 0x15f65ec3fa80e493u}
#define PM_BLS12_381_FP_MONT_R2 \
    {0xf4df1f341c341746u, 0x0a76e6a609d104f1u, 0x8de5476c4c95b6d5u, \
     0x67eb88a9939d83c0u, 0x9a793e85b519952du, 0x11988fe592cae3aau}

#define PM_BLS12_381_FR_LIMBS 4
#define PM_BLS12_381_FR_MODULUS \
    {0xffffffff00000001u, 0x53bda402fffe5bfeu, 0x3339d80809a1d805u, 0x73eda753299d7d48u}
#define PM_BLS12_381_FR_BITS 255
#define PM_BLS12_381_FR_TOP 0x73ed
#define PM_BLS12_381_FR_MONT_INV 0xfffffffeffffffffu /* -1 / modulus mod 2^64 */
#define PM_BLS12_381_FR_MONT_R \
    {0x00000001fffffffeu, 0x5884b7fa00034802u, 0x998c4fefecbc4ff5u, 0x1824b159acc5056fu}
#define PM_BLS12_381_FR_MONT_R2 \
    {0xc999e990f3f29c6du, 0x2b6cedcb87925c23u, 0x05d314967254398fu, 0x0748d9d99f59ff11u}

/* The root of unity of order 2^32 that snarkjs uses: 5^((r - 1) / 2^32). 5 is the smallest non-residue. Other
 * libraries take 7, a generator of all units, and get another root. */
#define PM_BLS12_381_FR_TWO_ADICITY 32
#define PM_BLS12_381_FR_ROOT \
    {{0x9cab6d5c0c17f47cu, 0x1ce1e93dfd4b71e5u, 0x0d6db230471dd505u, 0x3f0ee990743a3b6au}}

#define PM_BLS12_381_G1_B \
    {{0xaa270000000cfff3u, 0x53cc0032fc34000au, 0x478fe97a6b0a807fu, \
      0xb1d37ebee6ba24d7u, 0x8ec9733bbf78ab2fu, 0x09d645513d83de7eu}} /* 4 */
#define PM_BLS12_381_G1_B3 \
    {{0x447600000027552eu, 0xdcb8009a43480020u, 0x6f7ee9ce4a6e8b59u, \
      0xb10330b7c0a95bc6u, 0x6140b1fcfb1e54b7u, 0x0381be097f0bb4e1u}}
#define PM_BLS12_381_G2_B \
    {{{0xaa270000000cfff3u, 0x53cc0032fc34000au, 0x478fe97a6b0a807fu, \
       0xb1d37ebee6ba24d7u, 0x8ec9733bbf78ab2fu, 0x09d645513d83de7eu}}, \
     {{0xaa270000000cfff3u, 0x53cc0032fc34000au, 0x478fe97a6b0a807fu, \
       0xb1d37ebee6ba24d7u, 0x8ec9733bbf78ab2fu, 0x09d645513d83de7eu}}} /* 4 (1 + u) */
#define PM_BLS12_381_G2_B3 \
    {{{0x447600000027552eu, 0xdcb8009a43480020u, 0x6f7ee9ce4a6e8b59u, \
       0xb10330b7c0a95bc6u, 0x6140b1fcfb1e54b7u, 0x0381be097f0bb4e1u}}, \
     {{0x447600000027552eu, 0xdcb8009a43480020u, 0x6f7ee9ce4a6e8b59u, \
       0xb10330b7c0a95bc6u, 0x6140b1fcfb1e54b7u, 0x0381be097f0bb4e1u}}}
#define PM_BLS12_381_G1_GENERATOR_X \
    {{0x5cb38790fd530c16u, 0x7817fc679976fff5u, 0x154f95c7143ba1c1u, \
      0xf0ae6acdf3d0e747u, 0xedce6ecc21dbf440u, 0x120177419e0bfb75u}}
#define PM_BLS12_381_G1_GENERATOR_Y \
    {{0xbaac93d50ce72271u, 0x8c22631a7918fd8eu, 0xdd595f13570725ceu, \
      0x51ac582950405194u, 0x0e1c8c3fad0059c0u, 0x0bbc3efc5008a26au}}
#define PM_BLS12_381_G2_GENERATOR_X \
    {{{0xf5f28fa202940a10u, 0xb3f5fb2687b4961au, 0xa1a893b53e2ae580u, \
       0x9894999d1a3caee9u, 0x6f67b7631863366bu, 0x058191924350bcd7u}}, \
     {{0xa5a9c0759e23f606u, 0xaaa0c59dbccd60c3u, 0x3bb17e18e2867806u, \
       0x1b1ab6cc8541b367u, 0xc2b6ed0ef2158547u, 0x11922a097360edf3u}}}
#define PM_BLS12_381_G2_GENERATOR_Y \
    {{{0x4c730af860494c4au, 0x597cfa1f5e369c5au, 0xe7e6856caa0a635au, \
       0xbbefb5e96e0d495fu, 0x07d3a975f0ef25a2u, 0x0083fd8e7e80dae5u}}, \
     {{0xadc0fc92df64b05du, 0x18aa270a2b1461dcu, 0x86adac6a3be4eba0u, \
       0x79495c4ec93da33au, 0xe7175850a43ccaedu, 0x0b2bc2a163de1bf2u}}}

/* The cube root of unity for which (x, y) -> (beta x, y) acts on G1 as -x^2, x the curve's parameter. */
#define PM_BLS12_381_BETA \
    {{0x30f1361b798a64e8u, 0xf3b8ddab7ece5a2au, 0x16a8ca3ac61577f7u, \
      0xc26a2ff874fd029bu, 0x3636b76660701c6eu, 0x051ba4ab241b6160u}}

/* lambda = -x^2 in Fr, for that beta. */
#define PM_BLS12_381_LAMBDA \
    {{0x6d26f6f1f6cfee31u, 0xfe9c2e9762907389u, 0xd7bc39274f7fe668u, 0x5a4988c395a8a9ecu}}

/* xi = 1 + u, the non-residue of Fp6 = Fp2[v] / (v^3 - xi), Fp12 = Fp6[w] / (w^2 - v). */
#define PM_BLS12_381_XI 1
/* xi^(i (p - 1) / 6) for i = 0 .. 5: w^(i p) = w^i times this. */
#define PM_BLS12_381_FROBENIUS { \
    {{{0x760900000002fffdu, 0xebf4000bc40c0002u, 0x5f48985753c758bau, \
       0x77ce585370525745u, 0x5c071a97a256ec6du, 0x15f65ec3fa80e493u}}, \
     {{0x0000000000000000u, 0x0000000000000000u, 0x0000000000000000u, \
       0x0000000000000000u, 0x0000000000000000u, 0x0000000000000000u}}}, \
    {{{0x07089552b319d465u, 0xc6695f92b50a8313u, 0x97e83cccd117228fu, \
       0xa35baecab2dc29eeu, 0x1ce393ea5daace4du, 0x08f2220fb0fb66ebu}}, \
     {{0xb2f66aad4ce5d646u, 0x5842a06bfc497cecu, 0xcf4895d42599d394u, \
       0xc11b9cba40a8e8d0u, 0x2e3813cbe5a0de89u, 0x110eefda88847fafu}}}, \
    {{{0x0000000000000000u, 0x0000000000000000u, 0x0000000000000000u, \
       0x0000000000000000u, 0x0000000000000000u, 0x0000000000000000u}}, \
     {{0xcd03c9e48671f071u, 0x5dab22461fcda5d2u, 0x587042afd3851b95u, \
       0x8eb60ebe01bacb9eu, 0x03f97d6e83d050d2u, 0x18f0206554638741u}}}, \
    {{{0x7bcfa7a25aa30fdau, 0xdc17dec12a927e7cu, 0x2f088dd86b4ebef1u, \
       0xd1ca2087da74d4a7u, 0x2da2596696cebc1du, 0x0e2b7eedbbfd87d2u}}, \
     {{0x7bcfa7a25aa30fdau, 0xdc17dec12a927e7cu, 0x2f088dd86b4ebef1u, \
       0xd1ca2087da74d4a7u, 0x2da2596696cebc1du, 0x0e2b7eedbbfd87d2u}}}, \
    {{{0x890dc9e4867545c3u, 0x2af322533285a5d5u, 0x50880866309b7e2cu, \
       0xa20d1b8c7e881024u, 0x14e4f04fe2db9068u, 0x14e56d3f1564853au}}, \
     {{0x0000000000000000u, 0x0000000000000000u, 0x0000000000000000u, \
       0x0000000000000000u, 0x0000000000000000u, 0x0000000000000000u}}}, \
    {{{0x82d83cf50dbce43fu, 0xa2813e53df9d018fu, 0xc6f0caa53c65e181u, \
       0x7525cf528d50fe95u, 0x4a85ed50f4798a6bu, 0x171da0fd6cf8eebdu}}, \
     {{0x3726c30af242c66cu, 0x7c2ac1aad1b6fe70u, 0xa04007fbba4b14a2u, \
       0xef517c3266341429u, 0x0095ba654ed2226bu, 0x02e370eccc86f7ddu}}}}
/* The p-power Frobenius seen on the twist: (x, y) -> (conj(x) xi^(-(p - 1) / 3), conj(y) xi^(-(p - 1) / 2)). */
#define PM_BLS12_381_M_TWIST 1
#define PM_BLS12_381_PSI { \
    {{{0x0000000000000000u, 0x0000000000000000u, 0x0000000000000000u, \
       0x0000000000000000u, 0x0000000000000000u, 0x0000000000000000u}}, \
     {{0x890dc9e4867545c3u, 0x2af322533285a5d5u, 0x50880866309b7e2cu, \
       0xa20d1b8c7e881024u, 0x14e4f04fe2db9068u, 0x14e56d3f1564853au}}}, \
    {{{0x3e2f585da55c9ad1u, 0x4294213d86c18183u, 0x382844c88b623732u, \
       0x92ad2afd19103e18u, 0x1d794e4fac7cf0b9u, 0x0bd592fc7d825ec8u}}, \
     {{0x7bcfa7a25aa30fdau, 0xdc17dec12a927e7cu, 0x2f088dd86b4ebef1u, \
       0xd1ca2087da74d4a7u, 0x2da2596696cebc1du, 0x0e2b7eedbbfd87d2u}}}}

/* The digits of -x, least significant first, which are those of Miller's loop too. */
#define PM_BLS12_381_X_DIGITS \
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
     0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, \
     0, 1, 0, 0, 1, 0, 1, 1}
#define PM_BLS12_381_LOOP PM_BLS12_381_X_DIGITS
#define PM_BLS12_381_LINES 68 /* of that loop: one a step, one a digit */

#endif
