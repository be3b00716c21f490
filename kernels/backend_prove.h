/* A proof on a device. Part of backend_gpu.h, which alone includes it. Streams:
 *
 *   main      witness up, rows, transforms, quotient ............... C and H
 *   witness            counts down ─ the host plans the sums ─ B: sort, G1; A
 *   second                                                     B: G2
 *
 * The host waits for the counts of the witness, and for the end. Where bases are streamed, the sums follow
 * each other on the witness's stream, while the next bases are copied on a fourth, and the host waits for
 * each chunk. Nothing is allocated. Device memory and pinned memory are wiped after each proof, however it
 * ended. */

/* About how far a proof is, in permille. */
enum { AFTER_COUNTS = 50, AFTER_QUOTIENT = 250, AFTER_SUMS = 980 };

/* One of the three sums. */
struct sum {
    enum gpu_family family;
    struct gpu_msm_plan plan;
    struct gpu_msm_in in;
    struct k_scalars sources[2];
    const void *bases[2]; /* of each group, from the first that is on the device */
};

static enum pm_status cancelled(struct pm_error *err)
{
    return pm_fail(err, PM_CANCELLED, "the proof was cancelled");
}

/* Before every piece but the first, and at the end; until the memory is wiped. */
static enum pm_status fence_work(struct gpu_work *w, struct pm_error *err)
{
    const struct gpu_key_plan *p = &w->loaded->plan;
    const size_t behind[] = {p->partial_at,   p->counts_at,   p->msm_at[GPU_A], p->msm_at[GPU_B],
                             p->chunk_at[0],  p->chunk_at[1], p->vector_at[0],  p->vector_at[1],
                             p->vector_at[2], p->work_bytes};
    if (p->gap == 0) return PM_OK;
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++)
        PM_TRY(gpu_fence(&w->dev, w->stream[ON_MAIN], work_at(w, behind[i] - p->gap), p->gap, true, err));
    return PM_OK;
}

/* -- Witness, rows, transforms -- */

static void wipe_part(void *ctx, size_t begin, size_t end) { memset((uint8_t *)ctx + begin, 0, end - begin); }

static void wipe_witness(struct gpu_work *w)
{
    if (w->told) pm_pool_for(w->pool, witness_bytes(w), (size_t)1 << 18, wipe_part, w->witness);
    w->told = false;
}

/* Into pinned memory by all threads, a part at a time, the part before on its way meanwhile. */
static enum pm_status upload_witness(struct gpu_work *w, const uint8_t *witness, struct pm_error *err)
{
    const struct gpu_key_plan *p = &w->loaded->plan;
    const size_t bytes = witness_bytes(w), step = (size_t)8 << 20;
    w->told = true;
    for (size_t at = 0; at < bytes; at += step) {
        size_t n = at_most(step, bytes - at);
        copy_bytes(w->pool, w->witness + at, witness + at, n);
        PM_TRY(
            gpu_upload(&w->dev, w->stream[ON_MAIN], work_at(w, p->witness_at + at), w->witness + at, n, err));
    }
    return gpu_event_record(&w->dev, w->event[UPLOADED], w->stream[ON_MAIN], err);
}

static enum pm_status count_witness(struct gpu_work *w, struct pm_error *err)
{
    const struct gpu_key_plan *p = &w->loaded->plan;
    gpu_stream on = w->stream[ON_WITNESS];
    struct k_count_in in;
    memset(&in, 0, sizeof in);
    in.scalars = work_at(w, p->witness_at);
    in.n = p->n_vars;
    in.families = GPU_MAPS;
    for (int m = 0; m < GPU_MAPS; m++) in.base[m] = (const uint32_t *)(void *)key_at(w, p->map_at[m]);
    in.counts = (struct k_counts *)(void *)work_at(w, p->counts_at);
    PM_TRY(gpu_event_wait(&w->dev, on, w->event[UPLOADED], err));
    PM_TRY(gpu_fill(&w->dev, on, in.counts, 0, GPU_MAPS * sizeof *in.counts, err));
    PM_TRY(p->curve->count(&w->dev, on, &in, err));
    PM_TRY(gpu_download(&w->dev, on, w->counts, in.counts, GPU_MAPS * sizeof *in.counts, err));
    return gpu_event_record(&w->dev, w->event[COUNTED], on, err);
}

/* h takes the place of a. */
static enum pm_status quotient(struct gpu_work *w, struct pm_error *err)
{
    const struct gpu_key_plan *p = &w->loaded->plan;
    gpu_stream on = w->stream[ON_MAIN];
    struct k_rows_in rows;
    struct k_ntt_in ntt;
    memset(&rows, 0, sizeof rows);
    memset(&ntt, 0, sizeof ntt);
    rows.plan = &p->rows;
    rows.rows = key_at(w, p->rows_at);
    rows.witness = work_at(w, p->witness_at);
    rows.partial = work_at(w, p->partial_at);
    rows.a = ntt.data[0] = work_at(w, p->vector_at[0]);
    rows.b = ntt.data[1] = work_at(w, p->vector_at[1]);
    rows.c = ntt.data[2] = work_at(w, p->vector_at[2]);
    ntt.table = key_at(w, p->table_at);
    ntt.batch = 3;
    ntt.log2_n = p->log2_domain;
    ntt.log2_tile = K_NTT_LOG2_TILE;
    PM_TRY(p->curve->rows(&w->dev, on, &rows, err));
    PM_TRY(gpu_event_record(&w->dev, w->event[ROWS_MADE], on, err));
    PM_TRY(p->curve->ntt(&w->dev, on, K_NTT_ODD_COSET, &ntt, err));
    PM_TRY(p->curve->quotient(&w->dev, on, rows.a, rows.a, rows.b, rows.c, (size_t)1 << p->log2_domain, err));
    return gpu_event_record(&w->dev, w->event[QUOTIENT_MADE], on, err);
}

/* -- Sums -- */

static void witness_source(struct k_scalars *s, const struct gpu_work *w, unsigned map)
{
    const struct gpu_key_plan *p = &w->loaded->plan;
    s->scalars = work_at(w, p->witness_at);
    s->n = p->n_vars;
    s->base = (const uint32_t *)(void *)key_at(w, p->map_at[map]);
}

static enum pm_status sum_make(struct sum *s, const struct gpu_work *w, enum gpu_family family,
                               struct pm_error *err)
{
    const struct gpu_key_plan *p = &w->loaded->plan;
    struct gpu_msm_size size = gpu_sum_size(p, family);
    memset(s, 0, sizeof *s);
    s->family = family;
    size.counts = w->counts[family];
    witness_source(&s->sources[0], w, family);
    s->in.n_sources = 1;
    if (family == GPU_CH) {
        s->sources[1].scalars = work_at(w, p->vector_at[0]);
        s->sources[1].n = (uint32_t)1 << p->log2_domain;
        s->sources[1].first_base = p->n_c;
        s->in.n_sources = 2;
        size.counts.fulls += s->sources[1].n;
    }
    PM_TRY(gpu_msm_plan(&s->plan, &size, p->msm_bytes[family], err));
    if (s->plan.n_out > PM_PARTIALS_MAX)
        return pm_fail(err, PM_INTERNAL, "a sum in %u parts, where there is room for %d", s->plan.n_out,
                       (int)PM_PARTIALS_MAX);
    s->in.curve = p->curve;
    s->in.plan = &s->plan;
    s->in.sources = s->sources;
    s->in.memory = work_at(w, p->msm_at[family]);
    for (int g = 0; g < 2 && !p->streamed; g++) s->bases[g] = key_at(w, p->bases_at[family][g]);
    return PM_OK;
}

/* Sums are planned by what the device counted, so a device that counts wrongly must not lead beyond what is
 * planned for: no more scalars than bases. (With fewer, entries are lost, and the proof shows it.) */
static enum pm_status check_counts(const struct gpu_work *w, unsigned map, struct pm_error *err)
{
    const struct gpu_key_plan *p = &w->loaded->plan;
    const struct k_counts *n = &w->counts[map];
    const uint32_t bases = map == GPU_CH ? p->n_c : p->n_bases[map];
    if (n->wild)
        return pm_fail(err, PM_FORMAT, "%u witness values are not below the field's modulus", n->wild);
    if ((uint64_t)n->ones + n->shorts + n->fulls > bases)
        return pm_fail(err, PM_DEVICE, "the device counted %u + %u + %u scalars of %u bases", n->ones,
                       n->shorts, n->fulls, bases);
    return PM_OK;
}

/* Empties the buckets; begin and end of a sum. on[g]: the stream of group g. */
static enum pm_status sum_begin(struct gpu_work *w, struct sum *s, const gpu_stream on[2],
                                struct pm_error *err)
{
    const struct gpu_key_plan *p = &w->loaded->plan;
    if (s->family == GPU_CH && p->gap) /* its memory is that of b and c */
        PM_TRY(gpu_fence(&w->dev, on[0], work_at(w, p->vector_at[2] - p->gap), p->gap, false, err));
    for (unsigned g = 0; g < 2 && s->plan.size.group[g]; g++)
        PM_TRY(GPU_FN(msm_clear)(&w->dev, on[g], &s->in, g, err));
    return PM_OK;
}
static enum pm_status sum_end(struct gpu_work *w, struct sum *s, const gpu_stream on[2], struct pm_error *err)
{
    for (unsigned g = 0; g < 2 && s->plan.size.group[g]; g++) {
        PM_TRY(GPU_FN(msm_reduce)(&w->dev, on[g], &s->in, g, err));
        PM_TRY(gpu_download(&w->dev, on[g], w->points[s->family][g],
                            (const uint8_t *)s->in.memory + s->plan.group[g].out,
                            s->plan.n_out * s->plan.size.group[g]->point_bytes, err));
    }
    return PM_OK;
}

/* The bases of [from, to): all windows, a group of them at a time. The second group's additions read what
 * the sort wrote, so that the next sort waits for them. */
static enum pm_status sum_add(struct gpu_work *w, struct sum *s, const gpu_stream on[2], uint32_t from,
                              uint32_t to, struct pm_error *err)
{
    struct gpu_msm_part part;
    struct gpu_msm_sorted sorted;
    part.base_from = from;
    part.base_to = to;
    for (part.window_from = 0; part.window_from < s->plan.windows;
         part.window_from += s->plan.group_windows) {
        bool other = s->plan.size.group[1] && on[1] != on[0];
        PM_TRY(GPU_FN(msm_sort)(&w->dev, on[0], &sorted, &s->in, &part, err));
        if (other) {
            PM_TRY(gpu_event_record(&w->dev, w->event[SORTED], on[0], err));
            PM_TRY(gpu_event_wait(&w->dev, on[1], w->event[SORTED], err));
        }
        if (s->plan.size.group[1])
            PM_TRY(GPU_FN(msm_add)(&w->dev, on[1], &s->in, 1, s->bases[1], &part, &sorted, err));
        PM_TRY(GPU_FN(msm_add)(&w->dev, on[0], &s->in, 0, s->bases[0], &part, &sorted, err));
        if (other) {
            PM_TRY(gpu_event_record(&w->dev, w->event[ADDED], on[1], err));
            PM_TRY(gpu_event_wait(&w->dev, on[0], w->event[ADDED], err));
        }
    }
    return PM_OK;
}

static enum pm_status sum_resident(struct gpu_work *w, struct sum *s, gpu_stream first, gpu_stream second,
                                   struct pm_error *err)
{
    const gpu_stream on[2] = {first, second};
    PM_TRY(sum_begin(w, s, on, err));
    PM_TRY(sum_add(w, s, on, 0, w->loaded->plan.n_bases[s->family], err));
    return sum_end(w, s, on, err);
}

/* Where a streamed proof stands: chunks of all sums, and which half takes the next. */
struct streaming {
    const struct pm_watch *watch;
    uint64_t done, all;
};

static enum pm_status upload_chunk(struct gpu_work *w, struct sum *s, unsigned half, uint32_t from,
                                   uint32_t to, struct pm_error *err)
{
    const struct gpu_key_plan *p = &w->loaded->plan;
    const uint8_t *pinned = (const uint8_t *)w->loaded->pinned.ptr;
    uint8_t *at = work_at(w, p->chunk_at[half]);
    for (int g = 0; g < 2 && s->plan.size.group[g]; g++) {
        size_t size = s->plan.size.group[g]->affine_bytes, n = (size_t)(to - from) * size;
        s->bases[g] = at;
        PM_TRY(gpu_upload(&w->dev, w->stream[ON_COPY], at, pinned + p->pinned_at[s->family][g] + from * size,
                          n, err));
        at += n; /* a multiple of 64 */
    }
    return gpu_event_record(&w->dev, w->event[FILLED + half], w->stream[ON_COPY], err);
}

static enum pm_status sum_streamed(struct gpu_work *w, struct sum *s, struct streaming *t,
                                   struct pm_error *err)
{
    const gpu_stream on[2] = {w->stream[ON_WITNESS], w->stream[ON_WITNESS]};
    const struct gpu_key_plan *p = &w->loaded->plan;
    const uint32_t n = p->n_bases[s->family], step = p->n_chunk[s->family];
    PM_TRY(sum_begin(w, s, on, err));
    for (uint32_t from = 0; from < n; from += step, t->done++) {
        const unsigned half = t->done % 2;
        const uint32_t to = n - from < step ? n : from + step;
        PM_TRY(gpu_event_sync(&w->dev, w->event[FREED + half], err));
        if (!pm_watch_ask(t->watch,
                          AFTER_COUNTS + (unsigned)((AFTER_SUMS - AFTER_COUNTS) * t->done / t->all)))
            return cancelled(err);
        PM_TRY(upload_chunk(w, s, half, from, to, err));
        PM_TRY(gpu_event_wait(&w->dev, on[0], w->event[FILLED + half], err));
        PM_TRY(sum_add(w, s, on, from, to, err));
        PM_TRY(gpu_event_record(&w->dev, w->event[FREED + half], on[0], err));
    }
    return sum_end(w, s, on, err);
}

static enum pm_status sums_streamed(struct gpu_work *w, struct sum sums[GPU_SUMS],
                                    const struct pm_watch *watch, struct pm_error *err)
{
    const struct gpu_key_plan *p = &w->loaded->plan;
    struct streaming t = {watch, 0, 1};
    for (int s = 0; s < GPU_SUMS; s++)
        if (p->n_bases[s]) t.all += (p->n_bases[s] - 1) / p->n_chunk[s] + 1;
    PM_TRY(sum_streamed(w, &sums[GPU_B], &t, err));
    PM_TRY(sum_streamed(w, &sums[GPU_A], &t, err));
    PM_TRY(gpu_event_wait(&w->dev, w->stream[ON_WITNESS], w->event[QUOTIENT_MADE], err));
    return sum_streamed(w, &sums[GPU_CH], &t, err);
}

/* -- The whole -- */

static void give_sum(struct pm_partials *out, const struct gpu_work *w, const struct sum *s, unsigned g)
{
    const struct gpu_msm_plan *p = &s->plan;
    out->n = p->n_out;
    for (unsigned i = 0; i < p->n_out; i++)
        out->shift[i] = (uint16_t)(i / (p->c - 1) * p->c + i % (p->c - 1));
    gpu_points_to_affine_var(out->points, w->points[s->family][g], p->n_out, w->loaded->plan.curve, g + 1,
                             w->scratch);
}

static enum pm_status plan_sums(struct gpu_work *w, struct sum sums[GPU_SUMS], struct pm_error *err)
{
    PM_TRY(gpu_event_sync(&w->dev, w->event[COUNTED], err));
    wipe_witness(w);
    for (int s = 0; s < GPU_SUMS; s++) {
        PM_TRY(check_counts(w, (unsigned)s, err));
        PM_TRY(sum_make(&sums[s], w, (enum gpu_family)s, err));
    }
    return PM_OK;
}

static enum pm_status prove_steps(struct gpu_work *w, struct pm_backend_sums *out, const uint8_t *witness,
                                  struct pm_backend_times *times, const struct pm_watch *watch,
                                  struct pm_error *err)
{
    struct sum sums[GPU_SUMS];
    gpu_stream main = w->stream[ON_MAIN], second = w->stream[ON_SECOND], first = w->stream[ON_WITNESS];
    uint64_t begin = pm_clock_ns(), rows, ntt;
    PM_TRY(fence_work(w, err));
    PM_TRY(upload_witness(w, witness, err));
    PM_TRY(count_witness(w, err));
    PM_TRY(quotient(w, err));
    PM_TRY(plan_sums(w, sums, err));
    if (!pm_watch_ask(watch, AFTER_COUNTS)) return cancelled(err);
    if (w->loaded->plan.streamed) {
        PM_TRY(sums_streamed(w, sums, watch, err));
    } else {
        PM_TRY(sum_resident(w, &sums[GPU_B], first, second, err));
        PM_TRY(sum_resident(w, &sums[GPU_A], first, first, err));
        PM_TRY(sum_resident(w, &sums[GPU_CH], main, main, err));
    }
    PM_TRY(gpu_event_sync(&w->dev, w->event[ROWS_MADE], err));
    rows = pm_clock_ns();
    PM_TRY(gpu_event_sync(&w->dev, w->event[QUOTIENT_MADE], err));
    ntt = pm_clock_ns();
    if (!w->loaded->plan.streamed && !pm_watch_ask(watch, AFTER_QUOTIENT)) return cancelled(err);
    PM_TRY(gpu_stream_sync(&w->dev, second, err));
    PM_TRY(gpu_stream_sync(&w->dev, first, err));
    PM_TRY(gpu_stream_sync(&w->dev, main, err));
    give_sum(&out->a, w, &sums[GPU_A], 0);
    give_sum(&out->b1, w, &sums[GPU_B], 0);
    give_sum(&out->b2, w, &sums[GPU_B], 1);
    give_sum(&out->ch, w, &sums[GPU_CH], 0);
    times->rows_ns = rows - begin;
    times->ntt_ns = ntt - rows;
    times->msm_ns = pm_clock_ns() - ntt;
    return PM_OK;
}

/* No work is left, and nothing that tells of the witness. */
static enum pm_status prove_end(struct gpu_work *w, struct pm_error *err)
{
    enum pm_status status = PM_OK;
    for (int i = 0; i < STREAMS; i++) {
        enum pm_status synced = gpu_stream_sync(&w->dev, w->stream[i], status == PM_OK ? err : NULL);
        if (status == PM_OK) status = synced;
    }
    wipe_witness(w);
    pm_wipe(w->pinned.ptr, w->pinned.bytes - witness_bytes(w));
    pm_wipe(w->scratch, PM_PARTIALS_MAX * 2 * (size_t)w->loaded->plan.curve->fp_bytes);
    enum pm_status wiped = wipe_memory(w, status == PM_OK ? err : NULL);
    return status == PM_OK ? wiped : status;
}

/* Times are from the beginning until rows, then transforms, then everything was done; sums begin earlier. */
static enum pm_status backend_prove(void *work, struct pm_backend_sums *out, const uint8_t *witness,
                                    struct pm_backend_times *times, const struct pm_watch *watch,
                                    struct pm_error *err)
{
    struct gpu_work *w = (struct gpu_work *)work;
    PM_TRY(gpu_device_use(&w->dev, err));
    enum pm_status status = prove_steps(w, out, witness, times, watch, err);
    enum pm_status ended = prove_end(w, status == PM_OK ? err : NULL);
    return status == PM_OK ? ended : status;
}
