/* A budget over what is fetched: what was not used for longest gives way, what is held does not, and who
 * cannot fit waits, then learns why. */
#include "test.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "folder.h"
#include "web.h"
#include "worker/artifacts.h"
#include "worker/download.h"
#include "worker/room.h"

#include <openssl/sha.h>
#include <pthread.h>
#include <sys/eventfd.h>

enum { SIZE = 100000, N = 4, BUDGET = 3 * SIZE + SIZE / 2 };

static uint8_t content[N][SIZE];
static struct web *web;
static struct pm_artifacts *artifacts;
static struct pm_room *room;
static struct pm_error err;
static char path[N][PM_ARTIFACT_PATH], folder[600];
static unsigned asked;
static int to_let_go = -1;

/* Whoever keeps a file only because it may be wanted again. */
static void let_go(void *ctx)
{
    (void)ctx;
    (void)__atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
    int fd = __atomic_exchange_n(&to_let_go, -1, __ATOMIC_ACQ_REL);
    if (fd >= 0) close(fd);
}

static struct pm_artifact artifact(int i)
{
    struct pm_artifact a = {.kind = PM_ARTIFACT_ZKEY, .size_bytes = SIZE};
    char where[16];
    snprintf(where, sizeof where, "/%d", i);
    SHA256(content[i], SIZE, a.sha256);
    web_url(web, a.url, where);
    return a;
}

static void open_all(const char *name, uint64_t budget)
{
    static bool once;
    if (!once) CHECK_OK(pm_download_init(&err), err);
    once = true;
    asked = 0;
    web = web_start();
    for (int i = 0; i < N; i++) {
        struct web_page p = {.data = content[i], .len = SIZE};
        test_random_bytes(content[i], SIZE);
        snprintf(p.path, sizeof p.path, "/%d", i);
        web_add(web, &p);
    }
    snprintf(folder, sizeof folder, "%s", in_folder(name));
    CHECK(mkdir(folder, 0700) == 0);
    CHECK_OK(pm_room_new(&room, folder, in_folder("no-circuits"), budget, let_go, NULL, &err), err);
    CHECK_OK(pm_artifacts_new(&artifacts, folder, 10 * SIZE, room, &err), err);
}

static void close_all(void)
{
    pm_artifacts_free(&artifacts);
    pm_room_free(&room);
    web_stop(&web);
}

static enum pm_status get(int i, int *hold)
{
    struct pm_artifact a = artifact(i);
    memset(&err, 0, sizeof err);
    enum pm_status status = pm_artifacts_get(artifacts, path[i], hold, &a, -1, &err);
    pm_clock_sleep_ms(12); /* times of files are as coarse as the kernel's tick */
    return status;
}

static bool is_there(int i) { return access(path[i], F_OK) == 0; }

static unsigned requests(int i)
{
    char where[16];
    snprintf(where, sizeof where, "/%d", i);
    return web_look(web, where).requests;
}

PM_TEST(the_longest_unused_gives_way)
{
    open_all("lru", BUDGET);
    for (int i = 0; i < 3; i++) CHECK_OK(get(i, NULL), err);
    CHECK_OK(get(0, NULL), err); /* used again: now 1 is the oldest */
    CHECK_U64(requests(0), 1);
    CHECK_OK(get(3, NULL), err);
    CHECK(is_there(0) && !is_there(1) && is_there(2) && is_there(3));
    CHECK_OK(get(1, NULL), err); /* fetched again, and 2 gives way */
    CHECK_U64(requests(1), 2);
    CHECK(is_there(0) && is_there(1) && !is_there(2) && is_there(3));
    CHECK_U64(asked, 0);

    /* A smaller budget at the next start. */
    pm_room_free(&room);
    CHECK_OK(pm_room_new(&room, folder, "no", SIZE, NULL, NULL, &err), err);
    CHECK(!is_there(0) && is_there(1) && !is_there(3));
    CHECK_U64(pm_room_budget(room), SIZE);
    pm_room_free(&room);
    CHECK_OK(pm_room_new(&room, folder, "no", 0, NULL, NULL, &err), err); /* nine tenths of what is free */
    CHECK(is_there(1) && pm_room_budget(room) > SIZE);
    close_all();
}

PM_TEST(what_is_held_stays_and_others_wait)
{
    open_all("held", BUDGET);
    int hold[N] = {-1, -1, -1, -1};
    for (int i = 0; i < 3; i++) CHECK_OK(get(i, &hold[i]), err);
    struct pm_artifact a = artifact(3);
    int cancel = eventfd(1, EFD_NONBLOCK); /* readable from the beginning */
    CHECK_U64(pm_artifacts_get(artifacts, path[3], &hold[3], &a, cancel, &err), PM_CANCELLED);
    CHECK(hold[3] == -1 && is_there(0) && is_there(1) && is_there(2));
    CHECK_U64(requests(3), 0);
    CHECK(asked > 0);
    to_let_go = hold[1];
    CHECK_OK(get(3, &hold[3]), err);
    CHECK(is_there(0) && !is_there(1) && is_there(2) && is_there(3) && hold[3] >= 0);
    close(cancel);
    close(hold[0]);
    close(hold[2]);
    close(hold[3]);
    close_all();
}

PM_TEST(what_never_fits_is_refused_with_the_numbers)
{
    open_all("large", SIZE - 1);
    CHECK_U64(get(0, NULL), PM_NO_MEMORY);
    CHECK_MSG(strstr(err.text, "100000 more bytes") && strstr(err.text, "99999 bytes") &&
                  strstr(err.text, "--cache"),
              "%s", err.text);
    CHECK_U64(requests(0), 0);
    close_all();
}

static void *get_one(void *arg)
{
    struct pm_artifact a = artifact(*(const int *)arg);
    char where[PM_ARTIFACT_PATH];
    struct pm_error why = {.status = PM_OK};
    CHECK_OK(pm_artifacts_get(artifacts, where, NULL, &a, -1, &why), why);
    return NULL;
}

static void set_hold(bool hold)
{
    for (int i = 0; i < N; i++) {
        char where[16];
        snprintf(where, sizeof where, "/%d", i);
        struct web_page p = web_look(web, where);
        p.hold = hold;
        if (hold)
            web_change(web, where, &p);
        else
            web_release(web, where);
    }
}

static unsigned all_requests(void)
{
    unsigned n = 0;
    for (int i = 0; i < N; i++) n += requests(i);
    return n;
}

/* What is being downloaded counts before it is there. */
PM_TEST(room_is_taken_before_the_download)
{
    static const int number[N] = {0, 1, 2, 3};
    pthread_t thread[N];
    open_all("before", 2 * SIZE);
    set_hold(true);
    for (int i = 0; i < N; i++)
        if (pthread_create(&thread[i], NULL, get_one, (void *)(uintptr_t)&number[i]) != 0) exit(1);
    for (int i = 0; i < 500 && all_requests() < 2; i++) pm_clock_sleep_ms(10);
    pm_clock_sleep_ms(200);
    CHECK_U64(all_requests(), 2);
    set_hold(false);
    for (int i = 0; i < N; i++) pthread_join(thread[i], NULL);
    CHECK_U64(all_requests(), N);
    close_all();
}

/* Four at a time where two fit: never more than the budget, and every one gets its turn. */
PM_TEST(downloads_side_by_side_keep_to_it_together)
{
    static const int number[N] = {0, 1, 2, 3};
    pthread_t thread[N];
    open_all("together", 2 * SIZE);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < N; i++)
            if (pthread_create(&thread[i], NULL, get_one, (void *)(uintptr_t)&number[i]) != 0) exit(1);
        for (int i = 0; i < N; i++) pthread_join(thread[i], NULL);
        unsigned n = 0;
        for (int i = 0; i < N; i++) {
            struct pm_artifact a = artifact(i);
            char sha[65], file[800];
            pm_hex_encode(sha, a.sha256, 32);
            snprintf(file, sizeof file, "%s/%s", folder, sha);
            n += access(file, F_OK) == 0;
        }
        CHECK(n >= 1 && n <= 2);
    }
    close_all();
}
