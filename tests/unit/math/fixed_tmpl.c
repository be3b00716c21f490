/* Multiples of one point against single multiplications. */
#include "sums.h"

static struct pm_pool *pool_of(unsigned threads)
{
    struct pm_error err;
    struct pm_pool *pool = pm_pool_new(threads, &err);
    if (!pool) abort();
    return pool;
}

#define FIXED_TEST(G, generator, counts)                                                                     \
    PM_TEST(G##_fixed)                                                                                       \
    {                                                                                                        \
        static const size_t count[] = counts;                                                                \
        for (size_t c = 0; c < sizeof count / sizeof count[0]; c++) {                                        \
            size_t n = count[c];                                                                             \
            unsigned threads = 1 + (unsigned)(c % 3);                                                        \
            uint8_t *out = malloc(n * G##_bytes + 1), *scalars = malloc(n * 32 + 1), base[G##_bytes + 1];    \
            void *scratch = exact_scratch(G##_fixed_scratch(n, threads));                                    \
            struct pm_pool *pool = pool_of(threads);                                                         \
            if (!out || !scalars) abort();                                                                   \
            for (size_t i = 0; i < n; i++) {                                                                 \
                bn254_fr k;                                                                                  \
                pick_scalar(&k, (int)(i % 10));                                                              \
                bn254_fr_store(scalars + 1 + 32 * i, &k);                                                    \
            }                                                                                                \
            G##_affine_store(base + 1, &generator);                                                          \
            G##_fixed_var(pool, out + 1, base + 1, scalars + 1, n, scratch);                                 \
            for (size_t i = 0; i<n; i += n> 200 ? 37 : 1) {                                                  \
                bn254_fr k;                                                                                  \
                G p;                                                                                         \
                G##_affine a;                                                                                \
                bn254_fr_load(&k, scalars + 1 + 32 * i);                                                     \
                G##_from_affine(&p, &generator);                                                             \
                G##_mul_var(&p, &p, k.limb, 4);                                                              \
                G##_to_affine(&a, &p);                                                                       \
                uint8_t expected[G##_bytes];                                                                 \
                G##_affine_store(expected, &a);                                                              \
                CHECK_MEM(out + 1 + i * G##_bytes, expected, G##_bytes);                                     \
            }                                                                                                \
            pm_pool_free(&pool);                                                                             \
            free(scratch);                                                                                   \
            free(out);                                                                                       \
            free(scalars);                                                                                   \
        }                                                                                                    \
        /* of infinity there is only one multiple */                                                         \
        uint8_t zero[G##_bytes] = {0}, out[G##_bytes], scalar[32] = {5};                                     \
        void *scratch = exact_scratch(G##_fixed_scratch(1, 1));                                              \
        G##_fixed_var(NULL, out, zero, scalar, 1, scratch);                                                  \
        CHECK_MEM(out, zero, G##_bytes);                                                                     \
        free(scratch);                                                                                       \
    }

#define LIST(...)                                                                                            \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
FIXED_TEST(bn254_g1, g1_generator, LIST(0, 1, 2, 31, 512, 513, 1500))
FIXED_TEST(bn254_g2, g2_generator, LIST(0, 1, 30, 600))
