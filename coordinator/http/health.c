/* /live, /ready and /metrics (the text format of Prometheus, version 0.0.4). */
#include "coordinator/http/request.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum MHD_Result pm_http_live(struct pm_request *request)
{
    return pm_http_json(request, MHD_HTTP_OK, json_pack("{s:b,s:s}", "live", 1, "version", PM_VERSION));
}

/* What keeps the coordinator from working, or "". */
static void trouble(struct pm_http *http, char *out, size_t size)
{
    struct pm_board_view view;
    out[0] = 0;
    if (pm_board_read(http->options.board, &view, NULL) != PM_OK) {
        snprintf(out, size, "no memory");
        return;
    }
    uint64_t now_ms = pm_clock_ms();
    if (view.pulse_ms == 0)
        snprintf(out, size, "the loop has not started yet");
    else if (now_ms > view.pulse_ms && now_ms - view.pulse_ms > http->options.pulse_ms)
        snprintf(out, size, "the loop has stood still for %" PRIu64 " ms", now_ms - view.pulse_ms);
    else
        snprintf(out, size, "%s", view.trouble);
    pm_board_view_fini(&view);
}

/* The ledger and the loop decide; a chain that lets us wait is told, but tasks are proved and kept meanwhile.
 */
enum MHD_Result pm_http_ready(struct pm_request *request)
{
    struct pm_http *http = request->http;
    struct pm_outbox_stats stats = {0};
    char text[300];
    const char *chain = "none";
    trouble(http, text, sizeof text);
    if (http->options.outbox_stats) {
        http->options.outbox_stats(http->options.outbox_ctx, &stats);
        chain = stats.waiting_for[0] ? stats.waiting_for : "ok";
    }
    bool ready = text[0] == 0;
    json_t *json = json_pack("{s:b,s:s,s:s,s:I,s:s,s:s}", "ready", (int)ready, "ledger", ready ? "ok" : text,
                             "chain", chain, "projects", (json_int_t)http->options.n_projects, "pool",
                             http->pool, "version", PM_VERSION);
    return pm_http_json(request, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, json);
}

/* -- metrics -- */

struct metric {
    const char *name, *help;
};
static const struct metric counters[PM_N_COUNTERS] = {
    [PM_COUNT_MESSAGES] = {"messages", "Messages that came in and were new."},
    [PM_COUNT_BAD_MESSAGES] = {"bad_messages", "Lines that can be no message."},
    [PM_COUNT_PACKED] = {"tasks_packed", "Tasks made from messages."},
    [PM_COUNT_DISPATCHED] = {"tasks_dispatched", "Tasks pushed to a node."},
    [PM_COUNT_RETRY] = {"tasks_retry", "Tasks pushed again after an attempt that failed."},
    [PM_COUNT_TIMEOUT] = {"tasks_timeout", "Leases that expired."},
    [PM_COUNT_SUCCEEDED] = {"tasks_succeeded", "Tasks whose proof was verified."},
    [PM_COUNT_REJECTED] = {"proofs_rejected",
                           "Proofs that did not verify or said something else than their task."},
    [PM_COUNT_FAILED] = {"tasks_failed", "Tasks given up before they were proved."},
};

/* A label's value: backslash, quote and line feed are escaped. */
static void print_label(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            fputs("\\n", out);
        else if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void print_labels(FILE *out, const struct pm_board_row *row)
{
    fprintf(out, "project=\"%" PRIu64 "\",version=\"", row->project);
    print_label(out, row->version);
    fputc('"', out);
}

static void print_counters(FILE *out, const struct pm_board_view *view)
{
    for (int c = 0; c < PM_N_COUNTERS; c++) {
        fprintf(out, "# HELP proofmill_%s_total %s\n# TYPE proofmill_%s_total counter\n", counters[c].name,
                counters[c].help, counters[c].name);
        for (size_t i = 0; i < view->n_rows; i++) {
            fprintf(out, "proofmill_%s_total{", counters[c].name);
            print_labels(out, &view->row[i]);
            fprintf(out, "} %" PRIu64 "\n", view->row[i].counter[c]);
        }
    }
}

static void print_histogram(FILE *out, const char *name, const struct pm_board_row *row,
                            const struct pm_histogram *h)
{
    uint64_t total = 0;
    for (int i = 0; i <= PM_N_BUCKETS; i++) {
        total += h->bucket[i];
        fprintf(out, "proofmill_%s_seconds_bucket{", name);
        print_labels(out, row);
        if (i < PM_N_BUCKETS)
            fprintf(out, ",le=\"%g\"} %" PRIu64 "\n", pm_bucket_ms[i] / 1e3, total);
        else
            fprintf(out, ",le=\"+Inf\"} %" PRIu64 "\n", total);
    }
    fprintf(out, "proofmill_%s_seconds_sum{", name);
    print_labels(out, row);
    fprintf(out, "} %.3f\nproofmill_%s_seconds_count{", (double)h->sum_ms / 1e3, name);
    print_labels(out, row);
    fprintf(out, "} %" PRIu64 "\n", h->count);
}

static void print_times(FILE *out, const struct pm_board_view *view)
{
    fputs("# HELP proofmill_witness_seconds Time that nodes took for a witness.\n# TYPE "
          "proofmill_witness_seconds histogram\n",
          out);
    for (size_t i = 0; i < view->n_rows; i++)
        print_histogram(out, "witness", &view->row[i], &view->row[i].witness);
    fputs("# HELP proofmill_prove_seconds Time that nodes took for a proof.\n# TYPE proofmill_prove_seconds "
          "histogram\n",
          out);
    for (size_t i = 0; i < view->n_rows; i++)
        print_histogram(out, "prove", &view->row[i], &view->row[i].prove);
}

static void gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
    fprintf(out, "# HELP proofmill_%s %s\n# TYPE proofmill_%s gauge\nproofmill_%s %" PRIu64 "\n", name, help,
            name, name, value);
}

static void print_ledger(FILE *out, const struct pm_ledger_counts *counts)
{
    fputs("# HELP proofmill_tasks Tasks by state.\n# TYPE proofmill_tasks gauge\n", out);
    for (int s = PM_TASK_PACKED; s <= PM_TASK_FAILED; s++)
        fprintf(out, "proofmill_tasks{state=\"%s\"} %" PRIu64 "\n", pm_task_state_name((enum pm_task_state)s),
                counts->tasks[s]);
    gauge(out, "messages", "Messages in the ledger.", counts->messages);
    gauge(out, "waiting_messages", "Messages that are in no task yet.", counts->waiting_messages);
    gauge(out, "nodes_known", "Nodes that ever logged in.", counts->nodes);
    gauge(out, "open_leases", "Tasks that nodes work on.", counts->open_leases);
}

static void print_nodes(FILE *out, const struct pm_board_view *view)
{
    uint64_t busy = 0, slots = 0;
    for (size_t i = 0; i < view->n_nodes; i++) {
        busy += view->node[i].busy;
        slots += view->node[i].slots;
    }
    gauge(out, "nodes_online", "Nodes that are logged in.", view->n_nodes);
    gauge(out, "slots", "Tasks that the nodes online can work on at a time.", slots);
    gauge(out, "slots_busy", "Tasks that they work on.", busy);
}

static void print_outbox(FILE *out, const struct pm_http *http)
{
    struct pm_outbox_stats s = {0};
    if (!http->options.outbox_stats) return;
    http->options.outbox_stats(http->options.outbox_ctx, &s);
    const struct {
        const char *name;
        uint64_t value;
    } events[] = {{"submitted", s.submitted},       {"resent", s.resent},       {"replaced", s.replaced},
                  {"settled", s.settled},           {"returned", s.returned},   {"refused", s.refused},
                  {"unsettleable", s.unsettleable}, {"rpc_error", s.rpc_errors}};
    fputs("# HELP proofmill_outbox_events_total What became of transactions.\n"
          "# TYPE proofmill_outbox_events_total counter\n",
          out);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        fprintf(out, "proofmill_outbox_events_total{event=\"%s\"} %" PRIu64 "\n", events[i].name,
                events[i].value);
    fprintf(out,
            "# HELP proofmill_outbox_gas_total Gas of transactions that came to their end.\n"
            "# TYPE proofmill_outbox_gas_total counter\nproofmill_outbox_gas_total %" PRIu64 "\n",
            s.gas_spent);
    gauge(out, "outbox_alive", "Nonces that are signed and not final.", s.alive);
    gauge(out, "outbox_waits", "1 when something keeps transactions from being sent.", s.waiting_for[0] != 0);
}

enum MHD_Result pm_http_metrics(struct pm_request *request)
{
    struct pm_http *http = request->http;
    struct pm_ledger_counts counts;
    struct pm_board_view view;
    struct pm_error err;
    char *text = NULL;
    size_t len = 0;
    pthread_mutex_lock(&http->read_mutex);
    enum pm_status status = pm_ledger_counts(http->read_ledger, &counts, &err);
    pthread_mutex_unlock(&http->read_mutex);
    if (status == PM_OK) status = pm_board_read(http->options.board, &view, &err);
    if (status != PM_OK) return pm_http_fail_status(request, &err);
    FILE *out = open_memstream(&text, &len);
    if (out) {
        fprintf(out, "# HELP proofmill_build_info The version.\n# TYPE proofmill_build_info gauge\n"
                     "proofmill_build_info{version=\"" PM_VERSION "\"} 1\n");
        print_ledger(out, &counts);
        print_nodes(out, &view);
        print_counters(out, &view);
        print_times(out, &view);
        print_outbox(out, http);
        if (fclose(out) != 0) {
            free(text);
            text = NULL;
        }
    }
    pm_board_view_fini(&view);
    if (!text) return MHD_NO;
    return pm_http_text(request, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text, len);
}
