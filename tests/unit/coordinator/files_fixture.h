/* A folder of the test's own, and files in it. */
#ifndef FILES_FIXTURE_H
#define FILES_FIXTURE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* dir: 256 characters. */
__attribute__((unused)) static void folder_make(char *dir)
{
    const char *tmp = getenv("TMPDIR");
    if (snprintf(dir, 256, "%s/proofmill-test-XXXXXX", tmp ? tmp : "/tmp") >= 256 || !mkdtemp(dir)) abort();
}

static int folder_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

__attribute__((unused)) static void folder_remove(const char *dir)
{
    nftw(dir, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* path (may be NULL): 600 characters, dir/name. */
__attribute__((unused)) static void file_write(char *path, const char *dir, const char *name,
                                               const char *text)
{
    char at[600];
    if (snprintf(at, sizeof at, "%s/%s", dir, name) >= (int)sizeof at) abort();
    FILE *f = fopen(at, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0) abort();
    if (path) memcpy(path, at, sizeof at);
}

#endif
