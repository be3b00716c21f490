/* The choice of a node for a task; see sched.h. Pure: candidates in, an index out. */
#include "coordinator/sched.h"

#include "base/bytes.h"
#include "base/keccak.h"

static bool offers(const struct pm_sched_node *node, uint32_t vm_type)
{
    for (size_t i = 0; i < node->n_vm_types; i++)
        if (node->vm_types[i] == vm_type) return true;
    return false;
}

static uint64_t share(const struct pm_sched_node *node, const struct pm_sched_task *task)
{
    uint8_t text[40], hash[32];
    pm_store_be64(text, node->node);
    memcpy(text + 8, task->id, sizeof task->id);
    pm_keccak256(hash, text, sizeof text);
    return pm_load_be64(hash);
}

/* The order of preference: not failed, key loaded, least busy, hash, number. */
static bool better(const struct pm_sched_node *a, const struct pm_sched_node *b,
                   const struct pm_sched_task *task)
{
    if (a->failed_this_task != b->failed_this_task) return b->failed_this_task;
    if (a->has_key != b->has_key) return a->has_key;
    if (a->busy != b->busy) return a->busy < b->busy;
    uint64_t share_a = share(a, task), share_b = share(b, task);
    if (share_a != share_b) return share_a < share_b;
    return a->node < b->node;
}

long pm_sched_choose(const struct pm_sched_task *task, const struct pm_sched_node *nodes, size_t n_nodes)
{
    long best = -1;
    for (size_t i = 0; i < n_nodes; i++) {
        if (nodes[i].free_slots == 0 || !offers(&nodes[i], task->vm_type)) continue;
        if (best < 0 || better(&nodes[i], &nodes[best], task)) best = (long)i;
    }
    return best;
}
