/* Synthetic circuits: the witness satisfies every constraint, and is of the kind that was asked for. */
#include "measure/measure.h"
#include "base/bytes.h"
#include "file/r1cs.h"
#include "file/wtns.h"
#include "test.h"

#include <unistd.h>

struct made {
    char r1cs_path[64], wtns_path[64];
    struct pm_r1cs r1cs;
    struct pm_wtns wtns;
};

static void make(struct made *m, const char *curve, enum pm_synth_kind kind, uint32_t n)
{
    struct pm_error err = {0};
    *m = (struct made){.r1cs_path = ""};
    (void)snprintf(m->r1cs_path, sizeof m->r1cs_path, "/tmp/pm-synth-%ld.r1cs", (long)getpid());
    (void)snprintf(m->wtns_path, sizeof m->wtns_path, "/tmp/pm-synth-%ld.wtns", (long)getpid());
    CHECK_OK(pm_synth(m->r1cs_path, m->wtns_path, pm_curve_by_name(curve), kind, n, &err), err);
    CHECK_OK(pm_r1cs_open(&m->r1cs, m->r1cs_path, &err), err);
    CHECK_OK(pm_wtns_open(&m->wtns, m->wtns_path, &err), err);
}
static void unmake(struct made *m)
{
    pm_r1cs_close(&m->r1cs);
    pm_wtns_close(&m->wtns);
    (void)unlink(m->r1cs_path);
    (void)unlink(m->wtns_path);
}

/* out = the combination's value, plain; marks its wires. */
static void evaluate(const struct made *m, uint8_t out[32], const struct pm_lc *lc, uint8_t *seen)
{
    const struct pm_curve *c = m->wtns.curve;
    memset(out, 0, 32);
    for (uint32_t i = 0; i < lc->n_terms; i++) {
        const uint8_t *term = lc->terms + (size_t)i * 36;
        uint32_t wire = pm_load_le32(term);
        uint8_t t[32];
        c->fr_to_mont(t, term + 4);
        c->fr_mul(t, t, m->wtns.values + (size_t)wire * 32);
        c->fr_add(out, out, t);
        seen[wire] = 1;
    }
}

static unsigned per_cent(const uint8_t *seen, uint32_t n)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += seen[i];
    return (unsigned)((sum * 100 + n / 2) / n);
}

static void check_kind(const char *curve, enum pm_synth_kind kind, const unsigned expected[6])
{
    enum { N = 20000 };
    static const char *const names[6] = {"zero", "one", "small", "full", "in A", "in B"};
    struct made m;
    uint8_t *seen = calloc((size_t)3 * (N + 2), 1), *is = calloc((size_t)4 * (N + 2), 1);
    if (!seen || !is) abort();
    make(&m, curve, kind, N);
    CHECK_U64(m.r1cs.n_vars, N + 2);
    CHECK_U64(m.r1cs.n_outputs, 1);
    CHECK_U64(m.wtns.n_values, N + 2);
    uint64_t at = 0;
    for (uint32_t i = 0; i < N; i++) {
        struct pm_lc lc[3];
        uint8_t v[3][32], t[32];
        pm_r1cs_next(&m.r1cs, &at, lc);
        for (int k = 0; k < 3; k++) evaluate(&m, v[k], &lc[k], seen + (size_t)k * (N + 2));
        m.r1cs.curve->fr_to_mont(t, v[0]);
        m.r1cs.curve->fr_mul(t, t, v[1]);
        CHECK_MSG(memcmp(t, v[2], 32) == 0, "constraint %u", i);
    }
    for (uint32_t i = 1; i < N + 2; i++) {
        const uint8_t *v = m.wtns.values + (size_t)i * 32;
        bool low = true;
        for (int k = 2; k < 32; k++) low = low && v[k] == 0;
        unsigned what = !low ? 3 : v[1] ? 2 : v[0] < 2 ? v[0] : 2;
        is[(size_t)what * (N + 2) + i] = 1;
    }
    for (int k = 0; k < 6; k++) {
        const uint8_t *of = k < 4 ? is + (size_t)k * (N + 2) : seen + (size_t)(k - 4) * (N + 2);
        unsigned found = per_cent(of + 1, N + 1);
        CHECK_MSG(found + 1 >= expected[k] && found <= expected[k] + 1, "%s: %u %%", names[k], found);
    }
    for (uint32_t i = 0; i < N + 2; i++)
        CHECK(seen[i] | seen[N + 2 + i] | seen[2 * (N + 2) + i]); /* no wire is free */
    unmake(&m);
    free(seen);
    free(is);
}

PM_TEST(kinds)
{
    check_kind("bn128", PM_SYNTH_WIDE, (const unsigned[]){0, 0, 0, 100, 100, 100});
    check_kind("bn128", PM_SYNTH_MIXED, (const unsigned[]){45, 25, 10, 20, 80, 50});
    check_kind("bls12381", PM_SYNTH_BITS, (const unsigned[]){58, 42, 0, 0, 64, 34});
}

PM_TEST(sizes)
{
    struct pm_error err = {0};
    for (uint32_t n = 1; n < 6; n++) {
        struct made m;
        make(&m, "bn128", (enum pm_synth_kind)(n % 3), n);
        CHECK_U64(m.r1cs.n_constraints, n);
        unmake(&m);
    }
    CHECK_U64(pm_synth("/tmp/x", "/tmp/y", pm_curve_by_name("bn128"), PM_SYNTH_WIDE, 0, &err), PM_USAGE);
}
