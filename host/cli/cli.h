/* The command line's own small world: a command table, options, results as text or JSON.
 * main.c dispatches; every cmd_*.c implements some commands on top of the rooms and prints nothing but its
 * result. */
#ifndef PM_CLI_CLI_H
#define PM_CLI_CLI_H

#include "base/pool.h"
#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>

/* What the common options said. Positional arguments are arg[0..n_args). */
struct pm_cli {
    bool json;                   /* --json */
    bool deep, dev, local;       /* --deep, --dev, --local */
    unsigned threads;            /* --threads; 0: all */
    const char *device;          /* --device */
    const char *url;             /* --url, PROOFMILL_URL, or the default */
    const char *token_file;      /* --token-file */
    const char *name;            /* --name */
    const char *cache;           /* --cache */
    const char *project, *state; /* --project, --state */
    unsigned limit;              /* --limit */
    const char *curve;           /* --curve */
    unsigned log2, runs;         /* --log2, --runs */
    const char *kind;            /* --kind */
    unsigned constraints;        /* --constraints; 0: as --log2 says */
    const char *batch;           /* --batch; NULL: one proof */
    unsigned tables_mib;         /* --tables */
    char **arg;
    int n_args;
    char **argv; /* all, as main got them */
    struct pm_error err;
};

/* Common options that a command takes, as a sum. */
enum {
    OPT_THREADS = 1,
    OPT_DEVICE = 2,
    OPT_DEEP = 4,
    OPT_DEV = 8,
    OPT_LOCAL = 16,
    OPT_URL = 32,
    OPT_NAME = 64,
    OPT_CACHE = 128,
    OPT_FILTER = 256,
    OPT_TOKEN = 512,
    OPT_CURVE = 1024,
    OPT_BENCH = 2048,
    OPT_SYNTH = 4096,
    OPT_BATCH = 8192,
    OPT_TABLES = 16384
};

struct pm_command {
    const char *name, *arguments, *summary; /* "prove", "CIRCUIT.zkey WITNESS.wtns ...", one line */
    const char *details;                    /* paragraphs of help */
    int min_args, max_args;
    unsigned options;
    /* *result: a JSON object with what was done (a new reference), printed by main; may stay NULL. */
    enum pm_status (*run)(struct pm_cli *cli, json_t **result);
    /* Prints the result for a person on standard output; NULL: "key: value" lines. */
    void (*show)(json_t *result);
};

enum pm_status cmd_prove(struct pm_cli *cli, json_t **result);
enum pm_status cmd_fullprove(struct pm_cli *cli, json_t **result);
enum pm_status cmd_verify(struct pm_cli *cli, json_t **result);
enum pm_status cmd_setup(struct pm_cli *cli, json_t **result);
enum pm_status cmd_ptau(struct pm_cli *cli, json_t **result);
enum pm_status cmd_export(struct pm_cli *cli, json_t **result);
enum pm_status cmd_inspect(struct pm_cli *cli, json_t **result);
enum pm_status cmd_synth(struct pm_cli *cli, json_t **result);
enum pm_status cmd_bench(struct pm_cli *cli, json_t **result);
enum pm_status cmd_submit(struct pm_cli *cli, json_t **result);
enum pm_status cmd_tasks(struct pm_cli *cli, json_t **result);
enum pm_status cmd_nodes(struct pm_cli *cli, json_t **result);
enum pm_status cmd_explain(struct pm_cli *cli, json_t **result);
enum pm_status cmd_client(struct pm_cli *cli, json_t **result); /* any of the four, by proofmill-client */
void show_bench(json_t *result);
void show_verify(json_t *result);
void show_tasks(json_t *result);
void show_nodes(json_t *result);
void show_explain(json_t *result);

/* Shared by the commands. */
PM_MUST_USE enum pm_status cli_pool(struct pm_pool **out, struct pm_cli *cli);
/* Writes text to path whole (a temporary file beside it, then renamed); "-" is standard output. */
PM_MUST_USE enum pm_status cli_write(const char *path, const char *text, struct pm_error *err);

#endif
