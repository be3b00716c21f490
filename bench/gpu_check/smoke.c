/* Stage smoke: what device this is, and one known proof on each curve: verified, and equal to the CPU's byte
 * for byte. Also here: the proof that compute-sanitizer watches, and faults on purpose, for tests. */
#include "check.h"
#include "base/clock.h"
#include "prove/key.h"

#include <stdlib.h>
#include <string.h>

/* The driver's version as the kernel module tells it: the first word of its line that is a number. */
static void driver_version(char *out, size_t size)
{
    char line[512], *rest = line;
    (void)snprintf(out, size, "none");
    FILE *f = fopen("/proc/driver/nvidia/version", "r");
    if (!f) return;
    if (fgets(line, sizeof line, f)) {
        for (char *word; (word = strtok_r(rest, " \t\n", &rest));)
            if (strspn(word, "0123456789.") == strlen(word) && strchr(word, '.')) {
                (void)snprintf(out, size, "%s", word);
                break;
            }
    }
    (void)fclose(f);
}

static enum pm_status describe(const struct child *child, const struct item *item, struct pm_error *err)
{
    const struct pm_backend *backend;
    unsigned index;
    struct pm_backend_device device = {.text = ""};
    char driver[64];
    (void)item;
    PM_TRY(pm_backend_find(&backend, &index, child->device, err));
    PM_TRY(backend->describe(&device, index, err));
    driver_version(driver, sizeof driver);
    (void)fprintf(
        child->rows,
        "{\"question\": \"describe\", \"device_text\": \"%s\", \"driver\": \"%s\", \"memory_bytes\": %llu, "
        "\"free_bytes\": %llu}\n",
        device.text, driver, (unsigned long long)device.memory_bytes, (unsigned long long)device.free_bytes);
    return PM_OK;
}

/* The witness with one value changed satisfies nothing: that it is refused shows that a check is made. */
static enum pm_status refuses_wrong(const struct known *k, struct pm_prover *prover, struct pm_error *err)
{
    size_t bytes = (size_t)k->witness->n_values * k->curve->fr_bytes;
    struct pm_proof made;
    uint8_t *wrong = malloc(bytes);
    if (!wrong) return pm_fail(err, PM_NO_MEMORY, "no memory for a witness");
    memcpy(wrong, k->witness->values, bytes);
    wrong[k->curve->fr_bytes] ^= 1; /* the output */
    enum pm_status status = pm_prove(prover, &made, wrong, k->witness->n_values, NULL, err);
    free(wrong);
    if (status == PM_UNSATISFIED) return PM_OK;
    return pm_fail(err, PM_INTERNAL, "a wrong witness should be refused as such, not end with %s",
                   pm_status_name(status));
}

static enum pm_status prove_known(const struct child *child, const struct item *item, struct pm_error *err)
{
    struct known k;
    struct pm_prover *prover = NULL, *cpu = NULL;
    uint64_t ns = 0;
    enum pm_status status;
    PM_GOTO(known_make(&k, child, item, err));
    PM_GOTO(pm_prover_new(&prover, k.key, child->device, k.pool, err));
    PM_GOTO(pm_prover_new(&cpu, k.key, "cpu", k.pool, err));
    PM_GOTO(known_prove(&k, prover, &ns, err));
    PM_GOTO(known_same_as_cpu(&k, prover, cpu, err));
    PM_GOTO(refuses_wrong(&k, prover, err));
    child_value(child, "smoke", "first proof", (uint64_t)1 << item->log2_n, (double)ns, "ns");
out:
    pm_prover_free(&cpu);
    pm_prover_free(&prover);
    known_free(&k);
    return status;
}

void plan_smoke(struct items *items, const struct check *check)
{
    static const char *const curves[] = {"bn128", "bls12381"};
    items_add(items, "smoke", "device", 2, 30)->run = describe;
    for (int i = 0; i < 2; i++) {
        char name[48];
        (void)snprintf(name, sizeof name, "proof-%s", curves[i]);
        struct item *it = items_add(items, "smoke", name, 3, 20);
        it->run = prove_known;
        it->curve = pm_curve_by_name(curves[i]);
        it->kind = PM_SYNTH_MIXED;
        it->log2_n = check->tiny ? 4 : 8;
    }
}

/* -- what is not in any stage -- */

static enum pm_status hang(const struct child *child, const struct item *item, struct pm_error *err)
{
    (void)item;
    (void)err;
    child_value(child, "fault", "before it hangs", 1, 1, "rows");
    pm_clock_sleep_ms(3600 * 1000);
    return PM_OK;
}

static enum pm_status fail(const struct child *child, const struct item *item, struct pm_error *err)
{
    (void)child;
    (void)item;
    return pm_fail(err, PM_INTERNAL, "failed on purpose");
}

static enum pm_status crash(const struct child *child, const struct item *item, struct pm_error *err)
{
    (void)child;
    (void)item;
    (void)err;
    abort();
}

/* A stage that tests of this program name: an item for each way to end. Its budget is for them, too. */
void plan_fault(struct items *items, const struct check *check)
{
    (void)check;
    items_add(items, "fault", "fails", 1, 10)->run = fail;
    items_add(items, "fault", "crashes", 1, 10)->run = crash;
    items_add(items, "fault", "is-missing", 1, 10)->missing = "there is none";
    items_add(items, "fault", "hangs", 1, 1)->run = hang;
    items_add(items, "fault", "is-too-long", 20, 60)->run = hang;
    items_add(items, "fault", "is-stopped", 0, 60)->run = hang;
}

/* watched/CURVE-LOG2 watched/CURVE-streamed and watched/device-CURVE: what compute-sanitizer runs. */
void plan_hidden(struct items *items, const struct check *check)
{
    static const char *const curves[] = {"bn128", "bls12381"};
    for (int i = 0; i < 2; i++) {
        for (unsigned log2_n = check->tiny ? 4 : 8; log2_n <= (check->tiny ? 4 : 10); log2_n++) {
            char name[48];
            (void)snprintf(name, sizeof name, "%s-%u", curves[i], log2_n);
            struct item *it = items_add(items, "watched", name, 60, 200);
            it->run = prove_known;
            it->curve = pm_curve_by_name(curves[i]);
            it->kind = PM_SYNTH_MIXED;
            it->log2_n = log2_n;
        }
        char name[48];
        (void)snprintf(name, sizeof name, "device-%s", curves[i]);
        struct item *rates = items_add(items, "watched", name, 60, 200);
        rates->run = bench_ask;
        rates->question = pm_measure_device;
        rates->curve = pm_curve_by_name(curves[i]);
        rates->log2_n = 5;
        rates->count = 2;
        (void)snprintf(name, sizeof name, "%s-streamed", curves[i]);
        struct item *it = items_add(items, "watched", name, 60, 200);
        it->run = tiers_prove;
        it->curve = pm_curve_by_name(curves[i]);
        it->kind = PM_SYNTH_MIXED;
        it->log2_n = 9;
        it->keys = 1;
    }
}
