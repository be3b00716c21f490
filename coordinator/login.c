/* Challenges and their answers (login.h). */
#include "coordinator/login.h"

#include "base/keccak.h"
#include "base/random.h"

#include <string.h>

void pm_login_init(struct pm_login *login, const char *pool, const uint8_t server_curve[32])
{
    static const char tag[] = "proofmill pool 1";
    struct pm_keccak k;
    *login = (struct pm_login){0};
    memcpy(login->server_curve, server_curve, 32);
    pm_keccak_init(&k);
    pm_keccak_update(&k, tag, sizeof tag - 1);
    pm_keccak_update(&k, server_curve, 32);
    pm_keccak_update(&k, pool, strlen(pool));
    pm_keccak_final(&k, login->pool_id);
}

/* The place for one more challenge of this key: its own oldest when it has enough, else a free or expired
 * one. */
static struct pm_nonce *place(struct pm_login *login, const uint8_t curve_public[32], int64_t now_ms)
{
    struct pm_nonce *unused = NULL, *own = NULL;
    unsigned n_own = 0;
    for (size_t i = 0; i < PM_LOGIN_NONCES; i++) {
        struct pm_nonce *n = &login->nonce[i];
        if (n->expires_ms <= now_ms) {
            if (!unused) unused = n;
        } else if (memcmp(n->curve_public, curve_public, 32) == 0) {
            n_own++;
            if (!own || n->expires_ms < own->expires_ms) own = n;
        }
    }
    return n_own >= PM_LOGIN_PER_KEY ? own : unused;
}

enum pm_status pm_login_challenge(struct pm_login *login, struct pm_msg_challenge *out,
                                  const struct pm_peer *peer, int64_t now_ms, struct pm_error *err)
{
    struct pm_nonce *n = place(login, peer->curve_public, now_ms);
    if (!n) return pm_fail(err, PM_AUTH, "too many logins at once: try again in a moment");
    struct pm_nonce fresh = {.expires_ms = now_ms + PM_LOGIN_MAX_AGE_MS};
    PM_TRY(pm_random_bytes(fresh.nonce, 32, err));
    memcpy(fresh.curve_public, peer->curve_public, 32);
    *n = fresh;
    *out = (struct pm_msg_challenge){.expires_ms = (uint64_t)fresh.expires_ms};
    memcpy(out->pool_id, login->pool_id, 32);
    memcpy(out->nonce, fresh.nonce, 32);
    return PM_OK;
}

/* Takes the nonce out of the table. */
static bool spend(struct pm_login *login, struct pm_nonce *out, const uint8_t nonce[32])
{
    for (size_t i = 0; i < PM_LOGIN_NONCES; i++) {
        struct pm_nonce *n = &login->nonce[i];
        if (n->expires_ms == 0 || memcmp(n->nonce, nonce, 32) != 0) continue;
        *out = *n;
        *n = (struct pm_nonce){0};
        return true;
    }
    return false;
}

enum pm_status pm_login_check(struct pm_login *login, const struct pm_allowed **out,
                              const struct pm_allow *allow, const struct pm_peer *peer,
                              const struct pm_msg_login *msg, int64_t now_ms, struct pm_error *err)
{
    struct pm_nonce nonce;
    uint8_t digest[32];
    if (!spend(login, &nonce, msg->nonce))
        return pm_fail(err, PM_AUTH,
                       "login: the nonce is not one that was asked for, or it was used already");
    if (memcmp(nonce.curve_public, peer->curve_public, 32) != 0)
        return pm_fail(err, PM_AUTH, "login: the challenge was given to a connection with another CURVE key");
    if (nonce.expires_ms <= now_ms)
        return pm_fail(err, PM_AUTH, "login: the challenge expired %lld ms ago",
                       (long long)(now_ms - nonce.expires_ms));
    pm_login_digest(digest, login->server_curve, peer->curve_public, login->pool_id, msg->nonce,
                    (uint64_t)nonce.expires_ms);
    if (!pm_identity_verify(msg->identity, msg->signature, digest))
        return pm_fail(
            err, PM_AUTH,
            "login: the signature is not the identity's over both CURVE keys, this pool, the nonce "
            "and its expiry");
    *out = pm_allow_find(allow, peer->curve_public, msg->identity);
    if (!*out)
        return pm_fail(err, PM_AUTH,
                       "login: this identity with this CURVE key is not on the pool's allow-list");
    return PM_OK;
}
