/* That loops cover their range exactly once, alone, nested, from several callers; also run under
 * ThreadSanitizer. */
#include "base/clock.h"
#include "base/pool.h"
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

struct cover {
    uint8_t *count;
    size_t n, grain;
    atomic_size_t pieces, wrong;
};

static void cover_piece(void *ctx, size_t begin, size_t end)
{
    struct cover *c = ctx;
    if (begin >= end || end > c->n || (c->grain && end - begin > c->grain) ||
        (c->grain && begin % c->grain != 0))
        atomic_fetch_add(&c->wrong, 1);
    atomic_fetch_add(&c->pieces, 1);
    for (size_t i = begin; i < end && i < c->n; i++)
        c->count[i]++; /* plain: covering twice is a race that TSan sees */
}

static void check_cover(struct pm_pool *pool, size_t n, size_t grain)
{
    struct cover c = {.count = calloc(n + 1, 1), .n = n, .grain = grain};
    if (!c.count) abort();
    pm_pool_for(pool, n, grain, cover_piece, &c);
    size_t missed = 0;
    for (size_t i = 0; i < n; i++) missed += c.count[i] != 1;
    CHECK_MSG(missed == 0, "%zu of %zu indices not covered once (grain %zu, %u threads)", missed, n, grain,
              pm_pool_threads(pool));
    CHECK_U64(atomic_load(&c.wrong), 0);
    if (grain) CHECK_U64(atomic_load(&c.pieces), n / grain + (n % grain != 0));
    if (!grain) CHECK(atomic_load(&c.pieces) <= 8 * (size_t)pm_pool_threads(pool));
    free(c.count);
}

PM_TEST(covers_exactly_once)
{
    static const unsigned threads[] = {1, 2, 3, 8};
    static const size_t sizes[] = {0, 1, 2, 3, 7, 64, 100, 1000, 4095, 4096, 4097};
    for (size_t t = 0; t < 4; t++) {
        struct pm_error err = {0};
        struct pm_pool *pool = pm_pool_new(threads[t], &err);
        CHECK_MSG(pool != NULL, "%s", err.text);
        CHECK_U64(pm_pool_threads(pool), threads[t]);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const size_t grains[] = {0, 1, 3, 100, sizes[i], sizes[i] + 1, SIZE_MAX};
            for (size_t g = 0; g < sizeof grains / sizeof *grains; g++)
                check_cover(pool, sizes[i], grains[g]);
        }
        pm_pool_free(&pool);
        CHECK(pool == NULL);
        pm_pool_free(&pool);
    }
}

PM_TEST(no_pool_runs_in_the_caller)
{
    CHECK_U64(pm_pool_threads(NULL), 1);
    for (size_t n = 0; n < 20; n++)
        for (size_t grain = 0; grain < 22; grain++) check_cover(NULL, n, grain);
}

PM_TEST(zero_threads_means_the_processors)
{
    struct pm_error err = {0};
    struct pm_pool *pool = pm_pool_new(0, &err);
    CHECK_MSG(pool != NULL, "%s", err.text);
    CHECK(pm_pool_threads(pool) >= 1 && pm_pool_threads(pool) <= 4096);
    check_cover(pool, 1000, 1);
    pm_pool_free(&pool);
}

struct nested {
    struct pm_pool *pool;
    uint8_t count[16][16][16];
};
struct nested_at {
    struct nested *n;
    size_t i, j;
};

static void inner(void *ctx, size_t begin, size_t end)
{
    struct nested_at *at = ctx;
    for (size_t k = begin; k < end; k++) at->n->count[at->i][at->j][k]++;
}

static void middle(void *ctx, size_t begin, size_t end)
{
    struct nested_at at = *(struct nested_at *)ctx;
    for (at.j = begin; at.j < end; at.j++) pm_pool_for(at.n->pool, 16, 3, inner, &at);
}

static void outer(void *ctx, size_t begin, size_t end)
{
    struct nested_at at = {.n = ctx};
    for (at.i = begin; at.i < end; at.i++) pm_pool_for(at.n->pool, 16, 2, middle, &at);
}

static void check_nested(struct pm_pool *pool)
{
    struct nested *n = calloc(1, sizeof *n);
    if (!n) abort();
    n->pool = pool;
    pm_pool_for(pool, 16, 1, outer, n);
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof n->count; i++) wrong += ((const uint8_t *)n->count)[i] != 1;
    CHECK_U64(wrong, 0);
    free(n);
}

PM_TEST(loops_inside_loops)
{
    struct pm_error err = {0};
    for (unsigned threads = 1; threads <= 5; threads += 2) {
        struct pm_pool *pool = pm_pool_new(threads, &err);
        for (int round = 0; round < 20; round++) check_nested(pool);
        pm_pool_free(&pool);
    }
    check_nested(NULL);
}

static void *many_loops(void *pool)
{
    for (size_t i = 0; i < 60; i++) {
        check_cover(pool, 50 + 17 * i, 1 + i % 9);
        if (i % 20 == 0) check_nested(pool);
    }
    return NULL;
}

PM_TEST(several_callers_at_a_time)
{
    struct pm_error err = {0};
    struct pm_pool *pool = pm_pool_new(3, &err);
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        if (pthread_create(&t[i], NULL, many_loops, pool) != 0) abort();
    many_loops(pool);
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    pm_pool_free(&pool);
}

/* Two pieces that each wait for the other end only if two threads run them. */
static void meet(void *ctx, size_t begin, size_t end)
{
    atomic_int *here = ctx;
    (void)begin, (void)end;
    atomic_fetch_add(here, 1);
    for (uint64_t give_up = pm_clock_ms() + 20000; atomic_load(here) < 2 && pm_clock_ms() < give_up;)
        pm_clock_sleep_ms(1);
}

PM_TEST(threads_run_side_by_side)
{
    struct pm_error err = {0};
    struct pm_pool *pool = pm_pool_new(2, &err);
    atomic_int here = 0;
    uint64_t begin = pm_clock_ms();
    pm_pool_for(pool, 2, 1, meet, &here);
    CHECK(pm_clock_ms() - begin < 20000);
    pm_pool_free(&pool);
}

static void slow(void *ctx, size_t begin, size_t end)
{
    pm_clock_sleep_ms(5);
    atomic_fetch_add((atomic_size_t *)ctx, end - begin);
}

struct slow_loop {
    struct pm_pool *pool;
    atomic_size_t done;
};

static void *run_slow(void *arg)
{
    struct slow_loop *s = arg;
    pm_pool_for(s->pool, 20, 1, slow, &s->done);
    return NULL;
}

PM_TEST(free_waits_for_a_running_loop)
{
    struct pm_error err = {0};
    struct slow_loop s = {.pool = pm_pool_new(2, &err)};
    struct pm_pool *pool = s.pool;
    pthread_t t;
    if (pthread_create(&t, NULL, run_slow, &s) != 0) abort();
    while (atomic_load(&s.done) == 0) pm_clock_sleep_ms(1);
    pm_pool_free(&pool);
    CHECK_U64(atomic_load(&s.done), 20);
    pthread_join(t, NULL);
}

static void look_at_mask(void *ctx, size_t begin, size_t end)
{
    atomic_int *blocked = ctx;
    sigset_t now;
    (void)begin, (void)end;
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    if (sigismember(&now, SIGTERM) && sigismember(&now, SIGCHLD) && !sigismember(&now, SIGSEGV))
        atomic_fetch_add(blocked, 1);
    pm_clock_sleep_ms(20);
}

PM_TEST(signals_go_to_the_programs_own_threads)
{
    struct pm_error err = {0};
    struct pm_pool *pool = pm_pool_new(3, &err);
    atomic_int blocked = 0;
    sigset_t now;
    pm_pool_for(pool, 3, 1, look_at_mask, &blocked);
    CHECK(atomic_load(&blocked) >= 1 && atomic_load(&blocked) <= 3);
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    CHECK(!sigismember(&now, SIGTERM));
    pm_pool_free(&pool);
}
