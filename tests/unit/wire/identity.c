/* Keys, key files and login signatures. */
#include "test.h"

#include "base/bytes.h"
#include "wire/identity.h"

#include <sys/stat.h>
#include <unistd.h>

static char folder[256];
static const char *in_folder(const char *name)
{
    static char path[400];
    if (!folder[0]) {
        const char *tmp = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/wire_identity.XXXXXX", tmp ? tmp : "/tmp");
        if (!mkdtemp(folder)) exit(1);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    if (!f) exit(1);
    fputs(text, f);
    fclose(f);
    chmod(path, mode);
}

PM_TEST(a_known_address)
{
    /* Public test key of Ethereum tooling: account 0 of "test test ... junk". */
    struct pm_curve_keys curve;
    struct pm_identity id;
    struct pm_error err = {0};
    char text[300], hex[41];
    const char *path = in_folder("known");
    snprintf(text, sizeof text, "curve %064d\nidentity %s\n", 7,
             "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
    write_file(path, text, 0600);
    CHECK_OK(pm_keyfile_load_or_new(&curve, &id, path, &err), err);
    pm_hex_encode(hex, id.address, 20);
    CHECK_STR(hex, "f39fd6e51aad88f6f4ce6ab8827279cfffb92266");
    uint8_t address[20];
    CHECK_OK(pm_identity_address(address, id.public_key, &err), err);
    CHECK_MEM(address, id.address, 20);
    unlink(path);
}

PM_TEST(key_files)
{
    struct pm_curve_keys curve, curve2;
    struct pm_identity id, id2;
    struct pm_error err = {0};
    const char *path = in_folder("keys");
    struct stat st;
    CHECK_OK(pm_keyfile_load_or_new(&curve, &id, path, &err), err);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK_OK(pm_keyfile_load_or_new(&curve2, &id2, path, &err), err);
    CHECK_MEM(&curve, &curve2, sizeof curve);
    CHECK_MEM(&id, &id2, sizeof id);

    chmod(path, 0640);
    CHECK(pm_keyfile_load_or_new(&curve, &id, path, &err) == PM_AUTH);
    CHECK(strstr(err.text, "chmod 600") != NULL);
    unlink(path);

    static const char *const bad[] = {
        "",
        "curve 00\n",
        "curve zz\nidentity yy\n",
        "identity 00\ncurve 00\n",
        "curve 1111111111111111111111111111111111111111111111111111111111111111\n",
        "curve 1111111111111111111111111111111111111111111111111111111111111111\n"
        "identity 0000000000000000000000000000000000000000000000000000000000000000\n",
        "curve 1111111111111111111111111111111111111111111111111111111111111111\n"
        "identity ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(path, bad[i], 0600);
        CHECK_MSG(pm_keyfile_load_or_new(&curve, &id, path, &err) == PM_FORMAT, "file %zu", i);
        CHECK(strstr(err.text, path) != NULL && strstr(err.text, "1111") == NULL);
        unlink(path);
    }
    CHECK(pm_keyfile_load_or_new(&curve, &id, in_folder("no/such/folder"), &err) == PM_IO);
    CHECK(pm_keyfile_load_or_new(&curve, &id, folder, &err) != PM_OK);
}

PM_TEST(new_keys_differ)
{
    struct pm_curve_keys a, b;
    struct pm_identity c, d;
    struct pm_error err = {0};
    CHECK_OK(pm_curve_keys_new(&a, &err), err);
    CHECK_OK(pm_curve_keys_new(&b, &err), err);
    CHECK_OK(pm_identity_new(&c, &err), err);
    CHECK_OK(pm_identity_new(&d, &err), err);
    CHECK(memcmp(&a, &b, sizeof a) != 0 && memcmp(&c, &d, sizeof c) != 0);
    CHECK(memcmp(a.public_key, b.public_key, 32) != 0 && memcmp(c.address, d.address, 20) != 0);
}

PM_TEST(the_digest_depends_on_every_input)
{
    uint8_t in[4][32], base[32], other[32];
    uint64_t expires = test_random();
    test_random_bytes(in, sizeof in);
    pm_login_digest(base, in[0], in[1], in[2], in[3], expires);
    for (unsigned k = 0; k < 4; k++)
        for (unsigned bit = 0; bit < 256; bit += 17) {
            in[k][bit / 8] ^= (uint8_t)(1u << bit % 8);
            pm_login_digest(other, in[0], in[1], in[2], in[3], expires);
            CHECK(memcmp(base, other, 32) != 0);
            in[k][bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    for (unsigned bit = 0; bit < 64; bit++) {
        pm_login_digest(other, in[0], in[1], in[2], in[3], expires ^ 1ull << bit);
        CHECK(memcmp(base, other, 32) != 0);
    }
    pm_login_digest(other, in[1], in[0], in[2], in[3], expires); /* the keys' roles */
    CHECK(memcmp(base, other, 32) != 0);
    pm_login_digest(other, in[0], in[1], in[2], in[3], expires);
    CHECK_MEM(base, other, 32);
}

PM_TEST(signatures)
{
    struct pm_identity id, stranger;
    struct pm_error err = {0};
    uint8_t digest[32], sig[64], bad[64];
    CHECK_OK(pm_identity_new(&id, &err), err);
    CHECK_OK(pm_identity_new(&stranger, &err), err);
    for (int round = 0; round < 20; round++) {
        test_random_bytes(digest, 32);
        CHECK_OK(pm_identity_sign(sig, &id, digest, &err), err);
        CHECK(pm_identity_verify(id.public_key, sig, digest));
        CHECK(!pm_identity_verify(stranger.public_key, sig, digest));
        digest[round % 32] ^= 1;
        CHECK(!pm_identity_verify(id.public_key, sig, digest));
        digest[round % 32] ^= 1;
        memcpy(bad, sig, 64);
        bad[3 * round] ^= 4;
        CHECK(!pm_identity_verify(id.public_key, bad, digest));
    }
    memset(bad, 0, 64);
    CHECK(!pm_identity_verify(id.public_key, bad, digest));
    memset(bad, 0xff, 64);
    CHECK(!pm_identity_verify(id.public_key, bad, digest));
    uint8_t no_key[33] = {5}, address[20];
    CHECK(!pm_identity_verify(no_key, sig, digest));
    CHECK(pm_identity_address(address, no_key, &err) == PM_FORMAT);
}

PM_TEST(the_other_half_of_s_is_refused)
{
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                      0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
    struct pm_identity id;
    struct pm_error err = {0};
    uint8_t digest[32], sig[64];
    CHECK_OK(pm_identity_new(&id, &err), err);
    test_random_bytes(digest, 32);
    CHECK_OK(pm_identity_sign(sig, &id, digest, &err), err);
    int borrow = 0;
    for (int i = 31; i >= 0; i--) { /* s := order - s, as valid in textbook ECDSA */
        int v = order[i] - sig[32 + i] - borrow;
        borrow = v < 0;
        sig[32 + i] = (uint8_t)(v + (borrow ? 256 : 0));
    }
    CHECK(!pm_identity_verify(id.public_key, sig, digest));
}

PM_TEST(nothing_is_left_in_the_folder) { CHECK(rmdir(folder) == 0); }
