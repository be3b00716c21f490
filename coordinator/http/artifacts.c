/* GET /artifacts/SHA256: the keys and circuits of the loaded projects, streamed from their files. Only hashes
 * that a project names are known here; a worker checks the hash of what it got. Ranges are served, so that a
 * broken download goes on. */
#include "coordinator/http/request.h"

#include "base/bytes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void add(struct pm_http *http, const struct pm_project_artifact *artifact, const char *kind)
{
    if (!artifact->uri || artifact->uri[0] != '/') return; /* elsewhere: workers fetch it there */
    for (size_t i = 0; i < http->n_artifacts; i++)
        if (memcmp(http->artifact[i].sha256, artifact->sha256, 32) == 0) return;
    struct pm_http_artifact *a = &http->artifact[http->n_artifacts++];
    *a = (struct pm_http_artifact){.path = artifact->uri, .kind = kind, .size_bytes = artifact->size_bytes};
    memcpy(a->sha256, artifact->sha256, 32);
}

enum pm_status pm_http_list_artifacts(struct pm_http *http, struct pm_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < http->options.n_projects; i++)
        n += 3 * (size_t)http->options.projects[i]->n_versions;
    http->artifact = calloc(n + 1, sizeof *http->artifact);
    if (!http->artifact) return pm_fail(err, PM_NO_MEMORY, "http: no memory");
    for (size_t i = 0; i < http->options.n_projects; i++) {
        const struct pm_project *project = http->options.projects[i];
        for (unsigned v = 0; v < project->n_versions; v++) {
            add(http, &project->version[v].zkey, "zkey");
            add(http, &project->version[v].wasm, "wasm");
            add(http, &project->version[v].verification_key, "verification key");
        }
    }
    return PM_OK;
}

/* "bytes=A-" or "bytes=A-B" of a file of `size` bytes. False: nothing that we serve as a part. */
static bool parse_range(uint64_t *first, uint64_t *last, const char *text, uint64_t size)
{
    char a[24] = "", b[24] = "";
    if (!text || size == 0 || strncmp(text, "bytes=", 6) != 0) return false;
    if (sscanf(text + 6, "%23[0-9]-%23[0-9]", a, b) < 1 || text[6 + strlen(a)] != '-') return false;
    if (text[6 + strlen(a) + 1 + strlen(b)] != 0) return false;
    *last = size - 1;
    if (!pm_http_number(first, a) || (b[0] && !pm_http_number(last, b))) return false;
    if (*last >= size) *last = size - 1;
    return *first <= *last || *first >= size;
}

static enum MHD_Result send_file(struct pm_request *request, const struct pm_http_artifact *artifact, int fd,
                                 uint64_t size)
{
    const char *range =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_RANGE);
    uint64_t first = 0, last = 0;
    char text[96], etag[70];
    bool part = parse_range(&first, &last, range, size);
    if (part && first >= size) {
        close(fd);
        return pm_http_fail(request, MHD_HTTP_RANGE_NOT_SATISFIABLE, "the file has %llu bytes",
                            (unsigned long long)size);
    }
    struct MHD_Response *response = part
                                        ? MHD_create_response_from_fd_at_offset64(last - first + 1, fd, first)
                                        : MHD_create_response_from_fd64(size, fd);
    if (!response) {
        close(fd);
        return MHD_NO;
    }
    etag[0] = '"';
    pm_hex_encode(etag + 1, artifact->sha256, 32);
    snprintf(etag + 65, 3, "\"");
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/octet-stream");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "public, max-age=31536000, immutable");
    MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    if (part) {
        snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)first,
                 (unsigned long long)last, (unsigned long long)size);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
    }
    return pm_http_send(request, part ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK, response);
}

enum MHD_Result pm_http_artifact(struct pm_request *request)
{
    struct pm_http *http = request->http;
    const struct pm_http_artifact *artifact = NULL;
    uint8_t sha256[32];
    struct stat st;
    if (!pm_hex_decode(sha256, 32, request->segment[0]))
        return pm_http_fail(request, MHD_HTTP_BAD_REQUEST,
                            "an artifact is named by its sha256: 64 hex digits");
    for (size_t i = 0; i < http->n_artifacts && !artifact; i++)
        if (memcmp(http->artifact[i].sha256, sha256, 32) == 0) artifact = &http->artifact[i];
    if (!artifact)
        return pm_http_fail(request, MHD_HTTP_NOT_FOUND, "no project names an artifact with this sha256");
    int fd = open(artifact->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        (uint64_t)st.st_size != artifact->size_bytes) {
        if (fd >= 0) close(fd);
        return pm_http_fail(request, MHD_HTTP_INTERNAL_SERVER_ERROR,
                            "the file of this %s is gone or has changed since the start", artifact->kind);
    }
    return send_file(request, artifact, fd, (uint64_t)st.st_size);
}
