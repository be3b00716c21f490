/* Stages conform and sanitize: other programs, run as they are. conform: the suite that every backend passes,
 * and the kernels' tests for a real device, whichever CMake built. sanitize: compute-sanitizer over known
 * proofs. A tool that is not there is an item that is skipped, by name. */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Test programs in the folder "tests" beside this program's, from CMake: names with spaces between. */
#ifndef GPU_CHECK_KERNEL_TESTS
#define GPU_CHECK_KERNEL_TESTS ""
#endif
static const char kernel_tests[] = GPU_CHECK_KERNEL_TESTS;

static void test_path(char *out, size_t size, const struct check *check, const char *name)
{
    const char *slash = strrchr(check->self, '/');
    int len = slash ? (int)(slash - check->self) : 0;
    (void)snprintf(out, size, "%.*s/../tests/%s", len, check->self, name);
}

static void plan_tiers(struct items *items, const struct check *check)
{
    static const char *const curves[] = {"bn128", "bls12381"};
    for (int i = 0; i < 2; i++) {
        char name[48];
        (void)snprintf(name, sizeof name, "tiers-%s", curves[i]);
        struct item *it = items_add(items, "conform", name, 10, 100);
        it->run = tiers_prove;
        it->curve = pm_curve_by_name(curves[i]);
        it->kind = PM_SYNTH_MIXED;
        it->log2_n = check->tiny ? 8 : 14;
    }
}

void plan_conform(struct items *items, const struct check *check)
{
    struct item *suite = items_add(items, "conform", "suite", 60, 200);
    char *path = items->text[suite - items->at][0];
    test_path(path, sizeof items->text[0][0], check, "test_conformance");
    suite->command[0] = path;
    suite->command[1] = "--device";
    suite->command[2] = check->device;
    if (check->tiny) {
        suite->command[3] = "--only";
        suite->command[4] = "refusals";
    }
    plan_tiers(items, check);
    if (strncmp(check->device, "cuda", 4) != 0) return; /* they know no other */
    for (const char *p = kernel_tests; *p;) {
        const int skip = (int)strlen("test_");
        int len = (int)strcspn(p, " ");
        char name[48], file[64];
        (void)snprintf(file, sizeof file, "%.*s", len, p);
        (void)snprintf(name, sizeof name, "%.*s", len - skip, p + skip);
        struct item *it = items_add(items, "conform", name, 30, 120);
        path = items->text[it - items->at][0];
        test_path(path, sizeof items->text[0][0], check, file);
        it->command[0] = path;
        p += len + (p[len] == ' ');
    }
}

/* -- compute-sanitizer -- */

static bool in_folder(char *out, size_t size, const char *folder, int len, const char *inside)
{
    (void)snprintf(out, size, "%.*s%s/compute-sanitizer", len, folder, inside);
    return len > 0 && access(out, X_OK) == 0;
}

/* In $PATH, or in the CUDA toolkit. */
static bool find_sanitizer(char *out, size_t size, const struct check *check)
{
    const char *roots[] = {check->cuda_root, getenv("CUDA_PATH"), getenv("CUDA_HOME"), "/usr/local/cuda"};
    for (const char *p = getenv("PATH"); p && *p;) {
        size_t len = strcspn(p, ":");
        if (in_folder(out, size, p, (int)len, "")) return true;
        p += len + (p[len] == ':');
    }
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        if (!roots[i]) continue;
        int len = (int)strlen(roots[i]);
        if (in_folder(out, size, roots[i], len, "/bin")) return true;
        if (in_folder(out, size, roots[i], len, "/compute-sanitizer")) return true;
    }
    return false;
}

/* The item, begun with the tool; NULL where it is skipped. *n: words of its command so far. */
static struct item *add_watched(struct items *items, const struct check *check, const char *program,
                                const char *tool, const char *what, unsigned *n)
{
    char name[48];
    (void)snprintf(name, sizeof name, "%s-%s", tool, what);
    struct item *it = items_add(items, "sanitize", name, 20, 200);
    if (!program) {
        it->missing = "compute-sanitizer is not here: it is in the CUDA toolkit's bin";
        return NULL;
    }
    if (strncmp(check->device, "cuda", 4) != 0 && !check->tiny) {
        it->missing = "compute-sanitizer watches CUDA devices only";
        return NULL;
    }
    const char *const words[] = {program, "--tool", tool, "--error-exitcode", "9"};
    for (*n = 0; *n < sizeof words / sizeof *words; ++*n) it->command[*n] = words[*n];
    /* A tool that could not attach says nothing of the kind, whatever its exit code. */
    it->must_print = strcmp(tool, "racecheck") == 0 ? "SUMMARY: 0 hazards" : "SUMMARY: 0 errors";
    return it;
}

/* A test of the kernels. */
static void plan_watched_test(struct items *items, const struct check *check, const char *program,
                              const char *tool, const char *file)
{
    unsigned n;
    struct item *it = add_watched(items, check, program, tool, file + strlen("test_"), &n);
    if (!it) return;
    char *path = items->text[it - items->at][0];
    test_path(path, sizeof items->text[0][0], check, file);
    it->command[n] = path;
}

/* A proof; what: of plan_hidden's. */
static void plan_watched(struct items *items, const struct check *check, const char *program,
                         const char *tool, const char *what)
{
    unsigned n;
    struct item *it = add_watched(items, check, program, tool, what, &n);
    if (!it) return;
    char(*text)[512] = items->text[it - items->at];
    (void)snprintf(text[0], sizeof text[0], "watched/%s", what);
    (void)snprintf(text[1], sizeof text[1], "%s/tmp", check->out);
    const char *const words[] = {
        check->self, "--child", text[0],    "--rows",      "/dev/null",
        "--dir",     text[1],   "--device", check->device, check->tiny ? "--tiny" : NULL};
    for (size_t i = 0; i < sizeof words / sizeof *words && words[i]; i++) it->command[n++] = words[i];
}

/* What proofs of these sizes do not launch, tests do: of every function of the algebra and of ptx.h, and, in
 * the sums' tests, windows wide enough for every kernel of a reduction. */
static void plan_watched_tests(struct items *items, const struct check *check, const char *program,
                               const char *tool)
{
    for (const char *p = kernel_tests; *p;) {
        int len = (int)strcspn(p, " ");
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", len, p);
        plan_watched_test(items, check, program, tool, name);
        p += len + (p[len] == ' ');
    }
}

void plan_sanitize(struct items *items, const struct check *check)
{
    static const char *const tools[] = {"memcheck", "racecheck", "initcheck", "synccheck"};
    static const char *const curves[] = {"bn128", "bls12381"};
    static const unsigned sizes[] = {8, 10, 9}; /* the middle one last: what the budget may leave over */
    static char program[512];
    bool there = find_sanitizer(program, sizeof program, check);
    for (size_t s = 0; s < (check->tiny ? 1 : sizeof sizes / sizeof *sizes); s++)
        for (size_t t = 0; t < sizeof tools / sizeof *tools; t++)
            for (size_t c = 0; c < 2; c++) {
                char what[32];
                (void)snprintf(what, sizeof what, "%s-%u", curves[c], check->tiny ? 4 : sizes[s]);
                plan_watched(items, check, there ? program : NULL, tools[t], what);
            }
    if (check->tiny) return;
    for (size_t t = 0; t < 2; t++) {
        plan_watched(items, check, there ? program : NULL, tools[t], "bn128-streamed");
        plan_watched(items, check, there ? program : NULL, tools[t], "device-bn128");
        plan_watched(items, check, there ? program : NULL, tools[t], "device-bls12381");
        if (strncmp(check->device, "cuda", 4) == 0)
            plan_watched_tests(items, check, there ? program : NULL, tools[t]);
    }
    plan_watched(items, check, there ? program : NULL, tools[0], "bls12381-streamed");
}
