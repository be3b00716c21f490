/* Internal to witness/: an open circuit, and one conversation with its program. */
#ifndef PM_WITNESS_CIRCUIT_H
#define PM_WITNESS_CIRCUIT_H

#include "witness/sandbox.h"
#include "witness/witness.h"

struct pm_circuit {
    int exec_fd;
    char name[128]; /* the end of the wasm's path, for error texts */
    struct pm_circuit_info info;
};

/* The program's reply (driver/protocol.h), checked: every length is that of the bytes received. Points into
 * the caller's buffer. */
struct pm_reply {
    uint32_t code, a, b, c;
    const char *text, *log;
    size_t text_len, log_len, payload_len;
    const uint8_t *payload;
};

/* PM_SANDBOX where the bytes are no reply. name is for the error's text. */
PM_MUST_USE enum pm_status pm_reply_parse(struct pm_reply *out, const uint8_t *bytes, size_t len,
                                          const char *name, struct pm_error *err);

/* Sends the request and parses the reply into out (out_max bytes, filled up to *out_len also on failure). */
PM_MUST_USE enum pm_status pm_circuit_ask(const struct pm_circuit *circuit, struct pm_reply *reply,
                                          uint8_t *out, size_t *out_len, size_t out_max, const void *request,
                                          size_t request_len, const struct pm_sandbox_limits *limits,
                                          struct pm_error *err);

/* The description's payload into info: PM_UNSUPPORTED for primes and versions that are not supported. */
PM_MUST_USE enum pm_status pm_circuit_read_about(struct pm_circuit_info *info, const struct pm_reply *reply,
                                                 const char *name, struct pm_error *err);

#endif
