/* What an operator says to a worker: options of the command line, over a YAML file, over defaults. Parsing
 * only; who prints and who runs is main.c's business. */
#ifndef PM_WORKER_CONFIG_H
#define PM_WORKER_CONFIG_H

#include "base/log.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum pm_worker_command { PM_WORKER_RUN, PM_WORKER_SHOW_KEYS, PM_WORKER_HELP, PM_WORKER_VERSION };

struct pm_worker_config {
    enum pm_worker_command command;
    char join[400];          /* a join string; required to run */
    char data[3072];         /* folder for keys, artifacts, native code; required */
    char name[65];           /* shown in the pool; default: the machine's name */
    char device[64];         /* "auto", "cpu", ... */
    uint8_t beneficiary[20]; /* zero: the identity's own address */
    unsigned threads;        /* of the prover; 0: one per CPU */
    unsigned slots;          /* tasks at a time */
    uint64_t memory_mib;     /* for keys and proofs; 0: half of the machine's memory */
    uint64_t tables_mib;     /* of that, for tables of each key's points */
    uint64_t max_artifact_mib;
    uint64_t cache_mib; /* for fetched files and compiled circuits; 0: nine tenths of what is free */
    unsigned drain_seconds;
    bool supervise;
    enum pm_log_level log;
};

/* argv as main gets it. PM_USAGE, PM_FORMAT (the file), PM_NOT_FOUND, PM_IO. */
PM_MUST_USE enum pm_status pm_worker_config_parse(struct pm_worker_config *out, int argc, char **argv,
                                                  struct pm_error *err);
extern const char pm_worker_help[];

#endif
