/* The list of kinds of sources, and the way to one by its type. Each kind is a file of its own
 * (source_file.c). */
#include "coordinator/source/source_impl.h"

#include <stdlib.h>
#include <string.h>

struct pm_source {
    const struct pm_source_kind *kind;
    void *state;
};

static const struct pm_source_kind *const kinds[] = {&pm_source_file};

enum pm_status pm_source_new(struct pm_source **out, const char *type, const char *path, struct pm_error *err)
{
    const struct pm_source_kind *kind = NULL;
    *out = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i]->type, type) == 0) kind = kinds[i];
    if (!kind)
        return pm_fail(err, PM_UNSUPPORTED, "a source of type \"%.32s\" cannot be polled; expected \"file\"",
                       type);
    struct pm_source *source = calloc(1, sizeof *source);
    if (!source) return pm_fail(err, PM_NO_MEMORY, "source %s: out of memory", path);
    source->kind = kind;
    enum pm_status status = kind->open(&source->state, path, err);
    if (status == PM_OK)
        *out = source;
    else
        free(source);
    return status;
}

void pm_source_free(struct pm_source **source)
{
    if (!*source) return;
    (*source)->kind->close((*source)->state);
    free(*source);
    *source = NULL;
}

enum pm_status pm_source_poll(struct pm_source *source, char **next, const char *cursor, size_t max,
                              pm_source_sink *sink, void *ctx, struct pm_error *err)
{
    *next = NULL;
    return source->kind->poll(source->state, next, cursor, max, sink, ctx, err);
}
