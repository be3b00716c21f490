/* The task's state machine as one table; see task.h. Who applies it and writes it down: ledger/ledger.c. */
#include "coordinator/task.h"

#include <stddef.h>

struct step {
    enum pm_task_state from;
    enum pm_task_event event;
    enum pm_task_state to;
};

static const struct step steps[] = {
    {PM_TASK_PACKED, PM_EVENT_LEASED, PM_TASK_DISPATCHED},
    {PM_TASK_PACKED, PM_EVENT_RESULT, PM_TASK_CHECKING}, /* late, after its lease ended */
    {PM_TASK_PACKED, PM_EVENT_REFUSED, PM_TASK_FAILED},
    {PM_TASK_PACKED, PM_EVENT_EXHAUSTED, PM_TASK_FAILED},

    {PM_TASK_DISPATCHED, PM_EVENT_LEASE_LOST, PM_TASK_PACKED},
    {PM_TASK_DISPATCHED, PM_EVENT_RESULT, PM_TASK_CHECKING},
    {PM_TASK_DISPATCHED, PM_EVENT_REFUSED, PM_TASK_FAILED},

    {PM_TASK_CHECKING, PM_EVENT_ACCEPTED, PM_TASK_PROVED},
    {PM_TASK_CHECKING, PM_EVENT_REJECTED, PM_TASK_PACKED},

    {PM_TASK_PROVED, PM_EVENT_SUBMITTED, PM_TASK_SUBMITTED},
    {PM_TASK_PROVED, PM_EVENT_SETTLED, PM_TASK_SETTLED}, /* the contract has it already */
    {PM_TASK_PROVED, PM_EVENT_UNSETTLEABLE, PM_TASK_FAILED},

    {PM_TASK_SUBMITTED, PM_EVENT_RETURNED, PM_TASK_PROVED},
    {PM_TASK_SUBMITTED, PM_EVENT_SETTLED, PM_TASK_SETTLED},
    {PM_TASK_SUBMITTED, PM_EVENT_UNSETTLEABLE, PM_TASK_FAILED},
};

enum pm_task_state pm_task_next(enum pm_task_state state, enum pm_task_event event)
{
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i].from == state && steps[i].event == event) return steps[i].to;
    return (enum pm_task_state)0;
}

const char *pm_task_state_name(enum pm_task_state state)
{
    switch (state) {
    case PM_TASK_PACKED:
        return "packed";
    case PM_TASK_DISPATCHED:
        return "dispatched";
    case PM_TASK_CHECKING:
        return "checking";
    case PM_TASK_PROVED:
        return "proved";
    case PM_TASK_SUBMITTED:
        return "submitted";
    case PM_TASK_SETTLED:
        return "settled";
    case PM_TASK_FAILED:
        return "failed";
    }
    return "unknown";
}

const char *pm_task_event_name(enum pm_task_event event)
{
    switch (event) {
    case PM_EVENT_LEASED:
        return "leased";
    case PM_EVENT_LEASE_LOST:
        return "lease_lost";
    case PM_EVENT_RESULT:
        return "result";
    case PM_EVENT_ACCEPTED:
        return "accepted";
    case PM_EVENT_REJECTED:
        return "rejected";
    case PM_EVENT_REFUSED:
        return "refused";
    case PM_EVENT_EXHAUSTED:
        return "exhausted";
    case PM_EVENT_SUBMITTED:
        return "submitted";
    case PM_EVENT_RETURNED:
        return "returned";
    case PM_EVENT_SETTLED:
        return "settled";
    case PM_EVENT_UNSETTLEABLE:
        return "unsettleable";
    case PM_N_EVENTS:
        break;
    }
    return "unknown";
}

bool pm_task_is_final(enum pm_task_state state)
{
    return state == PM_TASK_SETTLED || state == PM_TASK_FAILED;
}
