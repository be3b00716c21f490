/* bench: measures this machine. What is measured, and how it is checked first, is measure/'s. */
#include "cli/cli.h"
#include "measure/measure.h"

#include <stdio.h>
#include <string.h>

enum { default_runs = 5 };

struct rows {
    json_t *array;
    bool print; /* as they come: a benchmark is long */
};

static void take_row(void *ctx, const struct pm_measure_row *row)
{
    struct rows *rows = ctx;
    char text[1024];
    (void)pm_measure_row_json(text, sizeof text, row);
    json_array_append_new(rows->array, json_loads(text, 0, NULL));
    if (!rows->print) return;
    (void)pm_measure_row_text(text, sizeof text, row);
    puts(text);
    (void)fflush(stdout);
}

/* "all" or one of the questions. */
static bool is_question(const char *name)
{
    bool known = strcmp(name, "all") == 0;
    for (const struct pm_measure_question *q = pm_measure_questions; q->name; q++)
        known = known || strcmp(name, q->name) == 0;
    return known;
}

enum pm_status cmd_bench(struct pm_cli *cli, json_t **result)
{
    const char *name = cli->n_args ? cli->arg[0] : "all";
    struct pm_measure_options options = {.curve = pm_curve_by_name(cli->curve),
                                         .device = cli->device,
                                         .threads = cli->threads,
                                         .log2_n = cli->log2,
                                         .runs = cli->runs ? cli->runs : default_runs,
                                         .table_bytes = (size_t)cli->tables_mib << 20};
    struct rows rows = {.print = !cli->json};
    struct pm_measure_machine machine;
    char text[512];
    if (!is_question(name))
        return pm_fail(&cli->err, PM_USAGE, "\"%s\" is none of field, ntt, msm, prove, verify, all", name);
    if (!options.curve)
        return pm_fail(&cli->err, PM_UNSUPPORTED, "curve \"%s\" is not supported", cli->curve);
    rows.array = json_array();
    pm_measure_machine(&machine, options.curve);
    (void)pm_measure_machine_json(text, sizeof text, &machine);
    *result = json_pack("{s:o, s:s, s:o}", "machine", json_loads(text, 0, NULL), "curve", options.curve->name,
                        "rows", rows.array);
    if (rows.print) {
        (void)pm_measure_machine_text(text, sizeof text, &machine);
        puts(text);
    }
    enum pm_status status = PM_OK;
    for (const struct pm_measure_question *q = pm_measure_questions; q->name && status == PM_OK; q++)
        if (strcmp(name, "all") == 0 || strcmp(name, q->name) == 0)
            status = q->run(&options, take_row, &rows, &cli->err);
    return status;
}

void show_bench(json_t *result) { (void)result; } /* the rows were printed as they came */
