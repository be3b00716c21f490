/* A queue of loops; threads take pieces from the oldest loop that still has some. See pool.h. */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A loop in progress; lives on its caller's stack. Guarded by the pool's mutex. */
struct loop {
    struct loop *next;
    pm_pool_fn *fn;
    void *ctx;
    size_t n, grain, begin; /* begin: the first index not yet taken */
    size_t running;         /* pieces taken and not yet ended */
};

struct pm_pool {
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    struct loop *first; /* loops that still have pieces */
    bool stop;
    size_t callers; /* loops whose pm_pool_for has not ended */
    unsigned threads, started;
    pthread_t thread[];
};

static unsigned usable_cpus(void)
{
    cpu_set_t set;
    /* The set is too small for machines of more than 1024 processors: all of them, then. */
    long n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}

static void unlink_loop(struct pm_pool *pool, struct loop *loop)
{
    struct loop **at = &pool->first;
    while (*at != loop) at = &(*at)->next;
    *at = loop->next;
}

/* Takes and runs one piece. Called with the mutex held, and returns with it held. */
static void run_piece(struct pm_pool *pool, struct loop *loop)
{
    size_t begin = loop->begin, end = loop->n - begin > loop->grain ? begin + loop->grain : loop->n;
    loop->begin = end;
    loop->running++;
    if (end == loop->n) unlink_loop(pool, loop);
    pthread_mutex_unlock(&pool->mutex);
    loop->fn(loop->ctx, begin, end);
    pthread_mutex_lock(&pool->mutex);
    if (--loop->running == 0 && loop->begin == loop->n) pthread_cond_broadcast(&pool->done);
}

static void *thread_main(void *arg)
{
    struct pm_pool *pool = arg;
    pthread_mutex_lock(&pool->mutex);
    while (!pool->stop) {
        if (pool->first)
            run_piece(pool, pool->first);
        else
            pthread_cond_wait(&pool->work, &pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

/* Threads inherit the mask of the one that starts them. */
static int start_thread(pthread_t *thread, struct pm_pool *pool)
{
    static const int faults[] = {SIGSEGV, SIGBUS,  SIGFPE,
                                 SIGILL,  SIGTRAP, SIGSYS}; /* these belong to the thread */
    sigset_t blocked, old;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&blocked, faults[i]);
    (void)pthread_sigmask(SIG_SETMASK, &blocked, &old);
    int e = pthread_create(thread, NULL, thread_main, pool);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return e;
}

struct pm_pool *pm_pool_new(unsigned threads, struct pm_error *err)
{
    if (threads == 0) threads = usable_cpus();
    if (threads > 4096) threads = 4096;
    struct pm_pool *pool = calloc(1, sizeof *pool + threads * sizeof pool->thread[0]);
    if (!pool) {
        (void)pm_fail(err, PM_NO_MEMORY, "no memory for a pool of %u threads", threads);
        return NULL;
    }
    pool->threads = threads;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    for (; pool->started + 1 < threads; pool->started++) {
        int e = start_thread(&pool->thread[pool->started], pool);
        if (e != 0) {
            (void)pm_fail(err, PM_NO_MEMORY, "thread %u of %u cannot be started: %s", pool->started + 2,
                          threads, strerror(e));
            pm_pool_free(&pool);
            return NULL;
        }
    }
    return pool;
}

void pm_pool_free(struct pm_pool **pool_at)
{
    struct pm_pool *pool = *pool_at;
    if (!pool) return;
    pthread_mutex_lock(&pool->mutex);
    while (pool->callers > 0) pthread_cond_wait(&pool->done, &pool->mutex);
    pool->stop = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    for (unsigned i = 0; i < pool->started; i++) pthread_join(pool->thread[i], NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
    *pool_at = NULL;
}

unsigned pm_pool_threads(const struct pm_pool *pool) { return pool ? pool->threads : 1; }

void pm_pool_for(struct pm_pool *pool, size_t n, size_t grain, pm_pool_fn *fn, void *ctx)
{
    if (n == 0) return;
    if (grain == 0) grain = n / (8 * (size_t)pm_pool_threads(pool)) + 1;
    if (!pool || pool->threads == 1 || n <= grain) {
        for (size_t i = 0; i < n; i += grain) fn(ctx, i, n - i > grain ? i + grain : n);
        return;
    }
    struct loop loop = {.fn = fn, .ctx = ctx, .n = n, .grain = grain};
    pthread_mutex_lock(&pool->mutex);
    pool->callers++;
    struct loop **at = &pool->first;
    while (*at) at = &(*at)->next;
    *at = &loop;
    pthread_cond_broadcast(&pool->work);
    while (loop.begin < loop.n) run_piece(pool, &loop);
    while (loop.running > 0) pthread_cond_wait(&pool->done, &pool->mutex);
    if (--pool->callers == 0) pthread_cond_broadcast(&pool->done);
    pthread_mutex_unlock(&pool->mutex);
}
