/* fd_tmpl.h itself, called as plain functions, in the shapes that BN254 does not have: canonical values
 * (BLS12-381's Fr, where neither 4p < R nor 5p < R) and twelve limbs (its Fp), against the host. */
#include "inst_bls12_381.h"

#include "emu_world.h"
#include "fields_host.h"

#define FIELD(field)                                                                                         \
    static void pick_##field(field *a)                                                                       \
    {                                                                                                        \
        uint64_t kind = test_random() % 6;                                                                   \
        field p = field##_modulus();                                                                         \
        uint32_t borrow;                                                                                     \
        test_random_bytes(a, sizeof *a);                                                                     \
        for (size_t i = 0; kind < 2 && i < sizeof a->limb / 4; i++)                                          \
            a->limb[i] = kind == 0 ? 0 : test_random() & 1 ? UINT32_MAX : 0;                                 \
        if (kind < 3) a->limb[0] = (uint32_t)(test_random() % 3);                                            \
        for (field less = field##_raw_sub(*a, p, &borrow); !borrow; less = field##_raw_sub(*a, p, &borrow))  \
            *a = less;                                                                                       \
        if (test_random() % 4 == 0) *a = field##_canon(field##_neg(*a));                                     \
        if (field##_lazy && (test_random() & 1)) *a = field##_raw_add(*a, p);                                \
    }                                                                                                        \
    PM_TEST(field)                                                                                           \
    {                                                                                                        \
        field v[4], r, expected, p;                                                                          \
        const void *in[4] = {&v[0], &v[1], &v[2], &v[3]};                                                    \
        host_##field##_p(&p);                                                                                \
        CHECK(field##_is_zero(field##_zero()) && !field##_is_zero(field##_one()));                           \
        r = field##_modulus();                                                                               \
        CHECK(memcmp(&r, &p, sizeof p) == 0);                                                                \
        for (int round = 0; round < 4000; round++) {                                                         \
            int op = round % (K_VEC_FROM_MONT + 1);                                                          \
            for (int i = 0; i < 4; i++) pick_##field(&v[i]);                                                 \
            if (op == K_VEC_TO_MONT) test_random_bytes(&v[0], sizeof v[0]);                                  \
            switch ((enum k_vec_op)op) {                                                                     \
            case K_VEC_ADD:                                                                                  \
                r = field##_add(v[0], v[1]);                                                                 \
                break;                                                                                       \
            case K_VEC_SUB:                                                                                  \
                r = field##_sub(v[0], v[1]);                                                                 \
                break;                                                                                       \
            case K_VEC_MUL:                                                                                  \
                r = field##_mul(v[0], v[1]);                                                                 \
                break;                                                                                       \
            case K_VEC_SQR:                                                                                  \
                r = field##_sqr(v[0]);                                                                       \
                break;                                                                                       \
            case K_VEC_MUL_ADD:                                                                              \
                r = field##_mul_add(v[0], v[1], v[2], v[3]);                                                 \
                break;                                                                                       \
            case K_VEC_MUL_SUB:                                                                              \
                r = field##_mul_sub(v[0], v[1], v[2], v[3]);                                                 \
                break;                                                                                       \
            case K_VEC_TO_MONT:                                                                              \
                r = field##_to_mont(v[0]);                                                                   \
                break;                                                                                       \
            case K_VEC_FROM_MONT:                                                                            \
                r = field##_from_mont(v[0]);                                                                 \
                break;                                                                                       \
            }                                                                                                \
            field##_check(r);                                                                                \
            r = field##_canon(r);                                                                            \
            host_##field(op, &expected, in);                                                                 \
            CHECK_MSG(memcmp(&r, &expected, sizeof r) == 0, "operation %d", op);                             \
            CHECK(field##_equal(r, expected) && field##_is_zero(field##_sub(v[1], v[1])));                   \
        }                                                                                                    \
    }
enum { bls12_381_fr_lazy = 0, bls12_381_fp_lazy = 1 };
FIELD(bls12_381_fr)
FIELD(bls12_381_fp)

static void add_modulus(uint64_t seed)
{
    (void)seed;
    bls12_381_fr_add(bls12_381_fr_modulus(), bls12_381_fr_one());
}
PM_TEST(bounds) { expect_death(add_modulus, 0, "a field element is out of bounds", NULL); }
