/* Sums and transforms alone, from host memory to host memory, for tests and benchmarks. Part of
 * backend_gpu.h, which alone includes it. */

/* A device with one stream and one piece of memory. */
struct part {
    struct gpu_device dev;
    gpu_stream stream;
    struct gpu_buffer memory;
};

static enum pm_status part_open(struct part *p, unsigned device, size_t bytes, struct pm_error *err)
{
    size_t reserve;
    memset(p, 0, sizeof *p);
    PM_TRY(open_device(&p->dev, &reserve, device, err));
    enum pm_status status = gpu_stream_new(&p->dev, &p->stream, err);
    if (status == PM_OK) status = gpu_alloc(&p->dev, &p->memory, bytes, "this alone", err);
    if (status != PM_OK) {
        gpu_stream_free(&p->dev, &p->stream);
        gpu_device_close(&p->dev);
    }
    return status;
}

/* Waits, wipes and releases; status: what happened so far. */
static enum pm_status part_close(struct part *p, enum pm_status status, struct pm_error *err)
{
    if (p->memory.bytes && status == PM_OK)
        status = gpu_fill(&p->dev, p->stream, p->memory.ptr, 0, p->memory.bytes, err);
    enum pm_status synced = gpu_stream_sync(&p->dev, p->stream, status == PM_OK ? err : NULL);
    gpu_free(&p->dev, &p->memory);
    gpu_stream_free(&p->dev, &p->stream);
    gpu_device_close(&p->dev);
    return status == PM_OK ? synced : status;
}

/* A sum on a part's memory: its plan's first, then bases and scalars. */
struct part_sum {
    const struct gpu_curve *curve;
    unsigned group;
    struct gpu_msm_plan plan;
    size_t point_bytes, bases_bytes, scalars_bytes;
    uint32_t n;
    uint8_t *host; /* pinned by nobody: n_out points, and scratch behind them */
};

static enum pm_status sum_plan(struct part_sum *s, const char *curve_name, unsigned group, size_t n,
                               struct pm_error *err)
{
    struct gpu_msm_size size;
    memset(s, 0, sizeof *s);
    memset(&size, 0, sizeof size);
    PM_TRY(find_curve(&s->curve, curve_name, err));
    if (group != 1 && group != 2) return pm_fail(err, PM_USAGE, "group %u: expected 1 or 2", group);
    if (n >= K_MINUS) return pm_fail(err, PM_UNSUPPORTED, "a sum of %zu points", n);
    size.counts.fulls = (uint32_t)n;
    size.group[0] = group == 1 ? &s->curve->g1 : &s->curve->g2;
    size.scalar_bits = s->curve->scalar_bits;
    PM_TRY(gpu_msm_plan(&s->plan, &size, gpu_msm_bytes(&size), err));
    if (s->plan.n_out > PM_PARTIALS_MAX)
        return pm_fail(err, PM_INTERNAL, "a sum in %u parts, where there is room for %d", s->plan.n_out,
                       (int)PM_PARTIALS_MAX);
    s->group = group;
    s->n = (uint32_t)n;
    s->point_bytes = size.group[0]->point_bytes;
    s->bases_bytes = n * size.group[0]->affine_bytes;
    s->scalars_bytes = n * s->curve->fr_bytes;
    s->host = (uint8_t *)malloc(s->plan.n_out * (s->point_bytes + 2 * (size_t)s->curve->fp_bytes));
    if (!s->host) return pm_fail(err, PM_NO_MEMORY, "no memory for the result of a sum");
    return PM_OK;
}

static size_t sum_bytes(const struct part_sum *s)
{
    return s->plan.bytes + round_up(s->bases_bytes) + round_up(s->scalars_bytes);
}

static enum pm_status sum_upload(struct part *p, const struct part_sum *s, const uint8_t *bases,
                                 const uint8_t *scalars, struct pm_error *err)
{
    uint8_t *to = (uint8_t *)p->memory.ptr + s->plan.bytes;
    PM_TRY(gpu_upload(&p->dev, p->stream, to, bases, s->bases_bytes, err));
    return gpu_upload(&p->dev, p->stream, to + round_up(s->bases_bytes), scalars, s->scalars_bytes, err);
}

/* Waits for the result. */
static enum pm_status sum_up(struct part *p, const struct part_sum *s, struct pm_partials *out,
                             struct pm_error *err)
{
    const struct gpu_msm_plan *plan = &s->plan;
    const size_t points = plan->n_out * s->point_bytes;
    uint8_t *memory = (uint8_t *)p->memory.ptr, *bases = memory + plan->bytes;
    const void *const on_device[2] = {bases, NULL};
    struct k_scalars source;
    struct gpu_msm_in in;
    memset(&source, 0, sizeof source);
    memset(&in, 0, sizeof in);
    source.scalars = bases + round_up(s->bases_bytes);
    source.n = s->n;
    in.curve = s->curve;
    in.plan = plan;
    in.sources = &source;
    in.n_sources = 1;
    in.memory = memory;
    PM_TRY(GPU_FN(msm)(&p->dev, p->stream, &in, on_device, s->n, err));
    PM_TRY(gpu_download(&p->dev, p->stream, s->host, memory + plan->group[0].out, points, err));
    PM_TRY(gpu_stream_sync(&p->dev, p->stream, err));
    out->n = plan->n_out;
    for (unsigned i = 0; i < plan->n_out; i++)
        out->shift[i] = (uint16_t)(i / (plan->c - 1) * plan->c + i % (plan->c - 1));
    gpu_points_to_affine_var(out->points, s->host, plan->n_out, s->curve, s->group, s->host + points);
    return PM_OK;
}

static enum pm_status backend_msm(struct pm_partials *out, const char *curve_name, unsigned group,
                                  const uint8_t *bases, const uint8_t *scalars, size_t n, unsigned device,
                                  struct pm_pool *pool, struct pm_error *err)
{
    struct part_sum sum;
    struct part part;
    (void)pool;
    PM_TRY(sum_plan(&sum, curve_name, group, n, err));
    enum pm_status status = part_open(&part, device, sum_bytes(&sum), err);
    if (status == PM_OK) {
        status = sum_upload(&part, &sum, bases, scalars, err);
        if (status == PM_OK) status = sum_up(&part, &sum, out, err);
        status = part_close(&part, status, err);
    }
    free(sum.host);
    return status;
}

static enum pm_status ntt_on(struct part *p, const struct gpu_curve *curve, uint8_t *data, enum k_ntt_op op,
                             unsigned log2_n, struct pm_error *err)
{
    const size_t bytes = (size_t)curve->fr_bytes << log2_n;
    uint8_t *memory = (uint8_t *)p->memory.ptr;
    struct k_ntt_in in;
    memset(&in, 0, sizeof in);
    in.data[0] = memory + round_up(bytes);
    in.table = memory;
    in.batch = 1;
    in.log2_n = log2_n;
    in.log2_tile = K_NTT_LOG2_TILE;
    PM_TRY(curve->ntt_table(&p->dev, p->stream, memory, log2_n + 1, err));
    PM_TRY(gpu_upload(&p->dev, p->stream, in.data[0], data, bytes, err));
    PM_TRY(curve->ntt(&p->dev, p->stream, op, &in, err));
    PM_TRY(gpu_download(&p->dev, p->stream, data, in.data[0], bytes, err));
    return gpu_stream_sync(&p->dev, p->stream, err);
}

static enum pm_status ntt_checked(const struct gpu_curve **curve, enum k_ntt_op *op, const char *curve_name,
                                  enum pm_ntt_kind kind, unsigned log2_n, struct pm_error *err)
{
    PM_TRY(find_curve(curve, curve_name, err));
    if (log2_n + 1 > (*curve)->two_adicity)
        return pm_fail(err, PM_UNSUPPORTED, "a domain of 2^%u: the largest on curve %s is 2^%u", log2_n,
                       curve_name, (*curve)->two_adicity - 1);
    switch (kind) {
    case PM_NTT_INVERSE:
        *op = K_NTT_INVERSE;
        break;
    case PM_NTT_FORWARD:
        *op = K_NTT_FORWARD;
        break;
    case PM_NTT_ODD_COSET:
        *op = K_NTT_ODD_COSET;
        break;
    }
    return PM_OK;
}

static enum pm_status backend_ntt(uint8_t *data, const char *curve_name, enum pm_ntt_kind kind,
                                  unsigned log2_n, unsigned device, struct pm_pool *pool,
                                  struct pm_error *err)
{
    const struct gpu_curve *curve;
    enum k_ntt_op op = K_NTT_INVERSE;
    struct part part;
    (void)pool;
    PM_TRY(ntt_checked(&curve, &op, curve_name, kind, log2_n, err));
    PM_TRY(part_open(&part, device, 2 * round_up((size_t)curve->fr_bytes << log2_n), err));
    return part_close(&part, ntt_on(&part, curve, data, op, log2_n, err), err);
}
