/* Time: a monotonic clock for durations and deadlines, the wall clock for rows and logs. */
#ifndef PM_BASE_CLOCK_H
#define PM_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

uint64_t pm_clock_ns(void);      /* monotonic */
uint64_t pm_clock_ms(void);      /* monotonic */
int64_t pm_clock_wall_ms(void);  /* since 1970-01-01 UTC */
void pm_clock_sleep_ms(unsigned ms);

/* The same, or less where cancel_fd, if it is not -1, becomes readable meanwhile: then false. */
bool pm_clock_wait_ms(int cancel_fd, int ms);

#endif
