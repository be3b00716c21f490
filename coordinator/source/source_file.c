/* Source "file": a folder of *.jsonl files, one message a line. Files are read in order of name, from where
 * each was left; a line counts when its newline is there. Everything else in the folder, links included, is
 * ignored.
 *
 * Nothing is kept between polls but the folder: the cursor says all. A line of more than MAX_LINE bytes is
 * handed over cut, as MAX_LINE + 1 bytes, so that whoever judges messages sees that it is too long. */
#include "coordinator/source/cursor.h"
#include "coordinator/source/source_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_LINE = 64 * 1024, CHUNK = 256 * 1024 };

struct folder {
    char *path;
};

static enum pm_status file_open(void **state, const char *path, struct pm_error *err)
{
    struct stat st;
    if (!path || stat(path, &st) != 0)
        return pm_fail(err, PM_NOT_FOUND, "source %s: expected a folder: %s", path ? path : "(no path)",
                       strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return pm_fail(err, PM_FORMAT, "source %s: expected a folder, found something else", path);
    struct folder *folder = calloc(1, sizeof *folder);
    if (!folder || !(folder->path = strdup(path))) {
        free(folder);
        return pm_fail(err, PM_NO_MEMORY, "source %s: out of memory", path);
    }
    *state = folder;
    return PM_OK;
}

static void file_close(void *state)
{
    struct folder *folder = state;
    free(folder->path);
    free(folder);
}

/* -- the folder -- */

static int is_data(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 6 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 6, ".jsonl") == 0 &&
           (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN);
}

/* By bytes: the locale must not change what was read first. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* -- one file -- */

struct poll {
    const char *folder, *name;
    int fd;
    struct pm_file_place place;
    size_t left; /* messages that may still be handed over */
    pm_source_sink *sink;
    void *ctx;
    struct pm_error *err;
};

static bool is_blank(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!strchr(" \t\r", line[i]) || line[i] == 0) return false;
    return true;
}

static enum pm_status hand_over(struct poll *p, const char *line, size_t len)
{
    char origin[320];
    if (is_blank(line, len)) return PM_OK;
    snprintf(origin, sizeof origin, "%s:%llu", p->name, (unsigned long long)p->place.lines + 1);
    p->left--;
    return p->sink(p->ctx, line, len, origin, p->err);
}

/* Finds the end of a line that is longer than a chunk. *end: the offset behind its newline, 0 where there is
 * none yet. */
static enum pm_status skip_line(struct poll *p, char *chunk, uint64_t from, uint64_t *end)
{
    for (*end = 0;;) {
        ssize_t n = pread(p->fd, chunk, CHUNK, (off_t)from);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return pm_fail(p->err, PM_IO, "source %s/%s: cannot read: %s", p->folder, p->name,
                           strerror(errno));
        if (n == 0) return PM_OK;
        const char *newline = memchr(chunk, '\n', (size_t)n);
        if (newline) {
            *end = from + (uint64_t)(newline - chunk) + 1;
            return PM_OK;
        }
        from += (uint64_t)n;
    }
}

/* The whole lines of one chunk. The place moves on line by line, behind what the sink has taken. */
static enum pm_status read_lines(struct poll *p, const char *chunk, size_t n, size_t *used)
{
    *used = 0;
    while (p->left > 0) {
        const char *line = chunk + *used, *newline = memchr(line, '\n', n - *used);
        if (!newline) break;
        size_t len = (size_t)(newline - line);
        PM_TRY(hand_over(p, line, len > MAX_LINE ? MAX_LINE + 1u : len));
        *used += len + 1;
        p->place.offset += len + 1;
        p->place.lines++;
    }
    return PM_OK;
}

static enum pm_status read_chunks(struct poll *p, char *chunk)
{
    while (p->left > 0) {
        size_t used;
        uint64_t end;
        ssize_t n = pread(p->fd, chunk, CHUNK, (off_t)p->place.offset);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return pm_fail(p->err, PM_IO, "source %s/%s: cannot read: %s", p->folder, p->name,
                           strerror(errno));
        PM_TRY(read_lines(p, chunk, (size_t)n, &used));
        if (used > 0) continue;
        if (n < CHUNK) return PM_OK; /* the rest is half a line, or nothing */
        PM_TRY(skip_line(p, chunk, p->place.offset + CHUNK, &end));
        if (end == 0) return PM_OK;
        n = pread(p->fd, chunk, MAX_LINE + 1, (off_t)p->place.offset); /* skip_line used the chunk */
        if (n != MAX_LINE + 1)
            return pm_fail(p->err, PM_IO, "source %s/%s: it changed while it was read", p->folder, p->name);
        PM_TRY(hand_over(p, chunk, MAX_LINE + 1));
        p->place.offset = end;
        p->place.lines++;
    }
    return PM_OK;
}

/* Opens what was listed, if it still is a regular file. *fd is -1 where there is nothing to read. */
static enum pm_status open_listed(struct poll *p, int dir)
{
    struct stat st;
    p->fd = openat(dir, p->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (p->fd < 0) {
        if (errno == ENOENT || errno == ELOOP) return PM_OK;
        return pm_fail(p->err, PM_IO, "source %s/%s: cannot open: %s", p->folder, p->name, strerror(errno));
    }
    bool regular = fstat(p->fd, &st) == 0 && S_ISREG(st.st_mode);
    if (regular && (uint64_t)st.st_size < p->place.offset) {
        close(p->fd);
        p->fd = -1;
        return pm_fail(p->err, PM_CONFLICT,
                       "source %s/%s: expected at least the %llu bytes that were read before, found %lld; "
                       "files may only grow:"
                       " put it back, or give new data a new name",
                       p->folder, p->name, (unsigned long long)p->place.offset, (long long)st.st_size);
    }
    if (!regular || (uint64_t)st.st_size == p->place.offset) {
        close(p->fd);
        p->fd = -1;
    }
    return PM_OK;
}

static enum pm_status read_file(struct poll *p, int dir, json_t *cursor, char *chunk)
{
    uint64_t before;
    p->place = pm_cursor_get(cursor, p->name);
    before = p->place.offset;
    PM_TRY(open_listed(p, dir));
    if (p->fd < 0) return PM_OK;
    enum pm_status status = read_chunks(p, chunk);
    close(p->fd);
    if (status != PM_OK || p->place.offset == before) return status;
    return pm_cursor_set(cursor, p->name, p->place, p->err);
}

/* -- the poll -- */

static enum pm_status read_folder(struct poll *p, json_t *cursor, char *chunk)
{
    struct dirent **list = NULL;
    enum pm_status status = PM_OK;
    int dir = open(p->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int n = dir < 0 ? -1 : scandirat(dir, ".", &list, is_data, by_name);
    if (n < 0) status = pm_fail(p->err, PM_IO, "source %s: cannot list it: %s", p->folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        p->name = list[i]->d_name;
        if (status == PM_OK && p->left > 0) status = read_file(p, dir, cursor, chunk);
    }
    for (int i = 0; i < n; i++) free(list[i]);
    free(list);
    if (dir >= 0) close(dir);
    return status;
}

static enum pm_status file_poll(void *state, char **next, const char *cursor_text, size_t max,
                                pm_source_sink *sink, void *ctx, struct pm_error *err)
{
    const struct folder *folder = state;
    struct poll p = {.folder = folder->path, .fd = -1, .left = max, .sink = sink, .ctx = ctx, .err = err};
    json_t *cursor = NULL;
    enum pm_status status = pm_cursor_parse(&cursor, cursor_text, err);
    if (status != PM_OK) {
        pm_fail_in(err, "source %s", folder->path);
        return status;
    }
    char *chunk = malloc(CHUNK);
    status = chunk ? read_folder(&p, cursor, chunk)
                   : pm_fail(err, PM_NO_MEMORY, "source %s: out of memory", folder->path);
    if (status == PM_OK && !(*next = json_dumps(cursor, JSON_COMPACT | JSON_SORT_KEYS)))
        status = pm_fail(err, PM_NO_MEMORY, "source %s: out of memory", folder->path);
    json_decref(cursor);
    free(chunk);
    return status;
}

const struct pm_source_kind pm_source_file = {
    .type = "file", .open = file_open, .close = file_close, .poll = file_poll};
