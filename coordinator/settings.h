/* What a coordinator works by: its configuration and the projects that it names, read together. Read once at
 * the start, and again beside what is in force when somebody asks for it (HUP): only settings that are whole
 * replace others. */
#ifndef PM_COORDINATOR_SETTINGS_H
#define PM_COORDINATOR_SETTINGS_H

#include "coordinator/config.h"
#include "coordinator/project/project.h"

#include <stdbool.h>

struct pm_settings {
    uint8_t hash[32]; /* keccak of the configuration's text and the projects' hashes: what they say in all */
    struct pm_config *config;
    struct pm_project **projects;
    size_t n_projects;
};

/* Reads the configuration alone. */
PM_MUST_USE enum pm_status pm_settings_config(struct pm_settings **out, const char *config_path,
                                              struct pm_error *err);
/* The projects that the configuration names, fetched, hashed and checked. */
PM_MUST_USE enum pm_status pm_settings_projects(struct pm_settings *settings, struct pm_error *err);
void pm_settings_free(struct pm_settings **settings);

#endif
