/* Targets: .zkey, .wtns, .r1cs and .ptau. What opens is walked to its last byte, and what a caller relies on
 * is checked. */
#include "base/bytes.h"
#include "file/ptau.h"
#include "file/r1cs.h"
#include "file/wtns.h"
#include "file/zkey.h"
#include "fuzz/fuzz.h"
#include "unit/file/build_files.h"

static const char *const curves[] = {"bn128", "bls12381"};

static void add_seed(struct fuzz_corpus *corpus, struct parts *p)
{
    struct buf b = {0};
    parts_join(&b, p);
    fuzz_seed(corpus, b.p, b.len);
    buf_free(&b);
    parts_free(p);
}

static void zkey_seeds(struct fuzz_corpus *corpus)
{
    for (int i = 0; i < 2; i++) {
        const struct pm_curve *c = pm_curve_by_name(curves[i]);
        struct parts p;
        if (!c) continue;
        build_zkey(&p, c, 1, 0, 0);
        add_seed(corpus, &p);
        build_zkey(&p, c, 5, 2, 2);
        add_seed(corpus, &p);
        build_zkey(&p, c, 7, 1, 3);
        buf_put(parts_add(&p, PM_ZKEY_DEV_SECTION), "mark", 4);
        add_seed(corpus, &p);
    }
}

static void walk_zkey(const struct pm_zkey *k)
{
    const struct pm_curve *c = k->curve;
    size_t g1 = c->g1_bytes, g2 = c->g2_bytes, record = 12 + (size_t)c->fr_bytes;
    if (k->n_public >= k->n_vars || k->domain_size != (uint32_t)1 << k->log2_domain)
        fuzz_fault("counts do not agree");
    for (uint64_t i = 0; i < k->n_coeffs; i++) {
        const uint8_t *r = k->coeffs + i * record;
        if (pm_load_le32(r) > 1 || pm_load_le32(r + 4) >= k->domain_size ||
            pm_load_le32(r + 8) >= k->n_vars || !c->fr_is_canonical(r + 12))
            fuzz_fault("coefficient %llu is bad", (unsigned long long)i);
    }
    fuzz_touch(k->ic, ((size_t)k->n_public + 1) * g1);
    fuzz_touch(k->a, k->n_vars * g1);
    fuzz_touch(k->b1, k->n_vars * g1);
    fuzz_touch(k->b2, k->n_vars * g2);
    fuzz_touch(k->c, ((size_t)k->n_vars - k->n_public - 1) * g1);
    fuzz_touch(k->h, k->domain_size * g1);
    const uint8_t *const header[] = {k->alpha1, k->beta1, k->delta1, k->beta2, k->gamma2, k->delta2};
    for (int i = 0; i < 6; i++)
        if (!(i < 3 ? c->g1_check(header[i]) : c->g2_check(header[i])))
            fuzz_fault("header point %d is bad", i);
}

static void walk_points(const struct pm_zkey *k)
{
    const struct pm_curve *c = k->curve;
    for (uint32_t i = 0; i < k->n_vars; i++)
        if (!c->g1_check(k->a + (size_t)i * c->g1_bytes) || !c->g1_check(k->b1 + (size_t)i * c->g1_bytes) ||
            !c->g2_check(k->b2 + (size_t)i * c->g2_bytes))
            fuzz_fault("point %u is bad after a deep check", i);
}

static bool zkey_run(const uint8_t *data, size_t len)
{
    struct pm_zkey k;
    struct pm_error err = {0};
    enum pm_status status = pm_zkey_view(&k, "the.zkey", data, len, PM_CHECK_SHAPE, NULL, &err);
    fuzz_check_error(status, &err, "the.zkey");
    if (status != PM_OK) return false;
    walk_zkey(&k);
    pm_zkey_close(&k);
    if (data[len - 1] % 8 != 0) return true; /* the deep check is slow: for one in eight */
    status = pm_zkey_view(&k, "the.zkey", data, len, PM_CHECK_DEEP, NULL, &err);
    fuzz_check_error(status, &err, "the.zkey");
    if (status == PM_OK) walk_points(&k);
    pm_zkey_close(&k);
    return true;
}

static void wtns_seeds(struct fuzz_corpus *corpus)
{
    static const uint32_t sizes[] = {1, 2, 9};
    for (int i = 0; i < 6; i++) {
        const struct pm_curve *c = pm_curve_by_name(curves[i % 2]);
        struct parts p;
        if (!c) continue;
        build_wtns(&p, c, sizes[i / 2]);
        add_seed(corpus, &p);
    }
}

static bool wtns_run(const uint8_t *data, size_t len)
{
    struct pm_wtns w;
    struct pm_error err = {0};
    enum pm_status status = pm_wtns_view(&w, "the.wtns", data, len, &err);
    fuzz_check_error(status, &err, "the.wtns");
    if (status != PM_OK) return false;
    for (size_t i = 0; i < w.n_values; i++)
        if (!w.curve->fr_is_canonical(w.values + i * w.curve->fr_bytes)) fuzz_fault("value %zu is bad", i);
    if (w.n_values == 0 || w.values[0] != 1) fuzz_fault("value 0 is not one");
    pm_wtns_close(&w);
    return true;
}

static void r1cs_seeds(struct fuzz_corpus *corpus)
{
    static const uint32_t sizes[] = {1, 2, 6};
    for (int i = 0; i < 6; i++) {
        const struct pm_curve *c = pm_curve_by_name(curves[i % 2]);
        struct parts p;
        if (!c) continue;
        build_r1cs(&p, c, sizes[i / 2]);
        add_seed(corpus, &p);
    }
}

static bool r1cs_run(const uint8_t *data, size_t len)
{
    struct pm_r1cs r;
    struct pm_error err = {0};
    enum pm_status status = pm_r1cs_view(&r, "the.r1cs", data, len, &err);
    fuzz_check_error(status, &err, "the.r1cs");
    if (status != PM_OK) return false;
    uint64_t at = 0;
    for (uint32_t i = 0; i < r.n_constraints; i++) {
        struct pm_lc lc[3];
        pm_r1cs_next(&r, &at, lc);
        for (int k = 0; k < 3; k++) {
            const uint8_t *term = lc[k].terms;
            for (uint32_t j = 0; j < lc[k].n_terms; j++, term += 4 + r.curve->fr_bytes)
                if (pm_load_le32(term) >= r.n_vars || !r.curve->fr_is_canonical(term + 4))
                    fuzz_fault("constraint %u has a bad term", i);
        }
    }
    if (at != r.constraints->size_bytes) fuzz_fault("the walk does not end where the section ends");
    pm_r1cs_close(&r);
    return true;
}

static void ptau_seeds(struct fuzz_corpus *corpus)
{
    for (int i = 0; i < 4; i++) {
        const struct pm_curve *c = pm_curve_by_name(curves[i % 2]);
        struct parts p;
        if (!c) continue;
        build_ptau(&p, c, i < 2 ? 0 : 2, i >= 2);
        if (i >= 2) buf_put(parts_add(&p, PM_PTAU_DEV_SECTION), "mark", 4);
        add_seed(corpus, &p);
    }
}

static bool ptau_run(const uint8_t *data, size_t len)
{
    struct pm_ptau p;
    struct pm_error err = {0};
    enum pm_check_depth depth = data[len - 1] % 8 == 0 ? PM_CHECK_DEEP : PM_CHECK_SHAPE;
    enum pm_status status = pm_ptau_view(&p, "the.ptau", data, len, depth, NULL, &err);
    fuzz_check_error(status, &err, "the.ptau");
    if (status != PM_OK) return false;
    size_t n = (size_t)1 << p.power, g1 = p.curve->g1_bytes, g2 = p.curve->g2_bytes;
    fuzz_touch(p.tau1, (2 * n - 1) * g1);
    fuzz_touch(p.tau2, n * g2);
    fuzz_touch(p.alpha_tau1, n * g1);
    fuzz_touch(p.beta_tau1, n * g1);
    fuzz_touch(p.beta2, g2);
    if (p.prepared) {
        fuzz_touch(p.lagrange_tau1, (4 * n - 1) * g1);
        fuzz_touch(p.lagrange_tau2, (2 * n - 1) * g2);
        fuzz_touch(p.lagrange_alpha_tau1, (2 * n - 1) * g1);
        fuzz_touch(p.lagrange_beta_tau1, (2 * n - 1) * g1);
    }
    pm_ptau_close(&p);
    return true;
}

const struct fuzz_target fuzz_targets[] = {
    {.name = "zkey", .seeds = zkey_seeds, .run = zkey_run},
    {.name = "wtns", .seeds = wtns_seeds, .run = wtns_run},
    {.name = "r1cs", .seeds = r1cs_seeds, .run = r1cs_run},
    {.name = "ptau", .seeds = ptau_seeds, .run = ptau_run},
    {.name = NULL},
};
