/* The files that outlast a call. See journal.h. */
#include "journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void path_of(char *out, size_t size, const struct check *check, const char *stage)
{
    (void)snprintf(out, size, "%s/%s.jsonl", check->out, stage);
}

void journal_each(const struct check *check, const char *stage, void (*each)(void *ctx, struct slice line),
                  void *ctx)
{
    char path[600], *line = NULL;
    size_t room = 0;
    ssize_t n;
    path_of(path, sizeof path, check, stage);
    FILE *f = fopen(path, "r");
    while (f && (n = getline(&line, &room, f)) > 0) {
        struct slice value;
        if (scan_value(&value, line, (size_t)n) && *value.at == '{') each(ctx, value);
    }
    free(line);
    if (f) (void)fclose(f);
}

struct looked_for {
    const struct check *check;
    const struct item *item;
    bool passed;
};

static void look(void *ctx, struct slice line)
{
    struct looked_for *l = ctx;
    const struct check *c = l->check;
    if (scan_is(line, "item", l->item->name) && scan_is(line, "build", c->build) &&
        scan_is(line, "device", c->device) && scan_is(line, "device_text", c->device_text) &&
        (scan_number(line, "tiny") != 0) == c->tiny)
        l->passed = scan_is(line, "result", result_name(RESULT_PASS));
}

bool journal_passed(const struct check *check, const struct item *item)
{
    struct looked_for l = {check, item, false};
    journal_each(check, item->stage, look, &l);
    return l.passed;
}

/* Rows are lines of JSON in a file of their own; a last one that was cut off is left out. */
static void write_rows(FILE *out, const char *path)
{
    char *line = NULL;
    size_t room = 0, rows = 0;
    ssize_t n;
    FILE *f = fopen(path, "r");
    while (f && (n = getline(&line, &room, f)) > 0) {
        struct slice value;
        if (!scan_value(&value, line, (size_t)n)) continue;
        (void)fputs(rows++ ? ", " : "", out);
        (void)fwrite(value.at, 1, value.n, out);
    }
    free(line);
    if (f) (void)fclose(f);
}

static void write_line(FILE *f, const struct check *check, const struct item *item,
                       const struct outcome *outcome)
{
    static const char *const kinds[] = {
        [PM_SYNTH_WIDE] = "wide", [PM_SYNTH_MIXED] = "mixed", [PM_SYNTH_BITS] = "bits"};
    char when[32];
    time_t now = time(NULL);
    struct tm utc;
    struct pm_measure_machine machine;
    pm_measure_machine(&machine, pm_curve_by_name("bn128"));
    (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    const struct {
        const char *key, *text;
    } texts[] = {{"stage", item->stage},
                 {"item", item->name},
                 {"result", result_name(outcome->result)},
                 {"why", outcome->why},
                 {"ended", when},
                 {"curve", item->curve ? item->curve->name : ""},
                 {"kind", item->curve ? kinds[item->kind] : ""},
                 {"device", check->device},
                 {"device_text", check->device_text},
                 {"driver", check->driver},
                 {"commit", machine.commit},
                 {"build", check->build},
                 {"cpu", machine.cpu},
                 {"command", check->command}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        (void)fprintf(f, "%s\"%s\": ", i ? ", " : "{", texts[i].key);
        scan_write(f, texts[i].text);
    }
    (void)fprintf(f, ", \"cpus\": %u, \"tiny\": %d, \"wall_s\": %.3f, \"rows\": [", machine.cpus, check->tiny,
                  outcome->wall_s);
    write_rows(f, outcome->rows_path);
    (void)fputs("]}\n", f);
}

bool journal_add(const struct check *check, const struct item *item, const struct outcome *outcome)
{
    char path[600];
    path_of(path, sizeof path, check, item->stage);
    FILE *f = fopen(path, "a+");
    if (!f) return false;
    if (fseek(f, -1, SEEK_END) == 0 && getc(f) != '\n') (void)putc('\n', f);
    (void)fseek(f, 0, SEEK_END);
    write_line(f, check, item, outcome);
    bool ok = fflush(f) == 0 && fsync(fileno(f)) == 0;
    return fclose(f) == 0 && ok;
}
