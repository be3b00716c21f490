/* Multiples of one point against single multiplications. */
#include "sums.h"

static struct pm_pool *pool_of(unsigned threads)
{
    struct pm_error err;
    struct pm_pool *pool = pm_pool_new(threads, &err);
    if (!pool) abort();
    return pool;
}

#define FIXED_TEST(G, generator, counts) FIXED_TEST_(G, generator, counts)
#define FIXED_TEST_(G, generator, counts)                                                                    \
    PM_TEST(G##_fixed)                                                                                       \
    {                                                                                                        \
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {                                      \
            size_t n = counts[c];                                                                            \
            unsigned threads = 1 + (unsigned)(c % 3);                                                        \
            uint8_t *out = malloc(n * G##_bytes + 1), *scalars = malloc(n * 32 + 1), base[G##_bytes + 1];    \
            struct pm_pool *pool = pool_of(threads);                                                         \
            if (!out || !scalars) abort();                                                                   \
            for (size_t i = 0; i < n; i++) {                                                                 \
                C(fr) k;                                                                                     \
                pick_scalar(&k, (int)(i % 10));                                                              \
                C(fr_store)(scalars + 1 + 32 * i, &k);                                                       \
            }                                                                                                \
            G##_affine_store(base + 1, &generator);                                                          \
            G##_multiples(pool, out + 1, base + 1, scalars + 1, n, c % 4 == 3 ? 40 * n : n);                 \
            for (size_t i = 0; i<n; i += n> 200 ? 37 : 1) {                                                  \
                C(fr) k;                                                                                     \
                G p;                                                                                         \
                G##_affine a;                                                                                \
                C(fr_load)(&k, scalars + 1 + 32 * i);                                                        \
                G##_from_affine(&p, &generator);                                                             \
                G##_mul_var(&p, &p, k.limb, 4);                                                              \
                G##_to_affine(&a, &p);                                                                       \
                uint8_t expected[G##_bytes];                                                                 \
                G##_affine_store(expected, &a);                                                              \
                CHECK_MEM(out + 1 + i * G##_bytes, expected, G##_bytes);                                     \
            }                                                                                                \
            pm_pool_free(&pool);                                                                             \
            free(out);                                                                                       \
            free(scalars);                                                                                   \
        }                                                                                                    \
        /* of infinity there is only one multiple */                                                         \
        uint8_t zero[G##_bytes] = {0}, out[G##_bytes], scalar[32] = {5};                                     \
        G##_multiples(NULL, out, zero, scalar, 1, 1);                                                        \
        CHECK_MEM(out, zero, G##_bytes);                                                                     \
    }

static const size_t g1_counts[] = {0, 1, 2, 31, 512, 513, 1500}, g2_counts[] = {0, 1, 30, 600};
FIXED_TEST(C(g1), g1_generator, g1_counts)
FIXED_TEST(C(g2), g2_generator, g2_counts)
