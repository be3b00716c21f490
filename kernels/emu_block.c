/* Runs a grid: its blocks one after another in a drawn order, the threads of a block as fibers that are drawn
 * at random until all wait or are done. Barriers, warp operations and shared memory live here, and so does
 * the diagnosis of a block that cannot go on. The host's queue (emu_queue.c) calls emu_run_grid. */
#include "kernels/emu_inner.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_THREADS = 1024, MAX_SHARED = 16, GUARD = EMU_ASAN ? 0 : 64, GUARD_BYTE = 0x5c };
/* Under ThreadSanitizer stacks, and its own idea of a fiber, are not used again within a grid while there are
 * fewer than this: a used one would order the two threads, and their blocks with them. The next grid uses
 * them again: all of it comes after this one anyway. */
enum { TSAN_STACKS = 2048 };

enum thread_state { READY, AT_BARRIER, AT_WARP, DONE };

struct thread {
    struct emu_thread id; /* first: emu_self points here */
    struct emu_fiber *fiber;
    enum thread_state state;
    const char *file; /* where it waits */
    int line;
    enum emu_warp_op op;
    uint32_t mask, value, argument, result;
    unsigned barriers, warp_syncs; /* passed */
};

struct shared {
    const char *site;
    uint8_t *whole;
    size_t bytes;
};

struct grid {
    struct emu *emu;
    const struct emu_launch *launch;
    struct emu_fiber host;
    struct thread *threads;
    unsigned n_threads, n_ready, n_at_barrier, n_done;
    unsigned ready[MAX_THREADS];
    struct shared shared[MAX_SHARED], dynamic;
    unsigned n_shared;
    size_t shared_bytes;
    struct shared *kept; /* under ThreadSanitizer: freed when the grid ends */
    size_t n_kept;
    /* Addresses that ThreadSanitizer orders by. */
    char tsan_start, tsan_end, tsan_shared, tsan_barrier[2], tsan_warp[MAX_THREADS / GPU_WARP][2];
};

EMU_THREAD_LOCAL struct emu_thread *emu_self;
EMU_THREAD_LOCAL unsigned char emu_cc = EMU_CC_UNDEFINED;
static EMU_THREAD_LOCAL struct grid *running;

void emu_die(const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (emu_self)
        fprintf(stderr, "emulated device: kernel %s, block (%u, %u), thread %u: %s\n",
                running->launch->kernel->name, emu_self->block_x, emu_self->block_y, emu_self->thread, text);
    else if (running)
        fprintf(stderr, "emulated device: kernel %s: %s\n", running->launch->kernel->name, text);
    else
        fprintf(stderr, "emulated device: %s\n", text);
    fflush(stderr);
    abort();
}

/* -- Waiting -- */

static struct thread *self(void) { return (struct thread *)(void *)emu_self; }

/* Back to run_block until this thread is drawn again. */
static void yield(void)
{
    struct thread *t = self();
    emu_fiber_switch(t->fiber, &running->host);
    emu_cc = EMU_CC_UNDEFINED;
}

static void make_ready(struct grid *g, struct thread *t)
{
    t->state = READY;
    g->ready[g->n_ready++] = t->id.thread;
}

void emu_sync(const char *file, int line)
{
    struct thread *t = self();
    if (!t) emu_die("%s:%d: a barrier outside a kernel", file, line);
    char *order = &running->tsan_barrier[t->barriers++ % 2];
    t->state = AT_BARRIER;
    t->file = file;
    t->line = line;
    EMU_RELEASE(order);
    yield();
    EMU_ACQUIRE(order);
}

static const char *warp_op_name(enum emu_warp_op op)
{
    switch (op) {
    case EMU_SYNC_WARP:
        return "warp barrier";
    case EMU_BALLOT:
        return "ballot";
    case EMU_SHFL:
    case EMU_SHFL_UP:
    case EMU_SHFL_DOWN:
    case EMU_SHFL_XOR:
        break;
    }
    return "shuffle";
}

/* Lane that this one reads; itself where there is none by definition. */
static unsigned source_lane(const struct thread *t)
{
    unsigned lane = t->id.thread % GPU_WARP;
    switch (t->op) {
    case EMU_SHFL:
        return t->argument % GPU_WARP;
    case EMU_SHFL_UP:
        return t->argument > lane ? lane : lane - t->argument;
    case EMU_SHFL_DOWN:
        return t->argument >= GPU_WARP - lane ? lane : lane + t->argument;
    case EMU_SHFL_XOR:
        return (lane ^ t->argument) % GPU_WARP;
    case EMU_SYNC_WARP:
    case EMU_BALLOT:
        break;
    }
    return lane;
}

static bool same_place(const struct thread *a, const struct thread *b)
{
    return a->state == b->state && a->line == b->line && strcmp(a->file, b->file) == 0;
}

/* Runs the operation at which t waits, once all lanes of its mask wait there too. */
static void warp_finish(struct grid *g, struct thread *t)
{
    struct thread *lanes = g->threads + (t->id.thread - t->id.thread % GPU_WARP);
    unsigned n = g->n_threads - lanes->id.thread;
    uint32_t ballot = 0;
    for (unsigned i = 0; i < GPU_WARP; i++) {
        if (!(t->mask >> i & 1)) continue;
        if (i >= n || !same_place(&lanes[i], t) || lanes[i].op != t->op || lanes[i].mask != t->mask) return;
        ballot |= lanes[i].value << i;
    }
    for (unsigned i = 0; i < GPU_WARP; i++) {
        if (!(t->mask >> i & 1)) continue;
        unsigned from = source_lane(&lanes[i]);
        if (!(t->mask >> from & 1)) {
            emu_self = &lanes[i].id;
            emu_die("%s:%d: shuffle reads lane %u, which is not in the mask %08x", t->file, t->line, from,
                    t->mask);
        }
        lanes[i].result = t->op == EMU_BALLOT ? ballot : lanes[from].value;
    }
    uint32_t mask = t->mask;
    for (unsigned i = 0; i < GPU_WARP; i++)
        if (mask >> i & 1) make_ready(g, &lanes[i]);
}

uint32_t emu_warp(enum emu_warp_op op, uint32_t mask, uint32_t value, uint32_t argument, const char *file,
                  int line)
{
    struct thread *t = self();
    if (!t) emu_die("%s:%d: a %s outside a kernel", file, line, warp_op_name(op));
    if (!(mask >> t->id.thread % GPU_WARP & 1))
        emu_die("%s:%d: %s with mask %08x, in which this lane is not", file, line, warp_op_name(op), mask);
    unsigned warp = t->id.thread / GPU_WARP;
    char *order = &running->tsan_warp[warp][t->warp_syncs % 2];
    t->state = AT_WARP;
    t->file = file;
    t->line = line;
    t->op = op;
    t->mask = mask;
    t->value = value;
    t->argument = argument;
    if (op == EMU_SYNC_WARP) {
        t->warp_syncs++;
        EMU_RELEASE(order);
    }
    yield();
    if (op == EMU_SYNC_WARP) EMU_ACQUIRE(order);
    return t->result;
}

/* -- Shared memory: from the heap, full of garbage -- */

static void shared_new(struct grid *g, struct shared *s, const char *site, size_t bytes)
{
    g->shared_bytes += bytes;
    if (g->shared_bytes > g->emu->device->shared_bytes)
        emu_die("%zu bytes of shared memory, the device has %zu for a block", g->shared_bytes,
                g->emu->device->shared_bytes);
    void *p = NULL;
    if (posix_memalign(&p, 64, bytes + 2 * (size_t)GUARD) != 0) emu_die("no memory for shared memory");
    s->site = site;
    s->whole = p;
    s->bytes = bytes;
    memset(p, GUARD_BYTE, bytes + 2 * (size_t)GUARD);
    memset(s->whole + GUARD, (int)(emu_random(&g->emu->random) & 0xff) | 1, bytes);
}

void *emu_shared(const char *site, size_t bytes)
{
    struct grid *g = running;
    struct shared *s = NULL;
    if (!emu_self) emu_die("shared memory %s outside a kernel", site);
    for (unsigned i = 0; i < g->n_shared; i++)
        if (g->shared[i].site == site) s = &g->shared[i];
    if (!s) {
        if (g->n_shared == MAX_SHARED) emu_die("more than %d pieces of shared memory", MAX_SHARED);
        s = &g->shared[g->n_shared++];
        shared_new(g, s, site, bytes);
        EMU_RELEASE(&g->tsan_shared);
    }
    EMU_ACQUIRE(&g->tsan_shared);
    return s->whole + GUARD;
}

void *emu_shared_dynamic(void)
{
    if (!emu_self) emu_die("dynamic shared memory outside a kernel");
    if (!running->dynamic.whole) emu_die("dynamic shared memory in a launch that has none");
    EMU_ACQUIRE(&running->tsan_shared);
    return running->dynamic.whole + GUARD;
}

static void shared_free(struct grid *g, struct shared *s)
{
    const size_t guard = GUARD;
    if (!s->whole) return;
    for (size_t i = 0; i < guard; i++)
        if (s->whole[i] != GUARD_BYTE || s->whole[guard + s->bytes + i] != GUARD_BYTE)
            emu_die("a block wrote %s the %zu bytes of its shared memory %s",
                    s->whole[i] != GUARD_BYTE ? "before" : "past", s->bytes, s->site);
    if (g->kept)
        g->kept[g->n_kept++] = *s;
    else
        free(s->whole);
    *s = (struct shared){0};
}

/* -- Blocks -- */

static void thread_main(void *p)
{
    struct thread *t = p;
    struct grid *g = running;
    EMU_ACQUIRE(&g->tsan_start);
    EMU_ACQUIRE(t->fiber); /* the one who had the stack before */
    emu_cc = EMU_CC_UNDEFINED;
    g->launch->kernel->entry(g->launch->args);
    t->state = DONE;
    EMU_RELEASE(t->fiber);
    EMU_RELEASE(&g->tsan_end);
    emu_fiber_leave(t->fiber, &g->host);
}

/* Nobody is ready, and neither are all at one barrier nor all done: says why, as the thread that waits. */
static _Noreturn void stuck(struct grid *g)
{
    struct thread *t = g->threads, *end = t + g->n_threads, *barrier = NULL, *warp = NULL, *done = NULL;
    for (; t < end; t++) {
        if (t->state == AT_BARRIER && !barrier) barrier = t;
        if (t->state == AT_WARP && !warp) warp = t;
        if (t->state == DONE && !done) done = t;
    }
    if (warp) {
        struct thread *lanes = g->threads + (warp->id.thread - warp->id.thread % GPU_WARP);
        unsigned n = g->n_threads - lanes->id.thread, lane = 0;
        emu_self = &warp->id;
        for (; lane < GPU_WARP - 1u; lane++)
            if ((warp->mask >> lane & 1) && (lane >= n || !same_place(&lanes[lane], warp) ||
                                             lanes[lane].mask != warp->mask || lanes[lane].op != warp->op))
                break;
        emu_die("%s:%d: %s with missing lanes: lane %u of the mask %08x %s", warp->file, warp->line,
                warp_op_name(warp->op), lane, warp->mask,
                lane >= n                         ? "does not exist"
                : lanes[lane].state == DONE       ? "has left the kernel"
                : lanes[lane].state == AT_BARRIER ? "waits at a barrier"
                                                  : "waits elsewhere");
    }
    emu_self = &barrier->id;
    if (done)
        emu_die("%s:%d: waits at a barrier, but thread %u has left the kernel", barrier->file, barrier->line,
                done->id.thread);
    for (t = g->threads; t < end && same_place(t, barrier);) t++;
    emu_die("%s:%d: divergent barrier: thread %u waits at %s:%d", barrier->file, barrier->line, t->id.thread,
            t->file, t->line);
}

static void release_barrier(struct grid *g)
{
    for (unsigned i = 1; i < g->n_threads; i++)
        if (!same_place(&g->threads[i], &g->threads[0])) stuck(g);
    g->n_at_barrier = 0;
    for (unsigned i = 0; i < g->n_threads; i++) make_ready(g, &g->threads[i]);
}

static void run_threads(struct grid *g)
{
    while (g->n_done < g->n_threads) {
        if (g->n_ready == 0) {
            if (g->n_at_barrier < g->n_threads) stuck(g);
            release_barrier(g);
        }
        unsigned at = (unsigned)(emu_random(&g->emu->random) % g->n_ready);
        struct thread *t = &g->threads[g->ready[at]];
        g->ready[at] = g->ready[--g->n_ready];
        emu_self = &t->id;
        emu_fiber_switch(&g->host, t->fiber);
        emu_self = NULL;
        if (t->state == AT_BARRIER) g->n_at_barrier++;
        if (t->state == DONE) g->n_done++;
        if (t->state == AT_WARP) warp_finish(g, t);
    }
}

static void run_block(struct grid *g, unsigned block, size_t first_fiber)
{
    const struct gpu_shape *shape = &g->launch->shape;
    g->n_ready = g->n_at_barrier = g->n_done = g->n_shared = 0;
    g->shared_bytes = 0;
    if (shape->shared_bytes) shared_new(g, &g->dynamic, "dynamic", shape->shared_bytes);
    EMU_RELEASE(&g->tsan_shared);
    for (unsigned i = 0; i < g->n_threads; i++) {
        struct thread *t = &g->threads[i];
        *t = (struct thread){.id = {.thread = i,
                                    .threads = g->n_threads,
                                    .block_x = block % shape->blocks_x,
                                    .block_y = block / shape->blocks_x,
                                    .blocks_x = shape->blocks_x,
                                    .blocks_y = shape->blocks_y}};
        t->fiber = &g->emu->fibers[(first_fiber + i) % g->emu->n_fibers];
        emu_fiber_prepare(t->fiber, thread_main, t);
#if EMU_TSAN
        if (!t->fiber->tsan) t->fiber->tsan = __tsan_create_fiber(0);
#endif
        make_ready(g, t);
    }
    run_threads(g);
    for (unsigned i = 0; i < g->n_shared; i++) shared_free(g, &g->shared[i]);
    shared_free(g, &g->dynamic);
}

static void fibers_make(struct emu *emu, size_t wanted)
{
    if (wanted <= emu->n_fibers) return;
    struct emu_fiber *more = realloc(emu->fibers, wanted * sizeof *more);
    if (!more) emu_die("no memory for %zu fibers", wanted);
    emu->fibers = more;
    for (; emu->n_fibers < wanted; emu->n_fibers++)
        if (!emu_fiber_map(&more[emu->n_fibers])) emu_die("no memory for %zu stacks", wanted);
}

void emu_fibers_free(struct emu *emu)
{
    for (size_t i = 0; i < emu->n_fibers; i++) emu_fiber_unmap(&emu->fibers[i]);
    free(emu->fibers);
    emu->fibers = NULL;
    emu->n_fibers = 0;
}

/* Block numbers 0 .. n-1, shuffled. */
static unsigned *draw_order(struct emu *emu, unsigned n)
{
    unsigned *order = malloc(n * sizeof *order);
    if (!order) emu_die("no memory for a grid of %u blocks", n);
    for (unsigned i = 0; i < n; i++) {
        unsigned j = (unsigned)(emu_random(&emu->random) % (i + 1u));
        order[i] = order[j];
        order[j] = i;
    }
    return order;
}

void emu_run_grid(struct emu *emu, const struct emu_launch *launch)
{
    struct grid g = {.emu = emu, .launch = launch, .n_threads = launch->shape.threads};
    unsigned n_blocks = launch->shape.blocks_x * launch->shape.blocks_y;
    size_t stacks = g.n_threads;
    if (EMU_TSAN) {
        while (stacks < TSAN_STACKS && stacks < (size_t)n_blocks * g.n_threads) stacks += g.n_threads;
        g.kept = calloc((size_t)n_blocks * (MAX_SHARED + 1), sizeof *g.kept);
        if (!g.kept) emu_die("no memory for a grid of %u blocks", n_blocks);
    }
    running = &g;
    fibers_make(emu, stacks);
    g.threads = calloc(g.n_threads, sizeof *g.threads);
    unsigned *order = draw_order(emu, n_blocks);
    if (!g.threads) emu_die("no memory for %u threads", g.n_threads);
#if EMU_TSAN
    g.host.tsan = __tsan_get_current_fiber();
#endif
    EMU_RELEASE(&g.tsan_start);
    for (unsigned i = 0; i < n_blocks; i++) run_block(&g, order[i], (size_t)i * g.n_threads);
    EMU_ACQUIRE(&g.tsan_end);
    for (size_t i = 0; i < g.n_kept; i++) free(g.kept[i].whole);
    free(g.kept);
    free(g.threads);
    free(order);
    running = NULL;
}
