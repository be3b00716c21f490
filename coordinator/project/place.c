/* Paths and URLs of project files; see place.h. */
#include "coordinator/project/place.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool pm_place_is_url(const char *place)
{
    return strncasecmp(place, "http://", 7) == 0 || strncasecmp(place, "https://", 8) == 0;
}

/* The length of "scheme" in "scheme://rest", 0 where there is none. */
static size_t scheme_len(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    return strncmp(text + len, "://", 3) == 0 ? len : 0;
}

/* A URL against a URL, as RFC 3986 says; credentials in URLs would end in logs. */
static enum pm_status resolve_url(char **out, const char *base, const char *reference, struct pm_error *err)
{
    enum pm_status status = PM_OK;
    char *url = NULL, *user = NULL;
    CURLU *u = curl_url();
    if (!u) return pm_fail(err, PM_NO_MEMORY, "out of memory");
    CURLUcode rc = base ? curl_url_set(u, CURLUPART_URL, base, 0) : CURLUE_OK;
    if (rc == CURLUE_OK) rc = curl_url_set(u, CURLUPART_URL, reference, 0);
    if (rc == CURLUE_OK) rc = curl_url_get(u, CURLUPART_URL, &url, 0);
    if (rc != CURLUE_OK)
        status =
            pm_fail(err, PM_FORMAT, "expected a URL, found \"%.200s\": %s", reference, curl_url_strerror(rc));
    else if (curl_url_get(u, CURLUPART_USER, &user, 0) != CURLUE_NO_USER)
        status = pm_fail(err, PM_UNSUPPORTED, "expected a URL without user name and password");
    else if (!(*out = strdup(url)))
        status = pm_fail(err, PM_NO_MEMORY, "out of memory");
    curl_free(user);
    curl_free(url);
    curl_url_cleanup(u);
    return status;
}

/* A path against the folder of base; base NULL: the working folder. */
static enum pm_status resolve_path(char **out, const char *base, const char *path, struct pm_error *err)
{
    char cwd[PATH_MAX];
    int rc;
    if (path[0] == '/') {
        rc = asprintf(out, "%s", path);
    } else if (base) {
        const char *slash = strrchr(base, '/');
        rc = asprintf(out, "%.*s/%s", slash ? (int)(slash - base) : 0, base, path);
    } else {
        if (!getcwd(cwd, sizeof cwd)) return pm_fail(err, PM_IO, "the working folder has no name");
        rc = asprintf(out, "%s/%s", cwd, path);
    }
    if (rc >= 0) return PM_OK;
    *out = NULL;
    return pm_fail(err, PM_NO_MEMORY, "out of memory");
}

enum pm_status pm_place_resolve(char **out, const char *base, const char *reference, struct pm_error *err)
{
    enum pm_status status;
    bool remote = base && pm_place_is_url(base);
    size_t scheme = scheme_len(reference);
    bool is_file = scheme == 4 && strncasecmp(reference, "file", 4) == 0;
    *out = NULL;
    if (reference[0] == 0 || strlen(reference) > PM_PLACE_MAX)
        return pm_fail(err, PM_FORMAT, "expected a path or URL of 1 to %d bytes, found %zu", PM_PLACE_MAX,
                       strlen(reference));
    if (scheme && !is_file && !pm_place_is_url(reference))
        return pm_fail(err, PM_UNSUPPORTED, "expected a path, file:// or http(s)://, found %.*s://",
                       (int)scheme, reference);
    if (remote && (is_file || (reference[0] == '/' && !scheme)))
        return pm_fail(err, PM_AUTH,
                       "a project file from another machine may not name the local file \"%.200s\"",
                       reference);
    if (pm_place_is_url(reference) || remote)
        status = resolve_url(out, remote ? base : NULL, reference, err);
    else
        status = resolve_path(out, base, is_file ? reference + 7 : reference, err);
    if (status == PM_OK && strlen(*out) > PM_PLACE_MAX) {
        free(*out);
        *out = NULL;
        status = pm_fail(err, PM_FORMAT, "the place has more than %d bytes", PM_PLACE_MAX);
    }
    return status;
}

bool pm_place_same_origin(const char *a, const char *b)
{
    static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    if (!pm_place_is_url(a) || !pm_place_is_url(b)) return false;
    CURLU *u = curl_url(), *v = curl_url();
    bool same = u && v && curl_url_set(u, CURLUPART_URL, a, 0) == CURLUE_OK &&
                curl_url_set(v, CURLUPART_URL, b, 0) == CURLUE_OK;
    for (int i = 0; same && i < 3; i++) {
        char *x = NULL, *y = NULL;
        same = curl_url_get(u, parts[i], &x, CURLU_DEFAULT_PORT) == CURLUE_OK &&
               curl_url_get(v, parts[i], &y, CURLU_DEFAULT_PORT) == CURLUE_OK && strcasecmp(x, y) == 0;
        curl_free(x);
        curl_free(y);
    }
    curl_url_cleanup(u);
    curl_url_cleanup(v);
    return same;
}
