/* Prime field in Montgomery form, N limbs of 64 bits; portable C, the oracle of all faster builds.
 * Not here: square roots, and anything on lazily reduced values: every element is canonical (below the
 * modulus). Where the including file has defined PM_FP_X86, sums and products of four and of six limbs are
 * those of fp_x86.h, and all that is built on them is for x86-64 processors with PM_CPU_ADX.
 *
 * Parameters
 *   FP            prefix of all names and name of the element's type, e.g. bn254_fp
 *   FP_LIMBS      N
 *   FP_MODULUS    initializer of N limbs, the odd prime p; its top bit must be clear (2p < R = 2^(64 N))
 *   FP_MONT_INV   -1/p mod 2^64
 *   FP_MONT_R     initializer: R mod p
 *   FP_MONT_R2    initializer: R^2 mod p
 *
 * Functions take time independent of values, but for load_reduced and those named _var: no branch, no address
 * depends on them (gcc 12's code was seen to keep to that). out may alias any input. */
#include "math/tmpl.h"

#define FN(op) PM_CAT(FP, _##op)

enum { FN(limbs) = FP_LIMBS, FN(bytes) = 8 * FP_LIMBS };

typedef struct {
    uint64_t limb[FP_LIMBS];
} FP;

static const FP FN(p) = {FP_MODULUS};
static const FP FN(one) = {FP_MONT_R};
static const FP FN(r2) = {FP_MONT_R2};

static inline void FN(set_zero)(FP *out) { *out = (FP){{0}}; }
static inline void FN(set_one)(FP *out) { *out = FN(one); }

static inline bool FN(is_zero)(const FP *a)
{
    uint64_t bits = 0;
    for (int i = 0; i < FP_LIMBS; i++) bits |= a->limb[i];
    return bits == 0;
}

static inline bool FN(equal)(const FP *a, const FP *b)
{
    uint64_t bits = 0;
    for (int i = 0; i < FP_LIMBS; i++) bits |= a->limb[i] ^ b->limb[i];
    return bits == 0;
}

/* out = flag ? a : out */
static inline void FN(cmov)(FP *out, const FP *a, bool flag)
{
    uint64_t mask = (uint64_t)0 - flag;
    for (int i = 0; i < FP_LIMBS; i++) out->limb[i] ^= mask & (out->limb[i] ^ a->limb[i]);
}

/* Little-endian bytes as they are: no conversion to or from Montgomery form. */
static inline void FN(load)(FP *out, const uint8_t *bytes)
{
    for (int i = 0; i < FP_LIMBS; i++) out->limb[i] = pm_load_le64(bytes + 8 * i);
}
static inline void FN(store)(uint8_t *bytes, const FP *a)
{
    for (int i = 0; i < FP_LIMBS; i++) pm_store_le64(bytes + 8 * i, a->limb[i]);
}

/* out = a + b and out = a - b as integers mod R; carry and borrow are returned. */
static inline uint64_t FN(raw_add)(FP *out, const FP *a, const FP *b)
{
    uint64_t carry = 0;
    for (int i = 0; i < FP_LIMBS; i++) out->limb[i] = pm_add_carry(a->limb[i], b->limb[i], &carry);
    return carry;
}
static inline uint64_t FN(raw_sub)(FP *out, const FP *a, const FP *b)
{
    uint64_t borrow = 0;
    for (int i = 0; i < FP_LIMBS; i++) out->limb[i] = pm_sub_borrow(a->limb[i], b->limb[i], &borrow);
    return borrow;
}

/* Whether a < p, for elements from outside. */
static inline bool FN(is_canonical)(const FP *a)
{
    FP t;
    return FN(raw_sub)(&t, a, &FN(p)) == 1;
}

#if defined PM_FP_X86 && (FP_LIMBS == 4 || FP_LIMBS == 6)
#include "math/fp_x86.h"

static const struct FN(x86) {
    uint64_t limb[FP_LIMBS], inv;
} FN(x86) = {FP_MODULUS, FP_MONT_INV};

#define X86(op) PM_CAT(pm_x86_##op, FP_LIMBS)
static inline void FN(reduce_once)(FP *out, const FP *a)
{
    X86(reduce)(out->limb, a->limb, (const uint64_t *)&FN(x86));
}
static inline void FN(add)(FP *out, const FP *a, const FP *b)
{
    X86(add)(out->limb, a->limb, b->limb, (const uint64_t *)&FN(x86));
}
static inline void FN(sub)(FP *out, const FP *a, const FP *b)
{
    X86(sub)(out->limb, a->limb, b->limb, (const uint64_t *)&FN(x86));
}
PM_OUT_OF_LINE void FN(mul)(FP *out, const FP *a, const FP *b)
{
    X86(mul)(out->limb, a->limb, b->limb, (const uint64_t *)&FN(x86));
}
PM_OUT_OF_LINE void FN(sqr)(FP *out, const FP *a)
{
    X86(sqr)(out->limb, a->limb, (const uint64_t *)&FN(x86));
}
/* out = (a b + c d) / R mod p with one reduction, for a, c <= p and b, d < 2p, where p < R / 4 */
PM_OUT_OF_LINE void FN(dot2)(FP *out, const FP *a, const FP *b, const FP *c, const FP *d)
{
    X86(dot2_)(out->limb, a->limb, b->limb, c->limb, d->limb, (const uint64_t *)&FN(x86));
}
#undef X86

#else

/* out = a mod p for a < 2p */
static inline void FN(reduce_once)(FP *out, const FP *a)
{
    FP t;
    uint64_t borrow = FN(raw_sub)(&t, a, &FN(p));
    uint64_t mask = (uint64_t)0 - borrow;
    for (int i = 0; i < FP_LIMBS; i++) out->limb[i] = (a->limb[i] & mask) | (t.limb[i] & ~mask);
}

static inline void FN(add)(FP *out, const FP *a, const FP *b)
{
    FP t;
    FN(raw_add)(&t, a, b);
    FN(reduce_once)(out, &t);
}

static inline void FN(sub)(FP *out, const FP *a, const FP *b)
{
    FP t, back;
    uint64_t mask = (uint64_t)0 - FN(raw_sub)(&t, a, b);
    for (int i = 0; i < FP_LIMBS; i++) back.limb[i] = FN(p).limb[i] & mask;
    FN(raw_add)(out, &t, &back);
}

/* out = a * b / R mod p. Interleaved product and reduction (CIOS: Koc, Acar, Kaliski, "Analyzing and
 * Comparing Montgomery Multiplication Algorithms", 1996); p's clear top bit keeps the running sum below 2p,
 * in N limbs. b may be any number of N limbs; a is canonical. gcc unrolls six limbs only when it is told to,
 * and t is in memory where it does not: a third slower. */
PM_OUT_OF_LINE void FN(mul)(FP *out, const FP *a, const FP *b)
{
    FP t = {{0}};
#pragma GCC unroll 6
    for (int i = 0; i < FP_LIMBS; i++) {
        pm_u128 lo = (pm_u128)a->limb[0] * b->limb[i] + t.limb[0];
        uint64_t m = (uint64_t)lo * FP_MONT_INV;
        pm_u128 red = (pm_u128)m * FN(p).limb[0] + (uint64_t)lo;
#pragma GCC unroll 6
        for (int j = 1; j < FP_LIMBS; j++) {
            lo = (pm_u128)a->limb[j] * b->limb[i] + t.limb[j] + (uint64_t)(lo >> 64);
            red = (pm_u128)m * FN(p).limb[j] + (uint64_t)lo + (uint64_t)(red >> 64);
            t.limb[j - 1] = (uint64_t)red;
        }
        t.limb[FP_LIMBS - 1] = (uint64_t)(lo >> 64) + (uint64_t)(red >> 64);
    }
    FN(reduce_once)(out, &t);
}

static inline void FN(sqr)(FP *out, const FP *a) { FN(mul)(out, a, a); }

#endif

static inline void FN(dbl)(FP *out, const FP *a) { FN(add)(out, a, a); }

static inline void FN(neg)(FP *out, const FP *a)
{
    FP zero = {{0}};
    FN(sub)(out, &zero, a);
}

/* Loads any integer of N limbs and reduces it mod p, in time that depends on how far above p it is. */
static inline void FN(load_reduced)(FP *out, const uint8_t *bytes)
{
    FP t;
    FN(load)(out, bytes);
    while (FN(raw_sub)(&t, out, &FN(p)) == 0) *out = t;
}

static inline void FN(to_mont)(FP *out, const FP *plain)
{
    FN(mul)(out, &FN(r2), plain);
} /* plain: any N limbs */
static inline void FN(from_mont)(FP *out, const FP *a)
{
    FP one = {{1}};
    FN(mul)(out, a, &one);
}

/* out = a^e for a public exponent of n limbs */
PM_LOCAL void FN(pow)(FP *out, const FP *a, const uint64_t *e, size_t n)
{
    FP base = *a, acc = FN(one);
    for (size_t i = 64 * n; i-- > 0;) {
        FN(sqr)(&acc, &acc);
        if (e[i / 64] >> i % 64 & 1) FN(mul)(&acc, &acc, &base);
    }
    *out = acc;
}

/* out = 1 / a, Montgomery to Montgomery; 0 gives 0. Fermat: a^(p-2), with a fixed window of four bits. */
PM_LOCAL void FN(inv)(FP *out, const FP *a)
{
    FP e, two = {{2}}, power[16], acc = FN(one);
    FN(raw_sub)(&e, &FN(p), &two);
    power[0] = FN(one);
    for (int i = 1; i < 16; i++) FN(mul)(&power[i], &power[i - 1], a);
    for (int i = 16 * FP_LIMBS; i-- > 0;) {
        for (int k = 0; k < 4; k++) FN(sqr)(&acc, &acc);
        FN(mul)(&acc, &acc, &power[e.limb[i / 16] >> 4 * (i % 16) & 15]);
    }
    *out = acc;
    pm_wipe(power, sizeof power);
}

static inline void FN(raw_shr)(FP *a, unsigned bits) /* 0 < bits < 64 */
{
    for (int i = 0; i + 1 < FP_LIMBS; i++) a->limb[i] = a->limb[i] >> bits | a->limb[i + 1] << (64 - bits);
    a->limb[FP_LIMBS - 1] >>= bits;
}
static inline void FN(raw_shl)(FP *a, unsigned bits)
{
    for (int i = FP_LIMBS; i-- > 1;) a->limb[i] = a->limb[i] << bits | a->limb[i - 1] >> (64 - bits);
    a->limb[0] <<= bits;
}

/* For an integer a, 0 < a < p: out = s with a * s = 2^k or -2^k mod p; *negative says which, k is returned.
 * Kaliski's almost inverse ("The Montgomery inverse and its applications", 1995), runs of halvings taken at
 * once. Kept: u s + v r = p, so r and s stay below p; a r = -u 2^k and a s = v 2^k, or both with the other
 * sign. */
PM_LOCAL unsigned FN(almost_inv_var)(FP *out, bool *negative, const FP *a)
{
    FP u = FN(p), v = *a, r = {{0}}, s = {{1}}, t;
    unsigned k = 0;
    bool swapped = false;
    for (;;) {
        while (!(v.limb[0] & 1)) {
            unsigned z = v.limb[0] ? (unsigned)__builtin_ctzll(v.limb[0]) : 63;
            FN(raw_shr)(&v, z);
            FN(raw_shl)(&r, z);
            k += z;
        }
        if (FN(raw_sub)(&t, &v, &u)) { /* both odd; the larger one is to be v */
            t = u, u = v, v = t;
            t = r, r = s, s = t;
            swapped = !swapped;
            FN(raw_sub)(&t, &v, &u);
        }
        if (FN(is_zero)(&t)) break; /* u = v = 1 */
        v = t;
        FN(raw_add)(&s, &s, &r);
    }
    *out = s;
    *negative = swapped;
    return k;
}

/* As inv, in time that depends on a; several times faster. */
PM_LOCAL void FN(inv_var)(FP *out, const FP *a)
{
    FP s, power = {{0}};
    bool negative;
    if (FN(is_zero)(a)) {
        *out = *a;
        return;
    }
    /* a = x R, s = 2^k / (x R). Wanted: R / x = s R^2 2^-k = M(M(s, R^2), 2^(2 log R - k)), M(a, b) = a b /
     * R. */
    unsigned shift = 2 * 64 * FP_LIMBS - FN(almost_inv_var)(&s, &negative, a);
    if (negative) FN(neg)(&s, &s);
    FN(to_mont)(&s, &s);
    for (; shift >= 64 * FP_LIMBS; shift -= 64 * FP_LIMBS) FN(to_mont)(&s, &s);
    power.limb[shift / 64] = (uint64_t)1 << shift % 64;
    FN(mul)(out, &s, &power);
}

/* a[i] = 1 / a[i] for i < n with one inversion (Montgomery's trick); 0 stays 0. before: n elements of
 * scratch. */
#define PM_FP_BATCH_INV(name, one_inv)                                                                       \
    PM_LOCAL void name(FP *a, size_t n, FP *before)                                                          \
    {                                                                                                        \
        FP acc = FN(one), zero = {{0}};                                                                      \
        for (size_t i = 0; i < n; i++) {                                                                     \
            FP factor = a[i];                                                                                \
            before[i] = acc;                                                                                 \
            FN(cmov)(&factor, &FN(one), FN(is_zero)(&a[i]));                                                 \
            FN(mul)(&acc, &acc, &factor);                                                                    \
        }                                                                                                    \
        one_inv(&acc, &acc);                                                                                 \
        for (size_t i = n; i-- > 0;) {                                                                       \
            FP factor = a[i], inverse;                                                                       \
            bool is_zero = FN(is_zero)(&a[i]);                                                               \
            FN(cmov)(&factor, &FN(one), is_zero);                                                            \
            FN(mul)(&inverse, &acc, &before[i]);                                                             \
            FN(mul)(&acc, &acc, &factor);                                                                    \
            FN(cmov)(&inverse, &zero, is_zero);                                                              \
            a[i] = inverse;                                                                                  \
        }                                                                                                    \
    }
PM_FP_BATCH_INV(FN(batch_inv), FN(inv))
PM_FP_BATCH_INV(FN(batch_inv_var), FN(inv_var))
#undef PM_FP_BATCH_INV

#undef FN
#undef FP
#undef FP_LIMBS
#undef FP_MODULUS
#undef FP_MONT_INV
#undef FP_MONT_R
#undef FP_MONT_R2
