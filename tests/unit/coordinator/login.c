/* Logins: each way to get in without the right is tried and refused with its own reason. */
#include "coordinator/login.h"
#include "test.h"

static struct {
    struct pm_login login;
    struct pm_allow allow;
    struct pm_allowed allowed[2];
    struct pm_curve_keys server;
    struct pm_identity identity[2];
    struct pm_peer peer[2];
} f;

static void make(void)
{
    struct pm_error err;
    memset(&f, 0, sizeof f);
    CHECK_OK(pm_curve_keys_new(&f.server, &err), err);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(pm_identity_new(&f.identity[i], &err), err);
        test_random_bytes(f.peer[i].curve_public, 32);
        memcpy(f.allowed[i].curve_public, f.peer[i].curve_public, 32);
        memcpy(f.allowed[i].identity, f.identity[i].public_key, 33);
    }
    f.allow = (struct pm_allow){.worker = f.allowed, .n = 2};
    pm_login_init(&f.login, "test", f.server.public_key);
}

static void challenge(struct pm_msg_challenge *out, int who, int64_t now_ms)
{
    struct pm_error err;
    CHECK_OK(pm_login_challenge(&f.login, out, &f.peer[who], now_ms, &err), err);
}

/* The answer of `who` to a challenge. */
static void sign(struct pm_msg_login *out, const struct pm_msg_challenge *c, int who)
{
    struct pm_error err;
    uint8_t digest[32];
    *out = (struct pm_msg_login){.slots = 1};
    memcpy(out->identity, f.identity[who].public_key, 33);
    memcpy(out->nonce, c->nonce, 32);
    pm_login_digest(digest, f.server.public_key, f.peer[who].curve_public, c->pool_id, c->nonce,
                    c->expires_ms);
    CHECK_OK(pm_identity_sign(out->signature, &f.identity[who], digest, &err), err);
}

static void refused(const struct pm_msg_login *msg, int who, int64_t now_ms, const char *part)
{
    struct pm_error err = {0};
    const struct pm_allowed *out;
    CHECK_U64(pm_login_check(&f.login, &out, &f.allow, &f.peer[who], msg, now_ms, &err), PM_AUTH);
    CHECK_MSG(strstr(err.text, part) != NULL, "\"%s\" is not in \"%s\"", part, err.text);
}

PM_TEST(the_right_one_gets_in_once)
{
    struct pm_msg_challenge c;
    struct pm_msg_login msg;
    struct pm_error err;
    const struct pm_allowed *out = NULL;
    make();
    challenge(&c, 1, 1000);
    CHECK_U64(c.expires_ms, 1000 + PM_LOGIN_MAX_AGE_MS);
    sign(&msg, &c, 1);
    CHECK_OK(pm_login_check(&f.login, &out, &f.allow, &f.peer[1], &msg, 2000, &err), err);
    CHECK(out == &f.allowed[1]);
    refused(&msg, 1, 2000, "used already");
}

PM_TEST(others_do_not)
{
    struct pm_msg_challenge c;
    struct pm_msg_login msg;
    make();
    challenge(&c, 0, 1000);
    sign(&msg, &c, 0);
    refused(&msg, 0, 1000 + PM_LOGIN_MAX_AGE_MS, "expired 0 ms ago");
    refused(&msg, 0, 1000, "used already"); /* also a refused answer spends its nonce */
    challenge(&c, 0, 1000);
    sign(&msg, &c, 1);
    refused(&msg, 1, 1000, "another CURVE key");
    challenge(&c, 0, 1000);
    sign(&msg, &c, 0);
    msg.signature[7] ^= 1;
    refused(&msg, 0, 1000, "signature");
    challenge(&c, 0, 1000);
    c.pool_id[0] ^= 1; /* signed for another pool */
    sign(&msg, &c, 0);
    refused(&msg, 0, 1000, "signature");
    challenge(&c, 0, 1000);
    c.expires_ms += 1;
    sign(&msg, &c, 0);
    refused(&msg, 0, 1000, "signature");
    challenge(&c, 0, 1000);
    sign(&msg, &c, 0);
    memset(msg.nonce, 0, 32);
    refused(&msg, 0, 1000, "nonce");
    f.allow.n = 1;
    challenge(&c, 1, 1000);
    sign(&msg, &c, 1);
    refused(&msg, 1, 1000, "allow-list");
}

/* An allowed identity through an allowed CURVE key that is not its own. */
PM_TEST(identity_and_curve_key_belong_together)
{
    struct pm_msg_challenge c;
    struct pm_msg_login msg;
    make();
    struct pm_identity other = f.identity[0];
    f.identity[0] = f.identity[1];
    challenge(&c, 0, 1000);
    sign(&msg, &c, 0);
    refused(&msg, 0, 1000, "allow-list");
    f.identity[0] = other;
}

PM_TEST(challenges_are_bounded)
{
    struct pm_msg_challenge c, first;
    struct pm_msg_login msg;
    struct pm_error err;
    make();
    challenge(&first, 0, 1000);
    for (int i = 0; i < 1000; i++) challenge(&c, 0, 1001 + i);
    sign(&msg, &first, 0);
    refused(&msg, 0, 2100, "used already"); /* gave way to newer ones of the same key */
    challenge(&c, 1, 2100);                 /* nobody else was pushed out */
    for (int i = 0; i < PM_LOGIN_NONCES; i++) {
        struct pm_peer peer = {.id_len = 0};
        test_random_bytes(peer.curve_public, 32);
        (void)!pm_login_challenge(&f.login, &first, &peer, 2100, &err);
    }
    struct pm_peer late = {.id_len = 0};
    CHECK_U64(pm_login_challenge(&f.login, &first, &late, 2100, &err), PM_AUTH);
    sign(&msg, &c, 1);
    const struct pm_allowed *out;
    CHECK_OK(pm_login_check(&f.login, &out, &f.allow, &f.peer[1], &msg, 2200, &err), err);
    CHECK_OK(pm_login_challenge(&f.login, &first, &late, 2200 + PM_LOGIN_MAX_AGE_MS, &err), err);
}

PM_TEST(pools_differ)
{
    struct pm_login a, b;
    uint8_t key[32] = {1};
    pm_login_init(&a, "a", key);
    pm_login_init(&b, "b", key);
    CHECK(memcmp(a.pool_id, b.pool_id, 32) != 0);
    key[0] = 2;
    pm_login_init(&b, "a", key);
    CHECK(memcmp(a.pool_id, b.pool_id, 32) != 0);
}
