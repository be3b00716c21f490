/* Fp2 against its definition, over the curve under test (BN254: xi = 9 + u, BLS12-381: xi = 1 + u) and over a
 * one-limb field. */
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

#define DOT          small
#define DOT_LIMBS    1
#define DOT_MONT_INV 0x2000000000000001u
#include "math/fp_dot_tmpl.h"

#define FP2      small2
#define FP2_BASE small
#define FP2_XI   1
#include "math/fp2_tmpl.h"

PM_TEST(sums_of_two_products)
{
    for (int round = 0; round < 300; round++) {
        C(fp2) a, b, c, d, s, t;
        random_fp2(&a);
        random_fp2(&b);
        random_fp2(&c);
        random_fp2(&d);
        if (round % 4 == 1) C(fp_set_zero)(&b.c1);
        if (round % 4 == 2) C(fp_set_zero)(&d.c1);
        if (round % 4 == 3) C(fp_neg)(&a.c0, &C(fp_one)), b = d = c = a;
        C(fp2_mul)(&s, &a, &b);
        C(fp2_mul)(&t, &c, &d);
        C(fp2_add)(&s, &s, &t);
        C(fp2_dot2)(&t, &a, &b, &c, &d);
        CHECK(C(fp2_equal)(&s, &t) && C(fp2_is_canonical)(&t));
        t = a;
        C(fp2_dot2)(&t, &t, &b, &c, &d);
        CHECK(C(fp2_equal)(&s, &t));
        t = d;
        C(fp2_dot2)(&t, &a, &b, &c, &t);
        CHECK(C(fp2_equal)(&s, &t));
    }
}

PM_TEST(products)
{
    for (int round = 0; round < 300; round++) {
        C(fp2) a, b, c;
        C(fp) s, t;
        random_fp2(&a);
        random_fp2(&b);
        if (round % 4 == 1) C(fp_set_zero)(&a.c0);
        if (round % 4 == 2) C(fp_set_zero)(&a.c1);
        C(fp2_mul)(&c, &a, &b);
        C(fp_mul)(&s, &a.c0, &b.c0);
        C(fp_mul)(&t, &a.c1, &b.c1);
        C(fp_sub)(&s, &s, &t);
        CHECK(C(fp_equal)(&s, &c.c0));
        C(fp_mul)(&s, &a.c0, &b.c1);
        C(fp_mul)(&t, &a.c1, &b.c0);
        C(fp_add)(&s, &s, &t);
        CHECK(C(fp_equal)(&s, &c.c1));
        C(fp2) square, d = a;
        C(fp2_mul)(&square, &a, &a);
        C(fp2_sqr)(&c, &a);
        CHECK(C(fp2_equal)(&c, &square));
        C(fp2_sqr)(&d, &d); /* in place */
        CHECK(C(fp2_equal)(&d, &square));
        d = a;
        C(fp2_mul)(&d, &d, &d);
        CHECK(C(fp2_equal)(&d, &square));
        C(fp2_mul_base)(&c, &a, &b.c0);
        C(fp_set_zero)(&b.c1);
        C(fp2_mul)(&d, &a, &b);
        CHECK(C(fp2_equal)(&c, &d));
    }
}

PM_TEST(xi)
{
    C(fp2) xi, a, b, c;
    C(fp2_set_one)(&xi);
    for (int i = 1; i < P(XI); i++) C(fp_add)(&xi.c0, &xi.c0, &C(fp_one));
    xi.c1 = C(fp_one);
    random_fp2(&a);
    C(fp2_mul)(&b, &a, &xi);
    C(fp2_mul_xi)(&c, &a);
    CHECK(C(fp2_equal)(&b, &c));
    C(fp2_mul_xi)(&a, &a);
    CHECK(C(fp2_equal)(&b, &a));

    small2 x = {{{123456789}}, {{987654321}}}, one_u = {{{8}}, {{8}}}, y, z;
    small2_mul(&y, &x, &one_u);
    small2_mul_xi(&z, &x);
    CHECK(small2_equal(&y, &z));
}

PM_TEST(inverse_and_conjugate)
{
    C(fp2) zero, one, a, b, c;
    C(fp2_set_zero)(&zero);
    C(fp2_set_one)(&one);
    C(fp2_inv)(&a, &zero);
    CHECK(C(fp2_is_zero)(&a));
    C(fp2_inv_var)(&a, &zero);
    CHECK(C(fp2_is_zero)(&a));
    for (int round = 0; round < 50; round++) {
        random_fp2(&a);
        if (round % 3 == 1) C(fp_set_zero)(&a.c0);
        if (round % 3 == 2) C(fp_set_zero)(&a.c1);
        C(fp2_inv)(&b, &a);
        C(fp2_mul)(&c, &a, &b);
        CHECK(C(fp2_equal)(&c, &one));
        C(fp2_inv_var)(&c, &a);
        CHECK(C(fp2_equal)(&b, &c));
    }
    /* conj is the p-th power */
    random_fp2(&a);
    C(fp2_set_one)(&b);
    struct slow p = slow_of(C(fp_p).limb, C(fp_limbs));
    for (unsigned i = slow_bits(p); i-- > 0;) {
        C(fp2_sqr)(&b, &b);
        if (slow_bit(p, i)) C(fp2_mul)(&b, &b, &a);
    }
    C(fp2_conj)(&c, &a);
    CHECK(C(fp2_equal)(&b, &c));
}

PM_TEST(linear_and_bytes)
{
    C(fp2) a, b, c, d;
    uint8_t bytes[C(fp2_bytes) + 1];
    random_fp2(&a);
    random_fp2(&b);
    C(fp2_add)(&c, &a, &b);
    C(fp2_sub)(&c, &c, &b);
    CHECK(C(fp2_equal)(&a, &c));
    C(fp2_neg)(&c, &a);
    C(fp2_add)(&c, &c, &a);
    CHECK(C(fp2_is_zero)(&c));
    C(fp2_dbl)(&c, &a);
    C(fp2_add)(&d, &a, &a);
    CHECK(C(fp2_equal)(&c, &d));
    C(fp2_store)(bytes + 1, &a);
    C(fp2_load)(&c, bytes + 1);
    CHECK(C(fp2_equal)(&a, &c));
    CHECK_MEM(bytes + 1, &a.c0, C(fp_bytes));
    CHECK(C(fp2_is_canonical)(&a));
    c = a;
    c.c1 = C(fp_p);
    CHECK(!C(fp2_is_canonical)(&c));
    CHECK(!C(fp2_equal)(&a, &c));
    c = a;
    C(fp2_cmov)(&c, &b, false);
    CHECK(C(fp2_equal)(&a, &c));
    C(fp2_cmov)(&c, &b, true);
    CHECK(C(fp2_equal)(&b, &c));
}
