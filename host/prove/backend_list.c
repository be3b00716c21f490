/* The backends of this build, best first, and how a name given by a user finds one. */
#include "prove/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct pm_backend *const backends[] = {
#ifdef PM_CUDA
    &pm_backend_cuda,
#endif
    &pm_backend_cpu, /* whatever comes after it is never found by "auto" */
#ifdef PM_EMU
    &pm_backend_emu,
#endif
    NULL};

const struct pm_backend *const *pm_backend_list(void) { return backends; }

/* "cpu, auto" for an error text. */
static void names(char *out, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; backends[i] && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s, ", backends[i]->name);
    if (len < size) (void)snprintf(out + len, size - len, "auto");
}

static bool parse_index(unsigned *out, const char *text)
{
    unsigned value = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 4) return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        value = 10 * value + (unsigned)(text[i] - '0');
    }
    *out = value;
    return true;
}

enum pm_status pm_backend_find(const struct pm_backend **out, unsigned *device, const char *name,
                               struct pm_error *err)
{
    *device = 0;
    if (strcmp(name, "auto") == 0) {
        for (size_t i = 0; backends[i]; i++) {
            *out = backends[i];
            if (backends[i]->count() > 0) return PM_OK;
        }
        return pm_fail(err, PM_NOT_FOUND, "no device to prove on");
    }
    const char *colon = strchr(name, ':');
    size_t len = colon ? (size_t)(colon - name) : strlen(name);
    for (size_t i = 0; backends[i]; i++) {
        if (strlen(backends[i]->name) != len || memcmp(backends[i]->name, name, len) != 0) continue;
        *out = backends[i];
        if (colon && !parse_index(device, colon + 1)) {
            if (backends[i]->find) return backends[i]->find(device, colon + 1, err);
            return pm_fail(err, PM_USAGE, "device \"%s\": expected a number after the colon", name);
        }
        struct pm_backend_device ignored; /* what there is to say of it says why there is none, too */
        return backends[i]->describe(&ignored, *device, err);
    }
    char known[128];
    names(known, sizeof known);
    return pm_fail(err, PM_USAGE, "device \"%s\" is not one of: %s", name, known);
}
