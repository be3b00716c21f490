/* Messages between coordinator and worker: one tagged struct, made from msg.def, and its msgpack form.
 * Decoding trusts nothing: types, counts and sizes are checked against the list before anything is kept.
 * Sockets and addresses are sock.h's business. */
#ifndef PM_WIRE_MSG_H
#define PM_WIRE_MSG_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PM_WIRE_PROTOCOL = 1, PM_WIRE_MAX_BYTES = 8 * 1024 * 1024 };

enum pm_artifact_kind { PM_ARTIFACT_ZKEY = 1, PM_ARTIFACT_WASM = 2 };
enum pm_phase {
    PM_PHASE_QUEUED = 1,
    PM_PHASE_FETCH = 2,
    PM_PHASE_WITNESS = 3,
    PM_PHASE_PROVE = 4,
    PM_PHASE_VERIFY = 5
};

struct pm_blob {
    const uint8_t *data;
    size_t len;
};

enum pm_msg_kind {
#define PM_MSG(NAME, name, number) PM_MSG_##NAME = number,
#include "wire/msg.def"
};

/* struct pm_artifact and the other elements of lists, then struct pm_msg_task and the other messages.
 * Texts are NUL-terminated. */
#define PM_ELEM(name) struct pm_##name {
#define PM_ELEM_END(name)                                                                                    \
    }                                                                                                        \
    ;
#define PM_MSG(NAME, name, number) struct pm_msg_##name {
#define PM_MSG_END(NAME, name)                                                                               \
    }                                                                                                        \
    ;
#define PM_U32(name)        uint32_t name;
#define PM_U64(name)        uint64_t name;
#define PM_BOOL(name)       bool name;
#define PM_FIX(name, len)   uint8_t name[len];
#define PM_TEXT(name, max)  char name[(max) + 1];
#define PM_BYTES(name, max) struct pm_blob name;
#define PM_LIST(type, name, max)                                                                             \
    size_t n_##name;                                                                                         \
    struct pm_##type name[max];
#include "wire/msg.def"

/* One message. Blobs point into `bytes` after decoding, and to the caller's memory before encoding. */
struct pm_msg {
    enum pm_msg_kind kind;
    union {
#define PM_MSG(NAME, name, number) struct pm_msg_##name name;
#include "wire/msg.def"
    };
    uint8_t *bytes; /* owned after decoding; pm_msg_fini frees it */
};

/* *out: malloc'ed, the caller frees. Fails with PM_PROTOCOL on a field beyond its limit. */
PM_MUST_USE enum pm_status pm_msg_encode(uint8_t **out, size_t *out_len, const struct pm_msg *msg,
                                         struct pm_error *err);

/* Copies the bytes. peer: named in errors. PM_PROTOCOL on anything that is not exactly one message of the
 * list. On failure *out holds nothing to release; pm_msg_fini may be called on it. */
PM_MUST_USE enum pm_status pm_msg_decode(struct pm_msg *out, const uint8_t *data, size_t len,
                                         const char *peer, struct pm_error *err);
void pm_msg_fini(struct pm_msg *msg);
const char *pm_msg_name(enum pm_msg_kind kind); /* "TASK"; "unknown message" for a foreign number */

/* Copies any text into a PM_TEXT field of size_bytes: cut between characters where it is too long, with '?'
 * for bytes that are not UTF-8. What it writes always encodes. */
void pm_msg_text(char *out, size_t size_bytes, const char *text);

#endif
