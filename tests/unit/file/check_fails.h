/* CHECK_FAILS(call, status, part): the call, which takes &err, fails with that status and a text that
 * contains `part`. */
#ifndef CHECK_FAILS_H
#define CHECK_FAILS_H

#include "test.h"

#define CHECK_FAILS(call, wanted, part)                                                                      \
    do {                                                                                                     \
        err = (struct pm_error){0};                                                                          \
        CHECK_U64((call), (wanted));                                                                         \
        CHECK_U64(err.status, (wanted));                                                                     \
        CHECK_MSG(strstr(err.text, (part)) != NULL, "\"%s\" lacks \"%s\"", err.text, (part));                \
    } while (0)

#endif
