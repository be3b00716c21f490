/* Arithmetic of four and of six limbs for x86-64 with BMI2 and ADX, as inline assembly. fp_tmpl.h calls it in
 * builds for such processors; its portable C says the same and is the oracle. Not here: the choice of a build
 * (curve.c). What includes this runs only where the processor has PM_CPU_ADX.
 *
 * Numbers are arrays of limbs, least significant first. m is a modulus p: its N limbs, p < 2^(64 N - 1), and
 * behind them -1 / p mod 2^64. Nothing takes time that depends on values. out may be any of the inputs.
 *
 * mulx leaves the flags alone, adcx carries in CF and adox in OF: the low and the high halves of a row of
 * products go into a sum as two chains of carries at once. The texts name limbs t0, t1, ... and a second set
 * u0, u1, ...; the rows of a product rename them instead of moving them. */
#ifndef PM_MATH_FP_X86_H
#define PM_MATH_FP_X86_H

#include <stdint.h>

#define PM_X86_INLINE static inline __attribute__((unused, always_inline))

/* clang-format off */

/* What a text reads through a pointer, n limbs; limbs that it changes, sets, or reads in memory. */
#define PM_X86_READS(p, n) "m"(*(const struct __attribute__((may_alias)) { uint64_t limb[n]; } *)(p))
#define PM_X86_CHANGES4(t) [t##0] "+&r"(t##0), [t##1] "+&r"(t##1), [t##2] "+&r"(t##2), [t##3] "+&r"(t##3)
#define PM_X86_CHANGES6(t) PM_X86_CHANGES4(t), [t##4] "+&r"(t##4), [t##5] "+&r"(t##5)
#define PM_X86_SETS4(t) [t##0] "=&r"(t##0), [t##1] "=&r"(t##1), [t##2] "=&r"(t##2), [t##3] "=&r"(t##3)
#define PM_X86_SETS6(t) PM_X86_SETS4(t), [t##4] "=&r"(t##4), [t##5] "=&r"(t##5)
#define PM_X86_MEMORY4(x, at) \
    [x##0] "m"((at)[0]), [x##1] "m"((at)[1]), [x##2] "m"((at)[2]), [x##3] "m"((at)[3])
#define PM_X86_MEMORY6(x, at) PM_X86_MEMORY4(x, at), [x##4] "m"((at)[4]), [x##5] "m"((at)[5])

/* first x0, y0; then x1, y1; ...: chains of carries, moves, conditional moves */
#define PM_X86_OP(op, x, y) op " %[" x "], %[" y "]\n\t"
#define PM_X86_CHAIN4(first, then, x, y) \
    PM_X86_OP(first, #x "0", #y "0") \
    PM_X86_OP(then, #x "1", #y "1") \
    PM_X86_OP(then, #x "2", #y "2") \
    PM_X86_OP(then, #x "3", #y "3")
#define PM_X86_CHAIN6(first, then, x, y) \
    PM_X86_CHAIN4(first, then, x, y) \
    PM_X86_OP(then, #x "4", #y "4") \
    PM_X86_OP(then, #x "5", #y "5")

/* -- Sums and differences -- */

/* t = t - p if that is not negative: a sum below 2p to one below p. Overwrites u. */
#define PM_X86_REDUCE4 \
    PM_X86_CHAIN4("movq", "movq", t, u) \
    PM_X86_CHAIN4("subq", "sbbq", m, t) \
    PM_X86_CHAIN4("cmovcq", "cmovcq", u, t)
#define PM_X86_REDUCE6 \
    PM_X86_CHAIN6("movq", "movq", t, u) \
    PM_X86_CHAIN6("subq", "sbbq", m, t) \
    PM_X86_CHAIN6("cmovcq", "cmovcq", u, t)

/* clang-format on */

/* out = t mod p for t < 2p */
PM_X86_INLINE void pm_x86_reduce4(uint64_t *out, const uint64_t *t, const uint64_t *m)
{
    uint64_t t0 = t[0], t1 = t[1], t2 = t[2], t3 = t[3], u0, u1, u2, u3;
    __asm__(PM_X86_REDUCE4 : PM_X86_CHANGES4(t), PM_X86_SETS4(u) : PM_X86_MEMORY4(m, m) : "cc");
    out[0] = t0, out[1] = t1, out[2] = t2, out[3] = t3;
}
PM_X86_INLINE void pm_x86_reduce6(uint64_t *out, const uint64_t *t, const uint64_t *m)
{
    uint64_t t0 = t[0], t1 = t[1], t2 = t[2], t3 = t[3], t4 = t[4], t5 = t[5], u0, u1, u2, u3, u4, u5;
    __asm__(PM_X86_REDUCE6 : PM_X86_CHANGES6(t), PM_X86_SETS6(u) : PM_X86_MEMORY6(m, m) : "cc");
    out[0] = t0, out[1] = t1, out[2] = t2, out[3] = t3, out[4] = t4, out[5] = t5;
}

/* out = a + b mod p for a, b < p */
PM_X86_INLINE void pm_x86_add4(uint64_t *out, const uint64_t *a, const uint64_t *b, const uint64_t *m)
{
    uint64_t t0 = a[0], t1 = a[1], t2 = a[2], t3 = a[3], u0, u1, u2, u3;
    __asm__(PM_X86_CHAIN4("addq", "adcq", b, t) PM_X86_REDUCE4
            : PM_X86_CHANGES4(t), PM_X86_SETS4(u)
            : PM_X86_MEMORY4(b, b), PM_X86_MEMORY4(m, m)
            : "cc");
    out[0] = t0, out[1] = t1, out[2] = t2, out[3] = t3;
}
/* The same in two texts: one has no more than 30 operands. */
PM_X86_INLINE void pm_x86_add6(uint64_t *out, const uint64_t *a, const uint64_t *b, const uint64_t *m)
{
    uint64_t t0 = a[0], t1 = a[1], t2 = a[2], t3 = a[3], t4 = a[4], t5 = a[5], u0, u1, u2, u3, u4, u5;
    __asm__(PM_X86_CHAIN6("addq", "adcq", b, t) : PM_X86_CHANGES6(t) : PM_X86_MEMORY6(b, b) : "cc");
    __asm__(PM_X86_REDUCE6 : PM_X86_CHANGES6(t), PM_X86_SETS6(u) : PM_X86_MEMORY6(m, m) : "cc");
    out[0] = t0, out[1] = t1, out[2] = t2, out[3] = t3, out[4] = t4, out[5] = t5;
}

/* out = a - b mod p for a, b < p: u becomes p where the difference is negative, and is added. */
PM_X86_INLINE void pm_x86_sub4(uint64_t *out, const uint64_t *a, const uint64_t *b, const uint64_t *m)
{
    uint64_t t0 = a[0], t1 = a[1], t2 = a[2], t3 = a[3], u0 = 0, u1 = 0, u2 = 0, u3 = 0;
    __asm__(PM_X86_CHAIN4("subq", "sbbq", b, t) PM_X86_CHAIN4("cmovcq", "cmovcq", m, u)
                PM_X86_CHAIN4("addq", "adcq", u, t)
            : PM_X86_CHANGES4(t), PM_X86_CHANGES4(u)
            : PM_X86_MEMORY4(b, b), PM_X86_MEMORY4(m, m)
            : "cc");
    out[0] = t0, out[1] = t1, out[2] = t2, out[3] = t3;
}
PM_X86_INLINE void pm_x86_sub6(uint64_t *out, const uint64_t *a, const uint64_t *b, const uint64_t *m)
{
    uint64_t t0 = a[0], t1 = a[1], t2 = a[2], t3 = a[3], t4 = a[4], t5 = a[5], borrow;
    uint64_t u0 = m[0], u1 = m[1], u2 = m[2], u3 = m[3], u4 = m[4], u5 = m[5];
    __asm__(PM_X86_CHAIN6("subq", "sbbq", b, t) "sbbq %[borrow], %[borrow]\n\t"
            : PM_X86_CHANGES6(t), [borrow] "=&r"(borrow)
            : PM_X86_MEMORY6(b, b)
            : "cc");
    u0 &= borrow, u1 &= borrow, u2 &= borrow, u3 &= borrow, u4 &= borrow, u5 &= borrow;
    __asm__(PM_X86_CHAIN6("addq", "adcq", u, t)
            : PM_X86_CHANGES6(t)
            : [u0] "rm"(u0), [u1] "rm"(u1), [u2] "rm"(u2), [u3] "rm"(u3), [u4] "rm"(u4), [u5] "rm"(u5)
            : "cc");
    out[0] = t0, out[1] = t1, out[2] = t2, out[3] = t3, out[4] = t4, out[5] = t5;
}

/* -- Products -- */

/* clang-format off */

/* (x, y) += factor rdx, x's carry in CF, y's in OF */
#define PM_X86_MUL_ADD(factor, x, y) \
    "mulxq " factor ", %[lo], %[hi]\n\t" \
    "adcxq %[lo], %[" x "]\n\t" \
    "adoxq %[hi], %[" y "]\n\t"
/* The same where y is 0 and no carry comes in from the side of y, all in CF: op is add or adc. */
#define PM_X86_MUL_NEW(factor, op, x, y) \
    "mulxq " factor ", %[lo], %[" y "]\n\t" \
    op " %[lo], %[" x "]\n\t"
#define PM_X86_ADD_CARRY(x) "adcq $0, %[" x "]\n\t"
/* x = 0 and no carries */
#define PM_X86_CLEAR(x) "xorl %k[" x "], %k[" x "]\n\t"

/* rdx = b_i, or the multiple of p that makes limb t0 0, where -1 / p stands at inv */
#define PM_X86_FACTOR(b_i) "movq " b_i ", %%rdx\n\t"
#define PM_X86_MULTIPLE(inv, t0) \
    "movq " inv ", %%rdx\n\t" \
    "imulq %[" t0 "], %%rdx\n\t"

/* (t0, ..., tN) += rdx times the N limbs that register v points to. tN is 0 before (or is t0, when the row
 * makes that 0). */
#define PM_X86_ROW4(v, t0, t1, t2, t3, t4) \
    PM_X86_CLEAR("lo") \
    PM_X86_MUL_ADD("(%[" v "])", t0, t1) \
    PM_X86_MUL_ADD("8(%[" v "])", t1, t2) \
    PM_X86_MUL_ADD("16(%[" v "])", t2, t3) \
    PM_X86_MUL_ADD("24(%[" v "])", t3, t4) \
    PM_X86_ADD_CARRY(t4)
#define PM_X86_ROW6(v, t0, t1, t2, t3, t4, t5, t6) \
    PM_X86_CLEAR("lo") \
    PM_X86_MUL_ADD("(%[" v "])", t0, t1) \
    PM_X86_MUL_ADD("8(%[" v "])", t1, t2) \
    PM_X86_MUL_ADD("16(%[" v "])", t2, t3) \
    PM_X86_MUL_ADD("24(%[" v "])", t3, t4) \
    PM_X86_MUL_ADD("32(%[" v "])", t4, t5) \
    PM_X86_MUL_ADD("40(%[" v "])", t5, t6) \
    PM_X86_ADD_CARRY(t6)
#define PM_X86_REDUCE_ROW4(t0, t1, t2, t3, t4) \
    PM_X86_MULTIPLE("32(%[m])", t0) \
    PM_X86_ROW4("m", t0, t1, t2, t3, t4)
#define PM_X86_REDUCE_ROW6(t0, t1, t2, t3, t4, t5, t6) \
    PM_X86_MULTIPLE("48(%[m])", t0) \
    PM_X86_ROW6("m", t0, t1, t2, t3, t4, t5, t6)

/* One row of a Montgomery product: a b_i, then the multiple of p after which the lowest limb is 0, and so is
 * the next row's highest. p's clear top bit keeps the sum in N limbs between rows and in N + 1 within them
 * (Botrel and El Housni, ePrint 2022/1400). */
#define PM_X86_MUL_ROW4(b_i, t0, t1, t2, t3, t4) \
    PM_X86_FACTOR(b_i) \
    PM_X86_ROW4("a", t0, t1, t2, t3, t4) \
    PM_X86_REDUCE_ROW4(t0, t1, t2, t3, t4)
#define PM_X86_MUL_ROW6(b_i, t0, t1, t2, t3, t4, t5, t6) \
    PM_X86_FACTOR(b_i) \
    PM_X86_ROW6("a", t0, t1, t2, t3, t4, t5, t6) \
    PM_X86_REDUCE_ROW6(t0, t1, t2, t3, t4, t5, t6)

/* out = a b / 2^256 mod p for a < p and any four limbs b */
PM_X86_INLINE void pm_x86_mul4(uint64_t *out, const uint64_t *a, const uint64_t *b, const uint64_t *m)
{
    uint64_t t0, t1, t2, t3, t4, lo, hi;
    __asm__(PM_X86_FACTOR("(%[b])")
            "mulxq (%[a]), %[t0], %[t1]\n\t"
            PM_X86_MUL_NEW("8(%[a])", "addq", "t1", "t2")
            PM_X86_MUL_NEW("16(%[a])", "adcq", "t2", "t3")
            PM_X86_MUL_NEW("24(%[a])", "adcq", "t3", "t4")
            PM_X86_ADD_CARRY("t4")
            PM_X86_REDUCE_ROW4("t0", "t1", "t2", "t3", "t4")
            PM_X86_MUL_ROW4("8(%[b])", "t1", "t2", "t3", "t4", "t0")
            PM_X86_MUL_ROW4("16(%[b])", "t2", "t3", "t4", "t0", "t1")
            PM_X86_MUL_ROW4("24(%[b])", "t3", "t4", "t0", "t1", "t2")
            : PM_X86_SETS4(t), [t4] "=&r"(t4), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), [b] "r"(b), [m] "r"(m), PM_X86_READS(a, 4), PM_X86_READS(b, 4), PM_X86_READS(m, 5)
            : "rdx", "cc");
    const uint64_t sum[4] = {t4, t0, t1, t2};
    pm_x86_reduce4(out, sum, m);
}

/* out = a b / 2^384 mod p for a < p and any six limbs b */
PM_X86_INLINE void pm_x86_mul6(uint64_t *out, const uint64_t *a, const uint64_t *b, const uint64_t *m)
{
    uint64_t t0, t1, t2, t3, t4, t5, t6, lo, hi;
    __asm__(PM_X86_FACTOR("(%[b])")
            "mulxq (%[a]), %[t0], %[t1]\n\t"
            PM_X86_MUL_NEW("8(%[a])", "addq", "t1", "t2")
            PM_X86_MUL_NEW("16(%[a])", "adcq", "t2", "t3")
            PM_X86_MUL_NEW("24(%[a])", "adcq", "t3", "t4")
            PM_X86_MUL_NEW("32(%[a])", "adcq", "t4", "t5")
            PM_X86_MUL_NEW("40(%[a])", "adcq", "t5", "t6")
            PM_X86_ADD_CARRY("t6")
            PM_X86_REDUCE_ROW6("t0", "t1", "t2", "t3", "t4", "t5", "t6")
            PM_X86_MUL_ROW6("8(%[b])", "t1", "t2", "t3", "t4", "t5", "t6", "t0")
            PM_X86_MUL_ROW6("16(%[b])", "t2", "t3", "t4", "t5", "t6", "t0", "t1")
            PM_X86_MUL_ROW6("24(%[b])", "t3", "t4", "t5", "t6", "t0", "t1", "t2")
            PM_X86_MUL_ROW6("32(%[b])", "t4", "t5", "t6", "t0", "t1", "t2", "t3")
            PM_X86_MUL_ROW6("40(%[b])", "t5", "t6", "t0", "t1", "t2", "t3", "t4")
            : PM_X86_SETS6(t), [t6] "=&r"(t6), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), [b] "r"(b), [m] "r"(m), PM_X86_READS(a, 6), PM_X86_READS(b, 6), PM_X86_READS(m, 7)
            : "rdx", "cc");
    const uint64_t sum[6] = {t6, t0, t1, t2, t3, t4};
    pm_x86_reduce6(out, sum, m);
}

/* Sums of two products with one reduction. The pointers b and d stay in memory: lo holds them for one load. */
#define PM_X86_FACTOR_OF(v, at) \
    "movq %[" v "], %[lo]\n\t" \
    "movq " at "(%[lo]), %%rdx\n\t"
#define PM_X86_DOT2_ROW4(at, t0, t1, t2, t3, t4) \
    PM_X86_FACTOR_OF("b", at) \
    PM_X86_ROW4("a", t0, t1, t2, t3, t4) \
    PM_X86_FACTOR_OF("d", at) \
    PM_X86_ROW4("c", t0, t1, t2, t3, t4) \
    PM_X86_REDUCE_ROW4(t0, t1, t2, t3, t4)
#define PM_X86_DOT2_ROW6(at, t0, t1, t2, t3, t4, t5, t6) \
    PM_X86_FACTOR_OF("b", at) \
    PM_X86_ROW6("a", t0, t1, t2, t3, t4, t5, t6) \
    PM_X86_FACTOR_OF("d", at) \
    PM_X86_ROW6("c", t0, t1, t2, t3, t4, t5, t6) \
    PM_X86_REDUCE_ROW6(t0, t1, t2, t3, t4, t5, t6)

/* out = (a b + c d) / 2^(64 N) mod p, for p < 2^(64 N - 2), a, c <= p, and b, d < 2p: a row's sum is below
 * 3p in N limbs, and the result below (1 + 4 p / 2^(64 N)) p < 2p before its reduction. */
PM_X86_INLINE void pm_x86_dot2_4(uint64_t *out, const uint64_t *a, const uint64_t *b, const uint64_t *c,
                                 const uint64_t *d, const uint64_t *m)
{
    uint64_t t0, t1, t2, t3, t4, lo, hi;
    __asm__(PM_X86_CLEAR("t0") PM_X86_CLEAR("t1") PM_X86_CLEAR("t2") PM_X86_CLEAR("t3") PM_X86_CLEAR("t4")
            PM_X86_DOT2_ROW4("", "t0", "t1", "t2", "t3", "t4")
            PM_X86_DOT2_ROW4("8", "t1", "t2", "t3", "t4", "t0")
            PM_X86_DOT2_ROW4("16", "t2", "t3", "t4", "t0", "t1")
            PM_X86_DOT2_ROW4("24", "t3", "t4", "t0", "t1", "t2")
            : PM_X86_SETS4(t), [t4] "=&r"(t4), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), [b] "m"(b), [c] "r"(c), [d] "m"(d), [m] "r"(m), PM_X86_READS(m, 5)
            : "rdx", "cc", "memory");
    const uint64_t sum[4] = {t4, t0, t1, t2};
    pm_x86_reduce4(out, sum, m);
}
PM_X86_INLINE void pm_x86_dot2_6(uint64_t *out, const uint64_t *a, const uint64_t *b, const uint64_t *c,
                                 const uint64_t *d, const uint64_t *m)
{
    uint64_t t0, t1, t2, t3, t4, t5, t6, lo, hi;
    __asm__(PM_X86_CLEAR("t0") PM_X86_CLEAR("t1") PM_X86_CLEAR("t2") PM_X86_CLEAR("t3")
            PM_X86_CLEAR("t4") PM_X86_CLEAR("t5") PM_X86_CLEAR("t6")
            PM_X86_DOT2_ROW6("", "t0", "t1", "t2", "t3", "t4", "t5", "t6")
            PM_X86_DOT2_ROW6("8", "t1", "t2", "t3", "t4", "t5", "t6", "t0")
            PM_X86_DOT2_ROW6("16", "t2", "t3", "t4", "t5", "t6", "t0", "t1")
            PM_X86_DOT2_ROW6("24", "t3", "t4", "t5", "t6", "t0", "t1", "t2")
            PM_X86_DOT2_ROW6("32", "t4", "t5", "t6", "t0", "t1", "t2", "t3")
            PM_X86_DOT2_ROW6("40", "t5", "t6", "t0", "t1", "t2", "t3", "t4")
            : PM_X86_SETS6(t), [t6] "=&r"(t6), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), [b] "m"(b), [c] "r"(c), [d] "m"(d), [m] "r"(m), PM_X86_READS(m, 7)
            : "rdx", "cc", "memory");
    const uint64_t sum[6] = {t6, t0, t1, t2, t3, t4};
    pm_x86_reduce6(out, sum, m);
}

/* (x, y) = 2 (x, y) + a_i^2; the doubling carries in CF, the squares in OF */
#define PM_X86_SQUARE(a_i, x, y) \
    PM_X86_FACTOR(a_i) \
    "mulxq %%rdx, %[lo], %[hi]\n\t" \
    "adcxq %[" x "], %[" x "]\n\t" \
    "adoxq %[lo], %[" x "]\n\t" \
    "adcxq %[" y "], %[" y "]\n\t" \
    "adoxq %[hi], %[" y "]\n\t"

/* out = a^2 / 2^256 mod p for a < p. Limbs 0 to 3 of the square are t0 to t3, 4 to 7 are u0 to u3: products of
 * different limbs once, then doubled with the squares of limbs added. Four rows of reduction turn t into what
 * the low half adds to the high one. */
PM_X86_INLINE void pm_x86_sqr4(uint64_t *out, const uint64_t *a, const uint64_t *m)
{
    uint64_t t0, t1, t2, t3, u0, u1, u2, u3, lo, hi;
    __asm__(PM_X86_CLEAR("t0")
            PM_X86_CLEAR("u3")
            PM_X86_FACTOR("(%[a])")
            "mulxq 8(%[a]), %[t1], %[t2]\n\t"
            PM_X86_MUL_NEW("16(%[a])", "addq", "t2", "t3")
            PM_X86_MUL_NEW("24(%[a])", "adcq", "t3", "u0")
            PM_X86_ADD_CARRY("u0")
            PM_X86_FACTOR("16(%[a])")
            "mulxq 24(%[a]), %[u1], %[u2]\n\t"
            PM_X86_FACTOR("8(%[a])")
            PM_X86_CLEAR("lo")
            PM_X86_MUL_ADD("16(%[a])", "t3", "u0")
            PM_X86_MUL_ADD("24(%[a])", "u0", "u1")
            PM_X86_OP("adcxq", "u3", "u1")
            PM_X86_OP("adoxq", "u3", "u2")
            PM_X86_OP("adcxq", "u3", "u2")
            PM_X86_CLEAR("lo")
            PM_X86_SQUARE("(%[a])", "t0", "t1")
            PM_X86_SQUARE("8(%[a])", "t2", "t3")
            PM_X86_SQUARE("16(%[a])", "u0", "u1")
            PM_X86_SQUARE("24(%[a])", "u2", "u3")
            PM_X86_REDUCE_ROW4("t0", "t1", "t2", "t3", "t0")
            PM_X86_REDUCE_ROW4("t1", "t2", "t3", "t0", "t1")
            PM_X86_REDUCE_ROW4("t2", "t3", "t0", "t1", "t2")
            PM_X86_REDUCE_ROW4("t3", "t0", "t1", "t2", "t3")
            PM_X86_CHAIN4("addq", "adcq", u, t)
            : PM_X86_SETS4(t), PM_X86_SETS4(u), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), [m] "r"(m), PM_X86_READS(a, 4), PM_X86_READS(m, 5)
            : "rdx", "cc");
    const uint64_t sum[4] = {t0, t1, t2, t3};
    pm_x86_reduce4(out, sum, m);
}

/* A square of six limbs needs more registers than there are. */
PM_X86_INLINE void pm_x86_sqr6(uint64_t *out, const uint64_t *a, const uint64_t *m)
{
    pm_x86_mul6(out, a, a, m);
}

/* clang-format on */

#endif
