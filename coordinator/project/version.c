/* A version of a project: its circuit, how messages become a task, what a proof must say, where the result
 * goes. See version.h, and coordinator/README.md for the format. */
#include "coordinator/project/version.h"

#include "base/bytes.h"
#include "coordinator/project/binding.h"
#include "coordinator/project/fetch.h"
#include "coordinator/project/place.h"
#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TASK_SIZE = 4096, MAX_VK_BYTES = 1 << 20, MAX_CONFIRMATIONS = 100000, DEFAULT_CONFIRMATIONS = 12 };

void pm_version_fini(struct pm_project_version *version)
{
    for (unsigned i = 0; i < PM_PROJECT_MAX_BINDINGS; i++) {
        pm_binding_fini(&version->input[i]);
        pm_binding_fini(&version->public_signal[i]);
    }
    free(version->version);
    free(version->zkey.uri);
    free(version->wasm.uri);
    free(version->verification_key.uri);
    free(version->group_by);
    free(version->chain_endpoint);
    pm_vk_ready_free(&version->vk_ready);
    pm_vk_fini(&version->vk);
    memset(version, 0, sizeof *version);
}

/* Passes on an error of a function that knows neither file nor path. */
static void fail_with(struct pm_reader *r, enum pm_status status, const struct pm_error *cause)
{
    if (status != PM_OK) pm_reader_fail(r, status, "%s", cause->text);
}

/* -- circuit -- */

static void check_hash(struct pm_reader *r, const char *uri, const uint8_t expected[32],
                       const uint8_t found[32])
{
    char expected_text[65], found_text[65];
    if (memcmp(expected, found, 32) == 0) return;
    pm_hex_encode(expected_text, expected, 32);
    pm_hex_encode(found_text, found, 32);
    pm_reader_fail(r, PM_MISMATCH, "expected sha256 %s, found %s in %s", expected_text, found_text, uri);
}

static void read_artifact(struct pm_reader *r, struct pm_project_artifact *out, const json_t *circuit,
                          const char *name)
{
    static const char *const fields[] = {"uri", "sha256", NULL};
    struct pm_error err;
    uint8_t found[32];
    const json_t *object = json_object_get(circuit, name);
    if (r->status != PM_OK) return;
    size_t mark = pm_reader_enter(r, name, 0);
    char *uri = NULL;
    if (pm_reader_object(r, object, fields)) uri = pm_reader_text(r, object, "uri", PM_PLACE_MAX, NULL);
    const json_t *hash = json_object_get(object, "sha256");
    if (uri && (!json_is_string(hash) || json_string_length(hash) != 64 ||
                !pm_hex_decode(out->sha256, 32, json_string_value(hash))))
        pm_reader_expected(r, "sha256", hash, "64 hex digits");
    if (r->status == PM_OK) fail_with(r, pm_place_resolve(&out->uri, r->file, uri, &err), &err);
    if (r->status == PM_OK && !pm_place_is_url(out->uri)) {
        fail_with(r, pm_sha256_file(found, &out->size_bytes, out->uri, &err), &err);
        if (r->status == PM_OK) check_hash(r, out->uri, out->sha256, found);
    }
    free(uri);
    pm_reader_leave(r, mark);
}

/* What a project file names may be on a private address only where the file itself came from. */
static void read_vk(struct pm_reader *r, struct pm_project_version *version,
                    const struct pm_project_artifact *artifact)
{
    struct pm_vk *out = &version->vk;
    struct pm_error err;
    uint8_t found[32];
    char *text = NULL;
    size_t len;
    if (r->status != PM_OK) return;
    bool own = pm_place_same_origin(artifact->uri, r->file);
    enum pm_status status = pm_fetch(&text, &len, artifact->uri, own, MAX_VK_BYTES, &err);
    if (status == PM_OK) {
        pm_sha256(found, text, len);
        check_hash(r, artifact->uri, artifact->sha256, found);
        if (r->status == PM_OK) status = pm_json_read_vk(out, artifact->uri, text, len, &err);
    }
    fail_with(r, status, &err);
    free(text);
    if (r->status == PM_OK && out->curve->fr_bytes != 32)
        pm_reader_fail(r, PM_UNSUPPORTED, "expected a curve with scalars of 32 bytes, found %s",
                       out->curve->name);
    if (r->status == PM_OK) fail_with(r, pm_vk_ready_new(&version->vk_ready, out, &err), &err);
}

static void read_circuit(struct pm_reader *r, struct pm_project_version *out, const json_t *version)
{
    static const char *const fields[] = {"zkey", "wasm", "verificationKey", NULL};
    const json_t *circuit = json_object_get(version, "circuit");
    if (r->status != PM_OK) return;
    size_t mark = pm_reader_enter(r, "circuit", 0);
    if (pm_reader_object(r, circuit, fields)) {
        read_artifact(r, &out->zkey, circuit, "zkey");
        read_artifact(r, &out->wasm, circuit, "wasm");
        read_artifact(r, &out->verification_key, circuit, "verificationKey");
        size_t inner = pm_reader_enter(r, "verificationKey", 0);
        read_vk(r, out, &out->verification_key);
        pm_reader_leave(r, inner);
    }
    pm_reader_leave(r, mark);
}

/* -- task, inputs, public signals -- */

static void read_task(struct pm_reader *r, struct pm_project_version *out, const json_t *version)
{
    static const char *const fields[] = {"size", "groupBy", NULL};
    const json_t *task = json_object_get(version, "task"), *group_by = json_object_get(task, "groupBy");
    if (r->status != PM_OK) return;
    size_t mark = pm_reader_enter(r, "task", 0);
    if (pm_reader_object(r, task, fields))
        out->task_size = (uint32_t)pm_reader_integer(r, task, "size", 1, MAX_TASK_SIZE, -1);
    if (r->status == PM_OK && group_by) {
        if (!json_is_string(group_by) || !pm_pointer_is_valid(json_string_value(group_by)))
            pm_reader_expected(r, "groupBy", group_by, "a JSON pointer such as \"/meter\"");
        else if (!(out->group_by = strdup(json_string_value(group_by))))
            pm_reader_fail(r, PM_NO_MEMORY, "out of memory");
    }
    pm_reader_leave(r, mark);
}

/* The largest input text that messages of this version can make must fit what a worker accepts. */
static void check_input_size(struct pm_reader *r, const struct pm_project_version *version)
{
    size_t bytes = 2;
    for (unsigned i = 0; i < version->n_inputs; i++) {
        size_t numbers = version->input[i].how == PM_DERIVE_EACH ? version->task_size : 1;
        bytes += strlen(version->input[i].name) + 6 + numbers * (PM_NUMBER_DIGITS + 3);
    }
    if (bytes > PM_INPUT_MAX)
        pm_reader_fail(r, PM_FORMAT,
                       "expected inputs of at most %d bytes in all, found up to %zu: make task.size smaller",
                       PM_INPUT_MAX, bytes);
}

static void read_inputs(struct pm_reader *r, struct pm_project_version *out, const json_t *version)
{
    json_t *inputs = json_object_get(version, "inputs");
    if (r->status != PM_OK) return;
    size_t mark = pm_reader_enter(r, "inputs", 0), n = json_object_size(inputs);
    if (!json_is_object(inputs))
        pm_reader_expected(r, NULL, inputs, "an object with one field per input of the circuit");
    else if (n < 1 || n > PM_PROJECT_MAX_BINDINGS)
        pm_reader_fail(r, PM_FORMAT, "expected 1 to %d inputs, found %zu", PM_PROJECT_MAX_BINDINGS, n);
    void *at = r->status == PM_OK ? json_object_iter(inputs) : NULL;
    for (; at && r->status == PM_OK; at = json_object_iter_next(inputs, at)) {
        char name[140]; /* longer names are refused where they are read */
        snprintf(name, sizeof name, "%s", json_object_iter_key(at));
        size_t inner = pm_reader_enter(r, name, 0);
        pm_binding_read(r, &out->input[out->n_inputs++], name, json_object_iter_value(at), false,
                        out->vk.curve);
        pm_reader_leave(r, inner);
    }
    if (r->status == PM_OK) check_input_size(r, out);
    pm_reader_leave(r, mark);
}

static void read_publics(struct pm_reader *r, struct pm_project_version *out, const json_t *version)
{
    const json_t *list = pm_reader_array(r, version, "publicSignals", 1, PM_PROJECT_MAX_BINDINGS);
    if (r->status != PM_OK) return;
    size_t mark = pm_reader_enter(r, "publicSignals", 0);
    if (json_array_size(list) != out->vk.n_public)
        pm_reader_fail(r, PM_MISMATCH,
                       "expected one element for each of the verification key's %u public signals, found %zu",
                       out->vk.n_public, json_array_size(list));
    for (size_t i = 0; r->status == PM_OK && i < json_array_size(list); i++) {
        const json_t *object = json_array_get(list, i);
        size_t inner = pm_reader_enter(r, NULL, i);
        const char *name = json_string_value(json_object_get(object, "name"));
        for (size_t k = 0; name && k < i; k++)
            if (strcmp(out->public_signal[k].name, name) == 0)
                pm_reader_fail(r, PM_FORMAT, "expected different names, found \"%.100s\" twice", name);
        pm_binding_read(r, &out->public_signal[out->n_public++], name, object, true, out->vk.curve);
        pm_reader_leave(r, inner);
    }
    pm_reader_leave(r, mark);
}

/* A proof that says nothing of its task could be used for another one. */
static void check_domain(struct pm_reader *r, const struct pm_project_version *version)
{
    for (unsigned i = 0; i < version->n_public; i++)
        if (version->public_signal[i].how == PM_DERIVE_DOMAIN) return;
    size_t mark = pm_reader_enter(r, "publicSignals", 0);
    if (r->status == PM_OK)
        pm_reader_fail(
            r, PM_FORMAT,
            "expected one public signal with \"domain\": true, which ties a proof to its task, found none");
    pm_reader_leave(r, mark);
}

/* -- output -- */

static void read_ethereum(struct pm_reader *r, struct pm_project_version *out, const json_t *object)
{
    static const char *const fields[] = {"chainId",         "chainEndpoint", "contractAddress",
                                         "receiverAddress", "confirmations", NULL};
    struct pm_error err;
    if (!pm_reader_object(r, object, fields)) return;
    out->chain_id = pm_reader_integer(r, object, "chainId", 1, INT64_MAX, -1);
    char *endpoint = pm_reader_text(r, object, "chainEndpoint", PM_PLACE_MAX, NULL);
    if (endpoint && !pm_place_is_url(endpoint))
        pm_reader_expected(r, "chainEndpoint", json_object_get(object, "chainEndpoint"), "an http(s) URL");
    if (r->status == PM_OK) fail_with(r, pm_place_resolve(&out->chain_endpoint, NULL, endpoint, &err), &err);
    free(endpoint);
    pm_reader_address(r, out->router, object, "contractAddress");
    pm_reader_address(r, out->application, object, "receiverAddress");
    if (r->status == PM_OK && memcmp(out->router, out->application, 20) == 0)
        pm_reader_expected(r, "receiverAddress", json_object_get(object, "receiverAddress"),
                           "the application, another contract than the router");
    out->confirmations =
        (uint32_t)pm_reader_integer(r, object, "confirmations", 1, MAX_CONFIRMATIONS, DEFAULT_CONFIRMATIONS);
}

static void read_output(struct pm_reader *r, struct pm_project_version *out, const json_t *version)
{
    static const char *const fields[] = {"type", "ethereum", NULL};
    static const char *const not_offered[] = {"stdout", "solanaProgram", "textile", NULL};
    const json_t *output = json_object_get(version, "output");
    if (r->status != PM_OK) return;
    size_t mark = pm_reader_enter(r, "output", 0);
    const json_t *type_json = json_object_get(output, "type");
    const char *type = json_string_value(type_json);
    for (int i = 0; type && not_offered[i]; i++)
        if (strcmp(type, not_offered[i]) == 0)
            pm_reader_fail(r, PM_UNSUPPORTED,
                           "output type \"%s\" is not offered yet; use \"ethereumContract\"", type);
    if (pm_reader_object(r, output, fields) && (!type || strcmp(type, "ethereumContract") != 0))
        pm_reader_expected(r, "type", type_json, "\"ethereumContract\"");
    if (r->status == PM_OK) {
        size_t inner = pm_reader_enter(r, "ethereum", 0);
        read_ethereum(r, out, json_object_get(output, "ethereum"));
        pm_reader_leave(r, inner);
    }
    pm_reader_leave(r, mark);
}

/* -- the version -- */

/* Known kinds that nobody here can prove are refused by name, before anything else in the version is looked
 * at. */
static void read_vm_type(struct pm_reader *r, struct pm_project_version *out, const json_t *version)
{
    static const struct {
        unsigned id;
        const char *name;
    } known[] = {{1, "risc0"}, {2, "halo2"}, {3, "zkwasm"}, {4, "wasm"}};
    const json_t *value = json_object_get(version, "vmTypeID");
    if (r->status != PM_OK) return;
    for (size_t i = 0; json_is_integer(value) && i < sizeof known / sizeof *known; i++)
        if (json_integer_value(value) == known[i].id)
            pm_reader_fail(r, PM_UNSUPPORTED, "vmTypeID %u (%s) is not offered yet; circom is 100",
                           known[i].id, known[i].name);
    if (!json_is_integer(value) || json_integer_value(value) != PM_VM_CIRCOM)
        pm_reader_expected(r, "vmTypeID", value, "100 (circom)");
    out->vm_type = PM_VM_CIRCOM;
}

void pm_version_read(struct pm_reader *r, struct pm_project_version *out, const json_t *object)
{
    static const char *const fields[] = {"version",       "vmTypeID", "circuit",  "task", "inputs",
                                         "publicSignals", "output",   "metadata", NULL};
    if (json_is_object(object)) read_vm_type(r, out, object);
    if (!pm_reader_object(r, object, fields)) return;
    out->version = pm_reader_text(r, object, "version", 64, NULL);
    read_task(r, out, object);
    read_output(r, out, object);
    read_circuit(r, out, object);
    read_inputs(r, out, object);
    read_publics(r, out, object);
    if (r->status == PM_OK) check_domain(r, out);
}
