/* Stage soak: a thousand proofs in a row on one loaded key, then keys that are loaded, used and freed one
 * after the other. Every proof is verified, and memory, the device's and the process's, must be the same at
 * the end as after the first tenth. */
#include "check.h"
#include "prove/key.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOST_SLACK = 32 << 20 }; /* what an allocator may keep; a leak of a proof's memory is more */

struct memory {
    uint64_t device_free, host;
};

static enum pm_status weigh(struct memory *out, const struct child *child, struct pm_error *err)
{
    const struct pm_backend *backend;
    unsigned index;
    struct pm_backend_device now = {.free_bytes = 0};
    unsigned long pages = 0;
    PM_TRY(pm_backend_find(&backend, &index, child->device, err));
    PM_TRY(backend->describe(&now, index, err));
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%*u %lu", &pages) != 1) pages = 0;
    if (f) (void)fclose(f);
    *out = (struct memory){now.free_bytes, (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE)};
    return PM_OK;
}

static enum pm_status compare(const struct child *child, const struct memory *before,
                              const struct memory *after, struct pm_error *err)
{
    child_value(child, "soak", "device memory free, before", 0, (double)before->device_free, "bytes");
    child_value(child, "soak", "device memory free, after", 0, (double)after->device_free, "bytes");
    child_value(child, "soak", "process memory, before", 0, (double)before->host, "bytes");
    child_value(child, "soak", "process memory, after", 0, (double)after->host, "bytes");
    if (after->device_free < before->device_free)
        return pm_fail(err, PM_INTERNAL, "%llu bytes of device memory were not given back",
                       (unsigned long long)(before->device_free - after->device_free));
    if (after->host > before->host + HOST_SLACK)
        return pm_fail(err, PM_INTERNAL, "the process grew by %llu bytes",
                       (unsigned long long)(after->host - before->host));
    return PM_OK;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void give_times(const struct child *child, const struct item *item, const char *what, uint64_t *ns,
                       unsigned n)
{
    qsort(ns, n, sizeof *ns, by_size);
    const struct pm_measure_row row = {.question = "soak",
                                       .what = what,
                                       .item = "proof",
                                       .size = (uint64_t)1 << item->log2_n,
                                       .items = 1,
                                       .threads = (unsigned)sysconf(_SC_NPROCESSORS_ONLN),
                                       .runs = n,
                                       .min_ns = (double)ns[0],
                                       .median_ns = (double)ns[n / 2]};
    child_row((void *)(uintptr_t)child, &row);
    child_value(child, "soak", "slowest proof", (uint64_t)1 << item->log2_n, (double)ns[n - 1], "ns");
}

/* item->count proofs, with memory weighed at a tenth and at the end. */
static enum pm_status one_key(const struct child *child, const struct item *item, struct pm_error *err)
{
    struct known k;
    struct pm_prover *prover = NULL;
    struct memory before, after;
    uint64_t *ns = calloc(item->count, sizeof *ns);
    enum pm_status status;
    PM_GOTO(known_make(&k, child, item, err));
    if (!ns) PM_GOTO(pm_fail(err, PM_NO_MEMORY, "no memory for %u times", item->count));
    PM_GOTO(pm_prover_new(&prover, k.key, child->device, k.pool, err));
    for (unsigned i = 0; i < item->count; i++) {
        PM_GOTO(known_prove(&k, prover, &ns[i], err));
        if (i == item->count / 10) PM_GOTO(weigh(&before, child, err));
    }
    PM_GOTO(weigh(&after, child, err));
    give_times(child, item, "proofs in a row, one key", ns, item->count);
    status = compare(child, &before, &after, err);
out:
    pm_prover_free(&prover);
    known_free(&k);
    free(ns);
    return status;
}

/* item->keys keys, item->count proofs with each, memory weighed when the second and the last are freed. */
static enum pm_status many_keys(const struct child *child, const struct item *item, struct pm_error *err)
{
    struct known k;
    struct pm_prover *prover = NULL;
    struct memory before, after;
    const unsigned n = item->keys * item->count;
    uint64_t *ns = calloc(n, sizeof *ns);
    enum pm_status status;
    PM_GOTO(known_make(&k, child, item, err));
    if (!ns) PM_GOTO(pm_fail(err, PM_NO_MEMORY, "no memory for %u times", n));
    for (unsigned key = 0; key < item->keys; key++) {
        if (key > 0) PM_GOTO(known_rekey(&k, err));
        PM_GOTO(pm_prover_new(&prover, k.key, child->device, k.pool, err));
        for (unsigned i = 0; i < item->count; i++)
            PM_GOTO(known_prove(&k, prover, &ns[key * item->count + i], err));
        pm_prover_free(&prover);
        known_free_key(&k);
        PM_GOTO(weigh(key == 1 ? &before : &after, child, err));
    }
    give_times(child, item, "proofs, key after key", ns, n);
    status = compare(child, &before, &after, err);
out:
    pm_prover_free(&prover);
    known_free(&k);
    free(ns);
    return status;
}

static void add(struct items *items, const struct check *check, const char *name, const char *curve,
                unsigned keys, unsigned count)
{
    struct item *it = items_add(items, "soak", name, 30, 220);
    it->run = keys ? many_keys : one_key;
    it->curve = pm_curve_by_name(curve);
    it->kind = PM_SYNTH_MIXED;
    it->log2_n = check->tiny ? 5 : 14;
    it->keys = keys;
    it->count = check->tiny ? (keys ? 2 : 10) : count;
    if (check->tiny && keys) it->keys = 3;
}

void plan_soak(struct items *items, const struct check *check)
{
    add(items, check, "one-key", "bn128", 0, 1000);
    add(items, check, "ten-keys", "bn128", 10, 100);
    add(items, check, "one-key-bls12381", "bls12381", 0, 200);
}
