/* The table of statuses and the writing of error texts. See status.h. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct row {
    enum pm_status status;
    int exit_code;
    const char *name, *meaning;
};

static const struct row table[] = {
#define PM_STATUS(name, value, exit_code, meaning) {PM_##name, exit_code, #name, meaning},
#include "base/status.def"
#undef PM_STATUS
};

static const struct row *find(enum pm_status status)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].status == status) return &table[i];
    return NULL;
}

enum pm_status pm_fail(struct pm_error *err, enum pm_status status, const char *fmt, ...)
{
    if (!err) return status;
    err->status = status;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    return status;
}

enum pm_status pm_fail_in(struct pm_error *err, const char *fmt, ...)
{
    if (!err || err->status == PM_OK) return PM_INTERNAL;
    char old[sizeof err->text];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof err->text)
        (void)snprintf(err->text + n, sizeof err->text - (size_t)n, ": %.*s",
                       (int)(sizeof err->text - 3 - (size_t)n), old);
    return err->status;
}

const char *pm_status_name(enum pm_status status)
{
    const struct row *r = find(status);
    return r ? r->name : "UNKNOWN";
}

const char *pm_status_meaning(enum pm_status status)
{
    const struct row *r = find(status);
    return r ? r->meaning : "a status that this version does not know";
}

int pm_status_exit_code(enum pm_status status)
{
    const struct row *r = find(status);
    return r ? r->exit_code : 70;
}
