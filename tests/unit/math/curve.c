/* The table of curve.h: what the wrappers add to the templates, for every build that this processor has. The
 * arithmetic itself is tested template by template beside this file. */
#include "math/curve.h"

#include "slow.h"
#include "sums.h"
#include "twist.h"

#include <pthread.h>

static const struct pm_curve *c(void) { return pm_curve_by_name("bn128"); }

static struct slow from_bytes(const uint8_t *bytes, size_t len)
{
    struct slow s = {{0}};
    for (size_t i = 0; i < len; i++) s.d[i / 4] |= (uint32_t)bytes[i] << 8 * (i % 4);
    return s;
}
static struct slow r(void) { return from_bytes(c()->fr_modulus, 32); }

static void random_element(uint8_t *out)
{
    bn254_fr t;
    pick_scalar(&t, (int)(test_random() % 10));
    bn254_fr_store(out, &t);
}
static uint8_t *random_elements(size_t n) /* from byte 1 */
{
    uint8_t *p = malloc(32 * n + 1);
    if (!p) abort();
    for (size_t i = 0; i < n; i++) random_element(p + 1 + 32 * i);
    return p;
}

PM_TEST(registry)
{
    CHECK(c() != NULL && c() == pm_curve_by_name("bn128"));
    CHECK(pm_curve_by_modulus(c()->fp_modulus, 32) == c());
    CHECK(pm_curve_by_modulus(c()->fr_modulus, 32) == NULL);
    CHECK(pm_curve_by_modulus(c()->fp_modulus, 31) == NULL);
    CHECK(pm_curve_by_modulus(c()->fp_modulus, 0) == NULL);
    CHECK(pm_curve_by_name("bn") == NULL && pm_curve_by_name("") == NULL);
    CHECK_STR(c()->name, "bn128");
    CHECK(c()->fp_bytes == 32 && c()->fr_bytes == 32 && c()->g1_bytes == 64 && c()->g2_bytes == 128);
    CHECK_U64(c()->two_adicity, 28);
    CHECK(c()->build[0] != 0);
    for (size_t i = 0; i < sizeof *c() / sizeof(void *); i++) /* no entry was forgotten */
        CHECK_MSG(((const uint64_t *)(const void *)c())[i] != 0, "word %zu", i);
}

static void *look_up(void *out)
{
    *(const struct pm_curve **)out = c();
    return NULL;
}

PM_TEST(registry_from_many_threads)
{
    pthread_t thread[8];
    const struct pm_curve *found[8];
    for (int i = 0; i < 8; i++) CHECK(pthread_create(&thread[i], NULL, look_up, &found[i]) == 0);
    for (int i = 0; i < 8; i++) pthread_join(thread[i], NULL);
    for (int i = 0; i < 8; i++) CHECK(found[i] == c());
}

PM_TEST(fr_elements)
{
    struct slow inverse_r = slow_pow_mod(slow_power_of_two(256), slow_sub(r(), slow_small(2)), r());
    uint8_t a[33], b[33], out[33], one[32] = {1};
    for (int round = 0; round < 100; round++) {
        random_element(a + 1);
        random_element(b + 1);
        struct slow sa = from_bytes(a + 1, 32), sb = from_bytes(b + 1, 32);
        c()->fr_add(out + 1, a + 1, b + 1);
        CHECK(slow_compare(from_bytes(out + 1, 32), slow_mod(slow_add(sa, sb), r())) == 0);
        c()->fr_sub(out + 1, a + 1, b + 1);
        CHECK(slow_compare(from_bytes(out + 1, 32), slow_mod(slow_sub(slow_add(sa, r()), sb), r())) == 0);
        c()->fr_mul(out + 1, a + 1, b + 1);
        struct slow product = slow_mul_mod(slow_mul_mod(sa, sb, r()), inverse_r, r());
        CHECK(slow_compare(from_bytes(out + 1, 32), product) == 0);
        memcpy(out, a, 33);
        c()->fr_mul(out + 1, out + 1, b + 1); /* in place */
        CHECK(slow_compare(from_bytes(out + 1, 32), product) == 0);
        c()->fr_to_mont(out + 1, a + 1);
        CHECK(slow_compare(from_bytes(out + 1, 32), slow_mul_mod(sa, slow_power_of_two(256), r())) == 0);
        c()->fr_from_mont(out + 1, out + 1);
        CHECK_MEM(out + 1, a + 1, 32);
        c()->fr_inv(out + 1, a + 1);
        c()->fr_mul(out + 1, out + 1, a + 1);
        c()->fr_from_mont(out + 1, out + 1);
        if (slow_bits(sa)) CHECK_MEM(out + 1, one, 32);
        CHECK(c()->fr_is_canonical(a + 1));
    }
    CHECK(!c()->fr_is_canonical(c()->fr_modulus));
    memset(a, 0xff, sizeof a);
    CHECK(!c()->fr_is_canonical(a));
    memset(a, 0, sizeof a);
    c()->fr_inv(out, a);
    CHECK_MEM(out, a, 32);
}

PM_TEST(reduce_wide)
{
    uint8_t wide[64], out[32];
    for (int round = 0; round < 100; round++) {
        test_random_bytes(wide, sizeof wide);
        if (round == 0) memset(wide, 0xff, sizeof wide);
        if (round == 1) memset(wide, 0, sizeof wide);
        if (round == 2) memset(wide + 32, 0, 32);
        if (round == 3) memset(wide, 0, 32), memcpy(wide, c()->fr_modulus, 32);
        c()->fr_reduce_wide(out, wide);
        CHECK(slow_compare(from_bytes(out, 32), slow_mod(from_bytes(wide, 64), r())) == 0);
    }
}

PM_TEST(roots)
{
    uint8_t root[32], next[32], one[32] = {1};
    c()->fr_to_mont(one, one);
    c()->fr_root(root, 0);
    CHECK_MEM(root, one, 32);
    for (unsigned log2_n = 1; log2_n <= c()->two_adicity; log2_n++) {
        c()->fr_root(next, log2_n);
        CHECK(memcmp(next, root, 32) != 0);
        uint8_t square[32];
        c()->fr_mul(square, next, next);
        CHECK_MEM(square, root, 32);
        memcpy(root, next, 32);
    }
    /* the value in snarkjs' own table: 5^((r - 1) / 2^28) */
    struct slow e;
    slow_divide(&e, r(), slow_power_of_two(28));
    c()->fr_from_mont(root, root);
    CHECK(slow_compare(from_bytes(root, 32), slow_pow_mod(slow_small(5), e, r())) == 0);
}

PM_TEST(vectors)
{
    struct pm_error err;
    static const size_t sizes[] = {0, 1, 2, 1023, 1025, 5000};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        size_t n = sizes[s];
        struct pm_pool *pool = pm_pool_new(1 + (unsigned)s % 3, &err);
        uint8_t *a = random_elements(n), *b = random_elements(n), *d = random_elements(n);
        uint8_t *out = malloc(32 * n + 1), *scratch = malloc(32 * n + 1), t[32];
        if (!out || !scratch) abort();
        c()->fr_vec_mul(pool, out + 1, a + 1, b + 1, n);
        for (size_t i = 0; i < n; i++) {
            c()->fr_mul(t, a + 1 + 32 * i, b + 1 + 32 * i);
            CHECK_MEM(t, out + 1 + 32 * i, 32);
        }
        c()->fr_vec_mul_sub(pool, out + 1, a + 1, b + 1, d + 1, n);
        for (size_t i = 0; i < n; i++) {
            c()->fr_mul(t, a + 1 + 32 * i, b + 1 + 32 * i);
            c()->fr_sub(t, t, d + 1 + 32 * i);
            CHECK_MEM(t, out + 1 + 32 * i, 32);
        }
        memcpy(out, a, 32 * n + 1);
        c()->fr_vec_mul_sub(pool, out + 1, out + 1, b + 1, d + 1, n); /* in place */
        if (n) CHECK_MEM(t, out + 1 + 32 * (n - 1), 32);
        c()->fr_vec_from_mont(pool, out + 1, a + 1, n);
        for (size_t i = 0; i < n; i++) {
            c()->fr_from_mont(t, a + 1 + 32 * i);
            CHECK_MEM(t, out + 1 + 32 * i, 32);
        }
        c()->fr_vec_inv(pool, out + 1, a + 1, n, scratch + 1);
        memcpy(d, a, 32 * n + 1);
        c()->fr_vec_inv(pool, d + 1, d + 1, n, scratch + 1); /* in place */
        for (size_t i = 0; i<n; i += n> 100 ? 13 : 1) {
            c()->fr_inv(t, a + 1 + 32 * i);
            CHECK_MEM(t, out + 1 + 32 * i, 32);
            CHECK_MEM(t, d + 1 + 32 * i, 32);
        }
        free(a);
        free(b);
        free(d);
        free(out);
        free(scratch);
        pm_pool_free(&pool);
    }
}

PM_TEST(rows)
{
    enum { ROWS = 2500, WIDTH = 50 };
    struct pm_error err;
    struct pm_pool *pool = pm_pool_new(2, &err);
    static uint32_t start[ROWS + 1], column[ROWS * 4];
    for (uint32_t i = 0; i < ROWS; i++) {
        start[i + 1] = start[i] + (uint32_t)(test_random() % 5); /* empty rows among them */
        for (uint32_t k = start[i]; k < start[i + 1]; k++) column[k] = (uint32_t)(test_random() % WIDTH);
    }
    uint8_t *coefficient = random_elements(ROWS * 4), *witness = random_elements(WIDTH),
            *out = malloc(32 * ROWS + 1);
    if (!out) abort();
    struct pm_rows rows = {.n_rows = ROWS, .start = start, .column = column, .coefficient = coefficient + 1};
    c()->fr_rows_mul(pool, out + 1, &rows, witness + 1);
    for (uint32_t i = 0; i < ROWS; i++) {
        uint8_t sum[32] = {0}, t[32];
        for (uint32_t k = start[i]; k < start[i + 1]; k++) {
            c()->fr_mul(t, coefficient + 1 + 32 * k, witness + 1 + 32 * column[k]);
            c()->fr_add(sum, sum, t);
        }
        CHECK_MEM(sum, out + 1 + 32 * i, 32);
    }
    rows.n_rows = 0;
    c()->fr_rows_mul(pool, out + 1, &rows, witness + 1);
    free(coefficient);
    free(witness);
    free(out);
    pm_pool_free(&pool);
}

/* A key's coefficient is c R^2: with a plain witness value w the row gives c w in Montgomery form. */
PM_TEST(rows_of_a_key)
{
    uint8_t seven[32] = {7}, stored[32], w[32] = {9}, out[32], expected[32] = {63};
    uint32_t start[2] = {0, 1}, column = 0;
    c()->fr_to_mont(stored, seven);
    c()->fr_to_mont(stored, stored);
    struct pm_rows rows = {.n_rows = 1, .start = start, .column = &column, .coefficient = stored};
    c()->fr_rows_mul(NULL, out, &rows, w);
    c()->fr_from_mont(out, out);
    CHECK_MEM(out, expected, 32);
}

PM_TEST(ntt_through_the_table)
{
    enum { LOG2_N = 6, N = 1 << LOG2_N };
    uint8_t *before = random_elements(N), data[32 * N + 1], scale[32] = {N}, one[32] = {1};
    uint8_t *table = exact_scratch(c()->ntt_table_bytes(LOG2_N + 2));
    c()->ntt_table_make(table, LOG2_N + 2, NULL);
    memcpy(data, before, sizeof data);
    c()->fr_to_mont(scale, scale);
    c()->fr_inv(scale, scale);
    c()->fr_to_mont(one, one);
    c()->ntt_inverse(NULL, data + 1, LOG2_N, table, LOG2_N + 2);
    c()->ntt_shift(NULL, data + 1, LOG2_N, scale, one);
    c()->ntt_forward(NULL, data + 1, LOG2_N, table, LOG2_N + 2);
    CHECK_MEM(data + 1, before + 1, 32 * N);
    /* the monomial x: coefficient 1 stands at position N / 2, its evaluations are the roots */
    memset(data, 0, sizeof data);
    memcpy(data + 1 + 32 * (N / 2), one, 32);
    c()->ntt_forward(NULL, data + 1, LOG2_N, table, LOG2_N + 2);
    uint8_t root[32], power[32];
    c()->fr_root(root, LOG2_N);
    memcpy(power, one, 32);
    for (size_t i = 0; i < N; i++) {
        CHECK_MEM(data + 1 + 32 * i, power, 32);
        c()->fr_mul(power, power, root);
    }
    free(before);
    free(table);
}

PM_TEST(points)
{
    uint8_t g1[65], g2[129], zero[128] = {0}, k[32], minus[32], t[128];
    CHECK(c()->g1_check(c()->g1_generator) && c()->g2_check(c()->g2_generator));
    CHECK(c()->g1_check(zero) && c()->g2_check(zero));
    memcpy(g1 + 1, c()->g1_generator, 64);
    memcpy(g2 + 1, c()->g2_generator, 128);
    for (int bit = 0; bit < 512; bit += 7) { /* one flipped bit anywhere is noticed */
        g1[1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(!c()->g1_check(g1 + 1));
        g1[1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (int bit = 0; bit < 1024; bit += 7) {
        g2[1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(!c()->g2_check(g2 + 1));
        g2[1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    struct pm_point1 p, q;
    struct pm_point2 u, v;
    random_element(k);
    memset(minus, 0, 32);
    c()->fr_sub(minus, minus, k);
    c()->g1_from_affine(&p, g1 + 1);
    c()->g2_from_affine(&u, g2 + 1);
    c()->g1_mul(&q, &p, k);
    c()->g1_mul(&p, &p, minus);
    c()->g1_add(&p, &p, &q);
    c()->g1_to_affine(t, &p);
    CHECK_MEM(t, zero, 64);
    c()->g2_mul(&v, &u, k);
    c()->g2_mul(&u, &u, minus);
    c()->g2_neg(&u, &u);
    c()->g2_to_affine(t, &u);
    c()->g2_to_affine(g2 + 1, &v);
    CHECK_MEM(t, g2 + 1, 128);
    CHECK(c()->g2_check(t));
    c()->g1_neg(&p, &q);
    c()->g1_add(&p, &p, &q);
    c()->g1_add(&p, &p, &q);
    c()->g1_to_affine(t, &p);
    c()->g1_to_affine(g1 + 1, &q);
    CHECK_MEM(t, g1 + 1, 64);
}

PM_TEST(subgroup_of_g2)
{
    bn254_g2_affine a;
    uint8_t bytes[128];
    for (int round = 0; round < 5; round++) {
        random_twist_point(&a);
        CHECK(bn254_g2_affine_on_curve(&a));
        bn254_g2_affine_store(bytes, &a);
        CHECK(!c()->g2_check(bytes));
    }
}

/* fixed, msm and mul agree with one another. */
PM_TEST(sums_through_the_table)
{
    enum { N = 300 };
    struct pm_error err;
    struct pm_pool *pool = pm_pool_new(2, &err);
    uint8_t *scalars = random_elements(N), *g1 = malloc(N * 64 + 1), *g2 = malloc(N * 128 + 1), sum[32] = {0},
            t[32];
    if (!g1 || !g2) abort();
    void *scratch = exact_scratch(c()->fixed_g1_scratch(N, 2));
    c()->fixed_g1_var(pool, g1 + 1, c()->g1_generator, scalars + 1, N, scratch);
    free(scratch);
    scratch = exact_scratch(c()->fixed_g2_scratch(N, 2));
    c()->fixed_g2_var(pool, g2 + 1, c()->g2_generator, scalars + 1, N, scratch);
    free(scratch);
    for (size_t i = 0; i < N; i++) { /* sum of squares */
        c()->fr_to_mont(t, scalars + 1 + 32 * i);
        c()->fr_mul(t, t, scalars + 1 + 32 * i);
        c()->fr_add(sum, sum, t);
    }
    struct pm_point1 p, q;
    struct pm_point2 u, v;
    uint8_t left[128], right[128];
    scratch = exact_scratch(c()->msm_g1_scratch(N, 2));
    c()->msm_g1_var(pool, &p, g1 + 1, scalars + 1, N, scratch);
    free(scratch);
    c()->g1_from_affine(&q, c()->g1_generator);
    c()->g1_mul(&q, &q, sum);
    c()->g1_to_affine(left, &p);
    c()->g1_to_affine(right, &q);
    CHECK_MEM(left, right, 64);
    scratch = exact_scratch(c()->msm_g2_scratch(N, 2));
    c()->msm_g2_var(pool, &u, g2 + 1, scalars + 1, N, scratch);
    free(scratch);
    c()->g2_from_affine(&v, c()->g2_generator);
    c()->g2_mul(&v, &v, sum);
    c()->g2_to_affine(left, &u);
    c()->g2_to_affine(right, &v);
    CHECK_MEM(left, right, 128);
    free(scalars);
    free(g1);
    free(g2);
    pm_pool_free(&pool);
}

PM_TEST(pairing)
{
    uint8_t a[32], g1[2 * 64 + 1], g2[2 * 128 + 1];
    struct pm_point1 p;
    struct pm_point2 q;
    random_element(a); /* e(a G, H) e(-G, a H) = 1 */
    c()->g1_from_affine(&p, c()->g1_generator);
    c()->g2_from_affine(&q, c()->g2_generator);
    c()->g2_mul(&q, &q, a);
    c()->g2_to_affine(g2 + 1 + 128, &q);
    c()->g1_neg(&p, &p);
    c()->g1_to_affine(g1 + 1 + 64, &p);
    c()->g1_neg(&p, &p);
    c()->g1_mul(&p, &p, a);
    c()->g1_to_affine(g1 + 1, &p);
    memcpy(g2 + 1, c()->g2_generator, 128);
    CHECK(c()->pairing_product_is_one(g1 + 1, g2 + 1, 2));
    memcpy(g1 + 1 + 64, c()->g1_generator, 64);
    bool a_is_zero = true;
    for (int i = 0; i < 32; i++) a_is_zero &= a[i] == 0;
    if (!a_is_zero) CHECK(!c()->pairing_product_is_one(g1 + 1, g2 + 1, 2));
    CHECK(c()->pairing_product_is_one(NULL, NULL, 0));
    CHECK(!c()->pairing_product_is_one(NULL, NULL, 17)); /* more than it takes */
}

/* Values that ffjavascript, the arithmetic under snarkjs, prints for e(G, H) and e(a G, b H), a =
 * 12345678901234567890, b = 987654321, in the order of vk_alphabeta_12. */
PM_TEST(pairing_value)
{
    static const char *const expected[2][12] = {
        {"262b253feda94cfe0da01bde280a3ed6f87e5feb898578b55e1f63739d870e95",
         "02e02d2cc795a2000a1b1f823879abbd397c4dea0918ed66b49d34b48efb8a4a",
         "13a9f2d6e29b128da5b1ad44b31977935fd2957387ecb1fc4e135402fdbd1de0",
         "040ba9fa500f1a5c4b31984a74e68659c4b420bd699ce630b130b08a6ea1162b",
         "0afc2f3fd870678fbe359d7f9873f052478f590b211ce30bf5e3eeaef89eafdb",
         "1c54a530398c9064bdc662d929e645cadda9a712cc5a8243f9cddbd2d98dd1f0",
         "095c0fbf5d5a1ac023794a0d856f92591ba990ecfd4b7aef5c0d58c5dc2429fe",
         "14d3d6ca72d8a950a31dc10f7b4053c9e9ad9ebb590cb4a60f8215d4b99f2b4a",
         "1dc0e7bbc3d70e6689dc206b4b91c85759dc1a23043c585fdfaf545838ca7429",
         "0b53320e5a6488cb98a855ffc837d2a75ab90d61ac16cc1b7ab2cd3ed5e22b97",
         "13a8afd3085dae4c6c91476ef36cd1d318ce07bac42a9c0f9bd7fddaf5ebd723",
         "00f97b5221474526b601f3730a3afa965ceee1b343940c383e5314859e762c97"},
        {"2b25cf83163fdfb64a587affe765a1475ffdf9b3d177321e3d5ac615f2834c09",
         "15c1064dc741663b4acab64a52e72723060879fdd16ce69d50a83cdf21cd602e",
         "0f27f4e67f3adba84439fb2dfcec590f1f7f0ea84143152e14091b0b3d91c834",
         "14a7c6c0d26fd355ab1e1a05c6a801ea478cf68f1b386d34fa72d2b6ac340cb6",
         "287c5e040fd4684be9f4c94cfdf0c3314b25ef7e186a7a9eef0241a67ca5efd8",
         "14529e39ea71dc7481f8e4c4783e0907bf5fefc18ebe85ce750d7de5cc3b7f4f",
         "25d53eeca0d10906a6cc2490966aca2450e6ba39412c2b60d5d967d68cc67475",
         "1f5c496fe6c5fc136964cd79bd87fce50617c312abb9c94017f1fc9930f54687",
         "2b15a182f595f99f8e93858c6a75f8389a7ecd857c144464f766b8d25aab0b13",
         "14872ad77d442855d1fc133300f3cdea2d42a24ab98aa0bb80214be7961b41b5",
         "2f1ea7e2f49a08831026a15a3fc2e2ede41e9ee3a941a22eb7c7b35d7dfc6053",
         "05c876facdc84ee85362d9cb4b05cc78c798e6912a09ebb89dd98c69eac337af"},
    };
    uint8_t a[32] = {0}, b[32] = {0}, g1[64], g2[128], out[12 * 32], zero[128] = {0};
    struct pm_point1 p;
    struct pm_point2 q;
    pm_store_le64(a, 12345678901234567890u);
    pm_store_le64(b, 987654321);
    memcpy(g1, c()->g1_generator, 64);
    memcpy(g2, c()->g2_generator, 128);
    for (int round = 0; round < 2; round++) {
        c()->pairing(out, g1, g2);
        for (int i = 0; i < 12; i++) {
            uint8_t big[32];
            CHECK(pm_hex_decode(big, 32, expected[round][i]));
            for (int k = 0; k < 32; k++) CHECK_MSG(big[31 - k] == out[32 * i + k], "coefficient %d", i);
        }
        c()->g1_from_affine(&p, g1);
        c()->g1_mul(&p, &p, a);
        c()->g1_to_affine(g1, &p);
        c()->g2_from_affine(&q, g2);
        c()->g2_mul(&q, &q, b);
        c()->g2_to_affine(g2, &q);
    }
    uint8_t one[12 * 32] = {1};
    c()->pairing(out, zero, g2);
    CHECK_MEM(out, one, sizeof one);
    c()->pairing(out, g1, zero);
    CHECK_MEM(out, one, sizeof one);
}
