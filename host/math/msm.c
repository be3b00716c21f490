/* Scalars to digits, sums to tasks, tasks' results to sums. See msm.h. */
#include "math/msm.h"

#include "base/bytes.h"
#include "math/digits.h"
#include "math/tmpl.h"

#include <pthread.h>
#include <string.h>

/* shared_tasks: a thread's share of all work is so many tasks where windows share their buckets. */
enum { shared_tasks = 2, limbs_max = PM_DIGITS_MAX_LIMBS - 1, windows_max = 64 * limbs_max / 2 + 2 };

/* All of one call. */
struct job {
    struct pm_msm_part *parts;
    struct pm_msm_set *sets;
    size_t n_parts, n_sets;
    unsigned threads;
    struct pm_msm_task *task;
    size_t n_tasks, next_task, next_thread;
    uint8_t *results; /* points, as many as the tasks have windows */
    size_t n_results, result_bytes;
    uint8_t *workers;
    size_t worker_bytes;
    const struct pm_watch *watch;
    pthread_t owner; /* the thread that may ask it */
    size_t done_tasks;
    bool stop;
};

/* Memory handed out in order, or only counted where `at` is NULL. */
struct room {
    uint8_t *at;
    size_t used;
};
static void *take(struct room *room, size_t count, size_t bytes)
{
    void *p = room->at ? room->at + room->used : NULL;
    room->used += (count * bytes + 63) / 64 * 64;
    return p;
}

/* -- What scratch must hold at the most -- */

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* The kind that decides on a set's window: its first part's. */
static const struct pm_msm_kind *kind_of(const struct pm_msm_part *parts, size_t n_parts,
                                         const struct pm_msm_set *set)
{
    for (size_t i = 0; i < n_parts; i++)
        if (parts[i].set == set) return parts[i].kind;
    return parts[0].kind;
}

/* The window of the tables of a set's parts; 0 where none has one. */
static unsigned table_c(const struct pm_msm_part *parts, size_t n_parts, const struct pm_msm_set *set)
{
    for (size_t i = 0; i < n_parts; i++)
        if (parts[i].set == set && parts[i].table) return parts[i].table_c;
    return 0;
}

/* A row of n digits: an odd number of cache lines, so that what is read of many rows at once does not fall
 * into the same few sets of a cache. */
static size_t row_of(size_t n) { return ((n + 31) / 32 | 1) * 32; }

/* The most that n_full windows rows can be: fewer scalars have smaller c and so more windows. */
static size_t digits_max(const struct job *job, const struct pm_msm_set *set)
{
    const struct pm_msm_kind *kind = kind_of(job->parts, job->n_parts, set);
    const unsigned c = table_c(job->parts, job->n_parts, set);
    size_t most = c ? row_of(set->n) * pm_msm_windows(kind, c) : 0;
    for (unsigned bits = 0; bits < 40; bits++) {
        size_t top = (size_t)1 << bits;
        most = larger(most, row_of(smaller(top, set->n)) * pm_msm_windows(kind, pm_msm_window(kind, top)));
        if (top >= set->n) break;
    }
    return most;
}

/* Tasks, and windows of all tasks together: see plan_part. */
static size_t tasks_max(size_t n_parts, unsigned threads)
{
    return n_parts * (2 * (size_t)windows_max + 10 * (size_t)threads);
}

static void layout(struct job *job, struct room *room)
{
    size_t tasks = tasks_max(job->n_parts, job->threads);
    for (size_t i = 0; i < job->n_sets; i++) {
        struct pm_msm_set *set = &job->sets[i];
        set->list = take(room, set->n, sizeof *set->list);
        set->count = take(room, pm_msm_chunks(set->n), sizeof *set->count);
        set->hits = take(room, windows_max, sizeof *set->hits);
        set->digit = take(room, digits_max(job, set), sizeof *set->digit);
    }
    for (size_t i = 0; i < job->n_parts; i++) {
        struct pm_msm_part *part = &job->parts[i];
        part->list = take(room, part->set->n, sizeof *part->list);
        part->count = take(room, pm_msm_chunks(part->set->n), sizeof *part->count);
        job->result_bytes = larger(job->result_bytes, part->kind->point_bytes);
    }
    job->task = take(room, tasks, sizeof *job->task);
    job->results = take(room, tasks, job->result_bytes);
}

static size_t worker_max(const struct job *job)
{
    size_t most = 0;
    for (size_t i = 0; i < job->n_parts; i++) {
        const struct pm_msm_part *part = &job->parts[i];
        unsigned top = pm_msm_window(kind_of(job->parts, job->n_parts, part->set), part->set->n);
        unsigned shared = table_c(job->parts, job->n_parts, part->set);
        if (shared) most = larger(most, part->kind->worker_bytes(shared));
        for (unsigned c = 2; c <= top; c++) most = larger(most, part->kind->worker_bytes(c));
    }
    return most;
}

static void begin(struct job *job)
{
    for (size_t i = 0; i < job->n_parts; i++) {
        struct pm_msm_set *set = job->parts[i].set;
        set->limbs = job->parts[i].kind->scalar_limbs;
        set->modulus = job->parts[i].kind->modulus;
    }
}

size_t pm_msm_scratch(const struct pm_msm_part *parts, size_t n_parts, const struct pm_msm_set *sets,
                      size_t n_sets, unsigned threads)
{
    struct pm_msm_part part[PM_MSM_MAX_PARTS];
    struct pm_msm_set set[PM_MSM_MAX_SETS];
    struct job job = {.parts = part, .sets = set, .n_parts = n_parts, .n_sets = n_sets, .threads = threads};
    struct room room = {0};
    memcpy(set, sets, n_sets * sizeof *set);
    memcpy(part, parts, n_parts * sizeof *part);
    for (size_t i = 0; i < n_parts; i++) part[i].set = &set[part[i].set - sets];
    begin(&job);
    layout(&job, &room);
    return room.used + threads * worker_max(&job);
}

/* -- Scalars -- */

/* out = a - b, n limbs; the borrow */
static uint64_t sub(uint64_t *out, const uint64_t *a, const uint64_t *b, unsigned n)
{
    uint64_t borrow = 0;
    for (unsigned i = 0; i < n; i++) out[i] = pm_sub_borrow(a[i], b[i], &borrow);
    return borrow;
}

/* s = scalar mod r; minus = r - s */
static void load(uint64_t *s, uint64_t *minus, const struct pm_msm_set *set, size_t i)
{
    const uint8_t *bytes = set->scalars + i * 8 * set->limbs;
    uint64_t less[limbs_max];
    for (unsigned k = 0; k < set->limbs; k++) s[k] = pm_load_le64(bytes + 8 * k);
    while (sub(minus, set->modulus, s, set->limbs)) {
        (void)sub(less, s, set->modulus, set->limbs);
        memcpy(s, less, set->limbs * sizeof *s);
    }
}

static bool is_small(const uint64_t *s, unsigned n, uint64_t value)
{
    uint64_t bits = s[0] ^ value;
    for (unsigned i = 1; i < n; i++) bits |= s[i];
    return bits == 0;
}

/* One chunk after another of all sets: begin and end count chunks through the sets. */
static void classify_piece(void *ctx, size_t from, size_t to)
{
    const struct job *job = ctx;
    uint64_t s[limbs_max], minus[limbs_max];
    for (size_t k = from; k < to; k++) {
        struct pm_msm_set *set = job->sets;
        size_t chunk = k;
        for (; chunk >= pm_msm_chunks(set->n); set++) chunk -= pm_msm_chunks(set->n);
        size_t first = chunk * PM_MSM_CHUNK, len = pm_msm_chunk_len(set->n, chunk);
        uint32_t *list = set->list + first;
        struct pm_msm_count count = {0};
        for (size_t i = 0; i < len; i++) {
            load(s, minus, set, first + i);
            if (is_small(s, set->limbs, 0) || is_small(minus, set->limbs, 0)) continue;
            if (is_small(s, set->limbs, 1))
                list[len - ++count.ones] = (uint32_t)i;
            else if (is_small(minus, set->limbs, 1))
                list[len - ++count.ones] = (uint32_t)i | PM_MSM_MINUS;
            else
                list[count.full++] = (uint32_t)i;
        }
        set->count[chunk] = count;
    }
}

static void recode_piece(void *ctx, size_t from, size_t to)
{
    const struct pm_msm_set *set = ctx;
    const unsigned c = set->c, windows = set->windows, limbs = set->limbs;
    const uint64_t zero[limbs_max] = {0};
    uint64_t bias[limbs_max + 1], s[limbs_max], minus[limbs_max], less[limbs_max], k[limbs_max + 1];
    uint64_t hits[windows_max] = {0};
    pm_digits_bias(bias, zero, limbs, c, windows);
    for (size_t chunk = from; chunk < to; chunk++) {
        const uint32_t *list = set->list + chunk * PM_MSM_CHUNK;
        int16_t *digit = set->digit + set->count[chunk].rank;
        for (uint32_t i = 0; i < set->count[chunk].full; i++) {
            load(s, minus, set, chunk * PM_MSM_CHUNK + list[i]);
            uint64_t carry = 0; /* digits of s, or of -(r - s), which is above minus the bias */
            if (sub(less, minus, s, limbs)) {
                for (unsigned j = 0; j < limbs; j++) k[j] = pm_sub_borrow(bias[j], minus[j], &carry);
                k[limbs] = bias[limbs] - carry;
            } else {
                for (unsigned j = 0; j < limbs; j++) k[j] = pm_add_carry(s[j], bias[j], &carry);
                k[limbs] = bias[limbs] + carry;
            }
            pm_digits_put(digit + i, set->row, k, limbs, c, windows);
        }
        for (unsigned w = 0; w < windows; w++)
            for (uint32_t i = 0; i < set->count[chunk].full; i++) hits[w] += digit[w * set->row + i] != 0;
    }
    for (unsigned w = 0; w < windows; w++) __atomic_fetch_add(&set->hits[w], hits[w], __ATOMIC_RELAXED);
}

/* Chooses the set's windows; n_full is known. */
static void choose_window(const struct job *job, struct pm_msm_set *set)
{
    const struct pm_msm_kind *kind = kind_of(job->parts, job->n_parts, set);
    const unsigned c = pm_msm_window(kind, set->n_full), shared = table_c(job->parts, job->n_parts, set);
    set->shared =
        shared && set->n_full &&
        pm_msm_cost_shared(kind, set->n_full, shared, job->threads) < pm_msm_cost_apart(kind, set->n_full, c);
    set->c = set->shared ? shared : c;
    set->windows = set->n_full ? pm_msm_windows(kind, set->c) : 0;
}

static void make_ready(struct pm_pool *pool, struct job *job)
{
    size_t chunks = 0;
    for (size_t i = 0; i < job->n_sets; i++) chunks += pm_msm_chunks(job->sets[i].n);
    pm_pool_for(pool, chunks, 1, classify_piece, job);
    for (size_t i = 0; i < job->n_sets; i++) {
        struct pm_msm_set *set = &job->sets[i];
        set->n_full = set->n_ones = 0;
        for (size_t k = 0; k < pm_msm_chunks(set->n); k++) {
            set->count[k].rank = (uint32_t)set->n_full;
            set->n_full += set->count[k].full;
            set->n_ones += set->count[k].ones;
        }
        set->row = row_of(set->n_full);
        choose_window(job, set);
        for (unsigned w = 0; w < set->windows; w++) set->hits[w] = 0;
        pm_pool_for(pool, pm_msm_chunks(set->n), 1, recode_piece, set);
        while (set->windows > 0 && set->hits[set->windows - 1] == 0) set->windows--;
    }
}

/* -- Bases: the entries of each part -- */

static bool counts(const struct pm_msm_part *part, size_t i)
{
    if (i < part->first || i - part->first >= part->n) return false;
    const uint8_t *base = part->bases + (i - part->first) * part->kind->base_bytes;
    return pm_load_le64(base) != 0 || !pm_bytes_are_zero(base, part->kind->base_bytes); /* not infinity */
}

static void filter_piece(void *ctx, size_t from, size_t to)
{
    const struct job *job = ctx;
    for (size_t k = from; k < to; k++) {
        struct pm_msm_part *part = job->parts;
        size_t chunk = k;
        for (; chunk >= pm_msm_chunks(part->set->n); part++) chunk -= pm_msm_chunks(part->set->n);
        const struct pm_msm_set *set = part->set;
        size_t first = chunk * PM_MSM_CHUNK, len = pm_msm_chunk_len(set->n, chunk);
        const uint32_t *in = set->list + first;
        uint32_t *out = part->list + first;
        struct pm_msm_count count = {0};
        for (uint32_t i = 0; i < set->count[chunk].full; i++)
            if (counts(part, first + in[i])) out[count.full++] = in[i] | i << PM_MSM_RANK_SHIFT;
        for (uint32_t i = 0; i < set->count[chunk].ones; i++) {
            uint32_t entry = in[len - 1 - i];
            if (counts(part, first + (entry & PM_MSM_INDEX))) out[len - ++count.ones] = entry;
        }
        part->count[chunk] = count;
    }
}

static void filter(struct pm_pool *pool, struct job *job)
{
    size_t chunks = 0;
    for (size_t i = 0; i < job->n_parts; i++) chunks += pm_msm_chunks(job->parts[i].set->n);
    pm_pool_for(pool, chunks, 1, filter_piece, job);
    for (size_t i = 0; i < job->n_parts; i++) {
        struct pm_msm_part *part = &job->parts[i];
        part->n_full = part->n_ones = 0;
        for (size_t k = 0; k < pm_msm_chunks(part->set->n); k++) {
            part->n_full += part->count[k].full;
            part->n_ones += part->count[k].ones;
        }
    }
}

/* -- Tasks -- */

/* Rows of buckets that the sum is cut into. */
static uint64_t rows_of_buckets(const struct pm_msm_part *part)
{
    return pm_msm_is_shared(part) ? 1 : part->set->windows;
}
/* About how long it takes: additions, and a few for every bucket. */
static uint64_t cost_full(const struct pm_msm_part *part)
{
    const struct pm_msm_set *set = part->set;
    uint64_t hits = 0;
    if (part->n_full == 0) return 0;
    for (unsigned w = 0; w < set->windows; w++) hits += set->hits[w];
    return part->kind->weight *
           (hits / set->n_full * part->n_full + rows_of_buckets(part) * ((uint64_t)3 << (set->c - 1)));
}
static uint64_t cost_ones(const struct pm_msm_part *part)
{
    return (uint64_t)part->kind->weight * part->n_ones;
}

/* Tasks for windows [0, windows) in groups, of `stretches` stretches of the chunks each. */
static void add_tasks(struct job *job, const struct pm_msm_part *part, unsigned windows, unsigned group,
                      size_t stretches, bool ones)
{
    size_t chunks = pm_msm_chunks(part->set->n);
    if (stretches > chunks) stretches = chunks;
    for (unsigned w = 0; w < windows; w += group)
        for (size_t i = 0; i < stretches; i++) {
            struct pm_msm_task *task = &job->task[job->n_tasks++];
            *task = (struct pm_msm_task){.part = part,
                                         .chunk = (uint32_t)(chunks * i / stretches),
                                         .chunk_end = (uint32_t)(chunks * (i + 1) / stretches),
                                         .window = w,
                                         .windows = windows - w < group ? windows - w : group,
                                         .ones = ones,
                                         .result = job->results + job->n_results * job->result_bytes};
            job->n_results += pm_msm_is_shared(part) ? 1 : task->windows;
        }
}

/* Several tasks for each thread's share, so that all end at about the same time: first smaller groups of
 * windows, then, where a window is more than such a task, stretches of the points. With one thread the
 * largest groups there may be. Fewer tasks where windows share buckets, because each has buckets of its own.
 */
static void plan_part(struct job *job, struct pm_msm_part *part, uint64_t total)
{
    const struct pm_msm_set *set = part->set;
    const uint64_t share = (pm_msm_is_shared(part) ? shared_tasks : 4) * (uint64_t)job->threads;
    part->first_task = job->n_tasks;
    if (part->n_ones > 0)
        add_tasks(job, part, 1, 1, job->threads > 1 ? cost_ones(part) * share / total + 1 : 1, true);
    if (part->n_full > 0) {
        unsigned group = pm_msm_is_shared(part) ? set->windows : part->kind->group(set->c);
        uint64_t wanted = job->threads > 1 ? cost_full(part) * share / total + 1 : 1;
        unsigned fewer = (unsigned)(wanted < set->windows ? (set->windows + wanted - 1) / wanted : 1);
        if (fewer < group) group = fewer;
        add_tasks(job, part, set->windows, group,
                  wanted > set->windows ? (wanted + set->windows - 1) / set->windows : 1, false);
    }
    part->end_task = job->n_tasks;
}

/* The costliest parts first: what is left for the end should be small. */
static void plan(struct job *job)
{
    uint64_t total = 1;
    bool planned[PM_MSM_MAX_PARTS] = {false};
    for (size_t i = 0; i < job->n_parts; i++) total += cost_full(&job->parts[i]) + cost_ones(&job->parts[i]);
    for (size_t k = 0; k < job->n_parts; k++) {
        size_t best = job->n_parts;
        for (size_t i = 0; i < job->n_parts; i++)
            if (!planned[i] &&
                (best == job->n_parts || cost_full(&job->parts[i]) > cost_full(&job->parts[best])))
                best = i;
        planned[best] = true;
        plan_part(job, &job->parts[best], total);
    }
}

static void ask(struct job *job)
{
    size_t done = __atomic_add_fetch(&job->done_tasks, 1, __ATOMIC_RELAXED);
    if (done == job->n_tasks || !pthread_equal(pthread_self(), job->owner)) return;
    if (!pm_watch_ask(job->watch, (unsigned)(1000 * done / job->n_tasks)))
        __atomic_store_n(&job->stop, true, __ATOMIC_RELAXED);
}

static void work_piece(void *ctx, size_t from, size_t to)
{
    struct job *job = ctx;
    for (size_t i = from; i < to; i++) {
        size_t thread = __atomic_fetch_add(&job->next_thread, 1, __ATOMIC_RELAXED), t;
        while (!__atomic_load_n(&job->stop, __ATOMIC_RELAXED) &&
               (t = __atomic_fetch_add(&job->next_task, 1, __ATOMIC_RELAXED)) < job->n_tasks) {
            job->task[t].part->kind->work(&job->task[t], job->workers + thread * job->worker_bytes);
            ask(job);
        }
    }
}

/* From the top window down; the ones count once. */
static void fold_piece(void *ctx, size_t from, size_t to)
{
    const struct job *job = ctx;
    for (size_t i = from; i < to; i++) {
        const struct pm_msm_part *part = &job->parts[i];
        const struct pm_msm_kind *kind = part->kind;
        const bool shared = pm_msm_is_shared(part);
        kind->set_infinity(part->out);
        for (unsigned w = part->n_full && !shared ? part->set->windows : 0; w-- > 0;) {
            for (unsigned k = 0; k < part->set->c; k++) kind->add(part->out, part->out, part->out);
            for (size_t t = part->first_task; t < part->end_task; t++) {
                const struct pm_msm_task *task = &job->task[t];
                if (task->ones || w < task->window || w >= task->window + task->windows) continue;
                kind->add(part->out, part->out,
                          (const uint8_t *)task->result + (size_t)(w - task->window) * kind->point_bytes);
            }
        }
        for (size_t t = part->first_task; t < part->end_task; t++)
            if (job->task[t].ones || shared) kind->add(part->out, part->out, job->task[t].result);
    }
}

bool pm_msm_sum_var(struct pm_pool *pool, struct pm_msm_part *parts, size_t n_parts, struct pm_msm_set *sets,
                    size_t n_sets, void *scratch, const struct pm_watch *watch)
{
    struct job job = {.watch = watch,
                      .owner = pthread_self(),

                      .parts = parts,
                      .sets = sets,
                      .n_parts = n_parts,
                      .n_sets = n_sets,
                      .threads = pm_pool_threads(pool)};
    struct room room = {.at = scratch};
    begin(&job);
    layout(&job, &room);
    job.workers = room.at + room.used;
    job.worker_bytes = worker_max(&job);
    make_ready(pool, &job);
    filter(pool, &job);
    plan(&job);
    pm_pool_for(pool, job.threads, 1, work_piece, &job);
    /* Whatever tasks this thread got, it asks once when all are done. */
    if (job.stop || !pm_watch_ask(watch, 1000)) return false;
    pm_pool_for(pool, n_parts, 1, fold_piece, &job);
    return true;
}

size_t pm_msm_one_scratch(const struct pm_msm_kind *kind, size_t n, unsigned threads)
{
    struct pm_msm_set set = {.n = n};
    struct pm_msm_part part = {.kind = kind, .set = &set, .n = n};
    return pm_msm_scratch(&part, 1, &set, 1, threads);
}

void pm_msm_one_var(const struct pm_msm_kind *kind, struct pm_pool *pool, void *out, const uint8_t *bases,
                    const uint8_t *scalars, size_t n, void *scratch)
{
    struct pm_msm_set set = {.scalars = scalars, .n = n};
    struct pm_msm_part part = {.kind = kind, .set = &set, .bases = bases, .n = n, .out = out};
    (void)pm_msm_sum_var(pool, &part, 1, &set, 1, scratch, NULL);
}
