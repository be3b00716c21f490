/* Parts of the work under the clock, on data that lies on the device: the backend's `time`. Part of
 * backend_gpu.h, which alone includes it. A sum's plan is that for scalars of full width, whatever they are.
 */

/* One run, on a part whose memory has been filled; the clock stops when `run` returns, which waits. */
struct timed {
    struct part part;
    struct pm_backend_timed *asked;
    struct part_sum sum;
    const struct gpu_curve *curve;
    enum k_ntt_op op;
    unsigned log2_n;
    size_t bytes; /* of data */
    struct gpu_buffer pinned;
    enum pm_status (*before)(struct timed *t, struct pm_error *err); /* off the clock; NULL */
    enum pm_status (*run)(struct timed *t, struct pm_error *err);
};

static uint8_t *timed_memory(struct timed *t, unsigned which) /* pieces of `bytes` */
{
    return (uint8_t *)t->part.memory.ptr + which * round_up(t->bytes);
}

static enum pm_status run_sum(struct timed *t, struct pm_error *err)
{
    t->asked->items = t->asked->n;
    return sum_up(&t->part, &t->sum, t->asked->sums, err);
}

/* Memory: the table, what is given, the work. */
static enum pm_status renew(struct timed *t, struct pm_error *err)
{
    struct part *p = &t->part;
    PM_TRY(gpu_move(&p->dev, p->stream, timed_memory(t, 2), timed_memory(t, 1), t->bytes, err));
    return gpu_stream_sync(&p->dev, p->stream, err);
}

static enum pm_status run_ntt(struct timed *t, struct pm_error *err)
{
    struct part *p = &t->part;
    struct k_ntt_in in;
    memset(&in, 0, sizeof in);
    in.data[0] = timed_memory(t, 2);
    in.table = timed_memory(t, 0);
    in.batch = 1;
    in.log2_n = t->log2_n;
    in.log2_tile = K_NTT_LOG2_TILE;
    t->asked->items = t->asked->n;
    PM_TRY(t->curve->ntt(&p->dev, p->stream, t->op, &in, err));
    return gpu_stream_sync(&p->dev, p->stream, err);
}

/* Memory: the factor, what is given, the result. */
static enum pm_status run_products(struct timed *t, struct pm_error *err)
{
    struct part *p = &t->part;
    struct k_vec_in in;
    bool bn254 = strcmp(t->curve->name, "bn128") == 0;
    memset(&in, 0, sizeof in);
    in.a = timed_memory(t, 1);
    in.d = timed_memory(t, 0);
    t->asked->items = t->asked->n * (uint64_t)K_VEC_CHAIN_LENGTH;
    if (t->asked->group == 0)
        PM_TRY(t->curve->vec(&p->dev, p->stream, K_VEC_CHAIN, timed_memory(t, 2), &in, t->asked->n, err));
    else
        PM_TRY((bn254 ? GPU_FN(bn254_fp_vec) : GPU_FN(bls12_381_fp_vec))(
            &p->dev, p->stream, K_VEC_CHAIN, timed_memory(t, 2), &in, t->asked->n, err));
    return gpu_stream_sync(&p->dev, p->stream, err);
}

static enum pm_status run_peak(struct timed *t, struct pm_error *err)
{
    struct part *p = &t->part;
    enum k_peak_op op = t->asked->part == PM_TIMED_MUL_LOW    ? K_PEAK_LOW
                        : t->asked->part == PM_TIMED_MUL_HIGH ? K_PEAK_HIGH
                                                              : K_PEAK_WIDE;
    PM_TRY(GPU_FN(peak)(&p->dev, p->stream, op, p->memory.ptr, t->asked->n, &t->asked->items, err));
    return gpu_stream_sync(&p->dev, p->stream, err);
}

static enum pm_status run_launches(struct timed *t, struct pm_error *err)
{
    struct part *p = &t->part;
    uint64_t done;
    t->asked->items = t->asked->n;
    for (size_t i = 0; i < t->asked->n; i++) {
        PM_TRY(GPU_FN(peak)(&p->dev, p->stream, K_PEAK_NOTHING, p->memory.ptr, 0, &done, err));
        if (t->asked->part == PM_TIMED_AWAIT) PM_TRY(gpu_stream_sync(&p->dev, p->stream, err));
    }
    return gpu_stream_sync(&p->dev, p->stream, err);
}

static enum pm_status run_copy(struct timed *t, struct pm_error *err)
{
    struct part *p = &t->part;
    void *first = timed_memory(t, 0), *second = timed_memory(t, 1);
    t->asked->items = t->asked->n;
    if (t->asked->part == PM_TIMED_UPLOAD)
        PM_TRY(gpu_upload(&p->dev, p->stream, first, t->pinned.ptr, t->bytes, err));
    else if (t->asked->part == PM_TIMED_DOWNLOAD)
        PM_TRY(gpu_download(&p->dev, p->stream, t->pinned.ptr, first, t->bytes, err));
    else
        PM_TRY(gpu_move(&p->dev, p->stream, second, first, t->bytes, err));
    return gpu_stream_sync(&p->dev, p->stream, err);
}

static enum pm_status run_all(struct timed *t, uint64_t *run_ns, unsigned runs, struct pm_error *err)
{
    for (unsigned i = 0; i <= runs; i++) {
        if (t->before) PM_TRY(t->before(t, err));
        uint64_t begin = pm_clock_ns();
        PM_TRY(t->run(t, err));
        if (i > 0) run_ns[i - 1] = pm_clock_ns() - begin;
    }
    return PM_OK;
}

/* Chooses what is run and what memory it takes. */
static enum pm_status choose(struct timed *t, size_t *memory, struct pm_error *err)
{
    struct pm_backend_timed *a = t->asked;
    switch (a->part) {
    case PM_TIMED_MSM:
        t->run = run_sum;
        PM_TRY(sum_plan(&t->sum, a->curve, a->group, a->n, err));
        *memory = sum_bytes(&t->sum);
        return PM_OK;
    case PM_TIMED_NTT:
        t->run = run_ntt;
        t->before = renew;
        while ((size_t)1 << t->log2_n < a->n) t->log2_n++;
        PM_TRY(ntt_checked(&t->curve, &t->op, a->curve, a->kind, t->log2_n, err));
        t->bytes = a->n * t->curve->fr_bytes;
        *memory = 3 * round_up(t->bytes);
        return PM_OK;
    case PM_TIMED_PRODUCTS:
        t->run = run_products;
        PM_TRY(find_curve(&t->curve, a->curve, err));
        t->bytes = a->n * (a->group == 0 ? t->curve->fr_bytes : t->curve->fp_bytes);
        *memory = 3 * round_up(t->bytes);
        return PM_OK;
    case PM_TIMED_MUL_LOW:
    case PM_TIMED_MUL_HIGH:
    case PM_TIMED_MUL_WIDE:
        t->run = run_peak;
        *memory = (size_t)1 << 24; /* a word for each thread; asserted when it is known how many there are */
        return PM_OK;
    case PM_TIMED_LAUNCH:
    case PM_TIMED_AWAIT:
        t->run = run_launches;
        *memory = 256;
        return PM_OK;
    case PM_TIMED_UPLOAD:
    case PM_TIMED_DOWNLOAD:
    case PM_TIMED_MOVE:
        t->run = run_copy;
        t->bytes = a->n;
        *memory = 2 * round_up(t->bytes);
        return PM_OK;
    }
    return pm_fail(err, PM_UNSUPPORTED, "part %d is not timed", (int)a->part);
}

/* Puts what is given where `run` looks for it. */
static enum pm_status fill(struct timed *t, struct pm_error *err)
{
    struct part *p = &t->part;
    const struct pm_backend_timed *a = t->asked;
    if (a->part == PM_TIMED_MSM) PM_TRY(sum_upload(p, &t->sum, a->bases, a->scalars, err));
    if (a->part == PM_TIMED_NTT)
        PM_TRY(t->curve->ntt_table(&p->dev, p->stream, timed_memory(t, 0), t->log2_n + 1, err));
    if (a->part == PM_TIMED_PRODUCTS)
        PM_TRY(gpu_upload(&p->dev, p->stream, timed_memory(t, 0), a->factor, t->bytes / a->n, err));
    if (a->part == PM_TIMED_NTT || a->part == PM_TIMED_PRODUCTS)
        PM_TRY(gpu_upload(&p->dev, p->stream, timed_memory(t, 1), a->data, t->bytes, err));
    if (t->run == run_copy) {
        PM_TRY(gpu_fill(&p->dev, p->stream, p->memory.ptr, 1, p->memory.bytes, err));
        PM_TRY(gpu_pin_alloc(&p->dev, &t->pinned, t->bytes, "what is copied", err));
        memset(t->pinned.ptr, 1, t->bytes);
    }
    if (t->run == run_peak &&
        p->memory.bytes / 4 < (size_t)gpu_blocks_for(&p->dev, SIZE_MAX, K_PEAK_THREADS) * K_PEAK_THREADS)
        return pm_fail(err, PM_UNSUPPORTED, "this device has more threads than a word is kept for");
    return gpu_stream_sync(&p->dev, p->stream, err);
}

static enum pm_status fetch(struct timed *t, struct pm_error *err)
{
    struct part *p = &t->part;
    if (t->asked->part != PM_TIMED_NTT && t->asked->part != PM_TIMED_PRODUCTS) return PM_OK;
    PM_TRY(gpu_download(&p->dev, p->stream, t->asked->data, timed_memory(t, 2), t->bytes, err));
    return gpu_stream_sync(&p->dev, p->stream, err);
}

static enum pm_status backend_time(uint64_t *run_ns, unsigned runs, struct pm_backend_timed *asked,
                                   unsigned device, struct pm_pool *pool, struct pm_error *err)
{
    struct timed t;
    size_t memory = 0;
    (void)pool;
    if (asked->n == 0) return pm_fail(err, PM_USAGE, "nothing to time");
    memset(&t, 0, sizeof t);
    t.asked = asked;
    enum pm_status status = choose(&t, &memory, err);
    if (status == PM_OK) status = part_open(&t.part, device, memory, err);
    if (status == PM_OK) {
        status = fill(&t, err);
        if (status == PM_OK) status = run_all(&t, run_ns, runs, err);
        if (status == PM_OK) status = fetch(&t, err);
        if (t.pinned.ptr && gpu_stream_sync(&t.part.dev, t.part.stream, NULL) == PM_OK)
            gpu_pin_free(&t.part.dev, &t.pinned);
        status = part_close(&t.part, status, err);
    }
    free(t.sum.host);
    return status;
}
