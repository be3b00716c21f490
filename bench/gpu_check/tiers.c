/* A key held in every way that there is, from resident with all that its sums like to have to streamed in the
 * smallest chunks: each with no more memory than its plan says (PROOFMILL_DEVICE_MEMORY), each proof the
 * CPU's byte for byte; and a byte less than the least is refused. See check.h. */
#include "check.h"
#include "prove/key.h"

#include <stdlib.h>

enum { MOST_TIERS = 60 };

struct tiers {
    const struct pm_backend *backend;
    unsigned index, resident, streamed;
    size_t resident_host_bytes; /* of a key whose points are on the device */
};

static bool limit(size_t bytes)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%zu", bytes);
    return setenv("PROOFMILL_DEVICE_MEMORY", text, 1) == 0;
}

/* The key anew, so that it is loaded as it is planned now. */
static enum pm_status prove_here(struct known *k, const struct child *child, struct pm_error *err)
{
    struct pm_prover *prover = NULL, *cpu = NULL;
    enum pm_status status;
    pm_key_free(&k->key);
    PM_GOTO(pm_key_new(&k->key, k->file, k->pool, err));
    PM_GOTO(pm_prover_new(&prover, k->key, child->device, k->pool, err));
    PM_GOTO(pm_prover_new(&cpu, k->key, "cpu", k->pool, err));
    status = known_same_as_cpu(k, prover, cpu, err);
out:
    pm_prover_free(&cpu);
    pm_prover_free(&prover);
    return status;
}

/* Those that count: all, or with item->keys only the last, which passes through every kernel that streams. */
static enum pm_status all_tiers(struct tiers *t, struct known *k, const struct child *child,
                                const struct item *item, struct pm_error *err)
{
    struct pm_backend_plan plan;
    size_t least = 0;
    for (int i = 0; i < MOST_TIERS; i++) {
        enum pm_status status = t->backend->plan(&plan, &k->key->view, t->index, 1, err);
        if (status == PM_NO_MEMORY && least > 0) break;
        if (status != PM_OK) return status;
        least = plan.device_key_bytes + plan.device_work_bytes;
        if (i == 0) t->resident_host_bytes = plan.host_key_bytes;
        *(plan.host_key_bytes > t->resident_host_bytes ? &t->streamed : &t->resident) += 1;
        if (!limit(least)) return pm_fail(err, PM_NO_MEMORY, "no memory for the environment");
        if (!item->keys) PM_TRY(prove_here(k, child, err));
        if (!limit(least - 1)) return pm_fail(err, PM_NO_MEMORY, "no memory for the environment");
    }
    struct pm_prover *prover = NULL;
    enum pm_status refused = pm_prover_new(&prover, k->key, child->device, k->pool, err);
    if (refused != PM_NO_MEMORY) {
        pm_prover_free(&prover);
        return pm_fail(err, PM_INTERNAL, "with %zu bytes, one less than the least, a key should be refused",
                       least - 1);
    }
    if (!limit(least)) return pm_fail(err, PM_NO_MEMORY, "no memory for the environment");
    return item->keys ? prove_here(k, child, err) : PM_OK;
}

enum pm_status tiers_prove(const struct child *child, const struct item *item, struct pm_error *err)
{
    struct known k;
    struct tiers t = {.resident = 0};
    struct pm_backend_device device = {.memory_bytes = 0};
    enum pm_status status;
    PM_GOTO(known_make(&k, child, item, err));
    PM_GOTO(pm_backend_find(&t.backend, &t.index, child->device, err));
    PM_GOTO(t.backend->describe(&device, t.index, err));
    if (!device.memory_bytes)
        PM_GOTO(pm_fail(err, PM_UNSUPPORTED, "%s has no memory of its own", child->device));
    PM_GOTO(all_tiers(&t, &k, child, item, err));
    child_value(child, "conform", "ways to hold a key, resident", (uint64_t)1 << item->log2_n, t.resident,
                "");
    child_value(child, "conform", "ways to hold a key, streamed", (uint64_t)1 << item->log2_n, t.streamed,
                "");
    if (t.streamed == 0) status = pm_fail(err, PM_INTERNAL, "the key was never streamed");
out:
    known_free(&k);
    return status;
}
