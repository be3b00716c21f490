/* Internal to witness/: the outside programs, found and run in the sandbox; and the small file work around
 * them. */
#ifndef PM_WITNESS_TOOL_H
#define PM_WITNESS_TOOL_H

#include "witness/sandbox.h"

#include <stddef.h>
#include <stdint.h>

enum { PM_TOOL_VERSION = 128 };

/* The first of names (which ends with NULL) found in the system's folders: an absolute path, static; or NULL.
 * The environment's PATH has no say: what is found here is trusted to be a compiler. */
const char *pm_tool_find(const char *const *names);

/* The first line that `path --version` prints. */
PM_MUST_USE enum pm_status pm_tool_version(char out[PM_TOOL_VERSION], const char *path, struct pm_error *err);

/* Runs a tool in dir, where alone it may write. Its exit code and what it said are in *result. */
PM_MUST_USE enum pm_status pm_tool_run(struct pm_sandbox_result *result, const char *const *argv,
                                       const char *dir, uint64_t wall_ms, struct pm_error *err);

/* Writes a whole file (mode 0600, flushed to disk) or fails with PM_IO. */
PM_MUST_USE enum pm_status pm_tool_write_file(const char *path, const void *data, size_t len,
                                              struct pm_error *err);

/* Reads a whole regular file of at most max bytes; the caller frees *out, which ends with a NUL that len does
 * not count. PM_NOT_FOUND, PM_IO, PM_FORMAT (too large, or no file). */
PM_MUST_USE enum pm_status pm_tool_read_file(uint8_t **out, size_t *len, const char *path, size_t max,
                                             struct pm_error *err);

/* Removes a folder that holds only files, as a build leaves it. Nothing is followed out of it. */
void pm_tool_remove_dir(const char *path);

#endif
