/* Monotonic, in step with each other, and slept through. */
#include "base/clock.h"
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

PM_TEST(never_back)
{
    uint64_t last = pm_clock_ns();
    for (int i = 0; i < 10000; i++) {
        uint64_t now = pm_clock_ns();
        CHECK(now >= last);
        last = now;
    }
}

PM_TEST(units)
{
    uint64_t a = pm_clock_ns() / 1000000, b = pm_clock_ms(), c = pm_clock_ns() / 1000000;
    CHECK(a <= b && b <= c);
    int64_t wall = pm_clock_wall_ms();
    CHECK(wall / 1000 - (int64_t)time(NULL) <= 1 && (int64_t)time(NULL) - wall / 1000 <= 1);
}

PM_TEST(sleeps_at_least_as_long)
{
    static const unsigned ms[] = {0, 1, 15, 1001};
    for (size_t i = 0; i < sizeof ms / sizeof *ms; i++) {
        uint64_t begin = pm_clock_ns();
        pm_clock_sleep_ms(ms[i]);
        CHECK(pm_clock_ns() - begin >= (uint64_t)ms[i] * 1000000);
    }
}

static volatile sig_atomic_t alarms;
static void on_alarm(int sig) { (void)sig, alarms++; }

PM_TEST(a_signal_does_not_shorten_it)
{
    struct sigaction act = {.sa_handler = on_alarm}, old;
    struct itimerval tick = {{0, 5000}, {0, 5000}}, off = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &act, &old);
    setitimer(ITIMER_REAL, &tick, NULL);
    uint64_t begin = pm_clock_ns();
    pm_clock_sleep_ms(60);
    uint64_t took = pm_clock_ns() - begin;
    setitimer(ITIMER_REAL, &off, NULL);
    sigaction(SIGALRM, &old, NULL);
    CHECK(alarms > 0);
    CHECK(took >= 60000000u);
}

PM_TEST(a_wait_can_be_cancelled)
{
    int end[2];
    if (pipe(end) != 0) abort();
    uint64_t begin = pm_clock_ms();
    CHECK(pm_clock_wait_ms(-1, 20) && pm_clock_wait_ms(end[0], 20));
    CHECK(pm_clock_ms() - begin >= 38);
    CHECK(write(end[1], "x", 1) == 1);
    begin = pm_clock_ms();
    CHECK(!pm_clock_wait_ms(end[0], 30000) && !pm_clock_wait_ms(end[0], 0));
    CHECK(pm_clock_ms() - begin < 20000);
    (void)close(end[0]);
    (void)close(end[1]);
}
