/* Inside the project room: bytes from a place (place.h), bounded in size and time, and their sha256.
 * A place that the operator configured may be anywhere; one that a project file names reaches no private
 * address (loopback, link-local, private networks), whatever its name resolves to. Redirects are not
 * followed. */
#ifndef PM_COORDINATOR_PROJECT_FETCH_H
#define PM_COORDINATOR_PROJECT_FETCH_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* At most max_bytes, malloc'ed with a NUL behind. */
PM_MUST_USE enum pm_status pm_fetch(char **out, size_t *len, const char *place, bool allow_private,
                                    size_t max_bytes, struct pm_error *err);

/* Whether an address is none of the public internet's: loopback, private, link-local, shared, multicast,
 * reserved, and the IPv6 forms that wrap such an IPv4 address. Other address families are. */
bool pm_address_is_private(const struct sockaddr *address);

void pm_sha256(uint8_t out[32], const void *data, size_t len);
/* Of a regular file, however large. */
PM_MUST_USE enum pm_status pm_sha256_file(uint8_t out[32], uint64_t *size_bytes, const char *path,
                                          struct pm_error *err);

#endif
