/* The tests of one field; included once per field with TF = its prefix. */
#define FN(op)      PM_CAT(TF, _##op)
#define TN(op)      PM_CAT(PM_CAT(test_, TF), _##op)
#define LIMBS       FN(limbs)
#define CASE(name)  CASE_(PM_CAT(PM_CAT(TF, _), name))
#define CASE_(name) PM_TEST(name)

static struct slow TN(slow)(const TF *a) { return slow_of(a->limb, LIMBS); }
static struct slow TN(modulus)(void) { return slow_of(FN(p).limb, LIMBS); }

/* Random elements, with small ones, those near the modulus, and sparse ones among them. */
static void TN(pick)(TF *out)
{
    uint64_t kind = test_random() % 8;
    TF t;
    test_random_bytes(out, sizeof *out);
    if (kind < 2) {
        *out = (TF){{test_random() % 4}};
    } else if (kind == 2) {
        t = (TF){{1 + test_random() % 3}};
        FN(raw_sub)(out, &FN(p), &t);
    } else if (kind == 3) {
        for (int i = 0; i < LIMBS; i++) out->limb[i] = test_random() % 2 ? UINT64_MAX : 0;
    }
    struct slow s = slow_mod(TN(slow)(out), TN(modulus)());
    slow_to(out->limb, LIMBS, s);
}

CASE(constants)
{
    struct slow p = TN(modulus)(), r = slow_mod(slow_power_of_two(64 * LIMBS), p);
    CHECK(slow_compare(TN(slow)(&FN(one)), r) == 0);
    CHECK(slow_compare(TN(slow)(&FN(r2)), slow_mul_mod(r, r, p)) == 0);
    CHECK(FN(p).limb[LIMBS - 1] >> 63 == 0);
}

CASE(arithmetic)
{
    struct slow p = TN(modulus)(), inverse_r = slow_mod(slow_power_of_two(64 * LIMBS), p);
    inverse_r = slow_pow_mod(inverse_r, slow_sub(p, slow_small(2)), p);
    for (int round = 0; round < 300; round++) {
        TF a, b, c;
        TN(pick)(&a);
        TN(pick)(&b);
        struct slow sa = TN(slow)(&a), sb = TN(slow)(&b), minus_b = slow_mod(slow_sub(p, sb), p);
        FN(add)(&c, &a, &b);
        CHECK(slow_compare(TN(slow)(&c), slow_mod(slow_add(sa, sb), p)) == 0);
        FN(sub)(&c, &a, &b);
        CHECK(slow_compare(TN(slow)(&c), slow_mod(slow_add(sa, minus_b), p)) == 0);
        FN(neg)(&c, &b);
        CHECK(slow_compare(TN(slow)(&c), minus_b) == 0);
        FN(dbl)(&c, &a);
        CHECK(slow_compare(TN(slow)(&c), slow_mod(slow_add(sa, sa), p)) == 0);
        FN(mul)(&c, &a, &b);
        CHECK(slow_compare(TN(slow)(&c), slow_mul_mod(slow_mul_mod(sa, sb, p), inverse_r, p)) == 0);
        FN(sqr)(&c, &a);
        CHECK(slow_compare(TN(slow)(&c), slow_mul_mod(slow_mul_mod(sa, sa, p), inverse_r, p)) == 0);
        FN(to_mont)(&c, &a);
        CHECK(slow_compare(slow_mul_mod(TN(slow)(&c), inverse_r, p), sa) == 0);
        FN(from_mont)(&c, &a);
        CHECK(slow_compare(TN(slow)(&c), slow_mul_mod(sa, inverse_r, p)) == 0);
        /* out may alias */
        TF d = a;
        FN(mul)(&c, &a, &a);
        FN(mul)(&d, &d, &d);
        CHECK(FN(equal)(&c, &d));
    }
}

/* b of mul and the input of to_mont may be any number of N limbs. */
CASE(wide_factor)
{
    struct slow p = TN(modulus)();
    for (int round = 0; round < 100; round++) {
        TF a, b, c, back;
        TN(pick)(&a);
        test_random_bytes(&b, sizeof b);
        if (round == 0) memset(&b, 0xff, sizeof b);
        FN(to_mont)(&c, &b);
        FN(from_mont)(&c, &c);
        CHECK(slow_compare(TN(slow)(&c), slow_mod(TN(slow)(&b), p)) == 0);
        FN(mul)(&back, &a, &b);
        FN(mul)(&c, &a, &c);
        CHECK(FN(equal)(&back, &c));
    }
}

CASE(inverse)
{
    TF zero = {{0}}, a, b, c, list[33], before[33], copy[33];
    FN(inv)(&a, &zero);
    CHECK(FN(is_zero)(&a));
    FN(inv_var)(&a, &zero);
    CHECK(FN(is_zero)(&a));
    for (int round = 0; round < 300; round++) {
        TN(pick)(&a);
        if (FN(is_zero)(&a)) continue;
        FN(inv)(&b, &a);
        FN(mul)(&c, &a, &b);
        CHECK(FN(equal)(&c, &FN(one)));
        FN(inv_var)(&c, &a);
        CHECK(FN(equal)(&b, &c));
    }
    for (size_t n = 0; n <= 33; n++) {
        for (size_t i = 0; i < n; i++) {
            TN(pick)(&list[i]);
            FN(inv)(&copy[i], &list[i]);
        }
        FN(batch_inv)(list, n, before);
        for (size_t i = 0; i < n; i++) CHECK(FN(equal)(&list[i], &copy[i]));
    }
}

CASE(predicates_and_bytes)
{
    TF zero = {{0}}, one = {{1}}, a, b;
    uint8_t bytes[FN(bytes) + 1];
    CHECK(FN(is_zero)(&zero) && !FN(is_zero)(&one));
    CHECK(FN(is_canonical)(&zero) && !FN(is_canonical)(&FN(p)));
    FN(raw_sub)(&a, &FN(p), &one);
    CHECK(FN(is_canonical)(&a));
    memset(&a, 0xff, sizeof a);
    CHECK(!FN(is_canonical)(&a));
    for (int i = 0; i < LIMBS; i++) { /* every limb counts */
        a = zero;
        a.limb[i] = 1;
        CHECK(!FN(is_zero)(&a) && !FN(equal)(&a, &zero));
    }
    for (int round = 0; round < 50; round++) {
        TN(pick)(&a);
        FN(store)(bytes + 1, &a); /* not aligned */
        for (int i = 0; i < FN(bytes); i++) CHECK(bytes[1 + i] == (uint8_t)(a.limb[i / 8] >> 8 * (i % 8)));
        FN(load)(&b, bytes + 1);
        CHECK(FN(equal)(&a, &b));
        b = zero;
        FN(cmov)(&b, &a, false);
        CHECK(FN(is_zero)(&b));
        FN(cmov)(&b, &a, true);
        CHECK(FN(equal)(&a, &b));
        if (FN(p).limb[LIMBS - 1] >> 56 == 0)
            continue; /* far below R: reducing by subtraction takes forever */
        test_random_bytes(bytes, sizeof bytes);
        FN(load)(&a, bytes);
        FN(load_reduced)(&b, bytes);
        CHECK(slow_compare(TN(slow)(&b), slow_mod(TN(slow)(&a), TN(modulus)())) == 0);
    }
}

CASE(power)
{
    struct slow p = TN(modulus)();
    TF a, plain, out;
    TN(pick)(&a);
    FN(from_mont)(&plain, &a);
    uint64_t e[2] = {test_random(), test_random()};
    FN(pow)(&out, &a, e, 2);
    FN(from_mont)(&out, &out);
    CHECK(slow_compare(TN(slow)(&out), slow_pow_mod(TN(slow)(&plain), slow_of(e, 2), p)) == 0);
    FN(pow)(&out, &a, e, 0);
    CHECK(FN(equal)(&out, &FN(one)));
}

#undef FN
#undef TN
#undef LIMBS
#undef TF
#undef CASE
#undef CASE_
