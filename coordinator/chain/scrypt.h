/* scrypt, the memory-hard derivation of a key from a password. Source: RFC 7914.
 * OpenSSL has one too, but refuses n >= 2^(16 r), which the published keystore vector (n = 2^18, r = 1) has.
 */
#ifndef PM_CHAIN_SCRYPT_H
#define PM_CHAIN_SCRYPT_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* n: a power of two, at least 2. Needs 128 * r * (n + p + 2) bytes, which are wiped; PM_NO_MEMORY where that
 * is above max_bytes or not to be had. Time depends on the password (its memory accesses do). */
PM_MUST_USE enum pm_status pm_scrypt_var(uint8_t *out, size_t out_len, const char *password,
                                         const uint8_t *salt, size_t salt_len, uint64_t n, uint32_t r,
                                         uint32_t p, size_t max_bytes, struct pm_error *err);

#endif
