/* The file source: growing files, half lines, many files, cursors old and odd, what is not a line of data. */
#include "coordinator/source/cursor.h"
#include "coordinator/source/source.h"
#include "temp.h"

#include <stdbool.h>
#include <sys/stat.h>

struct got {
    char text[4096]; /* bodies, each followed by '|' */
    char origins[4096];
    size_t n, last_len, fail_at; /* fail_at: the message at which the sink gives up, 0 never */
};

static enum pm_status take(void *ctx, const char *body, size_t len, const char *origin, struct pm_error *err)
{
    struct got *got = ctx;
    got->n++;
    got->last_len = len;
    if (got->n == got->fail_at) return pm_fail(err, PM_FORMAT, "the sink gives up");
    size_t used = strlen(got->text);
    snprintf(got->text + used, sizeof got->text - used, "%.*s|", len < 100 ? (int)len : 3, body);
    used = strlen(got->origins);
    snprintf(got->origins + used, sizeof got->origins - used, "%s|", origin);
    return PM_OK;
}

struct reader {
    struct temp temp;
    struct pm_source *source;
    char *cursor;
    struct pm_error err;
    struct got got;
};

static void reader_open(struct reader *r)
{
    memset(r, 0, sizeof *r);
    temp_open(&r->temp);
    CHECK_OK(pm_source_new(&r->source, "file", r->temp.path, &r->err), r->err);
    r->cursor = strdup("");
}

static void reader_close(struct reader *r)
{
    pm_source_free(&r->source);
    CHECK(!r->source);
    free(r->cursor);
    temp_close(&r->temp);
}

static enum pm_status poll_only(struct reader *r, size_t max)
{
    char *next = NULL;
    memset(&r->got, 0, offsetof(struct got, fail_at));
    enum pm_status status = pm_source_poll(r->source, &next, r->cursor, max, take, &r->got, &r->err);
    CHECK((status == PM_OK) == (next != NULL));
    if (status != PM_OK) return status;
    free(r->cursor);
    r->cursor = next;
    return status;
}

static const char *poll_text(struct reader *r, size_t max)
{
    CHECK_OK(poll_only(r, max), r->err);
    return r->got.text;
}

PM_TEST(growth_and_half_lines)
{
    struct reader r;
    reader_open(&r);
    CHECK_STR(poll_text(&r, 100), "");
    temp_text(&r.temp, "a.jsonl", "1\n2\nhal");
    CHECK_STR(poll_text(&r, 100), "1|2|");
    CHECK_STR(r.got.origins, "a.jsonl:1|a.jsonl:2|");
    CHECK_STR(r.cursor, "{\"a.jsonl\":[4,2]}");
    CHECK_STR(poll_text(&r, 100), "");
    temp_append(&r.temp, "a.jsonl", "f\n");
    CHECK_STR(poll_text(&r, 100), "half|");
    CHECK_STR(r.got.origins, "a.jsonl:3|");
    temp_append(&r.temp, "a.jsonl", "\n  \r\n\t\nlast\r\n"); /* empty lines count, but are no messages */
    CHECK_STR(poll_text(&r, 100), "last\r|");
    CHECK_STR(r.got.origins, "a.jsonl:7|");
    CHECK_STR(poll_text(&r, 100), "");
    reader_close(&r);
}

PM_TEST(many_files_in_order_of_name_and_restart_anywhere)
{
    enum { FILES = 12, LINES = 7 };
    char expected[4096] = "", all[4096] = "", name[32], text[256];
    struct reader r;
    for (size_t max = 1; max < 30; max += 4) {
        reader_open(&r);
        expected[0] = all[0] = 0;
        for (int f = FILES - 1; f >= 0; f--) {
            text[0] = 0;
            for (int i = 0; i < LINES; i++)
                snprintf(text + strlen(text), sizeof text - strlen(text), "%d.%d\n", f, i);
            snprintf(name, sizeof name, "r-%02d.jsonl", f);
            temp_text(&r.temp, name, text);
        }
        for (int f = 0; f < FILES; f++)
            for (int i = 0; i < LINES; i++)
                snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%d.%d|", f, i);
        do {
            CHECK_OK(poll_only(&r, max), r.err);
            CHECK(r.got.n <= max);
            snprintf(all + strlen(all), sizeof all - strlen(all), "%s", r.got.text);
            pm_source_free(&r.source); /* the cursor alone says where to go on */
            CHECK_OK(pm_source_new(&r.source, "file", r.temp.path, &r.err), r.err);
        } while (r.got.n > 0);
        CHECK_STR(all, expected);
        reader_close(&r);
    }
}

PM_TEST(a_late_file_with_an_early_name_is_read)
{
    struct reader r;
    reader_open(&r);
    temp_text(&r.temp, "m.jsonl", "m1\n");
    CHECK_STR(poll_text(&r, 100), "m1|");
    temp_text(&r.temp, "a.jsonl", "a1\n");
    temp_append(&r.temp, "m.jsonl", "m2\n");
    temp_text(&r.temp, "z.jsonl", "z1\n");
    CHECK_STR(poll_text(&r, 100), "a1|m2|z1|");
    CHECK_STR(r.cursor, "{\"a.jsonl\":[3,1],\"m.jsonl\":[6,2],\"z.jsonl\":[3,1]}");
    /* A file that was read and removed stays in the cursor and does no harm. */
    unlink(temp_path(&r.temp, "m.jsonl"));
    temp_append(&r.temp, "z.jsonl", "z2\n");
    CHECK_STR(poll_text(&r, 100), "z2|");
    reader_close(&r);
}

PM_TEST(a_truncated_file_is_an_error)
{
    struct reader r;
    reader_open(&r);
    temp_text(&r.temp, "a.jsonl", "one\ntwo\n");
    CHECK_STR(poll_text(&r, 100), "one|two|");
    temp_text(&r.temp, "a.jsonl", "one\n");
    CHECK(poll_only(&r, 100) == PM_CONFLICT);
    CHECK_MSG(strstr(r.err.text, "a.jsonl") && strstr(r.err.text, "8 bytes") && strstr(r.err.text, "found 4"),
              "%s", r.err.text);
    temp_text(&r.temp, "a.jsonl", "one\ntwo\nthree\n"); /* put back */
    CHECK_STR(poll_text(&r, 100), "three|");
    reader_close(&r);
}

PM_TEST(other_things_in_the_folder_are_ignored)
{
    struct reader r;
    reader_open(&r);
    temp_text(&r.temp, "notes.txt", "no\n");
    temp_text(&r.temp, ".hidden.jsonl", "no\n");
    temp_text(&r.temp, ".jsonl", "no\n");
    temp_text(&r.temp, "a.jsonl.tmp", "no\n");
    CHECK(mkdir(temp_path(&r.temp, "folder.jsonl"), 0700) == 0);
    CHECK(mkfifo(temp_path(&r.temp, "pipe.jsonl"), 0600) == 0);
    CHECK(symlink("notes.txt", temp_path(&r.temp, "link.jsonl")) == 0);
    CHECK_STR(poll_text(&r, 100), "");
    CHECK_STR(r.cursor, "{}");
    temp_text(&r.temp, "yes.jsonl", "yes\n");
    CHECK_STR(poll_text(&r, 100), "yes|");
    temp_text(&r.temp, "\xff.jsonl", "bytes\n");
    CHECK(poll_only(&r, 100) == PM_FORMAT);
    CHECK_MSG(strstr(r.err.text, "UTF-8"), "%s", r.err.text);
    reader_close(&r);
}

/* Lines around the limit of a message and around the size of a read; what follows a long line is not lost. */
PM_TEST(long_lines)
{
    static const size_t lens[] = {65535, 65536, 65537, 262143, 262144, 262145, 700000};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct reader r;
        reader_open(&r);
        char *line = malloc(lens[i] + 1);
        memset(line, 'x', lens[i]);
        temp_text(&r.temp, "a.jsonl", "first\n");
        temp_write(&r.temp, "a.jsonl", "a", line, lens[i]);
        CHECK_STR(poll_text(&r, 100), "first|"); /* no newline yet */
        temp_append(&r.temp, "a.jsonl", "\nafter\n");
        CHECK_OK(poll_only(&r, 1), r.err);
        CHECK_U64(r.got.last_len, lens[i] < 65537 ? lens[i] : 65537);
        CHECK_STR(r.got.origins, "a.jsonl:2|");
        CHECK_STR(poll_text(&r, 100), "after|");
        CHECK_STR(r.got.origins, "a.jsonl:3|");
        free(line);
        reader_close(&r);
    }
}

PM_TEST(many_lines_across_reads)
{
    enum { N = 40000 };
    struct reader r;
    reader_open(&r);
    FILE *f = fopen(temp_path(&r.temp, "a.jsonl"), "w");
    for (int i = 0; i < N; i++) fprintf(f, "{\"n\":%d}\n", i);
    fclose(f);
    size_t n = 0;
    do {
        CHECK_OK(poll_only(&r, 7777), r.err);
        n += r.got.n;
    } while (r.got.n > 0);
    CHECK_U64(n, N);
    reader_close(&r);
}

PM_TEST(a_sink_that_fails_ends_the_poll)
{
    struct reader r;
    reader_open(&r);
    temp_text(&r.temp, "a.jsonl", "1\n2\n3\n");
    r.got.fail_at = 2;
    CHECK(poll_only(&r, 100) == PM_FORMAT);
    CHECK_STR(r.err.text, "the sink gives up");
    r.got.fail_at = 0;
    CHECK_STR(poll_text(&r, 100), "1|2|3|"); /* the old cursor still holds */
    reader_close(&r);
}

PM_TEST(odd_sources_and_cursors)
{
    static const char *const bad[] = {"x",
                                      "[]",
                                      "{\"a\":1}",
                                      "{\"a\":[1]}",
                                      "{\"a\":[1,2]}", /* more lines than bytes */
                                      "{\"a\":[-1,-1]}",
                                      "{\"a\":[1,\"1\"]}",
                                      "{\"a\":[1,1],\"a\":[2,1]}",
                                      "{\"a\":[1,1]"};
    struct reader r;
    struct pm_source *other;
    reader_open(&r);
    CHECK(pm_source_new(&other, "postgres", r.temp.path, &r.err) == PM_UNSUPPORTED && !other);
    CHECK_MSG(strstr(r.err.text, "postgres"), "%s", r.err.text);
    CHECK(pm_source_new(&other, "file", temp_path(&r.temp, "none"), &r.err) == PM_NOT_FOUND && !other);
    temp_text(&r.temp, "plain", "x");
    CHECK(pm_source_new(&other, "file", temp_path(&r.temp, "plain"), &r.err) == PM_FORMAT && !other);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        free(r.cursor);
        r.cursor = strdup(bad[i]);
        CHECK_MSG(poll_only(&r, 1) == PM_FORMAT && strstr(r.err.text, "cursor"), "%s", bad[i]);
    }
    reader_close(&r);
    CHECK_OK(pm_source_new(&r.source, "file", "/", &r.err), r.err);
    pm_source_free(&r.source);
}

/* Cursors are our own texts, but they lie in a file: mutations give an error or a poll, nothing else. */
PM_TEST(mutated_cursors)
{
    static const char good[] = "{\"a.jsonl\":[4,2],\"b.jsonl\":[6,2]}";
    struct reader r;
    reader_open(&r);
    temp_text(&r.temp, "a.jsonl", "1\n2\n3\n");
    for (int i = 0; i < 2000; i++) {
        char text[sizeof good];
        memcpy(text, good, sizeof good);
        for (int k = 0; k < 1 + i % 3; k++)
            text[test_random() % (sizeof good - 1)] = (char)(test_random() % 127 + 1);
        free(r.cursor);
        r.cursor = strdup(text);
        enum pm_status status = poll_only(&r, 10);
        CHECK_MSG(status == PM_OK || status == PM_FORMAT || status == PM_CONFLICT, "%s: %s", text,
                  r.err.text);
    }
    reader_close(&r);
}
