/* Coordinates of points between the two forms in which they travel: Montgomery (keys, proofs in memory) and
 * plain (JSON, contracts). One at a time and slow (microseconds): for the few points of a proof or
 * verification key. */
#ifndef PM_PROVE_COORD_H
#define PM_PROVE_COORD_H

#include "math/curve.h"

/* Both little-endian, fp_bytes. out may be the input. */
void pm_coord_to_plain(const struct pm_curve *curve, uint8_t *out, const uint8_t *mont);
/* False, with out untouched, for a number that is not below p. */
bool pm_coord_from_plain(const struct pm_curve *curve, uint8_t *out, const uint8_t *plain);

/* Whether a < b as little-endian numbers of len bytes. */
bool pm_bytes_less(const uint8_t *a, const uint8_t *b, size_t len);

#endif
