/* Transforms in lanes: the tests of ntt_tmpl.c, over the lanes' functions, and every size against the
 * portable transforms. */
#include "ifma_under_test.h"
#include "needs_ifma.h"

#if TEST_CURVE == 254
#define bn254_ntt_table_bytes bn254_ntt_lanes_table_bytes
#define bn254_ntt_table_make  bn254_ntt_lanes_table_make
#define bn254_ntt_inverse     bn254_ntt_lanes_inverse
#define bn254_ntt_forward     bn254_ntt_lanes_forward
#define bn254_ntt_shift       bn254_ntt_lanes_shift
#else
#define bls12_381_ntt_table_bytes bls12_381_ntt_lanes_table_bytes
#define bls12_381_ntt_table_make  bls12_381_ntt_lanes_table_make
#define bls12_381_ntt_inverse     bls12_381_ntt_lanes_inverse
#define bls12_381_ntt_forward     bls12_381_ntt_lanes_forward
#define bls12_381_ntt_shift       bls12_381_ntt_lanes_shift
#endif

#define FAR_GRAIN       8 /* leaves */
#define FAR_TABLE_BYTES C(ntt_lanes_table_bytes)
enum { FAR_SMALL = 0 };
static struct C(ntt_lanes_table) * far_head(const C(fr) * table)
{
    return (struct C(ntt_lanes_table) *)(void *)(uintptr_t)table;
}
/* The constant of factor k, and what of the leaves has it: k is a block's, a half's and a quarter's number.
 */
static void far_fill(C(fr) * table, const C(fr) * root, unsigned log2_n, size_t k)
{
    struct C(ntt_table_job) small = {.root = root, .log2_half = log2_n - 1};
    struct C(ntt_lanes_table) *head = far_head(table);
    struct C(ntt_lanes_leaf_job) job = {.table = head, .root = root};
    head->log2_n = log2_n;
    small.table = head->small;
    C(ntt_table_piece)(&small, 0, C(ntt_lanes_small));
    C(ntt_lanes_table_begin)(head);
    for (size_t size = 8; size <= 32; size *= 2) { /* with leaf k / size those around it */
        const size_t begin = k / size / FAR_GRAIN * FAR_GRAIN, leaves = C(ntt_lanes_leaves)(log2_n) - 1;
        if (begin < leaves) C(ntt_lanes_leaf_make)(&job, begin, begin + FAR_GRAIN);
        if (begin < C(ntt_lanes_constants)(log2_n) / 8)
            C(ntt_lanes_constants_piece)(head, begin, begin + FAR_GRAIN);
    }
}
/* From the file's form to that between passes, and back, canonical. */
static void far_to_planes(uint8_t *at)
{
    C(fr8) x = C(fr8_load)(at);
    C(fr8_store_planes)(at, &x);
}
static void far_from_planes(uint8_t *at)
{
    C(fr8) x = C(fr8_reduce_once)(C(fr8_load_planes)(at));
    C(fr8_store)(at, &x);
}
static void far_block(int direction, uint8_t *data, unsigned log2_len, size_t k, const C(fr) * table)
{
    const size_t bytes = (size_t)32 << log2_len;
    if (direction == 0) {
        for (size_t at = 0; at < bytes; at += 256) far_to_planes(data + at);
        C(ntt_lanes_inverse_block)(data, log2_len, k, far_head(table), false);
    } else {
        C(ntt_lanes_forward_block)(data, log2_len, k, far_head(table), false);
        for (size_t at = 0; at < bytes; at += 256) far_from_planes(data + at);
    }
}
static void far_pass(int direction, uint8_t *data, size_t k, size_t stride, size_t begin, size_t end,
                     const C(fr) * table)
{
    struct C(ntt_lanes_pass)
        pass = {.data = data, .k = k, .stride = stride, .levels = 2, .table = far_head(table)};
    for (size_t i = 0; i < 4; i++)
        for (size_t j = begin; j < end; j += 8) far_to_planes(data + i * stride + 32 * j);
    if (direction == 0)
        C(ntt_lanes_inverse_columns)(&pass, begin / 8, end / 8);
    else
        C(ntt_lanes_forward_columns)(&pass, begin / 8, end / 8);
    for (size_t i = 0; i < 4; i++)
        for (size_t j = begin; j < end; j += 8) far_from_planes(data + i * stride + 32 * j);
}
#include "ntt_tmpl.c"
#if TEST_CURVE == 254
#undef bn254_ntt_table_bytes
#undef bn254_ntt_table_make
#undef bn254_ntt_inverse
#undef bn254_ntt_forward
#undef bn254_ntt_shift
#else
#undef bls12_381_ntt_table_bytes
#undef bls12_381_ntt_table_make
#undef bls12_381_ntt_inverse
#undef bls12_381_ntt_forward
#undef bls12_381_ntt_shift
#endif

/* Twists and the odd coset, against inverse, shift and forward transform. */
PM_TEST(odd_coset)
{
    struct pm_error err;
    for (unsigned log2_n = C(ntt_lanes_min_log2); log2_n <= 17; log2_n++)
        for (size_t count = 1; count <= 3; count += log2_n < 12 ? 1 : 2) {
            struct pm_pool *pool = pm_pool_new(1 + (unsigned)(log2_n + count) % 3, &err);
            const size_t n = (size_t)1 << log2_n;
            uint8_t *data[3], *expected[3];
            C(fr) root, shift, size = C(fr_one), scale;
            root_of(&root, log2_n);
            root_of(&shift, log2_n + 1);
            for (unsigned i = 0; i < log2_n; i++) C(fr_dbl)(&size, &size);
            C(fr_inv)(&scale, &size);
            C(fr) *lanes = exact_scratch(C(ntt_lanes_table_bytes)(log2_n));
            C(ntt_lanes_table_make)(lanes, log2_n, &root, pool);
            C(ntt_lanes_table_twist)(lanes, &shift, &scale, pool);
            for (size_t i = 0; i < count; i++) {
                uint8_t *before = random_data(log2_n);
                data[i] = malloc(32 * n);
                expected[i] = malloc(32 * n);
                if (!data[i] || !expected[i]) abort();
                memcpy(data[i], before + 1, 32 * n);
                memcpy(expected[i], before + 1, 32 * n);
                free(before);
                C(ntt_lanes_inverse)(pool, expected[i], log2_n, lanes);
                C(ntt_lanes_shift)(pool, expected[i], log2_n, &scale, &shift);
                C(ntt_lanes_forward)(pool, expected[i], log2_n, lanes);
            }
            C(ntt_lanes_coset)(pool, data, count, log2_n, lanes);
            for (size_t i = 0; i < count; i++) {
                CHECK_MSG(memcmp(data[i], expected[i], 32 * n) == 0, "2^%u, array %zu of %zu", log2_n, i,
                          count);
                free(data[i]);
                free(expected[i]);
            }
            free(lanes);
            pm_pool_free(&pool);
        }
}

PM_TEST(same_as_portable)
{
    struct pm_error err;
    for (unsigned log2_n = 0; log2_n <= 16; log2_n++) {
        struct pm_pool *pool = pm_pool_new(1 + log2_n % 3, &err);
        size_t n = (size_t)1 << log2_n;
        C(fr) root;
        root_of(&root, log2_n);
        C(fr) *lanes = exact_scratch(C(ntt_lanes_table_bytes)(log2_n));
        C(fr) *portable = exact_scratch(C(ntt_table_bytes)(log2_n));
        C(ntt_lanes_table_make)(lanes, log2_n, &root, pool);
        C(ntt_table_make)(portable, log2_n, &root, pool);
        uint8_t *a = random_data(log2_n), *b = malloc(32 * n + 1);
        if (!b) abort();
        C(fr) top = C(fr_p); /* p - 1 and 0 now and then */
        top.limb[0]--;
        for (size_t i = 0; i < n; i++) {
            if (test_random() % 4 == 0) C(fr_store)(a + 1 + 32 * i, &top);
            if (test_random() % 8 == 0) memset(a + 1 + 32 * i, 0, 32);
        }
        for (int direction = 0; direction < 2; direction++) {
            memcpy(b, a, 32 * n + 1);
            if (direction == 0) {
                C(ntt_lanes_inverse)(pool, a + 1, log2_n, lanes);
                C(ntt_inverse)(pool, b + 1, log2_n, portable);
            } else {
                C(ntt_lanes_forward)(pool, a + 1, log2_n, lanes);
                C(ntt_forward)(pool, b + 1, log2_n, portable);
            }
            CHECK_MEM(a + 1, b + 1, 32 * n);
        }
        free(a);
        free(b);
        free(lanes);
        free(portable);
        pm_pool_free(&pool);
    }
}
