/* The report: what the stages' files say of the newest device and build, as one JSON file and as a table for
 * people, beside the targets. See check.h. */
#include "check.h"
#include "journal.h"
#include "scan.h"
#include "targets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct report {
    const struct check *check;
    char ended[32], build[32], device_text[128], device[64], driver[64], commit[64], cpu[96], command[512];
    unsigned cpus, others; /* others: lines of another build or device */
    bool is_h100;
    FILE *json, *table;
    const char *stage;
    unsigned items, passed; /* of the stage */
    char *line[MOST_ITEMS]; /* of the stage: each item's last */
    unsigned lines;
};

static void find_newest(void *ctx, struct slice line)
{
    struct report *r = ctx;
    char ended[32];
    scan_text(ended, sizeof ended, line, "ended");
    if (strcmp(ended, r->ended) < 0) return; /* ISO 8601 sorts as text */
    (void)snprintf(r->ended, sizeof r->ended, "%s", ended);
    scan_text(r->build, sizeof r->build, line, "build");
    scan_text(r->device_text, sizeof r->device_text, line, "device_text");
    scan_text(r->device, sizeof r->device, line, "device");
    scan_text(r->driver, sizeof r->driver, line, "driver");
    scan_text(r->commit, sizeof r->commit, line, "commit");
    scan_text(r->cpu, sizeof r->cpu, line, "cpu");
    scan_text(r->command, sizeof r->command, line, "command");
    r->cpus = (unsigned)scan_number(line, "cpus");
}

/* Keeps each item's last line. */
static void keep(void *ctx, struct slice line)
{
    struct report *r = ctx;
    char name[64];
    unsigned i = 0;
    if (!scan_is(line, "build", r->build) || !scan_is(line, "device_text", r->device_text)) {
        r->others++;
        return;
    }
    scan_text(name, sizeof name, line, "item");
    while (i < r->lines && !scan_is((struct slice){r->line[i], strlen(r->line[i])}, "item", name)) i++;
    char *copy = strndup(line.at, line.n);
    if (!copy || i == MOST_ITEMS) {
        free(copy);
        return;
    }
    if (i == r->lines)
        r->lines++;
    else
        free(r->line[i]);
    r->line[i] = copy;
}

/* -- the table -- */

/* 12.3 us, three digits. */
static void put_time(char *out, size_t size, double ns)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    int unit = 0;
    while (unit < 3 && ns >= 1000) {
        ns /= 1000;
        unit++;
    }
    (void)snprintf(out, size, "%.3g %s", ns, units[unit]);
}

/* Items a second: 1.23 T */
static void put_rate(char *out, size_t size, double per_s)
{
    static const char *const units[] = {"", " k", " M", " G", " T", " P"};
    int unit = 0;
    while (unit < 5 && per_s >= 1000) {
        per_s /= 1000;
        unit++;
    }
    (void)snprintf(out, size, "%.3g%s", per_s, units[unit]);
}

static void put_size(char *out, size_t size, double n)
{
    unsigned log2_n = 0;
    while (log2_n < 40 && (double)(1ull << log2_n) < n) log2_n++;
    if (n > 2 && (double)(1ull << log2_n) == n)
        (void)snprintf(out, size, "2^%u", log2_n);
    else if (n > 0)
        (void)snprintf(out, size, "%.0f", n);
    else
        out[0] = '\0';
}

static void put_value(struct report *r, struct slice row, const char *what, const char *n)
{
    char unit[32], text[64];
    double value = scan_number(row, "value");
    scan_text(unit, sizeof unit, row, "unit");
    if (strcmp(unit, "ns") == 0)
        put_time(text, sizeof text, value);
    else
        (void)snprintf(text, sizeof text, "%.6g %s", value, unit);
    (void)fprintf(r->table, "| %s | %s | %s | | |%s\n", what, n, text, r->is_h100 ? " | |" : "");
}

static void put_row(struct report *r, struct slice line, struct slice row)
{
    struct slice v;
    char question[32], what[96], curve[32], kind[16], label[200], n[32], least[32], median[32], rate[32],
        item[32];
    scan_text(question, sizeof question, row, "question");
    scan_text(what, sizeof what, row, "what");
    scan_text(curve, sizeof curve, line, "curve");
    scan_text(kind, sizeof kind, line, "kind");
    if (strcmp(question, "describe") == 0) return;
    if (strcmp(question, "prove") == 0)
        (void)snprintf(label, sizeof label, "%s proof, %s: %s", curve, kind, what);
    else
        (void)snprintf(label, sizeof label, "%s %s: %s", curve, question, what);
    double size = scan_number(row, "size"), ns = scan_number(row, "median_ns");
    put_size(n, sizeof n, size);
    if (scan_get(&v, row, "value")) {
        put_value(r, row, label, n);
        return;
    }
    put_time(least, sizeof least, scan_number(row, "min_ns"));
    put_time(median, sizeof median, ns);
    put_rate(rate, sizeof rate, ns > 0 ? scan_number(row, "items") / ns * 1e9 : 0);
    scan_text(item, sizeof item, row, "item");
    (void)fprintf(r->table, "| %s | %s | %s | %s | %s %s/s |", label, n, median, least, rate, item);
    const struct target *t = r->is_h100 ? target_find(question, what, curve, kind, size) : NULL;
    if (t)
        (void)fprintf(r->table, " %.3g ms | %.2f |", t->ms, ns / 1e6 / t->ms);
    else if (r->is_h100)
        (void)fputs(" | |", r->table);
    (void)putc('\n', r->table);
    double planned = scan_number(row, "device_planned_bytes"), found = scan_number(row, "device_bytes");
    if (planned > 0)
        (void)fprintf(r->table, "| %s, device memory | %s | %.1f MB, planned %.1f MB | | |%s\n", label, n,
                      found / 1e6, planned / 1e6, r->is_h100 ? " | |" : "");
}

/* Field products beside what multiply-adds could give: how much of the peak they reach. */
static void put_share(struct report *r, struct slice line, struct slice rows)
{
    struct slice row = {NULL, 0};
    double wide = 0, product = 0;
    char curve[32];
    while (scan_next(&row, rows)) {
        double each = scan_number(row, "median_ns_per_item");
        if (scan_is(row, "what", "IMAD.WIDE")) wide = each;
        if (scan_is(row, "what", "Fr multiply")) product = each;
    }
    scan_text(curve, sizeof curve, line, "curve");
    if (wide > 0 && product > 0)
        (void)fprintf(r->table, "\nA product in %s's Fr takes the time of %.1f IMAD.WIDE.\n", curve,
                      product / wide);
}

static void put_stage(struct report *r, const struct stage *stage)
{
    static const char head[] = "| what | size | median | least | rate |";
    bool open = false;
    (void)fprintf(r->table, "\n## %s: %s\n\n", stage->name, stage->meaning);
    r->passed = 0;
    for (unsigned i = 0; i < r->lines; i++) {
        struct slice line = {r->line[i], strlen(r->line[i])};
        char name[64], result[32], why[1024];
        r->passed += scan_is(line, "result", "pass");
        if (scan_is(line, "result", "pass")) continue;
        scan_text(name, sizeof name, line, "item");
        scan_text(result, sizeof result, line, "result");
        scan_text(why, sizeof why, line, "why");
        (void)fprintf(r->table, "- **%s** %s: %s\n", result, name, why);
    }
    (void)fprintf(r->table, "%s%u of %u items that were run passed.\n\n", r->passed < r->lines ? "\n" : "",
                  r->passed, r->lines);
    for (unsigned i = 0; i < r->lines; i++) {
        struct slice line = {r->line[i], strlen(r->line[i])}, rows, row = {NULL, 0};
        if (!scan_get(&rows, line, "rows")) continue;
        while (scan_next(&row, rows)) {
            if (!open && !scan_is(row, "question", "describe")) {
                (void)fprintf(r->table, "%s%s\n|---|---|---|---|---|%s\n", head,
                              r->is_h100 ? " target, one H100 | of target |" : "",
                              r->is_h100 ? "---|---|" : "");
                open = true;
            }
            put_row(r, line, row);
        }
    }
    for (unsigned i = 0; i < r->lines; i++) {
        struct slice line = {r->line[i], strlen(r->line[i])}, rows;
        if (scan_get(&rows, line, "rows")) put_share(r, line, rows);
    }
}

static void put_stages(struct report *r)
{
    (void)fputs("\"stages\": {", r->json);
    for (const struct stage *s = stages; s->name; s++) {
        if (!s->plan || !s->meaning) continue;
        r->lines = 0;
        journal_each(r->check, s->name, keep, r);
        (void)fprintf(r->json, "%s\n\"%s\": [", s == stages ? "" : ",", s->name);
        for (unsigned i = 0; i < r->lines; i++) (void)fprintf(r->json, "%s\n  %s", i ? "," : "", r->line[i]);
        (void)fputs("]", r->json);
        if (r->lines)
            put_stage(r, s);
        else
            (void)fprintf(r->table, "\n## %s\n\nNot run.\n", s->name);
        for (unsigned i = 0; i < r->lines; i++) free(r->line[i]);
    }
    (void)fputs("\n}}\n", r->json);
}

static void put_machine(struct report *r)
{
    const struct {
        const char *key, *text;
    } texts[] = {{"device", r->device},   {"device_text", r->device_text},
                 {"driver", r->driver},   {"cpu", r->cpu},
                 {"commit", r->commit},   {"build", r->build},
                 {"command", r->command}, {"ended", r->ended}};
    (void)fprintf(r->table, "# %s, %.10s\n\n", r->device_text, r->ended);
    (void)putc('{', r->json);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        (void)fprintf(r->json, "\"%s\": ", texts[i].key);
        scan_write(r->json, texts[i].text);
        (void)fputs(",\n", r->json);
        (void)fprintf(r->table, "%s%s `%s`", i ? ", " : "", texts[i].key, texts[i].text);
    }
    (void)fprintf(r->json, "\"cpus\": %u,\n", r->cpus);
    (void)fprintf(r->table, ", %u CPUs.\n", r->cpus);
    if (r->is_h100)
        (void)fputs("\nTargets are arithmetic on paper, made before anything had run; \"of target\" is the "
                    "median over "
                    "it: below 1 is better.\n",
                    r->table);
    (void)fputs("Field products, sums, transforms and proofs were checked in the runs that were timed.\n",
                r->table);
}

/* "NVIDIA H100 80GB HBM3, 9.0" gives nvidia-h100-80gb-hbm3. */
static void file_stem(char *out, size_t size, const struct report *r)
{
    size_t n = 0;
    for (const char *p = r->device_text; *p && *p != ',' && n + 1 < size; p++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (plain)
            out[n++] = c;
        else if (n > 0 && out[n - 1] != '-')
            out[n++] = '-';
    }
    while (n > 0 && out[n - 1] == '-') n--;
    out[n] = '\0';
}

int report_make(const struct check *check)
{
    struct report r = {.check = check};
    char stem[96], path[2][800];
    for (const struct stage *s = stages; s->name; s++)
        if (s->plan && s->meaning) journal_each(check, s->name, find_newest, &r);
    if (!*r.ended) {
        (void)fprintf(stderr, "gpu_check: no stage has left results in %s\n", check->out);
        return 1;
    }
    r.is_h100 = strstr(r.device_text, "H100") != NULL;
    file_stem(stem, sizeof stem, &r);
    (void)mkdir(check->results, 0777);
    for (int i = 0; i < 2; i++)
        (void)snprintf(path[i], sizeof path[i], "%s/%s-%.10s.%s", check->results, stem, r.ended,
                       i ? "md" : "json");
    r.json = fopen(path[0], "w");
    r.table = fopen(path[1], "w");
    if (r.json && r.table) {
        put_machine(&r);
        put_stages(&r);
        if (r.others)
            (void)fprintf(r.table, "\n%u items of another build or device are left out.\n", r.others);
    }
    bool ok = r.json && r.table && !ferror(r.json) && !ferror(r.table);
    if (r.json) ok = fclose(r.json) == 0 && ok;
    if (r.table) ok = fclose(r.table) == 0 && ok;
    if (ok)
        (void)printf("report: %s, %s\n", path[0], path[1]);
    else
        (void)fprintf(stderr, "gpu_check: %s and .md cannot be written: %s\n", path[0], strerror(errno));
    return ok ? 0 : 1;
}
