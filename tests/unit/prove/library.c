/* A program that has nothing of proofmill but proofmill.h and the shared library: every function of the
 * header is there to be linked, and the bare ones work. */
#include "proofmill.h"
#include "test.h"

typedef void (*any)(void);

/* Without JSON (PROOFMILL_SERVICE=OFF) the last three are not part of the library. */
static const any functions[] = {
    (any)proofmill_version,
    (any)proofmill_status_name,
    (any)proofmill_status_meaning,
    (any)proofmill_free,
    (any)proofmill_key_open,
    (any)proofmill_key_open_warm,
    (any)proofmill_key_table_bytes,
    (any)proofmill_key_close,
    (any)proofmill_key_curve,
    (any)proofmill_key_n_public,
    (any)proofmill_key_n_witness,
    (any)proofmill_key_is_unsafe,
    (any)proofmill_key_scalar_bytes,
    (any)proofmill_key_proof_bytes,
    (any)proofmill_prover_open,
    (any)proofmill_prover_close,
    (any)proofmill_prove,
    (any)proofmill_prove_batch,
    (any)proofmill_verify,
    (any)proofmill_verify_batch,
    (any)proofmill_witness_load,
    (any)proofmill_setup_dev,
    (any)proofmill_export_solidity,
#ifdef WITH_JSON
    (any)proofmill_prover_watch,
    (any)proofmill_prove_json,
    (any)proofmill_verify_json,
    (any)proofmill_export_vk_json,
#endif
};

PM_TEST(everything_is_exported)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) CHECK(functions[i] != NULL);
}

PM_TEST(errors_cross_the_border)
{
    struct proofmill_key *key = NULL;
    struct proofmill_error error = {0};
    int status = proofmill_key_open(&key, "/nonexistent.zkey", 1, &error);
    CHECK(status != 0 && key == NULL && error.status == status && strlen(error.text) > 0);
    CHECK_STR(proofmill_version(), PM_VERSION);
}
