/* Runs fuzz_targets: first each seed as it is, then --count mutations per target, every one fixed by --seed
 * and its number. The work is done in a child process that tells its progress through shared memory, so that
 * whatever ends it (a crash, a sanitizer, a hang) is reported with the options that replay the one input.
 *   fuzz_NAME [--seed N] [--count N] [--target NAME] [--only I] [--write-corpus DIR] */
#include "base/clock.h"
#include "fuzz/fuzz.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { hang_ms = 60000, default_max_bytes = 65536 };

struct options {
    unsigned long long seed, count, only; /* only: one mutation, counted from 1; 0 means all */
    const char *target, *write_corpus;
};

/* What the child tells. at: the seed (negative, -1 the first) or mutation (from 1) in work. */
struct progress {
    _Atomic long long at;
    _Atomic unsigned long long taken, refused;
};

static struct fuzz_corpus make_corpus(const struct fuzz_target *t)
{
    struct fuzz_corpus corpus = {0};
    t->seeds(&corpus);
    return corpus;
}

static void free_corpus(struct fuzz_corpus *corpus)
{
    for (size_t i = 0; i < corpus->n; i++) free(corpus->data[i]);
    corpus->n = 0;
}

/* A block of exactly the input's length at an address of any alignment, so that reading past the end is seen.
 */
static bool run_copy(const struct fuzz_target *t, const uint8_t *data, size_t len, unsigned shift)
{
    uint8_t *block = malloc(len + shift);
    if (!block) abort();
    memcpy(block + shift, data, len);
    bool taken = t->run(block + shift, len);
    free(block);
    return taken;
}

/* Mutation i depends on the seed, the target and i alone. */
static uint64_t start_of(const struct options *o, const struct fuzz_target *t, unsigned long long i)
{
    uint64_t state = o->seed;
    for (const char *c = t->name; *c; c++) state = fuzz_random(&state) ^ (unsigned char)*c;
    state ^= i * 0xd1342543de82ef95u;
    return fuzz_random(&state);
}

static void run_target(const struct options *o, const struct fuzz_target *t, struct progress *progress)
{
    struct fuzz_corpus corpus = make_corpus(t);
    size_t max = t->max_bytes ? t->max_bytes : default_max_bytes;
    uint8_t *data = malloc(max);
    if (!data || corpus.n == 0) fuzz_fault("%s has no seeds", t->name);
    for (size_t i = 0; i < corpus.n; i++) {
        atomic_store(&progress->at, -(long long)i - 1);
        if (corpus.len[i] > max) fuzz_fault("seed %zu of %s is larger than max_bytes", i, t->name);
        if (!run_copy(t, corpus.data[i], corpus.len[i], (unsigned)i % 4))
            fuzz_fault("%s refuses its seed %zu", t->name, i);
    }
    for (unsigned long long i = o->only ? o->only : 1; i <= (o->only ? o->only : o->count); i++) {
        atomic_store(&progress->at, (long long)i);
        uint64_t random = start_of(o, t, i);
        size_t from = (size_t)(fuzz_random(&random) % corpus.n), len = corpus.len[from];
        memcpy(data, corpus.data[from], len);
        len = fuzz_mutate(data, len, max, &corpus, t->dictionary, &random);
        bool taken = run_copy(t, data, len, (unsigned)(fuzz_random(&random) % 4));
        atomic_fetch_add(taken ? &progress->taken : &progress->refused, 1);
    }
    free(data);
    free_corpus(&corpus);
}

/* Waits for the child; ends it when one input takes too long. The wait status, or -1 for a hang. */
static int watch(pid_t child, const struct progress *progress)
{
    long long last_at = 0;
    for (uint64_t last = pm_clock_ms();;) {
        int how;
        pid_t ended = waitpid(child, &how, WNOHANG);
        if (ended == child) return how;
        if (ended < 0 && errno != EINTR) return -1;
        long long at = atomic_load(&progress->at);
        if (at != last_at) last = pm_clock_ms();
        last_at = at;
        if (pm_clock_ms() - last > hang_ms) {
            (void)kill(child, SIGKILL);
            (void)waitpid(child, &how, 0);
            return -1;
        }
        pm_clock_sleep_ms(2);
    }
}

static bool try_target(const struct options *o, const struct fuzz_target *t, const char *program)
{
    struct progress *progress =
        mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED) abort();
    fflush(NULL);
    uint64_t begin = pm_clock_ms();
    pid_t child = fork();
    if (child < 0) abort();
    if (child == 0) {
        run_target(o, t, progress);
        exit(0);
    }
    int how = watch(child, progress);
    long long at = atomic_load(&progress->at);
    bool good = how != -1 && WIFEXITED(how) && WEXITSTATUS(how) == 0;
    if (good)
        printf("ok   %s: %llu mutations, %llu taken, %llu refused, %llu ms\n", t->name,
               progress->taken + progress->refused, progress->taken, progress->refused,
               (unsigned long long)(pm_clock_ms() - begin));
    else if (at < 0)
        printf("FAIL %s: its seed %lld %s\n", t->name, -at - 1, how == -1 ? "hangs" : "fails");
    else
        printf("FAIL %s: mutation %lld %s; replay: %s --target %s --seed %llu --only %lld\n", t->name, at,
               how == -1 ? "hangs" : "fails", program, t->name, o->seed, at);
    (void)munmap(progress, sizeof *progress);
    return good;
}

/* The seeds as files, for a coverage-guided fuzzer to start from. */
static bool write_corpus(const char *dir, const struct fuzz_target *t)
{
    struct fuzz_corpus corpus = make_corpus(t);
    bool good = true;
    for (size_t i = 0; i < corpus.n; i++) {
        char path[1024];
        (void)snprintf(path, sizeof path, "%s/%s-%zu", dir, t->name, i);
        FILE *f = fopen(path, "wb");
        good = f && fwrite(corpus.data[i], 1, corpus.len[i], f) == corpus.len[i] && good;
        if (f && fclose(f) != 0) good = false;
        if (!good) fprintf(stderr, "%s cannot be written\n", path);
    }
    free_corpus(&corpus);
    return good;
}

int main(int argc, char **argv)
{
    struct options o = {.seed = 1, .count = 2000};
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (value && strcmp(argv[i], "--seed") == 0)
            o.seed = strtoull(value, NULL, 10);
        else if (value && strcmp(argv[i], "--count") == 0)
            o.count = strtoull(value, NULL, 10);
        else if (value && strcmp(argv[i], "--only") == 0)
            o.only = strtoull(value, NULL, 10);
        else if (value && strcmp(argv[i], "--target") == 0)
            o.target = value;
        else if (value && strcmp(argv[i], "--write-corpus") == 0)
            o.write_corpus = value;
        else {
            fprintf(stderr,
                    "usage: %s [--seed N] [--count N] [--target NAME] [--only I] [--write-corpus DIR]\n",
                    argv[0]);
            return 2;
        }
    }
    int ran = 0, failed = 0;
    for (const struct fuzz_target *t = fuzz_targets; t->name; t++) {
        if (o.target && strcmp(o.target, t->name) != 0) continue;
        ran++;
        failed += !(o.write_corpus ? write_corpus(o.write_corpus, t) : try_target(&o, t, argv[0]));
    }
    if (ran == 0) fprintf(stderr, "no target ran\n");
    return failed || ran == 0;
}
