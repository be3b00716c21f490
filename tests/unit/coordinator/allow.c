/* The allow-list: lines, mistakes, and that key and identity must stand in one line. */
#include "coordinator/allow.h"
#include "files_fixture.h"
#include "test.h"

#define CURVE_A "aa000000000000000000000000000000000000000000000000000000000000aa"
#define CURVE_B "bb000000000000000000000000000000000000000000000000000000000000bb"
#define ID_A    "02a0000000000000000000000000000000000000000000000000000000000000a0"
#define ID_B    "03b0000000000000000000000000000000000000000000000000000000000000b0"

static char dir[256], path[600];

static void refused(const char *text, const char *part)
{
    struct pm_allow allow = {0};
    struct pm_error err = {0};
    file_write(path, dir, "workers.allow", text);
    CHECK_U64(pm_allow_load(&allow, path, &err), PM_FORMAT);
    CHECK_MSG(strstr(err.text, part) != NULL, "\"%s\" is not in \"%s\"", part, err.text);
    CHECK(allow.n == 0);
}

PM_TEST(lines)
{
    struct pm_allow allow = {0};
    struct pm_error err;
    folder_make(dir);
    file_write(path, dir, "workers.allow",
               "# ours\n\n" CURVE_A "  " ID_A "\tmill-1 # in the cellar\n  " CURVE_B " " ID_B " mill-2");
    CHECK_OK(pm_allow_load(&allow, path, &err), err);
    CHECK_U64(allow.n, 2);
    if (allow.n == 2) {
        CHECK_STR(allow.worker[0].name, "mill-1");
        CHECK_STR(allow.worker[1].name, "mill-2");
        const struct pm_allowed *a = &allow.worker[0], *b = &allow.worker[1];
        CHECK(pm_allow_find(&allow, a->curve_public, a->identity) == a);
        CHECK(pm_allow_find(&allow, b->curve_public, b->identity) == b);
        CHECK(pm_allow_find(&allow, a->curve_public, b->identity) == NULL);
    }
    file_write(path, dir, "workers.allow", "");
    CHECK_OK(pm_allow_load(&allow, path, &err), err);
    CHECK_U64(allow.n, 0);
    pm_allow_fini(&allow);
    folder_remove(dir);
}

PM_TEST(mistakes)
{
    char text[2000];
    folder_make(dir);
    refused("\n" CURVE_A " " ID_A "\n", ":2: expected");
    refused(CURVE_A " " ID_A " a b\n", ":1: expected");
    refused("xx " ID_A " a\n", "64 hex digits");
    refused(CURVE_A " " ID_A "00 a\n", "66 hex digits");
    refused(CURVE_A " " ID_A " a\n" CURVE_B " " ID_A " b\n", ":2: b has the identity of a");
    refused(CURVE_A " " ID_A " a\n" CURVE_A " " ID_B " b\n", "b has the CURVE key of a");
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    refused(text, "longer");
    folder_remove(dir);
    struct pm_allow allow = {0};
    struct pm_error err;
    CHECK_U64(pm_allow_load(&allow, "/nowhere/w", &err), PM_NOT_FOUND);
}
