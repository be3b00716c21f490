/* The host's results for fields.c, which cannot include the host's and the device's types of one name. Arrays
 * of n elements as they lie in memory; op is an enum k_vec_op. */
#ifndef PM_TEST_FIELDS_HOST_H
#define PM_TEST_FIELDS_HOST_H

#include <stddef.h>

void host_bls12_381_fr(int op, void *out, const void *const in[4]);
void host_bls12_381_fp(int op, void *out, const void *const in[4]);
void host_bls12_381_fr_p(void *out);
void host_bls12_381_fp_p(void *out);

#endif
