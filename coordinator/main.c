/* proofmill-coordinator: the program. Reads the configuration, wires the parts together (loop, HTTP API,
 * outbox), and waits for a signal; after HUP it reads everything again, and where something changed the parts
 * are put together anew, as after a restart. Commands about keys and contracts (keystore, deploy, send) are
 * the chain room's. */
#include "coordinator/chain/deploy.h"
#include "coordinator/chain/keystore.h"
#include "coordinator/chain/outbox.h"
#include "coordinator/http/server.h"
#include "coordinator/loop.h"
#include "coordinator/options.h"
#include "coordinator/settings.h"

#include "base/bytes.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* All that signal handlers know. */
static struct pm_loop *volatile running;
static volatile sig_atomic_t wants_end;
static sem_t hangups;

static void on_signal(int number)
{
    struct pm_loop *loop = running;
    if (number == SIGHUP) {
        if (loop) pm_loop_reload(loop);
        (void)sem_post(&hangups);
        return;
    }
    wants_end = 1;
    if (loop) pm_loop_stop(loop);
}

struct coordinator {
    const char *config_path;
    pthread_t reader;     /* reads everything again after HUP */
    pthread_mutex_t lock; /* guards settings, next, loop (as pointers) and ended */
    struct pm_settings *settings, *next;
    bool ended;
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
    enum pm_status status = pm_keyfile_load_or_new(&c->keys, &identity, c->settings->config->keyfile, err);
    pm_wipe(&identity, sizeof identity);
    return status;
}

/* -- the chain -- */

static enum pm_status outbox_targets(struct pm_outbox_target **out, size_t *n_out,
                                     const struct pm_settings *c, struct pm_error *err)
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
    const struct pm_config *config = c->settings->config;
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
    PM_GOTO(outbox_targets(&targets, &n, c->settings, err));
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
    const struct pm_config *config = c->settings->config;
    uint64_t pulse_ms = 10000 + config->source_poll_ms;
    struct pm_http_options options = {
        .host = config->http_host,
        .port = config->http_port,
        .ledger_path = config->ledger_path,
        .pool = config->pool,
        .token = c->token,
        .projects = c->settings->projects,
        .n_projects = c->settings->n_projects,
        .board = c->board,
        .pulse_ms = pulse_ms,
        .wake = on_pushed,
        .wake_ctx = c->loop,
        .outbox_stats = c->outbox ? outbox_stats : NULL,
        .outbox_ctx = c->outbox,
    };
    PM_TRY(pm_http_start(&c->http, &options, err));
    pm_loop_http_url(url, config, pm_http_port(c->http));
    pm_loop_set_artifacts_url(c->loop, url);
    return PM_OK;
}

static void set_loop(struct coordinator *c, struct pm_loop *loop)
{
    pthread_mutex_lock(&c->lock);
    c->loop = loop;
    pthread_mutex_unlock(&c->lock);
}

static enum pm_status start(struct coordinator *c, struct pm_error *err)
{
    char join[400];
    const struct pm_settings *s = c->settings;
    struct pm_loop *loop;
    struct pm_loop_options options = {.config = s->config,
                                      .projects = s->projects,
                                      .n_projects = s->n_projects,
                                      .keys = &c->keys,
                                      .proved = on_proved,
                                      .proved_ctx = c};
    pm_log_set_level(s->config->log_level);
    PM_TRY(make_folder(s->config->data_dir, err));
    PM_TRY(lock_folder(&c->lock_fd, s->config->data_dir, err));
    PM_TRY(load_keys(c, err));
    PM_TRY(load_token(&c->token, s->config->http_token_file, err));
    PM_TRY(pm_board_new(&c->board, s->projects, s->n_projects, err));
    options.board = c->board;
    PM_TRY(pm_loop_new(&loop, &options, err));
    set_loop(c, loop);
    PM_TRY(make_outbox(c, err));
    PM_TRY(start_http(c, err));
    if (c->outbox) PM_TRY(pm_outbox_start(c->outbox, err)); /* last: what it sends cannot be taken back */
    join_string(join, s->config, c->keys.public_key, pm_loop_port(c->loop));
    pm_log(PM_LOG_INFO, "main", "proofmill-coordinator " PM_VERSION ", pool %s, %zu projects",
           s->config->pool, s->n_projects);
    pm_log(PM_LOG_INFO, "main", "workers join with %s", join);
    pm_log(PM_LOG_INFO, "main", "HTTP API on %s port %u", s->config->http_host, pm_http_port(c->http));
    return PM_OK;
}

/* Takes apart what start put together. */
static void finish(struct coordinator *c)
{
    struct pm_loop *loop = c->loop;
    pm_http_stop(&c->http);
    if (c->outbox) {
        pm_outbox_stop(c->outbox);
        pm_outbox_free(&c->outbox);
    }
    set_loop(c, NULL);
    pm_loop_free(&loop);
    pm_board_free(&c->board);
    if (c->token) pm_password_free(&c->token);
    pm_wipe(&c->keys, sizeof c->keys);
    if (c->lock_fd >= 0) close(c->lock_fd);
    c->lock_fd = -1;
}

/* Until a signal, or other settings. The handlers run in this thread only: those that are started inherit the
 * blocked signals. */
static enum pm_status run(struct coordinator *c, const sigset_t *ours, struct pm_error *err)
{
    enum pm_status status = start(c, err);
    if (status == PM_OK) {
        running = c->loop;
        pthread_sigmask(SIG_UNBLOCK, ours, NULL);
        if (!wants_end) pm_loop_run(c->loop);
        pthread_sigmask(SIG_BLOCK, ours, NULL);
        running = NULL;
        pm_log(PM_LOG_INFO, "main", "ending: open leases stay valid until their deadline");
    }
    finish(c);
    return status;
}

/* -- reading everything again -- */

static enum pm_status read_settings(struct pm_settings **out, const char *path, struct pm_error *err)
{
    PM_TRY(pm_settings_config(out, path, err));
    enum pm_status status = pm_settings_projects(*out, err);
    if (status != PM_OK) pm_settings_free(out);
    return status;
}

/* Offers other settings to the main thread, whose loop then ends. */
static void offer(struct coordinator *c, struct pm_settings *settings)
{
    pthread_mutex_lock(&c->lock);
    bool same = memcmp(settings->hash, c->settings->hash, sizeof settings->hash) == 0;
    struct pm_settings *old = same ? settings : c->next;
    if (!same) {
        c->next = settings;
        if (c->loop) pm_loop_stop(c->loop);
    }
    pthread_mutex_unlock(&c->lock);
    pm_settings_free(&old);
    if (same) pm_log(PM_LOG_INFO, "main", "nothing changed in the configuration and its projects");
}

/* A thread of its own: projects may be far away, and their files large. */
static void *read_again(void *arg)
{
    struct coordinator *c = arg;
    for (;;) {
        while (sem_wait(&hangups) != 0) {}
        pthread_mutex_lock(&c->lock);
        bool ended = c->ended;
        pthread_mutex_unlock(&c->lock);
        if (ended) return NULL;
        struct pm_settings *settings;
        struct pm_error err = {0};
        if (read_settings(&settings, c->config_path, &err) == PM_OK)
            offer(c, settings);
        else
            pm_log(PM_LOG_ERROR, "main", "%s; what was read before stays in force", err.text);
    }
}

/* The settings that were offered, or NULL. */
static struct pm_settings *take_next(struct coordinator *c)
{
    pthread_mutex_lock(&c->lock);
    struct pm_settings *next = c->next;
    c->next = NULL;
    pthread_mutex_unlock(&c->lock);
    return next;
}

/* The settings in force; the others are given back. */
static struct pm_settings *put_in_force(struct coordinator *c, struct pm_settings *settings)
{
    pthread_mutex_lock(&c->lock);
    struct pm_settings *old = c->settings;
    c->settings = settings;
    pthread_mutex_unlock(&c->lock);
    return old;
}

/* Runs, with one set of settings after another, until a signal. Settings that cannot be started with give way
 * to those before them. */
static enum pm_status run_all(struct coordinator *c, const sigset_t *ours, struct pm_error *err)
{
    struct pm_settings *before = NULL;
    for (;;) {
        enum pm_status status = run(c, ours, err);
        if (status != PM_OK && before) {
            pm_log(PM_LOG_ERROR, "main", "%s; going back to what was read before", err->text);
            before = put_in_force(c, before);
            pm_settings_free(&before);
            continue;
        }
        pm_settings_free(&before);
        struct pm_settings *next = take_next(c);
        if (status != PM_OK || wants_end || !next) {
            pm_settings_free(&next);
            return status;
        }
        pm_log(PM_LOG_INFO, "main",
               "the configuration or a project changed: starting again with what they say now");
        before = put_in_force(c, next);
    }
}

static enum pm_status serve(struct coordinator *c, struct pm_error *err)
{
    sigset_t ours;
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &ours, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    PM_TRY(pm_settings_projects(c->settings, err));
    if (sem_init(&hangups, 0, 0) != 0) return pm_fail(err, PM_NO_MEMORY, "no semaphore: %s", strerror(errno));
    int why = pthread_create(&c->reader, NULL, read_again, c);
    if (why) return pm_fail(err, PM_NO_MEMORY, "cannot start a thread: %s", strerror(why));
    enum pm_status status = run_all(c, &ours, err);
    pthread_mutex_lock(&c->lock);
    c->ended = true;
    pthread_mutex_unlock(&c->lock);
    (void)sem_post(&hangups);
    pthread_join(c->reader, NULL);
    pm_settings_free(&c->next);
    return status;
}

/* -- commands -- */

static enum pm_status show_join(struct coordinator *c, struct pm_error *err)
{
    char join[400];
    const struct pm_config *config = c->settings->config;
    if (config->port == 0)
        return pm_fail(
            err, PM_USAGE,
            "listen.port is 0: the port is known only while the coordinator runs; its log shows the "
            "join string");
    PM_TRY(make_folder(config->data_dir, err));
    PM_TRY(load_keys(c, err));
    join_string(join, config, c->keys.public_key, config->port);
    pm_wipe(&c->keys, sizeof c->keys);
    puts(join);
    return PM_OK;
}

static enum pm_status check_config(struct coordinator *c, struct pm_error *err)
{
    struct pm_settings *s = c->settings;
    char *token = NULL;
    PM_TRY(load_token(&token, s->config->http_token_file, err));
    if (token) pm_password_free(&token);
    PM_TRY(pm_settings_projects(s, err));
    printf("the configuration is well-formed: pool %s\n", s->config->pool);
    for (size_t i = 0; i < s->n_projects; i++)
        printf("project %llu: %s, %u versions, the default is %s\n", (unsigned long long)s->projects[i]->id,
               s->projects[i]->name ? s->projects[i]->name : "(no name)", s->projects[i]->n_versions,
               s->projects[i]->default_version ? s->projects[i]->default_version : "(none)");
    return PM_OK;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "keystore") == 0) return pm_keystore_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "deploy") == 0) return pm_deploy_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "send") == 0) return pm_send_main(argc - 1, argv + 1);
    struct coordinator c = {.lock_fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct pm_options options;
    struct pm_error err = {0};
    int ended = pm_options_parse(&options, argc, argv);
    if (ended) return ended - 1;
    c.config_path = options.config;
    enum pm_status status = pm_settings_config(&c.settings, options.config, &err);
    if (status == PM_OK) {
        pm_log_set_level(c.settings->config->log_level);
        status = options.join    ? show_join(&c, &err)
                 : options.check ? check_config(&c, &err)
                                 : serve(&c, &err);
    }
    if (status != PM_OK) fprintf(stderr, "proofmill-coordinator: %s\n", err.text);
    pm_settings_free(&c.settings);
    return pm_status_exit_code(status);
}
