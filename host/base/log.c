/* One line, one write. See log.h. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static atomic_int lowest = PM_LOG_INFO;

void pm_log_set_level(enum pm_log_level level) { atomic_store(&lowest, (int)level); }

/* The length of the well-formed UTF-8 character at p, of the len bytes there, or 0 for anything else and for
 * control characters, U+0080 to U+009F among them. */
static size_t printable(const unsigned char *p, size_t len)
{
    if (p[0] >= 32 && p[0] < 127) return 1;
    size_t n = p[0] >= 0xc2 && p[0] < 0xe0   ? 2
               : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
               : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                             : 0;
    if (n == 0 || n > len) return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if (p[0] == 0xc2 && p[1] < 0xa0) return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0)) return 0; /* overlong, surrogates */
    if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
        return 0; /* overlong, beyond U+10FFFF */
    return n;
}

static void clean(char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = printable((const unsigned char *)text + i, len - i);
        if (n == 0) text[i++] = '?';
        i += n;
    }
}

void pm_log(enum pm_log_level level, const char *room, const char *fmt, ...)
{
    static const char *const names[] = {"debug", "info ", "warn ", "error"};
    if ((int)level < atomic_load(&lowest)) return;
    int saved_errno = errno;
    struct timespec now;
    struct tm utc;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    char line[2048];
    size_t n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &utc);
    n += (size_t)snprintf(line + n, sizeof line - n, ".%03ldZ %s %-7.32s ", now.tv_nsec / 1000000,
                          names[level], room);
    size_t text = n;
    va_list args;
    va_start(args, fmt);
    int m = vsnprintf(line + n, sizeof line - n, fmt, args);
    va_end(args);
    if (m > 0) n += (size_t)m < sizeof line - n ? (size_t)m : sizeof line - n - 1;
    clean(line + text, n - text);
    line[n++] = '\n'; /* where the NUL was */
    ssize_t written = write(STDERR_FILENO, line, n);
    (void)written;
    errno = saved_errno;
}
