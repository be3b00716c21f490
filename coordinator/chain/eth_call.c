/* Calls that cost nothing: eth_call and eth_estimateGas, and what their refusals mean. Next: outbox.c and
 * deploy.c. */
#include "coordinator/chain/eth.h"

#include "base/bytes.h"
#include "coordinator/chain/abi.h"

#include <stdio.h>
#include <stdlib.h>

static bool set_bytes(json_t *object, const char *name, const uint8_t *bytes, size_t len)
{
    char *text = pm_hex_0x(bytes, len);
    bool ok = text && json_object_set_new(object, name, json_string(text)) == 0;
    free(text);
    return ok;
}

/* [{from, to, data, gas}, tag] */
static json_t *call_params(const struct pm_eth_call *call, const char *tag)
{
    json_t *object = json_object();
    bool ok = object && set_bytes(object, "data", call->data, call->data_len);
    if (ok && call->from) ok = set_bytes(object, "from", call->from, 20);
    if (ok && call->to) ok = set_bytes(object, "to", call->to, 20);
    if (ok && call->gas) {
        char gas[20];
        pm_eth_tag(gas, call->gas);
        ok = json_object_set_new(object, "gas", json_string(gas)) == 0;
    }
    json_t *params = ok ? json_pack("[O,s]", object, tag) : NULL;
    json_decref(object);
    return params;
}

enum pm_status pm_eth_call(struct pm_rpc *rpc, struct pm_buf *out, const struct pm_eth_call *call,
                           const char *tag, struct pm_error *err)
{
    json_t *result;
    struct pm_buf ignored = {0};
    PM_TRY(pm_rpc_call(rpc, &result, "eth_call", call_params(call, tag), err));
    const char *text = json_string_value(result);
    bool ok = text && pm_buf_add_hex(out ? out : &ignored, text);
    pm_buf_fini(&ignored);
    json_decref(result);
    return ok ? PM_OK : pm_fail(err, PM_NETWORK, "%s: eth_call: expected bytes", pm_rpc_name(rpc));
}

enum pm_status pm_eth_estimate_gas(struct pm_rpc *rpc, uint64_t *out, const struct pm_eth_call *call,
                                   struct pm_error *err)
{
    json_t *result;
    PM_TRY(pm_rpc_call(rpc, &result, "eth_estimateGas", call_params(call, "latest"), err));
    bool ok = pm_eth_parse_u64(out, result);
    json_decref(result);
    return ok ? PM_OK : pm_fail(err, PM_NETWORK, "%s: eth_estimateGas: expected a number", pm_rpc_name(rpc));
}

bool pm_eth_reverted(const struct pm_rpc *rpc, char *out_text, size_t cap)
{
    /* What clients say when the machine itself stopped the call, without data. */
    static const char *const stops[] = {"revert",          "out of gas",      "invalid opcode",
                                        "stack underflow", "invalid jump",    "gas required exceeds",
                                        "OutOfGas",        "InvalidFEOpcode", "EVM error",
                                        "VM Exception"};
    const struct pm_rpc_error *last = pm_rpc_last(rpc);
    /* A contract that returns more than any answer may hold says no, too. */
    bool stopped = last->code == 3 || last->data_len > 0 || last->too_long;
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        stopped |= strstr(last->message, stops[i]) != NULL;
    if (!stopped) return false;
    if (last->data_len > 0)
        pm_abi_revert_text(out_text, cap, last->data, last->data_len);
    else
        snprintf(out_text, cap, "%s", last->message);
    return true;
}
