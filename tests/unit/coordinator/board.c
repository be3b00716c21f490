/* The board: counters by project and version, histograms, nodes, pulse; and that a view is a copy. */
#include "coordinator/board.h"
#include "test.h"

PM_TEST(counts_and_times)
{
    struct pm_project_version versions[2] = {{.version = (char[]){"1.0"}}, {.version = (char[]){"2.0"}}};
    struct pm_project project = {.id = 5, .n_versions = 2, .version = versions}, *list[] = {&project};
    struct pm_board *board = NULL;
    struct pm_board_view view;
    struct pm_error err;
    CHECK_OK(pm_board_new(&board, list, 1, &err), err);
    pm_board_count(board, 5, "2.0", PM_COUNT_PACKED, 3);
    pm_board_count(board, 5, "3.0", PM_COUNT_PACKED, 3); /* no such version: nothing happens */
    pm_board_count(board, 6, "1.0", PM_COUNT_PACKED, 3);
    pm_board_times(board, 5, "1.0", 5, 6);
    pm_board_times(board, 5, "1.0", 700000, 1000);
    struct pm_board_node node = {.node = 9, .slots = 2};
    pm_board_nodes(board, &node, 1);
    pm_board_pulse(board, 44, "disk full");
    CHECK_OK(pm_board_read(board, &view, &err), err);
    pm_board_pulse(board, 45, NULL);
    pm_board_nodes(board, NULL, 0);
    CHECK_U64(view.n_rows, 2);
    CHECK_U64(view.row[1].counter[PM_COUNT_PACKED], 3);
    CHECK_U64(view.row[0].counter[PM_COUNT_PACKED], 0);
    CHECK_U64(view.row[0].witness.bucket[0], 1);
    CHECK_U64(view.row[0].witness.bucket[PM_N_BUCKETS], 1);
    CHECK_U64(view.row[0].prove.bucket[1], 1);
    CHECK_U64(view.row[0].prove.bucket[7], 1);
    CHECK_U64(view.row[0].prove.sum_ms, 1006);
    CHECK_U64(view.n_nodes, 1);
    CHECK_U64(view.node[0].node, 9);
    CHECK_U64(view.pulse_ms, 44);
    CHECK_STR(view.trouble, "disk full");
    pm_board_view_fini(&view);
    CHECK_OK(pm_board_read(board, &view, &err), err);
    CHECK_STR(view.trouble, "");
    CHECK_U64(view.n_nodes, 0);
    pm_board_view_fini(&view);
    pm_board_free(&board);
    pm_board_free(&board);
}

PM_TEST(bucket_bounds_ascend)
{
    for (int i = 1; i < PM_N_BUCKETS; i++) CHECK(pm_bucket_ms[i] > pm_bucket_ms[i - 1]);
}
