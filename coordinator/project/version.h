/* Inside the project room: one element of "versions". */
#ifndef PM_COORDINATOR_PROJECT_VERSION_H
#define PM_COORDINATOR_PROJECT_VERSION_H

#include "coordinator/project/project.h"
#include "coordinator/project/reader.h"

/* The reader stands at the object; r->file is the project file's place. Artifacts are resolved, local ones
 * hashed, the verification key fetched and checked. out is zeroed; pm_version_fini frees what was read, also
 * after a failure. */
void pm_version_read(struct pm_reader *r, struct pm_project_version *out, const json_t *object);
void pm_version_fini(struct pm_project_version *version);

#endif
