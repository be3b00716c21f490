/* Writes section-based files: buffered, into a temporary file beside the target, which finish() puts in its
 * place. Knows nothing of what the sections hold. Reading is in binfile.c. */
#include "file/binfile.h"
#include "base/bytes.h"
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { buffer_bytes = 1 << 18, temp_suffix_chars = 24 };

struct pm_binwriter {
    char *path, *temp_path;
    int fd;
    uint32_t n_sections, begun; /* promised in the header, begun so far */
    uint64_t written;           /* bytes of the file, those in the buffer included */
    uint64_t section_at;        /* where the current section's bytes begin; 0: no section yet */
    size_t fill;
    uint8_t buffer[buffer_bytes];
};

static enum pm_status io_fail(const struct pm_binwriter *w, const char *doing, struct pm_error *err)
{
    return pm_fail(err, PM_IO, "%s: %s failed: %s", w->path, doing, strerror(errno));
}

static enum pm_status write_at(struct pm_binwriter *w, const uint8_t *p, size_t len, uint64_t at,
                               struct pm_error *err)
{
    while (len > 0) {
        ssize_t n = pwrite(w->fd, p, len, (off_t)at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return io_fail(w, "writing", err);
        p += n;
        len -= (size_t)n;
        at += (uint64_t)n;
    }
    return PM_OK;
}

static enum pm_status flush(struct pm_binwriter *w, struct pm_error *err)
{
    PM_TRY(write_at(w, w->buffer, w->fill, w->written - w->fill, err));
    w->fill = 0;
    return PM_OK;
}

static enum pm_status put(struct pm_binwriter *w, const uint8_t *p, size_t len, struct pm_error *err)
{
    if (len >= buffer_bytes) {
        PM_TRY(flush(w, err));
        PM_TRY(write_at(w, p, len, w->written, err));
        w->written += len;
        return PM_OK;
    }
    if (len > buffer_bytes - w->fill) PM_TRY(flush(w, err));
    memcpy(w->buffer + w->fill, p, len);
    w->fill += len;
    w->written += len;
    return PM_OK;
}

/* A link is followed, so that what it names is replaced and not the link; a device or folder is refused. */
static enum pm_status choose_paths(struct pm_binwriter *w, const char *path, struct pm_error *err)
{
    struct stat st;
    w->path = realpath(path, NULL);
    if (!w->path) w->path = strdup(path);
    if (!w->path) return pm_fail(err, PM_NO_MEMORY, "%s: no memory for its name", path);
    if (stat(w->path, &st) == 0 && !S_ISREG(st.st_mode))
        return pm_fail(err, PM_IO, "%s: exists and is not a regular file; it would have been replaced",
                       w->path);
    size_t len = strlen(w->path);
    w->temp_path = malloc(len + temp_suffix_chars);
    if (!w->temp_path) return pm_fail(err, PM_NO_MEMORY, "%s: no memory for its name", path);
    uint8_t random[8];
    char hex[2 * sizeof random + 1];
    PM_TRY(pm_random_bytes(random, sizeof random, err));
    pm_hex_encode(hex, random, sizeof random);
    (void)snprintf(w->temp_path, len + temp_suffix_chars, "%s.%s.tmp", w->path, hex);
    return PM_OK;
}

enum pm_status pm_binwriter_new(struct pm_binwriter **out, const char *path, const char magic[4],
                                uint32_t version, uint32_t n_sections, struct pm_error *err)
{
    enum pm_status status;
    *out = NULL;
    struct pm_binwriter *w = malloc(sizeof *w);
    if (!w) return pm_fail(err, PM_NO_MEMORY, "%s: no memory to write it", path);
    *w = (struct pm_binwriter){.fd = -1, .n_sections = n_sections};
    PM_GOTO(choose_paths(w, path, err));
    w->fd = open(w->temp_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (w->fd < 0) {
        status = io_fail(w, "creating a temporary file beside it", err);
        goto out;
    }
    uint8_t header[12];
    memcpy(header, magic, 4);
    pm_store_le32(header + 4, version);
    pm_store_le32(header + 8, n_sections);
    PM_GOTO(put(w, header, sizeof header, err));
    *out = w;
    return PM_OK;
out:
    pm_binwriter_free(&w);
    return status;
}

/* The size of the section that ends here goes into its header, which may still be in the buffer. */
static enum pm_status end_section(struct pm_binwriter *w, struct pm_error *err)
{
    if (w->section_at == 0) return PM_OK;
    uint8_t size[8];
    uint64_t at = w->section_at - sizeof size;
    pm_store_le64(size, w->written - w->section_at);
    uint64_t flushed = w->written - w->fill;
    if (at < flushed) return write_at(w, size, sizeof size, at, err);
    memcpy(w->buffer + (at - flushed), size, sizeof size);
    return PM_OK;
}

enum pm_status pm_binwriter_section(struct pm_binwriter *w, uint32_t type, struct pm_error *err)
{
    if (w->begun == w->n_sections)
        return pm_fail(err, PM_INTERNAL, "%s: section %u would be one more than the %u promised", w->path,
                       type, w->n_sections);
    PM_TRY(end_section(w, err));
    uint8_t header[12] = {0};
    pm_store_le32(header, type);
    PM_TRY(put(w, header, sizeof header, err));
    w->section_at = w->written;
    w->begun++;
    return PM_OK;
}

enum pm_status pm_binwriter_put(struct pm_binwriter *w, const void *data, size_t len, struct pm_error *err)
{
    if (w->section_at == 0) return pm_fail(err, PM_INTERNAL, "%s: bytes before the first section", w->path);
    return len ? put(w, data, len, err) : PM_OK;
}

/* The new name must last as long as the bytes: the folder is synchronised too. */
static enum pm_status sync_folder(const struct pm_binwriter *w, struct pm_error *err)
{
    char *copy = strdup(w->path);
    if (!copy) return pm_fail(err, PM_NO_MEMORY, "%s: no memory for its folder's name", w->path);
    enum pm_status status = PM_OK;
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL)) status = io_fail(w, "synchronising its folder", err);
    if (fd >= 0) (void)close(fd);
    free(copy);
    return status;
}

enum pm_status pm_binwriter_finish(struct pm_binwriter *w, struct pm_error *err)
{
    if (w->begun != w->n_sections)
        return pm_fail(err, PM_INTERNAL, "%s: %u sections promised, %u written", w->path, w->n_sections,
                       w->begun);
    PM_TRY(end_section(w, err));
    PM_TRY(flush(w, err));
    if (fsync(w->fd) != 0) return io_fail(w, "synchronising", err);
    int fd = w->fd;
    w->fd = -1;
    if (close(fd) != 0) return io_fail(w, "closing", err);
    if (rename(w->temp_path, w->path) != 0) return io_fail(w, "moving the finished file into its place", err);
    free(w->temp_path);
    w->temp_path = NULL;
    return sync_folder(w, err);
}

void pm_binwriter_free(struct pm_binwriter **at)
{
    struct pm_binwriter *w = *at;
    if (!w) return;
    if (w->fd >= 0) (void)close(w->fd);
    if (w->temp_path) (void)unlink(w->temp_path);
    free(w->temp_path);
    free(w->path);
    pm_wipe(w->buffer, sizeof w->buffer); /* it may have held a witness */
    free(w);
    *at = NULL;
}
