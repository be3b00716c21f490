/* Inside of proofmill.h's handles, for its two sources: api.c, and json/api_json.c where there is JSON. */
#ifndef PM_PROVE_API_H
#define PM_PROVE_API_H

#include "proofmill.h"
#include "prove/prover.h"

struct proofmill_key {
    struct pm_pool *pool;
    struct pm_zkey zkey;
    struct pm_key *key;
};

struct proofmill_prover {
    const struct proofmill_key *key;
    struct pm_prover *prover;
    int (*go_on)(void *context, unsigned permille); /* the caller's */
    void *context;
    struct pm_watch watch; /* asks it */
};

/* Hands an inner failure out; returns the status. err is filled wherever status is not PM_OK. */
int pm_api_result(struct proofmill_error *out, enum pm_status status, const struct pm_error *err);

/* PM_OK if witness_bytes is what the key takes. */
PM_MUST_USE enum pm_status pm_api_witness_size(const struct proofmill_key *key, size_t witness_bytes,
                                               struct pm_error *err);

#endif
