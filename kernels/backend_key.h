/* A key on a device: its plan, loading and unloading. Part of backend_gpu.h, which alone includes it. */

/* The environment may say that a device has less memory than it has: a number of bytes. */
#define BACKEND_MEMORY_ENV "PROOFMILL_DEVICE_MEMORY"

struct gpu_loaded {
    struct gpu_device dev;
    struct gpu_key_plan plan;
    struct gpu_buffer memory, pinned;
    unsigned index;
    size_t open_bytes; /* of all workspaces; atomic */
};

/* Bytes of device memory that this process holds in keys and workspaces, by device. The one thing here that
 * belongs to no key: what is free of a device's memory is free beside these. Atomic. */
enum { BACKEND_DEVICES = 64 };
static size_t backend_held[BACKEND_DEVICES];

static void hold(unsigned index, size_t bytes)
{
    if (index < BACKEND_DEVICES) (void)__atomic_add_fetch(&backend_held[index], bytes, __ATOMIC_RELAXED);
}
static void release(unsigned index, size_t bytes)
{
    if (index < BACKEND_DEVICES) (void)__atomic_sub_fetch(&backend_held[index], bytes, __ATOMIC_RELAXED);
}

static size_t at_most(size_t bytes, size_t limit) { return bytes < limit ? bytes : limit; }
static size_t round_up(size_t bytes) { return (bytes + 255) / 256 * 256; }

static enum pm_status limit_memory(struct gpu_device *dev, const char *text, struct pm_error *err)
{
    char *end;
    if (!text || !*text) return PM_OK;
    unsigned long long limit = strtoull(text, &end, 10);
    if (*end) return pm_fail(err, PM_USAGE, BACKEND_MEMORY_ENV "=\"%s\": expected a number of bytes", text);
    dev->memory_bytes = at_most(dev->memory_bytes, (size_t)limit);
    dev->budget_bytes = at_most(dev->budget_bytes, (size_t)limit);
    return PM_OK;
}

/* dev->memory_bytes: all that there is for us, dev->budget_bytes: what of it is free. Others may hold memory
 * of a device, too: what there is for us is what is free and what we have already. *reserve: what is left to
 * the driver besides. */
static enum pm_status open_device(struct gpu_device *dev, size_t *reserve, unsigned index,
                                  struct pm_error *err)
{
    size_t held = 0;
    PM_TRY(gpu_device_open(dev, index, err));
    enum pm_status status = BACKEND_RESERVE(reserve, dev, err);
    if (status == PM_OK) {
        dev->memory_bytes -= at_most(*reserve + BACKEND_CONTEXT, dev->memory_bytes);
        dev->budget_bytes -= at_most(*reserve, dev->budget_bytes);
        if (BACKEND_SHARED && index < BACKEND_DEVICES)
            held = __atomic_load_n(&backend_held[index], __ATOMIC_RELAXED);
        dev->memory_bytes = at_most(dev->memory_bytes, dev->budget_bytes + held);
        status = limit_memory(dev, getenv(BACKEND_MEMORY_ENV), err);
    }
    if (status != PM_OK) gpu_device_close(dev);
    return status;
}

static enum pm_status find_curve(const struct gpu_curve **out, const char *name, struct pm_error *err)
{
    *out = GPU_FN(curve_by_name)(name);
    if (*out) return PM_OK;
    return pm_fail(err, PM_UNSUPPORTED, "curve \"%s\" is not supported on " BACKEND_NAME, name);
}

static size_t work_host_bytes(const struct gpu_curve *curve);
static size_t work_pinned_bytes(const struct gpu_key_plan *plan);

static enum pm_status backend_plan(struct pm_backend_plan *out, const struct pm_backend_key *key,
                                   unsigned device, unsigned threads, struct pm_error *err)
{
    const struct gpu_curve *curve;
    struct gpu_device dev;
    struct gpu_key_plan plan;
    size_t reserve;
    (void)threads;
    PM_TRY(find_curve(&curve, key->curve, err));
    PM_TRY(open_device(&dev, &reserve, device, err));
    size_t memory_bytes = dev.memory_bytes;
    enum pm_status status = gpu_key_plan(&plan, curve, key, memory_bytes, err);
    gpu_device_close(&dev);
    if (status != PM_OK) return status;
    out->host_key_bytes = sizeof(struct gpu_loaded) + plan.pinned_bytes;
    out->host_work_bytes = work_host_bytes(curve);
    out->pinned_bytes = plan.pinned_bytes + work_pinned_bytes(&plan);
    out->device_key_bytes = plan.key_bytes;
    out->device_work_bytes = plan.work_bytes;
    out->device_reserve_bytes = reserve + BACKEND_CONTEXT;
    out->device_memory_bytes = memory_bytes;
    return PM_OK;
}

/* A memcpy by all threads, where there is enough for them. */
struct copying {
    uint8_t *to;
    const uint8_t *from;
};
static void copy_part(void *ctx, size_t begin, size_t end)
{
    const struct copying *c = (const struct copying *)ctx;
    memcpy(c->to + begin, c->from + begin, end - begin);
}
static void copy_bytes(struct pm_pool *pool, void *to, const void *from, size_t n)
{
    const size_t grain = (size_t)1 << 18;
    struct copying c = {(uint8_t *)to, (const uint8_t *)from};
    if (n <= grain)
        memcpy(to, from, n);
    else
        pm_pool_for(pool, n, grain, copy_part, &c);
}

/* -- Uploading through two halves of pinned memory, one filled while the other is on its way -- */

struct stage {
    struct gpu_device *dev;
    struct pm_pool *pool;
    gpu_stream stream;
    struct gpu_buffer half[2];
    gpu_event sent[2];
    unsigned current;
    size_t filled;
    uint8_t *to; /* where the next byte goes */
};

static enum pm_status stage_flush(struct stage *s, struct pm_error *err)
{
    unsigned i = s->current;
    if (s->filled == 0) return PM_OK;
    PM_TRY(gpu_upload(s->dev, s->stream, s->to, s->half[i].ptr, s->filled, err));
    PM_TRY(gpu_event_record(s->dev, s->sent[i], s->stream, err));
    s->to += s->filled;
    s->filled = 0;
    s->current = 1 - i;
    return gpu_event_sync(s->dev, s->sent[1 - i], err);
}

static enum pm_status stage_put(void *ctx, const void *bytes, size_t n, struct pm_error *err)
{
    struct stage *s = (struct stage *)ctx;
    const uint8_t *from = (const uint8_t *)bytes;
    while (n > 0) {
        size_t part = at_most(n, BACKEND_STAGE - s->filled);
        copy_bytes(s->pool, (uint8_t *)s->half[s->current].ptr + s->filled, from, part);
        s->filled += part;
        from += part;
        n -= part;
        if (s->filled == BACKEND_STAGE) PM_TRY(stage_flush(s, err));
    }
    return PM_OK;
}

/* Sends the rest; what follows goes to `to`. */
static enum pm_status stage_to(struct stage *s, void *to, struct pm_error *err)
{
    PM_TRY(stage_flush(s, err));
    s->to = (uint8_t *)to;
    return PM_OK;
}

static enum pm_status stage_open(struct stage *s, struct gpu_device *dev, struct pm_pool *pool,
                                 struct pm_error *err)
{
    memset(s, 0, sizeof *s);
    s->dev = dev;
    s->pool = pool;
    PM_TRY(gpu_stream_new(dev, &s->stream, err));
    for (int i = 0; i < 2; i++) {
        PM_TRY(gpu_pin_alloc(dev, &s->half[i], BACKEND_STAGE, "the key's upload", err));
        PM_TRY(gpu_event_new(dev, &s->sent[i], err));
    }
    return PM_OK;
}

/* Also after stage_open failed. */
static enum pm_status stage_close(struct stage *s, struct pm_error *err)
{
    enum pm_status status = s->stream ? gpu_stream_sync(s->dev, s->stream, err) : PM_OK;
    for (int i = 0; i < 2; i++) {
        gpu_event_free(s->dev, &s->sent[i]);
        gpu_pin_free(s->dev, &s->half[i]);
    }
    gpu_stream_free(s->dev, &s->stream);
    return status;
}

/* -- Loading -- */

/* Into host memory. */
struct copy_sink {
    struct pm_pool *pool;
    uint8_t *to;
};
static enum pm_status copy_put(void *ctx, const void *bytes, size_t n, struct pm_error *err)
{
    struct copy_sink *c = (struct copy_sink *)ctx;
    (void)err;
    copy_bytes(c->pool, c->to, bytes, n);
    c->to += n;
    return PM_OK;
}

static enum pm_status write_bases(struct gpu_loaded *l, const struct pm_backend_key *key, struct stage *stage,
                                  enum gpu_family sum, unsigned g, struct pm_error *err)
{
    const struct gpu_key_plan *p = &l->plan;
    struct k_sink sink = {stage_put, stage};
    struct copy_sink pinned = {stage->pool, (uint8_t *)l->pinned.ptr};
    if (p->streamed) {
        pinned.to += p->pinned_at[sum][g];
        sink.put = copy_put;
        sink.ctx = &pinned;
    } else {
        PM_TRY(stage_to(stage, (uint8_t *)l->memory.ptr + p->bases_at[sum][g], err));
    }
    return gpu_key_write_bases(p, key, sum, g, &sink, err);
}

/* Before every piece but the first, and at the end. */
static enum pm_status fence_key(struct gpu_loaded *l, gpu_stream stream, struct pm_error *err)
{
    const struct gpu_key_plan *p = &l->plan;
    size_t behind[2 + GPU_MAPS + 2 * GPU_SUMS], n = 0;
    if (p->gap == 0) return PM_OK;
    behind[n++] = p->table_at;
    behind[n++] = p->key_bytes;
    for (int m = 0; m < GPU_MAPS; m++) behind[n++] = p->map_at[m];
    for (int s = 0; s < GPU_SUMS && !p->streamed; s++)
        for (int g = 0; g < 2; g++) behind[n++] = p->bases_at[s][g];
    for (size_t i = 0; i < n; i++)
        PM_TRY(gpu_fence(&l->dev, stream, (uint8_t *)l->memory.ptr + behind[i] - p->gap, p->gap, true, err));
    return PM_OK;
}

static enum pm_status write_key(struct gpu_loaded *l, const struct pm_backend_key *key, struct stage *stage,
                                struct pm_error *err)
{
    const struct gpu_key_plan *p = &l->plan;
    uint8_t *memory = (uint8_t *)l->memory.ptr;
    struct k_sink sink = {stage_put, stage};
    PM_TRY(fence_key(l, stage->stream, err));
    PM_TRY(stage_to(stage, memory + p->rows_at, err));
    PM_TRY(k_rows_write(&p->rows, &key->rows_a, &key->rows_b, &sink, err));
    for (unsigned m = 0; m < GPU_MAPS; m++) {
        PM_TRY(stage_to(stage, memory + p->map_at[m], err));
        PM_TRY(gpu_key_write_maps(p, key, m, &sink, err));
    }
    PM_TRY(write_bases(l, key, stage, GPU_A, 0, err));
    PM_TRY(write_bases(l, key, stage, GPU_B, 0, err));
    PM_TRY(write_bases(l, key, stage, GPU_B, 1, err));
    PM_TRY(write_bases(l, key, stage, GPU_CH, 0, err));
    PM_TRY(stage_flush(stage, err));
    return p->curve->ntt_table(&l->dev, stage->stream, memory + p->table_at, p->log2_domain + 1, err);
}

/* Whether gpu_sort_scratch is enough for every sort that this key's proofs may ask for: any number of entries
 * up to those that fit into a sum's memory, by any number of bits. Asked in steps of four, where the bound at
 * the beginning of a step must hold what its end takes. */
static enum pm_status sort_is_bounded(struct gpu_device *dev, const struct gpu_key_plan *p,
                                      struct pm_error *err)
{
    size_t most = 0, need;
    for (int s = 0; s < GPU_SUMS; s++)
        if (p->msm_bytes[s] / K_ENTRY_BYTES > most) most = p->msm_bytes[s] / K_ENTRY_BYTES;
    most = at_most(most, INT32_MAX);
    for (size_t n = 1; n < most; n *= 4) {
        const size_t end = at_most(4 * n, most);
        for (unsigned bits = 1; bits <= 32; bits++) {
            PM_TRY(gpu_sort_need(dev, &need, end, bits, err));
            if (need > gpu_sort_scratch(n))
                return pm_fail(err, PM_UNSUPPORTED,
                               "this device's sort of %zu pairs by %u bits takes %zu bytes besides, where "
                               "%zu are planned for: use another device, or the cpu",
                               end, bits, need, gpu_sort_scratch(n));
        }
    }
    return PM_OK;
}

static enum pm_status load_into(struct gpu_loaded *l, const struct pm_backend_key *key, struct pm_pool *pool,
                                struct pm_error *err)
{
    struct stage stage;
    PM_TRY(sort_is_bounded(&l->dev, &l->plan, err));
    PM_TRY(gpu_alloc(&l->dev, &l->memory, l->plan.key_bytes, "the key", err));
    hold(l->index, l->memory.bytes);
    PM_TRY(gpu_pin_alloc(&l->dev, &l->pinned, l->plan.pinned_bytes, "the key's points", err));
    enum pm_status status = stage_open(&stage, &l->dev, pool, err);
    if (status == PM_OK) status = write_key(l, key, &stage, err);
    enum pm_status closed = stage_close(&stage, status == PM_OK ? err : NULL);
    return status == PM_OK ? closed : status;
}

static void backend_unload(void **loaded)
{
    struct gpu_loaded *l = (struct gpu_loaded *)*loaded;
    if (!l) return;
    (void)!gpu_device_use(&l->dev, NULL); /* of a lost device, too, everything is given back */
    release(l->index, l->memory.bytes);
    gpu_free(&l->dev, &l->memory);
    gpu_pin_free(&l->dev, &l->pinned);
    gpu_device_close(&l->dev);
    free(l);
    *loaded = NULL;
}

static enum pm_status backend_load(void **loaded, const struct pm_backend_key *key, unsigned device,
                                   struct pm_pool *pool, struct pm_error *err)
{
    const struct gpu_curve *curve;
    *loaded = NULL;
    PM_TRY(find_curve(&curve, key->curve, err));
    size_t reserve;
    struct gpu_loaded *l = (struct gpu_loaded *)calloc(1, sizeof *l);
    if (!l) return pm_fail(err, PM_NO_MEMORY, "no memory for a loaded key");
    enum pm_status status = open_device(&l->dev, &reserve, device, err);
    if (status != PM_OK) {
        free(l);
        return status;
    }
    l->index = device;
    status = gpu_key_plan(&l->plan, curve, key, l->dev.budget_bytes, err);
    if (status == PM_OK) status = load_into(l, key, pool, err);
    *loaded = l;
    if (status != PM_OK) backend_unload(loaded);
    return status;
}
