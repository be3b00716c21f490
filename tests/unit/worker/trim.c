/* Folders within a size: the order of last use, what is held, what is none of ours. */
#include "test.h"

#include "folder.h"
#include "worker/trim.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>

static char dir[2][600];
static struct pm_error err;

static void open_folders(const char *name)
{
    for (int i = 0; i < 2; i++) {
        char part[64];
        snprintf(part, sizeof part, "%s%d", name, i);
        snprintf(dir[i], sizeof dir[i], "%s", in_folder(part));
        if (mkdir(dir[i], 0700) != 0) exit(1);
    }
}

/* DIR/before + 64 times the digit + after, of that size, used so many seconds ago. */
static const char *put(int folder, const char *before, char digit, const char *after, size_t size, long ago)
{
    static char path[700];
    char sha[65], *bytes = calloc(1, size + 1);
    memset(sha, digit, 64);
    sha[64] = 0;
    snprintf(path, sizeof path, "%s/%s%s%s", dir[folder], before, sha, after);
    if (!bytes) exit(1);
    write_file(path, bytes, size);
    free(bytes);
    struct timespec times[2] = {{.tv_sec = 1700000000 - ago}, {.tv_sec = 1700000000 - ago}};
    if (utimensat(AT_FDCWD, path, times, 0) != 0) exit(1);
    return path;
}

static bool is_there(int folder, const char *before, char digit, const char *after)
{
    char sha[65], path[700];
    memset(sha, digit, 64);
    sha[64] = 0;
    snprintf(path, sizeof path, "%s/%s%s%s", dir[folder], before, sha, after);
    return access(path, F_OK) == 0;
}

static uint64_t trim(uint64_t max)
{
    const char *const both[] = {dir[0], dir[1]};
    uint64_t left = 0;
    CHECK_OK(pm_trim(&left, both, 2, max, &err), err);
    return left;
}

static int hold(const char *path, int how)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && flock(fd, how | LOCK_NB) == 0);
    return fd;
}

PM_TEST(the_longest_unused_go_first)
{
    open_folders("order");
    put(0, "", 'a', "", 100, 30);
    put(0, "", 'a', ".checked", 0, 30);
    put(1, "circuit-", 'b', "", 200, 40);
    put(0, "", 'c', "", 300, 10);
    put(0, "", 'd', "", 400, 20);
    CHECK_U64(trim(UINT64_MAX), 1000);
    CHECK_U64(trim(1000), 1000);
    CHECK_U64(trim(999), 800); /* one goes, not more than needed */
    CHECK(!is_there(1, "circuit-", 'b', "") && is_there(0, "", 'a', ""));
    CHECK_U64(trim(500), 300); /* two at once: a and d */
    CHECK(!is_there(0, "", 'a', "") && !is_there(0, "", 'a', ".checked") && !is_there(0, "", 'd', ""));
    CHECK(is_there(0, "", 'c', ""));
    CHECK_U64(trim(0), 0);
    CHECK(!is_there(0, "", 'c', ""));
    CHECK_U64(trim(0), 0);
}

PM_TEST(what_is_held_stays)
{
    open_folders("held");
    int a = hold(put(0, "", 'a', "", 100, 50), LOCK_SH), b = hold(put(0, "", 'b', "", 100, 40), LOCK_SH);
    put(0, "", 'c', "", 100, 30);
    CHECK_U64(trim(250), 200);
    CHECK(is_there(0, "", 'a', "") && is_there(0, "", 'b', "") && !is_there(0, "", 'c', ""));
    CHECK_U64(trim(0), 200); /* more than was asked for, and no error */
    close(a);
    CHECK_U64(trim(0), 100);
    CHECK(!is_there(0, "", 'a', "") && is_there(0, "", 'b', ""));
    close(b);
    CHECK_U64(trim(0), 0);
}

/* A download in progress is counted by whoever took room for it; one that nobody goes on with is a file. */
PM_TEST(parts)
{
    open_folders("parts");
    int fd = hold(put(0, "", 'a', ".part", 1000, 50), LOCK_EX);
    put(0, "", 'b', ".part", 100, 40);
    put(0, "", 'c', "", 10, 60);
    CHECK_U64(trim(UINT64_MAX), 110);
    CHECK_U64(trim(0), 0);
    CHECK(is_there(0, "", 'a', ".part") && !is_there(0, "", 'b', ".part") && !is_there(0, "", 'c', ""));
    close(fd);
    CHECK_U64(trim(UINT64_MAX), 1000);
    CHECK_U64(trim(999), 0);
}

PM_TEST(other_files_are_none_of_its_business)
{
    open_folders("other");
    put(0, "", 'a', ".bak", 100, 50);
    put(0, "", 'a', ".checked", 5, 50);
    put(0, "", 'A', "", 100, 50);
    put(0, "x", 'a', "", 100, 50);
    put(1, "circuit-", 'a', ".lock", 100, 50);
    put(1, "circuit-", 'a', ".part", 100, 50);
    char path[800];
    snprintf(path, sizeof path, "%s/%064d", dir[1], 7); /* a folder by the name of an artifact */
    CHECK(mkdir(path, 0700) == 0);
    snprintf(path, sizeof path, "%s/%064d", dir[1], 8); /* and a link */
    CHECK(symlink("/etc/passwd", path) == 0);
    CHECK_U64(trim(0), 0);
    CHECK(is_there(0, "", 'a', ".bak") && is_there(0, "", 'a', ".checked") && is_there(0, "", 'A', "") &&
          is_there(0, "x", 'a', "") && is_there(1, "circuit-", 'a', ".lock") &&
          is_there(1, "circuit-", 'a', ".part"));
    snprintf(dir[1], sizeof dir[1], "%s", in_folder("nowhere"));
    CHECK_U64(trim(0), 0); /* a folder that is not there is empty */
    const char *const file[] = {put(0, "", 'f', "", 1, 1)};
    uint64_t left;
    CHECK_U64(pm_trim(&left, file, 1, 0, &err), PM_IO);
    CHECK(strstr(err.text, "ffff"));
}
