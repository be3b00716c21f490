/* Writing: the bytes, the sizes patched in, the old file kept until the new one is whole. */
#include "file/binfile.h"
#include "unit/file/build_files.h"
#include "test.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[256], path[600];

static void begin(void)
{
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/out.zkey", dir);
}

static unsigned files_in_dir(void)
{
    unsigned n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) n += e->d_name[0] != '.';
    if (d) closedir(d);
    return n;
}

static void read_file(struct buf *out)
{
    char chunk[4096];
    FILE *f = fopen(path, "rb");
    out->len = 0;
    for (size_t n; f && (n = fread(chunk, 1, sizeof chunk, f)) > 0;) buf_put(out, chunk, n);
    if (f) fclose(f);
}

static void write_text(const char *text)
{
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0) abort();
}

/* Sections of sizes around the writer's buffer, in pieces of every size. */
PM_TEST(bytes_as_given)
{
    static const size_t sizes[] = {0, 1,     5, 4096, (1 << 18) - 40, (1 << 18) - 1, 1 << 18, (1 << 18) + 1,
                                   0, 700000};
    enum { n = sizeof sizes / sizeof *sizes };
    begin();
    for (int round = 0; round < 6; round++) {
        struct parts p = {.magic = {'z', 'k', 'e', 'y'}, .version = 1};
        struct buf expected = {0}, found = {0};
        struct pm_binwriter *w = NULL;
        struct pm_error err = {0};
        CHECK_OK(pm_binwriter_new(&w, path, "zkey", 1, n, &err), err);
        for (int i = 0; i < n; i++) {
            size_t len = sizes[(i + round) % n], done = 0;
            uint8_t *data = malloc(len + 1);
            if (!data) abort();
            test_random_bytes(data, len);
            buf_put(parts_add(&p, (uint32_t)(i * i)), data, len);
            CHECK_OK(pm_binwriter_section(w, (uint32_t)(i * i), &err), err);
            while (done < len) {
                size_t piece = round == 0 ? len : 1 + test_random() % (round == 1 ? 300000 : 5000);
                if (piece > len - done) piece = len - done;
                CHECK_OK(pm_binwriter_put(w, data + done, piece, &err), err);
                done += piece;
            }
            CHECK_OK(pm_binwriter_put(w, NULL, 0, &err), err);
            free(data);
        }
        CHECK_OK(pm_binwriter_finish(w, &err), err);
        pm_binwriter_free(&w);
        CHECK(w == NULL);
        parts_join(&expected, &p);
        read_file(&found);
        CHECK_U64(found.len, expected.len);
        if (found.len == expected.len) CHECK_MEM(found.p, expected.p, found.len);
        CHECK_U64(files_in_dir(), 1);
        struct pm_binfile f;
        CHECK_OK(pm_binfile_open(&f, path, "zkey", 1, &err), err);
        CHECK_U64(f.n_sections, n);
        pm_binfile_close(&f);
        parts_free(&p);
        buf_free(&expected);
        buf_free(&found);
    }
    temp_dir_remove(dir);
}

/* Pieces that fill the writer's buffer of 2^18 bytes to one byte less, exactly, and one byte more. */
PM_TEST(pieces_at_the_buffers_end)
{
    enum { heads = 24, first = 100, buffer = 1 << 18 };
    static uint8_t data[buffer];
    test_random_bytes(data, sizeof data);
    begin();
    for (size_t second = buffer - heads - first - 1; second <= buffer - heads - first + 1; second++) {
        struct pm_binwriter *w = NULL;
        struct pm_error err = {0};
        struct buf found = {0};
        CHECK_OK(pm_binwriter_new(&w, path, "zkey", 1, 1, &err), err);
        CHECK_OK(pm_binwriter_section(w, 1, &err), err);
        CHECK_OK(pm_binwriter_put(w, data, first, &err), err);
        CHECK_OK(pm_binwriter_put(w, data + first, second, &err), err);
        CHECK_OK(pm_binwriter_put(w, "end", 3, &err), err);
        CHECK_OK(pm_binwriter_finish(w, &err), err);
        pm_binwriter_free(&w);
        read_file(&found);
        CHECK_U64(found.len, heads + first + second + 3);
        if (found.len == heads + first + second + 3) {
            CHECK_MEM(found.p + heads, data, first + second);
            CHECK_MEM(found.p + found.len - 3, "end", 3);
        }
        buf_free(&found);
    }
    temp_dir_remove(dir);
}

PM_TEST(the_old_file_stays_until_the_new_one_is_whole)
{
    struct pm_binwriter *w = NULL;
    struct pm_error err = {0};
    struct buf found = {0};
    begin();
    write_text("old");
    CHECK_OK(pm_binwriter_new(&w, path, "zkey", 1, 2, &err), err);
    CHECK_OK(pm_binwriter_section(w, 1, &err), err);
    CHECK_OK(pm_binwriter_put(w, "x", 1, &err), err);
    CHECK_U64(files_in_dir(), 2);
    CHECK_U64(pm_binwriter_finish(w, &err), PM_INTERNAL);
    CHECK(strstr(err.text, "2 sections promised, 1 written") != NULL);
    pm_binwriter_free(&w);
    pm_binwriter_free(&w);
    read_file(&found);
    CHECK(found.len == 3 && memcmp(found.p, "old", 3) == 0);
    CHECK_U64(files_in_dir(), 1);
    buf_free(&found);
    temp_dir_remove(dir);
}

PM_TEST(misuse)
{
    struct pm_binwriter *w = NULL;
    struct pm_error err = {0};
    begin();
    CHECK_OK(pm_binwriter_new(&w, path, "zkey", 1, 1, &err), err);
    CHECK_U64(pm_binwriter_put(w, "x", 1, &err), PM_INTERNAL);
    CHECK_OK(pm_binwriter_section(w, 1, &err), err);
    CHECK_U64(pm_binwriter_section(w, 2, &err), PM_INTERNAL);
    CHECK(strstr(err.text, "one more than the 1 promised") != NULL);
    pm_binwriter_free(&w);
    CHECK_U64(files_in_dir(), 0);
    temp_dir_remove(dir);
}

PM_TEST(places_that_cannot_be_written)
{
    struct pm_binwriter *w = NULL;
    struct pm_error err = {0};
    begin();
    snprintf(path, sizeof path, "%s/none/out.zkey", dir);
    CHECK_U64(pm_binwriter_new(&w, path, "zkey", 1, 1, &err), PM_IO);
    CHECK(w == NULL && strstr(err.text, "none/out.zkey") != NULL);
    CHECK_U64(pm_binwriter_new(&w, dir, "zkey", 1, 1, &err), PM_IO);
    CHECK(w == NULL);
    CHECK_U64(pm_binwriter_new(&w, "/dev/null", "zkey", 1, 1, &err), PM_IO);
    CHECK(w == NULL && strstr(err.text, "not a regular file") != NULL);
    struct stat st;
    CHECK(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
    CHECK_U64(files_in_dir(), 0);
    temp_dir_remove(dir);
}

PM_TEST(a_link_is_followed)
{
    struct pm_binwriter *w = NULL;
    struct pm_error err = {0};
    struct stat st;
    char link[600];
    begin();
    write_text("old");
    snprintf(link, sizeof link, "%s/link", dir);
    CHECK(symlink("out.zkey", link) == 0);
    CHECK_OK(pm_binwriter_new(&w, link, "zkey", 1, 0, &err), err);
    CHECK_OK(pm_binwriter_finish(w, &err), err);
    pm_binwriter_free(&w);
    CHECK(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(stat(path, &st) == 0 && st.st_size == 12);
    temp_dir_remove(dir);
}

/* A limit on the size of files stands for a full disk. */
PM_TEST(a_failing_write_is_an_error_and_leaves_nothing)
{
    struct pm_binwriter *w = NULL;
    struct pm_error err = {0};
    struct rlimit old, small;
    static uint8_t data[1 << 20];
    begin();
    CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0);
    small = old;
    small.rlim_cur = 600000;
    void (*old_handler)(int) = signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
    CHECK_OK(pm_binwriter_new(&w, path, "zkey", 1, 1, &err), err);
    CHECK_OK(pm_binwriter_section(w, 1, &err), err);
    enum pm_status status = pm_binwriter_put(w, data, sizeof data, &err);
    CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
    (void)signal(SIGXFSZ, old_handler);
    CHECK_U64(status, PM_IO);
    CHECK(strstr(err.text, "out.zkey: writing failed: ") != NULL);
    pm_binwriter_free(&w);
    CHECK_U64(files_in_dir(), 0);
    temp_dir_remove(dir);
}
