/* Internal to witness/: runs one program in a child with limits, feeds its standard input and collects its
 * output.
 *
 * Two kinds of program:
 *   PM_SANDBOX_CODE  a circuit's native code (statically linked, opened beforehand). An allow-list of system
 * calls: read from 0, write to 1 and 2, memory that is not executable, exit. Anything else kills it.
 *   PM_SANDBOX_TOOL  the translator and the compiler. No network, no tracing, no mounts, no other sessions;
 * where the kernel has Landlock, files are read below the system's folders and written below `dir` only.
 * Both: no environment of ours, no descriptors beside 0, 1, 2, a session of their own, limits on processor
 * time, memory and files, no new privileges, killed with the calling thread.
 *
 * The child is reaped here: the process must not ignore SIGCHLD nor reap children that are not its own. Safe
 * from any number of threads at a time. */
#ifndef PM_WITNESS_SANDBOX_H
#define PM_WITNESS_SANDBOX_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum pm_sandbox_kind { PM_SANDBOX_CODE, PM_SANDBOX_TOOL };

struct pm_sandbox_limits {
    uint64_t wall_ms;      /* from start to exit */
    uint64_t memory_bytes; /* writable private memory (RLIMIT_DATA): reserved addresses do not count */
    uint64_t file_bytes;   /* the largest file it may write */
    int cancel_fd;         /* the run is cancelled when this becomes readable; -1: never */
};

struct pm_sandbox_job {
    enum pm_sandbox_kind kind;
    int exec_fd;             /* CODE: the executable */
    const char *path;        /* TOOL: its absolute path */
    const char *const *argv; /* ends with NULL */
    const char *dir;         /* TOOL: its working folder; NULL: none, and nothing may be written */
    const void *in;          /* its whole standard input */
    size_t in_len;
    uint8_t *out; /* takes its standard output */
    size_t out_max;
    struct pm_sandbox_limits limits;
};

struct pm_sandbox_result {
    size_t out_len;
    int exit_code;
    char text[2048]; /* the beginning of its standard error; control characters but newlines shown as '?' */
};

/* PM_OK where the program ran and exited by itself; its exit code is the caller's to judge. PM_TIMEOUT,
 * PM_CANCELLED; PM_SANDBOX where it was killed by a signal, made a forbidden system call, wrote more than
 * out_max, or could not be started. `what` names the program in error texts. */
PM_MUST_USE enum pm_status pm_sandbox_run(const struct pm_sandbox_job *job, struct pm_sandbox_result *result,
                                          const char *what, struct pm_error *err);

#endif
