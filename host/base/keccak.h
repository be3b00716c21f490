/* Keccak-256 as Ethereum uses it: padding 0x01, not SHA-3's 0x06.
 * Source: the Keccak submission (Bertoni, Daemen, Peeters, Van Assche), rate 1088; Ethereum yellow paper, section 3. */
#ifndef PM_BASE_KECCAK_H
#define PM_BASE_KECCAK_H

#include <stddef.h>
#include <stdint.h>

struct pm_keccak {
    uint64_t state[25];
    size_t fill; /* bytes absorbed into the current block */
};

void pm_keccak_init(struct pm_keccak *k);
void pm_keccak_update(struct pm_keccak *k, const void *data, size_t len);
void pm_keccak_final(struct pm_keccak *k, uint8_t out[32]);

/* The hash of one buffer. */
void pm_keccak256(uint8_t out[32], const void *data, size_t len);

#endif
