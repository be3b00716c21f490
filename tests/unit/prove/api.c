/* proofmill.h as a program sees it: from files to a verified proof, and errors that arrive. */
#include "conformance/oracle.h"
#include "file/wtns.h"
#include "proofmill.h"
#include "test.h"
#include "curve_under_test.h"

#include <unistd.h>

PM_TEST(words)
{
    CHECK_STR(proofmill_version(), PM_VERSION);
    CHECK_STR(proofmill_status_name(0), "OK");
    CHECK_STR(proofmill_status_name(2), "UNSATISFIED");
    CHECK_STR(proofmill_status_name(12345), "UNKNOWN");
    CHECK(strlen(proofmill_status_meaning(2)) > 0);
    proofmill_free(NULL);
}

/* Three times the same proof, then with one that is changed, and with a coordinate that is too large. */
static void verify_three(const struct proofmill_key *key, const uint8_t *proof, const uint8_t *signals)
{
    const size_t size = proofmill_key_proof_bytes(key);
    uint8_t proofs[3 * 8 * PM_FP_MAX_BYTES], all_signals[3 * 64];
    int results[3] = {-1, -1, -1};
    struct proofmill_error err;
    for (size_t i = 0; i < 3; i++) {
        memcpy(proofs + i * size, proof, size);
        memcpy(all_signals + 64 * i, signals, 64);
    }
    CHECK_OK(proofmill_verify_batch(key, results, proofs, 3 * size, all_signals, 192, 3, &err), err);
    CHECK(results[0] == 0 && results[1] == 0 && results[2] == 0);
    CHECK_OK(proofmill_verify_batch(key, NULL, proofs, 0, all_signals, 0, 0, &err), err);
    all_signals[64] ^= 1;
    memset(proofs + 2 * size, 0xff, size / 8);
    CHECK_U64(proofmill_verify_batch(key, results, proofs, 3 * size, all_signals, 192, 3, &err),
              PM_INVALID_PROOF);
    CHECK(results[0] == 0 && results[1] == PM_INVALID_PROOF && results[2] == PM_INVALID_PROOF);
    CHECK_U64(proofmill_verify_batch(key, NULL, proofs, 3 * size, all_signals, 192, 3, NULL),
              PM_INVALID_PROOF);
    CHECK_U64(proofmill_verify_batch(key, results, proofs, 3 * size - 1, all_signals, 192, 3, &err),
              PM_FORMAT);
    CHECK_U64(proofmill_verify_batch(key, results, proofs, 3 * size, all_signals, 128, 3, &err), PM_MISMATCH);
    CHECK_U64(
        proofmill_verify_batch(key, results, proofs, 3 * size, all_signals, 192, SIZE_MAX / size + 4, &err),
        PM_FORMAT);
}

static int stop_at_half(void *context, unsigned permille)
{
    unsigned *last = context;
    *last = permille;
    return permille < 500;
}

static void prove_and_verify(const struct oracle *o, struct proofmill_key *key, const char *wtns)
{
    struct proofmill_error err;
    struct proofmill_prover *prover = NULL;
    const size_t size = proofmill_key_proof_bytes(key);
    uint8_t *witness = NULL, proof[8 * PM_FP_MAX_BYTES], word[8 * PM_FP_MAX_BYTES];
    size_t witness_bytes = 0;
    CHECK_OK(proofmill_witness_load(&witness, &witness_bytes, key, wtns, &err), err);
    CHECK_U64(witness_bytes, (size_t)o->n_vars * 32);
    CHECK_OK(proofmill_prover_open(&prover, key, "cpu", &err), err);
    if (!prover || !witness) return;
    CHECK_OK(proofmill_prove(prover, proof, size, witness, witness_bytes, &err), err);
    CHECK_OK(proofmill_verify(key, proof, size, witness + 32, 64, &err), err);
    verify_three(key, proof, witness + 32);
    for (size_t i = 0; i < size; i += 5) { /* a bit in each word and more */
        memcpy(word, proof, size);
        word[i] ^= 1;
        CHECK_U64(proofmill_verify(key, word, size, witness + 32, 64, &err), PM_INVALID_PROOF);
    }
    bool same = memcmp(witness + 32, witness + 64, 64) == 0; /* small values are common */
    CHECK_U64(proofmill_verify(key, proof, size, witness + 64, 64, &err), same ? PM_OK : PM_INVALID_PROOF);
    CHECK_U64(proofmill_verify(key, proof, size - 1, witness + 32, 64, &err), PM_FORMAT);
    CHECK_U64(proofmill_verify(key, proof, size, witness + 32, 32, &err), PM_MISMATCH);
    CHECK_U64(proofmill_prove(prover, proof, size - 1, witness, witness_bytes, &err), PM_USAGE);
    CHECK_U64(proofmill_prove(prover, proof, size, witness, witness_bytes - 32, &err), PM_MISMATCH);
    const uint8_t *const witnesses[2] = {witness, witness};
    uint8_t two[2 * 8 * PM_FP_MAX_BYTES], signals[128];
    int results[2] = {-1, -1};
    CHECK_OK(proofmill_prove_batch(prover, results, two, 2 * size, witnesses, witness_bytes, 2, &err), err);
    memcpy(signals, witness + 32, 64);
    memcpy(signals + 64, witness + 32, 64);
    CHECK_OK(proofmill_verify_batch(key, NULL, two, 2 * size, signals, 128, 2, &err), err);
    CHECK(results[0] == 0 && results[1] == 0 && memcmp(two, two + size, size) != 0);
    CHECK_OK(proofmill_prove_batch(prover, NULL, two, 0, witnesses, witness_bytes, 0, &err), err);
    CHECK_U64(proofmill_prove_batch(prover, NULL, two, size, witnesses, witness_bytes, 2, &err), PM_USAGE);
    CHECK_U64(proofmill_prove_batch(prover, NULL, two, size, witnesses, 32, 1, &err), PM_MISMATCH);
    unsigned last = 0;
    proofmill_prover_watch(prover, stop_at_half, &last);
    CHECK_U64(proofmill_prove(prover, proof, size, witness, witness_bytes, &err), PM_CANCELLED);
    CHECK(last >= 500 && last <= 1000);
    proofmill_prover_watch(prover, NULL, NULL);
    uint8_t *wrong = witness + (size_t)(o->n_vars - 1) * 32, other = wrong[0] == 5 ? 6 : 5;
    memset(wrong, 0, 32);
    wrong[0] = other;
    CHECK_U64(proofmill_prove(prover, proof, size, witness, witness_bytes, NULL), PM_UNSATISFIED);
    proofmill_prover_close(&prover);
    CHECK(prover == NULL);
    proofmill_free(witness);
}

PM_TEST(from_files_to_a_proof)
{
    struct oracle o;
    struct oracle_key k;
    struct pm_error inner;
    struct proofmill_error err;
    struct proofmill_key *key = NULL;
    char wtns[128];
    oracle_make(&o, curve(), 12, 2, test_random());
    const char *failed = oracle_key_make(&k, &o, NULL, &inner);
    CHECK_MSG(!failed, "%s", failed);
    (void)snprintf(wtns, sizeof wtns, "%s/w.wtns", k.dir);
    CHECK_OK(pm_wtns_write(wtns, o.curve, o.witness, o.n_vars, &inner), inner);
    CHECK_OK(proofmill_key_open(&key, k.path, 2, &err), err);
    if (key) {
        CHECK_STR(proofmill_key_curve(key), TEST_CURVE);
        CHECK_U64(proofmill_key_n_public(key), 2);
        CHECK_U64(proofmill_key_n_witness(key), o.n_vars);
        CHECK_U64(proofmill_key_scalar_bytes(key), 32);
        CHECK_U64(proofmill_key_proof_bytes(key), 8 * curve()->fp_bytes);
        CHECK_U64(proofmill_key_is_unsafe(key), 1);
        prove_and_verify(&o, key, wtns);
        char *text = NULL;
        if (strcmp(TEST_CURVE, "bn128") == 0) {
            CHECK_U64(proofmill_export_solidity(&text, key, "V", 0, &err), PM_UNSAFE_KEY);
            CHECK_OK(proofmill_export_solidity(&text, key, "V", 1, &err), err);
            CHECK(text && strstr(text, "contract V {"));
        } else {
            CHECK_U64(proofmill_export_solidity(&text, key, "V", 1, &err), PM_UNSUPPORTED);
            CHECK(text == NULL);
        }
        proofmill_free(text);
    }
    proofmill_key_close(&key);
    CHECK(key == NULL);
    proofmill_key_close(&key);
    CHECK_OK(proofmill_key_open_warm(&key, k.path, 2, (size_t)64 << 20, &err), err);
    if (key) {
        CHECK(proofmill_key_table_bytes(key) > 0);
        prove_and_verify(&o, key, wtns);
    }
    proofmill_key_close(&key);
    (void)unlink(wtns);
    oracle_key_free(&k);
    oracle_free(&o);
}

PM_TEST(errors_arrive)
{
    struct proofmill_error err = {0};
    struct proofmill_key *key = (struct proofmill_key *)&err;
    int status = proofmill_key_open(&key, "/nonexistent/x.zkey", 1, &err);
    CHECK(status != 0);
    CHECK(key == NULL);
    CHECK_U64(err.status, status);
    CHECK(strstr(err.text, "x.zkey") != NULL);
    CHECK(proofmill_key_open(&key, "/nonexistent/x.zkey", 1, NULL) == status);
    CHECK(proofmill_setup_dev("/nonexistent/x.r1cs", "/nonexistent/x.zkey", 1, &err) != 0);
    CHECK(strlen(err.text) > 0);
}
