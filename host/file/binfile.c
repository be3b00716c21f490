/* Maps a section-based file and finds its sections. Knows where sections lie and what they are called, not
 * what they hold: zkey.c, wtns.c, r1cs.c and ptau.c read them through the cursor below. Writing is in
 * binwriter.c. */
#include "file/binfile.h"
#include "base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { file_header_bytes = 12, section_header_bytes = 12 };

static const char *section_name(const uint8_t *magic, uint32_t type)
{
    static const struct {
        const char *magic;
        uint32_t type;
        const char *name;
    } table[] = {
        {"zkey", 1, "protocol"},
        {"zkey", 2, "header"},
        {"zkey", 3, "IC"},
        {"zkey", 4, "coefficients"},
        {"zkey", 5, "A"},
        {"zkey", 6, "B1"},
        {"zkey", 7, "B2"},
        {"zkey", 8, "C"},
        {"zkey", 9, "H"},
        {"zkey", 10, "contributions"},
        {"zkey", 0x7ded, "development mark"},
        {"wtns", 1, "header"},
        {"wtns", 2, "values"},
        {"r1cs", 1, "header"},
        {"r1cs", 2, "constraints"},
        {"r1cs", 3, "wire to label"},
        {"r1cs", 4, "custom gates"},
        {"r1cs", 5, "custom gate uses"},
        {"ptau", 1, "header"},
        {"ptau", 2, "tau G1"},
        {"ptau", 3, "tau G2"},
        {"ptau", 4, "alpha tau G1"},
        {"ptau", 5, "beta tau G1"},
        {"ptau", 6, "beta G2"},
        {"ptau", 7, "contributions"},
        {"ptau", 12, "Lagrange tau G1"},
        {"ptau", 13, "Lagrange tau G2"},
        {"ptau", 14, "Lagrange alpha tau G1"},
        {"ptau", 15, "Lagrange beta tau G1"},
        {"ptau", 0x7ded, "development mark"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].type == type && memcmp(table[i].magic, magic, 4) == 0) return table[i].name;
    return "unknown";
}

/* The end of the path, where the file's own name is. */
static void set_name(struct pm_binfile *file, const char *path)
{
    size_t len = strlen(path), room = sizeof file->name - 1;
    if (len <= room)
        memcpy(file->name, path, len + 1);
    else
        (void)snprintf(file->name, sizeof file->name, "...%s", path + (len - (room - 3)));
}

/* Printable text of a magic number that may be any bytes. */
static void magic_text(char out[5], const uint8_t *magic)
{
    for (int i = 0; i < 4; i++) out[i] = magic[i] >= 32 && magic[i] < 127 ? (char)magic[i] : '?';
    out[4] = '\0';
}

static enum pm_status parse_sections(struct pm_binfile *file, uint32_t n_sections, struct pm_error *err)
{
    uint64_t at = file_header_bytes;
    for (uint32_t i = 0; i < n_sections; i++) {
        if (file->size_bytes - at < section_header_bytes)
            return pm_fail(
                err, PM_FORMAT,
                "%s: byte %llu: the header of section %u of %u (12 bytes) expected, %llu bytes are left",
                file->name, (unsigned long long)at, i + 1, n_sections,
                (unsigned long long)(file->size_bytes - at));
        struct pm_section *s = &file->section[file->n_sections];
        s->type = pm_load_le32(file->data + at);
        s->name = section_name(file->data, s->type);
        s->size_bytes = pm_load_le64(file->data + at + 4);
        at += section_header_bytes;
        s->offset = at;
        s->data = file->data + at;
        if (s->size_bytes > file->size_bytes - at)
            return pm_section_fail(
                err, PM_FORMAT, file, s, 0, "it says %llu bytes, but the file has %llu from there",
                (unsigned long long)s->size_bytes, (unsigned long long)(file->size_bytes - at));
        at += s->size_bytes;
        file->n_sections++;
    }
    if (at != file->size_bytes)
        return pm_fail(err, PM_FORMAT,
                       "%s: byte %llu: the end expected after the last of %u sections, %llu bytes follow",
                       file->name, (unsigned long long)at, n_sections,
                       (unsigned long long)(file->size_bytes - at));
    return PM_OK;
}

static enum pm_status parse(struct pm_binfile *file, const char magic[4], uint32_t max_version,
                            struct pm_error *err)
{
    if (file->size_bytes < file_header_bytes)
        return pm_fail(err, PM_FORMAT, "%s: a .%.4s file of at least 12 bytes expected, %llu found",
                       file->name, magic, (unsigned long long)file->size_bytes);
    if (memcmp(file->data, magic, 4) != 0) {
        char found[5];
        magic_text(found, file->data);
        return pm_fail(err, PM_FORMAT,
                       "%s: a .%.4s file expected (its first four bytes), found \"%s\" (%02x%02x%02x%02x)",
                       file->name, magic, found, file->data[0], file->data[1], file->data[2], file->data[3]);
    }
    file->version = pm_load_le32(file->data + 4);
    if (file->version == 0 || file->version > max_version)
        return pm_fail(err, PM_UNSUPPORTED,
                       "%s: byte 4: version %u of the .%.4s format; versions 1 to %u are understood",
                       file->name, file->version, magic, max_version);
    uint32_t n_sections = pm_load_le32(file->data + 8);
    if (n_sections > PM_BINFILE_MAX_SECTIONS)
        return pm_fail(err, PM_FORMAT, "%s: byte 8: at most %d sections expected, %u found", file->name,
                       PM_BINFILE_MAX_SECTIONS, n_sections);
    return parse_sections(file, n_sections, err);
}

enum pm_status pm_binfile_view(struct pm_binfile *out, const char *name, const uint8_t *data,
                               uint64_t size_bytes, const char magic[4], uint32_t max_version,
                               struct pm_error *err)
{
    *out = (struct pm_binfile){.data = data, .size_bytes = size_bytes};
    set_name(out, name);
    enum pm_status status = parse(out, magic, max_version, err);
    if (status != PM_OK) pm_binfile_close(out);
    return status;
}

enum pm_status pm_binfile_open(struct pm_binfile *out, const char *path, const char magic[4],
                               uint32_t max_version, struct pm_error *err)
{
    enum pm_status status = PM_OK;
    struct stat st;
    *out = (struct pm_binfile){0};
    set_name(out, path);
    int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* NONBLOCK: a FIFO is refused below, not waited for */
    if (fd < 0) {
        int e = errno;
        return pm_fail(err, e == ENOENT ? PM_NOT_FOUND : PM_IO, "%s: cannot be opened: %s", out->name,
                       strerror(e));
    }
    if (fstat(fd, &st) != 0) {
        status = pm_fail(err, PM_IO, "%s: cannot be examined: %s", out->name, strerror(errno));
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        status = pm_fail(err, PM_IO, "%s: a regular file expected", out->name);
        goto out;
    }
    if (st.st_size < file_header_bytes || (uint64_t)st.st_size > SIZE_MAX / 2) {
        status = pm_fail(err, PM_FORMAT, "%s: a .%.4s file of at least 12 bytes expected, %lld found",
                         out->name, magic, (long long)st.st_size);
        goto out;
    }
    void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        status = pm_fail(err, PM_IO, "%s: %lld bytes cannot be mapped: %s", out->name, (long long)st.st_size,
                         strerror(errno));
        goto out;
    }
    out->data = map;
    out->size_bytes = (uint64_t)st.st_size;
    out->owns = 1;
    status = parse(out, magic, max_version, err);
    if (status != PM_OK) pm_binfile_close(out);
out:
    (void)close(fd);
    return status;
}

void pm_binfile_release(const struct pm_binfile *file, uint64_t from, uint64_t to)
{
    long page = sysconf(_SC_PAGESIZE);
    union {
        const uint8_t *in;
        void *out;
    } map = {.in = file->data};
    if (!file->owns || page <= 0 || to > file->size_bytes || from >= to) return;
    uint64_t begin = from / (uint64_t)page * (uint64_t)page;
    (void)madvise((uint8_t *)map.out + begin, (size_t)(to - begin), MADV_DONTNEED); /* advice: may fail */
}

void pm_binfile_close(struct pm_binfile *file)
{
    if (file->owns) {
        union {
            const uint8_t *in;
            void *out;
        } map = {.in = file->data};
        (void)munmap(map.out, (size_t)file->size_bytes);
    }
    *file = (struct pm_binfile){0};
}

enum pm_status pm_binfile_optional(const struct pm_section **out, const struct pm_binfile *file,
                                   uint32_t type, const char *what, struct pm_error *err)
{
    *out = NULL;
    for (unsigned i = 0; i < file->n_sections; i++) {
        const struct pm_section *s = &file->section[i];
        if (s->type != type) continue;
        if (*out) {
            uint64_t first = (*out)->offset;
            *out = NULL;
            return pm_fail(err, PM_FORMAT, "%s: section %u (%s) expected once, found at bytes %llu and %llu",
                           file->name, type, what, (unsigned long long)first, (unsigned long long)s->offset);
        }
        *out = s;
    }
    return PM_OK;
}

enum pm_status pm_binfile_section(const struct pm_section **out, const struct pm_binfile *file, uint32_t type,
                                  const char *what, struct pm_error *err)
{
    PM_TRY(pm_binfile_optional(out, file, type, what, err));
    if (!*out)
        return pm_fail(err, PM_FORMAT, "%s: section %u (%s) is missing among %u sections", file->name, type,
                       what, file->n_sections);
    return PM_OK;
}

enum pm_status pm_section_fail(struct pm_error *err, enum pm_status status, const struct pm_binfile *file,
                               const struct pm_section *section, uint64_t at, const char *fmt, ...)
{
    char text[sizeof err->text];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return pm_fail(err, status, "%s: section %u (%s), byte %llu: %s", file->name, section->type,
                   section->name, (unsigned long long)(section->offset + at), text);
}

void pm_reader_init(struct pm_reader *r, const struct pm_binfile *file, const struct pm_section *section,
                    struct pm_error *err)
{
    *r = (struct pm_reader){.file = file, .section = section, .status = PM_OK, .err = err};
}

const uint8_t *pm_reader_bytes(struct pm_reader *r, uint64_t len, const char *what)
{
    if (r->status != PM_OK) return NULL;
    uint64_t left = r->section->size_bytes - r->at;
    if (len > left) {
        r->status = pm_section_fail(r->err, PM_FORMAT, r->file, r->section, r->at,
                                    "%s: %llu bytes expected, %llu are left", what, (unsigned long long)len,
                                    (unsigned long long)left);
        return NULL;
    }
    const uint8_t *p = r->section->data + r->at;
    r->at += len;
    return p;
}

uint32_t pm_reader_u32(struct pm_reader *r, const char *what)
{
    const uint8_t *p = pm_reader_bytes(r, 4, what);
    return p ? pm_load_le32(p) : 0;
}

uint64_t pm_reader_u64(struct pm_reader *r, const char *what)
{
    const uint8_t *p = pm_reader_bytes(r, 8, what);
    return p ? pm_load_le64(p) : 0;
}

enum pm_status pm_reader_end(struct pm_reader *r)
{
    if (r->status == PM_OK && r->at != r->section->size_bytes)
        r->status = pm_section_fail(r->err, PM_FORMAT, r->file, r->section, r->at,
                                    "its end expected, %llu bytes follow",
                                    (unsigned long long)(r->section->size_bytes - r->at));
    return r->status;
}
