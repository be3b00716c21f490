/* What all questions share: the clock, rows, inputs, the machine's name. See measure.h and inside.h. */
#include "measure/measure.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "measure/inside.h"
#include "prove/backend.h"

#include <measure_commit.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const struct pm_measure_question pm_measure_questions[] = {
    {"field", pm_measure_field}, {"ntt", pm_measure_ntt},       {"msm", pm_measure_msm},
    {"prove", pm_measure_prove}, {"verify", pm_measure_verify}, {NULL, NULL},
};

enum pm_status measure_begin(struct measure *m, const char *question, unsigned default_log2, bool with_pool,
                             const struct pm_measure_options *options, pm_measure_emit *emit, void *ctx,
                             struct pm_error *err)
{
    unsigned log2_n = options->log2_n ? options->log2_n : default_log2;
    *m = (struct measure){.options = options, .curve = options->curve, .emit = emit, .ctx = ctx, .err = err};
    if (options->runs < 1 || options->runs > PM_MEASURE_MAX_RUNS)
        return pm_fail(err, PM_USAGE, "from 1 to %d runs expected, not %u", PM_MEASURE_MAX_RUNS,
                       options->runs);
    if (log2_n > PM_MEASURE_MAX_LOG2)
        return pm_fail(err, PM_USAGE, "a size of at most 2^%d expected, not 2^%u", PM_MEASURE_MAX_LOG2,
                       log2_n);
    m->row = (struct pm_measure_row){.question = question,
                                     .size = (uint64_t)1 << log2_n,
                                     .threads = options->threads,
                                     .runs = options->runs};
    if (!with_pool) {
        long n = sysconf(_SC_NPROCESSORS_ONLN);
        if (m->row.threads == 0) m->row.threads = n > 0 ? (unsigned)n : 1;
        return PM_OK;
    }
    m->pool = pm_pool_new(options->threads, err);
    if (!m->pool) return PM_NO_MEMORY;
    m->row.threads = pm_pool_threads(m->pool);
    return PM_OK;
}

void measure_end(struct measure *m) { pm_pool_free(&m->pool); }

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void measure_given(struct measure *m, const char *what, const char *item, uint64_t items, uint64_t *ns,
                   uint64_t peak_bytes)
{
    unsigned n = m->row.runs;
    qsort(ns, n, sizeof *ns, by_size);
    m->row.what = what;
    m->row.item = item;
    m->row.items = items;
    m->row.min_ns = (double)ns[0];
    m->row.median_ns = n % 2 ? (double)ns[n / 2] : ((double)ns[n / 2 - 1] + (double)ns[n / 2]) / 2;
    m->row.peak_bytes = peak_bytes;
    m->emit(m->ctx, &m->row);
    m->row.device_bytes = m->row.device_planned_bytes = 0;
}

void measure_time(struct measure *m, const char *what, const char *item, uint64_t items,
                  void (*work)(void *arg), void *arg)
{
    uint64_t ns[PM_MEASURE_MAX_RUNS];
    work(arg);
    for (unsigned i = 0; i < m->row.runs; i++) {
        uint64_t start = pm_clock_ns();
        work(arg);
        ns[i] = pm_clock_ns() - start;
    }
    measure_given(m, what, item, items, ns, 0);
}

enum pm_status measure_device(struct measure *m, bool *direct)
{
    m->backend = NULL;
    *direct = !m->options->device || strcmp(m->options->device, "cpu") == 0;
    if (*direct) return PM_OK;
    PM_TRY(pm_backend_find(&m->backend, &m->device, m->options->device, m->err));
    *direct = m->backend == &pm_backend_cpu;
    if (*direct || m->backend->time) return PM_OK;
    return pm_fail(m->err, PM_UNSUPPORTED, "device %s cannot be measured part by part", m->options->device);
}

enum pm_status measure_on_device(struct measure *m, uint64_t *ns, struct pm_backend_timed *timed)
{
    timed->curve = m->curve->name;
    return m->backend->time(ns, m->row.runs, timed, m->device, m->pool, m->err);
}

enum pm_status measure_alloc(void *out, size_t n, struct pm_error *err)
{
    void *p = n > SIZE_MAX - 64 ? NULL : aligned_alloc(64, n / 64 * 64 + 64);
    if (!p) return pm_fail(err, PM_NO_MEMORY, "%zu bytes for the benchmark cannot be had", n);
    memcpy(out, &p, sizeof p);
    return PM_OK;
}

enum pm_status measure_wrong(struct pm_error *err, const char *what)
{
    return pm_fail(err, PM_INTERNAL, "the result is wrong, so it was not timed: %s", what);
}

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void measure_elements(const struct pm_curve *curve, uint8_t *out, size_t n, uint64_t seed)
{
    uint8_t wide[64];
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof wide; k += 8) pm_store_le64(wide + k, next(&seed));
        curve->fr_reduce_wide(out + i * curve->fr_bytes, wide);
    }
}

/* -- the machine -- */

#if defined(__clang__)
static const char compiler[] = __VERSION__; /* says "Clang" itself */
#else
static const char compiler[] = "gcc " __VERSION__;
#endif

void pm_measure_machine(struct pm_measure_machine *out, const struct pm_curve *curve)
{
    char line[256];
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    *out = (struct pm_measure_machine){.cpu = "unknown processor",
                                       .cpus = cpus > 0 ? (unsigned)cpus : 1,
                                       .build = curve->build,
                                       .compiler = compiler,
                                       .version = PM_VERSION,
                                       .commit = PM_MEASURE_COMMIT};
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon) continue;
        size_t n = 0;
        for (const char *p = colon + 2; *p && *p != '\n' && n + 1 < sizeof out->cpu; p++)
            out->cpu[n++] = *p == '"' || *p == '\\' || (unsigned char)*p < ' ' ? ' ' : *p;
        out->cpu[n] = '\0';
        break;
    }
    if (f) (void)fclose(f);
}

int pm_measure_machine_text(char *out, size_t size, const struct pm_measure_machine *m)
{
    return snprintf(out, size, "%s, %u CPUs; build %s; proofmill %s, commit %s, compiler %s", m->cpu, m->cpus,
                    m->build, m->version, m->commit, m->compiler);
}

int pm_measure_machine_json(char *out, size_t size, const struct pm_measure_machine *m)
{
    return snprintf(
        out, size,
        "{\"cpu\": \"%s\", \"cpus\": %u, \"build\": \"%s\", \"version\": \"%s\", \"commit\": \"%s\", "
        "\"compiler\": \"%s\"}",
        m->cpu, m->cpus, m->build, m->version, m->commit, m->compiler);
}

/* -- rows -- */

static const char *scaled(double *value)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    size_t unit = 0;
    while (unit < 3 && *value >= 1000) {
        *value /= 1000;
        unit++;
    }
    return units[unit];
}

int pm_measure_row_text(char *out, size_t size, const struct pm_measure_row *row)
{
    double min = row->min_ns, median = row->median_ns, each = row->median_ns / (double)row->items;
    const char *min_unit = scaled(&min), *median_unit = scaled(&median), *each_unit = scaled(&each);
    char peak[32] = "", per[96] = "";
    if (row->peak_bytes) (void)snprintf(peak, sizeof peak, "  peak %.0f MB", (double)row->peak_bytes / 1e6);
    if (row->items > 1) (void)snprintf(per, sizeof per, "  %7.3g %s per %s", each, each_unit, row->item);
    if (row->items > 1 && strcmp(row->item, "proof") == 0)
        (void)snprintf(per, sizeof per, "  %.4g proofs a second", 1e9 * (double)row->items / row->median_ns);
    return snprintf(out, size, "%-6s  %-30s  %9llu  %2u threads  min %7.3g %-2s  median %7.3g %-2s%s%s",
                    row->question, row->what, (unsigned long long)row->size, row->threads, min, min_unit,
                    median, median_unit, per, peak);
}

int pm_measure_row_json(char *out, size_t size, const struct pm_measure_row *row)
{
    char device[96] = "";
    if (row->device_bytes || row->device_planned_bytes)
        (void)snprintf(device, sizeof device, ", \"device_bytes\": %llu, \"device_planned_bytes\": %llu",
                       (unsigned long long)row->device_bytes, (unsigned long long)row->device_planned_bytes);
    return snprintf(out, size,
                    "{\"question\": \"%s\", \"what\": \"%s\", \"size\": %llu, \"threads\": %u, \"runs\": %u, "
                    "\"min_ns\": %.0f, \"median_ns\": %.0f, \"items\": %llu, \"item\": \"%s\", "
                    "\"median_ns_per_item\": %.4g, \"peak_bytes\": %llu%s}",
                    row->question, row->what, (unsigned long long)row->size, row->threads, row->runs,
                    row->min_ns, row->median_ns, (unsigned long long)row->items, row->item,
                    row->median_ns / (double)row->items, (unsigned long long)row->peak_bytes, device);
}
