/* The log of the programs (worker, coordinator, command line): one line an event on standard error,
 *   2026-01-31T12:00:00.123Z info  sched  task 8f3a…: leased to mill-2
 * Libraries do not log: they return errors. Never pass a secret. */
#ifndef PM_BASE_LOG_H
#define PM_BASE_LOG_H

#include "base/status.h"

enum pm_log_level { PM_LOG_DEBUG, PM_LOG_INFO, PM_LOG_WARN, PM_LOG_ERROR };

/* Lines below `level` are dropped; PM_LOG_INFO until set. Call once, in main. */
void pm_log_set_level(enum pm_log_level level);

/* Writes one line with one write(2), so that lines of several threads and processes do not mix. Control
 * characters in the text (it may quote a peer) and bytes that are no UTF-8 are shown as '?'. A line is cut at
 * 2048 bytes, its end included. errno is kept. */
void pm_log(enum pm_log_level level, const char *room, const char *fmt, ...) PM_PRINTF(3, 4);

#endif
