/* The task's state machine: every pair of state and event, and the names that the API shows. */
#include "coordinator/task.h"

#include "test.h"

enum { N_STATES = 8 };

/* Rows: states 0 (none) to 7; columns: events in their order; the next state, 0 where the event is not
 * allowed. */
static const int expected[N_STATES][PM_N_EVENTS] = {
    /*              leased lost result accepted rejected refused exhausted submitted returned settled
       unsettleable */
    /* none       */ {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    /* packed     */ {2, 0, 3, 0, 0, 7, 7, 0, 0, 0, 0},
    /* dispatched */ {0, 1, 3, 0, 0, 7, 0, 0, 0, 0, 0},
    /* checking   */ {0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0},
    /* proved     */ {0, 0, 0, 0, 0, 0, 0, 5, 0, 6, 7},
    /* submitted  */ {0, 0, 0, 0, 0, 0, 0, 0, 4, 6, 7},
    /* settled    */ {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    /* failed     */ {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
};

PM_TEST(every_state_and_event)
{
    for (int s = 0; s < N_STATES; s++)
        for (int e = 0; e < PM_N_EVENTS; e++)
            CHECK_MSG((int)pm_task_next((enum pm_task_state)s, (enum pm_task_event)e) == expected[s][e],
                      "state %d, event %s: %d, expected %d", s, pm_task_event_name((enum pm_task_event)e),
                      (int)pm_task_next((enum pm_task_state)s, (enum pm_task_event)e), expected[s][e]);
    CHECK(pm_task_next(PM_TASK_PACKED, PM_N_EVENTS) == 0);
    CHECK(pm_task_next((enum pm_task_state)99, PM_EVENT_LEASED) == 0);
}

PM_TEST(final_states_are_left_by_nothing)
{
    for (int s = 1; s < N_STATES; s++) {
        bool leaves = false;
        for (int e = 0; e < PM_N_EVENTS; e++) leaves |= expected[s][e] != 0;
        CHECK_MSG(pm_task_is_final((enum pm_task_state)s) == !leaves, "state %d", s);
    }
}

PM_TEST(a_proof_is_needed_to_settle)
{
    /* Whatever happens, no walk reaches settled without a step from checking to proved. */
    bool seen[N_STATES] = {false};
    seen[PM_TASK_PACKED] = true;
    for (int round = 0; round < N_STATES; round++)
        for (int s = 1; s < N_STATES; s++)
            for (int e = 0; seen[s] && e < PM_N_EVENTS; e++)
                if (e != PM_EVENT_ACCEPTED)
                    seen[pm_task_next((enum pm_task_state)s, (enum pm_task_event)e)] = true;
    CHECK(!seen[PM_TASK_PROVED] && !seen[PM_TASK_SUBMITTED] && !seen[PM_TASK_SETTLED]);
    CHECK(seen[PM_TASK_CHECKING] && seen[PM_TASK_FAILED]);
}

PM_TEST(names)
{
    static const char *const states[] = {"packed",    "dispatched", "checking", "proved",
                                         "submitted", "settled",    "failed"};
    static const char *const events[] = {"leased",   "lease_lost", "result",      "accepted",
                                         "rejected", "refused",    "exhausted",   "submitted",
                                         "returned", "settled",    "unsettleable"};
    for (int s = 1; s < N_STATES; s++) CHECK_STR(pm_task_state_name((enum pm_task_state)s), states[s - 1]);
    for (int e = 0; e < PM_N_EVENTS; e++) CHECK_STR(pm_task_event_name((enum pm_task_event)e), events[e]);
    CHECK_STR(pm_task_state_name((enum pm_task_state)0), "unknown");
    CHECK_STR(pm_task_event_name(PM_N_EVENTS), "unknown");
}
