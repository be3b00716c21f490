/* Keeping folders of fetched files and compiled circuits within a size: what was used longest ago goes first,
 * and what is in use stays. In use is a file on which anybody, in any process, holds a lock by flock(2); its
 * time of modification is its last use. Who holds and who touches: artifacts.h (what a task needs), keys.h
 * (what is loaded), witness/ (open circuits). */
#ifndef PM_WORKER_TRIM_H
#define PM_WORKER_TRIM_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* Removes files of the folders until those that are left have max_bytes at most. Counted and removed are only
 * files named as artifacts (SHA), leftovers of downloads (SHA.part), and compiled circuits (circuit-SHA); a
 * download in progress, which holds its lock, is not counted. A folder that is missing is empty.
 * *left_bytes: what is left; more than max_bytes where the rest is in use, which is no error. */
PM_MUST_USE enum pm_status pm_trim(uint64_t *left_bytes, const char *const folder[], size_t n_folders,
                                   uint64_t max_bytes, struct pm_error *err);

#endif
