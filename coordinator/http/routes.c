/* The routes, as a table, and how a path is matched against it. */
#include "coordinator/http/request.h"

#include <string.h>

static const struct pm_route routes[] = {
    {"GET", "/live", 0, pm_http_live},
    {"GET", "/ready", 0, pm_http_ready},
    {"GET", "/metrics", 0, pm_http_metrics},
    {"GET", "/v1/tasks", 0, pm_http_tasks},
    {"GET", "/v1/tasks/{}", 0, pm_http_task},
    {"GET", "/v1/nodes", 0, pm_http_nodes},
    {"GET", "/v1/projects", 0, pm_http_projects},
    {"GET", "/v1/projects/{}", 0, pm_http_one_project},
    {"GET", "/v1/projects/{}/bad-messages", 0, pm_http_bad_messages},
    {"POST", "/v1/projects/{}/messages", PM_HTTP_MAX_BODY, pm_http_push},
    {"GET", "/artifacts/{}", 0, pm_http_artifact},
    /* W3bstream's */
    {"POST", "/message", PM_HTTP_MAX_BODY, pm_http_w3b_message},
    {"GET", "/task/{}/{}", 0, pm_http_w3b_task},
};

static bool match(char segments[PM_HTTP_MAX_SEGMENTS][160], const char *pattern, const char *path)
{
    size_t n = 0;
    while (*pattern) {
        if (strncmp(pattern, "{}", 2) != 0) {
            if (*pattern++ != *path++) return false;
            continue;
        }
        size_t len = strcspn(path, "/");
        if (len == 0 || len >= sizeof segments[0] || n == PM_HTTP_MAX_SEGMENTS) return false;
        memcpy(segments[n], path, len);
        segments[n++][len] = 0;
        path += len;
        pattern += 2;
    }
    return *path == 0;
}

const struct pm_route *pm_http_route(char segments[PM_HTTP_MAX_SEGMENTS][160], const char **allow,
                                     const char *method, const char *path)
{
    *allow = NULL;
    if (strcmp(method, "HEAD") == 0) method = "GET";
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (!match(segments, routes[i].path, path)) continue;
        if (strcmp(routes[i].method, method) == 0) return &routes[i];
        *allow = strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD" : routes[i].method;
    }
    return NULL;
}
