/* The command line of proofmill-coordinator. Subcommands of the chain room are taken by main.c before it. */
#ifndef PM_COORDINATOR_OPTIONS_H
#define PM_COORDINATOR_OPTIONS_H

#include <stdbool.h>

struct pm_options {
    const char *config;
    bool check, join;
};

/* 0: go on. Otherwise everything was said (help, version, or what is wrong): the exit code plus one. */
int pm_options_parse(struct pm_options *out, int argc, char **argv);

#endif
