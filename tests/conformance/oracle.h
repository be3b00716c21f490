/* Random satisfiable circuits with known setup secrets, and Groth16's proof worked out from those secrets the
 * long way: every sum is one number, computed with naive Lagrange interpolation, and the proof is that number
 * times the generator. What every backend's and the prover's results are compared with. Used by unit tests
 * and by the conformance suite. */
#ifndef PM_TESTS_ORACLE_H
#define PM_TESTS_ORACLE_H

#include "file/zkey.h"
#include "prove/prover.h"
#include "prove/setup.h"

enum { ORACLE_ELEMENT = 32 };

struct oracle {
    const struct pm_curve *curve;
    uint32_t n_vars, n_public, n_constraints;
    unsigned log2_n;
    uint8_t *constraints; /* as section 2 of an .r1cs */
    size_t constraints_bytes;
    uint8_t *witness; /* n_vars plain elements that satisfy it */
    struct pm_setup_secrets secrets;
    uint64_t random; /* state of its generator */
};

/* Aborts where memory is out. n_public public inputs; each constraint defines one more wire. */
void oracle_make(struct oracle *o, const struct pm_curve *curve, uint32_t n_constraints, uint32_t n_public,
                 uint64_t seed);
void oracle_free(struct oracle *o);

/* A uniform plain element. */
void oracle_element(struct oracle *o, uint8_t out[ORACLE_ELEMENT]);

/* The proof for given r and s, O(n_constraints^2). */
void oracle_prove(const struct oracle *o, struct pm_proof *out, const uint8_t *r, const uint8_t *s);

/* A new folder of our own under $TMPDIR or /tmp; false where there is none to be had. */
bool oracle_temp_dir(char out[64]);

/* The circuit's key, made by pm_setup_dev with the oracle's secrets and opened deeply checked. */
struct oracle_key {
    char dir[64], path[96];
    struct pm_zkey zkey;
    struct pm_key *key;
};
/* NULL, or the text of what failed. */
const char *oracle_key_make(struct oracle_key *k, const struct oracle *o, struct pm_pool *pool,
                            struct pm_error *err);
void oracle_key_free(struct oracle_key *k);

#endif
