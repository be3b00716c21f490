/* rapidsnark's verifying function: valid, invalid, malformed; proofs with and without the name of their
 * curve. */
#include "compat/verifier.h"
#include "compat/prover.h"
#include "unit/compat/files.h"

static char proof[4096], signals[4096];
static struct bytes vk;

static void make(void)
{
    struct bytes wtns = file_load("good.wtns");
    unsigned long long proof_size = sizeof proof, size = sizeof signals;
    vk = file_load("vk.json");
    CHECK_U64(groth16_prover_zkey_file(file_path("key.zkey"), wtns.p, wtns.len, proof, &proof_size, signals,
                                       &size, NULL, 0),
              PROVER_OK);
    free(wtns.p);
}

static int verify(const char *p, const char *s, const char *k) { return groth16_verify(p, s, k, NULL, 0); }

PM_TEST(valid_with_and_without_a_curve)
{
    make();
    CHECK_U64(verify(proof, signals, vk.p), VERIFIER_VALID_PROOF);
    char *curve = strstr(proof, ",\"curve\":\"bn128\"");
    CHECK(curve != NULL);
    if (curve) strcpy(curve, "}");
    CHECK_U64(verify(proof, signals, vk.p), VERIFIER_VALID_PROOF);
    free(vk.p);
}

PM_TEST(invalid_proofs)
{
    make();
    char *digit = strchr(signals + 2, '"') - 1; /* the first signal's last */
    *digit = *digit == '1' ? '2' : '1';
    CHECK_U64(verify(proof, signals, vk.p), VERIFIER_INVALID_PROOF);
    free(vk.p);
    make();
    char *a = strstr(proof, "\"pi_a\"") + 9, *c = strstr(proof, "\"pi_c\"") + 9;
    size_t a_len = (size_t)(strstr(a, ",\"1\"") - a), c_len = (size_t)(strstr(c, ",\"1\"") - c);
    char swapped[4096];
    snprintf(swapped, sizeof swapped, "%.*s%.*s%.*s%.*s%s", (int)(a - proof), proof, (int)c_len, c,
             (int)(c - a - (long)a_len), a + a_len, (int)a_len, a, c + c_len);
    CHECK_U64(verify(swapped, signals, vk.p), VERIFIER_INVALID_PROOF);
    free(vk.p);
}

PM_TEST(malformed)
{
    char error[12];
    make();
    CHECK_U64(verify("", signals, vk.p), VERIFIER_ERROR);
    CHECK_U64(verify("{}", signals, vk.p), VERIFIER_ERROR);
    CHECK_U64(verify("[1]", signals, vk.p), VERIFIER_ERROR);
    CHECK_U64(verify(proof, "[\"1\"]", vk.p), VERIFIER_ERROR); /* too few */
    CHECK_U64(verify(proof, "[\"x\",\"1\",\"2\"]", vk.p), VERIFIER_ERROR);
    CHECK_U64(verify(proof, signals, "{\"protocol\":\"groth16\"}"), VERIFIER_ERROR);
    CHECK_U64(verify(NULL, signals, vk.p), VERIFIER_ERROR);
    CHECK_U64(verify(proof, NULL, vk.p), VERIFIER_ERROR);
    CHECK_U64(verify(proof, signals, NULL), VERIFIER_ERROR);
    memset(error, '#', sizeof error);
    CHECK_U64(groth16_verify(proof, "[", vk.p, error, 10), VERIFIER_ERROR);
    CHECK(strlen(error) == 9 && error[10] == '#');
    free(vk.p);
}
