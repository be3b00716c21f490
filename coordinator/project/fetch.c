/* Reading files and URLs within limits; see fetch.h. */
#include "coordinator/project/fetch.h"

#include "base/bytes.h"
#include "coordinator/project/place.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONNECT_S = 10, TOTAL_S = 60, CHUNK = 1 << 16 };

/* -- hashes -- */

void pm_sha256(uint8_t out[32], const void *data, size_t len)
{
    unsigned n = 32;
    if (!EVP_Digest(data, len, out, &n, EVP_sha256(), NULL))
        abort(); /* only where OpenSSL itself is broken */
}

/* A regular file, opened without waiting (a FIFO would) and without following anything odd. */
static enum pm_status open_file(int *fd, uint64_t *size, const char *path, struct pm_error *err)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return pm_fail(err, errno == ENOENT ? PM_NOT_FOUND : PM_IO, "%s: cannot open: %s", path,
                       strerror(errno));
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(*fd);
        return pm_fail(err, PM_IO, "%s: expected a regular file", path);
    }
    *size = (uint64_t)st.st_size;
    return PM_OK;
}

static enum pm_status hash_fd(uint8_t out[32], uint64_t *size, int fd, EVP_MD_CTX *md, const char *path,
                              struct pm_error *err)
{
    static _Thread_local uint8_t chunk[CHUNK];
    ssize_t n;
    *size = 0;
    bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
    while (ok && (n = read(fd, chunk, sizeof chunk)) != 0) {
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return pm_fail(err, PM_IO, "%s: cannot read: %s", path, strerror(errno));
        *size += (uint64_t)n;
        ok = EVP_DigestUpdate(md, chunk, (size_t)n) == 1;
    }
    ok = ok && EVP_DigestFinal_ex(md, out, NULL) == 1;
    return ok ? PM_OK : pm_fail(err, PM_INTERNAL, "%s: sha256 is not available", path);
}

enum pm_status pm_sha256_file(uint8_t out[32], uint64_t *size_bytes, const char *path, struct pm_error *err)
{
    int fd;
    PM_TRY(open_file(&fd, size_bytes, path, err));
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    enum pm_status status = hash_fd(out, size_bytes, fd, md, path, err);
    EVP_MD_CTX_free(md);
    close(fd);
    return status;
}

/* -- files -- */

static enum pm_status fetch_file(char **out, size_t *len, const char *path, size_t max_bytes,
                                 struct pm_error *err)
{
    int fd;
    uint64_t size;
    enum pm_status status = PM_OK;
    PM_TRY(open_file(&fd, &size, path, err));
    *len = 0;
    if (size > max_bytes)
        status = pm_fail(err, PM_FORMAT, "%s: expected at most %zu bytes, found %llu", path, max_bytes,
                         (unsigned long long)size);
    else if (!(*out = malloc((size_t)size + 1)))
        status = pm_fail(err, PM_NO_MEMORY, "%s: out of memory", path);
    while (status == PM_OK && *len < size) {
        ssize_t n = read(fd, *out + *len, (size_t)size - *len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) status = pm_fail(err, PM_IO, "%s: cannot read: %s", path, strerror(errno));
        if (n <= 0) break; /* it became shorter: what is there is what counts */
        *len += (size_t)n;
    }
    if (status == PM_OK) (*out)[*len] = 0;
    close(fd);
    return status;
}

/* -- addresses -- */

static bool v4_is_private(uint32_t a)
{
    static const struct {
        uint32_t net, bits;
    } nets[] = {
        {0x00000000, 8},                    /* "this" network */
        {0x0a000000, 8},  {0x64400000, 10}, /* private; shared (RFC 6598) */
        {0x7f000000, 8},  {0xa9fe0000, 16}, /* loopback; link-local */
        {0xac100000, 12}, {0xc0000000, 24}, /* private; protocol assignments */
        {0xc0a80000, 16}, {0xc6120000, 15}, /* private; benchmarks */
        {0xe0000000, 4},  {0xf0000000, 4},  /* multicast; reserved and broadcast */
    };
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        if ((a ^ nets[i].net) >> (32 - nets[i].bits) == 0) return true;
    return false;
}

static bool v6_is_private(const uint8_t a[16])
{
    static const uint8_t zeros[12], mapped[12] = {[10] = 0xff, [11] = 0xff},
                                    nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0) return v4_is_private(pm_load_be32(a + 12));
    if (memcmp(a, zeros, 12) == 0) return true; /* ::, ::1, IPv4-compatible */
    if (a[0] == 0x20 && a[1] == 0x02) return v4_is_private(pm_load_be32(a + 2)); /* 6to4 */
    /* Only 2000::/3 is global unicast: this leaves out fc00::/7, fe80::/10, ff00::/8 and all that is
     * reserved. */
    if ((a[0] & 0xe0) != 0x20) return true;
    return a[0] == 0x20 && a[1] == 0x01 && a[2] == 0 && a[3] == 0; /* Teredo: wraps an IPv4 address */
}

bool pm_address_is_private(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return v4_is_private(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof in);
        return v6_is_private(in.sin6_addr.s6_addr);
    }
    return true;
}

/* -- http(s) -- */

struct transfer {
    char *data;
    size_t len, max;
    bool allow_private, too_long, refused;
};

static size_t receive(char *data, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    size_t n = size * count; /* size is 1, says libcurl */
    if (n > t->max - t->len) {
        t->too_long = true;
        return 0;
    }
    char *grown = realloc(t->data, t->len + n + 1);
    if (!grown) return 0;
    t->data = grown;
    memcpy(t->data + t->len, data, n);
    t->len += n;
    t->data[t->len] = 0;
    return n;
}

/* Asked for every address just before it is connected to, so that no name can resolve to something else
 * afterwards. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *t = ctx;
    (void)purpose;
    if (!t->allow_private && pm_address_is_private(&address->addr)) {
        t->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void set_options(CURL *curl, const char *url, struct transfer *t)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TOTAL_S);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "proofmill/" PM_VERSION);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    /* A proxy would connect for us, to any address. */
    if (!t->allow_private) curl_easy_setopt(curl, CURLOPT_PROXY, "");
}

static enum pm_status fetch_url(char **out, size_t *len, const char *url, bool allow_private,
                                size_t max_bytes, struct pm_error *err)
{
    struct transfer t = {.max = max_bytes, .allow_private = allow_private};
    enum pm_status status = PM_OK;
    long http = 0;
    CURL *curl = curl_easy_init();
    if (!curl) return pm_fail(err, PM_NO_MEMORY, "%s: out of memory", url);
    set_options(curl, url, &t);
    CURLcode rc = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http);
    curl_easy_cleanup(curl);
    if (t.too_long)
        status = pm_fail(err, PM_FORMAT, "%s: expected at most %zu bytes, found more", url, max_bytes);
    else if (rc != CURLE_OK && t.refused)
        status = pm_fail(err, PM_AUTH, "%s: this is a private address, and a project file may not lead there",
                         url);
    else if (rc != CURLE_OK)
        status = pm_fail(err, rc == CURLE_OPERATION_TIMEDOUT ? PM_TIMEOUT : PM_NETWORK, "%s: %s", url,
                         curl_easy_strerror(rc));
    else if (http != 200)
        status =
            pm_fail(err, http == 404 ? PM_NOT_FOUND : PM_NETWORK, "%s: expected HTTP status 200, found %ld%s",
                    url, http, http >= 300 && http < 400 ? " (redirects are not followed)" : "");
    else if (!t.data && !(t.data = calloc(1, 1)))
        status = pm_fail(err, PM_NO_MEMORY, "%s: out of memory", url);
    if (status == PM_OK) {
        *out = t.data;
        *len = t.len;
    } else {
        free(t.data);
    }
    return status;
}

enum pm_status pm_fetch(char **out, size_t *len, const char *place, bool allow_private, size_t max_bytes,
                        struct pm_error *err)
{
    *out = NULL;
    *len = 0;
    enum pm_status status = pm_place_is_url(place) ? fetch_url(out, len, place, allow_private, max_bytes, err)
                                                   : fetch_file(out, len, place, max_bytes, err);
    if (status != PM_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}
