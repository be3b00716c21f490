/* Options, files, and who wins. */
#include "test.h"

#include "folder.h"
#include "worker/config.h"

#define JOIN "proofmill://00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff@127.0.0.1:7700"

static struct pm_worker_config config;
static struct pm_error err;

static enum pm_status parse(const char *a, const char *b, const char *c, const char *d, const char *e,
                            const char *f)
{
    char *argv[] = {(char *)(uintptr_t) "w", (char *)(uintptr_t)a, (char *)(uintptr_t)b, (char *)(uintptr_t)c,
                    (char *)(uintptr_t)d,    (char *)(uintptr_t)e, (char *)(uintptr_t)f, NULL};
    int argc = 1;
    while (argv[argc]) argc++;
    memset(&err, 0, sizeof err);
    return pm_worker_config_parse(&config, argc, argv, &err);
}

PM_TEST(defaults_and_options)
{
    CHECK_OK(parse("--join", JOIN, "--data", "/d", NULL, NULL), err);
    CHECK_STR(config.join, JOIN);
    CHECK_STR(config.data, "/d");
    CHECK_STR(config.device, "auto");
    CHECK(config.name[0] && config.slots == 2 && config.threads == 0 && config.supervise &&
          config.drain_seconds == 300);
    CHECK(config.command == PM_WORKER_RUN && config.log == PM_LOG_INFO);
    CHECK_OK(
        parse("--join=" JOIN, "--data=/d", "--slots=5", "--device=cpu", "--no-supervisor", "--log=debug"),
        err);
    CHECK_U64(config.cache_mib, 0);
    CHECK_OK(parse("--join=" JOIN, "--data=/d", "--cache=5", NULL, NULL, NULL), err);
    CHECK_U64(config.cache_mib, 5);
    CHECK_U64(config.tables_mib, 0);
    CHECK_OK(parse("--join=" JOIN, "--data=/d", "--tables=7", NULL, NULL, NULL), err);
    CHECK_U64(config.tables_mib, 7);
    CHECK_OK(
        parse("--join=" JOIN, "--data=/d", "--slots=5", "--device=cpu", "--no-supervisor", "--log=debug"),
        err);
    CHECK(config.slots == 5 && !config.supervise && config.log == PM_LOG_DEBUG);
    CHECK_OK(parse("keygen", "--data", "/d", "--name", "mill-1", NULL), err);
    CHECK(config.command == PM_WORKER_SHOW_KEYS);
    CHECK_OK(parse("--data", "/d", "--name", "mill-1", "--show-keys", NULL), err);
    CHECK(config.command == PM_WORKER_SHOW_KEYS);
    CHECK_STR(config.name, "mill-1");
    CHECK_OK(parse("--help", NULL, NULL, NULL, NULL, NULL), err);
    CHECK(config.command == PM_WORKER_HELP);
    CHECK_OK(parse("--version", NULL, NULL, NULL, NULL, NULL), err);
    CHECK_OK(parse("--data", "/d", "--show-keys", "--beneficiary",
                   "0x00112233445566778899aabbccddeeff00112233", NULL),
             err);
    CHECK(config.beneficiary[19] == 0x33);
}

PM_TEST(wrong_arguments)
{
    static const char *const bad[][2] = {
        {"--slots", "0"},          {"--slots", "33"},           {"--slots", "x"},    {"--slots", "-1"},
        {"--slots", " 1"},         {"--threads", "9999"},       {"--memory", "1"},   {"--cache", "0"},
        {"--name", "a b"},         {"--name", "a#b"},           {"--name", ""},      {"--log", "loud"},
        {"--beneficiary", "0x12"}, {"--join", "proofmill://x"}, {"--nonsense", "1"}, {"stray", NULL},
        {"--slots", NULL},         {"--drain-seconds", "1e3"},  {"--device", ""},    {"--data", ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_MSG(parse("--data", "/d", "--show-keys", bad[i][0], bad[i][1], NULL) == PM_USAGE, "%s %s",
                  bad[i][0], bad[i][1] ? bad[i][1] : "");
        CHECK(err.text[0]);
    }
    CHECK(parse("--join", JOIN, NULL, NULL, NULL, NULL) == PM_USAGE && strstr(err.text, "--data"));
    CHECK(parse("--data", "/d", NULL, NULL, NULL, NULL) == PM_USAGE && strstr(err.text, "--join"));
}

static const char *file(const char *text)
{
    const char *path = in_folder("worker.yaml");
    write_file(path, text, strlen(text));
    return path;
}

PM_TEST(a_file_under_the_options)
{
    const char *path =
        file("# a comment\njoin: " JOIN "\ndata: /from/file\nslots: 7\nname: filed\ndrain-seconds: 9\n");
    CHECK_OK(parse("--slots", "3", "--config", path, NULL, NULL), err);
    CHECK_U64(config.slots, 3); /* the option wins wherever it stands */
    CHECK_STR(config.data, "/from/file");
    CHECK_STR(config.name, "filed");
    CHECK_U64(config.drain_seconds, 9);
}

PM_TEST(bad_files)
{
    static const char *const bad[] = {"slots: 99\n", "slots: [1]\n", "unknown: 1\n", "slots 3\n", "- a\n",
                                      "{",           "join: nope\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *path = file(bad[i]);
        CHECK_MSG(parse("--config", path, "--data", "/d", "--show-keys", NULL) == PM_FORMAT, "%s", bad[i]);
        CHECK_MSG(strstr(err.text, "worker.yaml") && strlen(err.text) > strlen(path) + 4, "%s", err.text);
    }
    CHECK(parse("--config", in_folder("none.yaml"), "--data", "/d", NULL, NULL) == PM_NOT_FOUND);
    CHECK(parse("--config", in_folder(""), "--data", "/d", NULL, NULL) == PM_FORMAT);
}

PM_TEST(the_help_names_every_option)
{
    static const char *const options[] = {
        "--join",          "--data",   "--name",      "--beneficiary",  "--threads", "--slots",
        "--device",        "--memory", "--cache",     "--max-artifact", "--config",  "--drain-seconds",
        "--no-supervisor", "--log",    "--show-keys", "keygen",         "--help",    "--version"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        CHECK_MSG(strstr(pm_worker_help, options[i]), "%s", options[i]);
}
