/* Sums in lanes: the tests of msm_tmpl.c, over the lanes' functions. Then what is special in lanes: every
 * kind of addition in every lane, and batches' borders. */
#include "math/bn254_ifma_inst.h"
#include "needs_ifma.h"

#define bn254_g1_msm_var     bn254_g1_lanes_msm_var
#define bn254_g2_msm_var     bn254_g2_lanes_msm_var
#define bn254_g1_msm_scratch bn254_g1_lanes_msm_scratch
#define bn254_g2_msm_scratch bn254_g2_lanes_msm_scratch
#define TEST_CURVE           254
#include "msm_tmpl.c"

#define random_bn254_g1 random_g1
#define random_bn254_g2 random_g2

/* Points below 2.33 p: now and then p or 2 p more than canonical in some coordinate. */
static void loosen(uint64_t *limb, size_t coordinates)
{
    for (size_t k = 0; k < coordinates; k++) {
        bn254_fp t, twice;
        memcpy(&t, limb + 4 * k, 32);
        bn254_fp_raw_add(&twice, &t, &bn254_fp_p);
        if (test_random() % 2 == 0) memcpy(limb + 4 * k, &twice, 32);
    }
}

#define ADDITIONS(G, coordinates)                                                                            \
    static void G##_additions(void)                                                                          \
    {                                                                                                        \
        enum { N = 70, POINTS = 4 * N };                                                                     \
        static G##_affine point[POINTS], base[N];                                                            \
        static struct G##_lanes before[N], divisor[N];                                                       \
        uint32_t left[POINTS], right[POINTS], out[POINTS];                                                   \
        uint16_t negative[N];                                                                                \
        uint8_t special[N];                                                                                  \
        struct G##_lanes_batch batch = {.other = (const uint8_t *)base,                                      \
                                        .left = left,                                                        \
                                        .right = right,                                                      \
                                        .out = out,                                                          \
                                        .negative = negative,                                                \
                                        .before = before,                                                    \
                                        .divisor = divisor,                                                  \
                                        .special = special};                                                 \
        for (int round = 0; round < 40; round++) {                                                           \
            size_t n = (size_t)round * 2 % N;                                                                \
            G expected[N], sum, p;                                                                           \
            memset(negative, 0, sizeof negative);                                                            \
            for (size_t i = 0; i < n; i++) {                                                                 \
                int kind = round < 4 ? 7 : (int)(test_random() % (round < 20 ? 7 : 40));                     \
                bool minus = test_random() & 1;                                                              \
                random_##G(&p);                                                                              \
                G##_to_affine(&point[i], &p);                                                                \
                random_##G(&p);                                                                              \
                if (kind == 0) G##_set_infinity(&p);                                                         \
                G##_to_affine(&base[i], &p);                                                                 \
                if (kind == 1) point[i] = (G##_affine){0};                                                   \
                if (kind == 2) base[i] = point[i];                                                           \
                if (kind == 3) G##_affine_neg(&base[i], &point[i]);                                          \
                if (kind == 4) base[i] = point[i] = (G##_affine){0};                                         \
                G##_from_affine(&sum, &base[i]);                                                             \
                if (minus) G##_neg(&sum, &sum);                                                              \
                G##_from_affine(&p, &point[i]);                                                              \
                G##_add(&expected[i], &p, &sum);                                                             \
                if (!G##_affine_is_infinity(&point[i])) loosen((uint64_t *)&point[i], coordinates);          \
                left[i] = right[i] = (uint32_t)i;                                                            \
                out[i] = (uint32_t)(test_random() & 1 ? i : N + i);                                          \
                negative[i / G##_lanes_width] |= (uint16_t)((unsigned)minus << i % G##_lanes_width);         \
            }                                                                                                \
            G##_lanes_add_var(&batch, (uint8_t *)point, n);                                                  \
            for (size_t i = 0; i < n; i++) {                                                                 \
                G##_lanes_take(&sum, &point[out[i]]);                                                        \
                CHECK_MSG(G##_equal(&sum, &expected[i]), "round %d, %zu of %zu", round, i, n);               \
            }                                                                                                \
        }                                                                                                    \
    }
ADDITIONS(bn254_g1, 2)
ADDITIONS(bn254_g2, 4)

PM_TEST(additions)
{
    bn254_g1_additions();
    bn254_g2_additions();
}

/* Enough points for whole batches in windows with many buckets, and for buckets that most of them share. */
PM_TEST(large)
{
    enum { N = 1 << 16 };
    struct bases *b = make_bases();
    uint8_t *bases = malloc((size_t)N * 64), *scalars = malloc((size_t)N * 32);
    bn254_fr *total = calloc(MAX, sizeof *total); /* of the scalars of each base */
    if (!bases || !scalars || !total) abort();
    for (int round = 0; round < 4; round++) {
        memset(total, 0, MAX * sizeof *total);
        for (size_t i = 0; i < N; i++) {
            bn254_fr s;
            size_t from = test_random() % (round == 2 ? 3 : MAX);
            pick_scalar(&s, round == 0 ? 0 : round == 3 ? 5 : 9);
            bn254_fr_store(scalars + 32 * i, &s);
            bn254_fr_add(&total[from], &total[from], &s);
            memcpy(bases + 64 * i, b->g1 + 1 + 64 * from, 64);
        }
        bn254_fr log = inner_product(total, b->log, MAX);
        bn254_g1 sum, expected;
        struct pm_error err;
        unsigned threads = 1 + (unsigned)round;
        struct pm_pool *pool = pm_pool_new(threads, &err);
        void *scratch = exact_scratch(bn254_g1_lanes_msm_scratch(N, threads));
        bn254_g1_lanes_msm_var(pool, &sum, bases, scalars, N, scratch);
        free(scratch);
        bn254_g1_from_affine(&expected, &g1_generator);
        bn254_g1_mul_var(&expected, &expected, log.limb, 4);
        CHECK_MSG(bn254_g1_equal(&sum, &expected), "round %d", round);
        pm_pool_free(&pool);
    }
    free(b);
    free(bases);
    free(scalars);
    free(total);
}
