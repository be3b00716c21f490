/* proofmill-worker: the program. Options, keys for the operator, signals, the supervisor; the work is
 * worker.c's. */
#include "worker/worker.h"

#include "base/bytes.h"
#include "base/log.h"
#include "worker/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int fail(const struct pm_error *err)
{
    fprintf(stderr, "proofmill-worker: %s\n", err->text);
    return pm_status_exit_code(err->status);
}

/* The line for the pool's list of workers. Public keys only. */
static int show_keys(const struct pm_worker_config *config)
{
    struct pm_curve_keys curve;
    struct pm_identity identity;
    struct pm_error err = {.status = PM_OK};
    char curve_hex[65], identity_hex[67], address[41];
    if (pm_worker_keys(&curve, &identity, config, &err) != PM_OK) return fail(&err);
    pm_hex_encode(curve_hex, curve.public_key, 32);
    pm_hex_encode(identity_hex, identity.public_key, 33);
    pm_hex_encode(address, identity.address, 20);
    pm_wipe(&curve, sizeof curve);
    pm_wipe(&identity, sizeof identity);
    printf("%s %s %s # 0x%s\n", curve_hex, identity_hex, config->name, address);
    return fflush(stdout) == 0 ? 0 : pm_status_exit_code(PM_IO);
}

/* The worker's process. */
static int work(void *arg)
{
    const struct pm_worker_config *config = arg;
    struct pm_error err = {.status = PM_OK};
    bool abandoned = false;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) {
        (void)pm_fail(&err, PM_NO_MEMORY, "cannot wait for signals: %s", strerror(errno));
        return fail(&err);
    }
    enum pm_status status = pm_worker_run(config, fd, &abandoned, &err);
    if (status != PM_OK)
        pm_log(PM_LOG_ERROR, "start", "%s", err.text);
    else
        pm_log(PM_LOG_INFO, "start", "stopped");
    if (abandoned) _exit(pm_status_exit_code(status));
    close(fd);
    return pm_status_exit_code(status);
}

int main(int argc, char **argv)
{
    struct pm_worker_config config;
    struct pm_error err = {.status = PM_OK};
    if (pm_worker_config_parse(&config, argc, argv, &err) != PM_OK) return fail(&err);
    pm_log_set_level(config.log);
    switch (config.command) {
    case PM_WORKER_HELP:
        fputs(pm_worker_help, stdout);
        return 0;
    case PM_WORKER_VERSION:
        puts("proofmill-worker " PM_VERSION);
        return 0;
    case PM_WORKER_SHOW_KEYS:
        return show_keys(&config);
    case PM_WORKER_RUN:
        break;
    }
    return config.supervise ? pm_supervise(work, &config) : work(&config);
}
