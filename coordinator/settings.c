/* Configuration and projects (settings.h). */
#include "coordinator/settings.h"

#include "base/keccak.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The configuration was parsed a moment ago: it is a file, and not a large one. */
static enum pm_status hash_file(uint8_t out[32], const char *path, struct pm_error *err)
{
    struct pm_keccak k;
    uint8_t chunk[4096];
    size_t n;
    FILE *f = fopen(path, "rbe");
    if (!f) return pm_fail(err, PM_IO, "configuration %s: cannot be read again", path);
    pm_keccak_init(&k);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) pm_keccak_update(&k, chunk, n);
    bool failed = ferror(f) != 0;
    fclose(f);
    pm_keccak_final(&k, out);
    return failed ? pm_fail(err, PM_IO, "configuration %s: reading failed", path) : PM_OK;
}

enum pm_status pm_settings_config(struct pm_settings **out, const char *config_path, struct pm_error *err)
{
    *out = NULL;
    struct pm_settings *s = calloc(1, sizeof *s);
    if (!s) return pm_fail(err, PM_NO_MEMORY, "no memory for the configuration");
    enum pm_status status = pm_config_load(&s->config, config_path, err);
    if (status == PM_OK) status = hash_file(s->hash, config_path, err);
    if (status != PM_OK) pm_settings_free(&s);
    *out = s;
    return status;
}

enum pm_status pm_settings_projects(struct pm_settings *s, struct pm_error *err)
{
    struct pm_keccak k;
    s->projects = calloc(s->config->n_projects + 1, sizeof(struct pm_project *));
    if (!s->projects) return pm_fail(err, PM_NO_MEMORY, "no memory for projects");
    pm_keccak_init(&k);
    pm_keccak_update(&k, s->hash, sizeof s->hash);
    for (unsigned i = 0; i < s->config->n_projects; i++) {
        const struct pm_config_project *p = &s->config->projects[i];
        PM_TRY(pm_project_load(&s->projects[i], p->id, p->where, p->has_sha256 ? p->sha256 : NULL, err));
        s->n_projects++;
        pm_keccak_update(&k, s->projects[i]->hash, sizeof s->projects[i]->hash);
    }
    pm_keccak_final(&k, s->hash);
    return PM_OK;
}

void pm_settings_free(struct pm_settings **settings)
{
    struct pm_settings *s = *settings;
    if (!s) return;
    for (size_t i = 0; i < s->n_projects; i++) pm_project_free(&s->projects[i]);
    free(s->projects);
    if (s->config) pm_config_free(&s->config);
    free(s);
    *settings = NULL;
}
