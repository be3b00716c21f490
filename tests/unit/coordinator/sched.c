/* Who gets the task: each rule of preference as a table row, and fair shares among equals. */
#include "coordinator/sched.h"

#include "test.h"

static const uint32_t circom[] = {100}, others[] = {1, 4, 100};

#define NODE(number, slots, load, key, failed)                                                               \
    {                                                                                                        \
        .node = number, .free_slots = slots, .busy = load, .vm_types = circom, .n_vm_types = 1,              \
        .has_key = key, .failed_this_task = failed                                                           \
    }

PM_TEST(rules_in_order)
{
    static const struct {
        const char *name;
        struct pm_sched_node node[3];
        long best;
    } rows[] = {
        {"nobody has credit",
         {NODE(1, 0, 0, true, false), NODE(2, 0, 0, true, false), NODE(3, 0, 0, true, false)},
         -1},
        {"the only one with credit",
         {NODE(1, 0, 0, true, false), NODE(2, 1, 9, false, true), NODE(3, 0, 0, true, false)},
         1},
        {"not failed before key",
         {NODE(1, 1, 0, true, true), NODE(2, 1, 5, false, false), NODE(3, 0, 0, true, false)},
         1},
        {"key before load",
         {NODE(1, 1, 0, false, false), NODE(2, 1, 5, true, false), NODE(3, 1, 6, true, false)},
         1},
        {"the least busy",
         {NODE(1, 1, 3, true, false), NODE(2, 9, 2, true, false), NODE(3, 1, 1, true, false)},
         2},
        {"failed, if nobody else",
         {NODE(1, 1, 0, true, true), NODE(2, 0, 0, true, false), NODE(3, 0, 0, true, false)},
         0},
    };
    struct pm_sched_task task = {.id = {7}, .vm_type = 100};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_MSG(pm_sched_choose(&task, rows[i].node, 3) == rows[i].best, "%s: node %ld, expected %ld",
                  rows[i].name, pm_sched_choose(&task, rows[i].node, 3), rows[i].best);
}

PM_TEST(vm_types)
{
    struct pm_sched_node nodes[] = {NODE(1, 1, 0, true, false), NODE(2, 1, 9, false, true)};
    nodes[1].vm_types = others;
    nodes[1].n_vm_types = 3;
    struct pm_sched_task task = {.id = {1}, .vm_type = 4};
    CHECK(pm_sched_choose(&task, nodes, 2) == 1);
    task.vm_type = 2;
    CHECK(pm_sched_choose(&task, nodes, 2) == -1);
    nodes[0].n_vm_types = 0;
    task.vm_type = 100;
    CHECK(pm_sched_choose(&task, nodes, 2) == 1);
    CHECK(pm_sched_choose(&task, NULL, 0) == -1);
}

PM_TEST(equal_nodes_share_and_order_does_not_matter)
{
    enum { NODES = 4, TASKS = 2000 };
    struct pm_sched_node nodes[NODES], reversed[NODES];
    unsigned got[NODES] = {0};
    for (unsigned i = 0; i < NODES; i++) {
        struct pm_sched_node node = NODE(i + 1, 1, 0, true, false);
        nodes[i] = reversed[NODES - 1 - i] = node;
    }
    for (unsigned t = 0; t < TASKS; t++) {
        struct pm_sched_task task = {.vm_type = 100};
        test_random_bytes(task.id, sizeof task.id);
        long best = pm_sched_choose(&task, nodes, NODES);
        CHECK(best >= 0 && best < NODES);
        CHECK(pm_sched_choose(&task, reversed, NODES) == NODES - 1 - best);
        CHECK(pm_sched_choose(&task, nodes, NODES) == best);
        got[best]++;
    }
    for (unsigned i = 0; i < NODES; i++)
        CHECK_MSG(got[i] > 350 && got[i] < 650, "node %u got %u of 2000", i, got[i]);
}
