/* The pairing: EIP-197's published vectors, bilinearity, the final exponentiation against a plain power, and
 * the subgroup test against multiplication by r. */
#include "random.h"
#include "slow.h"
#include "twist.h"

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

/* EIP-197's order: G1 x, y, then G2 x.c1, x.c0, y.c1, y.c0. */
static bool product_of(const char *const (*word)[6], size_t n)
{
    bn254_g1_affine p[16];
    bn254_g2_affine q[16];
    for (size_t i = 0; i < n; i++) {
        p[i] = (bn254_g1_affine){fp_of(word[i][0]), fp_of(word[i][1])};
        q[i].x = (bn254_fp2){fp_of(word[i][3]), fp_of(word[i][2])};
        q[i].y = (bn254_fp2){fp_of(word[i][5]), fp_of(word[i][4])};
        CHECK(bn254_g1_affine_on_curve(&p[i]) && bn254_g2_affine_on_curve(&q[i]));
        CHECK(bn254_pairing_g2_in_subgroup(&q[i]));
    }
    return bn254_pairing_product_is_one(p, q, n);
}

#define G2_GENERATOR                                                                                         \
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2",                                      \
        "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed",                                  \
        "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b",                                  \
        "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"

/* go-ethereum's names: jeff1, jeff6 (jeff1 with a point negated), jeff4, two_point_match_3,
 * two_point_match_4. */
PM_TEST(eip197)
{
    static const char *const jeff1[][6] = {
        {"1c76476f4def4bb94541d57ebba1193381ffa7aa76ada664dd31c16024c43f59",
         "3034dd2920f673e204fee2811c678745fc819b55d3e9d294e45c9b03a76aef41",
         "209dd15ebff5d46c4bd888e51a93cf99a7329636c63514396b4a452003a35bf7",
         "04bf11ca01483bfa8b34b43561848d28905960114c8ac04049af4b6315a41678",
         "2bb8324af6cfc93537a2ad1a445cfd0ca2a71acd7ac41fadbf933c2a51be344d",
         "120a2a4cf30c1bf9845f20c6fe39e07ea2cce61f0c9bb048165fe5e4de877550"},
        {"111e129f1cf1097710d41c4ac70fcdfa5ba2023c6ff1cbeac322de49d1b6df7c",
         "2032c61a830e3c17286de9462bf242fca2883585b93870a73853face6a6bf411", G2_GENERATOR}};
    static const char *const jeff6[][6] = {
        {"1c76476f4def4bb94541d57ebba1193381ffa7aa76ada664dd31c16024c43f59",
         "3034dd2920f673e204fee2811c678745fc819b55d3e9d294e45c9b03a76aef41",
         "209dd15ebff5d46c4bd888e51a93cf99a7329636c63514396b4a452003a35bf7",
         "04bf11ca01483bfa8b34b43561848d28905960114c8ac04049af4b6315a41678",
         "2bb8324af6cfc93537a2ad1a445cfd0ca2a71acd7ac41fadbf933c2a51be344d",
         "120a2a4cf30c1bf9845f20c6fe39e07ea2cce61f0c9bb048165fe5e4de877550"},
        {"111e129f1cf1097710d41c4ac70fcdfa5ba2023c6ff1cbeac322de49d1b6df7c",
         "103188585e2364128fe25c70558f1560f4f9350baf3959e603cc91486e110936", G2_GENERATOR}};
    static const char *const jeff4[][6] = {
        {"2f2ea0b3da1e8ef11914acf8b2e1b32d99df51f5f4f206fc6b947eae860eddb6",
         "068134ddb33dc888ef446b648d72338684d678d2eb2371c61a50734d78da4b72",
         "25f83c8b6ab9de74e7da488ef02645c5a16a6652c3c71a15dc37fe3a5dcb7cb1",
         "22acdedd6308e3bb230d226d16a105295f523a8a02bfc5e8bd2da135ac4c245d",
         "065bbad92e7c4e31bf3757f1fe7362a63fbfee50e7dc68da116e67d600d9bf68",
         "06d302580dc0661002994e7cd3a7f224e7ddc27802777486bf80f40e4ca3cfdb"},
        {"186bac5188a98c45e6016873d107f5cd131f3a3e339d0375e58bd6219347b008",
         "122ae2b09e539e152ec5364e7e2204b03d11d3caa038bfc7cd499f8176aacbee",
         "1f39e4e4afc4bc74790a4a028aff2c3d2538731fb755edefd8cb48d6ea589b5e",
         "283f150794b6736f670d6a1033f9b46c6f5204f50813eb85c8dc4b59db1c5d39",
         "140d97ee4d2b36d99bc49974d18ecca3e7ad51011956051b464d9e27d46cc25e",
         "0764bb98575bd466d32db7b15f582b2d5c452b36aa394b789366e5e3ca5aabd4"},
        {"15794ab061441e51d01e94640b7e3084a07e02c78cf3103c542bc5b298669f21",
         "1b88da1679b0b64a63b7e0e7bfe52aae524f73a55be7fe70c7e9bfc94b4cf0da",
         "1213d2149b006137fcfb23036606f848d638d576a120ca981b5b1a5f9300b3ee",
         "2276cf730cf493cd95d64677bbb75fc42db72513a4c1e387b476d056f80aa75f",
         "21ee6226d31426322afcda621464d0611d226783262e21bb3bc86b537e986237",
         "096df1f82dff337dd5972e32a8ad43e28a78a96a823ef1cd4debe12b6552ea5f"}};
    static const char *const match3[][6] = {
        {"0000000000000000000000000000000000000000000000000000000000000001",
         "0000000000000000000000000000000000000000000000000000000000000002",
         "203e205db4f19b37b60121b83a7333706db86431c6d835849957ed8c3928ad79",
         "27dc7234fd11d3e8c36c59277c3e6f149d5cd3cfa9a62aee49f8130962b4b3b9",
         "195e8aa5b7827463722b8c153931579d3505566b4edf48d498e185f0509de152",
         "04bb53b8977e5f92a0bc372742c4830944a59b4fe6b1c0466e2a6dad122b5d2e"},
        {"030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3",
         "1a76dae6d3272396d0cbe61fced2bc532edac647851e3ac53ce1cc9c7e645a83", G2_GENERATOR}};
    static const char *const match4[][6] = {
        {"105456a333e6d636854f987ea7bb713dfd0ae8371a72aea313ae0c32c0bf1016",
         "0cf031d41b41557f3e7e3ba0c51bebe5da8e6ecd855ec50fc87efcdeac168bcc",
         "0476be093a6d2b4bbf907172049874af11e1b6267606e00804d3ff0037ec57fd",
         "3010c68cb50161b7d1d96bb71edfec9880171954e56871abf3d93cc94d745fa1",
         "14c059d74e5b6c4ec14ae5864ebe23a71781d86c29fb8fb6cce94f70d3de7a21",
         "01b33461f39d9e887dbb100f170a2345dde3c07e256d1dfa2b657ba5cd030427"},
        {"0000000000000000000000000000000000000000000000000000000000000001",
         "0000000000000000000000000000000000000000000000000000000000000002",
         "1a2c3013d2ea92e13c800cde68ef56a294b883f6ac35d25f587c09b1b3c635f7",
         "290158a80cd3d66530f74dc94c94adb88f5cdb481acca997b6e60071f08a115f",
         "2f997f3dbd66a7afe07fe7862ce239edba9e05c5afff7f8a1259c9733b2dfbb9",
         "29d1691530ca701b4a106054688728c9972c8512e9789e9567aae23e302ccd75"}};
    CHECK(product_of(jeff1, 2));
    CHECK(!product_of(jeff6, 2));
    CHECK(!product_of(jeff1, 1));
    CHECK(product_of(jeff4, 3));
    CHECK(!product_of(jeff4, 2));
    CHECK(product_of(match3, 2));
    CHECK(product_of(match4, 2));
    CHECK(product_of(NULL, 0));
}

static void g1_multiple(bn254_g1_affine *out, const bn254_fr *k)
{
    bn254_g1 p;
    bn254_g1_from_affine(&p, &g1_generator);
    bn254_g1_mul_var(&p, &p, k->limb, 4);
    bn254_g1_to_affine(out, &p);
}
static void g2_multiple(bn254_g2_affine *out, const bn254_fr *k)
{
    bn254_g2 p;
    bn254_g2_from_affine(&p, &g2_generator);
    bn254_g2_mul_var(&p, &p, k->limb, 4);
    bn254_g2_to_affine(out, &p);
}

/* The product over i of e(a_i G, b_i H) is one if and only if the sum of a_i b_i is zero. */
PM_TEST(bilinear)
{
    enum { MAX = bn254_pairing_max_pairs };
    bn254_fr a[MAX], b[MAX], sum, t;
    bn254_g1_affine p[MAX];
    bn254_g2_affine q[MAX];
    for (size_t n = 1; n <= MAX; n += n < 4 ? 1 : 4) {
        sum = (bn254_fr){{0}};
        for (size_t i = 0; i < n; i++) {
            random_fr(&a[i]);
            random_fr(&b[i]);
            if (i == 3) a[i] = (bn254_fr){{0}}; /* infinities contribute one */
            if (i == 5) b[i] = (bn254_fr){{0}};
            if (i + 1 == n) { /* a_i = -sum / b_i */
                bn254_fr_to_mont(&t, &b[i]);
                bn254_fr_inv(&t, &t);
                bn254_fr_mul(&a[i], &sum, &t);
                bn254_fr_neg(&a[i], &a[i]);
            }
            bn254_fr_to_mont(&t, &a[i]);
            bn254_fr_mul(&t, &t, &b[i]);
            bn254_fr_add(&sum, &sum, &t);
            g1_multiple(&p[i], &a[i]);
            g2_multiple(&q[i], &b[i]);
        }
        CHECK_MSG(bn254_pairing_product_is_one(p, q, n), "n = %zu", n);
        if (n == 1) continue;
        bn254_g1_affine_neg(&p[0], &p[0]);
        CHECK(!bn254_pairing_product_is_one(p, q, n));
        bn254_g1_affine_neg(&p[0], &p[0]);
        bn254_g2_affine_neg(&q[n - 1], &q[n - 1]);
        CHECK(!bn254_pairing_product_is_one(p, q, n));
    }
    CHECK(!bn254_pairing_product_is_one(&g1_generator, &g2_generator, 1)); /* not degenerate */
}

static void power(bn254_tower_fp12 *out, const bn254_tower_fp12 *a, struct slow e)
{
    bn254_tower_fp12 acc, base = *a;
    bn254_tower_set_one(&acc);
    for (unsigned i = slow_bits(e); i-- > 0;) {
        bn254_tower_sqr(&acc, &acc);
        if (slow_bit(e, i)) bn254_tower_mul(&acc, &acc, &base);
    }
    *out = acc;
}

/* f^(c (p^12 - 1) / r): the easy part by Frobenius and inversion, the rest as one long power. c = 2 x (6 x^2
 * + 3 x + 1). */
PM_TEST(final_exponentiation)
{
    struct slow p = slow_of(bn254_fp_p.limb, 4), r = slow_of(bn254_fr_p.limb, 4), x = slow_small(PM_BN254_X);
    struct slow p2 = slow_mul(p, p), hard, c;
    struct slow rest = slow_divide(&hard, slow_add(slow_sub(slow_mul(p2, p2), p2), slow_small(1)), r);
    CHECK(slow_bits(rest) == 0);
    c = slow_mul(x, slow_add(slow_mul(slow_small(6), x), slow_small(3)));
    c = slow_mul(slow_mul(slow_small(2), x), slow_add(c, slow_small(1)));
    CHECK(slow_bits(slow_mod(c, r)) != 0);

    bn254_tower_fp12 f, a, b;
    random_fp12(&f);
    bn254_tower_inv_var(&a, &f);
    bn254_tower_conj(&b, &f);
    bn254_tower_mul(&a, &a, &b);
    bn254_tower_frobenius(&b, &a);
    bn254_tower_frobenius(&b, &b);
    bn254_tower_mul(&a, &a, &b);
    power(&a, &a, slow_mul(hard, c));
    bn254_pairing_final_exponentiation(&f);
    CHECK(bn254_tower_equal(&f, &a));
    power(&a, &f, r);
    bn254_tower_set_one(&b);
    CHECK(bn254_tower_equal(&a, &b));
}

PM_TEST(subgroup)
{
    /* The twist has r (2 p - r) points, and 10069 divides 2 p - r. */
    struct slow p = slow_of(bn254_fp_p.limb, 4), r = slow_of(bn254_fr_p.limb, 4), h, h_small;
    h = slow_sub(slow_add(p, p), r);
    CHECK(slow_bits(slow_divide(&h_small, h, slow_small(10069))) == 0);
    uint64_t cofactor[4], small_order[8];
    slow_to(cofactor, 4, h);
    slow_to(small_order, 8, slow_mul(h_small, r));
    for (int round = 0; round < 5; round++) {
        bn254_g2_affine a, b;
        bn254_g2 point, t;
        random_twist_point(&a);
        CHECK(bn254_g2_affine_on_curve(&a));
        CHECK(!bn254_pairing_g2_in_subgroup(&a));
        bn254_g2_from_affine(&point, &a);
        bn254_g2_mul_var(&t, &point, cofactor, 4); /* of order r */
        bn254_g2_to_affine(&b, &t);
        CHECK(bn254_pairing_g2_in_subgroup(&b));
        bn254_g2_mul_var(&t, &t, bn254_fr_p.limb, 4);
        CHECK(bn254_g2_is_infinity(&t));
        bn254_g2_mul_var(&t, &point, small_order, 8); /* of order 10069 or 1 */
        bn254_g2_to_affine(&a, &t);
        CHECK(bn254_pairing_g2_in_subgroup(&a) == bn254_g2_is_infinity(&t));
        bn254_g2_add_affine(&t, &t, &b); /* a good point plus one of small order */
        bool good = bn254_g2_affine_is_infinity(&a);
        bn254_g2_to_affine(&a, &t);
        CHECK(bn254_pairing_g2_in_subgroup(&a) == good);
        bn254_g2_from_affine(&point, &b);
        bn254_g2_mul_var(&t, &point, bn254_fp_p.limb, 4); /* psi acts as p */
        bn254_g2_to_affine(&a, &t);
        bn254_pairing_psi(&b, &b);
        CHECK_MEM(&a, &b, sizeof a);
    }
    bn254_g2_affine infinity = {0};
    CHECK(bn254_pairing_g2_in_subgroup(&infinity));
    CHECK(bn254_pairing_g2_in_subgroup(&g2_generator));
}
