/* Pairings in lanes: the cases of the portable batch over the lanes' functions. */
#undef NDEBUG /* the lanes' own checks of factors are on here */
#include "ifma_under_test.h"
#include "needs_ifma.h"

#include "random.h"

static struct C(pairing_lanes_pair) pairs[C(pairing_lanes_max_groups)];
static struct C(pairing_lanes_base) bases[C(pairing_lanes_max_groups)];

#define WEIGHTED(out, in_group, p, q, w, n) C(pairing_lanes_weighted)(out, in_group, p, q, w, n, pairs)
#define SUM(out, p, w, n)                   C(pairing_lanes_g1_sum)(out, p, w, n, bases)
#define IN_GROUP(in_group, p, n)            C(pairing_lanes_g1_in_group)(in_group, p, n)
#include "pairing_batch_cases.h"
