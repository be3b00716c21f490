/* Vectors in lanes against the field: lengths around vectors of eight, zeros everywhere, in place. */
#include "ifma_under_test.h"
#include "needs_ifma.h"
#include "sums.h"

enum { MOST = 70 };

/* From byte 1, as nothing need be aligned; what follows the vector must stay. */
static uint8_t a[32 * MOST + 65], b[32 * MOST + 65], out[32 * MOST + 65], scratch[32 * MOST + 65];

static C(fr) element(const uint8_t *v, size_t i)
{
    C(fr) x;
    C(fr_load)(&x, v + 1 + 32 * i);
    return x;
}
static void random_vector(uint8_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        C(fr) x;
        pick_scalar(&x, 9);
        C(fr_store)(v + 1 + 32 * i, &x);
    }
    memset(v + 1 + 32 * n, 0x5a, 64);
}
static void invert(uint8_t *to, const uint8_t *from, size_t n)
{
    struct C(lanes_vec_inv_job) job = {.out = to + 1, .a = from + 1, .scratch = scratch + 1};
    memset(scratch, 0x5a, sizeof scratch);
    C(lanes_vec_inv_piece)(&job, 0, n);
    for (size_t i = 1 + 32 * n; i < 1 + 32 * n + 64; i++) CHECK(scratch[i] == 0x5a && to[i] == 0x5a);
}
static void check_inverses(const uint8_t *of, size_t n, size_t zero)
{
    for (size_t i = 0; i < n; i++) {
        C(fr) x = element(of, i), y = element(out, i);
        C(fr_inv)(&x, &x);
        CHECK_MSG(memcmp(&x, &y, 32) == 0, "n = %zu, element %zu, zero at %zu", n, i, zero);
    }
}

PM_TEST(inverses)
{
    for (size_t n = 0; n <= MOST; n++) {
        random_vector(a, n);
        random_vector(out, n);
        invert(out, a, n);
        check_inverses(a, n, n);
        memcpy(out, a, sizeof a);
        invert(out, out, n);
        check_inverses(a, n, n);
    }
}

PM_TEST(inverses_of_zeros)
{
    static const size_t length[] = {1, 7, 8, 9, 16, 17, 24, 31, 40};
    for (size_t k = 0; k < sizeof length / sizeof *length; k++) {
        const size_t n = length[k];
        random_vector(a, n);
        for (size_t zero = 0; zero < n; zero++) {
            memcpy(b, a, sizeof a);
            memset(b + 1 + 32 * zero, 0, 32);
            random_vector(out, n);
            invert(out, b, n);
            check_inverses(b, n, zero);
        }
        memset(b + 1, 0, 32 * n);
        invert(out, b, n);
        check_inverses(b, n, n);
    }
}

/* The parts of a vector that threads take begin and end anywhere. */
PM_TEST(inverses_in_pieces)
{
    for (size_t cut = 0; cut <= 33; cut++) {
        struct C(lanes_vec_inv_job) job = {.out = out + 1, .a = a + 1, .scratch = scratch + 1};
        random_vector(a, 33);
        C(lanes_vec_inv_piece)(&job, cut, 33);
        C(lanes_vec_inv_piece)(&job, 0, cut);
        check_inverses(a, 33, 33);
    }
}

PM_TEST(products)
{
    for (size_t vectors = 0; vectors <= 8; vectors++)
        for (int kind = 0; kind < 3; kind++) { /* a b - c, a b, a */
            const size_t n = 8 * vectors;
            random_vector(a, n);
            random_vector(b, n);
            random_vector(scratch, n);
            random_vector(out, n);
            struct C(lanes_vec_job) job = {
                .out = out + 1, .a = a + 1, .b = kind < 2 ? b + 1 : NULL, .c = kind < 1 ? scratch + 1 : NULL};
            C(lanes_vec_mul_piece)(&job, 0, vectors);
            for (size_t i = 0; i < n; i++) {
                C(fr) x = element(a, i), y = element(b, i), c = element(scratch, i), z = element(out, i);
                if (kind == 2)
                    C(fr_from_mont)(&x, &x);
                else
                    C(fr_mul)(&x, &x, &y);
                if (kind == 0) C(fr_sub)(&x, &x, &c);
                CHECK_MSG(memcmp(&x, &z, 32) == 0, "kind %d, element %zu of %zu", kind, i, n);
            }
            for (size_t i = 1 + 32 * n; i < 1 + 32 * n + 64; i++) CHECK(out[i] == 0x5a);
        }
}
