/* The portable batch of pairings: pairing_batch_cases.h. */
#include "random.h"

#define WEIGHTED(out, in_group, p, q, w, n) C(pairing_weighted)(out, in_group, p, q, w, n)
#define SUM(out, p, w, n)                   C(pairing_weighted_sum)(out, p, w, n)
#include "pairing_batch_cases.h"
