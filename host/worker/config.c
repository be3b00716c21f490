/* Options, configuration file, defaults (config.h). Options and the file's settings have the same names and
 * go through the same table; libcyaml reads the file by a schema of optional texts, so that errors name the
 * line. */
#include "worker/config.h"

#include "base/bytes.h"
#include "wire/identity.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char pm_worker_help[] =
    "proofmill-worker: proves for a pool. It logs in to a coordinator, computes the proofs that it is given, "
    "and sends\n"
    "them back.\n"
    "\n"
    "  proofmill-worker keygen --data DIR               make this worker's keys; print them for the pool's "
    "operator\n"
    "  proofmill-worker --data DIR --join JOIN          work for the pool\n"
    "\n"
    "Once:    run keygen and give the line that it prints to the pool's operator. The secret keys stay in "
    "DIR/worker.key.\n"
    "Then:    run it with the join string that the operator gives you. It may be stopped and started at any "
    "time.\n"
    "\n"
    "Where and who\n"
    "  --join JOIN             the pool: proofmill://SERVERKEY@host:port\n"
    "  --data DIR              folder for keys, fetched files and compiled circuits; made if it is not "
    "there\n"
    "  --name NAME             shown in the pool (default: this machine's name)\n"
    "  --beneficiary 0xADDR    address that earns (default: this worker's own; see keygen)\n"
    "How much\n"
    "  --threads N             threads of the prover (default: one per CPU)\n"
    "  --slots N               tasks in hand at a time (default: 2: one is proved while the next is "
    "prepared)\n"
    "  --device NAME           cpu, cuda:0, cuda:GPU-uuid or auto (default: auto: the best that is there)\n"
    "  --memory MIB            for proving keys and proofs (default: half of this machine's memory)\n"
    "  --tables MIB            of that, for tables of each key's points, which make proofs of keys up to "
    "2^18 "
    "constraints\n"
    "                          a tenth to a quarter faster (default: 0)\n"
    "  --cache MIB             for fetched files and compiled circuits on the disk; those not used for "
    "longest "
    "give\n"
    "                          way (default: what they have, and nine tenths of what is free at the start)\n"
    "  --max-artifact MIB      the largest file that is fetched (default: 65536)\n"
    "Running\n"
    "  --config FILE           a YAML file with these options by their long names, e.g. \"slots: 4\"; "
    "options here win\n"
    "  --drain-seconds N       time to finish what is in hand after SIGTERM or Ctrl-C (default: 300); a "
    "second signal\n"
    "                          stops at once\n"
    "  --no-supervisor         do not start again after a crash (for use under systemd and the like)\n"
    "  --log LEVEL             debug, info, warn, error (default: info); lines go to standard error\n"
    "  --show-keys             the same as keygen\n"
    "  --help, --version\n"
    "\n"
    "Exit codes: 0 stopped as asked; 2 wrong arguments; 3 malformed file; 4 cannot read or write; 5 no "
    "memory;\n"
    "6 network; 7 the pool refuses this worker; 70 a fault of proofmill itself.\n";

/* -- one setting -- */

static enum pm_status set_text(char *out, size_t size, const char *name, const char *value,
                               struct pm_error *err)
{
    size_t len = strlen(value);
    if (len == 0 || len >= size)
        return pm_fail(err, PM_USAGE, "%s: expected 1 to %zu characters, found %zu", name, size - 1, len);
    memmove(out, value, len + 1);
    return PM_OK;
}

static enum pm_status set_number(uint64_t *out, const char *name, const char *value, uint64_t min,
                                 uint64_t max, struct pm_error *err)
{
    char *end = NULL;
    errno = 0;
    unsigned long long n = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end || errno || n < min || n > max)
        return pm_fail(err, PM_USAGE, "%s: expected a number from %llu to %llu, found \"%.40s\"", name,
                       (unsigned long long)min, (unsigned long long)max, value);
    *out = n;
    return PM_OK;
}

static enum pm_status set_name(struct pm_worker_config *c, const char *value, struct pm_error *err)
{
    PM_TRY(set_text(c->name, sizeof c->name, "name", value, err));
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == '#' || *p == 127)
            return pm_fail(err, PM_USAGE, "name: expected no blanks and no '#', found \"%.64s\"", value);
    return PM_OK;
}

static enum pm_status set_log(struct pm_worker_config *c, const char *value, struct pm_error *err)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (unsigned i = 0; i < 4; i++)
        if (strcmp(value, names[i]) == 0) {
            c->log = (enum pm_log_level)i;
            return PM_OK;
        }
    return pm_fail(err, PM_USAGE, "log: expected debug, info, warn or error, found \"%.40s\"", value);
}

/* Settings that take a value; the names are those of the options and of the file. */
enum setting {
    JOIN,
    DATA,
    NAME,
    DEVICE,
    BENEFICIARY,
    THREADS,
    SLOTS,
    MEMORY,
    TABLES,
    CACHE,
    MAX_ARTIFACT,
    DRAIN,
    LOG,
    CONFIG,
    N_SETTINGS
};
static const char *const setting_names[N_SETTINGS] = {
    "join",   "data",   "name",  "device",       "beneficiary",   "threads", "slots",
    "memory", "tables", "cache", "max-artifact", "drain-seconds", "log",     "config"};

static enum pm_status set(struct pm_worker_config *c, enum setting setting, const char *value,
                          struct pm_error *err)
{
    const char *name = setting_names[setting];
    uint64_t n = 0;
    struct pm_join join;
    switch (setting) {
    case JOIN:
        PM_TRY(pm_join_parse(&join, value, err));
        return set_text(c->join, sizeof c->join, name, value, err);
    case DATA:
        return set_text(c->data, sizeof c->data, name, value, err);
    case NAME:
        return set_name(c, value, err);
    case DEVICE:
        return set_text(c->device, sizeof c->device, name, value, err);
    case BENEFICIARY:
        if (pm_hex_decode(c->beneficiary, 20, value)) return PM_OK;
        return pm_fail(err, PM_USAGE, "%s: expected an address (0x and 40 hex digits), found \"%.60s\"", name,
                       value);
    case THREADS:
        PM_TRY(set_number(&n, name, value, 0, 1024, err));
        c->threads = (unsigned)n;
        return PM_OK;
    case SLOTS:
        PM_TRY(set_number(&n, name, value, 1, 32, err));
        c->slots = (unsigned)n;
        return PM_OK;
    case MEMORY:
        return set_number(&c->memory_mib, name, value, 16, 1u << 30, err);
    case TABLES:
        return set_number(&c->tables_mib, name, value, 0, 1u << 30, err);
    case CACHE:
        return set_number(&c->cache_mib, name, value, 1, 1u << 30, err);
    case MAX_ARTIFACT:
        return set_number(&c->max_artifact_mib, name, value, 1, 1u << 30, err);
    case DRAIN:
        PM_TRY(set_number(&n, name, value, 0, 86400, err));
        c->drain_seconds = (unsigned)n;
        return PM_OK;
    case LOG:
        return set_log(c, value, err);
    case CONFIG: /* read beforehand */
    case N_SETTINGS:
        return PM_OK;
    }
    return PM_OK;
}

/* -- the file -- */

struct raw {
    char *text[N_SETTINGS];
};

#define TEXT(key, setting)                                                                                   \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw, text[setting], 1, 4096)

static const cyaml_schema_field_t raw_fields[] = {
    TEXT("join", JOIN),
    TEXT("data", DATA),
    TEXT("name", NAME),
    TEXT("device", DEVICE),
    TEXT("beneficiary", BENEFICIARY),
    TEXT("threads", THREADS),
    TEXT("slots", SLOTS),
    TEXT("memory", MEMORY),
    TEXT("tables", TABLES),
    TEXT("cache", CACHE),
    TEXT("max-artifact", MAX_ARTIFACT),
    TEXT("drain-seconds", DRAIN),
    TEXT("log", LOG),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t raw_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw, raw_fields)};

/* libcyaml tells what is wrong in lines of log; the first ones say it. */
struct said {
    char text[600];
};
__attribute__((format(printf, 3, 0))) static void collect(cyaml_log_t level, void *ctx, const char *fmt,
                                                          va_list args)
{
    struct said *said = ctx;
    size_t len = strlen(said->text);
    if (level < CYAML_LOG_ERROR || len + 3 >= sizeof said->text) return;
    if (len > 0) len += (size_t)snprintf(said->text + len, sizeof said->text - len, "; ");
    (void)vsnprintf(said->text + len, sizeof said->text - len, fmt, args);
    said->text[strcspn(said->text, "\n")] = 0;
}

static enum pm_status load_file(struct pm_worker_config *c, const char *path, struct pm_error *err)
{
    struct said said = {.text = ""};
    struct raw *raw = NULL;
    struct stat st;
    cyaml_config_t config = {.log_fn = collect,
                             .log_ctx = &said,
                             .mem_fn = cyaml_mem,
                             .log_level = CYAML_LOG_ERROR,
                             .flags = CYAML_CFG_DEFAULT};
    if (stat(path, &st) != 0)
        return pm_fail(err, errno == ENOENT ? PM_NOT_FOUND : PM_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size > 1 << 20)
        return pm_fail(err, PM_FORMAT, "%s: expected a configuration file of at most 1 MiB", path);
    cyaml_err_t got = cyaml_load_file(path, &config, &raw_schema, (cyaml_data_t **)&raw, NULL);
    if (got != CYAML_OK)
        return pm_fail(err, PM_FORMAT, "%s: %s", path, said.text[0] ? said.text : cyaml_strerror(got));
    enum pm_status status = PM_OK;
    for (unsigned i = 0; raw && i < N_SETTINGS && status == PM_OK; i++)
        if (raw->text[i]) status = set(c, (enum setting)i, raw->text[i], err);
    if (status != PM_OK) {
        pm_fail_in(err, "%s", path);
        status = PM_FORMAT;
        if (err) err->status = status;
    }
    if (raw) (void)cyaml_free(&config, &raw_schema, raw, 0);
    return status;
}

/* -- the command line -- */

/* "--name VALUE" or "--name=VALUE" at argv[*i], which moves past it. N_SETTINGS: another option. */
static enum pm_status option_of(enum setting *setting, const char **value, int argc, char **argv, int *i,
                                struct pm_error *err)
{
    const char *text = argv[*i] + 2, *equals = strchr(text, '=');
    size_t len = equals ? (size_t)(equals - text) : strlen(text);
    *setting = N_SETTINGS;
    for (unsigned k = 0; k < N_SETTINGS; k++)
        if (strlen(setting_names[k]) == len && strncmp(setting_names[k], text, len) == 0)
            *setting = (enum setting)k;
    if (*setting == N_SETTINGS) return PM_OK;
    if (equals) {
        *value = equals + 1;
        return PM_OK;
    }
    if (*i + 1 >= argc) return pm_fail(err, PM_USAGE, "%s: expected a value after it", argv[*i]);
    *value = argv[++*i];
    return PM_OK;
}

/* config_only: looks for --config alone, so that the file is read before the options that win over it. */
static enum pm_status parse_options(struct pm_worker_config *c, int argc, char **argv, bool config_only,
                                    struct pm_error *err)
{
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i], *value = NULL;
        enum setting setting = N_SETTINGS;
        if (strncmp(arg, "--", 2) == 0) PM_TRY(option_of(&setting, &value, argc, argv, &i, err));
        if (setting == CONFIG) {
            if (config_only) PM_TRY(load_file(c, value, err));
        } else if (setting != N_SETTINGS) {
            if (config_only) continue;
            enum pm_status status = set(c, setting, value, err);
            if (status == PM_OK) continue;
            pm_fail_in(err, "--%s", setting_names[setting]);
            return status;
        } else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
            c->command = PM_WORKER_HELP;
        else if (strcmp(arg, "--version") == 0)
            c->command = PM_WORKER_VERSION;
        else if (strcmp(arg, "--show-keys") == 0 || strcmp(arg, "keygen") == 0)
            c->command = PM_WORKER_SHOW_KEYS;
        else if (strcmp(arg, "--no-supervisor") == 0)
            c->supervise = false;
        else
            return pm_fail(err, PM_USAGE, "%.60s: there is no such option; see proofmill-worker --help", arg);
        if (c->command == PM_WORKER_HELP || c->command == PM_WORKER_VERSION) return PM_OK;
    }
    return PM_OK;
}

enum pm_status pm_worker_config_parse(struct pm_worker_config *out, int argc, char **argv,
                                      struct pm_error *err)
{
    *out = (struct pm_worker_config){.device = "auto",
                                     .slots = 2,
                                     .max_artifact_mib = 65536,
                                     .drain_seconds = 300,
                                     .supervise = true,
                                     .log = PM_LOG_INFO};
    if (gethostname(out->name, sizeof out->name - 1) != 0 || set_name(out, out->name, NULL) != PM_OK)
        (void)snprintf(out->name, sizeof out->name, "worker");
    PM_TRY(parse_options(out, argc, argv, true, err));
    PM_TRY(parse_options(out, argc, argv, false, err));
    if (out->command == PM_WORKER_HELP || out->command == PM_WORKER_VERSION) return PM_OK;
    if (!out->data[0]) return pm_fail(err, PM_USAGE, "--data DIR is missing; see proofmill-worker --help");
    if (out->command == PM_WORKER_RUN && !out->join[0])
        return pm_fail(err, PM_USAGE, "--join is missing: the pool's operator gives you a join string");
    return PM_OK;
}
