/* Whoever waits for long work: told how far it is, asked whether it should go on. */
#ifndef PM_BASE_WATCH_H
#define PM_BASE_WATCH_H

#include <stdbool.h>
#include <stddef.h>

/* go_on is called now and then on the thread that called the work, never on another, with a permille that
 * does not fall. False ends the work soon, with PM_CANCELLED. */
struct pm_watch {
    bool (*go_on)(void *ctx, unsigned permille);
    void *ctx;
};

/* watch may be NULL: nobody waits. */
static inline bool pm_watch_ask(const struct pm_watch *watch, unsigned permille)
{
    return !watch || !watch->go_on || watch->go_on(watch->ctx, permille);
}

#endif
