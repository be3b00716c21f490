/* Status codes and error texts: how everything in proofmill fails.
 *
 * A function that can fail returns enum pm_status. Detail goes into an optional struct pm_error, written once,
 * where the failure happens; callers above pass it on untouched. Nothing here prints. */
#ifndef PM_BASE_STATUS_H
#define PM_BASE_STATUS_H

enum pm_status {
#define PM_STATUS(name, value, exit_code, meaning) PM_##name = value,
#include "base/status.def"
#undef PM_STATUS
};

#define PM_MUST_USE __attribute__((warn_unused_result))
#define PM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* What went wrong, for a person: what was expected, what was found, in which file or from which peer. */
struct pm_error {
    enum pm_status status;
    char text[1024];
};

/* Writes the text (err may be NULL) and returns `status`, so that `return pm_fail(err, PM_IO, "...")` reads as it acts.
 * Overlong text is cut. Never call it with PM_OK. */
enum pm_status pm_fail(struct pm_error *err, enum pm_status status, const char *fmt, ...) PM_PRINTF(3, 4);

/* Puts "prefix: " before the text of an error that already happened; for the one caller that knows the file's or
 * peer's name. Returns err's status (PM_INTERNAL where err is NULL or holds no failure). */
enum pm_status pm_fail_in(struct pm_error *err, const char *fmt, ...) PM_PRINTF(2, 3);

const char *pm_status_name(enum pm_status status);    /* "INVALID_PROOF"; "UNKNOWN" for a foreign number */
const char *pm_status_meaning(enum pm_status status); /* the table's text */
int pm_status_exit_code(enum pm_status status);       /* the exit code of every command */

/* Returns early from a function whose own return type is enum pm_status and which holds nothing to release. */
#define PM_TRY(call)                                                                                                   \
    do {                                                                                                               \
        enum pm_status pm_try_status_ = (call);                                                                        \
        if (pm_try_status_ != PM_OK) return pm_try_status_;                                                            \
    } while (0)

/* The same for functions with an `out:` label and a variable `status`. */
#define PM_GOTO(call)                                                                                                  \
    do {                                                                                                               \
        status = (call);                                                                                               \
        if (status != PM_OK) goto out;                                                                                 \
    } while (0)

#endif
