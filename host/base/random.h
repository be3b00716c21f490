/* Random bytes from the system. The one source of every secret: blinding scalars, keys, nonces, session ids. */
#ifndef PM_BASE_RANDOM_H
#define PM_BASE_RANDOM_H

#include "base/status.h"

#include <stddef.h>

/* Fills out with len bytes from getrandom(2). Fails (PM_IO) only where the system has no random source;
 * out is then zeroed and must not be used. */
PM_MUST_USE enum pm_status pm_random_bytes(void *out, size_t len, struct pm_error *err);

#endif
