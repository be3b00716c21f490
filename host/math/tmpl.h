/* What every template by inclusion shares: names are put together from a prefix and a suffix, and functions
 * that an instantiation does not use are no fault. A template (*_tmpl.h) has no guard: it documents its
 * parameters on top, can be included many times, and undefines its parameters at the end. */
#ifndef PM_MATH_TMPL_H
#define PM_MATH_TMPL_H

#include "base/bytes.h"
#include "base/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PM_CAT_(a, b) a##b
#define PM_CAT(a, b)  PM_CAT_(a, b)

/* For functions that the compiler may leave out of line; small ones are plain `static inline`. The field's
 * product is kept out of line: gcc's code for it is a third slower where it is inlined into larger functions.
 */
#define PM_LOCAL       static __attribute__((unused))
#define PM_OUT_OF_LINE static __attribute__((unused, noinline))

__extension__ typedef unsigned __int128 pm_u128;
__extension__ typedef __int128 pm_i128;

/* a + b + *carry and a - b - *borrow for a *carry of 0 or 1, which is replaced. Comparisons of single limbs
 * are what gcc turns into good code without branches; of 128-bit numbers it makes branches, of 128-bit sums
 * twice the instructions. */
static inline uint64_t pm_add_carry(uint64_t a, uint64_t b, uint64_t *carry)
{
#ifdef __clang__
    unsigned long long out, sum = __builtin_addcll(a, b, *carry, &out);
    *carry = out;
    return sum;
#else
    uint64_t t = a + b, sum = t + *carry;
    *carry = (uint64_t)(t < a) + (sum < t);
    return sum;
#endif
}
static inline uint64_t pm_sub_borrow(uint64_t a, uint64_t b, uint64_t *borrow)
{
#ifdef __clang__
    unsigned long long out, difference = __builtin_subcll(a, b, *borrow, &out);
    *borrow = out;
    return difference;
#else
    uint64_t t = a - b, difference = t - *borrow;
    *borrow = (uint64_t)(a < b) + (t < *borrow);
    return difference;
#endif
}

#endif
