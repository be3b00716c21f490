/* Multiples of the generators: against single multiplications, and written in pieces as made at once. */
#include "prove/multiples.h"
#include "conformance/oracle.h"
#include "test.h"

#include <unistd.h>

enum { E = 32, N = 2 * (1 << 15) + 3 }; /* two pieces and a bit */

static const struct pm_curve *curve(void) { return pm_curve_by_name("bn128"); }

static void check_g1(const uint8_t *found, const uint8_t *scalar)
{
    struct pm_point1 p;
    uint8_t expected[PM_G1_MAX_BYTES];
    curve()->g1_from_affine(&p, curve()->g1_generator);
    curve()->g1_mul(&p, &p, scalar);
    curve()->g1_to_affine(expected, &p);
    CHECK_MEM(found, expected, curve()->g1_bytes);
}
static void check_g2(const uint8_t *found, const uint8_t *scalar)
{
    struct pm_point2 p;
    uint8_t expected[PM_G2_MAX_BYTES];
    curve()->g2_from_affine(&p, curve()->g2_generator);
    curve()->g2_mul(&p, &p, scalar);
    curve()->g2_to_affine(expected, &p);
    CHECK_MEM(found, expected, curve()->g2_bytes);
}

PM_TEST(pieces_are_parts_of_the_whole)
{
    struct pm_error err;
    char dir[64], path[96];
    uint8_t *scalars = malloc((size_t)N * E), *points = malloc((size_t)N * 128);
    struct pm_pool *pool = pm_pool_new(2, &err);
    if (!scalars || !points) abort();
    CHECK(oracle_temp_dir(dir));
    (void)snprintf(path, sizeof path, "%s/p.bin", dir);
    for (size_t i = 0; i < N; i++) {
        uint8_t wide[64];
        test_random_bytes(wide, sizeof wide);
        curve()->fr_reduce_wide(scalars + i * E, wide);
        if (i % 5 == 0) memset(scalars + i * E, 0, E); /* of all widths: none, */
        if (i % 5 == 1) memset(scalars + i * E + 1, 0, E - 1);
    }
    for (unsigned group = 1; group <= 2; group++) {
        size_t n = group == 1 ? N : 3000, bytes = group == 1 ? 64 : 128;
        struct pm_multiples *m = NULL;
        struct pm_binwriter *out = NULL;
        struct pm_binfile file = {.data = NULL};
        const struct pm_section *s;
        CHECK_OK(pm_multiples_new(&m, curve(), pool, group == 1 ? n : 0, group == 2 ? n : 0, &err), err);
        pm_multiples_make(m, points, group, scalars, n);
        for (size_t i = 0; i < n; i += 211)
            group == 1 ? check_g1(points + i * bytes, scalars + i * E)
                       : check_g2(points + i * bytes, scalars + i * E);
        CHECK_OK(pm_binwriter_new(&out, path, "test", 1, 1, &err), err);
        CHECK_OK(pm_binwriter_section(out, 1, &err), err);
        CHECK_OK(pm_multiples_write(m, out, group, scalars, n, &err), err);
        CHECK_OK(pm_binwriter_finish(out, &err), err);
        pm_binwriter_free(&out);
        CHECK_OK(pm_binfile_open(&file, path, "test", 1, &err), err);
        CHECK_OK(pm_binfile_section(&s, &file, 1, "points", &err), err);
        CHECK_U64(s->size_bytes, n * bytes);
        CHECK_MEM(s->data, points, n * bytes);
        pm_binfile_close(&file);
        pm_multiples_free(&m);
    }
    (void)unlink(path);
    CHECK(rmdir(dir) == 0);
    pm_pool_free(&pool);
    free(scalars);
    free(points);
}
