/* The coordinator's configuration: one YAML file, checked against a schema; errors name line and field. Every
 * setting is described in coordinator/example.yaml. Relative paths are resolved against the folder of the
 * file. Nothing here opens a socket or a database; next: main.c, loop.h. */
#ifndef PM_COORDINATOR_CONFIG_H
#define PM_COORDINATOR_CONFIG_H

#include "base/log.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct pm_config_project {
    uint64_t id;
    char *where; /* absolute path or http(s) URL */
    bool has_sha256;
    uint8_t sha256[32];
};

struct pm_config {
    char *pool;         /* the pool's name: part of the pool's id */
    char *data_dir;     /* ledger and keys */
    char *ledger_path;  /* data_dir/ledger.sqlite */
    char *keyfile;      /* CURVE keys and identity of the coordinator; made at the first start */
    char *workers_file; /* the allow-list (allow.h) */

    char *listen_host;             /* for workers: an address, or "0.0.0.0" */
    char *advertise_host;          /* what workers connect to: in the join string and in URLs of artifacts */
    unsigned port, heartbeat_port; /* 0: the system chooses */

    char *http_host;
    unsigned http_port;
    char *http_advertise;  /* "http://host:port" without a slash at the end, or NULL: made from advertise_host
                              and the port */
    char *http_token_file; /* NULL: POST needs no token */

    char *keystore, *password_file; /* of the account that pays; NULL: nothing is sent to a chain */
    uint64_t max_fee_gwei;          /* per gas; never exceeded */

    uint32_t lease_ms, heartbeat_ms, misses;
    uint32_t max_attempts;
    uint32_t source_poll_ms;
    unsigned checkers; /* threads that verify proofs */
    enum pm_log_level log_level;

    struct pm_config_project *projects;
    unsigned n_projects;
};

/* PM_FORMAT with line and field; PM_NOT_FOUND where there is no such file. */
PM_MUST_USE enum pm_status pm_config_load(struct pm_config **out, const char *path, struct pm_error *err);
void pm_config_free(struct pm_config **config);

#endif
