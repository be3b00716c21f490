/* A temporary folder that goes away with the test. */
#ifndef TEST_FOLDER_H
#define TEST_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char test_folder[300];

__attribute__((unused)) static int folder_remove_one(const char *path, const struct stat *st, int type,
                                                     struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

__attribute__((unused)) static void folder_remove(void)
{
    if (test_folder[0]) nftw(test_folder, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* name below the folder; "" is the folder itself. Static memory, four results at a time. */
__attribute__((unused)) static const char *in_folder(const char *name)
{
    static char path[4][512];
    static unsigned next;
    if (!test_folder[0]) {
        const char *tmp = getenv("TMPDIR");
        snprintf(test_folder, sizeof test_folder, "%s/worker_test.XXXXXX", tmp ? tmp : "/tmp");
        if (!mkdtemp(test_folder)) exit(1);
        atexit(folder_remove);
    }
    char *out = path[next++ % 4];
    snprintf(out, 512, "%s/%s", test_folder, name);
    return out;
}

__attribute__((unused)) static void write_file(const char *path, const void *data, size_t len)
{
    FILE *f = fopen(path, "w");
    if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0) exit(1);
}

#endif
