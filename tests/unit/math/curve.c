/* The table of curve.h: what the wrappers add to the templates, for every build that this processor has. The
 * arithmetic itself is tested template by template beside this file. */
#include "math/curve.h"

#include "base/bytes.h"
#include "base/cpu.h"
#include "slow.h"
#include "sums.h"
#include "twist.h"
#include "vectors.h"

#include <pthread.h>

#if TEST_CURVE == 254
#define NAME "bn128"
enum { FP_BYTES = 32, TWO_ADICITY = 28 };
#else
#define NAME "bls12381"
enum { FP_BYTES = 48, TWO_ADICITY = 32 };
#endif
enum { G1_BYTES = 2 * FP_BYTES, G2_BYTES = 4 * FP_BYTES };

static const struct pm_curve *c(void) { return pm_curve_by_name(NAME); }

static struct slow from_bytes(const uint8_t *bytes, size_t len)
{
    struct slow s = {{0}};
    for (size_t i = 0; i < len; i++) s.d[i / 4] |= (uint32_t)bytes[i] << 8 * (i % 4);
    return s;
}
static struct slow r(void) { return from_bytes(c()->fr_modulus, 32); }

static void random_element(uint8_t *out)
{
    C(fr) t;
    pick_scalar(&t, (int)(test_random() % 10));
    C(fr_store)(out, &t);
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
    CHECK(c() != NULL && c() == pm_curve_by_name(NAME));
    CHECK(pm_curve_by_modulus(c()->fp_modulus, FP_BYTES) == c());
    CHECK(pm_curve_by_modulus(c()->fr_modulus, 32) == NULL);
    CHECK(pm_curve_by_modulus(c()->fp_modulus, FP_BYTES - 1) == NULL);
    CHECK(pm_curve_by_modulus(c()->fp_modulus, 0) == NULL);
    CHECK(pm_curve_by_name("bn") == NULL && pm_curve_by_name("") == NULL);
    CHECK(pm_curve_by_name("bls12-381") == pm_curve_by_name("bls12381"));
    CHECK(pm_curve_by_name("bn128") != pm_curve_by_name("bls12381"));
    CHECK_STR(c()->name, NAME);
    CHECK(c()->fp_bytes == FP_BYTES && c()->fr_bytes == 32);
    CHECK(c()->g1_bytes == G1_BYTES && c()->g2_bytes == G2_BYTES);
    CHECK_U64(c()->two_adicity, TWO_ADICITY);
    CHECK(c()->build[0] != 0);
    for (size_t i = 0; i < sizeof *c() / sizeof(void *); i++) /* no entry was forgotten */
        CHECK_MSG(((const uint64_t *)(const void *)c())[i] != 0, "word %zu", i);
}

static void *look_up(void *out)
{
    *(const struct pm_curve **)out = c();
    return NULL;
}

/* The best build that the processor and the mask in the environment allow. */
PM_TEST(build)
{
    unsigned features = pm_cpu_features();
    const char *mask = getenv("PROOFMILL_CPU");
    if (mask && !*mask) CHECK_STR(c()->build, "portable");
    if (features == 0) CHECK_STR(c()->build, "portable");
    if (features == PM_CPU_ADX) CHECK_STR(c()->build, "adx");
    if (features & PM_CPU_IFMA) CHECK_STR(c()->build, "ifma");
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
    /* the value in snarkjs' own table: 5^((r - 1) / 2^two_adicity) */
    struct slow e;
    slow_divide(&e, r(), slow_power_of_two(TWO_ADICITY));
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

PM_TEST(wild_elements)
{
    enum { N = 40 };
    uint8_t *elements = random_elements(N), *e = elements + 1;
    CHECK_U64(pm_curve_find_wild(c(), e, N), N);
    CHECK_U64(pm_curve_find_wild(c(), e, 0), 0);
    for (size_t i = 0; i < N; i++) {
        uint8_t kept[32];
        memcpy(kept, e + 32 * i, 32);
        memcpy(e + 32 * i, c()->fr_modulus, 32); /* r, r - 1, 2^256 - 1, r with a larger highest limb */
        CHECK_U64(pm_curve_find_wild(c(), e, N), i);
        e[32 * i]--;
        CHECK_U64(pm_curve_find_wild(c(), e, N), N);
        e[32 * i + 31]++;
        CHECK_U64(pm_curve_find_wild(c(), e, N), i);
        memset(e + 32 * i, 0xff, 32);
        CHECK_U64(pm_curve_find_wild(c(), e, N), i);
        memcpy(e + 32 * i, kept, 32);
    }
    free(elements);
}

PM_TEST(rows)
{
    enum { ROWS = 2500, WIDTH = 50, STEP = 4 + 32 + 3 };
    struct pm_error err;
    struct pm_pool *pool = pm_pool_new(2, &err);
    static uint32_t start[ROWS + 1], entry[ROWS * 4], column[ROWS * 4];
    static uint8_t records[ROWS * 4 * STEP];
    for (uint32_t i = 0; i < ROWS; i++) {
        start[i + 1] = start[i] + (uint32_t)(test_random() % 5); /* empty rows among them */
        for (uint32_t k = start[i]; k < start[i + 1]; k++) column[k] = (uint32_t)(test_random() % WIDTH);
    }
    uint8_t *coefficient = random_elements(ROWS * 4), *witness = random_elements(WIDTH),
            *out = malloc(32 * ROWS + 1);
    if (!out) abort();
    const uint32_t n = start[ROWS];
    for (uint32_t k = 0; k < n; k++) { /* records in any order */
        entry[k] = (k * 7919u + 5) % n;
        uint8_t *record = records + (size_t)entry[k] * STEP;
        pm_store_le32(record, column[k]);
        memcpy(record + 4, coefficient + 1 + 32 * (size_t)k, 32);
    }
    struct pm_rows rows = {.n_rows = ROWS,
                           .step = STEP,
                           .start = start,
                           .entry = entry,
                           .column = records,
                           .coefficient = records + 4};
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
    uint32_t start[2] = {0, 1}, column = 0, entry = 0;
    c()->fr_to_mont(stored, seven);
    c()->fr_to_mont(stored, stored);
    struct pm_rows rows = {.n_rows = 1,
                           .start = start,
                           .entry = &entry,
                           .column = (const uint8_t *)&column,
                           .coefficient = stored};
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

/* Against inverse, shift and forward transform, with a table for the size itself and with a larger one. */
PM_TEST(odd_coset)
{
    struct pm_error err;
    for (unsigned log2_n = 0; log2_n <= 13; log2_n += log2_n < 8 ? 1 : 5) {
        const unsigned larger = log2_n % 3 == 2;
        const size_t n = (size_t)1 << log2_n;
        uint8_t *before[2], *data[2], *expected = malloc(32 * n);
        uint8_t size[32] = {0}, scale[32], shift[32],
                *table = exact_scratch(c()->ntt_table_bytes(log2_n + larger));
        struct pm_pool *pool = pm_pool_new(1 + log2_n % 2, &err);
        if (!expected) abort();
        c()->ntt_table_make(table, log2_n + larger, pool);
        size[log2_n / 8] = (uint8_t)(1u << log2_n % 8);
        c()->fr_to_mont(scale, size);
        c()->fr_inv(scale, scale);
        c()->fr_root(shift, log2_n + 1);
        for (size_t i = 0; i < 2; i++) {
            before[i] = random_elements(n);
            data[i] = malloc(32 * n);
            if (!data[i]) abort();
            memcpy(data[i], before[i] + 1, 32 * n);
        }
        c()->ntt_odd_coset(pool, data, 2, log2_n, table, log2_n + larger);
        for (size_t i = 0; i < 2; i++) {
            memcpy(expected, before[i] + 1, 32 * n);
            c()->ntt_inverse(pool, expected, log2_n, table, log2_n + larger);
            c()->ntt_shift(pool, expected, log2_n, scale, shift);
            c()->ntt_forward(pool, expected, log2_n, table, log2_n + larger);
            CHECK_MSG(memcmp(data[i], expected, 32 * n) == 0, "2^%u, array %zu", log2_n, i);
            free(before[i]);
            free(data[i]);
        }
        free(expected);
        free(table);
        pm_pool_free(&pool);
    }
}

PM_TEST(points)
{
    uint8_t g1[G1_BYTES + 1], g2[G2_BYTES + 1], zero[G2_BYTES] = {0}, k[32], minus[32], t[G2_BYTES];
    CHECK(c()->g1_check(c()->g1_generator) && c()->g2_check(c()->g2_generator));
    CHECK(c()->g1_check(zero) && c()->g2_check(zero));
    memcpy(g1 + 1, c()->g1_generator, G1_BYTES);
    memcpy(g2 + 1, c()->g2_generator, G2_BYTES);
    for (int bit = 0; bit < 8 * G1_BYTES; bit += 7) { /* one flipped bit anywhere is noticed */
        g1[1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(!c()->g1_check(g1 + 1));
        g1[1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (int bit = 0; bit < 8 * G2_BYTES; bit += 7) {
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
    CHECK_MEM(t, zero, G1_BYTES);
    c()->g2_mul(&v, &u, k);
    c()->g2_mul(&u, &u, minus);
    c()->g2_neg(&u, &u);
    c()->g2_to_affine(t, &u);
    c()->g2_to_affine(g2 + 1, &v);
    CHECK_MEM(t, g2 + 1, G2_BYTES);
    CHECK(c()->g2_check(t));
    c()->g1_neg(&p, &q);
    c()->g1_add(&p, &p, &q);
    c()->g1_add(&p, &p, &q);
    c()->g1_to_affine(t, &p);
    c()->g1_to_affine(g1 + 1, &q);
    CHECK_MEM(t, g1 + 1, G1_BYTES);
}

PM_TEST(subgroups)
{
    C(g1_affine) a;
    C(g2_affine) b;
    uint8_t bytes[G2_BYTES];
    for (int round = 0; round < 5; round++) {
        random_curve_point(&a);
        C(g1_affine_store)(bytes, &a);
        CHECK(c()->g1_check(bytes) == (TEST_CURVE == 254)); /* where it has cofactor one */
        random_twist_point(&b);
        CHECK(C(g2_affine_on_curve)(&b));
        C(g2_affine_store)(bytes, &b);
        CHECK(!c()->g2_check(bytes));
    }
}

/* fixed, msm and mul agree with one another. */
PM_TEST(sums_through_the_table)
{
    enum { N = 300 };
    struct pm_error err;
    struct pm_pool *pool = pm_pool_new(2, &err);
    uint8_t *scalars = random_elements(N), *g1 = malloc(N * G1_BYTES + 1), *g2 = malloc(N * G2_BYTES + 1),
            sum[32] = {0}, t[32];
    if (!g1 || !g2) abort();
    void *scratch = exact_scratch(c()->fixed_g1_scratch(2)),
         *table = exact_scratch(c()->fixed_g1_table_bytes(N));
    c()->fixed_g1_table(pool, table, c()->g1_generator, N, scratch);
    c()->fixed_g1_var(pool, g1 + 1, table, scalars + 1, N, scratch);
    free(scratch);
    free(table);
    scratch = exact_scratch(c()->fixed_g2_scratch(2));
    table = exact_scratch(c()->fixed_g2_table_bytes(N));
    c()->fixed_g2_table(pool, table, c()->g2_generator, N, scratch);
    c()->fixed_g2_var(pool, g2 + 1, table, scalars + 1, N, scratch);
    free(scratch);
    free(table);
    for (size_t i = 0; i < N; i++) { /* sum of squares */
        c()->fr_to_mont(t, scalars + 1 + 32 * i);
        c()->fr_mul(t, t, scalars + 1 + 32 * i);
        c()->fr_add(sum, sum, t);
    }
    struct pm_point1 p, q;
    struct pm_point2 u, v;
    uint8_t left[G2_BYTES], right[G2_BYTES];
    scratch = exact_scratch(pm_msm_one_scratch(c()->msm_g1, N, 2));
    pm_msm_one_var(c()->msm_g1, pool, &p, g1 + 1, scalars + 1, N, scratch);
    free(scratch);
    c()->g1_from_affine(&q, c()->g1_generator);
    c()->g1_mul(&q, &q, sum);
    c()->g1_to_affine(left, &p);
    c()->g1_to_affine(right, &q);
    CHECK_MEM(left, right, G1_BYTES);
    scratch = exact_scratch(pm_msm_one_scratch(c()->msm_g2, N, 2));
    pm_msm_one_var(c()->msm_g2, pool, &u, g2 + 1, scalars + 1, N, scratch);
    free(scratch);
    c()->g2_from_affine(&v, c()->g2_generator);
    c()->g2_mul(&v, &v, sum);
    c()->g2_to_affine(left, &u);
    c()->g2_to_affine(right, &v);
    CHECK_MEM(left, right, G2_BYTES);
    free(scalars);
    free(g1);
    free(g2);
    pm_pool_free(&pool);
}

PM_TEST(pairing)
{
    uint8_t a[32], g1[2 * G1_BYTES + 1], g2[2 * G2_BYTES + 1];
    struct pm_point1 p;
    struct pm_point2 q;
    random_element(a); /* e(a G, H) e(-G, a H) = 1 */
    c()->g1_from_affine(&p, c()->g1_generator);
    c()->g2_from_affine(&q, c()->g2_generator);
    c()->g2_mul(&q, &q, a);
    c()->g2_to_affine(g2 + 1 + G2_BYTES, &q);
    c()->g1_neg(&p, &p);
    c()->g1_to_affine(g1 + 1 + G1_BYTES, &p);
    c()->g1_neg(&p, &p);
    c()->g1_mul(&p, &p, a);
    c()->g1_to_affine(g1 + 1, &p);
    memcpy(g2 + 1, c()->g2_generator, G2_BYTES);
    CHECK(c()->pairing_product_is_one(g1 + 1, g2 + 1, 2));
    memcpy(g1 + 1 + G1_BYTES, c()->g1_generator, G1_BYTES);
    bool a_is_zero = true;
    for (int i = 0; i < 32; i++) a_is_zero &= a[i] == 0;
    if (!a_is_zero) CHECK(!c()->pairing_product_is_one(g1 + 1, g2 + 1, 2));
    CHECK(c()->pairing_product_is_one(NULL, NULL, 0));
    CHECK(!c()->pairing_product_is_one(NULL, NULL, 17)); /* more than it takes */
}

PM_TEST(pairing_value)
{
    uint8_t a[32] = {0}, b[32] = {0}, g1[G1_BYTES], g2[G2_BYTES], out[12 * FP_BYTES], zero[G2_BYTES] = {0};
    struct pm_point1 p;
    struct pm_point2 q;
    pm_store_le64(a, 12345678901234567890u);
    pm_store_le64(b, 987654321);
    memcpy(g1, c()->g1_generator, G1_BYTES);
    memcpy(g2, c()->g2_generator, G2_BYTES);
    for (int round = 0; round < 2; round++) {
        c()->pairing(out, g1, g2);
        for (int i = 0; i < 12; i++) {
            uint8_t big[FP_BYTES];
            CHECK(pm_hex_decode(big, FP_BYTES, pairing_values[round][i]));
            for (int k = 0; k < FP_BYTES; k++)
                CHECK_MSG(big[FP_BYTES - 1 - k] == out[FP_BYTES * i + k], "coefficient %d", i);
        }
        c()->g1_from_affine(&p, g1);
        c()->g1_mul(&p, &p, a);
        c()->g1_to_affine(g1, &p);
        c()->g2_from_affine(&q, g2);
        c()->g2_mul(&q, &q, b);
        c()->g2_to_affine(g2, &q);
    }
    uint8_t one[12 * FP_BYTES] = {1};
    c()->pairing(out, zero, g2);
    CHECK_MEM(out, one, sizeof one);
    c()->pairing(out, g1, zero);
    CHECK_MEM(out, one, sizeof one);
}
