/* Many multiples of the generators, for whoever makes keys: tables made once, then points into memory or,
 * piece by piece, into a file. Bytes as in math/curve.h. */
#ifndef PM_PROVE_MULTIPLES_H
#define PM_PROVE_MULTIPLES_H

#include "base/pool.h"
#include "file/binfile.h"
#include "math/curve.h"

struct pm_multiples;

/* n1, n2: how many multiples in G1 and G2 will be made in all, about; a group with 0 gets no table, and is
 * not to be asked for. Memory: the tables (math/curve.h), some 300 KB a thread, and 32,768
 * points. */
PM_MUST_USE enum pm_status pm_multiples_new(struct pm_multiples **out, const struct pm_curve *curve,
                                            struct pm_pool *pool, size_t n1, size_t n2, struct pm_error *err);
/* Wipes what tells of the scalars. */
void pm_multiples_free(struct pm_multiples **multiples);

/* out[i] = scalar[i] * the generator of group 1 or 2; scalars plain. */
void pm_multiples_make(struct pm_multiples *m, uint8_t *out, unsigned group, const uint8_t *scalars,
                       size_t n);
/* The same into the file's current section. */
PM_MUST_USE enum pm_status pm_multiples_write(struct pm_multiples *m, struct pm_binwriter *out,
                                              unsigned group, const uint8_t *scalars, size_t n,
                                              struct pm_error *err);

#endif
