/* Multiples of one point in lanes: the tests of fixed_tmpl.c, over the lanes' functions. Then the table, byte
 * by byte, and what is special in lanes: sums that meet a table's entry, and multiples of infinity. */
#include "ifma_under_test.h"
#include "needs_ifma.h"
#include "random.h"

/* The portable build's, before its names are taken. */
static void oracle_g1(void *table, const uint8_t *base, size_t n, void *scratch)
{
    C(g1_fixed_table_make)(NULL, table, base, n, scratch);
}
static void oracle_g2(void *table, const uint8_t *base, size_t n, void *scratch)
{
    C(g2_fixed_table_make)(NULL, table, base, n, scratch);
}

#if TEST_CURVE == 254
#define bn254_g1_fixed_var        bn254_g1_lanes_fixed_var
#define bn254_g2_fixed_var        bn254_g2_lanes_fixed_var
#define bn254_g1_fixed_scratch    bn254_g1_lanes_fixed_scratch
#define bn254_g2_fixed_scratch    bn254_g2_lanes_fixed_scratch
#define bn254_g1_fixed_table_make bn254_g1_lanes_fixed_table_make
#define bn254_g2_fixed_table_make bn254_g2_lanes_fixed_table_make
#else
#define bls12_381_g1_fixed_var        bls12_381_g1_lanes_fixed_var
#define bls12_381_g2_fixed_var        bls12_381_g2_lanes_fixed_var
#define bls12_381_g1_fixed_scratch    bls12_381_g1_lanes_fixed_scratch
#define bls12_381_g2_fixed_scratch    bls12_381_g2_lanes_fixed_scratch
#define bls12_381_g1_fixed_table_make bls12_381_g1_lanes_fixed_table_make
#define bls12_381_g2_fixed_table_make bls12_381_g2_lanes_fixed_table_make
#endif
#include "fixed_tmpl.c"

#define SAME_TABLE(g)                                                                                        \
    PM_TEST(g##_table)                                                                                       \
    {                                                                                                        \
        struct pm_pool *pool = pool_of(3);                                                                   \
        for (size_t n = 1; n < 40000; n = 5 * n + 1) {                                                       \
            size_t size = C(g##_fixed_table_bytes)(n);                                                       \
            void *ours = exact_scratch(size), *oracle = exact_scratch(size);                                 \
            void *scratch = exact_scratch(C(g##_fixed_scratch)(3));                                          \
            void *plain = exact_scratch(sizeof(struct C(g##_fixed_worker)));                                 \
            uint8_t base[C(g##_bytes)];                                                                      \
            C(g##_affine_store)(base, &g##_generator);                                                       \
            C(g##_lanes_fixed_table_make)(pool, ours, base, n, scratch);                                     \
            oracle_##g(oracle, base, n, plain);                                                              \
            CHECK_MSG(memcmp(ours, oracle, size) == 0, "table for %zu", n);                                  \
            free(ours);                                                                                      \
            free(oracle);                                                                                    \
            free(scratch);                                                                                   \
            free(plain);                                                                                     \
        }                                                                                                    \
        pm_pool_free(&pool);                                                                                 \
    }
SAME_TABLE(g1)
SAME_TABLE(g2)

/* k = 2 d 2^(c w) - r with d 2^(c w) just below or above r: the lower digits sum up to d 2^(c w) - r, which
 * the top digit's entry equals. */
PM_TEST(sums_meet_entries)
{
    static const size_t counts[] = {4, 64, 2000, 70000, 1000000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        unsigned c = C(g1_fixed_window)(counts[i]), top = pm_digits_windows(P(FR_BITS), c) - 1;
        uint8_t scalars[8 * 32], base[C(g1_bytes)], out[8 * C(g1_bytes)];
        C(g1_affine_store)(base, &g1_generator);
        for (int k = 0; k < 8; k++) { /* d = floor or ceiling of r / 2^(c w), w the top window or the next */
            unsigned shift = c * (top - (unsigned)k / 4);
            C(fr) d = C(fr_p), one = {{1}};
            for (unsigned done = 0; done < shift; done++) C(fr_raw_shr)(&d, 1);
            if (k & 1) C(fr_add)(&d, &d, &one);
            for (unsigned done = 0; done <= shift; done++) C(fr_dbl)(&d, &d);
            if (k & 2) C(fr_neg)(&d, &d);
            C(fr_store)(scalars + 32 * k, &d);
        }
        C(g1_multiples)(NULL, out, base, scalars, 8, counts[i]);
        for (int k = 0; k < 8; k++) {
            C(fr) d;
            C(g1) p;
            C(g1_affine) a;
            uint8_t expected[C(g1_bytes)];
            C(fr_load)(&d, scalars + 32 * k);
            C(g1_from_affine)(&p, &g1_generator);
            C(g1_mul_var)(&p, &p, d.limb, 4);
            C(g1_to_affine)(&a, &p);
            C(g1_affine_store)(expected, &a);
            CHECK_MSG(memcmp(out + C(g1_bytes) * k, expected, C(g1_bytes)) == 0, "table for %zu, scalar %d",
                      counts[i], k);
        }
    }
}

PM_TEST(multiples_of_infinity)
{
    enum { N = 50 };
    uint8_t zero[N * C(g2_bytes)] = {0}, out[N * C(g2_bytes)], scalars[N * 32];
    for (int i = 0; i < N; i++) {
        C(fr) k;
        pick_scalar(&k, i % 10);
        C(fr_store)(scalars + 32 * i, &k);
    }
    C(g1_multiples)(NULL, out, zero, scalars, N, N);
    CHECK_MEM(out, zero, N * C(g1_bytes));
    C(g2_multiples)(NULL, out, zero, scalars, N, N);
    CHECK_MEM(out, zero, N * C(g2_bytes));
}
