/* The tests of one field's lanes; included once per field with TF = the scalar field's prefix, TL = the
 * lanes'. */
#define F(op)       PM_CAT(TF, _##op)
#define L(op)       PM_CAT(TL, _##op)
#define TN(op)      PM_CAT(PM_CAT(test_, TL), _##op)
#define N           L(limbs)
#define W           L(words)
#define CASE(name)  CASE_(PM_CAT(PM_CAT(TL, _), name))
#define CASE_(name) PM_TEST(name)

static void TN(put)(TL *a, int j, const uint64_t limb[N])
{
    for (int i = 0; i < N; i++) ((uint64_t *)&a->l[i])[j] = limb[i];
}
static uint64_t TN(top)(const TL *a, int j) { return ((const uint64_t *)&a->l[N - 1])[j]; }

/* The class of the integer in lane j; limbs signed. */
static TF TN(value)(const TL *a, int j)
{
    TF sum = {{0}}, base = {{(uint64_t)1 << 52}}, t;
    F(to_mont)(&base, &base);
    for (int i = N; i-- > 0;) {
        int64_t limb = (int64_t)((const uint64_t *)&a->l[i])[j];
        F(mul)(&sum, &sum, &base);
        t = (TF){{(uint64_t)(limb < 0 ? -limb : limb)}};
        if (limb < 0) F(neg)(&t, &t);
        F(add)(&sum, &sum, &t);
    }
    return sum;
}
/* The same for carried limbs, faster: the 64 W lower bits and R times those above. */
static TF TN(carried_value)(const TL *a, int j)
{
    TF low = {{0}}, high = {{0}};
    for (int i = 0; i < N; i++) {
        uint64_t limb = ((const uint64_t *)&a->l[i])[j];
        low.limb[52 * i / 64] |= limb << 52 * i % 64;
        if (52 * i % 64 <= 12) continue;
        *(i + 1 < N ? &low.limb[52 * i / 64 + 1] : &high.limb[0]) |= limb >> (64 - 52 * i % 64);
    }
    F(to_mont)(&low, &low);
    F(from_mont)(&low, &low);
    F(to_mont)(&high, &high);
    F(add)(&low, &low, &high);
    return low;
}
static TF TN(packed)(const TL *a, int j)
{
    __m512i w[W];
    TF out;
    L(pack)(w, a);
    for (int i = 0; i < W; i++) out.limb[i] = ((const uint64_t *)&w[i])[j];
    return out;
}

/* k p + delta as carried limbs; the highest takes all that is left. */
static void TN(multiple)(uint64_t limb[N], uint64_t k, int64_t delta)
{
    pm_u128 sum = 0;
    for (int i = 0; i < N; i++) {
        sum += (pm_u128)k * L(p52)(i);
        limb[i] = (uint64_t)sum & MASK52;
        sum >>= 52;
    }
    for (int i = 0; delta != 0 && i < N; i++) {
        delta += (int64_t)limb[i];
        limb[i] = (uint64_t)delta & MASK52;
        delta >>= 52;
    }
}

/* A carried value below k p, of one of many kinds; k < room. */
static void TN(pick_limbs)(uint64_t limb[N], uint64_t k)
{
    uint64_t bound[N], kind = test_random() % 8, m = test_random() % k;
    TN(multiple)(bound, k, -1);
    switch (kind) {
    case 0: /* near a multiple of p */
        TN(multiple)(limb, m, m == 0 ? (int64_t)(test_random() % 3) : (int64_t)(test_random() % 5) - 2);
        break;
    case 1: /* the largest */
        memcpy(limb, bound, sizeof bound);
        break;
    case 2: /* all lower limbs ones */
        for (int i = 0; i + 1 < N; i++) limb[i] = MASK52;
        limb[N - 1] = bound[N - 1] - 1;
        break;
    case 3: /* limbs of ones and zeros */
        for (int i = 0; i + 1 < N; i++) limb[i] = test_random() & 1 ? MASK52 : 0;
        limb[N - 1] = test_random() % bound[N - 1];
        break;
    case 4: /* small */
        memset(limb, 0, sizeof bound);
        limb[0] = test_random() % 3;
        break;
    default:
        for (int i = 0; i + 1 < N; i++) limb[i] = test_random() & MASK52;
        limb[N - 1] = test_random() % bound[N - 1];
        break;
    }
}
static TL TN(pick)(uint64_t k)
{
    TL out;
    uint64_t limb[N];
    for (int j = 0; j < 8; j++) {
        TN(pick_limbs)(limb, k);
        TN(put)(&out, j, limb);
    }
    return out;
}
/* A value below 1 + q, which is to say below 2^LANES_BITS + p: what reduce may leave. */
static TL TN(pick_reduced)(void)
{
    TL out = TN(pick)(2), small = TN(pick)(1);
    for (int j = 0; j < 8; j++)
        if (test_random() % 3 == 0) { /* 2^LANES_BITS - 1 + what is below p */
            uint64_t limb[N], carry = 0;
            for (int i = 0; i < N; i++) {
                uint64_t ones = i + 1 < N ? MASK52 : ((uint64_t)1 << L(top_shift)) - 1;
                carry += ones + ((const uint64_t *)&small.l[i])[j];
                limb[i] = carry & MASK52;
                carry >>= 52;
            }
            TN(put)(&out, j, limb);
        }
    return out;
}

/* 2^-gap x: M is this of the portable product. */
static TF TN(over_gap)(const TF *x)
{
    TF gap = {{(uint64_t)1 << L(gap)}};
    F(to_mont)(&gap, &gap);
    F(inv)(&gap, &gap);
    F(mul)(&gap, x, &gap);
    return gap;
}

/* Products, squares, and what Fp2 makes of them, at the bounds. */
CASE(products)
{
    const uint64_t factors[] = {1, 2, 3, 6, 12, (uint64_t)L(room) / 12, (uint64_t)L(room) / 2};
    uint64_t bound[4][N];
    TF one = F(one), over_gap = TN(over_gap)(&one);
    for (uint64_t k = 1; k < 4; k++) TN(multiple)(bound[k], k, 0);
    for (int round = 0; round < 10000; round++) {
        uint64_t factor = factors[round % 7];
        TL a[2], b[2], out[2], square, c0, c1;
        for (int k = 0; k < 2; k++) {
            a[k] = TN(pick)(factor);
            b[k] = TN(pick)((uint64_t)L(room) / factor);
        }
        for (int k = 0; k < 2; k++) out[k] = L(mul)(a[k], b[k]);
        struct L(wide) low = L(wide_mul)(a[0], b[0]), high = L(wide_mul)(a[1], b[1]);
        c0 = L(carry)(L(sub)(L(wide_reduce)(L(wide_sub)(low, high)), L(zero)(), 1));
        c1 = L(carry)(L(wide_reduce)(round % 2 ? L(wide_add)(low, high) : L(wide_mul_add)(low, a[1], b[1])));
        square = L(carry)(L(sqr_loose)(factor * factor <= (uint64_t)L(room) ? a[0] : b[0]));
        for (int j = 0; j < 8; j++) {
            TF x = TN(carried_value)(&a[0], j), y = TN(carried_value)(&b[0], j), product[2], t, got;
            t = factor * factor <= (uint64_t)L(room) ? x : y;
            F(sqr)(&t, &t);
            F(mul)(&t, &t, &over_gap);
            got = TN(carried_value)(&square, j);
            CHECK(F(equal)(&got, &t) && TN(top)(&square, j) <= bound[2][N - 1]);
            for (int k = 0; k < 2; k++) {
                x = TN(carried_value)(&a[k], j), y = TN(carried_value)(&b[k], j);
                F(mul)(&product[k], &x, &y);
                F(mul)(&product[k], &product[k], &over_gap);
                got = TN(carried_value)(&out[k], j);
                CHECK(F(equal)(&got, &product[k]) && TN(top)(&out[k], j) <= bound[2][N - 1]);
            }
            got = TN(carried_value)(&c0, j);
            F(sub)(&t, &product[0], &product[1]);
            CHECK(F(equal)(&got, &t) && TN(top)(&c0, j) <= bound[3][N - 1]);
            got = TN(carried_value)(&c1, j);
            F(add)(&t, &product[0], &product[1]);
            CHECK(F(equal)(&got, &t) && TN(top)(&c1, j) <= bound[3][N - 1]);
        }
    }
}

/* Products with fixed factors of values below `A`, and the factors themselves, at the borders. */
CASE(fixed_factors)
{
    const uint64_t factors[] = {1, 2, 6, 12, (uint64_t)L(room) / 2, (uint64_t)L(room) - 1};
    uint64_t bound[3][N];
    for (uint64_t k = 1; k < 3; k++) TN(multiple)(bound[k], k, 0);
    for (int round = 0; round < 600; round++) {
        uint64_t factor = factors[round % 6];
        TL shifted = L(canonical)(TN(pick)(1)), x = TN(pick)(factor), out, carried;
        struct L(fixed) fixed[8];
        L(fix)(fixed, shifted);
        for (int j = 0; j < 8; j++) {
            TF t = TN(carried_value)(&shifted, j), got, over_gap = TN(over_gap)(&t), y;
            out = L(mul_fixed)(x, &fixed[j]);
            carried = L(carry)(out);
            F(from_mont)(&over_gap, &over_gap); /* 2^(52 N) t -> t */
            for (int i = 0; i < 8; i++) {
                y = TN(carried_value)(&x, i);
                F(to_mont)(&t, &over_gap);
                F(mul)(&y, &y, &t);
                got = TN(value)(&out, i);
                CHECK(F(equal)(&got, &y));
                CHECK(TN(top)(&carried, i) <= bound[2][N - 1]);
            }
        }
    }
}

/* Limbs of ones everywhere, but for one factor's highest limb, without which the product would not fit: no
 * column overflows. */
CASE(ones)
{
    TL a, b, out;
    for (int i = 0; i < N; i++) a.l[i] = b.l[i] = _mm512_set1_epi64((long long)MASK52);
    b.l[N - 1] = _mm512_set1_epi64(1);
    TF x = TN(value)(&a, 0), y = TN(value)(&b, 0), expected;
    F(mul)(&x, &x, &y);
    expected = TN(over_gap)(&x);
    struct L(wide) product = L(wide_mul)(a, b);
    for (int terms = 1; terms <= 2; terms++) {
        out = L(carry)(L(wide_reduce)(terms == 1 ? product : L(wide_add)(product, product)));
        for (int j = 0; j < 8; j++) {
            TF got = TN(value)(&out, j);
            CHECK_MSG(F(equal)(&got, &expected), "%d terms", terms);
        }
        F(dbl)(&expected, &expected);
    }
}

CASE(linear)
{
    uint64_t twice[N];
    TN(multiple)(twice, 2, 0);
    for (int round = 0; round < 3000; round++) {
        TL a = TN(pick_reduced)(), b = TN(pick_reduced)(), c = TN(pick)(3);
        TL sum = L(add)(a, b), shifted = L(shift)(a, 3), wide = L(shift_carried)(a, L(gap));
        TL loose = round % 2 ? L(add)(L(add)(sum, a), b) : L(sub)(L(sub)(L(reduce)(a), b, 3), c, 3);
        TL small = L(reduce)(loose), exact = L(canonical)(loose);
        L(check)(&wide);
        L(check)(&small);
        for (int j = 0; j < 8; j++) {
            TF x = TN(carried_value)(&a, j), y = TN(carried_value)(&b, j), z = TN(carried_value)(&c, j), t, u;
            F(add)(&t, &x, &y);
            u = TN(value)(&sum, j);
            CHECK(F(equal)(&t, &u));
            t = x;
            for (int k = 0; k < L(gap); k++) {
                F(dbl)(&t, &t);
                u = TN(value)(&shifted, j);
                if (k == 2) CHECK(F(equal)(&t, &u));
            }
            u = TN(value)(&wide, j);
            CHECK(F(equal)(&t, &u));
            if (round % 2) {
                F(add)(&t, &x, &y);
                F(dbl)(&t, &t);
            } else {
                F(sub)(&t, &x, &y);
                F(sub)(&t, &t, &z);
            }
            u = TN(value)(&loose, j);
            CHECK(F(equal)(&t, &u));
            u = TN(value)(&small, j);
            CHECK(F(equal)(&t, &u));
            CHECK(TN(top)(&small, j) <= ((uint64_t)1 << L(top_shift)) + twice[N - 1] / 2 + 16);
            u = TN(packed)(&exact, j);
            CHECK(F(is_canonical)(&u) && F(equal)(&t, &u));
        }
    }
}

/* The value of all lanes of `loose` after reduce and canonical. */
static void TN(check_reduced)(TL loose, const char *what, int k, int delta)
{
    TF expected = TN(value)(&loose, 0);
    TL reduced = L(reduce)(loose), got = L(canonical)(loose);
    L(check)(&reduced);
    for (int j = 0; j < 8; j++) {
        TF x = TN(packed)(&got, j), y = TN(value)(&reduced, j);
        CHECK_MSG(F(is_canonical)(&x) && F(equal)(&x, &expected), "%d %s + %d", k, what, delta);
        CHECK_MSG(F(equal)(&y, &expected), "%d %s + %d", k, what, delta);
    }
    CHECK(L(zero_mask)(&got) == (F(is_zero)(&expected) ? 0xff : 0));
}
/* The same with limbs that have a unit lent, or too many. */
static void TN(check_loosely)(TL a, const char *what, int k, int delta)
{
    TN(check_reduced)(a, what, k, delta);
    if (TN(top)(&a, 0) == 0) return;
    for (int lend = -1; lend <= 1; lend += 2) {
        TL loose = a;
        for (int i = 0; i + 1 < N; i++) {
            loose.l[i] = _mm512_add_epi64(loose.l[i], _mm512_set1_epi64(lend * (int64_t)(MASK52 + 1)));
            loose.l[i + 1] = _mm512_sub_epi64(loose.l[i + 1], _mm512_set1_epi64(lend));
        }
        TN(check_reduced)(loose, what, k, delta);
    }
}
/* What reduce takes: every multiple of p and every step of its quotient, with their neighbours, below 8 q. */
CASE(steps)
{
    for (int delta = -3; delta <= 3; delta++)
        for (int k = delta < 0; k < 16; k++) {
            TL a = L(zero)();
            a.l[0] = _mm512_set1_epi64(delta);
            TL multiple = L(sub)(a, L(zero)(), k), step = a;
            step.l[N - 1] = _mm512_set1_epi64((long long)k << L(top_shift));
            if (TN(top)(&multiple, 0) + 8 < (uint64_t)8 << L(top_shift))
                TN(check_loosely)(multiple, "p", k, delta);
            if (k < 8) TN(check_loosely)(step, "steps", k, delta);
            if (k == 8 && delta < 0) TN(check_reduced)(L(carry)(step), "steps", k, delta);
        }
}

CASE(memory)
{
    enum { MOST = 4 * 8 * W, PLACES = 20 };
    uint8_t from[PLACES * MOST + 1], to[PLACES * MOST + 1];
    for (int round = 0; round < 200; round++) {
        uint32_t index[8];
        test_random_bytes(from, sizeof from);
        if (round % 4 == 0) memset(from, round % 8 ? 0xff : 0, sizeof from);
        for (uint32_t j = 0, at = (uint32_t)(test_random() % 4); j < 8; j++) {
            index[(5 * j + (uint32_t)round) % 8] = at;
            at += 1 + (uint32_t)(test_random() % 2);
        }
        memcpy(to, from, sizeof to);
#define COUNT(count)                                                                                         \
    do {                                                                                                     \
        TL a[4];                                                                                             \
        const size_t stride = 8 * W * (count);                                                               \
        L(gather)(a, count, from + 1, stride, index);                                                        \
        for (int i = 0; i < (count); i++)                                                                    \
            for (int j = 0; j < 8; j++) {                                                                    \
                TF x = TN(packed)(&a[i], j);                                                                 \
                CHECK_MEM(&x, from + 1 + stride * index[j] + 8 * W * (size_t)i, 8 * W);                      \
            }                                                                                                \
        for (int j = 0; j < 8; j++) memset(to + 1 + stride * index[j], 0x5a, stride);                        \
        L(scatter)(to + 1, stride, index, a, count);                                                         \
        CHECK_MEM(from, to, sizeof to);                                                                      \
    } while (0)
        COUNT(1);
        COUNT(2);
        COUNT(4);
#undef COUNT
        TF one;
        F(load)(&one, from + 1);
        TL a = L(broadcast)(&one), b = L(blend)(0x0f, a, L(zero)());
        for (int j = 0; j < 8; j++) {
            TF x = TN(packed)(&a, j), y = TN(packed)(&b, j);
            CHECK(F(equal)(&x, &one));
            CHECK(j < 4 ? F(is_zero)(&y) : F(equal)(&y, &one));
        }
#if TEST_WORDS == 4
        static const int order[8] = {0, 2, 1, 3, 4, 6, 5, 7};
        a = L(load)(from + 1);
        for (int j = 0; j < 8; j++) {
            TF x = TN(packed)(&a, j);
            CHECK_MEM(&x, from + 1 + 32 * order[j], 32);
        }
        memset(to + 1, 0x5a, 256);
        L(store)(to + 1, &a);
        CHECK_MEM(from, to, sizeof to);
#endif
    }
}

#undef F
#undef L
#undef TN
#undef N
#undef W
#undef CASE
#undef CASE_
#undef TF
#undef TL
#undef TEST_WORDS
