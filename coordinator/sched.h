/* Who gets the task: a pure function of what is known about nodes and the task. The oldest task goes first;
 * among the nodes with credit that offer its VM type and have not failed it, the one that has its key loaded,
 * then the least busy, then by hash of (node, task), so that equal nodes share the work. */
#ifndef PM_COORDINATOR_SCHED_H
#define PM_COORDINATOR_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pm_sched_node {
    uint64_t node;
    uint64_t free_slots, busy;
    const uint32_t *vm_types;
    size_t n_vm_types;
    bool has_key;          /* worked on this project and version in this session */
    bool failed_this_task; /* taken only when nobody else is there */
};
struct pm_sched_task {
    uint8_t id[32];
    uint32_t vm_type;
};

/* Index of the chosen node, or -1. */
long pm_sched_choose(const struct pm_sched_task *task, const struct pm_sched_node *nodes, size_t n_nodes);

#endif
