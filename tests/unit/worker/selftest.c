/* The self-test: passes here, on one thread and on several; leaves nothing; says what fails. */
#include "test.h"

#include "folder.h"
#include "worker/selftest.h"

#include <dirent.h>

static int count_files(const char *path)
{
    DIR *dir = opendir(path);
    int n = 0;
    if (!dir) return -1;
    while (readdir(dir)) n++;
    closedir(dir);
    return n - 2;
}

PM_TEST(passes_and_leaves_nothing)
{
    struct pm_error err = {0};
    struct pm_pool *pool = pm_pool_new(2, &err);
    CHECK(pool);
    const char *dir = in_folder("");
    CHECK_OK(pm_selftest(dir, "cpu", NULL, &err), err);
    CHECK_OK(pm_selftest(dir, "auto", pool, &err), err);
    CHECK_U64(count_files(dir), 0);
    pm_pool_free(&pool);
}

PM_TEST(says_what_is_wrong)
{
    struct pm_error err = {0};
    CHECK(pm_selftest(in_folder("no/such"), "cpu", NULL, &err) == PM_IO);
    CHECK_MSG(strstr(err.text, "self-test"), "%s", err.text);
    CHECK(pm_selftest(in_folder(""), "abacus", NULL, &err) == PM_USAGE);
    CHECK_MSG(strstr(err.text, "abacus"), "%s", err.text);
    CHECK_U64(count_files(in_folder("")), 0);
}
