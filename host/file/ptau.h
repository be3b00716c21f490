/* Powers of tau as snarkjs writes them (.ptau, version 1): what the first phase of a ceremony leaves, and
 * what `snarkjs groth16 setup` makes a key from. Points of one secret tau, of alpha and of beta; sections 1
 * header, 2 tau G1, 3 tau G2, 4 alpha tau G1, 5 beta tau G1, 6 beta G2, 7 contributions, and, once prepared
 * for the second phase, 12 to 15: the same four as values of Lagrange polynomials, for every domain up to the
 * file's. A checked view into one mapping. prove/dev_ptau.h writes such files for development. */
#ifndef PM_FILE_PTAU_H
#define PM_FILE_PTAU_H

#include "file/binfile.h"
#include "file/zkey.h"
#include "math/curve.h"

enum {
    PM_PTAU_MAX_POWER = 28,      /* the largest ceremonies that there were */
    PM_PTAU_DEV_SECTION = 0x7ded /* holds a text that says so; snarkjs skips it, and does not copy it */
};

struct pm_ptau {
    struct pm_binfile file;
    const struct pm_curve *curve;
    uint32_t power, ceremony_power; /* ceremony_power: before the file was truncated to `power` */
    uint32_t n_contributions;
    bool prepared;              /* sections 12 to 15 are there */
    bool dev;                   /* the development section is there */
    const uint8_t *tau1, *tau2; /* 2^(power+1) - 1 of G1, 2^power of G2: tau^i */
    const uint8_t *alpha_tau1;  /* 2^power */
    const uint8_t *beta_tau1;   /* 2^power */
    const uint8_t *beta2;
    /* NULL unless prepared. Domain after domain, 2^p points for p = 0 .. power: point i of domain p is at
     * 2^p - 1 + i. lagrange_tau1 has one domain more, 2^(power+1), without the highest power of tau. */
    const uint8_t *lagrange_tau1, *lagrange_tau2, *lagrange_alpha_tau1, *lagrange_beta_tau1;
};

/* PM_CHECK_SHAPE: header, sections, sizes, that tau^0 is the generator; of contributions only their number.
 * PM_CHECK_DEEP: besides, every point canonical, on its curve and in the subgroup. Whether the powers follow
 * from one another is `snarkjs powersoftau verify`'s to check. pool: used by PM_CHECK_DEEP; may be NULL. */
PM_MUST_USE enum pm_status pm_ptau_open(struct pm_ptau *out, const char *path, enum pm_check_depth depth,
                                        struct pm_pool *pool, struct pm_error *err);
PM_MUST_USE enum pm_status pm_ptau_view(struct pm_ptau *out, const char *name, const uint8_t *data,
                                        uint64_t size_bytes, enum pm_check_depth depth, struct pm_pool *pool,
                                        struct pm_error *err);
void pm_ptau_close(struct pm_ptau *ptau);

#endif
