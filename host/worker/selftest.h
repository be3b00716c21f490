/* A known circuit, proved at start: a machine that cannot prove it correctly must not take work. */
#ifndef PM_WORKER_SELFTEST_H
#define PM_WORKER_SELFTEST_H

#include "base/pool.h"
#include "base/status.h"

/* Makes a small circuit and its key in a temporary file below dir, proves on the device, verifies; then
 * demands that a wrong public signal and a wrong witness are refused. PM_INTERNAL (with what happened) when
 * the machine gives wrong answers. */
PM_MUST_USE enum pm_status pm_selftest(const char *dir, const char *device, struct pm_pool *pool,
                                       struct pm_error *err);

#endif
