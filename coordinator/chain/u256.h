/* 256-bit unsigned integers as Ethereum passes them: 32 bytes, big-endian. Texts to numbers and back; no
 * arithmetic. */
#ifndef PM_CHAIN_U256_H
#define PM_CHAIN_U256_H

#include <stdbool.h>
#include <stdint.h>

void pm_u256_from_u64(uint8_t out[32], uint64_t value);
/* False where it does not fit. */
bool pm_u256_to_u64(uint64_t *out, const uint8_t value[32]);
/* Decimal digits, or 0x and hex digits; nothing else, not even a sign. False: not that, or above 2^256 - 1.
 */
bool pm_u256_parse(uint8_t out[32], const char *text);
/* Decimal text; out_text holds at least 79 characters. */
void pm_u256_decimal(char *out_text, const uint8_t value[32]);
/* -1, 0, 1 */
int pm_u256_compare(const uint8_t a[32], const uint8_t b[32]);

#endif
