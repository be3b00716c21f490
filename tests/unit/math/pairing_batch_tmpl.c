/* The portable batch of pairings: pairing_batch_cases.h. */
#include "random.h"

#define WEIGHTED(out, in_group, p, q, w, n) C(pairing_weighted)(out, in_group, p, q, w, n)
#define SUM(out, p, w, n)                   C(pairing_weighted_sum)(out, p, w, n)
#define IN_GROUP(in_group, p, n)                                                                             \
    for (size_t at = 0; at < (n); at++) (in_group)[at] = C(pairing_g1_in_subgroup)(&(p)[at])
#include "pairing_batch_cases.h"
