/* What several commands need: a thread pool as asked for, whole-file writes. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum pm_status cli_pool(struct pm_pool **out, struct pm_cli *cli)
{
    *out = pm_pool_new(cli->threads, &cli->err);
    return *out ? PM_OK : cli->err.status;
}

enum pm_status cli_write(const char *path, const char *text, struct pm_error *err)
{
    if (strcmp(path, "-") == 0) {
        return fputs(text, stdout) >= 0 && fflush(stdout) == 0
                   ? PM_OK
                   : pm_fail(err, PM_IO, "standard output: cannot be written");
    }
    char temporary[4096];
    int n = snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof temporary)
        return pm_fail(err, PM_USAGE, "%s: the path is too long", path);
    FILE *f = fopen(temporary, "w");
    if (!f) return pm_fail(err, PM_IO, "%s: cannot be written: %s", path, strerror(errno));
    bool ok = fputs(text, f) >= 0;
    ok = fclose(f) == 0 && ok;
    if (ok && rename(temporary, path) == 0) return PM_OK;
    enum pm_status status = pm_fail(err, PM_IO, "%s: cannot be written: %s", path, strerror(errno));
    (void)unlink(temporary);
    return status;
}
