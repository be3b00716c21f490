/* What the constants of every curve have in common, computed again. Before this stand the curve's own p() and
 * r(), its b as an integer, curve_b, and its generators' coordinates in decimal, generator_text: G1 x, y, G2
 * x.c0, x.c1, y.c0, y.c1. */
static struct slow times(uint64_t k, struct slow a) { return slow_mul(slow_small(k), a); }
static struct slow decimal(const char *text)
{
    struct slow s = {{0}};
    for (; *text; text++) s = slow_add(times(10, s), slow_small((uint64_t)(*text - '0')));
    return s;
}
/* The integer behind an element in Montgomery form. */
static struct slow plain(C(fp) a)
{
    C(fp_from_mont)(&a, &a);
    return slow_of(a.limb, C(fp_limbs));
}
static bool same(struct slow a, struct slow b) { return slow_compare(a, b) == 0; }

static void xi_to_the(C(fp2) * out, struct slow e)
{
    C(fp2) xi;
    C(fp2_set_one)(out);
    C(fp2_mul_xi)(&xi, out);
    for (unsigned i = slow_bits(e); i-- > 0;) {
        C(fp2_sqr)(out, out);
        if (slow_bit(e, i)) C(fp2_mul)(out, out, &xi);
    }
}

PM_TEST(fields)
{
    CHECK(same(slow_of(C(fp_p).limb, C(fp_limbs)), p()));
    CHECK(same(slow_of(C(fr_p).limb, C(fr_limbs)), r()));
    CHECK_U64(P(FP_BITS), slow_bits(p()));
    CHECK_U64(P(FR_BITS), slow_bits(r()));
    CHECK_U64(P(FP_TOP), C(fp_p).limb[C(fp_limbs) - 1] >> 48);
    CHECK_U64(P(FR_TOP), C(fr_p).limb[C(fr_limbs) - 1] >> 48);
    CHECK(C(fp_p).limb[0] * P(FP_MONT_INV) == UINT64_MAX);
    CHECK(C(fr_p).limb[0] * P(FR_MONT_INV) == UINT64_MAX);
    struct slow big = slow_power_of_two(64 * C(fp_limbs)), big_r = slow_power_of_two(64 * C(fr_limbs));
    CHECK(same(slow_of(C(fp_one).limb, C(fp_limbs)), slow_mod(big, p())));
    CHECK(same(slow_of(C(fr_one).limb, C(fr_limbs)), slow_mod(big_r, r())));
    CHECK(same(slow_of(C(fp_r2).limb, C(fp_limbs)), slow_mod(slow_mul(big, big), p())));
    CHECK(same(slow_of(C(fr_r2).limb, C(fr_limbs)), slow_mod(slow_mul(big_r, big_r), r())));
}

PM_TEST(root_of_unity)
{
    struct slow quotient, half, minus_one = slow_sub(r(), slow_small(1));
    struct slow rest = slow_divide(&quotient, minus_one, slow_power_of_two(P(FR_TWO_ADICITY)));
    CHECK(slow_bits(rest) == 0 && slow_bit(quotient, 0));
    C(fr) root = P(FR_ROOT);
    C(fr_from_mont)(&root, &root);
    CHECK(same(slow_of(root.limb, C(fr_limbs)), slow_pow_mod(slow_small(5), quotient, r())));
    slow_divide(&half, minus_one, slow_small(2));
    for (uint64_t k = 2; k < 5; k++) CHECK(same(slow_pow_mod(slow_small(k), half, r()), slow_small(1)));
    CHECK(same(slow_pow_mod(slow_small(5), half, r()), minus_one)); /* the smallest non-residue */
}

/* b of G1, and of the twist b / xi (D) or b xi (M). */
PM_TEST(curves)
{
    C(fp2) b, one;
    CHECK(same(plain(C(g1_b)), slow_small(curve_b)));
    CHECK(same(plain(C(g1_b3)), slow_small(3 * curve_b)));
    C(fp2_set_one)(&one);
    b = P(M_TWIST) ? one : C(g2_b);
    C(fp2_mul_xi)(&b, &b);
    if (P(M_TWIST)) C(fp2_mul_base)(&b, &b, &C(g1_b));
    C(fp2) expected = C(g2_b);
    if (!P(M_TWIST)) expected = (C(fp2)){.c0 = C(g1_b)};
    CHECK(C(fp2_equal)(&b, &expected));
    C(fp2_dbl)(&b, &C(g2_b));
    C(fp2_add)(&b, &b, &C(g2_b));
    CHECK(C(fp2_equal)(&b, &C(g2_b3)));
}

PM_TEST(generators)
{
    const C(fp) found[6] = {g1_generator.x,    g1_generator.y,    g2_generator.x.c0,
                            g2_generator.x.c1, g2_generator.y.c0, g2_generator.y.c1};
    for (int i = 0; i < 6; i++) CHECK(same(plain(found[i]), decimal(generator_text[i])));
    CHECK(C(g1_affine_on_curve)(&g1_generator));
    CHECK(C(g2_affine_on_curve)(&g2_generator));
    C(g1) a;
    C(g2) b;
    C(g1_from_affine)(&a, &g1_generator);
    C(g1_mul_var)(&a, &a, C(fr_p).limb, C(fr_limbs));
    CHECK(C(g1_is_infinity)(&a));
    C(g2_from_affine)(&b, &g2_generator);
    C(g2_mul_var)(&b, &b, C(fr_p).limb, C(fr_limbs));
    CHECK(C(g2_is_infinity)(&b));
}

PM_TEST(frobenius)
{
    struct slow sixth, rest = slow_divide(&sixth, slow_sub(p(), slow_small(1)), slow_small(6));
    CHECK(slow_bits(rest) == 0);
    C(fp2) power, factor, one;
    C(fp2_set_one)(&one);
    factor = one;
    xi_to_the(&power, sixth);
    for (int i = 0; i < 6; i++) {
        CHECK(C(fp2_equal)(&factor, &C(tower_frobenius_factor)[i]));
        C(fp2_mul)(&factor, &factor, &power);
    }
    for (int i = 0; i < 2; i++) { /* the third and the half of p - 1 */
        factor = C(tower_frobenius_factor)[2 + i];
        if (P(M_TWIST)) C(fp2_inv)(&factor, &factor);
        CHECK(C(fp2_equal)(&factor, &C(pairing_psi_factor)[i]));
    }
}

/* signed digits = k, a sum of k_i 2^i */
static void check_digits(const int8_t *digit, size_t n, struct slow k)
{
    struct slow positive = {{0}}, negative = {{0}};
    CHECK(digit[n - 1] == 1);
    for (size_t i = 0; i < n; i++) {
        CHECK(digit[i] >= -1 && digit[i] <= 1);
        if (digit[i] > 0) positive = slow_add(positive, slow_power_of_two((unsigned)i));
        if (digit[i] < 0) negative = slow_add(negative, slow_power_of_two((unsigned)i));
    }
    CHECK(same(slow_sub(positive, negative), k));
}
