/* Curves: the one door to the mathematics for everything outside math/.
 *
 * A struct pm_curve describes one pairing-friendly curve and the operations that a prover, a verifier and a
 * setup need, on bytes and in bulk. curve.c picks the best build for this processor once (portable C now;
 * x86-64 ADX and AVX-512 IFMA builds fill the same table). Every build gives the same bytes.
 *
 * Bytes. All numbers are little-endian. An element of Fr or Fp takes fr_bytes or fp_bytes.
 *   plain       an integer below the modulus: witness values, scalars, public signals.
 *   Montgomery  x * R mod the modulus, with R = 2^(8 * bytes): what a .zkey holds.
 *   G1 affine   x, y in Montgomery form, 2 * fp_bytes; infinity is all zero bytes.
 *   G2 affine   x.c0, x.c1, y.c0, y.c1 in Montgomery form, 4 * fp_bytes; infinity is all zero bytes.
 * Input pointers need no alignment. Everything written is canonical (below the modulus). Functions that take
 * elements require canonical input unless they say that they check it; pm_curve's *_check functions are for
 * outside bytes.
 *
 * Points in progress are struct pm_point1 and pm_point2: opaque (each build has its own coordinates), sized
 * for the largest curve, copied by assignment, convertible to affine bytes at any time. A zeroed struct is
 * not a point: use g1_from_affine (of zero bytes: infinity).
 *
 * Nothing here allocates. Big work takes scratch memory whose exact size the matching *_scratch function
 * says. Scalars may be secret (witness): functions named _var take time that depends on them. */
#ifndef PM_MATH_CURVE_H
#define PM_MATH_CURVE_H

#include "base/arena.h"
#include "base/pool.h"
#include "math/msm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PM_FR_MAX_BYTES = 32, PM_FP_MAX_BYTES = 48, PM_G1_MAX_BYTES = 96, PM_G2_MAX_BYTES = 192 };

struct pm_point1 {
    uint64_t limb[4 * 6 + 8];
}; /* at most four coordinates of six limbs, and slack for other builds */
struct pm_point2 {
    uint64_t limb[4 * 12 + 16];
};

/* Sparse rows over records that lie where they are, as in a .zkey's coefficient section: record e has its
 * column at column + e * step (32 bits, below the witness's length) and its coefficient at coefficient + e *
 * step (c * R^2 mod r). Row i of the result is the sum over the records entry[k], start[i] <= k <
 * start[i + 1], of coefficient * witness[column]. */
struct pm_rows {
    size_t n_rows, step;
    const uint32_t *start; /* n_rows + 1 */
    const uint32_t *entry; /* start[n_rows] */
    const uint8_t *column, *coefficient;
};

/* An element of Fp12, opaque like points: a product of Miller functions, or a pairing. Same curve, same
 * build. */
struct pm_pairing_value {
    uint64_t limb[12 * 6];
};

/* factor e(g1[0], g2[0]) ... e(fixed_g1[0], fixed[0]) ... = target. Points affine, those of G1 in their
 * group; those of g2 on the curve, and whether they are in G2 is found out on the way. A pair with an
 * infinity contributes one. n and n_fixed are at most 16. */
struct pm_pairing_terms {
    const struct pm_pairing_value *target; /* from pairing_target; NULL: one */
    const struct pm_pairing_value *factor; /* from pairing_weighted; NULL: one */
    const uint8_t *g1, *g2;
    size_t n;
    const uint8_t *fixed_g1;
    const void *const *fixed; /* from pairing_fix */
    size_t n_fixed;
};
enum pm_pairing_answer {
    PM_PAIRING_UNEQUAL,
    PM_PAIRING_EQUAL,
    PM_PAIRING_OUTSIDE /* some g2[i] is not in G2 */
};

/* A short weight a + b lambda of a random linear combination, parts below 2^120, low word first: different
 * weights are different scalars (pairing_batch_tmpl.h). */
struct pm_weight {
    uint64_t a[2], b[2];
};

struct pm_curve {
    const char *name;  /* snarkjs' name: "bn128" or "bls12381"; "tiny" exists in tests only */
    const char *build; /* "portable", "adx", "ifma" */
    unsigned fp_bytes, fr_bytes, g1_bytes, g2_bytes;
    unsigned two_adicity;                       /* of r - 1: NTTs up to 2^two_adicity */
    const uint8_t *fp_modulus, *fr_modulus;     /* plain */
    const uint8_t *g1_generator, *g2_generator; /* affine bytes */

    /* -- Fr, one element at a time; out may alias any input -- */
    bool (*fr_is_canonical)(const uint8_t *a);
    void (*fr_to_mont)(uint8_t *out, const uint8_t *plain);
    void (*fr_from_mont)(uint8_t *out, const uint8_t *mont);
    void (*fr_add)(uint8_t *out, const uint8_t *a, const uint8_t *b);
    void (*fr_sub)(uint8_t *out, const uint8_t *a, const uint8_t *b);
    void (*fr_mul)(uint8_t *out, const uint8_t *a, const uint8_t *b); /* a * b / R */
    void (*fr_inv)(uint8_t *out, const uint8_t *mont);            /* Montgomery to Montgomery; 0 gives 0 */
    void (*fr_reduce_wide)(uint8_t *out, const uint8_t wide[64]); /* plain: a 512-bit number mod r */
    /* Montgomery: the primitive 2^log2_n-th root of unity that snarkjs uses (from its smallest non-residue, 5
     * for both curves, raised to (r-1)/2^two_adicity). Precondition log2_n <= two_adicity. */
    void (*fr_root)(uint8_t *out, unsigned log2_n);

    /* -- Fr in bulk; arrays of n elements of fr_bytes. out may be a or b -- */
    void (*fr_vec_mul)(struct pm_pool *pool, uint8_t *out, const uint8_t *a, const uint8_t *b, size_t n);
    /* out[i] = a[i] * b[i] / R - c[i] */
    void (*fr_vec_mul_sub)(struct pm_pool *pool, uint8_t *out, const uint8_t *a, const uint8_t *b,
                           const uint8_t *c, size_t n);
    void (*fr_vec_from_mont)(struct pm_pool *pool, uint8_t *out, const uint8_t *mont, size_t n);
    /* out[i] = 1 / a[i], Montgomery; 0 gives 0. Scratch: n elements. */
    void (*fr_vec_inv)(struct pm_pool *pool, uint8_t *out, const uint8_t *mont, size_t n, uint8_t *scratch);
    /* rows * witness with the plain witness; out in Montgomery form. Every column must be below the witness's
     * length. */
    void (*fr_rows_mul)(struct pm_pool *pool, uint8_t *out, const struct pm_rows *rows,
                        const uint8_t *witness);

    /* -- NTT over Fr, n = 2^log2_n, log2_n in [0, two_adicity - 1] for the coset, [0, two_adicity] else. No
     * bit reversal: the inverse takes natural order and leaves bit-reversed order, the forward transform
     * takes that and leaves natural order (decimation in frequency, then in time). Twiddles are tables made
     * once for the largest size in use. -- */
    size_t (*ntt_table_bytes)(unsigned max_log2_n);
    void (*ntt_table_make)(uint8_t *table, unsigned max_log2_n,
                           struct pm_pool *pool); /* table: 64-byte aligned */
    /* data in place: evaluations on the n-th roots, natural order -> n * coefficients, bit-reversed (not
     * scaled). */
    void (*ntt_inverse)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const uint8_t *table,
                        unsigned table_log2_n);
    /* data in place, bit-reversed: coefficient j *= scale * shift^j, for scale and shift in Montgomery form.
     */
    void (*ntt_shift)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const uint8_t *scale,
                      const uint8_t *shift);
    /* data in place: coefficients, bit-reversed -> evaluations, natural order. */
    void (*ntt_forward)(struct pm_pool *pool, uint8_t *data, unsigned log2_n, const uint8_t *table,
                        unsigned table_log2_n);
    /* Each of `count` arrays in place: evaluations on the n-th roots -> those of the same polynomial on the
     * odd coset, s times these roots for s = fr_root(log2_n + 1); natural order. log2_n < two_adicity.
     * Fastest with a table for n itself, and on several threads for small arrays together. */
    void (*ntt_odd_coset)(struct pm_pool *pool, uint8_t *const *data, size_t count, unsigned log2_n,
                          const uint8_t *table, unsigned table_log2_n);

    /* -- G1 and G2. _check: canonical coordinates, on the curve (or infinity) and in the subgroup of order r.
     * -- */
    bool (*g1_check)(const uint8_t *affine);
    bool (*g2_check)(const uint8_t *affine);
    bool (*g1_on_curve)(const uint8_t *affine); /* as g1_check, without the subgroup: for pairing_weighted */
    bool (*g2_on_curve)(const uint8_t *affine); /* likewise, for pairing_check and pairing_weighted */
    void (*g1_from_affine)(struct pm_point1 *out, const uint8_t *affine);
    void (*g2_from_affine)(struct pm_point2 *out, const uint8_t *affine);
    void (*g1_to_affine)(uint8_t *out, const struct pm_point1 *p);
    void (*g2_to_affine)(uint8_t *out, const struct pm_point2 *p);
    void (*g1_add)(struct pm_point1 *out, const struct pm_point1 *a,
                   const struct pm_point1 *b); /* complete; aliasing allowed */
    void (*g2_add)(struct pm_point2 *out, const struct pm_point2 *a, const struct pm_point2 *b);
    void (*g1_affine_neg)(uint8_t *out, const uint8_t *affine); /* canonical */
    void (*g1_neg)(struct pm_point1 *out, const struct pm_point1 *a);
    void (*g2_neg)(struct pm_point2 *out, const struct pm_point2 *a);
    /* out = scalar * p, scalar plain; constant time in the scalar (a fixed ladder with table look-ups by
     * mask). */
    void (*g1_mul)(struct pm_point1 *out, const struct pm_point1 *p, const uint8_t *scalar);
    void (*g2_mul)(struct pm_point2 *out, const struct pm_point2 *p, const uint8_t *scalar);

    /* -- MSM: what msm.h takes for sums of scalar[i] * base[i], one or several at a time. Bases affine
     * (infinity allowed, points may repeat), scalars plain and canonical; points in progress are struct
     * pm_point1 and struct pm_point2. -- */
    const struct pm_msm_kind *msm_g1, *msm_g2;

    /* -- Many multiples of one point, for setup. First a table of the base's multiples, of a size that is
     * best for n of them in all (more or fewer are right too): fixed_*_table_bytes(n) bytes, aligned to 64,
     * at most 20 and 40 MB on BN254, half as much again on BLS12-381. Then out[i] = scalar[i] * base, affine
     * bytes, in as many calls as wanted, the scalars plain and canonical. scratch: fixed_*_scratch(threads of
     * the pool) bytes, aligned to 64; it tells of the scalars afterwards, the table of the base alone. -- */
    size_t (*fixed_g1_table_bytes)(size_t n);
    size_t (*fixed_g2_table_bytes)(size_t n);
    size_t (*fixed_g1_scratch)(unsigned threads);
    size_t (*fixed_g2_scratch)(unsigned threads);
    void (*fixed_g1_table)(struct pm_pool *pool, void *table, const uint8_t *base, size_t n, void *scratch);
    void (*fixed_g2_table)(struct pm_pool *pool, void *table, const uint8_t *base, size_t n, void *scratch);
    void (*fixed_g1_var)(struct pm_pool *pool, uint8_t *out, const void *table, const uint8_t *scalars,
                         size_t n, void *scratch);
    void (*fixed_g2_var)(struct pm_pool *pool, uint8_t *out, const void *table, const uint8_t *scalars,
                         size_t n, void *scratch);

    /* -- A few fixed points of G1. A comb takes comb_bytes, aligned to 64. -- */
    size_t comb_bytes;
    void (*comb_make)(void *comb, const uint8_t *g1);
    /* out = start + the sum of scalar[i] times the point of the i-th comb, affine; scalars plain, canonical.
     */
    void (*comb_sum_var)(uint8_t *out, const uint8_t *start, const void *combs, const uint8_t *scalars,
                         size_t n);

    /* Whether the product of e(g1[i], g2[i]) over i < n is one. Points affine and already checked; a pair
     * with an infinity contributes one. n <= 16. */
    bool (*pairing_product_is_one)(const uint8_t *g1, const uint8_t *g2, size_t n);
    /* The same of an equation that may have fixed parts, see above. */
    enum pm_pairing_answer (*pairing_check)(const struct pm_pairing_terms *terms);
    /* Lines of a fixed point of G2, which save about a third of its part of an equation: pairing_fixed_bytes,
     * aligned to 64. */
    size_t pairing_fixed_bytes;
    void (*pairing_fix)(void *fixed, const uint8_t *g2);
    void (*pairing_target)(struct pm_pairing_value *out, const uint8_t *g1,
                           const uint8_t *g2); /* e(g1, g2) */

    /* -- Many equations at once, as one with random weights. n points, affine, none infinity; weights not
     * zero. scratch: weighted_scratch(n) bytes, aligned to 64. -- */
    size_t (*weighted_scratch)(size_t n);
    void (*weight_scalar)(uint8_t *out, const struct pm_weight *w); /* plain */
    /* out: a factor for pairing_check, the product of weight[i] times e(g1[i], g2[i]). g1 and g2 on their
     * curves: in_group[i] says whether g1[i] is in G1 and g2[i] in G2; out is of use only if all are. */
    void (*pairing_weighted)(struct pm_pairing_value *out, bool *in_group, const uint8_t *g1,
                             const uint8_t *g2, const struct pm_weight *weights, size_t n, void *scratch);
    /* out = the sum of weight[i] g1[i], likewise; here a point may be infinity, which is in G1. */
    void (*g1_weighted_sum)(struct pm_point1 *out, bool *in_group, const uint8_t *g1,
                            const struct pm_weight *weights, size_t n, void *scratch);

    /* e(g1, g2) after the final exponentiation, as a verification key's vk_alphabeta_12 holds it: twelve
     * elements of Fp, plain, in the order [w^i][v^j][u^k] of Fp12 = Fp6[w]/(w^2 - v), Fp6 = Fp2[v]/(v^3 -
     * xi), Fp2 = Fp[u]/(u^2 + 1): element 6i + 2j + k. Pairings differ by a constant exponent; this is
     * snarkjs': c (p^12 - 1)/r, for BN254 with c = 2x (6x^2 + 3x + 1), x the curve's parameter, for BLS12-381
     * with c = 3. */
    void (*pairing)(uint8_t *out, const uint8_t *g1, const uint8_t *g2);
};

/* The first of n elements of Fr that is not below the modulus; n if all are. Takes time that depends on them.
 */
size_t pm_curve_find_wild(const struct pm_curve *curve, const uint8_t *elements, size_t n);

/* By snarkjs' name (or "bls12-381") or by modulus (fp_modulus, plain little-endian, len_bytes long); NULL
 * when there is none. The same pointer every time; safe from any thread. */
const struct pm_curve *pm_curve_by_name(const char *name);
const struct pm_curve *pm_curve_by_modulus(const uint8_t *fp_modulus, size_t len_bytes);

#endif
