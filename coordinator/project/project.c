/* Loading a project file: fetch, check the hash, read the top of the tree. Its versions: version.c; what they
 * yield for a task: derive.c. */
#include "coordinator/project/project.h"

#include "base/bytes.h"
#include "coordinator/project/fetch.h"
#include "coordinator/project/place.h"
#include "coordinator/project/reader.h"
#include "coordinator/project/version.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_FILE_BYTES = 1 << 20, MAX_SOURCES = 16, MAX_VERSIONS = 64, MAX_CLIENT = 128, MAX_NAME = 64 };

/* -- sources -- */

/* Source types of W3bstream and of the road ahead, refused by name. */
static bool not_offered(struct pm_reader *r, const char *type)
{
    static const char *const names[] = {"postgres", "postgresql", "clickhouse", "evm", "celestia",
                                        "kafka",    "mqtt",       "s3",         NULL};
    for (int i = 0; names[i]; i++) {
        if (strcmp(type, names[i]) != 0) continue;
        pm_reader_fail(r, PM_UNSUPPORTED,
                       "source type \"%s\" is not offered yet; offered are \"file\" and \"http\"", type);
        return true;
    }
    return false;
}

static void add_source(struct pm_reader *r, struct pm_project *p, const char *type, const char *path)
{
    struct pm_error err;
    struct pm_project_source *s = &p->source[p->n_sources];
    if (r->status != PM_OK) return;
    p->n_sources++;
    if (!(s->type = strdup(type))) pm_reader_fail(r, PM_NO_MEMORY, "out of memory");
    if (r->status == PM_OK && path) {
        enum pm_status status = pm_place_resolve(&s->path, r->file, path, &err);
        if (status != PM_OK) pm_reader_fail(r, status, "%s", err.text);
        if (status == PM_OK && pm_place_is_url(s->path))
            pm_reader_fail(r, PM_UNSUPPORTED,
                           "a source of type file is a local folder of a local project file, found %s",
                           s->path);
    }
    for (unsigned i = 0; r->status == PM_OK && i + 1 < p->n_sources; i++)
        if (strcmp(p->source[i].type, type) == 0 && (!path || strcmp(p->source[i].path, s->path) == 0))
            pm_reader_fail(r, PM_FORMAT, "expected different sources, found %s twice", path ? s->path : type);
}

static void read_source(struct pm_reader *r, struct pm_project *p, const json_t *object)
{
    static const char *const with_path[] = {"type", "path", NULL}, *const without[] = {"type", NULL};
    if (r->status == PM_OK && !json_is_object(object)) pm_reader_expected(r, NULL, object, "an object");
    char *type = pm_reader_text(r, object, "type", 32, NULL), *path = NULL;
    if (!type || not_offered(r, type)) goto out;
    bool is_file = strcmp(type, "file") == 0;
    if (!is_file && strcmp(type, "http") != 0)
        pm_reader_expected(r, "type", json_object_get(object, "type"), "\"file\" or \"http\"");
    else if (pm_reader_object(r, object, is_file ? with_path : without) && is_file)
        path = pm_reader_text(r, object, "path", PM_PLACE_MAX, NULL);
    add_source(r, p, type, path);
out:
    free(type);
    free(path);
}

/* W3bstream's way to name its one source. */
static void read_source_uri(struct pm_reader *r, struct pm_project *p, const json_t *root)
{
    char *uri = pm_reader_text(r, root, "datasourceURI", PM_PLACE_MAX, NULL), scheme[32] = "";
    const char *colon = uri ? strstr(uri, "://") : NULL;
    if (!uri) return;
    size_t mark = pm_reader_enter(r, "datasourceURI", 0);
    if (colon && colon - uri < (long)sizeof scheme) memcpy(scheme, uri, (size_t)(colon - uri));
    if (strcmp(scheme, "file") == 0)
        add_source(r, p, "file", uri);
    else if (!not_offered(r, scheme))
        pm_reader_fail(r, PM_FORMAT, "expected a file:// URL, found \"%.60s\"", uri);
    pm_reader_leave(r, mark);
    free(uri);
}

static void read_sources(struct pm_reader *r, struct pm_project *p, const json_t *root)
{
    bool uri = json_object_get(root, "datasourceURI") != NULL;
    if (r->status != PM_OK) return;
    p->source = calloc(MAX_SOURCES + 1, sizeof *p->source);
    if (!p->source) pm_reader_fail(r, PM_NO_MEMORY, "out of memory");
    if (!uri || json_object_get(root, "sources")) {
        const json_t *list = pm_reader_array(r, root, "sources", 1, MAX_SOURCES);
        size_t mark = pm_reader_enter(r, "sources", 0);
        for (size_t i = 0; r->status == PM_OK && i < json_array_size(list); i++) {
            size_t inner = pm_reader_enter(r, NULL, i);
            read_source(r, p, json_array_get(list, i));
            pm_reader_leave(r, inner);
        }
        pm_reader_leave(r, mark);
    }
    if (uri && r->status == PM_OK) read_source_uri(r, p, root);
}

/* -- versions -- */

static void read_versions(struct pm_reader *r, struct pm_project *p, const json_t *root)
{
    const json_t *list = pm_reader_array(r, root, "versions", 1, MAX_VERSIONS);
    if (!list) return;
    p->version = calloc(MAX_VERSIONS, sizeof *p->version);
    if (!p->version) pm_reader_fail(r, PM_NO_MEMORY, "out of memory");
    size_t mark = pm_reader_enter(r, "versions", 0);
    for (size_t i = 0; r->status == PM_OK && i < json_array_size(list); i++) {
        size_t inner = pm_reader_enter(r, NULL, i);
        pm_version_read(r, &p->version[p->n_versions++], json_array_get(list, i));
        for (size_t k = 0; r->status == PM_OK && k < i; k++)
            if (strcmp(p->version[k].version, p->version[i].version) == 0)
                pm_reader_fail(r, PM_FORMAT, "expected different versions, found \"%s\" twice",
                               p->version[i].version);
        pm_reader_leave(r, inner);
    }
    pm_reader_leave(r, mark);
}

static void read_project(struct pm_reader *r, struct pm_project *p, const json_t *root)
{
    static const char *const fields[] = {"name",          "defaultVersion", "clientID", "sources",
                                         "datasourceURI", "versions",       "metadata", NULL};
    if (!pm_reader_object(r, root, fields)) return;
    p->name = pm_reader_text(r, root, "name", MAX_NAME, NULL);
    p->default_version = pm_reader_text(r, root, "defaultVersion", 64, NULL);
    p->client_id = pm_reader_text(r, root, "clientID", MAX_CLIENT, "");
    read_sources(r, p, root);
    read_versions(r, p, root);
    if (r->status == PM_OK && !pm_project_find(p, NULL))
        pm_reader_expected(r, "defaultVersion", json_object_get(root, "defaultVersion"),
                           "one of the versions below");
}

/* -- the file -- */

static enum pm_status check_file_hash(const struct pm_project *p, const uint8_t *expected, const char *where,
                                      struct pm_error *err)
{
    char expected_text[65], found_text[65];
    if (!expected || memcmp(expected, p->hash, 32) == 0) return PM_OK;
    pm_hex_encode(expected_text, expected, 32);
    pm_hex_encode(found_text, p->hash, 32);
    return pm_fail(err, PM_MISMATCH, "%s: expected sha256 %s, found %s", where, expected_text, found_text);
}

static enum pm_status parse(struct pm_project *p, const char *place, const char *text, size_t len,
                            struct pm_error *err)
{
    struct pm_reader r;
    json_error_t at;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at);
    if (!root)
        return pm_fail(err, PM_FORMAT, "%s: line %d, column %d: expected JSON: %s", place, at.line, at.column,
                       at.text);
    pm_reader_begin(&r, place, err);
    read_project(&r, p, root);
    json_decref(root);
    return r.status;
}

enum pm_status pm_project_load(struct pm_project **out, uint64_t id, const char *where,
                               const uint8_t *expected_hash, struct pm_error *err)
{
    char *place = NULL, *text = NULL;
    size_t len = 0;
    *out = NULL;
    struct pm_project *p = calloc(1, sizeof *p);
    if (!p) return pm_fail(err, PM_NO_MEMORY, "%s: out of memory", where);
    p->id = id;
    enum pm_status status = pm_place_resolve(&place, NULL, where, err);
    if (status == PM_OK) status = pm_fetch(&text, &len, place, true, MAX_FILE_BYTES, err);
    if (status == PM_OK) {
        pm_sha256(p->hash, text, len);
        status = check_file_hash(p, expected_hash, place, err);
    }
    if (status == PM_OK) status = parse(p, place, text, len, err);
    if (status == PM_OK)
        *out = p;
    else
        pm_project_free(&p);
    free(text);
    free(place);
    return status;
}

void pm_project_free(struct pm_project **project)
{
    struct pm_project *p = *project;
    if (!p) return;
    for (unsigned i = 0; i < p->n_sources; i++) {
        free(p->source[i].type);
        free(p->source[i].path);
    }
    for (unsigned i = 0; i < p->n_versions; i++) pm_version_fini(&p->version[i]);
    free(p->source);
    free(p->version);
    free(p->name);
    free(p->default_version);
    free(p->client_id);
    free(p);
    *project = NULL;
}

const struct pm_project_version *pm_project_find(const struct pm_project *project, const char *version)
{
    if (!version) version = project->default_version;
    for (unsigned i = 0; i < project->n_versions; i++)
        if (strcmp(project->version[i].version, version) == 0) return &project->version[i];
    return NULL;
}
