/* Transactions of type 2: 0x02 ‖ rlp([chain, nonce, priority, max fee, gas, to, value, data, access list, y,
 * r, s]). Source: EIP-1559, EIP-2718; EIP-2 for low S. Next: rpc.c sends them. */
#include "coordinator/chain/tx.h"

#include "base/bytes.h"
#include "base/keccak.h"
#include "base/random.h"
#include "coordinator/chain/rlp.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>

static void add_fields(struct pm_buf *out, const struct pm_tx *tx)
{
    pm_rlp_u64(out, tx->chain_id);
    pm_rlp_u64(out, tx->nonce);
    pm_rlp_u64(out, tx->priority_wei);
    pm_rlp_u64(out, tx->max_fee_wei);
    pm_rlp_u64(out, tx->gas_limit);
    pm_rlp_bytes(out, tx->to, tx->to ? 20 : 0);
    pm_rlp_uint(out, tx->value, 32);
    pm_rlp_bytes(out, tx->data, tx->data_len);
    pm_rlp_list(out, out->len); /* no access list */
}

/* A context of our own, blinded against side channels. */
static enum pm_status new_context(secp256k1_context **out, struct pm_error *err)
{
    uint8_t seed[32];
    *out = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    if (!*out) return pm_fail(err, PM_NO_MEMORY, "no memory for a signing context");
    enum pm_status status = pm_random_bytes(seed, sizeof seed, err);
    if (status == PM_OK && !secp256k1_context_randomize(*out, seed)) {
        status = pm_fail(err, PM_INTERNAL, "cannot blind the signing context");
    }
    pm_wipe(seed, sizeof seed);
    if (status != PM_OK) secp256k1_context_destroy(*out);
    return status;
}

static enum pm_status sign_digest(uint8_t r_s[64], int *parity, const uint8_t digest[32],
                                  const uint8_t secret[32], struct pm_error *err)
{
    secp256k1_context *context;
    secp256k1_ecdsa_recoverable_signature signature;
    PM_TRY(new_context(&context, err));
    enum pm_status status = PM_OK;
    if (!secp256k1_ecdsa_sign_recoverable(context, &signature, digest, secret, NULL, NULL)) {
        status = pm_fail(err, PM_USAGE, "the signing key is no secp256k1 secret key");
    } else {
        /* The library's signatures have a low S. */
        secp256k1_ecdsa_recoverable_signature_serialize_compact(context, r_s, parity, &signature);
    }
    secp256k1_context_destroy(context);
    return status;
}

/* 0x02 and the fields as a list */
static void envelope(struct pm_buf *raw, const struct pm_buf *fields)
{
    raw->len = 0;
    pm_buf_add_byte(raw, 2);
    pm_buf_add(raw, fields->data, fields->len);
    pm_rlp_list(raw, 1);
    raw->failed |= fields->failed;
}

enum pm_status pm_tx_sign(struct pm_buf *raw, uint8_t hash[32], const struct pm_tx *tx,
                          const uint8_t secret[32], struct pm_error *err)
{
    struct pm_buf fields = {0};
    uint8_t digest[32], r_s[64];
    int parity;
    enum pm_status status;
    add_fields(&fields, tx);
    envelope(raw, &fields);
    PM_GOTO(pm_buf_check(raw, err));
    pm_keccak256(digest, raw->data, raw->len);
    PM_GOTO(sign_digest(r_s, &parity, digest, secret, err));

    pm_rlp_u64(&fields, (uint64_t)parity);
    pm_rlp_uint(&fields, r_s, 32);
    pm_rlp_uint(&fields, r_s + 32, 32);
    envelope(raw, &fields);
    PM_GOTO(pm_buf_check(raw, err));
    pm_keccak256(hash, raw->data, raw->len);
out:
    pm_buf_fini(&fields);
    return status;
}

enum pm_status pm_eth_address(uint8_t address[20], const uint8_t secret[32], struct pm_error *err)
{
    secp256k1_context *context;
    secp256k1_pubkey point;
    PM_TRY(new_context(&context, err));
    enum pm_status status = PM_OK;
    if (!secp256k1_ec_pubkey_create(context, &point, secret)) {
        status = pm_fail(err, PM_USAGE, "the key is no secp256k1 secret key");
    } else {
        uint8_t bytes[65], hash[32];
        size_t len = sizeof bytes;
        secp256k1_ec_pubkey_serialize(context, bytes, &len, &point, SECP256K1_EC_UNCOMPRESSED);
        pm_keccak256(hash, bytes + 1, 64);
        memcpy(address, hash + 12, 20);
    }
    secp256k1_context_destroy(context);
    return status;
}

enum pm_status pm_tx_contract_address(uint8_t address[20], const uint8_t sender[20], uint64_t nonce,
                                      struct pm_error *err)
{
    struct pm_buf list = {0};
    uint8_t hash[32];
    pm_rlp_bytes(&list, sender, 20);
    pm_rlp_u64(&list, nonce);
    pm_rlp_list(&list, 0);
    enum pm_status status = pm_buf_check(&list, err);
    if (status == PM_OK) {
        pm_keccak256(hash, list.data, list.len);
        memcpy(address, hash + 12, 20);
    }
    pm_buf_fini(&list);
    return status;
}
