/* getrandom(2), whole buffers only. See random.h. */
#include "base/random.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

enum pm_status pm_random_bytes(void *out, size_t len, struct pm_error *err)
{
    uint8_t *p = out;
    size_t done = 0;
    while (done < len) {
        ssize_t n = getrandom(p + done, len - done, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            memset(out, 0, len);
            return pm_fail(err, PM_IO, "the system's random source failed: %s", strerror(errno));
        }
        done += (size_t)n;
    }
    return PM_OK;
}
