/* The emulated device itself and its streams. Work is queued and runs late: when the host waits for it, or
 * earlier by chance, streams interleaved as the seed draws. So a missing wait between streams, or on the
 * host, shows as a wrong answer under some seed; tests run under several. */
#include "kernels/emu_inner.h"
#include "kernels/gpu_sort.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum op_kind { OP_LAUNCH, OP_UPLOAD, OP_DOWNLOAD, OP_MOVE, OP_FILL, OP_SORT, OP_FENCE, OP_RECORD, OP_WAIT };

struct sort {
    struct gpu_pairs pairs; /* current: before the sort */
    unsigned bits, result;  /* the half that gets the result */
};

struct op {
    enum op_kind kind;
    struct op *next;
    struct emu_launch launch;
    void *args; /* of the launch, owned */
    void *to;
    const void *from;
    size_t bytes;
    uint8_t byte;     /* of a fill; of a fence, whether it goes up */
    struct sort sort; /* of `bytes` / 4 pairs, scratch at `to` */
    struct emu_event *event;
    unsigned ticket; /* of the event */
};

struct emu_stream {
    struct op *first, **last;
    uint64_t rank; /* drawn */
    struct emu_stream *next;
};

/* Records are numbered; `done` is the latest that ran. */
struct emu_event {
    unsigned recorded, done;
    struct emu_event *next;
};

/* -- The device: small and odd on purpose -- */

unsigned emu_device_count(void) { return 1; }

void emu_device_seed(struct gpu_device *dev, uint64_t seed)
{
    struct emu *emu = dev->impl;
    emu->random = seed;
    emu->manner = emu_random(&emu->random) % 3;
    dev->multiprocessors = 2;
    dev->max_threads = 256;
    dev->shared_bytes = 48 << 10;
}

enum pm_status emu_device_open(struct gpu_device *out, unsigned index, struct pm_error *err)
{
    *out = (struct gpu_device){0};
    emu_faults_of_environment();
    PM_TRY(emu_operation("opening the device", err));
    if (index >= emu_device_count())
        return pm_fail(err, PM_NOT_FOUND, "there is one emulated device, number 0, not %u", index);
    struct emu *emu = calloc(1, sizeof *emu);
    if (!emu) return pm_fail(err, PM_NO_MEMORY, "no memory for an emulated device");
    emu->device = out;
    out->impl = emu;
    const char *taken = getenv("PROOFMILL_EMU_TAKEN"); /* of its memory, by others */
    out->memory_bytes = out->budget_bytes = (size_t)256 << 20;
    if (taken) out->budget_bytes -= (size_t)strtoull(taken, NULL, 10) % out->budget_bytes;
    snprintf(out->name, sizeof out->name, "emulated device");
    const char *seed = getenv("PROOFMILL_EMU_SEED");
    emu_device_seed(out, seed ? strtoull(seed, NULL, 10) : 1);
    return PM_OK;
}

enum pm_status emu_device_use(struct gpu_device *dev, struct pm_error *err)
{
    (void)dev;
    return emu_operation("using the device", err);
}

static void note(struct emu *emu, const struct emu_kernel *kernel)
{
    unsigned i = 0;
    while (i < emu->n_launched && emu->launched[i] != kernel) i++;
    if (i < emu->n_launched) return;
    if (i == EMU_KERNELS) emu_die("more than %d kernels", (int)EMU_KERNELS);
    emu->launched[emu->n_launched++] = kernel;
}

/* For the test that asks which kernels were run at all. */
static void tell_launched(const struct emu *emu)
{
    const char *path = getenv("PROOFMILL_EMU_LAUNCHED");
    FILE *f = path ? fopen(path, "a") : NULL;
    if (!f) return;
    for (unsigned i = 0; i < emu->n_launched; i++) fprintf(f, "%s\n", emu->launched[i]->name);
    if (fclose(f) != 0) emu_die("%s cannot be written", path);
}

void emu_device_close(struct gpu_device *dev)
{
    struct emu *emu = dev->impl;
    if (!emu) return;
    tell_launched(emu);
    emu_queue_close(emu);
    emu_memory_close(emu);
    emu_fibers_free(emu);
    free(emu);
    *dev = (struct gpu_device){0};
}

unsigned emu_blocks_for(struct gpu_device *dev, size_t items, unsigned threads)
{
    struct emu *emu = dev->impl;
    size_t enough = items / threads + (items % threads != 0);
    size_t most = enough < 5 ? enough + 1 : 6;
    return 1 + (unsigned)(emu_random(&emu->random) % most);
}

/* -- Running -- */

static bool can_run(const struct emu_stream *s)
{
    const struct op *op = s->first;
    return op && !(op->kind == OP_WAIT && op->event->done < op->ticket);
}

/* Counting sorts by eight bits, stable, from one half to the other and back. */
static void sort_pass(const struct gpu_pairs *p, size_t n, unsigned from, unsigned shift, unsigned bits)
{
    size_t at[257] = {0};
    const uint32_t mask = (1u << bits) - 1;
    for (size_t i = 0; i < n; i++) at[(p->key[from][i] >> shift & mask) + 1]++;
    for (unsigned d = 0; d < 256; d++) at[d + 1] += at[d];
    for (size_t i = 0; i < n; i++) {
        size_t to = at[p->key[from][i] >> shift & mask]++;
        p->key[1 - from][to] = p->key[from][i];
        p->value[1 - from][to] = p->value[from][i];
    }
}

/* Both halves and the scratch are overwritten, whatever the sort needed of them. */
static void run_sort(struct emu *emu, const struct op *op)
{
    const struct sort *s = &op->sort;
    const size_t n = op->bytes / 4, scratch_bytes = gpu_sort_scratch(n);
    unsigned at = s->pairs.current;
    for (unsigned half = 0; half < 2; half++) {
        emu_check_device_range(emu, s->pairs.key[half], op->bytes, "sort, keys");
        emu_check_device_range(emu, s->pairs.value[half], op->bytes, "sort, values");
    }
    emu_check_device_range(emu, op->to, scratch_bytes, "sort, scratch");
    memset(op->to, (int)(emu_random(&emu->random) & 0xff), scratch_bytes);
    for (unsigned done = 0; done < s->bits; done += 8, at = 1 - at)
        sort_pass(&s->pairs, n, at, done, s->bits - done < 8 ? s->bits - done : 8);
    if (at != s->result) {
        memcpy(s->pairs.key[1 - at], s->pairs.key[at], op->bytes);
        memcpy(s->pairs.value[1 - at], s->pairs.value[at], op->bytes);
    }
    memset(s->pairs.key[1 - s->result], 0xe5, op->bytes);
    memset(s->pairs.value[1 - s->result], 0xe5, op->bytes);
}

static const char *name_of(const struct op *op)
{
    static const char *const names[] = {
        [OP_UPLOAD] = "an upload", [OP_DOWNLOAD] = "a download", [OP_MOVE] = "a move",
        [OP_FILL] = "a fill",      [OP_SORT] = "a sort",         [OP_FENCE] = "something",
        [OP_RECORD] = "an event",  [OP_WAIT] = "an event"};
    return op->kind == OP_LAUNCH ? op->launch.kernel->name : names[op->kind];
}

static void run_op(struct emu *emu, const struct op *op)
{
    switch (op->kind) {
    case OP_LAUNCH:
        note(emu, op->launch.kernel);
        emu_check_args(emu, &op->launch);
        emu_run_grid(emu, &op->launch);
        break;
    case OP_UPLOAD:
        emu_check_device_range(emu, op->to, op->bytes, "upload");
        emu_check_host_range(emu, op->from, op->bytes, "upload");
        memcpy(op->to, op->from, op->bytes);
        break;
    case OP_DOWNLOAD:
        emu_check_device_range(emu, op->from, op->bytes, "download");
        emu_check_host_range(emu, op->to, op->bytes, "download");
        memcpy(op->to, op->from, op->bytes);
        emu_downloaded(op->to, op->bytes);
        break;
    case OP_MOVE:
        emu_check_device_range(emu, op->from, op->bytes, "move");
        emu_check_device_range(emu, op->to, op->bytes, "move");
        memmove(op->to, op->from, op->bytes);
        break;
    case OP_FILL:
        emu_check_device_range(emu, op->to, op->bytes, "fill");
        if (emu_is_buffer(emu, op->to, op->bytes)) emu_fences_down(emu, op->to, op->bytes);
        memset(op->to, op->byte, op->bytes);
        break;
    case OP_SORT:
        run_sort(emu, op);
        break;
    case OP_FENCE:
        emu_check_device_range(emu, op->to, op->bytes, "fence");
        if (op->byte)
            emu_fence_up(emu, op->to, op->bytes);
        else
            emu_fences_down(emu, op->to, op->bytes);
        break;
    case OP_RECORD:
        if (op->event->done < op->ticket) op->event->done = op->ticket;
        break;
    case OP_WAIT:
        break;
    }
    if (emu->fences) emu_check_fences(emu, name_of(op));
}

static void forget_first(struct emu_stream *s)
{
    struct op *op = s->first;
    s->first = op->next;
    if (!s->first) s->last = &s->first;
    free(op->args);
    free(op);
}

static void run_first(struct emu *emu, struct emu_stream *s)
{
    run_op(emu, s->first);
    forget_first(s);
}

/* Of the streams that can go on, one by chance, mostly the same one again, or mostly the one of the highest
 * rank, as the device's manner is: so one stream may be far ahead of another. */
static struct emu_stream *draw(struct emu *emu)
{
    size_t n = 0;
    bool mostly = emu->manner != EMU_ANY && emu_random(&emu->random) % 16 != 0;
    struct emu_stream *best = NULL;
    if (mostly && emu->manner == EMU_GO_ON && emu->last && can_run(emu->last)) return emu->last;
    for (struct emu_stream *s = emu->streams; s; s = s->next) {
        if (!can_run(s)) continue;
        bool first = n++ == 0;
        bool better = mostly && emu->manner == EMU_BY_RANK ? !first && s->rank > best->rank
                                                           : emu_random(&emu->random) % n == 0;
        if (first || better) best = s;
    }
    return best;
}

/* Runs one operation; false where no stream can go on. */
static bool run_any(struct emu *emu)
{
    struct emu_stream *s = emu->last = draw(emu);
    if (s) run_first(emu, s);
    return s != NULL;
}

static enum pm_status push(struct gpu_device *dev, struct emu_stream *s, const struct op *what,
                           struct pm_error *err)
{
    struct emu *emu = dev->impl;
    if (what->kind != OP_FENCE) PM_TRY(emu_operation(name_of(what), err)); /* no device has fences */
    size_t args_bytes = what->kind == OP_LAUNCH ? what->launch.kernel->args_bytes : 0;
    struct op *op = malloc(sizeof *op);
    void *args = malloc(args_bytes + 1); /* aligned for any struct */
    if (!op || !args) {
        free(op);
        free(args);
        return pm_fail(err, PM_NO_MEMORY, "no memory to queue work of the emulated device");
    }
    *op = *what;
    op->next = NULL;
    if (args_bytes) memcpy(args, what->launch.args, args_bytes);
    op->launch.args = args;
    op->args = args;
    *s->last = op;
    s->last = &op->next;
    while (emu_random(&emu->random) % 4 == 0 && run_any(emu)) {}
    return PM_OK;
}

enum pm_status emu_launch(struct gpu_device *dev, const struct emu_kernel *kernel, struct gpu_shape shape,
                          gpu_stream stream, const void *args, size_t args_bytes, struct pm_error *err)
{
    if (args_bytes != kernel->args_bytes) emu_die("kernel %s gets another kernel's arguments", kernel->name);
    if (shape.threads == 0 || shape.threads > dev->max_threads || shape.threads > kernel->max_threads ||
        shape.blocks_x == 0 || shape.blocks_y == 0 || shape.blocks_y > 65535 ||
        shape.blocks_x > UINT32_MAX / shape.blocks_y || shape.shared_bytes > dev->shared_bytes)
        return pm_fail(err, PM_INTERNAL,
                       "kernel %s: %u x %u blocks of %u threads (at most %u) with %zu bytes"
                       " (at most %zu) cannot be launched",
                       kernel->name, shape.blocks_x, shape.blocks_y, shape.threads,
                       kernel->max_threads < dev->max_threads ? kernel->max_threads : dev->max_threads,
                       shape.shared_bytes, dev->shared_bytes);
    struct op op = {.kind = OP_LAUNCH, .launch = {kernel, shape, args}};
    return push(dev, stream, &op, err);
}

/* -- Copies -- */

enum pm_status emu_upload(struct gpu_device *dev, gpu_stream stream, void *to_device, const void *from_host,
                          size_t bytes, struct pm_error *err)
{
    struct op op = {.kind = OP_UPLOAD, .to = to_device, .from = from_host, .bytes = bytes};
    return bytes ? push(dev, stream, &op, err) : PM_OK;
}

enum pm_status emu_download(struct gpu_device *dev, gpu_stream stream, void *to_host, const void *from_device,
                            size_t bytes, struct pm_error *err)
{
    struct op op = {.kind = OP_DOWNLOAD, .to = to_host, .from = from_device, .bytes = bytes};
    return bytes ? push(dev, stream, &op, err) : PM_OK;
}

enum pm_status emu_move(struct gpu_device *dev, gpu_stream stream, void *to_device, const void *from_device,
                        size_t bytes, struct pm_error *err)
{
    struct op op = {.kind = OP_MOVE, .to = to_device, .from = from_device, .bytes = bytes};
    return bytes ? push(dev, stream, &op, err) : PM_OK;
}

enum pm_status emu_fence(struct gpu_device *dev, gpu_stream stream, void *device, size_t bytes, bool up,
                         struct pm_error *err)
{
    struct op op = {.kind = OP_FENCE, .to = device, .byte = up, .bytes = bytes};
    return bytes ? push(dev, stream, &op, err) : PM_OK;
}

enum pm_status emu_fill(struct gpu_device *dev, gpu_stream stream, void *to_device, uint8_t byte,
                        size_t bytes, struct pm_error *err)
{
    struct op op = {.kind = OP_FILL, .to = to_device, .byte = byte, .bytes = bytes};
    return bytes ? push(dev, stream, &op, err) : PM_OK;
}

enum pm_status emu_sort_need(struct gpu_device *dev, size_t *out, size_t n, unsigned bits,
                             struct pm_error *err)
{
    const char *more = getenv("PROOFMILL_EMU_SORT_MORE"); /* bytes, for tests */
    (void)dev;
    (void)err;
    (void)bits;
    *out = n / 4 + (more ? (size_t)strtoull(more, NULL, 10) : 0);
    return PM_OK;
}

enum pm_status emu_sort_pairs(struct gpu_device *dev, gpu_stream stream, struct gpu_pairs *pairs, size_t n,
                              unsigned bits, void *scratch, size_t scratch_bytes, struct pm_error *err)
{
    struct emu *emu = dev->impl;
    if (n == 0) return PM_OK;
    if (bits == 0 || bits > 32 || n >> 31 != 0)
        return pm_fail(err, PM_INTERNAL, "a sort of %zu pairs by %u bits", n, bits);
    if (gpu_sort_scratch(n) > scratch_bytes)
        return pm_fail(err, PM_INTERNAL, "the sort of %zu pairs needs %zu bytes of scratch, it has %zu", n,
                       gpu_sort_scratch(n), scratch_bytes);
    struct op op = {.kind = OP_SORT, .to = scratch, .bytes = 4 * n};
    op.sort.pairs = *pairs;
    op.sort.bits = bits;
    op.sort.result = pairs->current = (unsigned)(emu_random(&emu->random) & 1);
    return push(dev, stream, &op, err);
}

/* -- Streams and events -- */

enum pm_status emu_stream_new(struct gpu_device *dev, gpu_stream *out, struct pm_error *err)
{
    struct emu *emu = dev->impl;
    *out = NULL;
    PM_TRY(emu_operation("making a stream", err));
    struct emu_stream *s = *out = calloc(1, sizeof *s);
    if (!s) return pm_fail(err, PM_NO_MEMORY, "no memory for a stream");
    s->last = &s->first;
    s->rank = emu_random(&emu->random);
    s->next = emu->streams;
    emu->streams = s;
    return PM_OK;
}

void emu_stream_free(struct gpu_device *dev, gpu_stream *stream)
{
    struct emu *emu = dev->impl;
    struct emu_stream **at = &emu->streams;
    if (!*stream) return;
    while (*at && *at != *stream) at = &(*at)->next;
    if (!*at) emu_die("freeing a stream that is none");
    while (emu_is_lost() && (*stream)->first) forget_first(*stream);
    if ((*stream)->first) emu_die("freeing a stream with work in it");
    *at = (*stream)->next;
    if (emu->last == *stream) emu->last = NULL;
    free(*stream);
    *stream = NULL;
}

enum pm_status emu_stream_sync(struct gpu_device *dev, gpu_stream stream, struct pm_error *err)
{
    PM_TRY(emu_operation("waiting for the device", err));
    while (stream->first)
        if (!run_any(dev->impl)) emu_die("every stream waits for an event that nobody records");
    return PM_OK;
}

enum pm_status emu_event_new(struct gpu_device *dev, gpu_event *out, struct pm_error *err)
{
    struct emu *emu = dev->impl;
    *out = NULL;
    PM_TRY(emu_operation("making an event", err));
    struct emu_event *e = *out = calloc(1, sizeof *e);
    if (!e) return pm_fail(err, PM_NO_MEMORY, "no memory for an event");
    e->next = emu->events;
    emu->events = e;
    return PM_OK;
}

static bool in_use(const struct emu *emu, const struct emu_event *event)
{
    for (const struct emu_stream *s = emu->streams; s; s = s->next)
        for (const struct op *op = s->first; op; op = op->next)
            if (op->event == event) return true;
    return false;
}

void emu_event_free(struct gpu_device *dev, gpu_event *event)
{
    struct emu *emu = dev->impl;
    struct emu_event **at = &emu->events;
    if (!*event) return;
    while (*at && *at != *event) at = &(*at)->next;
    if (!*at) emu_die("freeing an event that is none");
    if (in_use(emu, *event) && !emu_is_lost())
        emu_die("freeing an event that a stream still waits for or records");
    *at = (*event)->next;
    free(*event);
    *event = NULL;
}

enum pm_status emu_event_record(struct gpu_device *dev, gpu_event event, gpu_stream stream,
                                struct pm_error *err)
{
    struct op op = {.kind = OP_RECORD, .event = event, .ticket = ++event->recorded};
    return push(dev, stream, &op, err);
}

enum pm_status emu_event_wait(struct gpu_device *dev, gpu_stream stream, gpu_event event,
                              struct pm_error *err)
{
    struct op op = {.kind = OP_WAIT, .event = event, .ticket = event->recorded};
    return push(dev, stream, &op, err);
}

enum pm_status emu_event_sync(struct gpu_device *dev, gpu_event event, struct pm_error *err)
{
    PM_TRY(emu_operation("waiting for the device", err));
    unsigned ticket = event->recorded;
    while (event->done < ticket)
        if (!run_any(dev->impl)) emu_die("every stream waits for an event that nobody records");
    return PM_OK;
}

void emu_queue_close(struct emu *emu)
{
    if (emu->streams) emu_die("leak: a stream was not freed");
    if (emu->events) emu_die("leak: an event was not freed");
}
