/* The folder of artifacts (artifacts.h). SHA is a file's name; SHA.part is being downloaded, under a lock on
 * it that dies with its holder; SHA.checked says that a key was checked in depth. */
#include "worker/artifacts.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "worker/download.h"
#include "worker/room.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_ATTEMPTS = 6, FIRST_WAIT_MS = 250, LOCK_WAIT_MS = 50, MAX_KNOWN = 256, HASH_CHUNK = 1 << 20 };

struct pm_artifacts {
    char dir[PM_ARTIFACT_PATH - 128];
    uint64_t max_bytes;
    struct pm_room *room;
    pthread_mutex_t lock;
    uint8_t known[MAX_KNOWN][32]; /* hashed by this process; the oldest makes room */
    size_t n_known;
};

enum pm_status pm_artifacts_new(struct pm_artifacts **out, const char *dir, uint64_t max_bytes,
                                struct pm_room *room, struct pm_error *err)
{
    *out = NULL;
    struct pm_artifacts *a = calloc(1, sizeof *a);
    if (!a) return pm_fail(err, PM_NO_MEMORY, "no memory for the artifacts' folder");
    int n = snprintf(a->dir, sizeof a->dir, "%s", dir);
    if (n < 0 || (size_t)n >= sizeof a->dir) {
        free(a);
        return pm_fail(err, PM_USAGE, "%.80s...: the path is too long", dir);
    }
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        free(a);
        return pm_fail(err, PM_IO, "%s: cannot make the folder for artifacts: %s", dir, strerror(errno));
    }
    a->max_bytes = max_bytes;
    a->room = room;
    pthread_mutex_init(&a->lock, NULL);
    *out = a;
    return PM_OK;
}

void pm_artifacts_free(struct pm_artifacts **artifacts)
{
    if (!*artifacts) return;
    pthread_mutex_destroy(&(*artifacts)->lock);
    free(*artifacts);
    *artifacts = NULL;
}

static bool is_known(struct pm_artifacts *a, const uint8_t sha256[32], bool add)
{
    bool found = false;
    pthread_mutex_lock(&a->lock);
    for (size_t i = 0; i < a->n_known && !found; i++) found = memcmp(a->known[i], sha256, 32) == 0;
    if (!found && add) {
        if (a->n_known == MAX_KNOWN) memmove(a->known[0], a->known[1], --a->n_known * sizeof a->known[0]);
        memcpy(a->known[a->n_known++], sha256, 32);
    }
    pthread_mutex_unlock(&a->lock);
    return found;
}

enum pm_status pm_artifacts_hash(uint8_t out[32], int fd, const char *name, int cancel_fd,
                                 struct pm_error *err)
{
    enum pm_status status = PM_OK;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t *chunk = malloc(HASH_CHUNK);
    if (!ctx || !chunk || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
        status = pm_fail(err, PM_NO_MEMORY, "%s: no memory to hash it", name);
        goto out;
    }
    for (off_t at = 0;;) {
        ssize_t n = pread(fd, chunk, HASH_CHUNK, at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            status = pm_fail(err, PM_IO, "%s: reading: %s", name, strerror(errno));
            goto out;
        }
        if (n == 0) break;
        at += n;
        if (EVP_DigestUpdate(ctx, chunk, (size_t)n) != 1 || !pm_clock_wait_ms(cancel_fd, 0)) {
            status = pm_fail(err, PM_CANCELLED, "%s: cancelled", name);
            goto out;
        }
    }
    if (EVP_DigestFinal_ex(ctx, out, NULL) != 1)
        status = pm_fail(err, PM_INTERNAL, "%s: cannot be hashed", name);
out:
    EVP_MD_CTX_free(ctx);
    free(chunk);
    return status;
}

static enum pm_status check_hash(int fd, const struct pm_artifact *artifact, const char *name, int cancel_fd,
                                 struct pm_error *err)
{
    uint8_t found[32];
    char expected_text[65], found_text[65];
    PM_TRY(pm_artifacts_hash(found, fd, name, cancel_fd, err));
    if (memcmp(found, artifact->sha256, 32) == 0) return PM_OK;
    pm_hex_encode(expected_text, artifact->sha256, 32);
    pm_hex_encode(found_text, found, 32);
    return pm_fail(err, PM_MISMATCH, "%.300s: expected sha256 %s, found %s", name, expected_text, found_text);
}

/* Whether the open file is the one of that name. */
static bool is_at(int fd, const char *path)
{
    struct stat ours, there;
    return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_ino == there.st_ino &&
           ours.st_dev == there.st_dev;
}

/* Makes an open file a held one (trim.h). Whoever trims locks it for a moment, and may just have removed it:
 * then *fd is closed and -1. */
static enum pm_status hold_open(int *fd, const char *path, struct pm_error *err)
{
    int got;
    do got = flock(*fd, LOCK_SH);
    while (got != 0 && errno == EINTR);
    enum pm_status status =
        got == 0 ? PM_OK : pm_fail(err, PM_IO, "%s: cannot be locked: %s", path, strerror(errno));
    if (got == 0 && is_at(*fd, path)) return PM_OK;
    close(*fd);
    *fd = -1;
    return status;
}

/* Opens and holds the file. -1 with PM_OK: it is not there. */
static enum pm_status open_held(int *fd, const char *path, struct pm_error *err)
{
    for (;;) {
        *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (*fd < 0 && errno == ENOENT) return PM_OK;
        if (*fd < 0) return pm_fail(err, PM_IO, "%s: cannot be opened: %s", path, strerror(errno));
        PM_TRY(hold_open(fd, path, err));
        if (*fd >= 0) return PM_OK;
    }
}

/* Whether the file is there and right; then *hold. A wrong one is removed: it was whole once, so the disk or
 * a person changed it. */
static enum pm_status have(struct pm_artifacts *a, int *hold, const char *path,
                           const struct pm_artifact *artifact, int cancel_fd, struct pm_error *err)
{
    struct stat st;
    int fd;
    *hold = -1;
    PM_TRY(open_held(&fd, path, err));
    if (fd < 0) return PM_OK;
    enum pm_status status = PM_OK;
    bool right = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
                 (artifact->size_bytes == 0 || (uint64_t)st.st_size == artifact->size_bytes);
    if (right && !is_known(a, artifact->sha256, false)) {
        status = check_hash(fd, artifact, path, cancel_fd, err);
        if (status == PM_OK) (void)is_known(a, artifact->sha256, true);
        right = status == PM_OK;
        if (status == PM_MISMATCH) status = PM_OK;
    }
    if (right) {
        (void)futimens(fd, NULL); /* its last use */
        *hold = fd;
        return PM_OK;
    }
    close(fd);
    if (status == PM_OK && unlink(path) != 0)
        return pm_fail(err, PM_IO, "%s: it is damaged and cannot be removed: %s", path, strerror(errno));
    return status;
}

/* Locks SHA.part. It may have been renamed or removed by the last holder, who may hold it on under its new
 * name: then a new one is made. */
static enum pm_status lock_part(int *out, const char *part, int cancel_fd, struct pm_error *err)
{
    for (;;) {
        bool locked = false;
        int fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) return pm_fail(err, PM_IO, "%s: cannot be made: %s", part, strerror(errno));
        while (!locked && is_at(fd, part)) {
            locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
            if (locked || errno == EINTR) continue;
            if (errno != EWOULDBLOCK) {
                close(fd);
                return pm_fail(err, PM_IO, "%s: cannot be locked: %s", part, strerror(errno));
            }
            if (pm_clock_wait_ms(cancel_fd, LOCK_WAIT_MS)) continue;
            close(fd);
            return pm_fail(err, PM_CANCELLED, "%s: cancelled", part);
        }
        if (locked && is_at(fd, part)) {
            *out = fd;
            return PM_OK;
        }
        close(fd);
    }
}

static bool start_over(int fd) { return ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0; }

/* Fills the part and checks it. resumed: it held something before. */
static enum pm_status fill(struct pm_artifacts *a, int fd, const struct pm_artifact *artifact, int cancel_fd,
                           struct pm_error *err)
{
    struct stat st;
    struct pm_download d = {.url = artifact->url, .fd = fd, .cancel_fd = cancel_fd};
    d.max_bytes = artifact->size_bytes ? artifact->size_bytes : a->max_bytes;
    enum pm_status status = PM_OK;
    bool resumed = fstat(fd, &st) == 0 && st.st_size > 0;
    bool whole = resumed && artifact->size_bytes && (uint64_t)st.st_size == artifact->size_bytes;
    for (unsigned attempt = 0;; attempt++) {
        status = whole ? PM_OK : pm_download_run(&d, err);
        if (status == PM_OK) {
            if (fstat(fd, &st) != 0) return pm_fail(err, PM_IO, "%s: %s", artifact->url, strerror(errno));
            if (artifact->size_bytes && (uint64_t)st.st_size != artifact->size_bytes)
                status = pm_fail(err, PM_MISMATCH, "%.300s: expected %llu bytes, found %llu", artifact->url,
                                 (unsigned long long)artifact->size_bytes, (unsigned long long)st.st_size);
            else
                status = check_hash(fd, artifact, artifact->url, cancel_fd, err);
            if (status != PM_MISMATCH) return status;
            d.again = resumed; /* what was there before may be at fault */
            d.start_over = true;
        }
        if (d.start_over) {
            whole = resumed = false;
            if (!start_over(fd))
                return pm_fail(err, PM_IO, "%s: cannot empty a file: %s", artifact->url, strerror(errno));
        }
        if (!d.again || attempt + 1 == MAX_ATTEMPTS) return status;
        if (!d.start_over && !pm_clock_wait_ms(cancel_fd, FIRST_WAIT_MS << attempt))
            return pm_fail(err, PM_CANCELLED, "%.300s: cancelled", artifact->url);
    }
}

/* Fetches into the part under its lock, fd, and puts it in place. */
static enum pm_status fetch(struct pm_artifacts *a, int fd, const char *part, const char *path,
                            const struct pm_artifact *artifact, int cancel_fd, struct pm_error *err)
{
    PM_TRY(fill(a, fd, artifact, cancel_fd, err));
    if (fsync(fd) != 0 || rename(part, path) != 0)
        return pm_fail(err, PM_IO, "%s: cannot be put in place: %s", path, strerror(errno));
    (void)is_known(a, artifact->sha256, true);
    int dir = open(a->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0) {
        (void)fsync(dir);
        close(dir);
    }
    return PM_OK;
}

/* What is not there yet: under the part's lock, within the budget. *hold -1 with PM_OK: it was trimmed at
 * once. */
static enum pm_status get_missing(struct pm_artifacts *a, int *hold, const char *path,
                                  const struct pm_artifact *artifact, int cancel_fd, struct pm_error *err)
{
    char part[PM_ARTIFACT_PATH + 8];
    int fd = -1;
    enum pm_status status = PM_OK;
    (void)snprintf(part, sizeof part, "%s.part", path);
    PM_TRY(lock_part(&fd, part, cancel_fd, err));
    PM_GOTO(have(a, hold, path, artifact, cancel_fd, err)); /* whoever held the lock may have finished it */
    if (*hold >= 0) {
        unlink(part);
        goto out;
    }
    if (a->room) PM_GOTO(pm_room_take(a->room, artifact->size_bytes, cancel_fd, err));
    status = fetch(a, fd, part, path, artifact, cancel_fd, err);
    if (status == PM_OK) status = hold_open(&fd, path, err);
    if (a->room) pm_room_give(a->room, artifact->size_bytes);
    if (status == PM_OK) {
        *hold = fd;
        return PM_OK;
    }
out:
    if (fd >= 0) close(fd); /* and with it the lock */
    return status;
}

enum pm_status pm_artifacts_get(struct pm_artifacts *a, char path[PM_ARTIFACT_PATH], int *hold,
                                const struct pm_artifact *artifact, int cancel_fd, struct pm_error *err)
{
    char sha[65];
    int fd = -1;
    if (hold) *hold = -1;
    if (artifact->size_bytes > a->max_bytes)
        return pm_fail(err, PM_NO_MEMORY, "%.300s: %llu bytes, at most %llu are allowed", artifact->url,
                       (unsigned long long)artifact->size_bytes, (unsigned long long)a->max_bytes);
    pm_hex_encode(sha, artifact->sha256, 32);
    (void)snprintf(path, PM_ARTIFACT_PATH, "%s/%s", a->dir, sha);
    PM_TRY(have(a, &fd, path, artifact, cancel_fd, err));
    for (int i = 0; fd < 0 && i < MAX_ATTEMPTS; i++)
        PM_TRY(get_missing(a, &fd, path, artifact, cancel_fd, err));
    if (fd < 0)
        return pm_fail(err, PM_NO_MEMORY, "%s: trimmed again and again; the budget for files is too small",
                       path);
    if (hold)
        *hold = fd;
    else
        close(fd);
    return PM_OK;
}

static void mark_of(char out[PM_ARTIFACT_PATH + 16], const char *path)
{
    (void)snprintf(out, PM_ARTIFACT_PATH + 16, "%s.checked", path);
}

bool pm_artifacts_is_checked(const char *path)
{
    char mark[PM_ARTIFACT_PATH + 16];
    mark_of(mark, path);
    return access(mark, F_OK) == 0;
}

enum pm_status pm_artifacts_set_checked(const char *path, struct pm_error *err)
{
    char mark[PM_ARTIFACT_PATH + 16];
    mark_of(mark, path);
    int fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return pm_fail(err, PM_IO, "%s: cannot be made: %s", mark, strerror(errno));
    close(fd);
    return PM_OK;
}
