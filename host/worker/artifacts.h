/* Files by content: a folder of artifacts, each named by its sha256, filled over HTTP. A file appears under
 * its name only when it is whole, hashed and on the disk, so a crash leaves nothing that would be believed; a
 * download that was cut short goes on in the next attempt. Threads and processes may share the folder. Next:
 * keys.c and prepare.c open the files. */
#ifndef PM_WORKER_ARTIFACTS_H
#define PM_WORKER_ARTIFACTS_H

#include "wire/msg.h"

enum { PM_ARTIFACT_PATH = 4096 };

struct pm_artifacts;
struct pm_room;

/* dir is made where it is missing. max_bytes: of one artifact. room: the budget that it keeps to (room.h);
 * NULL: none. */
PM_MUST_USE enum pm_status pm_artifacts_new(struct pm_artifacts **out, const char *dir, uint64_t max_bytes,
                                            struct pm_room *room, struct pm_error *err);
void pm_artifacts_free(struct pm_artifacts **artifacts);

/* The path of the artifact, downloading it first where it is not there. A file that is there is hashed at its
 * first use by this process and removed if it changed. size_bytes 0: not known. PM_MISMATCH: what the server
 * gave has another hash or size (the text says both). PM_NO_MEMORY: beyond max_bytes or the budget.
 * PM_CANCELLED when cancel_fd (or -1) becomes readable. Otherwise as download.h. *hold: a descriptor that
 * keeps the file from being trimmed (trim.h) until the caller closes it, -1 on failure; NULL where somebody
 * holds it already. */
PM_MUST_USE enum pm_status pm_artifacts_get(struct pm_artifacts *artifacts, char path[PM_ARTIFACT_PATH],
                                            int *hold, const struct pm_artifact *artifact, int cancel_fd,
                                            struct pm_error *err);

/* Whether the file's content was checked in depth; kept as an empty file beside it. */
bool pm_artifacts_is_checked(const char *path);
PM_MUST_USE enum pm_status pm_artifacts_set_checked(const char *path, struct pm_error *err);

/* sha256 of a whole file, from its beginning. PM_CANCELLED as above. */
PM_MUST_USE enum pm_status pm_artifacts_hash(uint8_t out[32], int fd, const char *name, int cancel_fd,
                                             struct pm_error *err);

#endif
