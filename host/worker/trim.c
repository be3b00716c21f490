/* Trimming folders (trim.h): one look at all names, then removal in the order of last use. */
#include "worker/trim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
    const char *folder;
    char name[80];
    uint64_t size_bytes;
    struct timespec used;
};

struct list {
    struct entry *entry;
    size_t n, room;
    uint64_t bytes;
};

static bool is_part(const char *name)
{
    size_t len = strlen(name);
    return len > 5 && strcmp(name + len - 5, ".part") == 0;
}

/* SHA, SHA.part, circuit-SHA. */
static bool is_ours(const char *name)
{
    bool circuit = strncmp(name, "circuit-", 8) == 0;
    if (circuit) name += 8;
    if (strspn(name, "0123456789abcdef") != 64) return false;
    return name[64] == '\0' || (!circuit && strcmp(name + 64, ".part") == 0);
}

/* Opens the file if nobody holds it, and holds it alone until the descriptor is closed; else -1. */
static int take(int dir, const char *name)
{
    struct stat ours, there;
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &ours) == 0 &&
        fstatat(dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && ours.st_ino == there.st_ino)
        return fd;
    if (fd >= 0) close(fd);
    return -1;
}

static enum pm_status add(struct list *list, const char *folder, int dir, const char *name,
                          struct pm_error *err)
{
    struct stat st;
    if (!is_ours(name) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
        return PM_OK;
    if (is_part(name)) {
        int fd = take(dir, name);
        if (fd < 0) return PM_OK; /* being downloaded */
        close(fd);
    }
    if (list->n == list->room) {
        size_t room = list->room ? 2 * list->room : 64;
        struct entry *more = realloc(list->entry, room * sizeof *more);
        if (!more) return pm_fail(err, PM_NO_MEMORY, "%s: no memory for its %zu names", folder, room);
        list->entry = more;
        list->room = room;
    }
    struct entry *e = &list->entry[list->n++];
    *e = (struct entry){.folder = folder, .size_bytes = (uint64_t)st.st_size, .used = st.st_mtim};
    (void)snprintf(e->name, sizeof e->name, "%s", name);
    list->bytes += e->size_bytes;
    return PM_OK;
}

static enum pm_status look(struct list *list, const char *folder, struct pm_error *err)
{
    enum pm_status status = PM_OK;
    DIR *dir = opendir(folder);
    if (!dir)
        return errno == ENOENT
                   ? PM_OK
                   : pm_fail(err, PM_IO, "%s: cannot be looked through: %s", folder, strerror(errno));
    for (struct dirent *e = readdir(dir); e && status == PM_OK; e = readdir(dir))
        status = add(list, folder, dirfd(dir), e->d_name, err);
    closedir(dir);
    return status;
}

static int by_use(const void *left, const void *right)
{
    const struct timespec *a = &((const struct entry *)left)->used, *b = &((const struct entry *)right)->used;
    if (a->tv_sec != b->tv_sec) return a->tv_sec < b->tv_sec ? -1 : 1;
    return a->tv_nsec < b->tv_nsec ? -1 : a->tv_nsec > b->tv_nsec;
}

/* True where it is gone: with its mark that it was checked. */
static bool remove_entry(const struct entry *e)
{
    char mark[sizeof e->name + 16];
    int dir = open(e->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = dir >= 0 ? take(dir, e->name) : -1;
    bool gone = fd >= 0 && unlinkat(dir, e->name, 0) == 0;
    (void)snprintf(mark, sizeof mark, "%s.checked", e->name);
    if (gone) (void)unlinkat(dir, mark, 0);
    if (fd >= 0) close(fd);
    if (dir >= 0) close(dir);
    return gone;
}

enum pm_status pm_trim(uint64_t *left_bytes, const char *const folder[], size_t n_folders, uint64_t max_bytes,
                       struct pm_error *err)
{
    struct list list = {.n = 0};
    enum pm_status status = PM_OK;
    *left_bytes = 0;
    for (size_t i = 0; i < n_folders && status == PM_OK; i++) status = look(&list, folder[i], err);
    if (status == PM_OK && list.n > 0) qsort(list.entry, list.n, sizeof *list.entry, by_use);
    for (size_t i = 0; i < list.n && status == PM_OK && list.bytes > max_bytes; i++)
        if (remove_entry(&list.entry[i])) list.bytes -= list.entry[i].size_bytes;
    *left_bytes = list.bytes;
    free(list.entry);
    return status;
}
