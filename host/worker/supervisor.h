/* A parent that starts the worker's process again when it crashes. It holds no keys and opens no socket. */
#ifndef PM_WORKER_SUPERVISOR_H
#define PM_WORKER_SUPERVISOR_H

/* Runs body(arg) in a child process until it ends by itself, and returns its exit code. A child that a signal
 * killed, or that ended with code 70 (a fault of proofmill itself), is started again, with growing pauses.
 * SIGTERM, SIGINT and SIGHUP go on to the child; it dies with its parent. The caller has no threads yet. */
int pm_supervise(int (*body)(void *arg), void *arg);

#endif
