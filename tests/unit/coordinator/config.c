/* The configuration: what a file may say, what is filled in, and that every mistake is named. */
#include "coordinator/config.h"
#include "files_fixture.h"
#include "test.h"

static char dir[256];

static struct pm_config *load(const char *text, struct pm_error *err)
{
    struct pm_config *config = NULL;
    char path[600];
    file_write(path, dir, "c.yaml", text);
    *err = (struct pm_error){0};
    if (pm_config_load(&config, path, err) != PM_OK) CHECK(config == NULL);
    return config;
}

static void refused(const char *text, enum pm_status status, const char *part)
{
    struct pm_error err;
    struct pm_config *config = load(text, &err);
    CHECK_MSG(config == NULL, "accepted: %s", text);
    CHECK_U64(err.status, status);
    CHECK_MSG(strstr(err.text, part) != NULL, "\"%s\" is not in \"%s\"", part, err.text);
    pm_config_free(&config);
}

#define MINIMAL "pool: p\ndata_dir: d\nprojects:\n  - id: 7\n    file: x.json\n"

PM_TEST(defaults_and_paths)
{
    struct pm_error err;
    char path[600];
    folder_make(dir);
    struct pm_config *c = load(MINIMAL, &err);
    CHECK_MSG(c != NULL, "%s", err.text);
    if (c) {
        snprintf(path, sizeof path, "%s/d/ledger.sqlite", dir);
        CHECK_STR(c->ledger_path, path);
        snprintf(path, sizeof path, "%s/d/coordinator.key", dir);
        CHECK_STR(c->keyfile, path);
        snprintf(path, sizeof path, "%s/workers.allow", dir);
        CHECK_STR(c->workers_file, path);
        snprintf(path, sizeof path, "%s/x.json", dir);
        CHECK_STR(c->projects[0].where, path);
        CHECK_U64(c->projects[0].id, 7);
        CHECK(!c->projects[0].has_sha256);
        CHECK_U64(c->port, 5570);
        CHECK_U64(c->heartbeat_port, 5571);
        CHECK_STR(c->http_host, "127.0.0.1");
        CHECK_U64(c->http_port, 8080);
        CHECK_STR(c->advertise_host, "127.0.0.1");
        CHECK_U64(c->lease_ms, 300000);
        CHECK_U64(c->max_attempts, 3);
        CHECK(c->keystore == NULL && c->http_advertise == NULL);
        CHECK_U64(c->log_level, PM_LOG_INFO);
    }
    pm_config_free(&c);
    folder_remove(dir);
}

PM_TEST(everything_said)
{
    struct pm_error err;
    folder_make(dir);
    struct pm_config *c =
        load("pool: p\ndata_dir: /d\nkeyfile: /k\nworkers_file: /w\n"
             "listen: {host: 0.0.0.0, port: 0, heartbeat_port: 9, advertise: pool.example.org}\n"
             "http: {host: 0.0.0.0, port: 1, advertise: \"http://pool.example.org:1/\", token_file: t}\n"
             "chain: {keystore: k.json, password_file: /p, max_fee_gwei: 30}\n"
             "leases: {duration_ms: 2000, heartbeat_ms: 100, misses: 4, max_attempts: 1}\n"
             "source_poll_ms: 20\ncheckers: 3\nlog: debug\n"
             "projects:\n  - {id: 1, url: 'https://x.org/p', sha256: "
             "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f}\n",
             &err);
    CHECK_MSG(c != NULL, "%s", err.text);
    if (c) {
        CHECK_U64(c->port, 0);
        CHECK_U64(c->heartbeat_port, 9);
        CHECK_STR(c->http_advertise, "http://pool.example.org:1");
        CHECK_STR(c->password_file, "/p");
        CHECK_U64(c->max_fee_gwei, 30);
        CHECK_U64(c->misses, 4);
        CHECK_U64(c->checkers, 3);
        CHECK_U64(c->log_level, PM_LOG_DEBUG);
        CHECK(c->projects[0].has_sha256 && c->projects[0].sha256[31] == 31);
        CHECK_STR(c->projects[0].where, "https://x.org/p");
    }
    pm_config_free(&c);
    folder_remove(dir);
}

PM_TEST(mistakes_are_named)
{
    folder_make(dir);
    refused("", PM_FORMAT, "empty");
    refused("data_dir: d\nprojects:\n  - {id: 1, file: x}\n", PM_FORMAT, "pool");
    refused(MINIMAL "colour: red\n", PM_FORMAT, "colour");
    refused(MINIMAL "colour: red\n", PM_FORMAT, "line: ");
    refused(MINIMAL "listen:\n  port: many\n", PM_FORMAT, "port");
    refused(MINIMAL "listen:\n  port: 70000\n", PM_FORMAT, "listen.port is 70000");
    refused(MINIMAL "listen: {port: 5, heartbeat_port: 5}\n", PM_FORMAT, "both 5");
    refused(MINIMAL "listen: {host: 0.0.0.0}\n", PM_FORMAT, "listen.advertise");
    refused(MINIMAL "http: {advertise: pool.example.org}\n", PM_FORMAT, "http.advertise");
    refused(MINIMAL "chain: {keystore: k}\n", PM_FORMAT, "password_file");
    refused(MINIMAL "leases: {duration_ms: 5}\n", PM_FORMAT, "leases.duration_ms is 5");
    refused(MINIMAL "leases: {max_attempts: 1000}\n", PM_FORMAT, "max_attempts");
    refused(MINIMAL "checkers: 1000\n", PM_FORMAT, "checkers");
    refused(MINIMAL "log: loud\n", PM_FORMAT, "log");
    refused("pool: p\ndata_dir: d\nprojects: []\n", PM_FORMAT, "projects");
    refused("pool: p\ndata_dir: d\nprojects:\n  - {id: 1}\n", PM_FORMAT, "either file or url");
    refused("pool: p\ndata_dir: d\nprojects:\n  - {id: 1, file: x, url: 'http://y'}\n", PM_FORMAT,
            "either file or url");
    refused("pool: p\ndata_dir: d\nprojects:\n  - {id: 1, url: 'ftp://y'}\n", PM_FORMAT, "expected http");
    refused("pool: p\ndata_dir: d\nprojects:\n  - {id: 0, file: x}\n", PM_FORMAT, "must not be 0");
    refused(MINIMAL "  - {id: 7, file: y}\n", PM_FORMAT, "same id 7");
    refused("pool: p\ndata_dir: d\nprojects:\n  - {id: 1, file: x, sha256: 00ff}\n", PM_FORMAT, "64 hex");
    refused("pool: [1, 2\n", PM_FORMAT, "c.yaml");
    refused(MINIMAL "pool: &a q\nkeyfile: *a\n", PM_FORMAT, "c.yaml");
    folder_remove(dir);
}

PM_TEST(no_such_file)
{
    struct pm_error err;
    struct pm_config *c;
    CHECK_U64(pm_config_load(&c, "/nowhere/c.yaml", &err), PM_NOT_FOUND);
    CHECK(strstr(err.text, "/nowhere/c.yaml") != NULL);
}

/* The example describes every setting with its default: it loads, and says what the defaults say. */
PM_TEST(the_example_loads)
{
    struct pm_error err;
    struct pm_config *c = NULL;
    CHECK_OK(pm_config_load(&c, "../coordinator/example.yaml", &err), err);
    if (c)
        CHECK(c->lease_ms == 300000 && c->heartbeat_port == 5571 && c->source_poll_ms == 500 &&
              c->checkers == 2);
    pm_config_free(&c);
}

/* Bytes from outside, however broken: a configuration or a clear error, never more. */
PM_TEST(mutations)
{
    static const char seed[] = MINIMAL "listen: {host: 127.0.0.1, port: 1}\nleases: {misses: 3}\nlog: warn\n";
    folder_make(dir);
    for (int i = 0; i < 300; i++) {
        char text[sizeof seed];
        struct pm_error err;
        memcpy(text, seed, sizeof seed);
        for (int k = 0; k < 3; k++) text[test_random() % (sizeof seed - 1)] = (char)(1 + test_random() % 255);
        struct pm_config *c = load(text, &err);
        if (!c) CHECK(err.status == PM_FORMAT && err.text[0]);
        pm_config_free(&c);
    }
    folder_remove(dir);
}
