/* Keys: made, kept in a file that only its owner reads, and used to sign a login. The join string is
 * join.c's. Next: worker and coordinator hand the CURVE keys to sock.c and put the signature into LOGIN. */
#include "wire/identity.h"

#include "base/bytes.h"
#include "base/keccak.h"
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <secp256k1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

/* The public key from secret_key. */
static enum pm_status curve_complete(struct pm_curve_keys *keys, struct pm_error *err)
{
    char secret[41], public_key[41];
    bool ok = zmq_z85_encode(secret, keys->secret_key, 32) && zmq_curve_public(public_key, secret) == 0 &&
              zmq_z85_decode(keys->public_key, public_key);
    pm_wipe(secret, sizeof secret);
    return ok ? PM_OK
              : pm_fail(err, PM_UNSUPPORTED, "this build of libzmq has no CURVE: %s", zmq_strerror(errno));
}

enum pm_status pm_curve_keys_new(struct pm_curve_keys *out, struct pm_error *err)
{
    PM_TRY(pm_random_bytes(out->secret_key, 32, err));
    return curve_complete(out, err);
}

static void address_of(uint8_t address[20], const secp256k1_pubkey *key)
{
    uint8_t full[65], hash[32];
    size_t len = sizeof full;
    secp256k1_ec_pubkey_serialize(secp256k1_context_static, full, &len, key, SECP256K1_EC_UNCOMPRESSED);
    pm_keccak256(hash, full + 1, 64);
    memcpy(address, hash + 12, 20);
}

/* A context with fresh blinding, for work on secrets; NULL where memory or randomness is out. */
static secp256k1_context *signing_context(void)
{
    uint8_t seed[32];
    secp256k1_context *ctx = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    if (ctx &&
        (pm_random_bytes(seed, sizeof seed, NULL) != PM_OK || !secp256k1_context_randomize(ctx, seed))) {
        secp256k1_context_destroy(ctx);
        ctx = NULL;
    }
    pm_wipe(seed, sizeof seed);
    return ctx;
}

/* Public key and address from secret. */
static enum pm_status identity_complete(struct pm_identity *id, struct pm_error *err)
{
    secp256k1_pubkey key;
    secp256k1_context *ctx = signing_context();
    if (!ctx) return pm_fail(err, PM_NO_MEMORY, "no memory or no random bytes to use an identity");
    int ok = secp256k1_ec_pubkey_create(ctx, &key, id->secret);
    secp256k1_context_destroy(ctx);
    if (!ok)
        return pm_fail(err, PM_FORMAT,
                       "identity: the secret is not a secp256k1 key (zero, or not below the order)");
    size_t len = sizeof id->public_key;
    secp256k1_ec_pubkey_serialize(secp256k1_context_static, id->public_key, &len, &key,
                                  SECP256K1_EC_COMPRESSED);
    address_of(id->address, &key);
    return PM_OK;
}

enum pm_status pm_identity_new(struct pm_identity *out, struct pm_error *err)
{
    do PM_TRY(pm_random_bytes(out->secret, 32, err));
    while (!secp256k1_ec_seckey_verify(secp256k1_context_static, out->secret));
    return identity_complete(out, err);
}

/* -- key files -- */

static bool read_line(const char *text, const char *word, uint8_t secret[32])
{
    size_t n = strlen(word);
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (strncmp(line, word, n) != 0 || line[n] != ' ') continue;
        char hex[65];
        size_t len = strcspn(line + n + 1, "\r\n");
        if (len != 64) return false;
        memcpy(hex, line + n + 1, 64);
        hex[64] = 0;
        bool ok = hex[1] != 'x' && pm_hex_decode(secret, 32, hex);
        pm_wipe(hex, sizeof hex);
        return ok;
    }
    return false;
}

static enum pm_status keyfile_load(struct pm_curve_keys *curve, struct pm_identity *identity, int fd,
                                   const char *path, struct pm_error *err)
{
    char text[512];
    struct stat st;
    size_t len = 0;
    enum pm_status status = PM_OK;
    if (fstat(fd, &st) != 0) return pm_fail(err, PM_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return pm_fail(err, PM_FORMAT, "%s: expected a key file, found no regular file", path);
    if (st.st_mode & 077)
        return pm_fail(err, PM_AUTH,
                       "%s: others can read this key file (mode %03o); expected 600: run chmod 600", path,
                       (unsigned)(st.st_mode & 0777));
    while (len < sizeof text - 1) {
        ssize_t n = read(fd, text + len, sizeof text - 1 - len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            status = pm_fail(err, PM_IO, "%s: %s", path, strerror(errno));
            goto out;
        }
        if (n == 0) break;
        len += (size_t)n;
    }
    text[len] = 0;
    if (!read_line(text, "curve", curve->secret_key) || !read_line(text, "identity", identity->secret)) {
        status = pm_fail(
            err, PM_FORMAT,
            "%s: expected the lines \"curve\" and \"identity\", each with 64 hex digits, found other text",
            path);
        goto out;
    }
    PM_GOTO(curve_complete(curve, err));
    status = identity_complete(identity, err);
    if (status != PM_OK) pm_fail_in(err, "%s", path);
out:
    pm_wipe(text, sizeof text);
    return status;
}

static bool write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

static void sync_folder_of(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    int fd = open(folder[0] ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    (void)fsync(fd);
    close(fd);
}

/* Writes a new file beside `path` and links it there: whole or not at all, and never over one that another
 * process has just made (*exists). */
static enum pm_status keyfile_write(const struct pm_curve_keys *curve, const struct pm_identity *identity,
                                    const char *path, bool *exists, struct pm_error *err)
{
    char tmp[4096], text[256], hex[2][65];
    enum pm_status status = PM_OK;
    *exists = false;
    int n = snprintf(tmp, sizeof tmp, "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof tmp)
        return pm_fail(err, PM_USAGE, "%.80s...: the path is too long", path);
    int fd = mkostemp(tmp, O_CLOEXEC); /* mode 0600 */
    if (fd < 0) return pm_fail(err, PM_IO, "%s: cannot make a key file: %s", path, strerror(errno));
    pm_hex_encode(hex[0], curve->secret_key, 32);
    pm_hex_encode(hex[1], identity->secret, 32);
    n = snprintf(text, sizeof text, "curve %s\nidentity %s\n", hex[0], hex[1]);
    if (!write_all(fd, text, (size_t)n) || fsync(fd) != 0)
        status = pm_fail(err, PM_IO, "%s: cannot write the key file: %s", path, strerror(errno));
    else if (link(tmp, path) == 0 ||
             (errno != EEXIST && rename(tmp, path) == 0)) /* not all file systems have links */
        sync_folder_of(path);
    else if (errno == EEXIST)
        *exists = true;
    else
        status = pm_fail(err, PM_IO, "%s: cannot put the key file in place: %s", path, strerror(errno));
    close(fd);
    unlink(tmp);
    pm_wipe(text, sizeof text);
    pm_wipe(hex, sizeof hex);
    return status;
}

enum pm_status pm_keyfile_load_or_new(struct pm_curve_keys *curve, struct pm_identity *identity,
                                      const char *path, struct pm_error *err)
{
    enum pm_status status = PM_OK;
    bool exists = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        PM_GOTO(pm_curve_keys_new(curve, err));
        PM_GOTO(pm_identity_new(identity, err));
        PM_GOTO(keyfile_write(curve, identity, path, &exists, err));
        if (!exists) goto out;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    if (fd < 0) {
        status = pm_fail(err, PM_IO, "%s: %s", path, strerror(errno));
        goto out;
    }
    status = keyfile_load(curve, identity, fd, path, err);
    close(fd);
out:
    if (status != PM_OK) {
        pm_wipe(curve, sizeof *curve);
        pm_wipe(identity, sizeof *identity);
    }
    return status;
}

/* -- login -- */

void pm_login_digest(uint8_t out[32], const uint8_t server_curve[32], const uint8_t client_curve[32],
                     const uint8_t pool_id[32], const uint8_t nonce[32], uint64_t expires_ms)
{
    static const char domain[] = "proofmill login 1";
    uint8_t expires[8];
    struct pm_keccak k;
    pm_store_be64(expires, expires_ms);
    pm_keccak_init(&k);
    pm_keccak_update(&k, domain, sizeof domain - 1);
    pm_keccak_update(&k, server_curve, 32);
    pm_keccak_update(&k, client_curve, 32);
    pm_keccak_update(&k, pool_id, 32);
    pm_keccak_update(&k, nonce, 32);
    pm_keccak_update(&k, expires, sizeof expires);
    pm_keccak_final(&k, out);
}

enum pm_status pm_identity_sign(uint8_t signature[64], const struct pm_identity *identity,
                                const uint8_t digest[32], struct pm_error *err)
{
    secp256k1_ecdsa_signature sig;
    secp256k1_context *ctx = signing_context();
    if (!ctx) return pm_fail(err, PM_NO_MEMORY, "no memory or no random bytes to sign with an identity");
    int ok =
        secp256k1_ecdsa_sign(ctx, &sig, digest, identity->secret, NULL, NULL); /* RFC 6979 nonce, low S */
    secp256k1_context_destroy(ctx);
    if (!ok) return pm_fail(err, PM_FORMAT, "identity: the secret is not a secp256k1 key");
    secp256k1_ecdsa_signature_serialize_compact(secp256k1_context_static, signature, &sig);
    return PM_OK;
}

bool pm_identity_verify(const uint8_t public_key[33], const uint8_t signature[64], const uint8_t digest[32])
{
    secp256k1_pubkey key;
    secp256k1_ecdsa_signature sig;
    return secp256k1_ec_pubkey_parse(secp256k1_context_static, &key, public_key, 33) &&
           secp256k1_ecdsa_signature_parse_compact(secp256k1_context_static, &sig, signature) &&
           secp256k1_ecdsa_verify(secp256k1_context_static, &sig, digest, &key); /* refuses high S */
}

enum pm_status pm_identity_address(uint8_t address[20], const uint8_t public_key[33], struct pm_error *err)
{
    secp256k1_pubkey key;
    if (!secp256k1_ec_pubkey_parse(secp256k1_context_static, &key, public_key, 33))
        return pm_fail(err, PM_FORMAT,
                       "identity: expected a compressed secp256k1 public key, found other bytes");
    address_of(address, &key);
    return PM_OK;
}
