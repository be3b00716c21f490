/* Deployments and single calls; see deploy.h. The subcommands are deploy_main.c. */
#include "coordinator/chain/deploy.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "coordinator/chain/eth.h"
#include "coordinator/chain/outbox_data.h"
#include "coordinator/chain/tx.h"
#include "coordinator/chain/u256.h"
#include "json/json.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_FILE_BYTES = 4 << 20, RECEIPT_POLL_MS = 100 };

/* -- artifacts -- */

static enum pm_status load_json(json_t **out, const char *path, struct pm_error *err)
{
    char *text;
    size_t len;
    json_error_t je;
    PM_TRY(pm_json_load(&text, &len, path, MAX_FILE_BYTES, err));
    *out = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);
    free(text);
    return *out ? PM_OK : pm_fail(err, PM_FORMAT, "%s: line %d: %s", path, je.line, je.text);
}

static enum pm_status read_abi(struct pm_artifact *out, const json_t *abi, const char *path,
                               struct pm_error *err)
{
    size_t i, j;
    json_t *entry, *input;
    json_array_foreach(abi, i, entry)
    {
        const char *type = json_string_value(json_object_get(entry, "type"));
        const char *name = json_string_value(json_object_get(entry, "name"));
        if (name && strcmp(name, "verifyProof") == 0) out->is_verifier = true;
        if (!type || strcmp(type, "constructor") != 0) continue;
        json_array_foreach(json_object_get(entry, "inputs"), j, input)
        {
            const char *input_type = json_string_value(json_object_get(input, "type"));
            if (!input_type || strlen(input_type) >= sizeof out->constructor[0] || out->n_constructor == 16)
                return pm_fail(err, PM_UNSUPPORTED,
                               "%s: constructor: expected at most 16 arguments of plain types", path);
            memcpy(out->constructor[out->n_constructor++], input_type, strlen(input_type) + 1);
        }
    }
    return PM_OK;
}

enum pm_status pm_artifact_load(struct pm_artifact *out, const char *path, struct pm_error *err)
{
    json_t *root;
    memset(out, 0, sizeof *out);
    PM_TRY(load_json(&root, path, err));
    const char *name = json_string_value(json_object_get(root, "contractName"));
    const char *code = json_string_value(json_object_get(root, "bytecode"));
    const json_t *abi = json_object_get(root, "abi");
    enum pm_status status = PM_OK;
    if (!code || !json_is_array(abi) || !pm_buf_add_hex(&out->bytecode, code) || out->bytecode.len == 0)
        status = pm_fail(err, PM_FORMAT,
                         "%s: expected a compiled contract with \"abi\" and \"bytecode\" (0x...)", path);
    if (status == PM_OK) status = read_abi(out, abi, path, err);
    snprintf(out->name, sizeof out->name, "%s", name ? name : "contract");
    for (char *c = out->name; *c; c++) /* it is printed inside JSON */
        if (!isalnum((unsigned char)*c) && *c != '_' && *c != '$') *c = '?';
    json_decref(root);
    if (status != PM_OK) pm_artifact_fini(out);
    return status;
}

void pm_artifact_fini(struct pm_artifact *artifact) { pm_buf_fini(&artifact->bytecode); }

/* -- keys that must not hold value -- */

/* Whether the contract's code holds the key's delta, which no other key has. */
static bool code_has_delta(const struct pm_artifact *artifact, const json_t *vk)
{
    uint8_t word[32];
    const json_t *x = json_array_get(json_object_get(vk, "vk_delta_2"), 0);
    const char *text = json_string_value(json_array_get(x, 0));
    if (!text || !pm_u256_parse(word, text)) return false;
    size_t skip = 0;
    while (skip < 31 && word[skip] == 0) skip++; /* the compiler drops leading zeros */
    return memmem(artifact->bytecode.data, artifact->bytecode.len, word + skip, 32 - skip) != NULL;
}

enum pm_status pm_verifier_check(const struct pm_artifact *artifact, const char *vk_path, uint64_t chain_id,
                                 struct pm_error *err)
{
    bool local = chain_id == 31337 || chain_id == 1337;
    struct pm_vk vk;
    char *text = NULL;
    size_t len;
    if (!vk_path) {
        if (local || !artifact->is_verifier) return PM_OK;
        return pm_fail(err, PM_UNSAFE_KEY,
                       "%s verifies proofs: show its key with --vk verification_key.json on chain %llu",
                       artifact->name, (unsigned long long)chain_id);
    }
    json_t *root = NULL;
    PM_TRY(load_json(&root, vk_path, err));
    bool belongs = !artifact->is_verifier || code_has_delta(artifact, root);
    json_decref(root);
    if (!belongs)
        return pm_fail(err, PM_MISMATCH, "%s was not made from the key %s", artifact->name, vk_path);
    PM_TRY(pm_json_load(&text, &len, vk_path, MAX_FILE_BYTES, err));
    enum pm_status status = pm_json_read_vk(&vk, vk_path, text, len, err);
    free(text);
    if (status != PM_OK) return status;
    if (!local) {
        status = pm_vk_production_check(&vk, err);
        if (status != PM_OK) pm_fail_in(err, "%s on chain %llu", vk_path, (unsigned long long)chain_id);
    }
    pm_vk_fini(&vk);
    return status;
}

/* -- arguments -- */

enum pm_status pm_signature_types(char (*types)[64], unsigned *n, unsigned max, const char *signature,
                                  struct pm_error *err)
{
    const char *open = strchr(signature, '('), *p = open ? open + 1 : NULL;
    size_t len = strlen(signature);
    *n = 0;
    if (!open || open == signature || signature[len - 1] != ')' || strchr(open + 1, '(') ||
        strchr(signature, ' '))
        return pm_fail(err, PM_USAGE, "\"%s\": expected name(type,type) without spaces or tuples", signature);
    while (*p != ')') {
        size_t type_len = strcspn(p, ",)");
        if (type_len == 0 || type_len >= 64 || *n == max || (p[type_len] == ',' && p[type_len + 1] == ')'))
            return pm_fail(err, PM_USAGE, "\"%s\": expected at most %u types", signature, max);
        memcpy(types[*n], p, type_len);
        types[(*n)++][type_len] = '\0';
        p += type_len + (p[type_len] == ',');
    }
    return PM_OK;
}

enum pm_status pm_encode_args(struct pm_buf *out, char *const *args, unsigned n_args, char (*types)[64],
                              unsigned n_types, struct pm_error *err)
{
    struct pm_abi abi = {0};
    enum pm_status status = PM_OK;
    if (n_args != n_types)
        return pm_fail(err, PM_USAGE, "expected %u arguments (--arg type:value), found %u", n_types, n_args);
    for (unsigned i = 0; status == PM_OK && i < n_args; i++) {
        size_t type_len = strlen(types[i]);
        if (strncmp(args[i], types[i], type_len) != 0 || args[i][type_len] != ':')
            status = pm_fail(err, PM_USAGE, "argument %u: expected %s:..., found \"%.80s\"", i + 1, types[i],
                             args[i]);
        else
            status = pm_abi_add_text(&abi, types[i], args[i] + type_len + 1, err);
    }
    if (status == PM_OK) return pm_abi_finish(&abi, out, err);
    pm_abi_fini(&abi);
    return status;
}

/* -- sending -- */

static enum pm_status reverts(const struct pm_sender *sender, struct pm_error *err)
{
    char reason[480];
    if (pm_eth_reverted(sender->rpc, reason, sizeof reason))
        return pm_fail(err, PM_CHAIN, "%s: it would revert: %s", pm_rpc_name(sender->rpc), reason);
    return PM_CHAIN;
}

static enum pm_status wait_for(struct pm_eth_receipt *receipt, const struct pm_sender *sender,
                               const uint8_t hash[32], struct pm_error *err)
{
    char text[65];
    uint64_t deadline = pm_clock_ms() + sender->timeout_ms;
    for (;;) {
        enum pm_status status = pm_eth_receipt(sender->rpc, receipt, hash, err);
        if (status != PM_NOT_FOUND && status != PM_NETWORK) return status;
        if (pm_clock_ms() > deadline) break;
        pm_clock_sleep_ms(RECEIPT_POLL_MS);
    }
    pm_hex_encode(text, hash, 32);
    return pm_fail(err, PM_TIMEOUT, "%s: no receipt of transaction 0x%s after %u s; it may still be mined",
                   pm_rpc_name(sender->rpc), text, sender->timeout_ms / 1000);
}

static enum pm_status prepare(struct pm_tx *tx, const struct pm_sender *sender, struct pm_error *err)
{
    struct pm_eth_fees now;
    struct pm_outbox_fees fees;
    struct pm_eth_call call = {
        .from = sender->address, .to = tx->to, .data = tx->data, .data_len = tx->data_len};
    enum pm_status status = pm_eth_estimate_gas(sender->rpc, &tx->gas_limit, &call, err);
    if (status == PM_CHAIN) return reverts(sender, err);
    if (status != PM_OK) return status;
    tx->gas_limit += tx->gas_limit / 5;
    PM_TRY(pm_eth_fees(sender->rpc, &now, err));
    if (!pm_outbox_first_fees(&fees, now.base_fee_wei, now.priority_wei, sender->max_fee_wei))
        return pm_fail(err, PM_CHAIN, "%s asks %llu + %llu wei per gas, the cap is %llu",
                       pm_rpc_name(sender->rpc), (unsigned long long)now.base_fee_wei,
                       (unsigned long long)now.priority_wei, (unsigned long long)sender->max_fee_wei);
    tx->max_fee_wei = fees.max_fee_wei;
    tx->priority_wei = fees.priority_wei;
    return pm_eth_nonce(sender->rpc, &tx->nonce, sender->address, "pending", err);
}

enum pm_status pm_send_and_wait(struct pm_sent *out, const struct pm_sender *sender, const uint8_t *to,
                                const uint8_t *data, size_t len, struct pm_error *err)
{
    struct pm_tx tx = {.chain_id = sender->chain_id, .to = to, .data = data, .data_len = len};
    struct pm_buf raw = {0};
    struct pm_eth_receipt receipt;
    memset(out, 0, sizeof *out);
    PM_TRY(prepare(&tx, sender, err));
    enum pm_status status = pm_tx_sign(&raw, out->hash, &tx, sender->key, err);
    if (status == PM_OK) status = pm_eth_send_raw(sender->rpc, raw.data, raw.len, err);
    pm_buf_fini(&raw);
    if (status != PM_OK && status != PM_NETWORK) return status; /* unreachable: it may have arrived */
    PM_TRY(wait_for(&receipt, sender, out->hash, err));
    bool ok = receipt.ok;
    out->block_number = receipt.block_number;
    out->gas_used = receipt.gas_used;
    memcpy(out->contract, receipt.contract, 20);
    pm_eth_receipt_fini(&receipt);
    if (ok) return PM_OK;
    char text[65];
    pm_hex_encode(text, out->hash, 32);
    return pm_fail(err, PM_CHAIN, "%s: transaction 0x%s was mined and reverted", pm_rpc_name(sender->rpc),
                   text);
}
