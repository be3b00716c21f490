/* Translating and compiling a circuit, and the cache of results. See build.h. The tools run in the sandbox
 * and see nothing but a folder of their own; next: circuit.c runs the executable. */
#include "witness/build.h"
#include "witness/driver_text.h"
#include "witness/tool.h"
#include "base/bytes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { translate_ms = 600000, compile_ms = 1800000, max_optional = 8, max_header = 16 << 20 };

/* Counts as part of every entry's name: raise it when the way of building changes. */
static const char recipe[] = "proofmill witness recipe 1";
static const char translator_version[] = "1.0.32";
static const char *const compile_flags[] = {
    "-O1", "-I.",     "-std=gnu11",           "-w",
    "-g0", "-static", "-fno-stack-protector", "-fno-asynchronous-unwind-tables"};
enum { n_compile_flags = sizeof compile_flags / sizeof *compile_flags };

/* ---- what a module must look like ---- */

static const struct {
    const char *name, *prototype;
    bool optional;
} exports[] = {
    {"init", "void Z_circuitZ_init(Z_circuit_instance_t*, u32);", false},
    {"setInputSignal", "void Z_circuitZ_setInputSignal(Z_circuit_instance_t*, u32, u32, u32);", false},
    {"getRawPrime", "void Z_circuitZ_getRawPrime(Z_circuit_instance_t*);", false},
    {"getFieldNumLen32", "u32 Z_circuitZ_getFieldNumLen32(Z_circuit_instance_t*);", false},
    {"getWitnessSize", "u32 Z_circuitZ_getWitnessSize(Z_circuit_instance_t*);", false},
    {"getWitness", "void Z_circuitZ_getWitness(Z_circuit_instance_t*, u32);", false},
    {"readSharedRWMemory", "u32 Z_circuitZ_readSharedRWMemory(Z_circuit_instance_t*, u32);", false},
    {"writeSharedRWMemory", "void Z_circuitZ_writeSharedRWMemory(Z_circuit_instance_t*, u32, u32);", false},
    {"-DPMD_HAS_getInputSignalSize", "u32 Z_circuitZ_getInputSignalSize(Z_circuit_instance_t*, u32, u32);",
     true},
    {"-DPMD_HAS_getInputSize", "u32 Z_circuitZ_getInputSize(Z_circuit_instance_t*);", true},
    {"-DPMD_HAS_getMessageChar", "u32 Z_circuitZ_getMessageChar(Z_circuit_instance_t*);", true},
    {"-DPMD_HAS_getVersion", "u32 Z_circuitZ_getVersion(Z_circuit_instance_t*);", true},
    {"-DPMD_HAS_getMinorVersion", "u32 Z_circuitZ_getMinorVersion(Z_circuit_instance_t*);", true},
    {"-DPMD_HAS_getPatchVersion", "u32 Z_circuitZ_getPatchVersion(Z_circuit_instance_t*);", true},
};

static const char *const imports[] = {
    "'runtime' 'exceptionHandler' */\n",
    "'runtime' 'printErrorMessage' */\n",
    "'runtime' 'writeBufferMessage' */\n",
    "'runtime' 'showSharedRWMemory' */\n",
};

static enum pm_status check_imports(const char *name, const char *header, struct pm_error *err)
{
    static const char mark[] = "/* import: ";
    bool has_handler = false;
    for (const char *at = strstr(header, mark); at; at = strstr(at, mark)) {
        at += sizeof mark - 1;
        size_t i = 0, n = sizeof imports / sizeof *imports;
        while (i < n && strncmp(at, imports[i], strlen(imports[i])) != 0) i++;
        if (i == n)
            return pm_fail(err, PM_UNSUPPORTED, "%s: not a module of circom 2: it imports %.*s", name,
                           (int)strcspn(at, "*\n"), at);
        has_handler |= i == 0;
    }
    if (!has_handler)
        return pm_fail(err, PM_UNSUPPORTED,
                       "%s: not a module of circom 2: it does not import runtime.exceptionHandler", name);
    return PM_OK;
}

enum pm_status pm_build_check_header(const char *flags[], size_t *n_flags, const char *name,
                                     const char *header, struct pm_error *err)
{
    size_t room = *n_flags;
    *n_flags = 0;
    PM_TRY(check_imports(name, header, err));
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++) {
        char line[160];
        snprintf(line, sizeof line, "\n%s\n", exports[i].prototype);
        bool found = strstr(header, line) != NULL;
        if (!found && !exports[i].optional)
            return pm_fail(err, PM_UNSUPPORTED,
                           "%s: not a module of circom 2: it has no function %s of circom's form", name,
                           exports[i].name);
        if (found && exports[i].optional && *n_flags < room) flags[(*n_flags)++] = exports[i].name;
    }
    return PM_OK;
}

/* ---- the plan ---- */

static enum pm_status make_cache_dir(const char *dir, struct pm_error *err)
{
    char path[PM_BUILD_PATH];
    struct stat st;
    if (*dir == '\0' || strlen(dir) > PM_BUILD_PATH - 128)
        return pm_fail(err, PM_USAGE, "the cache folder's name has %zu characters, 1 to %d expected",
                       strlen(dir), PM_BUILD_PATH - 128);
    snprintf(path, sizeof path, "%s", dir);
    for (char *p = path + 1; *p; p++) {
        if (*p != '/') continue;
        *p = '\0';
        mkdir(path, 0700); /* whether there is a folder in the end is seen below */
        *p = '/';
    }
    mkdir(path, 0700);
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
        return pm_fail(err, PM_IO, "%s: the cache folder cannot be made: %s", dir, strerror(errno));
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
        return pm_fail(
            err, PM_AUTH,
            "%s: programs are run from this folder: it must belong to the user and be writable by nobody "
            "else (owner %u, mode %03o found)",
            dir, (unsigned)st.st_uid, (unsigned)st.st_mode & 0777);
    return PM_OK;
}

static enum pm_status find_tools(struct pm_build *b, char translator[PM_TOOL_VERSION],
                                 char compiler[PM_TOOL_VERSION], struct pm_error *err)
{
    static const char *const translators[] = {"wasm2c", NULL}, *const compilers[] = {"gcc", "cc", "clang",
                                                                                     NULL};
    b->translator = pm_tool_find(translators);
    if (!b->translator)
        return pm_fail(err, PM_NOT_FOUND, "wasm2c is not installed: Debian's package wabt has it");
    b->compiler = pm_tool_find(compilers);
    if (!b->compiler)
        return pm_fail(err, PM_NOT_FOUND, "no C compiler is installed: Debian's package gcc is one");
    PM_TRY(pm_tool_version(translator, b->translator, err));
    PM_TRY(pm_tool_version(compiler, b->compiler, err));
    if (strcmp(translator, translator_version) != 0)
        return pm_fail(err, PM_UNSUPPORTED, "%s is version %s; %s is expected (Debian 12's package wabt)",
                       b->translator, translator, translator_version);
    return PM_OK;
}

/* Each part with its end, so that no two lists of parts give the same bytes. */
static int hash_part(EVP_MD_CTX *ctx, const void *data, size_t len)
{
    uint8_t end[8];
    pm_store_le64(end, len);
    return EVP_DigestUpdate(ctx, data, len) && EVP_DigestUpdate(ctx, end, sizeof end);
}

static enum pm_status hash_entry(uint8_t out[PM_SHA256_BYTES], const struct pm_build *b,
                                 const char *translator, const char *compiler, struct pm_error *err)
{
    struct utsname host;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int ok = ctx && uname(&host) == 0 && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
             hash_part(ctx, recipe, sizeof recipe) && hash_part(ctx, b->sha256, sizeof b->sha256) &&
             hash_part(ctx, pm_driver_c, pm_driver_c_len) &&
             hash_part(ctx, pm_driver_protocol_h, pm_driver_protocol_h_len) &&
             hash_part(ctx, translator, strlen(translator)) &&
             hash_part(ctx, b->compiler, strlen(b->compiler)) && hash_part(ctx, compiler, strlen(compiler)) &&
             hash_part(ctx, host.machine, strlen(host.machine));
    for (int i = 0; ok && i < n_compile_flags; i++)
        ok = hash_part(ctx, compile_flags[i], strlen(compile_flags[i]));
    if (ok) ok = EVP_DigestFinal_ex(ctx, out, NULL);
    EVP_MD_CTX_free(ctx);
    return ok ? PM_OK : pm_fail(err, PM_NO_MEMORY, "%s: SHA-256 failed", b->name);
}

enum pm_status pm_build_plan(struct pm_build *b, const char *cache_dir, struct pm_error *err)
{
    char translator[PM_TOOL_VERSION], compiler[PM_TOOL_VERSION], hex[2 * PM_SHA256_BYTES + 1];
    uint8_t entry[PM_SHA256_BYTES];
    PM_TRY(make_cache_dir(cache_dir, err));
    PM_TRY(find_tools(b, translator, compiler, err));
    if (!EVP_Digest(b->wasm, b->wasm_len, b->sha256, NULL, EVP_sha256(), NULL))
        return pm_fail(err, PM_NO_MEMORY, "%s: SHA-256 failed", b->name);
    PM_TRY(hash_entry(entry, b, translator, compiler, err));
    pm_hex_encode(hex, entry, sizeof entry);
    int n = snprintf(b->entry, sizeof b->entry, "%s/circuit-%s", cache_dir, hex);
    return n > 0 && (size_t)n < sizeof b->entry ? PM_OK : pm_fail(err, PM_USAGE, "%s: too long", cache_dir);
}

/* ---- building ---- */

static enum pm_status tool_failed(const char *name, const char *what, enum pm_status status,
                                  const struct pm_sandbox_result *result, struct pm_error *err)
{
    char text[401];
    snprintf(text, sizeof text, "%.400s", result->text);
    for (char *p = text; *p; p++)
        if (*p == '\n') *p = p[1] ? ' ' : '\0';
    return pm_fail(err, status, "%s: %s (exit code %d)%s%s", name, what, result->exit_code, *text ? ": " : "",
                   text);
}

static enum pm_status translate(const struct pm_build *b, const char *dir, struct pm_error *err)
{
    const char *const argv[] = {b->translator, "-n", "circuit", "circuit.wasm", "-o", "circuit.c", NULL};
    struct pm_sandbox_result result;
    PM_TRY(pm_tool_run(&result, argv, dir, translate_ms, err));
    if (result.exit_code != 0)
        return tool_failed(b->name, "wasm2c finds it malformed", PM_FORMAT, &result, err);
    return PM_OK;
}

static enum pm_status compile(const struct pm_build *b, const char *dir, const char *const *flags,
                              size_t n_flags, struct pm_error *err)
{
    char hex[2 * PM_SHA256_BYTES + 1], hash_flag[sizeof hex + 32];
    const char *argv[n_compile_flags + max_optional + 10];
    size_t n = 0;
    pm_hex_encode(hex, b->sha256, sizeof b->sha256);
    snprintf(hash_flag, sizeof hash_flag, "-DPMD_WASM_SHA256=\"%s\"", hex);
    argv[n++] = b->compiler;
    for (int i = 0; i < n_compile_flags; i++) argv[n++] = compile_flags[i];
    for (size_t i = 0; i < n_flags; i++) argv[n++] = flags[i];
    argv[n++] = hash_flag;
    argv[n++] = "-o";
    argv[n++] = "circuit";
    argv[n++] = "driver.c";
    argv[n++] = "circuit.c";
    argv[n++] = "-lm";
    argv[n] = NULL;
    struct pm_sandbox_result result;
    PM_TRY(pm_tool_run(&result, argv, dir, compile_ms, err));
    if (result.exit_code != 0)
        return tool_failed(b->name, "its translation does not compile", PM_UNSUPPORTED, &result, err);
    return PM_OK;
}

static enum pm_status put_file(const char *dir, const char *name, const void *data, size_t len,
                               struct pm_error *err)
{
    char path[PM_BUILD_PATH + 32];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return pm_tool_write_file(path, data, len, err);
}

/* Complete on disk first, then under its name. */
static enum pm_status install(const struct pm_build *b, const char *dir, struct pm_error *err)
{
    char made[PM_BUILD_PATH + 32];
    snprintf(made, sizeof made, "%s/circuit", dir);
    int fd = open(made, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok = fd >= 0 && fchmod(fd, 0500) == 0 && fsync(fd) == 0 && rename(made, b->entry) == 0;
    int saved = errno;
    if (fd >= 0) close(fd);
    return ok ? PM_OK : pm_fail(err, PM_IO, "%s: cannot be put in place: %s", b->entry, strerror(saved));
}

/* What crashed builders of this entry left behind; the lock says that none is at work. A compiler that
 * outlives its builder for a moment may still write there, so no folder is used twice, and what cannot be
 * removed yet waits for the next time. */
static void remove_leftovers(const struct pm_build *b)
{
    char parent[PM_BUILD_PATH], path[PM_BUILD_PATH + 260];
    const char *name = strrchr(b->entry, '/') + 1;
    size_t len = strlen(name);
    snprintf(parent, sizeof parent, "%.*s", (int)(name - b->entry), b->entry);
    DIR *dir = opendir(parent);
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        if (strncmp(e->d_name, name, len) != 0 || strncmp(e->d_name + len, ".build-", 7) != 0) continue;
        snprintf(path, sizeof path, "%s%s", parent, e->d_name);
        pm_tool_remove_dir(path);
    }
    if (dir) closedir(dir);
}

static enum pm_status build_entry(const struct pm_build *b, struct pm_error *err)
{
    enum pm_status status;
    char dir[PM_BUILD_PATH + 16], path[PM_BUILD_PATH + 32];
    const char *flags[max_optional];
    size_t n_flags = max_optional, header_len;
    uint8_t *header = NULL;
    remove_leftovers(b);
    snprintf(dir, sizeof dir, "%s.build-XXXXXX", b->entry);
    if (!mkdtemp(dir)) return pm_fail(err, PM_IO, "%s: %s", dir, strerror(errno));
    snprintf(path, sizeof path, "%s/circuit.h", dir);
    PM_GOTO(put_file(dir, "circuit.wasm", b->wasm, b->wasm_len, err));
    PM_GOTO(put_file(dir, "driver.c", pm_driver_c, pm_driver_c_len, err));
    PM_GOTO(put_file(dir, "protocol.h", pm_driver_protocol_h, pm_driver_protocol_h_len, err));
    PM_GOTO(translate(b, dir, err));
    PM_GOTO(pm_tool_read_file(&header, &header_len, path, max_header, err));
    PM_GOTO(pm_build_check_header(flags, &n_flags, b->name, (const char *)header, err));
    PM_GOTO(compile(b, dir, flags, n_flags, err));
    PM_GOTO(install(b, dir, err));
out:
    free(header);
    pm_tool_remove_dir(dir);
    return status;
}

static bool same_file(int fd, const char *path)
{
    struct stat a, b;
    return fd >= 0 && fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* Under a shared lock, by which whoever trims the folder sees that it is in use. -1: not there. */
static int open_entry(const struct pm_build *b)
{
    for (;;) {
        int fd = open(b->entry, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0) return -1;
        while (flock(fd, LOCK_SH) != 0 && errno == EINTR) {}
        if (same_file(fd, b->entry)) {
            (void)futimens(fd, NULL);
            return fd;
        }
        close(fd); /* removed a moment ago */
    }
}

enum pm_status pm_build_open(int *out_fd, const struct pm_build *b, int bad_fd, struct pm_error *err)
{
    enum pm_status status = PM_OK;
    char path[PM_BUILD_PATH + 8];
    if (bad_fd < 0 && (*out_fd = open_entry(b)) >= 0) return PM_OK;
    *out_fd = -1;
    snprintf(path, sizeof path, "%s.lock", b->entry);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0) return pm_fail(err, PM_IO, "%s: %s", path, strerror(errno));
    while (flock(lock, LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        status = pm_fail(err, PM_IO, "%s: %s", path, strerror(errno));
        goto out;
    }
    /* Another process may have built it meanwhile: then bad_fd is no longer what stands there. */
    if (same_file(bad_fd, b->entry)) unlink(b->entry);
    if ((*out_fd = open_entry(b)) >= 0) goto out;
    PM_GOTO(build_entry(b, err));
    *out_fd = open_entry(b);
    if (*out_fd < 0) status = pm_fail(err, PM_IO, "%s: %s", b->entry, strerror(errno));
out:
    close(lock);
    return status;
}
