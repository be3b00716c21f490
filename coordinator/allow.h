/* The allow-list: who may work in this pool. A text file with one worker a line,
 *   CURVEKEY IDENTITY NAME      (64 hex digits, 66 hex digits, text without blanks)
 * and comments after '#'. A connection's CURVE key and a login's identity must stand in the same line.
 * It may change while the coordinator runs; loop.c reads it again and ends sessions of those who are gone. */
#ifndef PM_COORDINATOR_ALLOW_H
#define PM_COORDINATOR_ALLOW_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct pm_allowed {
    uint8_t curve_public[32], identity[33];
    char name[65];
};
struct pm_allow {
    struct pm_allowed *worker;
    size_t n;
};

/* PM_NOT_FOUND where there is no file; PM_FORMAT names the line. out is left alone on failure. */
PM_MUST_USE enum pm_status pm_allow_load(struct pm_allow *out, const char *path, struct pm_error *err);
void pm_allow_fini(struct pm_allow *allow);

/* The worker with this CURVE key and this identity, or NULL. */
const struct pm_allowed *pm_allow_find(const struct pm_allow *allow, const uint8_t curve_public[32],
                                       const uint8_t identity[33]);

#endif
