/* Targets that break the contract on purpose: the runner must notice each. CMakeLists.txt expects the
 * failures. */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void seeds(struct fuzz_corpus *corpus)
{
    fuzz_seed(corpus, "valid input of thirty-two bytes.", 32);
    fuzz_seed(corpus, "another one", 11);
}

/* Any change is refused, properly. */
static bool healthy(const uint8_t *data, size_t len)
{
    struct pm_error err;
    if ((len == 32 && memcmp(data, "valid input of thirty-two bytes.", 32) == 0) ||
        (len == 11 && memcmp(data, "another one", 11) == 0))
        return true;
    fuzz_check_error(pm_fail(&err, PM_FORMAT, "x: %zu bytes are not as expected", len), &err, "x: ");
    return false;
}

static bool crashes(const uint8_t *data, size_t len)
{
    if (!healthy(data, len) && len % 7 == 3) abort();
    return true;
}

static bool says_nothing(const uint8_t *data, size_t len)
{
    struct pm_error err = {.status = PM_FORMAT};
    if (!healthy(data, len)) fuzz_check_error(PM_FORMAT, &err, NULL);
    return true;
}

static bool names_nothing(const uint8_t *data, size_t len)
{
    struct pm_error err;
    if (!healthy(data, len)) fuzz_check_error(pm_fail(&err, PM_FORMAT, "bad"), &err, "the.file");
    return true;
}

static bool blames_itself(const uint8_t *data, size_t len)
{
    struct pm_error err;
    if (!healthy(data, len)) fuzz_check_error(pm_fail(&err, PM_INTERNAL, "bad"), &err, NULL);
    return true;
}

static bool refuses_its_seeds(const uint8_t *data, size_t len) { return len == 0 && !data; }

const struct fuzz_target fuzz_targets[] = {
    {.name = "healthy", .seeds = seeds, .run = healthy},
    {.name = "crashes", .seeds = seeds, .run = crashes},
    {.name = "says_nothing", .seeds = seeds, .run = says_nothing},
    {.name = "names_nothing", .seeds = seeds, .run = names_nothing},
    {.name = "blames_itself", .seeds = seeds, .run = blames_itself},
    {.name = "refuses_its_seeds", .seeds = seeds, .run = refuses_its_seeds},
    {.name = NULL},
};
