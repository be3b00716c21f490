/* The cache of native programs: what becomes an entry, that it is used again, that a crash or a rival does no
 * harm. */
#include "test.h"
#include "unit/witness/scratch.h"
#include "witness/build.h"
#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct pm_error err;

static void load(struct pm_build *b, const char *path)
{
    *b = (struct pm_build){.name = "module"};
    b->wasm = scratch_read(path, &b->wasm_len);
    if (!b->wasm) abort();
}

static unsigned count_entries(const char *dir, const char *part)
{
    unsigned n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) n += strstr(e->d_name, part) != NULL;
    if (d) closedir(d);
    return n;
}

PM_TEST(header_rules)
{
    static const char header[] = "\n/* import: 'runtime' 'exceptionHandler' */\n"
                                 "\nvoid Z_circuitZ_init(Z_circuit_instance_t*, u32);\n"
                                 "\nvoid Z_circuitZ_setInputSignal(Z_circuit_instance_t*, u32, u32, u32);\n"
                                 "\nvoid Z_circuitZ_getRawPrime(Z_circuit_instance_t*);\n"
                                 "\nu32 Z_circuitZ_getFieldNumLen32(Z_circuit_instance_t*);\n"
                                 "\nu32 Z_circuitZ_getWitnessSize(Z_circuit_instance_t*);\n"
                                 "\nvoid Z_circuitZ_getWitness(Z_circuit_instance_t*, u32);\n"
                                 "\nu32 Z_circuitZ_readSharedRWMemory(Z_circuit_instance_t*, u32);\n"
                                 "\nvoid Z_circuitZ_writeSharedRWMemory(Z_circuit_instance_t*, u32, u32);\n"
                                 "\nu32 Z_circuitZ_getInputSize(Z_circuit_instance_t*);\n";
    const char *flags[8];
    size_t n = 8;
    CHECK_OK(pm_build_check_header(flags, &n, "m", header, &err), err);
    CHECK_U64(n, 1);
    CHECK_STR(flags[0], "-DPMD_HAS_getInputSize");
    n = 0;
    CHECK_OK(pm_build_check_header(flags, &n, "m", header, &err), err);
    CHECK_U64(n, 0);
    /* Every line but the optional one is needed: cut them one by one. */
    for (const char *line = header; *line;
         line = strchr(line + 1, '\n') ? strchr(line + 1, '\n') : line + strlen(line)) {
        char cut[sizeof header];
        const char *end = strchr(line + 1, '\n');
        if (!end || end == line + 1) continue;
        snprintf(cut, sizeof cut, "%.*s%s", (int)(line - header), header, end);
        n = 8;
        enum pm_status expected =
            strncmp(line + 1, "u32 Z_circuitZ_getInputSize", 27) == 0 ? PM_OK : PM_UNSUPPORTED;
        CHECK_MSG(pm_build_check_header(flags, &n, "m", cut, &err) == expected, "without %.*s",
                  (int)(end - line), line);
    }
    char more[sizeof header + 64];
    snprintf(more, sizeof more, "%s/* import: 'env' 'memory' */\n", header);
    CHECK_U64(pm_build_check_header(flags, &n, "m", more, &err), PM_UNSUPPORTED);
    CHECK_MSG(strstr(err.text, "'env' 'memory'") != NULL, "%s", err.text);
}

PM_TEST(an_entry_is_made_once_and_used_again)
{
    struct pm_build b;
    struct stat first, second;
    int fd;
    load(&b, PM_HOSTILE_WASM);
    CHECK_OK(pm_build_plan(&b, scratch("once/in/depth"), &err), err);
    CHECK_OK(pm_build_open(&fd, &b, -1, &err), err);
    CHECK(fstat(fd, &first) == 0 && (first.st_mode & 0777) == 0500);
    close(fd);
    uint64_t start = pm_clock_ms();
    CHECK_OK(pm_build_open(&fd, &b, -1, &err), err);
    CHECK(pm_clock_ms() - start < 50);
    CHECK(fstat(fd, &second) == 0 && first.st_ino == second.st_ino);
    CHECK_U64(count_entries(scratch("once/in/depth"), "circuit-"), 2); /* the program and its lock */

    /* The same entry once more, called bad: it is replaced, and only once. */
    int fresh, again;
    CHECK_OK(pm_build_open(&fresh, &b, fd, &err), err);
    CHECK(fstat(fresh, &first) == 0 && first.st_ino != second.st_ino);
    CHECK_OK(pm_build_open(&again, &b, fd, &err), err);
    CHECK(fstat(again, &second) == 0 && first.st_ino == second.st_ino);
    close(fd);
    close(fresh);
    close(again);
    free((void *)(uintptr_t)b.wasm);
}

PM_TEST(another_module_is_another_entry)
{
    struct pm_build a, b;
    load(&a, PM_HOSTILE_WASM);
    load(&b, PM_FOREIGN_WASM);
    CHECK_OK(pm_build_plan(&a, scratch("plan"), &err), err);
    CHECK_OK(pm_build_plan(&b, scratch("plan"), &err), err);
    CHECK(strcmp(a.entry, b.entry) != 0);
    free((void *)(uintptr_t)a.wasm);
    free((void *)(uintptr_t)b.wasm);
}

PM_TEST(what_is_no_circuit_leaves_nothing)
{
    static const struct {
        const char *path;
        enum pm_status status;
    } rows[] = {{PM_FOREIGN_WASM, PM_UNSUPPORTED}, {PM_BARE_WASM, PM_UNSUPPORTED}};
    for (int i = 0; i < 2; i++) {
        struct pm_build b;
        int fd;
        load(&b, rows[i].path);
        CHECK_OK(pm_build_plan(&b, scratch("refused"), &err), err);
        CHECK_U64(pm_build_open(&fd, &b, -1, &err), rows[i].status);
        CHECK(fd == -1);
        free((void *)(uintptr_t)b.wasm);
    }
    CHECK_U64(count_entries(scratch("refused"), ".build"), 0);
    CHECK_U64(count_entries(scratch("refused"), "circuit-"), 2); /* the locks */
}

PM_TEST(a_folder_that_others_may_write_to_is_refused)
{
    struct pm_build b;
    load(&b, PM_HOSTILE_WASM);
    const char *dir = scratch("shared");
    CHECK(mkdir(dir, 0700) == 0 && chmod(dir, 0770) == 0);
    CHECK_U64(pm_build_plan(&b, dir, &err), PM_AUTH);
    CHECK(chmod(dir, 0755) == 0);
    CHECK_OK(pm_build_plan(&b, dir, &err), err);
    scratch_write(scratch("file"), "", 0);
    CHECK_U64(pm_build_plan(&b, scratch("file"), &err), PM_IO);
    CHECK_U64(pm_build_plan(&b, "", &err), PM_USAGE);
    free((void *)(uintptr_t)b.wasm);
}

/* A builder that is killed in the middle leaves its lock free and its folder in pieces. */
PM_TEST(a_crash_while_building_does_no_harm)
{
    struct pm_build b;
    int fd;
    load(&b, PM_HOSTILE_WASM);
    CHECK_OK(pm_build_plan(&b, scratch("crash"), &err), err);
    pid_t pid = fork();
    if (pid == 0) {
        int mine;
        enum pm_status status = pm_build_open(&mine, &b, -1, NULL);
        _exit(status == PM_OK ? 0 : 1);
    }
    pm_clock_sleep_ms(40);
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, NULL, 0) == pid);
    CHECK_OK(pm_build_open(&fd, &b, -1, &err), err);
    close(fd);
    /* A compiler may outlive its builder by a moment; the next build sweeps what it left. */
    pm_clock_sleep_ms(500);
    CHECK(unlink(b.entry) == 0);
    CHECK_OK(pm_build_open(&fd, &b, -1, &err), err);
    CHECK_U64(count_entries(scratch("crash"), ".build"), 0);
    close(fd);
    free((void *)(uintptr_t)b.wasm);
}

struct rival {
    const struct pm_build *build;
    ino_t inode;
};

static void *build_too(void *arg)
{
    struct rival *r = arg;
    struct pm_error e;
    struct stat st;
    int fd;
    CHECK_OK(pm_build_open(&fd, r->build, -1, &e), e);
    if (fstat(fd, &st) == 0) r->inode = st.st_ino;
    close(fd);
    return NULL;
}

PM_TEST(rivals_share_one_build)
{
    struct pm_build b;
    pthread_t threads[4];
    struct rival rivals[4];
    load(&b, PM_HOSTILE_WASM);
    CHECK_OK(pm_build_plan(&b, scratch("rivals"), &err), err);
    for (int i = 0; i < 4; i++) {
        rivals[i] = (struct rival){&b, 0};
        pthread_create(&threads[i], NULL, build_too, &rivals[i]);
    }
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    for (int i = 1; i < 4; i++) CHECK_U64(rivals[i].inode, rivals[0].inode);
    free((void *)(uintptr_t)b.wasm);
}
