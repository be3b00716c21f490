/* JSON-RPC calls over libcurl: no redirects, http and https only, bounded in time and size. Next: eth.c. */
#include "coordinator/chain/rpc.h"

#include "base/bytes.h"
#include "coordinator/chain/buf.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

struct pm_rpc {
    CURL *curl;
    struct curl_slist *headers;
    char name[320];
    size_t max_bytes;
    json_int_t next_id;
    struct pm_rpc_error last;
    char curl_error[CURL_ERROR_SIZE];
};

struct answer {
    char *text;
    size_t len, max;
    bool too_long, no_memory;
};

static size_t on_bytes(char *bytes, size_t size, size_t n, void *user)
{
    struct answer *a = user;
    size_t len = size * n;
    if (len > a->max - a->len) {
        a->too_long = true;
        return 0;
    }
    char *text = realloc(a->text, a->len + len + 1);
    if (!text) {
        a->no_memory = true;
        return 0;
    }
    memcpy(text + a->len, bytes, len);
    a->text = text;
    a->len += len;
    text[a->len] = '\0';
    return len;
}

static enum pm_status name_endpoint(char *out, size_t cap, const char *endpoint, struct pm_error *err)
{
    char *scheme = NULL, *host = NULL, *port = NULL;
    CURLU *url = curl_url();
    if (!url) return pm_fail(err, PM_NO_MEMORY, "no memory for a URL");
    bool ok = curl_url_set(url, CURLUPART_URL, endpoint, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
              (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
              (size_t)snprintf(out, cap, "%s://%s:%s", scheme, host, port) < cap;
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
    return ok ? PM_OK : pm_fail(err, PM_USAGE, "the chain's endpoint is no http:// or https:// URL");
}

enum pm_status pm_rpc_new(struct pm_rpc **out, const char *endpoint, const struct pm_rpc_options *options,
                          struct pm_error *err)
{
    *out = NULL;
    struct pm_rpc *rpc = calloc(1, sizeof *rpc);
    if (!rpc) return pm_fail(err, PM_NO_MEMORY, "no memory for an endpoint");
    enum pm_status status;
    PM_GOTO(name_endpoint(rpc->name, sizeof rpc->name, endpoint, err));
    unsigned timeout_ms = options && options->timeout_ms ? options->timeout_ms : 10000;
    rpc->max_bytes = options && options->max_bytes ? options->max_bytes : (size_t)4 << 20;
    rpc->headers = curl_slist_append(NULL, "Content-Type: application/json");
    rpc->curl = curl_easy_init();
    if (!rpc->curl || !rpc->headers) PM_GOTO(pm_fail(err, PM_NO_MEMORY, "no memory for an HTTP client"));
    bool ok = curl_easy_setopt(rpc->curl, CURLOPT_URL, endpoint) == CURLE_OK &&
              curl_easy_setopt(rpc->curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
              curl_easy_setopt(rpc->curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
              curl_easy_setopt(rpc->curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
              curl_easy_setopt(rpc->curl, CURLOPT_NOPROXY, "127.0.0.1,localhost,::1") == CURLE_OK &&
              curl_easy_setopt(rpc->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms) == CURLE_OK &&
              curl_easy_setopt(rpc->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms) == CURLE_OK &&
              curl_easy_setopt(rpc->curl, CURLOPT_HTTPHEADER, rpc->headers) == CURLE_OK &&
              curl_easy_setopt(rpc->curl, CURLOPT_ERRORBUFFER, rpc->curl_error) == CURLE_OK &&
              curl_easy_setopt(rpc->curl, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK;
    if (!ok) PM_GOTO(pm_fail(err, PM_INTERNAL, "the HTTP client refused its options"));
    *out = rpc;
    return PM_OK;
out:
    pm_rpc_free(&rpc);
    return status;
}

void pm_rpc_free(struct pm_rpc **rpc)
{
    if (!*rpc) return;
    curl_easy_cleanup((*rpc)->curl);
    curl_slist_free_all((*rpc)->headers);
    free(*rpc);
    *rpc = NULL;
}

const char *pm_rpc_name(const struct pm_rpc *rpc) { return rpc->name; }

const struct pm_rpc_error *pm_rpc_last(const struct pm_rpc *rpc) { return &rpc->last; }

static enum pm_status post(struct pm_rpc *rpc, struct answer *a, const char *method, const char *body,
                           struct pm_error *err)
{
    long http = 0;
    rpc->curl_error[0] = '\0';
    curl_easy_setopt(rpc->curl, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(rpc->curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(rpc->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
    CURLcode code = curl_easy_perform(rpc->curl);
    if (a->no_memory) return pm_fail(err, PM_NO_MEMORY, "no memory for the answer of %s", rpc->name);
    if (a->too_long) {
        memset(&rpc->last, 0, sizeof rpc->last);
        rpc->last.too_long = true;
        snprintf(rpc->last.message, sizeof rpc->last.message, "the answer has more than %zu bytes", a->max);
        return pm_fail(err, PM_CHAIN, "%s: %s: %s", rpc->name, method, rpc->last.message);
    }
    if (code !=
        CURLE_OK) /* curl's own text may quote the URL with its path; its table of messages does not */
        return pm_fail(err, PM_NETWORK, "%s: %s: %s", rpc->name, method, curl_easy_strerror(code));
    curl_easy_getinfo(rpc->curl, CURLINFO_RESPONSE_CODE, &http);
    /* Some endpoints put a proper JSON-RPC error under 400; overload and redirects are no answers. */
    if (http != 200 && http != 400)
        return pm_fail(err, PM_NETWORK, "%s: %s: HTTP status %ld", rpc->name, method, http);
    return PM_OK;
}

/* "data" is the revert's bytes as hex, or an object that has them under "data" or "result" in some clients.
 */
static void keep_data(struct pm_rpc_error *last, const json_t *data)
{
    if (json_is_object(data)) {
        const json_t *inner = json_object_get(data, "data");
        data = inner ? inner : json_object_get(data, "result");
    }
    const char *hex = json_string_value(data);
    struct pm_buf bytes = {0};
    if (hex && pm_buf_add_hex(&bytes, hex)) {
        last->data_len = bytes.len < sizeof last->data ? bytes.len : sizeof last->data;
        if (last->data_len) memcpy(last->data, bytes.data, last->data_len);
    }
    pm_buf_fini(&bytes);
}

static enum pm_status keep_error(struct pm_rpc *rpc, const char *method, const json_t *error,
                                 struct pm_error *err)
{
    const json_t *code = json_object_get(error, "code");
    const char *message = json_string_value(json_object_get(error, "message"));
    if (!json_is_integer(code) || !message)
        return pm_fail(err, PM_NETWORK, "%s: %s: an error object without code and message", rpc->name,
                       method);
    memset(&rpc->last, 0, sizeof rpc->last);
    rpc->last.code = json_integer_value(code);
    snprintf(rpc->last.message, sizeof rpc->last.message, "%s", message);
    for (char *p = rpc->last.message; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?';
    keep_data(&rpc->last, json_object_get(error, "data"));
    /* -32005 and 429: too many requests. That is no answer to what was asked. */
    enum pm_status status = rpc->last.code == -32005 || rpc->last.code == 429 ? PM_NETWORK : PM_CHAIN;
    return pm_fail(err, status, "%s: %s: %s (code %lld)", rpc->name, method, rpc->last.message,
                   (long long)rpc->last.code);
}

static enum pm_status parse(struct pm_rpc *rpc, json_t **result, const char *method, json_int_t id,
                            const struct answer *a, struct pm_error *err)
{
    json_error_t je;
    /* NUL is allowed: error messages quote what contracts revert with, and must not make the answer
     * unreadable. */
    json_t *root = a->text ? json_loadb(a->text, a->len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &je) : NULL;
    if (!root) return pm_fail(err, PM_NETWORK, "%s: %s: the answer is no JSON", rpc->name, method);
    enum pm_status status = PM_OK;
    const json_t *error = json_object_get(root, "error"), *got_id = json_object_get(root, "id");
    json_t *value = json_object_get(root, "result");
    bool has_error = error && !json_is_null(error);
    if (!json_is_object(root)) {
        status = pm_fail(err, PM_NETWORK, "%s: %s: the answer is no JSON object", rpc->name, method);
    } else if (!(json_is_integer(got_id) && json_integer_value(got_id) == id) &&
               !(has_error && json_is_null(got_id))) {
        status = pm_fail(err, PM_NETWORK, "%s: %s: the answer's id is not that of the question", rpc->name,
                         method);
    } else if (has_error) {
        status = keep_error(rpc, method, error, err);
    } else if (!value) {
        status =
            pm_fail(err, PM_NETWORK, "%s: %s: the answer has neither result nor error", rpc->name, method);
    } else {
        *result = json_incref(value);
    }
    json_decref(root);
    return status;
}

enum pm_status pm_rpc_call(struct pm_rpc *rpc, json_t **result, const char *method, json_t *params,
                           struct pm_error *err)
{
    struct answer a = {.max = rpc->max_bytes};
    json_int_t id = ++rpc->next_id;
    *result = NULL;
    json_t *request = params ? json_pack("{s:s, s:I, s:s, s:O}", "jsonrpc", "2.0", "id", id, "method", method,
                                         "params", params)
                             : NULL;
    char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    json_decref(params);
    if (!body) return pm_fail(err, PM_NO_MEMORY, "no memory for a call of %s", method);
    enum pm_status status = post(rpc, &a, method, body, err);
    if (status == PM_OK) status = parse(rpc, result, method, id, &a, err);
    free(a.text);
    free(body);
    return status;
}
