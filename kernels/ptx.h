/* ptx_add_cc(a, b), ptx_madc_hi_cc(a, b, c), ...: one function for each entry of ptx.def. Under nvcc it is
 * that instruction; elsewhere a twin in C that keeps the carry flag in emu_cc and aborts where a device would
 * compute garbage: a carry that nobody set, or that was set by the other kind (additions and subtractions
 * keep opposite senses of it in hardware).
 *
 * The flag lives from one instruction to the next and no longer: a chain stands in one function, without
 * branch, call or a loop that is not unrolled. mul_lo and mul_hi leave it alone. Only fd_tmpl.h uses these,
 * and what measures and tests them. ptx_mad_wide(a, b, c) = a b + c in 64 bits, without a carry, is for
 * measuring alone.
 */
#ifndef PM_KERNELS_PTX_H
#define PM_KERNELS_PTX_H

#include "kernels/gpu.h"

#ifdef __CUDACC__

#define PTX_FUNCTION_2(name, text)                                                                           \
    GPU_DEVICE uint32_t ptx_##name(uint32_t a, uint32_t b)                                                   \
    {                                                                                                        \
        uint32_t r;                                                                                          \
        asm volatile(text " %0, %1, %2;" : "=r"(r) : "r"(a), "r"(b));                                        \
        return r;                                                                                            \
    }
#define PTX_FUNCTION_3(name, text)                                                                           \
    GPU_DEVICE uint32_t ptx_##name(uint32_t a, uint32_t b, uint32_t c)                                       \
    {                                                                                                        \
        uint32_t r;                                                                                          \
        asm volatile(text " %0, %1, %2, %3;" : "=r"(r) : "r"(a), "r"(b), "r"(c));                            \
        return r;                                                                                            \
    }
#define PTX(name, text, operands, reads, writes, value) PTX_FUNCTION_##operands(name, text)

GPU_DEVICE uint64_t ptx_mad_wide(uint32_t a, uint32_t b, uint64_t c)
{
    uint64_t r;
    asm volatile("mad.wide.u32 %0, %1, %2, %3;" : "=l"(r) : "r"(a), "r"(b), "l"(c));
    return r;
}

#else

/* The flag is one per processor, and threads take turns: ThreadSanitizer must not take it for theirs. */
#if defined(__SANITIZE_THREAD__)
#define PTX_TWIN GPU_DEVICE __attribute__((no_sanitize("thread")))
#elif defined(__clang__)
#define PTX_TWIN GPU_DEVICE __attribute__((no_sanitize("thread"), no_sanitize("unsigned-integer-overflow")))
#else
#define PTX_TWIN GPU_DEVICE
#endif

PTX_TWIN uint64_t ptx_mad_wide(uint32_t a, uint32_t b, uint64_t c) { return (uint64_t)a * b + c; }

enum ptx_carry { PTX_NONE = -1, PTX_ADD = EMU_CC_ADD, PTX_SUB = EMU_CC_SUB };

/* t with the carry that `reads` names taken in. */
PTX_TWIN uint64_t ptx_take(uint64_t t, enum ptx_carry reads, const char *text)
{
    if (reads == PTX_NONE) return t;
    unsigned flag = emu_cc - (unsigned)reads;
    if (__builtin_expect(flag > 1, 0))
        emu_die("%s reads %s", text,
                emu_cc == EMU_CC_UNDEFINED ? "an undefined carry" : "a carry of the other kind");
    return reads == PTX_ADD ? t + flag : t - flag;
}

PTX_TWIN uint32_t ptx_put(uint64_t t, enum ptx_carry reads, enum ptx_carry writes)
{
    if (writes != PTX_NONE)
        emu_cc = (unsigned char)((unsigned)writes + (unsigned)(t >> 32 & 1));
    else if (reads != PTX_NONE)
        emu_cc = EMU_CC_UNDEFINED;
    return (uint32_t)t;
}

#define PTX_FUNCTION_2(name, text, reads, writes, value)                                                     \
    PTX_TWIN uint32_t ptx_##name(uint32_t a_, uint32_t b_)                                                   \
    {                                                                                                        \
        uint64_t a = a_, b = b_;                                                                             \
        return ptx_put(ptx_take(value, PTX_##reads, text), PTX_##reads, PTX_##writes);                       \
    }
#define PTX_FUNCTION_3(name, text, reads, writes, value)                                                     \
    PTX_TWIN uint32_t ptx_##name(uint32_t a_, uint32_t b_, uint32_t c_)                                      \
    {                                                                                                        \
        uint64_t a = a_, b = b_, c = c_;                                                                     \
        return ptx_put(ptx_take(value, PTX_##reads, text), PTX_##reads, PTX_##writes);                       \
    }
#define PTX(name, text, operands, reads, writes, value)                                                      \
    PTX_FUNCTION_##operands(name, text, reads, writes, value)

#endif

#include "kernels/ptx.def"
#undef PTX
#undef PTX_FUNCTION_2
#undef PTX_FUNCTION_3

#endif
