/* scrypt in the words of RFC 7914: Salsa20/8 (section 3), scryptBlockMix (4), scryptROMix (5), scrypt (6).
 * Next: keystore.c. */
#include "coordinator/chain/scrypt.h"

#include "base/bytes.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>

#define ROTL(v, n) ((v) << (n) | (v) >> (32 - (n)))
#define QUARTER(a, b, c, d)                                                                                  \
    x[b] ^= ROTL(x[a] + x[d], 7), x[c] ^= ROTL(x[b] + x[a], 9), x[d] ^= ROTL(x[c] + x[b], 13),               \
        x[a] ^= ROTL(x[d] + x[c], 18)

static void salsa20_8(uint32_t b[16])
{
    uint32_t x[16];
    memcpy(x, b, sizeof x);
    for (int i = 0; i < 4; i++) {
        QUARTER(0, 4, 8, 12), QUARTER(5, 9, 13, 1), QUARTER(10, 14, 2, 6), QUARTER(15, 3, 7, 11);
        QUARTER(0, 1, 2, 3), QUARTER(5, 6, 7, 4), QUARTER(10, 11, 8, 9), QUARTER(15, 12, 13, 14);
    }
    for (int i = 0; i < 16; i++) b[i] += x[i];
}

/* b: 2 r blocks of 16 words; the even ones end in the first half, the odd ones in the second. y: as large. */
static void block_mix(uint32_t *b, uint32_t *y, uint32_t r)
{
    uint32_t x[16];
    memcpy(x, b + 16 * (2 * (size_t)r - 1), sizeof x);
    for (size_t i = 0; i < 2 * (size_t)r; i++) {
        for (int j = 0; j < 16; j++) x[j] ^= b[16 * i + (size_t)j];
        salsa20_8(x);
        memcpy(y + 16 * (i / 2 + (i % 2) * r), x, sizeof x);
    }
    memcpy(b, y, 128 * (size_t)r);
}

/* One of the p blocks of 128 r bytes, in place. work: 32 r words, v: n times as many. */
static void ro_mix(uint8_t *block, uint64_t n, uint32_t r, uint32_t *v, uint32_t *b, uint32_t *y)
{
    size_t words = 32 * (size_t)r;
    for (size_t i = 0; i < words; i++) b[i] = pm_load_le32(block + 4 * i);
    for (uint64_t i = 0; i < n; i++) {
        memcpy(v + words * i, b, 4 * words);
        block_mix(b, y, r);
    }
    for (uint64_t i = 0; i < n; i++) {
        /* Integerify: n is a power of two of at most 32 bits */
        const uint32_t *vj = v + words * (b[words - 16] & (n - 1));
        for (size_t k = 0; k < words; k++) b[k] ^= vj[k];
        block_mix(b, y, r);
    }
    for (size_t i = 0; i < words; i++) pm_store_le32(block + 4 * i, b[i]);
}

static bool pbkdf2(uint8_t *out, size_t out_len, const char *password, const uint8_t *salt, size_t salt_len)
{
    return PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, (int)salt_len, 1, EVP_sha256(),
                             (int)out_len, out) == 1;
}

enum pm_status pm_scrypt_var(uint8_t *out, size_t out_len, const char *password, const uint8_t *salt,
                             size_t salt_len, uint64_t n, uint32_t r, uint32_t p, size_t max_bytes,
                             struct pm_error *err)
{
    if (n < 2 || n > (uint64_t)1 << 31 || (n & (n - 1)) != 0 || r < 1 || r > 1024 || p < 1 || p > 1024 ||
        salt_len > 1024 || out_len > 1024 || strlen(password) > 65536)
        return pm_fail(err, PM_USAGE, "scrypt: parameters out of range");
    size_t block_bytes = 128 * (size_t)r, bytes = block_bytes * ((size_t)n + p + 2);
    if (bytes > max_bytes)
        return pm_fail(err, PM_NO_MEMORY, "scrypt needs %zu MiB, %zu are allowed", bytes >> 20,
                       max_bytes >> 20);
    uint32_t *memory = malloc(bytes);
    if (!memory) return pm_fail(err, PM_NO_MEMORY, "scrypt needs %zu MiB", bytes >> 20);
    uint32_t *v = memory, *b = v + n * block_bytes / 4, *y = b + block_bytes / 4;
    uint8_t *blocks = (uint8_t *)(y + block_bytes / 4);
    bool ok = pbkdf2(blocks, p * block_bytes, password, salt, salt_len);
    for (uint32_t i = 0; ok && i < p; i++) ro_mix(blocks + i * block_bytes, n, r, v, b, y);
    ok = ok && pbkdf2(out, out_len, password, blocks, p * block_bytes);
    pm_wipe(memory, bytes);
    free(memory);
    return ok ? PM_OK : pm_fail(err, PM_INTERNAL, "scrypt: PBKDF2 failed");
}
