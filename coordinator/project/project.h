/* Project files: what an application registers. Fetched (file or http), its sha256 checked where one is
 * configured, parsed strictly. A version says which circuit proves what: how messages become a task, the
 * circuit's inputs, and the public signals that the coordinator demands; nothing in a proof is believed that
 * is not derived here. The format is described in coordinator/README.md; W3bstream's names are used where it
 * has one. */
#ifndef PM_COORDINATOR_PROJECT_H
#define PM_COORDINATOR_PROJECT_H

#include "base/status.h"
#include "prove/verify.h"

#include <jansson.h>

enum { PM_VM_CIRCOM = 100, PM_PROJECT_MAX_BINDINGS = 64 };

/* A reference to a file by content. uri: absolute path or http(s) URL, resolved against the project file's
 * place. */
struct pm_project_artifact {
    uint8_t sha256[32];
    char *uri;
    uint64_t size_bytes;
};

enum pm_derive {
    PM_DERIVE_FIRST,
    PM_DERIVE_LAST,
    PM_DERIVE_EACH,
    PM_DERIVE_SUM,
    PM_DERIVE_COUNT,
    PM_DERIVE_DOMAIN,
    PM_DERIVE_CONST
};

/* One circuit input or public signal. pointer: a JSON pointer (RFC 6901) into each message; constant: decimal
 * text. */
struct pm_binding {
    char *name;
    enum pm_derive how;
    char *pointer, *constant;
};

struct pm_project_version {
    char *version;
    uint32_t vm_type;
    struct pm_project_artifact zkey, wasm, verification_key;
    uint32_t task_size; /* messages per task */
    char *group_by; /* JSON pointer, or NULL: messages of one group stay in order and in tasks of their own */
    unsigned n_inputs, n_public;
    struct pm_binding input[PM_PROJECT_MAX_BINDINGS], public_signal[PM_PROJECT_MAX_BINDINGS];
    /* output: type "ethereumContract" */
    uint64_t chain_id;
    char *chain_endpoint;
    uint8_t router[20], application[20];
    uint32_t confirmations;
    struct pm_vk vk;              /* loaded from verification_key */
    struct pm_vk_ready *vk_ready; /* of vk, for the checker */
};

struct pm_project_source {
    char *type, *path;
}; /* "file" with a folder; "http": messages pushed to the API */

struct pm_project {
    uint64_t id;
    char *name, *default_version, *client_id;
    uint8_t hash[32]; /* sha256 of the file */
    unsigned n_sources, n_versions;
    struct pm_project_source *source;
    struct pm_project_version *version;
};

/* where: path or http(s) URL, which may be on a private address: the operator chose it. URLs inside the file
 * may be so only at the same scheme, host and port. expected_hash may be NULL. Artifacts that are local files
 * are hashed and their sizes filled in (a remote zkey or wasm has size 0 here and is checked by who fetches
 * it); the verification key is read and checked. One public signal must be the domain. Errors name the file
 * and the JSON path. */
PM_MUST_USE enum pm_status pm_project_load(struct pm_project **out, uint64_t id, const char *where,
                                           const uint8_t *expected_hash, struct pm_error *err);
void pm_project_free(struct pm_project **project);
/* NULL where there is none. version NULL: the default one. */
const struct pm_project_version *pm_project_find(const struct pm_project *project, const char *version);

/* -- derivation: pure functions of project, task and messages -- */

/* keccak(be64 project ‖ body): equal readings are one message. */
void pm_message_id(uint8_t out[32], uint64_t project, const char *body, size_t len);
/* keccak(abi.encode(uint256 chainId, address application, uint256 project, bytes32 keccak(version), bytes32
 * keccak(ids))) */
void pm_task_id(uint8_t out[32], uint64_t chain_id, const uint8_t application[20], uint64_t project,
                const char *version, const uint8_t (*message_ids)[32], size_t n);
/* The public signal that ties a proof to one task of one application on one chain; 248 bits, so that it is a
 * field element: uint256(keccak256(abi.encode(uint256 chainId, address application, uint256 project, bytes32
 * keccak(version), bytes32 taskId))) >> 8, as plain little-endian. */
void pm_task_domain(uint8_t out[32], uint64_t chain_id, const uint8_t application[20], uint64_t project,
                    const char *version, const uint8_t task_id[32]);

/* Whether a message can ever be part of a task: valid JSON object, every pointer present, numbers in range.
 * Errors name the pointer. *group: malloc'ed text of group_by's value ("" without one). */
PM_MUST_USE enum pm_status pm_message_check(const struct pm_project_version *version, const char *body,
                                            size_t len, char **group, struct pm_error *err);
/* The circuit's input.json and the public signals (version->n_public plain 32-byte elements) of a task.
 * *input: malloc'ed text; *publics: malloc'ed. bodies: the messages in order. */
PM_MUST_USE enum pm_status pm_task_derive(char **input, uint8_t **publics,
                                          const struct pm_project_version *version, const uint8_t domain[32],
                                          const char *const *bodies, const size_t *lens, size_t n,
                                          struct pm_error *err);

#endif
