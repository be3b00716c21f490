/* Internal to file/: the field moduli that stand in every header, and the curve that they mean.
 * A .zkey names the base field's modulus, and then the scalar field's; a .wtns and an .r1cs name the scalar
 * field's only. */
#ifndef PM_FILE_FIELDS_H
#define PM_FILE_FIELDS_H

#include "file/binfile.h"
#include "math/curve.h"

/* The next bytes are a length u32 and a modulus of that length. Each finds the curve whose base (scalar)
 * field it is; *out is NULL where it fails. PM_FORMAT: no sensible length; PM_UNSUPPORTED: a modulus of no
 * curve here; the text names both. The failure is also left in r->status. */
PM_MUST_USE enum pm_status pm_fields_read_fp(const struct pm_curve **out, struct pm_reader *r);
PM_MUST_USE enum pm_status pm_fields_read_fr(const struct pm_curve **out, struct pm_reader *r);

/* The same bytes, where they must be the scalar field of `curve`; PM_FORMAT otherwise. */
PM_MUST_USE enum pm_status pm_fields_expect_fr(const struct pm_curve *curve, struct pm_reader *r);

/* Writes length and modulus of the scalar field. */
PM_MUST_USE enum pm_status pm_fields_write_fr(struct pm_binwriter *w, const struct pm_curve *curve,
                                              struct pm_error *err);

#endif
