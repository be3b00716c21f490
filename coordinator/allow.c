/* Reads the allow-list (allow.h). Which sockets and sessions it governs is loop.c's business. */
#include "coordinator/allow.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORKERS = 4096, MAX_LINE = 1024 };

static enum pm_status add(struct pm_allow *allow, const struct pm_allowed *worker, const char *path,
                          size_t line, struct pm_error *err)
{
    for (size_t i = 0; i < allow->n; i++) {
        const struct pm_allowed *other = &allow->worker[i];
        const char *same = memcmp(other->identity, worker->identity, 33) == 0           ? "identity"
                           : memcmp(other->curve_public, worker->curve_public, 32) == 0 ? "CURVE key"
                                                                                        : NULL;
        if (same)
            return pm_fail(err, PM_FORMAT, "%s:%zu: %s has the %s of %s; every worker needs its own", path,
                           line, worker->name, same, other->name);
    }
    if (allow->n == MAX_WORKERS)
        return pm_fail(err, PM_FORMAT, "%s: more than %d workers", path, MAX_WORKERS);
    struct pm_allowed *list = realloc(allow->worker, (allow->n + 1) * sizeof *list);
    if (!list) return pm_fail(err, PM_NO_MEMORY, "%s: no memory", path);
    allow->worker = list;
    allow->worker[allow->n++] = *worker;
    return PM_OK;
}

static enum pm_status parse_line(struct pm_allow *allow, char *text, const char *path, size_t line,
                                 struct pm_error *err)
{
    struct pm_allowed worker = {.name = ""};
    char *save = NULL;
    text[strcspn(text, "#\r\n")] = 0;
    const char *curve = strtok_r(text, " \t", &save);
    if (!curve) return PM_OK;
    const char *identity = strtok_r(NULL, " \t", &save), *name = strtok_r(NULL, " \t", &save);
    if (!identity || !name || strtok_r(NULL, " \t", &save))
        return pm_fail(err, PM_FORMAT, "%s:%zu: expected \"CURVEKEY IDENTITY NAME\"", path, line);
    if (!pm_hex_decode(worker.curve_public, 32, curve))
        return pm_fail(err, PM_FORMAT, "%s:%zu: the CURVE key must be 64 hex digits, found \"%.80s\"", path,
                       line, curve);
    if (!pm_hex_decode(worker.identity, 33, identity))
        return pm_fail(err, PM_FORMAT, "%s:%zu: the identity must be 66 hex digits, found \"%.80s\"", path,
                       line, identity);
    if (strlen(name) >= sizeof worker.name)
        return pm_fail(err, PM_FORMAT, "%s:%zu: the name is longer than %zu bytes", path, line,
                       sizeof worker.name - 1);
    snprintf(worker.name, sizeof worker.name, "%s", name);
    return add(allow, &worker, path, line, err);
}

enum pm_status pm_allow_load(struct pm_allow *out, const char *path, struct pm_error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return pm_fail(err, errno == ENOENT ? PM_NOT_FOUND : PM_IO, "allow-list %s: cannot be opened: %s",
                       path, strerror(errno));
    struct pm_allow allow = {0};
    char text[MAX_LINE];
    enum pm_status status = PM_OK;
    for (size_t line = 1; status == PM_OK && fgets(text, sizeof text, file); line++) {
        if (!strchr(text, '\n') && strlen(text) == sizeof text - 1)
            status =
                pm_fail(err, PM_FORMAT, "%s:%zu: the line is longer than %d bytes", path, line, MAX_LINE - 2);
        else
            status = parse_line(&allow, text, path, line, err);
    }
    if (status == PM_OK && ferror(file)) status = pm_fail(err, PM_IO, "allow-list %s: reading failed", path);
    fclose(file);
    if (status != PM_OK) {
        pm_allow_fini(&allow);
        return status;
    }
    pm_allow_fini(out);
    *out = allow;
    return PM_OK;
}

void pm_allow_fini(struct pm_allow *allow)
{
    free(allow->worker);
    *allow = (struct pm_allow){0};
}

const struct pm_allowed *pm_allow_find(const struct pm_allow *allow, const uint8_t curve_public[32],
                                       const uint8_t identity[33])
{
    for (size_t i = 0; i < allow->n; i++)
        if (memcmp(allow->worker[i].curve_public, curve_public, 32) == 0 &&
            memcmp(allow->worker[i].identity, identity, 33) == 0)
            return &allow->worker[i];
    return NULL;
}
