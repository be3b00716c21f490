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

/* Products and sums of two products at the bounds: A B = room, or half of it twice. They are below 2. */
CASE(products)
{
    const uint64_t factors[] = {1, 2, 3, 6, 12, (uint64_t)L(room) / 12, (uint64_t)L(room) / 2};
    uint64_t twice[N];
    TF gap = {{(uint64_t)1 << L(gap)}};
    F(to_mont)(&gap, &gap);
    TN(multiple)(twice, 2, 0);
    for (int round = 0; round < 15000; round++) {
        uint64_t factor = factors[round % 7];
        const bool sums = round % 2;
        TL a[4], b[4], out[2];
        for (int k = 0; k < 4; k++) {
            a[k] = TN(pick)(factor);
            b[k] = TN(pick)((uint64_t)L(room) / (sums ? 2 : 1) / factor);
        }
        if (sums)
            L(dot2)(out, a, b, 2);
        else
            L(mul2)(out, a, b);
        for (int s = 0; s < 2; s++) {
            TL canonical = L(canonical)(out[s]);
            for (int j = 0; j < 8; j++) {
                TF expected = {{0}};
                for (int k = sums ? 2 * s : s; k < (sums ? 2 * s + 2 : s + 1); k++) {
                    TF x = TN(carried_value)(&a[k], j), y = TN(carried_value)(&b[k], j);
                    F(mul)(&x, &x, &y);
                    F(add)(&expected, &expected, &x);
                }
                TF got = TN(packed)(&canonical, j), whole = TN(carried_value)(&out[s], j);
                CHECK(F(is_canonical)(&got) && F(equal)(&got, &whole));
                F(mul)(&got, &got, &gap);
                CHECK(F(equal)(&got, &expected));
                CHECK(TN(top)(&out[s], j) <= twice[N - 1]);
            }
        }
    }
}

/* Whether canonical(out) 2^gap is `expected`, in lane j, and out below k. */
static void TN(check_product)(const TL *out, int j, const TF *expected, uint64_t k)
{
    uint64_t bound[N];
    TF gap = {{(uint64_t)1 << L(gap)}}, got, whole = TN(carried_value)(out, j);
    TL canonical = L(canonical)(*out);
    TN(multiple)(bound, k, 0);
    F(to_mont)(&gap, &gap);
    got = TN(packed)(&canonical, j);
    CHECK(F(is_canonical)(&got) && F(equal)(&got, &whole));
    F(mul)(&got, &got, &gap);
    CHECK(F(equal)(&got, expected));
    CHECK(TN(top)(out, j) <= bound[N - 1]);
}

/* Products in Fp2 and squares, at their bounds. */
CASE(wide)
{
    const uint64_t factors[] = {1, 2, 3, 6, (uint64_t)L(room) / 6, (uint64_t)L(room) / 2};
    for (int round = 0; round < 8000; round++) {
        uint64_t factor = factors[round % 6], other = (uint64_t)L(room) / factor;
        if (other > (uint64_t)L(room) / 2) other = (uint64_t)L(room) / 2;
        TL a[2] = {TN(pick)(factor), TN(pick)(factor)}, b[2] = {TN(pick)(other), TN(pick)(other)}, out[2];
        L(mul_fp2)(out, a, b);
        for (int j = 0; j < 8; j++) {
            TF x[2], y[2], t, u;
            for (int k = 0; k < 2; k++)
                x[k] = TN(carried_value)(&a[k], j), y[k] = TN(carried_value)(&b[k], j);
            F(mul)(&t, &x[0], &y[0]);
            F(mul)(&u, &x[1], &y[1]);
            F(sub)(&t, &t, &u);
            TN(check_product)(&out[0], j, &t, 3);
            F(mul)(&t, &x[0], &y[1]);
            F(mul)(&u, &x[1], &y[0]);
            F(add)(&t, &t, &u);
            TN(check_product)(&out[1], j, &t, 3);
        }
        for (int k = 0; k < 2; k++) a[k] = TN(pick)(round % 2 ? 1 : 5);
        memcpy(out, a, sizeof out);
        L(sqr2)(out, out);
        for (int k = 0; k < 2; k++)
            for (int j = 0; j < 8; j++) {
                TF x = TN(carried_value)(&a[k], j);
                F(sqr)(&x, &x);
                TN(check_product)(&out[k], j, &x, 2);
            }
    }
}

/* Limbs of ones everywhere, but for one factor's highest limb, without which the product would not fit: no
 * column overflows. */
CASE(ones)
{
    TL a[4], b[4], out[2];
    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < N; i++) a[k].l[i] = b[k].l[i] = _mm512_set1_epi64((long long)MASK52);
        b[k].l[N - 1] = _mm512_set1_epi64(1);
    }
    TF x = TN(value)(&a[0], 0), y = TN(value)(&b[0], 0), expected, gap = {{(uint64_t)1 << L(gap)}};
    F(to_mont)(&gap, &gap);
    F(mul)(&expected, &x, &y);
    for (int terms = 1; terms <= 2; terms++) {
        if (terms == 1)
            L(mul2)(out, a, b);
        else
            L(dot2)(out, a, b, 2);
        for (int s = 0; s < 2; s++)
            for (int j = 0; j < 8; j++) {
                TF got = TN(value)(&out[s], j);
                F(mul)(&got, &got, &gap);
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
