/* Internal to witness/: from a circuit's wasm to a native executable, kept in a cache folder.
 *
 * An entry's name is the hash of everything that goes into it (module, driver, translator, compiler, flags),
 * so an entry never goes stale; it appears by a rename, complete or not at all. Any number of processes and
 * threads may share a folder: one builds under a lock that dies with it, the others wait. The folder must
 * belong to the caller and be writable by nobody else, since what stands in it is executed (in the sandbox).
 */
#ifndef PM_WITNESS_BUILD_H
#define PM_WITNESS_BUILD_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { PM_BUILD_PATH = 4096, PM_SHA256_BYTES = 32 };

struct pm_build {
    const char *name; /* of the module, for error texts */
    const uint8_t *wasm;
    size_t wasm_len;
    uint8_t sha256[PM_SHA256_BYTES]; /* of the module; filled by pm_build_plan, as all below */
    const char *translator, *compiler;
    char entry[PM_BUILD_PATH];
};

/* Fills name's plan: finds the tools, hashes, makes cache_dir where it is missing. PM_NOT_FOUND names a
 * missing tool and its package; PM_UNSUPPORTED a translator of another version; PM_AUTH a folder that others
 * may write to. */
PM_MUST_USE enum pm_status pm_build_plan(struct pm_build *build, const char *cache_dir, struct pm_error *err);

/* Opens the executable, building it first where there is none (tens of seconds for a large circuit). bad_fd:
 * an entry that proved broken, which is then built anew; -1 for none. PM_FORMAT where the module is no
 * WebAssembly, PM_UNSUPPORTED where it is none of circom 2's. */
PM_MUST_USE enum pm_status pm_build_open(int *out_fd, const struct pm_build *build, int bad_fd,
                                         struct pm_error *err);

/* PM_OK where the translator's header has circom's exports and no import beside circom's. Writes one compiler
 * flag
 * "-DPMD_HAS_name" for each optional export into flags (at most *n_flags; *n_flags becomes the number). */
PM_MUST_USE enum pm_status pm_build_check_header(const char *flags[], size_t *n_flags, const char *name,
                                                 const char *header, struct pm_error *err);

#endif
