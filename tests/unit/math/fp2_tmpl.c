/* Fp2 against its definition, over BN254 (xi = 9 + u) and over a one-limb field with another xi. */
#include "random.h"
#include "slow.h"

#define FP       small
#define FP_LIMBS 1
#define FP_MODULUS                                                                                           \
    {                                                                                                        \
        0x1fffffffffffffffu                                                                                  \
    } /* 2^61 - 1 = 3 mod 4 */
#define FP_MONT_INV 0x2000000000000001u
#define FP_MONT_R                                                                                            \
    {                                                                                                        \
        8u                                                                                                   \
    }
#define FP_MONT_R2                                                                                           \
    {                                                                                                        \
        64u                                                                                                  \
    }
#include "math/fp_tmpl.h"

#define FP2      small2
#define FP2_BASE small
#define FP2_XI   1
#include "math/fp2_tmpl.h"

PM_TEST(products)
{
    for (int round = 0; round < 300; round++) {
        bn254_fp2 a, b, c;
        bn254_fp s, t;
        random_fp2(&a);
        random_fp2(&b);
        if (round % 4 == 1) bn254_fp_set_zero(&a.c0);
        if (round % 4 == 2) bn254_fp_set_zero(&a.c1);
        bn254_fp2_mul(&c, &a, &b);
        bn254_fp_mul(&s, &a.c0, &b.c0);
        bn254_fp_mul(&t, &a.c1, &b.c1);
        bn254_fp_sub(&s, &s, &t);
        CHECK(bn254_fp_equal(&s, &c.c0));
        bn254_fp_mul(&s, &a.c0, &b.c1);
        bn254_fp_mul(&t, &a.c1, &b.c0);
        bn254_fp_add(&s, &s, &t);
        CHECK(bn254_fp_equal(&s, &c.c1));
        bn254_fp2 square, d = a;
        bn254_fp2_mul(&square, &a, &a);
        bn254_fp2_sqr(&c, &a);
        CHECK(bn254_fp2_equal(&c, &square));
        bn254_fp2_sqr(&d, &d); /* in place */
        CHECK(bn254_fp2_equal(&d, &square));
        d = a;
        bn254_fp2_mul(&d, &d, &d);
        CHECK(bn254_fp2_equal(&d, &square));
        bn254_fp2_mul_base(&c, &a, &b.c0);
        bn254_fp_set_zero(&b.c1);
        bn254_fp2_mul(&d, &a, &b);
        CHECK(bn254_fp2_equal(&c, &d));
    }
}

PM_TEST(xi)
{
    bn254_fp2 xi, a, b, c;
    bn254_fp2_set_one(&xi);
    for (int i = 0; i < 3; i++) bn254_fp_dbl(&xi.c0, &xi.c0);
    bn254_fp_add(&xi.c0, &xi.c0, &bn254_fp_one);
    xi.c1 = bn254_fp_one;
    random_fp2(&a);
    bn254_fp2_mul(&b, &a, &xi);
    bn254_fp2_mul_xi(&c, &a);
    CHECK(bn254_fp2_equal(&b, &c));
    bn254_fp2_mul_xi(&a, &a);
    CHECK(bn254_fp2_equal(&b, &a));

    small2 x = {{{123456789}}, {{987654321}}}, one_u = {{{8}}, {{8}}}, y, z;
    small2_mul(&y, &x, &one_u);
    small2_mul_xi(&z, &x);
    CHECK(small2_equal(&y, &z));
}

PM_TEST(inverse_and_conjugate)
{
    bn254_fp2 zero, one, a, b, c;
    bn254_fp2_set_zero(&zero);
    bn254_fp2_set_one(&one);
    bn254_fp2_inv(&a, &zero);
    CHECK(bn254_fp2_is_zero(&a));
    bn254_fp2_inv_var(&a, &zero);
    CHECK(bn254_fp2_is_zero(&a));
    for (int round = 0; round < 50; round++) {
        random_fp2(&a);
        if (round % 3 == 1) bn254_fp_set_zero(&a.c0);
        if (round % 3 == 2) bn254_fp_set_zero(&a.c1);
        bn254_fp2_inv(&b, &a);
        bn254_fp2_mul(&c, &a, &b);
        CHECK(bn254_fp2_equal(&c, &one));
        bn254_fp2_inv_var(&c, &a);
        CHECK(bn254_fp2_equal(&b, &c));
    }
    /* conj is the p-th power */
    random_fp2(&a);
    bn254_fp2_set_one(&b);
    struct slow p = slow_of(bn254_fp_p.limb, 4);
    for (unsigned i = slow_bits(p); i-- > 0;) {
        bn254_fp2_sqr(&b, &b);
        if (slow_bit(p, i)) bn254_fp2_mul(&b, &b, &a);
    }
    bn254_fp2_conj(&c, &a);
    CHECK(bn254_fp2_equal(&b, &c));
}

PM_TEST(linear_and_bytes)
{
    bn254_fp2 a, b, c, d;
    uint8_t bytes[65];
    random_fp2(&a);
    random_fp2(&b);
    bn254_fp2_add(&c, &a, &b);
    bn254_fp2_sub(&c, &c, &b);
    CHECK(bn254_fp2_equal(&a, &c));
    bn254_fp2_neg(&c, &a);
    bn254_fp2_add(&c, &c, &a);
    CHECK(bn254_fp2_is_zero(&c));
    bn254_fp2_dbl(&c, &a);
    bn254_fp2_add(&d, &a, &a);
    CHECK(bn254_fp2_equal(&c, &d));
    bn254_fp2_store(bytes + 1, &a);
    bn254_fp2_load(&c, bytes + 1);
    CHECK(bn254_fp2_equal(&a, &c));
    CHECK_MEM(bytes + 1, &a.c0, 32);
    CHECK(bn254_fp2_is_canonical(&a));
    c = a;
    c.c1 = bn254_fp_p;
    CHECK(!bn254_fp2_is_canonical(&c));
    CHECK(!bn254_fp2_equal(&a, &c));
    c = a;
    bn254_fp2_cmov(&c, &b, false);
    CHECK(bn254_fp2_equal(&a, &c));
    bn254_fp2_cmov(&c, &b, true);
    CHECK(bn254_fp2_equal(&b, &c));
}
