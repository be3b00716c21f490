/* Lagrange polynomials at a point against what defines them: they reproduce polynomials, whole and in pieces.
 */
#include "prove/lagrange.h"
#include "test.h"
#include "curve_under_test.h"

enum { E = 32, max_log2 = 6 };

static void random_element(uint8_t *out)
{
    uint8_t wide[64];
    test_random_bytes(wide, sizeof wide);
    curve()->fr_reduce_wide(out, wide);
}

/* p(x) for n coefficients, all Montgomery. */
static void horner(uint8_t *out, const uint8_t *p, size_t n, const uint8_t *x)
{
    memset(out, 0, E);
    for (size_t i = n; i-- > 0;) {
        curve()->fr_mul(out, out, x);
        curve()->fr_add(out, out, p + i * E);
    }
}

PM_TEST(they_interpolate)
{
    for (unsigned log2_m = 0; log2_m <= max_log2; log2_m++) {
        const struct pm_curve *c = curve();
        size_t m = (size_t)1 << log2_m;
        uint8_t p[E << max_log2], l[E << max_log2], scratch[E << max_log2];
        uint8_t t[E], x[E] = {1}, step[E], value[E], sum[E] = {0}, expected[E];
        for (size_t i = 0; i < m; i++) random_element(p + i * E);
        random_element(t);
        c->fr_to_mont(x, x);
        c->fr_root(step, log2_m);
        pm_lagrange_at(c, NULL, l, log2_m, x, step, m, t, NULL, scratch);
        for (size_t i = 0; i < m; i++) {
            horner(value, p, m, x);
            c->fr_mul(value, value, l + i * E);
            c->fr_add(sum, sum, value);
            c->fr_mul(x, x, step);
        }
        horner(expected, p, m, t);
        CHECK_MEM(sum, expected, E);
    }
}

PM_TEST(pieces_and_cosets_are_parts_of_the_whole)
{
    const struct pm_curve *c = curve();
    uint8_t all[E << max_log2], part[E << max_log2], scratch[E << max_log2], t[E], first[E] = {1}, w[E],
                                                                                   w2[E];
    random_element(t);
    c->fr_to_mont(first, first);
    c->fr_root(w, max_log2);
    c->fr_root(w2, max_log2 - 1);
    pm_lagrange_at(c, NULL, all, max_log2, first, w, 64, t, NULL, scratch);
    pm_lagrange_at(c, NULL, part, max_log2, w, w2, 32, t, NULL, scratch); /* the odd ones */
    for (size_t i = 0; i < 32; i++) CHECK_MEM(part + i * E, all + (2 * i + 1) * E, E);
    for (int i = 0; i < 11; i++) c->fr_mul(first, first, w);
    pm_lagrange_at(c, NULL, part, max_log2, first, w, 20, t, NULL, scratch);
    CHECK_MEM(part, all + 11 * E, 20 * E);
}

PM_TEST(roots_are_told)
{
    const struct pm_curve *c = curve();
    uint8_t w[E], t[E];
    c->fr_root(w, 7);
    CHECK(pm_lagrange_is_root(c, 7, w));
    CHECK(pm_lagrange_is_root(c, 9, w));
    CHECK(!pm_lagrange_is_root(c, 6, w));
    random_element(t);
    CHECK(!pm_lagrange_is_root(c, 20, t));
}
