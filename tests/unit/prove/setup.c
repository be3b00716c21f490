/* The development setup: what the file says, and each query against the formulas' own numbers. That its keys
 * make proofs that equal the computation from the secrets is prover.c's test. */
#include "conformance/oracle.h"
#include "base/bytes.h"
#include "test.h"
#include "curve_under_test.h"

#include <unistd.h>

static void times_generator1(uint8_t *out, const uint8_t *scalar)
{
    struct pm_point1 p;
    curve()->g1_from_affine(&p, curve()->g1_generator);
    curve()->g1_mul(&p, &p, scalar);
    curve()->g1_to_affine(out, &p);
}

PM_TEST(header_and_sizes)
{
    static const uint32_t cases[][4] = {/* constraints, public, domain */ {1, 0, 2},
                                        {1, 1, 4},
                                        {1, 2, 4},
                                        {2, 0, 4},
                                        {3, 0, 4},
                                        {3, 1, 8},
                                        {7, 0, 8},
                                        {8, 0, 16},
                                        {13, 2, 16},
                                        {14, 2, 32}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct oracle o;
        struct oracle_key k;
        struct pm_error err;
        oracle_make(&o, curve(), cases[i][0], cases[i][1], test_random());
        const char *failed = oracle_key_make(&k, &o, NULL, &err);
        CHECK_MSG(!failed, "%s", failed);
        if (!failed) {
            uint8_t expected[PM_G1_MAX_BYTES];
            CHECK_U64(k.zkey.domain_size, cases[i][2]);
            CHECK_U64(k.zkey.n_vars, o.n_vars);
            CHECK_U64(k.zkey.n_public, cases[i][1]);
            CHECK(k.zkey.dev);
            CHECK(!k.zkey.no_second_phase);
            times_generator1(expected, o.secrets.alpha);
            CHECK_MEM(k.zkey.alpha1, expected, curve()->g1_bytes);
            times_generator1(expected, o.secrets.delta);
            CHECK_MEM(k.zkey.delta1, expected, curve()->g1_bytes);
        }
        oracle_key_free(&k);
        oracle_free(&o);
    }
}

/* The sum of all H points times delta is sum of L'_(2i+1)(tau) = (1 - tau^N) / 2, for the Lagrange
 * polynomials of the odd powers sum to the polynomial that is one there and zero at the even powers. */
PM_TEST(h_query_sums_up)
{
    struct oracle o;
    struct oracle_key k;
    struct pm_error err;
    const struct pm_curve *c = curve();
    oracle_make(&o, c, 11, 1, test_random());
    const char *failed = oracle_key_make(&k, &o, NULL, &err);
    CHECK_MSG(!failed, "%s", failed);
    if (!failed) {
        uint8_t zero[PM_G1_MAX_BYTES] = {0}, affine[PM_G1_MAX_BYTES], expected[PM_G1_MAX_BYTES], t[32],
                one[32] = {1}, two[32] = {2};
        struct pm_point1 sum, p;
        c->g1_from_affine(&sum, zero);
        for (uint32_t i = 0; i < k.zkey.domain_size; i++) {
            c->g1_from_affine(&p, k.zkey.h + (size_t)i * c->g1_bytes);
            c->g1_add(&sum, &sum, &p);
        }
        c->g1_mul(&sum, &sum, o.secrets.delta);
        c->g1_to_affine(affine, &sum);
        c->fr_to_mont(t, o.secrets.tau);
        for (unsigned i = 0; i < k.zkey.log2_domain; i++) c->fr_mul(t, t, t);
        c->fr_to_mont(one, one);
        c->fr_sub(t, one, t);
        c->fr_to_mont(two, two);
        c->fr_inv(two, two);
        c->fr_mul(t, t, two);
        c->fr_from_mont(t, t);
        times_generator1(expected, t);
        CHECK_MEM(affine, expected, c->g1_bytes);
    }
    oracle_key_free(&k);
    oracle_free(&o);
}

static enum pm_status setup_with(const struct oracle *o, const struct pm_setup_secrets *secrets,
                                 const char *zkey, struct pm_error *err)
{
    char path[128];
    struct pm_r1cs r1cs;
    (void)snprintf(path, sizeof path, "%s.r1cs", zkey);
    CHECK_OK(pm_r1cs_write(path, o->curve, o->n_vars, 0, o->n_public, o->n_constraints, o->constraints,
                           o->constraints_bytes, err),
             *err);
    enum pm_status status = pm_r1cs_open(&r1cs, path, err);
    (void)unlink(path);
    if (status != PM_OK) return status;
    status = pm_setup_dev(&r1cs, zkey, secrets, NULL, err);
    pm_r1cs_close(&r1cs);
    return status;
}

PM_TEST(fresh_secrets_make_different_keys)
{
    struct oracle o;
    struct pm_error err;
    struct pm_zkey z[2];
    char dir[64], path[2][96];
    CHECK(oracle_temp_dir(dir));
    oracle_make(&o, curve(), 3, 1, test_random());
    for (int i = 0; i < 2; i++) {
        (void)snprintf(path[i], sizeof path[i], "%s/%d.zkey", dir, i);
        CHECK_OK(setup_with(&o, NULL, path[i], &err), err);
        CHECK_OK(pm_zkey_open(&z[i], path[i], PM_CHECK_DEEP, NULL, &err), err);
    }
    const uint8_t *parts[][2] = {{z[0].alpha1, z[1].alpha1}, {z[0].beta1, z[1].beta1},
                                 {z[0].gamma2, z[1].gamma2}, {z[0].delta1, z[1].delta1},
                                 {z[0].delta1, z[0].alpha1}, {z[0].alpha1, z[0].beta1},
                                 {z[0].gamma2, z[0].delta2}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        CHECK(memcmp(parts[i][0], parts[i][1], curve()->g1_bytes) != 0);
    for (int i = 0; i < 2; i++) {
        pm_zkey_close(&z[i]);
        (void)unlink(path[i]);
    }
    CHECK(rmdir(dir) == 0);
    oracle_free(&o);
}

PM_TEST(unusable_secrets_are_refused)
{
    struct oracle o;
    struct pm_error err;
    char dir[64], path[96];
    CHECK(oracle_temp_dir(dir));
    (void)snprintf(path, sizeof path, "%s/x.zkey", dir);
    oracle_make(&o, curve(), 3, 0, test_random());
    struct pm_setup_secrets bad = o.secrets;
    memset(bad.delta, 0, 32);
    CHECK_U64(setup_with(&o, &bad, path, &err), PM_USAGE);
    bad = o.secrets;
    memcpy(bad.beta, curve()->fr_modulus, 32);
    CHECK_U64(setup_with(&o, &bad, path, &err), PM_USAGE);
    bad = o.secrets;
    curve()->fr_root(bad.tau, o.log2_n + 1);
    curve()->fr_from_mont(bad.tau, bad.tau);
    CHECK_U64(setup_with(&o, &bad, path, &err), PM_USAGE);
    CHECK(access(path, F_OK) != 0); /* nothing is left behind */
    CHECK(rmdir(dir) == 0);
    oracle_free(&o);
}
