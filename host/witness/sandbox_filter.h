/* Internal to witness/: the seccomp filters and the Landlock rules of the sandbox. Made in the parent, where
 * memory may be allocated; the child only loads them. */
#ifndef PM_WITNESS_SANDBOX_FILTER_H
#define PM_WITNESS_SANDBOX_FILTER_H

#include "witness/sandbox.h"

#include <linux/filter.h>

/* The descriptor at which a CODE child finds its executable; the one thing that it may execute. */
enum { PM_SANDBOX_EXEC_FD = 3 };

/* The filter program; the caller frees out->filter. */
PM_MUST_USE enum pm_status pm_sandbox_filter(struct sock_fprog *out, enum pm_sandbox_kind kind,
                                             struct pm_error *err);

/* A Landlock ruleset for tools that may write below dir (NULL: nowhere); -1 where the kernel has none. The
 * caller closes it. */
int pm_sandbox_landlock(const char *dir);

#endif
