/* with_cpu SET PROGRAM ARGUMENT...: runs a program with PROOFMILL_CPU=SET, so that a test goes through the
 * build of the curves for that instruction set; "portable" is the empty set. Status 77, which CTest counts as
 * skipped, where the processor lacks it. */
#include "base/cpu.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s adx|ifma|portable PROGRAM ARGUMENT...\n", argv[0]);
        return 2;
    }
    bool portable = strcmp(argv[1], "portable") == 0;
    unsigned needs = portable ? 0 : strcmp(argv[1], "ifma") == 0 ? PM_CPU_IFMA : PM_CPU_ADX;
    if (setenv("PROOFMILL_CPU", portable ? "" : argv[1], 1) != 0) return 2;
    if (needs & ~pm_cpu_features()) {
        printf("skipped: this processor lacks %s\n", argv[1]);
        return 77;
    }
    execv(argv[2], argv + 2);
    perror(argv[2]);
    return 2;
}
