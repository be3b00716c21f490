/* Keys on disk: web3 secret storage, version 3, as geth, foundry and most wallets write it (scrypt,
 * AES-128-CTR, keccak MAC). Source: ethereum.org, "Web3 Secret Storage Definition". Secrets are the caller's
 * to wipe. */
#ifndef PM_CHAIN_KEYSTORE_H
#define PM_CHAIN_KEYSTORE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { PM_KEYSTORE_LOG2_N = 18 }; /* the usual cost: 256 MiB for about a second */

/* A password from a file that only its owner can read: its first line, without the line end. malloc'ed; wipe
 * it with pm_password_free. PM_AUTH when others can read the file. */
PM_MUST_USE enum pm_status pm_password_load(char **password, const char *path, struct pm_error *err);
void pm_password_free(char **password);

/* Encrypts to a new file of mode 0600, whole or not at all; PM_CONFLICT where it exists. log2_n: scrypt's
 * cost, 10 to 18. */
PM_MUST_USE enum pm_status pm_keystore_write(const char *path, const uint8_t secret[32], const char *password,
                                             unsigned log2_n, struct pm_error *err);
/* PM_AUTH for a wrong password, PM_UNSUPPORTED for other ciphers and versions, PM_FORMAT for what is no
 * keystore or does not hold the key of the address that it names. address (may be NULL) is derived from the
 * key. */
PM_MUST_USE enum pm_status pm_keystore_read(uint8_t secret[32], uint8_t address[20], const char *path,
                                            const char *password, struct pm_error *err);

#endif
