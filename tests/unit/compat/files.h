/* The files that make_files.c made, as whole buffers. */
#ifndef COMPAT_FILES_H
#define COMPAT_FILES_H

#include "test.h"

static const char *file_path(const char *name)
{
    static char path[4096];
    const char *dir = getenv("COMPAT_FILES");
    (void)snprintf(path, sizeof path, "%s/%s", dir ? dir : ".", name);
    return path;
}

struct bytes {
    char *p; /* a NUL behind them */
    unsigned long long len;
};

static struct bytes file_load(const char *name)
{
    struct bytes b = {0};
    FILE *f = fopen(file_path(name), "rb");
    if (!f) {
        fprintf(stderr, "%s is missing: run this by ctest, or set COMPAT_FILES\n", file_path(name));
        exit(1);
    }
    (void)fseek(f, 0, SEEK_END);
    b.len = (unsigned long long)ftell(f);
    rewind(f);
    b.p = calloc(1, b.len + 1);
    if (!b.p || fread(b.p, 1, b.len, f) != b.len) abort();
    (void)fclose(f);
    return b;
}

#endif
