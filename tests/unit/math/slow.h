/* A slow oracle for the tests of math/: integers as arrays of 32-bit digits, least significant first, with
 * nothing but schoolbook methods. Everything is public, small and easy to check by eye; no code is shared
 * with the library. */
#ifndef PM_TEST_SLOW_H
#define PM_TEST_SLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef SLOW_DIGITS
#define SLOW_DIGITS 40
#endif

struct slow {
    uint32_t d[SLOW_DIGITS];
};

__attribute__((unused)) static struct slow slow_small(uint64_t v)
{
    return (struct slow){{(uint32_t)v, (uint32_t)(v >> 32)}};
}
/* From and to 64-bit limbs; to_limbs drops what does not fit. */
__attribute__((unused)) static struct slow slow_of(const uint64_t *limb, size_t n)
{
    struct slow s = {{0}};
    for (size_t i = 0; i < n; i++) {
        s.d[2 * i] = (uint32_t)limb[i];
        s.d[2 * i + 1] = (uint32_t)(limb[i] >> 32);
    }
    return s;
}
__attribute__((unused)) static void slow_to(uint64_t *limb, size_t n, struct slow a)
{
    for (size_t i = 0; i < n; i++) limb[i] = a.d[2 * i] | (uint64_t)a.d[2 * i + 1] << 32;
}
__attribute__((unused)) static int slow_compare(struct slow a, struct slow b)
{
    for (int i = SLOW_DIGITS; i-- > 0;)
        if (a.d[i] != b.d[i]) return a.d[i] < b.d[i] ? -1 : 1;
    return 0;
}
__attribute__((unused)) static struct slow slow_add(struct slow a, struct slow b)
{
    uint64_t carry = 0;
    for (int i = 0; i < SLOW_DIGITS; i++) {
        carry += (uint64_t)a.d[i] + b.d[i];
        a.d[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return a;
}
__attribute__((unused)) static struct slow slow_sub(struct slow a, struct slow b) /* a >= b */
{
    uint64_t borrow = 0;
    for (int i = 0; i < SLOW_DIGITS; i++) {
        uint64_t t = (uint64_t)a.d[i] - b.d[i] - borrow;
        a.d[i] = (uint32_t)t;
        borrow = t >> 63;
    }
    return a;
}
__attribute__((unused)) static struct slow slow_mul(struct slow a, struct slow b)
{
    struct slow out = {{0}};
    for (int i = 0; i < SLOW_DIGITS; i++) {
        uint64_t carry = 0;
        for (int j = 0; i + j < SLOW_DIGITS; j++) {
            carry += (uint64_t)a.d[i] * b.d[j] + out.d[i + j];
            out.d[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    return out;
}
__attribute__((unused)) static unsigned slow_bits(struct slow a)
{
    for (int i = SLOW_DIGITS; i-- > 0;)
        if (a.d[i]) return 32 * (unsigned)i + 32 - (unsigned)__builtin_clz(a.d[i]);
    return 0;
}
__attribute__((unused)) static bool slow_bit(struct slow a, unsigned i) { return a.d[i / 32] >> i % 32 & 1; }

/* a mod m and, in *quotient if it is not NULL, a / m: long division bit by bit */
__attribute__((unused)) static struct slow slow_divide(struct slow *quotient, struct slow a, struct slow m)
{
    struct slow rest = {{0}}, q = {{0}};
    for (unsigned i = slow_bits(a); i-- > 0;) {
        rest = slow_add(rest, rest);
        rest.d[0] |= slow_bit(a, i);
        if (slow_compare(rest, m) >= 0) {
            rest = slow_sub(rest, m);
            q.d[i / 32] |= 1u << i % 32;
        }
    }
    if (quotient) *quotient = q;
    return rest;
}
__attribute__((unused)) static struct slow slow_mod(struct slow a, struct slow m)
{
    return slow_divide(NULL, a, m);
}

__attribute__((unused)) static struct slow slow_mul_mod(struct slow a, struct slow b, struct slow m)
{
    return slow_mod(slow_mul(a, b), m);
}
__attribute__((unused)) static struct slow slow_pow_mod(struct slow a, struct slow e, struct slow m)
{
    struct slow out = slow_mod(slow_small(1), m);
    for (unsigned i = slow_bits(e); i-- > 0;) {
        out = slow_mul_mod(out, out, m);
        if (slow_bit(e, i)) out = slow_mul_mod(out, a, m);
    }
    return out;
}
/* 2^bits */
__attribute__((unused)) static struct slow slow_power_of_two(unsigned bits)
{
    struct slow out = {{0}};
    out.d[bits / 32] = 1u << bits % 32;
    return out;
}

#endif
