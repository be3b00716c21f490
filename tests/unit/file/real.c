/* Files of the real peers, circom 2 and snarkjs, which real.mjs makes and names in the environment: all open,
 * and agree with each other down to the coefficient. */
#include "base/bytes.h"
#include "file/r1cs.h"
#include "file/wtns.h"
#include "file/zkey.h"
#include "unit/file/build_files.h"
#include "unit/file/check_fails.h"

static const char *const names[] = {"multiplier", "shapes"};

static const char *made(const char *name, const char *suffix)
{
    static char path[600];
    const char *dir = getenv("REAL_FILES");
    snprintf(path, sizeof path, "%s/%s%s", dir ? dir : ".", name, suffix);
    return path;
}

static const char *compiled(const char *name)
{
    static char path[600];
    const char *dir = getenv("REAL_CIRCUITS");
    snprintf(path, sizeof path, "%s/%s/%s.r1cs", dir ? dir : ".", name, name);
    return path;
}

PM_TEST(every_compiled_circuit_opens)
{
    static const char *const all[] = {"merkle", "meter_batch", "multiplier", "sha256", "shapes"};
    struct pm_r1cs r;
    struct pm_error err = {0};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        CHECK_OK(pm_r1cs_open(&r, compiled(all[i]), &err), err);
        CHECK(r.n_constraints > 0 && r.n_vars > 1 && r.n_labels >= r.n_vars);
        CHECK(r.curve == pm_curve_by_name("bn128"));
        pm_r1cs_close(&r);
    }
    CHECK_OK(pm_r1cs_open(&r, compiled("multiplier"), &err), err);
    CHECK_U64(r.n_constraints, 1);
    CHECK_U64(r.n_vars, 4);
    CHECK_U64(r.n_outputs, 1);
    CHECK_U64(r.n_public_inputs, 0);
    CHECK_U64(r.n_private_inputs, 2);
    pm_r1cs_close(&r);
}

PM_TEST(the_other_prime)
{
    const struct pm_curve *c = pm_curve_by_name("bls12381");
    struct pm_r1cs r;
    struct pm_error err = {0};
    if (c) {
        CHECK_OK(pm_r1cs_open(&r, compiled("multiplier_bls"), &err), err);
        CHECK(r.curve == c);
        pm_r1cs_close(&r);
    } else {
        CHECK_FAILS(pm_r1cs_open(&r, compiled("multiplier_bls"), &err), PM_UNSUPPORTED,
                    "modulus is 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001; "
                    "supported: bn128");
    }
}

PM_TEST(snarkjs_witness_is_written_again_byte_for_byte)
{
    for (int i = 0; i < 2; i++) {
        struct pm_wtns w, again;
        struct pm_error err = {0};
        CHECK_OK(pm_wtns_open(&w, made(names[i], ".wtns"), &err), err);
        CHECK_OK(pm_wtns_write(made(names[i], ".again.wtns"), w.curve, w.values, w.n_values, &err), err);
        CHECK_OK(pm_wtns_open(&again, made(names[i], ".again.wtns"), &err), err);
        CHECK_U64(again.file.size_bytes, w.file.size_bytes);
        if (again.file.size_bytes == w.file.size_bytes)
            CHECK_MEM(again.file.data, w.file.data, w.file.size_bytes);
        pm_wtns_close(&again);
        pm_wtns_close(&w);
    }
}

/* Montgomery form of the sum of coefficient * value; both are plain. */
static void evaluate(uint8_t out[32], const struct pm_lc *lc, const struct pm_wtns *w)
{
    memset(out, 0, 32);
    for (uint32_t i = 0; i < lc->n_terms; i++) {
        const uint8_t *term = lc->terms + 36 * i;
        uint8_t a[32], b[32];
        w->curve->fr_to_mont(a, term + 4);
        w->curve->fr_to_mont(b, w->values + 32 * (size_t)pm_load_le32(term));
        w->curve->fr_mul(a, a, b);
        w->curve->fr_add(out, out, a);
    }
}

PM_TEST(the_witness_satisfies_the_constraints)
{
    for (int i = 0; i < 2; i++) {
        struct pm_r1cs r;
        struct pm_wtns w;
        struct pm_error err = {0};
        uint64_t at = 0;
        CHECK_OK(pm_r1cs_open(&r, compiled(names[i]), &err), err);
        CHECK_OK(pm_wtns_open(&w, made(names[i], ".wtns"), &err), err);
        CHECK_U64(w.n_values, r.n_vars);
        for (uint32_t k = 0; k < r.n_constraints; k++) {
            struct pm_lc lc[3];
            uint8_t v[3][32];
            pm_r1cs_next(&r, &at, lc);
            for (int m = 0; m < 3; m++) evaluate(v[m], &lc[m], &w);
            w.curve->fr_mul(v[0], v[0], v[1]);
            CHECK_MEM(v[0], v[2], 32);
        }
        pm_wtns_close(&w);
        pm_r1cs_close(&r);
    }
}

/* One record of the key against one term of the circuit: {matrix, row, wire, c * R^2}. */
static void check_record(const struct pm_zkey *k, uint64_t i, uint32_t matrix, uint32_t row, uint32_t wire,
                         const uint8_t *plain)
{
    uint8_t value[32];
    const uint8_t *r = k->coeffs + 44 * i;
    if (i >= k->n_coeffs) {
        CHECK_U64(i, k->n_coeffs - 1);
        return;
    }
    CHECK_U64(pm_load_le32(r), matrix);
    CHECK_U64(pm_load_le32(r + 4), row);
    CHECK_U64(pm_load_le32(r + 8), wire);
    k->curve->fr_to_mont(value, plain);
    k->curve->fr_to_mont(value, value);
    CHECK_MEM(r + 12, value, 32);
}

static void check_coefficients(const struct pm_zkey *k, const struct pm_r1cs *r)
{
    static const uint8_t one[32] = {1};
    uint64_t at = 0, n = 0;
    for (uint32_t row = 0; row < r->n_constraints; row++) {
        struct pm_lc lc[3];
        pm_r1cs_next(r, &at, lc);
        for (uint32_t m = 0; m < 2; m++)
            for (uint32_t t = 0; t < lc[m].n_terms; t++) {
                const uint8_t *term = lc[m].terms + 36 * t;
                check_record(k, n++, m, row, pm_load_le32(term), term + 4);
            }
    }
    for (uint32_t s = 0; s <= k->n_public; s++) check_record(k, n++, 0, r->n_constraints + s, s, one);
    CHECK_U64(k->n_coeffs, n);
}

PM_TEST(snarkjs_keys_open_and_hold_the_circuit)
{
    static const char *const suffixes[] = {".first.zkey", ".zkey"};
    for (int i = 0; i < 4; i++) {
        struct pm_zkey k;
        struct pm_r1cs r;
        struct pm_error err = {0};
        CHECK_OK(pm_r1cs_open(&r, compiled(names[i / 2]), &err), err);
        CHECK_OK(pm_zkey_open(&k, made(names[i / 2], suffixes[i % 2]), PM_CHECK_DEEP, NULL, &err), err);
        CHECK_U64(k.n_vars, r.n_vars);
        CHECK_U64(k.n_public, r.n_outputs + r.n_public_inputs);
        CHECK(k.domain_size > r.n_constraints + k.n_public);
        CHECK(!k.dev);
        CHECK_U64(k.no_second_phase, i % 2 == 0);
        check_coefficients(&k, &r);
        pm_zkey_close(&k);
        pm_r1cs_close(&r);
    }
}

PM_TEST(a_plonk_key_is_named)
{
    struct pm_zkey k;
    struct pm_error err = {0};
    CHECK_FAILS(pm_zkey_open(&k, made("plonk", ".zkey"), PM_CHECK_SHAPE, NULL, &err), PM_UNSUPPORTED,
                "the protocol is 2 (plonk)");
}
