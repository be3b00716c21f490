/* Inside the source room: what a kind of source implements. */
#ifndef PM_COORDINATOR_SOURCE_IMPL_H
#define PM_COORDINATOR_SOURCE_IMPL_H

#include "coordinator/source/source.h"

struct pm_source_kind {
    const char *type;
    enum pm_status (*open)(void **state, const char *path, struct pm_error *err);
    void (*close)(void *state);
    /* As pm_source_poll. */
    enum pm_status (*poll)(void *state, char **next, const char *cursor, size_t max, pm_source_sink *sink,
                           void *ctx, struct pm_error *err);
};

extern const struct pm_source_kind pm_source_file;

#endif
