/* Containers: sections in any order, truncated and overlong ones, sizes that overflow, odd addresses, files
 * over 4 GB. */
#include "base/bytes.h"
#include "file/binfile.h"
#include "unit/file/build_files.h"
#include "unit/file/check_fails.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The bytes at an address of the wanted alignment, in a block that ends where they end. */
static uint8_t *copy_at(const struct buf *b, size_t len, unsigned shift, uint8_t **block)
{
    *block = malloc(len + shift + 1);
    if (!*block) abort();
    memcpy(*block + shift, b->p, len);
    return *block + shift;
}

static enum pm_status view(struct pm_binfile *out, const struct buf *b, struct pm_error *err)
{
    *err = (struct pm_error){0};
    return pm_binfile_view(out, "t.wtns", b->p, b->len, "wtns", 2, err);
}

static void three_sections(struct parts *p)
{
    *p = (struct parts){.magic = {'w', 't', 'n', 's'}, .version = 2};
    buf_put(parts_add(p, 7), "seven", 5);
    (void)parts_add(p, 8);
    buf_put(parts_add(p, 9), "nine", 4);
}

PM_TEST(sections_are_found_in_any_order)
{
    static const unsigned orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int o = 0; o < 6; o++) {
        struct parts in, p;
        struct buf b = {0};
        struct pm_binfile f;
        struct pm_error err;
        const struct pm_section *s;
        three_sections(&in);
        p = in;
        for (int i = 0; i < 3; i++) p.type[i] = in.type[orders[o][i]], p.part[i] = in.part[orders[o][i]];
        parts_join(&b, &p);
        for (unsigned shift = 0; shift < 5; shift++) {
            uint8_t *block, *data = copy_at(&b, b.len, shift, &block);
            CHECK_OK(pm_binfile_view(&f, "t", data, b.len, "wtns", 2, &err), err);
            CHECK_U64(f.version, 2);
            CHECK_U64(f.n_sections, 3);
            CHECK_OK(pm_binfile_section(&s, &f, 7, "x", &err), err);
            CHECK(s && s->size_bytes == 5 && memcmp(s->data, "seven", 5) == 0 && s->data == data + s->offset);
            CHECK_OK(pm_binfile_section(&s, &f, 8, "x", &err), err);
            CHECK(s && s->size_bytes == 0);
            CHECK_OK(pm_binfile_optional(&s, &f, 9, "x", &err), err);
            CHECK(s && s->size_bytes == 4 && memcmp(s->data, "nine", 4) == 0);
            CHECK_OK(pm_binfile_optional(&s, &f, 10, "x", &err), err);
            CHECK(s == NULL);
            CHECK_FAILS(pm_binfile_section(&s, &f, 10, "mark", &err), PM_FORMAT,
                        "t: section 10 (mark) is missing");
            pm_binfile_close(&f);
            CHECK(f.data == NULL && f.n_sections == 0);
            free(block);
        }
        buf_free(&b);
        parts_free(&in);
    }
}

PM_TEST(doubled_sections)
{
    struct parts p;
    struct buf b = {0};
    struct pm_binfile f;
    struct pm_error err = {0};
    const struct pm_section *s;
    three_sections(&p);
    (void)parts_add(&p, 7);
    parts_join(&b, &p);
    CHECK_OK(view(&f, &b, &err), err); /* the container allows it: .ptau files may have several of a kind */
    CHECK_FAILS(pm_binfile_section(&s, &f, 7, "x", &err), PM_FORMAT,
                "section 7 (x) expected once, found at bytes 24 and ");
    CHECK(s == NULL);
    CHECK_FAILS(pm_binfile_optional(&s, &f, 7, "x", &err), PM_FORMAT, "expected once");
    CHECK_OK(pm_binfile_section(&s, &f, 9, "x", &err), err);
    pm_binfile_close(&f);
    buf_free(&b);
    parts_free(&p);
}

PM_TEST(truncated_at_every_byte_and_extended)
{
    struct parts p;
    struct buf b = {0};
    struct pm_binfile f;
    struct pm_error err;
    three_sections(&p);
    parts_join(&b, &p);
    for (size_t len = 0; len < b.len; len++) {
        uint8_t *block, *data = copy_at(&b, len, (unsigned)(len & 3), &block);
        err = (struct pm_error){0};
        CHECK_FAILS(pm_binfile_view(&f, "t.wtns", data, len, "wtns", 2, &err), PM_FORMAT, "t.wtns: ");
        CHECK(f.data == NULL);
        free(block);
    }
    CHECK_OK(view(&f, &b, &err), err);
    pm_binfile_close(&f);
    buf_put(&b, "\0", 1);
    CHECK_FAILS(view(&f, &b, &err), PM_FORMAT,
                "byte 57: the end expected after the last of 3 sections, 1 bytes follow");
    buf_free(&b);
    parts_free(&p);
}

PM_TEST(wrong_magic_and_version)
{
    struct parts p;
    struct buf b = {0};
    struct pm_binfile f;
    struct pm_error err;
    three_sections(&p);
    parts_join(&b, &p);
    b.p[0] = 0x1b;
    CHECK_FAILS(view(&f, &b, &err), PM_FORMAT,
                "a .wtns file expected (its first four bytes), found \"?tns\" (1b746e73)");
    memcpy(b.p, "zkey", 4);
    CHECK_FAILS(view(&f, &b, &err), PM_FORMAT, "found \"zkey\"");
    memcpy(b.p, "wtns", 4);
    for (unsigned v = 0; v < 5; v++) {
        b.p[4] = (uint8_t)v;
        if (v == 1 || v == 2) {
            CHECK_OK(view(&f, &b, &err), err);
            CHECK_U64(f.version, v);
            pm_binfile_close(&f);
        } else {
            CHECK_FAILS(view(&f, &b, &err), PM_UNSUPPORTED, "versions 1 to 2");
        }
    }
    buf_free(&b);
    parts_free(&p);
}

PM_TEST(section_counts)
{
    struct parts p = {.magic = {'w', 't', 'n', 's'}, .version = 2};
    struct buf b = {0};
    struct pm_binfile f;
    struct pm_error err;
    parts_join(&b, &p);
    CHECK_OK(view(&f, &b, &err), err);
    pm_binfile_close(&f);
    for (unsigned i = 0; i < 64; i++) (void)parts_add(&p, i);
    parts_join(&b, &p);
    CHECK_OK(view(&f, &b, &err), err);
    CHECK_U64(f.n_sections, 64);
    pm_binfile_close(&f);
    (void)parts_add(&p, 64);
    parts_join(&b, &p);
    CHECK_FAILS(view(&f, &b, &err), PM_FORMAT, "at most 64 sections expected, 65 found");
    memset(b.p + 8, 0xff, 4);
    CHECK_FAILS(view(&f, &b, &err), PM_FORMAT, "4294967295 found");
    b.p[8] = 3, b.p[9] = b.p[10] = b.p[11] = 0;
    CHECK_FAILS(view(&f, &b, &err), PM_FORMAT, "the end expected after the last of 3 sections");
    buf_free(&b);
    parts_free(&p);
}

PM_TEST(sizes_that_overflow)
{
    static const uint64_t sizes[] = {6,
                                     7,
                                     1000,
                                     UINT32_MAX,
                                     (uint64_t)1 << 32,
                                     (uint64_t)1 << 63,
                                     UINT64_MAX - 24,
                                     UINT64_MAX - 23,
                                     UINT64_MAX - 11,
                                     UINT64_MAX};
    struct parts p = {.magic = {'w', 't', 'n', 's'}, .version = 2};
    struct buf b = {0};
    struct pm_binfile f;
    struct pm_error err;
    buf_put(parts_add(&p, 3), "12345", 5);
    parts_join(&b, &p);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pm_store_le64(b.p + 16, sizes[i]);
        CHECK_FAILS(view(&f, &b, &err), PM_FORMAT, "t.wtns: section 3 (unknown), byte 24: it says ");
        CHECK(strstr(err.text, "but the file has 5 from there") != NULL);
    }
    buf_free(&b);
    parts_free(&p);
}

PM_TEST(the_reader_stops_at_its_first_error)
{
    struct parts p = {.magic = {'w', 't', 'n', 's'}, .version = 2};
    struct buf b = {0}, *s2 = parts_add(&p, 2);
    struct pm_binfile f;
    struct pm_error err = {0};
    const struct pm_section *s;
    struct pm_reader r;
    buf_u32(s2, 0x01020304);
    buf_u64(s2, 0x1122334455667788);
    buf_put(s2, "abc", 3);
    parts_join(&b, &p);
    CHECK_OK(view(&f, &b, &err), err);
    CHECK_OK(pm_binfile_section(&s, &f, 2, "values", &err), err);
    pm_reader_init(&r, &f, s, &err);
    CHECK_U64(pm_reader_u32(&r, "a"), 0x01020304);
    CHECK_U64(pm_reader_u64(&r, "b"), 0x1122334455667788);
    const uint8_t *abc = pm_reader_bytes(&r, 3, "c");
    CHECK(abc && memcmp(abc, "abc", 3) == 0);
    CHECK(pm_reader_bytes(&r, 0, "nothing") != NULL);
    CHECK_U64(pm_reader_end(&r), PM_OK);
    CHECK_FAILS((pm_reader_u32(&r, "the next"), pm_reader_end(&r)), PM_FORMAT,
                "t.wtns: section 2 (values), byte 39: the next: 4 bytes expected, 0 are left");

    pm_reader_init(&r, &f, s, &err);
    (void)pm_reader_u64(&r, "x");
    CHECK_U64(pm_reader_u64(&r, "first"), 0);
    char text[sizeof err.text];
    memcpy(text, err.text, sizeof text);
    CHECK(strstr(text, "byte 32: first: 8 bytes expected, 7 are left") != NULL);
    CHECK_U64(pm_reader_u32(&r, "second"), 0); /* four bytes are there, but the error sticks */
    CHECK(pm_reader_bytes(&r, 1, "third") == NULL);
    CHECK_U64(pm_reader_end(&r), PM_FORMAT);
    CHECK_STR(err.text, text);

    pm_reader_init(&r, &f, s, NULL);
    CHECK(pm_reader_bytes(&r, (uint64_t)1 << 32, "none, in 32 bits") == NULL);
    CHECK_U64(r.status, PM_FORMAT);
    pm_reader_init(&r, &f, s, NULL);
    CHECK(pm_reader_bytes(&r, UINT64_MAX, "all") == NULL);
    CHECK_U64(r.status, PM_FORMAT);
    pm_reader_init(&r, &f, s, &err);
    (void)pm_reader_u32(&r, "x");
    CHECK_FAILS(pm_reader_end(&r), PM_FORMAT, "byte 28: its end expected, 11 bytes follow");
    pm_binfile_close(&f);
    buf_free(&b);
    parts_free(&p);
}

static void write_file(const char *path, const uint8_t *data, size_t len)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0) abort();
}

PM_TEST(files_that_cannot_be_opened)
{
    char dir[256], path[600];
    struct pm_binfile f;
    struct pm_error err = {0};
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/none.wtns", dir);
    CHECK_FAILS(pm_binfile_open(&f, path, "wtns", 2, &err), PM_NOT_FOUND, "none.wtns: cannot be opened: ");
    CHECK_FAILS(pm_binfile_open(&f, dir, "wtns", 2, &err), PM_IO, "a regular file expected");
    snprintf(path, sizeof path, "%s/fifo", dir);
    CHECK(mkfifo(path, 0600) == 0);
    CHECK_FAILS(pm_binfile_open(&f, path, "wtns", 2, &err), PM_IO, "a regular file expected");
    snprintf(path, sizeof path, "%s/empty.wtns", dir);
    write_file(path, (const uint8_t *)"", 0);
    CHECK_FAILS(pm_binfile_open(&f, path, "wtns", 2, &err), PM_FORMAT, "at least 12 bytes expected, 0 found");
    snprintf(path, sizeof path, "%s/other.wtns", dir);
    write_file(path, (const uint8_t *)"hello, world", 12);
    CHECK_FAILS(pm_binfile_open(&f, path, "wtns", 2, &err), PM_FORMAT, "found \"hell\"");
    CHECK_U64(pm_binfile_open(&f, path, "wtns", 2, NULL), PM_FORMAT);
    CHECK(f.data == NULL && f.owns == 0);
    pm_binfile_close(&f);
    temp_dir_remove(dir);
}

PM_TEST(a_long_path_shows_its_end)
{
    char path[1000];
    struct pm_binfile f;
    struct pm_error err = {0};
    memset(path, 'd', sizeof path);
    strcpy(path + sizeof path - 10, "/key.wtns");
    CHECK_FAILS(pm_binfile_view(&f, path, NULL, 0, "wtns", 2, &err), PM_FORMAT, "ddd/key.wtns: a .wtns file");
    CHECK(strncmp(err.text, "...ddd", 6) == 0);
}

/* A section of 5 GB, a hole in the file, before and behind others; nothing of it is read. */
PM_TEST(files_over_four_gigabytes)
{
    static const uint64_t huge = 5 * ((uint64_t)1 << 30) + 3;
    char dir[256], path[600];
    uint8_t head[24], tail[12 + 4];
    struct pm_binfile f;
    struct pm_error err = {0};
    const struct pm_section *s;
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/huge.wtns", dir);
    memcpy(head, "wtns", 4);
    pm_store_le32(head + 4, 2);
    pm_store_le32(head + 8, 2);
    pm_store_le32(head + 12, 77);
    pm_store_le64(head + 16, huge);
    pm_store_le32(tail, 1);
    pm_store_le64(tail + 4, 4);
    memcpy(tail + 12, "tail", 4);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0);
    CHECK(pwrite(fd, head, sizeof head, 0) == (ssize_t)sizeof head);
    if (pwrite(fd, tail, sizeof tail, (off_t)(sizeof head + huge)) != (ssize_t)sizeof tail) {
        CHECK_MSG(errno == EFBIG || errno == ENOSPC, "%s", strerror(errno));
        printf("     (this file system has no files of 5 GB: skipped)\n");
    } else {
        CHECK_OK(pm_binfile_open(&f, path, "wtns", 2, &err), err);
        CHECK_U64(f.size_bytes, sizeof head + huge + sizeof tail);
        CHECK_OK(pm_binfile_section(&s, &f, 77, "huge", &err), err);
        CHECK_U64(s->size_bytes, huge);
        CHECK_OK(pm_binfile_section(&s, &f, 1, "header", &err), err);
        CHECK_U64(s->offset, sizeof head + huge + 12);
        CHECK_MEM(s->data, "tail", 4);
        pm_binfile_close(&f);
        CHECK(ftruncate(fd, (off_t)(sizeof head + huge + sizeof tail - 1)) == 0);
        CHECK_FAILS(pm_binfile_open(&f, path, "wtns", 2, &err), PM_FORMAT,
                    "section 1 (header), byte 5368709159: it says 4 bytes, but the file has 3 from there");
        pm_store_le64(head + 16, huge - ((uint64_t)1 << 32)); /* the same low 32 bits */
        CHECK(pwrite(fd, head, sizeof head, 0) == (ssize_t)sizeof head);
        CHECK_U64(pm_binfile_open(&f, path, "wtns", 2, &err), PM_FORMAT);
    }
    close(fd);
    temp_dir_remove(dir);
}
