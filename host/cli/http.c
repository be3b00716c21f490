/* libcurl, bounded in time and size. See http.h. */
#include "cli/http.h"
#include "base/bytes.h"
#include "json/json.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

enum { max_answer_bytes = 64 << 20 };

struct answer {
    char *text;
    size_t len;
};

static size_t collect(char *data, size_t size, size_t n, void *arg)
{
    struct answer *a = arg;
    size_t add = size * n;
    if (a->len + add > max_answer_bytes) return 0;
    char *grown = realloc(a->text, a->len + add + 1);
    if (!grown) return 0;
    memcpy(grown + a->len, data, add);
    a->text = grown;
    a->len += add;
    a->text[a->len] = '\0';
    return add;
}

static const char *base_url(const struct pm_cli *cli)
{
    const char *url = cli->url ? cli->url : getenv("PROOFMILL_URL");
    return url && *url ? url : "http://127.0.0.1:8080";
}

/* "Authorization: Bearer ..." from the token file, or NULL. */
static enum pm_status add_token(struct curl_slist **headers, struct pm_cli *cli)
{
    if (!cli->token_file) return PM_OK;
    char *token, line[1100];
    size_t len;
    PM_TRY(pm_json_load(&token, &len, cli->token_file, 1024, &cli->err));
    token[strcspn(token, "\r\n")] = '\0';
    (void)snprintf(line, sizeof line, "Authorization: Bearer %s", token);
    *headers = curl_slist_append(*headers, line);
    pm_wipe(line, sizeof line);
    pm_wipe(token, len);
    free(token);
    return PM_OK;
}

/* The server's own words where it said them: {"error": {"status": ..., "text": ...}}. */
static enum pm_status judge(struct pm_cli *cli, const char *url, long code, json_t *root)
{
    if (code >= 200 && code < 300 && root) return PM_OK;
    const char *text = json_string_value(json_object_get(json_object_get(root, "error"), "text"));
    enum pm_status status = code == 404                  ? PM_NOT_FOUND
                            : code == 401 || code == 403 ? PM_AUTH
                            : code == 400 || code == 413 ? PM_FORMAT /* of what was asked, or handed in */
                                                         : PM_PROTOCOL;
    if (text) return pm_fail(&cli->err, status, "%s: %s", url, text);
    return pm_fail(&cli->err, status, "%s: answered with code %ld and %s", url, code,
                   root ? "no reason" : "no JSON");
}

enum pm_status cli_http(json_t **out, struct pm_cli *cli, const char *path, const char *body)
{
    char url[2048], why[CURL_ERROR_SIZE] = "";
    struct answer answer = {0};
    struct curl_slist *headers = NULL;
    json_t *root = NULL;
    enum pm_status status = PM_OK;
    if ((size_t)snprintf(url, sizeof url, "%s%s", base_url(cli), path) >= sizeof url)
        return pm_fail(&cli->err, PM_USAGE, "the URL is too long");
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return pm_fail(&cli->err, PM_USAGE,
                       "the coordinator's URL: expected http:// or https://, found \"%.200s\"",
                       base_url(cli));
    CURL *curl = curl_easy_init();
    if (!curl) return pm_fail(&cli->err, PM_NO_MEMORY, "libcurl cannot start");
    headers = curl_slist_append(NULL, "Content-Type: application/x-ndjson");
    PM_GOTO(add_token(&headers, cli));
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    CURLcode e = curl_easy_perform(curl);
    if (e != CURLE_OK) {
        status = pm_fail(&cli->err, PM_NETWORK, "%s: %s", url, *why ? why : curl_easy_strerror(e));
        goto out;
    }
    long code = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    root = answer.text ? json_loadb(answer.text, answer.len, JSON_DECODE_ANY, NULL) : NULL;
    PM_GOTO(judge(cli, url, code, root));
    *out = json_incref(root);
out:
    json_decref(root);
    free(answer.text);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return status;
}
