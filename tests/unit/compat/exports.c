/* The library's names, as a program that loads it at run time sees them: rapidsnark's, and none of our own.
 */
#include "test.h"

#include <dlfcn.h>

static void *library(void)
{
    const char *path = getenv("COMPAT_LIBRARY");
    void *lib = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!lib) {
        fprintf(stderr, "COMPAT_LIBRARY cannot be loaded: %s\n", path ? dlerror() : "it is not set");
        exit(1);
    }
    return lib;
}

PM_TEST(every_function_of_rapidsnark)
{
    static const char *const names[] = {"groth16_proof_size",
                                        "groth16_public_size_for_zkey_buf",
                                        "groth16_public_size_for_zkey_file",
                                        "groth16_prover",
                                        "groth16_prover_create",
                                        "groth16_prover_create_zkey_file",
                                        "groth16_prover_destroy",
                                        "groth16_prover_prove",
                                        "groth16_prover_zkey_file",
                                        "groth16_verify"};
    void *lib = library();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) CHECK_MSG(dlsym(lib, names[i]), "%s", names[i]);
    unsigned long long size = 0;
    void (*proof_size)(unsigned long long *);
    *(void **)&proof_size = dlsym(lib, "groth16_proof_size");
    if (proof_size) proof_size(&size);
    CHECK_U64(size, 810);
    (void)dlclose(lib);
}

/* `nm -D` lists what is defined for others to see; every line must be one of rapidsnark's names. */
PM_TEST(nothing_else)
{
    char command[4200], line[256];
    int n = 0;
    (void)snprintf(command, sizeof command, "nm -D --defined-only '%s'", getenv("COMPAT_LIBRARY"));
    FILE *f = popen(command, "r");
    CHECK(f != NULL);
    while (f && fgets(line, sizeof line, f)) {
        n++;
        CHECK_MSG(strstr(line, " groth16_") != NULL, "%s", line);
    }
    CHECK_U64(n, 10);
    if (f) CHECK(pclose(f) == 0);
}
