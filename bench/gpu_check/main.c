/* gpu_check's parent: options, stages in order, what is passed over, what the budget leaves over, exit code.
 * It touches no device itself. See check.h. */
#include "check.h"
#include "base/clock.h"
#include "base/keccak.h"
#include "journal.h"
#include "scan.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NO_DEVICE = 4, EXIT_LEFT = 75 };

const struct stage stages[] = {
    {"smoke", "the device, the driver, one known proof on each curve", 55, plan_smoke},
    {"conform", "the conformance suite and the kernels' tests", 230, plan_conform},
    {"sanitize", "compute-sanitizer over small proofs", 230, plan_sanitize},
    {"soak", "a thousand proofs in a row; keys loaded and freed", 230, plan_soak},
    {"bench", "rates, sums, transforms, whole proofs", 230, plan_bench},
    {"report", "results as JSON and as a table beside the targets", 0, NULL},
    {"fault", NULL, 2, plan_fault},
    {NULL, NULL, 0, NULL},
};

struct item *items_add(struct items *items, const char *stage, const char *name, unsigned needs_s,
                       unsigned limit_s)
{
    if (items->n == MOST_ITEMS) abort(); /* our own table is too short */
    struct item *it = &items->at[items->n++];
    *it = (struct item){.stage = stage, .needs_s = needs_s, .limit_s = limit_s};
    (void)snprintf(it->name, sizeof it->name, "%s", name);
    return it;
}

static int usage(void)
{
    (void)fputs("usage: gpu_check [STAGE...] [--device NAME] [--out DIR] [--results DIR] [--budget SECONDS] "
                "[--again]\n"
                "                 [--cuda-root DIR]\n\n",
                stderr);
    for (const struct stage *s = stages; s->name; s++)
        if (s->meaning) (void)fprintf(stderr, "  %-9s %s\n", s->name, s->meaning);
    (void)fputs("\nWithout a stage all of them, in this order. What passed before, for this build and "
                "device, is not run\n"
                "again unless --again says so; what a stage's budget leaves over is run by the next call.\n"
                "Exit codes: 0 all passed or skipped by name, 1 an item failed, 4 no such device, 75 items "
                "are left over.\n",
                stderr);
    return EXIT_USAGE;
}

static const struct stage *find_stage(const char *name)
{
    for (const struct stage *s = stages; s->name; s++)
        if (strcmp(s->name, name) == 0) return s;
    return NULL;
}

/* -- what is run: this very program -- */

static bool add_file(struct pm_keccak *hash, const char *path)
{
    static char bytes[1 << 16];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (!f) return false;
    while ((n = fread(bytes, 1, sizeof bytes, f)) > 0) pm_keccak_update(hash, bytes, n);
    return fclose(f) == 0;
}

static void hash_build(struct check *check)
{
    static struct items items;
    struct pm_keccak hash;
    uint8_t digest[32];
    pm_keccak_init(&hash);
    (void)add_file(&hash, check->self);
    plan_conform(&items, check);
    for (unsigned i = 0; i < items.n; i++) (void)add_file(&hash, items.at[i].command[0]);
    pm_keccak_final(&hash, digest);
    for (int i = 0; i < 8; i++) (void)snprintf(check->build + 2 * i, 3, "%02x", digest[i]);
}

/* -- stages -- */

/* What the device is, asked by a child of smoke's. False, with the child's words shown: there is none. */
static bool describe(struct check *check)
{
    struct items *items = calloc(1, sizeof *items);
    struct outcome out = {.result = RESULT_FAIL};
    char *line = NULL;
    size_t room = 0;
    ssize_t n = 0;
    if (!items) return false;
    plan_smoke(items, check);
    child_run(&out, check, &items->at[0], items->at[0].limit_s);
    free(items);
    FILE *f = out.result == RESULT_PASS ? fopen(out.rows_path, "r") : NULL;
    struct slice row;
    bool told = f && (n = getline(&line, &room, f)) > 0 && scan_value(&row, line, (size_t)n);
    if (told) {
        scan_text(check->device_text, sizeof check->device_text, row, "device_text");
        scan_text(check->driver, sizeof check->driver, row, "driver");
        check->memory_bytes = (uint64_t)scan_number(row, "memory_bytes");
    }
    free(line);
    if (f) (void)fclose(f);
    if (!told) (void)fprintf(stderr, "gpu_check: nothing to check: %s\n", out.why);
    return told;
}

static void show_log(const struct outcome *out)
{
    char line[1024];
    long size;
    FILE *f = out->result == RESULT_FAIL || out->result == RESULT_TIMEOUT ? fopen(out->log_path, "r") : NULL;
    if (!f) return;
    (void)fseek(f, 0, SEEK_END);
    size = ftell(f);
    (void)fseek(f, size > 2000 ? size - 2000 : 0, SEEK_SET);
    while (fgets(line, sizeof line, f)) (void)printf("      | %s%s", line, strchr(line, '\n') ? "" : "\n");
    (void)fclose(f);
}

struct count {
    unsigned passed, before, failed, skipped, left;
};

static void count_one(struct count *count, enum result result)
{
    switch (result) {
    case RESULT_PASS:
        count->passed++;
        return;
    case RESULT_FAIL:
    case RESULT_TIMEOUT:
        count->failed++;
        return;
    case RESULT_SKIP:
        count->skipped++;
        return;
    case RESULT_LEFT:
        count->left++;
        return;
    }
}

/* An item begins if what it needs is left of the budget, and the first one always does: so calls get on. */
static void run_items(const struct check *check, const struct stage *stage, struct items *items,
                      struct count *count)
{
    const unsigned budget_s = check->budget_s ? check->budget_s : stage->budget_s;
    const uint64_t begin = pm_clock_ms();
    bool first = true;
    for (unsigned i = 0; i < items->n; i++) {
        const struct item *item = &items->at[i];
        struct outcome out = {.result = RESULT_LEFT, .why = "the budget is spent"};
        if (!check->again && journal_passed(check, item)) {
            count->before++;
            continue;
        }
        uint64_t spent_s = (pm_clock_ms() - begin) / 1000;
        uint64_t left_s = spent_s < budget_s ? budget_s - spent_s : 0;
        if (!child_interrupted && left_s > 0 && (first || item->needs_s <= left_s)) {
            child_run(&out, check, item, left_s < item->limit_s ? (unsigned)left_s : item->limit_s);
            if (!item->missing) first = false;
            if (!journal_add(check, item, &out)) {
                (void)fprintf(stderr, "gpu_check: %s/%s.jsonl cannot be written: %s\n", check->out,
                              stage->name, strerror(errno));
                count->failed++;
            }
        }
        count_one(count, out.result);
        (void)printf("  %-8s %s/%s%s%s  %.1f s\n", result_name(out.result), stage->name, item->name,
                     *out.why ? ": " : "", out.why, out.wall_s);
        show_log(&out);
        (void)fflush(stdout);
    }
}

static int run_stage(struct check *check, const struct stage *stage)
{
    if (!stage->plan) return report_make(check);
    struct items *items = calloc(1, sizeof *items);
    struct count count = {0};
    if (!items) return EXIT_FAILED;
    stage->plan(items, check);
    (void)printf("%s%s%s\n", stage->name, stage->meaning ? ": " : "", stage->meaning ? stage->meaning : "");
    run_items(check, stage, items, &count);
    (void)printf("  %u passed, %u had passed before, %u failed, %u skipped, %u left over\n", count.passed,
                 count.before, count.failed, count.skipped, count.left);
    free(items);
    return count.failed ? EXIT_FAILED : count.left ? EXIT_LEFT : 0;
}

/* -- the call -- */

static void interrupt(int signal)
{
    (void)signal;
    child_interrupted = 1;
}

struct call {
    const struct stage *named[16];
    unsigned n;
    const char *child, *rows, *dir;
};

static bool read_arguments(struct check *check, struct call *call, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const struct {
            const char *name, **value;
        } texts[] = {{"--device", &check->device},   {"--out", &check->out},
                     {"--results", &check->results}, {"--cuda-root", &check->cuda_root},
                     {"--command", &check->command}, {"--child", &call->child},
                     {"--rows", &call->rows},        {"--dir", &call->dir}};
        const size_t n_texts = sizeof texts / sizeof *texts;
        size_t t = 0;
        while (t < n_texts && strcmp(texts[t].name, argv[i]) != 0) t++;
        const struct stage *stage = find_stage(argv[i]);
        if (t < n_texts && i + 1 < argc) {
            *texts[t].value = argv[++i];
        } else if (strcmp(argv[i], "--again") == 0) {
            check->again = true;
        } else if (strcmp(argv[i], "--tiny") == 0) {
            check->tiny = true;
        } else if (strcmp(argv[i], "--budget") == 0 && i + 1 < argc) {
            long seconds = strtol(argv[++i], NULL, 10);
            if (seconds < 1 || seconds > 86400) return false;
            check->budget_s = (unsigned)seconds;
        } else if (stage && call->n < sizeof call->named / sizeof *call->named) {
            call->named[call->n++] = stage;
        } else {
            return false;
        }
    }
    return true;
}

static bool make_folders(const struct check *check)
{
    char path[600];
    for (const char *p = check->out; *p; p++) {
        (void)snprintf(path, sizeof path, "%.*s", (int)(p - check->out), check->out);
        if (*p == '/' && *path) (void)mkdir(path, 0777);
    }
    (void)mkdir(check->out, 0777);
    (void)snprintf(path, sizeof path, "%s/items", check->out);
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return true;
    (void)fprintf(stderr, "gpu_check: %s cannot be made: %s\n", path, strerror(errno));
    return false;
}

static int worse(int a, int b)
{
    if (a == EXIT_FAILED || b == EXIT_FAILED) return EXIT_FAILED;
    return a ? a : b;
}

int main(int argc, char **argv)
{
    struct check check = {.device = "cuda:0",
                          .out = "build/gpu-check",
                          .results = "bench/results",
                          .cuda_root = "",
                          .command = "gpu_check"};
    struct call call = {.n = 0};
    if (!read_arguments(&check, &call, argc, argv)) return usage();
    ssize_t len = readlink("/proc/self/exe", check.self, sizeof check.self - 1);
    if (len <= 0 || strlen(check.out) > 400) return usage();
    check.self[len] = '\0';
    if (call.child) return child_main(&check, call.child, call.rows, call.dir);

    if (call.n == 0)
        for (const struct stage *s = stages; s->name; s++)
            if (s->meaning) call.named[call.n++] = s;
    struct sigaction action = {.sa_handler = interrupt};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    if (!make_folders(&check)) return EXIT_FAILED;
    hash_build(&check);
    bool only_report = call.n == 1 && !call.named[0]->plan;
    if (!only_report) {
        if (!describe(&check)) return EXIT_NO_DEVICE;
        (void)printf("%s: %s; driver %s; build %s\n", check.device, check.device_text, check.driver,
                     check.build);
    }
    int code = 0;
    for (unsigned i = 0; i < call.n; i++) code = worse(code, run_stage(&check, call.named[i]));
    return code;
}
