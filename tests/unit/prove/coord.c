/* Coordinates between plain and Montgomery form. */
#include "prove/coord.h"
#include "base/bytes.h"
#include "test.h"
#include "curve_under_test.h"

PM_TEST(round_trip)
{
    const struct pm_curve *c = curve();
    for (int i = 0; i < 200; i++) {
        uint8_t x[PM_FP_MAX_BYTES] = {0}, mont[PM_FP_MAX_BYTES], back[PM_FP_MAX_BYTES];
        test_random_bytes(x, c->fp_bytes);
        x[c->fp_bytes - 1] &= 0x0f; /* below p */
        CHECK(pm_coord_from_plain(c, mont, x));
        pm_coord_to_plain(c, back, mont);
        CHECK_MEM(back, x, c->fp_bytes);
        CHECK(memcmp(mont, x, c->fp_bytes) != 0);
    }
}

/* Montgomery form is a product with 2^(8 fp_bytes): 1 becomes R mod p. */
PM_TEST(one)
{
    const struct pm_curve *c = curve();
    uint8_t one[PM_FP_MAX_BYTES] = {1}, mont[PM_FP_MAX_BYTES], sum[PM_FP_MAX_BYTES + 1] = {0};
    CHECK(pm_coord_from_plain(c, mont, one));
    /* R - mont is a multiple of p: subtract p from R until mont is left. */
    sum[c->fp_bytes] = 1;
    for (int i = 0; i < 16 && (sum[c->fp_bytes] || memcmp(sum, mont, c->fp_bytes) != 0); i++) {
        unsigned borrow = 0;
        for (unsigned k = 0; k <= c->fp_bytes; k++) {
            unsigned d = 256u + sum[k] - (k < c->fp_bytes ? c->fp_modulus[k] : 0) - borrow;
            sum[k] = (uint8_t)d;
            borrow = d < 256;
        }
    }
    CHECK(sum[c->fp_bytes] == 0);
    CHECK_MEM(sum, mont, c->fp_bytes);
}

PM_TEST(edges)
{
    const struct pm_curve *c = curve();
    uint8_t x[PM_FP_MAX_BYTES], out[PM_FP_MAX_BYTES], back[PM_FP_MAX_BYTES];
    memcpy(x, c->fp_modulus, c->fp_bytes);
    CHECK(!pm_coord_from_plain(c, out, x));
    x[0]--; /* p is odd */
    CHECK(pm_coord_from_plain(c, out, x));
    pm_coord_to_plain(c, back, out);
    CHECK_MEM(back, x, c->fp_bytes);
    memset(x, 0xff, c->fp_bytes);
    CHECK(!pm_coord_from_plain(c, out, x));
    memset(x, 0, c->fp_bytes);
    CHECK(pm_coord_from_plain(c, out, x));
    CHECK(pm_bytes_are_zero(out, c->fp_bytes));
}

PM_TEST(comparisons)
{
    uint8_t a[4] = {1, 0, 0, 2}, b[4] = {2, 0, 0, 1}, zero[4] = {0};
    CHECK(pm_bytes_less(b, a, 4));
    CHECK(!pm_bytes_less(a, b, 4));
    CHECK(!pm_bytes_less(a, a, 4));
    CHECK(pm_bytes_less(zero, b, 4));
}
