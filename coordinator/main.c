/* proofmill-coordinator: the program. Reads the configuration, wires the parts together (loop, HTTP API,
 * outbox), and waits for a signal. Commands about keys and contracts (keystore, deploy, send) are the chain
 * room's. */
#include "coordinator/chain/deploy.h"
#include "coordinator/chain/keystore.h"
#include "coordinator/chain/outbox.h"
#include "coordinator/http/server.h"
#include "coordinator/loop.h"
#include "coordinator/options.h"

#include "base/bytes.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The one thing that signal handlers know. */
static struct pm_loop *volatile running;

static void on_signal(int number)
{
    struct pm_loop *loop = running;
    if (!loop) return;
    if (number == SIGHUP)
        pm_loop_reload(loop);
    else
        pm_loop_stop(loop);
}

struct coordinator {
    struct pm_config *config;
    struct pm_project **projects;
    size_t n_projects;
    struct pm_board *board;
    struct pm_loop *loop;
    struct pm_http *http;
    struct pm_outbox *outbox;
    struct pm_curve_keys keys;
    char *token;
    int lock_fd;
};

/* -- parts -- */

/* mkdir -p: every folder on the way, with mode 0700. */
static enum pm_status make_folder(const char *path, struct pm_error *err)
{
    char part[4200];
    if ((size_t)snprintf(part, sizeof part, "%s", path) >= sizeof part)
        return pm_fail(err, PM_IO, "data_dir is longer than %zu bytes", sizeof part - 1);
    for (char *p = part + 1;; p++) {
        char c = *p;
        if (c != '/' && c != 0) continue;
        *p = 0;
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return pm_fail(err, PM_IO, "data_dir: folder %s cannot be made: %s", part, strerror(errno));
        *p = c;
        if (c == 0) return PM_OK;
    }
}

/* One coordinator per ledger. The lock goes with the process, however it ends. */
static enum pm_status lock_folder(int *fd, const char *data_dir, struct pm_error *err)
{
    char path[4300];
    snprintf(path, sizeof path, "%s/lock", data_dir);
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0) return pm_fail(err, PM_IO, "%s: cannot be opened: %s", path, strerror(errno));
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0) return PM_OK;
    return pm_fail(err, PM_CONFLICT, "another coordinator works in %s (it holds %s)", data_dir, path);
}

static enum pm_status load_projects(struct coordinator *c, struct pm_error *err)
{
    c->projects = calloc(c->config->n_projects + 1, sizeof(struct pm_project *));
    if (!c->projects) return pm_fail(err, PM_NO_MEMORY, "no memory for projects");
    for (unsigned i = 0; i < c->config->n_projects; i++) {
        const struct pm_config_project *p = &c->config->projects[i];
        PM_TRY(pm_project_load(&c->projects[i], p->id, p->where, p->has_sha256 ? p->sha256 : NULL, err));
        c->n_projects++;
    }
    return PM_OK;
}

static enum pm_status load_token(char **token, const char *path, struct pm_error *err)
{
    if (!path) return PM_OK;
    PM_TRY(pm_password_load(token, path, err));
    if (strlen(*token) >= 16) return PM_OK;
    return pm_fail(err, PM_FORMAT, "http.token_file %s: the token must have 16 characters or more", path);
}

static enum pm_status load_keys(struct coordinator *c, struct pm_error *err)
{
    struct pm_identity identity;
    enum pm_status status = pm_keyfile_load_or_new(&c->keys, &identity, c->config->keyfile, err);
    pm_wipe(&identity, sizeof identity);
    return status;
}

/* -- the chain -- */

static enum pm_status outbox_targets(struct pm_outbox_target **out, size_t *n_out,
                                     const struct coordinator *c, struct pm_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_projects; i++) n += c->projects[i]->n_versions;
    struct pm_outbox_target *list = calloc(n + 1, sizeof *list);
    if (!list) return pm_fail(err, PM_NO_MEMORY, "no memory for the outbox");
    n = 0;
    for (size_t i = 0; i < c->n_projects; i++)
        for (unsigned v = 0; v < c->projects[i]->n_versions; v++) {
            const struct pm_project_version *version = &c->projects[i]->version[v];
            struct pm_outbox_target *t = &list[n++];
            *t = (struct pm_outbox_target){.project = c->projects[i]->id,
                                           .chain_id = version->chain_id,
                                           .endpoint = version->chain_endpoint,
                                           .confirmations = version->confirmations,
                                           .client_id = c->projects[i]->client_id};
            snprintf(t->version, sizeof t->version, "%s", version->version);
            memcpy(t->router, version->router, 20);
            memcpy(t->application, version->application, 20);
        }
    *out = list;
    *n_out = n;
    return PM_OK;
}

static enum pm_status make_outbox(struct coordinator *c, struct pm_error *err)
{
    const struct pm_config *config = c->config;
    struct pm_outbox_options options = {.max_fee_wei = config->max_fee_gwei * 1000000000u};
    struct pm_outbox_target *targets = NULL;
    uint8_t key[32], address[20];
    char *password = NULL, text[41];
    size_t n = 0;
    enum pm_status status;
    if (!config->keystore) {
        pm_log(PM_LOG_WARN, "main", "no chain is configured: proofs are made and kept, nothing is sent");
        return PM_OK;
    }
    PM_GOTO(pm_password_load(&password, config->password_file, err));
    PM_GOTO(pm_keystore_read(key, address, config->keystore, password, err));
    PM_GOTO(outbox_targets(&targets, &n, c, err));
    PM_GOTO(pm_outbox_new(&c->outbox, config->ledger_path, key, targets, n, &options, err));
    pm_hex_encode(text, address, 20);
    pm_log(PM_LOG_INFO, "main", "transactions are paid by 0x%s, at most %llu gwei per gas", text,
           (unsigned long long)config->max_fee_gwei);
out:
    pm_wipe(key, sizeof key);
    pm_password_free(&password);
    free(targets);
    return status;
}

static void on_proved(void *ctx)
{
    struct coordinator *c = ctx;
    if (c->outbox) pm_outbox_wake(c->outbox);
}

static void on_pushed(void *ctx) { pm_loop_wake(ctx); }

static void outbox_stats(void *ctx, struct pm_outbox_stats *out) { pm_outbox_stats(ctx, out); }

/* -- running -- */

static void join_string(char out[400], const struct pm_config *config, const uint8_t server_public[32],
                        unsigned port)
{
    struct pm_join join = {.port = port};
    memcpy(join.server_public, server_public, 32);
    snprintf(join.host, sizeof join.host, "%s", config->advertise_host);
    pm_join_format(out, &join);
}

static enum pm_status start_http(struct coordinator *c, struct pm_error *err)
{
    char url[400];
    uint64_t pulse_ms = 10000 + c->config->source_poll_ms;
    struct pm_http_options options = {
        .host = c->config->http_host,
        .port = c->config->http_port,
        .ledger_path = c->config->ledger_path,
        .pool = c->config->pool,
        .token = c->token,
        .projects = c->projects,
        .n_projects = c->n_projects,
        .board = c->board,
        .pulse_ms = pulse_ms,
        .wake = on_pushed,
        .wake_ctx = c->loop,
        .outbox_stats = c->outbox ? outbox_stats : NULL,
        .outbox_ctx = c->outbox,
    };
    PM_TRY(pm_http_start(&c->http, &options, err));
    pm_loop_http_url(url, c->config, pm_http_port(c->http));
    pm_loop_set_artifacts_url(c->loop, url);
    return PM_OK;
}

static enum pm_status start(struct coordinator *c, struct pm_error *err)
{
    char join[400];
    struct pm_loop_options options = {
        .config = c->config, .keys = &c->keys, .proved = on_proved, .proved_ctx = c};
    PM_TRY(make_folder(c->config->data_dir, err));
    PM_TRY(lock_folder(&c->lock_fd, c->config->data_dir, err));
    PM_TRY(load_keys(c, err));
    PM_TRY(load_token(&c->token, c->config->http_token_file, err));
    PM_TRY(load_projects(c, err));
    PM_TRY(pm_board_new(&c->board, c->projects, c->n_projects, err));
    options.projects = c->projects;
    options.n_projects = c->n_projects;
    options.board = c->board;
    PM_TRY(pm_loop_new(&c->loop, &options, err));
    PM_TRY(make_outbox(c, err));
    PM_TRY(start_http(c, err));
    if (c->outbox) PM_TRY(pm_outbox_start(c->outbox, err)); /* last: what it sends cannot be taken back */
    join_string(join, c->config, c->keys.public_key, pm_loop_port(c->loop));
    pm_log(PM_LOG_INFO, "main", "proofmill-coordinator " PM_VERSION ", pool %s, %zu projects",
           c->config->pool, c->n_projects);
    pm_log(PM_LOG_INFO, "main", "workers join with %s", join);
    pm_log(PM_LOG_INFO, "main", "HTTP API on %s port %u", c->config->http_host, pm_http_port(c->http));
    return PM_OK;
}

static void finish(struct coordinator *c)
{
    running = NULL;
    pm_http_stop(&c->http);
    if (c->outbox) {
        pm_outbox_stop(c->outbox);
        pm_outbox_free(&c->outbox);
    }
    pm_loop_free(&c->loop);
    pm_board_free(&c->board);
    for (size_t i = 0; i < c->n_projects; i++) pm_project_free(&c->projects[i]);
    free(c->projects);
    if (c->token) pm_password_free(&c->token);
    pm_wipe(&c->keys, sizeof c->keys);
    pm_config_free(&c->config);
    if (c->lock_fd >= 0) close(c->lock_fd);
}

/* The handlers run in this thread only: those that are started later inherit the blocked signals. */
static enum pm_status run(struct coordinator *c, struct pm_error *err)
{
    sigset_t ours, before;
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    PM_TRY(start(c, err));
    running = c->loop;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pm_loop_run(c->loop);
    pm_log(PM_LOG_INFO, "main", "ending: open leases stay valid until their deadline");
    return PM_OK;
}

/* -- commands -- */

static enum pm_status show_join(struct coordinator *c, struct pm_error *err)
{
    char join[400];
    if (c->config->port == 0)
        return pm_fail(
            err, PM_USAGE,
            "listen.port is 0: the port is known only while the coordinator runs; its log shows the "
            "join string");
    PM_TRY(make_folder(c->config->data_dir, err));
    PM_TRY(load_keys(c, err));
    join_string(join, c->config, c->keys.public_key, c->config->port);
    puts(join);
    return PM_OK;
}

static enum pm_status check_config(struct coordinator *c, struct pm_error *err)
{
    PM_TRY(load_token(&c->token, c->config->http_token_file, err));
    PM_TRY(load_projects(c, err));
    printf("the configuration is well-formed: pool %s\n", c->config->pool);
    for (size_t i = 0; i < c->n_projects; i++)
        printf("project %llu: %s, %u versions, the default is %s\n", (unsigned long long)c->projects[i]->id,
               c->projects[i]->name ? c->projects[i]->name : "(no name)", c->projects[i]->n_versions,
               c->projects[i]->default_version ? c->projects[i]->default_version : "(none)");
    return PM_OK;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "keystore") == 0) return pm_keystore_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "deploy") == 0) return pm_deploy_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "send") == 0) return pm_send_main(argc - 1, argv + 1);
    struct coordinator c = {.lock_fd = -1};
    struct pm_options options;
    struct pm_error err = {0};
    int ended = pm_options_parse(&options, argc, argv);
    if (ended) return ended - 1;
    enum pm_status status = pm_config_load(&c.config, options.config, &err);
    if (status == PM_OK) {
        pm_log_set_level(c.config->log_level);
        status = options.join ? show_join(&c, &err) : options.check ? check_config(&c, &err) : run(&c, &err);
    }
    if (status != PM_OK) fprintf(stderr, "proofmill-coordinator: %s\n", err.text);
    finish(&c);
    return pm_status_exit_code(status);
}
