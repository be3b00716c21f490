/* Mutation tests of everything that decodes outside bytes: from valid inputs (seeds) to thousands of broken
 * ones, each of which must be taken or refused with a clear error, and never crash, hang or read past its
 * end.
 *
 * A program of such tests is runner.c, mutate.c and sources of its own, of which one defines fuzz_targets:
 * the list of decoders. CMakeLists.txt here makes it from one line, `pm_fuzz(files TARGETS ... SOURCES ...
 * LINK ...)`, as a CTest entry with a bounded, repeatable run, and, with PROOFMILL_FUZZ, as libFuzzer
 * programs with the same targets. */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The seeds of one target. */
enum { FUZZ_MAX_SEEDS = 64 };
struct fuzz_corpus {
    size_t n;
    uint8_t *data[FUZZ_MAX_SEEDS];
    size_t len[FUZZ_MAX_SEEDS];
};
void fuzz_seed(struct fuzz_corpus *corpus, const void *data, size_t len); /* copies */

struct fuzz_target {
    const char *name;                    /* NULL ends the list */
    void (*seeds)(struct fuzz_corpus *); /* adds valid inputs: run must take each of them as it is */
    bool (*run)(const uint8_t *data,
                size_t len);       /* true: taken. Calls fuzz_fault where the decoder breaks its contract */
    const char *const *dictionary; /* words of the format to put into inputs, NULL-terminated; or NULL */
    size_t max_bytes;              /* inputs grow to this; 0 means 64 KiB */
};
extern const struct fuzz_target fuzz_targets[];

/* Ends the program: the decoder did what it must not. */
_Noreturn void fuzz_fault(const char *fmt, ...) PM_PRINTF(1, 2);

/* What every refusal must be: a status of the table that blames the input, the same in err, and a printable
 * text that contains `names` (the file's name, say; NULL: anything). Nothing is checked where status is
 * PM_OK. */
void fuzz_check_error(enum pm_status status, const struct pm_error *err, const char *names);

/* Reads every byte, so that a sanitizer sees each. */
void fuzz_touch(const void *data, size_t len);

/* The numbers behind a mutation: splitmix64. */
uint64_t fuzz_random(uint64_t *state);

/* Changes data in place, in one to a few ways; returns the new length, at most max. */
size_t fuzz_mutate(uint8_t *data, size_t len, size_t max, const struct fuzz_corpus *corpus,
                   const char *const *dictionary, uint64_t *random);

#endif
