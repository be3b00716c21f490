/* Batched additions against single ones, with every special case mixed in. */
#include "random.h"

#define BATCH_TEST(G, random_point) BATCH_TEST_(G, random_point)
#define BATCH_TEST_(G, random_point)                                                                         \
    PM_TEST(G##_batch)                                                                                       \
    {                                                                                                        \
        enum { MAX = 40 };                                                                                   \
        static G##_affine p[MAX], q[MAX], expected[MAX];                                                     \
        static struct G##_batch_slot slot[MAX];                                                              \
        for (size_t n = 0; n <= MAX; n++) {                                                                  \
            for (size_t i = 0; i < n; i++) {                                                                 \
                G a, b;                                                                                      \
                random_point(&a);                                                                            \
                random_point(&b);                                                                            \
                switch (test_random() % 8) {                                                                 \
                case 0:                                                                                      \
                    b = a;                                                                                   \
                    break;                                                                                   \
                case 1:                                                                                      \
                    G##_neg(&b, &a);                                                                         \
                    break;                                                                                   \
                case 2:                                                                                      \
                    G##_set_infinity(&a);                                                                    \
                    break;                                                                                   \
                case 3:                                                                                      \
                    G##_set_infinity(&b);                                                                    \
                    break;                                                                                   \
                case 4:                                                                                      \
                    G##_set_infinity(&a), b = a;                                                             \
                    break;                                                                                   \
                default:                                                                                     \
                    break;                                                                                   \
                }                                                                                            \
                G##_to_affine(&p[i], &a);                                                                    \
                G##_to_affine(&q[i], &b);                                                                    \
                G##_add(&a, &a, &b);                                                                         \
                G##_to_affine(&expected[i], &a);                                                             \
            }                                                                                                \
            G##_batch_add_var(p, q, n, slot);                                                                \
            CHECK_MEM(p, expected, n * sizeof p[0]);                                                         \
        }                                                                                                    \
    }

BATCH_TEST(C(g1), random_g1)
BATCH_TEST(C(g2), random_g2)
