/* Transforms over tiny fields. A transform is linear, so all unit vectors prove it for all inputs: done for
 * every size over F_97 (2^5), F_257 (2^8) and, sampled, F_12289 (2^12). */
#include "test.h"
#include "tiny_inst.h"

#define FP       f257
#define FP_LIMBS 1
#define FP_MODULUS                                                                                           \
    {                                                                                                        \
        257                                                                                                  \
    }
#define FP_MONT_INV MONT_INV(257)
#define FP_MONT_R                                                                                            \
    {                                                                                                        \
        MONT_R(257)                                                                                          \
    }
#define FP_MONT_R2                                                                                           \
    {                                                                                                        \
        MONT_R2(257)                                                                                         \
    }
#include "math/fp_tmpl.h"

#define FP       f12289
#define FP_LIMBS 1
#define FP_MODULUS                                                                                           \
    {                                                                                                        \
        12289                                                                                                \
    }
#define FP_MONT_INV MONT_INV(12289)
#define FP_MONT_R                                                                                            \
    {                                                                                                        \
        MONT_R(12289)                                                                                        \
    }
#define FP_MONT_R2                                                                                           \
    {                                                                                                        \
        MONT_R2(12289)                                                                                       \
    }
#include "math/fp_tmpl.h"

#define NTT       tiny_ntt
#define NTT_FIELD tiny_fr
#include "math/ntt_tmpl.h"

#define NTT       f257_ntt
#define NTT_FIELD f257
#include "math/ntt_tmpl.h"

#define NTT       f12289_ntt
#define NTT_FIELD f12289
#include "math/ntt_tmpl.h"

static uint64_t power(uint64_t a, uint64_t e, uint64_t m)
{
    uint64_t out = 1;
    for (; e; e >>= 1, a = a * a % m)
        if (e & 1) out = out * a % m;
    return out;
}
static size_t reversed(size_t i, unsigned bits)
{
    size_t r = 0;
    for (; bits-- > 0; i >>= 1) r = r << 1 | (i & 1);
    return r;
}

/* step: every step-th unit vector is tried. generator: of the units modulo m. */
#define NTT_TEST(F, N, m, generator, adicity, step)                                                          \
    PM_TEST(N##_unit_vectors)                                                                                \
    {                                                                                                        \
        static uint8_t data[8 << adicity];                                                                   \
        static F table[1 << adicity];                                                                        \
        CHECK(N##_table_bytes(adicity) <= sizeof table);                                                     \
        F root = {{power(generator, (m - 1) >> adicity, m)}};                                                \
        F##_to_mont(&root, &root);                                                                           \
        N##_table_make(table, adicity, &root, NULL);                                                         \
        for (unsigned bits = 0; bits <= adicity; bits++) {                                                   \
            size_t n = (size_t)1 << bits;                                                                    \
            uint64_t w = power(generator, (m - 1) >> bits, m);                                               \
            for (size_t e = 0; e<n; e += n> 300 ? step : 1) {                                                \
                for (int direction = 0; direction < 2; direction++) {                                        \
                    memset(data, 0, sizeof data);                                                            \
                    pm_store_le64(data + 8 * (direction ? reversed(e, bits) : e), 1);                        \
                    if (direction)                                                                           \
                        N##_forward(NULL, data, bits, table);                                                \
                    else                                                                                     \
                        N##_inverse(NULL, data, bits, table);                                                \
                    uint64_t ratio = power(w, direction ? e : n - e, m), expected = 1;                       \
                    for (size_t j = 0; j < n; j++) { /* w^(+-e j) */                                         \
                        CHECK_U64(pm_load_le64(data + 8 * (direction ? j : reversed(j, bits))), expected);   \
                        expected = expected * ratio % m;                                                     \
                    }                                                                                        \
                }                                                                                            \
            }                                                                                                \
        }                                                                                                    \
    }                                                                                                        \
    PM_TEST(N##_shifts)                                                                                      \
    {                                                                                                        \
        static uint8_t data[8 << adicity];                                                                   \
        for (unsigned bits = 0; bits <= adicity; bits++) {                                                   \
            for (uint64_t shift = 0; shift < m; shift += m / 50 + 1) {                                       \
                F one = {{1}}, scale = {{3}}, by = {{shift}};                                                \
                F##_to_mont(&scale, &scale);                                                                 \
                F##_to_mont(&by, &by);                                                                       \
                for (size_t i = 0; i < (size_t)1 << bits; i++) F##_store(data + 8 * i, &one);                \
                N##_shift(NULL, data, bits, &scale, &by);                                                    \
                uint64_t expected = 3;                                                                       \
                for (size_t j = 0; j < (size_t)1 << bits; j++) {                                             \
                    CHECK_U64(pm_load_le64(data + 8 * reversed(j, bits)), expected);                         \
                    expected = expected * shift % m;                                                         \
                }                                                                                            \
            }                                                                                                \
        }                                                                                                    \
    }

NTT_TEST(tiny_fr, tiny_ntt, 97, 5, 5, 1)
NTT_TEST(f257, f257_ntt, 257, 3, 8, 1)
NTT_TEST(f12289, f12289_ntt, 12289, 11, 12, 61)
