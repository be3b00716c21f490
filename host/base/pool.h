/* A pool of threads for loops whose steps are independent.
 *
 * pm_pool_for splits [0, n) into pieces of `grain` and runs them on the pool's threads and on the caller's
 * own, which always takes part: a pool of one thread has no threads of its own and runs everything in the
 * caller. Several callers may use one pool at a time; a loop inside a loop is allowed. The pool's threads
 * block all signals, so that these reach the program's own threads. */
#ifndef PM_BASE_POOL_H
#define PM_BASE_POOL_H

#include "base/status.h"

#include <stddef.h>

struct pm_pool;

/* threads: how many run at a time, the caller included; 0 means one per usable CPU. NULL on failure (err says
 * why). */
struct pm_pool *pm_pool_new(unsigned threads, struct pm_error *err);
void pm_pool_free(struct pm_pool **pool);             /* waits for running loops; none may begin any more */
unsigned pm_pool_threads(const struct pm_pool *pool); /* 1 for NULL: a NULL pool runs loops in the caller */

typedef void pm_pool_fn(void *ctx, size_t begin, size_t end);

/* Calls fn on pieces that cover [0, n) exactly once and returns when all have ended. grain 0 means n / (8
 * threads). The first piece is the caller's own thread's. */
void pm_pool_for(struct pm_pool *pool, size_t n, size_t grain, pm_pool_fn *fn, void *ctx);

#endif
