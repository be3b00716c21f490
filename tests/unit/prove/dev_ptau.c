/* Development powers of tau, point by point from their secrets: powers by multiplication, Lagrange values by
 * interpolation the long way. That snarkjs agrees to the byte is tests/interop's. */
#include "prove/dev_ptau.h"
#include "base/bytes.h"
#include "conformance/oracle.h"
#include "file/ptau.h"
#include "test.h"

#include <unistd.h>

enum { E = 32, power = 4 };

static const struct pm_curve *curve(void) { return pm_curve_by_name("bn128"); }

/* plain * plain */
static void mul(uint8_t *out, const uint8_t *a, const uint8_t *b)
{
    uint8_t t[E];
    curve()->fr_to_mont(t, a);
    curve()->fr_mul(out, t, b);
}

static void check_g1(const uint8_t *found, const uint8_t *scalar, const char *what, size_t i)
{
    struct pm_point1 p;
    uint8_t affine[64];
    curve()->g1_from_affine(&p, curve()->g1_generator);
    curve()->g1_mul(&p, &p, scalar);
    curve()->g1_to_affine(affine, &p);
    CHECK_MSG(memcmp(found, affine, sizeof affine) == 0, "%s, point %zu", what, i);
}

static void check_g2(const uint8_t *found, const uint8_t *scalar, const char *what, size_t i)
{
    struct pm_point2 p;
    uint8_t affine[128];
    curve()->g2_from_affine(&p, curve()->g2_generator);
    curve()->g2_mul(&p, &p, scalar);
    curve()->g2_to_affine(affine, &p);
    CHECK_MSG(memcmp(found, affine, sizeof affine) == 0, "%s, point %zu", what, i);
}

/* out = sum over j < n_powers of tau^j w^(-ij) / M, plain: snarkjs' transform of the powers, term by term. */
static void lagrange(uint8_t *out, const uint8_t *tau, unsigned log2_m, size_t i, size_t n_powers)
{
    const struct pm_curve *c = curve();
    uint8_t w[E], step[E], term[E] = {1}, size[E] = {0};
    c->fr_root(w, log2_m);
    c->fr_inv(w, w);
    c->fr_to_mont(step, tau);
    for (size_t k = 0; k < i; k++) c->fr_mul(step, step, w);
    size[log2_m / 8] = (uint8_t)(1u << log2_m % 8);
    c->fr_to_mont(size, size);
    c->fr_inv(size, size);
    memset(out, 0, E);
    for (size_t j = 0; j < n_powers; j++) {
        c->fr_add(out, out, term);
        c->fr_mul(term, term, step);
    }
    c->fr_mul(out, out, size);
}

static void check_domain(const struct pm_ptau *t, const struct pm_ptau_secrets *s, unsigned log2_m)
{
    size_t m = (size_t)1 << log2_m, at = m - 1, n_powers = log2_m > power ? m - 1 : m;
    for (size_t i = 0; i < m; i++) {
        uint8_t l[E], scaled[E];
        lagrange(l, s->tau, log2_m, i, n_powers);
        check_g1(t->lagrange_tau1 + (at + i) * 64, l, "Lagrange tau G1", i);
        if (log2_m > power) continue;
        check_g2(t->lagrange_tau2 + (at + i) * 128, l, "Lagrange tau G2", i);
        mul(scaled, l, s->alpha);
        check_g1(t->lagrange_alpha_tau1 + (at + i) * 64, scaled, "Lagrange alpha tau G1", i);
        mul(scaled, l, s->beta);
        check_g1(t->lagrange_beta_tau1 + (at + i) * 64, scaled, "Lagrange beta tau G1", i);
    }
}

PM_TEST(every_point_is_what_the_secrets_say)
{
    struct pm_ptau_secrets s = {.alpha = {7}, .beta = {0, 9, 1}};
    uint8_t wide[64], next[E] = {1}, scaled[E];
    char dir[64], path[96];
    struct pm_ptau t;
    struct pm_error err = {0};
    CHECK(oracle_temp_dir(dir));
    (void)snprintf(path, sizeof path, "%s/t.ptau", dir);
    test_random_bytes(wide, sizeof wide);
    curve()->fr_reduce_wide(s.tau, wide);
    CHECK_OK(pm_ptau_dev(curve(), power, path, &s, NULL, &err), err);
    enum pm_status status = pm_ptau_open(&t, path, PM_CHECK_DEEP, NULL, &err);
    CHECK_OK(status, err);
    if (status == PM_OK) {
        CHECK(t.prepared && t.dev);
        CHECK_U64(t.power, power);
        for (size_t i = 0; i < (2u << power) - 1; i++) {
            check_g1(t.tau1 + i * 64, next, "tau G1", i);
            if (i < 1u << power) {
                check_g2(t.tau2 + i * 128, next, "tau G2", i);
                mul(scaled, next, s.alpha);
                check_g1(t.alpha_tau1 + i * 64, scaled, "alpha tau G1", i);
                mul(scaled, next, s.beta);
                check_g1(t.beta_tau1 + i * 64, scaled, "beta tau G1", i);
            }
            mul(next, next, s.tau);
        }
        check_g2(t.beta2, s.beta, "beta G2", 0);
        for (unsigned log2_m = 0; log2_m <= power + 1; log2_m++) check_domain(&t, &s, log2_m);
        pm_ptau_close(&t);
    }
    (void)unlink(path);
    (void)rmdir(dir);
}

PM_TEST(secrets_of_its_own_are_the_known_ones)
{
    char dir[64], path[96];
    struct pm_ptau_secrets s;
    struct pm_ptau t;
    struct pm_error err = {0};
    struct pm_pool *pool = pm_pool_new(2, &err);
    CHECK(oracle_temp_dir(dir));
    (void)snprintf(path, sizeof path, "%s/t.ptau", dir);
    CHECK_OK(pm_ptau_dev(curve(), 1, path, NULL, pool, &err), err);
    enum pm_status status = pm_ptau_open(&t, path, PM_CHECK_DEEP, pool, &err);
    CHECK_OK(status, err);
    pm_dev_secrets(&s, curve());
    if (status == PM_OK) {
        check_g1(t.tau1 + 64, s.tau, "tau G1", 1);
        check_g1(t.alpha_tau1, s.alpha, "alpha G1", 0);
        check_g2(t.beta2, s.beta, "beta G2", 0);
        CHECK(pm_dev_secrets_made(curve(), t.alpha_tau1, t.beta2));
        pm_ptau_close(&t);
    }
    (void)unlink(path);
    (void)rmdir(dir);
    pm_pool_free(&pool);
}

PM_TEST(faulty_requests_write_nothing)
{
    struct pm_ptau_secrets s = {.tau = {3}, .alpha = {5}, .beta = {0}};
    struct pm_error err = {0};
    const char *path = "/nonexistent/t.ptau";
    CHECK_U64(pm_ptau_dev(curve(), 0, path, NULL, NULL, &err), PM_UNSUPPORTED);
    CHECK_U64(pm_ptau_dev(curve(), 28, path, NULL, NULL, &err), PM_UNSUPPORTED);
    CHECK_U64(pm_ptau_dev(curve(), 4, path, &s, NULL, &err), PM_USAGE); /* beta is zero */
    s.beta[0] = 1;
    CHECK_U64(pm_ptau_dev(curve(), 4, path, &s, NULL, &err), PM_IO);
    curve()->fr_root(s.tau, 5);
    curve()->fr_from_mont(s.tau, s.tau);
    CHECK_U64(pm_ptau_dev(curve(), 4, path, &s, NULL, &err), PM_USAGE);
    CHECK(strstr(err.text, "root of unity") != NULL);
}
