/* JSON-RPC 2.0 over HTTP: one call, one answer, everything in it distrusted. Not Ethereum's methods: those
 * are eth.h's.
 *
 * Errors. PM_NETWORK: no answer, or one that is none (time-out, size, HTTP status, not JSON, wrong id): what
 * was asked may or may not have happened. PM_CHAIN: the endpoint understood and said no; pm_rpc_last says
 * what. Texts name the endpoint by scheme, host and port only: paths and credentials often hold keys. */
#ifndef PM_CHAIN_RPC_H
#define PM_CHAIN_RPC_H

#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pm_rpc; /* one thread at a time */

struct pm_rpc_options {
    unsigned timeout_ms; /* of a whole call; 0: 10,000 */
    size_t max_bytes;    /* of an answer; 0: 4 MiB */
};

/* What an error object said. data: the bytes of its "data" where that is hex (a revert's), else empty. */
struct pm_rpc_error {
    int64_t code;
    char message[256];
    uint8_t data[2048]; /* cut to this */
    size_t data_len;
    bool too_long; /* not an error object: an answer above max_bytes */
};

/* endpoint: http:// or https:// URL. options may be NULL. PM_USAGE for another scheme. */
PM_MUST_USE enum pm_status pm_rpc_new(struct pm_rpc **out, const char *endpoint,
                                      const struct pm_rpc_options *options, struct pm_error *err);
void pm_rpc_free(struct pm_rpc **rpc);
/* scheme://host:port, as errors show it */
const char *pm_rpc_name(const struct pm_rpc *rpc);

/* params: a JSON array; the reference is taken over, also on failure (NULL: no memory). *result: a new
 * reference, JSON null included. */
PM_MUST_USE enum pm_status pm_rpc_call(struct pm_rpc *rpc, json_t **result, const char *method,
                                       json_t *params, struct pm_error *err);
/* Of the last call that gave PM_CHAIN. */
const struct pm_rpc_error *pm_rpc_last(const struct pm_rpc *rpc);

#endif
