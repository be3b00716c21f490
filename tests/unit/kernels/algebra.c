/* A curve's device algebra on the emulated device, or on a CUDA device (TEST_CUDA), against host/math: every
 * operation on vectors of random, sparse and extreme elements, each in either of its two lazy forms, gives
 * the host's bytes; points in all special cases. Elements outside their bounds are refused. */
#include "kernels/ops.h"

#include "emu_world.h"
#include "unit/math/curve_under_test.h"

static const size_t sizes[] = {1, 31, 32, 33, 129, 400};
enum { MOST = 400, FIELD_OPS = 9 };
#define CURVE (TEST_CURVE == 254 ? OPS_BN254 : OPS_BLS12_381)

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
    struct ops_call call = {
        .curve = CURVE, .what = what, .op = op, .out = out, .out_bytes = out_bytes, .n = n};
    for (int i = 0; i < 4; i++) {
        call.in[i] = in[i];
        call.in_bytes[i] = in_bytes[i];
    }
    call.alias = alias;
    call.seed = test_random();
    CHECK_OK(RUN(&call, &err), err);
}

/* Whether values are below 2p or canonical (fd_tmpl.h's FD_BOUND). */
enum { fp_lazy = 1, fr_lazy = TEST_CURVE == 254 };

/* A canonical element: random, tiny, p minus something tiny, or limbs of all ones and zeros; `lazy` is that,
 * or that plus p. */
#define PICK(name)                                                                                           \
    static void pick_##name(C(name) * canonical, C(name) * lazy)                                             \
    {                                                                                                        \
        uint64_t kind = test_random() % 8;                                                                   \
        C(name) t = {{test_random() % 4}};                                                                   \
        test_random_bytes(canonical, sizeof *canonical);                                                     \
        if (kind == 0) *canonical = t;                                                                       \
        if (kind == 1) C(name##_raw_sub)(canonical, &C(name##_p), &t);                                       \
        if (kind == 2)                                                                                       \
            for (int i = 0; i < C(name##_limbs); i++)                                                        \
                canonical->limb[i] =                                                                         \
                    (test_random() & 1 ? 0xffffffffu : 0) | (test_random() & 1 ? 0xffffffff00000000u : 0);   \
        canonical->limb[C(name##_limbs) - 1] &= UINT64_MAX >> 2;                                             \
        while (!C(name##_is_canonical)(canonical)) C(name##_raw_sub)(canonical, canonical, &C(name##_p));    \
        *lazy = *canonical;                                                                                  \
        if (name##_lazy && (test_random() & 1)) C(name##_raw_add)(lazy, lazy, &C(name##_p));                 \
    }
PICK(fr)
PICK(fp)

static void pick_fp2(C(fp2) * canonical, C(fp2) * lazy)
{
    pick_fp(&canonical->c0, &lazy->c0);
    pick_fp(&canonical->c1, &lazy->c1);
}

/* What the host makes of it. */
#define EXPECT(name)                                                                                         \
    static void expect_##name(C(name) * out, int op, const C(name) v[4])                                     \
    {                                                                                                        \
        C(name) t;                                                                                           \
        C(name##_mul)(out, &v[0], &v[1]);                                                                    \
        C(name##_mul)(&t, &v[2], &v[3]);                                                                     \
        switch ((enum k_vec_op)op) {                                                                         \
        case K_VEC_ADD:                                                                                      \
            C(name##_add)(out, &v[0], &v[1]);                                                                \
            break;                                                                                           \
        case K_VEC_SUB:                                                                                      \
            C(name##_sub)(out, &v[0], &v[1]);                                                                \
            break;                                                                                           \
        case K_VEC_SQR:                                                                                      \
            C(name##_mul)(out, &v[0], &v[0]);                                                                \
            break;                                                                                           \
        case K_VEC_MUL_ADD:                                                                                  \
            C(name##_add)(out, out, &t);                                                                     \
            break;                                                                                           \
        case K_VEC_MUL_SUB:                                                                                  \
            C(name##_sub)(out, out, &t);                                                                     \
            break;                                                                                           \
        case K_VEC_MUL:                                                                                      \
            break;                                                                                           \
        case K_VEC_TO_MONT:                                                                                  \
            MONT(C(name##_to_mont)(out, &v[0]));                                                             \
            break;                                                                                           \
        case K_VEC_FROM_MONT:                                                                                \
            MONT(C(name##_from_mont)(out, &v[0]));                                                           \
            break;                                                                                           \
        case K_VEC_CHAIN:                                                                                    \
            *out = v[0];                                                                                     \
            for (int k = 0; k < K_VEC_CHAIN_LENGTH; k++) C(name##_mul)(out, out, &v[3]);                     \
            break;                                                                                           \
        }                                                                                                    \
    }
#define MONT(call) call
EXPECT(fr)
EXPECT(fp)
#undef MONT
#define MONT(call) abort()
EXPECT(fp2)
#undef MONT

#define FIELD_TEST(name, what, ops)                                                                          \
    PM_TEST(name)                                                                                            \
    {                                                                                                        \
        static C(name) canonical[MOST][4], lazy[4][MOST], out[MOST], expected;                               \
        const void *in[4] = {lazy[0], lazy[1], lazy[2], lazy[3]};                                            \
        const size_t bytes[4] = {sizeof out[0], sizeof out[0], sizeof out[0], sizeof out[0]};                \
        for (int op = 0; op < (ops); op++)                                                                   \
            for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {                                      \
                for (size_t i = 0; i < sizes[s]; i++)                                                        \
                    for (int j = 0; j < 4; j++) pick_##name(&canonical[i][j], &lazy[j][i]);                  \
                run_vector(OPS_##what, op, out, in, bytes, sizeof out[0], sizes[s],                          \
                           (int)(test_random() % 5) - 1);                                                    \
                for (size_t i = 0; i < sizes[s]; i++) {                                                      \
                    expect_##name(&expected, op, canonical[i]);                                              \
                    CHECK_MSG(memcmp(&out[i], &expected, sizeof expected) == 0, "operation %d, element %zu", \
                              op, i);                                                                        \
                }                                                                                            \
            }                                                                                                \
    }
FIELD_TEST(fr, FR, FIELD_OPS)
FIELD_TEST(fp, FP, FIELD_OPS)
FIELD_TEST(fp2, FP2, K_VEC_TO_MONT)

/* 0, 1, p-1, limbs of ones below the modulus' bound, such with every other limb zero; and p, p+1, 2p-1 where
 * values are lazy. They are counted. canonical_*: to below p. */
enum { EXTREMES = 8 };
#define PICK_EXTREMES(name)                                                                                  \
    static int extremes_##name(C(name) e[EXTREMES])                                                          \
    {                                                                                                        \
        memset(e, 0, EXTREMES * sizeof *e);                                                                  \
        e[1].limb[0] = 1;                                                                                    \
        C(name##_raw_sub)(&e[2], &C(name##_p), &e[1]);                                                       \
        e[5] = C(name##_p);                                                                                  \
        C(name##_raw_add)(&e[6], &e[5], &e[1]);                                                              \
        C(name##_raw_add)(&e[7], &e[5], &e[2]);                                                              \
        e[3] = name##_lazy ? e[7] : e[2];                                                                    \
        e[3].limb[C(name##_limbs) - 1]--;                                                                    \
        for (int i = 0; i + 1 < C(name##_limbs); i++) e[3].limb[i] = UINT64_MAX;                             \
        e[4] = e[3];                                                                                         \
        for (int i = 0; i + 1 < C(name##_limbs); i += 2) e[4].limb[i] = 0;                                   \
        return name##_lazy ? EXTREMES : EXTREMES - 3;                                                        \
    }                                                                                                        \
    static void canonical_##name(C(name) * a)                                                                \
    {                                                                                                        \
        while (!C(name##_is_canonical)(a)) C(name##_raw_sub)(a, a, &C(name##_p));                            \
    }
PICK_EXTREMES(fr)
PICK_EXTREMES(fp)

/* Both halves from the extremes 0, p-1, ones, p and 2p-1. */
static int extremes_fp2(C(fp2) e[EXTREMES * EXTREMES])
{
    static const int which[] = {0, 2, 3, 5, 7};
    enum { N = sizeof which / sizeof *which };
    C(fp) half[EXTREMES];
    extremes_fp(half);
    for (int i = 0; i < N * N; i++) {
        e[i].c0 = half[which[i / N]];
        e[i].c1 = half[which[i % N]];
    }
    return N * N;
}
static void canonical_fp2(C(fp2) * a)
{
    canonical_fp(&a->c0);
    canonical_fp(&a->c1);
}

/* Every pair of extremes (a, b), with (c, d) = (b, a). */
#define EXTREMES_TEST(name, what, ops)                                                                       \
    PM_TEST(extremes_of_##name)                                                                              \
    {                                                                                                        \
        enum { MOST_PAIRS = 25 * 25 };                                                                       \
        static C(name) e[EXTREMES * EXTREMES], in[4][MOST_PAIRS], out[MOST_PAIRS];                           \
        const int n = extremes_##name(e), pairs = n * n;                                                     \
        C(name) canonical[4], expected;                                                                      \
        CHECK(pairs <= MOST_PAIRS);                                                                          \
        for (int i = 0; i < pairs; i++) {                                                                    \
            in[0][i] = in[3][i] = e[i / n];                                                                  \
            in[1][i] = in[2][i] = e[i % n];                                                                  \
        }                                                                                                    \
        const void *inputs[4] = {in[0], in[1], in[2], in[3]};                                                \
        const size_t bytes[4] = {sizeof e[0], sizeof e[0], sizeof e[0], sizeof e[0]};                        \
        for (int op = 0; op < (ops); op++) {                                                                 \
            run_vector(OPS_##what, op, out, inputs, bytes, sizeof e[0], (size_t)pairs, -1);                  \
            for (int i = 0; i < pairs; i++) {                                                                \
                for (int j = 0; j < 4; j++) {                                                                \
                    canonical[j] = in[j][i];                                                                 \
                    canonical_##name(&canonical[j]);                                                         \
                }                                                                                            \
                expect_##name(&expected, op, canonical);                                                     \
                CHECK_MSG(memcmp(&out[i], &expected, sizeof expected) == 0, "operation %d, pair %d", op, i); \
            }                                                                                                \
        }                                                                                                    \
    }
EXTREMES_TEST(fr, FR, FIELD_OPS)
EXTREMES_TEST(fp, FP, FIELD_OPS)
EXTREMES_TEST(fp2, FP2, K_VEC_TO_MONT)

/* to_mont takes any number of that many limbs, as digests and scalars come. */
#define TO_MONT_TEST(name, what)                                                                             \
    PM_TEST(to_mont_of_any_##name)                                                                           \
    {                                                                                                        \
        static C(name) in[64], out[64], expected;                                                            \
        const void *inputs[4] = {in, in, in, in};                                                            \
        const size_t bytes[4] = {sizeof in[0], sizeof in[0], sizeof in[0], sizeof in[0]};                    \
        test_random_bytes(in, sizeof in);                                                                    \
        memset(&in[0], 0xff, sizeof in[0]);                                                                  \
        run_vector(OPS_##what, K_VEC_TO_MONT, out, inputs, bytes, sizeof in[0], 64, -1);                     \
        for (int i = 0; i < 64; i++) {                                                                       \
            C(name##_to_mont)(&expected, &in[i]);                                                            \
            CHECK(memcmp(&out[i], &expected, sizeof expected) == 0);                                         \
        }                                                                                                    \
    }
TO_MONT_TEST(fr, FR)
TO_MONT_TEST(fp, FP)

#ifndef TEST_CUDA
#define TEXT_(name) #name
#define TEXT(name)  TEXT_(name)
/* The least value that is out of bounds, times itself. */
#define MULTIPLY_BOUND(name, what)                                                                           \
    static void multiply_bound_of_##name(uint64_t seed)                                                      \
    {                                                                                                        \
        C(name) bound = C(name##_p);                                                                         \
        (void)seed;                                                                                          \
        if (name##_lazy) C(name##_raw_add)(&bound, &bound, &bound);                                          \
        const void *inputs[4] = {&bound, &bound, &bound, &bound};                                            \
        const size_t bytes[4] = {sizeof bound, sizeof bound, sizeof bound, sizeof bound};                    \
        run_vector(OPS_##what, K_VEC_MUL, &bound, inputs, bytes, sizeof bound, 1, -1);                       \
    }
MULTIPLY_BOUND(fr, FR)
MULTIPLY_BOUND(fp, FP)

PM_TEST(bounds_are_held)
{
    expect_death(multiply_bound_of_fr, 0, "a field element is out of bounds", NULL);
    expect_death(multiply_bound_of_fp, 0, "a field element is out of bounds", NULL);
    expect_death(multiply_bound_of_fp, 0, "kernel k_" TEXT(C(fp_mul)) ", block (", NULL);
}

/* n = 0 and operations that there are not. */
PM_TEST(nothing_to_do)
{
    struct pm_error err;
    struct ops_call call = {.curve = CURVE, .what = OPS_FR, .op = K_VEC_MUL, .alias = -1};
    CHECK_OK(emu_ops_run(&call, &err), err);
    call.what = OPS_G1;
    CHECK_OK(emu_ops_run(&call, &err), err);
    call.what = OPS_FP2;
    call.op = K_VEC_TO_MONT;
    CHECK(emu_ops_run(&call, &err) == PM_UNSUPPORTED);
}
#endif

/* -- Points -- */

static void lazily(C(fp) * a)
{
    if (test_random() & 1) C(fp_raw_add)(a, a, &C(fp_p));
}

/* Makes coordinates lazy at random, as they are between kernels. Every half of every coordinate is an
 * element. */
static void make_lazy(void *point, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += sizeof(C(fp))) lazily((C(fp) *)(void *)((uint8_t *)point + at));
}

/* Case by case: both random, equal, opposite, the first or the second or both infinite; equal and opposite in
 * other coordinates; x = 0, which is some other curve's, as additions do not look at b. Points are small
 * multiples of the generator, so that all relations occur. */
#define POINTS_TEST(name, what, field_name, generator_x, generator_y)                                        \
    static void pick_##name(C(name) * a, C(name) * b)                                                        \
    {                                                                                                        \
        static const C(name##_affine) g = {generator_x, generator_y};                                        \
        uint64_t kind = test_random() % 9, k[2] = {1 + test_random() % 50, test_random()};                   \
        C(name) base;                                                                                        \
        C(name##_from_affine)(&base, &g);                                                                    \
        C(name##_mul_var)(a, &base, k, 1 + test_random() % 2);                                               \
        C(name##_mul_var)(b, &base, k + 1, 1);                                                               \
        if (kind == 1 || kind == 2) *b = *a;                                                                 \
        if (kind == 3 || kind == 4) C(name##_neg)(b, a);                                                     \
        if (kind == 2 || kind == 4) { /* x z^2, y z^3, zz z^2, zzz z^3 */                                    \
            C(field_name) z, canonical, zz;                                                                  \
            pick_##field_name(&canonical, &z);                                                               \
            if (C(field_name##_is_zero)(&canonical)) C(field_name##_set_one)(&canonical);                    \
            C(field_name##_sqr)(&zz, &canonical);                                                            \
            C(field_name##_mul)(&z, &zz, &canonical);                                                        \
            C(field_name##_mul)(&b->x, &b->x, &zz);                                                          \
            C(field_name##_mul)(&b->zz, &b->zz, &zz);                                                        \
            C(field_name##_mul)(&b->y, &b->y, &z);                                                           \
            C(field_name##_mul)(&b->zzz, &b->zzz, &z);                                                       \
        }                                                                                                    \
        if (kind == 5 || kind == 7) C(name##_set_infinity)(a);                                               \
        if (kind == 6 || kind == 7) C(name##_set_infinity)(b);                                               \
        if (kind == 8) memset(&b->x, 0, sizeof b->x);                                                        \
    }                                                                                                        \
    PM_TEST(name)                                                                                            \
    {                                                                                                        \
        enum { COUNT = 200 };                                                                                \
        static C(name) a[COUNT], b[COUNT], lazy_a[COUNT], lazy_b[COUNT], out[COUNT], expected;               \
        static C(name##_affine) affine[COUNT], lazy_affine[COUNT];                                           \
        const void *in[4] = {lazy_a, lazy_b, lazy_affine, lazy_a};                                           \
        const size_t bytes[4] = {sizeof a[0], sizeof a[0], sizeof affine[0], sizeof a[0]};                   \
        for (int i = 0; i < COUNT; i++) {                                                                    \
            pick_##name(&a[i], &b[i]);                                                                       \
            C(name##_to_affine)(&affine[i], &b[i]);                                                          \
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
                    C(name##_add)(&expected, &a[i], &b[i]);                                                  \
                    break;                                                                                   \
                case K_POINTS_ADD_AFFINE:                                                                    \
                    C(name##_add_affine)(&expected, &a[i], &affine[i]);                                      \
                    break;                                                                                   \
                case K_POINTS_DBL:                                                                           \
                    C(name##_dbl)(&expected, &a[i]);                                                         \
                    break;                                                                                   \
                case K_POINTS_NEG:                                                                           \
                    C(name##_neg)(&expected, &a[i]);                                                         \
                    break;                                                                                   \
                }                                                                                            \
                CHECK_MSG(memcmp(&out[i], &expected, sizeof expected) == 0, "operation %d, pair %d", op, i); \
            }                                                                                                \
        }                                                                                                    \
    }
POINTS_TEST(g1, G1, fp, P(G1_GENERATOR_X), P(G1_GENERATOR_Y))
POINTS_TEST(g2, G2, fp2, P(G2_GENERATOR_X), P(G2_GENERATOR_Y))
