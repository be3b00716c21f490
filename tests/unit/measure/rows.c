/* Statistics and the texts of rows and machines. */
#include "measure/inside.h"
#include "measure/measure.h"
#include "test.h"

static void take(void *ctx, const struct pm_measure_row *row) { *(struct pm_measure_row *)ctx = *row; }

PM_TEST(minimum_and_median)
{
    static const struct {
        unsigned n;
        uint64_t ns[5];
        double min, median;
    } cases[] = {{1, {7}, 7, 7},
                 {2, {9, 4}, 4, 6.5},
                 {3, {9, 1, 2}, 1, 2},
                 {4, {8, 1, 9, 3}, 1, 5.5},
                 {5, {5, 1, 4, 2, 3}, 1, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_measure_options o = {.curve = pm_curve_by_name("bn128"), .threads = 1, .runs = cases[i].n};
        struct pm_measure_row row;
        struct measure m;
        struct pm_error err;
        uint64_t ns[5];
        memcpy(ns, cases[i].ns, sizeof ns);
        CHECK_U64(measure_begin(&m, "q", 3, false, &o, take, &row, &err), PM_OK);
        measure_given(&m, "w", "i", 4, ns, 12);
        CHECK(row.min_ns == cases[i].min && row.median_ns == cases[i].median);
        CHECK_U64(row.size, 8);
        CHECK_U64(row.items, 4);
        CHECK_U64(row.peak_bytes, 12);
        measure_end(&m);
    }
}

PM_TEST(texts)
{
    struct pm_measure_row row = {.question = "ntt",
                                 .what = "forward",
                                 .item = "butterfly",
                                 .size = 8,
                                 .items = 12,
                                 .threads = 2,
                                 .runs = 5,
                                 .min_ns = 1200,
                                 .median_ns = 2400000,
                                 .peak_bytes = 3000000};
    char text[1024];
    CHECK(pm_measure_row_text(text, sizeof text, &row) < (int)sizeof text);
    CHECK_MSG(strstr(text, "1.2 us") && strstr(text, "2.4 ms") && strstr(text, "200 us per butterfly") &&
                  strstr(text, "peak 3 MB"),
              "%s", text);
    CHECK(pm_measure_row_json(text, sizeof text, &row) < (int)sizeof text);
    CHECK_STR(text,
              "{\"question\": \"ntt\", \"what\": \"forward\", \"size\": 8, \"threads\": 2, \"runs\": 5, "
              "\"min_ns\": 1200, \"median_ns\": 2400000, \"items\": 12, \"item\": \"butterfly\", "
              "\"median_ns_per_item\": 2e+05, \"peak_bytes\": 3000000}");
    row.device_bytes = 5;
    row.device_planned_bytes = 6;
    CHECK(pm_measure_row_json(text, sizeof text, &row) < (int)sizeof text);
    CHECK_MSG(strstr(text, "000000, \"device_bytes\": 5, \"device_planned_bytes\": 6}") != NULL, "%s", text);
    struct pm_measure_machine machine;
    pm_measure_machine(&machine, pm_curve_by_name("bn128"));
    CHECK(machine.cpus > 0 && *machine.cpu && *machine.commit);
    CHECK(pm_measure_machine_text(text, sizeof text, &machine) > 0 && strstr(text, machine.build) != NULL);
    CHECK(pm_measure_machine_json(text, sizeof text, &machine) > 0 && text[0] == '{');
}
