/* A real chain for a test: anvil on a port of its own choosing, ended by its process id; and a few calls to
 * it. Contracts come compiled from PM_CONTRACTS (a folder given by the build). */
#ifndef PM_TEST_ANVIL_H
#define PM_TEST_ANVIL_H

#include "test.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "coordinator/chain/abi.h"
#include "coordinator/chain/deploy.h"
#include "coordinator/chain/eth.h"
#include "coordinator/chain/tx.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct anvil {
    pid_t pid;
    char url[64];
    struct pm_rpc *rpc;
    struct pm_sender owner; /* anvil's first account: rich */
};

static void anvil_exec(int out, const char *const *extra)
{
    static const char program[] = "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
    const char *args[16] = {program, "--port", "0", "--host", "127.0.0.1"};
    size_t n = 5;
    while (extra && *extra && n < 15) args[n++] = *extra++;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, 1);
    execv(program, (char **)(uintptr_t)args);
    _exit(127);
}

/* From the line of its greeting that names the port; 0 when there is none in time. */
static unsigned anvil_port(int log)
{
    char text[32768];
    for (uint64_t deadline = pm_clock_ms() + 20000; pm_clock_ms() < deadline; pm_clock_sleep_ms(10)) {
        ssize_t len = pread(log, text, sizeof text - 1, 0);
        text[len > 0 ? len : 0] = '\0';
        const char *line = strstr(text, "Listening on 127.0.0.1:");
        if (line && strchr(line, '\n')) return (unsigned)atoi(line + 23);
    }
    return 0;
}

static json_t *anvil_call(struct anvil *a, const char *method, json_t *params)
{
    struct pm_error err = {0};
    json_t *result = NULL;
    CHECK_OK(pm_rpc_call(a->rpc, &result, method, params, &err), err);
    return result;
}

__attribute__((unused)) static void anvil_do(struct anvil *a, const char *method, json_t *params)
{
    json_decref(anvil_call(a, method, params));
}

static void anvil_start(struct anvil *a, const char *const *extra)
{
    /* Its log goes to a nameless file: a pipe that nobody empties would stop it. */
    char log_path[300];
    const char *tmp = getenv("TMPDIR");
    struct pm_error err;
    memset(a, 0, sizeof *a);
    snprintf(log_path, sizeof log_path, "%s/anvil.XXXXXX", tmp ? tmp : "/tmp");
    int log = mkostemp(log_path, O_CLOEXEC);
    CHECK(log >= 0 && unlink(log_path) == 0);
    a->pid = fork();
    if (a->pid == 0) anvil_exec(log, extra);
    unsigned port = anvil_port(log);
    close(log);
    CHECK_MSG(port != 0, "anvil did not start; are the packages installed?");
    if (port == 0) exit(1);
    snprintf(a->url, sizeof a->url, "http://127.0.0.1:%u", port);
    CHECK_OK(pm_rpc_new(&a->rpc, a->url, NULL, &err), err);
    a->owner = (struct pm_sender){.rpc = a->rpc, .max_fee_wei = 1000000000000u, .timeout_ms = 10000};
    CHECK(
        pm_hex_decode(a->owner.key, 32, "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"));
    CHECK_OK(pm_eth_address(a->owner.address, a->owner.key, &err), err);
    CHECK_OK(pm_eth_chain_id(a->rpc, &a->owner.chain_id, &err), err);
    CHECK_U64(a->owner.chain_id, 31337);
}

static void anvil_stop(struct anvil *a)
{
    pm_rpc_free(&a->rpc);
    if (a->pid > 0) {
        kill(a->pid, SIGTERM);
        waitpid(a->pid, NULL, 0);
    }
    a->pid = 0;
}

__attribute__((unused)) static void anvil_mine(struct anvil *a, int blocks)
{
    char text[16];
    snprintf(text, sizeof text, "0x%x", blocks);
    anvil_do(a, "anvil_mine", json_pack("[s]", text));
}

__attribute__((unused)) static void anvil_give(struct anvil *a, const uint8_t address[20],
                                               const char *wei_hex)
{
    char *text = pm_hex_0x(address, 20);
    anvil_do(a, "anvil_setBalance", json_pack("[s,s]", text, wei_hex));
    free(text);
}

/* args: "type:value" texts, NULL at the end */
__attribute__((unused)) static void anvil_deploy(struct anvil *a, uint8_t address[20], const char *name,
                                                 const char *const *args)
{
    char path[512];
    struct pm_artifact artifact;
    struct pm_sent sent;
    struct pm_error err;
    unsigned n = 0;
    while (args && args[n]) n++;
    snprintf(path, sizeof path, "%s/%s.json", PM_CONTRACTS, name);
    CHECK_OK(pm_artifact_load(&artifact, path, &err), err);
    CHECK_OK(pm_encode_args(&artifact.bytecode, (char *const *)(uintptr_t)args, n, artifact.constructor,
                            artifact.n_constructor, &err),
             err);
    CHECK_OK(pm_send_and_wait(&sent, &a->owner, NULL, artifact.bytecode.data, artifact.bytecode.len, &err),
             err);
    memcpy(address, sent.contract, 20);
    pm_artifact_fini(&artifact);
}

static void anvil_calldata(struct pm_buf *out, const char *signature, const char *const *args)
{
    char types[8][64];
    unsigned n_types, n = 0;
    uint8_t selector[4];
    struct pm_error err;
    while (args && args[n]) n++;
    CHECK_OK(pm_signature_types(types, &n_types, 8, signature, &err), err);
    pm_abi_selector(selector, signature);
    pm_buf_add(out, selector, 4);
    CHECK_OK(pm_encode_args(out, (char *const *)(uintptr_t)args, n, types, n_types, &err), err);
}

__attribute__((unused)) static enum pm_status anvil_send(struct anvil *a, const uint8_t to[20],
                                                         const char *signature, const char *const *args,
                                                         struct pm_error *err)
{
    struct pm_buf data = {0};
    struct pm_sent sent;
    anvil_calldata(&data, signature, args);
    enum pm_status status = pm_send_and_wait(&sent, &a->owner, to, data.data, data.len, err);
    pm_buf_fini(&data);
    return status;
}

/* A view function that answers one number. */
__attribute__((unused)) static uint64_t anvil_view(struct anvil *a, const uint8_t to[20],
                                                   const char *signature, const char *const *args)
{
    struct pm_buf data = {0}, answer = {0};
    struct pm_error err;
    uint64_t value = UINT64_MAX;
    anvil_calldata(&data, signature, args);
    struct pm_eth_call call = {.to = to, .data = data.data, .data_len = data.len};
    CHECK_OK(pm_eth_call(a->rpc, &answer, &call, "latest", &err), err);
    CHECK(pm_abi_read_u64(&value, answer.data, answer.len, 0));
    pm_buf_fini(&data);
    pm_buf_fini(&answer);
    return value;
}

/* "address:0x..." for anvil_deploy and anvil_send */
__attribute__((unused)) static const char *address_arg(char out[64], const uint8_t address[20])
{
    memcpy(out, "address:0x", 11);
    pm_hex_encode(out + 10, address, 20);
    return out;
}

#endif
