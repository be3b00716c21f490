/* The last step of a device's sums, on the host: XYZZ to affine. A few hundred points at most, so this is
 * short rather than fast: plain Montgomery products of limbs, one Fermat inversion for all. No device,
 * nothing of math/. */
#include "kernels/gpu_curve.h"

#include <string.h>

enum { LIMBS_MAX = 6 };

struct field {
    const uint64_t *p;
    uint64_t inv; /* -1 / p mod 2^64 */
    int limbs;
    unsigned degree; /* of an element over Fp, u^2 = -1 */
};
__extension__ typedef unsigned __int128 wide;

static uint64_t subtract(const struct field *f, uint64_t *out, const uint64_t *a, const uint64_t *b)
{
    uint64_t borrow = 0;
    for (int i = 0; i < f->limbs; i++) {
        wide t = (wide)a[i] - b[i] - borrow;
        out[i] = (uint64_t)t;
        borrow = (uint64_t)(t >> 64) & 1;
    }
    return borrow;
}

/* out = a + b, both below p; p has a bit to spare */
static void base_add(const struct field *f, uint64_t *out, const uint64_t *a, const uint64_t *b)
{
    uint64_t t[LIMBS_MAX], carry = 0;
    for (int i = 0; i < f->limbs; i++) {
        wide s = (wide)a[i] + b[i] + carry;
        out[i] = (uint64_t)s;
        carry = (uint64_t)(s >> 64);
    }
    if (!subtract(f, t, out, f->p)) memcpy(out, t, 8 * (size_t)f->limbs);
}
static void base_neg(const struct field *f, uint64_t *out, const uint64_t *a)
{
    static const uint64_t zero[LIMBS_MAX];
    uint64_t t[LIMBS_MAX];
    subtract(f, t, f->p, a);
    memcpy(out, memcmp(a, zero, 8 * (size_t)f->limbs) == 0 ? zero : t, 8 * (size_t)f->limbs);
}

/* out = a b / R, limb by limb of b; below p for inputs below p */
static void base_mul(const struct field *f, uint64_t *out, const uint64_t *a, const uint64_t *b)
{
    uint64_t t[LIMBS_MAX + 1] = {0}, less[LIMBS_MAX];
    for (int i = 0; i < f->limbs; i++) {
        wide low = (wide)a[0] * b[i] + t[0];
        uint64_t m = (uint64_t)low * f->inv;
        wide zero = (wide)m * f->p[0] + (uint64_t)low;
        for (int j = 1; j < f->limbs; j++) {
            low = (wide)a[j] * b[i] + t[j] + (uint64_t)(low >> 64);
            zero = (wide)m * f->p[j] + (uint64_t)low + (uint64_t)(zero >> 64);
            t[j - 1] = (uint64_t)zero;
        }
        t[f->limbs - 1] = (uint64_t)(low >> 64) + (uint64_t)(zero >> 64); /* below 2p / 2^64 in all */
    }
    const uint64_t *r = subtract(f, less, t, f->p) ? t : less;
    memcpy(out, r, 8 * (size_t)f->limbs);
}

static void mul(const struct field *f, uint64_t *out, const uint64_t *a, const uint64_t *b)
{
    uint64_t r[2][LIMBS_MAX], t[LIMBS_MAX];
    const int n = f->limbs;
    if (f->degree == 1) {
        base_mul(f, out, a, b);
        return;
    }
    base_mul(f, r[0], a, b);
    base_mul(f, t, a + n, b + n);
    base_neg(f, t, t);
    base_add(f, r[0], r[0], t);
    base_mul(f, r[1], a, b + n);
    base_mul(f, t, a + n, b);
    base_add(f, r[1], r[1], t);
    memcpy(out, r[0], 8 * (size_t)n);
    memcpy(out + n, r[1], 8 * (size_t)n);
}

/* a^(p-2) in Fp, from the highest bit down */
static void base_invert(const struct field *f, uint64_t *out, const uint64_t *a)
{
    uint64_t e[LIMBS_MAX], two[LIMBS_MAX] = {2}, base[LIMBS_MAX];
    int bit = 64 * f->limbs - 1;
    subtract(f, e, f->p, two);
    memcpy(base, a, 8 * (size_t)f->limbs);
    while (!(e[bit / 64] >> bit % 64 & 1)) bit--;
    memcpy(out, base, 8 * (size_t)f->limbs);
    while (bit-- > 0) {
        base_mul(f, out, out, out);
        if (e[bit / 64] >> bit % 64 & 1) base_mul(f, out, out, base);
    }
}

/* 1 / (c0 + c1 u) = (c0 - c1 u) / (c0^2 + c1^2) */
static void invert(const struct field *f, uint64_t *out, const uint64_t *a)
{
    uint64_t norm[LIMBS_MAX], t[LIMBS_MAX];
    const int n = f->limbs;
    if (f->degree == 1) {
        base_invert(f, out, a);
        return;
    }
    base_mul(f, norm, a, a);
    base_mul(f, t, a + n, a + n);
    base_add(f, norm, norm, t);
    base_invert(f, norm, norm);
    base_neg(f, t, a + n);
    base_mul(f, out, a, norm);
    base_mul(f, out + n, t, norm);
}

static bool is_zero(const uint64_t *a, size_t limbs)
{
    uint64_t any = 0;
    for (size_t i = 0; i < limbs; i++) any |= a[i];
    return any == 0;
}

/* x / zz and y / zzz: with i = 1 / zzz, 1 / zz = (zz i)^2, as zz^3 = zzz^2. */
static void to_affine(const struct field *f, uint8_t *out, const uint64_t *point, const uint64_t *inverse)
{
    uint64_t t[2 * LIMBS_MAX], coordinate[2 * LIMBS_MAX];
    const size_t n = (size_t)f->limbs * f->degree;
    mul(f, t, point + 2 * n, inverse);
    mul(f, t, t, t);
    mul(f, coordinate, point, t);
    memcpy(out, coordinate, 8 * n);
    mul(f, coordinate, point + n, inverse);
    memcpy(out + 8 * n, coordinate, 8 * n);
}

void gpu_points_to_affine_var(uint8_t *out, const void *points, size_t n, const struct gpu_curve *curve,
                              unsigned degree, void *scratch)
{
    struct field f = {curve->fp_modulus, 1, (int)(curve->fp_bytes / 8), degree};
    const size_t limbs = (size_t)f.limbs * degree;
    const uint64_t *point = points;
    uint64_t *before = scratch, product[2 * LIMBS_MAX], inverse[2 * LIMBS_MAX];
    bool any = false;
    for (int i = 0; i < 6; i++) f.inv *= 2 + f.p[0] * f.inv; /* Newton: inv = -1/p has p inv + 1 = 0 */
    for (size_t i = 0; i < n; i++) { /* before[i]: the product of those that are not infinity */
        const uint64_t *zzz = point + (4 * i + 3) * limbs;
        if (is_zero(zzz, limbs)) continue;
        if (any) memcpy(before + i * limbs, product, 8 * limbs);
        if (any)
            mul(&f, product, product, zzz);
        else
            memcpy(product, zzz, 8 * limbs);
        any = true;
    }
    memset(out, 0, 16 * limbs * n);
    if (!any) return;
    invert(&f, product, product);
    size_t first = 0;
    while (is_zero(point + (4 * first + 3) * limbs, limbs)) first++;
    for (size_t i = n; i-- > first;) {
        const uint64_t *zzz = point + (4 * i + 3) * limbs;
        if (is_zero(zzz, limbs)) continue;
        if (i == first)
            memcpy(inverse, product, 8 * limbs);
        else
            mul(&f, inverse, product, before + i * limbs);
        mul(&f, product, product, zzz);
        to_affine(&f, out + 16 * limbs * i, point + 4 * i * limbs, inverse);
    }
}
