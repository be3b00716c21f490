/* Room on the disk for what a worker fetches and compiles: a budget over its folders, and who may take how
 * much of it. Whoever is about to write takes room first, by which files that were used longest ago go
 * (trim.h), and gives it back when the file stands and counts by itself. */
#ifndef PM_WORKER_ROOM_H
#define PM_WORKER_ROOM_H

#include "base/status.h"

#include <stdint.h>

struct pm_room;

/* artifacts, circuits: the two folders. budget_bytes 0: what they hold now, and nine tenths of what their
 * file system has free beside it. let_go(ctx), which may be NULL, is called from any thread when the files
 * that nobody uses do not suffice: whoever keeps files open only because they may be wanted again shall close
 * them. */
PM_MUST_USE enum pm_status pm_room_new(struct pm_room **out, const char *artifacts, const char *circuits,
                                       uint64_t budget_bytes, void (*let_go)(void *ctx), void *ctx,
                                       struct pm_error *err);
void pm_room_free(struct pm_room **room);
uint64_t pm_room_budget(const struct pm_room *room);

/* Waits, a minute at most, until so many bytes fit beside what is in use and what others have taken.
 * PM_NO_MEMORY, with the numbers: they do not, or never will. PM_CANCELLED when cancel_fd (or -1) becomes
 * readable. */
PM_MUST_USE enum pm_status pm_room_take(struct pm_room *room, uint64_t bytes, int cancel_fd,
                                        struct pm_error *err);
void pm_room_give(struct pm_room *room, uint64_t bytes);
/* Trims to the budget what can be trimmed now, without waiting: after files came that nobody took room for.
 */
void pm_room_tidy(struct pm_room *room);

#endif
