/* Internal to witness/: input.json to the request that a circuit's program reads (driver/protocol.h). */
#ifndef PM_WITNESS_INPUT_H
#define PM_WITNESS_INPUT_H

#include "witness/witness.h"

struct pm_input {
    uint8_t *request;
    size_t len, room;
    uint32_t n_signals, n_values;
    const char **names; /* of the signals, in the request's order; they live in `json` */
    void *json;
};

/* See pm_circuit_witness for what is accepted. On failure *out is empty. */
PM_MUST_USE enum pm_status pm_input_parse(struct pm_input *out, const struct pm_circuit_info *info,
                                          const char *json, size_t len, struct pm_error *err);
void pm_input_fini(struct pm_input *input); /* wipes, then frees */

#endif
