/* A workspace on a device: one proof at a time. Part of backend_gpu.h, which alone includes it. */

enum work_stream { ON_MAIN, ON_WITNESS, ON_SECOND, ON_COPY, STREAMS };
enum work_event {
    UPLOADED,
    COUNTED,
    ROWS_MADE,
    QUOTIENT_MADE,
    SORTED,
    ADDED,
    FILLED,
    FREED = FILLED + 2,
    EVENTS = FREED + 2
};

struct gpu_work {
    struct gpu_loaded *loaded;
    struct pm_pool *pool;
    struct gpu_device dev;
    struct gpu_buffer memory, pinned;
    gpu_stream stream[STREAMS];
    gpu_event event[EVENTS];
    uint8_t *scratch; /* of conversion to affine form */
    size_t taken;     /* of loaded->open_bytes */
    bool told;        /* pinned memory holds a witness */
    /* In pinned memory: */
    uint8_t *witness;
    struct k_counts *counts;      /* GPU_MAPS */
    uint8_t *points[GPU_SUMS][2]; /* PM_PARTIALS_MAX points XYZZ each */
};

static uint8_t *work_at(const struct gpu_work *w, size_t at) { return (uint8_t *)w->memory.ptr + at; }
static uint8_t *key_at(const struct gpu_work *w, size_t at) { return (uint8_t *)w->loaded->memory.ptr + at; }

/* NULL while planning. */
static struct gpu_work *take_work(struct pm_arena *arena, const struct gpu_curve *curve)
{
    struct gpu_work *w = (struct gpu_work *)pm_arena_take(arena, 1, sizeof *w);
    uint8_t *scratch = (uint8_t *)pm_arena_take(arena, PM_PARTIALS_MAX, 2 * (size_t)curve->fp_bytes);
    if (!w) return NULL;
    memset(w, 0, sizeof *w);
    w->scratch = scratch;
    return w;
}

static size_t work_host_bytes(const struct gpu_curve *curve)
{
    struct pm_arena arena;
    pm_arena_plan(&arena);
    (void)take_work(&arena, curve);
    return arena.used;
}

static size_t witness_bytes(const struct gpu_work *w)
{
    return (size_t)w->loaded->plan.n_vars * w->loaded->plan.curve->fr_bytes;
}

static size_t points_bytes(const struct gpu_group *group) { return PM_PARTIALS_MAX * group->point_bytes; }
static size_t counts_bytes(void) { return round_up(GPU_MAPS * sizeof(struct k_counts)); }

static size_t work_pinned_bytes(const struct gpu_key_plan *p)
{
    return GPU_SUMS * points_bytes(&p->curve->g1) + points_bytes(&p->curve->g2) + counts_bytes() +
           (size_t)p->n_vars * p->curve->fr_bytes;
}

/* The witness comes last. */
static enum pm_status take_pinned(struct gpu_work *w, struct pm_error *err)
{
    const struct gpu_key_plan *p = &w->loaded->plan;
    size_t counts = counts_bytes(), g1 = points_bytes(&p->curve->g1), g2 = points_bytes(&p->curve->g2);
    PM_TRY(gpu_pin_alloc(&w->dev, &w->pinned, work_pinned_bytes(p), "a workspace", err));
    uint8_t *at = (uint8_t *)w->pinned.ptr;
    for (int s = 0; s < GPU_SUMS; s++, at += g1) w->points[s][0] = at;
    w->points[GPU_B][1] = at;
    w->counts = (struct k_counts *)(void *)(at + g2);
    w->witness = at + g2 + counts;
    return PM_OK;
}

/* What is left for one workspace more; the others, in other threads perhaps, have taken theirs. */
static enum pm_status take_memory(struct gpu_work *w, struct pm_error *err)
{
    struct gpu_loaded *l = w->loaded;
    const struct gpu_key_plan *p = &l->plan;
    size_t taken = __atomic_add_fetch(&l->open_bytes, p->work_bytes, __ATOMIC_RELAXED);
    w->taken = p->work_bytes;
    size_t room = l->dev.budget_bytes - p->key_bytes;
    if (taken > room)
        return pm_fail(
            err, PM_NO_MEMORY,
            "a proof takes %zu bytes of device memory; beside the key and other proofs there are %zu",
            p->work_bytes, room - at_most(room, taken - p->work_bytes));
    w->dev.budget_bytes = at_most(w->dev.budget_bytes, p->work_bytes);
    PM_TRY(gpu_alloc(&w->dev, &w->memory, p->work_bytes, "a proof", err));
    hold(l->index, w->memory.bytes);
    return PM_OK;
}

static enum pm_status wipe_memory(struct gpu_work *w, struct pm_error *err)
{
    PM_TRY(gpu_fill(&w->dev, w->stream[ON_MAIN], w->memory.ptr, 0, w->memory.bytes, err));
    return gpu_stream_sync(&w->dev, w->stream[ON_MAIN], err);
}

static enum pm_status fill_work(struct gpu_work *w, struct pm_error *err)
{
    for (int i = 0; i < STREAMS; i++) PM_TRY(gpu_stream_new(&w->dev, &w->stream[i], err));
    for (int i = 0; i < EVENTS; i++) PM_TRY(gpu_event_new(&w->dev, &w->event[i], err));
    PM_TRY(take_memory(w, err));
    return take_pinned(w, err);
}

static void backend_close(void **work)
{
    struct gpu_work *w = (struct gpu_work *)*work;
    if (!w) return;
    (void)!gpu_device_use(&w->dev, NULL); /* of a lost device, too, everything is given back */
    for (int i = 0; i < STREAMS; i++)
        if (w->stream[i]) (void)!gpu_stream_sync(&w->dev, w->stream[i], NULL);
    if (w->memory.ptr) (void)!wipe_memory(w, NULL);
    if (w->pinned.ptr) pm_wipe(w->pinned.ptr, w->pinned.bytes);
    release(w->loaded->index, w->memory.bytes);
    gpu_free(&w->dev, &w->memory);
    gpu_pin_free(&w->dev, &w->pinned);
    for (int i = 0; i < EVENTS; i++) gpu_event_free(&w->dev, &w->event[i]);
    for (int i = 0; i < STREAMS; i++) gpu_stream_free(&w->dev, &w->stream[i]);
    gpu_device_close(&w->dev);
    __atomic_sub_fetch(&w->loaded->open_bytes, w->taken, __ATOMIC_RELAXED);
    *work = NULL;
}

static enum pm_status backend_open(void **work, void *loaded, struct pm_arena *arena, struct pm_pool *pool,
                                   struct pm_error *err)
{
    struct gpu_loaded *l = (struct gpu_loaded *)loaded;
    size_t reserve;
    *work = NULL;
    struct gpu_work *w = take_work(arena, l->plan.curve);
    if (!w) return PM_OK;
    w->loaded = l;
    w->pool = pool;
    PM_TRY(open_device(&w->dev, &reserve, l->index, err));
    *work = w;
    enum pm_status status = fill_work(w, err);
    if (status != PM_OK) backend_close(work);
    return status;
}
