/* A witness as circom and snarkjs write it (.wtns, version 2): 1 header, 2 values. Values are plain
 * little-endian integers below the scalar field's modulus; value 0 is one. Next: prove/ takes the values as
 * they are. */
#ifndef PM_FILE_WTNS_H
#define PM_FILE_WTNS_H

#include "file/binfile.h"
#include "math/curve.h"

struct pm_wtns {
    struct pm_binfile file;
    const struct pm_curve *curve;
    uint32_t n_values;
    const uint8_t *values; /* n_values * fr_bytes */
};

/* Checks everything, each value's range and that value 0 is one included. */
PM_MUST_USE enum pm_status pm_wtns_open(struct pm_wtns *out, const char *path, struct pm_error *err);
PM_MUST_USE enum pm_status pm_wtns_view(struct pm_wtns *out, const char *name, const uint8_t *data,
                                        uint64_t size_bytes, struct pm_error *err);
void pm_wtns_close(struct pm_wtns *wtns);

/* Writes the same bytes as snarkjs. Values must be canonical. */
PM_MUST_USE enum pm_status pm_wtns_write(const char *path, const struct pm_curve *curve,
                                         const uint8_t *values, uint32_t n_values, struct pm_error *err);

#endif
