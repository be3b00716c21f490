/* Inside the project room: where things are. A place is an absolute path or an http(s) URL; a reference in a
 * project file is resolved against the file's own place. Nothing is opened here; that is fetch.h's business.
 */
#ifndef PM_COORDINATOR_PROJECT_PLACE_H
#define PM_COORDINATOR_PROJECT_PLACE_H

#include "base/status.h"

#include <stdbool.h>

enum { PM_PLACE_MAX = 1023 };

bool pm_place_is_url(const char *place); /* begins with http:// or https:// */

/* *out: malloc'ed. reference: an http(s) URL, a file:// URL, an absolute path, or something relative to base.
 * base NULL: the working folder. What a remote file names must be remote too: PM_AUTH for a local path there.
 * Other schemes are PM_UNSUPPORTED, by name. */
PM_MUST_USE enum pm_status pm_place_resolve(char **out, const char *base, const char *reference,
                                            struct pm_error *err);

/* Whether two URLs have the same scheme, host and port. False for paths. */
bool pm_place_same_origin(const char *a, const char *b);

#endif
