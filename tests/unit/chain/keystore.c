/* Keystores: the published vector, our own files, files of `cast`, and what must be refused. */
#include "test.h"

#include "base/bytes.h"
#include "coordinator/chain/keystore.h"
#include "coordinator/chain/scrypt.h"
#include "coordinator/chain/tx.h"

#include <sys/stat.h>
#include <unistd.h>

#define CAST "node_modules/@foundry-rs/cast-linux-amd64/bin/cast"

static char dir[256];

static const char *at(const char *name)
{
    static char path[8][300];
    static unsigned next;
    if (!dir[0]) {
        const char *tmp = getenv("TMPDIR");
        snprintf(dir, sizeof dir, "%s/keystore.XXXXXX", tmp ? tmp : "/tmp");
        CHECK(mkdtemp(dir) != NULL);
    }
    char *p = path[next++ % 8];
    snprintf(p, 300, "%s/%s", dir, name);
    return p;
}

static const char *put(const char *name, const char *text, mode_t mode)
{
    const char *path = at(name);
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
    chmod(path, mode);
    return path;
}

PM_TEST(scrypt_vectors)
{
    /* RFC 7914, section 12; the fourth needs 1 GiB. */
    static const struct {
        const char *password, *salt;
        uint64_t n;
        uint32_t r, p;
        const char *out;
    } v[] = {{"", "", 16, 1, 1,
              "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
              "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"},
             {"password", "NaCl", 1024, 8, 16,
              "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
              "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"},
             {"pleaseletmein", "SodiumChloride", 16384, 8, 1,
              "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
              "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"}};
    uint8_t out[64], expected[64];
    struct pm_error err;
    for (size_t i = 0; i < 3; i++) {
        CHECK_OK(pm_scrypt_var(out, 64, v[i].password, (const uint8_t *)v[i].salt, strlen(v[i].salt), v[i].n,
                               v[i].r, v[i].p, (size_t)64 << 20, &err),
                 err);
        CHECK(pm_hex_decode(expected, 64, v[i].out));
        CHECK_MEM(out, expected, 64);
    }
    CHECK(pm_scrypt_var(out, 64, "", out, 0, 1 << 20, 8, 1, (size_t)64 << 20, &err) == PM_NO_MEMORY);
    CHECK(pm_scrypt_var(out, 64, "", out, 0, 1000, 8, 1, (size_t)64 << 20, &err) == PM_USAGE);
}

/* ethereum.org, "Web3 Secret Storage Definition", test vector for scrypt */
#define VECTOR(n, mac)                                                                                       \
    "{\"crypto\": {\"cipher\": \"aes-128-ctr\", \"cipherparams\": {\"iv\": "                                 \
    "\"83dbcc02d8ccb40e466191a123791e0e\"},"                                                                 \
    "\"ciphertext\": \"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c\", \"kdf\": "        \
    "\"scrypt\","                                                                                            \
    "\"kdfparams\": {\"dklen\": 32, \"n\": " n ", \"r\": 1, \"p\": 8,"                                       \
    "\"salt\": \"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19\"},"                       \
    "\"mac\": \"" mac "\"}, \"id\": \"3198bc9c-6672-5ab3-d995-4942343ae5b6\", \"version\": 3}"
#define MAC "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"

PM_TEST(published_vector)
{
    uint8_t secret[32], expected[32];
    struct pm_error err;
    const char *path = put("vector", VECTOR("262144", MAC), 0600);
    CHECK_OK(pm_keystore_read(secret, NULL, path, "testpassword", &err), err);
    CHECK(pm_hex_decode(expected, 32, "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"));
    CHECK_MEM(secret, expected, 32);
    CHECK(pm_keystore_read(secret, NULL, path, "Testpassword", &err) == PM_AUTH);
    uint8_t zero[32] = {0};
    CHECK_MEM(secret, zero, 32);
}

PM_TEST(there_and_back)
{
    uint8_t secret[32], read[32], address[20], derived[20];
    struct pm_error err;
    struct stat st;
    test_random_bytes(secret, 32);
    secret[0] &= 0x7f;
    CHECK_OK(pm_keystore_write(at("ours"), secret, "pass word", 12, &err), err);
    CHECK(stat(at("ours"), &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK_OK(pm_keystore_read(read, address, at("ours"), "pass word", &err), err);
    CHECK_MEM(read, secret, 32);
    CHECK_OK(pm_eth_address(derived, secret, &err), err);
    CHECK_MEM(address, derived, 20);
    CHECK(pm_keystore_write(at("ours"), secret, "other", 12, &err) == PM_CONFLICT);
    CHECK_OK(pm_keystore_read(read, address, at("ours"), "pass word", &err), err);
    CHECK(pm_keystore_write(at("none/here"), secret, "x", 12, &err) == PM_IO);
    CHECK(pm_keystore_write(at("weak"), secret, "x", 9, &err) == PM_USAGE);
}

static void run(char *out, size_t cap, const char *command)
{
    FILE *f = popen(command, "r");
    size_t len = f ? fread(out, 1, cap - 1, f) : 0;
    CHECK_MSG(f && pclose(f) == 0, "%s", command);
    out[len] = '\0';
}

PM_TEST(cast_reads_ours_and_we_read_casts)
{
    uint8_t secret[32], read[32], address[20];
    struct pm_error err;
    char command[1024], said[1024], hex[65];
    test_random_bytes(secret, 32);
    secret[0] &= 0x7f;
    CHECK_OK(pm_keystore_write(at("for-cast"), secret, "secret", 13, &err), err);
    CHECK_OK(pm_keystore_read(read, address, at("for-cast"), "secret", &err), err);
    snprintf(command, sizeof command, CAST " wallet address --keystore %s --password secret", at("for-cast"));
    run(said, sizeof said, command);
    uint8_t theirs[20];
    said[strcspn(said, "\n")] = '\0';
    CHECK_MSG(pm_hex_decode(theirs, 20, said), "%s", said);
    CHECK_MEM(theirs, address, 20);

    pm_hex_encode(hex, secret, 32);
    snprintf(command, sizeof command,
             CAST " wallet import from-cast --keystore-dir %s --private-key 0x%s --unsafe-password abc 2>&1",
             dir, hex);
    run(said, sizeof said, command);
    CHECK_OK(pm_keystore_read(read, NULL, at("from-cast"), "abc", &err), err);
    CHECK_MEM(read, secret, 32);
}

PM_TEST(refusals)
{
    uint8_t secret[32];
    struct pm_error err;
    char text[2000];
    CHECK(pm_keystore_read(secret, NULL, at("missing"), "x", &err) == PM_IO);
    CHECK(pm_keystore_read(secret, NULL, put("no-json", "hello", 0600), "x", &err) == PM_FORMAT);
    CHECK(pm_keystore_read(secret, NULL, put("array", "[]", 0600), "x", &err) == PM_FORMAT);
    CHECK(pm_keystore_read(secret, NULL, put("huge-n", VECTOR("1048576000", MAC), 0600), "x", &err) ==
          PM_UNSUPPORTED);
    CHECK(pm_keystore_read(secret, NULL, put("odd-n", VECTOR("1000", MAC), 0600), "x", &err) ==
          PM_UNSUPPORTED);
    static const char *const changes[][2] = {
        {"\"version\": 3", "\"version\": 1"}, {"aes-128-ctr", "aes-128-cbc"}, {"\"scrypt\"", "\"pbkdf2\""}};
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "%s", VECTOR("1024", MAC));
        memcpy(strstr(text, changes[i][0]), changes[i][1], strlen(changes[i][1]));
        CHECK_MSG(pm_keystore_read(secret, NULL, put("changed", text, 0600), "x", &err) == PM_UNSUPPORTED,
                  "%s", changes[i][1]);
    }
    /* One that names another address than it holds. */
    uint8_t key[32] = {[31] = 1};
    CHECK_OK(pm_keystore_write(at("named"), key, "x", 10, &err), err);
    FILE *f = fopen(at("named"), "r");
    size_t len = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[len] = '\0';
    char *address = strstr(text, "7e5f4552091a69125d5dfcb7b8c2659029395bdf");
    CHECK(address != NULL);
    if (address) address[0] = '0';
    CHECK(pm_keystore_read(secret, NULL, put("other-name", text, 0600), "x", &err) == PM_FORMAT);
}

/* Every change of one byte is refused or, where it does not matter (spaces, the id), gives the same key. */
PM_TEST(mutations)
{
    uint8_t key[32] = {[31] = 1}, secret[32];
    struct pm_error err;
    char text[2000];
    CHECK_OK(pm_keystore_write(at("plain"), key, "x", 10, &err), err);
    FILE *f = fopen(at("plain"), "r");
    size_t len = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[len] = '\0';
    for (int i = 0; i < 400; i++) {
        char copy[2000];
        memcpy(copy, text, len + 1);
        if (i % 4 == 0)
            copy[test_random() % len] = '\0';
        else
            copy[test_random() % len] = (char)(1 + test_random() % 255);
        /* An n of one digit more is still fast; everything else is bounded by the reader. */
        if (pm_keystore_read(secret, NULL, put("mutant", copy, 0600), "x", &err) == PM_OK)
            CHECK_MEM(secret, key, 32);
    }
}

PM_TEST(passwords)
{
    char *password;
    struct pm_error err;
    CHECK_OK(pm_password_load(&password, put("pw", "correct horse\r\nsecond line\n", 0600), &err), err);
    CHECK_STR(password, "correct horse");
    pm_password_free(&password);
    CHECK(password == NULL);
    CHECK(pm_password_load(&password, put("open", "x\n", 0644), &err) == PM_AUTH && password == NULL);
    CHECK(pm_password_load(&password, put("empty", "\nx\n", 0600), &err) == PM_FORMAT);
    CHECK(pm_password_load(&password, dir, &err) == PM_IO);
    char big[3000];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    CHECK(pm_password_load(&password, put("big", big, 0600), &err) == PM_FORMAT);
}

PM_TEST(zz_clean_up)
{
    char command[300];
    snprintf(command, sizeof command, "rm -r %s", dir);
    CHECK(strstr(dir, "/keystore.") && system(command) == 0);
}
