/* Ethereum JSON-RPC methods. Calls and their reverts are eth_call.c's. Next: outbox.c and deploy.c. */
#include "coordinator/chain/eth.h"

#include "base/bytes.h"
#include "coordinator/chain/u256.h"

#include <stdio.h>
#include <stdlib.h>

bool pm_eth_parse_u64(uint64_t *out, const json_t *value)
{
    uint8_t word[32];
    const char *text = json_string_value(value);
    return text && strncmp(text, "0x", 2) == 0 && strlen(text) <= 66 && pm_u256_parse(word, text) &&
           pm_u256_to_u64(out, word);
}

void pm_eth_tag(char out_text[20], uint64_t number)
{
    snprintf(out_text, 20, "0x%llx", (unsigned long long)number);
}

static bool parse_fixed(uint8_t *out, size_t len, const json_t *value)
{
    const char *text = json_string_value(value);
    return text && strncmp(text, "0x", 2) == 0 && pm_hex_decode(out, len, text);
}

static enum pm_status malformed(const struct pm_rpc *rpc, const char *method, const char *what,
                                struct pm_error *err)
{
    return pm_fail(err, PM_NETWORK, "%s: %s: expected %s", pm_rpc_name(rpc), method, what);
}

static enum pm_status call_u64(struct pm_rpc *rpc, uint64_t *out, const char *method, json_t *params,
                               struct pm_error *err)
{
    json_t *result;
    PM_TRY(pm_rpc_call(rpc, &result, method, params, err));
    bool ok = pm_eth_parse_u64(out, result);
    json_decref(result);
    return ok ? PM_OK : malformed(rpc, method, "a number of at most 64 bits", err);
}

enum pm_status pm_eth_chain_id(struct pm_rpc *rpc, uint64_t *out, struct pm_error *err)
{
    return call_u64(rpc, out, "eth_chainId", json_array(), err);
}

enum pm_status pm_eth_head(struct pm_rpc *rpc, struct pm_eth_head *out, struct pm_error *err)
{
    json_t *block;
    memset(out, 0, sizeof *out);
    PM_TRY(pm_rpc_call(rpc, &block, "eth_getBlockByNumber", json_pack("[s,b]", "latest", 0), err));
    bool ok = pm_eth_parse_u64(&out->number, json_object_get(block, "number")) &&
              pm_eth_parse_u64(&out->gas_limit, json_object_get(block, "gasLimit")) &&
              parse_fixed(out->hash, 32, json_object_get(block, "hash")) &&
              pm_eth_parse_u64(&out->base_fee_wei, json_object_get(block, "baseFeePerGas"));
    json_decref(block);
    return ok ? PM_OK
              : malformed(rpc, "eth_getBlockByNumber",
                          "a block with number, hash, gas limit and base fee (EIP-1559)", err);
}

enum pm_status pm_eth_block_hash(struct pm_rpc *rpc, uint8_t out[32], uint64_t number, struct pm_error *err)
{
    json_t *block;
    char tag[20];
    pm_eth_tag(tag, number);
    PM_TRY(pm_rpc_call(rpc, &block, "eth_getBlockByNumber", json_pack("[s,b]", tag, 0), err));
    bool missing = json_is_null(block), ok = parse_fixed(out, 32, json_object_get(block, "hash"));
    json_decref(block);
    if (missing) return pm_fail(err, PM_NOT_FOUND, "%s: there is no block %s", pm_rpc_name(rpc), tag);
    return ok ? PM_OK : malformed(rpc, "eth_getBlockByNumber", "a block with a hash", err);
}

/* [address, tag] */
static json_t *address_params(const uint8_t address[20], const char *tag)
{
    char *text = pm_hex_0x(address, 20);
    json_t *params = text ? json_pack("[s,s]", text, tag) : NULL;
    free(text);
    return params;
}

enum pm_status pm_eth_nonce(struct pm_rpc *rpc, uint64_t *out, const uint8_t address[20], const char *tag,
                            struct pm_error *err)
{
    return call_u64(rpc, out, "eth_getTransactionCount", address_params(address, tag), err);
}

enum pm_status pm_eth_balance(struct pm_rpc *rpc, uint8_t out[32], const uint8_t address[20],
                              struct pm_error *err)
{
    json_t *result;
    PM_TRY(pm_rpc_call(rpc, &result, "eth_getBalance", address_params(address, "latest"), err));
    const char *text = json_string_value(result);
    bool ok = text && strncmp(text, "0x", 2) == 0 && pm_u256_parse(out, text);
    json_decref(result);
    return ok ? PM_OK : malformed(rpc, "eth_getBalance", "a number", err);
}

enum pm_status pm_eth_code_len(struct pm_rpc *rpc, size_t *out, const uint8_t address[20],
                               struct pm_error *err)
{
    json_t *result;
    struct pm_buf code = {0};
    PM_TRY(pm_rpc_call(rpc, &result, "eth_getCode", address_params(address, "latest"), err));
    const char *text = json_string_value(result);
    bool ok = text && pm_buf_add_hex(&code, text);
    *out = code.len;
    pm_buf_fini(&code);
    json_decref(result);
    return ok ? PM_OK : malformed(rpc, "eth_getCode", "bytes", err);
}

enum pm_status pm_eth_send_raw(struct pm_rpc *rpc, const uint8_t *raw, size_t len, struct pm_error *err)
{
    json_t *result;
    char *text = pm_hex_0x(raw, len);
    json_t *params = text ? json_pack("[s]", text) : NULL;
    free(text);
    PM_TRY(pm_rpc_call(rpc, &result, "eth_sendRawTransaction", params, err));
    json_decref(result);
    return PM_OK;
}

/* -- fees -- */

static int compare_u64(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* The median of what the median transaction of each recent block paid on top; empty blocks say nothing. */
static uint64_t median_reward(const json_t *history)
{
    uint64_t reward[16];
    size_t n = 0, i;
    json_t *row;
    json_array_foreach(json_object_get(history, "reward"), i, row)
    {
        uint64_t v;
        if (n < 16 && pm_eth_parse_u64(&v, json_array_get(row, 0)) && v > 0) reward[n++] = v;
    }
    if (n == 0) return 0;
    qsort(reward, n, sizeof *reward, compare_u64);
    return reward[n / 2];
}

enum pm_status pm_eth_fees(struct pm_rpc *rpc, struct pm_eth_fees *out, struct pm_error *err)
{
    json_t *history;
    PM_TRY(pm_rpc_call(rpc, &history, "eth_feeHistory", json_pack("[s,s,[i]]", "0x5", "latest", 50), err));
    const json_t *base = json_object_get(history, "baseFeePerGas");
    size_t n = json_array_size(base);
    bool ok = n > 0 && pm_eth_parse_u64(&out->base_fee_wei, json_array_get(base, n - 1));
    out->priority_wei = median_reward(history);
    json_decref(history);
    if (!ok) return malformed(rpc, "eth_feeHistory", "baseFeePerGas of the next block", err);
    if (out->priority_wei == 0) {
        /* Quiet blocks: what the node itself would suggest, where it knows the method. */
        enum pm_status status =
            call_u64(rpc, &out->priority_wei, "eth_maxPriorityFeePerGas", json_array(), err);
        if (status == PM_CHAIN)
            out->priority_wei = 0;
        else if (status != PM_OK)
            return status;
    }
    return PM_OK;
}

/* -- receipts -- */

static bool parse_receipt(struct pm_eth_receipt *out, json_t *receipt)
{
    uint64_t status;
    json_t *logs = json_object_get(receipt, "logs");
    const json_t *contract = json_object_get(receipt, "contractAddress");
    if (!pm_eth_parse_u64(&status, json_object_get(receipt, "status")) || status > 1 || !json_is_array(logs))
        return false;
    if (!pm_eth_parse_u64(&out->block_number, json_object_get(receipt, "blockNumber")) ||
        !parse_fixed(out->block_hash, 32, json_object_get(receipt, "blockHash")) ||
        !pm_eth_parse_u64(&out->gas_used, json_object_get(receipt, "gasUsed")) ||
        !pm_eth_parse_u64(&out->gas_price_wei, json_object_get(receipt, "effectiveGasPrice")))
        return false;
    if (contract && !json_is_null(contract) && !parse_fixed(out->contract, 20, contract)) return false;
    out->ok = status == 1;
    out->logs = json_incref(logs);
    return true;
}

enum pm_status pm_eth_receipt(struct pm_rpc *rpc, struct pm_eth_receipt *out, const uint8_t hash[32],
                              struct pm_error *err)
{
    json_t *result;
    uint8_t named[32];
    char *text = pm_hex_0x(hash, 32);
    memset(out, 0, sizeof *out);
    json_t *params = text ? json_pack("[s]", text) : NULL;
    enum pm_status status = pm_rpc_call(rpc, &result, "eth_getTransactionReceipt", params, err);
    free(text);
    if (status != PM_OK) return status;
    bool missing = json_is_null(result) || json_is_null(json_object_get(result, "blockHash"));
    bool ours =
        parse_fixed(named, 32, json_object_get(result, "transactionHash")) && memcmp(named, hash, 32) == 0;
    if (missing)
        status = pm_fail(err, PM_NOT_FOUND, "%s: no receipt yet", pm_rpc_name(rpc));
    else if (!ours || !parse_receipt(out, result))
        status = malformed(rpc, "eth_getTransactionReceipt", "the receipt of the transaction asked for", err);
    json_decref(result);
    return status;
}

void pm_eth_receipt_fini(struct pm_eth_receipt *receipt)
{
    json_decref(receipt->logs);
    memset(receipt, 0, sizeof *receipt);
}

bool pm_eth_log(struct pm_eth_log *out, const struct pm_eth_receipt *receipt, size_t index)
{
    const json_t *log = json_array_get(receipt->logs, index), *topics = json_object_get(log, "topics");
    const char *data = json_string_value(json_object_get(log, "data"));
    memset(out, 0, sizeof *out);
    if (!parse_fixed(out->address, 20, json_object_get(log, "address")) || !json_is_array(topics) ||
        json_array_size(topics) > 4 || !data)
        return false;
    out->n_topics = (unsigned)json_array_size(topics);
    for (unsigned i = 0; i < out->n_topics; i++)
        if (!parse_fixed(out->topic[i], 32, json_array_get(topics, i))) return false;
    if (pm_buf_add_hex(&out->data, data)) return true;
    pm_eth_log_fini(out);
    return false;
}

void pm_eth_log_fini(struct pm_eth_log *log) { pm_buf_fini(&log->data); }
