/* A true statement in JSON for the tests of this room: proof, public signals and verification key of a random
 * circuit. */
#ifndef PM_TESTS_JSON_STATEMENT_H
#define PM_TESTS_JSON_STATEMENT_H

#include "conformance/oracle.h"
#include "json/json.h"

struct statement {
    struct oracle o;
    struct oracle_key k;
    struct pm_proof proof;
    char *proof_text, *public_text, *vk_text;
    struct pm_error err;
};

/* False where something failed, with the reason in err. */
bool statement_make(struct statement *s, uint32_t n_public, uint64_t seed);
void statement_free(struct statement *s);

/* Reads public signals and proof and verifies them with a key, as a program would; ... */
enum pm_status statement_check_with(const struct pm_vk *vk, const char *public_signals, size_t public_len,
                                    const char *proof, size_t proof_len, struct pm_error *err);
/* ... and with the key read as well. */
enum pm_status statement_check(const char *vk, size_t vk_len, const char *public_signals, size_t public_len,
                               const char *proof, size_t proof_len, struct pm_error *err);

#endif
