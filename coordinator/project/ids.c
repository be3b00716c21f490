/* Names that last: ids of messages and tasks, and the domain that ties a proof to one task. See project.h and
 * DESIGN 13, 14. abi.encode of static values is one 32-byte word each, big-endian (Solidity ABI
 * specification, "Formal Specification"). */
#include "coordinator/project/project.h"

#include "base/bytes.h"
#include "base/keccak.h"

static void word_u64(uint8_t out[32], uint64_t value)
{
    memset(out, 0, 32);
    pm_store_be64(out + 24, value);
}

/* keccak(abi.encode(uint256 chainId, address application, uint256 project, bytes32 keccak(version), bytes32
 * last)) */
static void encode(uint8_t out[32], uint64_t chain_id, const uint8_t application[20], uint64_t project,
                   const char *version, const uint8_t last[32])
{
    uint8_t words[5][32] = {{0}};
    word_u64(words[0], chain_id);
    memcpy(words[1] + 12, application, 20);
    word_u64(words[2], project);
    pm_keccak256(words[3], version, strlen(version));
    memcpy(words[4], last, 32);
    pm_keccak256(out, words, sizeof words);
}

void pm_message_id(uint8_t out[32], uint64_t project, const char *body, size_t len)
{
    struct pm_keccak k;
    uint8_t prefix[8];
    pm_store_be64(prefix, project);
    pm_keccak_init(&k);
    pm_keccak_update(&k, prefix, sizeof prefix);
    pm_keccak_update(&k, body, len);
    pm_keccak_final(&k, out);
}

void pm_task_id(uint8_t out[32], uint64_t chain_id, const uint8_t application[20], uint64_t project,
                const char *version, const uint8_t (*message_ids)[32], size_t n)
{
    uint8_t messages[32];
    pm_keccak256(messages, message_ids, n * 32);
    encode(out, chain_id, application, project, version, messages);
}

void pm_task_domain(uint8_t out[32], uint64_t chain_id, const uint8_t application[20], uint64_t project,
                    const char *version, const uint8_t task_id[32])
{
    uint8_t hash[32];
    encode(hash, chain_id, application, project, version, task_id);
    /* Big-endian >> 8 drops the last byte; reversed it is little-endian. */
    for (int i = 0; i < 31; i++) out[i] = hash[30 - i];
    out[31] = 0;
}
