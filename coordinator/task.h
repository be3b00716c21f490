/* A task's state machine: which event leads from which state to which. Pure: no I/O, no clock, tested as a
 * table. The ledger writes every step (ledger/ledger.h); nothing else may change a state. */
#ifndef PM_COORDINATOR_TASK_H
#define PM_COORDINATOR_TASK_H

#include <stdbool.h>

/* Numbers are stored, and those of W3bstream where it has one (packed 1, dispatched 2, proved 4, outputted 6,
 * failed 7). */
enum pm_task_state {
    PM_TASK_PACKED = 1,     /* waits for a node */
    PM_TASK_DISPATCHED = 2, /* leased */
    PM_TASK_CHECKING = 3,   /* a result is here and is being verified */
    PM_TASK_PROVED = 4,     /* verified; waits for its transaction */
    PM_TASK_SUBMITTED = 5,  /* a transaction is in the outbox */
    PM_TASK_SETTLED = 6,    /* final on-chain */
    PM_TASK_FAILED = 7      /* given up; the reason is in its history */
};

enum pm_task_event {
    PM_EVENT_LEASED,       /* pushed to a node under a lease */
    PM_EVENT_LEASE_LOST,   /* expired, node gone, or the node failed for reasons of its own */
    PM_EVENT_RESULT,       /* a proof came: from its lease, or late while the task is unproved */
    PM_EVENT_ACCEPTED,     /* the proof verifies and says what the task says */
    PM_EVENT_REJECTED,     /* it does not */
    PM_EVENT_REFUSED,      /* the input does not satisfy the circuit: nobody can prove it */
    PM_EVENT_EXHAUSTED,    /* no attempts left */
    PM_EVENT_SUBMITTED,    /* a signed transaction was written to the outbox */
    PM_EVENT_RETURNED,     /* that transaction was mined and had no effect: submit again */
    PM_EVENT_SETTLED,      /* confirmed by event and contract state */
    PM_EVENT_UNSETTLEABLE, /* the contract refuses it for good */
    PM_N_EVENTS
};

/* The next state, or 0 where the event is not allowed in that state. */
enum pm_task_state pm_task_next(enum pm_task_state state, enum pm_task_event event);

const char *pm_task_state_name(enum pm_task_state state); /* "packed", ... as the API shows them */
const char *pm_task_event_name(enum pm_task_event event); /* "leased", ... */
bool pm_task_is_final(enum pm_task_state state);

#endif
