/* A folder for one test program, removed at its end; and files in it. For the tests of the witness room. */
#ifndef PM_TEST_WITNESS_SCRATCH_H
#define PM_TEST_WITNESS_SCRATCH_H

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char scratch_dir[256];

static int scratch_remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void scratch_remove(void) { nftw(scratch_dir, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS); }

/* The path of `name` in the folder, which the first call makes. Valid until eight calls later. */
__attribute__((unused)) static const char *scratch(const char *name)
{
    static char paths[8][512];
    static unsigned next;
    if (!scratch_dir[0]) {
        const char *tmp = getenv("TMPDIR");
        snprintf(scratch_dir, sizeof scratch_dir, "%s/pm-witness-XXXXXX", tmp ? tmp : "/tmp");
        if (!mkdtemp(scratch_dir)) abort();
        atexit(scratch_remove);
    }
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_dir, name);
    return path;
}

__attribute__((unused)) static void scratch_write(const char *path, const void *data, size_t len)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0) abort();
}

/* The caller frees; *len is 0 and the pointer NULL where there is no file. Ends with a NUL. */
__attribute__((unused)) static uint8_t *scratch_read(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    *len = 0;
    if (!f) return NULL;
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    uint8_t *data = malloc((size_t)size + 1);
    if (!data) abort();
    *len = fread(data, 1, (size_t)size, f);
    data[*len] = 0;
    fclose(f);
    return data;
}

#endif
