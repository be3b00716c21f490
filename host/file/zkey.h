/* A Groth16 proving key as snarkjs 0.7 writes it, as a checked view into one mapping.
 *
 * Sections: 1 protocol, 2 header (curve, sizes, vk points), 3 IC, 4 coefficients of A and B, 5 A, 6 B1, 7 B2,
 * 8 C, 9 H, 10 contributions. Opening checks all of: sizes, counts, moduli, power of two of the domain,
 * indices of coefficients in range, canonical coefficients and coordinates where `depth` says so. Next:
 * prove/ builds a pm_key from it.
 *
 * A development key of our own setup carries one more section (PM_ZKEY_DEV_SECTION), which snarkjs ignores.
 */
#ifndef PM_FILE_ZKEY_H
#define PM_FILE_ZKEY_H

#include "file/binfile.h"
#include "math/curve.h"

#include <stdbool.h>

enum {
    PM_ZKEY_DEV_SECTION = 0x7ded
}; /* holds the text "proofmill development key: secrets known to its maker" */

enum pm_check_depth {
    PM_CHECK_SHAPE, /* header, sections, counts, sizes, indices, canonical coefficients, the header's points
                       in full */
    PM_CHECK_DEEP   /* besides: every point canonical, on the curve and in the subgroup */
};

struct pm_zkey {
    struct pm_binfile file;
    const struct pm_curve *curve;
    uint32_t n_vars, n_public, domain_size, log2_domain;
    uint64_t n_coeffs;
    bool dev;             /* the development section is there */
    bool no_second_phase; /* delta == gamma */
    const uint8_t *alpha1, *beta1, *beta2, *gamma2, *delta1, *delta2;
    const uint8_t *ic; /* (n_public + 1) G1 */
    const uint8_t
        *coeffs; /* n_coeffs records {matrix u32 (0 A, 1 B), row u32, column u32, value fr_bytes: c * R^2} */
    const uint8_t *a, *b1; /* n_vars G1 each */
    const uint8_t *b2;     /* n_vars G2 */
    const uint8_t *c;      /* (n_vars - n_public - 1) G1 */
    const uint8_t *h;      /* domain_size G1 */
};

/* pool: used by PM_CHECK_DEEP; may be NULL. */
PM_MUST_USE enum pm_status pm_zkey_open(struct pm_zkey *out, const char *path, enum pm_check_depth depth,
                                        struct pm_pool *pool, struct pm_error *err);
PM_MUST_USE enum pm_status pm_zkey_view(struct pm_zkey *out, const char *name, const uint8_t *data,
                                        uint64_t size_bytes, enum pm_check_depth depth, struct pm_pool *pool,
                                        struct pm_error *err);
void pm_zkey_close(struct pm_zkey *zkey);

#endif
