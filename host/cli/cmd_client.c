/* The commands that ask a coordinator, in the program that cannot: proofmill-client, which lies beside it,
 * takes over with the same arguments. See main.c. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum pm_status cmd_client(struct pm_cli *cli, json_t **result)
{
    char path[4096];
    static const char suffix[] = "-client";
    (void)result;
    ssize_t len = readlink("/proc/self/exe", path, sizeof path);
    if (len < 0 || (size_t)len + sizeof suffix > sizeof path)
        return pm_fail(&cli->err, PM_INTERNAL, "the path of this program cannot be found");
    memcpy(path + len, suffix, sizeof suffix);
    (void)execv(path, cli->argv);
    return pm_fail(&cli->err, PM_NOT_FOUND, "%s: cannot be run: %s; it belongs beside proofmill", path,
                   strerror(errno));
}
