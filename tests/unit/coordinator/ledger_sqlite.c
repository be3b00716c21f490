/* The database under the ledger: files old, new and foreign; transactions that nest; values that are bound;
 * two handles. */
#include "ledger_fixture.h"

#include <pthread.h>
#include <sys/stat.h>

static void raw(const char *path, const char *sql)
{
    sqlite3 *db;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    CHECK_MSG(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

PM_TEST(settings)
{
    struct fixture f;
    struct stat st;
    fixture_open(&f);
    CHECK_U64(integer(&f, "PRAGMA synchronous"), 2);
    CHECK_U64(integer(&f, "PRAGMA foreign_keys"), 1);
    CHECK_U64(integer(&f, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    CHECK_U64(integer(&f, "PRAGMA user_version"), pm_n_migrations);
    int64_t now = integer(&f, "SELECT " PM_SQL_NOW_MS);
    CHECK(llabs((long long)now - (long long)time(NULL) * 1000) < 5000);
    CHECK(stat(f.path, &st) == 0 && (st.st_mode & 0777) == 0600);
    fixture_close(&f);
}

PM_TEST(migrations_are_numbered)
{
    CHECK(pm_n_migrations >= 1);
    for (int i = 0; i < pm_n_migrations; i++) CHECK_U64(pm_migrations[i].number, i + 1);
    CHECK_STR(pm_migrations[0].name, "0001_init.sql");
}

PM_TEST(an_empty_file_is_migrated_and_opened_again)
{
    struct fixture f;
    fixture_open(&f);
    add_message_to(&f, "g", 1);
    pm_ledger_close(&f.ledger);
    unlink(f.path);
    FILE *file = fopen(f.path, "w"); /* there, but without a byte: version 0 */
    CHECK(file && fclose(file) == 0);
    CHECK_OK(pm_ledger_open(&f.ledger, f.path, &f.err), f.err);
    CHECK_U64(integer(&f, "SELECT count(*) FROM message"), 0);
    add_message_to(&f, "g", 2);
    fixture_reopen(&f);
    CHECK_U64(integer(&f, "SELECT count(*) FROM message"), 1);
    fixture_close(&f);
}

/* A file that has only the first migration comes to the newest with its rows. */
PM_TEST(an_older_file_is_migrated)
{
    struct fixture f;
    char version[64];
    fixture_open(&f);
    pm_ledger_close(&f.ledger);
    unlink(f.path);
    raw(f.path, pm_migrations[0].sql);
    snprintf(version, sizeof version, "PRAGMA user_version = %d", 1);
    raw(f.path, version);
    raw(f.path, "INSERT INTO source_cursor VALUES (1, 'file:x', 'old', 0)");
    CHECK_OK(pm_ledger_open(&f.ledger, f.path, &f.err), f.err);
    char *cursor = NULL;
    CHECK_OK(pm_ledger_cursor(f.ledger, &cursor, 1, "file:x", &f.err), f.err);
    CHECK_STR(cursor ? cursor : "", "old");
    free(cursor);
    CHECK_U64(integer(&f, "PRAGMA user_version"), pm_n_migrations);
    fixture_close(&f);
}

PM_TEST(newer_and_foreign_files_are_refused)
{
    struct fixture f;
    struct pm_ledger *other;
    fixture_open(&f);
    pm_ledger_close(&f.ledger);

    raw(f.path, "PRAGMA user_version = 9999");
    CHECK(pm_ledger_open(&other, f.path, &f.err) == PM_UNSUPPORTED && !other);
    CHECK_MSG(strstr(f.err.text, "9999") && strstr(f.err.text, "newer"), "%s", f.err.text);

    raw(f.path, "PRAGMA user_version = 1; PRAGMA application_id = 7");
    CHECK(pm_ledger_open(&other, f.path, &f.err) == PM_FORMAT);
    CHECK_MSG(strstr(f.err.text, "another program"), "%s", f.err.text);
    raw(f.path, "PRAGMA user_version = 0");
    CHECK(pm_ledger_open(&other, f.path, &f.err) == PM_FORMAT);

    unlink(f.path);
    FILE *file = fopen(f.path, "w");
    for (int i = 0; i < 400; i++) fputs("not a database, just text. ", file);
    fclose(file);
    CHECK(pm_ledger_open(&other, f.path, &f.err) == PM_FORMAT);
    CHECK(pm_ledger_open(&other, "/nonexistent/folder/ledger.db", &f.err) == PM_IO);
    char overlong[700];
    memset(overlong, 'x', sizeof overlong);
    overlong[sizeof overlong - 1] = 0;
    CHECK(pm_ledger_open(&other, overlong, &f.err) != PM_OK && !other);
    fixture_close(&f);
}

static enum pm_status put(struct fixture *f, const char *source)
{
    return pm_ledger_exec(f->ledger, &f->err, "INSERT INTO source_cursor VALUES (1, ?1, 'c', 0)", "t",
                          source);
}

PM_TEST(transactions_nest)
{
    struct fixture f;
    fixture_open(&f);
    CHECK_OK(pm_ledger_begin(f.ledger, &f.err), f.err);
    CHECK_OK(put(&f, "outer"), f.err);
    CHECK_OK(pm_ledger_begin(f.ledger, &f.err), f.err);
    CHECK_OK(put(&f, "inner"), f.err);
    CHECK(pm_ledger_end(f.ledger, PM_CONFLICT, &f.err) == PM_CONFLICT); /* undoes the inner one alone */
    CHECK_OK(pm_ledger_begin(f.ledger, &f.err), f.err);
    CHECK_OK(put(&f, "second"), f.err);
    CHECK_OK(pm_ledger_end(f.ledger, PM_OK, &f.err), f.err);
    CHECK_OK(pm_ledger_end(f.ledger, PM_OK, &f.err), f.err);
    CHECK_U64(f.ledger->depth, 0);
    CHECK_U64(integer(&f, "SELECT count(*) FROM source_cursor"), 2);
    CHECK_U64(integer(&f, "SELECT count(*) FROM source_cursor WHERE source = 'inner'"), 0);

    CHECK_OK(pm_ledger_begin(f.ledger, &f.err), f.err);
    CHECK_OK(pm_ledger_begin(f.ledger, &f.err), f.err);
    CHECK_OK(put(&f, "third"), f.err);
    CHECK_OK(pm_ledger_end(f.ledger, PM_OK, &f.err), f.err);
    CHECK(pm_ledger_end(f.ledger, PM_IO, &f.err) == PM_IO); /* undoes everything */
    CHECK_U64(integer(&f, "SELECT count(*) FROM source_cursor"), 2);
    CHECK(sqlite3_get_autocommit(f.ledger->db));
    fixture_close(&f);
}

PM_TEST(binding_and_statuses)
{
    struct fixture f;
    sqlite3_stmt *stmt;
    char text[4];
    uint8_t blob[3];
    fixture_open(&f);
    CHECK_OK(pm_ledger_prepare(f.ledger, &stmt, &f.err, "SELECT ?1, ?2, ?3, ?4, ?5", "iutbb", (int64_t)-5,
                               UINT64_MAX, "text", "\1\2\3", (size_t)3, NULL, (size_t)9),
             f.err);
    CHECK_OK(pm_ledger_step(f.ledger, stmt, &f.err), f.err);
    CHECK(sqlite3_column_int64(stmt, 0) == -5);
    CHECK((uint64_t)sqlite3_column_int64(stmt, 1) == UINT64_MAX);
    pm_ledger_column_text(text, sizeof text, stmt, 2);
    CHECK_STR(text, "tex");
    CHECK(pm_ledger_column_blob(blob, 3, stmt, 3) && blob[2] == 3);
    CHECK(!pm_ledger_column_blob(blob, 2, stmt, 3));
    CHECK(sqlite3_column_type(stmt, 4) == SQLITE_NULL);
    CHECK(pm_ledger_step(f.ledger, stmt, &f.err) == PM_NOT_FOUND);
    sqlite3_finalize(stmt);

    CHECK(pm_ledger_prepare(f.ledger, &stmt, &f.err, "SELECT ?1, ?2", "i", (int64_t)1) == PM_INTERNAL &&
          !stmt);
    CHECK(pm_ledger_prepare(f.ledger, &stmt, &f.err, "SELECT ?1", "?", 1) == PM_INTERNAL && !stmt);
    CHECK(pm_ledger_prepare(f.ledger, &stmt, &f.err, "SELEC", "") == PM_IO && !stmt);
    CHECK_OK(put(&f, "twice"), f.err);
    CHECK(put(&f, "twice") == PM_CONFLICT);
    CHECK_MSG(strstr(f.err.text, f.path) && strstr(f.err.text, "UNIQUE"), "%s", f.err.text);
    CHECK(put(&f, NULL) == PM_CONFLICT); /* NOT NULL is a constraint too */
    const char *hostile = "x'); DROP TABLE source_cursor; --";
    CHECK_OK(put(&f, hostile), f.err);
    CHECK_U64(integer(&f, "SELECT count(*) FROM source_cursor"), 2);
    fixture_close(&f);
}

struct writer {
    const char *path;
    uint32_t first;
    int failures;
};

static void *write_many(void *ctx)
{
    struct writer *w = ctx;
    struct pm_ledger *ledger;
    struct pm_error err;
    if (pm_ledger_open(&ledger, w->path, &err) != PM_OK) {
        w->failures = 1000;
        return NULL;
    }
    for (uint32_t i = 0; i < 60; i++) {
        char body[64], cursor[16];
        size_t n_new;
        struct pm_message m = message_of(w->first ? "b" : "a", i, body);
        snprintf(cursor, sizeof cursor, "%u", i);
        if (pm_ledger_add_messages(ledger, &n_new, 1, w->first ? "two" : "one", cursor, &m, 1, &err) !=
                PM_OK ||
            n_new != 1)
            w->failures++;
    }
    pm_ledger_close(&ledger);
    return NULL;
}

PM_TEST(two_handles_in_two_threads)
{
    struct fixture f;
    pthread_t thread[2];
    fixture_open(&f);
    struct writer writer[2] = {{f.path, 0, 0}, {f.path, 1, 0}};
    for (int i = 0; i < 2; i++) CHECK(pthread_create(&thread[i], NULL, write_many, &writer[i]) == 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
        CHECK_U64(writer[i].failures, 0);
    }
    CHECK_U64(integer(&f, "SELECT count(*) FROM message"), 120);
    CHECK_U64(integer(&f, "SELECT count(*) FROM source_cursor WHERE cursor = '59'"), 2);
    fixture_close(&f);
}

PM_TEST(two_handles_make_one_file)
{
    struct fixture f;
    pthread_t thread[2];
    fixture_open(&f);
    pm_ledger_close(&f.ledger);
    unlink(f.path);
    struct writer writer[2] = {{f.path, 0, 0}, {f.path, 1, 0}};
    for (int i = 0; i < 2; i++) CHECK(pthread_create(&thread[i], NULL, write_many, &writer[i]) == 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
        CHECK_U64(writer[i].failures, 0);
    }
    CHECK_OK(pm_ledger_open(&f.ledger, f.path, &f.err), f.err);
    CHECK_U64(integer(&f, "SELECT count(*) FROM message"), 120);
    fixture_close(&f);
}
