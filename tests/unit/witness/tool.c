/* Finding and running the outside programs, and the file work around them. */
#include "test.h"
#include "unit/witness/scratch.h"
#include "witness/tool.h"

#include <sys/stat.h>

static struct pm_error err;

PM_TEST(tools_are_found_by_name_and_tell_their_version)
{
    static const char *const here[] = {"no-such-compiler", "gcc", "cc", NULL}, *const nowhere[] = {"sh",
                                                                                                   NULL};
    char version[PM_TOOL_VERSION];
    const char *path = pm_tool_find(here);
    CHECK(path != NULL);
    if (!path) return;
    CHECK(pm_tool_find(nowhere) == NULL);
    CHECK_OK(pm_tool_version(version, path, &err), err);
    CHECK(strlen(version) > 3 && strchr(version, '\n') == NULL);
    CHECK_U64(pm_tool_version(version, "/bin/false", &err), PM_UNSUPPORTED);
}

PM_TEST(a_tool_says_why_it_fails)
{
    static const char *const names[] = {"gcc", "cc", NULL};
    const char *const argv[] = {pm_tool_find(names), "absent.c", NULL};
    struct pm_sandbox_result result;
    CHECK_OK(pm_tool_run(&result, argv, scratch(""), 20000, &err), err);
    CHECK(result.exit_code != 0);
    CHECK_MSG(strstr(result.text, "absent.c") != NULL, "%s", result.text);
}

PM_TEST(files_are_written_once_and_read_whole)
{
    uint8_t *data;
    size_t len;
    const char *path = scratch("file");
    CHECK_OK(pm_tool_write_file(path, "abc", 3, &err), err);
    CHECK_U64(pm_tool_write_file(path, "abc", 3, &err), PM_IO); /* never over another */
    CHECK_OK(pm_tool_read_file(&data, &len, path, 3, &err), err);
    CHECK_U64(len, 3);
    CHECK_STR((char *)data, "abc");
    free(data);
    CHECK_U64(pm_tool_read_file(&data, &len, path, 2, &err), PM_FORMAT);
    CHECK(data == NULL);
    CHECK_U64(pm_tool_read_file(&data, &len, scratch("absent"), 9, &err), PM_NOT_FOUND);
    CHECK_U64(pm_tool_read_file(&data, &len, scratch(""), 9, &err), PM_FORMAT);
    CHECK_U64(pm_tool_read_file(&data, &len, "/dev/zero", 9, &err), PM_FORMAT);
}

PM_TEST(a_folder_is_removed_without_following_links)
{
    char inner[600];
    const char *dir = scratch("dir"), *outside = scratch("outside");
    scratch_write(outside, "stays", 5);
    CHECK(mkdir(dir, 0700) == 0);
    snprintf(inner, sizeof inner, "%s/link", dir);
    CHECK(symlink(outside, inner) == 0);
    snprintf(inner, sizeof inner, "%s/file", dir);
    scratch_write(inner, "goes", 4);
    pm_tool_remove_dir(dir);
    CHECK(access(dir, F_OK) != 0);
    CHECK(access(outside, F_OK) == 0);
    CHECK(symlink(scratch(""), dir) == 0);
    pm_tool_remove_dir(dir); /* a link to a folder is no folder of ours */
    CHECK(access(outside, F_OK) == 0);
}
