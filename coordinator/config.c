/* The configuration: libcyaml reads the file by a schema into the raw structs below (its errors come as log
 * lines, which are collected into one text); then values are checked, defaults filled in and paths resolved.
 */
#include "coordinator/config.h"

#include "base/bytes.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE_BYTES = 1024 * 1024, MAX_PROJECTS = 1024, MAX_TEXT = 4096 };

struct raw_listen {
    char *host, *advertise;
    uint32_t *port, *heartbeat_port;
};
struct raw_http {
    char *host, *advertise, *token_file;
    uint32_t *port;
};
struct raw_chain {
    char *keystore, *password_file;
    uint64_t max_fee_gwei;
};
struct raw_leases {
    uint32_t duration_ms, heartbeat_ms, misses, max_attempts;
};
struct raw_project {
    uint64_t id;
    char *file, *url, *sha256;
};
struct raw {
    char *pool, *data_dir, *keyfile, *workers_file;
    struct raw_listen *listen;
    struct raw_http *http;
    struct raw_chain *chain;
    struct raw_leases *leases;
    struct raw_project *projects;
    unsigned n_projects;
    uint32_t source_poll_ms, checkers;
    int log;
};

#define TEXT(name, flags, type)                                                                              \
    CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_POINTER | (flags), type, name, 1, MAX_TEXT)
#define UINT(name, type)     CYAML_FIELD_UINT(#name, CYAML_FLAG_OPTIONAL, type, name)
#define UINT_PTR(name, type) CYAML_FIELD_UINT_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, name)
#define GROUP(name, fields)                                                                                  \
    CYAML_FIELD_MAPPING_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw, name, fields)

static const cyaml_schema_field_t listen_fields[] = {
    TEXT(host, CYAML_FLAG_OPTIONAL, struct raw_listen),
    TEXT(advertise, CYAML_FLAG_OPTIONAL, struct raw_listen),
    UINT_PTR(port, struct raw_listen),
    UINT_PTR(heartbeat_port, struct raw_listen),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t http_fields[] = {
    TEXT(host, CYAML_FLAG_OPTIONAL, struct raw_http),
    TEXT(advertise, CYAML_FLAG_OPTIONAL, struct raw_http),
    TEXT(token_file, CYAML_FLAG_OPTIONAL, struct raw_http),
    UINT_PTR(port, struct raw_http),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t chain_fields[] = {
    TEXT(keystore, CYAML_FLAG_DEFAULT, struct raw_chain),
    TEXT(password_file, CYAML_FLAG_DEFAULT, struct raw_chain),
    UINT(max_fee_gwei, struct raw_chain),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t leases_fields[] = {
    UINT(duration_ms, struct raw_leases),
    UINT(heartbeat_ms, struct raw_leases),
    UINT(misses, struct raw_leases),
    UINT(max_attempts, struct raw_leases),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t project_fields[] = {
    CYAML_FIELD_UINT("id", CYAML_FLAG_DEFAULT, struct raw_project, id),
    TEXT(file, CYAML_FLAG_OPTIONAL, struct raw_project),
    TEXT(url, CYAML_FLAG_OPTIONAL, struct raw_project),
    TEXT(sha256, CYAML_FLAG_OPTIONAL, struct raw_project),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t project_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_project, project_fields),
};
static const cyaml_strval_t log_levels[] = {
    {"default", 0},
    {"debug", 1 + PM_LOG_DEBUG},
    {"info", 1 + PM_LOG_INFO},
    {"warn", 1 + PM_LOG_WARN},
    {"error", 1 + PM_LOG_ERROR},
};
static const cyaml_schema_field_t fields[] = {
    TEXT(pool, CYAML_FLAG_DEFAULT, struct raw),
    TEXT(data_dir, CYAML_FLAG_DEFAULT, struct raw),
    TEXT(keyfile, CYAML_FLAG_OPTIONAL, struct raw),
    TEXT(workers_file, CYAML_FLAG_OPTIONAL, struct raw),
    GROUP(listen, listen_fields),
    GROUP(http, http_fields),
    GROUP(chain, chain_fields),
    GROUP(leases, leases_fields),
    CYAML_FIELD_SEQUENCE_COUNT("projects", CYAML_FLAG_POINTER, struct raw, projects, n_projects,
                               &project_schema, 0, MAX_PROJECTS),
    UINT(source_poll_ms, struct raw),
    UINT(checkers, struct raw),
    CYAML_FIELD_ENUM("log", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct raw, log, log_levels,
                     CYAML_ARRAY_LEN(log_levels)),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw, fields),
};

/* -- reading -- */

struct lines {
    char text[700];
    size_t len;
};

/* libcyaml says what is wrong, then backtraces from the inside out: "Backtrace: in mapping field 'port'
 * (line: 3 ...)". All of it is one line for us. */
__attribute__((format(printf, 3, 0))) static void collect(cyaml_log_t level, void *ctx, const char *fmt,
                                                          va_list args)
{
    struct lines *lines = ctx;
    if (level < CYAML_LOG_ERROR) return;
    char line[300];
    vsnprintf(line, sizeof line, fmt, args);
    const char *at = line;
    while (*at == ' ') at++;
    if (strncmp(at, "Load: ", 6) == 0) at += 6;
    if (strncmp(at, "Backtrace", 9) == 0) return;
    size_t len = strcspn(at, "\n");
    int n = snprintf(lines->text + lines->len, sizeof lines->text - lines->len, "%s%.*s",
                     lines->len ? "; " : "", (int)len, at);
    if (n > 0) lines->len += (size_t)n;
    if (lines->len >= sizeof lines->text) lines->len = sizeof lines->text - 1;
}

static cyaml_config_t cyaml_config(struct lines *lines)
{
    return (cyaml_config_t){.log_fn = collect,
                            .log_ctx = lines,
                            .mem_fn = cyaml_mem,
                            .log_level = CYAML_LOG_ERROR,
                            .flags = CYAML_CFG_NO_ALIAS};
}

static enum pm_status load_text(char **out, size_t *len, const char *path, struct pm_error *err)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return pm_fail(err, errno == ENOENT ? PM_NOT_FOUND : PM_IO, "configuration %s: cannot be opened: %s",
                       path, strerror(errno));
    char *text = malloc(MAX_FILE_BYTES + 1);
    *len = text ? fread(text, 1, MAX_FILE_BYTES + 1, file) : 0;
    int failed = ferror(file);
    fclose(file);
    if (!text) return pm_fail(err, PM_NO_MEMORY, "configuration %s: no memory", path);
    *out = text;
    if (failed) return pm_fail(err, PM_IO, "configuration %s: reading failed", path);
    if (*len > MAX_FILE_BYTES)
        return pm_fail(err, PM_FORMAT, "configuration %s: longer than %d bytes", path, MAX_FILE_BYTES);
    if (*len == 0) return pm_fail(err, PM_FORMAT, "configuration %s: the file is empty", path);
    return PM_OK;
}

/* -- from raw to checked -- */

struct maker {
    struct pm_config *config;
    char *folder;
    const char *path;
};

/* `text` against the folder of the configuration; malloc'ed. */
static char *resolve(const struct maker *m, const char *text)
{
    char *out = NULL;
    if (text[0] == '/') return strdup(text);
    return asprintf(&out, "%s/%s", m->folder, text) < 0 ? NULL : out;
}

static enum pm_status set_path(char **out, const struct maker *m, const char *text, struct pm_error *err)
{
    *out = resolve(m, text);
    return *out ? PM_OK : pm_fail(err, PM_NO_MEMORY, "configuration: no memory");
}

static enum pm_status set_text(char **out, const char *text, struct pm_error *err)
{
    *out = strdup(text);
    return *out ? PM_OK : pm_fail(err, PM_NO_MEMORY, "configuration: no memory");
}

static enum pm_status in_range(const struct maker *m, const char *name, uint64_t value, uint64_t low,
                               uint64_t high, struct pm_error *err)
{
    if (value >= low && value <= high) return PM_OK;
    return pm_fail(err, PM_FORMAT, "configuration %s: %s is %llu, expected %llu to %llu", m->path, name,
                   (unsigned long long)value, (unsigned long long)low, (unsigned long long)high);
}

static enum pm_status make_listen(const struct maker *m, const struct raw_listen *raw, struct pm_error *err)
{
    static const struct raw_listen none;
    if (!raw) raw = &none;
    struct pm_config *c = m->config;
    c->port = raw->port ? *raw->port : 5570;
    c->heartbeat_port = raw->heartbeat_port ? *raw->heartbeat_port : c->port ? c->port + 1 : 0;
    PM_TRY(in_range(m, "listen.port", c->port, 0, 65535, err));
    PM_TRY(in_range(m, "listen.heartbeat_port", c->heartbeat_port, 0, 65535, err));
    if (c->port && c->port == c->heartbeat_port)
        return pm_fail(err, PM_FORMAT, "configuration %s: listen.port and listen.heartbeat_port are both %u",
                       m->path, c->port);
    PM_TRY(set_text(&c->listen_host, raw->host ? raw->host : "127.0.0.1", err));
    bool any = strcmp(c->listen_host, "0.0.0.0") == 0 || strcmp(c->listen_host, "::") == 0;
    if (any && !raw->advertise)
        return pm_fail(err, PM_FORMAT,
                       "configuration %s: listen.host %s is every address of this machine; say in "
                       "listen.advertise which name or address workers shall connect to",
                       m->path, c->listen_host);
    return set_text(&c->advertise_host, raw->advertise ? raw->advertise : c->listen_host, err);
}

static enum pm_status make_http(const struct maker *m, const struct raw_http *raw, struct pm_error *err)
{
    static const struct raw_http none;
    if (!raw) raw = &none;
    struct pm_config *c = m->config;
    c->http_port = raw->port ? *raw->port : 8080;
    PM_TRY(in_range(m, "http.port", c->http_port, 0, 65535, err));
    PM_TRY(set_text(&c->http_host, raw->host ? raw->host : "127.0.0.1", err));
    if (raw->token_file) PM_TRY(set_path(&c->http_token_file, m, raw->token_file, err));
    if (!raw->advertise) return PM_OK;
    size_t len = strlen(raw->advertise);
    bool http = strncmp(raw->advertise, "http://", 7) == 0 || strncmp(raw->advertise, "https://", 8) == 0;
    if (!http || len > 400)
        return pm_fail(err, PM_FORMAT,
                       "configuration %s: http.advertise is \"%.100s\", expected http://host:port or "
                       "https://host",
                       m->path, raw->advertise);
    PM_TRY(set_text(&c->http_advertise, raw->advertise, err));
    while (len && c->http_advertise[len - 1] == '/') c->http_advertise[--len] = 0;
    return PM_OK;
}

static enum pm_status make_project(const struct maker *m, unsigned i, const struct raw_project *raw,
                                   struct pm_error *err)
{
    struct pm_config_project *p = &m->config->projects[i];
    p->id = raw->id;
    if (raw->id == 0)
        return pm_fail(err, PM_FORMAT, "configuration %s: projects[%u].id must not be 0", m->path, i);
    for (unsigned k = 0; k < i; k++)
        if (m->config->projects[k].id == raw->id)
            return pm_fail(err, PM_FORMAT,
                           "configuration %s: projects[%u] and projects[%u] have the same id %llu", m->path,
                           k, i, (unsigned long long)raw->id);
    if (!raw->file == !raw->url)
        return pm_fail(err, PM_FORMAT, "configuration %s: projects[%u] (id %llu) needs either file or url",
                       m->path, i, (unsigned long long)raw->id);
    if (raw->url && strncmp(raw->url, "http://", 7) != 0 && strncmp(raw->url, "https://", 8) != 0)
        return pm_fail(err, PM_FORMAT,
                       "configuration %s: projects[%u].url is \"%.100s\", expected http:// or https://",
                       m->path, i, raw->url);
    p->has_sha256 = raw->sha256 != NULL;
    if (raw->sha256 && !pm_hex_decode(p->sha256, 32, raw->sha256))
        return pm_fail(err, PM_FORMAT,
                       "configuration %s: projects[%u].sha256 is \"%.80s\", expected 64 hex digits", m->path,
                       i, raw->sha256);
    return raw->url ? set_text(&p->where, raw->url, err) : set_path(&p->where, m, raw->file, err);
}

/* Zero stands for "not given": none of these settings may be zero. */
static uint32_t or_default(uint32_t value, uint32_t otherwise) { return value ? value : otherwise; }

static enum pm_status make_numbers(const struct maker *m, const struct raw *raw, struct pm_error *err)
{
    static const struct raw_leases none;
    const struct raw_leases *leases = raw->leases ? raw->leases : &none;
    struct pm_config *c = m->config;
    c->lease_ms = or_default(leases->duration_ms, 300000);
    c->heartbeat_ms = or_default(leases->heartbeat_ms, 2000);
    c->misses = or_default(leases->misses, 5);
    c->max_attempts = or_default(leases->max_attempts, 3);
    c->source_poll_ms = or_default(raw->source_poll_ms, 500);
    c->checkers = or_default(raw->checkers, 2);
    c->log_level = raw->log ? (enum pm_log_level)(raw->log - 1) : PM_LOG_INFO;
    PM_TRY(in_range(m, "leases.duration_ms", c->lease_ms, 1000, 24u * 3600 * 1000, err));
    PM_TRY(in_range(m, "leases.heartbeat_ms", c->heartbeat_ms, 50, 60000, err));
    PM_TRY(in_range(m, "leases.misses", c->misses, 2, 100, err));
    PM_TRY(in_range(m, "leases.max_attempts", c->max_attempts, 1, 100, err));
    PM_TRY(in_range(m, "source_poll_ms", c->source_poll_ms, 10, 3600000, err));
    return in_range(m, "checkers", c->checkers, 1, 64, err);
}

static enum pm_status make(const struct maker *m, const struct raw *raw, struct pm_error *err)
{
    struct pm_config *c = m->config;
    if (strlen(raw->pool) > 64)
        return pm_fail(err, PM_FORMAT, "configuration %s: pool is longer than 64 bytes", m->path);
    PM_TRY(set_text(&c->pool, raw->pool, err));
    PM_TRY(set_path(&c->data_dir, m, raw->data_dir, err));
    if (asprintf(&c->ledger_path, "%s/ledger.sqlite", c->data_dir) < 0) {
        c->ledger_path = NULL;
        return pm_fail(err, PM_NO_MEMORY, "configuration: no memory");
    }
    if (raw->keyfile) {
        PM_TRY(set_path(&c->keyfile, m, raw->keyfile, err));
    } else if (asprintf(&c->keyfile, "%s/coordinator.key", c->data_dir) < 0) {
        c->keyfile = NULL;
        return pm_fail(err, PM_NO_MEMORY, "configuration: no memory");
    }
    PM_TRY(set_path(&c->workers_file, m, raw->workers_file ? raw->workers_file : "workers.allow", err));
    PM_TRY(make_listen(m, raw->listen, err));
    PM_TRY(make_http(m, raw->http, err));
    PM_TRY(make_numbers(m, raw, err));
    if (raw->chain) {
        PM_TRY(set_path(&c->keystore, m, raw->chain->keystore, err));
        PM_TRY(set_path(&c->password_file, m, raw->chain->password_file, err));
        c->max_fee_gwei = raw->chain->max_fee_gwei ? raw->chain->max_fee_gwei : 100;
        PM_TRY(in_range(m, "chain.max_fee_gwei", c->max_fee_gwei, 1, 1000000, err));
    }
    if (raw->n_projects == 0)
        return pm_fail(err, PM_FORMAT, "configuration %s: projects lists none", m->path);
    c->projects = calloc(raw->n_projects, sizeof *c->projects);
    if (!c->projects) return pm_fail(err, PM_NO_MEMORY, "configuration: no memory");
    c->n_projects = raw->n_projects;
    for (unsigned i = 0; i < raw->n_projects; i++) PM_TRY(make_project(m, i, &raw->projects[i], err));
    return PM_OK;
}

/* The absolute folder that holds `path`; malloc'ed. */
static char *folder_of(const char *path)
{
    char *real = realpath(path, NULL);
    char *slash = real ? strrchr(real, '/') : NULL;
    if (slash) *slash = 0;
    return real;
}

enum pm_status pm_config_load(struct pm_config **out, const char *path, struct pm_error *err)
{
    struct lines lines = {.len = 0};
    cyaml_config_t config = cyaml_config(&lines);
    struct raw *raw = NULL;
    struct maker m = {.path = path};
    char *text = NULL;
    size_t len = 0;
    enum pm_status status;
    *out = NULL;
    PM_GOTO(load_text(&text, &len, path, err));
    if (memchr(text, 0, len)) {
        status = pm_fail(err, PM_FORMAT, "configuration %s: not a text file", path);
        goto out;
    }
    cyaml_err_t code =
        cyaml_load_data((const uint8_t *)text, len, &config, &schema, (cyaml_data_t **)&raw, NULL);
    if (code != CYAML_OK || !raw) {
        status = pm_fail(err, PM_FORMAT, "configuration %s: %s (see coordinator/example.yaml)", path,
                         lines.len          ? lines.text
                         : code != CYAML_OK ? cyaml_strerror(code)
                                            : "no settings");
        goto out;
    }
    m.config = calloc(1, sizeof *m.config);
    m.folder = folder_of(path);
    if (!m.config || !m.folder) {
        status = pm_fail(err, PM_NO_MEMORY, "configuration %s: no memory", path);
        goto out;
    }
    PM_GOTO(make(&m, raw, err));
    *out = m.config;
    m.config = NULL;
out:
    if (raw) cyaml_free(&config, &schema, raw, 0);
    pm_config_free(&m.config);
    free(m.folder);
    free(text);
    return status;
}

void pm_config_free(struct pm_config **config)
{
    struct pm_config *c = *config;
    if (!c) return;
    char *texts[] = {c->pool,           c->data_dir,        c->ledger_path,    c->keyfile,
                     c->workers_file,   c->listen_host,     c->advertise_host, c->http_host,
                     c->http_advertise, c->http_token_file, c->keystore,       c->password_file};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
    for (unsigned i = 0; i < c->n_projects; i++) free(c->projects[i].where);
    free(c->projects);
    free(c);
    *config = NULL;
}
