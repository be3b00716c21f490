/* The ABI's builder and readers. Reasons of reverts are abi_revert.c's. Next: calldata in tx.c, logs in
 * outbox_receipt.c. */
#include "coordinator/chain/abi.h"

#include "base/bytes.h"
#include "base/keccak.h"
#include "coordinator/chain/u256.h"

#include <stdlib.h>

void pm_abi_fini(struct pm_abi *abi)
{
    pm_buf_fini(&abi->head);
    pm_buf_fini(&abi->tail);
    memset(abi, 0, sizeof *abi);
}

void pm_abi_add_words(struct pm_abi *abi, const uint8_t *words, size_t n)
{
    if (n > SIZE_MAX / 32) {
        abi->head.failed = true;
        return;
    }
    pm_buf_add(&abi->head, words, 32 * n);
}

void pm_abi_add_u64(struct pm_abi *abi, uint64_t value)
{
    uint8_t word[32];
    pm_u256_from_u64(word, value);
    pm_abi_add_words(abi, word, 1);
}

void pm_abi_add_bool(struct pm_abi *abi, bool value) { pm_abi_add_u64(abi, value ? 1 : 0); }

void pm_abi_add_address(struct pm_abi *abi, const uint8_t address[20])
{
    pm_buf_add_zeros(&abi->head, 12);
    pm_buf_add(&abi->head, address, 20);
}

void pm_abi_add_bytes(struct pm_abi *abi, const uint8_t *bytes, size_t len)
{
    if (abi->n_dynamic == PM_ABI_MAX_DYNAMIC) {
        abi->head.failed = true;
        return;
    }
    abi->dynamic_at[abi->n_dynamic++] = abi->head.len;
    pm_abi_add_u64(abi, abi->tail.len); /* from the tail's beginning, until the head's length is known */
    uint8_t word[32];
    pm_u256_from_u64(word, len);
    pm_buf_add(&abi->tail, word, 32);
    pm_buf_add(&abi->tail, bytes, len);
    pm_buf_add_zeros(&abi->tail, (32 - len % 32) % 32);
}

void pm_abi_add_string(struct pm_abi *abi, const char *text)
{
    pm_abi_add_bytes(abi, (const uint8_t *)text, strlen(text));
}

/* The N of "uintN" or "bytesN" behind the prefix; 0 where it is not a plain number of at most three digits.
 */
static unsigned type_number(const char *digits)
{
    unsigned n = 0;
    size_t len = strlen(digits);
    if (len == 0 || len > 3 || digits[0] == '0') return 0;
    for (; *digits; digits++) {
        if (*digits < '0' || *digits > '9') return 0;
        n = 10 * n + (unsigned)(*digits - '0');
    }
    return n;
}

static bool add_uint(struct pm_abi *abi, unsigned bits, const char *text)
{
    uint8_t word[32];
    if (!pm_u256_parse(word, text)) return false;
    for (unsigned i = 0; i < 32 - bits / 8; i++)
        if (word[i]) return false;
    pm_abi_add_words(abi, word, 1);
    return true;
}

static bool add_fixed_bytes(struct pm_abi *abi, unsigned len, const char *text)
{
    uint8_t word[32] = {0};
    if (strncmp(text, "0x", 2) != 0 || !pm_hex_decode(word, len, text)) return false;
    pm_abi_add_words(abi, word, 1);
    return true;
}

static bool add_address(struct pm_abi *abi, const char *text)
{
    uint8_t address[20];
    if (strncmp(text, "0x", 2) != 0 || !pm_hex_decode(address, 20, text)) return false;
    pm_abi_add_address(abi, address);
    return true;
}

static bool add_hex(struct pm_abi *abi, const char *text)
{
    struct pm_buf bytes = {0};
    bool ok = pm_buf_add_hex(&bytes, text);
    if (ok) pm_abi_add_bytes(abi, bytes.data, bytes.len);
    pm_buf_fini(&bytes);
    return ok;
}

enum pm_status pm_abi_add_text(struct pm_abi *abi, const char *type, const char *text, struct pm_error *err)
{
    unsigned n;
    bool ok;
    if (strcmp(type, "string") == 0) {
        pm_abi_add_string(abi, text);
        ok = true;
    } else if (strcmp(type, "bytes") == 0) {
        ok = add_hex(abi, text);
    } else if (strcmp(type, "address") == 0) {
        ok = add_address(abi, text);
    } else if (strcmp(type, "bool") == 0) {
        ok = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
        pm_abi_add_bool(abi, text[0] == 't');
    } else if (strncmp(type, "uint", 4) == 0 && (n = type_number(type + 4)) >= 8 && n <= 256 && n % 8 == 0) {
        ok = add_uint(abi, n, text);
    } else if (strncmp(type, "bytes", 5) == 0 && (n = type_number(type + 5)) >= 1 && n <= 32) {
        ok = add_fixed_bytes(abi, n, text);
    } else {
        return pm_fail(
            err, PM_USAGE,
            "type \"%s\": expected uint8..uint256, address, bool, bytes1..bytes32, bytes or string", type);
    }
    if (!ok) return pm_fail(err, PM_USAGE, "\"%s\" is no %s", text, type);
    return PM_OK;
}

enum pm_status pm_abi_finish(struct pm_abi *abi, struct pm_buf *out, struct pm_error *err)
{
    if (abi->head.failed || abi->tail.failed) out->failed = true;
    if (!out->failed) {
        for (unsigned i = 0; i < abi->n_dynamic; i++) {
            uint8_t *place = abi->head.data + abi->dynamic_at[i] + 24;
            pm_store_be64(place, pm_load_be64(place) + abi->head.len);
        }
        pm_buf_add(out, abi->head.data, abi->head.len);
        pm_buf_add(out, abi->tail.data, abi->tail.len);
    }
    pm_abi_fini(abi);
    return pm_buf_check(out, err);
}

void pm_abi_topic(uint8_t out[32], const char *signature) { pm_keccak256(out, signature, strlen(signature)); }

void pm_abi_selector(uint8_t out[4], const char *signature)
{
    uint8_t hash[32];
    pm_abi_topic(hash, signature);
    memcpy(out, hash, 4);
}

bool pm_abi_read_word(uint8_t out[32], const uint8_t *data, size_t len, size_t index)
{
    if (index >= len / 32) return false;
    memcpy(out, data + 32 * index, 32);
    return true;
}

bool pm_abi_read_u64(uint64_t *out, const uint8_t *data, size_t len, size_t index)
{
    uint8_t word[32];
    return pm_abi_read_word(word, data, len, index) && pm_u256_to_u64(out, word);
}

bool pm_abi_read_bool(bool *out, const uint8_t *data, size_t len, size_t index)
{
    uint64_t value;
    if (!pm_abi_read_u64(&value, data, len, index) || value > 1) return false;
    *out = value == 1;
    return true;
}

bool pm_abi_read_address(uint8_t out[20], const uint8_t *data, size_t len, size_t index)
{
    uint8_t word[32];
    if (!pm_abi_read_word(word, data, len, index)) return false;
    for (int i = 0; i < 12; i++)
        if (word[i]) return false;
    memcpy(out, word + 12, 20);
    return true;
}

bool pm_abi_read_bytes(const uint8_t **out, size_t *out_len, const uint8_t *data, size_t len, size_t index)
{
    uint64_t offset, n;
    if (!pm_abi_read_u64(&offset, data, len, index)) return false;
    if (offset > len || !pm_abi_read_u64(&n, data + offset, len - (size_t)offset, 0)) return false;
    if (n > len - offset - 32) return false;
    *out = data + offset + 32;
    *out_len = (size_t)n;
    return true;
}
