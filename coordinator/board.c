/* The board (board.h). */
#include "coordinator/board.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const uint32_t pm_bucket_ms[PM_N_BUCKETS] = {5,    10,   25,   50,    100,   250,    500,
                                             1000, 2500, 5000, 10000, 30000, 120000, 600000};

struct pm_board {
    pthread_mutex_t mutex;
    struct pm_board_view view;
};

enum pm_status pm_board_new(struct pm_board **out, struct pm_project *const *projects, size_t n,
                            struct pm_error *err)
{
    struct pm_board *board = calloc(1, sizeof *board);
    size_t n_rows = 0;
    for (size_t i = 0; i < n; i++) n_rows += projects[i]->n_versions;
    struct pm_board_row *row = calloc(n_rows + 1, sizeof *row);
    *out = NULL;
    if (!board || !row) {
        free(board);
        free(row);
        return pm_fail(err, PM_NO_MEMORY, "no memory for counters");
    }
    pthread_mutex_init(&board->mutex, NULL);
    board->view.row = row;
    for (size_t i = 0; i < n; i++)
        for (unsigned v = 0; v < projects[i]->n_versions; v++)
            row[board->view.n_rows++] =
                (struct pm_board_row){.project = projects[i]->id, .version = projects[i]->version[v].version};
    *out = board;
    return PM_OK;
}

void pm_board_free(struct pm_board **board)
{
    if (!*board) return;
    pm_board_view_fini(&(*board)->view);
    pthread_mutex_destroy(&(*board)->mutex);
    free(*board);
    *board = NULL;
}

static struct pm_board_row *find(struct pm_board *board, uint64_t project, const char *version)
{
    for (size_t i = 0; i < board->view.n_rows; i++) {
        struct pm_board_row *row = &board->view.row[i];
        if (row->project == project && strcmp(row->version, version) == 0) return row;
    }
    return NULL;
}

void pm_board_count(struct pm_board *board, uint64_t project, const char *version, enum pm_counter counter,
                    uint64_t n)
{
    pthread_mutex_lock(&board->mutex);
    struct pm_board_row *row = find(board, project, version);
    if (row) row->counter[counter] += n;
    pthread_mutex_unlock(&board->mutex);
}

static void observe(struct pm_histogram *h, uint32_t ms)
{
    size_t i = 0;
    while (i < PM_N_BUCKETS && ms > pm_bucket_ms[i]) i++;
    h->bucket[i]++;
    h->count++;
    h->sum_ms += ms;
}

void pm_board_times(struct pm_board *board, uint64_t project, const char *version, uint32_t witness_ms,
                    uint32_t prove_ms)
{
    pthread_mutex_lock(&board->mutex);
    struct pm_board_row *row = find(board, project, version);
    if (row) {
        observe(&row->witness, witness_ms);
        observe(&row->prove, prove_ms);
    }
    pthread_mutex_unlock(&board->mutex);
}

void pm_board_nodes(struct pm_board *board, const struct pm_board_node *nodes, size_t n)
{
    struct pm_board_node *copy = calloc(n + 1, sizeof *copy);
    if (!copy) return;
    if (n) memcpy(copy, nodes, n * sizeof *copy);
    pthread_mutex_lock(&board->mutex);
    struct pm_board_node *old = board->view.node;
    board->view.node = copy;
    board->view.n_nodes = n;
    pthread_mutex_unlock(&board->mutex);
    free(old);
}

void pm_board_pulse(struct pm_board *board, uint64_t now_ms, const char *trouble)
{
    pthread_mutex_lock(&board->mutex);
    board->view.pulse_ms = now_ms;
    snprintf(board->view.trouble, sizeof board->view.trouble, "%s", trouble ? trouble : "");
    pthread_mutex_unlock(&board->mutex);
}

enum pm_status pm_board_read(struct pm_board *board, struct pm_board_view *out, struct pm_error *err)
{
    pthread_mutex_lock(&board->mutex);
    *out = board->view;
    out->row = malloc((out->n_rows + 1) * sizeof *out->row);
    out->node = malloc((out->n_nodes + 1) * sizeof *out->node);
    bool ok = out->row && out->node;
    if (ok && out->n_rows) memcpy(out->row, board->view.row, out->n_rows * sizeof *out->row);
    if (ok && out->n_nodes) memcpy(out->node, board->view.node, out->n_nodes * sizeof *out->node);
    pthread_mutex_unlock(&board->mutex);
    if (ok) return PM_OK;
    pm_board_view_fini(out);
    return pm_fail(err, PM_NO_MEMORY, "no memory");
}

void pm_board_view_fini(struct pm_board_view *view)
{
    free(view->row);
    free(view->node);
    *view = (struct pm_board_view){0};
}
