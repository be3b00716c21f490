/* Sums over bases with known logarithms: every kind of scalar, sizes around powers of two, equal and opposite
 * bases, infinities, several threads, memory that is not aligned. */
#include "sums.h"

enum { MAX = 2100 };

/* MAX bases: random multiples of the generator, with their logarithms. */
struct bases {
    C(fr) log[MAX];
    uint8_t g1[MAX * C(g1_bytes) + 1], g2[MAX * C(g2_bytes) + 1]; /* from byte 1 */
};

static struct bases *make_bases(void)
{
    struct bases *b = malloc(sizeof *b);
    uint8_t *scalars = malloc(MAX * 32), generator[C(g2_bytes)];
    if (!b || !scalars) abort();
    for (size_t i = 0; i < MAX; i++) {
        random_fr(&b->log[i]);
        C(fr_store)(scalars + 32 * i, &b->log[i]);
    }
    C(g1_affine_store)(generator, &g1_generator);
    C(g1_multiples)(NULL, b->g1 + 1, generator, scalars, MAX, MAX);
    C(g2_affine_store)(generator, &g2_generator);
    C(g2_multiples)(NULL, b->g2 + 1, generator, scalars, MAX, MAX);
    free(scalars);
    return b;
}

/* base[to] = k base[from] for k in {0, 1, -1} */
static void relate(struct bases *b, size_t to, size_t from, int k)
{
    if (k == 0) {
        b->log[to] = (C(fr)){{0}};
        memset(b->g1 + 1 + to * C(g1_bytes), 0, C(g1_bytes));
        memset(b->g2 + 1 + to * C(g2_bytes), 0, C(g2_bytes));
        return;
    }
    C(g1_affine) p;
    C(g2_affine) q;
    C(g1_affine_load)(&p, b->g1 + 1 + from * C(g1_bytes));
    C(g2_affine_load)(&q, b->g2 + 1 + from * C(g2_bytes));
    b->log[to] = b->log[from];
    if (k < 0) {
        C(g1_affine_neg)(&p, &p);
        C(g2_affine_neg)(&q, &q);
        C(fr_neg)(&b->log[to], &b->log[to]);
    }
    C(g1_affine_store)(b->g1 + 1 + to * C(g1_bytes), &p);
    C(g2_affine_store)(b->g2 + 1 + to * C(g2_bytes), &q);
}

static void check_sum(const struct bases *b, const C(fr) * scalar, size_t n, unsigned threads, bool with_g2)
{
    struct pm_error err;
    struct pm_pool *pool = threads > 1 ? pm_pool_new(threads, &err) : NULL;
    uint8_t *bytes = malloc(n * 32 + 3);
    C(fr) log = inner_product(scalar, b->log, n);
    if (!bytes) abort();
    for (size_t i = 0; i < n; i++) C(fr_store)(bytes + 3 + 32 * i, &scalar[i]);

    C(g1) sum, expected;
    void *scratch = exact_scratch(pm_msm_one_scratch(&C(g1_msm_kind), n, threads));
    pm_msm_one_var(&C(g1_msm_kind), pool, &sum, b->g1 + 1, bytes + 3, n, scratch);
    free(scratch);
    C(g1_from_affine)(&expected, &g1_generator);
    C(g1_mul_var)(&expected, &expected, log.limb, 4);
    CHECK_MSG(C(g1_equal)(&sum, &expected), "G1, n = %zu, %u threads", n, threads);
    if (with_g2) {
        C(g2) sum2, expected2;
        scratch = exact_scratch(pm_msm_one_scratch(&C(g2_msm_kind), n, threads));
        pm_msm_one_var(&C(g2_msm_kind), pool, &sum2, b->g2 + 1, bytes + 3, n, scratch);
        free(scratch);
        C(g2_from_affine)(&expected2, &g2_generator);
        C(g2_mul_var)(&expected2, &expected2, log.limb, 4);
        CHECK_MSG(C(g2_equal)(&sum2, &expected2), "G2, n = %zu, %u threads", n, threads);
    }
    free(bytes);
    pm_pool_free(&pool);
}

PM_TEST(sizes_and_kinds)
{
    struct bases *b = make_bases();
    static C(fr) scalar[MAX];
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
    static C(fr) scalar[MAX];
    for (int round = 0; round < 12; round++) {
        size_t n = 1 + test_random() % 700;
        C(fr) same;
        random_fr(&same);
        for (size_t i = 1; i < n; i++) {
            int k = round < 3 ? round - 1 : (int)(test_random() % 3) - 1;
            if (round < 9 || test_random() % 2) relate(b, i, test_random() % i, k);
        }
        for (size_t i = 0; i < n; i++) {
            pick_scalar(&scalar[i], round % 10);
            if (round % 2) scalar[i] = same;
            if (round % 4 == 3 && test_random() % 2) C(fr_neg)(&scalar[i], &same);
        }
        check_sum(b, scalar, n, 1 + (unsigned)round % 3, n < 300);
    }
    free(b);
}

/* A sum that is the identity although no part of it is. */
PM_TEST(identity)
{
    struct bases *b = make_bases();
    static C(fr) scalar[100];
    for (size_t i = 0; i < 50; i++) {
        pick_scalar(&scalar[2 * i], 0);
        C(fr_neg)(&scalar[2 * i + 1], &scalar[2 * i]);
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
    static C(fr) scalar[300];
    uint8_t bytes[300 * 32];
    for (size_t i = 0; i < 300; i++) {
        C(fr) wild;
        memset(&wild, 0xff, sizeof wild);
        if (i % 3) test_random_bytes(&wild, sizeof wild);
        C(fr_store)(bytes + 32 * i, &wild);
        C(fr_load_reduced)(&scalar[i], bytes + 32 * i);
    }
    C(g1) sum, expected;
    void *scratch = exact_scratch(pm_msm_one_scratch(&C(g1_msm_kind), 300, 1));
    pm_msm_one_var(&C(g1_msm_kind), NULL, &sum, b->g1 + 1, bytes, 300, scratch);
    free(scratch);
    C(fr) log = inner_product(scalar, b->log, 300);
    C(g1_from_affine)(&expected, &g1_generator);
    C(g1_mul_var)(&expected, &expected, log.limb, 4);
    CHECK(C(g1_equal)(&sum, &expected));
    free(b);
}

PM_TEST(scratch_grows)
{
    size_t before = 0;
    for (size_t n = 0; n < 1 << 20; n = n * 3 + 1) {
        size_t bytes = pm_msm_one_scratch(&C(g1_msm_kind), n, 2);
        CHECK(bytes >= before && bytes % 64 == 0 && pm_msm_one_scratch(&C(g1_msm_kind), n, 3) >= bytes);
        before = bytes;
    }
}

/* The sum of (b + 1) bucket[b] with many, few and no empty buckets. */
PM_TEST(reduce)
{
    enum { BUCKETS = 1024 };
    static C(g1_affine) bucket[BUCKETS];
    struct bases *b = make_bases();
    static const unsigned sparsity[] = {1, 2, 10, 300, BUCKETS + 1};
    for (size_t s = 0; s < sizeof sparsity / sizeof sparsity[0]; s++) {
        C(g1) sum, expected;
        C(fr) log = {{0}};
        for (size_t i = 0; i < BUCKETS; i++) {
            bool empty = sparsity[s] > BUCKETS || test_random() % sparsity[s] != 0;
            bucket[i] = (C(g1_affine)){0};
            if (empty) continue;
            C(g1_affine_load)(&bucket[i], b->g1 + 1 + C(g1_bytes) * i);
            for (size_t k = 0; k <= i; k++) C(fr_add)(&log, &log, &b->log[i]);
        }
        C(g1_msm_reduce)(&sum, bucket, BUCKETS);
        C(g1_from_affine)(&expected, &g1_generator);
        C(g1_mul_var)(&expected, &expected, log.limb, 4);
        CHECK(C(g1_equal)(&sum, &expected));
    }
    memset(bucket, 0, sizeof bucket); /* G at 700, -G at 300: the running sum is infinity below */
    C(g1) sum, expected;
    uint64_t k = 400;
    bucket[699] = g1_generator;
    C(g1_affine_neg)(&bucket[299], &g1_generator);
    C(g1_msm_reduce)(&sum, bucket, BUCKETS);
    C(g1_from_affine)(&expected, &g1_generator);
    C(g1_mul_var)(&expected, &expected, &k, 1);
    CHECK(C(g1_equal)(&sum, &expected));
    free(b);
}
