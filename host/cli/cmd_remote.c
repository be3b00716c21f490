/* submit, tasks, nodes, explain: asking a coordinator over its HTTP API. Field names are the API's
 * (coordinator/README.md). */
#include "cli/http.h"
#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { max_messages_bytes = 16 << 20 };

static const char *text(json_t *row, const char *key)
{
    const char *s = json_string_value(json_object_get(row, key));
    return s ? s : "-";
}

/* A number or a text, as text. */
static const char *any(char out[24], json_t *row, const char *key)
{
    json_t *value = json_object_get(row, key);
    if (!json_is_integer(value)) return text(row, key);
    (void)snprintf(out, 24, "%lld", (long long)json_integer_value(value));
    return out;
}

static long long number(json_t *row, const char *key)
{
    return (long long)json_integer_value(json_object_get(row, key));
}

/* "12:34:56.789" of wall-clock milliseconds, in UTC. */
static const char *clock_text(char out[16], long long at_ms)
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm utc;
    (void)gmtime_r(&seconds, &utc);
    size_t n = strftime(out, 16, "%H:%M:%S", &utc);
    (void)snprintf(out + n, 16 - n, ".%03lld", at_ms % 1000);
    return out;
}

/* Standard input, whole. */
static enum pm_status read_input(char **out, struct pm_error *err)
{
    size_t len = 0;
    char *all = malloc(max_messages_bytes + 1);
    if (!all) return pm_fail(err, PM_NO_MEMORY, "no memory for %d bytes of messages", max_messages_bytes);
    for (size_t n;
         len < max_messages_bytes && (n = fread(all + len, 1, max_messages_bytes - len, stdin)) > 0;)
        len += n;
    all[len] = '\0';
    if (ferror(stdin) || !feof(stdin) || strlen(all) != len) {
        free(all);
        return pm_fail(err, PM_FORMAT, "standard input: expected text of less than %d bytes",
                       max_messages_bytes);
    }
    *out = all;
    return PM_OK;
}

static enum pm_status read_messages(char **out, struct pm_cli *cli, const char *path)
{
    size_t len = 0;
    if (strcmp(path, "-") == 0) return read_input(out, &cli->err);
    return pm_json_load(out, &len, path, max_messages_bytes, &cli->err);
}

/* Good lines were taken though others were not; a script must learn of those. */
static enum pm_status check_lines(json_t *answer, struct pm_cli *cli)
{
    json_t *errors = json_object_get(answer, "errors"), *first = json_array_get(errors, 0);
    if (!first) return PM_OK;
    return pm_fail(&cli->err, PM_FORMAT, "%zu lines are no messages, %lld were accepted; line %lld: %s",
                   json_array_size(errors), number(answer, "accepted"), number(first, "line"),
                   text(first, "text"));
}

enum pm_status cmd_submit(struct pm_cli *cli, json_t **result)
{
    char path[160], *messages;
    if (strspn(cli->arg[0], "0123456789") != strlen(cli->arg[0]) || strlen(cli->arg[0]) > 20)
        return pm_fail(&cli->err, PM_USAGE, "a project's id is a number, not \"%s\"", cli->arg[0]);
    PM_TRY(read_messages(&messages, cli, cli->arg[1]));
    (void)snprintf(path, sizeof path, "/v1/projects/%s/messages", cli->arg[0]);
    enum pm_status status = cli_http(result, cli, path, messages);
    free(messages);
    return status == PM_OK ? check_lines(*result, cli) : status;
}

enum pm_status cmd_tasks(struct pm_cli *cli, json_t **result)
{
    char path[256];
    if (cli->project && strspn(cli->project, "0123456789") != strlen(cli->project))
        return pm_fail(&cli->err, PM_USAGE, "--project wants a number, not \"%s\"", cli->project);
    if (cli->state && strspn(cli->state, "abcdefghijklmnopqrstuvwxyz") != strlen(cli->state))
        return pm_fail(&cli->err, PM_USAGE, "--state wants a state's name, not \"%s\"", cli->state);
    (void)snprintf(path, sizeof path, "/v1/tasks?limit=%u%s%.20s%s%.20s", cli->limit,
                   cli->project ? "&project=" : "", cli->project ? cli->project : "",
                   cli->state ? "&state=" : "", cli->state ? cli->state : "");
    return cli_http(result, cli, path, NULL);
}

void show_tasks(json_t *result)
{
    size_t i;
    json_t *t;
    printf("%-18s  %7s  %-10s  %-16s  %8s  %8s  %-12s  %8s\n", "task", "project", "state", "group",
           "messages", "attempts", "prover", "proof");
    json_array_foreach(json_object_get(result, "tasks"), i, t)
    {
        char ms[24] = "-", project[24];
        if (json_is_integer(json_object_get(t, "prove_ms")))
            (void)snprintf(ms, sizeof ms, "%lld ms", number(t, "prove_ms"));
        printf("%.18s  %7s  %-10s  %-16.16s  %8lld  %8lld  %-12.12s  %8s\n", text(t, "id"),
               any(project, t, "project"), text(t, "state"), text(t, "group"), number(t, "n_messages"),
               number(t, "attempts"), text(t, "node_name"), ms);
    }
}

enum pm_status cmd_nodes(struct pm_cli *cli, json_t **result)
{
    return cli_http(result, cli, "/v1/nodes", NULL);
}

void show_nodes(json_t *result)
{
    size_t i;
    json_t *n;
    printf("%4s  %-16s  %-7s  %8s  %8s  %6s  %s\n", "node", "name", "online", "proofs", "failures", "leases",
           "device");
    json_array_foreach(json_object_get(result, "nodes"), i, n)
    {
        printf("%4lld  %-16.16s  %-7s  %8lld  %8lld  %6lld  %s\n", number(n, "id"), text(n, "name"),
               json_is_true(json_object_get(n, "online")) ? "yes" : "no", number(n, "proofs"),
               number(n, "failures"), number(n, "open_leases"), text(n, "device"));
    }
}

/* A prefix of an id: the one recent task that begins with it. */
static enum pm_status find_task(char id[67], struct pm_cli *cli, const char *prefix)
{
    json_t *list, *t;
    size_t i, found = 0;
    if (strlen(prefix) < 4 || strlen(prefix) > 66)
        return pm_fail(&cli->err, PM_USAGE,
                       "a task's id has 66 characters, of which at least 4 are needed: \"%.80s\"", prefix);
    (void)snprintf(id, 67, "%s", prefix);
    if (strlen(prefix) == 66) return PM_OK;
    PM_TRY(cli_http(&list, cli, "/v1/tasks?limit=1000", NULL));
    json_array_foreach(json_object_get(list, "tasks"), i, t)
    {
        if (strncmp(text(t, "id"), prefix, strlen(prefix)) != 0) continue;
        (void)snprintf(id, 67, "%s", text(t, "id"));
        found++;
    }
    json_decref(list);
    if (found == 1) return PM_OK;
    return pm_fail(&cli->err, PM_NOT_FOUND, "%zu of the newest 1000 tasks begin with \"%s\"; expected one",
                   found, prefix);
}

enum pm_status cmd_explain(struct pm_cli *cli, json_t **result)
{
    char id[67], path[128];
    PM_TRY(find_task(id, cli, cli->arg[0]));
    if (strspn(id, "0123456789abcdefABCDEFx") != strlen(id))
        return pm_fail(&cli->err, PM_USAGE, "a task's id is hexadecimal, not \"%s\"", id);
    (void)snprintf(path, sizeof path, "/v1/tasks/%s", id);
    return cli_http(result, cli, path, NULL);
}

void show_explain(json_t *result)
{
    size_t i;
    json_t *row;
    char at[16], project[24];
    printf("task %s\n", text(result, "id"));
    printf("  project %s version %s, group %s, %lld messages\n", any(project, result, "project"),
           text(result, "version"), text(result, "group"), number(result, "n_messages"));
    printf("  state: %s after %lld attempts\n\n", text(result, "state"), number(result, "attempts"));
    json_array_foreach(json_object_get(result, "history"), i, row)
    {
        printf("  %s  %-12s -> %-10s  %-12s %s\n", clock_text(at, number(row, "at_ms")), text(row, "event"),
               text(row, "to"), text(row, "node_name"), text(row, "detail"));
    }
    json_array_foreach(json_object_get(result, "transactions"), i, row)
    {
        if (i == 0) printf("\n");
        printf("  transaction %s  nonce %lld  %s\n", text(row, "hash"), number(row, "nonce"),
               text(row, "state"));
    }
}
