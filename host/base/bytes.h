/* Bytes in memory: unaligned loads and stores, hex, constant-time compare, wiping.
 * Nothing in the files and messages that proofmill reads is aligned, so numbers are loaded here, never cast. */
#ifndef PM_BASE_BYTES_H
#define PM_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t pm_load_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t pm_load_le64(const uint8_t *p)
{
    return (uint64_t)pm_load_le32(p) | (uint64_t)pm_load_le32(p + 4) << 32;
}
static inline uint32_t pm_load_be32(const uint8_t *p)
{
    return (uint32_t)p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[0] << 24;
}
static inline uint64_t pm_load_be64(const uint8_t *p)
{
    return (uint64_t)pm_load_be32(p + 4) | (uint64_t)pm_load_be32(p) << 32;
}
static inline void pm_store_le32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}
static inline void pm_store_le64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++) p[i] = (uint8_t)(v >> 8 * i);
}
static inline void pm_store_be32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) p[3 - i] = (uint8_t)(v >> 8 * i);
}
static inline void pm_store_be64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++) p[7 - i] = (uint8_t)(v >> 8 * i);
}

/* out_text holds 2 * len + 1 characters: lower-case hex and a NUL. */
void pm_hex_encode(char *out_text, const uint8_t *bytes, size_t len);

/* Reads exactly 2 * len hex digits (either case; an optional 0x before them) that end the string.
 * False, with out unspecified, on anything else. */
bool pm_hex_decode(uint8_t *out, size_t len, const char *text);

/* Whether all len bytes are zero: infinity among affine points, zero among numbers. */
bool pm_bytes_are_zero(const uint8_t *bytes, size_t len);

/* Equality in time that depends on len alone. */
bool pm_equal_ct(const void *a, const void *b, size_t len);

/* Overwrites secrets; the compiler may not drop it. */
void pm_wipe(void *p, size_t len);

#endif
