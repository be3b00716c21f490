/* Points of G1 and G2: special cases in every representation, the group law's own laws, EIP-196's published
 * vectors. The whole group of a tiny curve is enumerated in tests/exhaustive. */
#include "math/bn254_inst.h"

#include "random.h"

/* Big-endian hex, as in EIP-196 and EIP-197, to Montgomery form. */
static bn254_fp fp_of(const char *hex)
{
    uint8_t big[32], little[32];
    bn254_fp out;
    CHECK(strlen(hex) == 64 && pm_hex_decode(big, 32, hex));
    for (int i = 0; i < 32; i++) little[i] = big[31 - i];
    bn254_fp_load(&out, little);
    bn254_fp_to_mont(&out, &out);
    return out;
}
static bn254_g1 g1_of(const char *x, const char *y)
{
    bn254_g1_affine a = {fp_of(x), fp_of(y)};
    bn254_g1 out;
    CHECK(bn254_g1_affine_on_curve(&a));
    bn254_g1_from_affine(&out, &a);
    return out;
}

/* Addition vectors of EIP-196's reference tests (go-ethereum: chfast1, chfast2, cdetrio11, cdetrio13,
 * cdetrio14). */
PM_TEST(eip196_add)
{
    static const char *const vectors[][6] = {
        {"18b18acfb4c2c30276db5411368e7185b311dd124691610c5d3b74034e093dc9",
         "063c909c4720840cb5134cb9f59fa749755796819658d32efc0d288198f37266",
         "07c2b7f58a84bd6145f00c9c2bc0bb1a187f20ff2c92963a88019e7c6a014eed",
         "06614e20c147e940f2d70da3f74c9a17df361706a4485c742bd6788478fa17d7",
         "2243525c5efd4b9c3d3c45ac0ca3fe4dd85e830a4ce6b65fa1eeaee202839703",
         "301d1d33be6da8e509df21cc35964723180eed7532537db9ae5e7d48f195c915"},
        {"2243525c5efd4b9c3d3c45ac0ca3fe4dd85e830a4ce6b65fa1eeaee202839703",
         "301d1d33be6da8e509df21cc35964723180eed7532537db9ae5e7d48f195c915",
         "18b18acfb4c2c30276db5411368e7185b311dd124691610c5d3b74034e093dc9",
         "063c909c4720840cb5134cb9f59fa749755796819658d32efc0d288198f37266",
         "2bd3e6d0f3b142924f5ca7b49ce5b9d54c4703d7ae5648e61d02268b1a0a9fb7",
         "21611ce0a6af85915e2f1d70300909ce2e49dfad4a4619c8390cae66cefdb204"},
        {"0000000000000000000000000000000000000000000000000000000000000001",
         "0000000000000000000000000000000000000000000000000000000000000002",
         "0000000000000000000000000000000000000000000000000000000000000001",
         "0000000000000000000000000000000000000000000000000000000000000002",
         "030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3",
         "15ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4"},
        {"17c139df0efee0f766bc0204762b774362e4ded88953a39ce849a8a7fa163fa9",
         "01e0559bacb160664764a357af8a9fe70baa9258e0b959273ffc5718c6d4cc7c",
         "039730ea8dff1254c0fee9c0ea777d29a9c710b7e616683f194f18c43b43b869",
         "073a5ffcc6fc7a28c30723d6e58ce577356982d65b833a5a5c15bf9024b43d98",
         "15bf2bb17880144b5d1cd2b1f46eff9d617bffd1ca57c37fb5a49bd84e53cf66",
         "049c797f9ce0d17083deb32b5e36f2ea2a212ee036598dd7624c168993d1355f"},
        {"17c139df0efee0f766bc0204762b774362e4ded88953a39ce849a8a7fa163fa9",
         "01e0559bacb160664764a357af8a9fe70baa9258e0b959273ffc5718c6d4cc7c",
         "17c139df0efee0f766bc0204762b774362e4ded88953a39ce849a8a7fa163fa9",
         "2e83f8d734803fc370eba25ed1f6b8768bd6d83887b87165fc2434fe11a830cb",
         "0000000000000000000000000000000000000000000000000000000000000000",
         "0000000000000000000000000000000000000000000000000000000000000000"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        bn254_g1 a = g1_of(vectors[i][0], vectors[i][1]), b = g1_of(vectors[i][2], vectors[i][3]), sum;
        bn254_g1 expected = g1_of(vectors[i][4], vectors[i][5]);
        bn254_g1_affine affine;
        bn254_g1_add(&sum, &a, &b);
        CHECK(bn254_g1_equal(&sum, &expected));
        bn254_g1_to_affine(&affine, &b);
        bn254_g1_add_affine(&sum, &a, &affine);
        CHECK(bn254_g1_equal(&sum, &expected));
    }
}

/* Multiplication vectors (go-ethereum: chfast1, chfast2, chfast3, cdetrio1, cdetrio2, cdetrio4); scalars up
 * to 2^256 - 1. */
PM_TEST(eip196_mul)
{
    static const char *const vectors[][5] = {
        {"2bd3e6d0f3b142924f5ca7b49ce5b9d54c4703d7ae5648e61d02268b1a0a9fb7",
         "21611ce0a6af85915e2f1d70300909ce2e49dfad4a4619c8390cae66cefdb204",
         "00000000000000000000000000000000000000000000000011138ce750fa15c2",
         "070a8d6a982153cae4be29d434e8faef8a47b274a053f5a4ee2a6c9c13c31e5c",
         "031b8ce914eba3a9ffb989f9cdd5b0f01943074bf4f0f315690ec3cec6981afc"},
        {"070a8d6a982153cae4be29d434e8faef8a47b274a053f5a4ee2a6c9c13c31e5c",
         "031b8ce914eba3a9ffb989f9cdd5b0f01943074bf4f0f315690ec3cec6981afc",
         "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd46",
         "025a6f4181d2b4ea8b724290ffb40156eb0adb514c688556eb79cdea0752c2bb",
         "2eff3f31dea215f1eb86023a133a996eb6300b44da664d64251d05381bb8a02e"},
        {"025a6f4181d2b4ea8b724290ffb40156eb0adb514c688556eb79cdea0752c2bb",
         "2eff3f31dea215f1eb86023a133a996eb6300b44da664d64251d05381bb8a02e",
         "183227397098d014dc2822db40c0ac2ecbc0b548b438e5469e10460b6c3e7ea3",
         "14789d0d4a730b354403b5fac948113739e276c23e0258d8596ee72f9cd9d323",
         "0af18a63153e0ec25ff9f2951dd3fa90ed0197bfef6e2a1a62b5095b9d2b4a27"},
        {"1a87b0584ce92f4593d161480614f2989035225609f08058ccfa3d0f940febe3",
         "1a2f3c951f6dadcc7ee9007dff81504b0fcd6d7cf59996efdc33d92bf7f9f8f6",
         "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
         "2cde5879ba6f13c0b5aa4ef627f159a3347df9722efce88a9afbb20b763b4c41",
         "1aa7e43076f6aee272755a7f9b84832e71559ba0d2e0b17d5f9f01755e5b0d11"},
        {"1a87b0584ce92f4593d161480614f2989035225609f08058ccfa3d0f940febe3",
         "1a2f3c951f6dadcc7ee9007dff81504b0fcd6d7cf59996efdc33d92bf7f9f8f6",
         "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000000",
         "1a87b0584ce92f4593d161480614f2989035225609f08058ccfa3d0f940febe3",
         "163511ddc1c3f25d396745388200081287b3fd1472d8339d5fecb2eae0830451"},
        {"1a87b0584ce92f4593d161480614f2989035225609f08058ccfa3d0f940febe3",
         "1a2f3c951f6dadcc7ee9007dff81504b0fcd6d7cf59996efdc33d92bf7f9f8f6",
         "0000000000000000000000000000000000000000000000000000000000000009",
         "1dbad7d39dbc56379f78fac1bca147dc8e66de1b9d183c7b167351bfe0aeab74",
         "2cd757d51289cd8dbd0acf9e673ad67d0f0a89f912af47ed1be53664f5692575"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        bn254_g1 a = g1_of(vectors[i][0], vectors[i][1]), product;
        bn254_g1 expected = g1_of(vectors[i][3], vectors[i][4]);
        uint8_t big[32];
        uint64_t k[4];
        CHECK(pm_hex_decode(big, 32, vectors[i][2]));
        for (int j = 0; j < 4; j++) k[j] = pm_load_be64(big + 24 - 8 * j);
        bn254_g1_mul(&product, &a, k, 4);
        CHECK(bn254_g1_equal(&product, &expected));
        bn254_g1_mul_var(&product, &a, k, 4);
        CHECK(bn254_g1_equal(&product, &expected));
    }
}

PM_TEST(on_curve)
{
    bn254_g1_affine a = g1_generator, infinity = {0};
    CHECK(bn254_g1_affine_on_curve(&infinity));
    bn254_fp_add(&a.x, &a.x, &bn254_fp_one);
    CHECK(!bn254_g1_affine_on_curve(&a));
    a = g1_generator; /* x + p is the same residue, but not canonical */
    bn254_fp_raw_add(&a.x, &a.x, &bn254_fp_p);
    CHECK(!bn254_g1_affine_on_curve(&a));
    a = g1_generator;
    a.y = (bn254_fp){{0}};
    CHECK(!bn254_g1_affine_on_curve(&a));
    a = (bn254_g1_affine){.y = bn254_fp_one};
    CHECK(!bn254_g1_affine_on_curve(&a));
    bn254_g2_affine b = g2_generator;
    bn254_fp2_conj(&b.x, &b.x);
    CHECK(!bn254_g2_affine_on_curve(&b));
    b = g2_generator;
    bn254_fp_raw_add(&b.y.c1, &b.y.c1, &bn254_fp_p);
    CHECK(!bn254_g2_affine_on_curve(&b));
}

/* The laws for one group. */
#define GROUP_TEST(G, random_point)                                                                          \
    PM_TEST(G##_laws)                                                                                        \
    {                                                                                                        \
        G a, b, c, s, t, inf, minus;                                                                         \
        G##_affine aff;                                                                                      \
        G##_set_infinity(&inf);                                                                              \
        for (int round = 0; round < 10; round++) {                                                           \
            random_point(&a);                                                                                \
            random_point(&b);                                                                                \
            random_point(&c);                                                                                \
            G##_add(&s, &a, &b);                                                                             \
            G##_add(&t, &b, &a);                                                                             \
            CHECK(G##_equal(&s, &t));                                                                        \
            G##_add(&s, &s, &c);                                                                             \
            G##_add(&t, &b, &c);                                                                             \
            G##_add(&t, &a, &t);                                                                             \
            CHECK(G##_equal(&s, &t) && !G##_equal(&s, &a));                                                  \
            G##_to_affine(&aff, &s);                                                                         \
            CHECK(G##_affine_on_curve(&aff));                                                                \
            G##_from_affine(&t, &aff);                                                                       \
            CHECK(G##_equal(&s, &t));                                                                        \
            G##_add(&t, &a, &t); /* other coordinates of the same points meet */                             \
            G##_add_affine(&s, &a, &aff);                                                                    \
            CHECK(G##_equal(&s, &t));                                                                        \
            G##_dbl(&s, &a);                                                                                 \
            G##_add(&t, &a, &a);                                                                             \
            CHECK(G##_equal(&s, &t));                                                                        \
            G##_to_affine(&aff, &a);                                                                         \
            G##_add_affine(&t, &a, &aff);                                                                    \
            CHECK(G##_equal(&s, &t));                                                                        \
            G##_from_affine(&t, &aff);                                                                       \
            G##_add(&t, &t, &a);                                                                             \
            CHECK(G##_equal(&s, &t));                                                                        \
            G##_neg(&minus, &a);                                                                             \
            G##_add(&t, &a, &minus);                                                                         \
            CHECK(G##_is_infinity(&t));                                                                      \
            G##_add_affine(&t, &minus, &aff);                                                                \
            CHECK(G##_is_infinity(&t));                                                                      \
            G##_add(&t, &a, &inf);                                                                           \
            CHECK(G##_equal(&t, &a));                                                                        \
            G##_add(&t, &inf, &a);                                                                           \
            CHECK(G##_equal(&t, &a));                                                                        \
            G##_add_affine(&t, &inf, &aff);                                                                  \
            CHECK(G##_equal(&t, &a));                                                                        \
            t = a;                                                                                           \
            G##_add(&t, &t, &t);                                                                             \
            CHECK(G##_equal(&t, &s));                                                                        \
            t = b;                                                                                           \
            G##_add(&t, &a, &t); /* out is an input */                                                       \
            G##_add(&s, &a, &b);                                                                             \
            CHECK(G##_equal(&t, &s));                                                                        \
        }                                                                                                    \
        G##_dbl(&t, &inf);                                                                                   \
        CHECK(G##_is_infinity(&t));                                                                          \
        G##_to_affine(&aff, &inf);                                                                           \
        CHECK(G##_affine_is_infinity(&aff));                                                                 \
        G##_from_affine(&t, &aff);                                                                           \
        CHECK(G##_is_infinity(&t));                                                                          \
        G##_add_affine(&t, &a, &aff);                                                                        \
        CHECK(G##_equal(&t, &a));                                                                            \
    }                                                                                                        \
    PM_TEST(G##_multiples)                                                                                   \
    {                                                                                                        \
        G a, s, t;                                                                                           \
        bn254_fr k;                                                                                          \
        static const bn254_fr small[] = {{{0}}, {{1}}, {{2}}, {{15}}, {{16}}, {{17}}, {{0, 1}}};             \
        random_point(&a);                                                                                    \
        for (int i = 0; i < 20; i++) {                                                                       \
            if (i < 7)                                                                                       \
                k = small[i];                                                                                \
            else if (i < 10) /* r - 1, r, r + 1 */                                                           \
                k = bn254_fr_p, k.limb[0] += (uint64_t)i - 8;                                                \
            else if (i == 10)                                                                                \
                memset(&k, 0xff, sizeof k);                                                                  \
            else                                                                                             \
                test_random_bytes(&k, sizeof k);                                                             \
            G##_mul(&s, &a, k.limb, 4);                                                                      \
            G##_mul_var(&t, &a, k.limb, 4);                                                                  \
            CHECK(G##_equal(&s, &t));                                                                        \
            t = a;                                                                                           \
            G##_mul(&t, &t, k.limb, 4); /* in place */                                                       \
            CHECK(G##_equal(&s, &t));                                                                        \
        }                                                                                                    \
        G##_mul(&s, &a, bn254_fr_p.limb, 4);                                                                 \
        CHECK(G##_is_infinity(&s));                                                                          \
        G##_add(&s, &s, &a); /* what mul leaves is a proper infinity */                                      \
        CHECK(G##_equal(&s, &a));                                                                            \
        G##_set_infinity(&t);                                                                                \
        G##_mul(&s, &t, k.limb, 4);                                                                          \
        CHECK(G##_is_infinity(&s));                                                                          \
    }

GROUP_TEST(bn254_g1, random_g1)
GROUP_TEST(bn254_g2, random_g2)
