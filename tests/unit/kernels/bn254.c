/* BN254's device algebra on the emulated device, or on a CUDA device (TEST_CUDA), against host/math: every
 * operation on vectors of random, sparse and extreme elements, each in either of its two lazy forms, gives
 * the host's bytes; points in all special cases. Elements outside their bounds are refused. */
#include "kernels/ops.h"

#include "emu_world.h"
#include "math/bn254_inst.h"

static const size_t sizes[] = {1, 31, 32, 33, 129, 400};
enum { MOST = 400, FIELD_OPS = 8 };

/* The device under test: the emulated one, or CUDA's where this is compiled for it. */
#ifdef TEST_CUDA
#define RUN cuda_ops_run
__attribute__((constructor(101))) static void skip_without_device(void)
{
    if (cuda_ops_devices() > 0) return;
    fprintf(stderr, "skipped: there is no CUDA device here\n");
    exit(77);
}
#else
#define RUN emu_ops_run
#endif

static void run_vector(enum ops_vector what, int op, void *out, const void *const in[4],
                       const size_t in_bytes[4], size_t out_bytes, size_t n, int alias)
{
    struct pm_error err;
    struct ops_call call = {.what = what, .op = op, .out = out, .out_bytes = out_bytes, .n = n};
    for (int i = 0; i < 4; i++) {
        call.in[i] = in[i];
        call.in_bytes[i] = in_bytes[i];
    }
    call.alias = alias;
    call.seed = test_random();
    CHECK_OK(RUN(&call, &err), err);
}

/* A canonical element: random, tiny, p minus something tiny, or limbs of all ones and zeros; `lazy` is that,
 * or that plus p. */
#define PICK(field)                                                                                          \
    static void pick_##field(field *canonical, field *lazy)                                                  \
    {                                                                                                        \
        uint64_t kind = test_random() % 8;                                                                   \
        field t = {{test_random() % 4}};                                                                     \
        test_random_bytes(canonical, sizeof *canonical);                                                     \
        if (kind == 0) *canonical = t;                                                                       \
        if (kind == 1) field##_raw_sub(canonical, &field##_p, &t);                                           \
        if (kind == 2)                                                                                       \
            for (int i = 0; i < field##_limbs; i++)                                                          \
                canonical->limb[i] =                                                                         \
                    (test_random() & 1 ? 0xffffffffu : 0) | (test_random() & 1 ? 0xffffffff00000000u : 0);   \
        canonical->limb[field##_limbs - 1] &= UINT64_MAX >> 2;                                               \
        while (!field##_is_canonical(canonical)) field##_raw_sub(canonical, canonical, &field##_p);          \
        *lazy = *canonical;                                                                                  \
        if (test_random() & 1) field##_raw_add(lazy, lazy, &field##_p);                                      \
    }
PICK(bn254_fr)
PICK(bn254_fp)

static void pick_bn254_fp2(bn254_fp2 *canonical, bn254_fp2 *lazy)
{
    pick_bn254_fp(&canonical->c0, &lazy->c0);
    pick_bn254_fp(&canonical->c1, &lazy->c1);
}

/* What the host makes of it. */
#define EXPECT(field)                                                                                        \
    static void expect_##field(field *out, int op, const field v[4])                                         \
    {                                                                                                        \
        field t;                                                                                             \
        field##_mul(out, &v[0], &v[1]);                                                                      \
        field##_mul(&t, &v[2], &v[3]);                                                                       \
        switch ((enum k_vec_op)op) {                                                                         \
        case K_VEC_ADD:                                                                                      \
            field##_add(out, &v[0], &v[1]);                                                                  \
            break;                                                                                           \
        case K_VEC_SUB:                                                                                      \
            field##_sub(out, &v[0], &v[1]);                                                                  \
            break;                                                                                           \
        case K_VEC_SQR:                                                                                      \
            field##_mul(out, &v[0], &v[0]);                                                                  \
            break;                                                                                           \
        case K_VEC_MUL_ADD:                                                                                  \
            field##_add(out, out, &t);                                                                       \
            break;                                                                                           \
        case K_VEC_MUL_SUB:                                                                                  \
            field##_sub(out, out, &t);                                                                       \
            break;                                                                                           \
        case K_VEC_MUL:                                                                                      \
            break;                                                                                           \
        case K_VEC_TO_MONT:                                                                                  \
            MONT(field##_to_mont(out, &v[0]));                                                               \
            break;                                                                                           \
        case K_VEC_FROM_MONT:                                                                                \
            MONT(field##_from_mont(out, &v[0]));                                                             \
            break;                                                                                           \
        }                                                                                                    \
    }
#define MONT(call) call
EXPECT(bn254_fr)
EXPECT(bn254_fp)
#undef MONT
#define MONT(call) abort()
EXPECT(bn254_fp2)
#undef MONT

#define FIELD_TEST(field, what, ops)                                                                         \
    PM_TEST(field)                                                                                           \
    {                                                                                                        \
        static field canonical[MOST][4], lazy[4][MOST], out[MOST], expected;                                 \
        const void *in[4] = {lazy[0], lazy[1], lazy[2], lazy[3]};                                            \
        const size_t bytes[4] = {sizeof out[0], sizeof out[0], sizeof out[0], sizeof out[0]};                \
        for (int op = 0; op < (ops); op++)                                                                   \
            for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {                                      \
                for (size_t i = 0; i < sizes[s]; i++)                                                        \
                    for (int j = 0; j < 4; j++) pick_##field(&canonical[i][j], &lazy[j][i]);                 \
                run_vector(OPS_##what, op, out, in, bytes, sizeof out[0], sizes[s],                          \
                           (int)(test_random() % 5) - 1);                                                    \
                for (size_t i = 0; i < sizes[s]; i++) {                                                      \
                    expect_##field(&expected, op, canonical[i]);                                             \
                    CHECK_MSG(memcmp(&out[i], &expected, sizeof expected) == 0, "operation %d, element %zu", \
                              op, i);                                                                        \
                }                                                                                            \
            }                                                                                                \
    }
FIELD_TEST(bn254_fr, BN254_FR, FIELD_OPS)
FIELD_TEST(bn254_fp, BN254_FP, FIELD_OPS)
FIELD_TEST(bn254_fp2, BN254_FP2, K_VEC_TO_MONT)

/* Every pair of the extremes 0, 1, p-1, p, p+1, 2p-1 and of full lower limbs. */
PM_TEST(extremes)
{
    enum { E = 8 };
    static bn254_fp in[4][E * E], out[E * E];
    bn254_fp e[E] = {{{0}}, {{1}}}, canonical[4], expected;
    bn254_fp_raw_sub(&e[2], &bn254_fp_p, &e[1]);
    e[3] = bn254_fp_p;
    bn254_fp_raw_add(&e[4], &e[3], &e[1]);
    bn254_fp_raw_add(&e[5], &e[3], &e[2]);
    e[6] = (bn254_fp){{UINT64_MAX, UINT64_MAX, UINT64_MAX, 0x60c89ce5c2634052}}; /* just below 2p */
    e[7] = (bn254_fp){{0, UINT64_MAX, 0, 0x60c89ce5c2634053}};
    for (int i = 0; i < E * E; i++) {
        in[0][i] = in[3][i] = e[i / E];
        in[1][i] = in[2][i] = e[i % E];
    }
    const void *inputs[4] = {in[0], in[1], in[2], in[3]};
    const size_t bytes[4] = {32, 32, 32, 32};
    for (int op = 0; op < FIELD_OPS; op++) {
        run_vector(OPS_BN254_FP, op, out, inputs, bytes, 32, E * E, -1);
        for (int i = 0; i < E * E; i++) {
            for (int j = 0; j < 4; j++) {
                canonical[j] = in[j][i];
                while (!bn254_fp_is_canonical(&canonical[j]))
                    bn254_fp_raw_sub(&canonical[j], &canonical[j], &bn254_fp_p);
            }
            expect_bn254_fp(&expected, op, canonical);
            CHECK_MSG(memcmp(&out[i], &expected, 32) == 0, "operation %d, pair %d", op, i);
        }
    }
}

/* to_mont takes any 256 bits, as digests and scalars come. */
PM_TEST(to_mont_of_anything)
{
    static bn254_fr in[64], out[64];
    const void *inputs[4] = {in, in, in, in};
    const size_t bytes[4] = {32, 32, 32, 32};
    test_random_bytes(in, sizeof in);
    memset(&in[0], 0xff, sizeof in[0]);
    run_vector(OPS_BN254_FR, K_VEC_TO_MONT, out, inputs, bytes, 32, 64, -1);
    for (int i = 0; i < 64; i++) {
        bn254_fr expected;
        bn254_fr_to_mont(&expected, &in[i]);
        CHECK(memcmp(&out[i], &expected, 32) == 0);
    }
}

#ifndef TEST_CUDA
static void multiply_2p(uint64_t seed)
{
    bn254_fp twice;
    (void)seed;
    bn254_fp_raw_add(&twice, &bn254_fp_p, &bn254_fp_p);
    const void *inputs[4] = {&twice, &twice, &twice, &twice};
    const size_t bytes[4] = {32, 32, 32, 32};
    run_vector(OPS_BN254_FP, K_VEC_MUL, &twice, inputs, bytes, 32, 1, -1);
}

PM_TEST(bounds_are_held)
{
    expect_death(multiply_2p, 0, "a field element is out of bounds", NULL);
    expect_death(multiply_2p, 0, "kernel k_bn254_fp_mul, block (", NULL);
}

/* n = 0 and operations that there are not. */
PM_TEST(nothing_to_do)
{
    struct pm_error err;
    struct ops_call call = {.what = OPS_BN254_FR, .op = K_VEC_MUL, .alias = -1};
    CHECK_OK(emu_ops_run(&call, &err), err);
    call.what = OPS_BN254_G1;
    CHECK_OK(emu_ops_run(&call, &err), err);
    call.what = OPS_BN254_FP2;
    call.op = K_VEC_TO_MONT;
    CHECK(emu_ops_run(&call, &err) == PM_UNSUPPORTED);
}
#endif

/* -- Points -- */

static void lazily(bn254_fp *a)
{
    if (test_random() & 1) bn254_fp_raw_add(a, a, &bn254_fp_p);
}

/* Makes coordinates lazy at random, as they are between kernels. Every half of every coordinate is an
 * element. */
static void make_lazy(void *point, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += sizeof(bn254_fp))
        lazily((bn254_fp *)(void *)((uint8_t *)point + at));
}

/* Case by case: both random, equal, opposite, the first or the second or both infinite; equal and opposite in
 * other coordinates. Points are small multiples of the generator, so that all relations occur. */
#define POINTS_TEST(group, what, field, generator_x, generator_y)                                            \
    static void pick_##group(group *a, group *b)                                                             \
    {                                                                                                        \
        static const group##_affine g = {generator_x, generator_y};                                          \
        uint64_t kind = test_random() % 8, k[2] = {1 + test_random() % 50, test_random()};                   \
        group base;                                                                                          \
        group##_from_affine(&base, &g);                                                                      \
        group##_mul_var(a, &base, k, 1 + test_random() % 2);                                                 \
        group##_mul_var(b, &base, k + 1, 1);                                                                 \
        if (kind == 1 || kind == 2) *b = *a;                                                                 \
        if (kind == 3 || kind == 4) group##_neg(b, a);                                                       \
        if (kind == 2 || kind == 4) { /* x z^2, y z^3, zz z^2, zzz z^3 */                                    \
            field z, canonical, zz;                                                                          \
            pick_##field(&canonical, &z);                                                                    \
            if (field##_is_zero(&canonical)) field##_set_one(&canonical);                                    \
            field##_sqr(&zz, &canonical);                                                                    \
            field##_mul(&z, &zz, &canonical);                                                                \
            field##_mul(&b->x, &b->x, &zz);                                                                  \
            field##_mul(&b->zz, &b->zz, &zz);                                                                \
            field##_mul(&b->y, &b->y, &z);                                                                   \
            field##_mul(&b->zzz, &b->zzz, &z);                                                               \
        }                                                                                                    \
        if (kind == 5 || kind == 7) group##_set_infinity(a);                                                 \
        if (kind == 6 || kind == 7) group##_set_infinity(b);                                                 \
    }                                                                                                        \
    PM_TEST(group)                                                                                           \
    {                                                                                                        \
        enum { COUNT = 200 };                                                                                \
        static group a[COUNT], b[COUNT], lazy_a[COUNT], lazy_b[COUNT], out[COUNT], expected;                 \
        static group##_affine affine[COUNT], lazy_affine[COUNT];                                             \
        const void *in[4] = {lazy_a, lazy_b, lazy_affine, lazy_a};                                           \
        const size_t bytes[4] = {sizeof a[0], sizeof a[0], sizeof affine[0], sizeof a[0]};                   \
        for (int i = 0; i < COUNT; i++) {                                                                    \
            pick_##group(&a[i], &b[i]);                                                                      \
            group##_to_affine(&affine[i], &b[i]);                                                            \
            lazy_a[i] = a[i];                                                                                \
            lazy_b[i] = b[i];                                                                                \
            lazy_affine[i] = affine[i];                                                                      \
            make_lazy(&lazy_a[i], sizeof a[0]);                                                              \
            make_lazy(&lazy_b[i], sizeof b[0]);                                                              \
            make_lazy(&lazy_affine[i], sizeof affine[0]);                                                    \
        }                                                                                                    \
        for (int op = K_POINTS_ADD; op <= K_POINTS_NEG; op++) {                                              \
            run_vector(OPS_##what, op, out, in, bytes, sizeof a[0], COUNT, (int)(test_random() % 2) - 1);    \
            for (int i = 0; i < COUNT; i++) {                                                                \
                switch ((enum k_points_op)op) {                                                              \
                case K_POINTS_ADD:                                                                           \
                    group##_add(&expected, &a[i], &b[i]);                                                    \
                    break;                                                                                   \
                case K_POINTS_ADD_AFFINE:                                                                    \
                    group##_add_affine(&expected, &a[i], &affine[i]);                                        \
                    break;                                                                                   \
                case K_POINTS_DBL:                                                                           \
                    group##_dbl(&expected, &a[i]);                                                           \
                    break;                                                                                   \
                case K_POINTS_NEG:                                                                           \
                    group##_neg(&expected, &a[i]);                                                           \
                    break;                                                                                   \
                }                                                                                            \
                CHECK_MSG(memcmp(&out[i], &expected, sizeof expected) == 0, "operation %d, pair %d", op, i); \
            }                                                                                                \
        }                                                                                                    \
    }
POINTS_TEST(bn254_g1, BN254_G1, bn254_fp, PM_BN254_G1_GENERATOR_X, PM_BN254_G1_GENERATOR_Y)
POINTS_TEST(bn254_g2, BN254_G2, bn254_fp2, PM_BN254_G2_GENERATOR_X, PM_BN254_G2_GENERATOR_Y)
