/* Vectors over Fr in lanes: what fr_vec_mul and its like of curve_tmpl.h do element by element.
 *
 * Parameters
 *   VEC         prefix of all names
 *   VEC_FIELD   prefix of the field (fp_tmpl.h), four limbs; data are its elements in Montgomery form
 *   VEC_LANES   prefix of its lanes (fp_ifma_tmpl.h) */
#include "math/tmpl.h"

#define FN(op) PM_CAT(VEC, _##op)
#define F(op)  PM_CAT(VEC_FIELD, _##op)
#define L(op)  PM_CAT(VEC_LANES, _##op)
#define FE     VEC_FIELD
#define LANES  VEC_LANES

enum { FN(vec_row) = 8 * F(bytes) };

/* out = a b / 2^256 - c for vectors [begin, end) of eight; NULL for c: without. 2^gap b makes
 * up for M; it fits because b can be packed, and the product is below 2. */
struct FN(vec_job) {
    uint8_t *out;
    const uint8_t *a, *b, *c; /* b NULL: one, so that out = a / 2^256 */
};
PM_LOCAL void FN(vec_mul_piece)(void *ctx, size_t begin, size_t end)
{
    const struct FN(vec_job) *v = ctx;
    LANES b = L(zero)();
    b.l[0] = _mm512_set1_epi64(1 << L(gap));
    for (size_t i = begin * FN(vec_row); i < end * FN(vec_row); i += FN(vec_row)) {
        LANES a = L(load)(v->a + i);
        if (v->b) b = L(carry)(L(shift)(L(load)(v->b + i), L(gap)));
        a = L(mul_loose)(a, b);
        a = v->c ? L(canonical)(L(sub)(a, L(load)(v->c + i), 1)) : L(reduce_once)(L(carry)(a));
        L(store)(v->out + i, &a);
    }
}

/* Eight elements, canonical; where they are zero, one. */
PM_LANES LANES FN(vec_divisor)(__mmask8 *zero, const uint8_t *at, LANES one)
{
    LANES x = L(load)(at);
    *zero = L(zero_mask)(&x);
    return L(blend)(*zero, x, one);
}
/* Inverses of eight elements, and the running inverse of those before them. */
PM_LANES void FN(vec_inverse)(uint8_t *out, const uint8_t *a, const uint8_t *before, LANES *acc, LANES one)
{
    __mmask8 zero;
    const LANES x = FN(vec_divisor)(&zero, a, one);
    LANES y = L(reduce_once)(L(mul)(L(load)(before), *acc));
    *acc = L(mul)(*acc, x);
    y = L(blend)(zero, y, L(zero)());
    L(store)(out, &y);
}

struct FN(vec_inv_job) {
    uint8_t *out, *scratch;
    const uint8_t *a;
};
/* Montgomery's trick along each lane of two chains, even and odd vectors, which hide one another's latency;
 * one inversion for what the chains end with and the elements that fill no vector. A product M of Montgomery
 * forms lacks 2^gap; as an element of the field, what a chain of m vectors ends with is the product of its
 * divisors by 2^(-gap m), so that its inverse has 2^(gap m) too much, which as many products on the way back
 * take off again. Bounds: a product of something below 2 and a canonical element or another such product is
 * below 1 + 4 / room. */
PM_LOCAL void FN(vec_inv_piece)(void *ctx, size_t begin, size_t end)
{
    enum { ROW = FN(vec_row), ENDS = 16 };
    const struct FN(vec_inv_job) *job = ctx;
    const uint8_t *a = job->a + begin * F(bytes);
    uint8_t *before = job->scratch + begin * F(bytes), *out = job->out + begin * F(bytes), ends[2 * ROW];
    const size_t vectors = (end - begin) / 8, rest = (end - begin) % 8;
    const LANES one = L(broadcast)(&F(one));
    LANES acc[2] = {one, one};
    FE element[ENDS + 7], scratch[ENDS + 7];
    __mmask8 zero;
    for (size_t v = 0; v < vectors; v++) {
        LANES *chain = &acc[v & 1];
        L(store)(before + v * ROW, chain);
        *chain = L(mul)(*chain, FN(vec_divisor)(&zero, a + v * ROW, one));
    }
    for (size_t i = 0; i < 2; i++) {
        acc[i] = L(reduce_once)(acc[i]);
        L(store)(ends + i * ROW, &acc[i]);
    }
    for (size_t i = 0; i < ENDS; i++) F(load)(&element[i], ends + i * F(bytes));
    for (size_t i = 0; i < rest; i++) F(load)(&element[ENDS + i], a + vectors * ROW + i * F(bytes));
    F(batch_inv)(element, ENDS + rest, scratch);
    for (size_t i = 0; i < ENDS; i++) F(store)(ends + i * F(bytes), &element[i]);
    for (size_t i = 0; i < rest; i++) F(store)(out + vectors * ROW + i * F(bytes), &element[ENDS + i]);
    for (size_t i = 0; i < 2; i++) acc[i] = L(load)(ends + i * ROW);
    for (size_t v = vectors; v-- > 0;)
        FN(vec_inverse)(out + v * ROW, a + v * ROW, before + v * ROW, &acc[v & 1], one);
    pm_wipe(element, sizeof element);
    pm_wipe(ends, sizeof ends);
}

#undef FN
#undef F
#undef L
#undef FE
#undef LANES
#undef VEC
#undef VEC_FIELD
#undef VEC_LANES
