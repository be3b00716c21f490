/* Bases with known logarithms, and the sums that they must give, for the tests of msm_tmpl.h and
 * fixed_tmpl.h. */
#ifndef PM_TEST_MATH_SUMS_H
#define PM_TEST_MATH_SUMS_H

#include "random.h"

/* Scratch of exactly the size asked for, so that AddressSanitizer sees a byte too many; free() it. */
__attribute__((unused)) static void *exact_scratch(size_t bytes)
{
    void *p = NULL;
    if (posix_memalign(&p, 64, bytes ? bytes : 1) != 0) abort();
    memset(p, 0xa5, bytes);
    return p;
}

/* out = scalars times base, from a table made for `expected` multiples. */
#define MULTIPLES(G) MULTIPLES_(G)
#define MULTIPLES_(G)                                                                                        \
    __attribute__((unused)) static void G##_multiples(struct pm_pool *pool, uint8_t *out,                    \
                                                      const uint8_t *base, const uint8_t *scalars, size_t n, \
                                                      size_t expected)                                       \
    {                                                                                                        \
        void *scratch = exact_scratch(G##_fixed_scratch(pm_pool_threads(pool)));                             \
        void *table = exact_scratch(G##_fixed_table_bytes(expected));                                        \
        G##_fixed_table_make(pool, table, base, expected, scratch);                                          \
        G##_fixed_var(pool, out, table, scalars, n, scratch);                                                \
        free(scratch);                                                                                       \
        free(table);                                                                                         \
    }
MULTIPLES(C(g1))
MULTIPLES(C(g2))

/* Scalars of all kinds: kind 0 full width, 1 bits, 2 zero, 3 one, 4 minus one, 5 short, 6 short and negative,
 * 7 powers of two and their neighbours, 8 near r / 2, 9 a mixture. Plain. */
__attribute__((unused)) static void pick_scalar(C(fr) * out, int kind)
{
    C(fr) one = {{1}}, t;
    random_fr(out);
    if (kind == 9) kind = (int)(test_random() % 9);
    switch (kind) {
    case 1:
        *out = (C(fr)){{test_random() & 1}};
        break;
    case 2:
        *out = (C(fr)){{0}};
        break;
    case 3:
        *out = one;
        break;
    case 4:
        C(fr_neg)(out, &one);
        break;
    case 5:
        *out = (C(fr)){{test_random() >> test_random() % 64}};
        break;
    case 6:
        *out = (C(fr)){{test_random() >> test_random() % 64}};
        C(fr_neg)(out, out);
        break;
    case 7: {
        unsigned bit = (unsigned)(test_random() % (P(FR_BITS) - 1));
        *out = (C(fr)){{0}};
        out->limb[bit / 64] = (uint64_t)1 << bit % 64;
        if (test_random() % 3 == 0) C(fr_add)(out, out, &one);
        if (test_random() % 3 == 0) C(fr_sub)(out, out, &one);
        break;
    }
    case 8: /* (r - 1) / 2 and what is near */
        *out = C(fr_p);
        C(fr_raw_shr)(out, 1);
        t = (C(fr)){{test_random() % 3}};
        C(fr_add)(out, out, &t);
        break;
    default:
        break;
    }
}

/* sum of a[i] b[i], plain */
__attribute__((unused)) static C(fr) inner_product(const C(fr) * a, const C(fr) * b, size_t n)
{
    C(fr) sum = {{0}}, t;
    for (size_t i = 0; i < n; i++) {
        C(fr_to_mont)(&t, &a[i]);
        C(fr_mul)(&t, &t, &b[i]);
        C(fr_add)(&sum, &sum, &t);
    }
    return sum;
}

#endif
