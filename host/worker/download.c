/* A download by libcurl (download.h). http and https only, at most five redirects, no credentials, no
 * compression; given up when it crawls. */
#include "worker/download.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONNECT_SECONDS = 15, CRAWL_BYTES_PER_SECOND = 512, CRAWL_SECONDS = 30, MAX_REDIRECTS = 5 };

struct transfer {
    struct pm_download *d;
    uint64_t size; /* of the file now */
    int write_errno;
    bool too_long, cancelled;
};

enum pm_status pm_download_init(struct pm_error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return pm_fail(err, PM_INTERNAL, "libcurl does not start");
    return PM_OK;
}

void pm_download_fini(void) { curl_global_cleanup(); }

static size_t on_data(char *data, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    size_t len = size * n, at = 0;
    if (len > t->d->max_bytes - t->size) {
        t->too_long = true;
        return 0;
    }
    while (at < len) {
        ssize_t wrote = write(t->d->fd, data + at, len - at);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) {
            t->write_errno = wrote < 0 ? errno : ENOSPC;
            return 0;
        }
        at += (size_t)wrote;
    }
    t->size += len;
    return len;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct transfer *t = arg;
    struct pollfd fd = {.fd = t->d->cancel_fd, .events = POLLIN};
    (void)a, (void)b, (void)c, (void)d;
    t->cancelled = t->d->cancel_fd >= 0 && poll(&fd, 1, 0) > 0;
    return t->cancelled;
}

static bool set_options(CURL *curl, struct transfer *t, char *error)
{
#define SET(option, value) (curl_easy_setopt(curl, (option), (value)) == CURLE_OK)
    return SET(CURLOPT_URL, t->d->url) && SET(CURLOPT_PROTOCOLS_STR, "http,https") &&
           SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https") && SET(CURLOPT_FOLLOWLOCATION, 1L) &&
           SET(CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS) && SET(CURLOPT_FAILONERROR, 1L) &&
           SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS) &&
           SET(CURLOPT_LOW_SPEED_LIMIT, (long)CRAWL_BYTES_PER_SECOND) &&
           SET(CURLOPT_LOW_SPEED_TIME, (long)CRAWL_SECONDS) &&
           SET(CURLOPT_USERAGENT, "proofmill-worker/" PM_VERSION) &&
           SET(CURLOPT_RESUME_FROM_LARGE, (curl_off_t)t->size) && SET(CURLOPT_ERRORBUFFER, error) &&
           SET(CURLOPT_WRITEFUNCTION, on_data) && SET(CURLOPT_WRITEDATA, t) && SET(CURLOPT_NOPROGRESS, 0L) &&
           SET(CURLOPT_XFERINFOFUNCTION, on_progress) && SET(CURLOPT_XFERINFODATA, t);
#undef SET
}

/* What a failed transfer means. */
static enum pm_status judge(struct transfer *t, CURLcode code, long http, const char *said,
                            struct pm_error *err)
{
    struct pm_download *d = t->d;
    const char *url = d->url;
    if (t->cancelled) return pm_fail(err, PM_CANCELLED, "%.200s: cancelled", url);
    if (t->write_errno)
        return pm_fail(err, PM_IO, "%.200s: writing the file: %s", url, strerror(t->write_errno));
    if (t->too_long)
        return pm_fail(err, PM_MISMATCH, "%.200s: expected at most %llu bytes, found more", url,
                       (unsigned long long)d->max_bytes);
    if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT)
        return pm_fail(err, PM_USAGE, "%.200s: expected an http or https address: %s", url, said);
    if (code == CURLE_RANGE_ERROR ||
        http == 416) { /* the server does not continue files, or has a shorter one */
        d->again = d->start_over = true;
        return pm_fail(err, PM_NETWORK, "%.200s: the server does not continue the file at %llu", url,
                       (unsigned long long)t->size);
    }
    if (http == 404 || http == 410)
        return pm_fail(err, PM_NOT_FOUND, "%.200s: the server does not have it (%ld)", url, http);
    if (code == CURLE_TOO_MANY_REDIRECTS)
        return pm_fail(err, PM_NETWORK, "%.200s: more than %d redirects", url, MAX_REDIRECTS);
    d->again = http < 400 || http >= 500 || http == 408 || http == 429;
    if (http >= 400) return pm_fail(err, PM_NETWORK, "%.200s: the server answers %ld", url, http);
    return pm_fail(err, PM_NETWORK, "%.200s: %s", url, said);
}

enum pm_status pm_download_run(struct pm_download *d, struct pm_error *err)
{
    char said[CURL_ERROR_SIZE] = "";
    struct transfer t = {.d = d};
    struct stat st;
    d->again = d->start_over = false;
    if (strncmp(d->url, "http://", 7) != 0 && strncmp(d->url, "https://", 8) != 0)
        return pm_fail(err, PM_USAGE, "\"%.200s\": expected an http or https address", d->url);
    if (fstat(d->fd, &st) != 0 || lseek(d->fd, 0, SEEK_END) < 0)
        return pm_fail(err, PM_IO, "%.200s: the file to write: %s", d->url, strerror(errno));
    t.size = (uint64_t)st.st_size;
    if (t.size > d->max_bytes) {
        d->again = d->start_over = true;
        return pm_fail(err, PM_MISMATCH, "%.200s: what was there already is longer than %llu bytes", d->url,
                       (unsigned long long)d->max_bytes);
    }
    CURL *curl = curl_easy_init();
    if (!curl) return pm_fail(err, PM_NO_MEMORY, "%.200s: no memory for a download", d->url);
    enum pm_status status = PM_OK;
    if (!set_options(curl, &t, said)) {
        status =
            pm_fail(err, PM_UNSUPPORTED, "%.200s: libcurl lacks an option that is needed: %s", d->url, said);
    } else {
        long http = 0;
        CURLcode code = curl_easy_perform(curl);
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http);
        if (code != CURLE_OK) status = judge(&t, code, http, said[0] ? said : curl_easy_strerror(code), err);
    }
    curl_easy_cleanup(curl);
    return status;
}
