/* Inside the project room: the bindings of a project file (inputs and public signals), their JSON pointers
 * and numbers. */
#ifndef PM_COORDINATOR_PROJECT_BINDING_H
#define PM_COORDINATOR_PROJECT_BINDING_H

#include "coordinator/project/project.h"
#include "coordinator/project/reader.h"

enum {
    PM_POINTER_MAX = 256,
    PM_MESSAGE_MAX = 64 * 1024,
    PM_INPUT_MAX = 4 * 1024 * 1024,
    PM_NUMBER_DIGITS = 78
};

/* The reader stands at the object; name: the signal's, of the caller; curve: for the range of constants. */
void pm_binding_read(struct pm_reader *r, struct pm_binding *out, const char *name, const json_t *object,
                     bool named, const struct pm_curve *curve);
void pm_binding_fini(struct pm_binding *binding);

/* Whether a text is a JSON pointer (RFC 6901) of 2 to PM_POINTER_MAX bytes. */
bool pm_pointer_is_valid(const char *pointer);
/* The value that it leads to, or NULL. */
const json_t *pm_pointer_find(const json_t *document, const char *pointer);

/* A number below the field's modulus from a JSON integer or a decimal text without leading zeros; plain,
 * little-endian. False for anything else. */
bool pm_number_read(uint8_t out[32], const struct pm_curve *curve, const json_t *value);
/* Whether n numbers as large as this one add up to less than the modulus. */
bool pm_number_sums(const uint8_t number[32], uint32_t n, const struct pm_curve *curve);

#endif
