/* Fetching by hash: whole, in pieces, from servers that fail, lie, or are elsewhere; and what is on the disk
 * already. */
#include "test.h"

#include "base/clock.h"
#include "folder.h"
#include "web.h"
#include "worker/artifacts.h"
#include "worker/download.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <sys/eventfd.h>

enum { SIZE = 300000 };
static uint8_t content[SIZE];
static struct web *web;
static struct pm_artifacts *artifacts;
static struct pm_error err;
static char path[PM_ARTIFACT_PATH], folder[32];

static void open_all(void)
{
    static bool once;
    if (!once) {
        CHECK_OK(pm_download_init(&err), err);
        once = true;
    }
    static unsigned number; /* every test has a folder of its own */
    snprintf(folder, sizeof folder, "artifacts%u", number++);
    test_random_bytes(content, SIZE);
    web = web_start();
    CHECK_OK(pm_artifacts_new(&artifacts, in_folder(folder), 1 << 20, NULL, &err), err);
}

static void close_all(void)
{
    pm_artifacts_free(&artifacts);
    web_stop(&web);
}

static struct pm_artifact artifact_at(const char *where)
{
    struct pm_artifact a = {.kind = PM_ARTIFACT_ZKEY, .size_bytes = SIZE};
    SHA256(content, SIZE, a.sha256);
    web_url(web, a.url, where);
    return a;
}

static struct web_page page_at(const char *where)
{
    struct web_page p = {.data = content, .len = SIZE};
    snprintf(p.path, sizeof p.path, "%s", where);
    return p;
}

static enum pm_status get(const struct pm_artifact *a)
{
    memset(&err, 0, sizeof err);
    return pm_artifacts_get(artifacts, path, NULL, a, -1, &err);
}

static void check_content(void)
{
    uint8_t *found = malloc(SIZE + 1);
    FILE *f = fopen(path, "r");
    CHECK(f && found && fread(found, 1, SIZE + 1, f) == SIZE);
    if (f) fclose(f);
    if (found) CHECK_MEM(found, content, SIZE);
    free(found);
}

PM_TEST(once_and_then_from_the_disk)
{
    open_all();
    struct web_page p = page_at("/a");
    web_add(web, &p);
    struct pm_artifact a = artifact_at("/a");
    CHECK_OK(get(&a), err);
    check_content();
    CHECK_OK(get(&a), err);
    CHECK_U64(web_look(web, "/a").requests, 1);
    CHECK(!pm_artifacts_is_checked(path));
    CHECK_OK(pm_artifacts_set_checked(path, &err), err);
    CHECK(pm_artifacts_is_checked(path));

    /* A file that changed on the disk is noticed by the next process (a table of its own here), and fetched
     * again. */
    FILE *f = fopen(path, "r+");
    if (f) {
        fputc(content[0] ^ 1, f);
        fclose(f);
    }
    pm_artifacts_free(&artifacts);
    CHECK_OK(pm_artifacts_new(&artifacts, in_folder(folder), 1 << 20, NULL, &err), err);
    CHECK_OK(get(&a), err);
    check_content();
    CHECK_U64(web_look(web, "/a").requests, 2);
    if (truncate(path, 5) != 0) exit(1); /* and one of the wrong size at once */
    CHECK_OK(get(&a), err);
    check_content();
    close_all();
}

PM_TEST(cut_downloads_go_on)
{
    open_all();
    struct web_page p = page_at("/cut");
    p.cut_times = 2;
    p.cut_after = 100000;
    web_add(web, &p);
    struct pm_artifact a = artifact_at("/cut");
    CHECK_OK(get(&a), err);
    check_content();
    CHECK_U64(web_look(web, "/cut").requests, 3);
    CHECK_U64(web_look(web, "/cut").ranged, 2);
    close_all();
}

PM_TEST(a_server_without_ranges_begins_anew)
{
    open_all();
    struct web_page p = page_at("/n");
    p.no_ranges = true;
    p.cut_times = 1;
    p.cut_after = 1000;
    web_add(web, &p);
    struct pm_artifact a = artifact_at("/n");
    CHECK_OK(get(&a), err);
    check_content();
    close_all();
}

/* What a killed worker leaves behind is used where it is right, and thrown away where it is not. */
PM_TEST(what_a_killed_worker_left)
{
    open_all();
    struct web_page p = page_at("/k");
    web_add(web, &p);
    struct pm_artifact a = artifact_at("/k");
    char part[PM_ARTIFACT_PATH + 8];
    CHECK_OK(get(&a), err);
    snprintf(part, sizeof part, "%s.part", path);
    unlink(path);
    write_file(part, content, 200000);
    CHECK_OK(get(&a), err);
    check_content();
    CHECK_U64(web_look(web, "/k").ranged, 1);
    CHECK(access(part, F_OK) != 0);

    unlink(path);
    uint8_t *wrong = calloc(1, SIZE + 5);
    if (!wrong) exit(1);
    for (size_t len = 200000; len <= SIZE + 5; len += 50000) { /* shorter, equal, and (below) longer */
        write_file(part, wrong, len);
        CHECK_OK(get(&a), err);
        check_content();
        unlink(path);
    }
    write_file(part, wrong, SIZE + 5);
    CHECK_OK(get(&a), err);
    check_content();
    free(wrong);
    close_all();
}

PM_TEST(another_content_is_refused_with_both_hashes)
{
    open_all();
    uint8_t *other = malloc(SIZE);
    if (!other) exit(1);
    memcpy(other, content, SIZE);
    other[SIZE / 2] ^= 1;
    struct web_page p = page_at("/w");
    p.data = other;
    web_add(web, &p);
    struct pm_artifact a = artifact_at("/w");
    CHECK_U64(get(&a), PM_MISMATCH);
    const char *first = strstr(err.text, "sha256 "), *second = strstr(err.text, "found ");
    CHECK_MSG(first && second && strspn(first + 7, "0123456789abcdef") == 64 &&
                  strspn(second + 6, "0123456789abcdef") == 64,
              "%s", err.text);
    CHECK(access(path, F_OK) != 0);
    CHECK_U64(web_look(web, "/w").requests, 1);
    p.data = content; /* the server is repaired */
    web_change(web, "/w", &p);
    CHECK_OK(get(&a), err);
    check_content();
    free(other);
    close_all();
}

PM_TEST(sizes)
{
    open_all();
    struct web_page p = page_at("/s");
    web_add(web, &p);
    struct pm_artifact a = artifact_at("/s");
    a.size_bytes = SIZE - 1;
    CHECK_U64(get(&a), PM_MISMATCH);
    a.size_bytes = SIZE + 1;
    CHECK_U64(get(&a), PM_MISMATCH);
    a.size_bytes = (1 << 20) + 1;
    CHECK_U64(get(&a), PM_NO_MEMORY);
    a.size_bytes = 0; /* not known */
    CHECK_OK(get(&a), err);
    check_content();
    pm_artifacts_free(&artifacts);
    CHECK_OK(pm_artifacts_new(&artifacts, in_folder("small"), SIZE - 1, NULL, &err), err);
    CHECK_U64(get(&a), PM_MISMATCH); /* unknown, and it turns out too long */
    close_all();
}

PM_TEST(servers_that_fail)
{
    open_all();
    struct web_page p = page_at("/f");
    p.fail_times = 2;
    web_add(web, &p);
    struct pm_artifact a = artifact_at("/f");
    CHECK_OK(get(&a), err);
    check_content();
    CHECK_U64(web_look(web, "/f").requests, 3);
    unlink(path);
    a = artifact_at("/missing");
    CHECK_U64(get(&a), PM_NOT_FOUND);
    p = page_at("/forbidden");
    p.status = 403;
    web_add(web, &p);
    a = artifact_at("/forbidden");
    CHECK_U64(get(&a), PM_NETWORK);
    CHECK_U64(web_look(web, "/forbidden").requests, 1); /* it would not change its mind */
    close_all();
}

PM_TEST(other_schemes_and_redirects)
{
    open_all();
    struct pm_artifact a = artifact_at("/");
    static const char *const bad[] = {"file:///etc/passwd", "ftp://127.0.0.1/x", "/etc/passwd", "", "http:/x",
                                      "gopher://x/",        "javascript:1",      "HTTPS:"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(a.url, sizeof a.url, "%s", bad[i]);
        CHECK_MSG(get(&a) == PM_USAGE, "%s: %s", bad[i], err.text);
    }
    struct web_page p = page_at("/real"), to_file = page_at("/file"), to_real = page_at("/moved"),
                    loop = page_at("/loop");
    char real[512], again[512];
    web_url(web, real, "/real");
    web_url(web, again, "/loop");
    to_file.status = to_real.status = loop.status = 302;
    static char file_url[600]; /* the right content, by the wrong way */
    write_file(in_folder("content"), content, SIZE);
    snprintf(file_url, sizeof file_url, "file://%s", in_folder("content"));
    to_file.location = file_url;
    to_real.location = real;
    loop.location = again;
    web_add(web, &p);
    web_add(web, &to_file);
    web_add(web, &to_real);
    web_add(web, &loop);
    a = artifact_at("/file");
    CHECK(get(&a) != PM_OK);
    a = artifact_at("/loop");
    CHECK(get(&a) != PM_OK);
    CHECK(web_look(web, "/loop").requests <= 6 * 6);
    a = artifact_at("/moved");
    CHECK_OK(get(&a), err);
    check_content();
    close_all();
}

struct getter {
    struct pm_artifact a;
    int cancel_fd, hold;
    enum pm_status status;
};
static void *get_in_thread(void *arg)
{
    struct getter *g = arg;
    char where[PM_ARTIFACT_PATH];
    g->status = pm_artifacts_get(artifacts, where, &g->hold, &g->a, g->cancel_fd, NULL);
    return NULL;
}

PM_TEST(threads_that_want_the_same_fetch_it_once)
{
    open_all();
    struct web_page p = page_at("/t");
    p.hold = true;
    web_add(web, &p);
    struct getter g[4];
    pthread_t thread[4];
    for (int i = 0; i < 4; i++) {
        g[i] = (struct getter){.a = artifact_at("/t"), .cancel_fd = -1};
        if (pthread_create(&thread[i], NULL, get_in_thread, &g[i]) != 0) exit(1);
    }
    for (int i = 0; i < 500 && web_look(web, "/t").requests == 0; i++) pm_clock_sleep_ms(10);
    pm_clock_sleep_ms(100);
    web_release(web, "/t");
    for (int i = 0; i < 4; i++) { /* each of them keeps the file held, which keeps no other from it */
        pthread_join(thread[i], NULL);
        CHECK_U64(g[i].status, PM_OK);
        CHECK(g[i].hold >= 0);
    }
    for (int i = 0; i < 4; i++) close(g[i].hold);
    CHECK_U64(web_look(web, "/t").requests, 1);
    close_all();
}

PM_TEST(cancelled_while_downloading_and_while_waiting)
{
    open_all();
    struct web_page p = page_at("/c");
    p.hold = true;
    web_add(web, &p);
    struct getter g[2];
    pthread_t thread[2];
    int fd = eventfd(0, EFD_NONBLOCK);
    for (int i = 0; i < 2; i++) {
        g[i] = (struct getter){.a = artifact_at("/c"), .cancel_fd = fd};
        if (pthread_create(&thread[i], NULL, get_in_thread, &g[i]) != 0) exit(1);
    }
    for (int i = 0; i < 500 && web_look(web, "/c").requests == 0; i++) pm_clock_sleep_ms(10);
    uint64_t begin = pm_clock_ms();
    if (write(fd, &(uint64_t){1}, 8) != 8) exit(1);
    for (int i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
        CHECK_U64(g[i].status, PM_CANCELLED);
        CHECK(g[i].hold == -1);
    }
    CHECK(pm_clock_ms() - begin < 3000);
    close(fd);
    close_all();
}
