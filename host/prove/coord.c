/* x * 2^k mod p by k doublings and x / 2^k by k halvings: needs nothing of a field but its modulus. See
 * coord.h. */
#include "prove/coord.h"
#include "base/bytes.h"

__extension__ typedef unsigned __int128 u128;

enum { max_limbs = PM_FP_MAX_BYTES / 8 };

bool pm_bytes_less(const uint8_t *a, const uint8_t *b, size_t len)
{
    while (len-- > 0)
        if (a[len] != b[len]) return a[len] < b[len];
    return false;
}

static void load(uint64_t *x, const uint8_t *bytes, unsigned limbs)
{
    for (unsigned i = 0; i < limbs; i++) x[i] = pm_load_le64(bytes + 8 * i);
}

static void store(uint8_t *bytes, const uint64_t *x, unsigned limbs)
{
    for (unsigned i = 0; i < limbs; i++) pm_store_le64(bytes + 8 * i, x[i]);
}

/* p leaves the top bit of its limbs free on every curve here, so sums of two numbers below p never overflow.
 */

/* x - p if that is not negative, else x. */
static void reduce(uint64_t *x, const uint64_t *p, unsigned limbs)
{
    uint64_t d[max_limbs], borrow = 0;
    for (unsigned i = 0; i < limbs; i++) {
        u128 t = (u128)x[i] - p[i] - borrow;
        d[i] = (uint64_t)t;
        borrow = (uint64_t)(t >> 64) & 1;
    }
    if (!borrow)
        for (unsigned i = 0; i < limbs; i++) x[i] = d[i];
}

static void twice(uint64_t *x, const uint64_t *p, unsigned limbs)
{
    for (unsigned i = limbs; i-- > 1;) x[i] = x[i] << 1 | x[i - 1] >> 63;
    x[0] <<= 1;
    reduce(x, p, limbs);
}

/* (x or x + p, whichever is even) / 2. */
static void half(uint64_t *x, const uint64_t *p, unsigned limbs)
{
    uint64_t carry = 0, take = 0 - (x[0] & 1);
    for (unsigned i = 0; i < limbs; i++) {
        u128 t = (u128)x[i] + (p[i] & take) + carry;
        x[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
    for (unsigned i = 0; i + 1 < limbs; i++) x[i] = x[i] >> 1 | x[i + 1] << 63;
    x[limbs - 1] >>= 1;
}

void pm_coord_to_plain(const struct pm_curve *curve, uint8_t *out, const uint8_t *mont)
{
    unsigned limbs = curve->fp_bytes / 8;
    uint64_t x[max_limbs], p[max_limbs];
    load(x, mont, limbs);
    load(p, curve->fp_modulus, limbs);
    for (unsigned i = 0; i < 64 * limbs; i++) half(x, p, limbs);
    store(out, x, limbs);
}

bool pm_coord_from_plain(const struct pm_curve *curve, uint8_t *out, const uint8_t *plain)
{
    if (!pm_bytes_less(plain, curve->fp_modulus, curve->fp_bytes)) return false;
    unsigned limbs = curve->fp_bytes / 8;
    uint64_t x[max_limbs], p[max_limbs];
    load(x, plain, limbs);
    load(p, curve->fp_modulus, limbs);
    for (unsigned i = 0; i < 64 * limbs; i++) twice(x, p, limbs);
    store(out, x, limbs);
    return true;
}
