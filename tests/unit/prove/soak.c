/* Ten thousand proofs in a row with one prover: memory stays where it is, every proof was verified before it
 * came out, and no two have the same r or the same s. A = alpha + a + r delta and B = beta + b + s delta of
 * one witness are equal only where r, or s, are. */
#include "conformance/oracle.h"
#include "base/bytes.h"
#include "test.h"
#include "curve_under_test.h"

#include <stdlib.h>
#include <unistd.h>

enum { PROOFS = 10000, SETTLED = 500, PREFIX = 16, SLACK_PAGES = 64 };

static long resident_pages(void)
{
    long total = 0, resident = -1;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%ld %ld", &total, &resident) != 2) resident = -1;
        fclose(f);
    }
    return resident;
}

static int compare(const void *a, const void *b) { return memcmp(a, b, PREFIX); }

/* Whether any two of the prefixes are equal. Sorts them. */
static bool any_twice(uint8_t *prefix)
{
    qsort(prefix, PROOFS, PREFIX, compare);
    for (size_t i = 1; i < PROOFS; i++)
        if (compare(prefix + (i - 1) * PREFIX, prefix + i * PREFIX) == 0) return true;
    return false;
}

PM_TEST(ten_thousand_proofs)
{
    static uint8_t a[PROOFS * PREFIX], b[PROOFS * PREFIX];
    struct oracle o;
    struct oracle_key k;
    struct pm_error err;
    struct pm_prover *p = NULL;
    struct pm_pool *pool = pm_pool_new(2, NULL);
    long settled = 0;
    oracle_make(&o, curve(), 60, 2, test_random());
    const char *failed = oracle_key_make(&k, &o, pool, &err);
    CHECK_MSG(!failed, "%s", failed);
    CHECK_OK(pm_prover_new(&p, k.key, "cpu", pool, &err), err);
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    for (size_t i = 0; p && i < PROOFS; i++) {
        struct pm_proof proof;
        CHECK_OK(pm_prove(p, &proof, o.witness, o.n_vars, NULL, &err), err);
        memcpy(a + i * PREFIX, proof.a, PREFIX);
        memcpy(b + i * PREFIX, proof.b, PREFIX);
        if (i == SETTLED) settled = resident_pages();
    }
    long end = resident_pages();
    CHECK_MSG(settled > 0 && end <= settled + SLACK_PAGES, "%ld pages after %d proofs, %ld after %d", settled,
              SETTLED, end, PROOFS);
    CHECK(!any_twice(a) && !any_twice(b));
    pm_prover_free(&p);
    oracle_key_free(&k);
    oracle_free(&o);
    pm_pool_free(&pool);
}
