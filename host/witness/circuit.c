/* Opening a circuit: its module is read, found or built in the cache, and asked to describe itself. See
 * witness.h. What the program answers is as untrusted as the circuit: every length and number is checked
 * here. */
#include "witness/circuit.h"
#include "witness/build.h"
#include "witness/driver/protocol.h"
#include "witness/tool.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    describe_ms = 30000,
    max_wasm = 1 << 30,
    max_about = 4 * PMD_REPLY_WORDS + PMD_MAX_TEXT + PMD_MAX_LOG + 256
};

static const uint64_t describe_memory = (uint64_t)4 << 30;

enum pm_status pm_reply_parse(struct pm_reply *out, const uint8_t *bytes, size_t len, const char *name,
                              struct pm_error *err)
{
    *out = (struct pm_reply){0};
    if (len < 4 * PMD_REPLY_WORDS || pm_load_le32(bytes) != PMD_REPLY_MAGIC)
        return pm_fail(err, PM_SANDBOX, "%s: its program answered %zu bytes that are no reply", name, len);
    uint32_t w[PMD_REPLY_WORDS];
    for (int i = 0; i < PMD_REPLY_WORDS; i++) w[i] = pm_load_le32(bytes + 4 * i);
    uint64_t payload = (uint64_t)w[8] << 32 | w[7], rest = len - 4 * PMD_REPLY_WORDS;
    if (w[5] > PMD_MAX_TEXT || w[6] > PMD_MAX_LOG || (uint64_t)w[5] + w[6] > rest ||
        payload != rest - w[5] - w[6])
        return pm_fail(err, PM_SANDBOX,
                       "%s: its program answered %zu bytes where the reply's lengths say otherwise", name,
                       len);
    *out = (struct pm_reply){.code = w[1],
                             .a = w[2],
                             .b = w[3],
                             .c = w[4],
                             .text_len = w[5],
                             .log_len = w[6],
                             .payload_len = (size_t)payload};
    out->text = (const char *)bytes + 4 * PMD_REPLY_WORDS;
    out->log = out->text + out->text_len;
    out->payload = (const uint8_t *)out->log + out->log_len;
    return PM_OK;
}

enum pm_status pm_circuit_ask(const struct pm_circuit *circuit, struct pm_reply *reply, uint8_t *out,
                              size_t *out_len, size_t out_max, const void *request, size_t request_len,
                              const struct pm_sandbox_limits *limits, struct pm_error *err)
{
    static const char *const argv[] = {"circuit", NULL};
    struct pm_sandbox_job job = {.kind = PM_SANDBOX_CODE,
                                 .exec_fd = circuit->exec_fd,
                                 .argv = argv,
                                 .in = request,
                                 .in_len = request_len,
                                 .out = out,
                                 .out_max = out_max,
                                 .limits = *limits};
    struct pm_sandbox_result result;
    enum pm_status status = pm_sandbox_run(&job, &result, circuit->name, err);
    *out_len = result.out_len;
    if (status != PM_OK) return status;
    if (result.exit_code != 0)
        return pm_fail(err, PM_SANDBOX, "%s: its program ended with exit code %d", circuit->name,
                       result.exit_code);
    return pm_reply_parse(reply, out, result.out_len, circuit->name, err);
}

static bool is_zero(const uint8_t *p, size_t len)
{
    while (len > 0 && p[len - 1] == 0) len--;
    return len == 0;
}

enum pm_status pm_circuit_read_about(struct pm_circuit_info *info, const struct pm_reply *reply,
                                     const char *name, struct pm_error *err)
{
    if (reply->code != PMD_OK || reply->payload_len != 4 * PMD_ABOUT_WORDS + PMD_SHA256_BYTES)
        return pm_fail(err, PM_SANDBOX, "%s: its program does not describe itself (code %u, %zu bytes)", name,
                       reply->code, reply->payload_len);
    uint32_t w[PMD_ABOUT_WORDS];
    for (int i = 0; i < PMD_ABOUT_WORDS; i++) w[i] = pm_load_le32(reply->payload + 4 * i);
    if (w[0] != 2)
        return pm_fail(err, PM_UNSUPPORTED, "%s: made by circom %u; circom 2 expected", name, w[0]);
    if (w[PMD_ABOUT_N32] == 0 || w[PMD_ABOUT_N32] > PMD_MAX_N32)
        return pm_fail(err, PM_UNSUPPORTED, "%s: a prime of %u bits; at most 256 supported", name,
                       32 * w[PMD_ABOUT_N32]);
    *info = (struct pm_circuit_info){.version = {w[0], w[1], w[2]},
                                     .n_values = w[PMD_ABOUT_WITNESS],
                                     .n_inputs = w[PMD_ABOUT_INPUTS],
                                     .n8 = 4 * w[PMD_ABOUT_N32]};
    memcpy(info->prime, reply->payload + 4 * PMD_ABOUT_PRIME, info->n8);
    memcpy(info->sha256, reply->payload + 4 * PMD_ABOUT_WORDS, sizeof info->sha256);
    if (!(info->prime[0] & 1) || (info->prime[0] < 3 && is_zero(info->prime + 1, info->n8 - 1)))
        return pm_fail(err, PM_UNSUPPORTED, "%s: its prime is none", name);
    if (info->n_values == 0 || info->n_values > UINT32_MAX / 2)
        return pm_fail(err, PM_UNSUPPORTED, "%s: a witness of %u values", name, info->n_values);
    return PM_OK;
}

static enum pm_status describe(struct pm_circuit *circuit, const uint8_t sha256[32], struct pm_error *err)
{
    uint8_t request[4 * PMD_REQUEST_WORDS], out[max_about];
    struct pm_sandbox_limits limits = {describe_ms, describe_memory, 0, -1};
    struct pm_reply reply;
    size_t len;
    pm_store_le32(request, PMD_REQUEST_MAGIC);
    pm_store_le32(request + 4, PMD_DESCRIBE);
    pm_store_le32(request + 8, 0);
    PM_TRY(pm_circuit_ask(circuit, &reply, out, &len, sizeof out, request, sizeof request, &limits, err));
    if (reply.code == PMD_TRAP || reply.code == PMD_BAD_MODULE || reply.code == PMD_OUT_OF_MEMORY)
        return pm_fail(err, PM_UNSUPPORTED, "%s: not a module of circom 2: it fails before any input (%.*s)",
                       circuit->name, (int)reply.text_len, reply.text);
    PM_TRY(pm_circuit_read_about(&circuit->info, &reply, circuit->name, err));
    if (memcmp(circuit->info.sha256, sha256, 32) != 0)
        return pm_fail(err, PM_SANDBOX, "%s: the cached program is that of another circuit", circuit->name);
    return PM_OK;
}

static enum pm_status check_magic(const char *path, const uint8_t *wasm, size_t len, struct pm_error *err)
{
    static const uint8_t magic[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    if (len >= sizeof magic && memcmp(wasm, magic, sizeof magic) == 0) return PM_OK;
    return pm_fail(err, PM_FORMAT, "%s: %zu bytes that do not begin as WebAssembly (00 61 73 6d 01 00 00 00)",
                   path, len);
}

enum pm_status pm_circuit_open(struct pm_circuit **out, const char *wasm_path, const char *cache_dir,
                               struct pm_error *err)
{
    enum pm_status status;
    struct pm_circuit *circuit = calloc(1, sizeof *circuit);
    struct pm_build *build = calloc(1, sizeof *build);
    uint8_t *wasm = NULL;
    size_t path_len = strlen(wasm_path);
    *out = NULL;
    if (!circuit || !build) {
        status = pm_fail(err, PM_NO_MEMORY, "%s: no memory", wasm_path);
        goto out;
    }
    circuit->exec_fd = -1;
    snprintf(circuit->name, sizeof circuit->name, "%s",
             wasm_path + (path_len >= sizeof circuit->name ? path_len - sizeof circuit->name + 1 : 0));
    build->name = circuit->name;
    PM_GOTO(pm_tool_read_file(&wasm, &build->wasm_len, wasm_path, max_wasm, err));
    PM_GOTO(check_magic(wasm_path, wasm, build->wasm_len, err));
    build->wasm = wasm;
    PM_GOTO(pm_build_plan(build, cache_dir, err));
    PM_GOTO(pm_build_open(&circuit->exec_fd, build, -1, err));
    status = describe(circuit, build->sha256, err);
    if (status == PM_SANDBOX) { /* a damaged file in the cache: once more from the beginning */
        int bad = circuit->exec_fd;
        status = pm_build_open(&circuit->exec_fd, build, bad, err);
        close(bad);
        if (status == PM_OK) status = describe(circuit, build->sha256, err);
    }
    if (status == PM_OK) {
        *out = circuit;
        circuit = NULL;
    }
out:
    pm_circuit_close(&circuit);
    free(wasm);
    free(build);
    return status;
}

void pm_circuit_close(struct pm_circuit **circuit)
{
    if (!*circuit) return;
    if ((*circuit)->exec_fd >= 0) close((*circuit)->exec_fd);
    free(*circuit);
    *circuit = NULL;
}

const struct pm_circuit_info *pm_circuit_info(const struct pm_circuit *circuit) { return &circuit->info; }
