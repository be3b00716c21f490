/* clock_gettime(2). See clock.h. */
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

static uint64_t now_ns(clockid_t id)
{
    struct timespec t;
    (void)clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t pm_clock_ns(void) { return now_ns(CLOCK_MONOTONIC); }
uint64_t pm_clock_ms(void) { return now_ns(CLOCK_MONOTONIC) / 1000000u; }
int64_t pm_clock_wall_ms(void) { return (int64_t)(now_ns(CLOCK_REALTIME) / 1000000u); }

void pm_clock_sleep_ms(unsigned ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {}
}

bool pm_clock_wait_ms(int cancel_fd, int ms)
{
    struct pollfd fd = {.fd = cancel_fd, .events = POLLIN}; /* poll passes over a negative one */
    return poll(&fd, 1, ms) <= 0;
}
