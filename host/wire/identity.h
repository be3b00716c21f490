/* Who is who: CURVE keys (a connection), secp256k1 identities (a worker or coordinator, for years), the join
 * string, and what a login signs. Key files are 0600 and never logged. */
#ifndef PM_WIRE_IDENTITY_H
#define PM_WIRE_IDENTITY_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct pm_curve_keys {
    uint8_t public_key[32], secret_key[32];
};
struct pm_identity {
    uint8_t secret[32], public_key[33], address[20];
}; /* address: Ethereum's, keccak of the key */

PM_MUST_USE enum pm_status pm_curve_keys_new(struct pm_curve_keys *out, struct pm_error *err);
PM_MUST_USE enum pm_status pm_identity_new(struct pm_identity *out, struct pm_error *err);

/* Key files: a line of hex each ("curve <64 hex>", "identity <64 hex>"). load_or_new makes the file (mode
 * 0600, written whole, then renamed) where there is none, and refuses one that others can read. Wipe after
 * use. */
PM_MUST_USE enum pm_status pm_keyfile_load_or_new(struct pm_curve_keys *curve, struct pm_identity *identity,
                                                  const char *path, struct pm_error *err);

/* keccak("proofmill login 1" ‖ server CURVE key ‖ client CURVE key ‖ pool id ‖ nonce ‖ be64 expires_ms). */
void pm_login_digest(uint8_t out[32], const uint8_t server_curve[32], const uint8_t client_curve[32],
                     const uint8_t pool_id[32], const uint8_t nonce[32], uint64_t expires_ms);
PM_MUST_USE enum pm_status pm_identity_sign(uint8_t signature[64], const struct pm_identity *identity,
                                            const uint8_t digest[32], struct pm_error *err);
/* low-S only */
bool pm_identity_verify(const uint8_t public_key[33], const uint8_t signature[64], const uint8_t digest[32]);
PM_MUST_USE enum pm_status pm_identity_address(uint8_t address[20], const uint8_t public_key[33],
                                               struct pm_error *err);

/* proofmill://SERVERKEYHEX@host:port ; IPv6 hosts in brackets. */
struct pm_join {
    uint8_t server_public[32];
    char host[256];
    unsigned port;
};
PM_MUST_USE enum pm_status pm_join_parse(struct pm_join *out, const char *text, struct pm_error *err);
/* out_text: at least 360 characters. */
void pm_join_format(char *out_text, const struct pm_join *join);
/* Whether it can only be a host name, an IPv4 or an IPv6 address (no path, port, list or option of a
 * transport). */
bool pm_host_is_plain(const char *host);

#endif
