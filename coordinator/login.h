/* Login: challenges and what answers them. HELLO -> CHALLENGE (a nonce, bound to the connection's CURVE key,
 * usable once, for a short time) -> LOGIN (the worker's identity signs both CURVE keys, the pool, the nonce
 * and its expiry). Pure but for the random nonces; sessions are session.h's, the ledger's row of a node is
 * loop_login.c's. */
#ifndef PM_COORDINATOR_LOGIN_H
#define PM_COORDINATOR_LOGIN_H

#include "coordinator/allow.h"
#include "wire/sock.h"

enum { PM_LOGIN_NONCES = 256, PM_LOGIN_PER_KEY = 4, PM_LOGIN_MAX_AGE_MS = 30000 };

struct pm_nonce {
    uint8_t nonce[32], curve_public[32];
    int64_t expires_ms;
};

struct pm_login {
    uint8_t pool_id[32], server_curve[32];
    struct pm_nonce nonce[PM_LOGIN_NONCES]; /* expires_ms 0: free */
};

/* The pool's id: keccak("proofmill pool 1" ‖ server CURVE key ‖ name). */
void pm_login_init(struct pm_login *login, const char *pool, const uint8_t server_curve[32]);

/* Makes a challenge for this connection. A key has at most PM_LOGIN_PER_KEY open challenges: its oldest one
 * gives way. PM_AUTH when all PM_LOGIN_NONCES belong to others. now_ms: wall clock. */
PM_MUST_USE enum pm_status pm_login_challenge(struct pm_login *login, struct pm_msg_challenge *out,
                                              const struct pm_peer *peer, int64_t now_ms,
                                              struct pm_error *err);

/* PM_OK and the line of the allow-list, or PM_AUTH with the reason. The nonce is spent in either case. */
PM_MUST_USE enum pm_status pm_login_check(struct pm_login *login, const struct pm_allowed **out,
                                          const struct pm_allow *allow, const struct pm_peer *peer,
                                          const struct pm_msg_login *msg, int64_t now_ms,
                                          struct pm_error *err);

#endif
