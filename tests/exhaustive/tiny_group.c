/* The whole group of a tiny curve: all sums of all points in all kinds of coordinates, all multiples, all
 * sums of two products, and many larger ones. The oracle is the chord-and-tangent rule on integers. */
#include "test.h"
#include "tiny_inst.h"

#define EC       tiny
#define EC_FIELD tiny_fp
#define EC_B                                                                                                 \
    {                                                                                                        \
        {                                                                                                    \
            MONT(P, B)                                                                                       \
        }                                                                                                    \
    }
#define EC_B3                                                                                                \
    {                                                                                                        \
        {                                                                                                    \
            MONT(P, 3 * B)                                                                                   \
        }                                                                                                    \
    }
#include "math/ec_tmpl.h"

#define BATCH       tiny
#define BATCH_FIELD tiny_fp
#include "math/ec_batch_tmpl.h"

#define LIFT       tiny
#define LIFT_FIELD tiny_fp
#include "math/ec_lift_tmpl.h"

#define MSM             tiny
#define MSM_SCALAR      tiny_fr
#define MSM_SCALAR_BITS 7
#define MSM_WEIGHT      1
#include "math/msm_tmpl.h"

#define FIXED             tiny
#define FIXED_SCALAR      tiny_fr
#define FIXED_SCALAR_BITS 7
#include "math/fixed_tmpl.h"

/* Integers below P; infinity is x = y = 0. */
struct slow_point {
    unsigned x, y;
};

static unsigned slow_inverse(unsigned a)
{
    for (unsigned i = 1; i < P; i++)
        if (a * i % P == 1) return i;
    return 0;
}
static struct slow_point slow_add(struct slow_point a, struct slow_point b)
{
    if (a.x == 0 && a.y == 0) return b;
    if (b.x == 0 && b.y == 0) return a;
    if (a.x == b.x && (a.y + b.y) % P == 0) return (struct slow_point){0, 0};
    unsigned slope = a.x == b.x ? 3 * a.x * a.x % P * slow_inverse(2 * a.y % P)
                                : (b.y + P - a.y) % P * slow_inverse((b.x + P - a.x) % P);
    slope %= P;
    struct slow_point out;
    out.x = (slope * slope + 2 * P - a.x - b.x) % P;
    out.y = (slope * ((a.x + P - out.x) % P) + P - a.y) % P;
    return out;
}

static tiny_affine group[R]; /* k times the generator, Montgomery */

static void enumerate(void)
{
    struct slow_point g = {GX, GY}, at = {0, 0};
    for (unsigned k = 0; k < R; k++) {
        group[k] = (tiny_affine){{{at.x}}, {{at.y}}};
        tiny_fp_to_mont(&group[k].x, &group[k].x);
        tiny_fp_to_mont(&group[k].y, &group[k].y);
        at = slow_add(at, g);
    }
    CHECK(at.x == 0 && at.y == 0);
}
static bool is_multiple(const tiny *a, unsigned k)
{
    tiny_affine affine;
    tiny_to_affine(&affine, a);
    return tiny_fp_equal(&affine.x, &group[k].x) && tiny_fp_equal(&affine.y, &group[k].y);
}

/* k times the generator as (x s^2, y s^3, s^2, s^3); for infinity any X and Y will do. */
static tiny scaled(unsigned k, uint64_t s)
{
    tiny out;
    tiny_fp f = {{s}};
    tiny_fp_to_mont(&f, &f);
    if (k == 0) return (tiny){f, f, {{0}}, {{0}}};
    tiny_fp_sqr(&out.zz, &f);
    tiny_fp_mul(&out.zzz, &out.zz, &f);
    tiny_fp_mul(&out.x, &group[k].x, &out.zz);
    tiny_fp_mul(&out.y, &group[k].y, &out.zzz);
    return out;
}

PM_TEST(points_of_the_plane)
{
    enumerate();
    unsigned count = 0;
    for (uint64_t x = 0; x < P; x++) {
        for (uint64_t y = 0; y < P; y++) {
            tiny_affine a = {{{x}}, {{y}}};
            bool on_curve = (y * y + P * P - (x * x * x + B) % P) % P == 0;
            tiny_fp_to_mont(&a.x, &a.x);
            tiny_fp_to_mont(&a.y, &a.y);
            CHECK(tiny_affine_on_curve(&a) == (on_curve || (x == 0 && y == 0)));
            count += on_curve;
        }
    }
    CHECK_U64(count + 1, R);
}

PM_TEST(all_sums)
{
    enumerate();
    for (unsigned i = 0; i < R; i++) {
        for (uint64_t s = 1; s < P; s += 17) {
            tiny a = scaled(i, s), t;
            CHECK(is_multiple(&a, i) && tiny_is_infinity(&a) == (i == 0));
            tiny_neg(&t, &a);
            CHECK(is_multiple(&t, (R - i) % R));
            tiny_dbl(&t, &a);
            CHECK(is_multiple(&t, 2 * i % R));
            for (unsigned j = 0; j < R; j++) {
                tiny b = scaled(j, s * 5 % P);
                CHECK(tiny_equal(&a, &b) == (i == j));
                tiny_add(&t, &a, &b);
                CHECK(is_multiple(&t, (i + j) % R));
                tiny_add_affine(&t, &a, &group[j]);
                CHECK(is_multiple(&t, (i + j) % R));
            }
        }
    }
}

PM_TEST(all_sums_homogeneous)
{
    enumerate();
    for (unsigned i = 0; i < R; i++) {
        for (unsigned j = 0; j < R; j++) {
            struct tiny_homogeneous a, b, *both[2] = {&a, &b}, sum;
            unsigned k[2] = {i, j};
            for (int n = 0; n < 2; n++) {
                tiny_fp s = {{1 + test_random() % (P - 1)}};
                both[n]->x = group[k[n]].x;
                both[n]->y = k[n] ? group[k[n]].y : tiny_fp_one;
                both[n]->z = k[n] ? tiny_fp_one : (tiny_fp){{0}};
                tiny_fp_mul(&both[n]->x, &both[n]->x, &s);
                tiny_fp_mul(&both[n]->y, &both[n]->y, &s);
                tiny_fp_mul(&both[n]->z, &both[n]->z, &s);
            }
            for (int twice = 0; twice < 2; twice++) {
                unsigned expected = twice ? 2 * i % R : (i + j) % R;
                tiny_fp inverse;
                if (twice)
                    tiny_dbl_complete(&sum, &a);
                else
                    tiny_add_complete(&sum, &a, &b);
                CHECK(tiny_fp_is_zero(&sum.z) == (expected == 0));
                CHECK(!tiny_fp_is_zero(&sum.y) || !tiny_fp_is_zero(&sum.x) || !tiny_fp_is_zero(&sum.z));
                if (expected == 0) continue;
                tiny_fp_inv(&inverse, &sum.z);
                tiny_fp_mul(&sum.x, &sum.x, &inverse);
                tiny_fp_mul(&sum.y, &sum.y, &inverse);
                CHECK(tiny_fp_equal(&sum.x, &group[expected].x) && tiny_fp_equal(&sum.y, &group[expected].y));
            }
        }
    }
}

PM_TEST(all_multiples)
{
    enumerate();
    for (unsigned i = 0; i < R; i++) {
        tiny a = scaled(i, 1 + i), t;
        for (uint64_t k = 0; k < 300; k++) {
            tiny_mul(&t, &a, &k, 1);
            CHECK(is_multiple(&t, (unsigned)(i * k % R)));
            tiny_mul_var(&t, &a, &k, 1);
            CHECK(is_multiple(&t, (unsigned)(i * k % R)));
        }
        uint64_t k = UINT64_MAX;
        tiny_mul(&t, &a, &k, 1);
        CHECK(is_multiple(&t, (unsigned)(k % R * i % R)));
    }
}

PM_TEST(one_batch_of_all_sums)
{
    enumerate();
    static tiny_affine p[R * R], q[R * R];
    static struct tiny_batch_slot slot[R * R];
    for (unsigned i = 0; i < R * R; i++) p[i] = group[i / R], q[i] = group[i % R];
    tiny_batch_add_var(p, q, R * R, slot);
    for (unsigned i = 0; i < R * R; i++) CHECK_MEM(&p[i], &group[(i / R + i % R) % R], sizeof p[i]);
}

static uint8_t *aligned(size_t bytes)
{
    void *p = NULL;
    if (posix_memalign(&p, 64, bytes ? bytes : 1) != 0) abort();
    memset(p, 0x5a, bytes);
    return p;
}

/* Checks the sum of scalar[i] base[i], base[i] being log[i] times the generator. */
static void check_sum(struct pm_pool *pool, const unsigned *log, const unsigned *scalar, size_t n,
                      uint8_t *scratch)
{
    static uint8_t bases[2000 * tiny_bytes], scalars[2000 * tiny_fr_bytes];
    unsigned expected = 0;
    tiny sum;
    for (size_t i = 0; i < n; i++) {
        tiny_affine_store(bases + i * tiny_bytes, &group[log[i]]);
        pm_store_le64(scalars + i * tiny_fr_bytes, scalar[i]);
        expected = (expected + log[i] * scalar[i]) % R;
    }
    pm_msm_one_var(&tiny_msm_kind, pool, &sum, bases, scalars, n, scratch);
    CHECK(is_multiple(&sum, expected));
}

PM_TEST(all_sums_of_two_products)
{
    enumerate();
    uint8_t *scratch = aligned(pm_msm_one_scratch(&tiny_msm_kind, 2, 1));
    static const unsigned logs[][2] = {{1, 0}, {1, 1}, {1, 2}, {1, 96}, {50, 3}};
    for (size_t l = 0; l < sizeof logs / sizeof logs[0]; l++)
        for (unsigned k = 0; k < R * R; k++) {
            unsigned scalar[2] = {k / R, k % R};
            check_sum(NULL, logs[l], scalar, 2, scratch);
        }
    free(scratch);
}

/* Random sums of every size: with 97 points and scalars nearly everything special happens. */
PM_TEST(many_sums)
{
    enumerate();
    struct pm_error err;
    struct pm_pool *pool = pm_pool_new(3, &err);
    uint8_t *scratch = aligned(pm_msm_one_scratch(&tiny_msm_kind, 2000, 3));
    unsigned log[2000], scalar[2000];
    for (size_t round = 0; round < 600; round++) {
        size_t n = round < 300 ? round : test_random() % 2000;
        for (size_t i = 0; i < n; i++) {
            log[i] = (unsigned)(test_random() % (round % 3 ? R : 3));
            scalar[i] = (unsigned)(test_random() % (round % 5 ? R : 2));
        }
        check_sum(round % 2 ? pool : NULL, log, scalar, n, scratch);
    }
    free(scratch);
    pm_pool_free(&pool);
}

PM_TEST(all_multiples_of_fixed_bases)
{
    enumerate();
    enum { N = 2 * R };
    uint8_t *scratch = aligned(tiny_fixed_scratch(1)), *table = aligned(tiny_fixed_table_bytes(N));
    uint8_t scalars[N * tiny_fr_bytes], out[N * tiny_bytes];
    for (unsigned base = 0; base < R; base++) {
        uint8_t bytes[tiny_bytes], expected[tiny_bytes];
        tiny_affine_store(bytes, &group[base]);
        for (unsigned k = 0; k < N; k++) pm_store_le64(scalars + k * tiny_fr_bytes, k); /* k >= R: reduced */
        tiny_fixed_table_make(NULL, table, bytes, N, scratch);
        tiny_fixed_var(NULL, out, table, scalars, N, scratch);
        for (unsigned k = 0; k < N; k++) {
            tiny_affine_store(expected, &group[base * k % R]);
            CHECK_MEM(out + k * tiny_bytes, expected, tiny_bytes);
        }
    }
    free(scratch);
    free(table);
}
