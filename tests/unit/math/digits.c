/* Signed digits put together again, for every window width and the integers at its borders. */
#include "math/digits.h"
#include "test.h"

enum { LIMBS = 4 };

/* k = sum of digits, checked limb by limb: adds up digit 2^(c w) in two's complement over five limbs */
static void check(const uint64_t k[LIMBS], unsigned bits, unsigned c)
{
    unsigned windows = pm_digits_windows(bits, c);
    uint64_t biased[LIMBS + 1], sum[LIMBS + 2] = {0};
    CHECK(c * windows > bits);
    int16_t all[2 * 256];
    pm_digits_bias(biased, k, LIMBS, c, windows);
    pm_digits_put(all, 2, biased, LIMBS, c, windows);
    for (unsigned w = 0; w < windows; w++) {
        int d = pm_digits_get(biased, LIMBS, c, windows, w);
        CHECK(all[2 * w] == d);
        CHECK_MSG(d >= -(1 << (c - 1)) && d <= 1 << (c - 1), "digit %d of width %u", d, c);
        uint64_t magnitude = (uint64_t)(d < 0 ? -d : d), part[2];
        unsigned bit = c * w, off = bit % 64;
        part[0] = magnitude << off;
        part[1] = off ? magnitude >> (64 - off) : 0;
        uint64_t carry = 0;
        for (unsigned i = bit / 64; i < LIMBS + 2; i++) {
            uint64_t v = i - bit / 64 < 2 ? part[i - bit / 64] : 0, before = sum[i];
            if (d >= 0) {
                sum[i] = before + v + carry;
                carry = carry ? sum[i] <= before : sum[i] < before;
            } else {
                sum[i] = before - v - carry;
                carry = carry ? sum[i] >= before : sum[i] > before;
            }
        }
    }
    CHECK_MEM(sum, k, LIMBS * sizeof k[0]);
    CHECK(sum[LIMBS] == 0 && sum[LIMBS + 1] == 0);
}

static void recompose(unsigned bits)
{
    for (unsigned c = 2; c <= PM_DIGITS_MAX_C; c++) {
        uint64_t k[LIMBS] = {0};
        check(k, bits, c);
        for (unsigned bit = 0; bit < bits; bit++) { /* 2^bit - 1, 2^bit, 2^bit + 1 */
            for (int delta = -1; delta <= 1; delta++) {
                memset(k, 0, sizeof k);
                k[bit / 64] = (uint64_t)1 << bit % 64;
                if (delta > 0) k[0] += bit > 0;
                for (unsigned i = 0; delta < 0 && k[i]-- == 0; i++) {}
                check(k, bits, c);
            }
        }
        memset(k, 0xff, sizeof k);
        k[LIMBS - 1] >>= 256 - bits; /* the largest */
        check(k, bits, c);
        for (int round = 0; round < 100; round++) {
            for (int i = 0; i < LIMBS; i++) k[i] = test_random();
            k[LIMBS - 1] >>= 256 - bits;
            check(k, bits, c);
        }
    }
}

PM_TEST(recompose)
{
    recompose(254); /* BN254's scalars; BLS12-381's after min(s, r - s) */
    recompose(255); /* BLS12-381's */
}
