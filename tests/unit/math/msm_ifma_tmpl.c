/* Sums in lanes: the tests of msm_tmpl.c, over the lanes' functions. Then what is special in lanes: every
 * kind of addition in every lane, and batches' borders. */
#include "ifma_under_test.h"
#include "needs_ifma.h"

#if TEST_CURVE == 254
#define bn254_g1_msm_kind bn254_g1_lanes_msm_kind
#define bn254_g2_msm_kind bn254_g2_lanes_msm_kind
#else
#define bls12_381_g1_msm_kind bls12_381_g1_lanes_msm_kind
#define bls12_381_g2_msm_kind bls12_381_g2_lanes_msm_kind
#endif
#include "msm_tmpl.c"

/* Coordinates below 1 + q: now and then p more than canonical, or all but as large as what reduce leaves,
 * which is below 2^FP_BITS + p. */
static void loosen(uint64_t *limb, size_t coordinates)
{
    for (size_t k = 0; k < coordinates; k++) {
        C(fp) t, more;
        memcpy(&t, limb + C(fp_limbs) * k, sizeof t);
        C(fp_raw_add)(&more, &t, &C(fp_p));
        if (more.limb[C(fp_limbs) - 1] >> (P(FP_BITS) - 64 * (C(fp_limbs) - 1)) == 0 && test_random() % 2)
            C(fp_raw_add)(&more, &more, &C(fp_p));
        if (test_random() % 2 == 0) memcpy(limb + C(fp_limbs) * k, &more, sizeof more);
    }
}

#define ADDITIONS(g, coordinates)                                                                            \
    static void g##_additions(void)                                                                          \
    {                                                                                                        \
        enum { N = 70, POINTS = 4 * N, SOME = 40 };                                                          \
        C(g) some[SOME];                                                                                     \
        static C(g##_affine) point[POINTS], base[N];                                                         \
        static struct C(g##_lanes) before[N], divisor[N];                                                    \
        uint64_t pair[POINTS];                                                                               \
        uint32_t out[POINTS];                                                                                \
        uint8_t special[N];                                                                                  \
        struct C(g##_lanes_batch) batch = {.other = (const uint8_t *)base,                                   \
                                           .pair = pair,                                                     \
                                           .before = before,                                                 \
                                           .divisor = divisor,                                               \
                                           .special = special};                                              \
        for (size_t i = 0; i < SOME; i++) { random_##g(&some[i]); }                                          \
        for (int round = 0; round < 40; round++) {                                                           \
            size_t n = (size_t)round * 2 % N;                                                                \
            C(g) expected[N], sum, p;                                                                        \
            for (size_t i = 0; i < n; i++) {                                                                 \
                int kind = round < 4 ? 7 : (int)(test_random() % (round < 20 ? 7 : 40));                     \
                bool minus = test_random() & 1;                                                              \
                C(g##_to_affine)(&point[i], &some[test_random() % SOME]);                                    \
                p = some[test_random() % SOME];                                                              \
                if (kind == 0) C(g##_set_infinity)(&p);                                                      \
                C(g##_to_affine)(&base[i], &p);                                                              \
                if (kind == 1) point[i] = (C(g##_affine)){0};                                                \
                if (kind == 2) base[i] = point[i];                                                           \
                if (kind == 3) C(g##_affine_neg)(&base[i], &point[i]);                                       \
                if (kind == 4) base[i] = point[i] = (C(g##_affine)){0};                                      \
                C(g##_from_affine)(&sum, &base[i]);                                                          \
                if (minus) C(g##_neg)(&sum, &sum);                                                           \
                C(g##_from_affine)(&p, &point[i]);                                                           \
                C(g##_add)(&expected[i], &p, &sum);                                                          \
                if (!C(g##_affine_is_infinity)(&point[i])) loosen((uint64_t *)&point[i], coordinates);       \
                pair[i] = C(g##_lanes_pair)(i, i, minus);                                                    \
                out[i] = (uint32_t)(test_random() & 1 && round % 2 ? N + i : i);                             \
            }                                                                                                \
            batch.out = round % 2 ? out : NULL;                                                              \
            C(g##_lanes_add_var)(&batch, (uint8_t *)point, n);                                               \
            for (size_t i = 0; i < n; i++) {                                                                 \
                C(g##_lanes_take)(&sum, &point[out[i]]);                                                     \
                CHECK_MSG(C(g##_equal)(&sum, &expected[i]), "round %d, %zu of %zu", round, i, n);            \
            }                                                                                                \
        }                                                                                                    \
    }
ADDITIONS(g1, 2)
ADDITIONS(g2, 4)

PM_TEST(additions)
{
    g1_additions();
    g2_additions();
}

/* Enough points for whole batches in windows with many buckets, and for buckets that most of them share. */
PM_TEST(large)
{
    enum { N = 1 << 16 };
    struct bases *b = make_bases();
    uint8_t *bases = malloc((size_t)N * C(g1_bytes)), *scalars = malloc((size_t)N * 32);
    C(fr) *total = calloc(MAX, sizeof *total); /* of the scalars of each base */
    if (!bases || !scalars || !total) abort();
    for (int round = 0; round < 4; round++) {
        memset(total, 0, MAX * sizeof *total);
        for (size_t i = 0; i < N; i++) {
            C(fr) s;
            size_t from = test_random() % (round == 2 ? 3 : MAX);
            pick_scalar(&s, round == 0 ? 0 : round == 3 ? 5 : 9);
            C(fr_store)(scalars + 32 * i, &s);
            C(fr_add)(&total[from], &total[from], &s);
            memcpy(bases + C(g1_bytes) * i, b->g1 + 1 + C(g1_bytes) * from, C(g1_bytes));
        }
        C(fr) log = inner_product(total, b->log, MAX);
        C(g1) sum, expected;
        struct pm_error err;
        unsigned threads = 1 + (unsigned)round;
        struct pm_pool *pool = pm_pool_new(threads, &err);
        void *scratch = exact_scratch(pm_msm_one_scratch(&C(g1_lanes_msm_kind), N, threads));
        pm_msm_one_var(&C(g1_lanes_msm_kind), pool, &sum, bases, scalars, N, scratch);
        free(scratch);
        C(g1_from_affine)(&expected, &g1_generator);
        C(g1_mul_var)(&expected, &expected, log.limb, 4);
        CHECK_MSG(C(g1_equal)(&sum, &expected), "round %d", round);
        pm_pool_free(&pool);
    }
    free(b);
    free(bases);
    free(scalars);
    free(total);
}
