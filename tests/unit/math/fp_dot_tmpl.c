/* Sums of products with one reduction against products one by one: random elements, borders, and the largest
 * factors that the bounds allow. */
#include "random.h"

/* 0, 1, p - 1, p (where it is allowed) or a random element. */
static void pick(C(fp) * out, bool may_be_p)
{
    C(fp) one = {{1}};
    switch (test_random() % (may_be_p ? 5 : 4)) {
    case 0:
        C(fp_set_zero)(out);
        break;
    case 1:
        *out = one;
        break;
    case 2:
        C(fp_raw_sub)(out, &C(fp_p), &one);
        break;
    case 4:
        *out = C(fp_p);
        break;
    default:
        random_fp(out);
    }
}

static void reduced(C(fp) * out, const C(fp) * a) /* a below 2p */ { C(fp_reduce_once)(out, a); }

PM_TEST(two_products)
{
    for (int round = 0; round < 20000; round++) {
        C(fp) a[2], b[2], sum = {{0}}, t, u, v;
        for (int k = 0; k < 2; k++) {
            pick(&a[k], true);
            pick(&b[k], true);
            pick(&t, false);
            C(fp_raw_add)(&b[k], &b[k], &t); /* below 2p */
            if (round == 0) {                /* the largest */
                a[k] = C(fp_p);
                C(fp_raw_add)(&b[k], &C(fp_p), &C(fp_p));
                b[k].limb[0]--;
            }
            reduced(&u, &a[k]);
            reduced(&v, &b[k]);
            C(fp_mul)(&t, &u, &v);
            C(fp_add)(&sum, &sum, &t);
        }
        C(fp_dot2)(&t, &a[0], &b[0], &a[1], &b[1]);
        CHECK(C(fp_is_canonical)(&t) && C(fp_equal)(&t, &sum));
        C(fp_dot2)(&b[1], &a[0], &b[0], &a[1], &b[1]); /* in place */
        CHECK(C(fp_equal)(&b[1], &sum));
    }
}

PM_TEST(four_products)
{
    for (int round = 0; round < 20000; round++) {
        C(fp) a[4], b[4], sum = {{0}}, t, u, v;
        for (int k = 0; k < 4; k++) {
            pick(&a[k], true);
            pick(&b[k], true);
            if (round == 0) a[k] = b[k] = C(fp_p);
            reduced(&u, &a[k]);
            reduced(&v, &b[k]);
            C(fp_mul)(&t, &u, &v);
            C(fp_add)(&sum, &sum, &t);
        }
        C(fp_dot4)
        (&t, (const C(fp) *const[]){&a[0], &a[1], &a[2], &a[3]},
         (const C(fp) *const[]){&b[0], &b[1], &b[2], &b[3]});
        CHECK(C(fp_is_canonical)(&t) && C(fp_equal)(&t, &sum));
    }
}

PM_TEST(minus)
{
    for (int round = 0; round < 100; round++) {
        C(fp) a, b, sum;
        pick(&a, false);
        C(fp_minus)(&b, &a);
        C(fp_raw_add)(&sum, &a, &b);
        CHECK(C(fp_equal)(&sum, &C(fp_p)));
    }
}

PM_TEST(small_multiples)
{
    for (int round = 0; round < 20000; round++) {
        C(fp) a, b, t, expected = {{0}};
        const uint64_t k = test_random() % 16;
        pick(&a, false);
        pick(&b, true);
        if (round % 3 == 0)
            a.limb[C(fp_limbs) - 1] = C(fp_p).limb[C(fp_limbs) - 1] / 15 * (test_random() % 16);
        if (!C(fp_is_canonical)(&a)) continue;
        for (uint64_t i = 0; i < k; i++) C(fp_add)(&expected, &expected, &a);
        reduced(&t, &b);
        C(fp_sub)(&expected, &expected, &t);
        C(fp_small_sub)(&t, &a, k, &b);
        CHECK(C(fp_is_canonical)(&t) && C(fp_equal)(&t, &expected));
        C(fp_small_sub)(&a, &a, k, &b); /* in place */
        CHECK(C(fp_equal)(&a, &expected));
    }
}
