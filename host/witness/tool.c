/* The translator and the compiler as processes. See tool.h; build.c says in which order. */
#include "witness/tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t tool_memory = (uint64_t)8 << 30, tool_file = (uint64_t)4 << 30;

const char *pm_tool_find(const char *const *names)
{
    /* The paths are listed rather than put together: they stay valid, and a reader sees all that can be run.
     */
    static const char *const paths[] = {"/usr/bin/wasm2c",    "/usr/local/bin/wasm2c", "/usr/bin/gcc",
                                        "/usr/local/bin/gcc", "/usr/bin/cc",           "/usr/local/bin/cc",
                                        "/usr/bin/clang"};
    for (; *names; names++) {
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
            if (strcmp(strrchr(paths[i], '/') + 1, *names) == 0 && access(paths[i], X_OK) == 0)
                return paths[i];
    }
    return NULL;
}

enum pm_status pm_tool_version(char out[PM_TOOL_VERSION], const char *path, struct pm_error *err)
{
    uint8_t said[4096] = {0};
    const char *const argv[] = {path, "--version", NULL};
    struct pm_sandbox_job job = {.kind = PM_SANDBOX_TOOL,
                                 .path = path,
                                 .argv = argv,
                                 .out = said,
                                 .out_max = sizeof said - 1,
                                 .limits = {30000, tool_memory, 0, -1}};
    struct pm_sandbox_result result;
    PM_TRY(pm_sandbox_run(&job, &result, path, err));
    if (result.exit_code != 0 || result.out_len == 0)
        return pm_fail(err, PM_UNSUPPORTED, "%s --version: exit code %d and %zu bytes of text", path,
                       result.exit_code, result.out_len);
    snprintf(out, PM_TOOL_VERSION, "%s", (const char *)said);
    out[strcspn(out, "\r\n")] = '\0';
    return PM_OK;
}

enum pm_status pm_tool_run(struct pm_sandbox_result *result, const char *const *argv, const char *dir,
                           uint64_t wall_ms, struct pm_error *err)
{
    uint8_t said[4096];
    struct pm_sandbox_job job = {.kind = PM_SANDBOX_TOOL,
                                 .path = argv[0],
                                 .argv = argv,
                                 .dir = dir,
                                 .out = said,
                                 .out_max = sizeof said,
                                 .limits = {wall_ms, tool_memory, tool_file, -1}};
    return pm_sandbox_run(&job, result, argv[0], err);
}

enum pm_status pm_tool_write_file(const char *path, const void *data, size_t len, struct pm_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    size_t at = 0;
    while (fd >= 0 && at < len) {
        ssize_t n = write(fd, (const char *)data + at, len - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        at += (size_t)n;
    }
    bool ok = fd >= 0 && at == len && fsync(fd) == 0;
    int saved = errno;
    if (fd >= 0) close(fd);
    return ok ? PM_OK : pm_fail(err, PM_IO, "%s: cannot be written: %s", path, strerror(saved));
}

enum pm_status pm_tool_read_file(uint8_t **out, size_t *len, const char *path, size_t max,
                                 struct pm_error *err)
{
    enum pm_status status = PM_OK;
    struct stat st;
    *out = NULL;
    *len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return pm_fail(err, errno == ENOENT ? PM_NOT_FOUND : PM_IO, "%s: %s", path, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        status = pm_fail(err, PM_FORMAT, "%s: a file expected", path);
    } else if (st.st_size < 0 || (uint64_t)st.st_size > max) {
        status =
            pm_fail(err, PM_FORMAT, "%s: %lld bytes, at most %zu expected", path, (long long)st.st_size, max);
    } else if (!(*out = malloc((size_t)st.st_size + 1))) {
        status = pm_fail(err, PM_NO_MEMORY, "%s: no memory for %lld bytes", path, (long long)st.st_size);
    }
    while (status == PM_OK && *len < (size_t)st.st_size) {
        ssize_t n = read(fd, *out + *len, (size_t)st.st_size - *len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0)
            status = pm_fail(err, PM_IO, "%s: %s", path, n == 0 ? "it shrank while read" : strerror(errno));
        else
            *len += (size_t)n;
    }
    if (status == PM_OK) (*out)[*len] = 0;
    close(fd);
    if (status != PM_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}

void pm_tool_remove_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0) close(fd);
        return;
    }
    for (struct dirent *e = readdir(dir); e; e = readdir(dir))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) unlinkat(fd, e->d_name, 0);
    closedir(dir);
    rmdir(path);
}
