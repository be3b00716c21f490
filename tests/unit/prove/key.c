/* A key's rows come out of its records whatever their order, and what does not belong into a key is refused.
 */
#include "conformance/oracle.h"
#include "base/bytes.h"
#include "prove/coord.h"
#include "prove/key.h"
#include "test.h"
#include "curve_under_test.h"

enum { record_bytes = 12 + 32 };

static uint8_t *load(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    uint8_t *bytes = malloc(1 << 20);
    *len = fread(bytes, 1, 1 << 20, f);
    (void)fclose(f);
    return bytes;
}

static void shuffle(uint8_t *records, size_t n)
{
    uint8_t t[record_bytes];
    for (size_t i = n; i > 1; i--) {
        size_t j = test_random() % i;
        memcpy(t, records + (i - 1) * record_bytes, record_bytes);
        memcpy(records + (i - 1) * record_bytes, records + j * record_bytes, record_bytes);
        memcpy(records + j * record_bytes, t, record_bytes);
    }
}

PM_TEST(order_of_records_does_not_matter)
{
    struct oracle o;
    struct oracle_key k;
    struct pm_error err;
    oracle_make(&o, curve(), 30, 2, test_random());
    const char *failed = oracle_key_make(&k, &o, NULL, &err);
    CHECK_MSG(!failed, "%s", failed);
    size_t len = 0;
    uint8_t *bytes = failed ? NULL : load(k.path, &len);
    CHECK(bytes != NULL);
    if (bytes) {
        struct pm_zkey z;
        struct pm_key *key = NULL;
        struct pm_prover *p = NULL;
        struct pm_proof made, expected;
        uint8_t r[32], s[32];
        size_t at = (size_t)(k.zkey.coeffs - k.zkey.file.data);
        shuffle(bytes + at, k.zkey.n_coeffs);
        CHECK_OK(pm_zkey_view(&z, "shuffled", bytes, len, PM_CHECK_SHAPE, NULL, &err), err);
        CHECK_OK(pm_key_new(&key, &z, NULL, &err), err);
        CHECK_OK(pm_prover_new(&p, key, "cpu", NULL, &err), err);
        oracle_element(&o, r);
        oracle_element(&o, s);
        oracle_prove(&o, &expected, r, s);
        CHECK_OK(pm_prove_with(p, &made, o.witness, o.n_vars, r, s, NULL, &err), err);
        CHECK_MEM(&made.a, &expected.a, curve()->g1_bytes);
        CHECK_MEM(&made.b, &expected.b, curve()->g2_bytes);
        CHECK_MEM(&made.c, &expected.c, curve()->g1_bytes);
        CHECK(pm_key_zkey(key) == &z);
        pm_prover_free(&p);
        pm_key_free(&key);
        pm_zkey_close(&z);
    }
    free(bytes);
    oracle_key_free(&k);
    oracle_free(&o);
}

/* start[] has one entry more than rows, rows ascend, every record is there once. */
PM_TEST(rows_hold_every_record)
{
    struct oracle o;
    struct oracle_key k;
    struct pm_error err;
    oracle_make(&o, curve(), 25, 1, test_random());
    const char *failed = oracle_key_make(&k, &o, NULL, &err);
    CHECK_MSG(!failed, "%s", failed);
    if (!failed) {
        const struct pm_backend_rows *rows[2] = {&k.key->view.rows_a, &k.key->view.rows_b};
        uint64_t entries = 0;
        for (int m = 0; m < 2; m++) {
            CHECK_U64(rows[m]->n_rows, k.zkey.domain_size);
            CHECK_U64(rows[m]->start[0], 0);
            for (size_t i = 0; i < rows[m]->n_rows; i++) CHECK(rows[m]->start[i] <= rows[m]->start[i + 1]);
            entries += rows[m]->start[rows[m]->n_rows];
        }
        CHECK_U64(entries, k.zkey.n_coeffs);
        for (uint64_t i = 0; i < k.zkey.n_coeffs; i++) {
            const uint8_t *record = k.zkey.coeffs + i * record_bytes;
            const struct pm_backend_rows *r = rows[pm_load_le32(record)];
            uint32_t row = pm_load_le32(record + 4), found = 0;
            for (uint32_t e = r->start[row]; e < r->start[row + 1]; e++) found += r->entry[e] == i;
            CHECK_U64(found, 1);
        }
    }
    oracle_key_free(&k);
    oracle_free(&o);
}

/* IC is not checked by a shallow opening of the file; the key checks it. */
PM_TEST(bad_ic_is_refused)
{
    struct oracle o;
    struct oracle_key k;
    struct pm_error err;
    oracle_make(&o, curve(), 3, 1, test_random());
    const char *failed = oracle_key_make(&k, &o, NULL, &err);
    CHECK_MSG(!failed, "%s", failed);
    size_t len = 0;
    uint8_t *bytes = failed ? NULL : load(k.path, &len);
    if (bytes) {
        struct pm_zkey z;
        struct pm_key *key = NULL;
        bytes[k.zkey.ic - k.zkey.file.data + 70] ^= 1;
        if (pm_zkey_view(&z, "spoiled", bytes, len, PM_CHECK_SHAPE, NULL, &err) == PM_OK) {
            CHECK_U64(pm_key_new(&key, &z, NULL, &err), PM_FORMAT);
            CHECK(key == NULL);
            pm_zkey_close(&z);
        }
    }
    free(bytes);
    oracle_key_free(&k);
    oracle_free(&o);
}

/* A point of the curve that is not of order r, where there is one, is refused wherever it stands in the file.
 */
PM_TEST(points_outside_of_g1_are_refused)
{
    struct oracle o;
    struct oracle_key k;
    struct pm_error err;
    const struct pm_curve *c = curve();
    if (strcmp(c->name, "bls12381") != 0) return;                     /* all of BN254's curve is G1 */
    uint8_t two[PM_FP_MAX_BYTES] = {2}, point[PM_G1_MAX_BYTES] = {0}; /* (0, 2) has order three */
    CHECK(pm_coord_from_plain(c, point + c->fp_bytes, two));
    oracle_make(&o, c, 3, 1, test_random());
    const char *failed = oracle_key_make(&k, &o, NULL, &err);
    CHECK_MSG(!failed, "%s", failed);
    size_t len = 0;
    uint8_t *bytes = failed ? NULL : load(k.path, &len);
    for (int part = 0; bytes && part < 6; part++) {
        const uint8_t *place[] = {k.zkey.alpha1, k.zkey.ic, k.zkey.a, k.zkey.b1, k.zkey.c, k.zkey.h};
        uint8_t *at = bytes + (place[part] - k.zkey.file.data), keep[PM_G1_MAX_BYTES];
        struct pm_zkey z;
        memcpy(keep, at, c->g1_bytes);
        memcpy(at, point, c->g1_bytes);
        /* what verification uses is checked by every opening, the rest by a deep one */
        enum pm_check_depth depth = part < 2 ? PM_CHECK_SHAPE : PM_CHECK_DEEP;
        CHECK_MSG(pm_zkey_view(&z, "outside", bytes, len, depth, NULL, &err) == PM_FORMAT, "part %d", part);
        CHECK(strstr(err.text, "outside the subgroup") != NULL);
        pm_zkey_close(&z);
        memcpy(at, keep, c->g1_bytes);
    }
    free(bytes);
    oracle_key_free(&k);
    oracle_free(&o);
}
