/* Keccak-f[1600] by the specification's five steps; the fourth (chi) row by row. See keccak.h. */
#include "base/keccak.h"
#include "base/bytes.h"

enum { rate_bytes = 136 };

static inline uint64_t rotl(uint64_t x, unsigned n) { return n ? x << n | x >> (64 - n) : x; }

static void permute(uint64_t a[25])
{
    static const uint64_t round_constant[24] = {
        0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
        0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
        0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
        0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};
    for (int round = 0; round < 24; round++) {
        uint64_t c[5], b[25];
        for (int x = 0; x < 5; x++) c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        for (int x = 0; x < 5; x++) {
            uint64_t d = c[(x + 4) % 5] ^ rotl(c[(x + 1) % 5], 1);
            for (int y = 0; y < 25; y += 5) a[y + x] ^= d;
        }
        /* rho and pi: lane (x, y) turns by t(t+1)/2 and moves to (y, 2x + 3y). */
        b[0] = a[0];
        for (int t = 0, x = 1, y = 0; t < 24; t++) {
            int to_y = (2 * x + 3 * y) % 5, to_x = y;
            b[5 * to_y + to_x] = rotl(a[5 * y + x], (unsigned)((t + 1) * (t + 2) / 2 % 64));
            x = to_x;
            y = to_y;
        }
        for (int y = 0; y < 25; y += 5)
            for (int x = 0; x < 5; x++) a[y + x] = b[y + x] ^ (~b[y + (x + 1) % 5] & b[y + (x + 2) % 5]);
        a[0] ^= round_constant[round];
    }
}

void pm_keccak_init(struct pm_keccak *k) { *k = (struct pm_keccak){0}; }

static void absorb(struct pm_keccak *k, uint8_t byte)
{
    k->state[k->fill / 8] ^= (uint64_t)byte << 8 * (k->fill % 8);
    k->fill++;
}

void pm_keccak_update(struct pm_keccak *k, const void *data, size_t len)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < len; i++) {
        absorb(k, p[i]);
        if (k->fill == rate_bytes) {
            permute(k->state);
            k->fill = 0;
        }
    }
}

void pm_keccak_final(struct pm_keccak *k, uint8_t out[32])
{
    absorb(k, 0x01);
    k->state[rate_bytes / 8 - 1] ^= (uint64_t)0x80 << 56;
    permute(k->state);
    for (int i = 0; i < 4; i++) pm_store_le64(out + 8 * i, k->state[i]);
    pm_wipe(k, sizeof *k);
}

void pm_keccak256(uint8_t out[32], const void *data, size_t len)
{
    struct pm_keccak k;
    pm_keccak_init(&k);
    pm_keccak_update(&k, data, len);
    pm_keccak_final(&k, out);
}
