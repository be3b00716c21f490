/* For tests that need files: a folder of one's own under TMPDIR, removed with all that is in it. */
#ifndef PM_TEST_TEMP_H
#define PM_TEST_TEMP_H

#include "test.h"

#include <dirent.h>
#include <unistd.h>

struct temp {
    char path[200];
};

__attribute__((unused)) static void temp_open(struct temp *t)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(t->path, sizeof t->path, "%s/pm_test_XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(t->path)) exit(1);
}

/* Valid until the next call. */
__attribute__((unused)) static const char *temp_path(const struct temp *t, const char *name)
{
    static char path[600];
    snprintf(path, sizeof path, "%s/%s", t->path, name);
    return path;
}

__attribute__((unused)) static void temp_write(const struct temp *t, const char *name, const char *mode,
                                               const void *data, size_t len)
{
    FILE *f = fopen(temp_path(t, name), mode);
    CHECK_MSG(f && fwrite(data, 1, len, f) == len && fclose(f) == 0, "cannot write %s", name);
}

__attribute__((unused)) static void temp_text(const struct temp *t, const char *name, const char *text)
{
    temp_write(t, name, "w", text, strlen(text));
}

__attribute__((unused)) static void temp_append(const struct temp *t, const char *name, const char *text)
{
    temp_write(t, name, "a", text, strlen(text));
}

/* Files, links and empty folders. */
__attribute__((unused)) static void temp_close(struct temp *t)
{
    DIR *dir = opendir(t->path);
    for (struct dirent *e; dir && (e = readdir(dir)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            if (unlink(temp_path(t, e->d_name)) != 0) rmdir(temp_path(t, e->d_name));
    if (dir) closedir(dir);
    CHECK(rmdir(t->path) == 0);
}

#endif
