/* The main function of the programs here: one question of host/measure/, on a machine that has libc and
 * nothing else (no JSON library, no command line). Header-only; each program includes it once. Where those
 * libraries are, `proofmill bench` does the same. */
#ifndef PM_BENCH_BENCH_H
#define PM_BENCH_BENCH_H

#include "measure/measure.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench_out {
    bool json;
    unsigned rows;
};

static void bench_row(void *ctx, const struct pm_measure_row *row)
{
    struct bench_out *out = ctx;
    char text[1024];
    (void)(out->json ? pm_measure_row_json : pm_measure_row_text)(text, sizeof text, row);
    printf("%s%s", out->json ? (out->rows ? ",\n  " : "\n  ") : "", text);
    if (!out->json) putchar('\n');
    (void)fflush(stdout);
    out->rows++;
}

static int bench_usage(const char *program)
{
    fprintf(stderr, "usage: %s [--log2 N] [--runs N] [--threads N] [--curve NAME] [--device NAME] [--json]\n",
            program);
    return 2;
}

/* True if argv[*i] is that option; *value is then the number behind it, or -1. */
static bool bench_number(int argc, char **argv, int *i, const char *name, long *value)
{
    if (strcmp(argv[*i], name) != 0) return false;
    char *end = NULL;
    *value = *i + 1 < argc ? strtol(argv[*i + 1], &end, 10) : -1;
    if (!end || end == argv[*i + 1] || *end || *value > 4096) *value = -1;
    (*i)++;
    return true;
}

static int bench_main(int argc, char **argv, pm_measure_fn *question)
{
    struct pm_measure_options options = {.curve = pm_curve_by_name("bn128"), .device = "auto", .runs = 5};
    struct bench_out out = {false, 0};
    struct pm_measure_machine machine;
    struct pm_error err = {0};
    char text[512];
    for (int i = 1; i < argc; i++) {
        long n = 0;
        if (strcmp(argv[i], "--json") == 0)
            out.json = true;
        else if (strcmp(argv[i], "--curve") == 0 && i + 1 < argc)
            options.curve = pm_curve_by_name(argv[++i]);
        else if (strcmp(argv[i], "--device") == 0 && i + 1 < argc)
            options.device = argv[++i];
        else if (bench_number(argc, argv, &i, "--log2", &n))
            options.log2_n = (unsigned)n;
        else if (bench_number(argc, argv, &i, "--runs", &n))
            options.runs = (unsigned)n;
        else if (bench_number(argc, argv, &i, "--threads", &n))
            options.threads = (unsigned)n;
        else
            return bench_usage(argv[0]);
        if (n < 0) return bench_usage(argv[0]);
    }
    if (!options.curve) return bench_usage(argv[0]);
    pm_measure_machine(&machine, options.curve);
    (void)(out.json ? pm_measure_machine_json : pm_measure_machine_text)(text, sizeof text, &machine);
    if (out.json)
        printf("{\"machine\": %s, \"curve\": \"%s\", \"rows\": [", text, options.curve->name);
    else
        puts(text);
    enum pm_status status = question(&options, bench_row, &out, &err);
    if (out.json) printf("\n], \"ok\": %s}\n", status == PM_OK ? "true" : "false");
    if (status != PM_OK) fprintf(stderr, "%s: %s\n", argv[0], err.text);
    return pm_status_exit_code(status);
}

#endif
