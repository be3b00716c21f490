/* Transforms of every size, through every build: all that comes out is checked, at the cost of a few products
 * per element. Coefficients are a function of their index. The forward transform's values v_i must give at a
 * random point z what the coefficients give,
 *
 *     sum of c_j z^j = (z^n - 1) / n * sum of v_i w^i / (z - w^i),
 *
 * which one wrong value fails but for n in r points z. The inverse transform and the shift that follow are
 * compared element by element. The arithmetic here is fp_tmpl.h's, whatever the build under test does.
 *
 * With TEST_SOAK up to 2^26, where data and table take 3 GiB; ntt_tmpl.c goes on from there. */
#include "math/curve.h"

#include "random.h"

#include <limits.h>

static const struct pm_curve *c(void) { return pm_curve_by_name(TEST_CURVE == 254 ? "bn128" : "bls12381"); }

static size_t reversed(size_t i, unsigned bits)
{
    size_t out = 0;
    for (; bits-- > 0; i >>= 1) out = out << 1 | (i & 1);
    return out;
}

/* Coefficient j: now and then 0 or near the modulus. Two steps of splitmix64, spread by odd factors. */
static C(fr) coefficient(uint64_t seed, size_t j)
{
    C(fr) out, small;
    uint64_t z = seed + 0x9e3779b97f4a7c15u * (j + 1);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    out = (C(fr)){{z, z * 0xd1342543de82ef95u + j, z * 0xaf251af3b0f025b5u + 1,
                   (z * 0xb564ef22ec7aece5u + 1) >> (TEST_CURVE == 254 ? 3 : 2)}};
    if (z >> 32 < UINT_MAX / 8) {
        small = (C(fr)){{z % 3}};
        C(fr_raw_sub)(&out, &C(fr_p), &small);
        if (z % 3 == 0) out = small;
    }
    return out;
}

struct size {
    unsigned log2_n;
    size_t n;
    uint64_t seed;
    C(fr) times_n; /* n, Montgomery */
    uint8_t *data, *table;
    struct pm_pool *pool;
};

static void forward(struct size *s)
{
    enum { RUN = 1024 };
    static C(fr) divisor[RUN], power[RUN], scratch[RUN];
    C(fr) z, w, w_i = C(fr_one), horner = {{0}}, sum = {{0}}, t;
    for (size_t i = 0; i < s->n; i++) {
        t = coefficient(s->seed, reversed(i, s->log2_n));
        C(fr_store)(s->data + 32 * i, &t);
    }
    c()->ntt_forward(s->pool, s->data, s->log2_n, s->table, s->log2_n);

    random_fr(&z);
    for (size_t j = s->n; j-- > 0;) {
        t = coefficient(s->seed, j);
        C(fr_mul)(&horner, &horner, &z);
        C(fr_add)(&horner, &horner, &t);
    }
    uint8_t root[32];
    c()->fr_root(root, s->log2_n);
    C(fr_load)(&w, root);
    for (size_t at = 0; at < s->n; at += RUN) {
        const size_t m = s->n - at < RUN ? s->n - at : RUN;
        for (size_t i = 0; i < m; i++) {
            power[i] = w_i;
            C(fr_sub)(&divisor[i], &z, &w_i);
            C(fr_mul)(&w_i, &w_i, &w);
        }
        C(fr_batch_inv)(divisor, m, scratch);
        for (size_t i = 0; i < m; i++) {
            C(fr_load)(&t, s->data + 32 * (at + i));
            CHECK(C(fr_is_canonical)(&t));
            C(fr_mul)(&t, &t, &power[i]);
            C(fr_mul)(&t, &t, &divisor[i]);
            C(fr_add)(&sum, &sum, &t);
        }
    }
    CHECK(C(fr_equal)(&w_i, &C(fr_one)));
    for (unsigned i = 0; i < s->log2_n; i++) C(fr_sqr)(&z, &z);
    C(fr_sub)(&z, &z, &C(fr_one));
    C(fr_mul)(&sum, &sum, &z);
    C(fr_mul)(&horner, &horner, &s->times_n);
    CHECK_MSG(C(fr_equal)(&sum, &horner), "forward, n = 2^%u, %u threads, %s", s->log2_n,
              pm_pool_threads(s->pool), c()->build);
}

static void inverse(struct size *s)
{
    C(fr) t, u;
    size_t wrong = 0;
    c()->ntt_inverse(s->pool, s->data, s->log2_n, s->table, s->log2_n);
    for (size_t i = 0; i < s->n; i++) {
        t = coefficient(s->seed, reversed(i, s->log2_n));
        C(fr_mul)(&t, &t, &s->times_n);
        C(fr_load)(&u, s->data + 32 * i);
        wrong += !C(fr_equal)(&t, &u);
    }
    CHECK_MSG(wrong == 0, "inverse, n = 2^%u, %u threads, %s: %zu wrong", s->log2_n, pm_pool_threads(s->pool),
              c()->build, wrong);
}

/* shift^j for j = reversed(i): a factor for the low half of i's bits, one for the high half. */
static void shift(struct size *s)
{
    const unsigned low = s->log2_n / 2, high = s->log2_n - low;
    C(fr) *factor = malloc(sizeof *factor * (((size_t)1 << low) + ((size_t)1 << high))), *top, k, by, t, u;
    size_t wrong = 0;
    uint8_t k_bytes[32], by_bytes[32];
    if (!factor) abort();
    top = factor + ((size_t)1 << low);
    random_fr(&k);
    random_fr(&by);
    C(fr_store)(k_bytes, &k);
    C(fr_store)(by_bytes, &by);
    c()->ntt_shift(s->pool, s->data, s->log2_n, k_bytes, by_bytes);

    C(fr_mul)(&k, &k, &s->times_n);
    for (size_t j = 0; j < (size_t)1 << high; j++) { /* the high bits of i are the low ones of its reverse */
        top[reversed(j, high)] = k;
        C(fr_mul)(&k, &k, &by);
    }
    for (unsigned i = 0; i < high; i++) C(fr_sqr)(&by, &by);
    t = C(fr_one);
    for (size_t j = 0; j < (size_t)1 << low; j++) {
        factor[reversed(j, low)] = t;
        C(fr_mul)(&t, &t, &by);
    }
    for (size_t i = 0; i < s->n; i++) {
        t = coefficient(s->seed, reversed(i, s->log2_n));
        C(fr_mul)(&t, &t, &top[i >> low]);
        C(fr_mul)(&t, &t, &factor[i & (((size_t)1 << low) - 1)]);
        C(fr_load)(&u, s->data + 32 * i);
        wrong += !C(fr_equal)(&t, &u);
    }
    CHECK_MSG(wrong == 0, "shift, n = 2^%u, %u threads, %s: %zu wrong", s->log2_n, pm_pool_threads(s->pool),
              c()->build, wrong);
    free(factor);
}

static void check_size(unsigned log2_n, unsigned threads)
{
    struct pm_error err;
    struct size s = {.log2_n = log2_n, .n = (size_t)1 << log2_n, .seed = test_random()};
    void *table = NULL;
    s.pool = pm_pool_new(threads, &err);
    s.data = malloc(32 * s.n + 1);
    if (!s.pool || !s.data || posix_memalign(&table, 64, c()->ntt_table_bytes(log2_n)) != 0) {
        fprintf(stderr, "no memory for a transform of 2^%u\n", log2_n);
        abort();
    }
    s.data++; /* not aligned */
    s.table = table;
    s.times_n = C(fr_one);
    for (unsigned i = 0; i < log2_n; i++) C(fr_dbl)(&s.times_n, &s.times_n);
    c()->ntt_table_make(s.table, log2_n, s.pool);
    forward(&s);
    inverse(&s);
    shift(&s);
    free(s.data - 1);
    free(table);
    pm_pool_free(&s.pool);
}

#ifdef TEST_SOAK
PM_TEST(every_size)
{
    for (unsigned log2_n = 0; log2_n <= 22; log2_n++)
        for (unsigned threads = 1; threads <= 3; threads++) check_size(log2_n, threads);
}
PM_TEST(large_sizes)
{
    for (unsigned log2_n = 23; log2_n <= 26; log2_n++) check_size(log2_n, 1 + log2_n % 2);
}
#else
PM_TEST(every_size)
{
    const bool lanes = strcmp(c()->build, "ifma") == 0;
    for (unsigned log2_n = 0; log2_n <= (lanes ? 18 : 15); log2_n++)
        for (unsigned threads = 1; threads <= (log2_n < 14 ? 3 : 1); threads++)
            check_size(log2_n, log2_n < 14 ? threads : 1 + log2_n % 3);
    check_size(lanes ? 20 : 17, 2);
}
#endif
