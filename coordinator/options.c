/* The command line of proofmill-coordinator and its help. */
#include "coordinator/options.h"

#include "base/status.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "usage: proofmill-coordinator --config FILE [--check-config | --show-join]\n"
    "       proofmill-coordinator keystore|deploy|send ...\n"
    "\n"
    "Reads data as each project's file says, packs it into tasks, hands every task to an idle prover node, "
    "checks the\n"
    "proof that comes back, and settles it on-chain.\n"
    "\n"
    "  --config FILE     the configuration (YAML); coordinator/example.yaml describes every setting\n"
    "  --check-config    read the configuration and the projects, say what is wrong with them, and end\n"
    "  --show-join       print the string that workers join with, and end\n"
    "  --version         print the version, and end\n"
    "  --help            print this, and end\n"
    "\n"
    "  keystore          make a key file for the account that pays, or show its address\n"
    "  deploy            deploy a contract\n"
    "  send              call a function of a contract by a transaction\n"
    "  (each has --help of its own)\n"
    "\n"
    "settings of the configuration (required: pool, data_dir, projects):\n"
    "  pool              the pool's name\n"
    "  data_dir          where the ledger and the coordinator's key lie\n"
    "  keyfile           the coordinator's key, made at the first start          [data_dir/coordinator.key]\n"
    "  workers_file      who may work here, one \"CURVEKEY IDENTITY NAME\" a line  [workers.allow]\n"
    "  listen            host, port, heartbeat_port, advertise                   [127.0.0.1, 5570, 5571, "
    "host]\n"
    "  http              host, port, advertise, token_file                       [127.0.0.1, 8080, from "
    "listen, none]\n"
    "  projects          a list of: id, file or url, sha256\n"
    "  chain             keystore, password_file, max_fee_gwei                   [nothing is sent; 100]\n"
    "  leases            duration_ms, heartbeat_ms, misses, max_attempts         [300000, 2000, 5, 3]\n"
    "  source_poll_ms    how often sources are asked                             [500]\n"
    "  checkers          threads that verify proofs                              [2]\n"
    "  log               debug, info, warn, error                                [info]\n"
    "\n"
    "signals: TERM and INT end it in good order; HUP reads the list of workers again at once, then the "
    "configuration "
    "and the\n"
    "  projects: where something changed it starts again with that, in the same process.\n"
    "exit codes: 0 ended in good order, 2 wrong arguments, 3 malformed input, 4 files, 5 memory, 6 network, "
    "7 not allowed.\n";

int pm_options_parse(struct pm_options *out, int argc, char **argv)
{
    *out = (struct pm_options){0};
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"check-config", no_argument, NULL, 'k'},
        {"show-join", no_argument, NULL, 'j'},    {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {0}};
    for (int option; (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            out->config = optarg;
            break;
        case 'k':
            out->check = true;
            break;
        case 'j':
            out->join = true;
            break;
        case 'v':
            puts("proofmill-coordinator " PM_VERSION);
            return 1;
        case 'h':
            fputs(help, stdout);
            return 1;
        default:
            fputs("Try --help.\n", stderr);
            return 1 + pm_status_exit_code(PM_USAGE);
        }
    }
    if (optind == argc && out->config) return 0;
    if (optind < argc)
        fprintf(stderr, "proofmill-coordinator: unknown argument \"%s\". Try --help.\n", argv[optind]);
    else
        fputs("proofmill-coordinator: --config FILE is needed. Try --help.\n", stderr);
    return 1 + pm_status_exit_code(PM_USAGE);
}
