/* One attempt at an HTTP(S) download into an open file, bounded in size, that goes on where an earlier one
 * stopped. Hashes, names and further attempts are artifacts.h's. */
#ifndef PM_WORKER_DOWNLOAD_H
#define PM_WORKER_DOWNLOAD_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct pm_download {
    const char *url;
    int fd;             /* written from its end on */
    uint64_t max_bytes; /* of the whole file */
    int cancel_fd;      /* given up when this becomes readable; -1: never */
    /* set by pm_download_run */
    bool again;      /* another attempt may succeed */
    bool start_over; /* after the file was emptied: what it holds cannot be continued */
};

/* Once, before threads (libcurl's own set-up), and once at the end. */
PM_MUST_USE enum pm_status pm_download_init(struct pm_error *err);
void pm_download_fini(void);

/* PM_OK: the server ended the file properly. PM_USAGE: not http or https. PM_NOT_FOUND: 404 and 410.
 * PM_NETWORK: other answers, interruptions. PM_MISMATCH: longer than max_bytes. PM_CANCELLED. PM_IO: writing
 * failed. */
PM_MUST_USE enum pm_status pm_download_run(struct pm_download *d, struct pm_error *err);

#endif
