/* Signed digits of plain integers: k = sum of d_w 2^(c w) with -2^(c-1) <= d_w <= 2^(c-1), each digit found
 * without its neighbours. Adding the bias, 2^(c-1) in every window, turns signed digits into ordinary ones
 * that are read off and have 2^(c-1) taken back. The last window takes all bits that are left. Time does not
 * depend on the integers. */
#ifndef PM_MATH_DIGITS_H
#define PM_MATH_DIGITS_H

#include <stddef.h>
#include <stdint.h>

enum { PM_DIGITS_MAX_C = 15, PM_DIGITS_MAX_LIMBS = 7 };

/* Windows of c bits for integers below 2^bits, so that the last digit keeps to the bounds too. */
static inline unsigned pm_digits_windows(unsigned bits, unsigned c) { return (bits + c) / c; }

/* out = k + bias, limbs + 1 limbs, for k < 2^(64 limbs). */
static inline void pm_digits_bias(uint64_t *out, const uint64_t *k, unsigned limbs, unsigned c,
                                  unsigned windows)
{
    for (unsigned i = 0; i < limbs; i++) out[i] = k[i];
    out[limbs] = 0;
    for (unsigned w = 0; w < windows; w++) {
        unsigned bit = c * w + c - 1;
        uint64_t carry = (uint64_t)1 << bit % 64;
        for (unsigned i = bit / 64; i <= limbs; i++) {
            out[i] += carry;
            carry = out[i] < carry;
        }
    }
}

/* Digit w of the integer that was biased. */
static inline int pm_digits_get(const uint64_t *biased, unsigned limbs, unsigned c, unsigned windows,
                                unsigned w)
{
    unsigned bit = c * w, at = bit / 64, off = bit % 64;
    uint64_t v = biased[at] >> off;
    if (off != 0 && at < limbs) v |= biased[at + 1] << (64 - off);
    if (w + 1 < windows) v &= ((uint64_t)1 << c) - 1;
    return (int)v - (1 << (c - 1));
}
/* All of them, digit w to out[w * step]. */
static inline void pm_digits_put(int16_t *out, size_t step, const uint64_t *biased, unsigned limbs,
                                 unsigned c, unsigned windows)
{
    const int half = 1 << (c - 1);
    const uint64_t *next = biased, *end = biased + limbs + 1;
    uint64_t bits = 0, limb; /* the lowest `have` of what is left */
    unsigned have = 0;
    for (unsigned w = 0; w + 1 < windows; w++, out += step) {
        if (have < c) {
            limb = *next++;
            *out = (int16_t)((int)((bits | limb << have) & (((uint64_t)1 << c) - 1)) - half);
            bits = limb >> (c - have);
            have += 64 - c;
        } else {
            *out = (int16_t)((int)(bits & (((uint64_t)1 << c) - 1)) - half);
            bits >>= c;
            have -= c;
        }
    }
    if (next < end && have < 64) bits |= *next << have;
    *out = (int16_t)((int)bits - half);
}

#endif
