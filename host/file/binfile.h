/* The container that .zkey, .wtns, .r1cs and .ptau share (iden3's binary file format): a four-byte type, a
 * version, and sections {type u32, size u64, bytes} in any order. A view into one read-only mapping: nothing
 * is copied, and whatever points into it dies with it. Files of any size (64-bit offsets throughout).
 * A file that another program cuts short while it is mapped here ends this one by SIGBUS: such files are
 * replaced by rename, as the writer below does, never changed in place.
 *
 * Checked here: magic, version, that every section lies inside the file, that no byte is left over, that no
 * section occurs twice where only one may. What a section holds is checked by zkey.c, wtns.c, r1cs.c. Errors
 * name the file, the section and the offset. */
#ifndef PM_FILE_BINFILE_H
#define PM_FILE_BINFILE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct pm_section {
    uint32_t type;
    const char *name; /* for errors: "header", "A", ...; "unknown" for a type that the format does not have */
    uint64_t offset;  /* of its bytes in the file */
    const uint8_t *data;
    uint64_t size_bytes;
};

enum { PM_BINFILE_MAX_SECTIONS = 64 };

struct pm_binfile {
    char name[256]; /* for errors: the end of the path */
    const uint8_t *data;
    uint64_t size_bytes;
    uint32_t version;
    unsigned n_sections;
    struct pm_section section[PM_BINFILE_MAX_SECTIONS];
    int owns; /* 1: the mapping is ours */
};

/* Maps the file. magic: four characters, e.g. "zkey". max_version: the newest that is understood. */
PM_MUST_USE enum pm_status pm_binfile_open(struct pm_binfile *out, const char *path, const char magic[4],
                                           uint32_t max_version, struct pm_error *err);
/* The same over bytes of the caller, which must outlive the view. name is for errors. */
PM_MUST_USE enum pm_status pm_binfile_view(struct pm_binfile *out, const char *name, const uint8_t *data,
                                           uint64_t size_bytes, const char magic[4], uint32_t max_version,
                                           struct pm_error *err);
void pm_binfile_close(struct pm_binfile *file);
/* Bytes [from, to) of the file were read: their pages leave this process's memory, and come back from the
 * file when they are read again. For walks through large files. */
void pm_binfile_release(const struct pm_binfile *file, uint64_t from, uint64_t to);

/* The one section of that type. PM_FORMAT where it is missing or occurs twice; what: its name for errors
 * ("header"). */
PM_MUST_USE enum pm_status pm_binfile_section(const struct pm_section **out, const struct pm_binfile *file,
                                              uint32_t type, const char *what, struct pm_error *err);
/* The same, but *out = NULL and PM_OK where there is none. */
PM_MUST_USE enum pm_status pm_binfile_optional(const struct pm_section **out, const struct pm_binfile *file,
                                               uint32_t type, const char *what, struct pm_error *err);

/* Writes "FILE: section 5 (A), byte 1234: TEXT" (the byte counted from the file's start: the section's offset
 * + at) and returns status. */
enum pm_status pm_section_fail(struct pm_error *err, enum pm_status status, const struct pm_binfile *file,
                               const struct pm_section *section, uint64_t at, const char *fmt, ...)
    PM_PRINTF(6, 7);

/* A cursor over a section: the first error sticks, the caller checks once (r.status). Reads past the end give
 * zero. */
struct pm_reader {
    const struct pm_binfile *file;
    const struct pm_section *section;
    uint64_t at; /* within the section */
    enum pm_status status;
    struct pm_error *err;
};
void pm_reader_init(struct pm_reader *r, const struct pm_binfile *file, const struct pm_section *section,
                    struct pm_error *err);
uint32_t pm_reader_u32(struct pm_reader *r, const char *what);
uint64_t pm_reader_u64(struct pm_reader *r, const char *what);
const uint8_t *pm_reader_bytes(struct pm_reader *r, uint64_t len, const char *what); /* NULL past the end */
/* PM_FORMAT unless the section ends here. */
PM_MUST_USE enum pm_status pm_reader_end(struct pm_reader *r);

/* Writing: sections go to a temporary file beside `path`, which replaces it on finish, so that a crash leaves
 * no half file. Call section, then put as often as needed, then the next section; a section ends where the
 * next one begins. Finish fails (PM_INTERNAL) unless n_sections were written. After a failure only free is
 * allowed. */
struct pm_binwriter;
PM_MUST_USE enum pm_status pm_binwriter_new(struct pm_binwriter **out, const char *path, const char magic[4],
                                            uint32_t version, uint32_t n_sections, struct pm_error *err);
PM_MUST_USE enum pm_status pm_binwriter_section(struct pm_binwriter *w, uint32_t type, struct pm_error *err);
PM_MUST_USE enum pm_status pm_binwriter_put(struct pm_binwriter *w, const void *data, size_t len,
                                            struct pm_error *err);
PM_MUST_USE enum pm_status pm_binwriter_finish(struct pm_binwriter *w,
                                               struct pm_error *err); /* sizes, fsync, rename */
void pm_binwriter_free(struct pm_binwriter **w); /* removes the temporary file unless finished */

#endif
