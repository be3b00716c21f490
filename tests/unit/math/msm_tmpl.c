/* Sums over bases with known logarithms: every kind of scalar, sizes around powers of two, equal and opposite
 * bases, infinities, several threads, memory that is not aligned. */
#include "sums.h"

enum { MAX = 2100 };

/* MAX bases: random multiples of the generator, with their logarithms. */
struct bases {
    bn254_fr log[MAX];
    uint8_t g1[MAX * 64 + 1], g2[MAX * 128 + 1]; /* from byte 1 */
};

static struct bases *make_bases(void)
{
    struct bases *b = malloc(sizeof *b);
    uint8_t *scalars = malloc(MAX * 32), generator[128];
    void *scratch = exact_scratch(bn254_g2_fixed_scratch(MAX, 1));
    if (!b || !scalars) abort();
    for (size_t i = 0; i < MAX; i++) {
        random_fr(&b->log[i]);
        bn254_fr_store(scalars + 32 * i, &b->log[i]);
    }
    bn254_g1_affine_store(generator, &g1_generator);
    bn254_g1_fixed_var(NULL, b->g1 + 1, generator, scalars, MAX, scratch);
    bn254_g2_affine_store(generator, &g2_generator);
    bn254_g2_fixed_var(NULL, b->g2 + 1, generator, scalars, MAX, scratch);
    free(scratch);
    free(scalars);
    return b;
}

/* base[to] = k base[from] for k in {0, 1, -1} */
static void relate(struct bases *b, size_t to, size_t from, int k)
{
    if (k == 0) {
        b->log[to] = (bn254_fr){{0}};
        memset(b->g1 + 1 + to * 64, 0, 64);
        memset(b->g2 + 1 + to * 128, 0, 128);
        return;
    }
    bn254_g1_affine p;
    bn254_g2_affine q;
    bn254_g1_affine_load(&p, b->g1 + 1 + from * 64);
    bn254_g2_affine_load(&q, b->g2 + 1 + from * 128);
    b->log[to] = b->log[from];
    if (k < 0) {
        bn254_g1_affine_neg(&p, &p);
        bn254_g2_affine_neg(&q, &q);
        bn254_fr_neg(&b->log[to], &b->log[to]);
    }
    bn254_g1_affine_store(b->g1 + 1 + to * 64, &p);
    bn254_g2_affine_store(b->g2 + 1 + to * 128, &q);
}

static void check_sum(const struct bases *b, const bn254_fr *scalar, size_t n, unsigned threads, bool with_g2)
{
    struct pm_error err;
    struct pm_pool *pool = threads > 1 ? pm_pool_new(threads, &err) : NULL;
    uint8_t *bytes = malloc(n * 32 + 3);
    bn254_fr log = inner_product(scalar, b->log, n);
    if (!bytes) abort();
    for (size_t i = 0; i < n; i++) bn254_fr_store(bytes + 3 + 32 * i, &scalar[i]);

    bn254_g1 sum, expected;
    void *scratch = exact_scratch(bn254_g1_msm_scratch(n, threads));
    bn254_g1_msm_var(pool, &sum, b->g1 + 1, bytes + 3, n, scratch);
    free(scratch);
    bn254_g1_from_affine(&expected, &g1_generator);
    bn254_g1_mul_var(&expected, &expected, log.limb, 4);
    CHECK_MSG(bn254_g1_equal(&sum, &expected), "G1, n = %zu, %u threads", n, threads);
    if (with_g2) {
        bn254_g2 sum2, expected2;
        scratch = exact_scratch(bn254_g2_msm_scratch(n, threads));
        bn254_g2_msm_var(pool, &sum2, b->g2 + 1, bytes + 3, n, scratch);
        free(scratch);
        bn254_g2_from_affine(&expected2, &g2_generator);
        bn254_g2_mul_var(&expected2, &expected2, log.limb, 4);
        CHECK_MSG(bn254_g2_equal(&sum2, &expected2), "G2, n = %zu, %u threads", n, threads);
    }
    free(bytes);
    pm_pool_free(&pool);
}

PM_TEST(sizes_and_kinds)
{
    struct bases *b = make_bases();
    static bn254_fr scalar[MAX];
    static const size_t sizes[] = {0,  1,  2,   3,   4,   5,   7,   8,   9,    31,
                                   32, 33, 127, 128, 129, 511, 512, 513, 1023, 1025};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (int kind = 0; kind < 10; kind++) {
            if (sizes[s] > 200 && kind % 3 != 0) continue;
            for (size_t i = 0; i < sizes[s]; i++) pick_scalar(&scalar[i], kind);
            check_sum(b, scalar, sizes[s], 1 + (unsigned)(s + (size_t)kind) % 4, sizes[s] < 130);
        }
    }
    for (size_t i = 0; i < MAX; i++) pick_scalar(&scalar[i], i % 5 ? 1 : 0); /* as witnesses are */
    for (unsigned threads = 1; threads < 6; threads += 2) check_sum(b, scalar, MAX, threads, threads == 1);
    for (size_t i = 0; i < MAX; i++) pick_scalar(&scalar[i], 0);
    check_sum(b, scalar, MAX, 2, true);
    free(b);
}

/* Runs of equal and opposite bases under equal scalars: all points meet in few buckets and cancel there. */
PM_TEST(meeting_bases)
{
    struct bases *b = make_bases();
    static bn254_fr scalar[MAX];
    for (int round = 0; round < 12; round++) {
        size_t n = 1 + test_random() % 700;
        bn254_fr same;
        random_fr(&same);
        for (size_t i = 1; i < n; i++) {
            int k = round < 3 ? round - 1 : (int)(test_random() % 3) - 1;
            if (round < 9 || test_random() % 2) relate(b, i, test_random() % i, k);
        }
        for (size_t i = 0; i < n; i++) {
            pick_scalar(&scalar[i], round % 10);
            if (round % 2) scalar[i] = same;
            if (round % 4 == 3 && test_random() % 2) bn254_fr_neg(&scalar[i], &same);
        }
        check_sum(b, scalar, n, 1 + (unsigned)round % 3, n < 300);
    }
    free(b);
}

/* A sum that is the identity although no part of it is. */
PM_TEST(identity)
{
    struct bases *b = make_bases();
    static bn254_fr scalar[100];
    for (size_t i = 0; i < 50; i++) {
        pick_scalar(&scalar[2 * i], 0);
        bn254_fr_neg(&scalar[2 * i + 1], &scalar[2 * i]);
        relate(b, 2 * i + 1, 2 * i, 1);
    }
    check_sum(b, scalar, 100, 2, true);
    for (size_t i = 0; i < 100; i++) relate(b, i, i, 0);
    check_sum(b, scalar, 100, 2, true);
    free(b);
}

/* Scalars that are not canonical are a caller's fault, but count modulo r and touch no foreign memory. */
PM_TEST(wild_scalars)
{
    struct bases *b = make_bases();
    static bn254_fr scalar[300];
    uint8_t bytes[300 * 32];
    for (size_t i = 0; i < 300; i++) {
        bn254_fr wild;
        memset(&wild, 0xff, sizeof wild);
        if (i % 3) test_random_bytes(&wild, sizeof wild);
        bn254_fr_store(bytes + 32 * i, &wild);
        bn254_fr_load_reduced(&scalar[i], bytes + 32 * i);
    }
    bn254_g1 sum, expected;
    void *scratch = exact_scratch(bn254_g1_msm_scratch(300, 1));
    bn254_g1_msm_var(NULL, &sum, b->g1 + 1, bytes, 300, scratch);
    free(scratch);
    bn254_fr log = inner_product(scalar, b->log, 300);
    bn254_g1_from_affine(&expected, &g1_generator);
    bn254_g1_mul_var(&expected, &expected, log.limb, 4);
    CHECK(bn254_g1_equal(&sum, &expected));
    free(b);
}

PM_TEST(scratch_grows)
{
    size_t before = 0;
    for (size_t n = 0; n < 1 << 20; n = n * 3 + 1) {
        size_t bytes = bn254_g1_msm_scratch(n, 2);
        CHECK(bytes >= before && bytes % 64 == 0 && bn254_g1_msm_scratch(n, 3) >= bytes);
        before = bytes;
    }
}

/* The sum of (b + 1) bucket[b] with many, few and no empty buckets. */
PM_TEST(reduce)
{
    enum { BUCKETS = 1024 };
    static bn254_g1_affine bucket[BUCKETS];
    struct bases *b = make_bases();
    static const unsigned sparsity[] = {1, 2, 10, 300, BUCKETS + 1};
    for (size_t s = 0; s < sizeof sparsity / sizeof sparsity[0]; s++) {
        bn254_g1 sum, expected;
        bn254_fr log = {{0}};
        for (size_t i = 0; i < BUCKETS; i++) {
            bool empty = sparsity[s] > BUCKETS || test_random() % sparsity[s] != 0;
            bucket[i] = (bn254_g1_affine){0};
            if (empty) continue;
            bn254_g1_affine_load(&bucket[i], b->g1 + 1 + 64 * i);
            for (size_t k = 0; k <= i; k++) bn254_fr_add(&log, &log, &b->log[i]);
        }
        bn254_g1_msm_reduce(&sum, bucket, BUCKETS);
        bn254_g1_from_affine(&expected, &g1_generator);
        bn254_g1_mul_var(&expected, &expected, log.limb, 4);
        CHECK(bn254_g1_equal(&sum, &expected));
    }
    memset(bucket, 0, sizeof bucket); /* G at 700, -G at 300: the running sum is infinity below */
    bn254_g1 sum, expected;
    uint64_t k = 400;
    bucket[699] = g1_generator;
    bn254_g1_affine_neg(&bucket[299], &g1_generator);
    bn254_g1_msm_reduce(&sum, bucket, BUCKETS);
    bn254_g1_from_affine(&expected, &g1_generator);
    bn254_g1_mul_var(&expected, &expected, &k, 1);
    CHECK(bn254_g1_equal(&sum, &expected));
    free(b);
}
