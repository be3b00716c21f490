/* Keystores: one JSON object; a key from the password by scrypt, its first half decrypts, its second half
 * authenticates. Next: the secret goes to tx.c. */
#include "coordinator/chain/keystore.h"

#include "base/bytes.h"
#include "base/keccak.h"
#include "base/random.h"
#include "coordinator/chain/scrypt.h"
#include "coordinator/chain/tx.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEYSTORE_MAX_BYTES = 16384, PASSWORD_MAX = 1024, SALT_MAX = 64 };
static const size_t scrypt_max_memory = 300u << 20; /* the usual keys need 256 MiB */

struct crypt {
    uint8_t salt[SALT_MAX], iv[16], ciphertext[32], mac[32];
    size_t salt_len;
    uint64_t n;
    uint32_t r, p;
};

/* The bytes of a small file, with a NUL behind. private_file: nobody else may read it. */
static enum pm_status load(char *out, size_t cap, const char *path, bool private_file, struct pm_error *err)
{
    struct stat st;
    enum pm_status status = PM_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return pm_fail(err, PM_IO, "%s: %s", path, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        status = pm_fail(err, PM_IO, "%s is no regular file", path);
    } else if (private_file && (st.st_mode & 077) != 0) {
        status = pm_fail(err, PM_AUTH, "%s can be read by others (mode %03o): chmod 600 it", path,
                         (unsigned)st.st_mode & 0777);
    }
    size_t len = 0;
    while (status == PM_OK && len < cap) {
        ssize_t got = read(fd, out + len, cap - len);
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            status = pm_fail(err, PM_IO, "%s: %s", path, strerror(errno));
        else
            len += (size_t)got;
    }
    close(fd);
    if (status != PM_OK) return status;
    if (len == cap) return pm_fail(err, PM_FORMAT, "%s: expected less than %zu bytes", path, cap);
    out[len] = '\0';
    return PM_OK;
}

enum pm_status pm_password_load(char **password, const char *path, struct pm_error *err)
{
    char text[PASSWORD_MAX];
    *password = NULL;
    enum pm_status status = load(text, sizeof text, path, true, err);
    if (status == PM_OK) {
        text[strcspn(text, "\r\n")] = '\0';
        if (!text[0]) status = pm_fail(err, PM_FORMAT, "%s: expected a password on its first line", path);
    }
    if (status == PM_OK && !(*password = strdup(text)))
        status = pm_fail(err, PM_NO_MEMORY, "no memory for a password");
    pm_wipe(text, sizeof text);
    return status;
}

void pm_password_free(char **password)
{
    if (!*password) return;
    pm_wipe(*password, strlen(*password));
    free(*password);
    *password = NULL;
}

/* key: 16 bytes to decrypt with, 16 for the MAC */
static enum pm_status derive(uint8_t key[32], const struct crypt *c, const char *password,
                             struct pm_error *err)
{
    return pm_scrypt_var(key, 32, password, c->salt, c->salt_len, c->n, c->r, c->p, scrypt_max_memory, err);
}

static enum pm_status aes_ctr(uint8_t out[32], const uint8_t in[32], const uint8_t key[16],
                              const uint8_t iv[16], struct pm_error *err)
{
    int n = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_ctr(), NULL, key, iv) == 1 &&
              EVP_EncryptUpdate(ctx, out, &n, in, 32) == 1 && n == 32;
    EVP_CIPHER_CTX_free(ctx);
    return ok ? PM_OK : pm_fail(err, PM_INTERNAL, "AES-128-CTR failed");
}

static void mac_of(uint8_t mac[32], const uint8_t key[32], const uint8_t ciphertext[32])
{
    struct pm_keccak k;
    pm_keccak_init(&k);
    pm_keccak_update(&k, key + 16, 16);
    pm_keccak_update(&k, ciphertext, 32);
    pm_keccak_final(&k, mac);
    pm_wipe(&k, sizeof k);
}

static const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static enum pm_status parse_scrypt(struct crypt *c, const json_t *crypto, const char *path,
                                   struct pm_error *err)
{
    const json_t *params = json_object_get(crypto, "kdfparams");
    const char *salt = text_at(params, "salt");
    size_t digits = strlen(salt);
    json_int_t n = json_integer_value(json_object_get(params, "n"));
    json_int_t r = json_integer_value(json_object_get(params, "r"));
    json_int_t p = json_integer_value(json_object_get(params, "p"));
    json_int_t dklen = json_integer_value(json_object_get(params, "dklen"));
    if (n < 2 || n > 1 << 20 || (n & (n - 1)) != 0 || r < 1 || r > 64 || p < 1 || p > 64 || dklen != 32)
        return pm_fail(err, PM_UNSUPPORTED,
                       "%s: kdfparams: expected n a power of two up to 2^20, r and p up to 64, dklen 32",
                       path);
    if (digits == 0 || digits % 2 != 0 || digits > 2 * SALT_MAX || !pm_hex_decode(c->salt, digits / 2, salt))
        return pm_fail(err, PM_FORMAT, "%s: kdfparams.salt: expected up to %d bytes of hex", path, SALT_MAX);
    c->salt_len = digits / 2;
    c->n = (uint64_t)n;
    c->r = (uint32_t)r;
    c->p = (uint32_t)p;
    return PM_OK;
}

static enum pm_status parse(struct crypt *c, const json_t *root, const char *path, struct pm_error *err)
{
    const json_t *crypto = json_object_get(root, "crypto");
    if (!crypto) crypto = json_object_get(root, "Crypto"); /* older files */
    if (!json_is_object(crypto))
        return pm_fail(err, PM_FORMAT, "%s: expected a keystore with an object \"crypto\"", path);
    if (json_integer_value(json_object_get(root, "version")) != 3)
        return pm_fail(err, PM_UNSUPPORTED, "%s: expected a keystore of version 3", path);
    if (strcmp(text_at(crypto, "cipher"), "aes-128-ctr") != 0)
        return pm_fail(err, PM_UNSUPPORTED, "%s: cipher \"%.40s\", expected aes-128-ctr", path,
                       text_at(crypto, "cipher"));
    if (strcmp(text_at(crypto, "kdf"), "scrypt") != 0)
        return pm_fail(err, PM_UNSUPPORTED, "%s: kdf \"%.40s\", expected scrypt", path,
                       text_at(crypto, "kdf"));
    if (!pm_hex_decode(c->iv, 16, text_at(json_object_get(crypto, "cipherparams"), "iv")) ||
        !pm_hex_decode(c->ciphertext, 32, text_at(crypto, "ciphertext")) ||
        !pm_hex_decode(c->mac, 32, text_at(crypto, "mac")))
        return pm_fail(err, PM_FORMAT,
                       "%s: expected hex texts cipherparams.iv (16 bytes), ciphertext and mac (32 each)",
                       path);
    return parse_scrypt(c, crypto, path, err);
}

static enum pm_status decrypt(uint8_t secret[32], const struct crypt *c, const char *path,
                              const char *password, struct pm_error *err)
{
    uint8_t key[32] = {0}, mac[32];
    enum pm_status status = derive(key, c, password, err);
    if (status == PM_OK) {
        mac_of(mac, key, c->ciphertext);
        if (!pm_equal_ct(mac, c->mac, 32)) status = pm_fail(err, PM_AUTH, "%s: wrong password", path);
    }
    if (status == PM_OK) status = aes_ctr(secret, c->ciphertext, key, c->iv, err);
    pm_wipe(key, sizeof key);
    return status;
}

enum pm_status pm_keystore_read(uint8_t secret[32], uint8_t address[20], const char *path,
                                const char *password, struct pm_error *err)
{
    char text[KEYSTORE_MAX_BYTES];
    struct crypt c;
    uint8_t derived[20], named[20];
    json_error_t je;
    enum pm_status status;
    PM_TRY(load(text, sizeof text, path, false, err));
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &je);
    if (!root) return pm_fail(err, PM_FORMAT, "%s: line %d: %s", path, je.line, je.text);
    PM_GOTO(parse(&c, root, path, err));
    PM_GOTO(decrypt(secret, &c, path, password, err));
    PM_GOTO(pm_eth_address(derived, secret, err));
    const char *claimed = text_at(root, "address");
    if (*claimed && (!pm_hex_decode(named, 20, claimed) || memcmp(named, derived, 20) != 0))
        status = pm_fail(err, PM_FORMAT, "%s: it names address %.42s, but holds another key", path, claimed);
    else if (address)
        memcpy(address, derived, 20);
out:
    if (status != PM_OK) pm_wipe(secret, 32);
    json_decref(root);
    return status;
}

/* Version 4, variant 1, as the format wants; it identifies the file only. */
static void uuid_text(char out[37], uint8_t bytes[16])
{
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    char hex[33];
    pm_hex_encode(hex, bytes, 16);
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static char *to_text(const struct crypt *c, const uint8_t address[20], uint8_t uuid[16])
{
    char address_hex[41], salt[2 * SALT_MAX + 1], iv[33], ciphertext[65], mac[65], id[37];
    pm_hex_encode(address_hex, address, 20);
    pm_hex_encode(salt, c->salt, c->salt_len);
    pm_hex_encode(iv, c->iv, 16);
    pm_hex_encode(ciphertext, c->ciphertext, 32);
    pm_hex_encode(mac, c->mac, 32);
    uuid_text(id, uuid);
    json_t *root =
        json_pack("{s:s, s:{s:s, s:{s:s}, s:s, s:s, s:{s:i, s:I, s:I, s:I, s:s}, s:s}, s:s, s:i}", "address",
                  address_hex, "crypto", "cipher", "aes-128-ctr", "cipherparams", "iv", iv, "ciphertext",
                  ciphertext, "kdf", "scrypt", "kdfparams", "dklen", 32, "n", (json_int_t)c->n, "r",
                  (json_int_t)c->r, "p", (json_int_t)c->p, "salt", salt, "mac", mac, "id", id, "version", 3);
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    return text;
}

/* A new file, written whole before it gets its name; never over an existing one. */
static enum pm_status store(const char *path, const char *text, struct pm_error *err)
{
    char tmp[PATH_MAX];
    if ((size_t)snprintf(tmp, sizeof tmp, "%s.XXXXXX", path) >= sizeof tmp)
        return pm_fail(err, PM_USAGE, "the path %.60s... is too long", path);
    int fd = mkostemp(tmp, O_CLOEXEC); /* mode 0600 */
    if (fd < 0) return pm_fail(err, PM_IO, "%s: %s", tmp, strerror(errno));
    size_t len = strlen(text);
    bool written = write(fd, text, len) == (ssize_t)len && write(fd, "\n", 1) == 1 && fsync(fd) == 0;
    written = close(fd) == 0 && written;
    enum pm_status status = PM_OK;
    if (!written)
        status = pm_fail(err, PM_IO, "%s: %s", tmp, strerror(errno));
    else if (link(tmp, path) != 0)
        status = errno == EEXIST ? pm_fail(err, PM_CONFLICT, "%s exists; a key is never overwritten", path)
                                 : pm_fail(err, PM_IO, "%s: %s", path, strerror(errno));
    unlink(tmp);
    return status;
}

enum pm_status pm_keystore_write(const char *path, const uint8_t secret[32], const char *password,
                                 unsigned log2_n, struct pm_error *err)
{
    struct crypt c = {.salt_len = 32, .r = 8, .p = 1};
    uint8_t key[32] = {0}, address[20], uuid[16];
    char *text = NULL;
    enum pm_status status;
    if (log2_n < 10 || log2_n > 18)
        return pm_fail(err, PM_USAGE, "scrypt's cost is 2^%u, expected 2^10 to 2^18", log2_n);
    c.n = (uint64_t)1 << log2_n;
    PM_TRY(pm_eth_address(address, secret, err));
    PM_TRY(pm_random_bytes(c.salt, c.salt_len, err));
    PM_TRY(pm_random_bytes(c.iv, sizeof c.iv, err));
    PM_TRY(pm_random_bytes(uuid, sizeof uuid, err));
    PM_GOTO(derive(key, &c, password, err));
    PM_GOTO(aes_ctr(c.ciphertext, secret, key, c.iv, err));
    mac_of(c.mac, key, c.ciphertext);
    text = to_text(&c, address, uuid);
    if (!text) PM_GOTO(pm_fail(err, PM_NO_MEMORY, "no memory for a keystore"));
    PM_GOTO(store(path, text, err));
out:
    pm_wipe(key, sizeof key);
    free(text);
    return status;
}
