/* Circuits that stay open: shared by the threads that compute witnesses. Translating and compiling a new one
 * is witness/'s business; here each is opened once, and the least recently used one that is at rest gives
 * way. */
#ifndef PM_WORKER_CIRCUITS_H
#define PM_WORKER_CIRCUITS_H

#include "witness/witness.h"

struct pm_circuits;

/* cache_dir: of native code, see pm_circuit_open. Each open circuit holds its file there (trim.h). */
PM_MUST_USE enum pm_status pm_circuits_new(struct pm_circuits **out, const char *cache_dir,
                                           struct pm_error *err);
void pm_circuits_free(struct pm_circuits **circuits); /* none may be in use */

/* Opens the circuit in `path` (an artifact with that hash), or finds it open; *slot goes to
 * pm_circuits_release. While one thread opens a circuit, others that want the same one wait. */
PM_MUST_USE enum pm_status pm_circuits_get(struct pm_circuits *circuits, const struct pm_circuit **out,
                                           unsigned *slot, const char *path, const uint8_t sha256[32],
                                           struct pm_error *err);
void pm_circuits_release(struct pm_circuits *circuits, unsigned slot);
/* Closes those that are at rest. */
void pm_circuits_close_idle(struct pm_circuits *circuits);

#endif
