/* The contract ABI: arguments to bytes by a small builder, and from bytes what a client reads: words,
 * booleans, byte strings, and why a call reverted. Types are static words, static arrays of words, bytes and
 * string; no tuples, no dynamic arrays. Source: Solidity documentation, "Contract ABI Specification". */
#ifndef PM_CHAIN_ABI_H
#define PM_CHAIN_ABI_H

#include "coordinator/chain/buf.h"

enum { PM_ABI_MAX_DYNAMIC = 16 };

/* All zero is an empty one. Arguments are added in order; the first failure sticks until pm_abi_finish. */
struct pm_abi {
    struct pm_buf head, tail;
    size_t dynamic_at[PM_ABI_MAX_DYNAMIC]; /* places in head that hold offsets into tail */
    unsigned n_dynamic;
};

void pm_abi_add_u64(struct pm_abi *abi, uint64_t value);
void pm_abi_add_bool(struct pm_abi *abi, bool value);
void pm_abi_add_address(struct pm_abi *abi, const uint8_t address[20]);
/* uint256, bytes32; or n of them in a row: uint256[n], uint256[2][2]. */
void pm_abi_add_words(struct pm_abi *abi, const uint8_t *words, size_t n);
void pm_abi_add_bytes(struct pm_abi *abi, const uint8_t *bytes, size_t len);
void pm_abi_add_string(struct pm_abi *abi, const char *text);
/* By a type's name and a text: uintN (decimal or 0x), address, bool, bytesN and bytes (0x), string. PM_USAGE
 * names the type and the text. */
PM_MUST_USE enum pm_status pm_abi_add_text(struct pm_abi *abi, const char *type, const char *text,
                                           struct pm_error *err);

/* Appends the encoding to out and empties abi. */
PM_MUST_USE enum pm_status pm_abi_finish(struct pm_abi *abi, struct pm_buf *out, struct pm_error *err);
void pm_abi_fini(struct pm_abi *abi);

/* The first four bytes of keccak(signature), e.g. "process(uint256,uint256,string,bytes)". */
void pm_abi_selector(uint8_t out[4], const char *signature);
void pm_abi_topic(uint8_t out[32], const char *signature);

/* -- reading: index counts words from the beginning of data; false where data is too short or not of that
 * type -- */
bool pm_abi_read_word(uint8_t out[32], const uint8_t *data, size_t len, size_t index);
bool pm_abi_read_u64(uint64_t *out, const uint8_t *data, size_t len, size_t index);
bool pm_abi_read_bool(bool *out, const uint8_t *data, size_t len, size_t index);
bool pm_abi_read_address(uint8_t out[20], const uint8_t *data, size_t len, size_t index);
/* bytes or string whose offset stands at index; *out points into data. */
bool pm_abi_read_bytes(const uint8_t **out, size_t *out_len, const uint8_t *data, size_t len, size_t index);

/* Why a call reverted, for people: Error(string) and Panic(uint256) are decoded; errors of our own contracts
 * are named, with their arguments; others are shown as selector and hex. Always ends in NUL; control
 * characters become '?'. */
void pm_abi_revert_text(char *out_text, size_t cap, const uint8_t *data, size_t len);

#endif
