/* The functions of proofmill.h that speak JSON. */
#include "file/wtns.h"
#include "proofmill.h"
#include "statement.h"
#include "test.h"

PM_TEST(prove_and_verify)
{
    struct statement s;
    bool made = statement_make(&s, 2, test_random());
    CHECK_MSG(made, "%s", s.err.text);
    struct proofmill_error err;
    struct proofmill_key *key = NULL;
    struct proofmill_prover *prover = NULL;
    char *proof = NULL, *public_signals = NULL, *vk = NULL;
    CHECK_OK(proofmill_key_open(&key, s.k.path, 1, &err), err);
    CHECK_OK(proofmill_prover_open(&prover, key, "auto", &err), err);
    if (prover) {
        size_t bytes = (size_t)s.o.n_vars * 32;
        CHECK_OK(proofmill_prove_json(prover, &proof, &public_signals, s.o.witness, bytes, &err), err);
        CHECK_OK(proofmill_export_vk_json(&vk, key, &err), err);
        CHECK_STR(public_signals, s.public_text);
        CHECK_STR(vk, s.vk_text);
        CHECK_OK(proofmill_verify_json(vk, public_signals, proof, &err), err);
        CHECK_OK(proofmill_verify_json(vk, public_signals, s.proof_text, &err), err);
        CHECK_U64(proofmill_verify_json(vk, "[]", proof, &err), PM_MISMATCH);
        CHECK_U64(proofmill_verify_json(vk, "[\"1\", \"2\"]", proof, &err), PM_INVALID_PROOF);
        CHECK_U64(proofmill_verify_json("{}", public_signals, proof, NULL), PM_UNSUPPORTED);
        proofmill_free(proof);
        proofmill_free(public_signals);
        CHECK_U64(proofmill_prove_json(prover, &proof, &public_signals, s.o.witness, bytes - 32, &err),
                  PM_MISMATCH);
        CHECK(!proof && !public_signals);
        proofmill_free(vk);
    }
    proofmill_prover_close(&prover);
    proofmill_key_close(&key);
    statement_free(&s);
}
