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

/* The number in two limbs. */
static inline pm_u128 pm_u128_of(const uint64_t *limb) { return (pm_u128)limb[1] << 64 | limb[0]; }

#endif
