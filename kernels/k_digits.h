/* From scalars to entries: how many there will be, and the signed digits (gpu_curve.h says what an entry is).
 * The entries go to the sort (gpu_sort.h) and from there to k_msm.h.
 *
 * Parameters
 *   K          prefix of the kernels, and stem of the launchers: GPU_FN(K_count) and GPU_FN(K_digits)
 *   K_FIELD    prefix of the scalars' field, fd_tmpl.h
 *   K_LIMBS    its limbs of 64 bits
 *   K_BITS     bits of its modulus
 *
 * Digits take no branch on a scalar but for what is left of it; the number of entries, and so the time,
 * depends on the scalars. A warp's entries of one window lie side by side: each warp takes its places with
 * one atomic. */
#include "kernels/gpu_curve.h"

#include <string.h>

#define FN(op)     GPU_CAT(K, _##op)
#define KERNEL(op) GPU_CAT(k_, GPU_CAT(K, _##op))
#define F(op)      GPU_CAT(K_FIELD, _##op)
#define FE         K_FIELD
#define N          (2 * K_LIMBS)

/* s to min(s, r - s); *minus where that is r - s. Zero, and false, for s >= r. */
GPU_DEVICE bool FN(fold)(FE *s, bool *minus)
{
    uint32_t below, less;
    FE negative = F(raw_sub)(F(modulus)(), *s, &less);
    F(raw_sub)(*s, F(modulus)(), &below);
    F(raw_sub)(negative, *s, &less);
    *minus = less != 0;
    *s = F(select)(less != 0, negative, *s);
    if (below == 0) *s = F(zero)();
    return below != 0;
}

/* -- Counts -- */

struct FN(count_args) {
    const FE *scalars;
    const uint32_t *base[K_FAMILIES];
    uint32_t *counts; /* k_counts of each family */
    uint32_t n, families;
};

/* Words of struct k_counts. */
enum { FN(class_none) = -1, FN(class_one), FN(class_short), FN(class_full), FN(class_wild), FN(classes) };
GPU_STATIC_ASSERT(sizeof(struct k_counts) == 4 * FN(classes), "counts are a word for each class");

GPU_DEVICE int FN(class_of)(FE s)
{
    bool minus;
    uint32_t high = 0;
    if (!FN(fold)(&s, &minus)) return FN(class_wild);
    GPU_UNROLL
    for (int i = 2; i < N; i++) high |= s.limb[i];
    if (high != 0) return FN(class_full);
    if (s.limb[1] == 0 && s.limb[0] <= 1) return s.limb[0] == 1 ? FN(class_one) : FN(class_none);
    return FN(class_short);
}

GPU_KERNEL(KERNEL(count), K_DIGITS_THREADS, struct FN(count_args), v)
{
    GPU_SHARED(uint32_t, sums, K_FAMILIES * FN(classes));
    uint32_t mine[K_FAMILIES][FN(classes)] = {{0}};
    for (uint32_t i = gpu_thread(); i < K_FAMILIES * FN(classes); i += gpu_threads()) sums[i] = 0;
    for (uint64_t i = gpu_global(); i < v.n; i += gpu_global_count()) {
        int class_of = FN(class_of)(v.scalars[i]);
        GPU_UNROLL
        for (uint32_t f = 0; f < K_FAMILIES; f++) {
            if (f >= v.families || (v.base[f] && v.base[f][i] == K_NO_BASE)) continue;
            GPU_UNROLL
            for (int k = 0; k < FN(classes); k++) mine[f][k] += class_of == k;
        }
    }
    gpu_sync();
    GPU_UNROLL
    for (uint32_t f = 0; f < K_FAMILIES; f++) {
        GPU_UNROLL
        for (int k = 0; k < FN(classes); k++)
            if (mine[f][k]) gpu_atomic_add32(&sums[f * FN(classes) + k], mine[f][k]);
    }
    gpu_sync();
    for (uint32_t i = gpu_thread(); i < v.families * FN(classes); i += gpu_threads())
        if (sums[i]) gpu_atomic_add32(&v.counts[i], sums[i]);
}

/* -- Digits -- */

struct FN(digits_args) {
    const FE *scalars;
    const uint32_t *base;
    uint32_t *keys, *values, *cursor;
    uint32_t n, first_base, base_from, base_to, c, window_from, window_to, capacity;
};

/* A scalar on its way through its windows. */
struct FN(walk) {
    FE rest; /* the bits from the next window on */
    uint32_t carry;
};

/* The magnitude of the next digit, which is in (-2^(c-1), 2^(c-1)]; *minus where it is negative. */
GPU_DEVICE uint32_t FN(next_digit)(struct FN(walk) * w, uint32_t c, bool *minus)
{
    uint32_t d = (w->rest.limb[0] & ((1u << c) - 1)) + w->carry;
    GPU_UNROLL
    for (int i = 0; i + 1 < N; i++) w->rest.limb[i] = w->rest.limb[i] >> c | w->rest.limb[i + 1] << (32 - c);
    w->rest.limb[N - 1] >>= c;
    *minus = d > 1u << (c - 1);
    w->carry = *minus;
    return *minus ? (1u << c) - d : d;
}

/* Entries of one scalar in the windows asked for. */
GPU_DEVICE uint32_t FN(digit_count)(const struct FN(digits_args) * v, struct FN(walk) w)
{
    uint32_t count = 0;
    for (uint32_t window = 0; window < v->window_to; window++) {
        bool minus;
        uint32_t d = FN(next_digit)(&w, v->c, &minus);
        count += d != 0 && window >= v->window_from;
    }
    return count;
}

/* Base of scalar i, numbered from base_from on; K_NO_BASE outside. */
GPU_DEVICE uint32_t FN(base_of)(const struct FN(digits_args) * v, uint64_t i)
{
    if (i >= v->n) return K_NO_BASE;
    uint32_t base = v->base ? v->base[i] : v->first_base + (uint32_t)i;
    return base >= v->base_from && base < v->base_to ? base - v->base_from : K_NO_BASE;
}

/* All threads of a block go through the loop together. */
GPU_KERNEL(KERNEL(digits), K_DIGITS_THREADS, struct FN(digits_args), v)
{
    const uint32_t lanes_below = (1u << gpu_lane()) - 1;
    for (uint64_t first = (uint64_t)gpu_block() * gpu_threads(); first < v.n; first += gpu_global_count()) {
        uint64_t i = first + gpu_thread();
        uint32_t base = FN(base_of)(&v, i), left, at = 0;
        struct FN(walk) w;
        bool opposite = false;
        w.rest = F(zero)();
        w.carry = 0;
        if (base != K_NO_BASE) {
            w.rest = v.scalars[i];
            FN(fold)(&w.rest, &opposite);
        }
        left = FN(digit_count)(&v, w);
        for (uint32_t by = GPU_WARP / 2; by > 0; by /= 2) left += gpu_shfl_xor(GPU_ALL_LANES, left, by);
        if (gpu_lane() == 0 && left > 0) at = gpu_atomic_add32(v.cursor, left);
        at = gpu_shfl(GPU_ALL_LANES, at, 0);
        for (uint32_t window = 0; left > 0; window++) { /* left: of the whole warp */
            bool minus;
            uint32_t d = FN(next_digit)(&w, v.c, &minus);
            if (window < v.window_from) continue;
            uint32_t here = gpu_ballot(GPU_ALL_LANES, d != 0), to = at + gpu_popcount(here & lanes_below);
            if (d != 0 && to >= v.capacity) GPU_DIE("more entries than there is room for");
            if (d != 0 && to < v.capacity) {
                v.keys[to] = (window - v.window_from) << (v.c - 1) | (d - 1);
                v.values[to] = base | (minus != opposite ? K_MINUS : 0);
            }
            at += gpu_popcount(here);
            left -= gpu_popcount(here);
        }
    }
}

/* -- Launchers -- */

enum pm_status GPU_FN(FN(count))(struct gpu_device *dev, gpu_stream stream, const struct k_count_in *in,
                                 struct pm_error *err)
{
    struct FN(count_args) v;
    memset(&v, 0, sizeof v);
    if (in->families == 0 || in->families > K_FAMILIES)
        return pm_fail(err, PM_INTERNAL, "a count for %u families", in->families);
    v.scalars = (const FE *)in->scalars;
    for (unsigned f = 0; f < in->families; f++) v.base[f] = in->base[f];
    v.counts = (uint32_t *)(void *)in->counts;
    v.n = in->n;
    v.families = in->families;
    if (in->n == 0) return PM_OK;
    struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(dev, in->n, K_DIGITS_THREADS), K_DIGITS_THREADS, 0);
    return GPU_LAUNCH(dev, KERNEL(count), shape, stream, v, err);
}

enum pm_status GPU_FN(FN(digits))(struct gpu_device *dev, gpu_stream stream, const struct k_digits_in *in,
                                  struct pm_error *err)
{
    struct FN(digits_args) v;
    const struct k_scalars *s = &in->scalars;
    if (in->c < K_MSM_MIN_C || in->c > K_MSM_MAX_C || in->window_from >= in->window_to ||
        in->window_to > (K_BITS - 1) / in->c + 1 || in->base_to - in->base_from >= K_MINUS)
        return pm_fail(err, PM_INTERNAL, "digits of %u bits in windows %u to %u of bases %u to %u", in->c,
                       in->window_from, in->window_to, in->base_from, in->base_to);
    memset(&v, 0, sizeof v);
    v.scalars = (const FE *)s->scalars;
    v.base = s->base;
    v.keys = in->keys;
    v.values = in->values;
    v.cursor = in->cursor;
    v.n = s->n;
    v.first_base = s->first_base;
    v.base_from = in->base_from;
    v.base_to = in->base_to;
    v.c = in->c;
    v.window_from = in->window_from;
    v.window_to = in->window_to;
    v.capacity = in->capacity;
    if (s->n == 0) return PM_OK;
    struct gpu_shape shape = gpu_shape_1d(gpu_blocks_for(dev, s->n, K_DIGITS_THREADS), K_DIGITS_THREADS, 0);
    return GPU_LAUNCH(dev, KERNEL(digits), shape, stream, v, err);
}

#undef FN
#undef KERNEL
#undef F
#undef FE
#undef N
#undef K
#undef K_FIELD
#undef K_LIMBS
#undef K_BITS
