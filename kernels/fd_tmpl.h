/* Prime field on the device: Montgomery form, N limbs of 32 bits, products by two interleaved accumulators
 * whose carry chains are lo/hi pairs (one wide multiply-add each on the device). The same bytes as
 * host/math's fields. Not here: inversion (the host's, or a batch's), conversion of bytes (memory holds
 * elements as they are).
 *
 * Parameters
 *   FD            prefix of all names and name of the element's type, e.g. bn254_fp
 *   FD_LIMBS      N, even
 *   FD_MODULUS    initializer of N / 2 limbs of 64 bits, p
 *   FD_MONT_INV   -1/p mod 2^64
 *   FD_MONT_R     initializer: R mod p, R = 2^(32 N)
 *   FD_MONT_R2    initializer: R^2 mod p
 *   FD_TOP        the upper 32 bits of p
 *   FD_BOUND      2: values are in [0, 2p), which needs 4p < R, and ab + cd needs 5p < R; 1: values are
 * canonical FD_PRODUCT    GPU_DEVICE or GPU_DEVICE_CALL: qualifier of products
 *
 * Every function takes and gives values below FD_BOUND * p, which the emulator checks; what differs says so.
 * Zero and equality are decided on canonical form; what leaves the device has gone through canon. Elements
 * are passed by value. */
#include "kernels/ptx.h"

#define FN(op) GPU_CAT(FD, _##op)
#define N      FD_LIMBS

GPU_STATIC_ASSERT(N % 2 == 0, "products take limbs in pairs");
GPU_STATIC_ASSERT((uint64_t)(2 * FD_BOUND) * (FD_TOP + 1ull) <= (uint64_t)1 << 32,
                  "a sum of two values must stay below R");
GPU_STATIC_ASSERT(FD_BOUND == 1 || (FD_BOUND == 2 && 5 * (FD_TOP + 1ull) <= (uint64_t)1 << 32),
                  "the running value of ab + cd, below 5p, must stay below R");

typedef struct GPU_ALIGN(16) {
    uint32_t limb[N];
} FD;

/* -- Constants, limb by limb: folded into the code where loops are unrolled -- */

GPU_DEVICE uint32_t FN(p_limb)(int i)
{
    const uint64_t p[] = FD_MODULUS;
    return (uint32_t)(p[i / 2] >> 32 * (i & 1));
}
/* of FD_BOUND * p */
GPU_DEVICE uint32_t FN(bound_limb)(int i)
{
    if (FD_BOUND == 1) return FN(p_limb)(i);
    return FN(p_limb)(i) << 1 | (i > 0 ? FN(p_limb)(i - 1) >> 31 : 0);
}
GPU_DEVICE FD FN(modulus)(void)
{
    FD r;
    GPU_UNROLL
    for (int i = 0; i < N; i++) r.limb[i] = FN(p_limb)(i);
    return r;
}
GPU_DEVICE FD FN(zero)(void)
{
    FD r;
    GPU_UNROLL
    for (int i = 0; i < N; i++) r.limb[i] = 0;
    return r;
}
GPU_DEVICE FD FN(of_limbs)(const uint64_t *limb)
{
    FD r;
    GPU_UNROLL
    for (int i = 0; i < N; i++) r.limb[i] = (uint32_t)(limb[i / 2] >> 32 * (i & 1));
    return r;
}
GPU_DEVICE FD FN(one)(void)
{
    const uint64_t r[] = FD_MONT_R;
    return FN(of_limbs)(r);
}

/* The emulator's assertion that a < FD_BOUND * p. */
GPU_DEVICE void FN(check)(FD a)
{
#ifndef __CUDACC__
    int i = N - 1;
    while (i >= 0 && a.limb[i] == FN(bound_limb)(i)) i--;
    if (i < 0 || a.limb[i] > FN(bound_limb)(i)) GPU_DIE("a field element is out of bounds");
#else
    (void)a;
#endif
}

/* -- Sums -- */

GPU_DEVICE FD FN(raw_add)(FD a, FD b)
{
    FD r;
    r.limb[0] = ptx_add_cc(a.limb[0], b.limb[0]);
    GPU_UNROLL
    for (int i = 1; i < N - 1; i++) r.limb[i] = ptx_addc_cc(a.limb[i], b.limb[i]);
    r.limb[N - 1] = ptx_addc(a.limb[N - 1], b.limb[N - 1]);
    return r;
}

/* a - b mod R; all ones in *borrow where a < b, else zero. */
GPU_DEVICE FD FN(raw_sub)(FD a, FD b, uint32_t *borrow)
{
    FD r;
    r.limb[0] = ptx_sub_cc(a.limb[0], b.limb[0]);
    GPU_UNROLL
    for (int i = 1; i < N; i++) r.limb[i] = ptx_subc_cc(a.limb[i], b.limb[i]);
    *borrow = ptx_subc(0, 0);
    return r;
}

GPU_DEVICE FD FN(select)(bool flag, FD a, FD b)
{
    FD r;
    GPU_UNROLL
    for (int i = 0; i < N; i++) r.limb[i] = flag ? a.limb[i] : b.limb[i];
    return r;
}

GPU_DEVICE FD FN(bound)(void)
{
    FD r;
    GPU_UNROLL
    for (int i = 0; i < N; i++) r.limb[i] = FN(bound_limb)(i);
    return r;
}

/* a < 2 FD_BOUND p to below FD_BOUND p */
GPU_DEVICE FD FN(reduce)(FD a)
{
    uint32_t borrow;
    FD t = FN(raw_sub)(a, FN(bound)(), &borrow);
    t = FN(select)(borrow != 0, a, t);
    FN(check)(t);
    return t;
}

/* To [0, p), from below 2p whatever FD_BOUND is. */
GPU_DEVICE FD FN(canon)(FD a)
{
    uint32_t borrow;
    FD t = FN(raw_sub)(a, FN(modulus)(), &borrow);
    return FN(select)(borrow != 0, a, t);
}

GPU_DEVICE FD FN(add)(FD a, FD b)
{
    FN(check)(a);
    FN(check)(b);
    return FN(reduce)(FN(raw_add)(a, b));
}
GPU_DEVICE FD FN(dbl)(FD a) { return FN(add)(a, a); }

GPU_DEVICE FD FN(sub)(FD a, FD b)
{
    uint32_t borrow;
    FN(check)(a);
    FN(check)(b);
    FD t = FN(raw_sub)(a, b, &borrow), back = FN(bound)();
    GPU_UNROLL
    for (int i = 0; i < N; i++) back.limb[i] &= borrow;
    return FN(raw_add)(t, back);
}
GPU_DEVICE FD FN(neg)(FD a) { return FN(sub)(FN(zero)(), a); }

GPU_DEVICE bool FN(is_zero)(FD a)
{
    uint32_t zero = 0, p = 0;
    GPU_UNROLL
    for (int i = 0; i < N; i++) {
        zero |= a.limb[i];
        p |= a.limb[i] ^ FN(p_limb)(i);
    }
    FN(check)(a);
    return zero == 0 || (FD_BOUND == 2 && p == 0);
}
GPU_DEVICE bool FN(equal)(FD a, FD b) { return FN(is_zero)(FN(sub)(a, b)); }

/* -- Products. The running value is E + 2^32 O, for N limbs of E (even) and of O (odd); every N limbs here
 * are weights 0 .. N-1 of their accumulator. v points to the limbs 0, 2, .. of a factor for E, 1, 3, .. for
 * O. -- */

/* acc = v b */
GPU_DEVICE void FN(row)(uint32_t *acc, const uint32_t *v, uint32_t b)
{
    GPU_UNROLL
    for (int j = 0; j < N; j += 2) {
        acc[j] = ptx_mul_lo(v[j], b);
        acc[j + 1] = ptx_mul_hi(v[j], b);
    }
}

/* E += v b; the carry goes to *top, the last limb of O. */
GPU_DEVICE void FN(row_even)(uint32_t *even, uint32_t *top, const uint32_t *v, uint32_t b)
{
    even[0] = ptx_mad_lo_cc(v[0], b, even[0]);
    even[1] = ptx_madc_hi_cc(v[0], b, even[1]);
    GPU_UNROLL
    for (int j = 2; j < N; j += 2) {
        even[j] = ptx_madc_lo_cc(v[j], b, even[j]);
        even[j + 1] = ptx_madc_hi_cc(v[j], b, even[j + 1]);
    }
    *top = ptx_addc(*top, 0);
}

/* O += v b, which fits: the running value stays below 2^32 R. */
GPU_DEVICE void FN(row_odd)(uint32_t *odd, const uint32_t *v, uint32_t b)
{
    odd[0] = ptx_mad_lo_cc(v[0], b, odd[0]);
    GPU_UNROLL
    for (int j = 2; j < N; j += 2) {
        odd[j - 1] = ptx_madc_hi_cc(v[j - 2], b, odd[j - 1]);
        odd[j] = ptx_madc_lo_cc(v[j], b, odd[j]);
    }
    odd[N - 1] = ptx_madc_hi(v[N - 2], b, odd[N - 1]);
}

/* One limb down, plus v b into O. E's lowest limb is zero, so that E / 2^32 begins with its limb 1: O takes
 * the place of E, E from limb 2 on that of O, and limb 1 goes to the lowest of the new E. Called with the new
 * names: `even` holds the old O, `odd` the old E. */
GPU_DEVICE void FN(row_shift)(uint32_t *even, uint32_t *odd, const uint32_t *v, uint32_t b)
{
    even[0] = ptx_add_cc(even[0], odd[1]);
    GPU_UNROLL
    for (int j = 0; j < N - 2; j += 2) {
        odd[j] = ptx_madc_lo_cc(v[j], b, odd[j + 2]);
        odd[j + 1] = ptx_madc_hi_cc(v[j], b, odd[j + 3]);
    }
    odd[N - 2] = ptx_madc_lo_cc(v[N - 2], b, 0);
    odd[N - 1] = ptx_madc_hi(v[N - 2], b, 0);
}

/* The same with v = p and the b that makes the new lowest limb zero, which is returned. */
GPU_DEVICE uint32_t FN(row_shift_reduce)(uint32_t *even, uint32_t *odd, const uint32_t *p)
{
    even[0] = ptx_add_cc(even[0], odd[1]);
    uint32_t m = ptx_mul_lo(even[0], (uint32_t)FD_MONT_INV);
    GPU_UNROLL
    for (int j = 0; j < N - 2; j += 2) {
        odd[j] = ptx_madc_lo_cc(p[j], m, odd[j + 2]);
        odd[j + 1] = ptx_madc_hi_cc(p[j], m, odd[j + 3]);
    }
    odd[N - 2] = ptx_madc_lo_cc(p[N - 2], m, 0);
    odd[N - 1] = ptx_madc_hi(p[N - 2], m, 0);
    return m;
}

/* Adds the multiple of p that makes the lowest limb zero. */
GPU_DEVICE void FN(row_reduce)(uint32_t *even, uint32_t *odd, const uint32_t *p)
{
    uint32_t m = ptx_mul_lo(even[0], (uint32_t)FD_MONT_INV);
    FN(row_odd)(odd, p + 1, m);
    FN(row_even)(even, &odd[N - 1], p, m);
}

/* E / 2^32 + O */
GPU_DEVICE FD FN(merge)(const uint32_t *even, const uint32_t *odd)
{
    FD r;
    r.limb[0] = ptx_add_cc(odd[0], even[1]);
    GPU_UNROLL
    for (int i = 1; i < N - 1; i++) r.limb[i] = ptx_addc_cc(odd[i], even[i + 1]);
    r.limb[N - 1] = ptx_addc(odd[N - 1], 0);
    return r;
}

/* a b / R, below 2p, for a < 2p and any b of N limbs. */
GPU_DEVICE FD FN(raw_mul)(FD a, FD b)
{
    uint32_t even[N], odd[N];
    FD p = FN(modulus)();
    FN(row)(odd, a.limb + 1, b.limb[0]);
    FN(row)(even, a.limb, b.limb[0]);
    FN(row_reduce)(even, odd, p.limb);
    GPU_UNROLL
    for (int i = 1; i < N; i += 2) {
        FN(row_shift)(odd, even, a.limb + 1, b.limb[i]);
        FN(row_even)(odd, &even[N - 1], a.limb, b.limb[i]);
        FN(row_reduce)(odd, even, p.limb);
        if (i + 1 == N) break;
        FN(row_shift)(even, odd, a.limb + 1, b.limb[i + 1]);
        FN(row_even)(even, &odd[N - 1], a.limb, b.limb[i + 1]);
        FN(row_reduce)(even, odd, p.limb);
    }
    return FN(merge)(odd, even);
}

FD_PRODUCT FD FN(mul)(FD a, FD b)
{
    FN(check)(a);
    FN(check)(b);
    FD r = FN(raw_mul)(a, b);
    if (FD_BOUND == 1) r = FN(canon)(r);
    FN(check)(r);
    return r;
}

#if FD_BOUND == 2
/* One limb of ab + cd: the running value, below 5p, takes a b + c d and a multiple of p. */
GPU_DEVICE void FN(row_pair)(uint32_t *even, uint32_t *odd, FD a, uint32_t b, FD c, uint32_t d, FD p)
{
    FN(row_even)(even, &odd[N - 1], a.limb, b);
    FN(row_odd)(odd, c.limb + 1, d);
    FN(row_even)(even, &odd[N - 1], c.limb, d);
    FN(row_reduce)(even, odd, p.limb);
}

/* (a b + c d) / R, below 8p p / R + p < 3p, reduced to below 2p; c may be 2p itself. */
GPU_DEVICE FD FN(raw_mul_add)(FD a, FD b, FD c, FD d)
{
    uint32_t even[N], odd[N];
    FD p = FN(modulus)();
    FN(row)(odd, a.limb + 1, b.limb[0]);
    FN(row)(even, a.limb, b.limb[0]);
    FN(row_odd)(odd, c.limb + 1, d.limb[0]);
    FN(row_even)(even, &odd[N - 1], c.limb, d.limb[0]);
    FN(row_reduce)(even, odd, p.limb);
    GPU_UNROLL
    for (int i = 1; i < N; i += 2) {
        FN(row_shift)(odd, even, a.limb + 1, b.limb[i]);
        FN(row_pair)(odd, even, a, b.limb[i], c, d.limb[i], p);
        if (i + 1 == N) break;
        FN(row_shift)(even, odd, a.limb + 1, b.limb[i + 1]);
        FN(row_pair)(even, odd, a, b.limb[i + 1], c, d.limb[i + 1], p);
    }
    return FN(reduce)(FN(merge)(odd, even));
}
#endif

/* a b + c d and a b - c d, with one reduction where there is room for it. */
FD_PRODUCT FD FN(mul_add)(FD a, FD b, FD c, FD d)
{
#if FD_BOUND == 2
    FN(check)(a);
    FN(check)(b);
    FN(check)(c);
    FN(check)(d);
    return FN(raw_mul_add)(a, b, c, d);
#else
    return FN(add)(FN(mul)(a, b), FN(mul)(c, d));
#endif
}
FD_PRODUCT FD FN(mul_sub)(FD a, FD b, FD c, FD d)
{
#if FD_BOUND == 2
    uint32_t borrow;
    FN(check)(a);
    FN(check)(b);
    FN(check)(c);
    FN(check)(d);
    return FN(raw_mul_add)(a, b, FN(raw_sub)(FN(bound)(), c, &borrow), d);
#else
    return FN(sub)(FN(mul)(a, b), FN(mul)(c, d));
#endif
}

/* low / R plus a multiple of p / R, at most p, for any low of N limbs. */
GPU_DEVICE FD FN(raw_reduce)(FD low)
{
    uint32_t odd[N], *even = low.limb;
    FD p = FN(modulus)();
    uint32_t m = ptx_mul_lo(even[0], (uint32_t)FD_MONT_INV);
    FN(row)(odd, p.limb + 1, m);
    FN(row_even)(even, &odd[N - 1], p.limb, m);
    GPU_UNROLL
    for (int i = 1; i < N; i += 2) {
        m = FN(row_shift_reduce)(odd, even, p.limb + 1);
        FN(row_even)(odd, &even[N - 1], p.limb, m);
        if (i + 1 == N) break;
        m = FN(row_shift_reduce)(even, odd, p.limb + 1);
        FN(row_even)(even, &odd[N - 1], p.limb, m);
    }
    return FN(merge)(odd, even);
}

/* acc[0 .. 2n) += v[0], v[2], .. (n of them) times b; where `carry`, one limb more, which was zero, takes it.
 */
GPU_DEVICE void FN(row_square)(uint32_t *acc, const uint32_t *v, int n, uint32_t b, bool carry)
{
    acc[0] = ptx_mad_lo_cc(v[0], b, acc[0]);
    GPU_UNROLL
    for (int j = 2; j < 2 * n; j += 2) {
        acc[j - 1] = ptx_madc_hi_cc(v[j - 2], b, acc[j - 1]);
        acc[j] = ptx_madc_lo_cc(v[j], b, acc[j]);
    }
    if (carry) {
        acc[2 * n - 1] = ptx_madc_hi_cc(v[2 * n - 2], b, acc[2 * n - 1]);
        acc[2 * n] = ptx_addc(0, 0);
    } else {
        acc[2 * n - 1] = ptx_madc_hi(v[2 * n - 2], b, acc[2 * n - 1]);
    }
}

/* The sum of a_i a_j 2^(32 (i + j)) over i < j, in 2N limbs. Products of odd i + j go to `odd`, the others to
 * `even`, by columns; row i reaches column i + N, and has a carry left where it ends one below. */
GPU_DEVICE void FN(cross)(uint32_t *sum, FD a)
{
    uint32_t even[2 * N], odd[2 * N];
    GPU_UNROLL
    for (int k = 0; k < 2 * N; k++) even[k] = odd[k] = 0;
    GPU_UNROLL
    for (int i = 0; i + 1 < N; i++) {
        FN(row_square)(odd + 2 * i + 1, a.limb + i + 1, (N - i) / 2, a.limb[i], i % 2 == 1);
        if (i + 2 < N)
            FN(row_square)(even + 2 * i + 2, a.limb + i + 2, (N - 1 - i) / 2, a.limb[i], i % 2 == 0);
    }
    sum[0] = 0;
    sum[1] = odd[1];
    sum[2] = ptx_add_cc(even[2], odd[2]);
    GPU_UNROLL
    for (int k = 3; k < 2 * N - 1; k++) sum[k] = ptx_addc_cc(even[k], odd[k]);
    sum[2 * N - 1] = ptx_addc(0, 0);
}

/* wide = 2 cross + the squares of limbs */
GPU_DEVICE void FN(square_wide)(uint32_t *wide, FD a)
{
    uint32_t sum[2 * N];
    FN(cross)(sum, a);
    GPU_UNROLL
    for (int k = 2 * N - 1; k > 0; k--) sum[k] = sum[k] << 1 | sum[k - 1] >> 31;
    wide[0] = ptx_mad_lo_cc(a.limb[0], a.limb[0], 0);
    wide[1] = ptx_madc_hi_cc(a.limb[0], a.limb[0], sum[1]);
    GPU_UNROLL
    for (int i = 1; i < N - 1; i++) {
        wide[2 * i] = ptx_madc_lo_cc(a.limb[i], a.limb[i], sum[2 * i]);
        wide[2 * i + 1] = ptx_madc_hi_cc(a.limb[i], a.limb[i], sum[2 * i + 1]);
    }
    wide[2 * N - 2] = ptx_madc_lo_cc(a.limb[N - 1], a.limb[N - 1], sum[2 * N - 2]);
    wide[2 * N - 1] = ptx_madc_hi(a.limb[N - 1], a.limb[N - 1], sum[2 * N - 1]);
}

/* The lower half reduces to at most p, the upper is below 4p p / R < p. */
FD_PRODUCT FD FN(sqr)(FD a)
{
    uint32_t wide[2 * N];
    FD low, high;
    FN(check)(a);
    FN(square_wide)(wide, a);
    GPU_UNROLL
    for (int i = 0; i < N; i++) {
        low.limb[i] = wide[i];
        high.limb[i] = wide[N + i];
    }
    FD r = FN(raw_add)(FN(raw_reduce)(low), high);
    if (FD_BOUND == 1) r = FN(canon)(r);
    FN(check)(r);
    return r;
}

/* From a plain number of N limbs, any; and to one, canonical. */
FD_PRODUCT FD FN(to_mont)(FD plain)
{
    const uint64_t r2[] = FD_MONT_R2;
    FD r = FN(raw_mul)(FN(of_limbs)(r2), plain);
    return FD_BOUND == 1 ? FN(canon)(r) : r;
}
GPU_DEVICE FD FN(from_mont)(FD a)
{
    FN(check)(a);
    return FN(canon)(FN(raw_reduce)(a));
}

#undef FN
#undef N
#undef FD
#undef FD_LIMBS
#undef FD_MODULUS
#undef FD_MONT_INV
#undef FD_MONT_R
#undef FD_MONT_R2
#undef FD_TOP
#undef FD_BOUND
#undef FD_PRODUCT
